/* A page of a sorted list from the index that has its order, if there is one. */
#ifndef PROV_FRAMEWORK_ORDERED_H
#define PROV_FRAMEWORK_ORDERED_H

#include "framework/list.h"
#include "framework/window.h"
#include "scim/sort_heap.h"

typedef struct prov_ordered {
    /* Those of the page, and one more if there is one; of a key as much as the index is sure of. */
    const prov_sort_entry *entries;
    int64_t count;
    int64_t looked_at; /* rows of the index, those before the page with them */
    const char *plan;  /* which index, for people; NULL if none serves */
} prov_ordered;

/* Of one type, not filtered, of which `total` are there for the caller. Nothing is served that
 * might not be what sorting them all would give: then `plan` is NULL. The window's snapshot may be
 * a newer one afterwards. */
prov_err *prov_ordered_page(prov_window *w, apr_pool_t *p, const prov_query *q, int64_t total,
                            prov_ordered *out);
/* Whether a resource of this key is still where it was found. */
bool prov_ordered_is_at(const prov_sort_entry *e, const prov_sort_key *key);
/* What the index is called, if it serves the type in this order; else NULL. */
const char *prov_ordered_plan(const prov_window *w, apr_pool_t *p, const prov_resource_type *type,
                              const prov_sort *sort);

#endif
