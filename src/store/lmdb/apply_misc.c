#include "store/lmdb/apply.h"

#include <string.h>

/* --- targets -------------------------------------------------------------------------------- */

PROV_EFFECT(target_event)
{
    prov_target target;
    prov_rows_target(&a->tx, op->target, &target);
    prov_target_event_apply(&target, &op->outcome);
    prov_rows_target_put(&a->tx, &target);
}

PROV_EFFECT(target_declare)
{
    static const uint8_t never[sizeof op->digest];
    prov_target target;
    prov_rows_target(&a->tx, op->target, &target);
    bool placed = memcmp(target.digest, op->digest, PROV_TARGET_PLACE) == 0;
    bool before = memcmp(target.digest, never, sizeof never) != 0;
    target.moved = target.moved || (before && !placed);
    target.declared = op->flag;
    memcpy(target.digest, op->digest, sizeof target.digest);
    prov_rows_target_put(&a->tx, &target);
}

/* --- journal -------------------------------------------------------------------------------- */

PROV_EFFECT(journal)
{
    prov_journal row = op->journal;
    row.number = prov_tx_next(&a->tx, "journal");
    prov_rows_journal_put(&a->tx, &row);
    a->verdict->journal = row.number;
}

/* --- tokens --------------------------------------------------------------------------------- */

PROV_CHECK(token)
{
    prov_row_key key;
    PROV_KEY(&a->tx, key, TOKEN_NAME, op->token.name);
    return !prov_tx_has(&a->tx, &key) || prov_apply_refuse(a, PROV_NOT_UNIQUE);
}

PROV_EFFECT(token)
{
    prov_rows_token_put(&a->tx, &op->token);
}

PROV_CHECK(token_revoke)
{
    prov_row_key key;
    PROV_KEY(&a->tx, key, TOKEN_NAME, op->bytes);
    return prov_tx_has(&a->tx, &key) || prov_apply_refuse(a, PROV_NO_TOKEN);
}

PROV_EFFECT(token_revoke)
{
    uint8_t digest[32];
    prov_row_key key, token;
    prov_bytes row;
    PROV_KEY(&a->tx, key, TOKEN_NAME, op->bytes);
    if (!prov_tx_get(&a->tx, &key, &row) || row.len != sizeof digest)
        return;
    memcpy(digest, row.data, sizeof digest);
    PROV_KEY(&a->tx, token, TOKEN, digest);
    prov_tx_delete(&a->tx, &token);
    prov_tx_delete(&a->tx, &key);
}

/* --- generations ---------------------------------------------------------------------------- */

PROV_CHECK(must_be_generation)
{
    return prov_rows_generation(&a->tx, NULL) == op->number ||
           prov_apply_refuse(a, PROV_NOT_GENERATION);
}

PROV_EFFECT(generation)
{
    prov_row_key key;
    prov_buf row;
    PROV_KEY(&a->tx, key, META, PROV_BYTES("generation"));
    prov_buf_init(&row, a->tx.scratch, 8 + sizeof op->digest);
    prov_put_u64(&row, op->number);
    prov_buf_add(&row, op->digest, sizeof op->digest);
    prov_tx_put(&a->tx, &key, prov_buf_bytes(&row));
}

PROV_EFFECT(recheck)
{
    prov_row_key key;
    if (prov_rows_generation(&a->tx, NULL) <= op->number)
        return;
    PROV_KEY(&a->tx, key, RECHECK, &op->id);
    prov_tx_mark(&a->tx, &key);
}

PROV_EFFECT(recheck_done)
{
    prov_row_key key;
    PROV_KEY(&a->tx, key, RECHECK, &op->id);
    prov_tx_delete(&a->tx, &key);
}

PROV_CHECK(must_stand_at)
{
    prov_row_key key;
    prov_id after;
    PROV_KEY(&a->tx, key, SCAN, op->target);
    return (prov_tx_get_id(&a->tx, &key, &after) && prov_id_equal(&after, &op->id)) ||
           prov_apply_refuse(a, PROV_NOT_DUE);
}

PROV_EFFECT(scan)
{
    prov_row_key key;
    prov_target target;
    PROV_KEY(&a->tx, key, SCAN, op->target);
    if (!op->flag) {
        prov_tx_put_id(&a->tx, &key, &op->id);
        return;
    }
    prov_tx_delete(&a->tx, &key);
    prov_rows_target(&a->tx, op->target, &target);
    if (target.moved) {
        target.moved = false;
        prov_rows_target_put(&a->tx, &target);
    }
}
