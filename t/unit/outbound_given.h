/* Our side of the in-process target: an engine with its real pump, threads and store, and short
 * words for what its tests do with it. */
#ifndef OUTBOUND_GIVEN_H
#define OUTBOUND_GIVEN_H

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

static const char *role; /* the group of those who are to be there; NULL: everybody */

static void configure(void)
{
    config = prov_config_make(pool);
    config->settings.call_limit = apr_time_from_msec(60);
    config->settings.pool = 4;
    prov_idp *idp = prov_idp_make(pool, "there", "test");
    if (role)
        *(const char **)apr_array_push(idp->roles = apr_array_make(pool, 1, sizeof role)) = role;
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
    prov_plan_put(plan, id, prov_record_write(pool, &head, o));
    prov_touch now = touch(PROV_QUEUE_NORMAL);
    prov_outbound_owe(engine, plan, id, t, application, &now);
    prov_plan_touch(plan, id, &now);
    commit(plan, name);
}

__attribute__((unused)) static void delete (const prov_resource_type *t, const prov_id *id)
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

__attribute__((unused)) static prov_link link_of(const prov_id *id)
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
    apr_thread_mutex_lock(target.lock);
    thing *found = find_by(type, NULL, name);
    apr_thread_mutex_unlock(target.lock);
    return found;
}

__attribute__((unused)) static int count_named(const char *name)
{
    int count = 0;
    for (int i = 0; i < OBJECTS; i++)
        count += target.things[i].there && strcasecmp(target.things[i].name, name) == 0;
    return count;
}

__attribute__((unused)) static void plan_faults(int count, const fault *faults)
{
    apr_thread_mutex_lock(target.lock);
    for (int i = 0; i < count; i++)
        target.next[i] = faults[i];
    target.faults = count;
    target.creates = target.updates = target.removes = 0;
    apr_thread_mutex_unlock(target.lock);
}
#define FAULTS(...)                                                                                \
    plan_faults((int)(sizeof((fault[]){ __VA_ARGS__ }) / sizeof(fault)), (fault[]){ __VA_ARGS__ })

/* --- beginning and end ------------------------------------------------------------------------ */

static void begin(int argc, const char *const *argv)
{
    apr_app_initialize(&argc, &argv, NULL);
    apr_pool_create(&pool, NULL);
    apr_thread_mutex_create(&target.lock, APR_THREAD_MUTEX_DEFAULT, pool);
    open_all();
}

static void end(void)
{
    prov_engine_stop(engine);
    const char *folder = apr_psprintf(pool, "/dev/shm/provision-pump-%d", (int)getpid());
    const char *data = apr_pstrcat(pool, folder, "/data.mdb", NULL);
    const char *lock = apr_pstrcat(pool, folder, "/lock.mdb", NULL);
    apr_pool_destroy(pool);
    unlink(data);
    unlink(lock);
    rmdir(folder);
}

#endif
