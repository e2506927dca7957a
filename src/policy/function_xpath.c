/* What looks at the request's content or asks for another decision (core, sections A.3.15 and
 * A.3.16): the context's hooks do it. The 1.0 forms take a path as a string. */
#include "policy/function_row.h"

static bool available(prov_xcontext *c, const prov_xfunction *f, bool hook)
{
    return hook || prov_xfail(c, PROV_X_PROCESSING_ERROR, "%s is not available here",
                              prov_xfunction_name(f));
}

static bool node_count(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                       prov_xarg *out)
{
    int64_t count;
    return available(c, f, c->hooks && c->hooks->xpath_count) &&
           c->hooks->xpath_count(c, &args[0].u.value, &count) &&
           prov_xgive(out, prov_xvalue_integer(count));
}

static bool node_equal(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                       prov_xarg *out)
{
    bool is;
    return available(c, f, c->hooks && c->hooks->xpath_equal) &&
           c->hooks->xpath_equal(c, &args[0].u.value, &args[1].u.value, &is) &&
           prov_xgive_boolean(out, is);
}

static bool node_match(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                       prov_xarg *out)
{
    bool is;
    return available(c, f, c->hooks && c->hooks->xpath_match) &&
           c->hooks->xpath_match(c, &args[0].u.value, &args[1].u.value, &is) &&
           prov_xgive_boolean(out, is);
}

static bool access_permitted(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args,
                             size_t n, prov_xarg *out)
{
    bool is;
    return available(c, f, c->hooks && c->hooks->access_permitted) &&
           c->hooks->access_permitted(c, args[0].u.value.u.text, args[1].u.value.u.text, &is) &&
           prov_xgive_boolean(out, is);
}

#define XPATH(F, T, old)                                                                           \
    ROW1(F "xpath-node-count", V(INTEGER), V(T), .run = node_count, .deprecated = old),            \
        ROW2(F "xpath-node-equal", V(BOOLEAN), V(T), V(T), .run = node_equal, .deprecated = old),  \
        ROW2(F "xpath-node-match", V(BOOLEAN), V(T), V(T), .run = node_match, .deprecated = old)

const prov_xfunction prov_xfunctions_xpath[] = {
    XPATH(F3, XPATH, false),
    XPATH(F1, STRING, true),
    ROW2(F3 "access-permitted", V(BOOLEAN), V(ANYURI), V(STRING), .run = access_permitted),
    { .id = NULL },
};
