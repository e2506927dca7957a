/* Who may do what, and what only an administrator may change because of it (design: Permissions).
 */
#ifndef PROV_FRAMEWORK_PROTECT_H
#define PROV_FRAMEWORK_PROTECT_H

#include "framework/provision.h"

typedef struct prov_permits prov_permits;

/* The ProvisionPermit lines for groups and users, as index keys. */
prov_err *prov_permits_make(apr_pool_t *p, const prov_config *c, const prov_registry *r,
                            const prov_userstores *u, const prov_permits **out);

/* A user who holds a permission; a group that gives one, or lies below one that does. */
bool prov_protect_holds(const prov_service *s, prov_snapshot *n, apr_pool_t *p,
                        const prov_resource_type *type, const prov_id *id);
/* Whether the permission is that of an administrator. */
bool prov_protect_administers(const prov_service *s, prov_snapshot *n, apr_pool_t *p,
                              const prov_resource_type *type, const prov_id *id);
/* A resource of this name would. */
bool prov_protect_named(const prov_service *s, apr_pool_t *p, const prov_resource_type *type,
                        const prov_userstore *domain, prov_bytes bare);

#endif
