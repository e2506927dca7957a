#include "store/lmdb/intent.h"

#include "base/fault.h"
#include "base/log.h"

#define SETTLE_MOST    apr_time_from_msec(100) /* what a round of settling may take */
#define LOOK_EVERY     apr_time_from_msec(20)  /* while an intent is waited for */
#define ABANDONED_MOST 16                      /* looked at in one round */

/* --- which plans ---------------------------------------------------------------------------- */

static bool is_of_members(const prov_op *op)
{
    return op->code == PROV_OP_MEMBER_ADD || op->code == PROV_OP_MEMBER_REMOVE ||
           op->code == PROV_OP_MEMBER_REMOVE_ALL;
}

static bool is_change(const prov_op *op)
{
    return op->code == PROV_OP_PUT || op->code == PROV_OP_DELETE || is_of_members(op);
}

static bool is_grant(const prov_op *op)
{
    return op->code == PROV_OP_GRANT;
}

/* The one resource of all such operations. */
static bool find_one(const prov_plan *plan, bool (*is_such)(const prov_op *op), prov_id *whose)
{
    bool found = false;
    for (int i = 0; i < prov_plan_length(plan); i++) {
        const prov_op *op = prov_plan_op(plan, i);
        if (!is_such(op))
            continue;
        if (found && !prov_id_equal(whose, &op->id))
            return false;
        *whose = op->id;
        found = true;
    }
    return found;
}

/* What the plan changes; or, if it changes nothing, the group that has a link now. */
static bool find_resource(const prov_plan *plan, prov_id *whose)
{
    for (int i = 0; i < prov_plan_length(plan); i++) {
        if (is_change(prov_plan_op(plan, i)))
            return find_one(plan, is_change, whose);
    }
    return find_one(plan, is_grant, whose);
}

bool prov_intent_wants(prov_tx *tx, const prov_plan *plan, prov_id *whose)
{
    return find_resource(plan, whose) && prov_apply_bound(tx, plan) > PROV_TRANSACTION_ROWS;
}

/* --- settling ------------------------------------------------------------------------------- */

/* Until it is settled, or `until`. 0, or why it cannot go on. */
static int settle(prov_store *s, prov_settling *what, apr_time_t until)
{
    int rc = 0;
    do {
        rc = prov_committer_step(&s->committer, prov_intent_settle, what, NULL);
        prov_fault_point("settle");
    } while (rc == 0 && !what->over && (!until || apr_time_now() < until));
    return rc;
}

static int find_abandoned(prov_tx *tx, prov_settling found[ABANDONED_MOST])
{
    apr_time_t now = apr_time_now();
    prov_row_key prefix;
    prov_intent intent;
    prov_walk w;
    int count = 0;
    PROV_PREFIX(tx, prefix, INTENT, 0);
    prov_walk_begin(&w, tx, &prefix, NULL);
    while (count < ABANDONED_MOST && prov_walk_next(&w)) {
        if (prov_rows_intent_read(w.key, w.value, &intent) &&
            prov_rows_intent_is_abandoned(&intent, now))
            found[count++] = (prov_settling){ .id = intent.resource, .number = intent.number };
    }
    prov_walk_end(&w);
    return count;
}

prov_err *prov_store_settle(prov_store *s, apr_pool_t *p, bool *more)
{
    apr_time_t until = apr_time_now() + SETTLE_MOST;
    prov_settling found[ABANDONED_MOST];
    prov_tx tx = { .env = &s->env };
    *more = false;
    int rc = prov_env_read_begin(&s->env, &tx.txn);
    if (rc)
        return prov_env_err(p, &s->env, rc, "The store cannot be read");
    int count = find_abandoned(&tx, found);
    prov_env_read_end(&s->env, tx.txn);
    for (int i = 0; i < count && rc == 0; i++) {
        rc = settle(s, &found[i], until);
        *more |= !found[i].over;
    }
    return rc ? prov_env_err(p, &s->env, rc, "An intent cannot be settled") : NULL;
}

static bool is_open(prov_store *s, const prov_id *resource, prov_intent *intent)
{
    prov_tx tx = { .env = &s->env };
    if (prov_env_read_begin(&s->env, &tx.txn))
        return true;
    bool open = prov_rows_intent(&tx, resource, intent);
    prov_env_read_end(&s->env, tx.txn);
    return open;
}

bool prov_intent_wait(prov_store *s, const prov_id *resource, apr_time_t until)
{
    prov_intent intent = { .until = until };
    while (is_open(s, resource, &intent)) {
        apr_time_t now = apr_time_now();
        if (now >= until)
            return false;
        prov_settling what = { .id = intent.resource, .number = intent.number };
        if (!prov_rows_intent_is_abandoned(&intent, now) || settle(s, &what, until))
            apr_sleep(LOOK_EVERY);
    }
    return true;
}

/* --- going on ------------------------------------------------------------------------------- */

static bool run(prov_preparing *s, prov_step *step)
{
    bool unknown;
    int rc = prov_committer_step(&s->store->committer, step, s, &unknown);
    if (rc)
        *s->verdict = (prov_verdict){ .kind = unknown ? PROV_UNKNOWN : prov_env_verdict(rc) };
    return s->verdict->kind == PROV_DONE;
}

void prov_intent_go_on(prov_preparing *s)
{
    prov_settling what = { .id = s->id, .number = s->number };
    bool good = s->verdict->kind == PROV_DONE;
    while (good && s->at < prov_plan_length(s->plan)) {
        good = run(s, prov_intent_prepare);
        prov_fault_point("prepare");
    }
    good = good && run(s, prov_intent_switch);
    int rc = settle(s->store, &what, 0);
    if (rc == 0)
        return;
    prov_log(PROV_LOG_ERROR, "%s: an intent is left to be settled: %s", s->store->env.folder,
             mdb_strerror(rc));
    /* It is true, but not all who are to know of it do. */
    if (good)
        *s->verdict = (prov_verdict){ .kind = PROV_UNKNOWN };
}
