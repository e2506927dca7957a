/* A policy text in, its compiled form out: policies, sets, rules. */
#include "policy/load.h"
#include "policy/symbol.h"
#include "policy/version.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#define PROBLEMS_MOST 1000 /* nobody reads more */

static void note(prov_xloader *l, const prov_xml_node *n, bool warning, const char *fmt,
                 va_list args)
{
    apr_pool_t *p = l->pdp->pool;
    if (l->pdp->problems->nelts >= PROBLEMS_MOST)
        return;
    APR_ARRAY_PUSH(l->pdp->problems, prov_pdp_problem) =
        (prov_pdp_problem){ apr_psprintf(p, "%s:%ld", l->source, prov_xml_line(n)),
                            apr_pvsprintf(p, fmt, args), warning };
}

void prov_xwrong(prov_xloader *l, const prov_xml_node *n, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    note(l, n, false, fmt, args);
    va_end(args);
    if (l->err)
        return;
    va_start(args, fmt);
    l->err = prov_err_make(l->pdp->pool, 400, NULL, "%s", apr_pvsprintf(l->pdp->pool, fmt, args));
    va_end(args);
    l->err->source = apr_psprintf(l->pdp->pool, "%s:%ld", l->source, prov_xml_line(n));
}

void prov_xmistyped(prov_xloader *l, const prov_xml_node *n, const char *what, const char *why)
{
    if (!l->err)
        l->code = PROV_X_PROCESSING_ERROR;
    prov_xwrong(l, n, "%s: %s", what, why);
}

void prov_xwarn(prov_xloader *l, const prov_xml_node *n, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    note(l, n, true, fmt, args);
    va_end(args);
}

const char *prov_xsymbol_of(prov_xloader *l, const prov_xml_node *n, const char *attribute)
{
    const char *text = prov_xml_attribute(l->scratch, n, NULL, attribute);
    return text ? prov_xsymbol(l->pdp, text) : NULL;
}

bool prov_xboolean_of(prov_xloader *l, const prov_xml_node *n, const char *attribute)
{
    prov_xvalue v = { .type = PROV_X_BOOLEAN };
    const char *text = prov_xml_attribute(l->scratch, n, NULL, attribute);
    const char *why = prov_xvalue_parse(l->scratch, PROV_X_BOOLEAN, prov_bytes_of(text), &v);
    if (why)
        prov_xwrong(l, n, "%s: %s", attribute, why);
    return !why && v.u.boolean;
}

size_t prov_xcount_of(const prov_xml_node *n, const char *name)
{
    size_t count = 0;
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c))
        count += !name || prov_xelement(c, name);
    return count;
}

static const prov_xexpr *load_condition(prov_xloader *l, const prov_xml_node *n)
{
    const prov_xexpr *x = prov_xload_inner(l, n);
    if (x && (x->type.kind != PROV_X_VALUE || x->type.type != PROV_X_BOOLEAN))
        prov_xmistyped(l, n, "a Condition is one boolean",
                       apr_psprintf(l->scratch, "this is %s %s",
                                    x->type.kind == PROV_X_BAG ? "a bag of" : "one",
                                    prov_xtype_name(x->type.type)));
    return x;
}

static void load_rule(prov_xloader *l, const prov_xml_node *n, prov_xrule *out)
{
    if (!prov_xshape_check(l, n))
        return;
    const char *effect = prov_xml_attribute(l->scratch, n, NULL, "Effect");
    out->id = prov_xsymbol_of(l, n, "RuleId");
    out->line = (int)prov_xml_line(n);
    out->effect = strcmp(effect, "Permit") == 0 ? PROV_X_PERMIT : PROV_X_DENY;
    if (out->effect == PROV_X_DENY && strcmp(effect, "Deny") != 0)
        prov_xwrong(l, n, "Effect is Permit or Deny, not \"%s\"", effect);
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c))
        if (prov_xelement(c, "Target"))
            prov_xload_target(l, c, &out->target);
        else if (prov_xelement(c, "Condition"))
            out->condition = load_condition(l, c);
    prov_xload_duties(l, n, &out->duties);
}

/* The definitions by name, before anything refers to them. */
static void note_definitions(prov_xloader *l, const prov_xml_node *n)
{
    l->definitions = apr_hash_make(l->scratch);
    l->variables = apr_hash_make(l->scratch);
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c)) {
        const char *id = prov_xelement(c, "VariableDefinition")
                             ? prov_xml_attribute(l->scratch, c, NULL, "VariableId")
                             : NULL;
        if (id && apr_hash_get(l->definitions, id, APR_HASH_KEY_STRING))
            prov_xwrong(l, c, "the variable %s is defined twice", id);
        if (id)
            apr_hash_set(l->definitions, id, APR_HASH_KEY_STRING, c);
    }
}

/* Those that nothing refers to are checked as well. */
static void load_definitions(prov_xloader *l, const prov_xml_node *n)
{
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c)) {
        const char *id = prov_xelement(c, "VariableDefinition")
                             ? prov_xml_attribute(l->scratch, c, NULL, "VariableId")
                             : NULL;
        if (id)
            prov_xload_variable(l, c, id);
        else if (prov_xelement(c, "VariableDefinition"))
            prov_xwrong(l, c, "VariableDefinition lacks its attribute VariableId");
    }
}

static void load_rules(prov_xloader *l, const prov_xml_node *n, prov_xpolicy *out)
{
    size_t count = prov_xcount_of(n, "Rule");
    apr_hash_t *seen = apr_hash_make(l->scratch);
    out->rules = apr_pcalloc(l->pool, (count + !count) * sizeof *out->rules);
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c)) {
        if (!prov_xelement(c, "Rule"))
            continue;
        prov_xrule *rule = &out->rules[out->count++];
        load_rule(l, c, rule);
        if (rule->id && apr_hash_get(seen, rule->id, APR_HASH_KEY_STRING))
            prov_xwarn(l, c, "another rule of this policy has the RuleId %s as well", rule->id);
        if (rule->id)
            apr_hash_set(seen, rule->id, APR_HASH_KEY_STRING, rule->id);
    }
}

static const char *load_pattern(prov_xloader *l, const prov_xml_node *n, const char *attribute)
{
    const char *pattern = prov_xsymbol_of(l, n, attribute);
    if (pattern && !prov_xversion_is_pattern(pattern))
        prov_xwrong(l, n, "%s=\"%s\" is no version pattern", attribute, pattern);
    return pattern;
}

static void load_reference(prov_xloader *l, const prov_xml_node *n, bool set, prov_xchild *out)
{
    prov_xreference *r = apr_pcalloc(l->pool, sizeof *r);
    const char *text = (const char *)prov_xml_text(l->scratch, n).data;
    char *id = apr_pstrdup(l->scratch, text);
    apr_collapse_spaces(id, id);
    r->id = prov_xsymbol(l->pdp, id);
    r->set = set;
    r->version = load_pattern(l, n, "Version");
    r->earliest = load_pattern(l, n, "EarliestVersion");
    r->latest = load_pattern(l, n, "LatestVersion");
    if (!*id)
        prov_xwrong(l, n, "%s names no policy", prov_xml_name(n));
    out->reference = r;
}

static void load_children(prov_xloader *l, const prov_xml_node *n, prov_xpolicy *out)
{
    size_t count = prov_xcount_of(n, NULL);
    out->children = apr_pcalloc(l->pool, (count + !count) * sizeof *out->children);
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c)) {
        bool inner = prov_xelement(c, "Policy") || prov_xelement(c, "PolicySet");
        bool set = prov_xelement(c, "PolicySetIdReference");
        if (!inner && !set && !prov_xelement(c, "PolicyIdReference"))
            continue;
        prov_xchild *child = &out->children[out->count++];
        child->line = (int)prov_xml_line(c);
        if (inner)
            child->policy = prov_xload_policy(l, c);
        else
            load_reference(l, c, set, child);
    }
}

/* XPath 1.0 is what there is; most expressions mean the same in 2.0. */
static void check_defaults(prov_xloader *l, const prov_xml_node *n)
{
    const prov_xml_node *c = prov_xshape_check(l, n) ? prov_xml_first(n) : NULL;
    const char *version = c ? (const char *)prov_xml_text(l->scratch, c).data : "";
    if (c && !strstr(version, "xpath-19991116"))
        prov_xwarn(l, c, "XPathVersion %s: expressions are evaluated as XPath 1.0", version);
}

/* No standard algorithm has parameters, but what is written must be right. */
static void check_parameters(prov_xloader *l, const prov_xml_node *n)
{
    if (!prov_xshape_check(l, n))
        return;
    prov_xwarn(l, n, "%s means nothing to the standard combining algorithms", prov_xml_name(n));
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c))
        if (prov_xshape_check(l, c))
            prov_xload_value(l, prov_xml_first(c));
}

static void load_parts(prov_xloader *l, const prov_xml_node *n, prov_xpolicy *out)
{
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c)) {
        if (prov_xelement(c, "Target"))
            prov_xload_target(l, c, &out->target);
        else if (prov_xelement(c, "Condition"))
            out->condition = load_condition(l, c);
        else if (prov_xelement(c, "PolicyIssuer"))
            prov_xwrong(l, c,
                        "a policy with an issuer is not trusted: delegation is not supported");
        else if (prov_xelement(c, "PolicyDefaults") || prov_xelement(c, "PolicySetDefaults"))
            check_defaults(l, c);
        else if (strstr(prov_xml_name(c), "CombinerParameters"))
            check_parameters(l, c);
    }
}

static void load_identity(prov_xloader *l, const prov_xml_node *n, prov_xpolicy *out)
{
    const char *algorithm = prov_xml_attribute(
        l->scratch, n, NULL, out->set ? "PolicyCombiningAlgId" : "RuleCombiningAlgId");
    out->id = prov_xsymbol_of(l, n, out->set ? "PolicySetId" : "PolicyId");
    out->version = prov_xsymbol_of(l, n, "Version");
    if (!prov_xversion_is(out->version))
        prov_xwrong(l, n, "Version=\"%s\" is no version", out->version);
    out->combiner = prov_xcombiner_find(algorithm, !out->set);
    if (!out->combiner)
        prov_xwrong(l, n, "there is no %s-combining algorithm %s", out->set ? "policy" : "rule",
                    algorithm);
    else if (out->combiner->deprecated)
        prov_xwarn(l, n, "the combining algorithm %s is deprecated", algorithm);
}

prov_xpolicy *prov_xload_policy(prov_xloader *l, const prov_xml_node *n)
{
    prov_xpolicy *out = apr_pcalloc(l->pool, sizeof *out);
    const char *id;
    out->set = prov_xelement(n, "PolicySet");
    out->line = (int)prov_xml_line(n);
    out->source = l->source;
    out->version = "";
    if (!prov_xshape_check(l, n)) {
        id = prov_xsymbol_of(l, n, out->set ? "PolicySetId" : "PolicyId");
        out->id = id ? id : "";
        return out;
    }
    load_identity(l, n, out);
    note_definitions(l, n);
    load_parts(l, n, out);
    if (out->set)
        load_children(l, n, out);
    else {
        load_definitions(l, n);
        load_rules(l, n, out);
    }
    /* a set's children have definitions of their own; those of the set are none */
    if (out->set)
        note_definitions(l, n);
    prov_xload_duties(l, n, &out->duties);
    out->variables = apr_hash_count(l->variables);
    APR_ARRAY_PUSH(l->found, const prov_xpolicy *) = out;
    return out;
}
