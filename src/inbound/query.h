/* The query of a URL: names and values, decoded once (percent and plus). */
#ifndef PROV_INBOUND_QUERY_H
#define PROV_INBOUND_QUERY_H

#include "scim/projection.h"
#include "inbound/glue.h"

/* The first value of each name counts. 400 invalidValue for what cannot be decoded. */
prov_err *prov_query_read(request_rec *r, const apr_table_t **out);

/* attributes and excludedAttributes. */
prov_err *prov_query_projection(request_rec *r, const apr_table_t *query, const prov_registry *reg,
                                const prov_resource_type *type, prov_projection **out);

#endif
