/* The pump's inside: what the parts of a turn share. All of it runs on the pump's thread. */
#ifndef PROV_OUTBOUND_PUMP_H
#define PROV_OUTBOUND_PUMP_H

#include "outbound/engine.h"

#define PROV_CLAIM_MOST 256 /* plans that one turn submits together */

/* Work that somebody has to do, and whether there may be some. */
typedef struct prov_house {
    bool scanning, building, settling;
    int alone; /* looks at a generation that is nobody's */
    apr_time_t swept;
} prov_house;

/* What the pump's turns have in common. */
typedef struct prov_pump {
    prov_engine *engine;
    apr_pool_t *turn;     /* cleared every turn */
    apr_time_t looked;    /* when the other processes were last looked at */
    uint32_t peers, rank; /* processes that claim as this one does, and its place among them */
    apr_time_t *rest;     /* per reach: no claim before */
    int first;            /* reach to start with: turns rotate, so that none starves */
    prov_house house;
} prov_pump;

/* A link that may be claimed. */
typedef struct prov_candidate {
    prov_reach *reach;
    prov_id id;
    prov_lease lease;
} prov_candidate;

typedef struct prov_candidates {
    prov_candidate items[PROV_CLAIM_MOST];
    int count;
} prov_candidates;

/* claim.c */
/* What threads are free for; the rest lies ahead. `wake`: when the next is due, if that is sooner.
 */
void prov_pump_collect(prov_pump *u, prov_snapshot *n, apr_time_t now, prov_candidates *b,
                       apr_time_t *wake);
/* What could be claimed is handed to the threads. Takes the lock of the store: without a snapshot.
 */
void prov_pump_claim(prov_pump *u, prov_candidates *b, apr_time_t now);

/* reclaim.c: leases of processes that are gone end; what they had in flight is unknown, never
 * pending. Counts the living. */
void prov_pump_reclaim(prov_pump *u, prov_snapshot *n, apr_time_t now);

/* house.c */
void prov_house_look(prov_pump *u, prov_snapshot *n); /* who declares; there may be work again */
void prov_house_keep(prov_pump *u, apr_time_t now);   /* without a snapshot: commits, each small */
bool prov_house_has_work(const prov_house *h);

#endif
