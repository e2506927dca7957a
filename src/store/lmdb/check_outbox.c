#include "store/lmdb/check.h"

#include <string.h>

/* --- links ---------------------------------------------------------------------------------- */

/* A link's finding that nothing mends, or one to be mended now. */
#define SAYS(c, l, what)                                                                           \
    prov_check_says(c, "Link of %s to target %u: " what, prov_check_id(c, &(l)->resource),         \
                    (l)->target)
#define MENDS(c, l, what)                                                                          \
    prov_check_mends(c, "Link of %s to target %u: " what, prov_check_id(c, &(l)->resource),        \
                     (l)->target)

/* Who holds its remote id without having it is no holder. */
static void check_remote_held(prov_checker *c, const prov_link *l)
{
    prov_row_key key;
    prov_link other;
    prov_id holder;
    if (!l->remote.len)
        return;
    bool held = prov_rows_remote_holder(c->tx, l->target, l->remote, &holder);
    if (held && prov_id_equal(&holder, &l->resource))
        return;
    if (held && prov_rows_link(c->tx, &holder, l->target, &other) &&
        prov_bytes_equal(other.remote, l->remote)) {
        SAYS(c, l, "another one has the same remote id");
        return;
    }
    if (MENDS(c, l, "its remote id is not in the index")) {
        PROV_KEY(c->tx, key, REMOTE, l->target, l->remote);
        prov_tx_put_id(c->tx, &key, &l->resource);
    }
}

/* A name may be another's who got it first: there it is told whose it is. */
static void check_key_held(prov_checker *c, const prov_link *l)
{
    prov_row_key key;
    prov_id holder;
    if (!l->key.len || prov_rows_key_holder(c->tx, l->target, l->type, l->key, &holder))
        return;
    if (MENDS(c, l, "its name is not in the index")) {
        PROV_KEY(c->tx, key, KEY, l->target, l->type, l->key);
        prov_tx_put_id(c->tx, &key, &l->resource);
    }
}

/* What follows from the row itself. */
static void check_entries(prov_checker *c, const prov_link *l)
{
    uint64_t next = (uint64_t)prov_link_next(l);
    if (!PROV_CHECK_HAS(c, LINK_AT, l->target, &l->resource) &&
        MENDS(c, l, "it is not among the target's"))
        PROV_CHECK_MARK(c, LINK_AT, l->target, &l->resource);
    if (next && !PROV_CHECK_HAS(c, DUE, l->target, l->queue, next, &l->resource) &&
        MENDS(c, l, "it is not among those due"))
        PROV_CHECK_MARK(c, DUE, l->target, l->queue, next, &l->resource);
    if (l->lease.process && !PROV_CHECK_HAS(c, LEASE, l->lease.process, &l->resource, l->target) &&
        MENDS(c, l, "it is not among those leased"))
        PROV_CHECK_MARK(c, LEASE, l->lease.process, &l->resource, l->target);
}

/* Whether the resource is gone decides what is done at the target: that is nothing to guess. */
static void check_link(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_touch touch = prov_check_touch();
    prov_link l;
    if (!prov_rows_link_read(c->tx, key, row, &l))
        return;
    bool exists = prov_rows_exists(c->tx, &l.resource);
    if (l.gone && exists)
        SAYS(c, &l, "it says its resource is gone");
    else if (!l.gone && !exists)
        SAYS(c, &l, "its resource is gone");
    check_entries(c, &l);
    check_remote_held(c, &l);
    check_key_held(c, &l);
    if (!prov_link_next(&l) && l.at == PROV_AT_ACTIVE && l.applied == l.wanted &&
        !prov_rows_superseded(&l) && prov_rows_edges_work(c->tx, l.target, &l.resource) &&
        MENDS(c, &l, "it has members to carry and nobody would"))
        prov_rows_touch(c->tx, &l, &touch);
}

static void check_link_at(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    prov_id id;
    if (prov_row_key_read(key, PROV_TABLE_LINK_AT, &target, &id) &&
        !PROV_CHECK_HAS(c, LINK, &id, target) &&
        prov_check_mends(c, "Target %u knows a link of %s that does not exist", target,
                         prov_check_id(c, &id)))
        prov_check_drop(c, PROV_TABLE_LINK_AT, key);
}

static void check_due(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    uint8_t queue;
    uint64_t when;
    prov_id id;
    prov_link l;
    if (prov_row_key_read(key, PROV_TABLE_DUE, &target, &queue, &when, &id) &&
        !(prov_rows_link(c->tx, &id, target, &l) && l.queue == queue &&
          (uint64_t)prov_link_next(&l) == when) &&
        prov_check_mends(c, "Target %u has %s due when it is not", target, prov_check_id(c, &id)))
        prov_check_drop(c, PROV_TABLE_DUE, key);
}

static void check_lease(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t process, target;
    prov_id id;
    prov_link l;
    if (prov_row_key_read(key, PROV_TABLE_LEASE, &process, &id, &target) &&
        !(prov_rows_link(c->tx, &id, target, &l) && l.lease.process == process) &&
        prov_check_mends(c, "Process %u holds no lease of %s at target %u", process,
                         prov_check_id(c, &id), target))
        prov_check_drop(c, PROV_TABLE_LEASE, key);
}

static void check_copy(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    uint8_t which;
    prov_id id;
    if (prov_row_key_read(key, PROV_TABLE_COPY, &id, &target, &which) &&
        !PROV_CHECK_HAS(c, LINK, &id, target) &&
        prov_check_mends(c, "A copy of %s at target %u belongs to no link", prov_check_id(c, &id),
                         target))
        prov_check_drop(c, PROV_TABLE_COPY, key);
}

static void check_grant(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    uint16_t application;
    prov_id id;
    if (!prov_row_key_read(key, PROV_TABLE_GRANT, &id, &target, &application))
        return;
    if (!prov_rows_exists(c->tx, &id)) {
        if (prov_check_mends(c, "A grant of %s at target %u without a resource",
                             prov_check_id(c, &id), target))
            prov_check_drop(c, PROV_TABLE_GRANT, key);
    } else if (!PROV_CHECK_HAS(c, LINK, &id, target))
        /* its remote id is lost: the next change of its application makes another */
        prov_check_says(c, "A grant of %s at target %u without a link", prov_check_id(c, &id),
                        target);
}

/* --- names at targets ----------------------------------------------------------------------- */

static bool holder_link(prov_checker *c, prov_bytes row, uint32_t target, prov_link *l)
{
    prov_id id;
    if (row.len != sizeof id.b)
        return false;
    memcpy(id.b, row.data, sizeof id.b);
    return prov_rows_link(c->tx, &id, target, l);
}

/* Long names lie in a key by their digest, so keys are compared, not names. */
static void check_remote(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_row_key own;
    prov_bytes name;
    uint32_t target;
    prov_link l;
    if (!prov_row_key_read(key, PROV_TABLE_REMOTE, &target, &name))
        return;
    if (holder_link(c, row, target, &l)) {
        PROV_KEY(c->tx, own, REMOTE, target, l.remote);
        if (prov_bytes_equal((prov_bytes){ own.b, own.len }, key))
            return;
    }
    if (prov_check_mends(c, "A remote id at target %u is held by a link that does not have it",
                         target))
        prov_check_drop(c, PROV_TABLE_REMOTE, key);
}

static void check_key(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_row_key own;
    prov_bytes name;
    uint32_t target;
    uint16_t type;
    prov_link l;
    if (!prov_row_key_read(key, PROV_TABLE_KEY, &target, &type, &name))
        return;
    for (int i = 0; i < 2 && holder_link(c, row, target, &l); i++) {
        PROV_KEY(c->tx, own, KEY, target, l.type, i ? l.sent_key : l.key);
        if (prov_bytes_equal((prov_bytes){ own.b, own.len }, key))
            return;
    }
    if (prov_check_mends(c, "A name at target %u is held by a link that does not have it", target))
        prov_check_drop(c, PROV_TABLE_KEY, key);
}

/* --- edges ---------------------------------------------------------------------------------- */

static void put_work(prov_checker *c, prov_bytes key, bool is_work)
{
    prov_row_key work;
    prov_row_key_copy(&work, PROV_TABLE_EDGE_WORK, key); /* laid out like the edge's own */
    if (is_work)
        prov_tx_mark(c->tx, &work);
    else
        prov_tx_delete(c->tx, &work);
}

/* It is what the membership says; whoever carries the group's members carries it. */
static void mend_wish(prov_checker *c, uint32_t target, const prov_id *group, const prov_id *member,
                      const prov_edge *edge)
{
    prov_touch touch = prov_check_touch();
    prov_edge now = *edge;
    prov_link link;
    now.wanted = !edge->wanted;
    now.settled = now.asleep = now.refused = false;
    prov_rows_edge_put(c->tx, target, group, member, &now);
    if (prov_rows_link(c->tx, group, target, &link))
        prov_rows_touch(c->tx, &link, &touch);
}

static bool edge_mends(prov_checker *c, uint32_t target, const prov_id *group,
                       const prov_id *member, const char *what)
{
    return prov_check_mends(c, "The edge of %s in %s at target %u %s", prov_check_id(c, member),
                            prov_check_id(c, group), target, what);
}

static bool has_edges(prov_checker *c, const prov_id *group, const prov_id *member)
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(c->tx, key, MEMBER, group, member);
    return prov_tx_get(c->tx, &key, &row) && prov_rows_has_edges(row);
}

static void check_edge(prov_checker *c, prov_bytes key, prov_bytes row)
{
    static const prov_edge none;
    uint32_t target;
    prov_id group, member;
    if (!prov_row_key_read(key, PROV_TABLE_EDGE, &target, &group, &member) || row.len != 1)
        return;
    prov_edge edge = prov_edge_read(row.data[0]);
    bool is_work = prov_edge_is_work(&edge);
    if (!PROV_CHECK_HAS(c, EDGE_OF, target, &member, &group) &&
        edge_mends(c, target, &group, &member, "is not among its member's"))
        PROV_CHECK_MARK(c, EDGE_OF, target, &member, &group);
    if (PROV_CHECK_HAS(c, EDGE_WORK, target, &group, &member) != is_work &&
        edge_mends(c, target, &group, &member, "is work and not among it, or not and is"))
        put_work(c, key, is_work);
    if (!PROV_CHECK_HAS(c, LINK, &group, target)) {
        if (edge_mends(c, target, &group, &member, "has no link"))
            prov_rows_edge_put(c->tx, target, &group, &member, &none);
    } else if (has_edges(c, &group, &member) != edge.wanted &&
               edge_mends(c, target, &group, &member, "wants other than the membership"))
        mend_wish(c, target, &group, &member, &edge);
}

static void check_edge_work(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    prov_id group, member;
    if (prov_row_key_read(key, PROV_TABLE_EDGE_WORK, &target, &group, &member) &&
        !PROV_CHECK_HAS(c, EDGE, target, &group, &member) &&
        prov_check_mends(c, "Work on %s in %s at target %u without an edge",
                         prov_check_id(c, &member), prov_check_id(c, &group), target))
        prov_check_drop(c, PROV_TABLE_EDGE_WORK, key);
}

static void check_edge_of(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    prov_id group, member;
    if (prov_row_key_read(key, PROV_TABLE_EDGE_OF, &target, &member, &group) &&
        !PROV_CHECK_HAS(c, EDGE, target, &group, &member) &&
        prov_check_mends(c, "%s knows an edge in %s at target %u that does not exist",
                         prov_check_id(c, &member), prov_check_id(c, &group), target))
        prov_check_drop(c, PROV_TABLE_EDGE_OF, key);
}

/* Edges before links: what of them is work decides whether a link has any. What holds a name
 * without having it goes before links take the names that they have. */
const prov_table_check prov_checks_outbox[] = {
    { PROV_TABLE_EDGE, check_edge },       { PROV_TABLE_EDGE_WORK, check_edge_work },
    { PROV_TABLE_EDGE_OF, check_edge_of }, { PROV_TABLE_LINK_AT, check_link_at },
    { PROV_TABLE_DUE, check_due },         { PROV_TABLE_LEASE, check_lease },
    { PROV_TABLE_COPY, check_copy },       { PROV_TABLE_GRANT, check_grant },
    { PROV_TABLE_REMOTE, check_remote },   { PROV_TABLE_KEY, check_key },
    { PROV_TABLE_LINK, check_link },       { 0, NULL },
};
