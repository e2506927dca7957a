/* POST /Bulk (RFC 7644 section 3.7): operations in their order, each by itself; those that do not
 * concern each other share a commit. It does not wait for targets. */
#include "framework/batch.h"
#include "inbound/body.h"
#include "inbound/condition.h"
#include "inbound/reply.h"
#include "inbound/scim.h"
#include "scim/bulk.h"

#include <apr_strings.h>

typedef struct outcome {
    int status;          /* 0: it was not carried out */
    apr_pool_t *pending; /* in the batch: its step's pool */
    uint64_t version;    /* 0: nothing to tell */
    bool has_id;
    prov_id id;
    prov_bytes error;
} outcome;

typedef struct job {
    prov_scim *s;
    prov_bulk *bulk;
    outcome *outcomes;
    int64_t errors;
    apr_pool_t *p; /* of one step */
    prov_batch *batch;
} job;

/* --- one operation -------------------------------------------------------------------------- */

static const struct {
    prov_operation operation;
    int status;
} methods[PROV_BULK_METHODS] = {
    [PROV_BULK_POST] = { PROV_CREATED, HTTP_CREATED },
    [PROV_BULK_PUT] = { PROV_REPLACED, HTTP_OK },
    [PROV_BULK_PATCH] = { PROV_PATCHED, HTTP_OK },
    [PROV_BULK_DELETE] = { PROV_DELETED, HTTP_NO_CONTENT },
};

static prov_err *read_id(const job *j, const prov_bulk_operation *op, prov_id *id)
{
    if (op->method == PROV_BULK_POST)
        return NULL;
    if (op->named < 0)
        return prov_id_parse(op->name, id)
                   ? NULL
                   : prov_err_make(j->p, HTTP_NOT_FOUND, NULL, "there is no such resource");
    const prov_bulk_operation *made = &j->bulk->operations[op->named];
    *id = made->id;
    return made->made ? NULL
                      : prov_err_make(j->p, HTTP_BAD_REQUEST, "invalidValue",
                                      "what has the %s was not made", (const char *)op->name.data);
}

static prov_err *read_data(const job *j, int i, prov_change *change, prov_body_extra *extra)
{
    const prov_bulk_operation *op = &j->bulk->operations[i];
    const prov_json *data;
    prov_body how = op->method == PROV_BULK_POST ? PROV_BODY_CREATE : PROV_BODY_REPLACE;
    if (op->method == PROV_BULK_DELETE)
        return NULL;
    prov_err *err = prov_bulk_data(j->p, j->bulk, i, &data);
    if (err)
        return err;
    if (op->method == PROV_BULK_PATCH) {
        change->patch = data;
        return prov_scim_patch_fits(j->s, data);
    }
    change->extra = extra;
    return prov_value_read(j->p, j->s->service->registry, op->type, data,
                           how | j->s->caller.application->compatibility, &change->object, extra);
}

/* The change, on the step's pool. */
static prov_err *prepare(job *j, int i, prov_change *change)
{
    prov_bulk_operation *op = &j->bulk->operations[i];
    prov_body_extra *extra = apr_pcalloc(j->p, sizeof *extra);
    if (op->err)
        return op->err;
    *change = (prov_change){ .operation = methods[op->method].operation, .type = op->type };
    if (op->version.data && op->method != PROV_BULK_POST)
        change->match = prov_condition_of(j->p, (const char *)op->version.data);
    prov_err *err = read_id(j, op, &change->id);
    if (err)
        return err;
    j->outcomes[i].id = change->id;
    j->outcomes[i].has_id = op->method != PROV_BULK_POST;
    return read_data(j, i, change, extra);
}

static void fail(job *j, int i, const prov_err *err)
{
    j->outcomes[i].status = err->http;
    j->outcomes[i].error = prov_reply_error_body(j->s->r, err);
    j->errors++;
}

static void conclude(job *j, int i, const prov_changed *changed, const prov_err *err)
{
    prov_bulk_operation *op = &j->bulk->operations[i];
    outcome *out = &j->outcomes[i];
    if (err) {
        fail(j, i, err);
        return;
    }
    out->status = methods[op->method].status;
    out->version = op->method == PROV_BULK_DELETE ? 0 : changed->version;
    out->id = changed->id;
    out->has_id = true;
    op->made = op->method == PROV_BULK_POST;
    op->id = changed->id;
}

/* --- several in a commit -------------------------------------------------------------------- */

static void take_result(void *baton, int i, const prov_changed *changed, prov_err *err)
{
    job *j = baton;
    apr_pool_t *p = j->outcomes[i].pending;
    j->outcomes[i].pending = NULL;
    conclude(j, i, changed, err);
    apr_pool_destroy(p);
}

/* Its references have no ids before the batch has run. */
static bool waits(const job *j, int i)
{
    const prov_bulk_operation *op = &j->bulk->operations[i];
    bool pending = op->named >= 0 && j->outcomes[op->named].pending != NULL;
    for (int k = 0; k < op->refs->nelts && !pending; k++)
        pending = j->outcomes[APR_ARRAY_IDX(op->refs, k, int)].pending != NULL;
    return pending;
}

/* The step's pool stays with it. */
static void run(job *j, int i)
{
    prov_change change;
    if (waits(j, i))
        prov_batch_run(j->batch);
    prov_err *err = prepare(j, i, &change);
    if (err) {
        conclude(j, i, NULL, err);
        return;
    }
    apr_pool_t *p = j->outcomes[i].pending = j->p;
    apr_pool_create(&j->p, j->s->r->pool);
    prov_batch_add(j->batch, p, &change, i);
}

/* --- circles -------------------------------------------------------------------------------- */

static prov_err *add_late(const job *j, int i, prov_changed *changed)
{
    const prov_bulk_operation *op = &j->bulk->operations[i];
    prov_change change = { .operation = PROV_PATCHED, .type = op->type, .id = op->id };
    prov_err *err = prov_bulk_completion(j->p, j->bulk, i, &change.patch);
    return err ? err : prov_provision(j->s->service, j->p, &j->s->caller, &change, changed);
}

/* What cannot be completed was never asked for: it goes again. */
static void complete(job *j, int i)
{
    prov_bulk_operation *op = &j->bulk->operations[i];
    prov_changed changed;
    prov_change away = { .operation = PROV_DELETED, .type = op->type, .id = op->id };
    if (!op->made)
        return;
    prov_err *err = add_late(j, i, &changed);
    if (!err) {
        j->outcomes[i].version = changed.version;
        return;
    }
    prov_err *stays = prov_provision(j->s->service, j->p, &j->s->caller, &away, &changed);
    if (stays)
        err = prov_err_push(j->p, stays, "what was made could neither be completed nor deleted");
    op->made = stays != NULL;
    j->outcomes[i] = (outcome){ .has_id = op->made, .id = op->id };
    fail(j, i, err);
}

/* --- the response --------------------------------------------------------------------------- */

static void write_member(prov_buf *b, const char *name, prov_bytes text)
{
    prov_buf_printf(b, ",\"%s\":", name);
    prov_json_write_string(b, text);
}

/* Only a POST that failed has none; of what failed before its id was read, as its path says. */
static const char *location(const job *j, const prov_bulk_operation *op, const outcome *out)
{
    char id[PROV_ID_TEXT + 1];
    const char *name = prov_bytes_text(j->p, op->name);
    if (!out->has_id && (!op->type || op->method == PROV_BULK_POST))
        return NULL;
    if (out->has_id) {
        prov_id_print(&out->id, id);
        name = id;
    }
    return apr_pstrcat(j->p, j->s->base, op->type->endpoint, *name ? "/" : "", name, NULL);
}

static void write_outcome(const job *j, prov_buf *b, const prov_bulk_operation *op,
                          const outcome *out)
{
    char tag[PROV_ETAG_ROOM];
    const char *where = location(j, op, out);
    prov_buf_printf(b, "{\"status\":\"%d\"", out->status);
    if (op->method_text.data)
        write_member(b, "method", op->method_text);
    if (op->bulk_id.data)
        write_member(b, "bulkId", op->bulk_id);
    if (where)
        write_member(b, "location", prov_bytes_of(where));
    if (out->version) {
        prov_etag_print(out->version, tag);
        write_member(b, "version", prov_bytes_of(tag));
    }
    if (out->error.len) {
        prov_buf_text(b, ",\"response\":");
        prov_buf_add(b, out->error.data, out->error.len);
    }
    prov_buf_byte(b, '}');
}

static void answer(const job *j)
{
    prov_buf b;
    bool any = false;
    prov_buf_init(&b, j->s->r->pool, 256 + (size_t)j->bulk->count * 160);
    prov_buf_text(&b, "{\"schemas\":[\"" PROV_URN_BULK_RESPONSE "\"],\"Operations\":[");
    for (int i = 0; i < j->bulk->count; i++) {
        if (!j->outcomes[i].status)
            continue;
        prov_buf_text(&b, any ? "," : "");
        apr_pool_clear(j->p);
        write_outcome(j, &b, &j->bulk->operations[i], &j->outcomes[i]);
        any = true;
    }
    prov_buf_text(&b, "]}");
    prov_bytes body = prov_buf_bytes(&b);
    prov_reply_send(j->s->r, HTTP_OK, j->s->media, &body, 1);
}

/* --- the job -------------------------------------------------------------------------------- */

/* When enough has failed nothing new begins, but what is half made is brought to its end. As long
 * as those that are pending could be enough, they come first. */
static void run_all(job *j)
{
    int64_t most = j->bulk->fail_on_errors;
    for (int n = 0; n < j->bulk->steps->nelts; n++) {
        prov_bulk_step step = APR_ARRAY_IDX(j->bulk->steps, n, prov_bulk_step);
        apr_pool_clear(j->p);
        if (step.completes || (most && j->errors + prov_batch_count(j->batch) >= most))
            prov_batch_run(j->batch);
        if (step.completes)
            complete(j, step.operation);
        else if (!most || j->errors < most)
            run(j, step.operation);
    }
    prov_batch_run(j->batch);
}

prov_err *prov_scim_bulk(prov_scim *s)
{
    apr_pool_t *p = s->r->pool;
    job j = { .s = s };
    const prov_json *request;
    prov_err *err = prov_body_json(s->r, s->settings->bulk_payload, &request);
    if (!err)
        err = prov_bulk_read(p, s->service->registry, request, s->base,
                             s->settings->bulk_operations, &j.bulk);
    if (err)
        return err;
    j.outcomes = apr_pcalloc(p, (size_t)j.bulk->count * sizeof *j.outcomes);
    apr_pool_create(&j.p, p);
    j.batch = prov_batch_make(s->service, p, &s->caller,
                              &(prov_batch_way){ true, j.bulk->count, take_result, &j });
    run_all(&j);
    answer(&j);
    return NULL;
}
