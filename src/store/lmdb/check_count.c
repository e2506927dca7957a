/* Counters: how many records of a type in a domain, what a target's row says of its links. */
#include "store/lmdb/check.h"

#include <inttypes.h>

#define LINKS_AT_ONCE 1000 /* on the scratch pool */

/* --- records -------------------------------------------------------------------------------- */

typedef struct tally {
    uint16_t type, domain;
    int64_t records;
} tally;

static void check_tally(prov_checker *c, const tally *t)
{
    prov_adjust a = { .of_target = false };
    PROV_KEY(c->tx, a.key, COUNT, t->type, t->domain);
    int64_t count = prov_tx_count(c->tx, &a.key);
    a.by = t->records - count;
    if (a.by &&
        prov_check_mends(c, "Type %d in domain %d has %" PRId64 " records, and counts %" PRId64 "",
                         t->type, t->domain, t->records, count))
        APR_ARRAY_PUSH(c->adjusts, prov_adjust) = a;
}

static tally *tally_of(apr_array_header_t *tallies, uint16_t type, uint16_t domain)
{
    for (int i = 0; i < tallies->nelts; i++) {
        tally *t = &APR_ARRAY_IDX(tallies, i, tally);
        if (t->type == type && t->domain == domain)
            return t;
    }
    APR_ARRAY_PUSH(tallies, tally) = (tally){ type, domain, 0 };
    return &APR_ARRAY_IDX(tallies, tallies->nelts - 1, tally);
}

void prov_check_counts(prov_checker *c)
{
    apr_array_header_t *tallies = apr_array_make(c->tx->scratch, 8, sizeof(tally));
    prov_row_key prefix;
    prov_walk w;
    PROV_PREFIX(c->tx, prefix, RECORD, 0);
    prov_walk_begin(&w, c->tx, &prefix, NULL);
    while (prov_walk_next(&w)) {
        if (w.value.len < PROV_RECORD_HEAD)
            continue; /* damaged, which was told */
        prov_head head = prov_record_head((prov_record){ w.value });
        tally_of(tallies, head.type, head.domain)->records++;
    }
    prov_walk_end(&w);
    PROV_PREFIX(c->tx, prefix, COUNT, 0);
    prov_walk_begin(&w, c->tx, &prefix, NULL);
    for (uint16_t type, domain; prov_walk_next(&w);)
        if (prov_row_key_read(w.key, PROV_TABLE_COUNT, &type, &domain))
            tally_of(tallies, type, domain);
    prov_walk_end(&w);
    for (int i = 0; i < tallies->nelts; i++)
        check_tally(c, &APR_ARRAY_IDX(tallies, i, tally));
    apr_pool_clear(c->tx->scratch);
}

/* --- targets -------------------------------------------------------------------------------- */

static prov_link_counts count_links(prov_checker *c, uint32_t target, int32_t *leases)
{
    prov_link_counts sum = { 0 };
    prov_row_key prefix;
    prov_link l;
    prov_walk w;
    int seen = 0;
    PROV_PREFIX(c->tx, prefix, LINK_AT, 1, target);
    prov_walk_begin(&w, c->tx, &prefix, NULL);
    while (prov_walk_next(&w)) {
        if (++seen % LINKS_AT_ONCE == 0)
            apr_pool_clear(c->tx->scratch);
        if (!prov_rows_link(c->tx, prov_row_key_last_id(w.key), target, &l)) {
            if (c->tx->rc == MDB_CORRUPTED)
                c->tx->rc = 0; /* that was told */
            continue;
        }
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
    prov_adjust a = { .of_target = true,
                      .target = { .number = t->number,
                                  .links = n.links - t->links,
                                  .unsynced = n.unsynced - t->unsynced,
                                  .unknown = n.unknown - t->unknown,
                                  .refused = n.refused - t->refused,
                                  .held = n.held - t->held,
                                  .leases = leases - t->leases } };
    const prov_target *d = &a.target;
    if ((d->links || d->unsynced || d->unknown || d->refused || d->held || d->leases) &&
        prov_check_mends(c,
                         "Target %u counts %" PRId64 " links, %" PRId64 " unsynced, %" PRId64
                         " unknown, %" PRId64 " refused, "
                         "%" PRId64 " held, %d leased; there are %" PRId64 ", %" PRId64 ", %" PRId64
                         ", %" PRId64 ", %" PRId64 ", %d",
                         t->number, t->links, t->unsynced, t->unknown, t->refused, t->held,
                         t->leases, n.links, n.unsynced, n.unknown, n.refused, n.held, leases))
        APR_ARRAY_PUSH(c->adjusts, prov_adjust) = a;
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

/* --- adjusting ------------------------------------------------------------------------------ */

void prov_check_adjust(prov_tx *tx, const prov_adjust *a)
{
    prov_target t;
    if (!a->of_target) {
        prov_tx_add(tx, &a->key, a->by);
        return;
    }
    prov_rows_target(tx, a->target.number, &t);
    t.links += a->target.links;
    t.unsynced += a->target.unsynced;
    t.unknown += a->target.unknown;
    t.refused += a->target.refused;
    t.held += a->target.held;
    t.leases += a->target.leases;
    prov_rows_target_put(tx, &t);
}
