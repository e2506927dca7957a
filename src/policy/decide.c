#include "policy/decide.h"
#include "policy/eval.h"
#include "policy/multiple.h"
#include "policy/request_read.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#define WITHIN_MOST 3 /* decisions inside decisions */

void prov_xeval_say(prov_xeval *e, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    e->options->trace(e->options->baton, e->indent, apr_pvsprintf(e->base.pool, fmt, args));
    va_end(args);
}

const char *prov_xeval_words(prov_xeval *e, const prov_xarg *a)
{
    apr_pool_t *p = e->base.pool;
    const prov_xvalue *values = a->kind == PROV_X_BAG ? a->u.bag.values : &a->u.value;
    uint32_t count = a->kind == PROV_X_BAG ? a->u.bag.count : 1;
    prov_buf b;
    if (count == 0)
        return "nothing";
    prov_buf_init(&b, p, 64);
    for (uint32_t i = 0; i < count && i < 10; i++) {
        prov_bytes text = prov_xvalue_text(p, &values[i]);
        prov_buf_printf(&b, "%s\"%.*s\"", i ? ", " : "", (int)text.len, (const char *)text.data);
    }
    if (count > 10)
        prov_buf_text(&b, ", ...");
    prov_buf_byte(&b, '\0');
    return (const char *)b.data;
}

static void start(prov_xeval *e, const prov_pdp *pdp, apr_pool_t *p,
                  const prov_pdp_options *options)
{
    e->base = (prov_xcontext){ .pool = p,
                               .hooks = &prov_xeval_hooks,
                               .zone = options->zone,
                               .steps = pdp->bounds.steps,
                               .regex_steps = pdp->bounds.regex_steps,
                               .xpath_steps = pdp->bounds.xpath_steps };
    e->pdp = pdp;
    e->options = options;
    e->now = options->now ? options->now : apr_time_now();
}

static void run(prov_xeval *e, prov_xoutcome *out)
{
    *out = (prov_xoutcome){ .decision = PROV_X_NOT_APPLICABLE };
    prov_xeval_bind(e);
    prov_xeval_policy(e, e->pdp->root, out);
    if (!e->base.exhausted)
        return;
    /* what a bound cut short decides nothing, whatever an algorithm made of it */
    prov_xfail(&e->base, PROV_X_PROCESSING_ERROR, "a bound of the evaluation was reached");
    prov_xeval_failed(e, out, PROV_X_INDETERMINATE_DP);
}

bool prov_xdecide_permitted(prov_xcontext *c, prov_bytes category, prov_bytes content, bool *out)
{
    prov_xeval *outer = (prov_xeval *)(void *)c, inner = *outer;
    const char *name = prov_bytes_text(c->pool, category);
    prov_xattributes *other;
    prov_xoutcome outcome;
    if (outer->within >= WITHIN_MOST) {
        c->exhausted = true; /* a policy that asks for itself has no answer */
        return prov_xfail(c, PROV_X_PROCESSING_ERROR, "access-permitted is nested too deeply");
    }
    prov_err *err = prov_xattributes_read(c->pool, name, content, &outer->pdp->bounds, &other);
    if (err)
        return prov_xfail(c, PROV_X_PROCESSING_ERROR, "%s", err->detail);
    const prov_xattributes **list =
        apr_palloc(c->pool, (outer->category_count + 1) * sizeof(const prov_xattributes *));
    inner.category_count = 0;
    for (size_t i = 0; i < outer->category_count; i++)
        if (strcmp(outer->categories[i]->category, name) != 0)
            list[inner.category_count++] = outer->categories[i];
    list[inner.category_count++] = other;
    inner.categories = list;
    inner.within++;
    inner.return_policy_ids = false;
    run(&inner, &outcome);
    c->steps = inner.base.steps;
    c->exhausted = inner.base.exhausted;
    *out = outcome.decision == PROV_X_PERMIT;
    return !c->exhausted || prov_xstep(c, 1);
}

/* The attributes that asked to be in the result. */
static const apr_array_header_t *included(apr_pool_t *p, const prov_xindividual *one)
{
    apr_array_header_t *out = NULL;
    for (size_t i = 0; i < one->count; i++) {
        const prov_xattributes *a = one->categories[i];
        prov_xattributes *copy = NULL;
        for (int j = 0; j < a->attributes->nelts; j++) {
            const prov_xattribute *at = &APR_ARRAY_IDX(a->attributes, j, const prov_xattribute);
            if (!at->include)
                continue;
            if (!copy) {
                copy = apr_pmemdup(p, a, sizeof *a);
                copy->attributes = apr_array_make(p, 4, sizeof *at);
                out = out ? out : apr_array_make(p, 4, sizeof copy);
                APR_ARRAY_PUSH(out, const prov_xattributes *) = copy;
            }
            APR_ARRAY_PUSH(copy->attributes, prov_xattribute) = *at;
        }
    }
    return out;
}

/* Many decisions share what ten may take. */
#define SHARED 10

static void decide_one(const prov_pdp *pdp, apr_pool_t *p, const prov_xrequest *r,
                       const prov_xindividual *one, const prov_pdp_options *options,
                       uint64_t *steps, prov_xresult *out)
{
    prov_xeval e = { .indent = 0 };
    prov_xoutcome outcome;
    start(&e, pdp, p, options);
    e.categories = one->categories;
    e.category_count = one->count;
    e.return_policy_ids = r->return_policy_ids;
    uint64_t given = *steps < e.base.steps ? *steps : e.base.steps;
    e.base.steps = given;
    run(&e, &outcome);
    *steps -= given - e.base.steps;
    *out = (prov_xresult){ .decision = outcome.decision, .attributes = included(p, one) };
    if (prov_xindeterminate(outcome.decision)) {
        out->code = outcome.code;
        out->message = outcome.message;
        out->missing = outcome.missing;
        return;
    }
    out->duties = outcome.duties;
    out->policies = outcome.policies;
}

/* Each decision looks at all its attributes and may return them all. */
static prov_err *check_size(const prov_pdp *pdp, apr_pool_t *p, const apr_array_header_t *all)
{
    size_t sum = 0;
    for (int i = 0; i < all->nelts; i++) {
        const prov_xindividual *one = &APR_ARRAY_IDX(all, i, const prov_xindividual);
        for (size_t k = 0; k < one->count; k++)
            sum += (size_t)one->categories[k]->attributes->nelts;
    }
    return sum <= SHARED * pdp->bounds.request_nodes
               ? NULL
               : prov_err_make(p, 413, NULL, "so many decisions have too many attributes");
}

/* Multiple decision profile, section 3: one decision for all, if they agree without duties. */
static void combine(prov_xresponse *response)
{
    prov_xresult *first = &response->results[0];
    bool agree = true;
    for (size_t i = 0; i < response->count; i++) {
        const prov_xresult *r = &response->results[i];
        agree = agree && !r->duties &&
                strcmp(prov_xdecision_text(r->decision), prov_xdecision_text(first->decision)) == 0;
    }
    response->count = 1;
    first->attributes = NULL;
    if (agree)
        return;
    *first = (prov_xresult){ .decision = PROV_X_INDETERMINATE_DP,
                             .code = PROV_X_PROCESSING_ERROR,
                             .message = "the decisions cannot be combined into one" };
}

static prov_xresponse *refused(apr_pool_t *p, const prov_err *err, prov_xcode code)
{
    prov_xresponse *response = apr_palloc(p, sizeof *response);
    response->count = 1;
    response->results = apr_pcalloc(p, sizeof *response->results);
    response->results[0] = (prov_xresult){ .decision = PROV_X_INDETERMINATE_DP,
                                           .code = code,
                                           .message = prov_err_text(p, err) };
    return response;
}

prov_xresponse *prov_xresponse_refused(apr_pool_t *p, const prov_err *err)
{
    return refused(p, err, err->http == 400 ? PROV_X_SYNTAX_ERROR : PROV_X_PROCESSING_ERROR);
}

prov_xresponse *prov_pdp_decide(const prov_pdp *pdp, apr_pool_t *p, const prov_xrequest *request,
                                const prov_pdp_options *options)
{
    static const prov_pdp_options none = { .now = 0 };
    apr_array_header_t *all;
    prov_pdp_options fixed = options ? *options : none;
    if (!fixed.now)
        fixed.now = apr_time_now();
    prov_err *err = pdp->root ? prov_xmultiple_expand(pdp, p, request, &fixed, &all)
                              : prov_err_make(p, 500, NULL, "the policies are not finished");
    if (!err)
        err = check_size(pdp, p, all);
    if (err)
        return refused(p, err, PROV_X_PROCESSING_ERROR);
    uint64_t steps = SHARED * pdp->bounds.steps;
    prov_xresponse *response = apr_palloc(p, sizeof *response);
    response->count = (size_t)all->nelts;
    response->results = apr_pcalloc(p, ((size_t)all->nelts + 1) * sizeof *response->results);
    for (int i = 0; i < all->nelts; i++)
        decide_one(pdp, p, request, &APR_ARRAY_IDX(all, i, const prov_xindividual), &fixed, &steps,
                   &response->results[i]);
    if (request->combined && response->count > 0)
        combine(response);
    return response;
}
