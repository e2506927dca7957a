/* Checking reads in snapshots. Repairing does the same, and takes the keys of the rows in which
 * something was found that can be set right into small write transactions, where each is looked at
 * anew: what somebody else has put right, or removed, meanwhile is not touched. */
#include "store/lmdb/check.h"

#include <apr_strings.h>
#include <stdarg.h>

#define ROWS_BETWEEN_LOOKS 200 /* at the clock */
#define MENDED_AT_ONCE     100 /* rows looked at in one write transaction */

typedef struct pass {
    prov_checker c;
    prov_store *store;
    prov_snapshot *n;
    const prov_table_check *what;
    int64_t *looked_at;
    uint64_t generation;
    uint64_t repairs;         /* how many had moved counters before */
    bool overtaken;           /* the registry may no longer be that of those who write */
    apr_pool_t *step;         /* cleared after each write transaction */
    apr_array_header_t *keys; /* of prov_row_key: rows to be mended */
    apr_array_header_t *told; /* of const char *: what was, in a transaction not yet ended */
} pass;

static const char *const tables[] = {
#define ROW(symbol, name, layout) name,
    PROV_LMDB_TABLES(ROW)
#undef ROW
};

/* --- findings ------------------------------------------------------------------------------- */

void prov_check_says(prov_checker *c, const char *fmt, ...)
{
    va_list args;
    if (c->mending)
        return; /* it was told when the row was found */
    va_start(args, fmt);
    c->told(c->baton, apr_pvsprintf(c->tx->scratch, fmt, args), false);
    va_end(args);
}

bool prov_check_mends(prov_checker *c, const char *fmt, ...)
{
    va_list args;
    c->mendable = true;
    if (c->repairs && !c->mending)
        return false;
    va_start(args, fmt);
    c->told(c->baton, apr_pvsprintf(c->tx->scratch, fmt, args), c->mending);
    va_end(args);
    return c->mending;
}

const char *prov_check_id(prov_checker *c, const prov_id *id)
{
    return prov_id_text(c->tx->scratch, id);
}

prov_touch prov_check_touch(void)
{
    return (prov_touch){ .now = apr_time_now(),
                         .queue = PROV_QUEUE_NORMAL,
                         .trigger = PROV_TRIGGER_ADMIN };
}

void prov_check_drop(prov_checker *c, prov_table table, prov_bytes key)
{
    prov_row_key stored;
    prov_row_key_copy(&stored, table, key);
    prov_tx_delete(c->tx, &stored);
}

/* --- mending -------------------------------------------------------------------------------- */

/* Told to nobody while the store's lock is held. */
static void keep(void *baton, const char *sentence, bool mended)
{
    pass *s = baton;
    APR_ARRAY_PUSH(s->told, const char *) = apr_pstrdup(s->step, sentence);
}

static void mend_rows(prov_tx *tx, void *baton)
{
    pass *s = baton;
    prov_checker c = { .tx = tx,
                       .registry = s->c.registry,
                       .told = keep,
                       .baton = s,
                       .repairs = true,
                       .mending = true };
    s->overtaken = prov_rows_generation(tx, NULL) != s->generation;
    for (int i = 0; !s->overtaken && tx->rc == 0 && i < s->keys->nelts; i++) {
        const prov_row_key *key = &APR_ARRAY_IDX(s->keys, i, prov_row_key);
        prov_bytes row;
        if (prov_tx_get(tx, key, &row))
            s->what->check(&c, (prov_bytes){ key->b, key->len }, prov_bytes_copy(tx->scratch, row));
    }
}

/* Another repair's differences would be added to ours. */
static void mend_counts(prov_tx *tx, void *baton)
{
    pass *s = baton;
    prov_row_key key;
    PROV_KEY(tx, key, META, PROV_BYTES("repairs"));
    s->overtaken = (uint64_t)prov_tx_count(tx, &key) != s->repairs;
    if (s->overtaken)
        return;
    prov_tx_next(tx, "repairs");
    for (int i = 0; i < s->c.adjusts->nelts; i++)
        prov_check_adjust(tx, &APR_ARRAY_IDX(s->c.adjusts, i, prov_adjust));
}

static prov_err *mend(pass *s, prov_step *step)
{
    apr_pool_t *p = s->n->pool;
    int rc = prov_committer_step(&s->store->committer, step, s, NULL);
    if (rc)
        return prov_env_err(p, &s->store->env, rc, "The store cannot be repaired");
    if (s->overtaken)
        return prov_err_make(p, 409, NULL,
                             "the configuration changed meanwhile, or another repair is at work: "
                             "run it again");
    for (int i = 0; i < s->told->nelts; i++)
        s->c.told(s->c.baton, APR_ARRAY_IDX(s->told, i, const char *), true);
    return NULL;
}

static void begin_step(pass *s)
{
    apr_pool_clear(s->step);
    s->keys = apr_array_make(s->step, 8, sizeof(prov_row_key));
    s->told = apr_array_make(s->step, 8, sizeof(const char *));
}

/* --- tables --------------------------------------------------------------------------------- */

static void look_at(pass *s, const prov_walk *w)
{
    s->c.mendable = false;
    s->what->check(&s->c, w->key, w->value);
    if (s->c.tx->rc == MDB_CORRUPTED) { /* the row, or one that it leads to, is none of ours */
        s->c.tx->rc = 0;
        s->c.mendable = false;
        prov_check_says(&s->c, "A row of the table %s, or one that it leads to, cannot be read",
                        tables[s->what->table]);
    }
    if (s->c.repairs && s->c.mendable)
        prov_row_key_copy(apr_array_push(s->keys), s->what->table, w->key);
    apr_pool_clear(s->c.tx->scratch);
}

/* One snapshot's worth of a table; true if there is more, after the key in `at`. */
static bool check_some(pass *s, prov_row_key *at, bool resume)
{
    prov_row_key prefix;
    prov_walk w;
    bool more = false;
    prov_row_key_prefix(&prefix, s->c.tx->env->tenant, s->what->table, 0);
    prov_walk_begin(&w, s->c.tx, &prefix, resume ? at : NULL);
    while (!more && prov_walk_next(&w)) {
        look_at(s, &w);
        more = (++*s->looked_at % ROWS_BETWEEN_LOOKS == 0 && prov_snapshot_is_old(s->n)) ||
               s->keys->nelts == MENDED_AT_ONCE;
        if (more)
            prov_row_key_copy(at, s->what->table, w.key);
    }
    prov_walk_end(&w);
    return more;
}

/* What was found is mended; what comes next is looked at as it is then. */
static prov_err *end_step(pass *s)
{
    prov_err *err = s->keys->nelts ? mend(s, mend_rows) : NULL;
    begin_step(s);
    return err ? err : prov_snapshot_refresh(s->n);
}

static prov_err *check_tables(pass *s, const prov_table_check *checks)
{
    prov_err *err = NULL;
    for (s->what = checks; s->what->check && !err; s->what++) {
        prov_row_key at;
        bool more = false;
        do {
            s->c.journal = 0;
            more = check_some(s, &at, more);
            if (s->c.tx->rc)
                return prov_env_err(s->n->pool, &s->store->env, s->c.tx->rc,
                                    "The store cannot be read");
            err = end_step(s);
        } while (more && !err);
    }
    return err;
}

static prov_err *check_counts(pass *s)
{
    prov_checker c = s->c;
    prov_row_key key;
    PROV_KEY(c.tx, key, META, PROV_BYTES("repairs"));
    s->repairs = (uint64_t)prov_tx_count(c.tx, &key);
    s->c.adjusts = c.adjusts = apr_array_make(s->step, 4, sizeof(prov_adjust));
    if (c.repairs) {
        c.mending = true;
        c.told = keep;
        c.baton = s;
    }
    prov_check_counts(&c);
    prov_check_target_counts(&c);
    if (c.tx->rc)
        return prov_env_err(s->n->pool, &s->store->env, c.tx->rc, "The store cannot be read");
    return s->told->nelts ? mend(s, mend_counts) : NULL;
}

static prov_err *run(prov_store *s, apr_pool_t *p, const prov_checker *c, int64_t *looked_at)
{
    static const prov_table_check *const all[] = { prov_checks_resources, prov_checks_indexes,
                                                   prov_checks_outbox, prov_checks_intents,
                                                   prov_checks_rest };
    pass pass = { .c = *c, .store = s, .looked_at = looked_at };
    *looked_at = 0;
    prov_err *err = prov_store_read(s, p, &pass.n);
    if (err)
        return err;
    pass.c.tx = &pass.n->tx;
    pass.generation = prov_rows_generation(&pass.n->tx, NULL);
    apr_pool_create(&pass.n->tx.scratch, p);
    apr_pool_create(&pass.step, p);
    begin_step(&pass);
    for (size_t i = 0; i < sizeof all / sizeof *all && !err; i++)
        err = check_tables(&pass, all[i]);
    if (!err)
        err = check_counts(&pass);
    prov_snapshot_end(pass.n);
    return err;
}

prov_err *prov_store_repair(prov_store *s, apr_pool_t *p, const prov_registry *r,
                            prov_repaired *told, void *baton, int64_t *looked_at)
{
    prov_checker c = { .registry = r, .told = told, .baton = baton, .repairs = true };
    prov_err *err = NULL;
    for (bool more = true; more && !err;)
        err = prov_store_settle(s, p, &more);
    return err ? err : run(s, p, &c, looked_at);
}

/* --- without repairs ------------------------------------------------------------------------ */

typedef struct asker {
    prov_fault *fault;
    void *baton;
} asker;

static void tell_fault(void *baton, const char *sentence, bool mended)
{
    asker *a = baton;
    a->fault(a->baton, sentence);
}

prov_err *prov_store_check(prov_store *s, apr_pool_t *p, const prov_registry *r, prov_fault *fault,
                           void *baton, int64_t *looked_at)
{
    asker a = { fault, baton };
    prov_checker c = { .registry = r, .told = tell_fault, .baton = &a };
    return run(s, p, &c, looked_at);
}
