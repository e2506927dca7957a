/* Obligations and advice of a rule, policy or set that decided. */
#include "policy/eval.h"

static bool assign(prov_xeval *e, const prov_xassign *a, apr_array_header_t *out)
{
    prov_xarg arg;
    if (!prov_xeval_expression(e, a->expr, &arg))
        return false;
    const prov_xvalue *values = arg.kind == PROV_X_BAG ? arg.u.bag.values : &arg.u.value;
    uint32_t count = arg.kind == PROV_X_BAG ? arg.u.bag.count : 1;
    if (!prov_xstep(&e->base, count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        APR_ARRAY_PUSH(out, prov_xassignment) =
            (prov_xassignment){ a->id, a->category, a->issuer, values[i] };
    return true;
}

static prov_xduty *make(prov_xeval *e, const prov_xdutyexpr *x)
{
    apr_array_header_t *list =
        apr_array_make(e->base.pool, (int)x->count, sizeof(prov_xassignment));
    for (uint32_t i = 0; i < x->count; i++)
        if (!assign(e, &x->assigns[i], list))
            return NULL;
    prov_xduty *duty = apr_palloc(e->base.pool, sizeof *duty);
    *duty = (prov_xduty){ .id = x->id,
                          .advice = x->advice,
                          .count = (size_t)list->nelts,
                          .assignments = (const prov_xassignment *)(void *)list->elts };
    PROV_XTRACE(e, "%s %s", x->advice ? "advice" : "obligation", x->id);
    return duty;
}

bool prov_xeval_duties(prov_xeval *e, const prov_xduties *duties, prov_xoutcome *out)
{
    for (uint32_t i = 0; i < duties->count; i++) {
        if (duties->exprs[i].on != out->decision)
            continue;
        prov_xduty *duty = make(e, &duties->exprs[i]);
        if (!duty)
            return false;
        if (out->duties)
            out->duties_end->next = duty;
        else
            out->duties = duty;
        out->duties_end = duty;
    }
    return true;
}
