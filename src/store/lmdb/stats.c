#include "store/lmdb/private.h"

#include <string.h>

static int64_t rows(prov_tx *tx, prov_table table)
{
    MDB_stat stat;
    if (mdb_stat(tx->txn, tx->env->dbi[table], &stat) != 0)
        return 0;
    return (int64_t)stat.ms_entries;
}

static void measure(prov_tx *tx, prov_store_stats *out)
{
    MDB_envinfo info;
    MDB_stat stat;
    mdb_env_info(tx->env->mdb, &info);
    mdb_env_stat(tx->env->mdb, &stat);
    int64_t pages = (int64_t)info.me_last_pgno + 1 - prov_env_free_pages(tx->txn);
    out->bytes_used = pages * stat.ms_psize;
    out->bytes_most = (int64_t)info.me_mapsize;
    out->readers = info.me_numreaders;
    out->readers_most = info.me_maxreaders;
    out->resources = rows(tx, PROV_TABLE_RECORD);
    out->memberships = rows(tx, PROV_TABLE_MEMBER);
    out->links = rows(tx, PROV_TABLE_LINK);
    out->edges = rows(tx, PROV_TABLE_EDGE);
    out->intents = rows(tx, PROV_TABLE_INTENT);
    out->grants = rows(tx, PROV_TABLE_GRANT);
    out->journal = rows(tx, PROV_TABLE_JOURNAL);
    out->tokens = rows(tx, PROV_TABLE_TOKEN);
}

prov_err *prov_store_stats_read(prov_store *s, apr_pool_t *p, prov_store_stats *out)
{
    prov_tx tx = { .env = &s->env };
    memset(out, 0, sizeof *out);
    int rc = prov_env_read_begin(&s->env, &tx.txn);
    if (rc)
        return prov_env_err(p, &s->env, rc, "The store cannot be read");
    measure(&tx, out);
    prov_env_read_end(&s->env, tx.txn);
    out->commits = __atomic_load_n(&s->committer.commits, __ATOMIC_RELAXED);
    out->rows_most = __atomic_load_n(&s->committer.rows_most, __ATOMIC_RELAXED);
    out->plans = __atomic_load_n(&s->committer.plans, __ATOMIC_RELAXED);
    return NULL;
}
