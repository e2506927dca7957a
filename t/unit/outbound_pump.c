/* The engine with its real pump, threads and store, against a target that lives in this process and
 * fails on demand. Each scenario ends when nothing is left to do, then the target is looked at. */
#include "outbound/outbound.h"
#include "store/index.h"
#include "outbound_target.h"
#include "tap.h"
#include <apr_atomic.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <unistd.h>

#define SETTLE_FOR apr_time_from_sec(20)

/* --- our side ----------------------------------------------------------------------------------
 */

static apr_pool_t *pool;
static prov_store *store;
static prov_registry *registry;
static prov_engine *engine;
static prov_config *config;
static prov_connector_config *declared;
static const prov_application *application;
static const prov_resource_type *user_type, *group_type;
static uint16_t domain;

static apr_time_t later; /* when what is put next is due */

static prov_touch touch(uint8_t queue)
{
    return (
        prov_touch){ .now = apr_time_now() + later, .queue = queue, .trigger = PROV_TRIGGER_SCIM };
}

static void configure(void)
{
    config = prov_config_make(pool);
    config->settings.call_limit = apr_time_from_msec(60);
    config->settings.pool = 4;
    prov_idp *idp = prov_idp_make(pool, "there", "test");
    declared = prov_connector_config_make(pool, "in-process", no_options, sizeof(int), "test");
    declared->connector = &in_process;
    declared->idp = idp->name;
    declared->retry_first = apr_time_from_msec(5);
    declared->retry_max = apr_time_from_msec(40);
    APR_ARRAY_PUSH(idp->connectors, prov_connector_config *) = declared;
    APR_ARRAY_PUSH(config->idps, prov_idp *) = idp;
    prov_application *a = prov_application_make(pool, "resident", "test");
    prov_outbound_entry *entry = apr_array_push(a->outbound);
    memset(entry, 0, sizeof *entry);
    entry->idp = idp->name;
    entry->connector = "in-process";
    entry->target = declared;
    APR_ARRAY_PUSH(config->applications, prov_application *) = a;
    application = a;
}

static void open_all(void)
{
    uint32_t number = 0;
    prov_store_settings settings = { .backend = "lmdb",
                                     .location = apr_psprintf(pool, "/dev/shm/provision-pump-%d",
                                                              (int)getpid()),
                                     .size = 64 << 20,
                                     .tenant = "test" };
    registry = prov_registry_core(pool);
    prov_err *err = prov_store_open(pool, &settings, &store);
    if (!err)
        err = prov_store_bind(store, registry);
    if (!err)
        err = prov_store_number(store, PROV_NUMBER_DOMAIN, "PRIMARY", &number);
    domain = (uint16_t)number;
    user_type = prov_registry_type_named(registry, "User");
    group_type = prov_registry_type_named(registry, "Group");
    configure();
    prov_engine_settings s = {
        .store = store, .registry = registry, .config = config, .dispatch = true
    };
    if (!err)
        err = prov_engine_start(pool, &s, &engine);
    if (err) {
        printf("Bail out! %s\n", prov_err_text(pool, err));
        exit(1);
    }
}

static const prov_index_key *keys_of(const prov_resource_type *t, const prov_object *o, int *count)
{
    const prov_index_key *keys = NULL;
    prov_err *err = prov_index_keys(pool, t, o, &keys, count);
    return err ? NULL : keys;
}

static void commit(prov_plan *plan, const char *what)
{
    prov_verdict v;
    prov_store_submit(store, plan, &v);
    if (v.kind != PROV_DONE)
        ok(false, "%s: refused (%d, %d)", what, v.kind, v.why);
    prov_engine_nudge(engine);
}

static prov_object *current(const prov_resource_type *t, const prov_id *id, prov_head *head)
{
    prov_snapshot *n;
    prov_record rec;
    if (prov_store_read(store, pool, &n))
        return NULL;
    prov_object *o = NULL;
    if (prov_snapshot_resource(n, id, &rec)) {
        rec.bytes = prov_bytes_copy(pool, rec.bytes);
        o = prov_record_read(pool, registry, rec);
        *head = prov_record_head(rec);
    }
    prov_snapshot_end(n);
    return o;
}

static const prov_id *manager; /* of whom is put next; NULL: nobody */

/* Creates or renames; `title` NULL leaves it out. */
static void put(const prov_resource_type *t, const prov_id *id, const char *name, const char *title)
{
    prov_head head = { 0 };
    int count = 0;
    prov_plan *plan = prov_plan_make(pool);
    prov_object *was = current(t, id, &head), *o = prov_object_make(pool);
    prov_object_put_text(o, t->naming, name);
    if (title)
        prov_object_put_text(o, prov_schema_attr(t->schema, "title", 5), title);
    if (manager)
        prov_object_put_text(o, prov_schema_find(registry, t, MANAGER, sizeof MANAGER - 1, NULL),
                             prov_id_text(pool, manager));
    if (was)
        prov_plan_must_be_version(plan, id, head.version);
    const prov_index_key *keys = was ? keys_of(t, was, &count) : NULL;
    for (int i = 0; i < count; i++)
        prov_plan_unindex(plan, id, keys[i].attr, domain, keys[i].key, keys[i].unique);
    keys = keys_of(t, o, &count);
    for (int i = 0; i < count; i++)
        prov_plan_index(plan, id, keys[i].attr, domain, keys[i].key, keys[i].unique);
    head = (prov_head){ .type = t->number, .domain = domain, .created = apr_time_now() };
    prov_plan_put(plan, id, prov_record_write(pool, &head, o, NULL, NULL));
    prov_touch now = touch(PROV_QUEUE_NORMAL);
    prov_outbound_owe(engine, plan, id, t, application, &now);
    prov_plan_touch(plan, id, &now);
    commit(plan, name);
}

static void delete (const prov_resource_type *t, const prov_id *id)
{
    prov_head head;
    int count = 0;
    prov_plan *plan = prov_plan_make(pool);
    prov_object *was = current(t, id, &head);
    const prov_index_key *keys = keys_of(t, was, &count);
    for (int i = 0; i < count; i++)
        prov_plan_unindex(plan, id, keys[i].attr, domain, keys[i].key, keys[i].unique);
    prov_touch now = touch(PROV_QUEUE_URGENT);
    now.gone = true;
    prov_plan_delete(plan, id, &now);
    commit(plan, "delete");
}

static void join(const prov_id *group, const prov_id *member, bool in)
{
    prov_plan *plan = prov_plan_make(pool);
    prov_touch now = touch(PROV_QUEUE_NORMAL);
    if (in)
        prov_plan_member_add(plan, group, member, &now);
    else
        prov_plan_member_remove(plan, group, member, &now);
    prov_plan_moved(plan, group, &now);
    commit(plan, "membership");
}

static bool is_open(void *baton, const prov_link *l)
{
    int *open = baton;
    static const prov_id none;
    bool failed = l->refused == l->wanted && !l->attempt;
    if (prov_id_equal(&l->superseded_by, &none) &&
        ((l->applied != l->wanted && !failed) || l->attempt || l->verify || l->lease.process))
        (*open)++;
    return true;
}

/* Until no link has work left, and no verification is outstanding. */
static bool settle(void)
{
    apr_time_t until = apr_time_now() + SETTLE_FOR;
    uint32_t number = 0;
    prov_store_number(store, PROV_NUMBER_TARGET, "there/in-process", &number);
    while (apr_time_now() < until) {
        prov_snapshot *n;
        int open = 0;
        if (prov_store_read(store, pool, &n))
            return false;
        prov_snapshot_links_at(n, number, NULL, is_open, &open);
        prov_snapshot_end(n);
        if (!open)
            return true;
        apr_sleep(2000);
    }
    return false;
}

static prov_link link_of(const prov_id *id)
{
    prov_snapshot *n;
    prov_link l = { 0 };
    uint32_t number = 0;
    prov_store_number(store, PROV_NUMBER_TARGET, "there/in-process", &number);
    if (prov_store_read(store, pool, &n))
        return l;
    if (prov_snapshot_link(n, id, number, &l))
        l.remote = prov_bytes_copy(pool, l.remote);
    prov_snapshot_end(n);
    return l;
}

static thing *there(const char *type, const char *name)
{
    return find_by(type, NULL, name);
}

static int count_named(const char *name)
{
    int count = 0;
    for (int i = 0; i < OBJECTS; i++)
        count += target.things[i].there && strcasecmp(target.things[i].name, name) == 0;
    return count;
}

static void plan_faults(int count, const fault *faults)
{
    apr_thread_mutex_lock(target.lock);
    memcpy(target.next, faults, sizeof *faults * (size_t)count);
    target.faults = count;
    target.creates = target.updates = target.removes = 0;
    apr_thread_mutex_unlock(target.lock);
}
#define FAULTS(...)                                                                                \
    plan_faults((int)(sizeof((fault[]){ __VA_ARGS__ }) / sizeof(fault)), (fault[]){ __VA_ARGS__ })

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

int main(int argc, const char *const *argv)
{
    apr_app_initialize(&argc, &argv, NULL);
    apr_pool_create(&pool, NULL);
    apr_thread_mutex_create(&target.lock, APR_THREAD_MUTEX_DEFAULT, pool);
    open_all();
    test_create_and_update();
    test_ambiguous("lost before", LOST_BEFORE);
    test_ambiguous("lost after", LOST_AFTER);
    test_ambiguous("a server error", SERVER_ERROR);
    test_leaver_and_rehire();
    test_strangers();
    test_swap();
    test_groups();
    test_trouble();
    test_manager();
    test_delete_policy();
    test_lost_leases();
    prov_engine_stop(engine);
    const char *folder = apr_psprintf(pool, "/dev/shm/provision-pump-%d", (int)getpid());
    const char *data = apr_pstrcat(pool, folder, "/data.mdb", NULL);
    const char *lock = apr_pstrcat(pool, folder, "/lock.mdb", NULL);
    apr_pool_destroy(pool);
    unlink(data);
    unlink(lock);
    rmdir(folder);
    return plan_done();
}
