/* A new store. LMDB's own way leaves a moment in which a power cut makes a file that is no longer
 * new and not yet a store; so it is made aside, and gets its name when it is whole and on disk. */
#include "store/lmdb/env.h"

#include "base/file.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static prov_err *failed(apr_pool_t *p, const char *path, const char *what)
{
    prov_err *err = prov_err_status(p, errno, "%s", what);
    err->source = path;
    return err;
}

static prov_err *make_folder(apr_pool_t *p, const char *folder)
{
    if (mkdir(folder, 0700) == 0)
        prov_file_sync_folder(apr_pstrcat(p, folder, "/..", NULL));
    else if (errno != EEXIST)
        return failed(p, folder, "The store's folder cannot be made");
    return NULL;
}

static void remove_aside(apr_pool_t *p, const char *aside)
{
    unlink(apr_pstrcat(p, aside, "/data.mdb", NULL));
    unlink(apr_pstrcat(p, aside, "/lock.mdb", NULL));
    rmdir(aside);
}

static prov_err *make_file(prov_env *env, apr_pool_t *p, const char *aside, const char *name)
{
    prov_env made = { .folder = aside, .size = env->size };
    remove_aside(p, aside); /* of one who died over it */
    if (mkdir(aside, 0700) != 0)
        return failed(p, aside, "The store cannot be made");
    int rc = prov_env_open_file(&made);
    if (rc)
        return prov_env_err(p, env, rc, "The store cannot be made");
    mdb_env_close(made.mdb);
    if (rename(apr_pstrcat(p, aside, "/data.mdb", NULL), name) != 0)
        return failed(p, name, "The store cannot be made");
    return NULL;
}

/* Of several who would make one at once, the lock lets one. */
prov_err *prov_env_create(prov_env *env, apr_pool_t *p)
{
    const char *name = apr_pstrcat(p, env->folder, "/data.mdb", NULL);
    const char *aside = apr_pstrcat(p, env->folder, "/new", NULL);
    prov_err *err = make_folder(p, env->folder);
    if (err)
        return err;
    if (access(name, F_OK) == 0) {
        prov_file_sync_folder(env->folder); /* whoever named it may not have come to that */
        return NULL;
    }
    int fd = prov_file_lock_folder(env->folder);
    if (fd < 0)
        return failed(p, env->folder, "The store's folder cannot be used");
    if (access(name, F_OK) != 0) {
        err = make_file(env, p, aside, name);
        remove_aside(p, aside);
        fsync(fd);
    }
    close(fd);
    return err;
}
