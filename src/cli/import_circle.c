#include "cli/import_circle.h"
#include "base/text.h"
#include "framework/circle.h"
#include <apr_hash.h>
#include <apr_strings.h>

typedef struct group group;
struct group {
    prov_import_record record;
    prov_change change;
    prov_body_extra extra;
    apr_array_header_t *needs; /* of group *: members that are not there */
    bool vain;                 /* one of its members is nowhere */
    bool taken;                /* by the circle that is being made, or one that was */
    bool made;
};

typedef struct circle {
    const prov_import_way *way;
    apr_pool_t *p;
    group *groups;
    int count;
    apr_hash_t *by_name; /* folded name, or id as text: group * */
} circle;

/* --- who needs whom ------------------------------------------------------------------------- */

static void name_it(circle *c, group *g, prov_bytes name)
{
    prov_bytes key = prov_text_fold(c->p, name);
    if (!apr_hash_get(c->by_name, key.data, (apr_ssize_t)key.len))
        apr_hash_set(c->by_name, key.data, (apr_ssize_t)key.len, g);
}

static void read_group(circle *c, group *g)
{
    static const prov_id none;
    g->needs = apr_array_make(c->p, 2, sizeof(group *));
    g->change.operation = PROV_CREATED;
    g->vain = prov_import_record_read(c->way, c->p, g->record.text, &g->change, &g->extra) ||
              !g->change.type->naming;
    const prov_value *name =
        g->vain ? NULL : prov_object_first(g->change.object, g->change.type->naming);
    if (!name) {
        g->vain = true;
        return;
    }
    if (prov_id_equal(&g->change.id, &none))
        g->change.id = prov_id_make();
    name_it(c, g, name->text);
    name_it(c, g, prov_bytes_of(prov_id_text(c->p, &g->change.id)));
}

/* A member that is not there must be one of the others. */
static void find_needs(circle *c, prov_snapshot *n, group *g)
{
    for (int i = 0; !g->vain && i < g->extra.member_count; i++) {
        prov_member_ref *ref = &g->extra.members[i];
        prov_record rec;
        prov_id id;
        if (prov_id_parse(ref->value, &id) && prov_snapshot_resource(n, &id, &rec))
            continue;
        prov_bytes key = prov_text_fold(c->p, ref->value);
        group *other = apr_hash_get(c->by_name, key.data, (apr_ssize_t)key.len);
        g->vain = !other;
        if (!other)
            break;
        ref->value = prov_bytes_of(prov_id_text(c->p, &other->change.id));
        APR_ARRAY_PUSH(g->needs, group *) = other;
    }
}

/* Who needs one that cannot be made cannot be made. */
static void spread_vain(circle *c)
{
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < c->count; i++) {
            group *g = &c->groups[i];
            for (int k = 0; !g->vain && k < g->needs->nelts; k++)
                more |= g->vain = APR_ARRAY_IDX(g->needs, k, group *)->vain;
        }
    }
}

/* --- making them ---------------------------------------------------------------------------- */

/* A refusal is told with the record, when the next round meets it. */
static prov_err *make_with_needs(circle *c, group *first, int *made)
{
    apr_array_header_t *all = apr_array_make(c->p, 4, sizeof(group *));
    apr_array_header_t *changes = apr_array_make(c->p, 4, sizeof(prov_change *));
    first->taken = true;
    APR_ARRAY_PUSH(all, group *) = first;
    for (int i = 0; i < all->nelts; i++) {
        group *g = APR_ARRAY_IDX(all, i, group *);
        APR_ARRAY_PUSH(changes, const prov_change *) = &g->change;
        for (int k = 0; k < g->needs->nelts; k++) {
            group *other = APR_ARRAY_IDX(g->needs, k, group *);
            if (!other->taken)
                APR_ARRAY_PUSH(all, group *) = other;
            other->taken = true;
        }
    }
    prov_err *err = prov_provision_circle(c->way->service, c->p, &c->way->caller,
                                          (const prov_change *const *)changes->elts, all->nelts);
    for (int i = 0; !err && i < all->nelts; i++)
        APR_ARRAY_IDX(all, i, group *)->made = true;
    *made += err ? 0 : all->nelts;
    return err && err->http >= 500 ? err : NULL;
}

static void keep_rest(const circle *c, apr_array_header_t *waiting)
{
    waiting->nelts = 0;
    for (int i = 0; i < c->count; i++)
        if (!c->groups[i].made)
            APR_ARRAY_PUSH(waiting, prov_import_record) = c->groups[i].record;
}

prov_err *prov_import_circles(const prov_import_way *w, apr_pool_t *p, apr_array_header_t *waiting,
                              int *made)
{
    circle c = { .way = w, .p = p, .count = waiting->nelts, .by_name = apr_hash_make(p) };
    prov_snapshot *n;
    *made = 0;
    c.groups = apr_pcalloc(p, sizeof *c.groups * (size_t)c.count);
    for (int i = 0; i < c.count; i++) {
        c.groups[i].record = APR_ARRAY_IDX(waiting, i, prov_import_record);
        c.groups[i].change.extra = &c.groups[i].extra;
        read_group(&c, &c.groups[i]);
    }
    prov_err *err = prov_store_read(w->service->store, p, &n);
    if (err)
        return err;
    for (int i = 0; i < c.count; i++)
        find_needs(&c, n, &c.groups[i]);
    prov_snapshot_end(n);
    spread_vain(&c);
    for (int i = 0; i < c.count && !err; i++)
        if (!c.groups[i].vain && !c.groups[i].taken)
            err = make_with_needs(&c, &c.groups[i], made);
    keep_rest(&c, waiting);
    return err;
}
