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
        prov_xeval_say(e, "line %d: %s of %s and %s: %s", m->expr->line,
                       prov_xfunction_name(m->function), prov_xeval_words(e, &wanted),
                       prov_xeval_words(e, &all),
                       match == PROV_X_MATCH      ? "match"
                       : match == PROV_X_NO_MATCH ? "no match"
                                                  : e->base.message);
    }
    return match;
}

typedef prov_xmatch eval_one(prov_xeval *e, const void *list, uint32_t i);

/* Tables 1 to 3: one of the kind that decides ends it, whatever failed before; else a failure
 * stays, with the status of the first. */
static prov_xmatch eval_each(prov_xeval *e, eval_one *one, const void *list, uint32_t count,
                             prov_xmatch decides)
{
    prov_xcontext *c = &e->base;
    struct {
        prov_xcode code;
        const char *message;
        const prov_xmissing *missing;
    } first = { PROV_X_OK, NULL, NULL };
    bool failed = false;
    for (uint32_t i = 0; i < count; i++) {
        prov_xmatch match = one(e, list, i);
        if (match == decides)
            return match;
        if (match == PROV_X_MATCH_FAILED && !failed) {
            first.code = c->code;
            first.message = c->message;
            first.missing = c->missing;
            failed = true;
        }
    }
    if (!failed)
        return decides == PROV_X_MATCH ? PROV_X_NO_MATCH : PROV_X_MATCH;
    c->code = first.code;
    c->message = first.message;
    c->missing = first.missing;
    return PROV_X_MATCH_FAILED;
}

static prov_xmatch match_at(prov_xeval *e, const void *list, uint32_t i)
{
    return eval_match(e, (const prov_xcompare *)list + i);
}

static prov_xmatch allof_at(prov_xeval *e, const void *list, uint32_t i)
{
    const prov_xallof *all = (const prov_xallof *)list + i;
    return eval_each(e, match_at, all->matches, all->count, PROV_X_NO_MATCH);
}

static prov_xmatch anyof_at(prov_xeval *e, const void *list, uint32_t i)
{
    const prov_xanyof *any = (const prov_xanyof *)list + i;
    return eval_each(e, allof_at, any->allofs, any->count, PROV_X_MATCH);
}

prov_xmatch prov_xeval_target(prov_xeval *e, const prov_xtarget *t)
{
    return eval_each(e, anyof_at, t->anyofs, t->count, PROV_X_NO_MATCH);
}
