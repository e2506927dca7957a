#include "httpd/claim.h"
#include "inbound/glue.h"
#include "inbound/route.h"

#include <apr_strings.h>
#include <string.h>

/* Without a dot, so that nothing takes it for a file with a type. */
#define CLAIMED PROV_HANDLER ":"

static bool is_claimed(const request_rec *r)
{
    return r->filename && strncmp(r->filename, CLAIMED, strlen(CLAIMED)) == 0;
}

int prov_claim_translate(request_rec *r)
{
    const prov_location *here = prov_glue_location(r);
    if (!here->service)
        return DECLINED;
    r->filename = apr_pstrcat(r->pool, CLAIMED, here->service, NULL);
    r->handler = PROV_HANDLER;
    return OK;
}

int prov_claim_map_to_storage(request_rec *r)
{
    return is_claimed(r) ? OK : DECLINED;
}

int prov_claim_handler(request_rec *r)
{
    if (!is_claimed(r))
        return DECLINED;
    const char *name = r->filename + strlen(CLAIMED);
    for (const prov_route_service *s = prov_services; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s->handler(r);
    return DECLINED;
}
