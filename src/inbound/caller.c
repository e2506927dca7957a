#include "inbound/caller.h"
#include "base/crypt.h"

#include <apr_strings.h>
#include <http_core.h>
#include <string.h>

/* --- traceparent (W3C Trace Context) -------------------------------------------------------- */

#define TRACE_LENGTH 55

/* `shape`: x is a digit of lower-case hexadecimal, anything else itself. */
static bool has_shape(const char *text, const char *shape)
{
    for (; *shape; text++, shape++) {
        bool hex = (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'f');
        if (*shape == 'x' ? !hex : *text != *shape)
            return false;
    }
    return *text == '\0';
}

static bool all_zero(const char *digits, size_t count)
{
    return strspn(digits, "0") >= count;
}

static prov_bytes trace_of(const request_rec *r)
{
    const char *trace = apr_table_get(r->headers_in, "traceparent");
    if (!trace || strlen(trace) != TRACE_LENGTH ||
        !has_shape(trace, "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx") ||
        all_zero(trace + 3, 32) || all_zero(trace + 36, 16))
        return prov_bytes_of(NULL);
    return prov_bytes_of(trace);
}

/* --- permissions by name -------------------------------------------------------------------- */

static uint32_t permitted(const prov_config *c, prov_permit_kind kind, const char *name)
{
    uint32_t permissions = 0;
    for (int i = 0; i < c->permits->nelts; i++) {
        const prov_permit *permit = &APR_ARRAY_IDX(c->permits, i, prov_permit);
        if (permit->kind == kind && strcmp(permit->name, name) == 0)
            permissions |= permit->permissions;
    }
    return permissions;
}

static prov_caller resident(request_rec *r, prov_service *s)
{
    return (prov_caller){ .application = prov_config_application(s->config, "resident"),
                          .trigger = PROV_TRIGGER_SCIM,
                          .actor = prov_bytes_of(r->user),
                          .trace = trace_of(r) };
}

/* --- callers -------------------------------------------------------------------------------- */

void prov_caller_user(request_rec *r, prov_service *s, prov_snapshot *n, const prov_id *user,
                      prov_caller *out)
{
    *out = resident(r, s);
    out->actor = prov_bytes_of(prov_id_text(r->pool, user));
    out->permissions = prov_service_permissions(s, n, r->pool, user);
    out->user = apr_pmemdup(r->pool, user, sizeof *user);
}

static prov_err *no_token(request_rec *r, const char *why)
{
    return prov_err_make(r->pool, HTTP_UNAUTHORIZED, NULL, "%s", why);
}

prov_err *prov_caller_token(request_rec *r, prov_service *s, prov_snapshot *n, const char *token,
                            prov_caller *out, const char **name)
{
    uint8_t digest[PROV_DIGEST_LEN];
    prov_token t;
    prov_sha256(prov_bytes_of(token), digest);
    if (!prov_snapshot_token(n, digest, &t) || t.expires <= apr_time_now())
        return no_token(r, "the token is unknown, revoked or expired");
    *out = resident(r, s);
    *name = prov_bytes_text(r->pool, t.name);
    out->actor = prov_bytes_of(*name);
    out->application = prov_config_application(s->config, prov_bytes_text(r->pool, t.application));
    out->permissions = t.permissions | permitted(s->config, PROV_PERMIT_TOKEN, *name);
    if (!out->application)
        return no_token(r, "the token's application is no longer declared");
    return NULL;
}

/* httpd asks once for all requests that come from one within the same section. */
static const prov_caller *found_before(request_rec *r)
{
    const prov_caller *known = NULL;
    for (; r && !known; r = r->main ? r->main : r->prev)
        known = prov_inquiry_of(r)->caller;
    return known;
}

static bool is_ours(request_rec *r)
{
    const char *type = ap_auth_type(r);
    return type && strcasecmp(type, "Provision") == 0;
}

prov_err *prov_caller_of(request_rec *r, prov_service *s, prov_caller *out)
{
    const prov_caller *known = is_ours(r) ? found_before(r) : NULL;
    if (!known && (is_ours(r) || !r->user))
        return prov_err_make(r->pool, HTTP_UNAUTHORIZED, NULL, "valid credentials are required");
    *out = known ? *known : resident(r, s);
    if (!known)
        out->permissions = permitted(s->config, PROV_PERMIT_USER, r->user);
    return NULL;
}
