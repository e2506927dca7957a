/* Many changes, each by itself: whole or not at all, and with an error of its own. They share
 * commits, as many as one transaction holds (PROV_TRANSACTION_ROWS: the store sees to that). What
 * is made whole or not at all together is another thing: circle.h. */
#ifndef PROV_FRAMEWORK_BATCH_H
#define PROV_FRAMEWORK_BATCH_H

#include "framework/provision.h"

#define PROV_BATCH_MOST 250 /* changes that wait for a commit: about as many as it holds */

typedef struct prov_batch prov_batch;

/* Without an error `changed` says what became of it. */
typedef void prov_batch_done(void *baton, int which, const prov_changed *changed, prov_err *err);

typedef struct prov_batch_way {
    /* They come to what they would come to one after the other through prov_provision, and are done
     * in that order: none shares a commit with another if they have a resource, member or unique
     * key in common. Else in any order: for changes none of which needs another. */
    bool in_order;
    int expected; /* how many there will be, about */
    prov_batch_done *done;
    void *baton;
} prov_batch_way;

prov_batch *prov_batch_make(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                            const prov_batch_way *way);

/* `done` is called for it now or later, in prov_batch_run at the latest. Until then `p` and what
 * the change refers to must live; its error lies on `p`. */
void prov_batch_add(prov_batch *b, apr_pool_t *p, const prov_change *change, int which);

int prov_batch_count(const prov_batch *b); /* that wait */
void prov_batch_run(prov_batch *b);

#endif
