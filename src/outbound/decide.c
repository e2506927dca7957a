/* What one link should come to, computed from one snapshot that was opened after the claim: is the
 * object in scope, what should it look like there, what do we know is there. */
#include "outbound/engine.h"
#include "base/text.h"
#include "userstore/userstore.h"

#define MANAGER     PROV_URN_ENTERPRISE ":manager.value"
#define GROUPS_MOST 10000 /* groups looked at to find one user's provisioning roles */

/* --- scope ---------------------------------------------------------------------------------- */

typedef struct climb {
    prov_snapshot *n;
    apr_pool_t *p;
    apr_array_header_t *seen; /* of prov_id: groups above the user, in the order found */
    const apr_array_header_t *roles;
    bool found;
} climb;

static bool has_id(const apr_array_header_t *ids, const prov_id *id)
{
    for (int i = 0; i < ids->nelts; i++)
        if (prov_id_equal(&APR_ARRAY_IDX(ids, i, prov_id), id))
            return true;
    return false;
}

static bool climb_one(void *baton, const prov_id *group)
{
    climb *c = baton;
    if (has_id(c->roles, group))
        c->found = true;
    else if (!has_id(c->seen, group) && c->seen->nelts < GROUPS_MOST)
        APR_ARRAY_PUSH(c->seen, prov_id) = *group;
    return !c->found;
}

static bool add_id(void *ids, const prov_id *id)
{
    APR_ARRAY_PUSH((apr_array_header_t *)ids, prov_id) = *id;
    return true;
}

/* The groups that bear the provisioning roles' names. */
static apr_array_header_t *role_groups(const prov_job *job, prov_snapshot *n)
{
    const prov_reach *r = job->reach;
    apr_array_header_t *ids = apr_array_make(job->pool, r->role_count, sizeof(prov_id));
    for (int i = 0; i < r->role_count; i++)
        prov_snapshot_indexed(n, job->engine->group_name, r->roles[i].domain, r->roles[i].key,
                              add_id, ids);
    return ids;
}

/* A role counts whether it is held directly or through groups within groups; circles are harmless.
 */
static bool holds_role(const prov_job *job, prov_snapshot *n, const apr_array_header_t *roles)
{
    climb c = { n, job->pool, apr_array_make(job->pool, 8, sizeof(prov_id)), roles, false };
    prov_snapshot_groups(n, &job->id, NULL, climb_one, &c);
    for (int i = 0; i < c.seen->nelts && !c.found; i++) {
        prov_id group = APR_ARRAY_IDX(c.seen, i, prov_id);
        prov_snapshot_groups(n, &group, NULL, climb_one, &c);
    }
    return c.found;
}

/* Provisioning roles restrict users; a group that is such a role is only the switch, not carried.
 */
static bool in_scope(const prov_job *job, prov_snapshot *n)
{
    const prov_reach *r = job->reach;
    bool is_group = prov_type_is_group(job->type);
    if (is_group && !(r->abilities & PROV_CAN_GROUPS))
        return false;
    if (!prov_snapshot_granted(n, &job->id, r->number, 0))
        return false;
    if (!r->role_count)
        return true;
    apr_array_header_t *roles = role_groups(job, n);
    return is_group ? !has_id(roles, &job->id) : holds_role(job, n, roles);
}

/* --- what is desired ------------------------------------------------------------------------ */

static bool is_protected(const prov_job *job, const char *name)
{
    const apr_array_header_t *names = job->reach->config->protect;
    prov_bytes given = prov_bytes_of(name);
    for (int i = 0; name && names && i < names->nelts; i++)
        if (prov_text_fold_compare(job->pool, given,
                                   prov_bytes_of(APR_ARRAY_IDX(names, i, const char *))) == 0)
            return true;
    return false;
}

const char *prov_job_name(const prov_job *job, const prov_object *o)
{
    const prov_value *v = o ? prov_object_first(o, job->type->naming) : NULL;
    return v ? prov_bytes_text(job->pool, v->text) : NULL;
}

prov_bytes prov_job_key(const prov_job *job, const char *name)
{
    prov_bytes key, text = prov_bytes_of(name);
    if (!name)
        return text;
    if (job->type->naming->precis && !prov_text_username(job->pool, text, &key))
        return key;
    return prov_text_fold(job->pool, text);
}

prov_object *prov_job_map(const prov_job *job, prov_snapshot *n, const prov_id *id)
{
    prov_record rec;
    prov_item name;
    if (!prov_snapshot_resource(n, id, &rec))
        return NULL;
    rec.bytes = prov_bytes_copy(job->pool, rec.bytes); /* the job outlives the snapshot */
    prov_head head = prov_record_head(rec);
    rec = prov_userstore_whole(job->pool, n, id, rec);
    bool named = prov_cursor_find(prov_record_fields(rec), job->type->naming->number, &name);
    const char *domain = prov_snapshot_name(n, job->pool, PROV_NUMBER_DOMAIN, head.domain);
    prov_mapping_input in = { .type = job->type,
                              .id = *id,
                              .record = rec,
                              .name = named ? prov_bytes_text(job->pool, prov_item_text(name)) : "",
                              .domain = domain ? domain : "PRIMARY" };
    return prov_mapping_apply(job->reach->mapping, job->pool, &in);
}

/* A manager is known there by his id there. Who is on his way is left out for now and looked for
 * again; who will never be there is left out. */
static void translate_manager(prov_job *job, prov_snapshot *n)
{
    const prov_attr *value =
        prov_schema_find(job->engine->registry, job->type, MANAGER, sizeof MANAGER - 1, NULL);
    const prov_value *named = value ? prov_object_first(job->desired, value) : NULL;
    prov_id id;
    prov_link link;
    if (!named || !prov_id_parse(named->text, &id))
        return;
    bool linked = prov_snapshot_link(n, &id, job->reach->number, &link);
    if (linked && link.remote.len) {
        prov_object_put_text(job->desired, value, prov_bytes_text(job->pool, link.remote));
        return;
    }
    prov_object_remove(job->desired, value->parent);
    job->reference_waits = linked && link.at != PROV_AT_OUT_OF_SCOPE && link.at != PROV_AT_REMOVED;
}

static prov_object *copy_of(const prov_job *job, prov_snapshot *n, prov_copy which)
{
    prov_bytes row = prov_snapshot_copy(n, &job->id, job->reach->number, which);
    if (!row.len)
        return NULL;
    prov_record rec = { prov_bytes_copy(job->pool, row) };
    return prov_record_read(job->pool, job->engine->registry, rec);
}

static void copy_link(prov_job *job)
{
    prov_link *l = &job->link;
    prov_bytes *texts[] = { &l->remote, &l->candidate, &l->etag, &l->key, &l->sent_key };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = prov_bytes_copy(job->pool, *texts[i]);
}

bool prov_job_decide(prov_job *job, prov_snapshot *n)
{
    if (!prov_snapshot_link(n, &job->id, job->reach->number, &job->link) ||
        !prov_lease_mine(&job->link.lease, job->lease.process, job->lease.claim) ||
        !prov_snapshot_target(n, job->reach->number, &job->target))
        return false;
    copy_link(job);
    job->target.reason = prov_bytes_copy(job->pool, job->target.reason);
    job->type = prov_registry_type_numbered(job->engine->registry, job->link.type);
    if (!job->type)
        return false;
    job->own_id = prov_bytes_of(prov_id_text(job->pool, &job->id));
    job->applied = copy_of(job, n, PROV_COPY_APPLIED);
    job->sent = copy_of(job, n, PROV_COPY_SENT);
    job->suspect = copy_of(job, n, PROV_COPY_SUSPECT);
    job->desired = prov_job_map(job, n, &job->id);
    job->wanted_there = job->desired && in_scope(job, n);
    if (job->desired)
        translate_manager(job, n);
    job->name = prov_job_name(job, job->desired ? job->desired : job->applied);
    job->key = prov_job_key(job, job->name);
    const char *there = prov_job_name(job, job->applied);
    if (is_protected(job, job->name) || is_protected(job, there))
        job->forbidden = "the name is protected at this target (ProvisionProtect)";
    return true;
}

/* --- comparing with what was read there ------------------------------------------------------ */

static bool manages(const prov_job *job, const prov_attr *a)
{
    return a == job->type->naming || (job->desired && prov_object_get(job->desired, a)) ||
           (job->applied && prov_object_get(job->applied, a)) ||
           (job->sent && prov_object_get(job->sent, a)) ||
           (job->suspect && prov_object_get(job->suspect, a));
}

static void keep_managed(prov_object *of, const prov_object *like)
{
    for (int i = of->count - 1; i >= 0; i--) {
        const prov_field *f = &of->fields[i];
        if (f->attr && !prov_object_get(like, f->attr))
            prov_object_remove(of, f->attr);
    }
}

prov_object *prov_job_managed(const prov_job *job, const prov_object *read)
{
    prov_object *o = prov_object_copy(job->pool, read);
    for (int i = o->count - 1; i >= 0; i--)
        if (o->fields[i].attr && !manages(job, o->fields[i].attr))
            prov_object_remove(o, o->fields[i].attr);
    return o;
}

bool prov_job_matches(const prov_job *job, const prov_object *wanted, const prov_object *read)
{
    prov_object *o = prov_object_copy(job->pool, read);
    keep_managed(o, wanted);
    return prov_object_equal(o, wanted);
}
