#include "framework/ordered.h"
#include "framework/seek.h"

#include "base/text.h"
#include "store/index.h"

#include <apr_strings.h>
#include <string.h>

#define BATCH 64 /* rows read from the store at a time */
/* An index has the order of longer values by their first 200 bytes only: in a sort key these and
 * the two in front of them. A name's prefix only makes it less that is relied upon. */
#define VALUE_SURE 200
#define KEY_SURE   (2 + VALUE_SURE)

/* The rows of one domain: each is in its order, and the least of all domains' is next. */
typedef struct lane {
    prov_ordering order;
    prov_bytes prefix; /* of names: as they are ordered */
    prov_sort_key keys[BATCH];
    prov_id ids[BATCH];
    int count, at;
    bool ended, stuck;                 /* stuck: before a row whose key does not tell its place */
    uint8_t last[PROV_INDEX_KEY_MOST]; /* behind this key, the index's own, and this id; */
    size_t last_len;                   /* 0: from the start */
    prov_id last_id;
} lane;

typedef struct ordered {
    prov_window *w;
    apr_pool_t *p;
    const prov_resource_type *type;
    const prov_sort *sort;
    const prov_attr *attr;
    prov_ordering order; /* without a domain and a place */
    bool whole;          /* everyone has a value, so that it has everyone */
    lane **lanes;
    int count;
    prov_sort_key previous;
    bool unsure; /* two rows were met of whose order the index is not sure */
    prov_err *err;
} ordered;

/* --- which index ---------------------------------------------------------------------------- */

static bool is_attr(const ordered *o, const char *path)
{
    const prov_registry *r = o->w->service->registry;
    return prov_schema_find(r, o->type, path, strlen(path), NULL) == o->attr;
}

static bool by_time(ordered *o)
{
    o->order.kind = PROV_INDEX_TIMES;
    o->order.type = o->type->number;
    o->order.modified = is_attr(o, "meta.lastModified");
    o->whole = true;
    return (o->order.modified || is_attr(o, "meta.created")) && o->attr->place == PROV_IN_HEADER &&
           prov_seek_ready(o->w, PROV_INDEX_TIMES, 0);
}

/* Those whose index has one row for each resource that has a value, in the order of a sort. */
static bool is_ordered(const prov_attr *a)
{
    return !a->multi && !(a->parent && a->parent->multi) && a->type != PROV_TYPE_BINARY &&
           a->type != PROV_TYPE_BOOLEAN;
}

static bool by_value(ordered *o)
{
    const prov_attr *a = o->attr;
    const prov_index *index = prov_index_of(a);
    if (!index || index->everywhere || !is_ordered(a) || (a->precis && a != o->type->naming))
        return false;
    o->order.kind = index->unique ? PROV_INDEX_UNIQUE : PROV_INDEX_VALUES;
    o->order.attr = a->number;
    o->whole = index->always && a == o->type->naming && a->required;
    return index->always || prov_seek_ready(o->w, o->order.kind, a->number);
}

typedef struct sharing {
    const ordered *o;
    int64_t own, others;
} sharing;

/* A type that is not declared now may have had it. */
static bool count_type(void *baton, uint16_t number, uint16_t domain, int64_t count)
{
    sharing *s = baton;
    const ordered *o = s->o;
    const prov_registry *r = o->w->service->registry;
    const prov_resource_type *type = prov_registry_type_numbered(r, number);
    if (type == o->type) {
        s->own += count;
        return true;
    }
    const char *path = type ? prov_attr_path(o->p, type, o->attr) : NULL;
    if (!type || prov_schema_find(r, type, path, strlen(path), NULL) == o->attr)
        s->others += count;
    return true;
}

/* Rows of other types have to be told apart, and passed over: not if they are the most of it. */
static bool is_own(ordered *o)
{
    sharing s = { .o = o };
    if (o->order.kind == PROV_INDEX_TIMES)
        return true;
    prov_snapshot_counts(o->w->n, count_type, &s);
    if (s.others)
        o->order.type = o->type->number;
    return s.others <= s.own;
}

static bool find_index(ordered *o)
{
    o->attr = prov_sort_attr(o->sort, o->type);
    o->order.descending = prov_sort_descends(o->sort);
    if (!o->attr)
        return false;
    const prov_attr *top = o->attr->parent ? o->attr->parent : o->attr;
    return (top->place == PROV_IN_RECORD ? by_value(o) : by_time(o)) && is_own(o);
}

/* --- where a lane begins ---------------------------------------------------------------------- */

static void go_on_from(lane *l, prov_bytes key, const prov_id *id)
{
    l->last_len = key.len;
    memcpy(l->last, key.data, key.len);
    l->last_id = *id;
}

/* A name with another domain's prefix stands before or behind all of this one. */
static void enter(const ordered *o, lane *l, prov_bytes value, const prov_id *id)
{
    size_t shared = value.len < l->prefix.len ? value.len : l->prefix.len;
    int sign = shared ? memcmp(value.data, l->prefix.data, shared) : 0;
    if (sign || value.len < l->prefix.len) {
        l->ended = (sign <= 0) == o->order.descending;
        return;
    }
    value = (prov_bytes){ value.data + shared, value.len - shared };
    go_on_from(l, o->order.kind == PROV_INDEX_TIMES ? value : prov_index_text_key(o->p, value), id);
}

static lane *add_lane(ordered *o, const prov_userstore *u)
{
    lane *l = apr_pcalloc(o->p, sizeof *l);
    l->order = o->order;
    l->order.domain = u->number;
    if (o->attr->precis)
        l->prefix = prov_text_fold(o->p, prov_userstore_prefix(u));
    o->lanes[o->count++] = l;
    return l;
}

/* False: the index cannot find this place, or not all that is behind it. */
static bool open_lanes(ordered *o, const prov_list_place *after)
{
    const prov_userstores *stores = o->w->service->userstores;
    const prov_userstore *u;
    prov_bytes value;
    int most = 0;
    if (after && (after->key.len >= KEY_SURE || !prov_sort_key_read(o->attr, after->key, &value)))
        return false;
    while (prov_userstore_at(stores, most))
        most++;
    o->lanes = apr_pcalloc(o->p, (size_t)most * sizeof *o->lanes);
    for (int i = 0; (u = prov_userstore_at(stores, i)); i++) {
        lane *l = !o->w->fixed || o->w->fixed == u ? add_lane(o, u) : NULL;
        if (l && after)
            enter(o, l, value, &after->id);
    }
    return true;
}

/* --- rows ------------------------------------------------------------------------------------- */

typedef struct reading {
    const ordered *o;
    lane *l;
} reading;

static bool read_row(void *baton, prov_bytes key, bool exact, const prov_id *id)
{
    const reading *r = baton;
    lane *l = r->l;
    prov_bytes value = key;
    l->stuck = !exact || key.len > sizeof l->last;
    if (l->stuck)
        return false;
    if (r->o->order.kind != PROV_INDEX_TIMES) /* a version is in front */
        value = (prov_bytes){ key.data + 1, key.len - 1 };
    prov_sort_key_make(r->o->attr, l->prefix, value, &l->keys[l->count]);
    l->ids[l->count++] = *id;
    if (l->count == BATCH)
        go_on_from(l, key, id);
    return l->count < BATCH;
}

static void fill(ordered *o, lane *l)
{
    reading r = { o, l };
    uint8_t key[PROV_INDEX_KEY_MOST];
    prov_id id = l->last_id;
    prov_ordering order = l->order;
    memcpy(key, l->last, l->last_len);
    order.after = (prov_bytes){ key, l->last_len };
    order.after_id = l->last_len ? &id : NULL;
    l->count = l->at = 0;
    if (prov_snapshot_is_old(o->w->n))
        o->err = prov_snapshot_refresh(o->w->n);
    if (!o->err)
        prov_snapshot_ordered(o->w->n, &order, read_row, &r);
    l->ended = l->count < BATCH;
}

static bool has_row(ordered *o, lane *l)
{
    if (l->at == l->count && !l->ended)
        fill(o, l);
    o->unsure |= l->at == l->count && l->stuck;
    return l->at < l->count;
}

static int order_of(const ordered *o, const lane *a, const lane *b)
{
    const prov_sort_key *x = &a->keys[a->at], *y = &b->keys[b->at];
    return prov_sort_compare(o->sort, (prov_bytes){ x->data, x->len }, &a->ids[a->at],
                             (prov_bytes){ y->data, y->len }, &b->ids[b->at]);
}

static bool is_sure(const ordered *o, const prov_sort_key *key)
{
    return key->len < KEY_SURE || o->previous.len < KEY_SURE ||
           memcmp(key->data, o->previous.data, KEY_SURE) != 0;
}

/* The next of all; NULL if there is none, or none that is sure. */
static const lane *next(ordered *o)
{
    lane *least = NULL;
    for (int i = 0; i < o->count; i++)
        if (has_row(o, o->lanes[i]) && (!least || order_of(o, o->lanes[i], least) < 0))
            least = o->lanes[i];
    if (!least || o->unsure || o->err)
        return NULL;
    const prov_sort_key *key = &least->keys[least->at++];
    o->unsure = !is_sure(o, key);
    o->previous = *key;
    return o->unsure ? NULL : least;
}

/* --- the page --------------------------------------------------------------------------------- */

static void take(const ordered *o, const lane *l, prov_sort_entry *e)
{
    const prov_sort_key *key = &l->keys[l->at - 1];
    e->id = l->ids[l->at - 1];
    e->len = e->room = (uint16_t)(key->len < KEY_SURE ? key->len : KEY_SURE);
    e->key = apr_pmemdup(o->p, key->data, e->len);
}

bool prov_ordered_is_at(const prov_sort_entry *e, const prov_sort_key *key)
{
    size_t len = key->len < KEY_SURE ? key->len : KEY_SURE;
    return e->len == len && memcmp(e->key, key->data, len) == 0;
}

/* Whether the index told all of the page: whoever lacks the attribute comes last. */
static bool fill_page(ordered *o, const prov_query *q, int64_t total, prov_ordered *out)
{
    apr_array_header_t *found = apr_array_make(o->p, 64, sizeof(prov_sort_entry));
    const lane *l = NULL;
    bool beyond = !q->after && q->first > total;
    while (!beyond && found->nelts <= q->want && (l = next(o)))
        if (++out->looked_at >= q->first)
            take(o, l, apr_array_push(found));
    out->entries = (const prov_sort_entry *)(const void *)found->elts;
    out->count = found->nelts;
    return beyond || (!o->unsure && (l || o->whole || (!q->after && out->looked_at >= total)));
}

/* Descending, who lacks the attribute comes first: of these an index knows nothing. */
static bool can_begin(const ordered *o, const prov_query *q)
{
    return o->whole || !o->order.descending || q->after;
}

static const char *plan_of(const ordered *o)
{
    return apr_pstrcat(o->p, prov_attr_path(o->p, o->type, o->attr),
                       o->order.descending ? " descending" : " ascending", NULL);
}

prov_err *prov_ordered_page(prov_window *w, apr_pool_t *p, const prov_query *q, int64_t total,
                            prov_ordered *out)
{
    ordered o = { .w = w, .p = p, .type = q->type, .sort = q->sort };
    *out = (prov_ordered){ .plan = NULL };
    if (find_index(&o) && can_begin(&o, q) && open_lanes(&o, q->after) &&
        fill_page(&o, q, total, out))
        out->plan = plan_of(&o);
    return o.err;
}

const char *prov_ordered_plan(const prov_window *w, apr_pool_t *p, const prov_resource_type *type,
                              const prov_sort *sort)
{
    prov_window own = *w;
    ordered o = { .w = &own, .p = p, .type = type, .sort = sort };
    return find_index(&o) && (o.whole || !o.order.descending) ? plan_of(&o) : NULL;
}
