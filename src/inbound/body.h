/* The body of a request, read once, whole, and never more of it than is allowed. */
#ifndef PROV_INBOUND_BODY_H
#define PROV_INBOUND_BODY_H

#include "base/json.h"
#include "inbound/glue.h"

/* On the request's pool. 413 above `most`; whatever httpd finds wrong with it, as it maps that. */
prov_err *prov_body_read(request_rec *r, int64_t most, prov_bytes *out);

/* The same as JSON: 415 for another media type (none is fine), 400 for what is not JSON. */
prov_err *prov_body_json(request_rec *r, int64_t most, const prov_json **out);

#endif
