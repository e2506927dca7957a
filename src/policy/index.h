/* Which of a set's children can apply at all: by the equalities in their targets. */
#ifndef PROV_POLICY_INDEX_H
#define PROV_POLICY_INDEX_H

#include "policy/compiled.h"

/* Gives each set with enough children an index, the root too. */
void prov_xindex_build(prov_pdp *pdp);

/* The children that can apply, in their order: the others' targets certainly do not match.
 * `bags` are the request's values by slot. */
size_t prov_xindex_candidates(const prov_xindex *index, apr_pool_t *p, const prov_xbag *bags,
                              uint32_t **out);

#endif
