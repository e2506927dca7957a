/* Functions that apply a function to the members of bags (core, section A.3.12). Each but map is a
 * chain of quantifiers, one to a bag; what decides wins over a failure, as with and and or. */
#include "policy/function_row.h"

#include <apr_strings.h>

enum { ALL, ANY };                          /* a quantifier */
enum { ONE_BAG, LAST_BAG, ANY_BAGS, BAGS }; /* what the arguments behind the function are */

/* mode: what the arguments are, then the quantifiers of the first bag and of all others. */
#define MODE(shape, first, others) ((shape) << 2 | (first) << 1 | (others))
#define SHAPE(mode)                ((mode) >> 2)
#define FIRST(mode)                ((mode) >> 1 & 1)
#define OTHERS(mode)               ((mode)&1)

typedef enum { NO, YES, FAILED } answer;

typedef struct application {
    prov_xcontext *c;
    const prov_xfunction *applied;
    const prov_xarg *args; /* behind the function */
    prov_xarg *tuple;      /* one member of each bag, and the rest as it is */
    size_t count;
    int mode;
    prov_xfailure failure; /* the first */
} application;

static answer apply(application *a)
{
    prov_xarg result;
    if (prov_xfunction_call(a->c, a->applied, a->tuple, a->count, &result))
        return result.u.value.u.boolean ? YES : NO;
    prov_xfailure_keep(&a->failure, a->c);
    return FAILED;
}

/* The answer for arguments from the i-th on, with `bags` of them before it. */
static answer quantify(application *a, size_t i, size_t bags)
{
    while (i < a->count && a->args[i].kind == PROV_X_VALUE)
        i++;
    if (i == a->count)
        return apply(a);
    const prov_xbag *bag = &a->args[i].u.bag;
    answer decisive = (bags ? OTHERS(a->mode) : FIRST(a->mode)) == ANY ? YES : NO;
    answer result = decisive == YES ? NO : YES;
    for (uint32_t k = 0; k < bag->count && !a->c->exhausted; k++) {
        prov_xgive(&a->tuple[i], bag->values[k]);
        answer is = quantify(a, i + 1, bags + 1);
        if (is == decisive)
            return decisive;
        if (is == FAILED)
            result = FAILED;
    }
    return result;
}

/* Literals are prepared once for all applications, if they were not at load. */
static void prepare_fixed(application *a)
{
    prov_xvalue **fixed = apr_pcalloc(a->c->pool, a->count * sizeof *fixed);
    for (size_t i = 0; i < a->count; i++)
        if (a->tuple[i].kind == PROV_X_VALUE)
            fixed[i] = &a->tuple[i].u.value;
    prov_xfunction_prepare(a->c->pool, a->applied, fixed, a->count);
}

static application begin(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n)
{
    application a = { c, args[0].u.function, args + 1, NULL, n - 1, f->mode, { false } };
    a.tuple = apr_pmemdup(c->pool, a.args, a.count * sizeof *a.tuple);
    if (a.applied->prepare)
        prepare_fixed(&a);
    return a;
}

static bool run_quantified(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args,
                           size_t n, prov_xarg *out)
{
    application a = begin(c, f, args, n);
    answer is = quantify(&a, 0, 0);
    if (c->exhausted)
        return false;
    return is == FAILED ? prov_xfailure_restore(&a.failure, c) : prov_xgive_boolean(out, is == YES);
}

static bool run_map(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                    prov_xarg *out)
{
    application a = begin(c, f, args, n);
    size_t at = 0;
    while (a.args[at].kind != PROV_X_BAG)
        at++;
    const prov_xbag *bag = &a.args[at].u.bag;
    prov_xvalue *values = apr_palloc(c->pool, (bag->count + 1) * sizeof *values);
    for (uint32_t k = 0; k < bag->count; k++) {
        prov_xarg result;
        prov_xgive(&a.tuple[at], bag->values[k]);
        if (!prov_xfunction_call(c, a.applied, a.tuple, a.count, &result))
            return false;
        values[k] = result.u.value;
    }
    return prov_xgive_bag(out, (prov_xbag){ a.applied->result.type, bag->count, values });
}

/* The arguments behind the function, as its kind of higher-order function wants them. */
static const char *check_shape(apr_pool_t *p, const prov_xfunction *f, const prov_xargtype *args,
                               size_t n)
{
    size_t bags = 0;
    for (size_t i = 1; i < n; i++) {
        if (args[i].kind == PROV_X_FUNCTION)
            return apr_psprintf(p, "%s takes one function only, and first", prov_xfunction_name(f));
        bags += args[i].kind == PROV_X_BAG;
    }
    if ((SHAPE(f->mode) == ONE_BAG || SHAPE(f->mode) == LAST_BAG) && bags != 1)
        return apr_psprintf(p, "%s takes exactly one bag", prov_xfunction_name(f));
    if (SHAPE(f->mode) == LAST_BAG && args[n - 1].kind != PROV_X_BAG)
        return apr_psprintf(p, "%s takes the bag last", prov_xfunction_name(f));
    if (SHAPE(f->mode) == BAGS && bags != n - 1)
        return apr_psprintf(p, "%s takes bags only", prov_xfunction_name(f));
    return NULL;
}

static const char *check_applied(apr_pool_t *p, const prov_xfunction *f, const prov_xargtype *args,
                                 size_t n, prov_xargtype *result)
{
    const prov_xfunction *applied = n && args[0].kind == PROV_X_FUNCTION ? args[0].function : NULL;
    if (!applied)
        return apr_psprintf(p, "%s takes a function first", prov_xfunction_name(f));
    if (applied->higher)
        return apr_psprintf(p, "%s cannot apply %s, which takes a function itself",
                            prov_xfunction_name(f), prov_xfunction_name(applied));
    prov_xargtype *members = apr_pmemdup(p, args + 1, (n - 1) * sizeof *members);
    for (size_t i = 0; i + 1 < n; i++)
        members[i].kind = PROV_X_VALUE;
    const char *why = prov_xfunction_check(p, applied, members, n - 1, result);
    if (why)
        return apr_psprintf(p, "%s cannot apply %s: %s", prov_xfunction_name(f),
                            prov_xfunction_name(applied), why);
    if (result->kind != PROV_X_VALUE)
        return apr_psprintf(p, "%s cannot apply %s, which yields a bag", prov_xfunction_name(f),
                            prov_xfunction_name(applied));
    return NULL;
}

static const char *check_quantified(apr_pool_t *p, const prov_xfunction *f,
                                    const prov_xargtype *args, size_t n, prov_xargtype *result)
{
    const char *why = check_applied(p, f, args, n, result);
    if (!why)
        why = check_shape(p, f, args, n);
    if (!why && result->type != PROV_X_BOOLEAN)
        return apr_psprintf(p, "%s applies a function that yields a boolean, not one of %s",
                            prov_xfunction_name(f), prov_xtype_name(result->type));
    return why;
}

static const char *check_map(apr_pool_t *p, const prov_xfunction *f, const prov_xargtype *args,
                             size_t n, prov_xargtype *result)
{
    const char *why = check_applied(p, f, args, n, result);
    result->kind = PROV_X_BAG;
    return why ? why : check_shape(p, f, args, n);
}

#define HIGHER(id_, count_, variadic_, old, run_, check_, mode_)                                   \
    {                                                                                              \
        .id = (id_), .result = V(BOOLEAN), .count = (count_), .least = (count_),                   \
        .variadic = (variadic_), .higher = true, .deprecated = (old), .run = (run_),               \
        .check = (check_), .mode = (mode_)                                                         \
    }
#define NEW(name, shape, first, others)                                                            \
    HIGHER(F3 name, 2, true, false, run_quantified, check_quantified, MODE(shape, first, others))
#define OLD(name, old, shape, first, others)                                                       \
    HIGHER(F1 name, 3, false, old, run_quantified, check_quantified, MODE(shape, first, others))

const prov_xfunction prov_xfunctions_higher[] = {
    NEW("any-of", ONE_BAG, ANY, ANY),
    NEW("all-of", ONE_BAG, ALL, ALL),
    NEW("any-of-any", ANY_BAGS, ANY, ANY),
    OLD("any-of", true, LAST_BAG, ANY, ANY),
    OLD("all-of", true, LAST_BAG, ALL, ALL),
    OLD("any-of-any", true, BAGS, ANY, ANY),
    OLD("all-of-any", false, BAGS, ALL, ANY),
    OLD("any-of-all", false, BAGS, ANY, ALL),
    OLD("all-of-all", false, BAGS, ALL, ALL),
    HIGHER(F3 "map", 2, true, false, run_map, check_map, MODE(ONE_BAG, ALL, ALL)),
    HIGHER(F1 "map", 2, false, true, run_map, check_map, MODE(LAST_BAG, ALL, ALL)),
    { .id = NULL },
};
