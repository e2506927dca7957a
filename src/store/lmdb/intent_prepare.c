/* The part of a plan that makes it large, as marks and rows that nobody sees. */
#include "store/lmdb/intent.h"

/* The touch of an intent that walks away from what it deletes: they are not the ones who go. */
static prov_touch touch_of_others(const prov_op *op)
{
    prov_touch touch = op->touch;
    touch.gone = false;
    touch.queue = PROV_QUEUE_NORMAL;
    return touch;
}

/* Of what makes it large: also a new link of the group alone, whose edges follow. */
static prov_touch first_touch(const prov_plan *plan, const prov_id *own)
{
    prov_touch none = { 0 };
    for (int i = 0; i < prov_plan_length(plan); i++) {
        const prov_op *op = prov_plan_op(plan, i);
        if (prov_apply_is_put_off(op, own) || op->code == PROV_OP_DELETE ||
            op->code == PROV_OP_GRANT)
            return touch_of_others(op);
    }
    return none;
}

void prov_intent_begin(prov_tx *tx, void *baton)
{
    prov_preparing *s = baton;
    prov_apply a = { .tx = *tx, .plan = s->plan, .verdict = s->verdict, .own = &s->id };
    bool good = prov_apply_check(&a);
    *tx = a.tx;
    if (!good || tx->rc)
        return;
    prov_row_key key;
    PROV_KEY(tx, key, INTENT, &s->id);
    if (prov_tx_has(tx, &key)) {
        prov_apply_refuse_for(&a, PROV_BUSY, &s->id);
        return;
    }
    s->number = prov_tx_next(tx, "intent");
    prov_intent intent = { .resource = s->id,
                           .number = s->number,
                           .state = PROV_INTENT_PREPARING,
                           .pid = s->store->pid,
                           .started = s->store->started,
                           .until = apr_time_now() + PROV_INTENT_LEASE,
                           .touch = first_touch(s->plan, &s->id) };
    prov_rows_intent_put(tx, &intent);
}

/* False: somebody has taken it for abandoned. */
static bool hold(prov_tx *tx, prov_preparing *s, prov_intent *intent)
{
    if (prov_rows_intent(tx, &s->id, intent) && intent->number == s->number &&
        intent->state == PROV_INTENT_PREPARING)
        return true;
    *s->verdict = (prov_verdict){ .kind = PROV_BROKEN };
    return false;
}

/* --- what is owed --------------------------------------------------------------------------- */

static void read_row(prov_tx *tx, const prov_row_key *key, prov_buf *b)
{
    prov_bytes row;
    prov_buf_init(b, tx->scratch, 16);
    if (prov_tx_get(tx, key, &row))
        prov_buf_add(b, row.data, row.len);
    else
        prov_buf_byte(b, 0);
}

static void owe(prov_tx *tx, const prov_id *own, const prov_id *other, uint8_t flags)
{
    prov_row_key key;
    prov_buf row;
    PROV_KEY(tx, key, OWED, own, other);
    read_row(tx, &key, &row);
    row.data[0] |= flags;
    prov_tx_put(tx, &key, prov_buf_bytes(&row));
}

/* A grant that is there, with its link, owes nothing. */
static void owe_grant(prov_tx *tx, const prov_id *own, const prov_op *op)
{
    prov_row_key key, link;
    prov_buf row;
    PROV_KEY(tx, key, GRANT, &op->id, op->target, op->application);
    PROV_KEY(tx, link, LINK, &op->id, op->target);
    if (prov_tx_has(tx, &key) && prov_tx_has(tx, &link))
        return;
    PROV_KEY(tx, key, OWED, own, &op->id);
    read_row(tx, &key, &row);
    prov_put_u16(&row, op->type);
    prov_put_u32(&row, op->target);
    prov_put_u16(&row, op->application);
    prov_tx_put(tx, &key, prov_buf_bytes(&row));
}

/* --- marks ---------------------------------------------------------------------------------- */

/* A membership of `own`, on either side. What another intent has marked is that one's. */
static void mark(prov_tx *tx, prov_preparing *s, prov_intent *in, const prov_id *other,
                 uint8_t mark)
{
    bool of_member = (mark & PROV_MARK_OF_MEMBER) != 0, adds = (mark & PROV_MARK_ADDED) != 0;
    const prov_id *group = of_member ? other : &s->id, *member = of_member ? &s->id : other;
    prov_row_key key;
    prov_bytes row = { NULL, 0 };
    PROV_KEY(tx, key, MEMBER, group, member);
    bool there = prov_tx_get(tx, &key, &row);
    if (row.len && (row.data[0] & PROV_MARK_OF_MEMBER) != (mark & PROV_MARK_OF_MEMBER)) {
        if (prov_id_equal(group, member))
            return;
        *s->verdict = (prov_verdict){ .kind = PROV_REFUSED, .why = PROV_BUSY, .holder = *other };
        return;
    }
    bool is = there && (!row.len || row.data[0] & PROV_MARK_ADDED);
    if (is == adds)
        return;
    if (!row.len) {
        prov_rows_membership_put(tx, group, member, mark);
        in->marks++;
    } else if (adds) { /* what this plan did before it takes back */
        prov_rows_membership_put(tx, group, member, 0);
        in->marks--;
    } else {
        prov_rows_membership_drop(tx, group, member);
        in->marks--;
    }
    owe(tx, &s->id, other, 0);
}

static bool is_put(const prov_plan *plan, const prov_id *id)
{
    for (int i = 0; i < prov_plan_length(plan); i++) {
        const prov_op *op = prov_plan_op(plan, i);
        if (op->code == PROV_OP_PUT && prov_id_equal(&op->id, id))
            return true;
    }
    return false;
}

static void add(prov_tx *tx, prov_preparing *s, prov_intent *in, const prov_id *member)
{
    if (prov_rows_exists(tx, member) || (prov_id_equal(member, &s->id) && is_put(s->plan, member)))
        mark(tx, s, in, member, PROV_MARK_ADDED);
    else
        *s->verdict =
            (prov_verdict){ .kind = PROV_REFUSED, .why = PROV_NO_MEMBER, .holder = *member };
}

static bool is_going_on(const prov_tx *tx, const prov_preparing *s)
{
    return tx->rc == 0 && s->verdict->kind == PROV_DONE && tx->rows < PROV_INTENT_ROWS;
}

/* --- walks ---------------------------------------------------------------------------------- */

#define WALK_MOST (PROV_INTENT_ROWS / 3)

static int next_ids(prov_tx *tx, const prov_preparing *s, prov_id ids[WALK_MOST])
{
    prov_row_key prefix, from;
    prov_walk w;
    int count = 0;
    prov_row_key_prefix(&prefix, tx->env->tenant,
                        s->climbing ? PROV_TABLE_MEMBER_OF : PROV_TABLE_MEMBER, 1, &s->id);
    prov_row_key_make(&from, tx->env->tenant, prefix.table, &s->id, &s->after);
    prov_walk_begin(&w, tx, &prefix, s->walking ? &from : NULL);
    while (count < WALK_MOST && prov_walk_next(&w))
        ids[count++] = *prov_row_key_last_id(w.key);
    prov_walk_end(&w);
    return count;
}

/* One stretch of the members, then of the groups; true when all of the operation is prepared. */
static bool walk(prov_tx *tx, prov_preparing *s, prov_intent *in, bool climbs)
{
    prov_id *ids = apr_palloc(tx->scratch, WALK_MOST * sizeof *ids);
    int count = next_ids(tx, s, ids), i = 0;
    for (; i < count && is_going_on(tx, s); i++) {
        mark(tx, s, in, &ids[i], PROV_MARK_REMOVED | (s->climbing ? PROV_MARK_OF_MEMBER : 0));
        s->after = ids[i];
        s->walking = true;
    }
    if (i < count || count == WALK_MOST)
        return false;
    s->walking = false;
    if (s->climbing || !climbs) {
        s->climbing = false;
        return true;
    }
    s->climbing = true;
    return false;
}

/* False: there is more to do about it. */
static bool prepare_one(prov_tx *tx, prov_preparing *s, prov_intent *in, const prov_op *op)
{
    switch (op->code) {
    case PROV_OP_MEMBER_ADD:
        add(tx, s, in, &op->other);
        return true;
    case PROV_OP_MEMBER_REMOVE:
        mark(tx, s, in, &op->other, PROV_MARK_REMOVED);
        return true;
    case PROV_OP_MEMBER_REMOVE_ALL:
    case PROV_OP_DELETE:
        return walk(tx, s, in, op->code == PROV_OP_DELETE);
    case PROV_OP_TOUCH:
        owe(tx, &s->id, &op->id, PROV_OWES_TOUCH);
        return true;
    default:
        owe_grant(tx, &s->id, op);
        return true;
    }
}

void prov_intent_prepare(prov_tx *tx, void *baton)
{
    prov_preparing *s = baton;
    prov_intent intent;
    if (!hold(tx, s, &intent))
        return;
    if (tx->low) { /* while what was marked can still be taken back */
        *s->verdict = (prov_verdict){ .kind = PROV_FULL };
        return;
    }
    for (int i = 0;
         i < PROV_TRANSACTION_ROWS && s->at < prov_plan_length(s->plan) && is_going_on(tx, s);
         i++) {
        const prov_op *op = prov_plan_op(s->plan, s->at);
        bool large = prov_apply_is_put_off(op, &s->id) || op->code == PROV_OP_DELETE;
        if (!large || prepare_one(tx, s, &intent, op))
            s->at++;
    }
    intent.until = apr_time_now() + PROV_INTENT_LEASE;
    prov_rows_intent_put(tx, &intent);
}

void prov_intent_switch(prov_tx *tx, void *baton)
{
    prov_preparing *s = baton;
    prov_intent intent;
    prov_row_key owed;
    prov_walk w;
    if (!hold(tx, s, &intent))
        return;
    bool there = prov_rows_exists(tx, &s->id);
    PROV_PREFIX(tx, owed, OWED, 1, &s->id);
    prov_walk_begin(&w, tx, &owed, NULL);
    prov_apply a = { .tx = *tx,
                     .plan = s->plan,
                     .verdict = s->verdict,
                     .members_changed = intent.marks > 0,
                     .own = &s->id };
    a.tx.changed = prov_walk_next(&w);
    prov_walk_end(&w);
    prov_apply_plan(&a);
    *tx = a.tx;
    if (s->verdict->kind != PROV_DONE)
        return;
    intent.state = PROV_INTENT_SWITCHED;
    intent.edges = a.edges_left && there;
    intent.until = apr_time_now() + PROV_INTENT_LEASE;
    prov_rows_intent_put(tx, &intent);
}
