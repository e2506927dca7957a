#include "store/lmdb/rows.h"

#include <apr_tables.h>
#include <string.h>

/* --- reading -------------------------------------------------------------------------------- */

bool prov_rows_link_read(prov_tx *tx, prov_bytes key, prov_bytes row, prov_link *out)
{
    prov_id id;
    uint32_t target;
    if (tx->scratch)
        row = prov_bytes_copy(tx->scratch, row);
    if (!prov_row_key_read(key, PROV_TABLE_LINK, &id, &target) || !prov_link_read(row, out)) {
        tx->rc = MDB_CORRUPTED;
        return false;
    }
    out->resource = id;
    out->target = target;
    return true;
}

bool prov_rows_link(prov_tx *tx, const prov_id *id, uint32_t target, prov_link *out)
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(tx, key, LINK, id, target);
    return prov_tx_get(tx, &key, &row) &&
           prov_rows_link_read(tx, (prov_bytes){ key.b, key.len }, row, out);
}

int prov_rows_links_of(prov_tx *tx, const prov_id *id, prov_link **out)
{
    apr_array_header_t *links = apr_array_make(tx->scratch, 4, sizeof(prov_link));
    prov_row_key prefix;
    prov_walk w;
    PROV_PREFIX(tx, prefix, LINK, 1, id);
    prov_walk_begin(&w, tx, &prefix, NULL);
    while (prov_walk_next(&w)) {
        prov_link link;
        if (prov_rows_link_read(tx, w.key, w.value, &link))
            APR_ARRAY_PUSH(links, prov_link) = link;
    }
    prov_walk_end(&w);
    *out = (prov_link *)links->elts;
    return links->nelts;
}

bool prov_rows_superseded(const prov_link *link)
{
    static const prov_id none;
    return !prov_id_equal(&link->superseded_by, &none);
}

/* --- names ---------------------------------------------------------------------------------- */

bool prov_rows_key_holder(prov_tx *tx, uint32_t target, uint16_t type, prov_bytes name, prov_id *id)
{
    prov_row_key key;
    PROV_KEY(tx, key, KEY, target, type, name);
    return prov_tx_get_id(tx, &key, id);
}

bool prov_rows_remote_holder(prov_tx *tx, uint32_t target, prov_bytes remote, prov_id *id)
{
    prov_row_key key;
    PROV_KEY(tx, key, REMOTE, target, remote);
    return prov_tx_get_id(tx, &key, id);
}

/* False: another link has it. */
static bool hold(prov_tx *tx, const prov_row_key *key, const prov_id *id)
{
    prov_id holder;
    if (prov_tx_get_id(tx, key, &holder))
        return prov_id_equal(&holder, id);
    prov_tx_put_id(tx, key, id);
    return true;
}

static bool release(prov_tx *tx, const prov_row_key *key, const prov_id *id)
{
    prov_id holder;
    return prov_tx_get_id(tx, key, &holder) && prov_id_equal(&holder, id) &&
           prov_tx_delete(tx, key);
}

/* A link holds the key it has at the target and the one it is about to have there. */
static bool holds_key(const prov_link *link, prov_bytes name)
{
    return link && (prov_bytes_equal(link->key, name) || prov_bytes_equal(link->sent_key, name));
}

static void wait_for(prov_tx *tx, uint32_t target, uint16_t type, prov_bytes name,
                     const prov_id *id)
{
    prov_row_key key;
    PROV_KEY(tx, key, WAITER, target, type, name, id);
    prov_tx_mark(tx, &key);
}

/* Who only wants the key tries again at once. Who has it there already, as names that differ may be
 * alike when normalised, holds it now; of several one, and the others go on waiting. */
static void wake(prov_tx *tx, const prov_row_key *freed, const prov_id *id, uint32_t target,
                 prov_bytes name)
{
    prov_link old, now;
    if (!prov_rows_link(tx, id, target, &old))
        return;
    if (holds_key(&old, name)) {
        if (!hold(tx, freed, id))
            wait_for(tx, target, old.type, name, id);
        return;
    }
    now = old;
    now.due = 0;
    prov_rows_link_put(tx, &old, &now);
}

/* The key is free: all who waited try again; the first one there gets it. */
static void wake_waiters(prov_tx *tx, const prov_row_key *freed, uint32_t target, uint16_t type,
                         prov_bytes name)
{
    const prov_id *ids;
    prov_row_key key;
    PROV_PREFIX(tx, key, WAITER, 3, target, type, name);
    int count = prov_tx_ids(tx, &key, &ids);
    for (int i = 0; i < count; i++) {
        PROV_KEY(tx, key, WAITER, target, type, name, &ids[i]);
        prov_tx_delete(tx, &key);
        wake(tx, freed, &ids[i], target, name);
    }
}

static void put_remote(prov_tx *tx, const prov_link *old, const prov_link *now)
{
    prov_row_key key;
    if (old && now && prov_bytes_equal(old->remote, now->remote))
        return;
    if (old && old->remote.len) {
        PROV_KEY(tx, key, REMOTE, old->target, old->remote);
        release(tx, &key, &old->resource);
    }
    if (now && now->remote.len) {
        PROV_KEY(tx, key, REMOTE, now->target, now->remote);
        hold(tx, &key, &now->resource);
    }
}

static void put_key(prov_tx *tx, const prov_link *old, const prov_link *now, prov_bytes name)
{
    const prov_link *any = now ? now : old;
    prov_row_key key, waiter;
    if (!name.len || holds_key(old, name) == holds_key(now, name))
        return;
    PROV_KEY(tx, key, KEY, any->target, any->type, name);
    PROV_KEY(tx, waiter, WAITER, any->target, any->type, name, &any->resource);
    if (!holds_key(now, name)) {
        if (release(tx, &key, &any->resource))
            wake_waiters(tx, &key, any->target, any->type, name);
        else
            prov_tx_delete(tx, &waiter);
    } else if (!hold(tx, &key, &any->resource))
        prov_tx_mark(tx, &waiter);
}

static void put_names(prov_tx *tx, const prov_link *old, const prov_link *now)
{
    put_remote(tx, old, now);
    if (now) {
        put_key(tx, old, now, now->key);
        put_key(tx, old, now, now->sent_key);
    }
    if (old) {
        put_key(tx, old, now, old->key);
        if (!prov_bytes_equal(old->key, old->sent_key))
            put_key(tx, old, now, old->sent_key);
    }
}

/* --- what follows from a row ---------------------------------------------------------------- */

static void put_row(prov_tx *tx, const prov_link *old, const prov_link *now)
{
    const prov_link *any = now ? now : old;
    prov_row_key key, at;
    PROV_KEY(tx, key, LINK, &any->resource, any->target);
    PROV_KEY(tx, at, LINK_AT, any->target, &any->resource);
    if (!now) {
        prov_tx_delete(tx, &key);
        prov_tx_delete(tx, &at);
        return;
    }
    prov_buf row;
    prov_buf_init(&row, tx->scratch, 200);
    prov_link_write(&row, now);
    prov_tx_put(tx, &key, prov_buf_bytes(&row));
    if (!old)
        prov_tx_mark(tx, &at);
}

static bool due_key(prov_tx *tx, const prov_link *link, prov_row_key *key)
{
    apr_time_t next = link ? prov_link_next(link) : 0;
    if (next)
        PROV_KEY(tx, *key, DUE, link->target, link->queue, (uint64_t)next, &link->resource);
    return next != 0;
}

static bool lease_key(prov_tx *tx, const prov_link *link, prov_row_key *key)
{
    if (!link || !link->lease.process)
        return false;
    PROV_KEY(tx, *key, LEASE, link->lease.process, &link->resource, link->target);
    return true;
}

/* An index entry follows its row: gone, new, moved or as it was. */
static void put_entry(prov_tx *tx, bool was, const prov_row_key *before, bool is,
                      const prov_row_key *after)
{
    if (was && is && before->len == after->len && memcmp(before->b, after->b, after->len) == 0)
        return;
    if (was)
        prov_tx_delete(tx, before);
    if (is)
        prov_tx_mark(tx, after);
}

prov_link_counts prov_rows_counts(const prov_link *l)
{
    prov_link_counts c = { .links = 1 };
    if (prov_rows_superseded(l))
        return c;
    bool open = l->applied != l->wanted;
    c.unsynced = open || l->attempt;
    c.unknown = l->attempt && !l->lease.process;
    c.refused = open && !l->attempt && l->refused == l->wanted;
    c.held = open && !l->attempt && !c.refused && l->held == l->wanted;
    return c;
}

static void put_counts(prov_tx *tx, const prov_link *old, const prov_link *now)
{
    static const prov_link_counts none;
    prov_link_counts was = old ? prov_rows_counts(old) : none;
    prov_link_counts is = now ? prov_rows_counts(now) : none;
    bool ended = old && old->lease.process && !(now && now->lease.process);
    prov_target target;
    if (!ended && memcmp(&was, &is, sizeof was) == 0)
        return;
    prov_rows_target(tx, now ? now->target : old->target, &target);
    target.links += is.links - was.links;
    target.unsynced += is.unsynced - was.unsynced;
    target.unknown += is.unknown - was.unknown;
    target.refused += is.refused - was.refused;
    target.held += is.held - was.held;
    if (ended)
        prov_target_give_back(&target);
    prov_rows_target_put(tx, &target);
}

void prov_rows_link_put(prov_tx *tx, const prov_link *old, const prov_link *now)
{
    prov_row_key before, after;
    bool was, is;
    put_row(tx, old, now);
    was = due_key(tx, old, &before);
    is = due_key(tx, now, &after);
    put_entry(tx, was, &before, is, &after);
    was = lease_key(tx, old, &before);
    is = lease_key(tx, now, &after);
    put_entry(tx, was, &before, is, &after);
    put_counts(tx, old, now);
    put_names(tx, old, now);
}

/* --- touches -------------------------------------------------------------------------------- */

void prov_rows_touch(prov_tx *tx, const prov_link *link, const prov_touch *touch)
{
    prov_link now = *link;
    if (prov_rows_superseded(link))
        return;
    prov_link_touch(&now, touch);
    if (touch->reread) {
        prov_row_key key;
        PROV_KEY(tx, key, COPY, &link->resource, link->target, (int)PROV_COPY_APPLIED);
        prov_tx_delete(tx, &key);
    }
    prov_rows_link_put(tx, link, &now);
}

void prov_rows_touch_all(prov_tx *tx, const prov_id *id, const prov_touch *touch)
{
    prov_link *links;
    int count = prov_rows_links_of(tx, id, &links);
    for (int i = 0; i < count; i++)
        prov_rows_touch(tx, &links[i], touch);
}
