/* Keys as tables.h lays them out. */
#ifndef PROV_STORE_LMDB_KEYS_H
#define PROV_STORE_LMDB_KEYS_H

#include "base/id.h"
#include "store/lmdb/tables.h"

#define PROV_LMDB_KEY_MOST 511 /* LMDB's own limit */

typedef struct prov_row_key {
    prov_table table;
    uint16_t len;
    uint8_t b[PROV_LMDB_KEY_MOST];
} prov_row_key;

/* The fields in order: numbers as int up to 2 bytes, uint32_t, uint64_t; const prov_id *; const
 * uint8_t * for digests; prov_bytes. */
void prov_row_key_make(prov_row_key *k, uint16_t tenant, prov_table table, ...);
/* Only the first `fields`: what a walk begins with. */
void prov_row_key_prefix(prov_row_key *k, uint16_t tenant, prov_table table, int fields, ...);

/* Behind a prefix that ends where an ordered text comes: what all the keys begin with whose text
 * begins with `start`. */
void prov_row_key_start(prov_row_key *k, prov_bytes start);

/* What a stored ordered text was made of; false if only its head lies there. */
bool prov_row_key_plain(prov_bytes ordered, uint8_t out[PROV_LMDB_KEY_MOST], size_t *len);

/* The fields of a stored key: uint8_t *, uint16_t *, uint32_t *, uint64_t *, prov_id *, digests
 * uint8_t *, prov_bytes *. False if the key is not of the table's layout. */
bool prov_row_key_read(prov_bytes key, prov_table table, ...);
/* A stored key, to be used after the row has gone. */
static inline void prov_row_key_copy(prov_row_key *k, prov_table table, prov_bytes stored)
{
    k->table = table;
    k->len = (uint16_t)(stored.len < PROV_LMDB_KEY_MOST ? stored.len : PROV_LMDB_KEY_MOST);
    __builtin_memcpy(k->b, stored.data, k->len);
}
/* The id that ends the key. */
static inline const prov_id *prov_row_key_last_id(prov_bytes key)
{
    return (const prov_id *)(key.data + key.len - sizeof(prov_id));
}

#endif
