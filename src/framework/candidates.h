/* What the indexes know of a filter, so that a list need not look at everything. */
#ifndef PROV_FRAMEWORK_CANDIDATES_H
#define PROV_FRAMEWORK_CANDIDATES_H

#include "framework/window.h"

typedef struct prov_candidates {
    const prov_id *ids; /* ascending, each once */
    int count;
    const char *plan; /* which indexes, for people; NULL if none */
} prov_candidates;

/* Every match is among these; they still have to be matched. False: no index serves. */
bool prov_candidates_find(const prov_window *w, apr_pool_t *p, const prov_resource_type *type,
                          const prov_filter *f, prov_candidates *out);

#endif
