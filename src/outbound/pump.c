/* The pump: one thread a child. It sleeps until something is due or a nudge comes, claims what the
 * dispatch threads have room for, and hands it to them. The store is the queue; what it hands over
 * is only a hint that dies with the process. */
#include "outbound/engine.h"
#include "base/log.h"
#include "base/process.h"

#define CLAIM_MOST   256
#define LOOK_MOST    512 /* links of a target looked at in a turn */
#define SLEEP_MOST   apr_time_from_sec(1)
#define BUDGET_PAUSE apr_time_from_msec(50) /* before asking a target without budget again */
#define ALONE_MOST   3                      /* who declares is registered only a moment later */
#define SWEEP_EVERY  apr_time_from_sec(60)

/* What the pump's turns have in common. */
typedef struct pump {
    prov_engine *engine;
    apr_pool_t *turn;     /* cleared every turn */
    apr_time_t *rest;     /* per reach: no claim before */
    apr_time_t reclaimed; /* when the dead were last looked for */
    apr_time_t swept;
    int first; /* reach to start with: turns rotate, so that none starves */
    bool scanning, building, settling;
    int alone;            /* looks at a generation that is nobody's */
    uint32_t peers, rank; /* processes that claim as this one does, and its place among them */
} pump;

/* A link that may be claimed. */
typedef struct candidate {
    prov_reach *reach;
    prov_id id;
    prov_lease lease;
    prov_verdict verdict;
} candidate;

typedef struct batch {
    candidate items[CLAIM_MOST];
    int count;
} batch;

/* --- the dead ------------------------------------------------------------------------------- */

typedef struct dead {
    uint32_t numbers[64];
    int count;
    uint32_t peers, rank;
    pump *pump;
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
    return d->plans->nelts < CLAIM_MOST;
}

/* Leases of processes that are gone end; what they had in flight is unknown, never pending. */
static void reclaim(pump *u, prov_snapshot *n, apr_time_t now)
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
    for (int i = 0; i < d.count && d.plans->nelts < CLAIM_MOST; i++)
        prov_store_unregister(u->engine->store, d.numbers[i]);
}

/* --- claiming ------------------------------------------------------------------------------- */

/* What is due at one target: this process's part of it, and what others would take first. */
typedef struct look {
    const pump *u;
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

static bool has_work(pump *u, prov_snapshot *n, int i, apr_time_t now, apr_time_t *wake)
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
static void share_out(pump *u, prov_reach *r, const look *l, int room, batch *b)
{
    int now = 0;
    while (now < room && now < l->mine_count)
        b->items[b->count++] = (candidate){ .reach = r, .id = l->mine[now++] };
    for (int i = 0; now + i < room && i < l->other_count; i++)
        b->items[b->count++] = (candidate){ .reach = r, .id = l->others[i] };
    int rest = l->mine_count - now;
    prov_ahead_fill(u->engine, r, l->mine + now, rest < PROV_AHEAD_MOST ? rest : PROV_AHEAD_MOST);
}

static void look_at(pump *u, prov_snapshot *n, prov_reach *r, apr_time_t now, int free, batch *b)
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

static void collect(pump *u, prov_snapshot *n, apr_time_t now, int free, batch *b, apr_time_t *wake)
{
    prov_engine *e = u->engine;
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

static void claim(pump *u, batch *b, apr_time_t now)
{
    prov_engine *e = u->engine;
    const prov_plan *plans[CLAIM_MOST];
    prov_verdict verdicts[CLAIM_MOST];
    for (int i = 0; i < b->count; i++) {
        candidate *c = &b->items[i];
        plans[i] = prov_engine_claim(e, c->reach, u->turn, &c->id, &c->lease);
    }
    prov_store_submit_all(e->store, plans, verdicts, b->count);
    for (int i = 0; i < b->count; i++) {
        b->items[i].verdict = verdicts[i];
        if (must_rest(&verdicts[i]))
            u->rest[b->items[i].reach - e->reaches] = now + BUDGET_PAUSE;
    }
}

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

static void dispatch(pump *u, const candidate *c)
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

/* --- a turn --------------------------------------------------------------------------------- */

/* Large changes of processes that are gone. True if there is more to do. */
static bool settle(pump *u)
{
    bool more = false;
    prov_err *err = prov_store_settle(u->engine->store, u->turn, &more);
    if (err)
        prov_log(PROV_LOG_WARNING, "settling large changes: %s", prov_err_text(u->turn, err));
    return more && !err;
}

static void build(pump *u)
{
    prov_engine *e = u->engine;
    prov_err *err = prov_store_build(e->store, u->turn, e->registry, &e->process, &u->building);
    if (err)
        prov_log(PROV_LOG_WARNING, "%s", prov_err_text(u->turn, err));
}

static void keep_generation(pump *u, prov_snapshot *n)
{
    u->alone = prov_generation_is_nobodys(u->engine, n) ? u->alone + 1 : 0;
    if (u->alone < ALONE_MOST)
        return;
    u->alone = 0;
    prov_generation_renew(u->engine, u->turn);
}

/* Once in a while, of the other processes. */
static void look_around(pump *u, prov_snapshot *n, apr_time_t now)
{
    if (now - u->reclaimed < SLEEP_MOST)
        return;
    u->reclaimed = now;
    reclaim(u, n, now);
    keep_generation(u, n);
    u->scanning = u->building = u->settling = true; /* or so it may be */
}

/* Without a snapshot: each is a commit, or several. */
static void keep_house(pump *u, apr_time_t now)
{
    prov_engine *e = u->engine;
    if (u->scanning)
        u->scanning = prov_generation_scan(e, u->turn);
    if (u->building)
        build(u);
    u->settling = u->settling && settle(u);
    if (now - u->swept >= SWEEP_EVERY) {
        bool more = false;
        prov_ages ages = { e->config->settings.audit_keep, e->config->settings.removed_keep };
        prov_err *err = prov_store_sweep(e->store, u->turn, now, &ages, &more);
        if (err)
            prov_log(PROV_LOG_WARNING, "sweeping the store: %s", prov_err_text(u->turn, err));
        u->swept = more ? 0 : now;
    }
}

/* Answers when to look again. */
static apr_time_t turn(pump *u)
{
    prov_engine *e = u->engine;
    prov_snapshot *n;
    apr_time_t now = apr_time_now(), wake = now + SLEEP_MOST;
    prov_err *err = prov_store_read(e->store, u->turn, &n);
    if (err)
        return wake;
    int free = (int)e->config->settings.pool - (int)apr_atomic_read32(&e->busy);
    free = free < 0 ? 0 : free < CLAIM_MOST ? free : CLAIM_MOST;
    batch *b = apr_pcalloc(u->turn, sizeof *b);
    uint8_t digest[32];
    if (prov_snapshot_generation(n, digest) == prov_engine_generation(e))
        collect(u, n, now, free, b, &wake);
    look_around(u, n, now);
    prov_snapshot_end(n);
    keep_house(u, now);
    if (b->count) {
        claim(u, b, now);
        for (int i = 0; i < b->count; i++)
            if (b->items[i].verdict.kind == PROV_DONE)
                dispatch(u, &b->items[i]);
        wake = now;
    }
    /* with every thread busy, the end of a job is the next thing that can matter to the links */
    if (apr_atomic_read32(&e->busy) >= (apr_uint32_t)e->config->settings.pool)
        wake = apr_time_now() + SLEEP_MOST;
    return u->scanning || u->building || u->settling ? now : wake;
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
    pump u = { .engine = e };
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
