/* An AttributeValue element as a value: the same in a policy and in a request. */
#ifndef PROV_POLICY_VALUE_XML_H
#define PROV_POLICY_VALUE_XML_H

#include "policy/value.h"

/* NULL, or what is wrong with it. The value lives on the pool. */
const char *prov_xvalue_read(apr_pool_t *p, apr_pool_t *scratch, const prov_xml_node *n,
                             prov_xvalue *out);

#endif
