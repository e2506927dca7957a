/* or, and, n-of, not (core, section A.3.5). What decides wins over a failure before or behind it.
 */
#include "policy/function_row.h"

/* `or` looks for true, `and` for false; without one the other is the answer. */
static bool junction(prov_xcontext *c, const prov_xfunction *f, prov_xlazy *args, prov_xarg *out)
{
    prov_xfailure failure = { false };
    bool wanted = f->mode;
    for (size_t i = 0; i < args->count; i++) {
        prov_xarg arg;
        if (args->evaluate(args, i, &arg)) {
            if (arg.u.value.u.boolean == wanted)
                return prov_xgive_boolean(out, wanted);
        } else if (c->exhausted) {
            return false;
        } else {
            prov_xfailure_keep(&failure, c);
        }
    }
    return failure.any ? prov_xfailure_restore(&failure, c) : prov_xgive_boolean(out, !wanted);
}

/* True as soon as enough are, false as soon as those left cannot suffice. */
static bool count_true(prov_xcontext *c, prov_xlazy *args, int64_t need, prov_xarg *out)
{
    prov_xfailure failure = { false };
    int64_t failed = 0;
    for (size_t i = 1; need > 0 && i < args->count; i++) {
        prov_xarg arg;
        if ((int64_t)(args->count - i) + failed < need)
            return prov_xgive_boolean(out, false);
        if (args->evaluate(args, i, &arg)) {
            need -= arg.u.value.u.boolean;
        } else if (c->exhausted) {
            return false;
        } else {
            prov_xfailure_keep(&failure, c);
            failed++;
        }
    }
    if (need > 0 && need <= failed)
        return prov_xfailure_restore(&failure, c);
    return prov_xgive_boolean(out, need <= 0);
}

static bool n_of(prov_xcontext *c, const prov_xfunction *f, prov_xlazy *args, prov_xarg *out)
{
    prov_xarg number;
    if (!args->evaluate(args, 0, &number))
        return false;
    int64_t need = number.u.value.u.integer;
    if (need < 0 || (uint64_t)need > args->count - 1)
        return prov_xfail(c, PROV_X_PROCESSING_ERROR, "n-of cannot find %lld of %d arguments",
                          (long long)need, (int)args->count - 1);
    return count_true(c, args, need, out);
}

static const char *prepare_n_of(apr_pool_t *p, const prov_xfunction *f,
                                prov_xvalue *const *literals, size_t n)
{
    return n && literals[0] && literals[0]->u.integer < 0 ? "n-of takes no negative number" : NULL;
}

static bool negate(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                   prov_xarg *out)
{
    return prov_xgive_boolean(out, !args[0].u.value.u.boolean);
}

const prov_xfunction prov_xfunctions_logic[] = {
    MANY1(F1 "or", V(BOOLEAN), 0, V(BOOLEAN), .run_lazy = junction, .mode = true),
    MANY1(F1 "and", V(BOOLEAN), 0, V(BOOLEAN), .run_lazy = junction, .mode = false),
    MANY2(F1 "n-of", V(BOOLEAN), 1, V(INTEGER), V(BOOLEAN), .run_lazy = n_of,
          .prepare = prepare_n_of),
    ROW1(F1 "not", V(BOOLEAN), V(BOOLEAN), .run = negate),
    { .id = NULL },
};
