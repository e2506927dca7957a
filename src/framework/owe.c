#include "framework/owe.h"
#include "framework/groups.h"

#include <apr_strings.h>
#include <apr_tables.h>

typedef struct owed {
    const prov_application *application;
    uint32_t target;
} owed;

struct prov_owing {
    apr_array_header_t *list; /* of owed */
    bool roles;               /* an identity provider's scope depends on groups */
};

static prov_err *number_targets(apr_pool_t *p, prov_store *store, const prov_application *a,
                                apr_array_header_t *list)
{
    for (int i = 0; a->outbound && i < a->outbound->nelts; i++) {
        const prov_outbound_entry *e = &APR_ARRAY_IDX(a->outbound, i, prov_outbound_entry);
        owed *o = apr_array_push(list);
        o->application = a;
        prov_err *err = prov_store_number(
            store, PROV_NUMBER_TARGET, apr_pstrcat(p, e->idp, "/", e->connector, NULL), &o->target);
        if (err)
            return err;
    }
    return NULL;
}

prov_err *prov_owing_make(apr_pool_t *p, prov_store *store, const prov_config *c,
                          const prov_owing **out)
{
    prov_owing *o = apr_pcalloc(p, sizeof *o);
    prov_err *err = NULL;
    o->list = apr_array_make(p, 4, sizeof(owed));
    for (int i = 0; i < c->applications->nelts && !err; i++)
        err = number_targets(p, store, APR_ARRAY_IDX(c->applications, i, prov_application *),
                             o->list);
    for (int i = 0; i < c->idps->nelts; i++) {
        const prov_idp *idp = APR_ARRAY_IDX(c->idps, i, prov_idp *);
        o->roles = o->roles || (idp->roles && idp->roles->nelts);
    }
    *out = o;
    return err;
}

/* ProvisionPropagate: every link, or only those at the application's own targets. */
static void touch_links(const prov_window *w, prov_plan *plan, const prov_id *id,
                        const prov_touch *touch)
{
    const prov_owing *owing = w->service->owing;
    const prov_application *a = w->caller->application;
    if (!a->propagate) {
        prov_plan_touch(plan, id, touch);
        return;
    }
    for (int i = 0; i < owing->list->nelts; i++) {
        const owed *o = &APR_ARRAY_IDX(owing->list, i, owed);
        if (o->application == a)
            prov_plan_touch_link(plan, id, o->target, touch);
    }
}

void prov_owe_grant(const prov_window *w, prov_plan *plan, const prov_resource_type *type,
                    const prov_id *id, const prov_touch *touch)
{
    if (!w->caller->no_outbound)
        prov_outbound_owe(w->service->engine, plan, id, type, w->caller->application, touch);
}

void prov_owe_change(const prov_window *w, prov_plan *plan, const prov_resource_type *type,
                     const prov_id *id, const prov_touch *touch)
{
    touch_links(w, plan, id, touch);
    prov_owe_grant(w, plan, type, id, touch);
}

/* Who joins a group below while this is planned must not be missed: its version holds. */
static void hold_group(const prov_window *w, prov_plan *plan, const prov_id *id)
{
    prov_record rec;
    if (!prov_snapshot_resource(w->n, id, &rec))
        return;
    prov_head head = prov_record_head(rec);
    if (head.type == prov_registry_type_named(w->service->registry, "Group")->number)
        prov_plan_must_be_version(plan, id, head.version);
}

/* Each once, however many of the groups it is below. */
static void owe_below(const prov_window *w, apr_pool_t *p, prov_plan *plan, const prov_id *groups,
                      int count, const prov_touch *touch)
{
    if (!w->service->owing->roles || !count)
        return;
    prov_kin below = prov_groups_below(w->n, p, groups, count);
    for (int i = 0; i < count; i++)
        hold_group(w, plan, &groups[i]);
    for (int i = 0; i < below.count; i++) {
        hold_group(w, plan, &below.ids[i]);
        prov_plan_touch(plan, &below.ids[i], touch);
    }
}

void prov_owe_below(const prov_window *w, apr_pool_t *p, prov_plan *plan, const prov_id *group,
                    const prov_touch *touch)
{
    owe_below(w, p, plan, group, 1, touch);
}

static void grant_member(const prov_window *w, prov_plan *plan, const prov_id *member,
                         const prov_touch *touch)
{
    prov_record rec;
    if (!prov_snapshot_resource(w->n, member, &rec))
        return;
    const prov_resource_type *type =
        prov_registry_type_numbered(w->service->registry, prov_record_head(rec).type);
    if (type)
        prov_owe_grant(w, plan, type, member, touch);
}

/* The store touches the members' links; those of who is below them are ours to touch. */
void prov_owe_members(const prov_window *w, apr_pool_t *p, prov_plan *plan, const prov_id *group,
                      const prov_members *members, const prov_touch *touch)
{
    apr_array_header_t *moved = apr_array_append(p, members->removed, members->added);
    for (int i = 0; i < moved->nelts; i++) {
        const prov_id *id = &APR_ARRAY_IDX(moved, i, prov_id);
        if (i < members->removed->nelts)
            prov_plan_member_remove(plan, group, id, touch);
        else
            prov_plan_member_add(plan, group, id, touch);
        grant_member(w, plan, id, touch);
    }
    owe_below(w, p, plan, (const prov_id *)(const void *)moved->elts, moved->nelts, touch);
}
