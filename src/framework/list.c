#include "framework/candidates.h"

/* At the clock, and to free the scratch pool. A long record weighs as many rows. */
#define ROWS_BETWEEN_LOOKS 64
#define BYTES_OF_A_ROW     4096

typedef struct listing {
    prov_window window;
    const prov_query *query;
    const prov_resource_type *type;
    prov_each_view *each;
    void *baton;
    apr_pool_t *scratch;
    bool bare; /* see prov_candidates */
    int64_t total;
    prov_id last; /* looked at */
    bool begun;
    size_t weight; /* of a row of the type */
    size_t rows;   /* since the last look at the clock */
    bool stopped;  /* to be resumed on a newer snapshot */
    bool full;     /* the page is, and nothing is counted */
} listing;

static bool is_wanted(const listing *l)
{
    const prov_query *q = l->query;
    return l->total >= q->first && l->total - q->first < q->want;
}

static bool matches(const listing *l, const prov_view *view)
{
    if (!l->query->filter || prov_filter_match(l->query->filter, view))
        return true;
    if (!l->bare || !view->prefix.len)
        return false;
    prov_view bare = *view;
    bare.prefix = prov_bytes_of("");
    return prov_filter_match(l->query->filter, &bare);
}

static void look_at(listing *l, const prov_id *id, prov_record rec)
{
    prov_view view;
    l->rows += l->weight;
    if (!prov_window_view(&l->window, l->scratch, l->type, id, rec, &view))
        return;
    l->rows += view.record.bytes.len / BYTES_OF_A_ROW;
    if (!matches(l, &view))
        return;
    l->total++;
    if (is_wanted(l))
        l->each(l->baton, &view);
}

static bool may_go_on(listing *l, const prov_id *id)
{
    l->last = *id;
    l->begun = true;
    if (l->rows < ROWS_BETWEEN_LOOKS)
        return true;
    l->rows = 0;
    apr_pool_clear(l->scratch);
    l->stopped = prov_snapshot_is_old(l->window.n);
    return !l->stopped;
}

/* --- every resource of the type --------------------------------------------------------------- */

static bool each_row(void *baton, const prov_id *id, prov_record rec)
{
    listing *l = baton;
    look_at(l, id, rec);
    l->full = !l->query->filter && l->total - l->query->first + 1 >= l->query->want;
    return may_go_on(l, id) && !l->full;
}

static prov_err *scan(listing *l)
{
    prov_err *err = NULL;
    l->begun = false;
    do {
        l->stopped = false;
        prov_snapshot_resources(l->window.n, l->type->number, l->begun ? &l->last : NULL, each_row,
                                l);
        if (l->stopped && !l->full)
            err = prov_snapshot_refresh(l->window.n);
    } while (l->stopped && !l->full && !err);
    return err;
}

/* --- without a filter: the counters tell the total -----------------------------------------------
 */

static int64_t count(const listing *l)
{
    const prov_userstores *all = l->window.service->userstores;
    const prov_userstore *fixed = l->window.fixed, *u;
    int64_t sum = 0;
    if (fixed)
        return prov_snapshot_count(l->window.n, l->type->number, fixed->number);
    for (int i = 0; (u = prov_userstore_at(all, i)); i++)
        sum += prov_snapshot_count(l->window.n, l->type->number, u->number);
    return sum;
}

static prov_err *list_all(listing *l)
{
    const prov_query *q = l->query;
    int64_t end = l->total + count(l);
    bool none = q->want <= 0 || q->first > end || q->first + q->want <= l->total + 1;
    prov_err *err = none ? NULL : scan(l);
    l->total = end;
    return err;
}

/* --- with one ----------------------------------------------------------------------------------
 */

static prov_err *list_candidates(listing *l, const prov_candidates *c)
{
    prov_err *err = NULL;
    prov_record rec;
    l->bare = c->bare;
    for (int i = 0; i < c->count && !err; i++) {
        if (prov_snapshot_resource(l->window.n, &c->ids[i], &rec))
            look_at(l, &c->ids[i], rec);
        if (!may_go_on(l, &c->ids[i]))
            err = prov_snapshot_refresh(l->window.n);
    }
    l->bare = false;
    return err;
}

static prov_err *list_type(listing *l, apr_pool_t *p)
{
    prov_candidates candidates;
    bool grouping = prov_schema_attr(l->type->schema, "members", 7) != NULL;
    l->weight = grouping ? ROWS_BETWEEN_LOOKS : 1; /* members may be many, outside of the record */
    if (!l->query->filter)
        return list_all(l);
    if (prov_candidates_find(&l->window, p, l->type, l->query->filter, &candidates))
        return list_candidates(l, &candidates);
    return scan(l);
}

prov_err *prov_service_list(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                            const prov_query *q, prov_each_view *each, void *baton, int64_t *total)
{
    listing l = { .query = q, .each = each, .baton = baton };
    prov_snapshot *n;
    prov_err *err = prov_store_read(s->store, p, &n);
    if (err)
        return err;
    l.window = prov_window_make(s, n, caller);
    l.window.base = q->base;
    apr_pool_create(&l.scratch, p);
    for (int i = 0; i < prov_registry_type_count(s->registry) && !err; i++) {
        l.type = prov_registry_type(s->registry, i);
        if (!q->type || q->type == l.type)
            err = list_type(&l, p);
    }
    apr_pool_destroy(l.scratch);
    prov_snapshot_end(n);
    *total = l.total;
    return err;
}
