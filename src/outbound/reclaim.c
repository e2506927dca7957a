/* The dead: processes that are gone, or stand still beyond all limits, and the leases they hold.
 * Who looks for them also counts the living, with whom the work is shared. */
#include "base/process.h"
#include "outbound/pump.h"

typedef struct dead {
    uint32_t numbers[64];
    int count;
    uint32_t peers, rank;
    const prov_pump *pump;
    prov_snapshot *n;
    apr_time_t now;
    apr_array_header_t *plans;
} dead;

static bool note_if_dead(void *baton, const prov_process *p)
{
    dead *d = baton;
    const prov_process *own = &d->pump->engine->process;
    if (!prov_process_alive(p->pid, p->started))
        d->numbers[d->count++] = p->number;
    else if (p->generation == prov_engine_generation(d->pump->engine)) {
        d->peers++;
        d->rank += p->number < own->number;
    }
    return d->count < 64;
}

static bool is_dead(const dead *d, uint32_t process)
{
    for (int i = 0; i < d->count; i++)
        if (d->numbers[i] == process)
            return true;
    return false;
}

/* Whoever still worked on it would have renewed it long ago. Left alone, such leases keep their
 * target's budget, and with all of it, everything that is due before they are. */
static bool is_lost(const dead *d, const prov_lease *lease)
{
    return lease->until + d->pump->engine->config->settings.call_limit < d->now;
}

static bool note_lease(void *baton, uint32_t process, const prov_id *id, uint32_t target)
{
    dead *d = baton;
    prov_link link;
    if (prov_snapshot_link(d->n, id, target, &link) &&
        (is_dead(d, process) || is_lost(d, &link.lease))) {
        prov_plan *plan = prov_plan_make(d->pump->turn);
        prov_plan_reclaim(plan, id, target, &link.lease);
        APR_ARRAY_PUSH(d->plans, const prov_plan *) = plan;
    }
    return d->plans->nelts < PROV_CLAIM_MOST;
}

void prov_pump_reclaim(prov_pump *u, prov_snapshot *n, apr_time_t now)
{
    dead d = {
        .pump = u, .n = n, .now = now, .plans = apr_array_make(u->turn, 8, sizeof(prov_plan *))
    };
    prov_snapshot_processes(n, note_if_dead, &d);
    u->peers = d.peers;
    u->rank = d.rank;
    prov_snapshot_leases(n, note_lease, &d);
    if (d.plans->nelts) {
        prov_verdict *verdicts = apr_pcalloc(u->turn, sizeof *verdicts * d.plans->nelts);
        prov_store_submit_all(u->engine->store, (const prov_plan *const *)d.plans->elts, verdicts,
                              d.plans->nelts);
    }
    for (int i = 0; i < d.count; i++)
        prov_store_unregister(u->engine->store, d.numbers[i]);
}
