/* What a change owes the targets, as rows of its plan: touches, grants, and what a group's change
 * means for those below it. */
#ifndef PROV_FRAMEWORK_OWE_H
#define PROV_FRAMEWORK_OWE_H

#include "framework/members.h"

typedef struct prov_owing prov_owing;

/* Numbers of the targets on each application's list; whether any scope depends on groups. */
prov_err *prov_owing_make(apr_pool_t *p, prov_store *store, const prov_config *c,
                          const prov_owing **out);

/* The record was put: its links, and new ones for the application's list. */
void prov_owe_change(const prov_window *w, prov_plan *plan, const prov_resource_type *type,
                     const prov_id *id, const prov_touch *touch);
/* Only new links for the application's list. */
void prov_owe_grant(const prov_window *w, prov_plan *plan, const prov_resource_type *type,
                    const prov_id *id, const prov_touch *touch);
/* The membership rows, and what is owed to each member that they concern. */
void prov_owe_members(const prov_window *w, apr_pool_t *p, prov_plan *plan, const prov_id *group,
                      const prov_members *members, const prov_touch *touch);
/* A group's name is another now, or gone: the scope of all below it may be. */
void prov_owe_below(const prov_window *w, apr_pool_t *p, prov_plan *plan, const prov_id *group,
                    const prov_touch *touch);

#endif
