#include "store/lmdb/env.h"
#include "store/lmdb/keys.h"

#include "base/file.h"
#include "base/log.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_MOST_S 5 /* how long those inside are waited for */
#define SIZE_LEAST   ((int64_t)1 << 20)
#define OLD_TABLES   2 /* that migrate.c empties */

static const char *const names[] = {
#define ROW(symbol, name, layout) name,
    PROV_LMDB_TABLES(ROW)
#undef ROW
};

/* --- what LMDB's answers mean --------------------------------------------------------------- */

prov_verdict_kind prov_env_verdict(int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return PROV_DONE;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return PROV_FULL;
    default:
        return PROV_BROKEN;
    }
}

prov_err *prov_env_err(apr_pool_t *p, const prov_env *env, int rc, const char *doing)
{
    bool full = prov_env_verdict(rc) == PROV_FULL;
    prov_err *err = prov_err_make(p, full ? 507 : 503, NULL, "%s: %s", doing, mdb_strerror(rc));
    err->rv = rc > 0 ? rc : APR_EGENERAL;
    err->source = env->folder;
    return err;
}

/* --- the gate ------------------------------------------------------------------------------- */

static void enter(prov_env *env)
{
    while (env->barred)
        pthread_cond_wait(&env->moved, &env->lock);
    env->inside++;
}

static void leave(prov_env *env)
{
    if (--env->inside == 0 && env->barred)
        pthread_cond_broadcast(&env->moved);
}

/* Everybody out. ETIMEDOUT if somebody stays, and then nobody is kept out either. */
static int bar(prov_env *env)
{
    struct timespec until;
    int rc = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DRAIN_MOST_S;
    pthread_mutex_lock(&env->lock);
    while (env->barred)
        pthread_cond_wait(&env->moved, &env->lock);
    env->barred = true;
    while (env->inside > 0 && rc == 0)
        rc = pthread_cond_timedwait(&env->moved, &env->lock, &until);
    if (env->inside > 0) {
        env->barred = false;
        pthread_cond_broadcast(&env->moved);
    } else {
        rc = 0;
    }
    pthread_mutex_unlock(&env->lock);
    return rc;
}

static void unbar(prov_env *env)
{
    pthread_mutex_lock(&env->lock);
    env->barred = false;
    pthread_cond_broadcast(&env->moved);
    pthread_mutex_unlock(&env->lock);
}

/* --- opening -------------------------------------------------------------------------------- */

/* The format is the file's, not a tenant's. */
static MDB_val format_key(prov_row_key *key)
{
    prov_row_key_make(key, 0, PROV_TABLE_META, PROV_BYTES("format"));
    return (MDB_val){ key->len, key->b };
}

static int put_format(prov_env *env, MDB_txn *txn)
{
    uint8_t format = PROV_STORE_FORMAT;
    prov_row_key key;
    MDB_val k = format_key(&key), v = { sizeof format, &format };
    int rc = mdb_put(txn, env->dbi[PROV_TABLE_META], &k, &v, MDB_NOOVERWRITE);
    return rc == MDB_KEYEXIST ? 0 : rc;
}

/* Tables and format come into being together. */
static int open_tables(prov_env *env)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);
    if (rc)
        return rc;
    for (int i = 0; rc == 0 && i < PROV_TABLES; i++)
        rc = mdb_dbi_open(txn, names[i], MDB_CREATE, &env->dbi[i]);
    if (rc == 0)
        rc = put_format(env, txn);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

static int check_format(prov_env *env, MDB_txn *txn)
{
    prov_row_key key;
    MDB_val k = format_key(&key), v;
    MDB_dbi meta;
    int rc = mdb_dbi_open(txn, names[PROV_TABLE_META], 0, &meta);
    if (rc == 0)
        rc = mdb_get(txn, meta, &k, &v);
    if (rc == MDB_NOTFOUND || (rc == 0 && v.mv_size != 1))
        return MDB_INVALID;
    if (rc)
        return rc;
    env->format = *(const uint8_t *)v.mv_data;
    return env->format > PROV_STORE_FORMAT ? MDB_VERSION_MISMATCH : 0;
}

/* Before anything is written: a file that holds anything must be ours, and not of the future. */
static int check_file(prov_env *env)
{
    MDB_txn *txn;
    MDB_dbi root;
    MDB_stat stat;
    int rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);
    if (rc)
        return rc;
    rc = mdb_dbi_open(txn, NULL, 0, &root);
    if (rc == 0)
        rc = mdb_stat(txn, root, &stat);
    if (rc == 0 && stat.ms_entries > 0)
        rc = check_format(env, txn);
    mdb_txn_abort(txn);
    return rc;
}

/* LMDB's first opener makes the lock file anew while others wait; were he killed over it, they
 * would take a half-made one for whole, and go on from the commit before the last. Here nobody
 * waits in LMDB, so that whoever comes next is the first again. */
static int open_alone(prov_env *env)
{
    int fd = prov_file_lock_folder(env->folder);
    if (fd < 0)
        return errno;
    int rc = mdb_env_open(env->mdb, env->folder, MDB_NOTLS, 0600);
    close(fd);
    return rc;
}

/* Nor does anybody open while another closes: LMDB since 0.9.26 (ITS#9278) takes its mutexes apart
 * when the last one goes. */
static void close_alone(prov_env *env)
{
    int fd = prov_file_lock_folder(env->folder);
    mdb_env_close(env->mdb);
    env->mdb = NULL;
    if (fd >= 0)
        close(fd);
}

int prov_env_open_file(prov_env *env)
{
    int stale, rc = mdb_env_create(&env->mdb);
    if (rc)
        return rc;
    rc = mdb_env_set_maxreaders(env->mdb, PROV_LMDB_READERS);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(env->mdb, PROV_TABLES + OLD_TABLES);
    if (rc == 0)
        rc = mdb_env_set_mapsize(env->mdb, env->size);
    if (rc == 0)
        rc = open_alone(env);
    if (rc == 0)
        rc = mdb_reader_check(env->mdb, &stale);
    if (rc == 0)
        rc = check_file(env);
    if (rc == 0)
        rc = open_tables(env);
    if (rc)
        close_alone(env);
    return rc;
}

prov_err *prov_env_open(prov_env *env, apr_pool_t *p, const prov_store_settings *s)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int64_t size = s->size < SIZE_LEAST ? SIZE_LEAST : s->size;
    memset(env, 0, sizeof *env);
    env->folder = apr_pstrdup(p, s->location);
    env->size = ((size_t)size + page - 1) / page * page;
    pthread_mutex_init(&env->lock, NULL);
    pthread_cond_init(&env->moved, NULL);
    prov_err *err = prov_env_create(env, p);
    if (err)
        return err;
    int rc = prov_env_open_file(env);
    if (rc == 0 && env->format && env->format < PROV_STORE_FORMAT)
        rc = prov_env_migrate(env, p);
    if (rc == EBUSY)
        err = prov_err_make(p, 503, NULL,
                            "The store has format %d, and processes of an older mod_provision "
                            "still use it: stop the server before this one is started",
                            env->format);
    else if (env->format > PROV_STORE_FORMAT)
        err = prov_err_make(p, 500, NULL,
                            "The store has format %d, and this mod_provision knows formats up to "
                            "%d: it needs a newer mod_provision",
                            env->format, PROV_STORE_FORMAT);
    else if (rc == MDB_INVALID || rc == MDB_INCOMPATIBLE || rc == MDB_VERSION_MISMATCH)
        err =
            prov_err_make(p, 500, NULL, "data.mdb in this folder is not a store of mod_provision");
    else if (rc)
        err = prov_env_err(p, env, rc, "The store cannot be opened");
    if (err)
        err->source = env->folder;
    return err;
}

static void drop_idle(prov_env *env)
{
    while (env->idle_count > 0)
        mdb_txn_abort(env->idle[--env->idle_count]);
}

void prov_env_close(prov_env *env)
{
    /* Whoever is still inside will lose his pages, so the map stays if somebody does. */
    if (bar(env) == 0) {
        drop_idle(env);
        if (env->mdb)
            close_alone(env);
        unbar(env);
    } else {
        prov_log(PROV_LOG_ERROR, "%s: closing the store although a reader is inside", env->folder);
    }
    env->mdb = NULL;
    free(env->idle);
    env->idle = NULL;
}

int prov_env_reopen(prov_env *env)
{
    int rc = bar(env);
    if (rc) {
        prov_log(PROV_LOG_ERROR, "%s: the store waits for a reader before it is opened again",
                 env->folder);
        return rc;
    }
    drop_idle(env);
    if (env->mdb)
        close_alone(env);
    rc = prov_env_open_file(env);
    prov_env_suspect(env, rc != 0);
    unbar(env);
    if (rc)
        prov_log(PROV_LOG_ERROR, "%s: the store cannot be opened again: %s", env->folder,
                 mdb_strerror(rc));
    else
        prov_log(PROV_LOG_NOTICE, "%s: the store was opened again", env->folder);
    return rc;
}

/* --- transactions --------------------------------------------------------------------------- */

/* What can be put right before the one second try. */
static bool repair(prov_env *env, int rc)
{
    int stale;
    if (rc == MDB_READERS_FULL)
        return mdb_reader_check(env->mdb, &stale) == 0;
    if (rc != MDB_MAP_RESIZED || bar(env) != 0)
        return false;
    rc = env->mdb ? mdb_env_set_mapsize(env->mdb, 0) : EIO;
    unbar(env);
    return rc == 0;
}

static int take_idle(prov_env *env, MDB_txn **txn)
{
    pthread_mutex_lock(&env->lock);
    enter(env);
    *txn = env->idle_count > 0 ? env->idle[--env->idle_count] : NULL;
    int rc = env->mdb ? 0 : EIO;
    if (rc)
        leave(env);
    pthread_mutex_unlock(&env->lock);
    return rc;
}

static void go(prov_env *env)
{
    pthread_mutex_lock(&env->lock);
    leave(env);
    pthread_mutex_unlock(&env->lock);
}

static int try_read(prov_env *env, MDB_txn **txn)
{
    int rc = take_idle(env, txn);
    if (rc)
        return rc;
    rc = *txn ? mdb_txn_renew(*txn) : mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, txn);
    if (rc == 0)
        return 0;
    if (*txn)
        mdb_txn_abort(*txn);
    *txn = NULL;
    go(env);
    return rc;
}

int prov_env_read_begin(prov_env *env, MDB_txn **out)
{
    int rc = try_read(env, out);
    if (rc && repair(env, rc))
        rc = try_read(env, out);
    return rc;
}

int prov_env_read_renew(prov_env *env, MDB_txn **txn)
{
    mdb_txn_reset(*txn);
    int rc = mdb_txn_renew(*txn);
    if (rc == 0)
        return 0;
    mdb_txn_abort(*txn);
    go(env);
    return prov_env_read_begin(env, txn);
}

void prov_env_read_end(prov_env *env, MDB_txn *txn)
{
    mdb_txn_reset(txn);
    pthread_mutex_lock(&env->lock);
    if (env->idle_count == env->idle_room) {
        int room = env->idle_room ? env->idle_room * 2 : 64;
        MDB_txn **more = realloc(env->idle, (size_t)room * sizeof *more);
        if (more) {
            env->idle = more;
            env->idle_room = room;
        }
    }
    if (env->idle_count < env->idle_room) {
        env->idle[env->idle_count++] = txn;
        txn = NULL;
    }
    leave(env);
    pthread_mutex_unlock(&env->lock);
    if (txn)
        mdb_txn_abort(txn);
}

void prov_env_forget_readers(prov_env *env)
{
    int stale = 0;
    mdb_reader_check(env->mdb, &stale);
    if (stale)
        prov_log(PROV_LOG_INFO, "%s: %d readers died and are forgotten", env->folder, stale);
}

static int try_write(prov_env *env, MDB_txn **txn)
{
    pthread_mutex_lock(&env->lock);
    enter(env);
    pthread_mutex_unlock(&env->lock);
    /* LMDB's lock between processes is not fair. A ticket lock in shared memory would stand here.
     */
    int rc = env->mdb ? mdb_txn_begin(env->mdb, NULL, 0, txn) : EIO;
    if (rc)
        go(env);
    return rc;
}

int prov_env_write_begin(prov_env *env, MDB_txn **out)
{
    int rc;
    if (prov_env_is_suspect(env) && (rc = prov_env_reopen(env)) != 0)
        return rc;
    rc = try_write(env, out);
    if (rc && repair(env, rc))
        rc = try_write(env, out);
    if (rc == MDB_PANIC)
        prov_env_suspect(env, true);
    return rc;
}

void prov_env_write_abort(prov_env *env, MDB_txn *txn)
{
    mdb_txn_abort(txn);
    go(env);
}

int prov_env_write_commit(prov_env *env, MDB_txn *txn)
{
    int rc = mdb_txn_commit(txn);
    go(env);
    return rc;
}

bool prov_env_commit_undone(prov_env *env, int rc)
{
    MDB_txn *txn;
    /* LMDB calls a write that ended short an I/O error. */
    bool full = prov_env_verdict(rc) == PROV_FULL || (rc == EIO && prov_env_disk_is_full(env));
    if (!full)
        return false;
    /* Pages are written before the root. Had the root been tried, LMDB would refuse to go on. */
    if (prov_env_write_begin(env, &txn) != 0)
        return false;
    prov_env_write_abort(env, txn);
    return true;
}
