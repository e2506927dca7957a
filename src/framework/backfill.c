#include "framework/backfill.h"
#include "framework/list.h"
#include "framework/protect.h"

#include "base/fault.h"

#define STEP 200

typedef struct filling {
    prov_service *service;
    const prov_backfill *asked;
    uint16_t application;
    prov_touch touch;
    apr_pool_t *p; /* of the step */
    int count;
    prov_id ids[STEP];
    const prov_resource_type *types[STEP];
    apr_array_header_t *plans; /* of const prov_plan * */
    apr_array_header_t *alone; /* the same, of groups: an edge for each member goes with the link */
    prov_backfilled *out;
} filling;

static bool note(void *baton, const prov_view *v)
{
    filling *f = baton;
    f->ids[f->count] = v->id;
    f->types[f->count++] = v->type;
    return true;
}

/* --- one resource --------------------------------------------------------------------------- */

static bool is_any(void *baton, const prov_link *link)
{
    *(bool *)baton = true;
    return false;
}

/* As `provisionctl admin create` makes them: no target is to hear of these. */
static bool is_administrator(const filling *f, prov_snapshot *n, const prov_resource_type *type,
                             const prov_id *id)
{
    bool linked = false;
    if (!prov_protect_administers(f->service, n, f->p, type, id))
        return false;
    prov_snapshot_links_of(n, id, is_any, &linked);
    return !linked;
}

static void judge(filling *f, prov_snapshot *n, const prov_resource_type *type, const prov_id *id)
{
    uint32_t target = prov_outbound_carries(f->service->engine, f->asked->target, type);
    prov_link link;
    if (!target || is_administrator(f, n, type, id)) {
        f->out->left_out++;
        return;
    }
    if (prov_snapshot_granted(n, id, target, f->application) &&
        prov_snapshot_link(n, id, target, &link)) {
        f->out->there++;
        return;
    }
    bool group = prov_schema_attr(type->schema, "members", 7) != NULL;
    prov_plan *plan = prov_plan_make(f->p);
    prov_outbound_owe_one(f->service->engine, plan, id, type, f->asked->application,
                          f->asked->target, &f->touch);
    APR_ARRAY_PUSH(group ? f->alone : f->plans, const prov_plan *) = plan;
}

/* --- a step --------------------------------------------------------------------------------- */

static prov_err *take_verdicts(filling *f, const prov_verdict *verdicts, int count)
{
    prov_err *err = NULL;
    for (int i = 0; i < count && !err; i++) {
        err = prov_verdict_error(f->p, &verdicts[i]);
        if (!err && verdicts[i].changed)
            f->out->made++;
        else if (!err)
            f->out->there++; /* or it is gone meanwhile */
    }
    return err;
}

/* A large change of the resource is under way: alone, a plan waits for its end. */
static void wait_for_busy(const filling *f, const prov_plan *const plans[], prov_verdict *verdicts,
                          int count)
{
    for (int i = 0; i < count; i++)
        if (verdicts[i].kind == PROV_REFUSED && verdicts[i].why == PROV_BUSY)
            prov_store_submit(f->service->store, plans[i], &verdicts[i]);
}

static prov_err *submit(filling *f, const apr_array_header_t *plans, int at_once)
{
    prov_verdict verdicts[STEP];
    prov_err *err = NULL;
    for (int i = 0, count; i < plans->nelts && !err; i += count) {
        count = plans->nelts - i < at_once ? plans->nelts - i : at_once;
        prov_store_submit_all(f->service->store, &APR_ARRAY_IDX(plans, i, const prov_plan *),
                              verdicts, count);
        wait_for_busy(f, &APR_ARRAY_IDX(plans, i, const prov_plan *), verdicts, count);
        err = take_verdicts(f, verdicts, count);
        prov_fault_point("backfill");
    }
    return err;
}

/* The snapshot ends before the wait: held over a commit, it would keep the file from growing. */
static prov_err *fill(filling *f)
{
    prov_snapshot *n;
    prov_err *err = prov_store_read(f->service->store, f->p, &n);
    if (err)
        return err;
    f->touch.now = apr_time_now();
    f->plans = apr_array_make(f->p, STEP, sizeof(prov_plan *));
    f->alone = apr_array_make(f->p, 4, sizeof(prov_plan *));
    for (int i = 0; i < f->count; i++)
        judge(f, n, f->types[i], &f->ids[i]);
    prov_snapshot_end(n);
    if (f->asked->dry_run) {
        f->out->made += f->plans->nelts + f->alone->nelts;
        return NULL;
    }
    err = submit(f, f->plans, STEP);
    return err ? err : submit(f, f->alone, 1);
}

prov_err *prov_service_backfill(prov_service *s, apr_pool_t *p, const prov_backfill *b,
                                prov_backfill_tell *tell, void *baton, prov_backfilled *out)
{
    prov_caller caller = { .application = b->application,
                           .permissions = PROV_MAY_ADMIN,
                           .trigger = PROV_TRIGGER_ADMIN };
    prov_query q = {
        .type = b->type, .filter = b->filter, .first = 1, .want = STEP, .onward = true, .base = ""
    };
    prov_listed found = { .more = true };
    prov_list_place place;
    prov_err *err = NULL;
    filling f = { .service = s, .asked = b, .out = out };
    *out = (prov_backfilled){ 0 };
    f.application = prov_outbound_application(s->engine, b->application);
    f.touch = (prov_touch){ .queue = PROV_QUEUE_NORMAL,
                            .trigger = PROV_TRIGGER_ADMIN,
                            .application = f.application };
    apr_pool_create(&f.p, p);
    while (!err && found.more) {
        apr_pool_clear(f.p);
        f.count = 0;
        err = prov_service_list(s, f.p, &caller, &q, note, &f, &found);
        if (!q.after)
            out->total = found.total;
        if (!err)
            err = fill(&f);
        tell(baton, out);
        place = found.last;
        q.after = &place;
    }
    return err ? prov_err_push(p, err, "stopped; the same command goes on from here") : NULL;
}
