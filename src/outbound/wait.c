/* blocking=on: a caller waits until the targets have answered for what he changed. The pump's
 * acknowledgements of this child wake him; those of another child he finds by looking again. */
#include "outbound/engine.h"
#include <apr_strings.h>

#define LOOK_AGAIN apr_time_from_msec(20)

bool prov_outbound_blocks(const prov_application *a)
{
    for (int i = 0; a->outbound && i < a->outbound->nelts; i++)
        if (APR_ARRAY_IDX(a->outbound, i, prov_outbound_entry).blocking)
            return true;
    return false;
}

typedef struct waiting {
    prov_engine *e;
    apr_pool_t *p;
    const prov_id *id;
    const prov_application *application;
    uint64_t *wanted; /* per entry of the list: what must be answered for */
    prov_wait_result *results;
    int count;
} waiting;

/* Whatever ended, well or not; what is merely on its way has not. */
static bool has_ended(prov_link_state state)
{
    return state != PROV_LINK_PENDING && state != PROV_LINK_WORKING;
}

/* Answers whether every blocking target has an outcome. */
static bool look(waiting *w, prov_snapshot *n, bool first)
{
    bool all = true;
    apr_time_t now = apr_time_now();
    for (int i = 0; i < w->count; i++) {
        const prov_outbound_entry *entry =
            &APR_ARRAY_IDX(w->application->outbound, i, prov_outbound_entry);
        prov_wait_result *r = &w->results[i];
        prov_link link;
        r->target = apr_pstrcat(w->p, entry->idp, "/", entry->connector, NULL);
        r->state = PROV_LINK_PENDING;
        prov_reach *reach = prov_engine_reach_for(w->e, entry->target);
        if (!reach || !prov_snapshot_link(n, w->id, reach->number, &link))
            continue;
        if (first)
            w->wanted[i] = link.wanted;
        r->state = prov_link_state_of(&link, now, true, prov_reach_give_up(reach, &link));
        r->status = link.last_status;
        bool answered = link.applied >= w->wanted[i] || has_ended(r->state);
        all = all && (!entry->blocking || answered);
    }
    return all;
}

static bool look_now(waiting *w, bool first)
{
    prov_snapshot *n;
    if (prov_store_read(w->e->store, w->p, &n))
        return true;
    bool all = look(w, n, first);
    prov_snapshot_end(n);
    return all;
}

static bool take_place(prov_engine *e)
{
    apr_thread_mutex_lock(e->lock);
    bool room = e->waiting < e->config->settings.blocking_max;
    e->waiting += room;
    apr_thread_mutex_unlock(e->lock);
    return room;
}

static void wait_for_outcome(prov_engine *e, uint64_t *seen)
{
    apr_thread_mutex_lock(e->lock);
    if (e->outcomes == *seen)
        apr_thread_cond_timedwait(e->done, e->lock, LOOK_AGAIN);
    *seen = e->outcomes;
    apr_thread_mutex_unlock(e->lock);
}

void prov_outbound_wait(prov_engine *e, apr_pool_t *p, const prov_id *id,
                        const prov_application *application, prov_wait_result **out, int *count)
{
    int entries = application->outbound ? application->outbound->nelts : 0;
    waiting w = { .e = e,
                  .p = p,
                  .id = id,
                  .application = application,
                  .wanted = apr_pcalloc(p, sizeof(uint64_t) * (entries + 1)),
                  .results = apr_pcalloc(p, sizeof(prov_wait_result) * (entries + 1)),
                  .count = entries };
    apr_time_t until = apr_time_now() + e->config->settings.blocking_timeout;
    uint64_t seen = 0;
    bool all = look_now(&w, true);
    if (!all && take_place(e)) {
        while (!all && apr_time_now() < until && !apr_atomic_read32(&e->stopping)) {
            wait_for_outcome(e, &seen);
            all = look_now(&w, false);
        }
        apr_thread_mutex_lock(e->lock);
        e->waiting--;
        apr_thread_mutex_unlock(e->lock);
    }
    *out = w.results;
    *count = w.count;
}
