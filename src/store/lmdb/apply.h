/* A plan applied to a transaction: what each operation requires and does. Only the committer's
 * leader is here; it runs no code and uses no memory of a plan's submitter but the plan itself. */
#ifndef PROV_STORE_LMDB_APPLY_H
#define PROV_STORE_LMDB_APPLY_H

#include "store/lmdb/rows.h"

typedef struct prov_apply {
    prov_tx tx; /* scratch and changed are the plan's */
    const prov_plan *plan;
    prov_verdict *verdict;
    bool members_changed; /* a membership operation was effective */
    prov_id put;          /* the resource put last */
    const prov_op *grew;  /* an acknowledgement that gave its resource a remote id */
    const prov_id *own;   /* whose intent this is the switch of; NULL: no intent's */
    bool edges_left;      /* a new link's edges are left to the intent */
} prov_apply;

/* Checks and applies the plan. False if a row could not be read or put: the transaction is spoilt,
 * and tx.rc says why. */
bool prov_apply_plan(prov_apply *a);
/* Only checks it; false if the verdict is against it. */
bool prov_apply_check(prov_apply *a);
/* Most rows that it would change; when they are too many, no more are counted. */
int prov_apply_bound(prov_tx *tx, const prov_plan *plan);
/* What is not done at once, when the plan is done as an intent of `own`. */
bool prov_apply_is_put_off(const prov_op *op, const prov_id *own);

/* --- what the files of operations share ----------------------------------------------------- */
bool prov_apply_refuse(prov_apply *a, prov_refusal why);                            /* false */
bool prov_apply_refuse_for(prov_apply *a, prov_refusal why, const prov_id *holder); /* false */
/* The record, with the version one higher. */
void prov_apply_move(prov_apply *a, const prov_id *id, apr_time_t modified);
/* Of a resource that goes: both sides. */
void prov_apply_leave_all(prov_apply *a, const prov_id *id, const prov_touch *touch);

/* A precondition answers whether it holds, having said why not. */
#define PROV_CHECK(name)  bool prov_check_##name(prov_apply *a, const prov_op *op)
#define PROV_EFFECT(name) void prov_effect_##name(prov_apply *a, const prov_op *op)

PROV_CHECK(must_exist); /* apply_resource.c */
PROV_CHECK(must_be_version);
PROV_CHECK(index);
PROV_EFFECT(put);
PROV_EFFECT(put_large);
PROV_EFFECT(delete_large);
PROV_EFFECT(delete);
PROV_EFFECT(index);
PROV_EFFECT(unindex);
PROV_CHECK(must_be_staged);
PROV_CHECK(must_be_only);
PROV_EFFECT(stage);
PROV_EFFECT(credential);

PROV_CHECK(member_add); /* apply_member.c */
PROV_EFFECT(member_add);
PROV_EFFECT(member_remove);
PROV_EFFECT(member_remove_all);
PROV_EFFECT(moved);

PROV_CHECK(claim); /* apply_outbox.c */
PROV_CHECK(prepare);
PROV_CHECK(renew);
PROV_CHECK(ack);
PROV_CHECK(supersede);
PROV_EFFECT(touch);
PROV_EFFECT(touch_link);
PROV_EFFECT(grant);
PROV_EFFECT(claim);
PROV_EFFECT(prepare);
PROV_EFFECT(renew);
PROV_EFFECT(ack);
PROV_EFFECT(wait_for_key);
PROV_EFFECT(supersede);
PROV_EFFECT(reclaim);
/* Once all is done: a group that has come to the target has its members before it. */
void prov_effect_grown(prov_apply *a);
/* A lost lease: the remote id is kept as a candidate, although the plan is refused. */
PROV_EFFECT(deposit);

PROV_EFFECT(edge); /* apply_edge.c */
PROV_EFFECT(edge_sent);
PROV_EFFECT(edge_ack);
PROV_EFFECT(edge_sleep);

PROV_CHECK(must_be_generation); /* apply_misc.c */
PROV_CHECK(must_stand_at);
PROV_CHECK(token);
PROV_CHECK(token_revoke);
PROV_EFFECT(target_event);
PROV_EFFECT(target_declare);
PROV_EFFECT(journal);
PROV_EFFECT(token);
PROV_EFFECT(token_revoke);
PROV_EFFECT(recheck);
PROV_EFFECT(recheck_done);
PROV_EFFECT(generation);
PROV_EFFECT(scan);

#endif
