#include "policy/calendar.h"
#include "policy/value_form.h"

/* A number and its letter, if the letter is the next of `letters`; a fraction only before S. */
typedef struct part {
    char letter;
    int64_t scale;
} part;

static const part days[] = { { 'D', PROV_DAY }, { 0, 0 } };
static const part clock[] = { { 'H', 3600 }, { 'M', 60 }, { 'S', 1 }, { 0, 0 } };
static const part months[] = { { 'Y', 12 }, { 'M', 1 }, { 0, 0 } };

/* Reads parts in their order, each at most once, up to the end or a T. */
static bool read_parts(prov_reader *r, const part *parts, int64_t *sum, int32_t *nanos, int *count)
{
    for (*count = 0; r->at < r->end && *r->at != 'T'; ++*count) {
        int64_t n;
        bool fraction = false;
        if (!prov_xdigits(r, &n) || r->at == r->end)
            return false;
        if (*r->at == '.') {
            r->at++;
            fraction = true;
            if (!prov_xfraction(r, nanos) || r->at == r->end)
                return false;
        }
        while (parts->letter && parts->letter != *r->at)
            parts++;
        if (!parts->letter || (fraction && parts->letter != 'S') ||
            __builtin_mul_overflow(n, parts->scale, &n) || __builtin_add_overflow(*sum, n, sum))
            return false;
        parts++;
        r->at++;
    }
    return true;
}

static bool begin(prov_reader *r, bool *negative)
{
    *negative = r->at < r->end && *r->at == '-';
    r->at += *negative;
    if (r->at == r->end || *r->at != 'P')
        return false;
    r->at++;
    return true;
}

bool prov_xread_daytime(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    prov_reader r = prov_read(text);
    bool negative;
    int before, after = 0;
    int64_t seconds = 0;
    int32_t nanos = 0;
    if (!begin(&r, &negative) || !read_parts(&r, days, &seconds, &nanos, &before))
        return false;
    if (r.at < r.end) { /* at the T */
        r.at++;
        if (!read_parts(&r, clock, &seconds, &nanos, &after) || after == 0 || r.at < r.end)
            return false;
    }
    out->u.span.seconds = negative ? -seconds : seconds;
    out->u.span.nanos = negative ? -nanos : nanos;
    return before + after > 0;
}

bool prov_xread_yearmonth(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    prov_reader r = prov_read(text);
    bool negative;
    int count;
    int64_t sum = 0;
    int32_t nanos;
    if (!begin(&r, &negative) || !read_parts(&r, months, &sum, &nanos, &count) || r.at < r.end)
        return false;
    out->u.months = negative ? -sum : sum;
    return count > 0;
}

static void print_part(prov_buf *b, uint64_t n, char letter)
{
    if (n)
        prov_buf_printf(b, "%llu%c", (unsigned long long)n, letter);
}

static uint64_t size_of(int64_t v)
{
    return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

/* XPath functions and operators, sections 10.3.1 and 10.3.2. */
prov_bytes prov_xprint_daytime(apr_pool_t *p, const prov_xvalue *v)
{
    prov_buf b;
    uint64_t n = size_of(v->u.span.seconds);
    int32_t nanos = v->u.span.nanos < 0 ? -v->u.span.nanos : v->u.span.nanos;
    if (n == 0 && nanos == 0)
        return prov_bytes_of("PT0S");
    prov_buf_init(&b, p, 40);
    prov_buf_text(&b, v->u.span.seconds < 0 || v->u.span.nanos < 0 ? "-P" : "P");
    print_part(&b, n / PROV_DAY, 'D');
    if (n % PROV_DAY || nanos)
        prov_buf_byte(&b, 'T');
    print_part(&b, n % PROV_DAY / 3600, 'H');
    print_part(&b, n / 60 % 60, 'M');
    if (n % 60 || nanos) {
        prov_buf_printf(&b, "%d", (int)(n % 60));
        prov_xprint_fraction(&b, nanos);
        prov_buf_byte(&b, 'S');
    }
    return prov_buf_bytes(&b);
}

prov_bytes prov_xprint_yearmonth(apr_pool_t *p, const prov_xvalue *v)
{
    prov_buf b;
    uint64_t n = size_of(v->u.months);
    if (n == 0)
        return prov_bytes_of("P0M");
    prov_buf_init(&b, p, 32);
    prov_buf_text(&b, v->u.months < 0 ? "-P" : "P");
    print_part(&b, n / 12, 'Y');
    print_part(&b, n % 12, 'M');
    return prov_buf_bytes(&b);
}
