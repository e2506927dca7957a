#include "framework/protect.h"
#include "framework/groups.h"

#include <apr_tables.h>

typedef struct permit {
    uint32_t permissions;
    const prov_resource_type *type;
    uint16_t domain;
    prov_bytes key; /* empty: no resource can bear this name */
} permit;

struct prov_permits {
    apr_array_header_t *rows;
};

static void add(apr_pool_t *p, prov_permits *permits, const prov_resource_type *type,
                const prov_userstore *domain, prov_bytes name, uint32_t permissions)
{
    permit *row = apr_array_push(permits->rows);
    *row = (permit){ .permissions = permissions, .type = type, .domain = domain->number };
    prov_index_key_of(p, type->naming, name, &row->key);
}

/* Groups are named in PRIMARY; users as they log in. */
prov_err *prov_permits_make(apr_pool_t *p, const prov_config *c, const prov_registry *r,
                            const prov_userstores *u, const prov_permits **out)
{
    const prov_resource_type *group = prov_registry_type_named(r, "Group");
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    const prov_userstore *domain = prov_userstore_primary(u);
    prov_permits *permits = apr_palloc(p, sizeof *permits);
    permits->rows = apr_array_make(p, 4, sizeof(permit));
    add(p, permits, group, domain, PROV_BYTES(PROV_ADMIN_GROUP), PROV_MAY_ADMIN);
    for (int i = 0; i < c->permits->nelts; i++) {
        const prov_permit *line = &APR_ARRAY_IDX(c->permits, i, prov_permit);
        prov_bytes name = prov_bytes_of(line->name);
        if (line->kind == PROV_PERMIT_GROUP)
            add(p, permits, group, prov_userstore_primary(u), name, line->permissions);
        if (line->kind != PROV_PERMIT_USER)
            continue;
        prov_err *err = prov_userstore_split(u, p, name, NULL, &domain, &name);
        if (err)
            return prov_err_push(p, err, "%s", line->where);
        add(p, permits, user, domain, name, line->permissions);
    }
    *out = permits;
    return NULL;
}

/* --- groups --------------------------------------------------------------------------------- */

typedef struct looking {
    const prov_id *self; /* or NULL */
    prov_kin above;
    bool found;
} looking;

static bool is_one_of(void *baton, const prov_id *id)
{
    looking *l = baton;
    l->found = l->self && prov_id_equal(l->self, id);
    for (int i = 0; i < l->above.count && !l->found; i++)
        l->found = prov_id_equal(&l->above.ids[i], id);
    return !l->found;
}

/* Whether one of them bears the name of this line. */
static bool gives(prov_snapshot *n, const permit *row, looking *l)
{
    l->found = false;
    if (row->key.len)
        prov_snapshot_indexed(n, row->type->naming->number, row->domain, row->key, is_one_of, l);
    return l->found;
}

static bool is_group(const prov_resource_type *type)
{
    return type->naming->uniqueness == PROV_UNIQUE_NONE;
}

static uint32_t through_groups(const prov_permits *permits, prov_snapshot *n, looking *l)
{
    uint32_t all = 0;
    for (int i = 0; i < permits->rows->nelts; i++) {
        const permit *row = &APR_ARRAY_IDX(permits->rows, i, permit);
        if (is_group(row->type) && gives(n, row, l))
            all |= row->permissions;
    }
    return all;
}

/* --- users ---------------------------------------------------------------------------------- */

static uint32_t by_name(const prov_permits *permits, prov_snapshot *n, const prov_id *user)
{
    uint32_t all = 0;
    for (int i = 0; i < permits->rows->nelts; i++) {
        const permit *row = &APR_ARRAY_IDX(permits->rows, i, permit);
        prov_id id;
        if (!is_group(row->type) && row->key.len &&
            prov_snapshot_unique(n, row->type->naming->number, row->domain, row->key, &id) &&
            prov_id_equal(&id, user))
            all |= row->permissions;
    }
    return all;
}

uint32_t prov_service_permissions(prov_service *s, prov_snapshot *n, apr_pool_t *p,
                                  const prov_id *user)
{
    looking l = { .above = prov_groups_above(n, p, user) };
    uint32_t all = by_name(s->permits, n, user);
    return l.above.count ? all | through_groups(s->permits, n, &l) : all;
}

bool prov_protect_holds(const prov_service *s, prov_snapshot *n, apr_pool_t *p,
                        const prov_resource_type *type, const prov_id *id)
{
    if (!type->naming)
        return false; /* no line names it, no group has it */
    looking l = { .above = prov_groups_above(n, p, id) };
    if (l.above.count >= PROV_GROUPS_ABOVE_MOST)
        return true; /* not all were looked at: nobody hides a group behind thousands of others */
    if (!is_group(type))
        return by_name(s->permits, n, id) || (l.above.count && through_groups(s->permits, n, &l));
    l.self = id;
    return through_groups(s->permits, n, &l);
}

bool prov_protect_administers(const prov_service *s, prov_snapshot *n, apr_pool_t *p,
                              const prov_resource_type *type, const prov_id *id)
{
    if (!type->naming)
        return false;
    looking l = { .above = prov_groups_above(n, p, id) };
    uint32_t all = 0;
    if (is_group(type))
        l.self = id;
    else
        all = by_name(s->permits, n, id);
    if (l.self || l.above.count)
        all |= through_groups(s->permits, n, &l);
    return all & PROV_MAY_ADMIN;
}

bool prov_protect_named(const prov_service *s, apr_pool_t *p, const prov_resource_type *type,
                        const prov_userstore *domain, prov_bytes bare)
{
    prov_bytes key;
    if (!prov_index_key_of(p, type->naming, bare, &key) || !key.len)
        return false;
    for (int i = 0; i < s->permits->rows->nelts; i++) {
        const permit *row = &APR_ARRAY_IDX(s->permits->rows, i, permit);
        if (row->type == type && row->domain == domain->number && prov_bytes_equal(row->key, key))
            return true;
    }
    return false;
}
