/* The engine with its real pump, threads and store, against a target that lives in this process and
 * fails on demand. Each scenario ends when nothing is left to do, then the target is looked at. */
#define OBJECTS 128
#include "outbound/engine.h"
#include "outbound_given.h"

/* --- scenarios ---------------------------------------------------------------------------------
 */

static void test_create_and_update(void)
{
    prov_id id = prov_id_make();
    plan_faults(0, NULL);
    put(user_type, &id, "ann", "Nurse");
    ok(settle(), "a created user settles");
    ok(there("User", "ann") && strcmp(there("User", "ann")->title, "Nurse") == 0, "she is there");
    is_str(there("User", "ann")->external_id, prov_id_text(pool, &id), "with our id");
    is_int(target.creates, 1, "by one create");
    put(user_type, &id, "ann", "Doctor");
    ok(settle(), "an update settles");
    is_str(there("User", "ann")->title, "Doctor", "and is there");
    put(user_type, &id, "ann", NULL);
    ok(settle() && !*there("User", "ann")->title, "what is unassigned goes");
    put(user_type, &id, "anna", NULL);
    ok(settle() && there("User", "anna") && !there("User", "ann"), "a rename is a rename");
    is_int(target.creates, 1, "and no second create");
}

static void test_ambiguous(const char *what, fault f)
{
    prov_id id = prov_id_make();
    const char *name = apr_pstrcat(pool, "lost-", what, NULL);
    FAULTS(f);
    put(user_type, &id, name, "a");
    ok(settle(), "%s at a create settles", what);
    is_int(count_named(name), 1, "%s: exactly one is there", what);
    FAULTS(f, f);
    put(user_type, &id, name, "b");
    ok(settle() && strcmp(there("User", name)->title, "b") == 0, "%s at an update too", what);
    FAULTS(f);
    delete (user_type, &id);
    ok(settle() && !there("User", name)->active, "%s at a disabling too", what);
}

static void test_late(void)
{
    prov_id id = prov_id_make();
    plan_faults(0, NULL);
    put(user_type, &id, "late", NULL);
    settle();
    FAULTS(LATE);
    put(user_type, &id, "late", "too late");
    while (faults_left())
        apr_sleep(1000);
    put(user_type, &id, "late", NULL);
    ok(settle(), "a call that arrives late is waited for");
    ok(!*there("User", "late")->title, "and what it set, which nobody wants any more, goes again");
}

static void test_keep_policy(void)
{
    prov_id first = prov_id_make(), second = prov_id_make();
    plan_faults(0, NULL);
    declared->deprovision = PROV_DEPROVISION_KEEP;
    put(user_type, &first, "kept", "1");
    settle();
    delete (user_type, &first);
    ok(settle() && there("User", "kept")->active, "under keep a leaver's account is left alone");
    put(user_type, &second, "kept", "2");
    ok(settle() && count_named("kept") == 1 && strcmp(there("User", "kept")->title, "2") == 0,
       "and taken over by who bears the name next");
    declared->deprovision = PROV_DEPROVISION_DISABLE;
}

static void test_leaver_and_rehire(void)
{
    prov_id first = prov_id_make(), second = prov_id_make();
    plan_faults(0, NULL);
    put(user_type, &first, "bob", "old");
    settle();
    delete (user_type, &first);
    ok(settle() && !there("User", "bob")->active, "a leaver is disabled");
    put(user_type, &second, "bob", "new");
    ok(settle(), "a rehire settles");
    is_int(count_named("bob"), 1, "on the account that was his");
    ok(there("User", "bob")->active && strcmp(there("User", "bob")->title, "new") == 0,
       "which is active and has the new values");
    is_str(there("User", "bob")->external_id, prov_id_text(pool, &second), "and the new id");
}

static void test_strangers(void)
{
    prov_id id = prov_id_make(), other = prov_id_make();
    plan_faults(0, NULL);
    thing *stranger = make_thing();
    apr_cpystrn(stranger->name, "carol", sizeof stranger->name);
    apr_cpystrn(stranger->type, "User", sizeof stranger->type);
    apr_cpystrn(stranger->title, "theirs", sizeof stranger->title);
    stranger->active = true;
    put(user_type, &id, "carol", "ours");
    ok(settle() && link_of(&id).refused, "a stranger's name is a failure");
    is_str(there("User", "carol")->title, "theirs", "and the stranger stays as he was");
    declared->adopt = PROV_ADOPT_MATCH;
    put(user_type, &id, "carol", "adopted");
    ok(settle() && strcmp(there("User", "carol")->title, "adopted") == 0,
       "adopt match takes him over");
    declared->adopt = PROV_ADOPT_CLAIM;
    thing *marked = make_thing();
    apr_cpystrn(marked->name, "dan", sizeof marked->name);
    apr_cpystrn(marked->type, "User", sizeof marked->type);
    apr_cpystrn(marked->external_id, "somebody else's", sizeof marked->external_id);
    put(user_type, &other, "dan", "ours");
    ok(settle() && link_of(&other).refused && !*there("User", "dan")->title,
       "one that bears a foreign externalId is left alone");
}

static void test_swap(void)
{
    prov_id one = prov_id_make(), two = prov_id_make();
    plan_faults(0, NULL);
    put(user_type, &one, "left", "1");
    put(user_type, &two, "right", "2");
    settle();
    put(user_type, &one, "between", "1");
    put(user_type, &two, "left", "2");
    put(user_type, &one, "right", "1");
    ok(settle(), "a swap of names settles");
    ok(there("User", "right") && strcmp(there("User", "right")->title, "1") == 0 &&
           there("User", "left") && strcmp(there("User", "left")->title, "2") == 0,
       "each has the other's name");
    is_int(target.creates, 2, "and nobody was made anew");
}

static void test_groups(void)
{
    prov_id group = prov_id_make(), in = prov_id_make(), late = prov_id_make();
    plan_faults(0, NULL);
    put(user_type, &in, "eve", NULL);
    put(user_type, &late, "fay", NULL);
    put(group_type, &group, "staff", NULL);
    join(&group, &in, true);
    join(&group, &late, true);
    ok(settle(), "a group settles");
    is_int(there("Group", "staff")->member_count, 2, "with both members");
    join(&group, &in, false);
    ok(settle() && there("Group", "staff")->member_count == 1, "one leaves");
    FAULTS(LOST_AFTER);
    join(&group, &in, true);
    ok(settle() && there("Group", "staff")->member_count == 2, "and comes back, an answer lost");
    apr_cpystrn(target.guilty, there("User", "eve")->id, sizeof target.guilty);
    join(&group, &in, false);
    join(&group, &late, false);
    ok(settle() && there("Group", "staff")->member_count == 1,
       "a change the target refuses does not hold up the others");
    *target.guilty = 0;
    delete (group_type, &group);
    ok(settle() && there("Group", "staff"), "a deleted group is kept under disable");
}

static void test_trouble(void)
{
    prov_id id = prov_id_make();
    FAULTS(UNAUTHORIZED, TOO_MANY, NOT_SENT);
    put(user_type, &id, "gil", "x");
    ok(settle() && there("User", "gil"),
       "wrong credentials, throttling and silence are waited out");
    plan_faults(0, NULL);
    there("User", "gil")->there = false;
    put(user_type, &id, "gil", "y");
    ok(settle() && there("User", "gil") && strcmp(there("User", "gil")->title, "y") == 0,
       "an account removed by others is made again");
    prov_id gone = prov_id_make();
    FAULTS(NOT_SENT, NOT_SENT, NOT_SENT);
    put(user_type, &gone, "hal", NULL);
    delete (user_type, &gone);
    ok(settle() && !there("User", "hal"), "a create no longer wanted vanishes");
}

static void test_manager(void)
{
    prov_id boss = prov_id_make(), clerk = prov_id_make();
    FAULTS(NOT_SENT, NOT_SENT);
    put(user_type, &boss, "boss", NULL);
    manager = &boss;
    put(user_type, &clerk, "clerk", NULL);
    manager = NULL;
    ok(settle() && there("User", "clerk"), "who has a manager settles");
    is_str(there("User", "clerk")->manager, there("User", "boss")->id,
           "and names him by his id there, though he came later");
}

static void test_delete_policy(void)
{
    prov_id id = prov_id_make();
    plan_faults(0, NULL);
    declared->deprovision = PROV_DEPROVISION_DELETE;
    put(user_type, &id, "ivy", NULL);
    settle();
    FAULTS(LOST_AFTER);
    delete (user_type, &id);
    ok(settle() && !there("User", "ivy"),
       "under delete a leaver is removed, an answer lost or not");
    declared->deprovision = PROV_DEPROVISION_DISABLE;
}

/* Leases of a process that nobody knows any more hold all of the target's budget. What is due
 * before they end must not wait for ever. */
static void test_lost_leases(void)
{
    uint32_t number = 0;
    prov_store_number(store, PROV_NUMBER_TARGET, "there/in-process", &number);
    prov_budget budget = { .concurrency = (int32_t)declared->concurrency };
    prov_lease lease = { .process = 4711, .until = apr_time_now() + apr_time_from_msec(50) };
    plan_faults(0, NULL);
    for (int i = 0; i < budget.concurrency; i++) {
        prov_id id = prov_id_make();
        prov_plan *plan = prov_plan_make(pool);
        later = apr_time_from_sec(3600);
        put(user_type, &id, apr_psprintf(pool, "leased%d", i), NULL);
        lease.claim++;
        prov_plan_claim(plan, &id, number, &lease, apr_time_now() + 2 * later, &budget);
        commit(plan, "claim");
    }
    later = -apr_time_from_sec(60);
    for (int i = 0; i < budget.concurrency; i++) {
        prov_id id = prov_id_make();
        put(user_type, &id, apr_psprintf(pool, "waiting%d", i), NULL);
    }
    later = 0;
    apr_time_t until = apr_time_now() + SETTLE_FOR;
    while (!there("User", "waiting0") && apr_time_now() < until)
        apr_sleep(2000);
    ok(there("User", "waiting0"), "lost leases give their budget back");
}

static bool wait_ahead(bool (*is)(const prov_id *id), const prov_id *id)
{
    apr_time_t until = apr_time_now() + SETTLE_FOR;
    while (!is(id) && apr_time_now() < until)
        apr_sleep(2000);
    return is(id);
}

static bool are_many(const prov_id *id)
{
    return !prov_ahead_is_low(engine, engine->reaches);
}

static bool is_first(const prov_id *id)
{
    return prov_ahead_begins_with(engine, engine->reaches, id);
}

/* While all threads are at work, with more ahead of each. */
static void test_urgent(void)
{
    prov_id leaver = prov_id_make();
    apr_time_t limit = config->settings.call_limit;
    plan_faults(0, NULL);
    put(user_type, &leaver, "leaver", NULL);
    settle();
    config->settings.call_limit = SETTLE_FOR;
    apr_thread_mutex_lock(target.lock);
    for (int i = 0; i < 60; i++) {
        prov_id id = prov_id_make();
        put(user_type, &id, apr_psprintf(pool, "comer%d", i), NULL);
    }
    ok(wait_ahead(are_many, NULL), "many are to come");
    delete (user_type, &leaver);
    ok(wait_ahead(is_first, &leaver), "who leaves goes before them");
    apr_thread_mutex_unlock(target.lock);
    ok(settle() && !there("User", "leaver")->active && there("User", "comer59"),
       "and all of it is done");
    config->settings.call_limit = limit;
}

int main(int argc, const char *const *argv)
{
    begin(argc, argv);
    test_create_and_update();
    test_ambiguous("lost before", LOST_BEFORE);
    test_ambiguous("lost after", LOST_AFTER);
    test_ambiguous("a server error", SERVER_ERROR);
    test_late();
    test_keep_policy();
    test_leaver_and_rehire();
    test_strangers();
    test_swap();
    test_groups();
    test_trouble();
    test_manager();
    test_delete_policy();
    test_urgent();
    test_lost_leases();
    end();
    return plan_done();
}
