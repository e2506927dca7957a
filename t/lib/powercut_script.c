#include "powercut_script.h"
#include "powercut_disk.h"

#include "store/index.h"

#include <apr_strings.h>
#include <string.h>

#define ROLL 500 /* bytes of a name, so that records differ in size */

enum { OF_USER = 1, OF_GROUP, OF_COUNTER, OF_SHARED };

static const prov_touch touch = {
    .now = 100, .queue = PROV_QUEUE_NORMAL, .trigger = PROV_TRIGGER_SCIM, .application = 1
};

/* --- ids and names -------------------------------------------------------------------------- */

static prov_id id_of(int kind, int writer, int number, int born)
{
    uint64_t state =
        (uint64_t)kind << 48 | (uint64_t)writer << 32 | (uint64_t)number << 16 | (uint64_t)born;
    prov_id id;
    uint64_t halves[] = { disk_random(&state), disk_random(&state) };
    memcpy(id.b, halves, sizeof id.b);
    return id;
}

static prov_id user_id(const script *s, int u)
{
    return id_of(OF_USER, s->writer, u, s->users[u].born);
}

static prov_id group_id(const script *s, int g)
{
    return id_of(OF_GROUP, s->writer, g, 0);
}

static prov_id counter_id(int writer)
{
    return id_of(OF_COUNTER, writer, 0, 0);
}

static prov_id shared_id(void)
{
    return id_of(OF_SHARED, 0, 0, 0);
}

static const char *user_name(apr_pool_t *p, const script *s, int u)
{
    const script_user *user = &s->users[u];
    char tail[ROLL];
    size_t len = (size_t)(user->named * 37 + u * 11) % (ROLL - 1);
    memset(tail, 'x', len);
    tail[len] = '\0';
    return apr_psprintf(p, "user%d.%d.%d.%d%s", s->writer, u, user->born, user->named, tail);
}

static const char *group_name(apr_pool_t *p, const script *s, int g)
{
    return apr_psprintf(p, "group%d.%d", s->writer, g);
}

static const char *counter_name(apr_pool_t *p, int writer)
{
    return apr_psprintf(p, "counter%d", writer);
}

/* --- plans ---------------------------------------------------------------------------------- */

static prov_record record_of(apr_pool_t *p, const script_world *w, const prov_resource_type *t,
                             const char *name, uint64_t version)
{
    prov_head head = { .type = t->number,
                       .domain = (uint16_t)w->domain,
                       .version = version,
                       .created = 50,
                       .modified = 50 };
    prov_object *o = prov_object_make(p);
    prov_object_put_text(o, t->naming, name);
    return prov_record_write(p, &head, o);
}

static prov_bytes key_of(apr_pool_t *p, const prov_resource_type *t, const char *name)
{
    prov_bytes key = { NULL, 0 };
    prov_index_key_of(p, t->naming, prov_bytes_of(name), &key);
    return key;
}

static void put(apr_pool_t *p, prov_plan *plan, const script_world *w, const prov_id *id,
                const prov_resource_type *t, const char *name)
{
    prov_plan_put(plan, id, record_of(p, w, t, name, 0));
    prov_plan_index(plan, id, t->naming->number, (uint16_t)w->domain, key_of(p, t, name),
                    t == w->user);
}

prov_err *script_know(prov_store *s, apr_pool_t *p, script_world *w)
{
    prov_registry *registry = prov_registry_core(p);
    prov_err *err = prov_store_bind(s, registry);
    w->registry = registry;
    w->user = prov_registry_type_named(registry, "User");
    w->group = prov_registry_type_named(registry, "Group");
    if (!err)
        err = prov_store_number(s, PROV_NUMBER_DOMAIN, "PRIMARY", &w->domain);
    if (!err)
        err = prov_store_number(s, PROV_NUMBER_TARGET, "partner/scim2", &w->target);
    if (!err)
        err = prov_store_number(s, PROV_NUMBER_APPLICATION, "hr", &w->application);
    return err;
}

const prov_plan *script_first(apr_pool_t *p, const script_world *w)
{
    static const uint8_t digest[32] = "declared";
    prov_plan *plan = prov_plan_make(p);
    prov_id shared = shared_id();
    prov_plan_target_declare(plan, w->target, true, digest);
    put(p, plan, w, &shared, w->group, "shared");
    prov_plan_grant(plan, &shared, w->group->number, w->target, (uint16_t)w->application, &touch);
    for (int i = 0; i < SCRIPT_WRITERS; i++) {
        prov_id counter = counter_id(i);
        put(p, plan, w, &counter, w->user, counter_name(p, i));
    }
    return plan;
}

/* --- steps: each changes the plan and the script alike --------------------------------------- */

typedef struct step {
    apr_pool_t *pool;
    const script_world *world;
    script *script;
    prov_plan *plan;
    int u, g;
} step;

typedef void step_fn(step *s);

static void step_make(step *s)
{
    script_user *user = &s->script->users[s->u];
    *user = (script_user){ .there = true, .born = user->born + 1, .version = 1 };
    prov_id id = user_id(s->script, s->u);
    put(s->pool, s->plan, s->world, &id, s->world->user, user_name(s->pool, s->script, s->u));
}

static void unindex(step *s, const prov_id *id)
{
    const prov_resource_type *t = s->world->user;
    prov_plan_unindex(s->plan, id, t->naming->number, (uint16_t)s->world->domain,
                      key_of(s->pool, t, user_name(s->pool, s->script, s->u)), true);
}

static void step_rename(step *s)
{
    script_user *user = &s->script->users[s->u];
    prov_id id = user_id(s->script, s->u);
    prov_plan_must_be_version(s->plan, &id, user->version);
    unindex(s, &id);
    user->named++;
    user->version++;
    user->wanted += user->granted;
    put(s->pool, s->plan, s->world, &id, s->world->user, user_name(s->pool, s->script, s->u));
    prov_plan_touch(s->plan, &id, &touch);
}

static void step_delete(step *s)
{
    prov_id id = user_id(s->script, s->u);
    unindex(s, &id);
    prov_plan_delete(s->plan, &id, &touch);
    for (int g = 0; g < SCRIPT_GROUPS; g++) {
        script_group *group = &s->script->groups[g];
        if (!(group->members & 1u << s->u))
            continue;
        group->members &= ~(1u << s->u);
        group->version++;
        group->wanted += group->granted;
    }
    s->script->users[s->u].there = false;
}

static void step_grant(step *s)
{
    script_user *user = &s->script->users[s->u];
    prov_id id = user_id(s->script, s->u);
    prov_plan_grant(s->plan, &id, s->world->user->number, s->world->target,
                    (uint16_t)s->world->application, &touch);
    user->wanted += !user->granted;
    user->granted = true;
}

static void step_touch(step *s)
{
    prov_id id = user_id(s->script, s->u);
    prov_plan_touch(s->plan, &id, &touch);
    s->script->users[s->u].wanted += s->script->users[s->u].granted;
}

static const char *hash_of(apr_pool_t *p, uint64_t version)
{
    return apr_psprintf(p, "$y$credential%" APR_UINT64_T_FMT, version);
}

static void step_credential(step *s)
{
    prov_id id = user_id(s->script, s->u);
    uint64_t version = ++s->script->users[s->u].credential;
    prov_plan_credential(s->plan, &id, prov_bytes_of(hash_of(s->pool, version)));
}

static void step_group(step *s)
{
    script_group *group = &s->script->groups[s->g];
    prov_id id = group_id(s->script, s->g);
    *group = (script_group){ .there = true, .granted = true, .version = 1, .wanted = 1 };
    put(s->pool, s->plan, s->world, &id, s->world->group, group_name(s->pool, s->script, s->g));
    prov_plan_grant(s->plan, &id, s->world->group->number, s->world->target,
                    (uint16_t)s->world->application, &touch);
}

static void step_join(step *s)
{
    script_group *group = &s->script->groups[s->g];
    script_user *user = &s->script->users[s->u];
    prov_id id = group_id(s->script, s->g), member = user_id(s->script, s->u);
    if (group->members & 1u << s->u)
        prov_plan_member_remove(s->plan, &id, &member, &touch);
    else
        prov_plan_member_add(s->plan, &id, &member, &touch);
    prov_plan_moved(s->plan, &id, &touch);
    group->members ^= 1u << s->u;
    group->version++;
    group->wanted += group->granted;
    user->wanted += user->granted;
}

static step_fn *choose(step *s)
{
    static step_fn *const for_users[] = { step_rename, step_delete, step_grant,
                                          step_grant,  step_touch,  step_credential };
    uint64_t dice = disk_random(&s->script->random);
    s->u = (int)(dice % SCRIPT_USERS);
    s->g = (int)(dice >> 8) & (SCRIPT_GROUPS - 1);
    if (!s->script->groups[s->g].there)
        return step_group;
    if (!s->script->users[s->u].there)
        return step_make;
    unsigned which = (dice >> 16) % 10;
    return which < sizeof for_users / sizeof *for_users ? for_users[which] : step_join;
}

void script_begin(script *s, uint64_t seed, int writer)
{
    memset(s, 0, sizeof *s);
    s->random = seed * SCRIPT_WRITERS + (uint64_t)writer;
    s->writer = writer;
}

/* Besides its own change each step counts, joins or leaves the shared group, and is in the
 * journal. */
const prov_plan *script_step(apr_pool_t *p, const script_world *w, script *s)
{
    prov_id counter = counter_id(s->writer), shared = shared_id();
    prov_journal row = { .time = 100, .operation = PROV_REPLACED, .resource = counter };
    step now = { .pool = p, .world = w, .script = s, .plan = prov_plan_make(p) };
    put(p, now.plan, w, &counter, w->user, counter_name(p, s->writer));
    if (s->steps % 2)
        prov_plan_member_remove(now.plan, &shared, &counter, &touch);
    else
        prov_plan_member_add(now.plan, &shared, &counter, &touch);
    prov_plan_moved(now.plan, &shared, &touch);
    choose (&now)(&now);
    prov_plan_journal(now.plan, &row);
    s->steps++;
    return now.plan;
}

/* --- what a store must hold ------------------------------------------------------------------ */

static bool holds(apr_pool_t *p, const script_world *w, prov_snapshot *n, const prov_id *id,
                  const prov_resource_type *t, const char *name, uint64_t version)
{
    prov_record rec;
    prov_id found;
    if (!prov_snapshot_resource(n, id, &rec))
        return false;
    prov_record want = record_of(p, w, t, name, version);
    uint8_t head[PROV_RECORD_HEAD];
    prov_head is = prov_record_head(rec), should = prov_record_head(want);
    should.modified = is.modified; /* whoever moved it last */
    memcpy(head, want.bytes.data, sizeof head);
    prov_record_set_head(head, &should);
    if (rec.bytes.len != want.bytes.len || memcmp(rec.bytes.data, head, sizeof head) != 0 ||
        memcmp(rec.bytes.data + sizeof head, want.bytes.data + sizeof head,
               rec.bytes.len - sizeof head) != 0)
        return false;
    return t != w->user || (prov_snapshot_unique(n, t->naming->number, (uint16_t)w->domain,
                                                 key_of(p, t, name), &found) &&
                            prov_id_equal(&found, id));
}

static bool link_holds(const script_world *w, prov_snapshot *n, const prov_id *id, bool granted,
                       uint64_t wanted)
{
    prov_link link;
    bool linked = prov_snapshot_link(n, id, w->target, &link);
    return linked == granted && (!linked || link.wanted == wanted) &&
           prov_snapshot_granted(n, id, w->target, (uint16_t)w->application) == granted;
}

static const char *user_differs(apr_pool_t *p, const script_world *w, prov_snapshot *n,
                                const script *s, int u)
{
    const script_user *user = &s->users[u];
    prov_id id = user_id(s, u);
    prov_record rec;
    prov_credential c;
    if (!user->there)
        return prov_snapshot_resource(n, &id, &rec) ? apr_psprintf(p, "user %d is there", u) : NULL;
    if (!holds(p, w, n, &id, w->user, user_name(p, s, u), user->version))
        return apr_psprintf(p, "user %d is not the one of its version", u);
    if (!link_holds(w, n, &id, user->granted, user->wanted))
        return apr_psprintf(p, "user %d has another link or grant", u);
    bool has = prov_snapshot_credential(n, &id, &c);
    if (has != (user->credential > 0) ||
        (has && (c.version != user->credential ||
                 !prov_bytes_equal(c.hash, prov_bytes_of(hash_of(p, c.version))))))
        return apr_psprintf(p, "user %d has another credential", u);
    return NULL;
}

static const char *group_differs(apr_pool_t *p, const script_world *w, prov_snapshot *n,
                                 const script *s, int g)
{
    const script_group *group = &s->groups[g];
    prov_id id = group_id(s, g);
    prov_record rec;
    if (!group->there)
        return prov_snapshot_resource(n, &id, &rec) ? apr_psprintf(p, "group %d is there", g)
                                                    : NULL;
    if (!holds(p, w, n, &id, w->group, group_name(p, s, g), group->version))
        return apr_psprintf(p, "group %d is not the one of its version", g);
    if (!link_holds(w, n, &id, group->granted, group->wanted))
        return apr_psprintf(p, "group %d has another link or grant", g);
    for (int u = 0; u < SCRIPT_USERS; u++) {
        prov_id member = user_id(s, u);
        bool want = group->members & 1u << u;
        if (prov_snapshot_is_member(n, &id, &member) != want)
            return apr_psprintf(p, "group %d: member %d should %sbe there", g, u,
                                want ? "" : "not ");
    }
    return NULL;
}

int script_steps_in(prov_snapshot *n, int writer)
{
    prov_id id = counter_id(writer);
    prov_record rec;
    if (!prov_snapshot_resource(n, &id, &rec))
        return -1;
    return (int)prov_record_head(rec).version - 1;
}

const char *script_differs(apr_pool_t *p, const script_world *w, prov_snapshot *n, const script *s)
{
    const char *how = NULL;
    for (int u = 0; !how && u < SCRIPT_USERS; u++)
        how = user_differs(p, w, n, s, u);
    for (int g = 0; !how && g < SCRIPT_GROUPS; g++)
        how = group_differs(p, w, n, s, g);
    return how;
}

typedef struct journal {
    uint64_t rows;
    bool gap;
} journal;

static bool note_row(void *baton, const prov_journal *row)
{
    journal *j = baton;
    j->gap |= row->number != ++j->rows;
    return true;
}

const char *script_shared_differs(apr_pool_t *p, const script_world *w, prov_snapshot *n,
                                  const int steps[SCRIPT_WRITERS])
{
    journal j = { 0, false };
    prov_id shared = shared_id();
    uint64_t all = 0;
    for (int i = 0; i < SCRIPT_WRITERS; i++) {
        prov_id counter = counter_id(i);
        all += (uint64_t)steps[i];
        if (prov_snapshot_is_member(n, &shared, &counter) != (steps[i] % 2 == 1))
            return apr_psprintf(p, "counter %d in the shared group", i);
        if (!holds(p, w, n, &counter, w->user, counter_name(p, i), (uint64_t)steps[i] + 1))
            return apr_psprintf(p, "counter %d", i);
    }
    if (!holds(p, w, n, &shared, w->group, "shared", all + 1) ||
        !link_holds(w, n, &shared, true, all + 1))
        return "the shared group";
    prov_snapshot_journal(n, 0, note_row, &j);
    return j.gap || j.rows != all ? "the journal" : NULL;
}
