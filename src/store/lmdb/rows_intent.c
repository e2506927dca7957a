#include "store/lmdb/rows.h"

#include "base/process.h"
#include "store/packed.h"

#include <string.h>

#define NUMBER(member) PROV_PACKED(prov_intent, member, PROV_PACKED_NUMBER, 0)
#define COUNT(fields)  ((int)(sizeof(fields) / sizeof *(fields)))

/* The order is the format. */
static const prov_packed_field fields[] = {
    NUMBER(number),
    PROV_PACKED(prov_intent, state, PROV_PACKED_NUMBER, PROV_INTENT_UNDOING),
    NUMBER(pid),
    NUMBER(started),
    NUMBER(until),
    NUMBER(touch.now),
    NUMBER(touch.queue),
    NUMBER(touch.trigger),
    NUMBER(touch.application),
    NUMBER(touch.reread),
    NUMBER(marks),
    NUMBER(edges),
    PROV_PACKED(prov_intent, at, PROV_PACKED_FIXED, 0),
};

bool prov_rows_intent_read(prov_bytes key, prov_bytes row, prov_intent *out)
{
    memset(out, 0, sizeof *out);
    return prov_packed_read(row, fields, COUNT(fields), out) &&
           prov_row_key_read(key, PROV_TABLE_INTENT, &out->resource);
}

bool prov_rows_intent(prov_tx *tx, const prov_id *resource, prov_intent *out)
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(tx, key, INTENT, resource);
    if (!prov_tx_get(tx, &key, &row))
        return false;
    if (prov_rows_intent_read((prov_bytes){ key.b, key.len }, row, out))
        return true;
    tx->rc = MDB_CORRUPTED;
    return false;
}

void prov_rows_intent_put(prov_tx *tx, const prov_intent *intent)
{
    prov_row_key key;
    prov_buf row;
    PROV_KEY(tx, key, INTENT, &intent->resource);
    prov_buf_init(&row, tx->scratch, 100);
    prov_packed_write(&row, fields, COUNT(fields), intent);
    prov_tx_put(tx, &key, prov_buf_bytes(&row));
}

bool prov_rows_intent_is_abandoned(const prov_intent *intent, apr_time_t now)
{
    return intent->until < now || !prov_process_alive(intent->pid, intent->started);
}

bool prov_rows_any_intent(prov_tx *tx)
{
    MDB_stat stat;
    return mdb_stat(tx->txn, tx->env->dbi[PROV_TABLE_INTENT], &stat) != 0 || stat.ms_entries > 0;
}
