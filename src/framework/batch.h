/* Changes that share a commit. Each is decided by itself, and none of them concerns another: they
 * have no resource, member or unique key in common. What they come to is what they would come to
 * one after the other through prov_provision. */
#ifndef PROV_FRAMEWORK_BATCH_H
#define PROV_FRAMEWORK_BATCH_H

#include "framework/provision.h"

#define PROV_BATCH_MOST 250 /* changes: less than the store commits at once */

typedef struct prov_batch prov_batch;

/* What it needs lies on a pool of its own, until it has run. */
prov_batch *prov_batch_make(prov_service *s, apr_pool_t *p, const prov_caller *caller);

/* What the change refers to must live until the batch has run. False: nothing is done and nothing
 * said; run what is there and, if it was empty, go through the door. */
bool prov_batch_take(prov_batch *b, const prov_change *change);

int prov_batch_count(const prov_batch *b);

/* Calls `done` for each, in the order they were taken; then it is empty. Without an error `changed`
 * says what became of it; both live until the next call. */
typedef void prov_batch_done(void *baton, int nth, const prov_changed *changed, prov_err *err);
void prov_batch_run(prov_batch *b, prov_batch_done *done, void *baton);

#endif
