/* What stands behind the store's opaque types. */
#ifndef PROV_STORE_LMDB_PRIVATE_H
#define PROV_STORE_LMDB_PRIVATE_H

#include "store/lmdb/commit.h"

struct prov_store {
    prov_env env;
    prov_committer committer;
    uint32_t pid; /* whose it is; asked when it is opened, as there may be nobody to ask later */
    uint64_t started;
    pthread_mutex_t lock; /* of what follows */
    apr_pool_t *errors;   /* of the calls that bring no pool */
    prov_id swept;        /* how far the sweep of links has come */
};

struct prov_snapshot {
    prov_store *store;
    prov_tx tx;
    apr_pool_t *pool; /* NULL: borrowed from a write transaction */
    apr_time_t began;
};

/* An error of a call without a pool: lives as long as the store. */
prov_err *prov_store_own_err(prov_store *s, int rc, const char *doing);

#endif
