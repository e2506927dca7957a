/* A target in memory, as a connector of this process: it fails when told to. */
#ifndef OUTBOUND_TARGET_H
#define OUTBOUND_TARGET_H

#include "outbound/connector/mod_provision.h"
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#ifndef OBJECTS
#define OBJECTS 32
#endif
#define MEMBERS OBJECTS
#define LATE_BY apr_time_from_msec(90) /* after the test's call limit, before it is verified */

typedef enum {
    FINE,
    NOT_SENT,
    LOST_BEFORE,
    LOST_AFTER,
    LATE, /* lost, and applied when it is no longer waited for */
    SERVER_ERROR,
    UNAUTHORIZED,
    TOO_MANY
} fault;

typedef struct thing {
    bool there;
    char id[16], name[80], external_id[64], type[8];
    bool active;
    char title[40], manager[16];
    char members[MEMBERS][16];
    int member_count;
} thing;

static struct {
    apr_thread_mutex_t *lock;
    thing things[OBJECTS];
    int made; /* ids given */
    fault next[8];
    int faults;
    int creates, updates, removes, finds;
    char guilty[16]; /* a member it will not have */
    bool keeps;      /* whoever is a member stays one */
    struct {
        thing *group; /* gets this member before the next search is answered */
        char id[16];
    } arrives;
    bool vanishes;               /* what the next search shows is gone after it */
    void (*during)(prov_call *); /* the next create or update, before it is done */
    struct {
        apr_time_t at; /* 0: nothing is on its way */
        char id[16], title[40];
    } late;
} target;

static fault take_fault(void)
{
    if (!target.faults)
        return FINE;
    fault f = target.next[0];
    memmove(target.next, target.next + 1, sizeof target.next - sizeof *target.next);
    target.faults--;
    return f;
}

__attribute__((unused)) static int faults_left(void)
{
    apr_thread_mutex_lock(target.lock);
    int left = target.faults;
    apr_thread_mutex_unlock(target.lock);
    return left;
}

static prov_answer answered(int status)
{
    return (prov_answer){ .end = PROV_CALL_ANSWERED, .status = status, .excerpt = "from the test" };
}

/* What the caller sees before anything was applied, if it is to fail there. */
static bool fails_before(fault f, prov_answer *a)
{
    static const struct {
        prov_call_end end;
        int status;
    } ends[] = { [NOT_SENT] = { PROV_CALL_NOT_SENT, 0 },
                 [LOST_BEFORE] = { PROV_CALL_LOST, 0 },
                 [LATE] = { PROV_CALL_LOST, 0 },
                 [UNAUTHORIZED] = { PROV_CALL_ANSWERED, 401 },
                 [TOO_MANY] = { PROV_CALL_ANSWERED, 429 } };
    if (f == FINE || f == LOST_AFTER || f == SERVER_ERROR)
        return false;
    *a = (prov_answer){ .end = ends[f].end, .status = ends[f].status, .excerpt = "planned" };
    return true;
}

static prov_answer after(fault f, int status)
{
    if (f == LOST_AFTER)
        return (prov_answer){ .end = PROV_CALL_LOST, .excerpt = "planned" };
    return answered(f == SERVER_ERROR ? 500 : status);
}

#define MANAGER PROV_URN_ENTERPRISE ":manager.value"

static const prov_attr *attr_of(prov_call *call, const char *name)
{
    return prov_schema_find(call->registry, call->type, name, strlen(name), NULL);
}

static const char *text_of(prov_call *call, const prov_object *o, const char *name)
{
    const prov_attr *a = attr_of(call, name);
    const prov_value *v = a ? prov_object_first(o, a) : NULL;
    return v ? prov_bytes_text(call->pool, v->text) : "";
}

static void take(prov_call *call, thing *t, const prov_object *o)
{
    const prov_attr *active = prov_schema_attr(call->type->schema, "active", 6);
    const prov_value *v = active ? prov_object_first(o, active) : NULL;
    const char *name = text_of(call, o, call->type->naming->name);
    if (*name) /* nobody there is without one */
        apr_cpystrn(t->name, name, sizeof t->name);
    apr_cpystrn(t->external_id, text_of(call, o, "externalId"), sizeof t->external_id);
    apr_cpystrn(t->title, text_of(call, o, "title"), sizeof t->title);
    apr_cpystrn(t->manager, text_of(call, o, MANAGER), sizeof t->manager);
    apr_cpystrn(t->type, call->type->name, sizeof t->type);
    t->active = !v || v->boolean;
}

static void show(prov_call *call, const thing *t, prov_remote *r)
{
    prov_object *o = prov_object_make(call->pool);
    const prov_attr *active = prov_schema_attr(call->type->schema, "active", 6);
    const prov_attr *title = prov_schema_attr(call->type->schema, "title", 5);
    r->id = apr_pstrdup(call->pool, t->id);
    r->name = apr_pstrdup(call->pool, t->name);
    r->external_id = *t->external_id ? apr_pstrdup(call->pool, t->external_id) : NULL;
    prov_object_put_text(o, call->type->naming, r->name);
    if (r->external_id)
        prov_object_put_text(o, prov_schema_common(call->registry, "externalId"), r->external_id);
    if (title && *t->title)
        prov_object_put_text(o, title, apr_pstrdup(call->pool, t->title));
    if (*t->manager)
        prov_object_put_text(o, attr_of(call, MANAGER), apr_pstrdup(call->pool, t->manager));
    if (active)
        prov_object_put_boolean(o, active, t->active);
    r->object = o;
    prov_member_ref *members = apr_pcalloc(call->pool, sizeof *members * MEMBERS);
    for (int i = 0; i < t->member_count; i++)
        members[i].value = prov_bytes_of(apr_pstrdup(call->pool, t->members[i]));
    r->members = members;
    r->member_count = t->member_count;
}

static thing *find_by(const char *type, const char *id, const char *name)
{
    for (int i = 0; i < OBJECTS; i++) {
        thing *t = &target.things[i];
        if (t->there && strcmp(t->type, type) == 0 &&
            ((id && strcmp(t->id, id) == 0) || (name && strcasecmp(t->name, name) == 0)))
            return t;
    }
    return NULL;
}

static thing *make_thing(void)
{
    thing *t = &target.things[0];
    while (t->there)
        t++;
    memset(t, 0, sizeof *t);
    t->there = true;
    snprintf(t->id, sizeof t->id, "r%d", ++target.made);
    return t;
}

/* What was on its way has arrived. */
static void arrive(const char *type)
{
    thing *t = find_by(type, target.late.id, NULL);
    if (!target.late.at || apr_time_now() < target.late.at)
        return;
    if (t)
        apr_cpystrn(t->title, target.late.title, sizeof t->title);
    target.late.at = 0;
}

static void wait_for_it(prov_call *call)
{
    void (*during)(prov_call *) = target.during;
    target.during = NULL;
    if (during)
        during(call);
}

static prov_answer create(prov_call *call, const prov_object *wanted, prov_remote *remote)
{
    prov_answer a;
    apr_thread_mutex_lock(target.lock);
    fault f = take_fault();
    target.creates++;
    wait_for_it(call);
    if (!fails_before(f, &a)) {
        if (find_by(call->type->name, NULL, text_of(call, wanted, call->type->naming->name)))
            a = answered(409);
        else {
            thing *t = make_thing();
            take(call, t, wanted);
            show(call, t, remote);
            a = after(f, 201);
        }
    }
    apr_thread_mutex_unlock(target.lock);
    return a;
}

static prov_answer read_one(prov_call *call, const char *id, prov_remote *remote)
{
    apr_thread_mutex_lock(target.lock);
    arrive(call->type->name);
    thing *t = find_by(call->type->name, id, NULL);
    if (t)
        show(call, t, remote);
    apr_thread_mutex_unlock(target.lock);
    return answered(t ? 200 : 404);
}

static void change_member(thing *group, const prov_member_change *c)
{
    for (int i = 0; i < group->member_count; i++)
        if (strcmp(group->members[i], c->remote_id) == 0) {
            memmove(group->members[i], group->members[i + 1],
                    (size_t)(MEMBERS - i - 1) * sizeof *group->members);
            group->member_count--;
            break;
        }
    if (c->add)
        apr_cpystrn(group->members[group->member_count++], c->remote_id, sizeof *group->members);
}

static prov_answer find(prov_call *call, const char *key, const char *value, prov_remote *found,
                        int most, int *count)
{
    bool by_external = strcmp(key, "externalId") == 0;
    *count = 0;
    apr_thread_mutex_lock(target.lock);
    target.finds++;
    if (target.arrives.group)
        change_member(target.arrives.group,
                      &(prov_member_change){ .remote_id = target.arrives.id, .add = true });
    target.arrives.group = NULL;
    for (int i = 0; i < OBJECTS && *count < most; i++) {
        thing *t = &target.things[i];
        if (t->there && strcmp(t->type, call->type->name) == 0 &&
            strcasecmp(by_external ? t->external_id : t->name, value) == 0)
            show(call, t, &found[(*count)++]);
    }
    for (int i = 0; target.vanishes && i < *count; i++)
        find_by(call->type->name, found[i].id, NULL)->there = false;
    target.vanishes = target.vanishes && !*count;
    apr_thread_mutex_unlock(target.lock);
    return answered(200);
}

static prov_answer update(prov_call *call, const char *id, const char *etag,
                          const prov_object *before, const prov_object *wanted, prov_remote *remote)
{
    prov_answer a;
    apr_thread_mutex_lock(target.lock);
    fault f = take_fault();
    target.updates++;
    wait_for_it(call);
    if (f == LATE) {
        target.late.at = apr_time_now() + LATE_BY;
        apr_cpystrn(target.late.id, id, sizeof target.late.id);
        apr_cpystrn(target.late.title, text_of(call, wanted, "title"), sizeof target.late.title);
    }
    if (!fails_before(f, &a)) {
        thing *t = find_by(call->type->name, id, NULL);
        thing *same =
            find_by(call->type->name, NULL, text_of(call, wanted, call->type->naming->name));
        if (!t)
            a = answered(404);
        else if (same && same != t)
            a = answered(409);
        else {
            take(call, t, wanted);
            a = after(f, 200);
        }
    }
    apr_thread_mutex_unlock(target.lock);
    return a;
}

static prov_answer remove_one(prov_call *call, const char *id, const char *etag)
{
    prov_answer a;
    apr_thread_mutex_lock(target.lock);
    fault f = take_fault();
    target.removes++;
    if (!fails_before(f, &a)) {
        thing *t = find_by(call->type->name, id, NULL);
        if (t)
            t->there = false;
        a = after(f, t ? 204 : 404);
    }
    apr_thread_mutex_unlock(target.lock);
    return a;
}

static prov_answer members(prov_call *call, const char *group, const prov_member_change *changes,
                           int count)
{
    prov_answer a;
    apr_thread_mutex_lock(target.lock);
    fault f = take_fault();
    if (!fails_before(f, &a)) {
        thing *t = find_by("Group", group, NULL);
        bool guilty = false;
        for (int i = 0; i < count; i++)
            guilty |= strcmp(changes[i].remote_id, target.guilty) == 0 ||
                      (target.keeps && !changes[i].add);
        for (int i = 0; t && !guilty && i < count; i++)
            change_member(t, &changes[i]);
        a = !t ? answered(404) : guilty ? answered(400) : after(f, 204);
    }
    apr_thread_mutex_unlock(target.lock);
    return a;
}

static prov_answer probe(prov_call *call)
{
    return answered(200);
}

static const prov_option no_options[] = { PROV_OPTION_END };

static unsigned abilities(const void *values)
{
    return PROV_CAN_DISABLE | PROV_CAN_RENAME | PROV_CAN_GROUPS;
}

static const char *endpoint(const void *values)
{
    return "http://127.0.0.1/in-process";
}

static const prov_connector in_process = { .version = PROV_CONNECTOR_VERSION,
                                           .name = "in-process",
                                           .options = no_options,
                                           .values_size = sizeof(int),
                                           .abilities = abilities,
                                           .endpoint = endpoint,
                                           .create = create,
                                           .read = read_one,
                                           .find = find,
                                           .update = update,
                                           .remove = remove_one,
                                           .members = members,
                                           .probe = probe };

#endif
