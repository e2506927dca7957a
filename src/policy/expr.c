#include "policy/eval.h"

#include <apr_strings.h>
#include <string.h>

#define ARGUMENTS 6 /* on the stack; more come from the pool */

static bool missing(prov_xeval *e, const prov_xmissing *key)
{
    prov_xfail(&e->base, PROV_X_MISSING_ATTRIBUTE, "the attribute %s of %s is missing", key->id,
               key->category);
    e->base.missing = key;
    return false;
}

static bool find_elsewhere(prov_xeval *e, const prov_xdesignator *d, prov_xbag *out)
{
    if (e->options->find) {
        const char *why = e->options->find(e->options->baton, e->base.pool, &d->key, out);
        if (why)
            return prov_xfail(&e->base, PROV_X_PROCESSING_ERROR, "%s: %s", d->key.id, why);
    }
    if (out->count == 0 && d->environment) {
        prov_xvalue *v = apr_palloc(e->base.pool, sizeof *v);
        *v = prov_xvalue_instant(d->key.type, e->now, e->base.zone);
        *out = (prov_xbag){ d->key.type, 1, v };
    }
    if (out->count == 0)
        return !d->must || missing(e, &d->key);
    e->bags[d->slot] = *out; /* asked once, the same for the whole decision */
    return true;
}

static bool find_attribute(prov_xeval *e, const prov_xdesignator *d, prov_xbag *out)
{
    *out = e->bags[d->slot];
    if (out->count)
        return true;
    out->type = d->key.type;
    return find_elsewhere(e, d, out);
}

bool prov_xeval_bag(prov_xeval *e, const prov_xexpr *x, prov_xbag *out)
{
    return x->kind == PROV_XEXPR_DESIGNATOR ? find_attribute(e, x->u.designator, out)
                                            : prov_xeval_selector(e, x->u.selector, out);
}

static bool eval_variable(prov_xeval *e, const prov_xvariable *v, prov_xarg *out)
{
    prov_xmemo *m = &e->memos[v->index];
    if (m->state == PROV_XMEMO_NEW) {
        bool good = prov_xeval_expression(e, v->expr, &m->value);
        m->state = good ? PROV_XMEMO_KNOWN : PROV_XMEMO_FAILED;
        m->code = e->base.code;
        m->message = e->base.message;
        m->missing = e->base.missing;
    }
    if (m->state == PROV_XMEMO_KNOWN) {
        *out = m->value;
        return true;
    }
    e->base.code = m->code;
    e->base.message = m->message;
    e->base.missing = m->missing;
    return false;
}

typedef struct lazy_args {
    prov_xlazy lazy; /* first */
    prov_xeval *e;
    const prov_xexpr **args;
} lazy_args;

static bool eval_lazy(prov_xlazy *lazy, size_t i, prov_xarg *out)
{
    lazy_args *a = (lazy_args *)(void *)lazy;
    return prov_xeval_expression(a->e, a->args[i], out);
}

/* For the trace: the call as it stands, and what came of it. */
static bool say_call(prov_xeval *e, const prov_xexpr *x, const prov_xarg *args, bool good,
                     const prov_xarg *out)
{
    const char *list = "";
    for (uint32_t i = 0; args && i < x->u.apply.count; i++)
        list = apr_pstrcat(e->base.pool, list, i ? "; " : " of ",
                           args[i].kind == PROV_X_FUNCTION ? prov_xfunction_name(args[i].u.function)
                                                           : prov_xeval_words(e, &args[i]),
                           NULL);
    prov_xeval_say(e, "line %d: %s%s: %s", x->line, prov_xfunction_name(x->u.apply.function), list,
                   good ? prov_xeval_words(e, out) : e->base.message);
    return good;
}

static bool run_lazy(prov_xeval *e, const prov_xapply *a, prov_xarg *out)
{
    lazy_args lazy = { { eval_lazy, a->count }, e, a->args };
    return prov_xstep(&e->base, 1) && a->function->run_lazy(&e->base, a->function, &lazy.lazy, out);
}

static bool eval_apply(prov_xeval *e, const prov_xexpr *x, prov_xarg *out)
{
    const prov_xapply *a = &x->u.apply;
    prov_xarg few[ARGUMENTS], *args = few;
    bool said = e->options->trace != NULL, good;
    if (a->function->run_lazy) {
        good = run_lazy(e, a, out);
        return said ? say_call(e, x, NULL, good, out) : good;
    }
    if (a->count > ARGUMENTS)
        args = apr_palloc(e->base.pool, a->count * sizeof *args);
    for (uint32_t i = 0; i < a->count; i++)
        if (!prov_xeval_expression(e, a->args[i], &args[i]))
            return false;
    good = prov_xfunction_call(&e->base, a->function, args, a->count, out);
    return said ? say_call(e, x, args, good, out) : good;
}

static bool eval_kind(prov_xeval *e, const prov_xexpr *x, prov_xarg *out)
{
    switch (x->kind) {
    case PROV_XEXPR_VALUE:
        out->kind = PROV_X_VALUE;
        out->u.value = *x->u.value;
        return true;
    case PROV_XEXPR_FUNCTION:
        out->kind = PROV_X_FUNCTION;
        out->u.function = x->type.function;
        return true;
    case PROV_XEXPR_VARIABLE:
        return eval_variable(e, x->u.variable, out);
    case PROV_XEXPR_APPLY:
        return eval_apply(e, x, out);
    default:
        out->kind = PROV_X_BAG;
        return prov_xeval_bag(e, x, &out->u.bag);
    }
}

bool prov_xeval_expression(prov_xeval *e, const prov_xexpr *x, prov_xarg *out)
{
    if (!prov_xstep(&e->base, 1))
        return false;
    if (e->depth >= PROV_XEVAL_DEPTH) {
        e->base.exhausted = true;
        return prov_xfail(&e->base, PROV_X_PROCESSING_ERROR, "expressions are nested too deeply");
    }
    e->depth++;
    bool good = eval_kind(e, x, out);
    e->depth--;
    return good;
}
