#include "scim/bulk_order.h"
#include "base/text.h"
#include "scim/bulk_reference.h"

#include <apr_strings.h>

/* An operation comes after those that it is joined to. What it refers to is a need; an earlier one
 * that reads or writes the same is a wish, which gives way to a need. */
typedef struct edge {
    int to;
    bool need;
    struct edge *next;
} edge;

typedef enum { FRESH, OPEN, DONE } progress;

typedef struct place {
    edge *edges;        /* those still to be looked at; needs first */
    const char *target; /* what it writes */
    progress progress;
    int missing;   /* late references not made yet */
    edge *waiting; /* who has a late reference to this one */
} place;

/* Who wrote a thing last, and who has read it since. */
typedef struct users {
    int writer; /* -1: none */
    apr_array_header_t *readers;
} users;

typedef struct ordering {
    apr_pool_t *p;
    prov_bulk *bulk;
    place *places;
    apr_hash_t *things;  /* by key */
    apr_hash_t *targets; /* what is being written by an open operation */
    int *stack;
    int depth;
    int current; /* whose data is being looked through */
} ordering;

/* --- who must not overtake whom ------------------------------------------------------------- */

static void join(ordering *o, edge **list, int to, bool need)
{
    edge *e = apr_palloc(o->p, sizeof *e);
    *e = (edge){ to, need, *list };
    *list = e;
}

static users *users_of(ordering *o, const char *key)
{
    users *a = apr_hash_get(o->things, key, APR_HASH_KEY_STRING);
    if (a)
        return a;
    a = apr_palloc(o->p, sizeof *a);
    *a = (users){ -1, apr_array_make(o->p, 2, sizeof(int)) };
    apr_hash_set(o->things, key, APR_HASH_KEY_STRING, a);
    return a;
}

static void wish(ordering *o, int from, int to)
{
    if (to >= 0 && to != from)
        join(o, &o->places[from].edges, to, false);
}

static void reads(ordering *o, int i, const char *key)
{
    users *a = users_of(o, key);
    wish(o, i, a->writer);
    APR_ARRAY_PUSH(a->readers, int) = i;
}

static void writes(ordering *o, int i, const char *key)
{
    users *a = users_of(o, key);
    wish(o, i, a->writer);
    for (int k = 0; k < a->readers->nelts; k++)
        wish(o, i, APR_ARRAY_IDX(a->readers, k, int));
    apr_array_clear(a->readers);
    a->writer = i;
}

static const char *made_by(ordering *o, int post)
{
    return apr_psprintf(o->p, "post %d", post);
}

static const char *target_of(ordering *o, int i)
{
    const prov_bulk_operation *op = &o->bulk->operations[i];
    if (op->method == PROV_BULK_POST)
        return made_by(o, i);
    return op->named >= 0 ? made_by(o, op->named) : prov_bytes_text(o->p, op->name);
}

static bool read_id(void *baton, const char *name, prov_bytes text)
{
    ordering *o = baton;
    prov_id id;
    if (prov_id_parse(text, &id))
        reads(o, o->current, prov_bytes_text(o->p, text));
    return true;
}

/* New resources of a type do not concern each other, unless they have the same name; all else of
 * that type may give a name away or take it. */
static void look_at_names(ordering *o, int i)
{
    const prov_bulk_operation *op = &o->bulk->operations[i];
    const char *type = apr_pstrcat(o->p, "type ", op->type->name, NULL);
    const prov_attr *naming = op->type->naming;
    if (op->method != PROV_BULK_POST) {
        writes(o, i, type);
        return;
    }
    reads(o, i, type);
    prov_bytes name = { NULL, 0 };
    if (naming)
        name = prov_json_string(prov_json_get(op->data, naming->name, NULL));
    if (name.len)
        writes(o, i,
               apr_pstrcat(o->p, "name ", op->type->name, " ",
                           prov_bytes_text(o->p, prov_text_fold(o->p, name)), NULL));
}

static void look_at(ordering *o, int i)
{
    const prov_bulk_operation *op = &o->bulk->operations[i];
    place *at = &o->places[i];
    at->target = "";
    if (op->err)
        return;
    at->target = target_of(o, i);
    o->current = i;
    writes(o, i, at->target);
    prov_bulk_strings("", op->data, read_id, o);
    look_at_names(o, i);
    for (int k = 0; k < op->refs->nelts; k++)
        reads(o, i, made_by(o, APR_ARRAY_IDX(op->refs, k, int)));
    for (int k = op->refs->nelts; k-- > 0;)
        join(o, &at->edges, APR_ARRAY_IDX(op->refs, k, int), true);
    if (op->named >= 0)
        join(o, &at->edges, op->named, true);
}

/* --- one after the other -------------------------------------------------------------------- */

static void step(ordering *o, int i, bool completes)
{
    APR_ARRAY_PUSH(o->bulk->steps, prov_bulk_step) = (prov_bulk_step){ i, completes };
}

static void enter(ordering *o, int i)
{
    o->places[i].progress = OPEN;
    o->stack[o->depth++] = i;
    apr_hash_set(o->targets, o->places[i].target, APR_HASH_KEY_STRING, o);
}

static void finish(ordering *o, int i)
{
    place *at = &o->places[i];
    o->depth--;
    at->progress = DONE;
    apr_hash_set(o->targets, at->target, APR_HASH_KEY_STRING, NULL);
    step(o, i, false);
    for (edge *w = at->waiting; w; w = w->next)
        if (--o->places[w->to].missing == 0)
            step(o, w->to, true);
}

static void put_off(ordering *o, int i, int post)
{
    APR_ARRAY_PUSH(o->bulk->operations[i].late, int) = post;
    o->places[i].missing++;
    join(o, &o->places[post].waiting, i, true);
}

static bool is_there(const ordering *o, int post)
{
    return o->places[post].progress != OPEN && !o->places[post].missing;
}

/* An earlier one is brought forward unless that would part it from what it belongs behind. */
static bool may_come(const ordering *o, int i)
{
    const prov_bulk_operation *op = &o->bulk->operations[i];
    if (apr_hash_get(o->targets, o->places[i].target, APR_HASH_KEY_STRING))
        return false;
    for (int k = 0; k < op->refs->nelts; k++)
        if (!is_there(o, APR_ARRAY_IDX(op->refs, k, int)))
            return false;
    return op->named < 0 || is_there(o, op->named);
}

static void advance(ordering *o)
{
    int i = o->stack[o->depth - 1];
    edge *e = o->places[i].edges;
    if (!e) {
        finish(o, i);
        return;
    }
    o->places[i].edges = e->next;
    progress other = o->places[e->to].progress;
    if (other == OPEN && e->need)
        put_off(o, i, e->to);
    else if (other == FRESH && (e->need || may_come(o, e->to)))
        enter(o, e->to);
}

static bool refers_forward(const prov_bulk *bulk)
{
    for (int i = 0; i < bulk->count; i++) {
        const prov_bulk_operation *op = &bulk->operations[i];
        if (op->named >= i)
            return true;
        for (int k = 0; k < op->refs->nelts; k++)
            if (APR_ARRAY_IDX(op->refs, k, int) >= i)
                return true;
    }
    return false;
}

void prov_bulk_order(apr_pool_t *p, prov_bulk *bulk)
{
    size_t count = (size_t)bulk->count;
    ordering o = { .p = p, .bulk = bulk };
    bool forward = refers_forward(bulk);
    bulk->steps = apr_array_make(p, bulk->count, sizeof(prov_bulk_step));
    o.places = apr_pcalloc(p, count * sizeof *o.places);
    o.stack = apr_palloc(p, count * sizeof *o.stack);
    o.things = apr_hash_make(p);
    o.targets = apr_hash_make(p);
    for (int i = 0; forward && i < bulk->count; i++)
        look_at(&o, i);
    for (int i = 0; i < bulk->count; i++)
        if (!forward)
            step(&o, i, false);
        else if (o.places[i].progress == FRESH)
            for (enter(&o, i); o.depth;)
                advance(&o);
}
