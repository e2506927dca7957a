/* Resources that refer to each other in a circle: none can be made before the rest, so that all of
 * them are one plan, made whole or not at all. What only shares commits is a batch (batch.h). */
#ifndef PROV_FRAMEWORK_CIRCLE_H
#define PROV_FRAMEWORK_CIRCLE_H

#include "framework/provision.h"

/* Creations, without passwords, each of which has its id; members may be any of them. As
 * prov_provision else. */
prov_err *prov_provision_circle(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                                const prov_change *const changes[], int count);

#endif
