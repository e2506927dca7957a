#include "framework/list.h"
#include "framework/candidates.h"
#include "framework/ordered.h"

#include <apr_strings.h>
#include <inttypes.h>
#include <string.h>

/* At the clock, and to free the scratch pool. A long record weighs as many rows. */
#define ROWS_BETWEEN_LOOKS 64
#define BYTES_OF_A_ROW     4096

typedef struct listing {
    prov_window window;
    const prov_query *query;
    const prov_resource_type *type;
    prov_each_view *each;
    void *baton;
    prov_listed *out;
    prov_sort_heap *heap; /* NULL: nothing is sorted */
    bool by_index;        /* in order already */
    apr_pool_t *pool, *scratch;
    bool counting;   /* the total is how many match */
    int64_t matched; /* behind the cursor's place, if there is one */
    int64_t taken;
    bool closed;      /* one more was found than the page takes */
    int64_t unserved; /* resources that no index helps with */
    prov_id last;     /* looked at */
    bool begun;
    size_t weight; /* of a row of the type */
    size_t rows;   /* since the last look at the clock */
    bool stopped;  /* to be resumed on a newer snapshot */
} listing;

/* --- one resource --------------------------------------------------------------------------- */

static bool matches(const listing *l, const prov_view *view)
{
    return !l->query->filter || prov_filter_match(l->query->filter, view);
}

/* Whether the page took it. */
static bool take(listing *l, const prov_view *view)
{
    bool taken = !l->closed && l->taken < l->query->want && l->each(l->baton, view);
    l->closed = !taken;
    l->taken += taken;
    return taken;
}

static void take_in_order_of_id(listing *l, const prov_view *view)
{
    if (l->matched >= l->query->first && take(l, view))
        l->out->last = (prov_list_place){ l->type->number, view->id, prov_bytes_of("") };
}

static void keep(listing *l, const prov_view *view)
{
    const prov_sort *sort = l->query->sort;
    const prov_list_place *after = l->query->after;
    prov_sort_key key;
    prov_sort_key_of(sort, view, &key);
    if (!after || prov_sort_compare(sort, (prov_bytes){ key.data, key.len }, &view->id, after->key,
                                    &after->id) > 0)
        prov_sort_heap_add(l->heap, &key, &view->id);
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
    l->matched++;
    if (l->heap)
        keep(l, &view);
    else
        take_in_order_of_id(l, &view);
}

static bool is_enough(const listing *l)
{
    return !l->counting && !l->heap &&
           (l->closed || (!l->query->onward && l->taken >= l->query->want));
}

static bool may_go_on(listing *l, const prov_id *id)
{
    l->last = *id;
    l->begun = true;
    if (is_enough(l))
        return false;
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
    return may_go_on(l, id);
}

static prov_err *scan(listing *l, const prov_id *after)
{
    prov_err *err = NULL;
    l->begun = after != NULL;
    if (after)
        l->last = *after;
    do {
        l->stopped = false;
        prov_snapshot_resources(l->window.n, l->type->number, l->begun ? &l->last : NULL, each_row,
                                l);
        if (l->stopped)
            err = prov_snapshot_refresh(l->window.n);
    } while (l->stopped && !err);
    return err;
}

static int64_t count_in(const listing *l, const prov_resource_type *type, const prov_userstore *u)
{
    return prov_snapshot_count(l->window.n, type->number, u->number);
}

/* Of one domain, or of every one. */
static int64_t count(const listing *l, const prov_resource_type *type, const prov_userstore *only)
{
    const prov_userstore *u;
    int64_t sum = 0;
    for (int i = 0; !only && (u = prov_userstore_at(l->window.service->userstores, i)); i++)
        sum += count_in(l, type, u);
    return only ? count_in(l, type, only) : sum;
}

/* What an administrator finds too dear is told before it is begun. */
static prov_err *scan_unserved(listing *l, apr_pool_t *p, const prov_id *after)
{
    int64_t most = l->query->max_scan;
    l->unserved += count(l, l->type, NULL);
    if (most && l->unserved > most)
        return prov_err_make(p, 400, "tooMany",
                             "this would look at more than %" PRId64
                             " resources; ask for an indexed attribute with eq",
                             most);
    return scan(l, after);
}

/* --- without a filter: the counters tell the total -----------------------------------------------
 */

static prov_err *list_all(listing *l, const prov_id *after)
{
    const prov_query *q = l->query;
    int64_t end = l->matched + count(l, l->type, l->window.fixed);
    bool none = !q->after && (q->want <= 0 || q->first > end);
    prov_err *err = none || is_enough(l) ? NULL : scan(l, after);
    l->matched = end;
    return err;
}

/* --- with one ----------------------------------------------------------------------------------
 */

static prov_err *list_candidates(listing *l, const prov_candidates *c, const prov_id *after)
{
    prov_err *err = NULL;
    prov_record rec;
    for (int i = 0; i < c->count && !err; i++) {
        const prov_id *id = &c->ids[i];
        if (after && memcmp(id->b, after->b, sizeof id->b) <= 0)
            continue;
        if (prov_snapshot_resource(l->window.n, id, &rec))
            look_at(l, id, rec);
        l->stopped = false;
        if (!may_go_on(l, id) && !l->stopped)
            break;
        if (l->stopped)
            err = prov_snapshot_refresh(l->window.n);
    }
    return err;
}

/* "User: index userName eq, 1 of 5000; Group: scan of 12" */
static void explain(listing *l, apr_pool_t *p, const char *index, int64_t found)
{
    const char *plan = l->out->plan;
    if (!l->query->explain)
        return;
    plan = apr_psprintf(p, "%s%s%s: ", plan ? plan : "", plan ? "; " : "", l->type->name);
    int64_t all = count(l, l->type, NULL);
    l->out->plan =
        index ? apr_psprintf(p, "%sindex %s, %" PRId64 " of %" PRId64, plan, index, found, all)
              : apr_psprintf(p, "%sscan of %" PRId64, plan, all);
}

static prov_err *list_type(listing *l, apr_pool_t *p, const prov_id *after)
{
    prov_candidates candidates;
    bool grouping = prov_schema_attr(l->type->schema, "members", 7) != NULL;
    l->weight = grouping ? ROWS_BETWEEN_LOOKS : 1; /* members may be many, outside of the record */
    if (!l->query->filter && !l->heap) {
        explain(l, p, "id", l->query->want);
        return list_all(l, after);
    }
    if (l->query->filter &&
        prov_candidates_find(&l->window, p, l->type, l->query->filter, &candidates)) {
        explain(l, p, candidates.plan, candidates.count);
        return list_candidates(l, &candidates, after);
    }
    explain(l, p, NULL, 0);
    return scan_unserved(l, p, after);
}

/* The types that the page may show; by cursor from where the last page ended. */
static prov_err *list_types(listing *l, apr_pool_t *p)
{
    const prov_query *q = l->query;
    const prov_registry *r = l->window.service->registry;
    const prov_list_place *after = l->heap ? NULL : q->after;
    prov_err *err = NULL;
    for (int i = 0; i < prov_registry_type_count(r) && !err; i++) {
        l->type = prov_registry_type(r, i);
        if (q->type && q->type != l->type)
            continue;
        if (!after)
            err = list_type(l, p, NULL);
        else if (after->type == l->type->number) {
            err = list_type(l, p, &after->id);
            after = NULL;
        }
    }
    return err;
}

/* --- sorted ------------------------------------------------------------------------------------
 */

/* How many the page needs to be kept, itself and what lies before it; one more tells that there is
 * more. */
static prov_err *make_heap(listing *l, apr_pool_t *p)
{
    const prov_query *q = l->query;
    const prov_registry *r = l->window.service->registry;
    int64_t before = q->first - 1, rows = 0;
    int64_t most = before > INT64_MAX - q->want - 1 ? INT64_MAX : before + q->want + q->onward;
    for (int i = 0; i < prov_registry_type_count(r); i++)
        if (!q->type || q->type == prov_registry_type(r, i))
            rows += count(l, prov_registry_type(r, i), NULL);
    if (q->max_sort && most > q->max_sort && rows > q->max_sort && before)
        return prov_err_make(p, 400, "tooMany",
                             "a list that has to be sorted can be read up to its resource %" PRId64
                             " by startIndex; use a cursor, a filter or an indexed order",
                             q->max_sort);
    l->heap = prov_sort_heap_make(p, q->sort, most);
    return NULL;
}

/* Who is no longer where an index had him is shown where he is now, or was. */
static bool is_in_place(const listing *l, const prov_view *view, const prov_sort_entry *e,
                        prov_bytes *whole)
{
    prov_sort_key key;
    if (!l->by_index)
        return true;
    prov_sort_key_of(l->query->sort, view, &key);
    if (!prov_ordered_is_at(e, &key))
        return false;
    if (key.len > e->len)
        *whole = (prov_bytes){ apr_pmemdup(l->pool, key.data, key.len), key.len };
    return true;
}

/* What is gone by now is left out. */
static void show(listing *l, const prov_sort_entry *e)
{
    prov_bytes key = { e->key, e->len };
    prov_view view;
    prov_record rec;
    apr_pool_clear(l->scratch);
    bool there = prov_window_find(&l->window, l->query->type, &e->id, &rec) &&
                 (l->type = prov_registry_type_numbered(l->window.service->registry,
                                                        prov_record_head(rec).type)) &&
                 prov_window_view(&l->window, l->scratch, l->type, &e->id, rec, &view) &&
                 is_in_place(l, &view, e, &key);
    if (there)
        take(l, &view);
    if (!l->closed)
        l->out->last = (prov_list_place){ 0, e->id, key };
}

static prov_err *show_all(listing *l, const prov_sort_entry *entries, int64_t from, int64_t count)
{
    prov_err *err = NULL;
    for (int64_t i = from; i < count && !l->closed && !err; i++) {
        if (i - from < l->query->want)
            show(l, &entries[i]);
        else
            l->closed = true;
        if (prov_snapshot_is_old(l->window.n))
            err = prov_snapshot_refresh(l->window.n);
    }
    return err;
}

static prov_err *list_sorted(listing *l, apr_pool_t *p)
{
    const prov_sort_entry *entries;
    prov_err *err = make_heap(l, p);
    if (!err)
        err = list_types(l, p);
    if (err)
        return err;
    int64_t count = prov_sort_heap_done(l->heap, &entries);
    return show_all(l, entries, l->query->first - 1, count);
}

/* From an index if one has the order of all that is asked for. */
static prov_err *list_in_order(listing *l, apr_pool_t *p)
{
    const prov_query *q = l->query;
    prov_ordered found;
    l->type = q->type;
    if (q->filter || !q->type)
        return list_sorted(l, p);
    int64_t total = count(l, l->type, l->window.fixed);
    prov_err *err = prov_ordered_page(&l->window, p, q, total, &found);
    if (err || !found.plan)
        return err ? err : list_sorted(l, p);
    l->by_index = true;
    l->matched = total;
    explain(l, p, found.plan, found.looked_at);
    return show_all(l, found.entries, 0, found.count);
}

prov_err *prov_service_list(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                            const prov_query *q, prov_each_view *each, void *baton,
                            prov_listed *out)
{
    listing l = { .query = q, .each = each, .baton = baton, .out = out, .pool = p };
    bool sorted = q->sort && q->want > 0;
    prov_snapshot *n;
    prov_err *err = prov_store_read(s->store, p, &n);
    if (err)
        return err;
    *out = (prov_listed){ .total = 0 };
    l.window = prov_window_make(s, n, caller);
    l.window.base = q->base;
    l.counting = !q->after && (q->filter || sorted);
    apr_pool_create(&l.scratch, p);
    err = sorted ? list_in_order(&l, p) : list_types(&l, p);
    apr_pool_destroy(l.scratch);
    prov_snapshot_end(n);
    out->total = l.matched;
    out->more = q->onward && q->want > 0 && l.closed;
    return err;
}
