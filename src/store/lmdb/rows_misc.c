#include "store/lmdb/rows.h"

#include "store/packed.h"

#include <string.h>

#define NUMBER(type, member)      PROV_PACKED(type, member, PROV_PACKED_NUMBER, 0)
#define BYTES(type, member)       PROV_PACKED(type, member, PROV_PACKED_BYTES, 0)
#define FIXED(type, member)       PROV_PACKED(type, member, PROV_PACKED_FIXED, 0)
#define COUNT(fields)             ((int)(sizeof(fields) / sizeof *(fields)))
#define READ(fields, row, struct) prov_packed_read(row, fields, COUNT(fields), struct)

/* The order is the format. */
static const prov_packed_field process_fields[] = {
    NUMBER(prov_process, pid),
    NUMBER(prov_process, started),
    NUMBER(prov_process, generation),
};
static const prov_packed_field token_fields[] = {
    BYTES(prov_token, name),     BYTES(prov_token, application), NUMBER(prov_token, permissions),
    NUMBER(prov_token, created), NUMBER(prov_token, expires),
};
static const prov_packed_field journal_fields[] = {
    NUMBER(prov_journal, time), NUMBER(prov_journal, operation),   NUMBER(prov_journal, trigger),
    NUMBER(prov_journal, type), NUMBER(prov_journal, application), FIXED(prov_journal, resource),
    BYTES(prov_journal, actor), BYTES(prov_journal, trace),
};

static void put_packed(prov_tx *tx, const prov_row_key *key, const prov_packed_field *fields,
                       int count, const void *from)
{
    prov_buf row;
    prov_buf_init(&row, tx->scratch, 200);
    prov_packed_write(&row, fields, count, from);
    prov_tx_put(tx, key, prov_buf_bytes(&row));
}

/* --- targets -------------------------------------------------------------------------------- */

void prov_rows_target(prov_tx *tx, uint32_t number, prov_target *out)
{
    prov_row_key key;
    prov_bytes row;
    memset(out, 0, sizeof *out);
    PROV_KEY(tx, key, TARGET, number);
    if (prov_tx_get(tx, &key, &row)) {
        if (tx->scratch)
            row = prov_bytes_copy(tx->scratch, row);
        if (!prov_target_read(row, out))
            tx->rc = MDB_CORRUPTED;
    }
    out->number = number;
}

void prov_rows_target_put(prov_tx *tx, const prov_target *target)
{
    prov_row_key key;
    prov_buf row;
    PROV_KEY(tx, key, TARGET, target->number);
    prov_buf_init(&row, tx->scratch, 200);
    prov_target_write(&row, target);
    prov_tx_put(tx, &key, prov_buf_bytes(&row));
}

/* --- resources ------------------------------------------------------------------------------ */

bool prov_rows_type(prov_tx *tx, const prov_id *id, uint16_t *type)
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(tx, key, TYPE, id);
    if (!prov_tx_get(tx, &key, &row))
        return false;
    prov_reader in = prov_read(row);
    *type = prov_get_u16(&in);
    return !in.bad;
}

bool prov_rows_exists(prov_tx *tx, const prov_id *id)
{
    uint16_t type;
    return prov_rows_type(tx, id, &type);
}

bool prov_rows_resource(prov_tx *tx, const prov_id *id, prov_record *out)
{
    prov_row_key key;
    uint16_t type;
    if (!prov_rows_type(tx, id, &type))
        return false;
    PROV_KEY(tx, key, RECORD, type, id);
    return prov_tx_get(tx, &key, &out->bytes);
}

/* --- the rest ------------------------------------------------------------------------------- */

bool prov_rows_process_read(prov_bytes key, prov_bytes row, prov_process *out)
{
    memset(out, 0, sizeof *out);
    return READ(process_fields, row, out) &&
           prov_row_key_read(key, PROV_TABLE_PROCESS, &out->number);
}

void prov_rows_process_put(prov_tx *tx, const prov_process *process)
{
    prov_row_key key;
    PROV_KEY(tx, key, PROCESS, process->number);
    put_packed(tx, &key, process_fields, COUNT(process_fields), process);
}

bool prov_rows_token_read(prov_bytes key, prov_bytes row, prov_token *out)
{
    memset(out, 0, sizeof *out);
    return READ(token_fields, row, out) && prov_row_key_read(key, PROV_TABLE_TOKEN, out->digest);
}

void prov_rows_token_put(prov_tx *tx, const prov_token *token)
{
    prov_row_key key;
    PROV_KEY(tx, key, TOKEN, token->digest);
    put_packed(tx, &key, token_fields, COUNT(token_fields), token);
    PROV_KEY(tx, key, TOKEN_NAME, token->name);
    prov_tx_put(tx, &key, (prov_bytes){ token->digest, sizeof token->digest });
}

bool prov_rows_journal_read(prov_bytes key, prov_bytes row, prov_journal *out)
{
    memset(out, 0, sizeof *out);
    return READ(journal_fields, row, out) &&
           prov_row_key_read(key, PROV_TABLE_JOURNAL, &out->number);
}

void prov_rows_journal_put(prov_tx *tx, const prov_journal *row)
{
    prov_row_key key;
    PROV_KEY(tx, key, JOURNAL, row->number);
    put_packed(tx, &key, journal_fields, COUNT(journal_fields), row);
}

uint64_t prov_rows_generation(prov_tx *tx, uint8_t digest[32])
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(tx, key, META, PROV_BYTES("generation"));
    if (digest)
        memset(digest, 0, 32);
    if (!prov_tx_get(tx, &key, &row))
        return 0;
    prov_reader in = prov_read(row);
    uint64_t generation = prov_get_u64(&in);
    prov_bytes stored = prov_get_bytes(&in, 32);
    if (digest && !in.bad)
        memcpy(digest, stored.data, 32);
    return generation;
}
