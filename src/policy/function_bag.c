/* Bags (core, section A.3.10). */
#include "policy/function_row.h"

static bool one_and_only(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                         prov_xarg *out)
{
    const prov_xbag *bag = &args[0].u.bag;
    if (bag->count != 1)
        return prov_xfail(c, PROV_X_PROCESSING_ERROR, "%s was given a bag of %u values",
                          prov_xfunction_name(f), (unsigned)bag->count);
    return prov_xgive(out, bag->values[0]);
}

static bool bag_size(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                     prov_xarg *out)
{
    return prov_xgive(out, prov_xvalue_integer(args[0].u.bag.count));
}

static bool is_in(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                  prov_xarg *out)
{
    const prov_xbag *bag = &args[1].u.bag;
    bool found = false;
    if (!prov_xstep(c, bag->count))
        return false;
    for (uint32_t i = 0; i < bag->count && !found; i++)
        found = prov_xvalue_equal(&args[0].u.value, &bag->values[i], c->zone);
    return prov_xgive_boolean(out, found);
}

static bool bag_of(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                   prov_xarg *out)
{
    prov_xvalue *values = n ? apr_palloc(c->pool, n * sizeof *values) : NULL;
    for (size_t i = 0; i < n; i++)
        values[i] = args[i].u.value;
    return prov_xgive_bag(out, (prov_xbag){ f->type, (uint32_t)n, values });
}

#define UNEQUALLED(F, name, T, old)                                                                \
    ROW1(F name "-one-and-only", V(T), B(T), .run = one_and_only, .deprecated = old),              \
        ROW1(F name "-bag-size", V(INTEGER), B(T), .run = bag_size, .deprecated = old),            \
        MANY1(F name "-bag", B(T), 0, V(T), .run = bag_of, .type = PROV_X_##T, .deprecated = old)
#define BAG(F, name, T, old)                                                                       \
    UNEQUALLED(F, name, T, old),                                                                   \
        ROW2(F name "-is-in", V(BOOLEAN), V(T), B(T), .run = is_in, .deprecated = old)

const prov_xfunction prov_xfunctions_bag[] = {
    BAG(F1, "string", STRING, false),
    BAG(F1, "boolean", BOOLEAN, false),
    BAG(F1, "integer", INTEGER, false),
    BAG(F1, "double", DOUBLE, false),
    BAG(F1, "time", TIME, false),
    BAG(F1, "date", DATE, false),
    BAG(F1, "dateTime", DATETIME, false),
    BAG(F1, "anyURI", ANYURI, false),
    BAG(F1, "hexBinary", HEX, false),
    BAG(F1, "base64Binary", BASE64, false),
    BAG(F3, "dayTimeDuration", DAYTIME, false),
    BAG(F3, "yearMonthDuration", YEARMONTH, false),
    BAG(F1, "dayTimeDuration", DAYTIME, true),
    BAG(F1, "yearMonthDuration", YEARMONTH, true),
    BAG(F1, "x500Name", X500, false),
    BAG(F1, "rfc822Name", RFC822, false),
    UNEQUALLED(F2, "ipAddress", IP, false),
    UNEQUALLED(F2, "dnsName", DNS, false),
    { .id = NULL },
};
