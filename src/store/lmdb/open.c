#include "store/backend.h"
#include "store/lmdb/private.h"

#include "base/crypt.h"
#include "base/process.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NFS_MAGIC  0x6969
#define SIZE_LEAST ((int64_t)1 << 20)

/* --- settings ------------------------------------------------------------------------------- */

static prov_err *check_folder(apr_pool_t *p, const char *folder)
{
    struct statfs fs;
    const char *slash = strrchr(folder, '/');
    const char *parent =
        slash == folder ? "/" : apr_pstrmemdup(p, folder, (size_t)(slash - folder));
    if (statfs(folder, &fs) != 0 && statfs(parent, &fs) != 0)
        return prov_err_status(p, errno, "The folder that is to hold the store's is not there");
    if (fs.f_type == NFS_MAGIC)
        return prov_err_make(p, 500, NULL,
                             "The store's folder is on NFS, where its locks do not hold: put it on "
                             "a local disk");
    return NULL;
}

static prov_err *check_settings(apr_pool_t *p, const prov_store_settings *s)
{
    if (!s->location || s->location[0] != '/')
        return prov_err_make(p, 500, NULL, "The store's folder must be an absolute path");
    if (s->size < SIZE_LEAST)
        return prov_err_make(p, 500, NULL, "The store must be allowed to grow to 1M at least");
    prov_err *err = check_folder(p, s->location);
    if (err)
        err->source = s->location;
    return err;
}

/* --- opening -------------------------------------------------------------------------------- */

typedef struct identifying {
    const prov_store_settings *settings;
    bool wrong_key;
} identifying;

static void find_tenant(prov_tx *tx, const char *name)
{
    prov_row_key key;
    char *row = apr_pstrcat(tx->scratch, "tenant ", name ? name : "", NULL);
    tx->env->tenant = 0; /* the file's own rows */
    PROV_KEY(tx, key, META, prov_bytes_of(row));
    int64_t number = prov_tx_count(tx, &key);
    if (!number) {
        number = (int64_t)prov_tx_next(tx, "tenants");
        prov_tx_add(tx, &key, number);
    }
    tx->env->tenant = (uint16_t)number;
}

/* A caller who has no key (a tool that only reads) brings zeros, and proves nothing. */
static bool check_key(prov_tx *tx, const uint8_t check[PROV_DIGEST_LEN])
{
    static const uint8_t none[PROV_DIGEST_LEN];
    prov_row_key key;
    prov_bytes row;
    if (prov_same(check, none, sizeof none))
        return true;
    PROV_KEY(tx, key, META, PROV_BYTES("key check"));
    if (prov_tx_get(tx, &key, &row))
        return row.len == PROV_DIGEST_LEN && prov_same(row.data, check, row.len);
    prov_tx_put(tx, &key, (prov_bytes){ check, PROV_DIGEST_LEN });
    return true;
}

static void identify(prov_tx *tx, void *baton)
{
    identifying *s = baton;
    find_tenant(tx, s->settings->tenant);
    s->wrong_key = !check_key(tx, s->settings->key_check);
}

static apr_status_t close_store(void *data)
{
    prov_store *s = data;
    prov_env_close(&s->env);
    prov_committer_end(&s->committer);
    return APR_SUCCESS;
}

static prov_err *open_store(apr_pool_t *p, const prov_store_settings *settings, prov_store **out)
{
    prov_store *s = apr_pcalloc(p, sizeof *s);
    identifying what = { .settings = settings };
    s->pid = (uint32_t)getpid();
    s->started = prov_process_started(s->pid);
    if (!s->started)
        return prov_err_make(p, 503, NULL, "/proc does not say when this process was started");
    prov_err *err = prov_env_open(&s->env, p, settings);
    if (err)
        return err;
    pthread_mutex_init(&s->lock, NULL);
    apr_pool_create(&s->errors, p);
    err = prov_committer_make(&s->committer, p, &s->env, settings->commit_each);
    if (err)
        return err;
    apr_pool_cleanup_register(p, s, close_store, apr_pool_cleanup_null);
    int rc = prov_committer_step(&s->committer, identify, &what, NULL);
    if (rc)
        return prov_env_err(p, &s->env, rc, "The store cannot be opened");
    if (what.wrong_key) {
        err = prov_err_make(p, 500, NULL, "The secret key is not the one this store was made with");
        err->rv = APR_EMISMATCH;
        err->source = settings->location;
        return err;
    }
    *out = s;
    return NULL;
}

const prov_store_backend prov_store_lmdb = { "lmdb", check_settings, open_store };

/* --- health and errors ---------------------------------------------------------------------- */

prov_err *prov_store_own_err(prov_store *s, int rc, const char *doing)
{
    pthread_mutex_lock(&s->lock);
    prov_err *err = prov_env_err(s->errors, &s->env, rc, doing);
    pthread_mutex_unlock(&s->lock);
    return err;
}

prov_err *prov_store_health(prov_store *s, apr_pool_t *p)
{
    MDB_txn *txn;
    if (prov_env_is_suspect(&s->env))
        return prov_env_err(p, &s->env, EIO, "The store failed and could not be opened again yet");
    int rc = prov_env_read_begin(&s->env, &txn);
    if (rc)
        return prov_env_err(p, &s->env, rc, "The store cannot be read");
    prov_env_read_end(&s->env, txn);
    if (prov_env_is_low(&s->env))
        return prov_env_err(p, &s->env, MDB_MAP_FULL, "Only what makes room can be written");
    if (prov_env_disk_is_full(&s->env))
        return prov_env_err(p, &s->env, ENOSPC, "The disk is full");
    return NULL;
}
