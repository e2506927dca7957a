/* Claiming: what of the work that is due this process takes on, and which of its threads does it.
 * The store is the queue; what is handed over is only a hint that dies with the process. */
#include "outbound/pump.h"

#define LOOK_MOST    512                    /* links of a target looked at in a turn */
#define BUDGET_PAUSE apr_time_from_msec(50) /* before asking a target without budget again */

/* --- what is due ---------------------------------------------------------------------------- */

/* What is due at one target: this process's part of it, and what others would take first. */
typedef struct look {
    const prov_pump *u;
    const prov_id *held;
    int held_count;
    prov_id mine[LOOK_MOST], others[LOOK_MOST];
    int mine_count, other_count;
    int want;
} look;

static bool is_held(const look *l, const prov_id *id)
{
    for (int i = 0; i < l->held_count; i++)
        if (prov_id_equal(&l->held[i], id))
            return true;
    return false;
}

/* Ids end in random bits. */
static bool is_mine(const look *l, const prov_id *id)
{
    return l->u->peers < 2 || id->b[sizeof id->b - 1] % l->u->peers == l->u->rank;
}

static bool note_due(void *baton, const prov_link *link)
{
    look *l = baton;
    const prov_id *id = &link->resource;
    if (is_held(l, id))
        return true;
    if (is_mine(l, id))
        l->mine[l->mine_count++] = *id;
    else
        l->others[l->other_count++] = *id;
    return l->mine_count < l->want && l->mine_count + l->other_count < LOOK_MOST;
}

/* Who is first in line, if he is urgent. */
static bool note_first(void *baton, const prov_link *link)
{
    look *l = baton;
    if (link->queue != PROV_QUEUE_URGENT || is_held(l, &link->resource))
        return link->queue == PROV_QUEUE_URGENT;
    if (!is_mine(l, &link->resource))
        return ++l->other_count < LOOK_MOST;
    l->mine[l->mine_count++] = link->resource;
    return false;
}

/* A leaver does not wait until all who were seen before him have had their turn. */
static bool has_urgent_news(const prov_reach *r, prov_snapshot *n, apr_time_t now, look *l)
{
    prov_snapshot_due(n, r->number, now, note_first, l);
    bool news = l->mine_count && !prov_ahead_begins_with(l->u->engine, r, l->mine);
    l->mine_count = l->other_count = 0;
    return news;
}

/* At most a quarter of the threads for one target while another has work, and never those that
 * another would need to begin: a call may hang. One while its breaker is not closed. */
static int share_of(const prov_engine *e, const prov_target *row, bool alone)
{
    int pool = (int)e->config->settings.pool;
    int quarter = pool / 4 > 1 ? pool / 4 : 1;
    if (row->breaker != PROV_BREAKER_CLOSED)
        return 1;
    return alone ? pool - (e->reach_count > 1 ? pool / 4 : 0) : quarter;
}

static bool has_work(prov_pump *u, prov_snapshot *n, int i, apr_time_t now, apr_time_t *wake)
{
    prov_target row;
    prov_reach *r = &u->engine->reaches[i];
    apr_time_t due = prov_snapshot_next_due(n, r->number);
    if (!r->enabled || !due || !prov_snapshot_target(n, r->number, &row) ||
        row.breaker == PROV_BREAKER_STUCK || row.moved)
        return false;
    apr_time_t when = due;
    if (row.paused_until > when)
        when = row.paused_until;
    if (u->rest[i] > when)
        when = u->rest[i];
    if (when <= now)
        return true;
    if (when < *wake)
        *wake = when;
    return false;
}

/* What threads are free for now; the rest lies ahead. What others would take is only for idle
 * threads. */
static void share_out(prov_pump *u, prov_reach *r, const look *l, int room, prov_candidates *b)
{
    int now = 0;
    while (now < room && now < l->mine_count)
        b->items[b->count++] = (prov_candidate){ .reach = r, .id = l->mine[now++] };
    for (int i = 0; now + i < room && i < l->other_count; i++)
        b->items[b->count++] = (prov_candidate){ .reach = r, .id = l->others[i] };
    int rest = l->mine_count - now;
    prov_ahead_fill(u->engine, r, l->mine + now, rest < PROV_AHEAD_MOST ? rest : PROV_AHEAD_MOST);
}

static void look_at(prov_pump *u, prov_snapshot *n, prov_reach *r, apr_time_t now, int free,
                    prov_candidates *b)
{
    int room = (int)apr_atomic_read32(&r->share) - (int)apr_atomic_read32(&r->threads);
    look *l = apr_palloc(u->turn, sizeof *l);
    room = room < free ? room : free;
    *l = (look){ .u = u, .want = PROV_AHEAD_MOST };
    l->held_count = prov_ahead_held(u->engine, r, u->turn, &l->held);
    if (room <= 0 && !prov_ahead_is_low(u->engine, r) && !has_urgent_news(r, n, now, l))
        return;
    prov_snapshot_due(n, r->number, now, note_due, l);
    share_out(u, r, l, room, b);
}

static int free_threads(prov_engine *e)
{
    int free = (int)e->config->settings.pool - (int)apr_atomic_read32(&e->busy);
    return free < 0 ? 0 : free < PROV_CLAIM_MOST ? free : PROV_CLAIM_MOST;
}

void prov_pump_collect(prov_pump *u, prov_snapshot *n, apr_time_t now, prov_candidates *b,
                       apr_time_t *wake)
{
    prov_engine *e = u->engine;
    int free = free_threads(e);
    bool *busy = apr_pcalloc(u->turn, sizeof *busy * (e->reach_count + 1));
    int with_work = 0;
    for (int i = 0; i < e->reach_count; i++)
        with_work += busy[i] = has_work(u, n, i, now, wake);
    for (int k = 0; k < e->reach_count; k++) {
        int i = (u->first + k) % e->reach_count;
        prov_target row;
        prov_reach *r = &e->reaches[i];
        if (!busy[i] || !prov_snapshot_target(n, r->number, &row)) {
            prov_ahead_fill(e, r, NULL, 0);
            continue;
        }
        apr_atomic_set32(&r->share, (apr_uint32_t)share_of(e, &row, with_work == 1));
        look_at(u, n, r, now, free - b->count, b);
    }
    u->first = e->reach_count ? (u->first + 1) % e->reach_count : 0;
}

/* --- the threads ----------------------------------------------------------------------------- */

static void *APR_THREAD_FUNC run_job(apr_thread_t *thread, void *data)
{
    prov_job *job = data;
    prov_engine *e = job->engine;
    prov_reach *reach = job->reach;
    apr_pool_t *pool = job->pool;
    prov_job_work(job);
    while ((job = prov_ahead_next(job))) {
        /* Claimed and not begun, as what lies in the threads' queue: whoever takes back a dead
         * process's leases will find it. */
        if (apr_atomic_read32(&e->stopping))
            return NULL;
        prov_job_work(job);
    }
    apr_pool_destroy(pool);
    apr_atomic_dec32(&reach->threads);
    apr_atomic_dec32(&e->busy);
    prov_engine_nudge(e);
    return NULL;
}

static void dispatch(prov_pump *u, const prov_candidate *c)
{
    apr_pool_t *p;
    apr_pool_create(&p, u->engine->pool);
    prov_job *job = apr_pcalloc(p, sizeof *job);
    job->engine = u->engine;
    job->reach = c->reach;
    job->pool = p;
    job->id = c->id;
    job->lease = c->lease;
    apr_atomic_inc32(&c->reach->threads);
    apr_atomic_inc32(&u->engine->busy);
    apr_thread_pool_push(u->engine->threads, run_job, job, APR_THREAD_TASK_PRIORITY_NORMAL, NULL);
}

/* --- the claim ------------------------------------------------------------------------------ */

/* For want of budget, or with a broken store: not again at once. Another process that was quicker
 * is no reason, or two of them would take turns in resting. */
static bool must_rest(const prov_verdict *v)
{
    bool overtaken = v->kind == PROV_REFUSED && (v->why == PROV_LEASED || v->why == PROV_NOT_DUE);
    return v->kind != PROV_DONE && !overtaken;
}

prov_plan *prov_engine_claim(prov_engine *e, const prov_reach *r, apr_pool_t *p, const prov_id *id,
                             prov_lease *lease)
{
    apr_time_t now = apr_time_now();
    prov_plan *plan = prov_plan_make(p);
    *lease = (prov_lease){ e->process.number, __atomic_add_fetch(&e->claims, 1, __ATOMIC_RELAXED),
                           now + 2 * e->config->settings.call_limit };
    prov_plan_must_be_generation(plan, prov_engine_generation(e));
    prov_plan_claim(plan, id, r->number, lease, now, &r->budget);
    return plan;
}

void prov_pump_claim(prov_pump *u, prov_candidates *b, apr_time_t now)
{
    prov_engine *e = u->engine;
    const prov_plan *plans[PROV_CLAIM_MOST];
    prov_verdict verdicts[PROV_CLAIM_MOST];
    for (int i = 0; i < b->count; i++) {
        prov_candidate *c = &b->items[i];
        plans[i] = prov_engine_claim(e, c->reach, u->turn, &c->id, &c->lease);
    }
    prov_store_submit_all(e->store, plans, verdicts, b->count);
    for (int i = 0; i < b->count; i++) {
        if (must_rest(&verdicts[i]))
            u->rest[b->items[i].reach - e->reaches] = now + BUDGET_PAUSE;
        if (verdicts[i].kind == PROV_DONE)
            dispatch(u, &b->items[i]);
    }
}
