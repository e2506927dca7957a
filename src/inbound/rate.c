#include "inbound/rate.h"
#include "inbound/route.h"

#include <apr_strings.h>
#include <http_request.h>
#include <string.h>

static bool counts(request_rec *r)
{
    const char *name = prov_glue_location(r)->service;
    for (const prov_route_service *s = prov_services; name && s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s->counts;
    return false;
}

/* Two kinds of callers may bear one name, and two stores two callers. */
static prov_bytes name_of(request_rec *r, const prov_caller *caller)
{
    prov_buf b;
    prov_buf_init(&b, r->pool, 128);
    prov_buf_text(&b, prov_glue_settings(r)->store);
    prov_buf_byte(&b, '\0');
    prov_buf_byte(&b, caller->user ? 'u' : prov_inquiry_of(r)->caller ? 't' : 'o');
    prov_buf_add(&b, caller->actor.data, caller->actor.len);
    return prov_buf_bytes(&b);
}

static prov_err *count(request_rec *r, const prov_rate *limit, prov_bytes name)
{
    apr_time_t again;
    if (prov_rates_take(prov_glue_rates(r), limit, name, apr_time_now(), &again))
        return NULL;
    prov_err *err = prov_err_make(r->pool, HTTP_TOO_MANY_REQUESTS, NULL,
                                  "this caller may make %" APR_INT64_T_FMT
                                  " requests in %" APR_INT64_T_FMT " s; try again later",
                                  (apr_int64_t)limit->count, (apr_int64_t)limit->seconds);
    err->retry_at = again;
    return err;
}

prov_err *prov_rate_check(request_rec *r, const prov_caller *caller)
{
    const prov_rate *limit = &prov_glue_settings(r)->rate;
    prov_inquiry *q = prov_inquiry_of(r);
    if (!limit->count || !prov_glue_rates(r) || !ap_is_initial_req(r) || !counts(r))
        return NULL;
    if (!q->counted)
        q->too_often = count(r, limit, name_of(r, caller));
    q->counted = true;
    return q->too_often;
}
