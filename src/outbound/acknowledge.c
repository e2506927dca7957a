/* How a job ends: one plan with the acknowledgement of the link and what the target's row is told.
 * Until it is durable nothing has ended; if it never becomes so, the lease runs out and the next
 * holder finds an open attempt, which it probes. */
#include "outbound/engine.h"
#include "base/fault.h"
#include "base/log.h"
#include "outbound/retry.h"

#define EXCERPT_MOST   512
#define REFERENCE_WAIT apr_time_from_sec(10) /* before looking again for who is referred to */

prov_bytes prov_job_encode(const prov_job *job, const prov_object *o)
{
    prov_head head = { .type = job->type->number };
    return o ? prov_record_write(job->pool, &head, o).bytes : (prov_bytes){ 0 };
}

apr_time_t prov_job_later(const prov_job *job)
{
    const prov_connector_config *c = job->reach->config;
    return apr_time_now() + prov_retry_after(job->link.tries + 1, c->retry_first, c->retry_factor,
                                             c->retry_max, &job->id);
}

/* A healthy target hears nothing new from one more good answer. */
static bool is_news(const prov_job *job, const prov_outcome *o)
{
    if (!o->now)
        return false;
    bool good = o->event == PROV_TARGET_GOOD || o->event == PROV_TARGET_GOOD_WRITE;
    return !good || job->target.breaker != PROV_BREAKER_CLOSED || job->target.bad_row > 0 ||
           job->target.paused_until > 0;
}

/* What happens to a target is said once: by whose answer made it happen. */
static void say(const prov_job *job, const prov_outcome *o)
{
    bool closed = job->target.breaker == PROV_BREAKER_CLOSED;
    bool opens = o->event == PROV_TARGET_PAUSE ||
                 (o->event == PROV_TARGET_BAD && job->target.bad_row + 1 >= PROV_BREAKER_ROW);
    if (closed && opens)
        prov_log(PROV_LOG_WARNING, "PROV0201: %s is paused: %.*s", job->reach->name,
                 (int)o->reason.len, (const char *)o->reason.data);
    else if (!closed && o->event == PROV_TARGET_GOOD_WRITE)
        prov_log(PROV_LOG_NOTICE, "PROV0202: %s works again", job->reach->name);
}

static void announce(prov_engine *e)
{
    apr_thread_mutex_lock(e->lock);
    e->outcomes++;
    apr_thread_cond_broadcast(e->done);
    apr_thread_mutex_unlock(e->lock);
}

/* A try that failed beyond the time a link may fail is refused: it stops until the next change. */
static void give_up(const prov_job *job, prov_ack *a)
{
    const prov_connector_config *c = job->reach->config;
    apr_time_t most = job->link.queue == PROV_QUEUE_URGENT ? c->urgent_give_up : c->give_up;
    if (a->counts && most > 0 && job->link.failing && a->now - job->link.failing > most)
        a->refused = true;
}

/* In this order: the lease that ends makes room for the one that begins. */
static void submit_with_next(prov_job *job, const prov_plan *ended, prov_verdict verdicts[2])
{
    const prov_plan *plans[2] = { ended, prov_ahead_claim(job) };
    prov_store_submit_all(job->engine->store, plans, verdicts, plans[1] ? 2 : 1);
    if (plans[1])
        prov_ahead_claimed(job, verdicts[1].kind == PROV_DONE);
}

bool prov_job_acknowledge(prov_job *job, prov_ending *s)
{
    prov_verdict verdicts[2], *verdict = verdicts;
    prov_ack *a = &s->ack;
    prov_plan *plan = s->also ? s->also : prov_plan_make(job->pool);
    a->process = job->lease.process;
    a->claim = job->lease.claim;
    a->now = apr_time_now();
    if (!a->sent)
        a->sent = job->link.wanted;
    /* Twice, as who has the lease then may be at a call that began before. */
    if (job->link.attempt)
        a->late = a->now + 2 * job->engine->config->settings.call_limit;
    if (a->excerpt.len > EXCERPT_MOST)
        a->excerpt.len = EXCERPT_MOST;
    give_up(job, a);
    prov_plan_ack(plan, &job->id, job->reach->number, a);
    if (is_news(job, &s->outcome))
        prov_plan_target_event(plan, job->reach->number, &s->outcome);
    /* What it should look like there was computed from a configuration that may be an older one. */
    prov_plan_recheck(plan, &job->id, prov_engine_generation(job->engine));
    prov_fault_point("acknowledge");
    submit_with_next(job, plan, verdicts);
    announce(job->engine);
    if (verdict->kind == PROV_DONE && is_news(job, &s->outcome))
        say(job, &s->outcome);
    if (verdict->kind == PROV_REFUSED && verdict->why == PROV_REMOTE_TAKEN && a->has_remote) {
        a->has_remote = a->has_copy = false;
        a->remote = (prov_bytes){ 0 };
        prov_job_refuse(job, "the target answered with an object that another of our resources "
                             "is linked to");
    } else if (verdict->kind != PROV_DONE && verdict->kind != PROV_REFUSED)
        prov_log(PROV_LOG_WARNING,
                 "PROV0203: %s: an outcome could not be stored; it will be asked for again",
                 job->reach->name);
    return verdict->kind == PROV_DONE;
}

void prov_job_release(prov_job *job, apr_time_t due, const char *why)
{
    prov_ending s = { .ack = {
                          .kind = PROV_ACK_RELEASED, .due = due, .excerpt = prov_bytes_of(why) } };
    prov_job_acknowledge(job, &s);
}

void prov_job_refuse(prov_job *job, const char *why)
{
    prov_ending s = { .ack = { .kind = PROV_ACK_NOT_APPLIED,
                               .refused = true,
                               .counts = true,
                               .status = (uint16_t)job->written,
                               .excerpt = prov_bytes_of(why) } };
    prov_job_acknowledge(job, &s);
}

static prov_outcome outcome_of(const prov_job *job, prov_target_event event, apr_time_t wait,
                               const prov_answer *a)
{
    apr_time_t now = apr_time_now();
    return (prov_outcome){ .event = event,
                           .now = now,
                           .until = now + wait,
                           .status = (uint16_t)(a ? a->status : 0),
                           .first = job->reach->config->retry_first,
                           .most = job->reach->config->retry_max,
                           .factor = job->reach->config->retry_factor,
                           .reason = prov_bytes_of(a && a->excerpt ? a->excerpt : "") };
}

void prov_job_applied(prov_job *job, prov_at_target at, const prov_remote *remote,
                      const prov_object *as, bool more, prov_plan *also)
{
    bool wrote = job->link.attempt != 0;
    prov_ending s = { .ack = { .kind = PROV_ACK_APPLIED,
                               .sent = job->link.wanted,
                               .at = at,
                               .more = more,
                               .has_copy = as || at == PROV_AT_REMOVED,
                               .copy = prov_job_encode(job, as),
                               .status = (uint16_t)(wrote ? job->written : job->link.last_status) },
                      .also = also };
    if (at == PROV_AT_REMOVED) {
        s.ack.has_remote = true;
        if (job->link.verify) /* the name is ours until all is known */
            s.ack.key = job->link.key;
    } else if (remote && remote->id) {
        s.ack.has_remote = true;
        s.ack.remote = prov_bytes_of(remote->id);
        s.ack.etag = prov_bytes_of(remote->etag);
        s.ack.key = prov_job_key(job, prov_job_name(job, as ? as : job->applied));
    }
    /* Something before this write ended without an answer and may still arrive there. */
    apr_time_t now = apr_time_now();
    if (job->link.verify && wrote)
        s.ack.verify = now + job->engine->config->settings.call_limit;
    else if (job->reference_waits && at == PROV_AT_ACTIVE)
        s.ack.verify =
            now + (job->reach->config->retry_max < REFERENCE_WAIT ? job->reach->config->retry_max
                                                                  : REFERENCE_WAIT);
    if (wrote)
        s.outcome = outcome_of(job, PROV_TARGET_GOOD_WRITE, 0, NULL);
    prov_job_acknowledge(job, &s);
}

prov_at_target prov_job_place(const prov_job *job, const prov_object *read)
{
    const prov_attr *active = prov_schema_attr(job->type->schema, "active", 6);
    const prov_value *v = active ? prov_object_first(read, active) : NULL;
    return v && !v->boolean ? PROV_AT_DISABLED : PROV_AT_ACTIVE;
}

/* All attributes that a call without a clean end may still set there, this one's and earlier ones'.
 */
static const prov_object *suspected(const prov_job *job)
{
    if (!job->sent || !job->suspect)
        return job->sent ? job->sent : job->suspect;
    prov_object *all = prov_object_copy(job->pool, job->sent);
    for (int i = 0; i < job->suspect->count; i++) {
        const prov_field *f = &job->suspect->fields[i];
        if (!f->attr || prov_object_get(all, f->attr))
            continue;
        prov_field *to = prov_object_set(all, f->attr);
        for (int k = 0; k < f->count; k++)
            *prov_field_add(all, to) = f->values[k];
    }
    return all;
}

void prov_job_observed(prov_job *job, const prov_remote *remote, const prov_answer *a,
                       bool was_ambiguous)
{
    prov_ending s = { .ack = { .kind = PROV_ACK_OBSERVED,
                               .at = PROV_AT_NOTHING,
                               .has_remote = true,
                               .has_copy = true,
                               .status = (uint16_t)(a ? a->status : 0) },
                      .outcome = outcome_of(job, PROV_TARGET_GOOD, 0, a) };
    /* A call may still arrive there: until that is known, nobody else of ours takes the name. */
    if (!remote && was_ambiguous)
        s.ack.key = job->link.sent_key;
    if (remote) {
        s.ack.at = prov_job_place(job, remote->object);
        s.ack.remote = prov_bytes_of(remote->id);
        s.ack.etag = prov_bytes_of(remote->etag);
        s.ack.key = prov_job_key(job, remote->name);
        s.ack.copy = prov_job_encode(job, prov_job_managed(job, remote->object));
    }
    if (was_ambiguous) {
        s.ack.suspect = prov_job_encode(job, suspected(job));
        s.ack.verify = apr_time_now() + 2 * job->engine->config->settings.call_limit;
    }
    prov_job_acknowledge(job, &s);
}

bool prov_job_ask_target(prov_job *job)
{
    prov_verdict verdict;
    if (!prov_job_keeps_lease(job))
        return false;
    prov_answer a = job->reach->connector->probe(&job->call);
    prov_retry_context ctx = { .did = PROV_DID_PROBE, .now = apr_time_now() };
    prov_meaning m = prov_retry_meaning(&a, ctx);
    prov_outcome o = outcome_of(job, m.event, m.wait, &a);
    if (is_news(job, &o)) {
        prov_plan *plan = prov_plan_make(job->pool);
        prov_plan_target_event(plan, job->reach->number, &o);
        prov_store_submit(job->engine->store, plan, &verdict);
    }
    return m.effect == PROV_EFFECT_APPLIED;
}

static prov_meaning meaning_of(prov_job *job, const prov_answer *a, prov_did did)
{
    prov_retry_context ctx = { .did = did, .now = apr_time_now() };
    prov_meaning m = prov_retry_meaning(a, ctx);
    if (m.effect == PROV_EFFECT_NEEDS_PROBE) {
        ctx.probed = true;
        ctx.probe_good = prov_job_ask_target(job);
        m = prov_retry_meaning(a, ctx);
    }
    return m;
}

void prov_job_failed(prov_job *job, const prov_answer *a, int did, prov_plan *also)
{
    bool wrote = did == PROV_DID_CREATE || did == PROV_DID_UPDATE || did == PROV_DID_REMOVE ||
                 did == PROV_DID_MEMBERS;
    prov_meaning m = meaning_of(job, a, did);
    prov_ending s = { .ack = { .status = (uint16_t)a->status,
                               .counts = true,
                               .due = m.wait ? apr_time_now() + m.wait : prov_job_later(job),
                               .excerpt = prov_bytes_of(a->excerpt) },
                      .outcome = outcome_of(job, m.event, m.wait, a),
                      .also = also };
    /* A probe's own failure never changes what is known about the attempt. */
    s.ack.kind = !wrote                    ? PROV_ACK_RELEASED
                 : m.certainly_not_applied ? PROV_ACK_NOT_APPLIED
                                           : PROV_ACK_AMBIGUOUS;
    s.ack.refused = wrote && m.effect == PROV_EFFECT_REFUSED;
    prov_job_acknowledge(job, &s);
}

bool prov_job_keeps_lease(prov_job *job)
{
    apr_time_t limit = job->engine->config->settings.call_limit, now = apr_time_now();
    if (job->lease.until - now > limit)
        return true;
    prov_verdict verdict;
    prov_plan *plan = prov_plan_make(job->pool);
    prov_lease longer = { job->lease.process, job->lease.claim, now + 2 * limit };
    prov_plan_renew(plan, &job->id, job->reach->number, &longer);
    prov_store_submit(job->engine->store, plan, &verdict);
    if (verdict.kind != PROV_DONE)
        return false;
    job->lease.until = longer.until;
    return true;
}
