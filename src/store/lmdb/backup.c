/* A copy of the file while it is in use: LMDB's own, of one read transaction, without the free
 * pages. */
#include "store/lmdb/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define ASIDE "data.mdb.part"
#define NAME  "data.mdb"

/* The transaction keeps the environment from being closed or its map from moving. */
static int copy(prov_env *env, int fd)
{
    MDB_txn *txn;
    int rc = prov_env_read_begin(env, &txn);
    if (rc)
        return rc;
    rc = mdb_env_copyfd2(env->mdb, fd, MDB_CP_COMPACT);
    prov_env_read_end(env, txn);
    return rc;
}

/* It gets its name when it is whole and on disk. */
static int copy_into(prov_env *env, int folder)
{
    int fd = openat(folder, ASIDE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    int rc = copy(env, fd);
    if (rc == 0 && fsync(fd) != 0)
        rc = errno;
    close(fd);
    if (rc == 0 && (renameat(folder, ASIDE, folder, NAME) != 0 || fsync(folder) != 0))
        rc = errno;
    if (rc)
        unlinkat(folder, ASIDE, 0);
    return rc;
}

prov_err *prov_store_backup(prov_store *s, apr_pool_t *p, int folder)
{
    int rc = copy_into(&s->env, folder);
    return rc ? prov_env_err(p, &s->env, rc, "The store cannot be copied") : NULL;
}
