/* Requests that ask for several decisions (multiple decision and hierarchical profiles). */
#ifndef PROV_POLICY_MULTIPLE_H
#define PROV_POLICY_MULTIPLE_H

#include "policy/compiled.h"

typedef struct prov_xindividual {
    const prov_xattributes **categories;
    size_t count;
} prov_xindividual;

/* The individual requests, of prov_xindividual; or why they cannot be told apart. */
prov_err *prov_xmultiple_expand(const prov_pdp *pdp, apr_pool_t *p, const prov_xrequest *r,
                                const prov_pdp_options *options, apr_array_header_t **out);

#endif
