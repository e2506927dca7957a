/* Equality and order (core, sections A.3.1, A.3.6 and A.3.8). */
#include "policy/calendar.h"
#include "policy/function_row.h"
#include "policy/text_lower.h"

static bool equal(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                  prov_xarg *out)
{
    return prov_xgive_boolean(out, prov_xvalue_equal(&args[0].u.value, &args[1].u.value, c->zone));
}

static bool equal_ignore_case(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args,
                              size_t n, prov_xarg *out)
{
    return prov_xgive_boolean(out, prov_bytes_equal(prov_xlower(c->pool, args[0].u.value.u.text),
                                                    prov_xlower(c->pool, args[1].u.value.u.text)));
}

/* The orders that a function accepts; NaN's is none of them. */
enum { LESS = 1, SAME = 2, GREATER = 4 };

static bool compare(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                    prov_xarg *out)
{
    int order = prov_xvalue_compare(&args[0].u.value, &args[1].u.value, c->zone);
    int is = order < 0 ? LESS : order == 0 ? SAME : order == 1 ? GREATER : 0;
    return prov_xgive_boolean(out, (f->mode & is) != 0);
}

static int64_t hours(const prov_xmoment *m, int64_t since, int zone)
{
    const int64_t nanos = INT64_C(1000000000);
    int64_t of_day;
    int64_t clock = (m->seconds - (m->zoned ? m->zone : zone) * INT64_C(60)) * nanos + m->nanos;
    prov_calendar_divide(clock - since, PROV_DAY * nanos, &of_day);
    return of_day;
}

/* From the second to the third argument, which is the later one by less than a day whatever it
 * says. What has no zone lies in the first argument's, and that in the implicit one. */
static bool in_range(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                     prov_xarg *out)
{
    const prov_xmoment *first = &args[0].u.value.u.moment;
    int zone = first->zoned ? first->zone : c->zone;
    int64_t begin = hours(&args[1].u.value.u.moment, 0, zone);
    return prov_xgive_boolean(out, hours(first, begin, zone) <=
                                       hours(&args[2].u.value.u.moment, begin, zone));
}

#define EQUAL(F, name, T) ROW2(F name "-equal", V(BOOLEAN), V(T), V(T), .run = equal)
#define OLD_EQUAL(name, T)                                                                         \
    ROW2(F1 name "-equal", V(BOOLEAN), V(T), V(T), .run = equal, .deprecated = true)
#define ORDER(name, T, mode_) ROW2(F1 name, V(BOOLEAN), V(T), V(T), .run = compare, .mode = mode_)
#define ORDERS(name, T)                                                                            \
    ORDER(name "-greater-than", T, GREATER),                                                       \
        ORDER(name "-greater-than-or-equal", T, GREATER | SAME),                                   \
        ORDER(name "-less-than", T, LESS), ORDER(name "-less-than-or-equal", T, LESS | SAME)

const prov_xfunction prov_xfunctions_compare[] = {
    EQUAL(F1, "string", STRING),
    EQUAL(F1, "boolean", BOOLEAN),
    EQUAL(F1, "integer", INTEGER),
    EQUAL(F1, "double", DOUBLE),
    EQUAL(F1, "date", DATE),
    EQUAL(F1, "time", TIME),
    EQUAL(F1, "dateTime", DATETIME),
    EQUAL(F3, "dayTimeDuration", DAYTIME),
    EQUAL(F3, "yearMonthDuration", YEARMONTH),
    EQUAL(F1, "anyURI", ANYURI),
    EQUAL(F1, "x500Name", X500),
    EQUAL(F1, "rfc822Name", RFC822),
    EQUAL(F1, "hexBinary", HEX),
    EQUAL(F1, "base64Binary", BASE64),
    OLD_EQUAL("dayTimeDuration", DAYTIME),
    OLD_EQUAL("yearMonthDuration", YEARMONTH),
    ROW2(F3 "string-equal-ignore-case", V(BOOLEAN), V(STRING), V(STRING), .run = equal_ignore_case),
    ORDERS("integer", INTEGER),
    ORDERS("double", DOUBLE),
    ORDERS("string", STRING),
    ORDERS("time", TIME),
    ORDERS("dateTime", DATETIME),
    ORDERS("date", DATE),
    ROW3(F2 "time-in-range", V(BOOLEAN), V(TIME), V(TIME), V(TIME), .run = in_range),
    { .id = NULL },
};
