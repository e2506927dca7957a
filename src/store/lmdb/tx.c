#include "store/lmdb/tx.h"

#include <apr_tables.h>
#include <string.h>

static MDB_val val_of(const prov_row_key *key)
{
    return (MDB_val){ key->len, (void *)key->b };
}

/* Not found is an answer; anything else is the transaction's end. */
static bool went_well(prov_tx *tx, int rc)
{
    if (rc && rc != MDB_NOTFOUND && tx->rc == 0)
        tx->rc = rc;
    return rc == 0;
}

bool prov_tx_get(prov_tx *tx, const prov_row_key *key, prov_bytes *value)
{
    MDB_val k = val_of(key), v;
    if (tx->rc || !went_well(tx, mdb_get(tx->txn, tx->env->dbi[key->table], &k, &v)))
        return false;
    *value = (prov_bytes){ v.mv_data, v.mv_size };
    return true;
}

bool prov_tx_has(prov_tx *tx, const prov_row_key *key)
{
    prov_bytes value;
    return prov_tx_get(tx, key, &value);
}

void prov_tx_put(prov_tx *tx, const prov_row_key *key, prov_bytes value)
{
    MDB_val k = val_of(key), v = { value.len, (void *)value.data };
    if (tx->rc)
        return;
    if (went_well(tx, mdb_put(tx->txn, tx->env->dbi[key->table], &k, &v, 0))) {
        tx->changed = true;
        tx->rows++;
    }
}

void prov_tx_put_id(prov_tx *tx, const prov_row_key *key, const prov_id *id)
{
    prov_tx_put(tx, key, (prov_bytes){ id->b, sizeof id->b });
}

bool prov_tx_get_id(prov_tx *tx, const prov_row_key *key, prov_id *id)
{
    prov_bytes value;
    if (!prov_tx_get(tx, key, &value) || value.len != sizeof id->b)
        return false;
    memcpy(id->b, value.data, sizeof id->b);
    return true;
}

void prov_tx_mark(prov_tx *tx, const prov_row_key *key)
{
    prov_tx_put(tx, key, prov_bytes_of(NULL));
}

bool prov_tx_delete(prov_tx *tx, const prov_row_key *key)
{
    MDB_val k = val_of(key);
    if (tx->rc || !went_well(tx, mdb_del(tx->txn, tx->env->dbi[key->table], &k, NULL)))
        return false;
    tx->changed = true;
    tx->rows++;
    return true;
}

/* --- counters ------------------------------------------------------------------------------- */

int64_t prov_tx_count(prov_tx *tx, const prov_row_key *key)
{
    prov_bytes value;
    if (!prov_tx_get(tx, key, &value))
        return 0;
    prov_reader in = prov_read(value);
    return (int64_t)prov_get_u64(&in);
}

int64_t prov_tx_add(prov_tx *tx, const prov_row_key *key, int64_t by)
{
    int64_t count = prov_tx_count(tx, key) + by;
    uint8_t row[8];
    for (int i = 0; i < 8; i++)
        row[i] = (uint8_t)((uint64_t)count >> (56 - 8 * i));
    prov_tx_put(tx, key, (prov_bytes){ row, sizeof row });
    return count;
}

uint64_t prov_tx_next(prov_tx *tx, const char *sequence)
{
    prov_row_key key;
    PROV_KEY(tx, key, META, prov_bytes_of(sequence));
    return (uint64_t)prov_tx_add(tx, &key, 1);
}

/* --- walks ---------------------------------------------------------------------------------- */

static bool within(const prov_walk *w, const MDB_val *key)
{
    return key->mv_size >= w->prefix->len &&
           memcmp(key->mv_data, w->prefix->b, w->prefix->len) == 0;
}

static bool stand(prov_walk *w, int rc, const MDB_val *key, const MDB_val *value)
{
    if (!went_well(w->tx, rc) || !within(w, key))
        return false;
    w->key = (prov_bytes){ key->mv_data, key->mv_size };
    w->value = (prov_bytes){ value->mv_data, value->mv_size };
    return true;
}

static bool open_walk(prov_walk *w, prov_tx *tx, const prov_row_key *prefix)
{
    *w = (prov_walk){ .tx = tx, .prefix = prefix };
    if (tx->rc)
        return false;
    if (!went_well(tx, mdb_cursor_open(tx->txn, tx->env->dbi[prefix->table], &w->cursor)))
        w->cursor = NULL;
    return w->cursor != NULL;
}

void prov_walk_begin(prov_walk *w, prov_tx *tx, const prov_row_key *prefix,
                     const prov_row_key *after)
{
    const prov_row_key *from = after ? after : prefix;
    MDB_val k = val_of(from), v;
    if (!open_walk(w, tx, prefix))
        return;
    w->begun = stand(w, mdb_cursor_get(w->cursor, &k, &v, MDB_SET_RANGE), &k, &v);
    if (!w->begun)
        prov_walk_end(w);
    else if (after && w->key.len == after->len && memcmp(w->key.data, after->b, after->len) == 0)
        w->begun = false;
}

bool prov_walk_next(prov_walk *w)
{
    MDB_val k, v;
    if (!w->cursor)
        return false;
    if (w->begun) {
        w->begun = false;
        return true;
    }
    return stand(w, mdb_cursor_get(w->cursor, &k, &v, MDB_NEXT), &k, &v);
}

bool prov_walk_last(prov_walk *w, prov_tx *tx, const prov_row_key *prefix, const prov_row_key *end)
{
    MDB_val k = val_of(end), v;
    if (!open_walk(w, tx, prefix))
        return false;
    int rc = mdb_cursor_get(w->cursor, &k, &v, MDB_SET_RANGE);
    if (rc == 0 || rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(w->cursor, &k, &v, rc ? MDB_LAST : MDB_PREV);
    return stand(w, rc, &k, &v);
}

bool prov_walk_back(prov_walk *w)
{
    MDB_val k, v;
    return stand(w, mdb_cursor_get(w->cursor, &k, &v, MDB_PREV), &k, &v);
}

void prov_walk_end(prov_walk *w)
{
    if (w->cursor)
        mdb_cursor_close(w->cursor);
    w->cursor = NULL;
}

int prov_tx_ids(prov_tx *tx, const prov_row_key *prefix, const prov_id **ids)
{
    apr_array_header_t *list = apr_array_make(tx->scratch, 16, sizeof(prov_id));
    prov_walk w;
    prov_walk_begin(&w, tx, prefix, NULL);
    while (prov_walk_next(&w))
        APR_ARRAY_PUSH(list, prov_id) = *prov_row_key_last_id(w.key);
    prov_walk_end(&w);
    *ids = (const prov_id *)list->elts;
    return list->nelts;
}
