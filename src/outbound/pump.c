/* The pump: one thread a child. It sleeps until something is due or a nudge comes; then it claims
 * (claim.c), looks for the dead (reclaim.c) and keeps house (house.c). */
#include "outbound/pump.h"

#define SLEEP_MOST apr_time_from_sec(1)

/* Once in a while, at the other processes. */
static void look_around(prov_pump *u, prov_snapshot *n, apr_time_t now)
{
    if (now - u->looked < SLEEP_MOST)
        return;
    u->looked = now;
    prov_pump_reclaim(u, n, now);
    prov_house_look(u, n);
}

/* Answers when to look again. */
static apr_time_t turn(prov_pump *u)
{
    prov_engine *e = u->engine;
    prov_snapshot *n;
    apr_time_t now = apr_time_now(), wake = now + SLEEP_MOST;
    prov_err *err = prov_store_read(e->store, u->turn, &n);
    if (err)
        return wake;
    prov_candidates *b = apr_pcalloc(u->turn, sizeof *b);
    uint8_t digest[32];
    if (prov_snapshot_generation(n, digest) == prov_engine_generation(e))
        prov_pump_collect(u, n, now, b, &wake);
    look_around(u, n, now);
    prov_snapshot_end(n);
    prov_house_keep(u, now);
    if (b->count) {
        prov_pump_claim(u, b, now);
        wake = now;
    }
    /* with every thread busy, the end of a job is the next thing that can matter to the links */
    if (apr_atomic_read32(&e->busy) >= (apr_uint32_t)e->config->settings.pool)
        wake = apr_time_now() + SLEEP_MOST;
    return prov_house_has_work(&u->house) ? now : wake;
}

static void sleep_until(prov_engine *e, apr_time_t wake)
{
    apr_thread_mutex_lock(e->lock);
    apr_time_t now = apr_time_now();
    if (!e->nudged && wake > now)
        apr_thread_cond_timedwait(e->wake, e->lock, wake - now);
    e->nudged = false;
    apr_thread_mutex_unlock(e->lock);
}

/* A process that only ends what it began stands for no configuration, and for none of the work. */
static void leave(prov_engine *e)
{
    prov_process row = e->process;
    row.generation = 0;
    prov_store_register_anew(e->store, &row);
}

void *APR_THREAD_FUNC prov_pump_run(apr_thread_t *thread, void *engine)
{
    prov_engine *e = engine;
    prov_pump u = { .engine = e };
    apr_pool_t *own;
    apr_pool_create(&own, e->pool);
    apr_pool_create(&u.turn, own);
    u.rest = apr_pcalloc(own, sizeof *u.rest * (e->reach_count + 1));
    while (!apr_atomic_read32(&e->stopping)) {
        apr_time_t wake = turn(&u);
        apr_pool_clear(u.turn);
        sleep_until(e, wake);
    }
    leave(e);
    apr_pool_destroy(own);
    return NULL;
}
