/* What was there before a target was on its application's list: grants and links are made for it as
 * if each were changed now. */
#ifndef PROV_FRAMEWORK_BACKFILL_H
#define PROV_FRAMEWORK_BACKFILL_H

#include "framework/provision.h"

typedef struct prov_backfill {
    const prov_application *application;
    const prov_connector_config *target; /* on its outbound list */
    const prov_resource_type *type;      /* NULL: all that targets are told of */
    const prov_filter *filter;           /* or NULL */
    bool dry_run;
} prov_backfill;

typedef struct prov_backfilled {
    int64_t total; /* that the application sees and the filter takes */
    int64_t made;
    int64_t there;    /* granted already */
    int64_t left_out; /* administrators' accounts that no target has; of other types */
} prov_backfilled;

/* After each step; `so_far` is what `out` will be. */
typedef void prov_backfill_tell(void *baton, const prov_backfilled *so_far);

/* In small transactions, while others write. What is granted already is passed over, so that the
 * same call goes on from where another one ended. */
prov_err *prov_service_backfill(prov_service *s, apr_pool_t *p, const prov_backfill *b,
                                prov_backfill_tell *tell, void *baton, prov_backfilled *out);

#endif
