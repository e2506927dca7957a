/* A fresh store and short words for what the contract's tests do with it. The store is the one
 * that STORE_LOCATION ("backend:location") names, else LMDB in memory-backed storage. Each test
 * has a folder of its own below the location. */
#ifndef STORE_GIVEN_H
#define STORE_GIVEN_H

#include "base/crypt.h"
#include "store/index.h"
#include "store/store.h"
#include "tap.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <unistd.h>

#define S(seconds) apr_time_from_sec(seconds)

static apr_pool_t *p;      /* of the test */
static apr_pool_t *opened; /* of the open store */
static prov_store *store;
static prov_store_settings settings;
static prov_registry *registry;
static const prov_resource_type *user_type, *group_type;
static uint16_t user_name, external_id;
static uint32_t domain, target, target2, application;
static char root[200];

__attribute__((unused)) static const prov_touch soon = {
    .now = S(100), .queue = PROV_QUEUE_NORMAL, .trigger = PROV_TRIGGER_SCIM, .application = 1
};

__attribute__((unused)) static prov_err *open_store(void)
{
    apr_pool_create(&opened, p);
    return prov_store_open(opened, &settings, &store);
}

__attribute__((unused)) static void close_store(void)
{
    apr_pool_destroy(opened);
}

static void fatal(const prov_err *err)
{
    if (err) {
        printf("Bail out! %s\n", prov_err_text(p, err));
        exit(EXIT_FAILURE);
    }
}

static void know_numbers(void)
{
    registry = prov_registry_core(opened);
    fatal(prov_store_bind(store, registry));
    user_type = prov_registry_type_named(registry, "User");
    group_type = prov_registry_type_named(registry, "Group");
    user_name = prov_schema_attr(user_type->schema, "userName", 8)->number;
    external_id = prov_schema_common(registry, "externalId")->number;
    fatal(prov_store_number(store, PROV_NUMBER_DOMAIN, "PRIMARY", &domain));
    fatal(prov_store_number(store, PROV_NUMBER_TARGET, "partner/scim2", &target));
    fatal(prov_store_number(store, PROV_NUMBER_TARGET, "other/scim2", &target2));
    fatal(prov_store_number(store, PROV_NUMBER_APPLICATION, "hr", &application));
}

/* A store that nobody has used. */
__attribute__((unused)) static void given_store(const char *name)
{
    static int count;
    const char *location = getenv("STORE_LOCATION");
    if (p)
        apr_pool_destroy(p);
    apr_pool_create(&p, NULL);
    printf("# %s\n", name);
    char *colon = location ? strchr(location, ':') : NULL;
    if (!root[0]) {
        snprintf(root, sizeof root, "/dev/shm/store_contract.%ld", (long)getpid());
        apr_dir_make(root, APR_FPROT_OS_DEFAULT, p);
    }
    settings = (prov_store_settings){
        .backend = colon ? apr_pstrmemdup(p, location, (size_t)(colon - location)) : "lmdb",
        .location = apr_psprintf(p, "%s/%d", colon ? colon + 1 : root, ++count),
        .size = 64 << 20,
        .tenant = "example.com",
    };
    memset(settings.key_check, 7, sizeof settings.key_check);
    if (!colon)
        apr_dir_make(settings.location, APR_FPROT_OS_DEFAULT, p);
    fatal(open_store());
    know_numbers();
}

static void remove_folder(const char *path)
{
    apr_dir_t *dir;
    apr_finfo_t entry;
    apr_pool_t *scratch;
    apr_pool_create(&scratch, NULL);
    if (apr_dir_open(&dir, path, scratch) == APR_SUCCESS) {
        while (apr_dir_read(&entry, APR_FINFO_TYPE | APR_FINFO_NAME, dir) == APR_SUCCESS) {
            if (entry.name[0] == '.')
                continue;
            const char *inner = apr_psprintf(scratch, "%s/%s", path, entry.name);
            if (entry.filetype == APR_DIR)
                remove_folder(inner);
            else
                apr_file_remove(inner, scratch);
        }
        apr_dir_close(dir);
        apr_dir_remove(path, scratch);
    }
    apr_pool_destroy(scratch);
}

__attribute__((unused)) static int stores_done(void)
{
    apr_pool_destroy(p);
    remove_folder(root);
    apr_terminate();
    return plan_done();
}

/* --- writing -------------------------------------------------------------------------------------
 */

__attribute__((unused)) static prov_plan *plan(void)
{
    return prov_plan_make(p);
}

__attribute__((unused)) static prov_verdict submit(const prov_plan *plan)
{
    prov_verdict v;
    memset(&v, 0x55, sizeof v);
    prov_store_submit(store, plan, &v);
    return v;
}

/* The plan is carried out. */
__attribute__((unused)) static prov_verdict done(const prov_plan *plan, const char *what)
{
    prov_verdict v = submit(plan);
    if (!ok(v.kind == PROV_DONE, "%s", what))
        printf("# verdict %d, refusal %d\n", v.kind, v.why);
    return v;
}

/* The plan is refused, for this reason. */
__attribute__((unused)) static prov_verdict refused(const prov_plan *plan, prov_refusal why,
                                                    const char *what)
{
    prov_verdict v = submit(plan);
    if (!ok(v.kind == PROV_REFUSED && v.why == why, "%s", what))
        printf("# verdict %d, refusal %d, want %d\n", v.kind, v.why, why);
    return v;
}

__attribute__((unused)) static prov_record record(const prov_resource_type *t, const char *name)
{
    prov_head head = { .type = t->number, .domain = (uint16_t)domain };
    head.created = head.modified = S(50);
    prov_object *o = prov_object_make(p);
    prov_object_put_text(o, t->naming, name);
    return prov_record_write(p, &head, o);
}

__attribute__((unused)) static prov_bytes key_of(const prov_resource_type *t, const char *name)
{
    prov_bytes key = { NULL, 0 };
    prov_index_key_of(p, t->naming, prov_bytes_of(name), &key);
    return key;
}

__attribute__((unused)) static void plan_index(prov_plan *plan, const prov_id *id,
                                               const prov_resource_type *t, const char *name)
{
    prov_plan_index(plan, id, t->naming->number, (uint16_t)domain, key_of(t, name), t == user_type);
}

__attribute__((unused)) static void plan_unindex(prov_plan *plan, const prov_id *id,
                                                 const prov_resource_type *t, const char *name)
{
    prov_plan_unindex(plan, id, t->naming->number, (uint16_t)domain, key_of(t, name),
                      t == user_type);
}

__attribute__((unused)) static prov_id make(const prov_resource_type *t, const char *name)
{
    prov_id id = prov_id_make();
    prov_plan *make = plan();
    prov_plan_put(make, &id, record(t, name));
    plan_index(make, &id, t, name);
    if (submit(make).kind != PROV_DONE)
        ok(false, "%s is made", name);
    return id;
}

__attribute__((unused)) static prov_id make_user(const char *name)
{
    return make(user_type, name);
}

__attribute__((unused)) static prov_id make_group(const char *name)
{
    return make(group_type, name);
}

__attribute__((unused)) static void join(const prov_id *group, const prov_id *member)
{
    prov_plan *join = plan();
    prov_plan_member_add(join, group, member, &soon);
    prov_plan_moved(join, group, &soon);
    done(join, "a member joins");
}

/* --- reading -------------------------------------------------------------------------------------
 */

__attribute__((unused)) static prov_snapshot *see(void)
{
    prov_snapshot *n;
    fatal(prov_store_read(store, p, &n));
    return n;
}

typedef struct seen {
    int count, most;
    prov_id ids[8];
} seen;

__attribute__((unused)) static bool note_id(void *baton, const prov_id *id)
{
    seen *s = baton;
    if (s->count < 8)
        s->ids[s->count] = *id;
    s->count++;
    return s->most == 0 || s->count < s->most;
}

__attribute__((unused)) static uint64_t version_of(const prov_id *id)
{
    prov_record rec;
    prov_snapshot *n = see();
    uint64_t version = prov_snapshot_resource(n, id, &rec) ? prov_record_head(rec).version : 0;
    prov_snapshot_end(n);
    return version;
}

typedef struct faults {
    int count;
    char last[200];
} faults;

__attribute__((unused)) static void note_fault(void *baton, const char *sentence)
{
    faults *f = baton;
    f->count++;
    apr_cpystrn(f->last, sentence, sizeof f->last);
}

__attribute__((unused)) static int check(void)
{
    faults found = { 0 };
    int64_t looked_at = 0;
    fatal(prov_store_check(store, p, registry, note_fault, &found, &looked_at));
    if (found.count)
        printf("# %d: %s\n", found.count, found.last);
    return found.count;
}

#endif
