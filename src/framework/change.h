/* One change against one snapshot: checked, and made a plan. */
#ifndef PROV_FRAMEWORK_CHANGE_H
#define PROV_FRAMEWORK_CHANGE_H

#include "framework/provision.h"

typedef struct prov_attempt {
    const prov_service *service;
    apr_pool_t *p;
    const prov_caller *caller;
    const prov_change *change;
    prov_id id;
    prov_plan *into;       /* to which it is added; NULL: a plan of its own */
    const prov_id *coming; /* what else that plan makes; or NULL */
    int coming_count;
    const char *hash; /* of the new password, if there is one: made before, outside the lock */

    int passed_over;     /* out: new members who are not there */
    prov_bytes unhashed; /* out: no plan yet, this password must be hashed first */
    prov_plan *plan;     /* out; NULL: it is already so */
    uint64_t version;    /* out: as read; 0 before a creation */
    size_t bytes;        /* out: of the record, as it is and as it is to be */
} prov_attempt;

/* The plan does not point into the snapshot. */
prov_err *prov_change_plan(prov_attempt *a, prov_snapshot *n);

#endif
