/* Conditions on a resource's version (RFC 7644 section 3.14, RFC 9110 section 13). Tags compare by
 * what stands between their quotes: RFC 7644's own example sends a weak one in If-Match. */
#ifndef PROV_INBOUND_CONDITION_H
#define PROV_INBOUND_CONDITION_H

#include "inbound/glue.h"

/* If-Match and If-None-Match. Tags that none of our versions can have match nothing. */
prov_condition prov_condition_match(request_rec *r);
prov_condition prov_condition_unless(request_rec *r);

/* The same of a tag that stands in a body. */
prov_condition prov_condition_of(apr_pool_t *p, const char *tags);

/* Whether a read of this version is what If-Match asks for: else 412. */
bool prov_condition_met(request_rec *r, uint64_t version);

/* Whether If-None-Match names this version: 304. */
bool prov_condition_known(request_rec *r, uint64_t version);

#endif
