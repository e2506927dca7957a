#include "framework/batch.h"
#include "framework/change.h"

#include <apr_hash.h>
#include <string.h>

#define ROWS_MOST 1900 /* of all plans: less than a transaction takes; a longer one goes alone */

struct prov_batch {
    prov_service *service;
    const prov_caller *caller;
    apr_pool_t *p;
    prov_change changes[PROV_BATCH_MOST];
    prov_attempt attempts[PROV_BATCH_MOST];
    int count, rows;
    apr_hash_t *things; /* ids and unique keys that the plans speak of */
};

static const prov_id none;

prov_batch *prov_batch_make(prov_service *s, apr_pool_t *p, const prov_caller *caller)
{
    prov_batch *b = apr_pcalloc(p, sizeof *b);
    b->service = s;
    b->caller = caller;
    apr_pool_create(&b->p, p);
    b->things = apr_hash_make(b->p);
    return b;
}

int prov_batch_count(const prov_batch *b)
{
    return b->count;
}

static void empty(prov_batch *b)
{
    apr_pool_clear(b->p);
    b->things = apr_hash_make(b->p);
    b->count = b->rows = 0;
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

static prov_err *plan_once(const prov_batch *b, prov_attempt *a)
{
    prov_snapshot *n;
    apr_pool_clear(a->p);
    prov_err *err = prov_store_read(b->service->store, a->p, &n);
    if (err)
        return err;
    err = prov_change_plan(a, n);
    prov_snapshot_end(n);
    return err;
}

/* An error, or nothing to do: the door will find that out once more, after all that came before. */
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

static prov_attempt attempt_of(prov_batch *b, const prov_change *change)
{
    prov_attempt a = { .service = b->service,
                       .caller = b->caller,
                       .change = change,
                       .id = change->id,
                       .hash = change->hash };
    apr_pool_create(&a.p, b->p);
    if (change->operation == PROV_CREATED && prov_id_equal(&change->id, &none))
        a.id = prov_id_make();
    return a;
}

bool prov_batch_take(prov_batch *b, const prov_change *change)
{
    if (b->count == PROV_BATCH_MOST || goes_alone(change) || knows(b, id_thing(&change->id)))
        return false;
    prov_change *kept = &b->changes[b->count];
    prov_attempt *a = &b->attempts[b->count];
    *kept = *change;
    *a = attempt_of(b, kept);
    int rows = plan(b, a) ? prov_plan_length(a->plan) : ROWS_MOST + 1;
    if (b->rows + rows > ROWS_MOST || !each(b, a, is_new)) {
        apr_pool_destroy(a->p);
        return false;
    }
    each(b, a, learned);
    b->rows += rows;
    b->count++;
    return true;
}

/* --- running -------------------------------------------------------------------------------- */

/* Who was refused has put nothing, and is told why at the door; if he was only overtaken he gets
 * through. */
static prov_err *conclude(prov_batch *b, int i, const prov_verdict *v, prov_changed *out)
{
    const prov_attempt *a = &b->attempts[i];
    if (v->kind == PROV_REFUSED)
        return prov_provision(b->service, b->p, b->caller, &b->changes[i], out);
    *out = (prov_changed){ .id = a->id, .version = a->version, .changed = v->changed };
    if (v->version)
        out->version = v->version;
    return prov_verdict_error(b->p, v);
}

void prov_batch_run(prov_batch *b, prov_batch_done *done, void *baton)
{
    const prov_plan *plans[PROV_BATCH_MOST];
    prov_verdict verdicts[PROV_BATCH_MOST];
    for (int i = 0; i < b->count; i++)
        plans[i] = b->attempts[i].plan;
    memset(verdicts, 0, sizeof verdicts);
    prov_store_submit_all(b->service->store, plans, verdicts, b->count);
    prov_engine_nudge(b->service->engine);
    for (int i = 0; i < b->count; i++) {
        prov_changed changed;
        prov_err *err = conclude(b, i, &verdicts[i], &changed);
        done(baton, i, &changed, err);
    }
    empty(b);
}
