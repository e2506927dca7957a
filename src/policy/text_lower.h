/* string-normalize-to-lower-case, which string-equal-ignore-case is defined by. */
#ifndef PROV_POLICY_TEXT_LOWER_H
#define PROV_POLICY_TEXT_LOWER_H

#include "base/bytes.h"

/* The text itself if nothing changes. */
prov_bytes prov_xlower(apr_pool_t *p, prov_bytes text);

#endif
