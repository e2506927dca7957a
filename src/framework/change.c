#include "framework/change.h"
#include "framework/owe.h"
#include "framework/protect.h"

#include <string.h>

typedef struct work {
    prov_attempt *a;
    const prov_resource_type *type;
    prov_window window;
    const prov_userstore *domain;
    bool exists;
    apr_time_t time;
    prov_head head;         /* of what is; then of what is put */
    prov_record record;     /* whole; bytes on our pool */
    const prov_object *was; /* as it lies in the store */
    prov_object *now;       /* NULL: the record stays, or goes */
    prov_record encoded;    /* of that */
    bool put, renamed, password;
    prov_members members;
    prov_touch touch;
} work;

static bool is_deleting(const work *w)
{
    return w->a->change->operation == PROV_DELETED;
}

static const prov_attr *members_attr(const work *w)
{
    const prov_attr *a = prov_schema_attr(w->type->schema, "members", 7);
    return a && a->place == PROV_IN_MEMBERS ? a : NULL;
}

/* --- what is -------------------------------------------------------------------------------- */

static bool names_version(const prov_condition *c, uint64_t version)
{
    bool named = c->any;
    for (int i = 0; i < c->count && !named; i++)
        named = c->versions[i] == version;
    return named;
}

static prov_err *check_version(const work *w)
{
    const prov_condition *match = &w->a->change->match, *unless = &w->a->change->unless;
    if (match->given && !names_version(match, w->head.version))
        return prov_err_make(w->a->p, 412, NULL,
                             "the resource was changed since the version named");
    if (unless->given && names_version(unless, w->head.version))
        return prov_err_make(w->a->p, 412, NULL, "the resource has a version that was excluded");
    return NULL;
}

static prov_err *load(work *w)
{
    apr_pool_t *p = w->a->p;
    prov_record rec;
    if (!prov_window_find(&w->window, w->type, &w->a->id, &rec))
        return prov_err_make(p, 404, NULL, "there is no such resource");
    w->exists = true;
    w->record = prov_userstore_whole(p, w->window.n, &w->a->id, rec);
    if (w->record.bytes.data == rec.bytes.data)
        w->record.bytes = prov_bytes_copy(p, rec.bytes);
    w->head = prov_record_head(w->record);
    w->domain = prov_window_domain(&w->window, &w->head);
    w->was = prov_record_read(p, w->a->service->registry, w->record);
    w->a->version = w->head.version;
    return NULL;
}

/* --- what shall be -------------------------------------------------------------------------- */

static prov_value *name_of(const work *w, const prov_object *o)
{
    prov_field *f = o && w->type->naming ? prov_object_get(o, w->type->naming) : NULL;
    return f && f->count ? &f->values[0] : NULL;
}

/* As clients see it: the name behind its domain. */
static prov_object *shown(const work *w)
{
    prov_object *o = prov_object_copy(w->a->p, w->was);
    prov_value *name = name_of(w, o);
    prov_bytes prefix = prov_userstore_prefix(w->domain);
    prov_buf b;
    if (!name || !prefix.len || !w->type->naming->precis)
        return o;
    prov_buf_init(&b, w->a->p, prefix.len + name->text.len);
    prov_buf_add(&b, prefix.data, prefix.len);
    prov_buf_add(&b, name->text.data, name->text.len);
    name->text = prov_buf_bytes(&b);
    return o;
}

static void take_password(work *w, bool given, prov_bytes password)
{
    prov_credential c;
    if (!given)
        return;
    w->password = true;
    if (password.len && !w->a->hash)
        w->a->unhashed = password;
    if (password.len)
        return;
    /* it is taken away, if there is one */
    w->password = prov_snapshot_credential(w->window.n, &w->a->id, &c) && c.hash.len;
    w->a->hash = "";
}

static prov_err *desire_given(work *w)
{
    const prov_change *c = w->a->change;
    const prov_body_extra *x = c->extra;
    prov_err *err = NULL;
    w->now = prov_object_copy(w->a->p, c->object);
    if (w->exists)
        err = prov_value_replace(w->a->p, w->type, shown(w), w->now);
    if (x)
        take_password(w, x->has_password, x->password);
    if (!err && members_attr(w))
        err = prov_members_replaced(&w->window, w->a->p, &w->a->id, x ? x->members : NULL,
                                    x && x->has_members ? x->member_count : 0, &w->members);
    return err;
}

static prov_err *desire_patched(work *w)
{
    prov_patch_result result;
    prov_err *err = prov_patch_apply(w->a->p, w->a->service->registry, w->type,
                                     w->a->caller->application->compatibility, w->a->change->patch,
                                     shown(w), &result);
    if (err)
        return err;
    w->now = result.object;
    take_password(w, result.has_password, result.password);
    return prov_members_patched(&w->window, w->a->p, &w->a->id, members_attr(w), result.members,
                                &w->members);
}

static prov_err *desire(work *w)
{
    w->members.added = w->members.removed = apr_array_make(w->a->p, 0, sizeof(prov_id));
    switch (w->a->change->operation) {
    case PROV_DELETED:
        return NULL;
    case PROV_PATCHED:
        return desire_patched(w);
    default:
        return desire_given(w);
    }
}

/* --- its name ------------------------------------------------------------------------------- */

static prov_err *prefix_changed(const work *w)
{
    return prov_err_make(w->a->p, 400, "mutability", "the userstore of a resource does not change");
}

/* What has no name belongs to the application's own userstore, or to PRIMARY. */
static const prov_userstore *domain_without_name(const work *w)
{
    return w->window.fixed ? w->window.fixed : prov_userstore_primary(w->a->service->userstores);
}

/* A user's name is taken apart; a group's stays whole, so it may not look like one with a prefix.
 */
static prov_err *take_name(work *w)
{
    const prov_userstore *domain;
    prov_bytes bare;
    prov_value *name = name_of(w, w->now);
    if (!name && !w->exists)
        w->domain = domain_without_name(w);
    if (!name)
        return NULL;
    prov_err *err = prov_userstore_split(w->a->service->userstores, w->a->p, name->text,
                                         w->window.fixed, &domain, &bare);
    if (err)
        return err;
    if (!w->type->naming->precis && bare.len != name->text.len)
        return prov_err_make(w->a->p, 400, "invalidValue",
                             "a group's name may not begin with that of a userstore and a slash");
    if (!w->exists)
        w->domain = domain;
    else if (w->type->naming->precis && domain != w->domain)
        return prefix_changed(w);
    name->text = bare;
    const prov_value *old = w->exists ? name_of(w, w->was) : NULL;
    w->renamed = !old || !prov_bytes_equal(old->text, bare);
    return NULL;
}

/* --- permission ----------------------------------------------------------------------------- */

static bool changes_members(const work *w)
{
    return w->members.added->nelts || w->members.removed->nelts;
}

static bool is_guarded(const work *w, bool bad_members)
{
    const prov_service *s = w->a->service;
    const prov_value *name = name_of(w, w->now);
    bool group = members_attr(w) != NULL;
    if (w->renamed && name && prov_protect_named(s, w->a->p, w->type, w->domain, name->text))
        return true;
    if (!w->exists)
        return false;
    if (group && !is_deleting(w) && !w->renamed && !changes_members(w) && !w->members.strangers &&
        !bad_members)
        return false;
    return prov_protect_holds(s, w->window.n, w->a->p, w->type, &w->a->id);
}

/* Before anything else is said: a refusal tells nothing of what is there. */
static prov_err *check_permission(const work *w, prov_err *err)
{
    if (w->a->caller->permissions & PROV_MAY_ADMIN || !is_guarded(w, err != NULL))
        return err;
    return prov_err_make(w->a->p, 403, NULL, "only an administrator may do this");
}

/* --- what differs --------------------------------------------------------------------------- */

static bool same_fields(prov_record x, prov_record y)
{
    prov_bytes a = { x.bytes.data + PROV_RECORD_HEAD, x.bytes.len - PROV_RECORD_HEAD };
    prov_bytes b = { y.bytes.data + PROV_RECORD_HEAD, y.bytes.len - PROV_RECORD_HEAD };
    return prov_bytes_equal(a, b);
}

/* A PATCH may put one long text into thousands of values: then none of it is written. */
static prov_err *encode(work *w)
{
    int64_t most = w->a->service->config->settings.max_resource;
    bool fits = prov_object_text(w->now) <= most;
    if (fits)
        w->encoded = prov_record_write(w->a->p, &w->head, w->now);
    if (fits && (int64_t)w->encoded.bytes.len <= most)
        return NULL;
    return prov_err_make(w->a->p, 413, NULL, "a resource has %" APR_INT64_T_FMT " bytes at most",
                         (apr_int64_t)most);
}

static void move_head(work *w)
{
    w->head.type = w->type->number;
    w->head.domain = w->domain->number;
    w->head.flags = 0;
    w->head.modified = w->time;
    if (!w->exists)
        w->head.created = w->time;
}

static prov_err *compare(work *w)
{
    prov_err *err = NULL;
    w->put = w->password || (w->now && !w->exists);
    if (!w->now && !w->put)
        return NULL;
    move_head(w);
    if (w->now) {
        err = encode(w);
        w->put = w->put || (!err && !same_fields(w->encoded, w->record));
    } else {
        w->now = prov_object_copy(w->a->p, w->was);
        w->encoded = prov_record_write(w->a->p, &w->head, w->now);
    }
    return err;
}

static bool is_active(const work *w, const prov_object *o)
{
    const prov_attr *active = prov_schema_attr(w->type->schema, "active", 6);
    const prov_value *v =
        active && active->type == PROV_TYPE_BOOLEAN && o ? prov_object_first(o, active) : NULL;
    return !v || v->boolean;
}

/* --- the plan ------------------------------------------------------------------------------- */

static void make_touch(work *w)
{
    bool leaves =
        is_deleting(w) || (w->exists && w->put && is_active(w, w->was) && !is_active(w, w->now));
    w->touch = (prov_touch){
        .now = w->time,
        .queue = leaves ? PROV_QUEUE_URGENT : PROV_QUEUE_NORMAL,
        .trigger = (uint8_t)w->a->caller->trigger,
        .application = prov_outbound_application(w->a->service->engine, w->a->caller->application),
        .gone = is_deleting(w),
    };
}

/* An id that was given may be there already; one that was made here cannot. */
static prov_err *check_new(const work *w)
{
    prov_record rec;
    if (!prov_id_equal(&w->a->id, &w->a->change->id) ||
        !prov_snapshot_resource(w->window.n, &w->a->id, &rec))
        return NULL;
    return prov_err_make(w->a->p, 409, "uniqueness", "there is a resource of this id already");
}

/* For clients that know groups by name alone. */
static void plan_own_name(const work *w)
{
    const prov_attr *name = w->type->naming;
    prov_bytes key;
    if (w->renamed && members_attr(w) &&
        w->a->caller->application->compatibility & PROV_COMPAT_GROUP_NAMES &&
        prov_index_key_of(w->a->p, name, name_of(w, w->now)->text, &key))
        prov_plan_must_be_only(w->a->plan, &w->a->id, name->number, w->domain->number, key);
}

static void plan_conditions(const work *w)
{
    const prov_condition *c = &w->a->change->match, *unless = &w->a->change->unless;
    prov_plan *plan = w->a->plan;
    bool version =
        w->put || w->members.whole || is_deleting(w) || (c->given && !c->any) || unless->given;
    if (w->exists && version)
        prov_plan_must_be_version(plan, &w->a->id, w->head.version);
    else if (w->exists)
        prov_plan_must_exist(plan, &w->a->id);
    else if (prov_id_equal(&w->a->id, &w->a->change->id))
        prov_plan_must_be_version(plan, &w->a->id, 0);
    plan_own_name(w);
    prov_outbound_condition(w->a->service->engine, plan, &w->a->id);
}

static void plan_journal(const work *w)
{
    prov_journal row = { .time = w->touch.now,
                         .operation = (uint8_t)w->a->change->operation,
                         .trigger = w->touch.trigger,
                         .type = w->type->number,
                         .application = w->touch.application,
                         .resource = w->a->id,
                         .actor = w->a->caller->actor,
                         .trace = w->a->caller->trace };
    prov_plan_journal(w->a->plan, &row);
}

static prov_err *plan_record(work *w)
{
    const prov_held was = { w->was, w->record }, now = { w->now, w->encoded };
    prov_userstore *u = (prov_userstore *)w->domain;
    return u->type->apply(u, w->a->p, w->a->plan, &w->a->id, w->type, &was, &now);
}

static prov_err *plan_change(work *w)
{
    apr_pool_t *p = w->a->p;
    prov_plan *plan = w->a->plan;
    prov_touch others = w->touch; /* of members: they are not the ones who leave */
    prov_err *err = NULL;
    others.queue = PROV_QUEUE_NORMAL;
    others.gone = false;
    if (w->put || is_deleting(w))
        err = plan_record(w);
    if (!err && w->password)
        prov_plan_credential(plan, &w->a->id, prov_bytes_of(w->a->hash));
    if (w->put)
        prov_owe_change(&w->window, plan, w->type, &w->a->id, &w->touch);
    prov_owe_members(&w->window, p, plan, &w->a->id, &w->members, &others);
    if (!w->put && changes_members(w)) {
        prov_owe_grant(&w->window, plan, w->type, &w->a->id, &w->touch);
        prov_plan_moved(plan, &w->a->id, &w->touch);
    }
    if (members_attr(w) && w->exists && (w->renamed || is_deleting(w)))
        prov_owe_below(&w->window, p, plan, &w->a->id, &others);
    if (is_deleting(w))
        prov_plan_delete(plan, &w->a->id, &w->touch);
    return err;
}

static prov_err *decide(work *w)
{
    bool creating = w->a->change->operation == PROV_CREATED;
    prov_err *err = creating ? check_new(w) : load(w);
    if (err)
        return err;
    err = desire(w);
    prov_err *name = take_name(w);
    if (!err)
        err = name;
    err = check_permission(w, err);
    if (!err && !creating)
        err = check_version(w);
    if (!err)
        err = compare(w);
    return err;
}

prov_err *prov_change_plan(prov_attempt *a, prov_snapshot *n)
{
    work w = { .a = a, .type = a->change->type, .time = apr_time_now() };
    w.window = prov_window_make(a->service, n, a->caller);
    w.window.coming = a->coming;
    w.window.coming_count = a->coming_count;
    a->plan = NULL;
    a->version = 0;
    a->unhashed = (prov_bytes){ NULL, 0 };
    prov_err *err = decide(&w);
    a->passed_over = w.members.strangers;
    if (err || a->unhashed.len || !(w.put || changes_members(&w) || is_deleting(&w)))
        return err;
    a->bytes = w.record.bytes.len + w.encoded.bytes.len;
    a->plan = a->into ? a->into : prov_plan_make(a->p);
    make_touch(&w);
    plan_conditions(&w);
    err = plan_change(&w);
    plan_journal(&w);
    return err;
}
