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
    prov_row_key key;
    PROV_KEY(&a->tx, key, MEMBER, &op->id, &op->other);
    if (prov_tx_has(&a->tx, &key))
        return;
    prov_rows_membership_put(&a->tx, &op->id, &op->other, 0);
    prov_rows_edges_want(&a->tx, &op->id, &op->other, true);
    prov_rows_touch_all(&a->tx, &op->other, &op->touch);
    a->members_changed = true;
}

static bool leave(prov_apply *a, const prov_id *group, const prov_id *member)
{
    prov_row_key key;
    PROV_KEY(&a->tx, key, MEMBER, group, member);
    if (!prov_tx_has(&a->tx, &key))
        return false;
    prov_rows_membership_drop(&a->tx, group, member);
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
    int count = prov_rows_members(&a->tx, group, NULL, &members);
    for (int i = 0; i < count; i++) {
        leave(a, group, &members[i]);
        prov_rows_touch_all(&a->tx, &members[i], touch);
    }
}

PROV_EFFECT(member_remove_all)
{
    remove_members(a, &op->id, &op->touch);
}

static bool stays(prov_bytes row)
{
    return !row.len || !(row.data[0] & PROV_MARK_OF_MEMBER);
}

/* An intent has marked all of them: its members, who cannot have become others meanwhile, and the
 * groups that it was in when it began. */
void prov_apply_leave_all(prov_apply *a, const prov_id *id, const prov_touch *touch)
{
    const prov_id *groups;
    prov_touch others = *touch; /* they are not the ones who go */
    others.gone = false;
    others.queue = PROV_QUEUE_NORMAL;
    if (!a->own)
        remove_members(a, id, &others);
    int count = prov_rows_groups(&a->tx, id, a->own ? stays : NULL, &groups);
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
