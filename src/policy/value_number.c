#include "policy/value_form.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is(prov_bytes text, const char *what)
{
    return prov_bytes_equal(text, prov_bytes_of(what));
}

bool prov_xread_boolean(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    out->u.boolean = is(text, "true") || is(text, "1");
    return out->u.boolean || is(text, "false") || is(text, "0");
}

prov_bytes prov_xprint_boolean(apr_pool_t *p, const prov_xvalue *v)
{
    return prov_bytes_of(v->u.boolean ? "true" : "false");
}

bool prov_xdigits(prov_reader *r, int64_t *out)
{
    const uint8_t *first = r->at;
    for (*out = 0; r->at < r->end && apr_isdigit(*r->at); r->at++)
        if (__builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, *r->at - '0', out))
            return false;
    return r->at > first;
}

bool prov_xread_integer(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    const uint8_t *at = text.data, *end = at + text.len;
    int64_t v = 0;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    for (; at < end; at++) { /* downwards, as the lowest has no counterpart */
        if (!apr_isdigit(*at) || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_sub_overflow(v, *at - '0', &v))
            return false;
    }
    out->u.integer = v;
    return negative || !__builtin_sub_overflow(0, v, &out->u.integer);
}

bool prov_xinteger_beyond(prov_bytes text)
{
    prov_xvalue v;
    size_t sign = text.len && (*text.data == '-' || *text.data == '+');
    for (size_t i = sign; i < text.len; i++)
        if (!apr_isdigit(text.data[i]))
            return false;
    return text.len > sign && !prov_xread_integer(NULL, text, &v);
}

prov_bytes prov_xprint_integer(apr_pool_t *p, const prov_xvalue *v)
{
    return prov_bytes_of(apr_psprintf(p, "%" APR_INT64_T_FMT, v->u.integer));
}

static bool skip_digits(prov_reader *r)
{
    const uint8_t *first = r->at;
    while (r->at < r->end && apr_isdigit(*r->at))
        r->at++;
    return r->at > first;
}

static bool skip(prov_reader *r, const char *any)
{
    if (r->at == r->end || !*r->at || !strchr(any, *r->at))
        return false;
    r->at++;
    return true;
}

/* XML Schema part 2 (second edition), section 3.2.5; strtod would take more. */
static bool is_decimal(prov_bytes text)
{
    prov_reader r = prov_read(text);
    skip(&r, "+-");
    bool whole = skip_digits(&r);
    if (skip(&r, ".")) {
        bool part = skip_digits(&r);
        whole |= part;
    }
    if (!whole)
        return false;
    if (skip(&r, "eE")) {
        skip(&r, "+-");
        if (!skip_digits(&r))
            return false;
    }
    return r.at == r.end;
}

bool prov_xread_double(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    if (is(text, "NaN"))
        out->u.number = NAN;
    else if (is(text, "INF"))
        out->u.number = INFINITY;
    else if (is(text, "-INF"))
        out->u.number = -INFINITY;
    else if (is_decimal(text))
        out->u.number = strtod(prov_bytes_text(p, text), NULL);
    else
        return false;
    return true;
}

/* One digit, a point, at least one digit, E and the exponent: as few digits as read back to the
 * same number. */
prov_bytes prov_xprint_double(apr_pool_t *p, const prov_xvalue *v)
{
    char text[40];
    double d = v->u.number;
    if (isnan(d))
        return prov_bytes_of("NaN");
    if (isinf(d))
        return prov_bytes_of(d > 0 ? "INF" : "-INF");
    for (int digits = 0; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits, d);
        if (strtod(text, NULL) == d)
            break;
    }
    char *exponent = strchr(text, 'e');
    *exponent = '\0';
    return prov_bytes_of(apr_psprintf(p, "%s%sE%ld", text, strchr(text, '.') ? "" : ".0",
                                      strtol(exponent + 1, NULL, 10)));
}
