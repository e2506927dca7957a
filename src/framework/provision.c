#include "framework/change.h"

#define TRIES 8 /* the last holds the write lock: it cannot be overtaken */

typedef struct door {
    prov_service *service;
    prov_attempt attempt;
    prov_verdict verdict;
    prov_err *err;
} door;

static bool is_refused(const door *d, prov_refusal why)
{
    return !d->err && d->attempt.plan && d->verdict.kind == PROV_REFUSED && d->verdict.why == why;
}

static bool is_overtaken(const door *d)
{
    return is_refused(d, PROV_NOT_VERSION);
}

/* The snapshot ends before the wait: held over a commit, it would keep the file from growing. */
static void try_once(door *d)
{
    prov_snapshot *n;
    d->attempt.plan = NULL;
    d->verdict = (prov_verdict){ .kind = PROV_DONE };
    d->err = prov_store_read(d->service->store, d->attempt.p, &n);
    if (d->err)
        return;
    d->err = prov_change_plan(&d->attempt, n);
    prov_snapshot_end(n);
    if (!d->err && d->attempt.plan)
        prov_store_submit(d->service->store, d->attempt.plan, &d->verdict);
}

static const prov_plan *decide(void *baton, prov_snapshot *now)
{
    door *d = baton;
    d->err = prov_change_plan(&d->attempt, now);
    return d->err ? NULL : d->attempt.plan;
}

static void try_last(door *d)
{
    d->attempt.plan = NULL;
    prov_store_exclusive(d->service->store, decide, d, &d->verdict);
}

/* A PATCH tells its password only when it has been read against what is; hashing is slow, and so
 * done before another look. */
static void hash_password(door *d, apr_pool_t *p)
{
    d->err = prov_passwords_hash(d->service->passwords, p, d->attempt.unhashed, &d->attempt.hash);
}

static void pass(door *d, apr_pool_t *p)
{
    for (int i = 1; i < TRIES; i++) {
        apr_pool_clear(d->attempt.p);
        try_once(d);
        if (!d->err && d->attempt.unhashed.len)
            hash_password(d, p);
        else if (is_refused(d, PROV_NOT_GENERATION))
            d->err = prov_outbound_see(d->service->engine, p);
        else if (!is_overtaken(d))
            return;
        if (d->err)
            return;
    }
    apr_pool_clear(d->attempt.p);
    try_last(d);
}

/* Which value is taken may be told; whose it is may not. The last try is not overtaken, but while
 * it was prepared as a large one, a group below it may have been. */
static prov_err *refusal(door *d, apr_pool_t *p)
{
    if (is_overtaken(d) && !d->attempt.change->match.given)
        d->verdict.why = PROV_BUSY;
    prov_err *err = prov_verdict_error(p, &d->verdict);
    if (!err || d->verdict.kind != PROV_REFUSED || d->verdict.why != PROV_NOT_UNIQUE)
        return err;
    const prov_attr *a = prov_registry_attr_numbered(d->service->registry, d->verdict.attr);
    if (a)
        err->source = prov_attr_path(p, d->attempt.change->type, a);
    return err;
}

prov_err *prov_provision(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                         const prov_change *change, prov_changed *out)
{
    static const prov_id none;
    door d = { .service = s,
               .attempt = { .service = s,
                            .caller = caller,
                            .change = change,
                            .id = change->id,
                            .hash = change->hash } };
    apr_pool_create(&d.attempt.p, p);
    if (change->operation == PROV_CREATED && prov_id_equal(&change->id, &none))
        d.attempt.id = prov_id_make();
    pass(&d, p);
    if (d.err)
        return d.err;
    *out = (prov_changed){ .id = d.attempt.id,
                           .version = d.attempt.version,
                           .passed_over = d.attempt.passed_over };
    if (!d.attempt.plan && d.verdict.kind == PROV_DONE)
        return NULL; /* it is so already */
    prov_err *err = refusal(&d, p);
    if (err)
        return err;
    out->changed = d.verdict.changed;
    if (d.verdict.version)
        out->version = d.verdict.version;
    prov_engine_nudge(s->engine);
    return NULL;
}
