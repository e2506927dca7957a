/* Configurations have generations. What a target's changed declaration affects is touched by a scan
 * that survives restarts; what a process of an older generation committed meanwhile is looked at
 * again once no such process is left. */
#include "outbound/engine.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/process.h"
#include "store/index.h"

#define SCAN_STEP 200
/* A server that starts tells its configuration first; its children declare it once they are up. */
#define DECLARED_WITHIN apr_time_from_sec(15)
#define LOOK_EVERY      apr_time_from_msec(50)
#define NEVER_STAGED    UINT64_MAX

/* --- declaring ----------------------------------------------------------------------------------
 */

typedef struct declaring {
    prov_engine *e;
    prov_plan *plan;
    prov_snapshot *n;
} declaring;

static bool declare_gone(void *baton, const char *name, const prov_target *row)
{
    declaring *d = baton;
    if (row->declared && !prov_engine_reach(d->e, row->number))
        prov_plan_target_declare(d->plan, row->number, false, row->digest);
    return true;
}

static void declare_one(declaring *d, const prov_reach *r)
{
    prov_target row;
    prov_id start = { { 0 } };
    bool known = prov_snapshot_target(d->n, r->number, &row);
    if (known && row.declared && memcmp(row.digest, r->digest, sizeof row.digest) == 0)
        return;
    prov_plan_target_declare(d->plan, r->number, true, r->digest);
    if (known)
        prov_plan_scan(d->plan, r->number, &start, false);
}

/* True: the stored generation is ours now, `e->process.generation` says which. */
static prov_err *declare(prov_engine *e, apr_pool_t *p, bool *done)
{
    declaring d = { .e = e, .plan = prov_plan_make(p) };
    uint8_t ours[32], stored[32];
    prov_verdict verdict;
    prov_config_digest(e->config, ours);
    prov_err *err = prov_store_read(e->store, p, &d.n);
    if (err)
        return err;
    uint64_t generation = prov_snapshot_generation(d.n, stored);
    bool indexed = prov_index_declare(d.n, e->registry, d.plan) == 0;
    *done = generation > 0 && memcmp(ours, stored, sizeof ours) == 0 && indexed;
    if (!*done) {
        prov_plan_must_be_generation(d.plan, generation);
        prov_plan_generation(d.plan, generation + 1, ours);
        for (int i = 0; i < e->reach_count; i++)
            declare_one(&d, &e->reaches[i]);
        prov_snapshot_targets(d.n, declare_gone, &d);
    }
    prov_snapshot_end(d.n);
    if (!*done) {
        prov_store_submit(e->store, d.plan, &verdict);
        *done = verdict.kind == PROV_DONE;
        generation++;
    }
    if (*done) {
        __atomic_store_n(&e->process.generation, generation, __ATOMIC_RELEASE);
        return NULL;
    }
    /* refused: another child of the same configuration was faster, or a newer one */
    return verdict.kind == PROV_REFUSED ? NULL : prov_verdict_error(p, &verdict);
}

static prov_err *declare_ours(prov_engine *e, apr_pool_t *p)
{
    prov_err *err = NULL;
    bool done = false;
    while (!done && !err)
        err = declare(e, p, &done);
    return err;
}

/* Newer processes wait until no older one is registered, and then build and look at all anew. Who
 * was not yet seen by them is not to write as one of before. */
prov_err *prov_generation_join(prov_engine *e, apr_pool_t *p)
{
    prov_err *err = declare_ours(e, p);
    uint64_t generation = prov_engine_generation(e);
    prov_fault_point("register");
    if (!err)
        err = prov_store_register(e->store, generation, &e->process);
    if (!err)
        err = declare_ours(e, p);
    if (!err && prov_engine_generation(e) != generation)
        err = prov_store_register_anew(e->store, &e->process);
    return err;
}

/* Whoever is not registered cannot be waited for: his changes are refused if they are of another
 * time, or if the indexes are not as he has them. */
prov_err *prov_generation_see(prov_engine *e, apr_pool_t *p)
{
    prov_snapshot *n;
    prov_err *err = prov_store_read(e->store, p, &n);
    if (err)
        return err;
    bool differs = prov_snapshot_generation(n, NULL) &&
                   prov_index_declare(n, e->registry, prov_plan_make(p)) > 0;
    uint64_t staged = differs ? NEVER_STAGED : prov_snapshot_staged(n);
    __atomic_store_n(&e->staged, staged, __ATOMIC_RELEASE);
    prov_snapshot_end(n);
    return NULL;
}

static bool is_staged(const prov_engine *e)
{
    return __atomic_load_n(&e->staged, __ATOMIC_ACQUIRE) != NEVER_STAGED;
}

/* Who has waited in vain has a configuration that nobody serves, and waits no more. */
prov_err *prov_outbound_see(prov_engine *e, apr_pool_t *p)
{
    apr_time_t until = apr_time_now() + DECLARED_WITHIN;
    prov_err *err = e->dispatches ? NULL : prov_generation_see(e, p);
    while (!err && !is_staged(e) && !apr_atomic_read32(&e->outdated)) {
        if (apr_time_now() >= until)
            apr_atomic_set32(&e->outdated, 1);
        apr_sleep(LOOK_EVERY);
        err = prov_generation_see(e, p);
    }
    return err;
}

void prov_outbound_condition(const prov_engine *e, prov_plan *plan, const prov_id *id)
{
    if (e->dispatches)
        prov_plan_recheck(plan, id, prov_engine_generation(e));
    else
        prov_plan_must_be_staged(plan, __atomic_load_n(&e->staged, __ATOMIC_ACQUIRE));
}

typedef struct living {
    uint64_t generation;
    bool any;
} living;

static bool has_generation(void *baton, const prov_process *process)
{
    living *l = baton;
    l->any =
        process->generation == l->generation && prov_process_alive(process->pid, process->started);
    return !l->any;
}

bool prov_generation_is_nobodys(const prov_engine *e, prov_snapshot *n)
{
    uint8_t digest[32];
    living l = { .generation = prov_snapshot_generation(n, digest) };
    if (l.generation == prov_engine_generation(e))
        return false;
    prov_snapshot_processes(n, has_generation, &l);
    return !l.any;
}

void prov_generation_renew(prov_engine *e, apr_pool_t *p)
{
    prov_err *err = declare_ours(e, p);
    if (!err)
        err = prov_store_register_anew(e->store, &e->process);
    if (err)
        prov_log(PROV_LOG_WARNING, "declaring the configuration anew: %s", prov_err_text(p, err));
}

/* --- scanning ------------------------------------------------------------------------------------
 */

typedef struct scan {
    prov_plan *plan;
    uint32_t target;
    prov_touch touch;
    prov_id last;
    int count;
} scan;

static bool touch_link(void *baton, const prov_link *link)
{
    scan *s = baton;
    prov_plan_touch_link(s->plan, &link->resource, s->target, &s->touch);
    s->last = link->resource;
    return ++s->count < SCAN_STEP;
}

static bool scan_target(prov_engine *e, apr_pool_t *p, prov_snapshot *n, uint32_t target)
{
    prov_verdict verdict;
    prov_target row;
    prov_id after;
    if (!prov_snapshot_scan(n, target, &after) || !prov_snapshot_target(n, target, &row))
        return false;
    scan s = { .plan = prov_plan_make(p),
               .target = target,
               .touch = { .now = apr_time_now(),
                          .queue = PROV_QUEUE_NORMAL,
                          .trigger = PROV_TRIGGER_CONFIG,
                          .reread = row.moved },
               .last = after };
    prov_plan_must_be_generation(s.plan, prov_engine_generation(e));
    prov_plan_must_stand_at(s.plan, target, &after);
    prov_snapshot_links_at(n, target, &after, touch_link, &s);
    bool more = s.count == SCAN_STEP;
    prov_plan_scan(s.plan, target, &s.last, !more);
    prov_store_submit(e->store, s.plan, &verdict);
    return more && verdict.kind == PROV_DONE;
}

typedef struct rechecking {
    const prov_engine *engine;
    prov_snapshot *n;
    prov_plan *plan;
    prov_touch touch;
    uint64_t generation;
    bool older;
    bool groups; /* one of them may be, or have been, a group */
    int count;
} rechecking;

static bool is_older(void *baton, const prov_process *process)
{
    rechecking *r = baton;
    r->older = process->generation < r->generation;
    return !r->older;
}

static bool may_be_group(const rechecking *r, const prov_id *id)
{
    prov_record rec;
    if (!prov_snapshot_resource(r->n, id, &rec))
        return true;
    const prov_resource_type *type =
        prov_registry_type_numbered(r->engine->registry, prov_record_head(rec).type);
    return type && prov_type_is_group(type);
}

/* Whoever knew of no roles did not touch who is below a group. */
static void scan_roles(const rechecking *r)
{
    prov_id start = { { 0 } };
    for (int i = 0; i < r->engine->reach_count; i++)
        if (r->engine->reaches[i].role_count)
            prov_plan_scan(r->plan, r->engine->reaches[i].number, &start, false);
}

static bool recheck_one(void *baton, const prov_id *id)
{
    rechecking *r = baton;
    r->groups = r->groups || may_be_group(r, id);
    prov_plan_touch(r->plan, id, &r->touch);
    prov_plan_recheck_done(r->plan, id);
    return ++r->count < SCAN_STEP;
}

static bool recheck(prov_engine *e, apr_pool_t *p, prov_snapshot *n)
{
    prov_verdict verdict;
    rechecking r = { .engine = e,
                     .n = n,
                     .plan = prov_plan_make(p),
                     .touch = { .now = apr_time_now(),
                                .queue = PROV_QUEUE_NORMAL,
                                .trigger = PROV_TRIGGER_CONFIG,
                                .reread = true },
                     .generation = prov_engine_generation(e) };
    prov_snapshot_processes(n, is_older, &r);
    if (r.older)
        return false;
    prov_snapshot_rechecks(n, recheck_one, &r);
    if (!r.count)
        return false;
    if (r.groups)
        scan_roles(&r);
    prov_store_submit(e->store, r.plan, &verdict);
    return (r.groups || r.count == SCAN_STEP) && verdict.kind == PROV_DONE;
}

bool prov_generation_scan(prov_engine *e, apr_pool_t *p)
{
    prov_snapshot *n;
    uint8_t digest[32];
    bool more = false;
    if (prov_store_read(e->store, p, &n))
        return false;
    if (prov_snapshot_generation(n, digest) == prov_engine_generation(e)) {
        for (int i = 0; i < e->reach_count; i++)
            more |= scan_target(e, p, n, e->reaches[i].number);
        more |= recheck(e, p, n);
    }
    prov_snapshot_end(n);
    return more;
}
