/* What every store owes a change that is too large for one transaction: nobody sees a part of it,
 * nobody writes between its parts, and what comes of it comes to all of it. How it survives deaths
 * is store_intent_crash's. */
#include "base/fault.h"
#include "store_given_outbox.h"

#include <apr_thread_proc.h>
#include <signal.h>
#include <sys/wait.h>

#define MANY_MOST 20000

static bool quick;
static int many;
static prov_id users[MANY_MOST];

static void make_users(int from, int count)
{
    const prov_plan *plans[100];
    prov_verdict verdicts[100];
    for (int i = from; i < from + count; i++) {
        prov_plan *a = plan();
        users[i] = prov_id_make();
        const char *name = apr_psprintf(p, "user%d", i);
        prov_plan_put(a, &users[i], record(user_type, name));
        plan_index(a, &users[i], user_type, name);
        plans[(i - from) % 100] = a;
        if ((i - from) % 100 == 99 || i == from + count - 1)
            prov_store_submit_all(store, plans, verdicts, (i - from) % 100 + 1);
    }
}

static prov_plan *joins(const prov_id *group, int from, int to)
{
    prov_plan *a = plan();
    prov_plan_must_exist(a, group);
    for (int i = from; i < to; i++)
        prov_plan_member_add(a, group, &users[i], &soon);
    prov_plan_moved(a, group, &soon);
    return a;
}

static bool count_id(void *baton, const prov_id *id)
{
    ++*(int *)baton;
    return true;
}

static int members_of(const prov_id *group)
{
    int count = 0;
    prov_snapshot *n = see();
    prov_snapshot_members(n, group, NULL, count_id, &count);
    prov_snapshot_end(n);
    return count;
}

static prov_store_stats stats(void)
{
    prov_store_stats s;
    fatal(prov_store_stats_read(store, p, &s));
    return s;
}

/* --- a change and its readers -------------------------------------------------------------------
 */

typedef struct reader {
    prov_id group;
    int old_count, new_count, last; /* of them, `last` is a member after and not before */
    volatile bool stop;
    int seen_old, seen_new, torn;
} reader;

static void *APR_THREAD_FUNC read_on(apr_thread_t *thread, void *baton)
{
    reader *r = baton;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    while (!r->stop) {
        prov_snapshot *n;
        prov_record rec;
        int count = 0, groups = 0;
        if (prov_store_read(store, pool, &n))
            break;
        prov_snapshot_members(n, &r->group, NULL, count_id, &count);
        prov_snapshot_groups(n, &users[r->last], NULL, count_id, &groups);
        bool in = prov_snapshot_is_member(n, &r->group, &users[r->last]);
        bool there = prov_snapshot_resource(n, &r->group, &rec);
        uint64_t version = there ? prov_record_head(rec).version : 0;
        bool is_old = count == r->old_count && !in && !groups && version == 1;
        bool is_new = count == r->new_count && in && groups == 1 && version == 2;
        r->seen_old += is_old;
        r->seen_new += is_new;
        r->torn += !is_old && !is_new;
        prov_snapshot_end(n);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void test_readers(void)
{
    apr_thread_t *thread;
    apr_status_t rv;
    make_users(0, many);
    reader r = { .group = make_group("g"), .new_count = many, .last = many / 2 };
    apr_thread_create(&thread, NULL, read_on, &r, p);
    while (!r.seen_old)
        apr_sleep(1000);
    prov_verdict v = done(joins(&r.group, 0, many), "many join");
    is_int(v.version, 2, "one version higher");
    while (!r.seen_new)
        apr_sleep(1000);
    r.stop = true;
    apr_thread_join(&rv, thread);
    is_int(r.torn, 0, "every reader sees the old or the new: %d, %d times", r.seen_old, r.seen_new);
    ok(stats().rows_most <= PROV_TRANSACTION_ROWS, "the largest transaction has %d rows",
       (int)stats().rows_most);
    is_int(stats().intents, 0, "nothing is left open");
    is_int(stats().memberships, many, "each is there once");
    is_int(check(), 0, "the store is whole");
    v = done(joins(&r.group, 0, many), "they join once more");
    ok(!v.changed && version_of(&r.group) == 2, "which changes nothing");
}

/* --- other writers ------------------------------------------------------------------------------
 */

typedef struct adder {
    prov_id group;
    int first, count;
    int done, busy, wrong;
} adder;

static void *APR_THREAD_FUNC add_some(apr_thread_t *thread, void *baton)
{
    adder *a = baton;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (int i = a->first; i < a->first + a->count; i++) {
        prov_snapshot *n;
        prov_verdict v;
        prov_plan *add = prov_plan_make(pool);
        prov_plan_member_add(add, &a->group, &users[i], &soon);
        prov_plan_moved(add, &a->group, &soon);
        prov_store_submit(store, add, &v);
        bool is_busy = v.kind == PROV_REFUSED && v.why == PROV_BUSY;
        a->done += v.kind == PROV_DONE;
        a->busy += is_busy;
        if (prov_store_read(store, pool, &n))
            break;
        bool in = prov_snapshot_is_member(n, &a->group, &users[i]);
        a->wrong += in != (v.kind == PROV_DONE) || (v.kind != PROV_DONE && !is_busy);
        prov_snapshot_end(n);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void test_adders(void)
{
    enum { ADDERS = 3, EACH = 20 };
    apr_thread_t *threads[ADDERS];
    adder adders[ADDERS];
    int large = many / 2, added = 0, wrong = 0;
    make_users(0, large + ADDERS * EACH);
    prov_id group = make_group("g");
    for (int i = 0; i < ADDERS; i++) {
        adders[i] = (adder){ .group = group, .first = large + i * EACH, .count = EACH };
        apr_thread_create(&threads[i], NULL, add_some, &adders[i], p);
    }
    done(joins(&group, 0, large), "many join while others do");
    for (int i = 0; i < ADDERS; i++) {
        apr_status_t rv;
        apr_thread_join(&rv, threads[i]);
        added += adders[i].done;
        wrong += adders[i].wrong;
    }
    is_int(wrong, 0, "each of the others is done, or told that it is not");
    ok(added > 0, "%d of them are", added);
    is_int(members_of(&group), large + added, "and none is lost");
    is_int(version_of(&group), 2 + added, "a version for each change");
    is_int(check(), 0, "the store is whole");
}

/* --- while one is open ----------------------------------------------------------------------- */

/* A process that stands still after the nth commit of its change. */
static pid_t stand_still(const prov_plan *change, int nth)
{
    int status;
    close_store();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        prov_verdict v;
        fatal(open_store());
        prov_fault_at("commit", nth, SIGSTOP);
        prov_store_submit(store, change, &v);
        _exit(v.kind);
    }
    waitpid(pid, &status, WUNTRACED);
    ok(WIFSTOPPED(status), "a process stands still in its change");
    fatal(open_store());
    know_numbers();
    return pid;
}

static void end(pid_t pid)
{
    int status;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

/* Who cannot wait is told at once. */
static void is_busy(const prov_plan *a, const char *what)
{
    prov_verdict v;
    prov_store_submit_all(store, &a, &v, 1);
    if (!ok(v.kind == PROV_REFUSED && v.why == PROV_BUSY, "%s must wait", what))
        printf("# verdict %d, refusal %d\n", v.kind, v.why);
}

static prov_plan *deletes(const prov_id *id)
{
    prov_plan *a = plan();
    prov_plan_delete(a, id, &soon);
    return a;
}

static prov_plan *puts_again(const prov_id *id, const prov_resource_type *t, const char *name)
{
    prov_plan *a = plan();
    prov_plan_put(a, id, record(t, name));
    return a;
}

static void check_others(const prov_id *group, const prov_id *inner)
{
    bool more = true;
    is_busy(joins(group, 0, 1), "who would join it");
    is_busy(puts_again(group, group_type, "g"), "who would put it");
    is_busy(deletes(&users[0]), "who would delete one whom it adds");
    is_busy(deletes(inner), "who would delete one of its old members");
    done(puts_again(&users[0], user_type, "user0"), "a member changes");
    is_int(check(), 0, "of an open one nobody complains");
    fatal(prov_store_settle(store, p, &more));
    ok(!more && stats().intents == 1, "and nobody takes it from its process");
}

static void test_open(int nth, bool switched)
{
    int count = 1100; /* three steps to prepare, three to finish */
    make_users(0, count + 1);
    prov_id group = make_group("g"), inner = make_group("inner");
    join(&group, &inner);
    pid_t pid = stand_still(joins(&group, 0, count), nth);
    is_int(members_of(&group), switched ? count + 1 : 1, "what is seen is whole");
    check_others(&group, &inner);
    if (quick) {
        skip("waiting", "it takes as long as a waiter's patience");
    } else {
        prov_plan *a = joins(&group, count, count + 1);
        prov_verdict v = refused(a, PROV_BUSY, "who waits too long is told");
        if (!switched) /* this one is large itself, so that it waits in any case */
            is_busy(deletes(&group), "who would delete it");
        ok(prov_id_equal(&v.holder, &group), "for whom");
        prov_err *err = prov_verdict_error(p, &v);
        ok(err->http == 503 && err->retry_at > 0, "and when to come again");
    }
    end(pid);
    ok(check() > 0, "an abandoned one is found");
    done(joins(&group, count, count + 1), "who comes then settles it and goes on");
    is_int(members_of(&group), switched ? count + 2 : 2, "nothing of it, or all");
    is_int(version_of(&group), switched ? 4 : 3, "with a version for each change");
    is_int(check(), 0, "the store is whole");
}

static apr_time_t next_of(const prov_id *id)
{
    prov_link l = link_of(id, target);
    return prov_link_next(&l);
}

/* The pump has carried what edges there were when the next come. */
static void test_carried(void)
{
    int count = 1100;
    make_users(0, count);
    prov_id group = make_group("g");
    declare();
    grant(&group, group_type, target);
    pid_t pid = stand_still(joins(&group, 0, count), 6);
    carry(&group, "r-g", "g");
    for (int from = 0; from < count; from += 550) {
        prov_plan *a = plan();
        for (int i = from; i < from + 550; i++)
            prov_plan_edge_sleep(a, target, &group, &users[i], false);
        done(a, "nobody is there yet");
    }
    carry(&group, "r-g", "g");
    ok(next_of(&group) == 0, "the group rests");
    int edges = (int)stats().edges;
    end(pid);
    for (bool more = true; more;)
        fatal(prov_store_settle(store, p, &more));
    ok(edges > 0 && edges < count && stats().edges == count, "there were %d edges of %d", edges,
       count);
    ok(next_of(&group) > 0, "those that came later are carried, too");
    is_int(check(), 0, "the store is whole");
}

static void test_prepared(void)
{
    test_open(2, false);
}

static void test_switched(void)
{
    test_open(6, true);
}

/* Both have seen that nobody else has the name: the group that can be seen first has it. */
static void test_only_one(void)
{
    int status;
    prov_id large = prov_id_make(), small = prov_id_make();
    make_users(0, 1100);
    prov_plan *plans[] = { plan(), plan() };
    for (int i = 0; i < 2; i++) {
        const prov_id *id = i ? &small : &large;
        prov_plan_must_be_only(plans[i], id, group_type->naming->number, (uint16_t)domain,
                               key_of(group_type, "g"));
        prov_plan_put(plans[i], id, record(group_type, "g"));
        plan_index(plans[i], id, group_type, "g");
    }
    for (int i = 0; i < 1100; i++)
        prov_plan_member_add(plans[0], &large, &users[i], &soon);
    pid_t pid = stand_still(plans[0], 2);
    done(plans[1], "a group takes a name while a large one of the name is prepared");
    done(plans[1], "its own name refuses it nothing");
    kill(pid, SIGCONT);
    waitpid(pid, &status, 0);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == PROV_REFUSED, "the large one is refused");
    is_int(members_of(&large), 0, "and not made");
    is_int(check(), 0, "the store is whole");
}

/* --- refusals -------------------------------------------------------------------------------- */

static void test_refusals(void)
{
    prov_id nobody = prov_id_make(), group = make_group("g"), fresh = prov_id_make();
    prov_verdict v;
    make_users(0, 1500);
    prov_plan *a = joins(&group, 0, 1500);
    prov_plan_member_add(a, &group, &nobody, &soon);
    v = refused(a, PROV_NO_MEMBER, "a member who does not exist");
    ok(prov_id_equal(&v.holder, &nobody), "who is named");
    ok(members_of(&group) == 0 && stats().intents == 0 && stats().memberships == 0,
       "nothing is left of what came before him");
    a = joins(&group, 0, 1500);
    prov_plan_must_be_version(a, &group, 7);
    refused(a, PROV_NOT_VERSION, "a version that is not there");
    prov_id ann = make_user("ann");
    a = joins(&fresh, 0, 1500);
    refused(a, PROV_NOT_THERE, "a group that is not there");
    a = plan();
    prov_plan_put(a, &fresh, record(group_type, "fresh"));
    prov_plan_index(a, &fresh, user_name, (uint16_t)domain, key_of(user_type, "ann"), true);
    for (int i = 0; i < 1500; i++)
        prov_plan_member_add(a, &fresh, &users[i], &soon);
    v = refused(a, PROV_NOT_UNIQUE, "a name that another has");
    ok(prov_id_equal(&v.holder, &ann), "who is named");
    ok(version_of(&group) == 1 && version_of(&fresh) == 0 && stats().memberships == 0,
       "none of them has put anything");
    is_int(check(), 0, "the store is whole");
}

static void test_full(void)
{
    close_store();
    settings.size = 16 << 20;
    settings.location = apr_pstrcat(p, settings.location, "/small", NULL);
    fatal(open_store());
    know_numbers();
    make_users(0, 8000);
    prov_id group = make_group("g"), blob = make_user("blob");
    prov_bytes huge = { apr_pcalloc(p, 64 << 10), 64 << 10 };
    /* Until there is room for some steps and not for all. */
    for (uint8_t i = 0; stats().bytes_used < (13 << 20); i++) {
        uint8_t digest[16] = { i };
        prov_plan *a = plan();
        prov_plan_put_large(a, &blob, digest, huge);
        submit(a);
    }
    is_int(submit(joins(&group, 0, 8000)).kind, PROV_FULL, "there is no room for all of them");
    ok(members_of(&group) == 0 && stats().intents == 0 && stats().memberships == 0,
       "what was begun is taken back");
    is_int(submit(deletes(&blob)).kind, PROV_DONE, "room is made");
    done(joins(&group, 0, 8000), "and then they all join");
    is_int(members_of(&group), 8000, "all of them");
}

/* --- decisions ------------------------------------------------------------------------------- */

static const prov_plan *decide(void *baton, prov_snapshot *now)
{
    const prov_id *group = baton;
    prov_record rec;
    prov_plan *a = joins(group, 0, 1500);
    prov_plan_must_be_version(
        a, group, prov_snapshot_resource(now, group, &rec) ? prov_record_head(rec).version : 0);
    return a;
}

static void test_exclusive(void)
{
    prov_id group = make_group("g");
    prov_verdict v;
    make_users(0, 1500);
    prov_store_exclusive(store, decide, &group, &v);
    ok(v.kind == PROV_DONE && v.version == 2, "a large decision is done");
    is_int(members_of(&group), 1500, "all of it");
    ok(stats().rows_most <= PROV_TRANSACTION_ROWS, "in parts");
}

static void test_grant(void)
{
    prov_id group = make_group("g");
    declare();
    make_users(0, 1500);
    done(joins(&group, 0, 1500), "many join");
    grant(&group, group_type, target);
    is_int(stats().edges, 1500, "a new link of a large group has all edges");
    ok(stats().rows_most <= PROV_TRANSACTION_ROWS && stats().intents == 0, "made in parts");
    is_int(version_of(&group), 2, "the group is as it was");
    prov_link link = link_of(&group, target);
    ok(link.queue == PROV_QUEUE_NORMAL && link.trigger == soon.trigger &&
           link.application == soon.application,
       "and its link tells who made it");
    is_int(check(), 0, "the store is whole");
}

static void test_several(void)
{
    prov_id g = make_group("g"), h = make_group("h");
    const prov_plan *plans[5];
    prov_verdict verdicts[5];
    int good = 0;
    make_users(0, 1500);
    plans[0] = joins(&g, 0, 10);
    plans[1] = joins(&h, 0, 1500);
    plans[2] = joins(&g, 10, 20);
    plans[3] = joins(&g, 20, 1500);
    plans[4] = joins(&h, 0, 1500);
    prov_store_submit_all(store, plans, verdicts, 5);
    for (int i = 0; i < 5; i++)
        good += verdicts[i].kind == PROV_DONE && verdicts[i].changed == (i < 4);
    is_int(good, 5, "large and small together, in their order");
    ok(members_of(&g) == 1500 && members_of(&h) == 1500 && version_of(&g) == 4, "all is done");
    ok(stats().rows_most <= PROV_TRANSACTION_ROWS, "the large ones in parts");
}

/* Two resources are no intent: they are done as they always were. */
static void test_two(void)
{
    prov_id g = make_group("g"), h = make_group("h");
    make_users(0, 800);
    prov_plan *a = joins(&g, 0, 800);
    for (int i = 0; i < 800; i++)
        prov_plan_member_add(a, &h, &users[i], &soon);
    done(a, "two groups at once");
    ok(members_of(&g) == 800 && members_of(&h) == 800, "both have them");
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        { "readers", test_readers },   { "adders", test_adders },   { "prepared", test_prepared },
        { "switched", test_switched }, { "carried", test_carried }, { "only one", test_only_one },
        { "refusals", test_refusals }, { "no room", test_full },    { "exclusive", test_exclusive },
        { "two", test_two },           { "grant", test_grant },     { "several", test_several },
    };
    quick = getenv("PROVISION_QUICK") != NULL;
    many = quick ? 3000 : MANY_MOST;
    apr_initialize();
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        given_store(tests[i].name);
        tests[i].run();
    }
    return stores_done();
}
