/* How a query would be answered, without answering it. */
#ifndef PROV_FRAMEWORK_EXPLAIN_H
#define PROV_FRAMEWORK_EXPLAIN_H

#include "framework/provision.h"
#include "scim/sort.h"

typedef struct prov_explained {
    const prov_resource_type *type;
    const char *index;        /* which, with the operators or the order; NULL: a scan */
    int64_t looked_at, there; /* resources; of a scan all */
} prov_explained;

/* For each type that is meant (NULL: all). Filter or order may be NULL; what is filtered is sorted
 * afterwards. */
prov_err *prov_service_explain(const prov_service *s, apr_pool_t *p, const prov_caller *caller,
                               const prov_resource_type *type, const prov_filter *f,
                               const prov_sort *sort, prov_explained **out, int *count);

typedef struct prov_index_view {
    const char *name;
    const char *type;  /* whose attribute it is; empty: of several */
    const char *kind;  /* "values", "unique", "times" */
    const char *stage; /* "ready", "building", "to be built", "removing" */
    uint64_t looked_at, duplicates;
} prov_index_view;

/* Every index that is declared, or was and has rows. */
prov_err *prov_service_indexes(const prov_service *s, apr_pool_t *p, prov_index_view **out,
                               int *count);

#endif
