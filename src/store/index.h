/* Which attributes are indexed, and the normalised keys of a record: computed outside the lock. */
#ifndef PROV_STORE_INDEX_H
#define PROV_STORE_INDEX_H

#include "scim/resource.h"

typedef struct prov_index_key {
    uint16_t attr; /* dictionary number */
    bool unique;
    bool everywhere; /* unique in all domains, not within its own */
    prov_bytes key;
} prov_index_key;

/* The domain that the entry bears. */
static inline uint16_t prov_index_domain(const prov_index_key *k, uint16_t domain)
{
    return k->everywhere ? 0 : domain;
}

/* Keys of a tree, an array of prov_index_key on `p`. 400 invalidValue if a value cannot be one. */
prov_err *prov_index_keys(apr_pool_t *p, const prov_resource_type *t, const prov_object *o,
                          const prov_index_key **keys, int *count);

/* The key an equality on this attribute would have; false if it is not indexed within a domain. */
bool prov_index_key_of(apr_pool_t *p, const prov_attr *a, prov_bytes text, prov_bytes *key);

/* What the keys of the values begin with that begin with `normal`, a text as values compare; false
 * if no index tells that. */
bool prov_index_start_of(apr_pool_t *p, const prov_attr *a, prov_bytes normal, prov_bytes *start);

#define PROV_INDEX_KEY_MOST 301 /* bytes */

#endif
