/* What of a target's declaration decides how its objects ought to be: scope, mapping, endpoint,
 * policy. How fast and with which secret it is spoken to does not. */
#ifndef PROV_MODEL_DIGEST_H
#define PROV_MODEL_DIGEST_H

#include "model/config.h"

/* Fills `digest` of every target. */
void prov_digest_targets(apr_pool_t *p, prov_config *c);

#endif
