/* What one index finds for one comparison, or for two that are the ends of a range. */
#ifndef PROV_FRAMEWORK_SEEK_H
#define PROV_FRAMEWORK_SEEK_H

#include "framework/window.h"

#include <apr_tables.h>

typedef struct prov_seek {
    const prov_window *w;
    apr_pool_t *p;
    const prov_resource_type *type;
    prov_term terms[2]; /* of one attribute */
    int count;
    apr_array_header_t *ids; /* of prov_id: what was found is added */
    int most;                /* so many, and it is given up */
} prov_seek;

/* How narrow it is likely to be, narrowest first. */
typedef enum {
    PROV_SEEK_ONE,
    PROV_SEEK_EQUAL,
    PROV_SEEK_RANGE,
    PROV_SEEK_ALL,
    PROV_SEEKS
} prov_seek_kind;

/* Whether an index that was declared over resources can be relied upon. */
bool prov_seek_ready(const prov_window *w, prov_index_kind kind, uint16_t attr);
/* Whether there is an index for the comparison. */
bool prov_seek_can(const prov_window *w, apr_pool_t *p, const prov_resource_type *type,
                   const prov_term *term, prov_seek_kind *kind);
/* False if there are more than `most`, and then what was added has no meaning. */
bool prov_seek_find(prov_seek *s);

#endif
