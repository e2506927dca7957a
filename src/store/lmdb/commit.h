/* The committer: leader and followers. Whoever submits and finds no leader leads: he takes all that
 * waits, applies it in one transaction, commits once, wakes its owners, and hands over. */
#ifndef PROV_STORE_LMDB_COMMIT_H
#define PROV_STORE_LMDB_COMMIT_H

#include "store/lmdb/apply.h"

/* One submitter asleep: his plans, or the one step that he runs himself while holding the lock. */
typedef struct prov_ticket prov_ticket;
typedef struct prov_commit_batch prov_commit_batch; /* what one transaction takes of them */
/* What a step does to the transaction; `scratch` and the first error are the transaction's. */
typedef void prov_step(prov_tx *tx, void *baton);

typedef struct prov_committer {
    prov_env *env;
    apr_pool_t *scratch;      /* the leader's; its allocator is its own */
    prov_commit_batch *batch; /* the leader's; not on his stack, as every thread leads once */
    bool each;                /* a commit for each plan */

    pthread_mutex_t lock;
    prov_ticket *first, **last;
    bool led;
    uint64_t commits, plans;
    int64_t rows_most; /* of one transaction */
} prov_committer;

prov_err *prov_committer_make(prov_committer *c, apr_pool_t *p, prov_env *env, bool each);
void prov_committer_end(prov_committer *c);

void prov_committer_submit(prov_committer *c, const prov_plan *const plans[],
                           prov_verdict verdicts[], int count);
/* Runs `step` on the caller's thread in a transaction of its own, in turn; then commits it if it
 * changed anything. 0, or LMDB's error; `unknown`, if not NULL, tells that it was the commit's. */
int prov_committer_step(prov_committer *c, prov_step *step, void *baton, bool *unknown);

#endif
