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

/* For whoever has the values in their order already. What a type is ordered by, the sub-attribute
 * if there is one; NULL if it lacks it. */
const prov_attr *prov_sort_attr(const prov_sort *s, const prov_resource_type *type);
bool prov_sort_descends(const prov_sort *s);
/* The key of a value as an index has it: folded if its case does not count, numbers and times as
 * eight bytes in their order; behind a domain's prefix if it is a name. And back, prefix and value:
 * false if the key is that of no value. */
void prov_sort_key_make(const prov_attr *a, prov_bytes prefix, prov_bytes value,
                        prov_sort_key *out);
bool prov_sort_key_read(const prov_attr *a, prov_bytes key, prov_bytes *value);

/* The same text for the same order. */
const char *prov_sort_print(apr_pool_t *p, const prov_sort *s);

#endif
