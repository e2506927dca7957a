#include "store/lmdb/check.h"

#include <string.h>

/* --- links ---------------------------------------------------------------------------------- */

static void bad_link(prov_checker *c, const prov_link *l, const char *what)
{
    prov_check_says(c, "Link of %s to target %u: %s", prov_check_id(c, &l->resource), l->target,
                    what);
}

static void check_names(prov_checker *c, const prov_link *l)
{
    prov_id holder;
    if (l->remote.len && !(prov_rows_remote_holder(c->tx, l->target, l->remote, &holder) &&
                           prov_id_equal(&holder, &l->resource)))
        bad_link(c, l, "its remote id is not in the index");
    if (l->key.len && !prov_rows_key_holder(c->tx, l->target, l->type, l->key, &holder))
        bad_link(c, l, "its name is not in the index");
}

static void check_link(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_link l;
    if (!prov_rows_link_read(c->tx, key, row, &l))
        return;
    apr_time_t next = prov_link_next(&l);
    if (l.gone == prov_rows_exists(c->tx, &l.resource))
        bad_link(c, &l, l.gone ? "it says its resource is gone" : "its resource is gone");
    if (!PROV_CHECK_HAS(c, LINK_AT, l.target, &l.resource))
        bad_link(c, &l, "it is not among the target's");
    if (next && !PROV_CHECK_HAS(c, DUE, l.target, l.queue, (uint64_t)next, &l.resource))
        bad_link(c, &l, "it is not among those due");
    if (l.lease.process && !PROV_CHECK_HAS(c, LEASE, l.lease.process, &l.resource, l.target))
        bad_link(c, &l, "it is not among those leased");
    if (!next && l.at == PROV_AT_ACTIVE && l.applied == l.wanted && !prov_rows_superseded(&l) &&
        prov_rows_edges_work(c->tx, l.target, &l.resource))
        bad_link(c, &l, "it has members to carry and nobody would");
    check_names(c, &l);
}

static void check_link_at(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    prov_id id;
    if (prov_row_key_read(key, PROV_TABLE_LINK_AT, &target, &id) &&
        !PROV_CHECK_HAS(c, LINK, &id, target))
        prov_check_says(c, "Target %u knows a link of %s that does not exist", target,
                        prov_check_id(c, &id));
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
          (uint64_t)prov_link_next(&l) == when))
        prov_check_says(c, "Target %u has %s due when it is not", target, prov_check_id(c, &id));
}

static void check_lease(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t process, target;
    prov_id id;
    prov_link l;
    if (prov_row_key_read(key, PROV_TABLE_LEASE, &process, &id, &target) &&
        !(prov_rows_link(c->tx, &id, target, &l) && l.lease.process == process))
        prov_check_says(c, "Process %u holds no lease of %s at target %u", process,
                        prov_check_id(c, &id), target);
}

static void check_copy(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    uint8_t which;
    prov_id id;
    if (prov_row_key_read(key, PROV_TABLE_COPY, &id, &target, &which) &&
        !PROV_CHECK_HAS(c, LINK, &id, target))
        prov_check_says(c, "A copy of %s at target %u belongs to no link", prov_check_id(c, &id),
                        target);
}

static void check_grant(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    uint16_t application;
    prov_id id;
    if (prov_row_key_read(key, PROV_TABLE_GRANT, &id, &target, &application) &&
        !(prov_rows_exists(c->tx, &id) && PROV_CHECK_HAS(c, LINK, &id, target)))
        prov_check_says(c, "A grant of %s at target %u without a resource or link",
                        prov_check_id(c, &id), target);
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
    prov_check_says(c, "A remote id at target %u is held by a link that does not have it", target);
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
    prov_check_says(c, "A name at target %u is held by a link that does not have it", target);
}

/* --- edges ---------------------------------------------------------------------------------- */

static bool has_edges(prov_checker *c, const prov_id *group, const prov_id *member)
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(c->tx, key, MEMBER, group, member);
    return prov_tx_get(c->tx, &key, &row) && prov_rows_has_edges(row);
}

static void check_edge(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    prov_id group, member;
    const char *what = NULL;
    if (!prov_row_key_read(key, PROV_TABLE_EDGE, &target, &group, &member) || row.len != 1)
        return;
    prov_edge edge = prov_edge_read(row.data[0]);
    if (PROV_CHECK_HAS(c, EDGE_WORK, target, &group, &member) != prov_edge_is_work(&edge))
        what = "is work and not among it, or not and is";
    else if (!PROV_CHECK_HAS(c, EDGE_OF, target, &member, &group))
        what = "is not among its member's";
    else if (!PROV_CHECK_HAS(c, LINK, &group, target))
        what = "has no link";
    else if (has_edges(c, &group, &member) != edge.wanted)
        what = "wants other than the membership";
    if (what)
        prov_check_says(c, "The edge of %s in %s at target %u %s", prov_check_id(c, &member),
                        prov_check_id(c, &group), target, what);
}

static void check_edge_work(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    prov_id group, member;
    if (prov_row_key_read(key, PROV_TABLE_EDGE_WORK, &target, &group, &member) &&
        !PROV_CHECK_HAS(c, EDGE, target, &group, &member))
        prov_check_says(c, "Work on %s in %s at target %u without an edge",
                        prov_check_id(c, &member), prov_check_id(c, &group), target);
}

static void check_edge_of(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    prov_id group, member;
    if (prov_row_key_read(key, PROV_TABLE_EDGE_OF, &target, &member, &group) &&
        !PROV_CHECK_HAS(c, EDGE, target, &group, &member))
        prov_check_says(c, "%s knows an edge in %s at target %u that does not exist",
                        prov_check_id(c, &member), prov_check_id(c, &group), target);
}

/* --- tokens --------------------------------------------------------------------------------- */

static void check_token(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_token token;
    if (!prov_rows_token_read(key, row, &token) || !PROV_CHECK_HAS(c, TOKEN_NAME, token.name))
        prov_check_says(c, "A token is not found by its name");
}

static void check_token_name(prov_checker *c, prov_bytes key, prov_bytes row)
{
    if (row.len != 32 || !PROV_CHECK_HAS(c, TOKEN, row.data))
        prov_check_says(c, "A token's name leads to no token");
}

/* --- counters ------------------------------------------------------------------------------- */

static prov_link_counts count_links(prov_checker *c, uint32_t target, int32_t *leases)
{
    prov_link_counts sum = { 0 };
    prov_row_key prefix;
    prov_link l;
    prov_walk w;
    PROV_PREFIX(c->tx, prefix, LINK_AT, 1, target);
    prov_walk_begin(&w, c->tx, &prefix, NULL);
    while (prov_walk_next(&w)) {
        if (!prov_rows_link(c->tx, prov_row_key_last_id(w.key), target, &l))
            continue;
        prov_link_counts one = prov_rows_counts(&l);
        sum.links += one.links;
        sum.unsynced += one.unsynced;
        sum.unknown += one.unknown;
        sum.refused += one.refused;
        sum.held += one.held;
        *leases += l.lease.process != 0;
    }
    prov_walk_end(&w);
    return sum;
}

static void check_target(prov_checker *c, const prov_target *t)
{
    int32_t leases = 0;
    prov_link_counts n = count_links(c, t->number, &leases);
    if (n.links != t->links || n.unsynced != t->unsynced || n.unknown != t->unknown ||
        n.refused != t->refused || n.held != t->held || leases != t->leases)
        prov_check_says(c,
                        "Target %u counts %lld links, %lld unsynced, %lld unknown, %lld refused, "
                        "%lld held, %d leased; there are %lld, %lld, %lld, %lld, %lld, %d",
                        t->number, (long long)t->links, (long long)t->unsynced,
                        (long long)t->unknown, (long long)t->refused, (long long)t->held, t->leases,
                        (long long)n.links, (long long)n.unsynced, (long long)n.unknown,
                        (long long)n.refused, (long long)n.held, leases);
}

void prov_check_target_counts(prov_checker *c)
{
    prov_row_key prefix;
    prov_target target;
    prov_walk w;
    PROV_PREFIX(c->tx, prefix, TARGET, 0);
    prov_walk_begin(&w, c->tx, &prefix, NULL);
    while (prov_walk_next(&w)) {
        if (prov_target_read(w.value, &target))
            check_target(c, &target);
        apr_pool_clear(c->tx->scratch);
    }
    prov_walk_end(&w);
}

const prov_table_check prov_checks_outbox[] = {
    { PROV_TABLE_LINK, check_link },
    { PROV_TABLE_LINK_AT, check_link_at },
    { PROV_TABLE_DUE, check_due },
    { PROV_TABLE_LEASE, check_lease },
    { PROV_TABLE_COPY, check_copy },
    { PROV_TABLE_GRANT, check_grant },
    { PROV_TABLE_REMOTE, check_remote },
    { PROV_TABLE_KEY, check_key },
    { PROV_TABLE_EDGE, check_edge },
    { PROV_TABLE_EDGE_WORK, check_edge_work },
    { PROV_TABLE_EDGE_OF, check_edge_of },
    { PROV_TABLE_TOKEN, check_token },
    { PROV_TABLE_TOKEN_NAME, check_token_name },
    { 0, NULL },
};
