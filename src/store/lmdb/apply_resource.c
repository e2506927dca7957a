#include "store/lmdb/apply.h"

PROV_CHECK(must_exist)
{
    return prov_rows_exists(&a->tx, &op->id) || prov_apply_refuse(a, PROV_NOT_THERE);
}

PROV_CHECK(must_be_version)
{
    prov_record rec;
    if (!op->number)
        return !prov_rows_exists(&a->tx, &op->id) || prov_apply_refuse(a, PROV_NOT_VERSION);
    if (!prov_rows_resource(&a->tx, &op->id, &rec))
        return prov_apply_refuse(a, PROV_NOT_THERE);
    a->verdict->version = prov_record_head(rec).version;
    return a->verdict->version == op->number || prov_apply_refuse(a, PROV_NOT_VERSION);
}

/* --- the record ----------------------------------------------------------------------------- */

static void count(prov_apply *a, const prov_head *head, int by)
{
    prov_row_key key;
    PROV_KEY(&a->tx, key, COUNT, head->type, head->domain);
    prov_tx_add(&a->tx, &key, by);
}

static void write_record(prov_apply *a, const prov_id *id, prov_record rec, const prov_head *head)
{
    prov_row_key key;
    uint8_t *row = (uint8_t *)prov_bytes_copy(a->tx.scratch, rec.bytes).data;
    prov_record_set_head(row, head);
    PROV_KEY(&a->tx, key, RECORD, head->type, id);
    prov_tx_put(&a->tx, &key, (prov_bytes){ row, rec.bytes.len });
    a->verdict->version = head->version;
    a->verdict->modified = head->modified;
}

static void remove_record(prov_apply *a, const prov_id *id, const prov_head *head)
{
    prov_row_key key;
    PROV_KEY(&a->tx, key, RECORD, head->type, id);
    prov_tx_delete(&a->tx, &key);
    count(a, head, -1);
}

static void write_type(prov_apply *a, const prov_id *id, uint16_t type)
{
    uint8_t row[2] = { (uint8_t)(type >> 8), (uint8_t)type };
    prov_row_key key;
    PROV_KEY(&a->tx, key, TYPE, id);
    prov_tx_put(&a->tx, &key, (prov_bytes){ row, sizeof row });
}

PROV_EFFECT(put)
{
    prov_record was, now = { op->bytes };
    prov_head head = prov_record_head(now), old = { 0 };
    bool there = prov_rows_resource(&a->tx, &op->id, &was);
    if (there)
        old = prov_record_head(was);
    bool moves = !there || old.type != head.type || old.domain != head.domain;
    if (there && moves)
        remove_record(a, &op->id, &old);
    if (moves) {
        write_type(a, &op->id, head.type);
        count(a, &head, 1);
    }
    head.version = old.version + 1;
    write_record(a, &op->id, now, &head);
    prov_rows_times_put(&a->tx, &op->id, there ? &old : NULL, &head);
    a->put = op->id;
}

void prov_apply_move(prov_apply *a, const prov_id *id, apr_time_t modified)
{
    prov_record rec;
    if (!prov_rows_resource(&a->tx, id, &rec))
        return;
    prov_head old = prov_record_head(rec), head = old;
    head.version++;
    head.modified = modified;
    write_record(a, id, rec, &head);
    prov_rows_times_put(&a->tx, id, &old, &head);
}

PROV_EFFECT(put_large)
{
    prov_row_key key;
    PROV_KEY(&a->tx, key, LARGE, &op->id, op->digest);
    prov_tx_put(&a->tx, &key, op->bytes);
}

PROV_EFFECT(delete_large)
{
    prov_row_key key;
    PROV_KEY(&a->tx, key, LARGE, &op->id, op->digest);
    prov_tx_delete(&a->tx, &key);
}

/* --- the end of a resource ------------------------------------------------------------------ */

static void remove_large(prov_apply *a, const prov_id *id)
{
    const prov_id *digests; /* 16 bytes at the key's end as well */
    prov_row_key key;
    PROV_PREFIX(&a->tx, key, LARGE, 1, id);
    int count = prov_tx_ids(&a->tx, &key, &digests);
    for (int i = 0; i < count; i++) {
        PROV_KEY(&a->tx, key, LARGE, id, digests[i].b);
        prov_tx_delete(&a->tx, &key);
    }
}

static void remove_grants(prov_apply *a, const prov_id *id)
{
    prov_row_key prefix, *keys;
    prov_walk w;
    int count = 0, room = 0;
    PROV_PREFIX(&a->tx, prefix, GRANT, 1, id);
    prov_walk_begin(&w, &a->tx, &prefix, NULL);
    while (prov_walk_next(&w))
        room++;
    prov_walk_end(&w);
    keys = apr_palloc(a->tx.scratch, (size_t)room * sizeof *keys);
    prov_walk_begin(&w, &a->tx, &prefix, NULL);
    while (prov_walk_next(&w))
        prov_row_key_copy(&keys[count++], PROV_TABLE_GRANT, w.key);
    prov_walk_end(&w);
    for (int i = 0; i < count; i++)
        prov_tx_delete(&a->tx, &keys[i]);
}

PROV_EFFECT(delete)
{
    prov_touch gone = op->touch;
    prov_record rec;
    prov_row_key key;
    if (!prov_rows_resource(&a->tx, &op->id, &rec))
        return;
    prov_head head = prov_record_head(rec);
    prov_apply_leave_all(a, &op->id, &op->touch);
    remove_record(a, &op->id, &head);
    prov_rows_times_put(&a->tx, &op->id, &head, NULL);
    PROV_KEY(&a->tx, key, TYPE, &op->id);
    prov_tx_delete(&a->tx, &key);
    PROV_KEY(&a->tx, key, CREDENTIAL, &op->id);
    prov_tx_delete(&a->tx, &key);
    remove_large(a, &op->id);
    remove_grants(a, &op->id);
    gone.gone = true;
    gone.queue = PROV_QUEUE_URGENT;
    prov_rows_touch_all(&a->tx, &op->id, &gone);
    a->verdict->version = head.version;
    a->verdict->modified = op->touch.now;
}

/* --- indexes -------------------------------------------------------------------------------- */

static void index_key(prov_apply *a, const prov_op *op, prov_row_key *key)
{
    if (op->flag)
        PROV_KEY(&a->tx, *key, UNIQUE, op->attr, op->domain, op->bytes);
    else
        PROV_KEY(&a->tx, *key, INDEX, op->attr, op->domain, op->bytes, &op->id);
}

/* Another resource that this plan gives the same. */
static bool find_rival(const prov_apply *a, const prov_op *op, prov_id *rival)
{
    for (int i = 0; i < prov_plan_length(a->plan); i++) {
        const prov_op *other = prov_plan_op(a->plan, i);
        if (other->code != op->code || other->flag != op->flag || other->attr != op->attr ||
            other->domain != op->domain || prov_id_equal(&other->id, &op->id) ||
            !prov_bytes_equal(other->bytes, op->bytes))
            continue;
        *rival = other->id;
        return true;
    }
    return false;
}

PROV_CHECK(index)
{
    prov_row_key key;
    prov_id holder;
    if (!op->flag)
        return true;
    index_key(a, op, &key);
    bool taken = prov_tx_get_id(&a->tx, &key, &holder) ? !prov_id_equal(&holder, &op->id)
                                                       : find_rival(a, op, &holder);
    if (!taken)
        return true;
    a->verdict->attr = op->attr;
    return prov_apply_refuse_for(a, PROV_NOT_UNIQUE, &holder);
}

PROV_CHECK(must_be_only)
{
    prov_row_key prefix;
    prov_id rival;
    prov_walk w;
    bool only = !find_rival(a, op, &rival);
    PROV_PREFIX(&a->tx, prefix, INDEX, 3, op->attr, op->domain, op->bytes);
    prov_walk_begin(&w, &a->tx, &prefix, NULL);
    while (only && prov_walk_next(&w))
        only = prov_id_equal(prov_row_key_last_id(w.key), &op->id);
    prov_walk_end(&w);
    if (only)
        return true;
    a->verdict->attr = op->attr;
    return prov_apply_refuse(a, PROV_NOT_UNIQUE);
}

PROV_EFFECT(index)
{
    prov_row_key key;
    index_key(a, op, &key);
    if (op->flag)
        prov_tx_put_id(&a->tx, &key, &op->id);
    else
        prov_tx_mark(&a->tx, &key);
}

PROV_EFFECT(unindex)
{
    prov_row_key key;
    prov_id holder;
    index_key(a, op, &key);
    if (op->flag && (!prov_tx_get_id(&a->tx, &key, &holder) || !prov_id_equal(&holder, &op->id)))
        return;
    prov_tx_delete(&a->tx, &key);
}

/* --- credentials ---------------------------------------------------------------------------- */

/* The row of a removed hash stays, so that its version is never met again. */
PROV_EFFECT(credential)
{
    prov_row_key key;
    prov_buf row;
    PROV_KEY(&a->tx, key, CREDENTIAL, &op->id);
    uint64_t version = (uint64_t)prov_tx_count(&a->tx, &key) + 1;
    prov_buf_init(&row, a->tx.scratch, 8 + op->bytes.len);
    prov_put_u64(&row, version);
    prov_buf_add(&row, op->bytes.data, op->bytes.len);
    prov_tx_put(&a->tx, &key, prov_buf_bytes(&row));
}
