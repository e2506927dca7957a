/* Intents: plans that one transaction may not hold (store.h). An intent is a row under its
 * resource, a mark on each membership that it changes, and a row of what it owes to each resource
 * at the other end. Every step is a transaction of its own and leaves a store that any other
 * process can finish or undo: nothing about it lies in memory only but the rest of a plan that has
 * not switched, and that is given up with its process. Keys that must be unique are put by the
 * switch, which checks them like any plan: until then nobody could see them, so nothing has to be
 * kept free. */
#ifndef PROV_STORE_LMDB_INTENT_H
#define PROV_STORE_LMDB_INTENT_H

#include "store/lmdb/private.h"

/* A step ends before the unit that could pass PROV_TRANSACTION_ROWS: a unit is one membership with
 * its edges, touches and grants. */
#define PROV_INTENT_ROWS 1500

/* What it owes to another resource: a byte of these, then grants as type, target, application. A
 * membership that it marked owes a touch by itself. */
#define PROV_OWES_TOUCH 1

/* An intent that is being prepared, by the submitter of its plan. */
typedef struct prov_preparing {
    prov_store *store;
    const prov_plan *plan;
    prov_verdict *verdict;
    prov_id id;
    uint64_t number; /* 0: it has not begun */
    int at;          /* the operation that is prepared next, */
    bool walking;    /* and how far a walk of the memberships that it ends has come */
    bool climbing;
    prov_id after;
} prov_preparing;

/* Whether the plan is to be carried out as an intent, and whose. */
bool prov_intent_wants(prov_tx *tx, const prov_plan *plan, prov_id *whose);

/* --- steps ---------------------------------------------------------------------------------- */
void prov_intent_begin(prov_tx *tx, void *preparing);
void prov_intent_prepare(prov_tx *tx, void *preparing); /* intent_prepare.c */
void prov_intent_switch(prov_tx *tx, void *preparing);

/* Done or undone, by whoever comes. */
typedef struct prov_settling {
    prov_id id;
    uint64_t number;
    bool over;
} prov_settling;
void prov_intent_settle(prov_tx *tx, void *settling); /* intent_settle.c */

/* --- the whole of it (intent.c) -------------------------------------------------------------- */
/* From the step after the beginning to the end, and the verdict. */
void prov_intent_go_on(prov_preparing *s);
/* True once no intent of the resource is open; false when the time is over. One that was abandoned
 * is settled meanwhile. */
bool prov_intent_wait(prov_store *s, const prov_id *resource, apr_time_t until);

#endif
