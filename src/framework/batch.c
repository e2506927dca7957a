#include "framework/batch.h"
#include "framework/change.h"

#include <apr_hash.h>
#include <string.h>

#define BYTES_MOST ((size_t)4 << 20) /* of records; those that are usual come to less */

typedef struct waiting {
    prov_change change;
    prov_attempt attempt;
    apr_pool_t *p;
    int which;
} waiting;

struct prov_batch {
    prov_service *service;
    const prov_caller *caller;
    prov_batch_way way;
    waiting *list;
    int count, most;
    size_t bytes;
    prov_id *ids; /* for what is to be made */
    int ids_left;
    apr_pool_t *p;      /* of the attempts, until they have run */
    apr_hash_t *things; /* ids and unique keys that the plans speak of */
};

static const prov_id none;

static void empty(prov_batch *b)
{
    apr_pool_clear(b->p);
    b->things = apr_hash_make(b->p);
    b->count = 0;
    b->bytes = 0;
}

prov_batch *prov_batch_make(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                            const prov_batch_way *way)
{
    prov_batch *b = apr_pcalloc(p, sizeof *b);
    b->service = s;
    b->caller = caller;
    b->way = *way;
    b->most = way->expected > PROV_BATCH_MOST ? PROV_BATCH_MOST : way->expected;
    b->most = b->most > 0 ? b->most : 1;
    b->list = apr_palloc(p, (size_t)b->most * sizeof *b->list);
    b->ids = apr_palloc(p, (size_t)b->most * sizeof *b->ids);
    apr_pool_create(&b->p, p);
    empty(b);
    return b;
}

int prov_batch_count(const prov_batch *b)
{
    return b->count;
}

/* --- what a plan speaks of ------------------------------------------------------------------ */

static bool knows(const prov_batch *b, prov_bytes thing)
{
    return apr_hash_get(b->things, thing.data, (apr_ssize_t)thing.len) != NULL;
}

static void learn(prov_batch *b, prov_bytes thing)
{
    thing = prov_bytes_copy(b->p, thing);
    apr_hash_set(b->things, thing.data, (apr_ssize_t)thing.len, b);
}

static prov_bytes id_thing(const prov_id *id)
{
    return (prov_bytes){ id->b, sizeof id->b };
}

static bool is_unique_key(const prov_op *op)
{
    return (op->code == PROV_OP_INDEX || op->code == PROV_OP_UNINDEX) && op->flag;
}

/* The domain is left out: some keys are unique over all of them. */
static prov_bytes key_thing(apr_pool_t *p, const prov_op *op)
{
    prov_buf b;
    prov_buf_init(&b, p, op->bytes.len + sizeof(prov_id) + 2);
    prov_buf_add(&b, &none, sizeof none); /* longer than any id */
    prov_put_u16(&b, op->attr);
    prov_buf_add(&b, op->bytes.data, op->bytes.len);
    return prov_buf_bytes(&b);
}

typedef bool each_thing(prov_batch *b, prov_bytes thing);

static bool is_new(prov_batch *b, prov_bytes thing)
{
    return !knows(b, thing);
}

static bool learned(prov_batch *b, prov_bytes thing)
{
    learn(b, thing);
    return true;
}

static bool each(prov_batch *b, const prov_attempt *a, each_thing *visit)
{
    bool good = true;
    for (int i = 0; good && i < prov_plan_length(a->plan); i++) {
        const prov_op *op = prov_plan_op(a->plan, i);
        good = prov_id_equal(&op->id, &none) || visit(b, id_thing(&op->id));
        good = good && (prov_id_equal(&op->other, &none) || visit(b, id_thing(&op->other)));
        good = good && (!is_unique_key(op) || visit(b, key_thing(a->p, op)));
    }
    return good;
}

/* --- deciding ------------------------------------------------------------------------------- */

/* What members are called may select them, and whoever has that name has it by another change. And
 * a group may have more members than a commit should move. */
static bool goes_alone(const prov_change *c)
{
    return c->operation != PROV_CREATED && prov_schema_attr(c->type->schema, "members", 7);
}

/* The snapshot ends before the wait: held over a commit, it would keep the file from growing. */
static prov_err *plan_once(const prov_batch *b, prov_attempt *a)
{
    prov_snapshot *n;
    prov_err *err = prov_store_read(b->service->store, a->p, &n);
    if (err)
        return err;
    err = prov_change_plan(a, n);
    prov_snapshot_end(n);
    return err;
}

/* An error, or nothing to do: the door will find that out once more. */
static bool plan(const prov_batch *b, prov_attempt *a)
{
    prov_err *err = plan_once(b, a);
    if (!err && a->unhashed.len) {
        err = prov_passwords_hash(b->service->passwords, b->p, a->unhashed, &a->hash);
        if (!err)
            err = plan_once(b, a);
    }
    return !err && a->plan && !a->unhashed.len;
}

/* Many at once: they then lie side by side in the store, and not between those of another thread.
 */
static prov_id next_id(prov_batch *b)
{
    if (!b->ids_left)
        prov_ids_make(b->ids, b->ids_left = b->most);
    return b->ids[b->most - b->ids_left--];
}

static prov_attempt attempt_of(prov_batch *b, const prov_change *change)
{
    bool fresh = change->operation == PROV_CREATED && prov_id_equal(&change->id, &none);
    return (prov_attempt){ .service = b->service,
                           .p = b->p,
                           .caller = b->caller,
                           .change = change,
                           .id = fresh ? next_id(b) : change->id,
                           .hash = change->hash };
}

static bool take(prov_batch *b, apr_pool_t *p, const prov_change *change, int which)
{
    waiting *w = &b->list[b->count];
    if (goes_alone(change) || (b->way.in_order && knows(b, id_thing(&change->id))))
        return false;
    *w = (waiting){ .change = *change, .p = p, .which = which };
    w->attempt = attempt_of(b, &w->change);
    if (!plan(b, &w->attempt) || (b->way.in_order && !each(b, &w->attempt, is_new)))
        return false;
    if (b->way.in_order)
        each(b, &w->attempt, learned);
    b->count++;
    b->bytes += w->attempt.bytes;
    return true;
}

static void go_alone(prov_batch *b, apr_pool_t *p, const prov_change *change, int which)
{
    prov_changed changed;
    prov_err *err = prov_provision(b->service, p, b->caller, change, &changed);
    b->way.done(b->way.baton, which, &changed, err);
}

void prov_batch_add(prov_batch *b, apr_pool_t *p, const prov_change *change, int which)
{
    if (b->count == b->most || b->bytes > BYTES_MOST)
        prov_batch_run(b);
    bool taken = take(b, p, change, which);
    if (!taken && b->way.in_order && b->count) {
        prov_batch_run(b);
        taken = take(b, p, change, which);
    }
    if (!taken)
        go_alone(b, p, change, which);
    if (!b->count)
        empty(b);
}

/* --- running -------------------------------------------------------------------------------- */

/* Who was refused has put nothing, and is told why at the door; if he was only overtaken he gets
 * through. Of anything else, as of a commit that failed, nothing is rerun. */
static void conclude(prov_batch *b, const waiting *w, const prov_verdict *v)
{
    const prov_attempt *a = &w->attempt;
    if (v->kind == PROV_REFUSED) {
        go_alone(b, w->p, &w->change, w->which);
        return;
    }
    prov_changed changed = { a->id, v->version ? v->version : a->version, v->changed,
                             a->passed_over };
    b->way.done(b->way.baton, w->which, &changed, prov_verdict_error(w->p, v));
}

void prov_batch_run(prov_batch *b)
{
    const prov_plan *plans[PROV_BATCH_MOST];
    prov_verdict verdicts[PROV_BATCH_MOST];
    if (!b->count)
        return;
    for (int i = 0; i < b->count; i++)
        plans[i] = b->list[i].attempt.plan;
    memset(verdicts, 0, (size_t)b->count * sizeof *verdicts);
    prov_store_submit_all(b->service->store, plans, verdicts, b->count);
    prov_engine_nudge(b->service->engine);
    for (int i = 0; i < b->count; i++)
        conclude(b, &b->list[i], &verdicts[i]);
    empty(b);
}
