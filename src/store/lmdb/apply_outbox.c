#include "store/lmdb/apply.h"

#include <string.h>

/* --- preconditions -------------------------------------------------------------------------- */

static bool mine(prov_apply *a, const prov_op *op, uint32_t process, uint64_t claim, prov_link *out)
{
    return (prov_rows_link(&a->tx, &op->id, op->target, out) &&
            prov_lease_mine(&out->lease, process, claim)) ||
           prov_apply_refuse(a, PROV_LEASE_LOST);
}

static void end_old_lease(prov_target *target, const prov_link *link)
{
    /* Over a lease that ran out: its call no longer counts. */
    if (link->lease.process)
        prov_target_give_back(target);
}

PROV_CHECK(claim)
{
    prov_link link;
    prov_target target;
    if (!prov_rows_link(&a->tx, &op->id, op->target, &link))
        return prov_apply_refuse(a, PROV_NOT_DUE);
    if (!prov_lease_free(&link.lease, op->claim.now))
        return prov_apply_refuse(a, PROV_LEASED);
    apr_time_t next = prov_link_next(&link);
    if (next == 0 || next > op->claim.now)
        return prov_apply_refuse(a, PROV_NOT_DUE);
    prov_rows_target(&a->tx, op->target, &target);
    end_old_lease(&target, &link);
    return prov_target_take(&target, &op->claim.budget, op->claim.now) ||
           prov_apply_refuse(a, PROV_NO_BUDGET);
}

PROV_CHECK(prepare)
{
    prov_link link;
    prov_id holder;
    if (!mine(a, op, op->prepare.process, op->prepare.claim, &link))
        return false;
    if (op->prepare.sent_key.len == 0 ||
        !prov_rows_key_holder(&a->tx, op->target, link.type, op->prepare.sent_key, &holder) ||
        prov_id_equal(&holder, &op->id))
        return true;
    return prov_apply_refuse_for(a, PROV_KEY_TAKEN, &holder);
}

PROV_CHECK(renew)
{
    prov_link link;
    return mine(a, op, op->claim.lease.process, op->claim.lease.claim, &link);
}

PROV_CHECK(ack)
{
    prov_link link;
    prov_id holder;
    if (!mine(a, op, op->ack.process, op->ack.claim, &link))
        return false;
    if (!op->ack.has_remote || op->ack.remote.len == 0 ||
        !prov_rows_remote_holder(&a->tx, op->target, op->ack.remote, &holder) ||
        prov_id_equal(&holder, &op->id))
        return true;
    return prov_apply_refuse_for(a, PROV_REMOTE_TAKEN, &holder);
}

PROV_CHECK(supersede)
{
    prov_link link, old;
    if (!mine(a, op, op->claim.lease.process, op->claim.lease.claim, &link))
        return false;
    if (!prov_rows_link(&a->tx, &op->other, op->target, &old) || prov_rows_superseded(&old))
        return prov_apply_refuse(a, PROV_NOT_THERE);
    /* Somebody may be disabling the object this very moment, or have tried to. */
    return (!old.lease.process && !old.attempt) ||
           prov_apply_refuse_for(a, PROV_LEASED, &op->other);
}

/* --- copies --------------------------------------------------------------------------------- */

static void put_copy(prov_apply *a, const prov_id *id, uint32_t target, prov_copy which,
                     prov_bytes value)
{
    prov_row_key key;
    PROV_KEY(&a->tx, key, COPY, id, target, (int)which);
    if (value.len)
        prov_tx_put(&a->tx, &key, value);
    else
        prov_tx_delete(&a->tx, &key);
}

/* What is there, and what may still come there, go with the object. */
static void move_copies(prov_apply *a, const prov_id *from, const prov_id *to, uint32_t target)
{
    static const prov_bytes none;
    for (int which = PROV_COPY_APPLIED; which < PROV_COPIES; which++) {
        prov_row_key key;
        prov_bytes copy = none;
        PROV_KEY(&a->tx, key, COPY, from, target, which);
        if (!prov_tx_get(&a->tx, &key, &copy))
            continue;
        if (which == PROV_COPY_APPLIED || which == PROV_COPY_SUSPECT)
            put_copy(a, to, target, (prov_copy)which, prov_bytes_copy(a->tx.scratch, copy));
        put_copy(a, from, target, (prov_copy)which, none);
    }
}

/* --- touches and grants --------------------------------------------------------------------- */

PROV_EFFECT(touch)
{
    prov_rows_touch_all(&a->tx, &op->id, &op->touch);
}

PROV_EFFECT(touch_link)
{
    prov_link link;
    if (prov_rows_link(&a->tx, &op->id, op->target, &link))
        prov_rows_touch(&a->tx, &link, &op->touch);
}

PROV_EFFECT(grant)
{
    prov_row_key key;
    prov_link link;
    PROV_KEY(&a->tx, key, GRANT, &op->id, op->target, op->application);
    bool granted = prov_tx_has(&a->tx, &key);
    bool linked = prov_rows_link(&a->tx, &op->id, op->target, &link);
    if ((granted && linked) || !prov_rows_exists(&a->tx, &op->id))
        return;
    if (!granted)
        prov_tx_mark(&a->tx, &key);
    if (linked) {
        /* Another application's attributes are released from now on. */
        prov_rows_touch(&a->tx, &link, &op->touch);
        return;
    }
    memset(&link, 0, sizeof link);
    link.resource = op->id;
    link.target = op->target;
    link.type = op->type;
    link.queue = PROV_QUEUE_NORMAL;
    prov_link_touch(&link, &op->touch);
    prov_rows_link_put(&a->tx, NULL, &link);
    if (a->own)
        a->edges_left = true;
    else
        prov_rows_edges_make(&a->tx, op->target, &op->id);
}

/* --- a claim's life ------------------------------------------------------------------------- */

PROV_EFFECT(claim)
{
    prov_link old, now;
    prov_target target;
    if (!prov_rows_link(&a->tx, &op->id, op->target, &old))
        return;
    prov_rows_target(&a->tx, op->target, &target);
    end_old_lease(&target, &old);
    prov_target_take(&target, &op->claim.budget, op->claim.now);
    prov_rows_target_put(&a->tx, &target);
    now = old;
    now.lease = op->claim.lease;
    prov_rows_link_put(&a->tx, &old, &now);
}

PROV_EFFECT(prepare)
{
    prov_link old, now;
    if (!prov_rows_link(&a->tx, &op->id, op->target, &old))
        return;
    now = old;
    prov_link_prepare(&now, &op->prepare);
    put_copy(a, &op->id, op->target, PROV_COPY_SENT, op->prepare.copy);
    prov_rows_link_put(&a->tx, &old, &now);
}

PROV_EFFECT(renew)
{
    prov_link old, now;
    if (!prov_rows_link(&a->tx, &op->id, op->target, &old))
        return;
    now = old;
    now.lease.until = op->claim.lease.until;
    prov_rows_link_put(&a->tx, &old, &now);
}

static void keep_copies(prov_apply *a, const prov_op *op, const prov_link *old,
                        const prov_link *now)
{
    static const prov_bytes none;
    if (op->ack.has_copy)
        put_copy(a, &op->id, op->target, PROV_COPY_APPLIED, op->ack.copy);
    if (!now->attempt)
        put_copy(a, &op->id, op->target, PROV_COPY_SENT, none);
    if (op->ack.excerpt.len || op->ack.kind != PROV_ACK_RELEASED)
        put_copy(a, &op->id, op->target, PROV_COPY_EXCERPT, op->ack.excerpt);
    if (op->ack.suspect.len)
        put_copy(a, &op->id, op->target, PROV_COPY_SUSPECT, op->ack.suspect);
    else if (old->verify && !now->verify)
        put_copy(a, &op->id, op->target, PROV_COPY_SUSPECT, none);
}

/* Time 0 is due at once, whatever the clock. */
static prov_touch touch_like(const prov_link *link, apr_time_t now)
{
    return (prov_touch){ .now = now,
                         .queue = PROV_QUEUE_NORMAL,
                         .trigger = link->trigger,
                         .application = link->application };
}

PROV_EFFECT(ack)
{
    prov_link old, now;
    if (!prov_rows_link(&a->tx, &op->id, op->target, &old))
        return;
    now = old;
    prov_link_ack(&now, &op->ack);
    keep_copies(a, op, &old, &now);
    prov_rows_link_put(&a->tx, &old, &now);
    if (!now.remote.len || prov_bytes_equal(old.remote, now.remote))
        return;
    prov_touch touch = touch_like(&now, op->ack.now);
    prov_rows_edges_restart(&a->tx, &now, &touch);
    a->grew = op;
}

/* To be verified some day is not to be worked on. */
static bool has_work_due(const prov_link *link)
{
    prov_link known = *link;
    known.verify = 0;
    return prov_link_next(&known) != 0;
}

void prov_effect_grown(prov_apply *a)
{
    const prov_op *op = a->grew;
    prov_link link;
    if (!op || !prov_rows_link(&a->tx, &op->id, op->target, &link) || has_work_due(&link) ||
        !prov_rows_edges_work(&a->tx, op->target, &op->id))
        return;
    prov_touch touch = touch_like(&link, op->ack.now);
    prov_rows_touch(&a->tx, &link, &touch);
}

/* Whose object it is by now. */
static bool find_successor(prov_apply *a, const prov_op *op, prov_link *out)
{
    bool found = prov_rows_link(&a->tx, &op->id, op->target, out);
    while (found && prov_rows_superseded(out)) {
        prov_id next = out->superseded_by;
        found = prov_rows_link(&a->tx, &next, op->target, out);
    }
    return found;
}

PROV_EFFECT(deposit)
{
    prov_link old, now;
    if (!find_successor(a, op, &old) || prov_lease_mine(&old.lease, op->ack.process, op->ack.claim))
        return;
    now = old;
    prov_link_deposit(&now, &op->ack);
    if (!prov_bytes_equal(old.candidate, now.candidate) || old.verify != now.verify)
        prov_rows_link_put(&a->tx, &old, &now);
}

PROV_EFFECT(wait_for_key)
{
    prov_row_key key;
    prov_link old, now;
    prov_id holder;
    bool held = prov_rows_key_holder(&a->tx, op->target, op->type, op->bytes, &holder) &&
                !prov_id_equal(&holder, &op->id);
    if (held) {
        PROV_KEY(&a->tx, key, WAITER, op->target, op->type, op->bytes, &op->id);
        prov_tx_mark(&a->tx, &key);
    } else if (prov_rows_link(&a->tx, &op->id, op->target, &old)) {
        /* It was released since the refusal: there is nothing to wait for. */
        now = old;
        now.due = 0;
        prov_rows_link_put(&a->tx, &old, &now);
    }
}

PROV_EFFECT(supersede)
{
    static const prov_bytes none;
    prov_link was, old, before, now;
    if (!prov_rows_link(&a->tx, &op->other, op->target, &was))
        return;
    old = was;
    old.superseded_by = op->id;
    old.remote = old.etag = old.key = old.sent_key = old.candidate = none;
    old.attempt = 0;
    old.attempt_kind = PROV_ATTEMPT_NONE;
    prov_rows_link_put(&a->tx, &was, &old);
    move_copies(a, &op->other, &op->id, op->target);
    if (!prov_rows_link(&a->tx, &op->id, op->target, &before))
        return;
    now = before;
    now.remote = was.remote;
    now.etag = was.etag;
    now.key = was.key;
    now.at = was.at;
    /* What may still come to the object is now its business. */
    now.verify = was.verify > before.verify ? was.verify : before.verify;
    prov_rows_link_put(&a->tx, &before, &now);
    prov_touch touch = touch_like(&now, 0);
    prov_rows_edges_restart(&a->tx, &now, &touch);
    prov_rows_edges_inherit(&a->tx, op->target, &op->other, &op->id, &touch);
}

PROV_EFFECT(reclaim)
{
    prov_link old, now;
    if (!prov_rows_link(&a->tx, &op->id, op->target, &old) ||
        !prov_lease_mine(&old.lease, op->claim.lease.process, op->claim.lease.claim))
        return;
    now = old;
    memset(&now.lease, 0, sizeof now.lease);
    prov_rows_link_put(&a->tx, &old, &now);
}
