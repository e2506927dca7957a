/* Media types (RFC 7644 section 3.8, RFC 9110 section 12.5.1). */
#ifndef PROV_INBOUND_MEDIA_H
#define PROV_INBOUND_MEDIA_H

#include "base/err.h"

#include <httpd.h>

#define PROV_MEDIA_SCIM "application/scim+json"
#define PROV_MEDIA_JSON "application/json"

/* What the answer may be: application/scim+json if the client takes it, else application/json;
 * NULL: it takes neither. */
const char *prov_media_choose(const request_rec *r);

/* Of the request's body: 415 unless it is one of the two, in UTF-8, or does not say. */
prov_err *prov_media_check(request_rec *r);

#endif
