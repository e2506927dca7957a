#include "policy/text_lower.h"
#include "base/utf8_point.h"

prov_bytes prov_xlower(apr_pool_t *p, prov_bytes text)
{
    const uint8_t *at = text.data, *end = at + text.len;
    while (at < end && *at < 0x80 && !(*at >= 'A' && *at <= 'Z'))
        at++;
    if (at == end)
        return text;
    prov_buf b;
    prov_buf_init(&b, p, text.len + 8);
    prov_buf_add(&b, text.data, (size_t)(at - text.data));
    while (at < end) {
        uint8_t lower[4];
        size_t len = prov_utf8_put(prov_utf8_lower(prov_utf8_point(&at, end)), lower);
        prov_buf_add(&b, lower, len);
    }
    return prov_buf_bytes(&b);
}
