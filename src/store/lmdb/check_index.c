#include "store/lmdb/check.h"

#include <string.h>

/* --- what a record must have ---------------------------------------------------------------- */

/* Whether every record has its rows by now. */
static bool is_whole(prov_checker *c, prov_index_kind kind, uint16_t attr)
{
    const prov_attr *a = prov_registry_attr_numbered(c->registry, attr);
    const prov_index *index = a ? prov_index_of(a) : NULL;
    prov_stage stage;
    if (kind != PROV_INDEX_TIMES && index && index->always)
        return true;
    return prov_rows_stage(c->tx, kind, attr, &stage) && stage.at == PROV_STAGE_READY;
}

/* One of those that its record would have; nobody knows of a record that is not whole. */
static bool has_entry(prov_checker *c, const prov_id *id, prov_record rec,
                      const prov_row_key *entry)
{
    const prov_index_key *keys;
    int count = prov_rows_keys_of(c->tx, c->registry, id, rec, &keys);
    for (int i = 0; i < count; i++) {
        prov_row_key key;
        prov_rows_index_key(c->tx, &key, &keys[i], prov_record_head(rec).domain, id);
        if (key.table == entry->table && key.len == entry->len &&
            memcmp(key.b, entry->b, key.len) == 0)
            return true;
    }
    return count < 0;
}

/* Whether somebody else has a unique value by right. */
static bool is_taken(prov_checker *c, const prov_row_key *key, const prov_id *id)
{
    prov_id holder;
    prov_record rec;
    return prov_tx_get_id(c->tx, key, &holder) && !prov_id_equal(&holder, id) &&
           prov_rows_resource(c->tx, &holder, &rec) && has_entry(c, &holder, rec, key);
}

static void check_key(prov_checker *c, const prov_id *id, const prov_index_key *k, uint16_t domain)
{
    prov_row_key key;
    prov_id holder;
    prov_rows_index_key(c->tx, &key, k, domain, id);
    if (k->unique ? prov_tx_get_id(c->tx, &key, &holder) && prov_id_equal(&holder, id)
                  : prov_tx_has(c->tx, &key))
        return;
    if (k->unique && is_taken(c, &key, id))
        prov_check_says(c, "Resource %s has a value of %s that another has too",
                        prov_check_id(c, id), prov_rows_attribute_name(c->tx, k->attr));
    else if (prov_check_mends(c, "Resource %s is missing from the index of %s",
                              prov_check_id(c, id), prov_rows_attribute_name(c->tx, k->attr)))
        prov_tx_put(c->tx, &key,
                    k->unique ? (prov_bytes){ id->b, sizeof id->b } : prov_bytes_of(NULL));
}

void prov_check_entries(prov_checker *c, const prov_id *id, prov_record rec)
{
    const prov_index_key *keys;
    prov_head head = prov_record_head(rec);
    int count = prov_rows_keys_of(c->tx, c->registry, id, rec, &keys);
    for (int i = 0; i < count; i++)
        if (is_whole(c, keys[i].unique ? PROV_INDEX_UNIQUE : PROV_INDEX_VALUES, keys[i].attr))
            check_key(c, id, &keys[i], head.domain);
    if (is_whole(c, PROV_INDEX_TIMES, 0) && !prov_rows_times_there(c->tx, id, &head) &&
        prov_check_mends(c, "Resource %s is missing from the order of time", prov_check_id(c, id)))
        prov_rows_times_put(c->tx, id, NULL, &head);
}

/* --- what is there -------------------------------------------------------------------------- */

/* Rows that are to go may be anything; of an index that others declare, or otherwise, we know
 * nothing. */
static bool is_going(prov_checker *c, prov_index_kind kind, prov_bytes entry)
{
    prov_reader in = prov_read(entry);
    prov_stage stage;
    prov_get_u16(&in); /* the tenant */
    uint16_t attr = prov_get_u16(&in);
    const prov_attr *a = prov_registry_attr_numbered(c->registry, attr);
    const prov_index *index = a ? prov_index_of(a) : NULL;
    return prov_rows_stage(c->tx, kind, attr, &stage) &&
           (stage.at == PROV_STAGE_GOING || stage.at == PROV_STAGE_AGAIN || !index ||
            index->unique != (kind == PROV_INDEX_UNIQUE));
}

/* An entry must be one of those its record would have. */
static void check_entry(prov_checker *c, const prov_id *id, prov_table table, prov_bytes entry)
{
    prov_record rec;
    prov_row_key key;
    bool wrong = false;
    prov_row_key_copy(&key, table, entry);
    if (is_going(c, table == PROV_TABLE_UNIQUE ? PROV_INDEX_UNIQUE : PROV_INDEX_VALUES, entry))
        return;
    if (!prov_rows_resource(c->tx, id, &rec))
        wrong =
            prov_check_mends(c, "An index leads to %s, which does not exist", prov_check_id(c, id));
    else if (!has_entry(c, id, rec, &key))
        wrong = prov_check_mends(c, "An index knows %s by a value that it does not have",
                                 prov_check_id(c, id));
    if (wrong)
        prov_tx_delete(c->tx, &key);
}

static void check_unique(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_id id;
    if (row.len == sizeof id.b) {
        memcpy(id.b, row.data, sizeof id.b);
        check_entry(c, &id, PROV_TABLE_UNIQUE, key);
    }
}

static void check_index(prov_checker *c, prov_bytes key, prov_bytes row)
{
    check_entry(c, prov_row_key_last_id(key), PROV_TABLE_INDEX, key);
}

static void check_time(prov_checker *c, prov_table table, prov_bytes entry)
{
    prov_id id;
    prov_record rec;
    prov_head at, head = { 0 };
    uint64_t when;
    if (!prov_row_key_read(entry, table, &at.type, &at.domain, &when, &id))
        return;
    if (prov_rows_resource(c->tx, &id, &rec) && !prov_record_check(c->tx->scratch, rec))
        head = prov_record_head(rec);
    apr_time_t own = table == PROV_TABLE_CREATED ? head.created : head.modified;
    bool right =
        head.type == at.type && head.domain == at.domain && prov_index_integer(own) == when;
    if (!right && prov_check_mends(c, "The order of time has %s in a place that is not its own",
                                   prov_check_id(c, &id)))
        prov_check_drop(c, table, entry);
}

static void check_created(prov_checker *c, prov_bytes key, prov_bytes row)
{
    check_time(c, PROV_TABLE_CREATED, key);
}

static void check_modified(prov_checker *c, prov_bytes key, prov_bytes row)
{
    check_time(c, PROV_TABLE_MODIFIED, key);
}

/* Readers use it again once it was built without meeting a duplicate. */
static void check_stage(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_stage stage;
    if (!prov_rows_stage_read(key, row, &stage) || stage.at != PROV_STAGE_READY ||
        !stage.duplicates)
        return;
    prov_stage anew = prov_rows_stage_anew(&stage);
    if (prov_check_mends(c,
                         "The index of %s was built over values that were not unique: "
                         "it is to be built anew",
                         prov_rows_attribute_name(c->tx, stage.attr)))
        prov_rows_stage_put(c->tx, &anew);
}

const prov_table_check prov_checks_indexes[] = {
    { PROV_TABLE_UNIQUE, check_unique },   { PROV_TABLE_INDEX, check_index },
    { PROV_TABLE_CREATED, check_created }, { PROV_TABLE_MODIFIED, check_modified },
    { PROV_TABLE_STAGE, check_stage },     { 0, NULL },
};
