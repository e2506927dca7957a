#include "store/lmdb/apply.h"

/* It is there, or comes with this plan. */
static bool will_exist(prov_apply *a, const prov_id *id)
{
    if (prov_rows_exists(&a->tx, id))
        return true;
    for (int i = 0; i < prov_plan_length(a->plan); i++) {
        const prov_op *op = prov_plan_op(a->plan, i);
        if (op->code == PROV_OP_PUT && prov_id_equal(&op->id, id))
            return true;
    }
    return false;
}

PROV_CHECK(member_add)
{
    if (!will_exist(a, &op->other))
        return prov_apply_refuse_for(a, PROV_NO_MEMBER, &op->other);
    return will_exist(a, &op->id) || prov_apply_refuse(a, PROV_NOT_THERE);
}

PROV_EFFECT(member_add)
{
    prov_row_key member, of;
    PROV_KEY(&a->tx, member, MEMBER, &op->id, &op->other);
    PROV_KEY(&a->tx, of, MEMBER_OF, &op->other, &op->id);
    if (prov_tx_has(&a->tx, &member))
        return;
    prov_tx_mark(&a->tx, &member);
    prov_tx_mark(&a->tx, &of);
    prov_rows_edges_want(&a->tx, &op->id, &op->other, true);
    prov_rows_touch_all(&a->tx, &op->other, &op->touch);
    a->members_changed = true;
}

static bool leave(prov_apply *a, const prov_id *group, const prov_id *member)
{
    prov_row_key key;
    PROV_KEY(&a->tx, key, MEMBER, group, member);
    if (!prov_tx_delete(&a->tx, &key))
        return false;
    PROV_KEY(&a->tx, key, MEMBER_OF, member, group);
    prov_tx_delete(&a->tx, &key);
    prov_rows_edges_want(&a->tx, group, member, false);
    a->members_changed = true;
    return true;
}

PROV_EFFECT(member_remove)
{
    if (leave(a, &op->id, &op->other))
        prov_rows_touch_all(&a->tx, &op->other, &op->touch);
}

static void remove_members(prov_apply *a, const prov_id *group, const prov_touch *touch)
{
    const prov_id *members;
    prov_row_key prefix;
    PROV_PREFIX(&a->tx, prefix, MEMBER, 1, group);
    int count = prov_tx_ids(&a->tx, &prefix, &members);
    for (int i = 0; i < count; i++) {
        leave(a, group, &members[i]);
        prov_rows_touch_all(&a->tx, &members[i], touch);
    }
}

PROV_EFFECT(member_remove_all)
{
    remove_members(a, &op->id, &op->touch);
}

void prov_apply_leave_all(prov_apply *a, const prov_id *id, const prov_touch *touch)
{
    const prov_id *groups;
    prov_row_key prefix;
    prov_touch others = *touch; /* they are not the ones who go */
    others.gone = false;
    others.queue = PROV_QUEUE_NORMAL;
    remove_members(a, id, &others);
    PROV_PREFIX(&a->tx, prefix, MEMBER_OF, 1, id);
    int count = prov_tx_ids(&a->tx, &prefix, &groups);
    for (int i = 0; i < count; i++) {
        leave(a, &groups[i], id);
        prov_apply_move(a, &groups[i], touch->now);
        prov_rows_touch_all(&a->tx, &groups[i], &others);
    }
}

PROV_EFFECT(moved)
{
    if (!a->members_changed)
        return;
    /* A resource that this plan put has its new version already. */
    if (!prov_id_equal(&a->put, &op->id))
        prov_apply_move(a, &op->id, op->touch.now);
    prov_rows_touch_all(&a->tx, &op->id, &op->touch);
}
