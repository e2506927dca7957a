/* Many changes that do not depend on each other: looked at together, in as few commits as hold
 * them. Whatever is not done at once goes through the door by itself. */
#include "framework/change.h"

#include <apr_tables.h>
#include <string.h>

#define ROWS_MOST 2000 /* of a plan that may share a transaction */

typedef struct together {
    prov_service *service;
    const prov_caller *caller;
    apr_pool_t *pool;
    apr_array_header_t *plans;    /* of const prov_plan * */
    apr_array_header_t *attempts; /* of prov_attempt, one each */
    apr_array_header_t *places;   /* of int: which change */
} together;

/* What has no plan that may go with the others is left out. */
static void plan_one(together *t, prov_snapshot *n, const prov_change *change, const prov_id *id,
                     int place)
{
    prov_attempt a = { .service = t->service,
                       .p = t->pool,
                       .caller = t->caller,
                       .change = change,
                       .id = *id,
                       .hash = change->hash };
    if (prov_change_plan(&a, n) || !a.plan || prov_plan_length(a.plan) > ROWS_MOST)
        return;
    APR_ARRAY_PUSH(t->plans, const prov_plan *) = a.plan;
    APR_ARRAY_PUSH(t->attempts, prov_attempt) = a;
    APR_ARRAY_PUSH(t->places, int) = place;
}

/* All at once: they then lie side by side in the store, and not between those of another thread. */
static prov_id *make_ids(together *t, const prov_change *const changes[], int count)
{
    static const prov_id none;
    prov_id *ids = apr_palloc(t->pool, (size_t)count * sizeof *ids + 1);
    prov_ids_make(ids, count);
    for (int i = 0; i < count; i++)
        if (changes[i]->operation != PROV_CREATED || !prov_id_equal(&changes[i]->id, &none))
            ids[i] = changes[i]->id;
    return ids;
}

/* The snapshot ends before the wait: held over a commit, it would keep the file from growing. */
static prov_err *plan_all(together *t, const prov_change *const changes[], int count)
{
    prov_snapshot *n;
    const prov_id *ids = make_ids(t, changes, count);
    prov_err *err = prov_store_read(t->service->store, t->pool, &n);
    if (err)
        return err;
    for (int i = 0; i < count && !err; i++) {
        plan_one(t, n, changes[i], &ids[i], i);
        if (prov_snapshot_is_old(n))
            err = prov_snapshot_refresh(n);
    }
    prov_snapshot_end(n);
    return err;
}

/* A refusal may be one by another of these, or overtaken: the door looks again. Of anything else,
 * as of a commit that failed, nothing is rerun. */
static void submit(together *t, apr_pool_t *p, prov_changed out[], prov_err *errs[], bool alone[])
{
    int count = t->plans->nelts;
    prov_verdict *verdicts = apr_pcalloc(t->pool, (size_t)count * sizeof *verdicts + 1);
    prov_store_submit_all(t->service->store, (const prov_plan *const *)t->plans->elts, verdicts,
                          count);
    for (int i = 0; i < count; i++) {
        const prov_attempt *a = &APR_ARRAY_IDX(t->attempts, i, prov_attempt);
        const prov_verdict *v = &verdicts[i];
        int place = APR_ARRAY_IDX(t->places, i, int);
        alone[place] = v->kind == PROV_REFUSED;
        errs[place] = alone[place] ? NULL : prov_verdict_error(p, v);
        out[place] = (prov_changed){ a->id, v->version ? v->version : a->version, v->changed };
    }
    if (count)
        prov_engine_nudge(t->service->engine);
}

void prov_provision_all(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                        const prov_change *const changes[], int count, prov_changed out[],
                        prov_err *errs[])
{
    together t = { .service = s, .caller = caller };
    bool *alone = apr_palloc(p, (size_t)count * sizeof *alone + 1);
    memset(alone, true, (size_t)count * sizeof *alone);
    apr_pool_create(&t.pool, p);
    t.plans = apr_array_make(t.pool, count, sizeof(const prov_plan *));
    t.attempts = apr_array_make(t.pool, count, sizeof(prov_attempt));
    t.places = apr_array_make(t.pool, count, sizeof(int));
    if (!plan_all(&t, changes, count))
        submit(&t, p, out, errs, alone);
    apr_pool_destroy(t.pool);
    for (int i = 0; i < count; i++)
        if (alone[i])
            errs[i] = prov_provision(s, p, caller, changes[i], &out[i]);
}
