#include "inbound/glue.h"

#include <string.h>

static const prov_server *server_of(const request_rec *r)
{
    return ap_get_module_config(r->server->module_config, &provision_module);
}

const prov_location *prov_glue_location(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &provision_module);
}

prov_service *prov_glue_service(const request_rec *r, const char **why_not)
{
    const prov_opened *opened = server_of(r)->opened;
    *why_not = opened ? opened->why_not : "this server has no ProvisionStore";
    return opened ? __atomic_load_n(&opened->service, __ATOMIC_ACQUIRE) : NULL;
}

bool prov_glue_key_wrong(const request_rec *r)
{
    const prov_opened *opened = server_of(r)->opened;
    return opened && opened->key_wrong;
}

const prov_settings *prov_glue_settings(const request_rec *r)
{
    return &server_of(r)->config->settings;
}

prov_rates *prov_glue_rates(const request_rec *r)
{
    return server_of(r)->rates;
}

const char *prov_glue_path(const request_rec *r)
{
    const prov_location *here = prov_glue_location(r);
    size_t len = here->base ? strlen(here->base) : 0;
    return strncmp(r->uri, here->base ? here->base : "", len) == 0 ? r->uri + len : "";
}
