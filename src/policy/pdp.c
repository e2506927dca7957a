#include "policy/index.h"
#include "policy/link.h"
#include "policy/load.h"

#include <apr_strings.h>

#define DENY_OVERRIDES "urn:oasis:names:tc:xacml:3.0:policy-combining-algorithm:deny-overrides"

const prov_pdp_bounds prov_pdp_bounds_default = {
    .policy_bytes = 16 << 20,
    .policy_nodes = 1000000,
    .request_bytes = 4 << 20,
    .request_nodes = 200000,
    .depth = 100,
    .results = 1000,
    .steps = 1000000,
    .regex_steps = 1000000,
    .xpath_steps = 1000000,
};

prov_pdp *prov_pdp_make(apr_pool_t *p, const prov_pdp_bounds *bounds)
{
    prov_pdp *pdp = apr_pcalloc(p, sizeof *pdp);
    pdp->pool = p;
    pdp->bounds = bounds ? *bounds : prov_pdp_bounds_default;
    pdp->strings = apr_hash_make(p);
    pdp->problems = apr_array_make(p, 4, sizeof(prov_pdp_problem));
    pdp->policies = apr_array_make(p, 16, sizeof(prov_xpolicy *));
    pdp->tops = apr_array_make(p, 16, sizeof(prov_xpolicy *));
    return pdp;
}

const prov_pdp_bounds *prov_pdp_bounds_of(const prov_pdp *pdp)
{
    return &pdp->bounds;
}

const apr_array_header_t *prov_pdp_problems(const prov_pdp *pdp)
{
    return pdp->problems;
}

size_t prov_pdp_roots(const prov_pdp *pdp)
{
    return pdp->root ? pdp->root->count : 0;
}

/* It keeps its name and loses its content. */
static void mark_broken(prov_xpolicy *policy, const prov_xloader *l)
{
    policy->count = policy->target.count = 0;
    policy->broken = prov_err_text(l->pdp->pool, l->err);
    policy->broken_code = l->code;
}

/* What could not be read at all is Indeterminate by itself: nobody can refer to it. */
static prov_xpolicy *make_stub(prov_xloader *l)
{
    prov_xpolicy *stub = apr_pcalloc(l->pool, sizeof *stub);
    stub->id = stub->version = "";
    stub->source = l->source;
    return stub;
}

static prov_xpolicy *load_root(prov_xloader *l, const prov_xml_node *root)
{
    if (prov_xelement(root, "Policy") || prov_xelement(root, "PolicySet"))
        return prov_xload_policy(l, root);
    prov_xwrong(l, root, "a Policy or PolicySet of XACML 3.0 is expected, not {%s}%s",
                prov_xml_namespace(root), prov_xml_name(root));
    return make_stub(l);
}

static void add_top(prov_xloader *l, prov_xpolicy *top, prov_pdp_role role)
{
    top->role = role;
    if (l->err)
        mark_broken(top, l);
    if (l->err && *top->id)
        APR_ARRAY_PUSH(l->pdp->policies, prov_xpolicy *) = top;
    else if (!l->err)
        apr_array_cat(l->pdp->policies, l->found);
    APR_ARRAY_PUSH(l->pdp->tops, prov_xpolicy *) = top;
}

/* The tree is gone before the error is told. */
static void note_unreadable(prov_xloader *l, const prov_err *err)
{
    apr_pool_t *p = l->pdp->pool;
    l->err = prov_err_make(p, err->http, NULL, "%s", err->detail);
    l->err->source = apr_pstrdup(p, err->source ? err->source : l->source);
    APR_ARRAY_PUSH(l->pdp->problems, prov_pdp_problem) =
        (prov_pdp_problem){ l->err->source, l->err->detail, false };
}

prov_err *prov_pdp_add(prov_pdp *pdp, prov_bytes text, const char *source, prov_pdp_role role)
{
    const prov_xml_node *root;
    prov_xml_bounds bounds = { pdp->bounds.policy_bytes, pdp->bounds.depth,
                               pdp->bounds.policy_nodes };
    prov_xloader l = { .pdp = pdp,
                       .pool = pdp->pool,
                       .source = apr_pstrdup(pdp->pool, source),
                       .code = PROV_X_SYNTAX_ERROR };
    apr_pool_create(&l.scratch, pdp->pool);
    l.found = apr_array_make(l.scratch, 4, sizeof(prov_xpolicy *));
    prov_err *err = prov_xml_parse(l.scratch, text, l.source, &bounds, &root);
    if (err)
        note_unreadable(&l, err);
    add_top(&l, err ? make_stub(&l) : load_root(&l, root), role);
    apr_pool_destroy(l.scratch);
    return l.err;
}

static prov_xpolicy *make_root(prov_pdp *pdp, const prov_xcombiner *combiner)
{
    prov_xpolicy *root = apr_pcalloc(pdp->pool, sizeof *root);
    root->set = true;
    root->source = "";
    root->combiner = combiner;
    root->children = apr_pcalloc(pdp->pool, (size_t)(pdp->tops->nelts + 1) * sizeof(prov_xchild));
    for (int i = 0; i < pdp->tops->nelts; i++) {
        prov_xpolicy *top = APR_ARRAY_IDX(pdp->tops, i, prov_xpolicy *);
        if (top->role == PROV_PDP_ROOT || (top->role == PROV_PDP_AUTO && !top->referenced))
            root->children[root->count++].policy = top;
    }
    return root;
}

prov_err *prov_pdp_finish(prov_pdp *pdp, const char *algorithm)
{
    const prov_xcombiner *combiner =
        prov_xcombiner_find(algorithm ? algorithm : DENY_OVERRIDES, false);
    if (!combiner)
        return prov_err_make(pdp->pool, 400, NULL, "there is no policy-combining algorithm %s",
                             algorithm);
    prov_err *err = prov_xlink(pdp);
    pdp->root = make_root(pdp, combiner);
    prov_xindex_build(pdp);
    return err;
}
