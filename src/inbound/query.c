#include "inbound/query.h"
#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A byte of "%41", or -1. */
static int escaped(const char *at, size_t left)
{
    if (left < 3 || digit_of(at[1]) < 0 || digit_of(at[2]) < 0)
        return -1;
    return digit_of(at[1]) * 16 + digit_of(at[2]);
}

static char *decode(apr_pool_t *p, const char *text, size_t len)
{
    char *out = apr_palloc(p, len + 1), *to = out;
    for (size_t i = 0; i < len; i++) {
        int byte = text[i] == '+' ? ' ' : (unsigned char)text[i];
        if (byte == '%') {
            byte = escaped(text + i, len - i);
            i += 2;
        }
        if (byte <= 0)
            return NULL;
        *to++ = (char)byte;
    }
    *to = '\0';
    return prov_text_valid((prov_bytes){ (uint8_t *)out, (size_t)(to - out) }) ? out : NULL;
}

prov_err *prov_query_read(request_rec *r, const apr_table_t **out)
{
    apr_table_t *query = apr_table_make(r->pool, 4);
    const char *at = r->args;
    *out = query;
    while (at && *at) {
        size_t len = strcspn(at, "&"), name_len = strcspn(at, "&=");
        const char *name = decode(r->pool, at, name_len);
        const char *value = name_len < len ? at + name_len + 1 : at + len;
        value = decode(r->pool, value, (size_t)(at + len - value));
        if (!name || !value)
            return prov_err_make(r->pool, HTTP_BAD_REQUEST, "invalidValue",
                                 "the query is not percent-encoded UTF-8");
        if (*name && !apr_table_get(query, name))
            apr_table_setn(query, name, value);
        at += len + (at[len] == '&');
    }
    return NULL;
}

prov_err *prov_query_projection(request_rec *r, const apr_table_t *query, const prov_registry *reg,
                                const prov_resource_type *type, prov_projection **out)
{
    return prov_projection_parse(r->pool, reg, type, apr_table_get(query, "attributes"),
                                 apr_table_get(query, "excludedAttributes"), out);
}
