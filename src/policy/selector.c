/* What looks into a request's Content: AttributeSelector and the XPath functions. */
#include "policy/decide.h"
#include "policy/eval.h"

#include <stdlib.h>
#include <string.h>

static const prov_xml_node *find_content(const prov_xeval *e, const char *category)
{
    for (size_t i = 0; i < e->category_count; i++)
        if (e->categories[i]->content && strcmp(e->categories[i]->category, category) == 0)
            return e->categories[i]->content;
    return NULL;
}

static bool select_nodes(prov_xeval *e, const prov_xml_node *context, const prov_xpath *path,
                         apr_array_header_t **out)
{
    prov_xpath bounded = *path;
    bounded.steps = e->base.xpath_steps;
    prov_err *err = prov_xpath_select(e->base.pool, context, &bounded, out);
    if (!err)
        return prov_xstep(&e->base, 1 + (uint64_t)(*out)->nelts);
    e->base.exhausted = e->base.exhausted || err->http == 503;
    return prov_xfail(&e->base, PROV_X_PROCESSING_ERROR, "XPath %s: %s", path->text, err->detail);
}

/* The one node that the ContextSelectorId's attribute names. */
static bool find_context(prov_xeval *e, const prov_xselector *s, const prov_xml_node **context)
{
    const prov_xbag *bag = &e->bags[s->context_slot];
    apr_array_header_t *nodes;
    if (bag->count != 1 || strcmp(bag->values->u.xpath->category, s->category) != 0)
        return prov_xfail(&e->base, PROV_X_PROCESSING_ERROR,
                          "the ContextSelectorId %s is not one XPath expression on %s",
                          s->context_id, s->category);
    const prov_xexpression *x = bag->values->u.xpath;
    prov_xpath path = { x->text, x->prefixes, x->prefix_count, 0 };
    if (!select_nodes(e, *context, &path, &nodes))
        return false;
    if (nodes->nelts != 1)
        return prov_xfail(&e->base, PROV_X_PROCESSING_ERROR,
                          "the ContextSelectorId %s selects %d nodes, not one", s->context_id,
                          nodes->nelts);
    *context = APR_ARRAY_IDX(nodes, 0, const prov_xml_node *);
    return true;
}

static bool convert(prov_xeval *e, const prov_xselector *s, const prov_xml_node *n,
                    prov_xvalue *out)
{
    prov_xml_kind kind = prov_xml_is(n);
    if (kind == PROV_XML_ELEMENT || kind == PROV_XML_DOCUMENT)
        return prov_xfail(&e->base, PROV_X_SYNTAX_ERROR,
                          "XPath %s selects an element: only text, attributes, comments and "
                          "processing instructions have a value",
                          s->path.text);
    const char *why =
        prov_xvalue_parse(e->base.pool, s->type, prov_xml_string(e->base.pool, n), out);
    return !why || prov_xfail(&e->base, PROV_X_PROCESSING_ERROR, "XPath %s: %s", s->path.text, why);
}

static bool nothing(prov_xeval *e, const prov_xselector *s)
{
    return !s->must ||
           prov_xfail(&e->base, PROV_X_MISSING_ATTRIBUTE,
                      "XPath %s selects nothing in the Content of %s", s->path.text, s->category);
}

bool prov_xeval_selector(prov_xeval *e, const prov_xselector *s, prov_xbag *out)
{
    const prov_xml_node *context = find_content(e, s->category);
    apr_array_header_t *nodes;
    *out = (prov_xbag){ s->type, 0, NULL };
    if (!context)
        return nothing(e, s);
    if ((s->context_id && !find_context(e, s, &context)) ||
        !select_nodes(e, context, &s->path, &nodes))
        return false;
    if (nodes->nelts == 0)
        return nothing(e, s);
    prov_xvalue *values = apr_pcalloc(e->base.pool, (size_t)nodes->nelts * sizeof *values);
    for (int i = 0; i < nodes->nelts; i++)
        if (!convert(e, s, APR_ARRAY_IDX(nodes, i, const prov_xml_node *), &values[i]))
            return false;
    *out = (prov_xbag){ s->type, (uint32_t)nodes->nelts, values };
    return true;
}

/* What an xpathExpression selects; nothing without Content. The deprecated functions' strings are
 * about the resource. */
static bool select_value(prov_xcontext *c, const prov_xvalue *v, apr_array_header_t **out)
{
    prov_xeval *e = (prov_xeval *)(void *)c;
    prov_xexpression plain = { .category = PROV_X_RESOURCE };
    const prov_xexpression *x = v->type == PROV_X_XPATH ? v->u.xpath : &plain;
    if (x == &plain)
        plain.text = prov_bytes_text(c->pool, v->u.text);
    const prov_xml_node *context = x->category ? find_content(e, x->category) : NULL;
    *out = apr_array_make(c->pool, 0, sizeof(const prov_xml_node *));
    prov_xpath path = { x->text, x->prefixes, x->prefix_count, 0 };
    return !context || select_nodes(e, context, &path, out);
}

static bool xpath_count(prov_xcontext *c, const prov_xvalue *path, int64_t *out)
{
    apr_array_header_t *nodes;
    if (!select_value(c, path, &nodes))
        return false;
    *out = nodes->nelts;
    return true;
}

static int by_address(const void *a, const void *b)
{
    const void *x = *(const void *const *)a, *y = *(const void *const *)b;
    return x < y ? -1 : x > y;
}

static bool holds(const apr_array_header_t *sorted, const prov_xml_node *n)
{
    return bsearch(&n, sorted->elts, (size_t)sorted->nelts, sizeof n, by_address) != NULL;
}

/* Does the second select a node of the first, or, if `below`, one that lies within such a node? */
static bool meet(prov_xcontext *c, const prov_xvalue *a, const prov_xvalue *b, bool below,
                 bool *out)
{
    apr_array_header_t *first, *second;
    if (!select_value(c, a, &first) || !select_value(c, b, &second))
        return false;
    qsort(first->elts, (size_t)first->nelts, sizeof(void *), by_address);
    *out = false;
    for (int i = 0; i < second->nelts && !*out; i++) {
        const prov_xml_node *n = APR_ARRAY_IDX(second, i, const prov_xml_node *);
        do
            *out = holds(first, n);
        while (!*out && below && (n = prov_xml_parent(n)));
        if (!prov_xstep(c, 1))
            return false;
    }
    return true;
}

static bool xpath_equal(prov_xcontext *c, const prov_xvalue *a, const prov_xvalue *b, bool *out)
{
    return meet(c, a, b, false, out);
}

static bool xpath_match(prov_xcontext *c, const prov_xvalue *a, const prov_xvalue *b, bool *out)
{
    return meet(c, a, b, true, out);
}

const prov_xhooks prov_xeval_hooks = { xpath_count, xpath_equal, xpath_match,
                                       prov_xdecide_permitted };
