/* The LMDB environment of this process: its file, its handles, and who is inside. Everything that
 * LMDB may answer is judged here and nowhere else. */
#ifndef PROV_STORE_LMDB_ENV_H
#define PROV_STORE_LMDB_ENV_H

#include "store/lmdb/tables.h"
#include "store/store.h"

#include <lmdb.h>
#include <pthread.h>

#define PROV_LMDB_READERS 8192 /* the same for every opener; a slot costs 64 bytes */

typedef struct prov_env {
    const char *folder;
    size_t size;
    uint16_t tenant; /* its number */
    int format;      /* of the file, once it was looked at */

    MDB_env *mdb; /* NULL: reopening failed */
    MDB_dbi dbi[PROV_TABLES];
    bool suspect; /* a commit or reopening failed: the next writer closes and opens */

    /* The gate: whoever has a transaction open is inside. Closing the environment and resizing its
     * map need everybody outside; `barred` keeps new ones from coming in. */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int inside;
    bool barred;

    /* Read transactions that are reset but keep their reader slots, last used first. */
    MDB_txn **idle;
    int idle_count, idle_room;
} prov_env;

prov_err *prov_env_open(prov_env *env, apr_pool_t *p, const prov_store_settings *s);
int prov_env_open_file(prov_env *env); /* what is there, or a new one; 0 or LMDB's error */
/* A folder and file where there are none: whole and on disk before they bear their names. */
prov_err *prov_env_create(prov_env *env, apr_pool_t *p);
/* What an older format holds becomes what this one does. EBUSY: older programs still use it. */
int prov_env_migrate(prov_env *env, apr_pool_t *p);
/* Waits, bounded, for those inside. */
void prov_env_close(prov_env *env);
static inline void prov_env_suspect(prov_env *env, bool suspect)
{
    __atomic_store_n(&env->suspect, suspect, __ATOMIC_RELEASE);
}
static inline bool prov_env_is_suspect(const prov_env *env)
{
    return __atomic_load_n(&env->suspect, __ATOMIC_ACQUIRE);
}
/* After a failed commit: everybody out, closed, opened again. 0 or an LMDB error. */
int prov_env_reopen(prov_env *env);

int prov_env_read_begin(prov_env *env, MDB_txn **out);
int prov_env_read_renew(prov_env *env, MDB_txn **txn); /* NULL on failure, and then left */
void prov_env_read_end(prov_env *env, MDB_txn *txn);
/* Slots of processes that died while reading would keep old pages for ever. From within. */
void prov_env_forget_readers(prov_env *env);
/* Only by the committer's leader. */
int prov_env_write_begin(prov_env *env, MDB_txn **out);
void prov_env_write_abort(prov_env *env, MDB_txn *txn);
int prov_env_write_commit(prov_env *env, MDB_txn *txn);

/* Pages of the file that are free. */
int64_t prov_env_free_pages(MDB_txn *txn);
/* Only what makes room may be written now. Not within a transaction. */
bool prov_env_is_low(prov_env *env);
bool prov_env_disk_is_full(const prov_env *env);

/* What a failed put or commit means for the plan. */
prov_verdict_kind prov_env_verdict(int rc);
/* A failed commit that certainly changed nothing: the disk was full before the last page. */
bool prov_env_commit_undone(prov_env *env, int rc);
prov_err *prov_env_err(apr_pool_t *p, const prov_env *env, int rc, const char *doing);

#endif
