/* The first so many of a sorted list, found in one pass: what is kept is bounded by how many are
 * wanted, not by how many there are. */
#ifndef PROV_SCIM_SORT_HEAP_H
#define PROV_SCIM_SORT_HEAP_H

#include "scim/sort.h"

typedef struct prov_sort_heap prov_sort_heap;

typedef struct prov_sort_entry {
    prov_id id;
    uint16_t len, room;
    uint8_t *key;
} prov_sort_entry;

prov_sort_heap *prov_sort_heap_make(apr_pool_t *p, const prov_sort *s, int64_t most);
void prov_sort_heap_add(prov_sort_heap *h, const prov_sort_key *key, const prov_id *id);
/* Those kept, in their order; how many. Nothing can be added afterwards. */
int64_t prov_sort_heap_done(prov_sort_heap *h, const prov_sort_entry **out);

#endif
