/* Who is in what, through groups within groups. Circles are harmless. */
#ifndef PROV_FRAMEWORK_GROUPS_H
#define PROV_FRAMEWORK_GROUPS_H

#include "store/store.h"

typedef struct prov_kin {
    const prov_id *ids;
    int count;
    int direct; /* this many come first that are so without another group between */
} prov_kin;

#define PROV_GROUPS_ABOVE_MOST 10000

/* The groups a resource is a member of; at most PROV_GROUPS_ABOVE_MOST. */
prov_kin prov_groups_above(prov_snapshot *n, apr_pool_t *p, const prov_id *id);
/* The users and groups that are members of any of these groups, each once; none of these itself. */
prov_kin prov_groups_below(prov_snapshot *n, apr_pool_t *p, const prov_id *ids, int count);

#endif
