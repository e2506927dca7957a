/* The members of a group that has many, piece by piece: which they are is read at once, so that the
 * group is shown as it was at one moment; what they are called is read as the pieces are written.
 * Nothing is held in between but their ids. */
#ifndef PROV_FRAMEWORK_FLOW_H
#define PROV_FRAMEWORK_FLOW_H

#include "framework/provision.h"

#define PROV_FLOW_PIECE 500 /* members; a group with no more is written in one */

typedef struct prov_flow prov_flow;

/* Of a view of prov_service_view, whose snapshot still is there. NULL out: the view is to be
 * written as it is. Else it has a gap now, at which the pieces belong. */
void prov_flow_open(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                    const prov_projection *proj, prov_view *view, prov_flow **out);

/* Where they belong, in the buffer that the view was written to. */
size_t prov_flow_gap(const prov_flow *f);

/* The next ones, without a snapshot that is still open. An empty piece is the end; `out` lives
 * until the next call. */
prov_err *prov_flow_next(prov_flow *f, prov_bytes *out);

#endif
