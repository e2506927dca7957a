#include "store/lmdb/private.h"

#include <string.h>

bool prov_snapshot_unique(prov_snapshot *n, uint16_t attr, uint16_t domain, prov_bytes name,
                          prov_id *out)
{
    prov_row_key key;
    PROV_KEY(&n->tx, key, UNIQUE, attr, domain, name);
    return prov_tx_get_id(&n->tx, &key, out);
}

void prov_snapshot_indexed(prov_snapshot *n, uint16_t attr, uint16_t domain, prov_bytes name,
                           prov_each_id *each, void *baton)
{
    prov_row_key prefix;
    prov_walk w;
    PROV_PREFIX(&n->tx, prefix, INDEX, 3, attr, domain, name);
    prov_walk_begin(&w, &n->tx, &prefix, NULL);
    while (prov_walk_next(&w) && each(baton, prov_row_key_last_id(w.key)))
        ;
    prov_walk_end(&w);
}

/* --- in order ------------------------------------------------------------------------------- */

/* Behind every key that begins with `end`. */
static bool is_behind(prov_bytes key, const prov_row_key *end)
{
    size_t len = key.len < end->len ? key.len : end->len;
    return memcmp(key.data, end->b, len) > 0;
}

/* No stored key is as short as `from`, so that "after" is "from". */
static void walk_between(prov_snapshot *n, const prov_row_key *prefix, const prov_row_key *from,
                         const prov_row_key *to, prov_each_id *each, void *baton)
{
    bool in_value = prefix->table == PROV_TABLE_UNIQUE, more = true;
    prov_walk w;
    prov_walk_begin(&w, &n->tx, prefix, from);
    while (more && prov_walk_next(&w) && !is_behind(w.key, to))
        more = each(baton, in_value ? (const prov_id *)w.value.data : prov_row_key_last_id(w.key));
    prov_walk_end(&w);
}

void prov_snapshot_range(prov_snapshot *n, const prov_range *r, prov_each_id *each, void *baton)
{
    prov_row_key prefix, from, to;
    if (r->unique)
        PROV_PREFIX(&n->tx, prefix, UNIQUE, 2, r->attr, r->domain);
    else
        PROV_PREFIX(&n->tx, prefix, INDEX, 2, r->attr, r->domain);
    from = to = prefix;
    prov_row_key_start(&from, r->from);
    prov_row_key_start(&to, r->to);
    walk_between(n, &prefix, &from, &to, each, baton);
}

void prov_snapshot_period(prov_snapshot *n, const prov_period *r, prov_each_id *each, void *baton)
{
    prov_table table = r->modified ? PROV_TABLE_MODIFIED : PROV_TABLE_CREATED;
    uint16_t tenant = n->tx.env->tenant;
    prov_row_key prefix, from, to;
    prov_row_key_prefix(&prefix, tenant, table, 2, r->type, r->domain);
    prov_row_key_prefix(&from, tenant, table, 3, r->type, r->domain, prov_index_integer(r->from));
    prov_row_key_prefix(&to, tenant, table, 3, r->type, r->domain, prov_index_integer(r->to));
    walk_between(n, &prefix, &from, &to, each, baton);
}

/* --- how far they are ----------------------------------------------------------------------- */

bool prov_snapshot_stage(prov_snapshot *n, prov_index_kind kind, uint16_t attr, prov_stage *out)
{
    return prov_rows_stage(&n->tx, kind, attr, out);
}

void prov_snapshot_stages(prov_snapshot *n, prov_each_stage *each, void *baton)
{
    prov_row_key prefix;
    prov_stage stage;
    prov_walk w;
    PROV_PREFIX(&n->tx, prefix, STAGE, 0);
    prov_walk_begin(&w, &n->tx, &prefix, NULL);
    while (prov_walk_next(&w) &&
           (!prov_rows_stage_read(w.key, w.value, &stage) || each(baton, &stage)))
        ;
    prov_walk_end(&w);
}

uint64_t prov_snapshot_staged(prov_snapshot *n)
{
    return prov_rows_staged(&n->tx);
}
