/* What a store backend offers before it is open: a row in dispatch.c. Behind prov_store_open, the
 * one backend there is implements store.h itself. */
#ifndef PROV_STORE_BACKEND_H
#define PROV_STORE_BACKEND_H

#include "store/store.h"

typedef struct prov_store_backend {
    const char *name;
    prov_err *(*check)(apr_pool_t *p, const prov_store_settings *s);
    prov_err *(*open)(apr_pool_t *p, const prov_store_settings *s, prov_store **out);
} prov_store_backend;

extern const prov_store_backend prov_store_lmdb;

#endif
