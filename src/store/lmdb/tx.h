/* Rows within a transaction. The first error sticks: after it reads find nothing and writes do
 * nothing, so that whoever works through a plan looks once, at the end. */
#ifndef PROV_STORE_LMDB_TX_H
#define PROV_STORE_LMDB_TX_H

#include "store/lmdb/env.h"
#include "store/lmdb/keys.h"

typedef struct prov_tx {
    prov_env *env;
    MDB_txn *txn;
    apr_pool_t *scratch; /* of the one who writes; NULL while only reading */
    int rc;
    bool changed; /* anything was put or deleted */
    int rows;     /* how many were */
    bool low;     /* the file is nearly full */
} prov_tx;

/* Builds the key with the environment's tenant. */
#define PROV_KEY(tx, key, table, ...)                                                              \
    prov_row_key_make(&(key), (tx)->env->tenant, PROV_TABLE_##table, __VA_ARGS__)
#define PROV_PREFIX(tx, key, table, fields, ...)                                                   \
    prov_row_key_prefix(&(key), (tx)->env->tenant, PROV_TABLE_##table, fields, ##__VA_ARGS__)

/* The value lies in the file's page until the next write. */
bool prov_tx_get(prov_tx *tx, const prov_row_key *key, prov_bytes *value);
bool prov_tx_has(prov_tx *tx, const prov_row_key *key);
void prov_tx_put(prov_tx *tx, const prov_row_key *key, prov_bytes value);
void prov_tx_put_id(prov_tx *tx, const prov_row_key *key, const prov_id *id);
bool prov_tx_get_id(prov_tx *tx, const prov_row_key *key, prov_id *id);
void prov_tx_mark(prov_tx *tx, const prov_row_key *key);   /* puts an empty value */
bool prov_tx_delete(prov_tx *tx, const prov_row_key *key); /* whether it was there */

/* Counters, by whose key. */
int64_t prov_tx_count(prov_tx *tx, const prov_row_key *key);
int64_t prov_tx_add(prov_tx *tx, const prov_row_key *key, int64_t by);
/* The next of a sequence without gaps. */
uint64_t prov_tx_next(prov_tx *tx, const char *sequence);

/* All rows whose keys begin with a prefix, in order. Writing to the table meanwhile is not allowed:
 * collect first. */
typedef struct prov_walk {
    prov_tx *tx;
    MDB_cursor *cursor;
    const prov_row_key *prefix;
    prov_bytes key, value;
    bool begun;
} prov_walk;
/* `after` NULL: from the first; else strictly after that key, which need not be there. */
void prov_walk_begin(prov_walk *w, prov_tx *tx, const prov_row_key *prefix,
                     const prov_row_key *after);
bool prov_walk_next(prov_walk *w);
void prov_walk_end(prov_walk *w);
/* The other way: on the last row whose key lies before `end`, then on the one before it; false if
 * there is none. Ended as any other. */
bool prov_walk_last(prov_walk *w, prov_tx *tx, const prov_row_key *prefix, const prov_row_key *end);
bool prov_walk_back(prov_walk *w);

/* The ids that end the keys under a prefix, on the scratch pool. */
int prov_tx_ids(prov_tx *tx, const prov_row_key *prefix, const prov_id **ids);

#endif
