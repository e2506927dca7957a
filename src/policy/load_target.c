#include "policy/load.h"

#include <apr_strings.h>
#include <string.h>

static const char *wrong_match(prov_xloader *l, prov_xcompare *m, prov_xvalue *value)
{
    prov_xargtype result;
    prov_xargtype types[2] = { { PROV_X_VALUE, value->type, NULL },
                               { PROV_X_VALUE, m->expr->type.type, NULL } };
    prov_xvalue *literals[2] = { value, NULL };
    const char *why = prov_xfunction_check(l->scratch, m->function, types, 2, &result);
    if (!why && (result.kind != PROV_X_VALUE || result.type != PROV_X_BOOLEAN))
        why = "a Match needs a function that gives a boolean";
    return why ? why : prov_xfunction_prepare(l->pool, m->function, literals, 2);
}

static void load_match(prov_xloader *l, const prov_xml_node *n, prov_xcompare *out)
{
    if (!prov_xshape_check(l, n))
        return;
    const prov_xml_node *first = prov_xml_first(n), *second = prov_xml_next(first);
    const char *id = prov_xml_attribute(l->scratch, n, NULL, "MatchId");
    out->function = prov_xfunction_find(prov_bytes_of(id));
    prov_xvalue *value = prov_xload_value(l, first);
    if (!second)
        prov_xwrong(l, n, "Match lacks its AttributeDesignator or AttributeSelector");
    else
        out->expr = prov_xload_expression(l, second);
    if (!out->function)
        prov_xwrong(l, n, "there is no function %s", id);
    out->value = value;
    const char *why = value && out->expr && out->function ? wrong_match(l, out, value) : NULL;
    if (why)
        prov_xmistyped(l, n, id, why);
    else if (out->function && out->function->deprecated)
        prov_xwarn(l, n, "the function %s is deprecated", id);
}

static void load_allof(prov_xloader *l, const prov_xml_node *n, prov_xallof *out)
{
    if (!prov_xshape_check(l, n))
        return;
    out->matches = apr_pcalloc(l->pool, prov_xcount_of(n, "Match") * sizeof *out->matches);
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c))
        load_match(l, c, &out->matches[out->count++]);
}

static void load_anyof(prov_xloader *l, const prov_xml_node *n, prov_xanyof *out)
{
    if (!prov_xshape_check(l, n))
        return;
    out->allofs = apr_pcalloc(l->pool, prov_xcount_of(n, "AllOf") * sizeof *out->allofs);
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c))
        load_allof(l, c, &out->allofs[out->count++]);
}

void prov_xload_target(prov_xloader *l, const prov_xml_node *n, prov_xtarget *out)
{
    if (!prov_xshape_check(l, n) || !prov_xml_first(n))
        return;
    out->anyofs = apr_pcalloc(l->pool, prov_xcount_of(n, "AnyOf") * sizeof *out->anyofs);
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c))
        load_anyof(l, c, &out->anyofs[out->count++]);
}

static bool load_effect(prov_xloader *l, const prov_xml_node *n, const char *attribute,
                        prov_xdecision *out)
{
    const char *text = prov_xml_attribute(l->scratch, n, NULL, attribute);
    *out = strcmp(text, "Permit") == 0 ? PROV_X_PERMIT : PROV_X_DENY;
    if (*out == PROV_X_PERMIT || strcmp(text, "Deny") == 0)
        return true;
    prov_xwrong(l, n, "%s is Permit or Deny, not \"%s\"", attribute, text);
    return false;
}

static void load_assign(prov_xloader *l, const prov_xml_node *n, prov_xassign *out)
{
    out->expr = prov_xload_inner(l, n);
    out->id = prov_xsymbol_of(l, n, "AttributeId");
    out->category = prov_xsymbol_of(l, n, "Category");
    out->issuer = prov_xsymbol_of(l, n, "Issuer");
}

static void load_duty(prov_xloader *l, const prov_xml_node *n, bool advice, prov_xdutyexpr *out)
{
    if (!prov_xshape_check(l, n) ||
        !load_effect(l, n, advice ? "AppliesTo" : "FulfillOn", &out->on))
        return;
    size_t count = prov_xcount_of(n, "AttributeAssignmentExpression");
    out->advice = advice;
    out->id = prov_xsymbol_of(l, n, advice ? "AdviceId" : "ObligationId");
    out->assigns = apr_pcalloc(l->pool, (count + !count) * sizeof *out->assigns);
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c))
        load_assign(l, c, &out->assigns[out->count++]);
}

static const char *const lists[] = { "ObligationExpressions", "AdviceExpressions" };

void prov_xload_duties(prov_xloader *l, const prov_xml_node *parent, prov_xduties *out)
{
    size_t count = 0;
    for (const prov_xml_node *c = prov_xml_first(parent); c; c = prov_xml_next(c))
        if (prov_xelement(c, lists[0]) || prov_xelement(c, lists[1]))
            count += prov_xcount_of(c, NULL);
    if (!count)
        return;
    out->exprs = apr_pcalloc(l->pool, count * sizeof *out->exprs);
    for (const prov_xml_node *c = prov_xml_first(parent); c; c = prov_xml_next(c)) {
        bool advice = prov_xelement(c, lists[1]);
        if ((!advice && !prov_xelement(c, lists[0])) || !prov_xshape_check(l, c))
            continue;
        for (const prov_xml_node *d = prov_xml_first(c); d; d = prov_xml_next(d))
            load_duty(l, d, advice, &out->exprs[out->count++]);
    }
}
