/* What must hold when two things happen at once: the engine with its real pump and store against a
 * target in this process, one interleaving after the other. */
#define OBJECTS 130
#include "base/fault.h"
#include "outbound/engine.h"
#include "outbound_given.h"
#include <apr_network_io.h>
#include <signal.h>

static uint32_t number; /* the target's */

/* An object goes between a write that followed an ambiguous one and the look that verifies it. */
static void test_vanished(void)
{
    prov_id id = prov_id_make();
    plan_faults(0, NULL);
    put(user_type, &id, "ida", "a");
    settle();
    target.vanishes = true;
    FAULTS(LOST_BEFORE);
    put(user_type, &id, "ida", "b");
    ok(settle() && !target.vanishes, "an object goes unseen while it is verified");
    ok(there("User", "ida") && strcmp(there("User", "ida")->title, "b") == 0, "and comes back");
    is_int(link_of(&id).at, PROV_AT_ACTIVE, "which the link knows");
}

static void test_recreated_group(void)
{
    prov_id first = prov_id_make(), second = prov_id_make(), user = prov_id_make();
    plan_faults(0, NULL);
    put(user_type, &user, "joe", NULL);
    put(group_type, &first, "crew", NULL);
    join(&first, &user, true);
    settle();
    FAULTS(LOST_BEFORE);
    delete (group_type, &first);
    ok(settle() && there("Group", "crew")->member_count == 0, "a group goes, an answer lost");
    is_int(link_of(&first).at, PROV_AT_DISABLED, "and stays disabled when it was verified");
    put(group_type, &second, "crew", NULL);
    join(&second, &user, true);
    ok(settle() && there("Group", "crew")->member_count == 1,
       "one of the same name takes its place");
    is_int(count_named("crew"), 1, "there is one of them");
}

static void test_others_member(void)
{
    prov_id group = prov_id_make(), ours = prov_id_make(), theirs = prov_id_make();
    plan_faults(0, NULL);
    put(user_type, &ours, "qin", NULL);
    put(user_type, &theirs, "rob", NULL);
    put(group_type, &group, "club", NULL);
    settle();
    thing *club = there("Group", "club");
    apr_cpystrn(club->members[club->member_count++], there("User", "rob")->id, 16);
    FAULTS(LOST_BEFORE);
    join(&group, &ours, true);
    ok(settle() && club->member_count == 2, "a member that others added there stays");
    FAULTS(LOST_BEFORE);
    apr_cpystrn(target.arrives.id, there("User", "qin")->id, sizeof target.arrives.id);
    target.arrives.group = club;
    join(&group, &ours, false);
    ok(settle() && !target.arrives.group && club->member_count == 1,
       "one that a late call of ours adds does not");
}

static void test_late_manager(void)
{
    prov_id boss = prov_id_make(), clerk = prov_id_make();
    plan_faults(0, NULL);
    later = apr_time_from_msec(500);
    put(user_type, &boss, "chief", NULL);
    later = 0;
    manager = &boss;
    put(user_type, &clerk, "scribe", NULL);
    manager = NULL;
    apr_time_t until = apr_time_now() + SETTLE_FOR;
    while (!there("User", "chief") && apr_time_now() < until)
        apr_sleep(2000);
    ok(settle() && there("User", "chief"), "a manager comes long after who refers to him");
    is_str(there("User", "scribe")->manager, there("User", "chief")->id, "and is referred to");
}

/* An acknowledgement by somebody whose lease is long over. */
static void acknowledge_late(const prov_id *id, const char *remote)
{
    prov_verdict v;
    prov_plan *plan = prov_plan_make(pool);
    prov_ack ack = { .kind = PROV_ACK_APPLIED,
                     .process = 4711,
                     .claim = 1,
                     .now = apr_time_now(),
                     .sent = 1,
                     .at = PROV_AT_ACTIVE,
                     .has_remote = true,
                     .remote = prov_bytes_of(remote) };
    prov_plan_ack(plan, id, number, &ack);
    prov_store_submit(store, plan, &v);
    ok(v.kind == PROV_REFUSED && v.why == PROV_LEASE_LOST, "a late acknowledgement is refused");
    prov_engine_nudge(engine);
}

/* A process that stood still sends after all that had been asked about. */
static thing *sent_late(const prov_id *id, const char *name)
{
    apr_thread_mutex_lock(target.lock);
    thing *t = make_thing();
    apr_cpystrn(t->name, name, sizeof t->name);
    apr_cpystrn(t->type, "User", sizeof t->type);
    apr_cpystrn(t->external_id, prov_id_text(pool, id), sizeof t->external_id);
    t->active = true;
    apr_thread_mutex_unlock(target.lock);
    return t;
}

static void test_late_create(void)
{
    prov_id here = prov_id_make(), gone = prov_id_make();
    plan_faults(0, NULL);
    put(user_type, &here, "kim", NULL);
    settle();
    thing *second = sent_late(&here, "kim");
    acknowledge_late(&here, second->id);
    ok(settle() && count_named("kim") == 1, "a second object made late is removed");
    is_str(there("User", "kim")->id, prov_bytes_text(pool, link_of(&here).remote),
           "the one that stays is the linked one");
    FAULTS(NOT_SENT, NOT_SENT);
    put(user_type, &gone, "leo", NULL);
    delete (user_type, &gone);
    settle();
    second = sent_late(&gone, "leo");
    acknowledge_late(&gone, second->id);
    ok(settle() && !second->active, "one made late for a leaver is disabled");
    put(user_type, &here, "leo", NULL);
    ok(settle() && there("User", "leo") && there("User", "leo")->active,
       "and leaves its name to who needs it");
}

static void test_stubborn_group(void)
{
    prov_id group = prov_id_make();
    plan_faults(0, NULL);
    put(group_type, &group, "many", NULL);
    for (int i = 0; i < 101; i++) {
        prov_id user = prov_id_make();
        put(user_type, &user, apr_psprintf(pool, "many%d", i), NULL);
        join(&group, &user, true);
    }
    ok(settle() && there("Group", "many")->member_count == 101, "a group of more than a batch");
    target.keeps = true;
    delete (group_type, &group);
    ok(settle(), "comes to rest though the target lets nobody out of it");
    target.keeps = false;
}

static prov_id still; /* whose process stands still */
static bool reached;  /* the target was called all the same */

/* For so long that another has taken the link. */
static void claim_for_another(void)
{
    apr_time_t limit = config->settings.call_limit, now = apr_time_now();
    prov_lease lease = { .process = 4711, .claim = 1, .until = now + 4 * limit };
    prov_budget budget = { .concurrency = 100 };
    prov_plan *plan = prov_plan_make(pool);
    prov_plan_claim(plan, &still, number, &lease, now + 4 * limit, &budget);
    commit(plan, "another's claim");
}

/* After it has prepared. */
static void stand_still(prov_call *call)
{
    claim_for_another();
    apr_sleep(2 * config->settings.call_limit);

    apr_socket_t *listener, *caller;
    apr_sockaddr_t *at;
    apr_sockaddr_info_get(&at, "127.0.0.1", APR_INET, 0, 0, pool);
    apr_socket_create(&listener, APR_INET, SOCK_STREAM, 0, pool);
    apr_socket_bind(listener, at);
    apr_socket_listen(listener, 1);
    apr_socket_addr_get(&at, APR_LOCAL, listener);
    const char *url = apr_psprintf(pool, "http://127.0.0.1:%d/", at->port);
    prov_request request = { .method = "GET", .url = url };
    prov_answer answer;
    call->http(call, &request, &answer);
    apr_socket_timeout_set(listener, 0);
    reached = apr_socket_accept(&caller, listener, pool) == APR_SUCCESS;
    apr_socket_close(listener);
}

static void test_lost_lease(void)
{
    plan_faults(0, NULL);
    still = prov_id_make();
    target.during = stand_still;
    put(user_type, &still, "xena", NULL);
    ok(settle() && count_named("xena") == 1, "who stood still past his lease leaves it to others");
    ok(!target.during && !reached, "and calls nobody any more");
}

/* Between its last look at the lease and the first byte: another has written what is newer. */
static void fall_behind(prov_call *call)
{
    prov_plan *plan = prov_plan_make(pool);
    prov_ack ack = { .kind = PROV_ACK_APPLIED, .process = 4711, .claim = 1, .at = PROV_AT_ACTIVE };
    put(user_type, &still, "yann", "newer");
    claim_for_another();
    thing *t = find_by("User", NULL, "yann");
    apr_cpystrn(t->title, "newer", sizeof t->title);
    ack.sent = link_of(&still).wanted;
    ack.now = apr_time_now();
    prov_plan_ack(plan, &still, number, &ack);
    commit(plan, "another's acknowledgement");
}

static void test_late_update(void)
{
    plan_faults(0, NULL);
    still = prov_id_make();
    put(user_type, &still, "yann", "first");
    settle();
    target.during = fall_behind;
    put(user_type, &still, "yann", "older");
    ok(settle() && !target.during, "who stood still writes all the same, after another has");
    is_str(there("User", "yann")->title, "newer", "and what he undid is done again");
}

static int count_marked(const prov_id *id)
{
    int count = 0;
    const char *mark = prov_id_text(pool, id);
    for (int i = 0; i < OBJECTS; i++)
        count += target.things[i].there && strcmp(target.things[i].external_id, mark) == 0;
    return count;
}

/* The same object, by one who stood still, while another makes it. */
static void make_another(prov_call *call)
{
    prov_verdict v;
    prov_plan *plan = prov_plan_make(pool);
    prov_ack ack = {
        .kind = PROV_ACK_APPLIED, .process = 4711, .claim = 1, .sent = 1, .has_remote = true
    };
    thing *t = make_thing();
    apr_cpystrn(t->name, "older name", sizeof t->name);
    apr_cpystrn(t->type, "User", sizeof t->type);
    apr_cpystrn(t->external_id, prov_id_text(pool, &still), sizeof t->external_id);
    ack.now = apr_time_now();
    ack.late = ack.now + 2 * config->settings.call_limit;
    ack.remote = prov_bytes_of(t->id);
    prov_plan_ack(plan, &still, number, &ack);
    prov_store_submit(store, plan, &v);
}

static void test_late_meanwhile(void)
{
    plan_faults(0, NULL);
    still = prov_id_make();
    target.during = make_another;
    put(user_type, &still, "zoe", NULL);
    ok(settle() && !target.during, "who stood still is told of while another is at work");
    is_int(count_marked(&still), 1, "and is not forgotten by what that one acknowledges");
}

/* The ids of another place, or of one that was restored, are not ours to write to. */
static void test_other_place(void)
{
    prov_id kept = prov_id_make(), gone = prov_id_make();
    const prov_id *ids[] = { &kept, &gone };
    plan_faults(0, NULL);
    put(user_type, &kept, "nora", "ours");
    put(user_type, &gone, "olga", "ours");
    settle();
    apr_cpystrn(there("User", "nora")->external_id, "theirs", 8);
    apr_cpystrn(there("User", "olga")->external_id, "theirs", 8);
    declared->deprovision = PROV_DEPROVISION_DELETE;
    for (int i = 0; i < 2; i++) {
        prov_plan *plan = prov_plan_make(pool);
        prov_touch reread = touch(PROV_QUEUE_NORMAL);
        reread.reread = true;
        prov_plan_touch(plan, ids[i], &reread);
        commit(plan, "nobody knows what is there");
    }
    delete (user_type, &gone);
    ok(settle() && there("User", "olga"), "what bears another's mark is not removed");
    put(user_type, &kept, "nora", "again ours");
    ok(settle() && strcmp(there("User", "nora")->title, "ours") == 0, "nor changed");
    declared->deprovision = PROV_DEPROVISION_DISABLE;
}

/* While a call is under way, a process of a newer configuration takes over. */
static void take_over(prov_call *call)
{
    static const uint8_t digest[32] = "newer";
    prov_plan *plan = prov_plan_make(pool);
    prov_snapshot *n;
    if (prov_store_read(store, pool, &n))
        return;
    uint64_t generation = prov_snapshot_generation(n, NULL);
    prov_snapshot_end(n);
    prov_plan_generation(plan, generation + 1, digest);
    commit(plan, "a newer generation");
}

static bool note_recheck(void *baton, const prov_id *id)
{
    *(prov_id *)baton = *id;
    return false;
}

static void test_old_generation(void)
{
    prov_id id = prov_id_make(), noted = { { 0 } };
    plan_faults(0, NULL);
    target.during = take_over;
    put(user_type, &id, "mia", NULL);
    ok(settle() && there("User", "mia"), "who is at work finishes what he holds");
    prov_snapshot *n;
    if (prov_store_read(store, pool, &n))
        return;
    prov_snapshot_rechecks(n, note_recheck, &noted);
    prov_snapshot_end(n);
    ok(prov_id_equal(&noted, &id), "and it is looked at again by the newer ones");
}

static bool waits(const prov_id *id)
{
    for (int i = 0; i < 2000; i++, apr_sleep(5000)) {
        prov_link l = link_of(id);
        if (!l.lease.process && l.due > apr_time_now() + apr_time_from_sec(30))
            return true;
    }
    return false;
}

/* Users of two domains may have one name, and are to have it at one target. */
static void test_names_alike(void)
{
    prov_id first = prov_id_make(), second = prov_id_make();
    apr_time_t before = declared->retry_first, most = declared->retry_max;
    plan_faults(0, NULL);
    put(user_type, &first, "zora", "first");
    settle();
    declared->retry_first = declared->retry_max = apr_time_from_sec(60);
    domain++;
    put(user_type, &second, "ZORA", "second");
    ok(waits(&second), "who needs a name that another of ours has waits for it");
    ok(count_named("zora") == 1 && strcmp(there("User", "zora")->title, "first") == 0,
       "and does nothing");
    domain--;
    put(user_type, &first, "zita", "first");
    ok(settle() && there("User", "ZORA") && strcmp(there("User", "ZORA")->title, "second") == 0,
       "until the other's new name is acknowledged: then at once");
    declared->retry_first = before;
    declared->retry_max = most;
}

static bool is_nobodys(void)
{
    prov_snapshot *n;
    if (prov_store_read(store, pool, &n))
        return false;
    bool nobodys = prov_generation_is_nobodys(engine, n);
    prov_snapshot_end(n);
    return nobodys;
}

/* A child that was slow to start declared what it had, and ended: those who live have another. */
static void test_nobodys_generation(void)
{
    prov_id id = prov_id_make();
    prov_process other;
    ok(is_nobodys(), "a generation that was declared by who is gone");
    prov_snapshot *n;
    uint8_t digest[32];
    if (prov_store_read(store, pool, &n))
        return;
    uint64_t stored = prov_snapshot_generation(n, digest);
    prov_snapshot_end(n);
    prov_store_register(store, stored, &other);
    ok(!is_nobodys(), "is somebody's while a process of it lives");
    prov_store_unregister(store, other.number);
    put(user_type, &id, "nan", NULL);
    if (getenv("PROVISION_QUICK"))
        prov_generation_renew(engine, pool);
    ok(settle() && there("User", "nan"), "then those who live declare theirs again, and go on");
    ok(prov_engine_generation(engine) > stored && !is_nobodys(), "as a newer one");
}

/* A newer configuration comes, and finds nobody older to wait for. */
static void overtake(int signal)
{
    take_over(NULL);
}

static uint64_t stored_generation(void)
{
    prov_snapshot *n;
    if (prov_store_read(store, pool, &n))
        return 0;
    uint64_t stored = prov_snapshot_generation(n, NULL);
    prov_snapshot_end(n);
    return stored;
}

static void test_slow_start(void)
{
    prov_engine *slow = NULL;
    prov_engine_settings s = {
        .store = store, .registry = registry, .config = config, .dispatch = true
    };
    signal(SIGUSR1, overtake);
    prov_fault_at("register", 1, SIGUSR1);
    prov_err *err = prov_engine_start(pool, &s, &slow);
    ok(!err && prov_engine_generation(slow) == stored_generation(),
       "who was overtaken before he could be seen declares his configuration anew");
    prov_engine_stop(slow);
}

int main(int argc, const char *const *argv)
{
    begin(argc, argv);
    prov_store_number(store, PROV_NUMBER_TARGET, "there/in-process", &number);
    test_vanished();
    test_recreated_group();
    test_others_member();
    test_late_manager();
    test_late_create();
    test_stubborn_group();
    test_lost_lease();
    test_late_update();
    test_late_meanwhile();
    test_other_place();
    test_names_alike();
    test_old_generation();
    test_nobodys_generation();
    test_slow_start();
    end();
    return plan_done();
}
