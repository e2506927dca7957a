/* sortBy and sortOrder (RFC 7644 section 3.4.2.3). A resource's place in the order is a key of
 * bytes, so that it can be kept, carried in a cursor and compared without the resource; equal keys
 * are told apart by the id, which makes every order total and stable. Immutable once parsed. */
#ifndef PROV_SCIM_SORT_H
#define PROV_SCIM_SORT_H

#include "scim/resource.h"

typedef struct prov_sort prov_sort;

/* Of a longer value as much counts as fits. */
#define PROV_SORT_KEY 256

typedef struct prov_sort_key {
    size_t len;
    uint8_t data[PROV_SORT_KEY];
} prov_sort_key;

/* `type` NULL: of all types; those that lack the attribute have no value. `by` NULL: no order, NULL
 * out. 400 invalidValue for what no type has, for a complex attribute without a sub-attribute, for
 * what is never returned, for another order than ascending or descending. */
prov_err *prov_sort_parse(apr_pool_t *p, const prov_registry *r, const prov_resource_type *type,
                          const char *by, const char *order, prov_sort **out);

/* By the attribute's type; of many values the primary one, else the first; caseExact false folds.
 * Without a value: behind all others if ascending, before them if descending. */
void prov_sort_key_of(const prov_sort *s, const prov_view *v, prov_sort_key *out);

/* As memcmp: what comes first is less. */
int prov_sort_compare(const prov_sort *s, prov_bytes a, const prov_id *a_id, prov_bytes b,
                      const prov_id *b_id);

/* The same text for the same order. */
const char *prov_sort_print(apr_pool_t *p, const prov_sort *s);

#endif
