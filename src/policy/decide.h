/* One individual decision, and one inside another. */
#ifndef PROV_POLICY_DECIDE_H
#define PROV_POLICY_DECIDE_H

#include "policy/compiled.h"

/* access-permitted (core, section A.3.16): would the request be permitted if its category had this
 * content? */
bool prov_xdecide_permitted(prov_xcontext *c, prov_bytes category, prov_bytes content, bool *out);

#endif
