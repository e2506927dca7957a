#include "store/lmdb/rows.h"

bool prov_rows_edge(prov_tx *tx, uint32_t target, const prov_id *group, const prov_id *member,
                    prov_edge *out)
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(tx, key, EDGE, target, group, member);
    bool there = prov_tx_get(tx, &key, &row) && row.len == 1;
    *out = prov_edge_read(there ? row.data[0] : 0);
    return there;
}

static void mark_if(prov_tx *tx, const prov_row_key *key, bool wanted, bool known)
{
    bool there = known && prov_tx_has(tx, key);
    if (wanted && !there)
        prov_tx_mark(tx, key);
    else if (!wanted && there)
        prov_tx_delete(tx, key);
}

void prov_rows_edge_put(prov_tx *tx, uint32_t target, const prov_id *group, const prov_id *member,
                        const prov_edge *edge)
{
    prov_row_key key, work, of;
    prov_edge old;
    uint8_t row = prov_edge_write(edge);
    bool stays = edge->wanted || edge->applied || edge->sent || edge->suspect;
    bool was = prov_rows_edge(tx, target, group, member, &old);
    if (was == stays && (!was || prov_edge_write(&old) == row))
        return;
    PROV_KEY(tx, key, EDGE, target, group, member);
    PROV_KEY(tx, work, EDGE_WORK, target, group, member);
    PROV_KEY(tx, of, EDGE_OF, target, member, group);
    if (stays)
        prov_tx_put(tx, &key, (prov_bytes){ &row, 1 });
    else
        prov_tx_delete(tx, &key);
    mark_if(tx, &work, stays && prov_edge_is_work(edge), was);
    mark_if(tx, &of, stays, was);
}

/* What it wants has changed: whatever was said about the other wish no longer counts. */
static void want(prov_tx *tx, uint32_t target, const prov_id *group, const prov_id *member,
                 bool wanted)
{
    prov_edge edge;
    prov_rows_edge(tx, target, group, member, &edge);
    edge.wanted = wanted;
    edge.settled = edge.asleep = edge.refused = false;
    prov_rows_edge_put(tx, target, group, member, &edge);
}

void prov_rows_edges_want(prov_tx *tx, const prov_id *group, const prov_id *member, bool wanted)
{
    prov_link *links;
    int count = prov_rows_links_of(tx, group, &links);
    for (int i = 0; i < count; i++) {
        if (!prov_rows_superseded(&links[i]))
            want(tx, links[i].target, group, member, wanted);
    }
}

void prov_rows_edges_make(prov_tx *tx, uint32_t target, const prov_id *group)
{
    const prov_id *members;
    int count = prov_rows_members(tx, group, prov_rows_has_edges, &members);
    for (int i = 0; i < count; i++)
        want(tx, target, group, &members[i], true);
}

static int members_of(prov_tx *tx, uint32_t target, const prov_id *group, const prov_id **ids)
{
    prov_row_key prefix;
    PROV_PREFIX(tx, prefix, EDGE, 2, target, group);
    return prov_tx_ids(tx, &prefix, ids);
}

static int groups_of(prov_tx *tx, uint32_t target, const prov_id *member, const prov_id **ids)
{
    prov_row_key prefix;
    PROV_PREFIX(tx, prefix, EDGE_OF, 2, target, member);
    return prov_tx_ids(tx, &prefix, ids);
}

/* Whether it is work now. Only the member's own coming wakes a sleeper. */
static bool restart(prov_tx *tx, uint32_t target, const prov_id *group, const prov_id *member,
                    bool wake)
{
    prov_edge edge;
    if (!prov_rows_edge(tx, target, group, member, &edge))
        return false;
    edge.applied = edge.sent = edge.refused = edge.suspect = false;
    if (wake)
        edge.settled = edge.asleep = false;
    prov_rows_edge_put(tx, target, group, member, &edge);
    return prov_edge_is_work(&edge);
}

void prov_rows_edges_restart(prov_tx *tx, const prov_link *link, const prov_touch *touch)
{
    const prov_id *ids;
    prov_link group;
    int count = members_of(tx, link->target, &link->resource, &ids);
    for (int i = 0; i < count; i++)
        restart(tx, link->target, &link->resource, &ids[i], false);
    count = groups_of(tx, link->target, &link->resource, &ids);
    for (int i = 0; i < count; i++) {
        if (restart(tx, link->target, &ids[i], &link->resource, true) &&
            prov_rows_link(tx, &ids[i], link->target, &group))
            prov_rows_touch(tx, &group, touch);
    }
}

static bool inherit(prov_tx *tx, uint32_t target, const prov_id *old_group,
                    const prov_id *old_member, const prov_id *group, const prov_id *member)
{
    static const prov_edge none;
    prov_edge old, edge;
    prov_rows_edge(tx, target, old_group, old_member, &old);
    prov_rows_edge_put(tx, target, old_group, old_member, &none);
    prov_rows_edge(tx, target, group, member, &edge);
    edge.applied = old.applied;
    edge.sent = old.sent;
    edge.suspect = old.suspect;
    prov_rows_edge_put(tx, target, group, member, &edge);
    return prov_edge_is_work(&edge);
}

void prov_rows_edges_inherit(prov_tx *tx, uint32_t target, const prov_id *from, const prov_id *to,
                             const prov_touch *touch)
{
    const prov_id *ids;
    prov_link group;
    int count = members_of(tx, target, from, &ids);
    for (int i = 0; i < count; i++)
        inherit(tx, target, from, &ids[i], to, &ids[i]);
    count = groups_of(tx, target, from, &ids);
    for (int i = 0; i < count; i++) {
        if (inherit(tx, target, &ids[i], from, &ids[i], to) &&
            prov_rows_link(tx, &ids[i], target, &group))
            prov_rows_touch(tx, &group, touch);
    }
}

#define DROP_MOST 200 /* edges, three rows each */

static int first_ids(prov_tx *tx, prov_table table, uint32_t target, const prov_id *id,
                     prov_id ids[DROP_MOST])
{
    prov_row_key prefix;
    prov_walk w;
    int count = 0;
    prov_row_key_prefix(&prefix, tx->env->tenant, table, 2, target, id);
    prov_walk_begin(&w, tx, &prefix, NULL);
    while (count < DROP_MOST && prov_walk_next(&w))
        ids[count++] = *prov_row_key_last_id(w.key);
    prov_walk_end(&w);
    return count;
}

bool prov_rows_edges_drop(prov_tx *tx, uint32_t target, const prov_id *id)
{
    static const prov_edge none;
    prov_id ids[DROP_MOST];
    int members = first_ids(tx, PROV_TABLE_EDGE, target, id, ids);
    for (int i = 0; i < members; i++)
        prov_rows_edge_put(tx, target, id, &ids[i], &none);
    int groups = members ? 0 : first_ids(tx, PROV_TABLE_EDGE_OF, target, id, ids);
    for (int i = 0; i < groups; i++)
        prov_rows_edge_put(tx, target, &ids[i], id, &none);
    return !members && !groups;
}

bool prov_rows_edges_work(prov_tx *tx, uint32_t target, const prov_id *group)
{
    prov_row_key prefix;
    prov_walk w;
    PROV_PREFIX(tx, prefix, EDGE_WORK, 2, target, group);
    prov_walk_begin(&w, tx, &prefix, NULL);
    bool any = prov_walk_next(&w);
    prov_walk_end(&w);
    return any;
}
