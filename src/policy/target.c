#include "policy/eval.h"

static prov_xmatch eval_match(prov_xeval *e, const prov_xcompare *m)
{
    prov_xbag bag;
    prov_xarg result, args[2] = { { .kind = PROV_X_VALUE }, { .kind = PROV_X_VALUE } };
    prov_xmatch match = PROV_X_NO_MATCH;
    if (!prov_xeval_bag(e, m->expr, &bag)) {
        PROV_XTRACE(e, "line %d: %s", m->expr->line, e->base.message);
        return PROV_X_MATCH_FAILED;
    }
    args[0].u.value = *m->value;
    for (uint32_t i = 0; i < bag.count && match != PROV_X_MATCH; i++) {
        args[1].u.value = bag.values[i];
        if (!prov_xfunction_call(&e->base, m->function, args, 2, &result))
            match = PROV_X_MATCH_FAILED;
        else if (result.u.value.u.boolean)
            match = PROV_X_MATCH;
    }
    if (e->options->trace) {
        prov_xarg all = { .kind = PROV_X_BAG, .u.bag = bag };
        prov_xarg wanted = { .kind = PROV_X_VALUE, .u.value = *m->value };
        prov_xeval_say(e, "line %d: %s of %s and %s: %s", m->expr->line, m->function->id,
                       prov_xeval_words(e, &wanted), prov_xeval_words(e, &all),
                       match == PROV_X_MATCH      ? "match"
                       : match == PROV_X_NO_MATCH ? "no match"
                                                  : e->base.message);
    }
    return match;
}

/* The status of the first failure stays, whatever is tried after it. */
typedef struct status {
    prov_xcode code;
    const char *message;
    const prov_xmissing *missing;
} status;

static status keep(const prov_xeval *e)
{
    return (status){ e->base.code, e->base.message, e->base.missing };
}

static prov_xmatch restore(prov_xeval *e, const status *s)
{
    e->base.code = s->code;
    e->base.message = s->message;
    e->base.missing = s->missing;
    return PROV_X_MATCH_FAILED;
}

/* Table 3: one that does not match decides. */
static prov_xmatch eval_allof(prov_xeval *e, const prov_xallof *all)
{
    status first = { PROV_X_OK, NULL, NULL };
    bool failed = false;
    for (uint32_t i = 0; i < all->count; i++) {
        prov_xmatch match = eval_match(e, &all->matches[i]);
        if (match == PROV_X_NO_MATCH)
            return match;
        if (match == PROV_X_MATCH_FAILED && !failed) {
            first = keep(e);
            failed = true;
        }
    }
    return failed ? restore(e, &first) : PROV_X_MATCH;
}

/* Table 2: one that matches decides. */
static prov_xmatch eval_anyof(prov_xeval *e, const prov_xanyof *any)
{
    status first = { PROV_X_OK, NULL, NULL };
    bool failed = false;
    for (uint32_t i = 0; i < any->count; i++) {
        prov_xmatch match = eval_allof(e, &any->allofs[i]);
        if (match == PROV_X_MATCH)
            return match;
        if (match == PROV_X_MATCH_FAILED && !failed) {
            first = keep(e);
            failed = true;
        }
    }
    return failed ? restore(e, &first) : PROV_X_NO_MATCH;
}

/* Table 1: one that does not match decides. */
prov_xmatch prov_xeval_target(prov_xeval *e, const prov_xtarget *t)
{
    status first = { PROV_X_OK, NULL, NULL };
    bool failed = false;
    for (uint32_t i = 0; i < t->count; i++) {
        prov_xmatch match = eval_anyof(e, &t->anyofs[i]);
        if (match == PROV_X_NO_MATCH)
            return match;
        if (match == PROV_X_MATCH_FAILED && !failed) {
            first = keep(e);
            failed = true;
        }
    }
    return failed ? restore(e, &first) : PROV_X_MATCH;
}
