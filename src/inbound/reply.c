#include "inbound/reply.h"
#include "inbound/media.h"
#include "scim/message.h"

#include <apr_strings.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>
#include <string.h>

APLOG_USE_MODULE(provision);

#define ERROR_FILTER "PROVISION_ERROR"

/* --- sending -------------------------------------------------------------------------------- */

int prov_reply_send(request_rec *r, int status, const char *media, const prov_bytes *parts,
                    int count)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, alloc);
    apr_off_t length = 0;
    for (int i = 0; i < count; i++) {
        const char *data = (const char *)parts[i].data;
        length += (apr_off_t)parts[i].len;
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_pool_create(data, parts[i].len, r->pool, alloc));
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(alloc));
    r->status = status;
    if (count) {
        ap_set_content_type(r, media);
        ap_set_content_length(r, length);
    }
    apr_status_t rv = ap_pass_brigade(r->output_filters, bb);
    return rv == APR_SUCCESS || r->connection->aborted ? OK : AP_FILTER_ERROR;
}

/* What is passed on is sent, or copied, when this returns. */
static bool pass(request_rec *r, apr_bucket_brigade *bb, prov_bytes piece)
{
    apr_bucket_alloc_t *alloc = bb->bucket_alloc;
    APR_BRIGADE_INSERT_TAIL(
        bb, apr_bucket_transient_create((const char *)piece.data, piece.len, alloc));
    apr_status_t rv = ap_pass_brigade(r->output_filters, bb);
    apr_brigade_cleanup(bb);
    return rv == APR_SUCCESS && !r->connection->aborted;
}

/* Without the last chunk, so that nobody takes it for whole. */
static void break_off(request_rec *r, apr_bucket_brigade *bb)
{
    apr_bucket_alloc_t *alloc = bb->bucket_alloc;
    r->connection->keepalive = AP_CONN_CLOSE;
    APR_BRIGADE_INSERT_TAIL(bb, ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, alloc));
    APR_BRIGADE_INSERT_TAIL(bb, ap_bucket_eoc_create(alloc));
}

int prov_reply_flow(request_rec *r, int status, const char *media, prov_bytes body, size_t at,
                    bool (*next)(void *baton, prov_bytes *out), void *baton)
{
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    prov_bytes piece = { body.data, at };
    bool whole = true, open = true;
    r->status = status;
    ap_set_content_type(r, media);
    while (open && whole && piece.len) {
        open = pass(r, bb, piece);
        whole = !open || r->header_only || next(baton, &piece);
        open = open && !r->header_only;
    }
    if (whole && open)
        open = pass(r, bb, (prov_bytes){ body.data + at, body.len - at });
    if (!whole)
        break_off(r, bb);
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
    apr_status_t rv = ap_pass_brigade(r->output_filters, bb);
    return rv == APR_SUCCESS || r->connection->aborted ? OK : AP_FILTER_ERROR;
}

/* --- errors --------------------------------------------------------------------------------- */

static bool wants_challenge(const request_rec *r)
{
    const char *type = ap_auth_type((request_rec *)r);
    return type && strcasecmp(type, "Provision") == 0;
}

static void challenge(request_rec *r)
{
    const char *name = ap_auth_name(r), *realm = name ? name : "provisioning";
    const char *presented = apr_table_get(r->headers_in, "Authorization");
    bool bearer = presented && strncasecmp(presented, "Bearer ", 7) == 0;
    apr_table_unset(r->err_headers_out, "WWW-Authenticate");
    apr_table_addn(r->err_headers_out, "WWW-Authenticate",
                   apr_psprintf(r->pool, "Basic realm=\"%s\", charset=\"UTF-8\"", realm));
    apr_table_addn(r->err_headers_out, "WWW-Authenticate",
                   apr_psprintf(r->pool, "Bearer realm=\"%s\"%s", realm,
                                bearer ? ", error=\"invalid_token\"" : ""));
}

static void set_headers(request_rec *r, const prov_err *err)
{
    if (err->http == HTTP_UNAUTHORIZED && wants_challenge(r))
        challenge(r);
    if (err->retry_at) {
        apr_time_t wait = err->retry_at - apr_time_now();
        apr_table_setn(
            r->err_headers_out, "Retry-After",
            apr_psprintf(r->pool, "%" APR_TIME_T_FMT, wait > 0 ? apr_time_sec(wait) + 1 : 1));
    }
}

/* The chain as one sentence, with the place of the innermost if nothing of it names that. */
static const char *sentence_of(apr_pool_t *p, const prov_err *err)
{
    const char *sentence = err->detail;
    for (; err->prev; err = err->prev)
        sentence = apr_pstrcat(p, sentence, ": ", err->prev->detail, NULL);
    if (err->source && !strstr(sentence, err->source))
        sentence = apr_pstrcat(p, err->source, ": ", sentence, NULL);
    return sentence;
}

/* What went wrong inside is the administrator's to read, not the caller's. */
static const char *detail_of(apr_pool_t *p, const prov_err *err)
{
    if (err->http == HTTP_INTERNAL_SERVER_ERROR)
        return "the server failed; its log has the reason";
    return ap_is_HTTP_SERVER_ERROR(err->http) ? err->detail : sentence_of(p, err);
}

/* Who takes neither type has to read the one of the protocol. */
static const char *media_of(const request_rec *r)
{
    const char *media = prov_media_choose(r);
    return media ? media : PROV_MEDIA_SCIM;
}

static prov_bytes body_of(request_rec *r, const prov_err *err)
{
    prov_buf b;
    prov_buf_init(&b, r->pool, 512);
    prov_error_write(&b, err->http, err->scim_type, detail_of(r->pool, err));
    return prov_buf_bytes(&b);
}

void prov_reply_told(request_rec *r, const prov_err *err)
{
    if (err->http >= HTTP_INTERNAL_SERVER_ERROR && err->http != HTTP_NOT_IMPLEMENTED)
        ap_log_rerror(APLOG_MARK, APLOG_ERR, err->rv, r, "PROV0101: %s %s: %s", r->method, r->uri,
                      prov_err_text(r->pool, err));
}

prov_err *prov_reply_service(request_rec *r, prov_service **out)
{
    const char *why_not;
    *out = prov_glue_service(r, &why_not);
    if (*out)
        return NULL;
    prov_err *why = prov_err_make(r->pool, HTTP_SERVICE_UNAVAILABLE, NULL, "%s", why_not);
    return prov_err_push(r->pool, why, "provisioning is not available on this server now");
}

prov_bytes prov_reply_error_body(request_rec *r, const prov_err *err)
{
    prov_reply_told(r, err);
    return body_of(r, err);
}

int prov_reply_error(request_rec *r, const prov_err *err)
{
    if (!ap_is_HTTP_ERROR(err->http))
        return err->http; /* an input filter has answered already */
    prov_bytes body = prov_reply_error_body(r, err);
    set_headers(r, err);
    return prov_reply_send(r, err->http, media_of(r), &body, 1);
}

int prov_reply_refuse(request_rec *r, const prov_err *err)
{
    prov_reply_told(r, err);
    set_headers(r, err);
    prov_inquiry_of(r)->refusal = err;
    /* A site's own error page would replace the answer; both, since authz_core says 401 for no. */
    ap_custom_response(r, err->http, "\"");
    ap_custom_response(r, HTTP_UNAUTHORIZED, "\"");
    return err->http;
}

/* --- what others refuse --------------------------------------------------------------------- */

static const struct {
    int status;
    const char *detail;
} sentences[] = {
    { HTTP_BAD_REQUEST, "the request is malformed" },
    { HTTP_UNAUTHORIZED, "valid credentials are required" },
    { HTTP_FORBIDDEN, "this is not permitted" },
    { HTTP_NOT_FOUND, "there is no such resource or endpoint" },
    { HTTP_METHOD_NOT_ALLOWED, "this method is not allowed here" },
    { HTTP_REQUEST_TIME_OUT, "the request did not arrive in time" },
    { HTTP_REQUEST_ENTITY_TOO_LARGE, "the request body is too long" },
    { HTTP_REQUEST_URI_TOO_LARGE, "the request line is too long; a query may be sent to .search" },
};

static const prov_err *error_of_status(request_rec *r)
{
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (sentences[i].status == r->status)
            return prov_err_make(r->pool, r->status, NULL, "%s", sentences[i].detail);
    return prov_err_make(r->pool, r->status, NULL, "%s", ap_get_status_line(r->status));
}

/* The page that httpd writes gives way to one body of ours. */
static apr_status_t error_filter(ap_filter_t *f, apr_bucket_brigade *bb)
{
    request_rec *r = f->r;
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb), *next; b != APR_BRIGADE_SENTINEL(bb); b = next) {
        next = APR_BUCKET_NEXT(b);
        if (!APR_BUCKET_IS_METADATA(b))
            apr_bucket_delete(b);
    }
    const prov_err *err = f->ctx;
    if (err) {
        prov_bytes body = body_of(r, err);
        f->ctx = NULL;
        ap_set_content_type(r, media_of(r));
        ap_set_content_length(r, (apr_off_t)body.len);
        APR_BRIGADE_INSERT_HEAD(bb, apr_bucket_pool_create((const char *)body.data, body.len,
                                                           r->pool, bb->bucket_alloc));
    }
    return ap_pass_brigade(f->next, bb);
}

/* authz_core says 401 whenever a provider denies; the refusal knows what it is. */
static const prov_err *refusal_of(request_rec *r)
{
    const prov_err *refusal = prov_inquiry_of(r)->refusal;
    if (!refusal || (r->status != HTTP_UNAUTHORIZED && r->status != refusal->http))
        return NULL;
    if (refusal->http != HTTP_UNAUTHORIZED)
        apr_table_unset(r->err_headers_out, "WWW-Authenticate");
    r->status = refusal->http;
    return refusal;
}

/* Of a request line that httpd did not take apart, as much as it has read. */
static char *path_of(const request_rec *r)
{
    if (r->uri && r->uri[0] == '/')
        return r->uri;
    const char *at = r->the_request ? strchr(r->the_request, ' ') : NULL;
    return at && at[1] == '/' ? apr_pstrmemdup(r->pool, at + 1, strcspn(at + 1, " ?")) : NULL;
}

/* Some requests fail before httpd has looked where they lead. */
static bool is_ours(request_rec *r)
{
    char *uri = r->uri, *path = path_of(r);
    if (r->per_dir_config == r->server->lookup_defaults && path) {
        r->uri = path;
        ap_location_walk(r);
        r->uri = uri;
    }
    return prov_glue_location(r)->service || prov_inquiry_of(r)->refusal;
}

static void insert_error_filter(request_rec *r)
{
    if (!is_ours(r) || !ap_is_HTTP_ERROR(r->status))
        return;
    const prov_err *err = refusal_of(r);
    if (!err)
        err = error_of_status(r);
    ap_add_output_filter(ERROR_FILTER, (void *)err, r, r->connection);
}

static int note_auth_failure(request_rec *r, const char *type)
{
    if (!type || strcasecmp(type, "Provision") != 0)
        return DECLINED;
    challenge(r);
    return OK;
}

void prov_reply_hooks(apr_pool_t *p)
{
    ap_register_output_filter(ERROR_FILTER, error_filter, NULL, AP_FTYPE_CONTENT_SET);
    ap_hook_insert_error_filter(insert_error_filter, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_note_auth_failure(note_auth_failure, NULL, NULL, APR_HOOK_MIDDLE);
}
