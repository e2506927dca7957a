#include "store/lmdb/apply.h"

#include <string.h>

typedef bool check_fn(prov_apply *a, const prov_op *op);
typedef void effect_fn(prov_apply *a, const prov_op *op);

typedef struct operation {
    check_fn *check;   /* NULL: always holds */
    effect_fn *effect; /* NULL: changes nothing by itself */
    bool grows;        /* needs room that is not given back: not while the file is nearly full */
} operation;

static const operation operations[PROV_OP_COUNT] = {
    [PROV_OP_MUST_EXIST] = { prov_check_must_exist, NULL, false },
    [PROV_OP_MUST_BE_VERSION] = { prov_check_must_be_version, NULL, false },
    [PROV_OP_MUST_BE_GENERATION] = { prov_check_must_be_generation, NULL, false },
    [PROV_OP_MUST_BE_STAGED] = { prov_check_must_be_staged, NULL, false },
    [PROV_OP_PUT] = { NULL, prov_effect_put, true },
    [PROV_OP_PUT_LARGE] = { NULL, prov_effect_put_large, true },
    [PROV_OP_DELETE_LARGE] = { NULL, prov_effect_delete_large, false },
    [PROV_OP_DELETE] = { NULL, prov_effect_delete, false },
    [PROV_OP_INDEX] = { prov_check_index, prov_effect_index, true },
    [PROV_OP_UNINDEX] = { NULL, prov_effect_unindex, false },
    [PROV_OP_CREDENTIAL] = { NULL, prov_effect_credential, false },
    [PROV_OP_MEMBER_ADD] = { prov_check_member_add, prov_effect_member_add, true },
    [PROV_OP_MEMBER_REMOVE] = { NULL, prov_effect_member_remove, false },
    [PROV_OP_MEMBER_REMOVE_ALL] = { NULL, prov_effect_member_remove_all, false },
    [PROV_OP_MOVED] = { NULL, prov_effect_moved, false },
    [PROV_OP_TOUCH] = { NULL, prov_effect_touch, false },
    [PROV_OP_TOUCH_LINK] = { NULL, prov_effect_touch_link, false },
    [PROV_OP_GRANT] = { NULL, prov_effect_grant, true },
    [PROV_OP_CLAIM] = { prov_check_claim, prov_effect_claim, false },
    [PROV_OP_PREPARE] = { prov_check_prepare, prov_effect_prepare, false },
    [PROV_OP_RENEW] = { prov_check_renew, prov_effect_renew, false },
    [PROV_OP_ACK] = { prov_check_ack, prov_effect_ack, false },
    [PROV_OP_WAIT_FOR_KEY] = { NULL, prov_effect_wait_for_key, false },
    [PROV_OP_SUPERSEDE] = { prov_check_supersede, prov_effect_supersede, false },
    [PROV_OP_RECLAIM] = { NULL, prov_effect_reclaim, false },
    [PROV_OP_EDGE] = { NULL, prov_effect_edge, false },
    [PROV_OP_EDGE_SENT] = { NULL, prov_effect_edge_sent, false },
    [PROV_OP_EDGE_ACK] = { NULL, prov_effect_edge_ack, false },
    [PROV_OP_EDGE_SLEEP] = { NULL, prov_effect_edge_sleep, false },
    [PROV_OP_TARGET_EVENT] = { NULL, prov_effect_target_event, false },
    [PROV_OP_TARGET_DECLARE] = { NULL, prov_effect_target_declare, false },
    [PROV_OP_JOURNAL] = { NULL, NULL, false }, /* last, and only if anything changed */
    [PROV_OP_TOKEN] = { prov_check_token, prov_effect_token, true },
    [PROV_OP_TOKEN_REVOKE] = { prov_check_token_revoke, prov_effect_token_revoke, false },
    [PROV_OP_RECHECK] = { NULL, prov_effect_recheck, false },
    [PROV_OP_RECHECK_DONE] = { NULL, prov_effect_recheck_done, false },
    [PROV_OP_GENERATION] = { NULL, prov_effect_generation, false },
    [PROV_OP_SCAN] = { NULL, prov_effect_scan, false },
    [PROV_OP_STAGE] = { NULL, prov_effect_stage, false },
};

bool prov_apply_refuse(prov_apply *a, prov_refusal why)
{
    a->verdict->kind = PROV_REFUSED;
    a->verdict->why = why;
    return false;
}

bool prov_apply_refuse_for(prov_apply *a, prov_refusal why, const prov_id *holder)
{
    a->verdict->holder = *holder;
    return prov_apply_refuse(a, why);
}

static bool check_all(prov_apply *a)
{
    for (int i = 0; i < prov_plan_length(a->plan); i++) {
        const prov_op *op = prov_plan_op(a->plan, i);
        check_fn *check = operations[op->code].check;
        if (check && !check(a, op))
            return false;
    }
    return true;
}

static bool grows(const prov_plan *plan)
{
    for (int i = 0; i < prov_plan_length(plan); i++) {
        if (operations[prov_plan_op(plan, i)->code].grows)
            return true;
    }
    return false;
}

static void each_of(prov_apply *a, prov_op_code code, effect_fn *effect)
{
    for (int i = 0; i < prov_plan_length(a->plan); i++) {
        const prov_op *op = prov_plan_op(a->plan, i);
        if (op->code == code)
            effect(a, op);
    }
}

bool prov_apply_plan(prov_apply *a)
{
    memset(a->verdict, 0, sizeof *a->verdict);
    if (a->tx.low && grows(a->plan)) {
        a->verdict->kind = PROV_FULL;
        return true;
    }
    if (!check_all(a)) {
        if (a->verdict->why == PROV_LEASE_LOST)
            each_of(a, PROV_OP_ACK, prov_effect_deposit);
        return a->tx.rc == 0;
    }
    for (int i = 0; a->tx.rc == 0 && i < prov_plan_length(a->plan); i++) {
        const prov_op *op = prov_plan_op(a->plan, i);
        if (operations[op->code].effect)
            operations[op->code].effect(a, op);
    }
    prov_effect_grown(a);
    if (a->tx.changed)
        each_of(a, PROV_OP_JOURNAL, prov_effect_journal);
    a->verdict->changed = a->tx.changed;
    return a->tx.rc == 0;
}
