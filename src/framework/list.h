/* Lists: a page of the resources that a caller may see, filtered, sorted, by index or by cursor
 * (RFC 7644 section 3.4.2, RFC 9865). */
#ifndef PROV_FRAMEWORK_LIST_H
#define PROV_FRAMEWORK_LIST_H

#include "framework/provision.h"
#include "scim/sort.h"

/* Where a page ended. What came before it in the order is never looked at again, so that writers
 * neither repeat nor hide what was there throughout. */
typedef struct prov_list_place {
    uint16_t type; /* unsorted lists go by type, then id */
    prov_id id;
    prov_bytes key; /* of the order; empty if there is none */
} prov_list_place;

typedef struct prov_query {
    const prov_resource_type *type; /* NULL: all, one after the other */
    const prov_filter *filter;      /* or NULL */
    const prov_sort *sort;          /* or NULL: by id, which is the order of their making */
    int64_t first, want;            /* startIndex, count */
    bool onward;                    /* tell whether there is more, and from where */
    const prov_list_place *after;   /* or NULL; then first is 1, and the total is not counted */
    int64_t
        max_sort; /* the last startIndex + count - 1 of a list sorted without an index; 0: any */
    int64_t max_scan; /* resources looked at without an index; 0: any */
    bool explain;     /* tell the plan */
    const char *base;
} prov_query;

typedef struct prov_listed {
    int64_t total;
    bool more;
    prov_list_place last; /* if there is more */
    const char *plan;     /* how each type was looked through, if that was asked */
} prov_listed;

/* Gets each resource on a view that dies after it. False: the page is full without this one. */
typedef bool prov_each_view(void *baton, const prov_view *v);

/* Uses an index when the filter has one, or the order has one and there is no filter; else a scan
 * in steps of PROV_SNAPSHOT_MOST. 400 tooMany above the limits, which are for what is scanned. */
prov_err *prov_service_list(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                            const prov_query *q, prov_each_view *each, void *baton,
                            prov_listed *out);

#endif
