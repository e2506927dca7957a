/* Names mean the same in any case (RFC 7643 section 2.1), so an object may have each but once. */
#ifndef PROV_SCIM_JSON_TWICE_H
#define PROV_SCIM_JSON_TWICE_H

#include "base/json.h"

/* The name of a member that an object in the value, at any depth, has twice; NULL: there is none.
 */
const char *prov_json_twice(apr_pool_t *p, const prov_json *value);

#endif
