#include "store/store.h"

#define RETRY_AFTER apr_time_from_sec(5)

typedef struct sentence {
    int http;
    const char *scim_type;
    const char *text;
} sentence;

static const sentence verdicts[] = {
    [PROV_FULL] = { 507, NULL, "the store is full" },
    [PROV_BROKEN] = { 503, NULL, "the store cannot be written now" },
    [PROV_UNKNOWN] = { 500, NULL, "whether the change was stored is not known" },
};

static const sentence refusals[] = {
    [PROV_WHY_NOT] = { 500, NULL, "the store refused the change" },
    [PROV_NOT_THERE] = { 404, NULL, "there is no such resource" },
    [PROV_NOT_VERSION] = { 412, NULL, "the resource was changed since the version named" },
    [PROV_NOT_UNIQUE] = { 409, "uniqueness", "another resource already has this value" },
    [PROV_NO_MEMBER] = { 400, "invalidValue", "a member named does not exist" },
    [PROV_NOT_GENERATION] = { 503, NULL, "the configuration is being changed" },
    [PROV_NOT_DUE] = { 409, NULL, "there is nothing to do for the link now" },
    [PROV_LEASED] = { 409, NULL, "the link is being worked on" },
    [PROV_NO_BUDGET] = { 503, NULL, "the target takes no more calls now" },
    [PROV_LEASE_LOST] = { 409, NULL, "the link was given to another" },
    [PROV_KEY_TAKEN] = { 409, NULL, "another resource holds this name at the target" },
    [PROV_REMOTE_TAKEN] = { 409, NULL, "another resource holds this object at the target" },
    [PROV_NO_TOKEN] = { 404, NULL, "there is no token of this name" },
    [PROV_BUSY] = { 503, NULL, "a large change of the resource is not finished yet" },
};

prov_err *prov_verdict_error(apr_pool_t *p, const prov_verdict *v)
{
    if (v->kind == PROV_DONE)
        return NULL;
    const sentence *s = v->kind == PROV_REFUSED ? &refusals[v->why] : &verdicts[v->kind];
    prov_err *err = prov_err_make(p, s->http, s->scim_type, "%s", s->text);
    /* Who holds a unique name is not for the asker to know; a member he named himself. */
    if (v->kind == PROV_REFUSED && v->why == PROV_NO_MEMBER)
        err->source = prov_id_text(p, &v->holder);
    if (s->http == 503)
        err->retry_at = apr_time_now() + RETRY_AFTER;
    return err;
}
