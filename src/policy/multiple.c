#include "policy/multiple.h"

#include <apr_strings.h>
#include <string.h>

#define SCOPE           "urn:oasis:names:tc:xacml:2.0:resource:scope"
#define RESOURCE_ID     "urn:oasis:names:tc:xacml:1.0:resource:resource-id"
#define CATEGORIES_MOST 1000 /* each is compared with each */
#define SELECTORS       "urn:oasis:names:tc:xacml:3.0:profile:multiple:content-selector"
#define SELECTOR        "urn:oasis:names:tc:xacml:3.0:content-selector"

typedef struct expander {
    const prov_pdp *pdp;
    apr_pool_t *pool;
    const prov_pdp_options *options;
    apr_array_header_t *out;
} expander;

static prov_err *too_many(expander *x)
{
    return prov_err_make(x->pool, 413, NULL, "the request asks for more than %zu decisions",
                         x->pdp->bounds.results);
}

/* A copy of the list with one category exchanged. */
static prov_xindividual with(expander *x, const prov_xindividual *of, size_t i,
                             const prov_xattributes *other)
{
    prov_xindividual copy = {
        apr_pmemdup(x->pool, of->categories, of->count * sizeof *of->categories), of->count
    };
    copy.categories[i] = other;
    return copy;
}

static const prov_xattribute *find(const prov_xattributes *a, const char *id)
{
    for (int i = 0; i < a->attributes->nelts; i++) {
        const prov_xattribute *at = &APR_ARRAY_IDX(a->attributes, i, const prov_xattribute);
        if (strcmp(at->id, id) == 0 && at->values->nelts > 0)
            return at;
    }
    return NULL;
}

/* The category with all values of one attribute in place of another. */
static const prov_xattributes *replaced(expander *x, const prov_xattributes *a, const char *id,
                                        const char *new_id, prov_xvalue value)
{
    prov_xattributes *copy = apr_pmemdup(x->pool, a, sizeof *a);
    bool done = false;
    copy->attributes = apr_array_make(x->pool, a->attributes->nelts, sizeof(prov_xattribute));
    for (int i = 0; i < a->attributes->nelts; i++) {
        prov_xattribute at = APR_ARRAY_IDX(a->attributes, i, const prov_xattribute);
        if (strcmp(at.id, id) == 0) {
            if (done)
                continue;
            at.id = new_id;
            at.values = apr_array_make(x->pool, 1, sizeof(prov_xvalue));
            APR_ARRAY_PUSH(at.values, prov_xvalue) = value;
            done = true;
        }
        APR_ARRAY_PUSH(copy->attributes, prov_xattribute) = at;
    }
    return copy;
}

static prov_err *resources_below(expander *x, const prov_xvalue *resource, const prov_xvalue *scope,
                                 apr_array_header_t *found)
{
    static const struct {
        const char *scope;
        bool below, deep;
    } known[] = { { "Immediate", false, false },
                  { "Children", true, false },
                  { "Descendants", true, true },
                  { "EntireHierarchy", true, true } };
    size_t i = 0;
    while (i < 4 && !prov_bytes_equal(scope->u.text, prov_bytes_of(known[i].scope)))
        i++;
    if (scope->type != PROV_X_STRING || i == 4)
        return prov_err_make(x->pool, 400, NULL, "the scope is none of the profile's");
    APR_ARRAY_PUSH(found, prov_xvalue) = *resource;
    if (!known[i].below)
        return NULL;
    const char *why = x->options->below ? x->options->below(x->options->baton, x->pool, resource,
                                                            known[i].deep, found)
                                        : "no hierarchy of resources is known here";
    return why ? prov_err_make(x->pool, 500, NULL, "%s", why) : NULL;
}

/* The hierarchical profile: a decision for each resource in the scope. */
static prov_err *expand_scope(expander *x, const prov_xindividual *of, size_t i,
                              apr_array_header_t *to)
{
    const prov_xattributes *a = of->categories[i];
    const prov_xattribute *scope = find(a, SCOPE), *resource = find(a, RESOURCE_ID);
    if (!resource)
        return prov_err_make(x->pool, 400, NULL, "a scope needs a resource-id");
    apr_array_header_t *found = apr_array_make(x->pool, 8, sizeof(prov_xvalue));
    prov_err *err = resources_below(x, &APR_ARRAY_IDX(resource->values, 0, const prov_xvalue),
                                    &APR_ARRAY_IDX(scope->values, 0, const prov_xvalue), found);
    for (int j = 0; j < found->nelts && !err; j++)
        if ((size_t)to->nelts >= x->pdp->bounds.results)
            err = too_many(x);
        else
            APR_ARRAY_PUSH(to, prov_xindividual) = with(
                x, of, i,
                replaced(x, a, RESOURCE_ID, RESOURCE_ID, APR_ARRAY_IDX(found, j, prov_xvalue)));
    return err;
}

/* One expression that selects just this node. */
static prov_xvalue selector_for(expander *x, const prov_xexpression *from, int position)
{
    prov_xexpression *one = apr_pmemdup(x->pool, from, sizeof *from);
    one->text = apr_psprintf(x->pool, "(%s)[%d]", from->text, position);
    return (
        prov_xvalue){ .type = PROV_X_XPATH, .lexical = prov_bytes_of(one->text), .u.xpath = one };
}

/* Multiple decision profile, section 2.4: a decision for each node that is selected. */
static prov_err *expand_content(expander *x, const prov_xindividual *of, size_t i,
                                apr_array_header_t *to)
{
    const prov_xattributes *a = of->categories[i];
    const prov_xattribute *selectors = find(a, SELECTORS);
    const prov_xvalue *v = &APR_ARRAY_IDX(selectors->values, 0, const prov_xvalue);
    apr_array_header_t *nodes;
    if (v->type != PROV_X_XPATH || !a->content)
        return prov_err_make(x->pool, 400, NULL,
                             "a content-selector is an XPath expression on a Content");
    prov_xpath path = { v->u.xpath->text, v->u.xpath->prefixes, v->u.xpath->prefix_count,
                        x->pdp->bounds.xpath_steps };
    prov_err *err = prov_xpath_select(x->pool, a->content, &path, &nodes);
    for (int j = 0; !err && j < nodes->nelts; j++)
        if ((size_t)to->nelts >= x->pdp->bounds.results)
            err = too_many(x);
        else
            APR_ARRAY_PUSH(to, prov_xindividual) = with(
                x, of, i, replaced(x, a, SELECTORS, SELECTOR, selector_for(x, v->u.xpath, j + 1)));
    return err;
}

typedef prov_err *expand_one(expander *x, const prov_xindividual *of, size_t i,
                             apr_array_header_t *to);

/* Those of x->out where a category has the attribute are replaced by what it stands for. */
static prov_err *expand_by(expander *x, const char *category, const char *id, expand_one *expand)
{
    apr_array_header_t *to = apr_array_make(x->pool, x->out->nelts, sizeof(prov_xindividual));
    prov_err *err = NULL;
    for (int j = 0; j < x->out->nelts && !err; j++) {
        const prov_xindividual *one = &APR_ARRAY_IDX(x->out, j, const prov_xindividual);
        size_t i = 0;
        while (i < one->count && !((!category || !strcmp(one->categories[i]->category, category)) &&
                                   find(one->categories[i], id)))
            i++;
        if (i < one->count)
            err = expand(x, one, i, to);
        else
            APR_ARRAY_PUSH(to, prov_xindividual) = *one;
    }
    x->out = to;
    return err;
}

/* A decision for each combination of the categories that are repeated: the i-th is chosen. */
static prov_err *expand_repeated(expander *x, const prov_xindividual *all, size_t i,
                                 prov_xindividual *chosen)
{
    for (; i < all->count; i++) {
        size_t j = 0;
        while (strcmp(all->categories[j]->category, all->categories[i]->category) != 0)
            j++;
        if (j == i)
            break; /* the first of its category; the others are taken with it */
    }
    if (i == all->count) {
        if ((size_t)x->out->nelts >= x->pdp->bounds.results)
            return too_many(x);
        prov_xindividual one = { apr_pmemdup(x->pool, chosen->categories,
                                             (chosen->count + 1) * sizeof *chosen->categories),
                                 chosen->count };
        APR_ARRAY_PUSH(x->out, prov_xindividual) = one;
        return NULL;
    }
    prov_err *err = NULL;
    for (size_t j = i; j < all->count && !err; j++)
        if (strcmp(all->categories[j]->category, all->categories[i]->category) == 0) {
            chosen->categories[chosen->count++] = all->categories[j];
            err = expand_repeated(x, all, i + 1, chosen);
            chosen->count--;
        }
    return err;
}

static prov_err *add_list(expander *x, const prov_xindividual *list)
{
    prov_xindividual chosen = { apr_pcalloc(x->pool, (list->count + 1) * sizeof *chosen.categories),
                                0 };
    return expand_repeated(x, list, 0, &chosen);
}

/* MultiRequests: each reference names the Attributes of one decision. */
static prov_err *add_reference(expander *x, const prov_xrequest *r, const apr_array_header_t *ids)
{
    prov_xindividual list = {
        apr_pcalloc(x->pool, ((size_t)ids->nelts + 1) * sizeof *list.categories), 0
    };
    for (int i = 0; i < ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(ids, i, const char *);
        for (int j = 0; j < r->categories->nelts; j++) {
            const prov_xattributes *a = APR_ARRAY_IDX(r->categories, j, const prov_xattributes *);
            if (a->xml_id && strcmp(a->xml_id, id) == 0)
                list.categories[list.count++] = a;
            if ((int)list.count == i + 1)
                break;
        }
        if ((int)list.count != i + 1)
            return prov_err_make(x->pool, 400, NULL, "no Attributes have the id %s", id);
    }
    return add_list(x, &list);
}

prov_err *prov_xmultiple_expand(const prov_pdp *pdp, apr_pool_t *p, const prov_xrequest *r,
                                const prov_pdp_options *options, apr_array_header_t **out)
{
    expander x = { pdp, p, options, apr_array_make(p, 1, sizeof(prov_xindividual)) };
    prov_xindividual all = { (const prov_xattributes **)(void *)r->categories->elts,
                             (size_t)r->categories->nelts };
    prov_err *err = r->categories->nelts <= CATEGORIES_MOST
                        ? NULL
                        : prov_err_make(p, 413, NULL, "the request has more than %d Attributes",
                                        CATEGORIES_MOST);
    for (int i = 0; r->references && i < r->references->nelts && !err; i++)
        err = add_reference(&x, r, APR_ARRAY_IDX(r->references, i, const apr_array_header_t *));
    if (!err && (!r->references || r->references->nelts == 0))
        err = add_list(&x, &all);
    if (!err)
        err = expand_by(&x, PROV_X_RESOURCE, SCOPE, expand_scope);
    if (!err)
        err = expand_by(&x, NULL, SELECTORS, expand_content);
    *out = x.out;
    return err;
}
