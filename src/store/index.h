/* Which attributes are indexed, and the normalised keys of a record: computed outside the lock.
 * Keys lie in the order of the values, so that an index serves equality, prefix, range and
 * presence. */
#ifndef PROV_STORE_INDEX_H
#define PROV_STORE_INDEX_H

#include "scim/filter.h"

/* How an attribute is indexed. */
typedef struct prov_index {
    bool unique;
    bool everywhere; /* unique in all domains, not within its own */
    bool always;     /* in every store from its first day: complete without being built */
} prov_index;

/* NULL if it is not. */
const prov_index *prov_index_of(const prov_attr *a);

/* Whether a schema that is changed to say so changes the keys. */
bool prov_index_is_exact(const prov_attr *a);

#define PROV_INDEX_KEY_MOST 301 /* bytes of a key */
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

/* The key of a text in the form in which it is compared. */
prov_bytes prov_index_text_key(apr_pool_t *p, prov_bytes comparable);
/* Numbers so that their order is that of unsigned ones. */
static inline uint64_t prov_index_integer(int64_t v)
{
    return (uint64_t)v ^ UINT64_C(1) << 63;
}
uint64_t prov_index_decimal(double v);

/* Keys of a tree, an array of prov_index_key on `p`. A name that folds otherwise than names compare
 * has a key of each kind: unique as a name, not unique as it is ordered. 400 invalidValue if a
 * value cannot be one. */
prov_err *prov_index_keys(apr_pool_t *p, const prov_resource_type *t, const prov_object *o,
                          const prov_index_key **keys, int *count);

/* The key an equality on this attribute would have; false if it is not indexed within a domain. */
bool prov_index_key_of(apr_pool_t *p, const prov_attr *a, prov_bytes text, prov_bytes *key);

/* The keys of all values that can answer a comparison: from `from` on, up to those that begin with
 * `to`; some more, as every match is still to be matched. Empty: no bound. False if the order of
 * keys does not tell. */
typedef struct prov_index_range {
    prov_bytes from, to;
} prov_index_range;
bool prov_index_range_of(apr_pool_t *p, const prov_term *term, prov_index_range *out);
/* The one key of what equals a text or bytes; empty if nothing can. Else false. */
bool prov_index_equal_to(apr_pool_t *p, const prov_term *term, prov_bytes *key);
/* The same of a text as values compare, for an operator of texts. */
bool prov_index_text_range(apr_pool_t *p, prov_filter_op op, prov_bytes want,
                           prov_index_range *out);

#endif
