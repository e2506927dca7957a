/* PATCH paths (RFC 7644 section 3.5.2, figure 7): attrPath / valuePath [subAttr], URN-qualified or
 * not, or the bare URN of an extension. */
#ifndef PROV_SCIM_PATH_H
#define PROV_SCIM_PATH_H

#include "scim/filter.h"

typedef struct prov_path {
    const prov_schema *schema; /* set alone: the path is an extension's URN */
    const prov_attr *attr;     /* top-level attribute */
    const prov_attr *sub;      /* sub-attribute, or NULL */
    prov_filter *filter;       /* between brackets, or NULL */
} prov_path;

/* 400 invalidPath; 400 invalidFilter for what is between brackets. */
prov_err *prov_path_parse(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                          const char *text, size_t len, prov_path *out);

/* The same for a filter of these limits, and with the switches in them. */
prov_err *prov_path_parse_within(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                                 const prov_filter_limits *limits, const char *text, size_t len,
                                 prov_path *out);

#endif
