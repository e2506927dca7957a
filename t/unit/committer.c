/* The committer with many threads: plans share commits, steps wait their turn, a failed flush is
 * survived by all who read and write meanwhile. Also run under the thread sanitizer. */
#include "store_given.h"

#include <apr_thread_proc.h>
#include <errno.h>
#include <sys/syscall.h>

#define FLUSH_US 500

/* Stands before the library's own: each flush takes its time, as on a disk, and may fail. */
static int flushes, fails_at;
__attribute__((visibility("default"))) int fdatasync(int fd)
{
    usleep(FLUSH_US);
    if (__atomic_add_fetch(&flushes, 1, __ATOMIC_RELAXED) ==
        __atomic_load_n(&fails_at, __ATOMIC_RELAXED)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

enum { THREADS = 8, ROUNDS = 60 };

typedef struct worker {
    prov_id shared;
    int made, unknown, other, missing;
    prov_id ids[ROUNDS];
} worker;

static apr_thread_t *threads[THREADS];
static worker workers[THREADS];

static void run_all(apr_thread_start_t body, const prov_id *shared)
{
    int started = 0;
    for (int i = 0; i < THREADS; i++) {
        memset(&workers[i], 0, sizeof workers[i]);
        if (shared)
            workers[i].shared = *shared;
        started += apr_thread_create(&threads[i], NULL, body, &workers[i], p) == APR_SUCCESS;
    }
    is_int(started, THREADS, "threads");
    for (int i = 0; i < started; i++) {
        apr_status_t rv;
        apr_thread_join(&rv, threads[i]);
    }
}

static prov_store_stats stats(void)
{
    prov_store_stats s;
    fatal(prov_store_stats_read(store, p, &s));
    return s;
}

static prov_record empty_record(apr_pool_t *pool)
{
    prov_head head = { .type = user_type->number, .domain = (uint16_t)domain };
    return prov_record_write(pool, &head, prov_object_make(pool));
}

static bool is_there(apr_pool_t *pool, const prov_id *id)
{
    prov_snapshot *n;
    prov_record rec;
    if (prov_store_read(store, pool, &n))
        return false;
    bool there = prov_snapshot_resource(n, id, &rec);
    prov_snapshot_end(n);
    return there;
}

static void *APR_THREAD_FUNC write_users(apr_thread_t *thread, void *baton)
{
    worker *w = baton;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        prov_id id = prov_id_make();
        prov_plan *a = prov_plan_make(pool);
        prov_verdict v;
        prov_plan_put(a, &id, empty_record(pool));
        prov_store_submit(store, a, &v);
        if (v.kind == PROV_DONE) {
            w->ids[w->made++] = id;
            w->missing += !is_there(pool, &id);
        } else if (v.kind == PROV_UNKNOWN)
            w->unknown++;
        else
            w->other++;
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static int sum_of(size_t member)
{
    int sum = 0;
    for (int i = 0; i < THREADS; i++)
        sum += *(const int *)((const char *)&workers[i] + member);
    return sum;
}
#define SUM(member) sum_of(offsetof(worker, member))

static void test_grouping(void)
{
    given_store("grouping");
    prov_store_stats before = stats();
    run_all(write_users, NULL);
    prov_store_stats after = stats();
    is_int(SUM(made), THREADS * ROUNDS, "all are done");
    is_int(SUM(missing), 0, "and there at once");
    is_int(after.plans - before.plans, THREADS * ROUNDS, "as many plans");
    uint64_t commits = after.commits - before.commits;
    ok(commits > 0 && commits * 2 < THREADS * ROUNDS, "in less than half as many commits: %llu",
       (unsigned long long)commits);
}

/* --- plans that come together ---------------------------------------------------------------- */

enum { TOGETHER = 240, KEYS = 10, PUT_ROWS = 5 /* of a new resource */ };

/* Each with so many rows that a transaction holds about half of them. */
static void *APR_THREAD_FUNC write_many(apr_thread_t *thread, void *baton)
{
    worker *w = baton;
    const prov_plan *plans[TOGETHER];
    prov_verdict verdicts[TOGETHER];
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < TOGETHER; i++) {
        prov_id id = prov_id_make();
        prov_plan *a = prov_plan_make(pool);
        prov_plan_put(a, &id, empty_record(pool));
        for (int k = 0; k < KEYS; k++)
            prov_plan_index(a, &id, (uint16_t)(k + 1), (uint16_t)domain, PROV_BYTES("same"), false);
        plans[i] = a;
    }
    prov_store_submit_all(store, plans, verdicts, TOGETHER);
    for (int i = 0; i < TOGETHER; i++)
        w->made += verdicts[i].kind == PROV_DONE && verdicts[i].changed;
    apr_pool_destroy(pool);
    return NULL;
}

/* What does not fit into a transaction has none to itself. */
static void test_full_commits(void)
{
    given_store("full commits");
    prov_store_stats before = stats();
    run_all(write_many, NULL);
    prov_store_stats after = stats();
    is_int(SUM(made), THREADS * TOGETHER, "all are done");
    is_int(after.plans - before.plans, THREADS * TOGETHER, "each once");
    ok(after.rows_most <= PROV_TRANSACTION_ROWS, "none is too large: %d", (int)after.rows_most);
    int rows = THREADS * TOGETHER * (PUT_ROWS + KEYS),
        commits = (int)(after.commits - before.commits);
    ok(commits <= rows / (PROV_TRANSACTION_ROWS * 9 / 10) + 3, "and nearly all are full: %d",
       commits);
}

static void test_each(void)
{
    given_store("a commit for each");
    close_store();
    settings.commit_each = true;
    fatal(open_store());
    know_numbers();
    prov_store_stats before = stats();
    run_all(write_users, NULL);
    prov_store_stats after = stats();
    is_int(after.commits - before.commits, THREADS * ROUNDS, "as many commits as plans");
}

/* --- steps among plans ---------------------------------------------------------------------- */

typedef struct rise {
    prov_id id;
    apr_pool_t *pool;
} rise;

/* Reads the version and insists on it: without the lock most would be refused. */
static const prov_plan *raise_it(void *baton, prov_snapshot *now)
{
    rise *r = baton;
    prov_record rec;
    if (!prov_snapshot_resource(now, &r->id, &rec))
        return NULL;
    prov_plan *a = prov_plan_make(r->pool);
    prov_plan_must_be_version(a, &r->id, prov_record_head(rec).version);
    prov_plan_put(a, &r->id, empty_record(r->pool));
    return a;
}

static void *APR_THREAD_FUNC raise_shared(apr_thread_t *thread, void *baton)
{
    worker *w = baton;
    rise r = { w->shared, NULL };
    apr_pool_create(&r.pool, NULL);
    for (int i = 0; i < ROUNDS / 2; i++) {
        prov_verdict v;
        prov_store_exclusive(store, raise_it, &r, &v);
        w->made += v.kind == PROV_DONE && v.changed;
        prov_plan *a = prov_plan_make(r.pool);
        prov_plan_put(a, &w->shared, empty_record(r.pool));
        prov_store_submit(store, a, &v);
        w->made += v.kind == PROV_DONE;
        apr_pool_clear(r.pool);
    }
    apr_pool_destroy(r.pool);
    return NULL;
}

static void test_exclusive(void)
{
    given_store("steps among plans");
    prov_id shared = make_user("shared");
    run_all(raise_shared, &shared);
    is_int(SUM(made), THREADS * ROUNDS, "none is refused");
    is_int(version_of(&shared), THREADS * ROUNDS + 1, "none is lost");
}

/* --- a failure amid all --------------------------------------------------------------------- */

static void test_failure(void)
{
    int lost = 0;
    given_store("a failed flush amid all");
    __atomic_store_n(&fails_at, __atomic_load_n(&flushes, __ATOMIC_RELAXED) + 20, __ATOMIC_RELAXED);
    run_all(write_users, NULL);
    ok(SUM(unknown) > 0, "%d do not know", SUM(unknown));
    is_int(SUM(made) + SUM(unknown), THREADS * ROUNDS, "all others are done");
    is_int(SUM(missing), 0, "and there at once");
    for (int i = 0; i < THREADS; i++)
        for (int j = 0; j < workers[i].made; j++)
            lost += !is_there(p, &workers[i].ids[j]);
    is_int(lost, 0, "and stay there");
    ok(prov_store_health(store, p) == NULL, "the store is well");
}

int main(void)
{
    apr_initialize();
    test_grouping();
    test_full_commits();
    test_each();
    test_exclusive();
    test_failure();
    return stores_done();
}
