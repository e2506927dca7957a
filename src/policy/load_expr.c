#include "policy/load.h"

#include <apr_strings.h>
#include <string.h>

static prov_xexpr *make(prov_xloader *l, const prov_xml_node *n, prov_xexpr_kind kind,
                        prov_xargtype type)
{
    prov_xexpr *x = apr_pcalloc(l->pool, sizeof *x);
    x->kind = kind;
    x->line = (int)prov_xml_line(n);
    x->type = type;
    return x;
}

static const prov_xexpr *load_literal(prov_xloader *l, const prov_xml_node *n)
{
    prov_xvalue *v = prov_xload_value(l, n);
    if (!v)
        return NULL;
    prov_xexpr *x = make(l, n, PROV_XEXPR_VALUE, (prov_xargtype){ PROV_X_VALUE, v->type, NULL });
    x->u.value = v;
    return x;
}

static const prov_xfunction *find_function(prov_xloader *l, const prov_xml_node *n)
{
    const char *id = prov_xml_attribute(l->scratch, n, NULL, "FunctionId");
    const prov_xfunction *f = prov_xfunction_find(prov_bytes_of(id));
    if (!f)
        prov_xwrong(l, n, "there is no function %s", id);
    else if (f->deprecated)
        prov_xwarn(l, n, "the function %s is deprecated", id);
    return f;
}

static const prov_xexpr *load_function(prov_xloader *l, const prov_xml_node *n)
{
    const prov_xfunction *f = prov_xshape_check(l, n) ? find_function(l, n) : NULL;
    return f ? make(l, n, PROV_XEXPR_FUNCTION,
                    (prov_xargtype){ PROV_X_FUNCTION, f->result.type, f })
             : NULL;
}

/* Loaded when first referred to, so that a reference forward knows its type. */
const prov_xvariable *prov_xload_variable(prov_xloader *l, const prov_xml_node *n, const char *id)
{
    prov_xvariable *v = apr_hash_get(l->variables, id, APR_HASH_KEY_STRING);
    if (v && !v->expr)
        prov_xwrong(l, n, "the variable %s is defined by itself", id);
    if (v)
        return v->expr ? v : NULL;
    const prov_xml_node *definition = apr_hash_get(l->definitions, id, APR_HASH_KEY_STRING);
    if (!definition) {
        prov_xwrong(l, n, "no variable %s is defined in this policy", id);
        return NULL;
    }
    v = apr_pcalloc(l->pool, sizeof *v);
    v->id = apr_pstrdup(l->pool, id);
    apr_hash_set(l->variables, v->id, APR_HASH_KEY_STRING, v);
    v->index = (uint32_t)apr_hash_count(l->variables) - 1;
    v->expr = prov_xload_inner(l, definition);
    return v->expr ? v : NULL;
}

static const prov_xexpr *load_reference(prov_xloader *l, const prov_xml_node *n)
{
    if (!prov_xshape_check(l, n))
        return NULL;
    const char *id = prov_xml_attribute(l->scratch, n, NULL, "VariableId");
    const prov_xvariable *v = prov_xload_variable(l, n, id);
    if (!v)
        return NULL;
    prov_xexpr *x = make(l, n, PROV_XEXPR_VARIABLE, v->expr->type);
    x->u.variable = v;
    return x;
}

/* The arguments in order; false if one could not be loaded. */
static bool load_arguments(prov_xloader *l, const prov_xml_node *n, prov_xapply *a)
{
    bool good = true;
    size_t count = 0;
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c))
        count += !prov_xelement(c, "Description");
    a->args = apr_pcalloc(l->pool, (count + !count) * sizeof *a->args);
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c)) {
        if (prov_xelement(c, "Description"))
            continue;
        const prov_xexpr *x =
            prov_xelement(c, "Function") ? load_function(l, c) : prov_xload_expression(l, c);
        a->args[a->count++] = x;
        good = good && x;
    }
    return good;
}

/* Do they fit the function, and do the literals among them mean something? */
static const char *check_arguments(prov_xloader *l, const prov_xapply *a, prov_xargtype *result)
{
    size_t room = (size_t)a->count + 1;
    prov_xargtype *types = apr_palloc(l->scratch, room * sizeof *types);
    prov_xvalue **literals = apr_palloc(l->scratch, room * sizeof *literals);
    for (size_t i = 0; i < a->count; i++) {
        types[i] = a->args[i]->type;
        literals[i] = a->args[i]->kind == PROV_XEXPR_VALUE ? a->args[i]->u.value : NULL;
    }
    const char *why = prov_xfunction_check(l->scratch, a->function, types, a->count, result);
    if (!why)
        why = prov_xfunction_prepare(l->pool, a->function, literals, a->count);
    /* The function that a higher-order one applies gets the arguments behind it. */
    if (!why && a->function->higher)
        why = prov_xfunction_prepare(l->pool, types[0].function, literals + 1, a->count - 1);
    return why;
}

static const prov_xexpr *load_apply(prov_xloader *l, const prov_xml_node *n)
{
    prov_xapply a = { .count = 0 };
    prov_xargtype result;
    if (!prov_xshape_check(l, n))
        return NULL;
    a.function = find_function(l, n);
    if (!load_arguments(l, n, &a) || !a.function)
        return NULL;
    const char *why = check_arguments(l, &a, &result);
    if (why) {
        prov_xmistyped(l, n, a.function->id, why);
        return NULL;
    }
    prov_xexpr *x = make(l, n, PROV_XEXPR_APPLY, result);
    x->u.apply = a;
    return x;
}

static const struct {
    const char *name;
    const prov_xexpr *(*load)(prov_xloader *l, const prov_xml_node *n);
} loaders[] = {
    { "Apply", load_apply },
    { "AttributeValue", load_literal },
    { "AttributeDesignator", prov_xload_designator },
    { "AttributeSelector", prov_xload_selector },
    { "VariableReference", load_reference },
};

const prov_xexpr *prov_xload_expression(prov_xloader *l, const prov_xml_node *n)
{
    const prov_xexpr *x = NULL;
    size_t i = 0;
    /* through variables, deeper than the elements themselves */
    if (l->depth >= 2 * l->pdp->bounds.depth) {
        prov_xwrong(l, n, "expressions are nested too deeply");
        return NULL;
    }
    while (i < sizeof loaders / sizeof *loaders && !prov_xelement(n, loaders[i].name))
        i++;
    if (i == sizeof loaders / sizeof *loaders) {
        prov_xwrong(l, n, "%s is no expression that stands here", prov_xml_name(n));
        return NULL;
    }
    l->depth++;
    x = loaders[i].load(l, n);
    l->depth--;
    return x;
}

const prov_xexpr *prov_xload_inner(prov_xloader *l, const prov_xml_node *n)
{
    return prov_xshape_check(l, n) ? prov_xload_expression(l, prov_xml_first(n)) : NULL;
}
