#include "store/lmdb/commit.h"

#include "base/fault.h"
#include "base/log.h"

#include <apr_allocator.h>
#include <errno.h>
#include <semaphore.h>
#include <string.h>

#define BATCH_PLANS 256
/* How many batches a leader commits after his own before he hands over: a hand-over costs a switch
 * of threads during which nothing is committed, leading on costs the leader's caller a commit. */
#define LEAD_ON      1
#define SCRATCH_KEPT ((apr_size_t)8 << 20)

struct prov_ticket {
    const prov_plan *const *plans; /* NULL: a step */
    prov_verdict *verdicts;
    int count, taken, finished;
    bool leads; /* called to lead */
    /* Not a condition: who is called would first have to wait for the lock of him who calls. */
    sem_t called;
    prov_ticket *next;
};

struct prov_commit_batch {
    const prov_plan *plans[BATCH_PLANS];
    prov_verdict *verdicts[BATCH_PLANS];
    prov_ticket *owners[BATCH_PLANS];
    int count;
};

/* --- one transaction ------------------------------------------------------------------------ */

static int begin(prov_committer *c, prov_tx *tx)
{
    *tx = (prov_tx){ .env = c->env, .scratch = c->scratch, .low = prov_env_is_low(c->env) };
    return prov_env_write_begin(c->env, &tx->txn);
}

/* False: the transaction is spoilt. */
static bool apply(prov_tx *tx, const prov_plan *plan, prov_verdict *verdict)
{
    prov_apply a = { .tx = *tx, .plan = plan, .verdict = verdict };
    apr_pool_clear(tx->scratch);
    a.tx.changed = false;
    bool good = prov_apply_plan(&a);
    tx->changed |= a.tx.changed;
    tx->rows = a.tx.rows;
    tx->rc = a.tx.rc;
    return good;
}

static void fail(prov_verdict *verdict, prov_verdict_kind kind)
{
    memset(verdict, 0, sizeof *verdict);
    verdict->kind = kind;
}

static void fail_for(prov_committer *c, prov_verdict *verdict, int rc)
{
    fail(verdict, prov_env_verdict(rc));
    if (verdict->kind == PROV_BROKEN)
        prov_log(PROV_LOG_ERROR, "%s: a change could not be written: %s", c->env->folder,
                 mdb_strerror(rc));
}

/* The commit failed after it may have reached the disk: nobody can say, and nothing is rerun. */
static void lose_sight(prov_committer *c, int rc)
{
    prov_log(PROV_LOG_ERROR, "%s: a commit failed, its outcome is unknown: %s", c->env->folder,
             mdb_strerror(rc));
    prov_env_suspect(c->env, true);
    prov_env_reopen(c->env);
}

static int commit(prov_committer *c, const prov_tx *tx)
{
    if (!tx->changed) {
        prov_env_write_abort(c->env, tx->txn);
        return 0;
    }
    int rc = prov_env_write_commit(c->env, tx->txn);
    __atomic_add_fetch(&c->commits, 1, __ATOMIC_RELAXED);
    if (tx->rows > c->rows_most)
        __atomic_store_n(&c->rows_most, tx->rows, __ATOMIC_RELAXED);
    prov_fault_point("commit");
    return rc;
}

/* PROV_DONE, or the verdict of everything in a transaction whose commit ended with `rc`. */
static prov_verdict_kind judge_commit(prov_committer *c, int rc)
{
    if (rc == 0)
        return PROV_DONE;
    if (prov_env_commit_undone(c->env, rc))
        return PROV_FULL;
    lose_sight(c, rc);
    return PROV_UNKNOWN;
}

static void run_one(prov_committer *c, const prov_plan *plan, prov_verdict *verdict)
{
    prov_tx tx;
    int rc = begin(c, &tx);
    if (rc) {
        fail_for(c, verdict, rc);
        return;
    }
    if (!apply(&tx, plan, verdict)) {
        prov_env_write_abort(c->env, tx.txn);
        fail_for(c, verdict, tx.rc);
        return;
    }
    prov_verdict_kind kind = judge_commit(c, commit(c, &tx));
    if (kind != PROV_DONE)
        fail(verdict, kind);
}

/* As many as one transaction may hold, in the one that began with `rc`; up to `end`. False if it
 * came to nothing and each must have its own. */
static bool run_together(prov_committer *c, prov_commit_batch *b, prov_tx *tx, int rc, int *end)
{
    *end = b->count;
    for (int i = 0; rc && i < b->count; i++)
        fail_for(c, b->verdicts[i], rc);
    if (rc)
        return true;
    for (int i = 0; i < *end; i++) {
        if (i > 0 && tx->rows + prov_apply_bound(tx, b->plans[i]) > PROV_TRANSACTION_ROWS) {
            *end = i;
        } else if (!apply(tx, b->plans[i], b->verdicts[i])) {
            prov_env_write_abort(c->env, tx->txn);
            *end = i + 1;
            return false;
        }
    }
    prov_verdict_kind kind = judge_commit(c, commit(c, tx));
    for (int i = 0; kind == PROV_UNKNOWN && i < *end; i++)
        fail(b->verdicts[i], kind);
    return kind != PROV_FULL;
}

/* Returns how many of the batch are done: the first ones. */
static int run(prov_committer *c, prov_commit_batch *b, prov_tx *tx, int rc)
{
    int end;
    if (!run_together(c, b, tx, rc, &end))
        for (int i = 0; i < end; i++) /* only the guilty fails */
            run_one(c, b->plans[i], b->verdicts[i]);
    __atomic_add_fetch(&c->plans, (uint64_t)end, __ATOMIC_RELAXED);
    return end;
}

/* --- the queue ------------------------------------------------------------------------------ */

static void enqueue(prov_committer *c, prov_ticket *t)
{
    sem_init(&t->called, 0, 0);
    *c->last = t;
    c->last = &t->next;
}

static void dequeue(prov_committer *c)
{
    c->first = c->first->next;
    if (!c->first)
        c->last = &c->first;
}

/* In the order of arrival, up to the first step; a ticket of many plans may be taken in parts. An
 * operation is about a row: no more are taken than could fit. */
static void fill(prov_committer *c, prov_commit_batch *b)
{
    int most = c->each ? 1 : BATCH_PLANS;
    int ops = 0;
    b->count = 0;
    while (c->first && c->first->plans && b->count < most && ops < PROV_TRANSACTION_ROWS) {
        prov_ticket *t = c->first;
        b->plans[b->count] = t->plans[t->taken];
        b->verdicts[b->count] = &t->verdicts[t->taken];
        b->owners[b->count++] = t;
        ops += prov_plan_length(t->plans[t->taken]);
        if (++t->taken == t->count)
            dequeue(c);
    }
}

/* What did not fit goes back to where it stood, and shares the next commit with what came since. */
static void put_back(prov_committer *c, const prov_commit_batch *b, int from)
{
    for (int i = b->count - 1; i >= from; i--) {
        prov_ticket *t = b->owners[i];
        if (t->taken-- < t->count)
            continue;
        t->next = c->first;
        if (!c->first)
            c->last = &t->next;
        c->first = t;
    }
}

/* An owner whose last plan is done may be gone as soon as he is called. */
static void wake_owners(prov_commit_batch *b, int count)
{
    for (int i = 0; i < count; i++) {
        prov_ticket *t = b->owners[i];
        if (++t->finished == t->count)
            sem_post(&t->called);
    }
}

static void hand_over(prov_committer *c)
{
    c->led = c->first != NULL;
    if (c->first) {
        c->first->leads = true;
        sem_post(&c->first->called);
    }
}

/* With the lock held and one's own ticket first in the queue. */
static void lead(prov_committer *c, prov_ticket *own)
{
    prov_tx tx;
    int more = LEAD_ON;
    while (c->first && c->first->plans && (own->finished < own->count || more-- > 0)) {
        pthread_mutex_unlock(&c->lock);
        int rc = begin(c, &tx);
        /* Only now is the batch closed: while another process wrote, more came to join it. */
        pthread_mutex_lock(&c->lock);
        fill(c, c->batch);
        pthread_mutex_unlock(&c->lock);
        int finished = run(c, c->batch, &tx, rc);
        pthread_mutex_lock(&c->lock);
        put_back(c, c->batch, finished);
        wake_owners(c->batch, finished);
    }
}

/* True if the caller now leads, and then the lock is held; else all of his is finished. */
static bool wait_in_line(prov_committer *c, prov_ticket *t)
{
    pthread_mutex_lock(&c->lock);
    enqueue(c, t);
    if (!c->led) {
        c->led = true;
        return true;
    }
    pthread_mutex_unlock(&c->lock);
    while (sem_wait(&t->called) != 0 && errno == EINTR)
        ;
    if (t->leads)
        pthread_mutex_lock(&c->lock);
    return t->leads;
}

void prov_committer_submit(prov_committer *c, const prov_plan *const plans[],
                           prov_verdict verdicts[], int count)
{
    prov_ticket own = { .plans = plans, .verdicts = verdicts, .count = count };
    if (count <= 0)
        return;
    if (wait_in_line(c, &own)) {
        lead(c, &own);
        hand_over(c);
        pthread_mutex_unlock(&c->lock);
    }
    sem_destroy(&own.called);
}

/* --- steps ---------------------------------------------------------------------------------- */

static int run_step(prov_committer *c, prov_step *step, void *baton, bool *unknown)
{
    prov_tx tx;
    int rc = begin(c, &tx);
    if (rc)
        return rc;
    apr_pool_clear(c->scratch);
    step(&tx, baton);
    if (tx.rc) {
        prov_env_write_abort(c->env, tx.txn);
        return tx.rc;
    }
    rc = commit(c, &tx);
    bool lost = judge_commit(c, rc) == PROV_UNKNOWN;
    if (unknown)
        *unknown = lost;
    return rc;
}

int prov_committer_step(prov_committer *c, prov_step *step, void *baton, bool *unknown)
{
    prov_ticket own = { 0 };
    if (unknown)
        *unknown = false;
    wait_in_line(c, &own);
    dequeue(c);
    pthread_mutex_unlock(&c->lock);
    int rc = run_step(c, step, baton, unknown);
    pthread_mutex_lock(&c->lock);
    hand_over(c);
    pthread_mutex_unlock(&c->lock);
    sem_destroy(&own.called);
    return rc;
}

/* --- its life ------------------------------------------------------------------------------- */

prov_err *prov_committer_make(prov_committer *c, apr_pool_t *p, prov_env *env, bool each)
{
    apr_allocator_t *allocator;
    memset(c, 0, sizeof *c);
    c->env = env;
    c->each = each;
    c->last = &c->first;
    c->batch = apr_pcalloc(p, sizeof *c->batch);
    pthread_mutex_init(&c->lock, NULL);
    apr_status_t rv = apr_allocator_create(&allocator);
    if (rv == APR_SUCCESS)
        rv = apr_pool_create_unmanaged_ex(&c->scratch, NULL, allocator);
    if (rv != APR_SUCCESS)
        return prov_err_status(p, rv, "The store's committer cannot start");
    apr_allocator_owner_set(allocator, c->scratch);
    apr_allocator_max_free_set(allocator, SCRATCH_KEPT);
    return NULL;
}

void prov_committer_end(prov_committer *c)
{
    if (c->scratch)
        apr_pool_destroy(c->scratch);
    c->scratch = NULL;
    pthread_mutex_destroy(&c->lock);
}
