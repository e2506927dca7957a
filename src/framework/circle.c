#include "framework/circle.h"
#include "framework/change.h"

#define TRIES 8

static prov_err *plan_all(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                          const prov_change *const changes[], int count, prov_plan *plan)
{
    prov_id *ids = apr_palloc(p, sizeof *ids * (size_t)count);
    prov_snapshot *n;
    prov_err *err = prov_store_read(s->store, p, &n);
    if (err)
        return err;
    for (int i = 0; i < count; i++)
        ids[i] = changes[i]->id;
    for (int i = 0; i < count && !err; i++) {
        prov_attempt a = { .service = s,
                           .p = p,
                           .caller = caller,
                           .change = changes[i],
                           .id = ids[i],
                           .into = plan,
                           .coming = ids,
                           .coming_count = count };
        err = prov_change_plan(&a, n);
        if (!err && a.unhashed.len)
            err = prov_err_make(p, 400, "invalidValue", "what is made together has no password");
    }
    prov_snapshot_end(n);
    return err;
}

static bool is_worth_another(prov_service *s, apr_pool_t *p, const prov_verdict *v)
{
    return v->kind == PROV_REFUSED &&
           (v->why == PROV_NOT_VERSION ||
            (v->why == PROV_NOT_GENERATION && !prov_outbound_see(s->engine, p)));
}

prov_err *prov_provision_circle(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                                const prov_change *const changes[], int count)
{
    prov_verdict verdict;
    int tries = 0;
    do {
        prov_plan *plan = prov_plan_make(p);
        prov_err *err = plan_all(s, p, caller, changes, count, plan);
        if (err)
            return err;
        prov_store_submit(s->store, plan, &verdict);
    } while (++tries < TRIES && is_worth_another(s, p, &verdict));
    prov_err *err = prov_verdict_error(p, &verdict);
    if (!err)
        prov_engine_nudge(s->engine);
    return err;
}
