#include "store/lmdb/rows.h"

#include "store/packed.h"

#include <string.h>

/* --- times ---------------------------------------------------------------------------------- */

static void time_key(prov_tx *tx, prov_row_key *key, prov_table table, const prov_id *id,
                     const prov_head *head)
{
    apr_time_t when = table == PROV_TABLE_CREATED ? head->created : head->modified;
    prov_row_key_make(key, tx->env->tenant, table, head->type, head->domain,
                      prov_index_integer(when), id);
}

static void move_time(prov_tx *tx, prov_table table, const prov_id *id, const prov_head *old,
                      const prov_head *now)
{
    prov_row_key was, is;
    if (old)
        time_key(tx, &was, table, id, old);
    if (now)
        time_key(tx, &is, table, id, now);
    if (old && now && memcmp(was.b, is.b, is.len) == 0)
        return;
    if (old)
        prov_tx_delete(tx, &was);
    if (now)
        prov_tx_mark(tx, &is);
}

void prov_rows_times_put(prov_tx *tx, const prov_id *id, const prov_head *old, const prov_head *now)
{
    move_time(tx, PROV_TABLE_CREATED, id, old, now);
    move_time(tx, PROV_TABLE_MODIFIED, id, old, now);
}

bool prov_rows_times_there(prov_tx *tx, const prov_id *id, const prov_head *head)
{
    prov_row_key created, modified;
    time_key(tx, &created, PROV_TABLE_CREATED, id, head);
    time_key(tx, &modified, PROV_TABLE_MODIFIED, id, head);
    return prov_tx_has(tx, &created) && prov_tx_has(tx, &modified);
}

/* --- values --------------------------------------------------------------------------------- */

void prov_rows_index_key(prov_tx *tx, prov_row_key *key, const prov_index_key *k, uint16_t domain,
                         const prov_id *id)
{
    if (k->unique)
        PROV_KEY(tx, *key, UNIQUE, k->attr, prov_index_domain(k, domain), k->key);
    else
        PROV_KEY(tx, *key, INDEX, k->attr, domain, k->key, id);
}

typedef struct fetching {
    prov_tx *tx;
    const prov_id *id;
    bool lost;
} fetching;

static prov_bytes fetch_large(void *baton, const uint8_t digest[16])
{
    fetching *f = baton;
    prov_row_key key;
    prov_bytes value = prov_bytes_of(NULL);
    PROV_KEY(f->tx, key, LARGE, f->id, digest);
    f->lost |= !prov_tx_get(f->tx, &key, &value);
    return value;
}

bool prov_rows_whole(prov_tx *tx, const prov_id *id, prov_record *rec)
{
    fetching f = { tx, id, false };
    if (prov_record_head(*rec).flags & PROV_RECORD_LARGE)
        *rec = prov_record_join(tx->scratch, *rec, fetch_large, &f);
    return !f.lost;
}

int prov_rows_keys_of(prov_tx *tx, const prov_registry *r, const prov_id *id, prov_record rec,
                      const prov_index_key **keys)
{
    int count = 0;
    if (prov_record_check(tx->scratch, rec))
        return -1;
    const prov_resource_type *type = prov_registry_type_numbered(r, prov_record_head(rec).type);
    if (!type || !prov_rows_whole(tx, id, &rec))
        return -1;
    const prov_object *o = prov_record_read(tx->scratch, r, rec);
    return o && !prov_index_keys(tx->scratch, type, o, keys, &count) ? count : -1;
}

/* --- stages --------------------------------------------------------------------------------- */

/* The order is the format. */
static const prov_packed_field stage_fields[] = {
    PROV_PACKED(prov_stage, at, PROV_PACKED_NUMBER, 0),
    PROV_PACKED(prov_stage, type, PROV_PACKED_NUMBER, 0),
    PROV_PACKED(prov_stage, after, PROV_PACKED_FIXED, 0),
    PROV_PACKED(prov_stage, looked_at, PROV_PACKED_NUMBER, 0),
    PROV_PACKED(prov_stage, duplicates, PROV_PACKED_NUMBER, 0),
    PROV_PACKED(prov_stage, exact, PROV_PACKED_NUMBER, 1),
};
#define STAGE_FIELDS ((int)(sizeof stage_fields / sizeof *stage_fields))

bool prov_rows_stage_read(prov_bytes key, prov_bytes row, prov_stage *out)
{
    memset(out, 0, sizeof *out);
    return prov_packed_read(row, stage_fields, STAGE_FIELDS, out) &&
           prov_row_key_read(key, PROV_TABLE_STAGE, &out->kind, &out->attr);
}

bool prov_rows_stage(prov_tx *tx, prov_index_kind kind, uint16_t attr, prov_stage *out)
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(tx, key, STAGE, (int)kind, attr);
    return prov_tx_get(tx, &key, &row) &&
           prov_rows_stage_read((prov_bytes){ key.b, key.len }, row, out);
}

void prov_rows_stage_put(prov_tx *tx, const prov_stage *stage)
{
    prov_row_key key;
    prov_buf row;
    PROV_KEY(tx, key, STAGE, stage->kind, stage->attr);
    prov_buf_init(&row, tx->scratch, 64);
    prov_packed_write(&row, stage_fields, STAGE_FIELDS, stage);
    prov_tx_put(tx, &key, prov_buf_bytes(&row));
}

uint64_t prov_rows_staged(prov_tx *tx)
{
    prov_row_key key;
    PROV_KEY(tx, key, META, PROV_BYTES(PROV_STAGED));
    return (uint64_t)prov_tx_count(tx, &key);
}
