#include "base/text.h"
#include "base/utf8.h"

#include <apr_lib.h>
#include <string.h>

bool prov_text_valid(prov_bytes text)
{
    for (size_t i = 0, step; i < text.len; i += step) {
        step = text.data[i] ? prov_utf8_step(text.data + i, text.len - i) : 0;
        if (step == 0)
            return false;
    }
    return true;
}

static int ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

int prov_text_case_compare(const char *a, size_t alen, const char *b, size_t blen)
{
    for (size_t i = 0; i < alen && i < blen; i++) {
        int order = ascii_lower((uint8_t)a[i]) - ascii_lower((uint8_t)b[i]);
        if (order != 0)
            return order;
    }
    return (alen > blen) - (alen < blen);
}

char *prov_text_hex(apr_pool_t *p, prov_bytes b)
{
    static const char digits[] = "0123456789abcdef";
    char *text = apr_palloc(p, 2 * b.len + 1), *at = text;
    for (size_t i = 0; i < b.len; i++) {
        *at++ = digits[b.data[i] >> 4];
        *at++ = digits[b.data[i] & 15];
    }
    *at = '\0';
    return text;
}

static int hex_value(char c)
{
    if (!apr_isxdigit(c))
        return -1;
    return apr_isdigit(c) ? c - '0' : apr_tolower(c) - 'a' + 10;
}

bool prov_text_unhex(apr_pool_t *p, const char *hex, prov_bytes *out)
{
    size_t len = strlen(hex);
    uint8_t *data = apr_palloc(p, len / 2 + 1);
    if (len % 2)
        return false;
    for (size_t i = 0; i < len; i += 2) {
        int high = hex_value(hex[i]), low = hex_value(hex[i + 1]);
        if (high < 0 || low < 0)
            return false;
        data[i / 2] = (uint8_t)(high << 4 | low);
    }
    *out = (prov_bytes){ data, len / 2 };
    return true;
}

static char *base64(apr_pool_t *p, prov_bytes b, const char *last_two, bool pad)
{
    static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    char *text = apr_palloc(p, (b.len + 2) / 3 * 4 + 1), *at = text;
    for (size_t i = 0; i < b.len; i += 3) {
        size_t have = b.len - i < 3 ? b.len - i : 3;
        uint32_t bits = (uint32_t)b.data[i] << 16;
        bits |= have > 1 ? (uint32_t)b.data[i + 1] << 8 : 0;
        bits |= have > 2 ? b.data[i + 2] : 0;
        for (size_t k = 0; k < 4; k++) {
            uint32_t digit = bits >> (18 - 6 * k) & 63;
            if (k <= have)
                *at++ = digit < 62 ? common[digit] : last_two[digit - 62];
            else if (pad)
                *at++ = '=';
        }
    }
    *at = '\0';
    return text;
}

char *prov_text_base64(apr_pool_t *p, prov_bytes b)
{
    return base64(p, b, "+/", true);
}

char *prov_text_base64url(apr_pool_t *p, prov_bytes b)
{
    return base64(p, b, "-_", false);
}

static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* One value has one text (besides alphabet and padding): bits left over must be zero. */
bool prov_text_unbase64(apr_pool_t *p, prov_bytes text, prov_bytes *out)
{
    size_t len = text.len, made = 0;
    while (len && text.len - len < 2 && text.data[len - 1] == '=')
        len--;
    if (len % 4 == 1 || (len < text.len && text.len % 4 != 0))
        return false;
    uint8_t *data = apr_palloc(p, len / 4 * 3 + 3);
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = base64_value(text.data[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            data[made++] = (uint8_t)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    *out = (prov_bytes){ data, made };
    return bits == 0;
}

typedef struct unit {
    const char *name;
    uint64_t worth;
} unit;

/* Digits, then one of the units; false on anything else and beyond `limit`. */
static bool measured(const char *text, const unit *units, uint64_t limit, uint64_t *out)
{
    uint64_t count = 0;
    if (!apr_isdigit(*text))
        return false;
    for (; apr_isdigit(*text); text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (count > (limit - digit) / 10)
            return false;
        count = count * 10 + digit;
    }
    size_t len = strlen(text);
    for (; units->name; units++)
        if (prov_text_case_compare(text, len, units->name, strlen(units->name)) == 0) {
            *out = count * units->worth;
            return count <= limit / units->worth;
        }
    return false;
}

bool prov_text_duration(const char *text, apr_time_t *out)
{
    static const unit units[] = { { "", 1000000 },
                                  { "ms", 1000 },
                                  { "s", 1000000 },
                                  { "m", 60 * UINT64_C(1000000) },
                                  { "h", 3600 * UINT64_C(1000000) },
                                  { "d", 86400 * UINT64_C(1000000) },
                                  { NULL, 0 } };
    uint64_t micros;
    if (!measured(text, units, INT64_MAX, &micros))
        return false;
    *out = (apr_time_t)micros;
    return true;
}

bool prov_text_size(const char *text, uint64_t *out)
{
    static const unit units[] = { { "", 1 },
                                  { "K", UINT64_C(1) << 10 },
                                  { "M", UINT64_C(1) << 20 },
                                  { "G", UINT64_C(1) << 30 },
                                  { "T", UINT64_C(1) << 40 },
                                  { NULL, 0 } };
    return measured(text, units, UINT64_MAX, out);
}
