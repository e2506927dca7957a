#include "store/lmdb/rows.h"

#include <apr_tables.h>

void prov_rows_membership_put(prov_tx *tx, const prov_id *group, const prov_id *member,
                              uint8_t mark)
{
    prov_bytes row = { &mark, mark ? 1 : 0 };
    prov_row_key key;
    PROV_KEY(tx, key, MEMBER, group, member);
    prov_tx_put(tx, &key, row);
    PROV_KEY(tx, key, MEMBER_OF, member, group);
    prov_tx_put(tx, &key, row);
}

void prov_rows_membership_drop(prov_tx *tx, const prov_id *group, const prov_id *member)
{
    prov_row_key key;
    PROV_KEY(tx, key, MEMBER, group, member);
    prov_tx_delete(tx, &key);
    PROV_KEY(tx, key, MEMBER_OF, member, group);
    prov_tx_delete(tx, &key);
}

bool prov_rows_is_member(prov_tx *tx, const prov_id *group, const prov_id *member, prov_bytes row)
{
    prov_intent intent;
    if (!row.len)
        return true;
    bool switched =
        prov_rows_intent(tx, row.data[0] & PROV_MARK_OF_MEMBER ? member : group, &intent) &&
        intent.state == PROV_INTENT_SWITCHED;
    return switched == ((row.data[0] & PROV_MARK_ADDED) != 0);
}

static int collect(prov_tx *tx, const prov_row_key *prefix, prov_rows_keep *keep,
                   const prov_id **ids)
{
    apr_array_header_t *list = apr_array_make(tx->scratch, 16, sizeof(prov_id));
    prov_walk w;
    prov_walk_begin(&w, tx, prefix, NULL);
    while (prov_walk_next(&w)) {
        if (!keep || keep(w.value))
            APR_ARRAY_PUSH(list, prov_id) = *prov_row_key_last_id(w.key);
    }
    prov_walk_end(&w);
    *ids = (const prov_id *)(const void *)list->elts;
    return list->nelts;
}

int prov_rows_members(prov_tx *tx, const prov_id *group, prov_rows_keep *keep, const prov_id **ids)
{
    prov_row_key prefix;
    PROV_PREFIX(tx, prefix, MEMBER, 1, group);
    return collect(tx, &prefix, keep, ids);
}

int prov_rows_groups(prov_tx *tx, const prov_id *member, prov_rows_keep *keep, const prov_id **ids)
{
    prov_row_key prefix;
    PROV_PREFIX(tx, prefix, MEMBER_OF, 1, member);
    return collect(tx, &prefix, keep, ids);
}
