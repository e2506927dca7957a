#include "policy/link.h"
#include "policy/version.h"

#include <apr_strings.h>
#include <string.h>

typedef struct linker {
    prov_pdp *pdp;
    apr_hash_t *by_id; /* of apr_array_header_t * of prov_xpolicy * */
    prov_err *err;
} linker;

static const char *name_of(apr_pool_t *p, bool set, const char *id)
{
    return apr_pstrcat(p, set ? "PolicySet " : "Policy ", id, NULL);
}

static void wrong(linker *l, const prov_xpolicy *in, int line, const char *sentence)
{
    prov_pdp *pdp = l->pdp;
    const char *where = apr_psprintf(pdp->pool, "%s:%d", in->source, line);
    APR_ARRAY_PUSH(pdp->problems, prov_pdp_problem) = (prov_pdp_problem){ where, sentence, false };
    if (l->err)
        return;
    l->err = prov_err_make(pdp->pool, 400, NULL, "%s", sentence);
    l->err->source = where;
}

/* What a reference that leads nowhere leads to. */
static prov_xpolicy *dead_end(linker *l, const prov_xreference *r, const char *why)
{
    prov_xpolicy *stub = apr_pcalloc(l->pdp->pool, sizeof *stub);
    stub->set = r->set;
    stub->id = r->id;
    stub->version = "";
    stub->broken = why;
    stub->broken_code = PROV_X_PROCESSING_ERROR;
    return stub;
}

static bool fits(const prov_xpolicy *policy, const prov_xreference *r)
{
    const char *v = policy->version;
    return (!r->version || prov_xversion_compare(v, r->version) == 0) &&
           (!r->earliest || prov_xversion_compare(v, r->earliest) >= 0) &&
           (!r->latest || prov_xversion_compare(v, r->latest) <= 0);
}

static prov_xpolicy *find(linker *l, const prov_xreference *r)
{
    prov_xpolicy *best = NULL;
    const apr_array_header_t *list =
        apr_hash_get(l->by_id, name_of(l->pdp->pool, r->set, r->id), APR_HASH_KEY_STRING);
    for (int i = 0; list && i < list->nelts; i++) {
        prov_xpolicy *policy = APR_ARRAY_IDX(list, i, prov_xpolicy *);
        if (fits(policy, r) && (!best || prov_xversion_compare(policy->version, best->version) > 0))
            best = policy;
    }
    return best;
}

static void resolve(linker *l, const prov_xpolicy *in, prov_xchild *child)
{
    child->policy = find(l, child->reference);
    if (child->policy) {
        child->policy->referenced = true;
        return;
    }
    const char *why =
        apr_psprintf(l->pdp->pool, "no %s%s%s is loaded",
                     name_of(l->pdp->pool, child->reference->set, child->reference->id),
                     child->reference->version ? " of version " : "",
                     child->reference->version ? child->reference->version : "");
    wrong(l, in, child->line, why);
    child->policy = dead_end(l, child->reference, why);
}

#define ON_THE_WAY UINT16_MAX

/* The height of what lies below; a child that would close a circle or go too deep is cut off. */
static uint16_t measure(linker *l, prov_xpolicy *policy, unsigned depth)
{
    uint16_t height = 1;
    policy->height = ON_THE_WAY;
    for (uint32_t i = 0; i < policy->count && policy->set; i++) {
        prov_xchild *child = &policy->children[i];
        bool circle = child->policy->height == ON_THE_WAY;
        unsigned limit = l->pdp->bounds.depth;
        uint16_t below = circle || depth >= limit ? 0
                         : child->policy->height  ? child->policy->height
                                                  : measure(l, child->policy, depth + 1);
        if (circle || depth + below >= limit) {
            const char *why =
                apr_psprintf(l->pdp->pool, "the reference to %s %s", child->policy->id,
                             circle ? "leads back to itself" : "goes too deep");
            prov_xreference inside = { .id = child->policy->id, .set = child->policy->set };
            wrong(l, policy, child->line, why);
            child->policy = dead_end(l, child->reference ? child->reference : &inside, why);
            below = 1;
        }
        height = below >= height ? (uint16_t)(below + 1) : height;
    }
    policy->height = height;
    return height;
}

/* By name; the same version twice is refused. */
static void note_policy(linker *l, prov_xpolicy *policy)
{
    apr_pool_t *p = l->pdp->pool;
    const char *name = name_of(p, policy->set, policy->id);
    apr_array_header_t *list = apr_hash_get(l->by_id, name, APR_HASH_KEY_STRING);
    if (!list) {
        list = apr_array_make(p, 1, sizeof(prov_xpolicy *));
        apr_hash_set(l->by_id, name, APR_HASH_KEY_STRING, list);
    }
    for (int i = 0; i < list->nelts; i++) {
        const prov_xpolicy *other = APR_ARRAY_IDX(list, i, const prov_xpolicy *);
        if (prov_xversion_compare(other->version, policy->version) == 0)
            wrong(l, policy, policy->line,
                  apr_psprintf(p, "%s version %s is already there, from %s:%d", name,
                               policy->version, other->source, other->line));
    }
    APR_ARRAY_PUSH(list, prov_xpolicy *) = policy;
}

prov_err *prov_xlink(prov_pdp *pdp)
{
    linker l = { pdp, apr_hash_make(pdp->pool), NULL };
    prov_xpolicy *const *all = (prov_xpolicy *const *)(void *)pdp->policies->elts;
    for (int i = 0; i < pdp->policies->nelts; i++)
        note_policy(&l, all[i]);
    for (int i = 0; i < pdp->policies->nelts; i++)
        for (uint32_t j = 0; j < all[i]->count && all[i]->set; j++)
            if (!all[i]->children[j].policy)
                resolve(&l, all[i], &all[i]->children[j]);
    for (int i = 0; i < pdp->policies->nelts; i++)
        if (!all[i]->height)
            measure(&l, all[i], 1);
    return l.err;
}
