/* What every store owes the processes that share it: numbers that stay, many writers at once, a
 * verdict each, and a check that finds what is wrong. */
#include "store_given.h"

#include <apr_thread_proc.h>
#include <sys/resource.h>

/* --- opening -------------------------------------------------------------------------------------
 */

static void test_numbers(void)
{
    uint32_t again, other_kind, fresh;
    uint16_t name = user_name, type = user_type->number;
    fatal(prov_store_number(store, PROV_NUMBER_TARGET, "partner/scim2", &again));
    is_int(again, target, "the same name has the same number");
    ok(target != target2 && target != 0 && domain != 0 && application != 0,
       "another has another, none has 0");
    fatal(prov_store_number(store, PROV_NUMBER_DOMAIN, "partner/scim2", &other_kind));
    prov_id id = make_user("ann");

    close_store();
    fatal(open_store());
    fatal(prov_store_number(store, PROV_NUMBER_TARGET, "new/scim2", &fresh));
    uint32_t before = target, before2 = target2, before_domain = domain;
    know_numbers();
    ok(target == before && target2 == before2 && domain == before_domain,
       "they stay over a reopening");
    ok(fresh != target && fresh != target2, "a new name gets none of them");
    ok(user_name == name && user_type->number == type, "the dictionary stays, too");
    ok(user_type->number != group_type->number && user_name != external_id,
       "and tells attributes and types apart");
    is_int(version_of(&id), 1, "as do resources");
    prov_snapshot *n = see();
    is_str(prov_snapshot_name(n, p, PROV_NUMBER_TARGET, target), "partner/scim2",
           "the name behind a number");
    is_str(prov_snapshot_name(n, p, PROV_NUMBER_DOMAIN, other_kind), "partner/scim2",
           "each kind has its own");
    is_str(prov_snapshot_name(n, p, PROV_NUMBER_TARGET, 9999), NULL, "no name behind none");
    prov_snapshot_end(n);
}

static void test_opening(void)
{
    ok(prov_store_health(store, p) == NULL, "an open store is well");
    ok(prov_store_check_settings(p, &settings) == NULL, "its settings are fine");
    make_user("ann");
    close_store();
    settings.key_check[0] ^= 1;
    prov_err *err = open_store();
    ok(err != NULL && err->detail[0], "a wrong key is an error with a sentence");
    close_store();
    settings.key_check[0] ^= 1;
    fatal(open_store());
    know_numbers(); /* those of the closed one went with it */
    prov_snapshot *n = see();
    is_int(prov_snapshot_count(n, user_type->number, (uint16_t)domain), 1,
           "the right one opens it, and all is there");
    prov_snapshot_end(n);
    prov_store_settings strange = settings;
    strange.backend = "punched cards";
    ok(prov_store_check_settings(p, &strange) != NULL, "a backend nobody knows");
    strange = settings;
    strange.location = "a/relative/folder";
    ok(prov_store_check_settings(p, &strange) != NULL, "a place that depends on who asks");
    strange = settings;
    strange.size = 0;
    ok(prov_store_check_settings(p, &strange) != NULL, "no room to grow");
}

static void test_foreign(void)
{
    if (strcmp(settings.backend, "lmdb") != 0)
        return skip("a foreign file", "the store keeps no file of its own");
    close_store();
    apr_file_t *file;
    const char *data = apr_pstrcat(p, settings.location, "/data.mdb", NULL);
    if (apr_file_open(&file, data, APR_WRITE | APR_TRUNCATE, APR_OS_DEFAULT, p) == APR_SUCCESS) {
        for (int i = 0; i < 4096; i++)
            apr_file_puts("no store", file);
        apr_file_close(file);
        prov_err *err = open_store();
        ok(err != NULL && err->detail[0], "a foreign file is an error with a sentence");
    } else {
        ok(false, "%s is the store's file", data);
        fatal(open_store());
    }
}

typedef struct processes {
    int count;
    prov_process last;
} processes;

static bool note_process(void *baton, const prov_process *process)
{
    processes *seen = baton;
    seen->count++;
    seen->last = *process;
    return true;
}

static void test_processes(void)
{
    prov_process first, second, third;
    fatal(prov_store_register(store, 5, &first));
    fatal(prov_store_register(store, 6, &second));
    ok(first.number != 0 && second.number > first.number, "each has a number");
    is_int(first.pid, getpid(), "and its pid");
    ok(first.started != 0 && first.started == second.started, "and the kernel's start time");
    fatal(prov_store_unregister(store, second.number));
    processes seen = { 0 };
    prov_snapshot *n = see();
    prov_snapshot_processes(n, note_process, &seen);
    prov_snapshot_end(n);
    is_int(seen.count, 1, "one is left");
    ok(seen.last.number == first.number && seen.last.generation == 5 &&
           seen.last.pid == first.pid && seen.last.started == first.started,
       "the other");
    struct rlimit was, none;
    getrlimit(RLIMIT_NOFILE, &was);
    none = was;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    prov_err *err = prov_store_register(store, 6, &third);
    setrlimit(RLIMIT_NOFILE, &was);
    ok(!err && third.started == first.started, "also when there is no descriptor left");
    ok(third.number > second.number, "numbers are never given twice");
}

/* --- many writers --------------------------------------------------------------------------------
 */

static void test_submit_all(void)
{
    enum { PLANS = 7 };
    prov_plan *plans[PLANS];
    prov_verdict verdicts[PLANS];
    prov_id ids[PLANS], absent = prov_id_make();
    for (int i = 0; i < PLANS; i++) {
        ids[i] = prov_id_make();
        plans[i] = plan();
        prov_plan_put(plans[i], &ids[i], record(user_type, "x"));
        if (i == 3)
            prov_plan_must_exist(plans[i], &absent);
        if (i == 5)
            prov_plan_must_exist(plans[i], &ids[4]);
    }
    prov_store_submit_all(store, (const prov_plan *const *)plans, verdicts, PLANS);
    for (int i = 0; i < PLANS; i++) {
        is_int(verdicts[i].kind, i == 3 ? PROV_REFUSED : PROV_DONE, "plan %d", i);
        is_int(version_of(&ids[i]), i == 3 ? 0 : 1, "plan %d: what it put", i);
    }
    prov_store_submit_all(store, NULL, NULL, 0);
    ok(prov_store_health(store, p) == NULL, "none at all is fine");
}

static void test_full(void)
{
    static const uint8_t digest[16] = "too large";
    prov_id ids[3];
    prov_plan *plans[3];
    prov_verdict verdicts[3];
    close_store();
    settings.size = 2 << 20;
    settings.location = apr_pstrcat(p, settings.location, "/small", NULL);
    fatal(open_store());
    know_numbers();
    prov_bytes huge = { apr_pcalloc(p, 4 << 20), 4 << 20 };
    for (int i = 0; i < 3; i++) {
        ids[i] = prov_id_make();
        plans[i] = plan();
        prov_plan_put(plans[i], &ids[i], record(user_type, "x"));
    }
    prov_plan_put_large(plans[1], &ids[1], digest, huge);
    prov_store_submit_all(store, (const prov_plan *const *)plans, verdicts, 3);
    is_int(verdicts[1].kind, PROV_FULL, "a plan for which there is no room");
    ok(verdicts[0].kind == PROV_DONE && verdicts[2].kind == PROV_DONE, "only the guilty fails");
    ok(version_of(&ids[0]) == 1 && version_of(&ids[1]) == 0 && version_of(&ids[2]) == 1,
       "and has put nothing");
    make_user("ann");
    ok(prov_store_health(store, p) == NULL, "the store goes on");
}

enum { THREADS = 6, ROUNDS = 40 };

typedef struct writer {
    int number;
    const prov_id *group, *shared;
    int done, refused, wrong;
} writer;

static prov_plan *round_of(apr_pool_t *pool, const writer *w, prov_id *id, int i)
{
    prov_plan *a = prov_plan_make(pool);
    prov_head head = { .type = user_type->number, .domain = (uint16_t)domain };
    prov_journal row = { .operation = PROV_CREATED };
    *id = row.resource = prov_id_make();
    prov_plan_put(a, id, prov_record_write(pool, &head, prov_object_make(pool)));
    /* A name for which all threads race in each round. */
    prov_plan_index(a, id, user_name, (uint16_t)domain,
                    prov_bytes_of(apr_psprintf(pool, "name%d", i)), true);
    prov_plan_member_add(a, w->group, w->shared, &soon);
    prov_plan_journal(a, &row);
    return a;
}

static void *APR_THREAD_FUNC write_many(apr_thread_t *thread, void *baton)
{
    writer *w = baton;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        prov_id id;
        prov_verdict v;
        prov_record rec;
        prov_snapshot *n;
        prov_store_submit(store, round_of(pool, w, &id, i), &v);
        w->done += v.kind == PROV_DONE;
        w->refused += v.kind == PROV_REFUSED && v.why == PROV_NOT_UNIQUE;
        /* What a verdict says is true at once, for whoever got it. */
        if (prov_store_read(store, pool, &n)) {
            w->wrong++;
            continue;
        }
        w->wrong += prov_snapshot_resource(n, &id, &rec) != (v.kind == PROV_DONE);
        prov_snapshot_end(n);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static bool count_rows(void *baton, const prov_journal *row)
{
    int *count = baton;
    return row->number == (uint64_t)++ * count;
}

static void test_threads(void)
{
    apr_thread_t *threads[THREADS];
    writer writers[THREADS];
    prov_id group = make_group("g"), ann = make_user("ann");
    join(&group, &ann);
    int started = 0, done = 0, refused = 0, wrong = 0, rows = 0;
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (writer){ .number = i, .group = &group, .shared = &ann };
        started += apr_thread_create(&threads[i], NULL, write_many, &writers[i], p) == APR_SUCCESS;
    }
    is_int(started, THREADS, "writers");
    for (int i = 0; i < started; i++) {
        apr_status_t rv;
        apr_thread_join(&rv, threads[i]);
        done += writers[i].done;
        refused += writers[i].refused;
        wrong += writers[i].wrong;
    }
    is_int(done, ROUNDS, "each name is given once");
    is_int(refused, ROUNDS * (THREADS - 1), "everybody else is told");
    is_int(wrong, 0, "a verdict is true at once");
    prov_snapshot *n = see();
    prov_snapshot_journal(n, 0, count_rows, &rows);
    is_int(rows, ROUNDS, "the journal has no gap");
    is_int(prov_snapshot_count(n, user_type->number, (uint16_t)domain), ROUNDS + 1,
           "the count is exact");
    prov_snapshot_end(n);
    is_int(version_of(&group), 2, "a membership that was there moved nothing");
}

typedef struct decision {
    prov_id id;
    bool nothing, saw;
} decision;

static const prov_plan *decide(void *baton, prov_snapshot *now)
{
    decision *d = baton;
    prov_record rec;
    d->saw = prov_snapshot_resource(now, &d->id, &rec);
    if (d->nothing)
        return NULL;
    prov_plan *a = plan();
    prov_plan_must_be_version(a, &d->id, d->saw ? prov_record_head(rec).version : 1);
    prov_plan_put(a, &d->id, record(user_type, "decided"));
    return a;
}

static void test_exclusive(void)
{
    decision d = { .id = make_user("ann") };
    prov_verdict v;
    prov_store_exclusive(store, decide, &d, &v);
    ok(d.saw, "it sees the state as it is");
    ok(v.kind == PROV_DONE && v.version == 2, "what it decides is done");
    d.nothing = true;
    prov_store_exclusive(store, decide, &d, &v);
    ok(v.kind == PROV_DONE && !v.changed, "without a plan nothing is");
    d = (decision){ .id = prov_id_make() };
    prov_store_exclusive(store, decide, &d, &v);
    ok(v.kind == PROV_REFUSED && v.why == PROV_NOT_THERE, "its plan may be refused");
    make_user("bob");
    is_int(version_of(&d.id), 0, "and the lock is free again");
}

/* --- check and numbers ---------------------------------------------------------------------------
 */

static void everything(prov_id *user, prov_id *group)
{
    static const uint8_t digest[32] = "digest";
    prov_plan *a = plan();
    *user = make_user("ann");
    *group = make_group("g");
    prov_plan_target_declare(a, target, true, digest);
    prov_plan_grant(a, user, user_type->number, target, (uint16_t)application, &soon);
    prov_plan_grant(a, group, group_type->number, target, (uint16_t)application, &soon);
    prov_plan_member_add(a, group, user, &soon);
    prov_plan_moved(a, group, &soon);
    done(a, "a user in a group, both at a target");
}

static void test_check(void)
{
    prov_id user, group, nobody = prov_id_make();
    everything(&user, &group);
    is_int(check(), 0, "a good store has no faults");

    prov_plan *a = plan();
    plan_index(a, &nobody, user_type, "ghost");
    done(a, "a name that leads nowhere");
    ok(check() > 0, "is found");
    a = plan();
    plan_unindex(a, &nobody, user_type, "ghost");
    done(a, "and mended");
    is_int(check(), 0, "no fault is left");

    a = plan();
    plan_unindex(a, &user, user_type, "ann");
    done(a, "a user whose name is not in the index");
    ok(check() > 0, "is found");
    a = plan();
    plan_index(a, &user, user_type, "ann");
    prov_plan_index(a, &user, external_id, (uint16_t)domain, PROV_BYTES("\1stale"), false);
    done(a, "an index entry that the record does not have");
    ok(check() > 0, "is found");
    a = plan();
    prov_plan_unindex(a, &user, external_id, (uint16_t)domain, PROV_BYTES("\1stale"), false);
    done(a, "mended");
    is_int(check(), 0, "no fault is left");
}

static void test_stats(void)
{
    prov_id user, group;
    prov_store_stats before, after;
    everything(&user, &group);
    prov_journal row = { .resource = user };
    prov_token token = { .name = PROV_BYTES("t") };
    fatal(prov_store_stats_read(store, p, &before));
    prov_plan *a = plan();
    prov_plan_token(a, &token);
    prov_plan_journal(a, &row);
    done(a, "a token and a row");
    fatal(prov_store_stats_read(store, p, &after));
    ok(after.resources == 2 && after.memberships == 1 && after.links == 2 && after.edges == 1 &&
           after.grants == 2,
       "each thing is counted");
    ok(after.tokens == before.tokens + 1 && after.journal == before.journal + 1, "as it comes");
    ok(after.plans == before.plans + 1 && after.commits > before.commits, "so are plans");
    ok(after.bytes_used > 0 && after.bytes_used <= after.bytes_most, "and bytes");
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        { "numbers", test_numbers },
        { "opening", test_opening },
        { "a foreign file", test_foreign },
        { "processes", test_processes },
        { "submit_all", test_submit_all },
        { "no room", test_full },
        { "threads", test_threads },
        { "exclusive", test_exclusive },
        { "check", test_check },
        { "stats", test_stats },
    };
    apr_initialize();
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        given_store(tests[i].name);
        tests[i].run();
    }
    return stores_done();
}
