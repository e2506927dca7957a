/* Resources that refer to each other, made in one transaction: all of them or none. */
#ifndef PROV_FRAMEWORK_TOGETHER_H
#define PROV_FRAMEWORK_TOGETHER_H

#include "framework/provision.h"

/* Creations, without passwords, each of which has its id; members may be any of them. As
 * prov_provision else. */
prov_err *prov_provision_together(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                                  const prov_change *const changes[], int count);

#endif
