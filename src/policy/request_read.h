/* Parts of the XML form of a request that others need as well. */
#ifndef PROV_POLICY_REQUEST_READ_H
#define PROV_POLICY_REQUEST_READ_H

#include "policy/policy.h"

/* An Attributes element of this category from what would stand inside it, as XML text. */
prov_err *prov_xattributes_read(apr_pool_t *p, const char *category, prov_bytes inside,
                                const prov_pdp_bounds *bounds, prov_xattributes **out);

/* A Content from its XML text: the document of its element. */
prov_err *prov_xcontent_read(apr_pool_t *p, prov_bytes text, const char *source,
                             const prov_pdp_bounds *bounds, const prov_xml_node **out);

#endif
