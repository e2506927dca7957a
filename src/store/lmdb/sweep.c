#include "store/lmdb/private.h"

#include <apr_tables.h>
#include <string.h>

#define JOURNAL_ROWS 500  /* deleted in one transaction */
#define LINK_ROWS    800  /* deleted in one transaction, of links with their copies and edges */
#define LINKS_GONE   100  /* found in one call */
#define LINKS_SEEN   2000 /* looked at in one call */
#define SWEEP_MOST   apr_time_from_msec(100)

typedef struct sweeping {
    apr_time_t now;
    const prov_ages *ages;
    apr_array_header_t *gone; /* keys of links found in a snapshot */
    int at;                   /* of these, the first that is not done */
    bool more;
} sweeping;

/* Nothing is left to do about it, nor was for as long as it is kept. */
static bool is_over(const prov_link *l, const sweeping *s)
{
    apr_time_t last = l->last_time > l->last_success ? l->last_time : l->last_success;
    if (l->due > last)
        last = l->due;
    return l->gone && !l->attempt && !l->lease.process && !l->verify &&
           (prov_rows_superseded(l) || l->applied == l->wanted) &&
           s->now - last >= s->ages->removed;
}

/* --- looking -------------------------------------------------------------------------------- */

static void look(prov_tx *tx, prov_id *from, sweeping *s)
{
    static const prov_id start;
    prov_row_key prefix, after;
    prov_link link;
    prov_walk w;
    int seen = 0;
    bool on = false;
    PROV_PREFIX(tx, prefix, LINK, 0);
    PROV_KEY(tx, after, LINK, from, UINT32_MAX);
    prov_walk_begin(&w, tx, &prefix, prov_id_equal(from, &start) ? NULL : &after);
    while (prov_walk_next(&w)) {
        /* A resource's links are seen together, so that its id says how far this came. */
        on = seen++ >= LINKS_SEEN || s->gone->nelts >= LINKS_GONE;
        if (!prov_rows_link_read(tx, w.key, w.value, &link))
            break;
        if (on && !prov_id_equal(&link.resource, from))
            break;
        on = false;
        *from = link.resource;
        if (is_over(&link, s))
            prov_row_key_copy(apr_array_push(s->gone), PROV_TABLE_LINK, w.key);
    }
    prov_walk_end(&w);
    s->more = on;
    if (!on)
        *from = start;
}

/* --- deleting ------------------------------------------------------------------------------- */

/* False: it has more edges than a transaction may delete. */
static bool drop_link(prov_tx *tx, const prov_link *link)
{
    prov_row_key key;
    while (!prov_rows_edges_drop(tx, link->target, &link->resource))
        if (tx->rows >= LINK_ROWS)
            return false;
    for (int which = PROV_COPY_APPLIED; which < PROV_COPIES; which++) {
        PROV_KEY(tx, key, COPY, &link->resource, link->target, which);
        prov_tx_delete(tx, &key);
    }
    prov_rows_link_put(tx, link, NULL);
    return true;
}

static void drop_links(prov_tx *tx, sweeping *s)
{
    for (; s->at < s->gone->nelts && tx->rows < LINK_ROWS; s->at++) {
        const prov_row_key *key = &APR_ARRAY_IDX(s->gone, s->at, prov_row_key);
        prov_bytes row;
        prov_link link;
        if (prov_tx_get(tx, key, &row) &&
            prov_rows_link_read(tx, (prov_bytes){ key->b, key->len }, row, &link) &&
            is_over(&link, s) && !drop_link(tx, &link))
            return;
    }
}

static void drop_journal(prov_tx *tx, sweeping *s)
{
    uint64_t numbers[JOURNAL_ROWS];
    prov_row_key key;
    prov_journal row;
    prov_walk w;
    int count = 0;
    PROV_PREFIX(tx, key, JOURNAL, 0);
    prov_walk_begin(&w, tx, &key, NULL);
    while (count < JOURNAL_ROWS && prov_walk_next(&w) &&
           prov_rows_journal_read(w.key, w.value, &row) && s->now - row.time >= s->ages->audit)
        numbers[count++] = row.number;
    prov_walk_end(&w);
    for (int i = 0; i < count; i++) {
        PROV_KEY(tx, key, JOURNAL, numbers[i]);
        prov_tx_delete(tx, &key);
    }
    s->more |= count == JOURNAL_ROWS;
}

static void sweep(prov_tx *tx, void *baton)
{
    drop_links(tx, baton);
    drop_journal(tx, baton);
}

/* From the first link that is not done, the next call goes on. */
static void go_back(prov_store *s, sweeping *w, const prov_id *from)
{
    uint32_t target;
    const prov_row_key *done = w->at ? &APR_ARRAY_IDX(w->gone, w->at - 1, prov_row_key) : NULL;
    pthread_mutex_lock(&s->lock);
    s->swept = *from;
    if (done)
        prov_row_key_read((prov_bytes){ done->b, done->len }, PROV_TABLE_LINK, &s->swept, &target);
    pthread_mutex_unlock(&s->lock);
    w->more = true;
}

prov_err *prov_store_sweep(prov_store *s, apr_pool_t *p, apr_time_t now, const prov_ages *ages,
                           bool *more)
{
    sweeping w = { .now = now, .ages = ages };
    apr_time_t until = apr_time_now() + SWEEP_MOST;
    prov_tx tx = { .env = &s->env };
    prov_id from;
    int rc = prov_env_read_begin(&s->env, &tx.txn);
    if (rc == 0) {
        w.gone = apr_array_make(p, LINKS_GONE, sizeof(prov_row_key));
        pthread_mutex_lock(&s->lock);
        from = s->swept;
        look(&tx, &s->swept, &w);
        pthread_mutex_unlock(&s->lock);
        rc = tx.rc;
        prov_env_forget_readers(&s->env);
        prov_env_read_end(&s->env, tx.txn);
    }
    if (rc == 0)
        do
            rc = prov_committer_step(&s->committer, sweep, &w, NULL);
        while (rc == 0 && w.at < w.gone->nelts && apr_time_now() < until);
    if (w.gone && w.at < w.gone->nelts)
        go_back(s, &w, &from);
    *more = w.more;
    return rc ? prov_env_err(p, &s->env, rc, "The store cannot be swept") : NULL;
}
