#include "inbound/body.h"
#include "inbound/media.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <inttypes.h>

#define STEP (32 * 1024)

static prov_err *too_long(request_rec *r, int64_t most)
{
    return prov_err_make(r->pool, HTTP_REQUEST_ENTITY_TOO_LARGE, NULL,
                         "the request body may have at most %" PRId64 " bytes", most);
}

static prov_err *unreadable(request_rec *r, apr_status_t rv)
{
    return prov_err_make(r->pool, ap_map_http_request_error(rv, HTTP_BAD_REQUEST), NULL,
                         "the request body could not be read");
}

/* Adds the data of one brigade; `end` when it was the last. */
static prov_err *take(request_rec *r, apr_bucket_brigade *bb, int64_t most, prov_buf *body,
                      bool *end)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t len;
        *end = *end || APR_BUCKET_IS_EOS(b);
        if (APR_BUCKET_IS_METADATA(b))
            continue;
        apr_status_t rv = apr_bucket_read(b, &data, &len, APR_BLOCK_READ);
        if (rv != APR_SUCCESS)
            return unreadable(r, rv);
        if ((int64_t)(body->len + len) > most)
            return too_long(r, most);
        prov_buf_add(body, data, len);
    }
    return NULL;
}

static int64_t announced(const request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    return length ? apr_atoi64(length) : 0;
}

prov_err *prov_body_read(request_rec *r, int64_t most, prov_bytes *out)
{
    int64_t length = announced(r);
    if (length > most)
        return too_long(r, most);
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    prov_err *err = NULL;
    prov_buf body;
    bool end = false;
    prov_buf_init(&body, r->pool, (size_t)length);
    while (!end && !err) {
        apr_status_t rv =
            ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES, APR_BLOCK_READ, STEP);
        err = rv == APR_SUCCESS ? take(r, bb, most, &body, &end) : unreadable(r, rv);
        apr_brigade_cleanup(bb);
    }
    *out = prov_buf_bytes(&body);
    return err;
}

prov_err *prov_body_json(request_rec *r, int64_t most, const prov_json **out)
{
    prov_bytes text;
    prov_err *err = prov_media_check(r);
    if (!err)
        err = prov_body_read(r, most, &text);
    if (!err)
        err = prov_json_parse(r->pool, text, out);
    return err;
}
