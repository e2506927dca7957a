#include "store/lmdb/intent.h"

#include <string.h>

/* Shorter plans that delete nothing are never large, whatever number of targets there is. */
#define SHORT_MOST 8

static bool may_be_large(const prov_plan *plan)
{
    bool may = prov_plan_length(plan) > SHORT_MOST;
    for (int i = 0; !may && i < prov_plan_length(plan); i++) {
        prov_op_code code = prov_plan_op(plan, i)->code;
        may = code == PROV_OP_DELETE || code == PROV_OP_MEMBER_REMOVE_ALL || code == PROV_OP_GRANT;
    }
    return may;
}

static bool wants_intent(prov_store *s, const prov_plan *plan, prov_id *whose)
{
    prov_tx tx = { .env = &s->env };
    if (!may_be_large(plan) || prov_env_read_begin(&s->env, &tx.txn))
        return false;
    bool wants = prov_intent_wants(&tx, plan, whose);
    prov_env_read_end(&s->env, tx.txn);
    return wants;
}

static void submit_large(prov_preparing *s)
{
    bool unknown;
    int rc = prov_committer_step(&s->store->committer, prov_intent_begin, s, &unknown);
    if (rc)
        *s->verdict = (prov_verdict){ .kind = unknown ? PROV_UNKNOWN : prov_env_verdict(rc) };
    if (s->number)
        prov_intent_go_on(s);
}

static void submit_once(prov_store *s, const prov_plan *plan, prov_verdict *verdict)
{
    prov_preparing large = { .store = s, .plan = plan, .verdict = verdict };
    if (wants_intent(s, plan, &large.id))
        submit_large(&large);
    else
        prov_committer_submit(&s->committer, &plan, verdict, 1);
}

/* Whether it is worth another try: what was in the way is gone. */
static bool wait_for_other(prov_store *s, const prov_verdict *verdict, apr_time_t *until)
{
    if (verdict->kind != PROV_REFUSED || verdict->why != PROV_BUSY)
        return false;
    if (!*until)
        *until = apr_time_now() + PROV_INTENT_PATIENCE;
    return prov_intent_wait(s, &verdict->holder, *until);
}

void prov_store_submit(prov_store *s, const prov_plan *plan, prov_verdict *verdict)
{
    apr_time_t until = 0;
    do
        submit_once(s, plan, verdict);
    while (wait_for_other(s, verdict, &until));
}

void prov_store_submit_all(prov_store *s, const prov_plan *const plans[], prov_verdict verdicts[],
                           int count)
{
    prov_id whose;
    for (int from = 0, to = 0; from < count; from = to) {
        while (to < count && !wants_intent(s, plans[to], &whose))
            to++;
        prov_committer_submit(&s->committer, plans + from, verdicts + from, to - from);
        if (to < count) {
            prov_store_submit(s, plans[to], &verdicts[to]);
            to++;
        }
    }
}

/* --- decisions ------------------------------------------------------------------------------ */

typedef struct decision {
    prov_store *store;
    prov_store_decide *decide;
    void *baton;
    prov_verdict *verdict;
    prov_preparing large;
} decision;

/* A large plan only begins here; from then on nobody else can change what it was decided on. */
static void decide(prov_tx *tx, void *baton)
{
    decision *d = baton;
    prov_snapshot now = { .store = d->store,
                          .tx = { .env = tx->env, .txn = tx->txn },
                          .began = apr_time_now() };
    const prov_plan *plan = d->decide(d->baton, &now);
    if (!plan)
        return;
    d->large.plan = plan;
    if (prov_intent_wants(tx, plan, &d->large.id)) {
        prov_intent_begin(tx, &d->large);
        return;
    }
    prov_apply a = { .tx = *tx, .plan = plan, .verdict = d->verdict };
    prov_apply_plan(&a);
    *tx = a.tx;
}

static void decide_once(decision *d)
{
    bool unknown;
    memset(d->verdict, 0, sizeof *d->verdict);
    d->large = (prov_preparing){ .store = d->store, .verdict = d->verdict };
    int rc = prov_committer_step(&d->store->committer, decide, d, &unknown);
    if (rc)
        *d->verdict = (prov_verdict){ .kind = unknown ? PROV_UNKNOWN : prov_env_verdict(rc) };
    if (d->large.number)
        prov_intent_go_on(&d->large);
}

void prov_store_exclusive(prov_store *s, prov_store_decide *fn, void *baton, prov_verdict *verdict)
{
    decision d = { .store = s, .decide = fn, .baton = baton, .verdict = verdict };
    apr_time_t until = 0;
    do
        decide_once(&d);
    while (wait_for_other(s, verdict, &until));
}
