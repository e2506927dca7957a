#include "store/lmdb/private.h"

#include <apr_strings.h>
#include <string.h>

/* --- snapshots ------------------------------------------------------------------------------ */

static apr_status_t end_snapshot(void *data)
{
    prov_snapshot *n = data;
    if (n->tx.txn)
        prov_env_read_end(n->tx.env, n->tx.txn);
    n->tx.txn = NULL;
    return APR_SUCCESS;
}

prov_err *prov_store_read(prov_store *s, apr_pool_t *p, prov_snapshot **out)
{
    prov_snapshot *n = apr_pcalloc(p, sizeof *n);
    n->store = s;
    n->pool = p;
    n->tx.env = &s->env;
    n->began = apr_time_now();
    int rc = prov_env_read_begin(&s->env, &n->tx.txn);
    if (rc)
        return prov_env_err(p, &s->env, rc, "The store cannot be read");
    apr_pool_cleanup_register(p, n, end_snapshot, apr_pool_cleanup_null);
    *out = n;
    return NULL;
}

void prov_snapshot_end(prov_snapshot *n)
{
    if (n && n->pool)
        apr_pool_cleanup_run(n->pool, n, end_snapshot);
}

bool prov_snapshot_is_old(const prov_snapshot *n)
{
    return apr_time_now() - n->began >= PROV_SNAPSHOT_MOST;
}

prov_err *prov_snapshot_refresh(prov_snapshot *n)
{
    if (!n->pool)
        return NULL; /* a write transaction is as new as can be */
    n->began = apr_time_now();
    n->tx.rc = 0;
    int rc = prov_env_read_renew(n->tx.env, &n->tx.txn);
    return rc ? prov_env_err(n->pool, n->tx.env, rc, "The store cannot be read") : NULL;
}

/* --- resources ------------------------------------------------------------------------------ */

bool prov_snapshot_resource(prov_snapshot *n, const prov_id *id, prov_record *out)
{
    return prov_rows_resource(&n->tx, id, out);
}

prov_bytes prov_snapshot_large(prov_snapshot *n, const prov_id *id, const uint8_t digest[16])
{
    prov_row_key key;
    prov_bytes value;
    PROV_KEY(&n->tx, key, LARGE, id, digest);
    return prov_tx_get(&n->tx, &key, &value) ? value : prov_bytes_of(NULL);
}

/* The ids that end the keys of a walk. */
static void each_id_under(prov_snapshot *n, const prov_row_key *prefix, const prov_row_key *after,
                          prov_each_id *each, void *baton)
{
    prov_walk w;
    prov_walk_begin(&w, &n->tx, prefix, after);
    while (prov_walk_next(&w) && each(baton, prov_row_key_last_id(w.key)))
        ;
    prov_walk_end(&w);
}

void prov_snapshot_resources(prov_snapshot *n, uint16_t type, const prov_id *after,
                             prov_each_resource *each, void *baton)
{
    prov_row_key prefix, from;
    prov_walk w;
    PROV_PREFIX(&n->tx, prefix, RECORD, 1, type);
    if (after)
        PROV_KEY(&n->tx, from, RECORD, type, after);
    prov_walk_begin(&w, &n->tx, &prefix, after ? &from : NULL);
    while (prov_walk_next(&w) && each(baton, prov_row_key_last_id(w.key), (prov_record){ w.value }))
        ;
    prov_walk_end(&w);
}

int64_t prov_snapshot_count(prov_snapshot *n, uint16_t type, uint16_t domain)
{
    prov_row_key key;
    PROV_KEY(&n->tx, key, COUNT, type, domain);
    return prov_tx_count(&n->tx, &key);
}

void prov_snapshot_counts(prov_snapshot *n, prov_each_count *each, void *baton)
{
    prov_row_key prefix;
    prov_walk w;
    uint16_t type, domain;
    bool more = true;
    PROV_PREFIX(&n->tx, prefix, COUNT, 0);
    prov_walk_begin(&w, &n->tx, &prefix, NULL);
    while (more && prov_walk_next(&w)) {
        prov_reader in = prov_read(w.value);
        if (prov_row_key_read(w.key, PROV_TABLE_COUNT, &type, &domain))
            more = each(baton, type, domain, (int64_t)prov_get_u64(&in));
    }
    prov_walk_end(&w);
}

bool prov_snapshot_credential(prov_snapshot *n, const prov_id *id, prov_credential *out)
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(&n->tx, key, CREDENTIAL, id);
    if (!prov_tx_get(&n->tx, &key, &row))
        return false;
    prov_reader in = prov_read(row);
    out->version = prov_get_u64(&in);
    out->hash = (prov_bytes){ in.at, (size_t)(in.end - in.at) };
    return !in.bad && out->hash.len > 0;
}

/* --- memberships ---------------------------------------------------------------------------- */

bool prov_snapshot_is_member(prov_snapshot *n, const prov_id *group, const prov_id *member)
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(&n->tx, key, MEMBER, group, member);
    return prov_tx_get(&n->tx, &key, &row) && prov_rows_is_member(&n->tx, group, member, row);
}

/* A membership's row is in two tables: under the group, and under the member. */
static void each_membership(prov_snapshot *n, prov_table table, const prov_id *of,
                            const prov_id *after, prov_each_id *each, void *baton)
{
    prov_row_key prefix, from;
    prov_walk w;
    prov_row_key_prefix(&prefix, n->tx.env->tenant, table, 1, of);
    if (after)
        prov_row_key_make(&from, n->tx.env->tenant, table, of, after);
    prov_walk_begin(&w, &n->tx, &prefix, after ? &from : NULL);
    while (prov_walk_next(&w)) {
        const prov_id *other = prov_row_key_last_id(w.key);
        const prov_id *group = table == PROV_TABLE_MEMBER ? of : other;
        const prov_id *member = table == PROV_TABLE_MEMBER ? other : of;
        if (prov_rows_is_member(&n->tx, group, member, w.value) && !each(baton, other))
            break;
    }
    prov_walk_end(&w);
}

void prov_snapshot_members(prov_snapshot *n, const prov_id *group, const prov_id *after,
                           prov_each_id *each, void *baton)
{
    each_membership(n, PROV_TABLE_MEMBER, group, after, each, baton);
}

void prov_snapshot_groups(prov_snapshot *n, const prov_id *member, const prov_id *after,
                          prov_each_id *each, void *baton)
{
    each_membership(n, PROV_TABLE_MEMBER_OF, member, after, each, baton);
}

/* --- the rest ------------------------------------------------------------------------------- */

void prov_snapshot_processes(prov_snapshot *n, prov_each_process *each, void *baton)
{
    prov_row_key prefix;
    prov_process process;
    prov_walk w;
    PROV_PREFIX(&n->tx, prefix, PROCESS, 0);
    prov_walk_begin(&w, &n->tx, &prefix, NULL);
    while (prov_walk_next(&w) &&
           (!prov_rows_process_read(w.key, w.value, &process) || each(baton, &process)))
        ;
    prov_walk_end(&w);
}

bool prov_snapshot_token(prov_snapshot *n, const uint8_t digest[32], prov_token *out)
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(&n->tx, key, TOKEN, digest);
    return prov_tx_get(&n->tx, &key, &row) &&
           prov_rows_token_read((prov_bytes){ key.b, key.len }, row, out);
}

void prov_snapshot_tokens(prov_snapshot *n, prov_each_token *each, void *baton)
{
    prov_row_key prefix;
    prov_token token;
    prov_walk w;
    PROV_PREFIX(&n->tx, prefix, TOKEN, 0);
    prov_walk_begin(&w, &n->tx, &prefix, NULL);
    while (prov_walk_next(&w) &&
           (!prov_rows_token_read(w.key, w.value, &token) || each(baton, &token)))
        ;
    prov_walk_end(&w);
}

void prov_snapshot_journal(prov_snapshot *n, uint64_t after, prov_each_journal *each, void *baton)
{
    prov_row_key prefix, from;
    prov_journal row;
    prov_walk w;
    PROV_PREFIX(&n->tx, prefix, JOURNAL, 0);
    PROV_KEY(&n->tx, from, JOURNAL, after);
    prov_walk_begin(&w, &n->tx, &prefix, &from);
    while (prov_walk_next(&w) &&
           (!prov_rows_journal_read(w.key, w.value, &row) || each(baton, &row)))
        ;
    prov_walk_end(&w);
}

uint64_t prov_snapshot_generation(prov_snapshot *n, uint8_t digest[32])
{
    return prov_rows_generation(&n->tx, digest);
}

bool prov_snapshot_scan(prov_snapshot *n, uint32_t target, prov_id *after)
{
    prov_row_key key;
    PROV_KEY(&n->tx, key, SCAN, target);
    return prov_tx_get_id(&n->tx, &key, after);
}

void prov_snapshot_rechecks(prov_snapshot *n, prov_each_id *each, void *baton)
{
    prov_row_key prefix;
    PROV_PREFIX(&n->tx, prefix, RECHECK, 0);
    each_id_under(n, &prefix, NULL, each, baton);
}

const char *prov_snapshot_name(prov_snapshot *n, apr_pool_t *p, prov_number_kind kind,
                               uint32_t number)
{
    prov_row_key key;
    prov_bytes name;
    PROV_KEY(&n->tx, key, NAME_OF, (int)kind, number);
    return prov_tx_get(&n->tx, &key, &name) ? prov_bytes_text(p, name) : NULL;
}
