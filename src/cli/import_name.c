#include "cli/import_name.h"

#include <apr_hash.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

struct prov_import_names {
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *given_back;
    apr_hash_t *taken;
};

prov_err *prov_import_names_make(apr_pool_t *p, prov_import_names **out)
{
    prov_import_names *n = apr_pcalloc(p, sizeof *n);
    n->taken = apr_hash_make(p);
    apr_status_t rv = apr_thread_mutex_create(&n->lock, APR_THREAD_MUTEX_DEFAULT, p);
    if (rv == APR_SUCCESS)
        rv = apr_thread_cond_create(&n->given_back, p);
    *out = n;
    return rv == APR_SUCCESS ? NULL : prov_err_status(p, rv, "the lock of the names");
}

void prov_import_name_take(prov_import_names *n, prov_bytes name)
{
    if (!name.len)
        return;
    apr_thread_mutex_lock(n->lock);
    while (apr_hash_get(n->taken, name.data, (apr_ssize_t)name.len))
        apr_thread_cond_wait(n->given_back, n->lock);
    apr_hash_set(n->taken, name.data, (apr_ssize_t)name.len, n);
    apr_thread_mutex_unlock(n->lock);
}

void prov_import_name_give_back(prov_import_names *n, prov_bytes name)
{
    if (!name.len)
        return;
    apr_thread_mutex_lock(n->lock);
    apr_hash_set(n->taken, name.data, (apr_ssize_t)name.len, NULL);
    apr_thread_cond_broadcast(n->given_back);
    apr_thread_mutex_unlock(n->lock);
}
