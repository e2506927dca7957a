/* An intent's end: what it owes is paid, or what it has prepared is taken back. */
#include "store/lmdb/intent.h"

#define UNITS_MOST (PROV_INTENT_ROWS / 3) /* owed rows that one step looks at */

typedef struct unit {
    prov_id other;
    prov_bytes row; /* on the scratch pool */
} unit;

static int next_units(prov_tx *tx, const prov_id *own, unit units[UNITS_MOST])
{
    prov_row_key prefix;
    prov_walk w;
    int count = 0;
    PROV_PREFIX(tx, prefix, OWED, 1, own);
    prov_walk_begin(&w, tx, &prefix, NULL);
    while (count < UNITS_MOST && prov_walk_next(&w)) {
        units[count++] = (unit){ .other = *prov_row_key_last_id(w.key),
                                 .row = prov_bytes_copy(tx->scratch, w.value) };
    }
    prov_walk_end(&w);
    return count;
}

/* The intent's own mark on a membership, 0 if there is none. */
static uint8_t mark_of(prov_tx *tx, const prov_id *group, const prov_id *member, uint8_t side)
{
    prov_row_key key;
    prov_bytes row;
    PROV_KEY(tx, key, MEMBER, group, member);
    if (!prov_tx_get(tx, &key, &row) || !row.len || (row.data[0] & PROV_MARK_OF_MEMBER) != side)
        return 0;
    return row.data[0];
}

/* --- undoing -------------------------------------------------------------------------------- */

static void take_back(prov_tx *tx, const prov_id *group, const prov_id *member, uint8_t side)
{
    uint8_t mark = mark_of(tx, group, member, side);
    if (mark & PROV_MARK_ADDED)
        prov_rows_membership_drop(tx, group, member);
    else if (mark)
        prov_rows_membership_put(tx, group, member, 0);
}

static void undo(prov_apply *a, prov_intent *in, const unit *u)
{
    take_back(&a->tx, &in->resource, &u->other, 0);
    take_back(&a->tx, &u->other, &in->resource, PROV_MARK_OF_MEMBER);
}

/* --- finishing ------------------------------------------------------------------------------ */

static bool make_true(prov_tx *tx, const prov_id *group, const prov_id *member, uint8_t side)
{
    uint8_t mark = mark_of(tx, group, member, side);
    if (!mark)
        return false;
    if (mark & PROV_MARK_ADDED)
        prov_rows_membership_put(tx, group, member, 0);
    else
        prov_rows_membership_drop(tx, group, member);
    prov_rows_edges_want(tx, group, member, (mark & PROV_MARK_ADDED) != 0);
    return true;
}

static void grant(prov_apply *a, const prov_intent *in, const unit *u)
{
    prov_reader r = prov_read(u->row);
    prov_get_u8(&r);
    while (r.at < r.end && !r.bad) {
        prov_op op = { .code = PROV_OP_GRANT, .id = u->other, .touch = in->touch };
        op.type = prov_get_u16(&r);
        op.target = prov_get_u32(&r);
        op.application = prov_get_u16(&r);
        prov_effect_grant(a, &op);
    }
}

static void finish(prov_apply *a, prov_intent *in, const unit *u)
{
    bool touched = u->row.len && u->row.data[0] & PROV_OWES_TOUCH;
    if (make_true(&a->tx, &in->resource, &u->other, 0))
        a->members_changed = touched = true;
    if (make_true(&a->tx, &u->other, &in->resource, PROV_MARK_OF_MEMBER)) {
        /* A group that lost the member that is gone: each is its own, with a version of its own. */
        prov_apply_move(a, &u->other, in->touch.now);
        touched = true;
    }
    if (touched)
        prov_rows_touch_all(&a->tx, &u->other, &in->touch);
    grant(a, in, u);
}

/* A new link of the group: an edge for each member. True when all have theirs. */
static bool follow_edges(prov_apply *a, prov_intent *in)
{
    prov_row_key prefix, from;
    prov_walk w;
    prov_id *ids = apr_palloc(a->tx.scratch, UNITS_MOST * sizeof *ids);
    int count = 0, i = 0;
    PROV_PREFIX(&a->tx, prefix, MEMBER, 1, &in->resource);
    PROV_KEY(&a->tx, from, MEMBER, &in->resource, &in->at);
    prov_walk_begin(&w, &a->tx, &prefix, &from);
    while (count < UNITS_MOST && prov_walk_next(&w)) {
        if (prov_rows_has_edges(w.value))
            ids[count++] = *prov_row_key_last_id(w.key);
    }
    prov_walk_end(&w);
    for (; i < count && a->tx.rows < PROV_INTENT_ROWS; i++) {
        prov_rows_edges_want(&a->tx, &in->resource, &ids[i], true);
        in->at = ids[i];
        a->members_changed = true;
    }
    return i == count && count < UNITS_MOST;
}

/* --- a step --------------------------------------------------------------------------------- */

/* True when nothing is owed any more. */
static bool settle_some(prov_apply *a, prov_intent *in)
{
    prov_row_key key;
    unit *units = apr_palloc(a->tx.scratch, UNITS_MOST * sizeof *units);
    int count = next_units(&a->tx, &in->resource, units), i = 0;
    for (; i < count && a->tx.rows < PROV_INTENT_ROWS; i++) {
        if (in->state == PROV_INTENT_SWITCHED)
            finish(a, in, &units[i]);
        else
            undo(a, in, &units[i]);
        PROV_KEY(&a->tx, key, OWED, &in->resource, &units[i].other);
        prov_tx_delete(&a->tx, &key);
    }
    if (i < count || count == UNITS_MOST)
        return false;
    return in->state != PROV_INTENT_SWITCHED || !in->edges || follow_edges(a, in);
}

void prov_intent_settle(prov_tx *tx, void *baton)
{
    prov_settling *s = baton;
    prov_intent in;
    prov_row_key key;
    prov_verdict unasked;
    if (!prov_rows_intent(tx, &s->id, &in) || in.number != s->number) {
        s->over = true;
        return;
    }
    if (in.state == PROV_INTENT_PREPARING)
        in.state = PROV_INTENT_UNDOING; /* its owner can no longer go on with it */
    prov_apply a = { .tx = *tx, .verdict = &unasked };
    s->over = settle_some(&a, &in);
    /* Whoever carries the group's members has looked at the edges that there were. */
    if (a.members_changed && prov_rows_exists(&a.tx, &in.resource))
        prov_rows_touch_all(&a.tx, &in.resource, &in.touch);
    *tx = a.tx;
    in.until = apr_time_now() + PROV_INTENT_LEASE;
    PROV_KEY(tx, key, INTENT, &in.resource);
    if (s->over)
        prov_tx_delete(tx, &key);
    else
        prov_rows_intent_put(tx, &in);
}
