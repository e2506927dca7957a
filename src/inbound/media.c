#include "inbound/media.h"

#include <apr_strings.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* --- Accept --------------------------------------------------------------------------------- */

static const char *skip(const char *at)
{
    return at + strspn(at, " \t");
}

/* How closely a range of `len` bytes names the type: 0 not at all, 3 exactly. */
static int closeness(const char *range, size_t len, const char *type)
{
    if (len == 3 && memcmp(range, "*/*", 3) == 0)
        return 1;
    if (len == 13 && strncasecmp(range, "application/*", 13) == 0)
        return 2;
    return len == strlen(type) && strncasecmp(range, type, len) == 0 ? 3 : 0;
}

/* The weight among a range's parameters; 1 if there is none. */
static double weight(const char *at, const char *end)
{
    for (; at < end; at++)
        if (*at == ';') {
            const char *name = skip(at + 1);
            if (strncasecmp(name, "q=", 2) == 0)
                return strtod(name + 2, NULL);
        }
    return 1;
}

/* The closest range decides. */
static bool takes(const char *accept, const char *type)
{
    int best = 0;
    double q = 0;
    while (*(accept = accept + strspn(accept, " \t,"))) {
        const char *end = accept + strcspn(accept, ",");
        int close = closeness(accept, strcspn(accept, " \t;,"), type);
        if (close > best) {
            best = close;
            q = weight(accept, end);
        }
        accept = end;
    }
    return q > 0;
}

const char *prov_media_choose(const request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");
    if (!accept || !*skip(accept) || takes(accept, PROV_MEDIA_SCIM))
        return PROV_MEDIA_SCIM;
    return takes(accept, PROV_MEDIA_JSON) ? PROV_MEDIA_JSON : NULL;
}

/* --- Content-Type --------------------------------------------------------------------------- */

static bool is_type(const char *type, const char *name)
{
    size_t len = strlen(name);
    return strncasecmp(type, name, len) == 0 && strchr("; \t", type[len]);
}

static bool is_utf8(const char *type)
{
    for (const char *at = strchr(type, ';'); at; at = strchr(at, ';')) {
        at = skip(at + 1);
        if (strncasecmp(at, "charset=", 8) != 0)
            continue;
        at += 8 + (at[8] == '"');
        return strncasecmp(at, "utf-8", 5) == 0 || strncasecmp(at, "utf8", 4) == 0;
    }
    return true;
}

prov_err *prov_media_check(request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    const char *coding = apr_table_get(r->headers_in, "Content-Encoding");
    if (coding && strcasecmp(coding, "identity") != 0) {
        apr_table_setn(r->err_headers_out, "Accept-Encoding", "identity");
        return prov_err_make(r->pool, HTTP_UNSUPPORTED_MEDIA_TYPE, NULL,
                             "a body with a content coding is not accepted");
    }
    if (!type || !*skip(type) ||
        ((is_type(type, PROV_MEDIA_SCIM) || is_type(type, PROV_MEDIA_JSON)) && is_utf8(type)))
        return NULL;
    apr_table_setn(r->err_headers_out, "Accept", PROV_MEDIA_SCIM ", " PROV_MEDIA_JSON);
    return prov_err_make(r->pool, HTTP_UNSUPPORTED_MEDIA_TYPE, NULL,
                         "the body must be " PROV_MEDIA_SCIM " or " PROV_MEDIA_JSON " in UTF-8");
}
