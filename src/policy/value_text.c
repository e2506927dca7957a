#include "policy/value_form.h"
#include "base/text.h"

#include <apr_lib.h>
#include <string.h>

/* A colon in the first segment ends a scheme (RFC 2396). The rest is not taken apart: XML Schema
 * lets any character be escaped later. */
static bool scheme_is_right(prov_bytes text)
{
    size_t colon = 0;
    while (colon < text.len && !strchr(":/?#", text.data[colon]))
        colon++;
    if (colon == text.len || text.data[colon] != ':')
        return true;
    for (size_t i = 0; i < colon; i++)
        if (!apr_isalpha(text.data[i]) &&
            (i == 0 || (!apr_isdigit(text.data[i]) && !strchr("+-.", text.data[i]))))
            return false;
    return colon > 0;
}

bool prov_xread_uri(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    int fragments = 0;
    for (size_t i = 0; i < text.len; i++) {
        fragments += text.data[i] == '#';
        if (text.data[i] < ' ' || fragments > 1)
            return false;
        if (text.data[i] == '%' && (text.len - i < 3 || !apr_isxdigit(text.data[i + 1]) ||
                                    !apr_isxdigit(text.data[i + 2])))
            return false;
    }
    out->u.text = text;
    return scheme_is_right(text);
}

bool prov_xread_hex(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    return !memchr(text.data, 0, text.len) &&
           prov_text_unhex(p, prov_bytes_text(p, text), &out->u.text);
}

prov_bytes prov_xprint_hex(apr_pool_t *p, const prov_xvalue *v)
{
    char *hex = prov_text_hex(p, v->u.text);
    for (char *at = hex; *at; at++)
        *at = (char)apr_toupper(*at);
    return prov_bytes_of(hex);
}

/* White space is part of the form; the alphabet of URLs and missing padding are not. */
bool prov_xread_base64(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    uint8_t *packed = apr_palloc(p, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '-' || text.data[i] == '_')
            return false;
        if (text.data[i] > ' ')
            packed[len++] = text.data[i];
    }
    return len % 4 == 0 && prov_text_unbase64(p, (prov_bytes){ packed, len }, &out->u.text);
}

prov_bytes prov_xprint_base64(apr_pool_t *p, const prov_xvalue *v)
{
    return prov_bytes_of(prov_text_base64(p, v->u.text));
}
