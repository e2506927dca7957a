#include "inbound/auth.h"
#include "base/text.h"
#include "inbound/caller.h"
#include "inbound/rate.h"
#include "inbound/reply.h"
#include "inbound/scim.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_ssl.h>
#include <string.h>

/* What a caller is told to wait while passwords are being hashed for others. */
#define BUSY_WAIT apr_time_from_sec(1)

/* --- clear text ----------------------------------------------------------------------------- */

static bool is_loopback(const apr_sockaddr_t *a)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    static const uint8_t one[16] = { [15] = 1 };
    const uint8_t *ip = a->ipaddr_ptr;
    if (a->family == APR_INET)
        return ip[0] == 127;
#if APR_HAVE_IPV6
    if (a->family == APR_INET6)
        return memcmp(ip, one, sizeof one) == 0 ||
               (memcmp(ip, mapped, sizeof mapped) == 0 && ip[12] == 127);
#endif
    return false;
}

/* Of the connection itself, whatever a proxy says about its own client. */
static prov_err *check_channel(request_rec *r)
{
    conn_rec *c = r->connection;
    if (!prov_glue_settings(r)->require_tls || ap_ssl_conn_is_ssl(c) || is_loopback(c->client_addr))
        return NULL;
    return prov_err_make(r->pool, HTTP_FORBIDDEN, NULL,
                         "credentials are not accepted over clear text; use https");
}

/* --- the schemes ---------------------------------------------------------------------------- */

static prov_err *unauthorized(request_rec *r, const char *why)
{
    return prov_err_make(r->pool, HTTP_UNAUTHORIZED, NULL, "%s", why);
}

static prov_err *admit(request_rec *r, prov_service *s, prov_bytes name, const prov_id *user,
                       prov_caller *caller)
{
    prov_snapshot *n;
    prov_err *err = prov_store_read(s->store, r->pool, &n);
    if (err)
        return err;
    r->user = prov_bytes_text(r->pool, name);
    prov_caller_user(r, s, n, user, caller);
    prov_snapshot_end(n);
    return NULL;
}

static prov_err *check_password(request_rec *r, prov_service *s, prov_bytes name,
                                prov_bytes password, prov_caller *caller)
{
    prov_id user;
    prov_password_verdict verdict;
    prov_err *err = prov_password_check(s->passwords, s->userstores, s->store, r->pool, name,
                                        password, &user, &verdict);
    if (err)
        return err;
    switch (verdict) {
    case PROV_PASSWORD_RIGHT:
        return admit(r, s, name, &user, caller);
    case PROV_PASSWORD_BUSY:
        err = prov_err_make(r->pool, HTTP_TOO_MANY_REQUESTS, NULL,
                            "too many passwords are being checked; try again");
        err->retry_at = apr_time_now() + BUSY_WAIT;
        return err;
    default:
        return unauthorized(r, "the user name or password is wrong, or the account is not active");
    }
}

static prov_err *basic(request_rec *r, prov_service *s, const char *credentials,
                       prov_caller *caller)
{
    prov_bytes pair;
    const uint8_t *colon = NULL;
    if (prov_text_unbase64(r->pool, prov_bytes_of(credentials), &pair) && pair.len &&
        prov_text_valid(pair))
        colon = memchr(pair.data, ':', pair.len);
    if (!colon)
        return unauthorized(r, "the Basic credentials are malformed");
    size_t len = (size_t)(colon - pair.data);
    return check_password(r, s, (prov_bytes){ pair.data, len },
                          (prov_bytes){ colon + 1, pair.len - len - 1 }, caller);
}

static prov_err *bearer(request_rec *r, prov_service *s, const char *credentials,
                        prov_caller *caller)
{
    const char *name;
    prov_snapshot *n;
    prov_err *err = prov_store_read(s->store, r->pool, &n);
    if (err)
        return err;
    err = prov_caller_token(r, s, n, credentials, caller, &name);
    prov_snapshot_end(n);
    if (!err)
        r->user = (char *)name;
    return err;
}

static const struct scheme {
    const char *name;
    prov_err *(*check)(request_rec *r, prov_service *s, const char *credentials,
                       prov_caller *caller);
} schemes[] = { { "Basic", basic }, { "Bearer", bearer } };

/* Leaves `*header` at the credentials. */
static const struct scheme *scheme_of(const char **header)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i].name);
        if (strncasecmp(*header, schemes[i].name, len) == 0 && (*header)[len] == ' ') {
            *header += len + strspn(*header + len, " ");
            return &schemes[i];
        }
    }
    return NULL;
}

static prov_err *check(request_rec *r, prov_caller *caller)
{
    const char *header = apr_table_get(r->headers_in, "Authorization");
    prov_err *err = check_channel(r);
    if (err)
        return err;
    const struct scheme *scheme = header ? scheme_of(&header) : NULL;
    if (!scheme)
        return unauthorized(r, "valid credentials are required, Basic or Bearer");
    prov_service *s;
    err = prov_reply_service(r, &s);
    if (!err)
        err = scheme->check(r, s, header, caller);
    if (!err)
        r->ap_auth_type = (char *)scheme->name;
    return err;
}

int prov_auth_check(request_rec *r)
{
    const char *type = ap_auth_type(r);
    if (!type || strcasecmp(type, "Provision") != 0)
        return DECLINED;
    prov_caller *caller = apr_pcalloc(r->pool, sizeof *caller);
    prov_err *err = check(r, caller);
    if (err)
        return prov_reply_refuse(r, err);
    prov_inquiry_of(r)->caller = caller;
    err = prov_rate_check(r, caller);
    return err ? prov_reply_refuse(r, err) : OK;
}

/* --- Require provision-permission ----------------------------------------------------------- */

#define SCIM "scim" /* scim:read or scim:write, by what is asked */

static uint32_t asked_by(request_rec *r, const char *word)
{
    return strcmp(word, SCIM) == 0 ? prov_scim_needs(r) : prov_permission_named(word);
}

/* How to authenticate is for those to read who have not yet (RFC 7643 section 5); credentials that
 * are sent nevertheless are looked at, as clients try theirs that way. */
static bool is_public(request_rec *r, const apr_array_header_t *words)
{
    bool scim = false;
    for (int i = 0; i < words->nelts; i++)
        scim = scim || strcmp(APR_ARRAY_IDX(words, i, const char *), SCIM) == 0;
    return scim && !apr_table_get(r->headers_in, "Authorization") && prov_scim_is_public(r);
}

static authz_status check_permission(request_rec *r, const char *line, const void *parsed)
{
    const apr_array_header_t *words = parsed;
    prov_service *s;
    prov_caller caller;
    if (!r->user && !is_public(r, words))
        return AUTHZ_DENIED_NO_USER;
    if (!r->user)
        return AUTHZ_GRANTED;
    prov_err *err = prov_reply_service(r, &s);
    if (!err)
        err = prov_caller_of(r, s, &caller);
    if (!err)
        err = prov_rate_check(r, &caller);
    for (int i = 0; !err && i < words->nelts; i++) {
        uint32_t asked = asked_by(r, APR_ARRAY_IDX(words, i, const char *));
        if (!asked || prov_caller_may(&caller, asked))
            return AUTHZ_GRANTED;
    }
    if (!err)
        err = prov_err_make(r->pool, HTTP_FORBIDDEN, NULL, "this is not permitted");
    prov_reply_refuse(r, err);
    return AUTHZ_DENIED;
}

static const char *read_line(cmd_parms *cmd, const char *line, const void **parsed)
{
    apr_array_header_t *words = apr_array_make(cmd->pool, 2, sizeof(char *));
    for (const char *word; *(word = ap_getword_conf(cmd->pool, &line));) {
        if (strcmp(word, SCIM) != 0 && !prov_permission_named(word))
            return apr_psprintf(cmd->pool,
                                "Require provision-permission: there is no permission \"%s\"; "
                                "write scim, scim:read, scim:write or admin",
                                word);
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    *parsed = words;
    return words->nelts ? NULL
                        : "Require provision-permission needs a permission: scim, scim:read, "
                          "scim:write or admin";
}

const authz_provider prov_auth_permission = { check_permission, read_line };
