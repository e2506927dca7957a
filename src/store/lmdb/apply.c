#include "store/lmdb/apply.h"

#include <string.h>

typedef bool check_fn(prov_apply *a, const prov_op *op);
typedef void effect_fn(prov_apply *a, const prov_op *op);

typedef struct operation {
    check_fn *check;   /* NULL: always holds */
    effect_fn *effect; /* NULL: changes nothing by itself */
    bool grows;        /* needs room that is not given back: not while the file is nearly full */
    bool writes;       /* what an open intent keeps for itself */
    int rows, each; /* most rows that it changes, and for each target: what it walks comes on top */
} operation;

static const operation operations[PROV_OP_COUNT] = {
    [PROV_OP_MUST_EXIST] = { prov_check_must_exist, NULL, false, false, 0, 0 },
    [PROV_OP_MUST_BE_VERSION] = { prov_check_must_be_version, NULL, false, false, 0, 0 },
    [PROV_OP_MUST_BE_ONLY] = { prov_check_must_be_only, NULL, false, false, 0, 0 },
    [PROV_OP_MUST_BE_GENERATION] = { prov_check_must_be_generation, NULL, false, false, 0, 0 },
    [PROV_OP_MUST_BE_STAGED] = { prov_check_must_be_staged, NULL, false, false, 0, 0 },
    [PROV_OP_MUST_STAND_AT] = { prov_check_must_stand_at, NULL, false, false, 0, 0 },
    [PROV_OP_PUT] = { NULL, prov_effect_put, true, true, 10, 0 },
    [PROV_OP_PUT_LARGE] = { NULL, prov_effect_put_large, true, false, 1, 0 },
    [PROV_OP_DELETE_LARGE] = { NULL, prov_effect_delete_large, false, false, 1, 0 },
    [PROV_OP_DELETE] = { NULL, prov_effect_delete, false, true, 10, 6 },
    [PROV_OP_INDEX] = { prov_check_index, prov_effect_index, true, false, 1, 0 },
    [PROV_OP_UNINDEX] = { NULL, prov_effect_unindex, false, false, 1, 0 },
    [PROV_OP_CREDENTIAL] = { NULL, prov_effect_credential, false, true, 1, 0 },
    [PROV_OP_MEMBER_ADD] = { prov_check_member_add, prov_effect_member_add, true, true, 2, 7 },
    [PROV_OP_MEMBER_REMOVE] = { NULL, prov_effect_member_remove, false, true, 2, 7 },
    [PROV_OP_MEMBER_REMOVE_ALL] = { NULL, prov_effect_member_remove_all, false, true, 0, 0 },
    [PROV_OP_MOVED] = { NULL, prov_effect_moved, false, true, 3, 4 },
    [PROV_OP_TOUCH] = { NULL, prov_effect_touch, false, false, 0, 5 },
    [PROV_OP_TOUCH_LINK] = { NULL, prov_effect_touch_link, false, false, 5, 0 },
    [PROV_OP_GRANT] = { NULL, prov_effect_grant, true, false, 6, 0 },
    [PROV_OP_CLAIM] = { prov_check_claim, prov_effect_claim, false, false, 6, 0 },
    [PROV_OP_PREPARE] = { prov_check_prepare, prov_effect_prepare, false, false, 8, 0 },
    [PROV_OP_RENEW] = { prov_check_renew, prov_effect_renew, false, false, 4, 0 },
    [PROV_OP_ACK] = { prov_check_ack, prov_effect_ack, false, false, 16, 0 },
    [PROV_OP_WAIT_FOR_KEY] = { NULL, prov_effect_wait_for_key, false, false, 4, 0 },
    [PROV_OP_SUPERSEDE] = { prov_check_supersede, prov_effect_supersede, false, false, 24, 0 },
    [PROV_OP_RECLAIM] = { NULL, prov_effect_reclaim, false, false, 5, 0 },
    [PROV_OP_EDGE] = { NULL, prov_effect_edge, false, false, 3, 0 },
    [PROV_OP_EDGE_SENT] = { NULL, prov_effect_edge_sent, false, false, 3, 0 },
    [PROV_OP_EDGE_ACK] = { NULL, prov_effect_edge_ack, false, false, 3, 0 },
    [PROV_OP_EDGE_SLEEP] = { NULL, prov_effect_edge_sleep, false, false, 3, 0 },
    [PROV_OP_TARGET_EVENT] = { NULL, prov_effect_target_event, false, false, 1, 0 },
    [PROV_OP_TARGET_DECLARE] = { NULL, prov_effect_target_declare, false, false, 1, 0 },
    [PROV_OP_JOURNAL] = { NULL, NULL, false, false, 2, 0 }, /* last, and only if anything changed */
    [PROV_OP_TOKEN] = { prov_check_token, prov_effect_token, true, false, 2, 0 },
    [PROV_OP_TOKEN_REVOKE] = { prov_check_token_revoke, prov_effect_token_revoke, false, false, 2,
                               0 },
    [PROV_OP_RECHECK] = { NULL, prov_effect_recheck, false, false, 1, 0 },
    [PROV_OP_RECHECK_DONE] = { NULL, prov_effect_recheck_done, false, false, 1, 0 },
    [PROV_OP_GENERATION] = { NULL, prov_effect_generation, false, false, 1, 0 },
    [PROV_OP_SCAN] = { NULL, prov_effect_scan, false, false, 2, 0 },
    [PROV_OP_STAGE] = { NULL, prov_effect_stage, false, false, 2, 0 },
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

/* --- intents -------------------------------------------------------------------------------- */

bool prov_apply_is_put_off(const prov_op *op, const prov_id *own)
{
    switch (op->code) {
    case PROV_OP_MEMBER_ADD:
    case PROV_OP_MEMBER_REMOVE:
    case PROV_OP_MEMBER_REMOVE_ALL:
        return true;
    case PROV_OP_TOUCH:
    case PROV_OP_GRANT:
        return !prov_id_equal(&op->id, own);
    default:
        return false;
    }
}

static bool is_anothers(prov_apply *a, const prov_id *id)
{
    prov_row_key key;
    PROV_KEY(&a->tx, key, INTENT, id);
    return !(a->own && prov_id_equal(a->own, id)) && prov_tx_has(&a->tx, &key);
}

static bool is_free(prov_apply *a, const prov_op *op)
{
    const prov_id *groups;
    if (is_anothers(a, &op->id))
        return prov_apply_refuse_for(a, PROV_BUSY, &op->id);
    int count = op->code == PROV_OP_DELETE ? prov_rows_groups(&a->tx, &op->id, NULL, &groups) : 0;
    for (int i = 0; i < count; i++) {
        if (is_anothers(a, &groups[i]))
            return prov_apply_refuse_for(a, PROV_BUSY, &groups[i]);
    }
    return true;
}

/* --- the rows of a plan --------------------------------------------------------------------- */

static int rows_under(prov_tx *tx, const prov_row_key *prefix)
{
    prov_walk w;
    int count = 0;
    prov_walk_begin(&w, tx, prefix, NULL);
    while (count < PROV_TRANSACTION_ROWS && prov_walk_next(&w))
        count++;
    prov_walk_end(&w);
    return count;
}

static int memberships(prov_tx *tx, const prov_op *op)
{
    prov_row_key members, groups;
    PROV_PREFIX(tx, members, MEMBER, 1, &op->id);
    PROV_PREFIX(tx, groups, MEMBER_OF, 1, &op->id);
    return rows_under(tx, &members) + (op->code == PROV_OP_DELETE ? rows_under(tx, &groups) : 0);
}

static bool is_new_link(prov_tx *tx, const prov_op *op)
{
    prov_row_key key;
    PROV_KEY(tx, key, LINK, &op->id, op->target);
    return !prov_tx_has(tx, &key);
}

/* What an operation changes beside what it says. */
static int walked(prov_tx *tx, const prov_op *op, int targets)
{
    switch (op->code) {
    case PROV_OP_DELETE:
    case PROV_OP_MEMBER_REMOVE_ALL:
        return memberships(tx, op) * (6 + 7 * targets);
    case PROV_OP_GRANT:
        return is_new_link(tx, op) ? memberships(tx, op) * 3 : 0;
    default:
        return 0;
    }
}

int prov_apply_bound(prov_tx *tx, const prov_plan *plan)
{
    MDB_stat stat = { .ms_entries = 0 };
    mdb_stat(tx->txn, tx->env->dbi[PROV_TABLE_TARGET], &stat);
    int targets = (int)stat.ms_entries, rows = 0;
    for (int i = 0; i < prov_plan_length(plan) && rows <= PROV_TRANSACTION_ROWS; i++) {
        const prov_op *op = prov_plan_op(plan, i);
        rows += operations[op->code].rows + operations[op->code].each * targets;
        rows += walked(tx, op, targets);
    }
    return rows;
}

/* --- applying ------------------------------------------------------------------------------- */

static bool is_skipped(const prov_apply *a, const prov_op *op)
{
    return a->own && prov_apply_is_put_off(op, a->own);
}

static bool check_all(prov_apply *a)
{
    bool open = prov_rows_any_intent(&a->tx);
    for (int i = 0; i < prov_plan_length(a->plan); i++) {
        const prov_op *op = prov_plan_op(a->plan, i);
        const operation *o = &operations[op->code];
        if (is_skipped(a, op))
            continue;
        if ((open && o->writes && !is_free(a, op)) || (o->check && !o->check(a, op)))
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

bool prov_apply_check(prov_apply *a)
{
    memset(a->verdict, 0, sizeof *a->verdict);
    if (!a->tx.low || !grows(a->plan))
        return check_all(a);
    a->verdict->kind = PROV_FULL;
    return false;
}

bool prov_apply_plan(prov_apply *a)
{
    if (!prov_apply_check(a)) {
        if (a->verdict->why == PROV_LEASE_LOST)
            each_of(a, PROV_OP_ACK, prov_effect_deposit);
        return a->tx.rc == 0;
    }
    for (int i = 0; a->tx.rc == 0 && i < prov_plan_length(a->plan); i++) {
        const prov_op *op = prov_plan_op(a->plan, i);
        if (operations[op->code].effect && !is_skipped(a, op))
            operations[op->code].effect(a, op);
    }
    prov_effect_grown(a);
    if (a->tx.changed)
        each_of(a, PROV_OP_JOURNAL, prov_effect_journal);
    a->verdict->changed = a->tx.changed;
    return a->tx.rc == 0;
}
