/* What is due beyond the jobs at work. A thread whose job ends claims the next link in the
 * transaction that acknowledges: no commit and no other thread lies between the two. What lies here
 * is a hint, made anew by each turn of the pump; only the claim decides. */
#include "outbound/engine.h"

#include <apr_strings.h>
#include <string.h>

#define LOW (PROV_AHEAD_MOST / 4) /* then the pump is told to look for more */

void prov_ahead_make(prov_reach *r, apr_pool_t *p, int threads)
{
    /* A thread has one at work and one on its way. */
    r->ahead.held = apr_pcalloc(p, sizeof *r->ahead.held * 2 * (threads + 1));
}

void prov_ahead_fill(prov_engine *e, prov_reach *r, const prov_id *ids, int count)
{
    apr_thread_mutex_lock(e->lock);
    if (count)
        memcpy(r->ahead.ids, ids, sizeof *ids * count);
    r->ahead.first = 0;
    r->ahead.count = count;
    apr_thread_mutex_unlock(e->lock);
}

bool prov_ahead_is_low(prov_engine *e, const prov_reach *r)
{
    apr_thread_mutex_lock(e->lock);
    bool low = r->ahead.count - r->ahead.first <= LOW;
    apr_thread_mutex_unlock(e->lock);
    return low;
}

bool prov_ahead_begins_with(prov_engine *e, const prov_reach *r, const prov_id *id)
{
    const prov_ahead *a = &r->ahead;
    apr_thread_mutex_lock(e->lock);
    bool begins = a->first < a->count && prov_id_equal(&a->ids[a->first], id);
    apr_thread_mutex_unlock(e->lock);
    return begins;
}

int prov_ahead_held(prov_engine *e, const prov_reach *r, apr_pool_t *p, const prov_id **out)
{
    apr_thread_mutex_lock(e->lock);
    int count = r->ahead.held_count;
    *out = apr_pmemdup(p, r->ahead.held, sizeof **out * count);
    apr_thread_mutex_unlock(e->lock);
    return count;
}

static bool take(prov_engine *e, prov_reach *r, prov_id *out)
{
    prov_ahead *a = &r->ahead;
    apr_thread_mutex_lock(e->lock);
    bool any =
        a->first < a->count && apr_atomic_read32(&r->threads) <= apr_atomic_read32(&r->share);
    if (any) {
        *out = a->held[a->held_count++] = a->ids[a->first++];
        if (a->count - a->first == LOW) {
            e->nudged = true;
            apr_thread_cond_signal(e->wake);
        }
    }
    apr_thread_mutex_unlock(e->lock);
    return any;
}

static void let_go(prov_engine *e, prov_reach *r, const prov_id *id)
{
    prov_ahead *a = &r->ahead;
    apr_thread_mutex_lock(e->lock);
    for (int i = a->held_count; i-- > 0;) {
        if (!prov_id_equal(&a->held[i], id))
            continue;
        a->held[i] = a->held[--a->held_count];
        break;
    }
    apr_thread_mutex_unlock(e->lock);
}

prov_plan *prov_ahead_claim(prov_job *job)
{
    prov_engine *e = job->engine;
    prov_reach *r = job->reach;
    if (job->goes_on || apr_atomic_read32(&e->stopping) || !take(e, r, &job->next))
        return NULL;
    return prov_engine_claim(e, r, job->pool, &job->next, &job->next_lease);
}

void prov_ahead_claimed(prov_job *job, bool ours)
{
    job->goes_on = ours;
    if (!ours)
        let_go(job->engine, job->reach, &job->next);
}

prov_job *prov_ahead_next(prov_job *job)
{
    prov_job next = { .engine = job->engine,
                      .reach = job->reach,
                      .pool = job->pool,
                      .id = job->next,
                      .lease = job->next_lease };
    bool goes_on = job->goes_on;
    let_go(job->engine, job->reach, &job->id);
    if (!goes_on)
        return NULL;
    apr_pool_clear(next.pool);
    return apr_pmemdup(next.pool, &next, sizeof next);
}
