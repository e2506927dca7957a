/* References between policies, once all are there. */
#ifndef PROV_POLICY_LINK_H
#define PROV_POLICY_LINK_H

#include "policy/compiled.h"

/* Gives every reference its policy: the latest version that fits. One that leads nowhere, in a
 * circle or too deep is noted and becomes Indeterminate when evaluated; the first comes back. */
prov_err *prov_xlink(prov_pdp *pdp);

#endif
