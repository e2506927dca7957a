#include "store/lmdb/check.h"

#include <apr_strings.h>
#include <stdarg.h>

#define ROWS_BETWEEN_LOOKS 200 /* at the clock */

void prov_check_says(prov_checker *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    c->fault(c->baton, apr_pvsprintf(c->tx->scratch, fmt, args));
    va_end(args);
}

const char *prov_check_id(prov_checker *c, const prov_id *id)
{
    return prov_id_text(c->tx->scratch, id);
}

/* One snapshot's worth of a table; true if there is more, after the key in `at`. */
static bool check_some(prov_checker *c, prov_snapshot *n, const prov_table_check *what,
                       prov_row_key *at, bool resume, int64_t *looked_at)
{
    prov_row_key prefix;
    prov_walk w;
    bool more = false;
    prov_row_key_prefix(&prefix, c->tx->env->tenant, what->table, 0);
    prov_walk_begin(&w, c->tx, &prefix, resume ? at : NULL);
    while (!more && prov_walk_next(&w)) {
        what->check(c, w.key, w.value);
        apr_pool_clear(c->tx->scratch);
        more = ++*looked_at % ROWS_BETWEEN_LOOKS == 0 && prov_snapshot_is_old(n);
        if (more)
            prov_row_key_copy(at, what->table, w.key);
    }
    prov_walk_end(&w);
    return more;
}

static prov_err *check_tables(prov_checker *c, prov_snapshot *n, const prov_table_check *checks,
                              int64_t *looked_at)
{
    for (; checks->check; checks++) {
        prov_row_key at;
        prov_err *err = NULL;
        bool resume = false;
        while (!err && (resume = check_some(c, n, checks, &at, resume, looked_at)))
            err = prov_snapshot_refresh(n);
        if (err)
            return err;
    }
    return prov_snapshot_refresh(n);
}

prov_err *prov_store_check(prov_store *s, apr_pool_t *p, const prov_registry *r, prov_fault *fault,
                           void *baton, int64_t *looked_at)
{
    prov_snapshot *n;
    *looked_at = 0;
    prov_err *err = prov_store_read(s, p, &n);
    if (err)
        return err;
    prov_checker c = { .tx = &n->tx, .registry = r, .fault = fault, .baton = baton };
    apr_pool_create(&n->tx.scratch, p);
    err = check_tables(&c, n, prov_checks_resources, looked_at);
    if (!err)
        err = check_tables(&c, n, prov_checks_outbox, looked_at);
    if (!err) {
        prov_check_counts(&c);
        prov_check_target_counts(&c);
    }
    if (!err && n->tx.rc)
        err = prov_env_err(p, &s->env, n->tx.rc, "The store cannot be read");
    prov_snapshot_end(n);
    return err;
}
