/* What a request says of a group's members, as the difference to the membership rows. */
#ifndef PROV_FRAMEWORK_MEMBERS_H
#define PROV_FRAMEWORK_MEMBERS_H

#include "framework/window.h"

typedef struct prov_members {
    apr_array_header_t *added, *removed; /* of prov_id: what is not so now */
    int strangers;                       /* how many who are not there were passed over */
    bool whole; /* all rows were looked at: the difference holds for this version only */
} prov_members;

/* PUT and POST: exactly these. 400 invalidValue for a new one that is not there. */
prov_err *prov_members_replaced(const prov_window *w, apr_pool_t *p, const prov_id *group,
                                const prov_member_ref *refs, int count, prov_members *out);
/* PATCH: operation after operation (prov_member_op), each on what the one before left. Who is added
 * and not there is passed over, unless the application has known-members or the list is to replace
 * all. */
prov_err *prov_members_patched(const prov_window *w, apr_pool_t *p, const prov_id *group,
                               const prov_attr *of, const apr_array_header_t *ops,
                               prov_members *out);

#endif
