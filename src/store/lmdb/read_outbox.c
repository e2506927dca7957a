#include "store/lmdb/private.h"

#include <string.h>

/* --- links ---------------------------------------------------------------------------------- */

bool prov_snapshot_link(prov_snapshot *n, const prov_id *id, uint32_t target, prov_link *out)
{
    return prov_rows_link(&n->tx, id, target, out);
}

void prov_snapshot_links_of(prov_snapshot *n, const prov_id *id, prov_each_link *each, void *baton)
{
    prov_row_key prefix;
    prov_link link;
    prov_walk w;
    PROV_PREFIX(&n->tx, prefix, LINK, 1, id);
    prov_walk_begin(&w, &n->tx, &prefix, NULL);
    while (prov_walk_next(&w) && prov_rows_link_read(&n->tx, w.key, w.value, &link) &&
           each(baton, &link))
        ;
    prov_walk_end(&w);
}

void prov_snapshot_links_at(prov_snapshot *n, uint32_t target, const prov_id *after,
                            prov_each_link *each, void *baton)
{
    prov_row_key prefix, from;
    prov_link link;
    prov_walk w;
    PROV_PREFIX(&n->tx, prefix, LINK_AT, 1, target);
    if (after)
        PROV_KEY(&n->tx, from, LINK_AT, target, after);
    prov_walk_begin(&w, &n->tx, &prefix, after ? &from : NULL);
    while (prov_walk_next(&w)) {
        if (prov_rows_link(&n->tx, prov_row_key_last_id(w.key), target, &link) &&
            !each(baton, &link))
            break;
    }
    prov_walk_end(&w);
}

/* False once the walk was stopped. */
static bool due_in(prov_snapshot *n, uint32_t target, prov_queue queue, apr_time_t now,
                   prov_each_link *each, void *baton)
{
    prov_row_key prefix;
    prov_link link;
    prov_walk w;
    bool on = true;
    PROV_PREFIX(&n->tx, prefix, DUE, 2, target, (int)queue);
    prov_walk_begin(&w, &n->tx, &prefix, NULL);
    while (on && prov_walk_next(&w)) {
        prov_reader in = prov_read(w.key);
        prov_get_bytes(&in, prefix.len);
        if ((apr_time_t)prov_get_u64(&in) > now)
            break;
        if (prov_rows_link(&n->tx, prov_row_key_last_id(w.key), target, &link))
            on = each(baton, &link);
    }
    prov_walk_end(&w);
    return on;
}

void prov_snapshot_due(prov_snapshot *n, uint32_t target, apr_time_t now, prov_each_link *each,
                       void *baton)
{
    if (due_in(n, target, PROV_QUEUE_URGENT, now, each, baton))
        due_in(n, target, PROV_QUEUE_NORMAL, now, each, baton);
}

apr_time_t prov_snapshot_next_due(prov_snapshot *n, uint32_t target)
{
    apr_time_t earliest = 0;
    for (int queue = PROV_QUEUE_URGENT; queue <= PROV_QUEUE_NORMAL; queue++) {
        prov_row_key prefix;
        prov_walk w;
        PROV_PREFIX(&n->tx, prefix, DUE, 2, target, queue);
        prov_walk_begin(&w, &n->tx, &prefix, NULL);
        if (prov_walk_next(&w)) {
            prov_reader in = prov_read(w.key);
            prov_get_bytes(&in, prefix.len);
            apr_time_t next = (apr_time_t)prov_get_u64(&in);
            if (!earliest || next < earliest)
                earliest = next;
        }
        prov_walk_end(&w);
    }
    return earliest;
}

prov_bytes prov_snapshot_copy(prov_snapshot *n, const prov_id *id, uint32_t target, prov_copy which)
{
    prov_row_key key;
    prov_bytes value;
    PROV_KEY(&n->tx, key, COPY, id, target, (int)which);
    return prov_tx_get(&n->tx, &key, &value) ? value : prov_bytes_of(NULL);
}

bool prov_snapshot_remote(prov_snapshot *n, uint32_t target, prov_bytes remote, prov_id *out)
{
    return prov_rows_remote_holder(&n->tx, target, remote, out);
}

bool prov_snapshot_key(prov_snapshot *n, uint32_t target, uint16_t type, prov_bytes key,
                       prov_id *out)
{
    return prov_rows_key_holder(&n->tx, target, type, key, out);
}

void prov_snapshot_leases(prov_snapshot *n, prov_each_lease *each, void *baton)
{
    prov_row_key prefix;
    uint32_t process, target;
    prov_id id;
    prov_walk w;
    PROV_PREFIX(&n->tx, prefix, LEASE, 0);
    prov_walk_begin(&w, &n->tx, &prefix, NULL);
    while (prov_walk_next(&w) &&
           (!prov_row_key_read(w.key, PROV_TABLE_LEASE, &process, &id, &target) ||
            each(baton, process, &id, target)))
        ;
    prov_walk_end(&w);
}

bool prov_snapshot_granted(prov_snapshot *n, const prov_id *id, uint32_t target,
                           uint16_t application)
{
    prov_row_key key;
    prov_walk w;
    if (application) {
        PROV_KEY(&n->tx, key, GRANT, id, target, application);
        return prov_tx_has(&n->tx, &key);
    }
    PROV_PREFIX(&n->tx, key, GRANT, 2, id, target);
    prov_walk_begin(&w, &n->tx, &key, NULL);
    bool any = prov_walk_next(&w);
    prov_walk_end(&w);
    return any;
}

/* --- edges ---------------------------------------------------------------------------------- */

static void each_edge_in(prov_snapshot *n, prov_table table, uint32_t target, const prov_id *group,
                         const prov_id *after, prov_each_edge *each, void *baton)
{
    prov_row_key prefix, from;
    prov_edge edge;
    prov_walk w;
    prov_row_key_prefix(&prefix, n->tx.env->tenant, table, 2, target, group);
    if (after)
        prov_row_key_make(&from, n->tx.env->tenant, table, target, group, after);
    prov_walk_begin(&w, &n->tx, &prefix, after ? &from : NULL);
    while (prov_walk_next(&w)) {
        const prov_id *member = prov_row_key_last_id(w.key);
        if (prov_rows_edge(&n->tx, target, group, member, &edge) && !each(baton, member, &edge))
            break;
    }
    prov_walk_end(&w);
}

void prov_snapshot_edge_work(prov_snapshot *n, uint32_t target, const prov_id *group,
                             const prov_id *after, prov_each_edge *each, void *baton)
{
    each_edge_in(n, PROV_TABLE_EDGE_WORK, target, group, after, each, baton);
}

void prov_snapshot_edges(prov_snapshot *n, uint32_t target, const prov_id *group,
                         const prov_id *after, prov_each_edge *each, void *baton)
{
    each_edge_in(n, PROV_TABLE_EDGE, target, group, after, each, baton);
}

/* --- targets -------------------------------------------------------------------------------- */

bool prov_snapshot_target(prov_snapshot *n, uint32_t target, prov_target *out)
{
    prov_row_key key;
    PROV_KEY(&n->tx, key, TARGET, target);
    if (!prov_tx_has(&n->tx, &key))
        return false;
    prov_rows_target(&n->tx, target, out);
    return true;
}

void prov_snapshot_targets(prov_snapshot *n, prov_each_target *each, void *baton)
{
    prov_row_key prefix, key;
    prov_target target;
    prov_bytes name;
    prov_walk w;
    char text[512];
    PROV_PREFIX(&n->tx, prefix, TARGET, 0);
    prov_walk_begin(&w, &n->tx, &prefix, NULL);
    while (prov_walk_next(&w)) {
        if (!prov_target_read(w.value, &target))
            continue;
        PROV_KEY(&n->tx, key, NAME_OF, PROV_NUMBER_TARGET, target.number);
        if (!prov_tx_get(&n->tx, &key, &name))
            name = prov_bytes_of(NULL);
        size_t len = name.len < sizeof text ? name.len : sizeof text - 1;
        memcpy(text, name.data, len);
        text[len] = '\0';
        if (!each(baton, text, &target))
            break;
    }
    prov_walk_end(&w);
}
