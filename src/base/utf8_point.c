#include "base/utf8_point.h"
#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

#define REPLACEMENT 0xFFFD
#define CATEGORIES  (UTF8PROC_CATEGORY_CO + 1)

uint32_t prov_utf8_point(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *s = *at;
    size_t len = prov_utf8_step(s, (size_t)(end - s));
    *at = s + (len ? len : 1);
    switch (len) {
    case 1:
        return s[0];
    case 2:
        return (s[0] & 0x1Fu) << 6 | (s[1] & 0x3Fu);
    case 3:
        return (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
    case 4:
        return (s[0] & 0x07u) << 18 | (s[1] & 0x3Fu) << 12 | (s[2] & 0x3Fu) << 6 | (s[3] & 0x3Fu);
    default:
        return REPLACEMENT;
    }
}

size_t prov_utf8_put(uint32_t point, uint8_t *out)
{
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)point, out);
}

uint32_t prov_utf8_lower(uint32_t point)
{
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)point);
}

uint32_t prov_utf8_category(uint32_t point)
{
    return UINT32_C(1) << utf8proc_category((utf8proc_int32_t)point);
}

uint32_t prov_utf8_category_named(const char *name, size_t len)
{
    static const char names[CATEGORIES][3] = {
        "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps",
        "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
    };
    uint32_t bits = 0;
    for (size_t i = 0; i < CATEGORIES; i++)
        if ((len == 1 || len == 2) && memcmp(names[i], name, len) == 0)
            bits |= UINT32_C(1) << i;
    return bits;
}
