/* How much room is left. The last of it is kept for plans that make room or carry what is under
 * way: a file filled to the last page could not even be deleted from, as every change first copies
 * pages. */
#include "store/lmdb/env.h"

#include <string.h>
#include <sys/statvfs.h>

/* A share of the size: some transactions' worth of copied pages, as what one frees only the next
 * but one may use. */
#define RESERVE_SHARE 8
#define RESERVE_LEAST ((size_t)256 << 10)
#define RESERVE_MOST  ((size_t)16 << 20)
#define DISK_LEAST    ((uint64_t)64 << 10) /* what a write that ended short may have left */

/* LMDB's list of pages that nobody uses is its table number 0, for readers only. */
int64_t prov_env_free_pages(MDB_txn *txn)
{
    int64_t count = 0;
    size_t pages;
    MDB_cursor *cursor;
    MDB_val key, list;
    if (mdb_cursor_open(txn, 0, &cursor) != 0)
        return 0;
    while (mdb_cursor_get(cursor, &key, &list, MDB_NEXT) == 0) {
        memcpy(&pages, list.mv_data, sizeof pages);
        count += (int64_t)pages;
    }
    mdb_cursor_close(cursor);
    return count;
}

static bool is_low(prov_env *env, MDB_txn *txn)
{
    MDB_envinfo info;
    MDB_stat stat;
    mdb_env_info(env->mdb, &info);
    mdb_env_stat(env->mdb, &stat);
    size_t reserve = info.me_mapsize / RESERVE_SHARE;
    if (reserve < RESERVE_LEAST)
        reserve = RESERVE_LEAST;
    if (reserve > RESERVE_MOST)
        reserve = RESERVE_MOST;
    int64_t wanted = (int64_t)(reserve / stat.ms_psize);
    int64_t left = (int64_t)(info.me_mapsize / stat.ms_psize) - (int64_t)info.me_last_pgno - 1;
    return left < wanted && left + prov_env_free_pages(txn) < wanted;
}

bool prov_env_is_low(prov_env *env)
{
    MDB_txn *txn;
    if (prov_env_read_begin(env, &txn) != 0)
        return false; /* whoever writes will be told why */
    bool low = is_low(env, txn);
    prov_env_read_end(env, txn);
    return low;
}

bool prov_env_disk_is_full(const prov_env *env)
{
    struct statvfs disk;
    return statvfs(env->folder, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize < DISK_LEAST;
}
