/* Names at a target are claimed before they are sent: no two links may be on their way to one name.
 * Who finds a name taken waits for its holder, takes over from a leaver, or breaks a circle. */
#include "outbound/engine.h"
#include "base/fault.h"
#include "outbound/retry.h"
#include <apr_strings.h>

#define CIRCLE_MOST 64 /* links followed to see whether waiting leads back to us */

static bool is_leaver(const prov_link *holder)
{
    bool left = holder->at == PROV_AT_DISABLED || holder->at == PROV_AT_OUT_OF_SCOPE;
    return holder->gone && left && !holder->attempt &&
           prov_lease_free(&holder->lease, apr_time_now());
}

/* A leaver's disabled account is free to be taken over by who bears its name now; who has an
 * account already needs only the name. */
static bool may_take_over(const prov_job *job)
{
    return job->reach->config->adopt != PROV_ADOPT_NEVER && !job->link.remote.len;
}

/* Whether our index said so before the call or the target's 409 after it: nothing was applied. */
static prov_ending not_now(const prov_job *job, apr_time_t due)
{
    return (
        prov_ending){ .ack = { .kind = job->link.attempt ? PROV_ACK_NOT_APPLIED : PROV_ACK_RELEASED,
                               .status = job->link.attempt ? 409 : 0,
                               .due = due },
                      .also = prov_plan_make(job->pool) };
}

static void take_over(prov_job *job, const prov_id *from)
{
    prov_ending s = not_now(job, apr_time_now());
    prov_plan_supersede(s.also, from, &job->id, job->reach->number, &job->lease);
    prov_job_acknowledge(job, &s);
}

/* Who holds the name that this resource of ours should have there. */
static bool next_holder(const prov_job *job, prov_snapshot *n, const prov_id *of, prov_id *holder)
{
    prov_object *o = prov_job_map(job, n, of);
    if (!o)
        return false;
    prov_bytes key = prov_job_key(job, prov_job_name(job, o));
    return key.len && prov_snapshot_key(n, job->reach->number, job->link.type, key, holder) &&
           !prov_id_equal(of, holder);
}

/* Everybody on the circle sees it; the least of them acts. */
static bool breaks_circle(const prov_job *job, prov_snapshot *n, prov_id holder, bool *circle)
{
    bool least = true;
    *circle = false;
    for (int i = 0; i < CIRCLE_MOST; i++) {
        if (prov_id_equal(&holder, &job->id)) {
            *circle = true;
            return least;
        }
        if (memcmp(holder.b, job->id.b, sizeof holder.b) < 0)
            least = false;
        prov_id next;
        if (!next_holder(job, n, &holder, &next))
            return false;
        holder = next;
    }
    return false;
}

prov_object *prov_job_aside(const prov_job *job)
{
    const char *name = prov_job_name(job, job->applied);
    if (!name)
        return NULL; /* the target shows none */
    const char *end = apr_pstrcat(job->pool, ".", prov_id_text(job->pool, &job->id), NULL);
    size_t len = strlen(name), end_len = strlen(end);
    if (len > end_len && strcmp(name + len - end_len, end) == 0)
        return NULL;
    prov_object *aside = prov_object_copy(job->pool, job->applied);
    prov_object_put_text(aside, job->type->naming, apr_pstrcat(job->pool, name, end, NULL));
    return aside;
}

/* `leaver`: whom to ask for the name, or NULL. */
static void wait_for(prov_job *job, prov_bytes key, const prov_id *leaver)
{
    prov_ending s = not_now(job, prov_job_later(job));
    s.ack.excerpt = PROV_BYTES("waits for a name that another of our objects has at this target");
    prov_plan_wait_for_key(s.also, &job->id, job->reach->number, job->link.type, key);
    if (leaver) {
        prov_touch touch = { .now = apr_time_now(),
                             .queue = PROV_QUEUE_NORMAL,
                             .trigger = PROV_TRIGGER_NAME,
                             .gone = true };
        prov_plan_touch_link(s.also, leaver, job->reach->number, &touch);
    }
    prov_job_acknowledge(job, &s);
}

/* Ours gives up its name for a while: whoever waits for it can move, and in the end so can we. */
static void step_aside(prov_job *job, prov_bytes key)
{
    if (!(job->reach->abilities & PROV_CAN_RENAME)) {
        prov_job_refuse(job, "our objects need each other's names, and this target cannot rename");
        return;
    }
    prov_object *aside = prov_job_aside(job);
    if (!aside) {
        wait_for(job, key, NULL);
        return;
    }
    if (!prov_job_prepare(job, PROV_ATTEMPT_UPDATE, aside, NULL))
        return;
    prov_remote remote = { 0 };
    prov_answer a =
        job->reach->connector->update(&job->call, prov_bytes_text(job->pool, job->link.remote),
                                      NULL, job->applied, aside, &remote);
    if (prov_retry_is_good(&a)) {
        remote.id = prov_bytes_text(job->pool, job->link.remote);
        prov_job_applied(job, PROV_AT_ACTIVE, &remote, aside, true, NULL);
    } else
        prov_job_failed(job, &a, PROV_DID_UPDATE, NULL);
}

void prov_job_name_taken(prov_job *job, const prov_id *holder, prov_bytes key)
{
    prov_link other;
    prov_snapshot *n;
    if (prov_store_read(job->engine->store, job->pool, &n))
        return;
    bool known = prov_snapshot_link(n, holder, job->reach->number, &other);
    bool leaver = known && is_leaver(&other), over = leaver && may_take_over(job);
    bool asked =
        leaver && !over && other.at == PROV_AT_DISABLED && job->reach->abilities & PROV_CAN_RENAME;
    bool circle = false, mine = false;
    if (known && !over && job->applied && job->link.remote.len)
        mine = breaks_circle(job, n, *holder, &circle);
    prov_snapshot_end(n);
    if (over)
        take_over(job, holder);
    else if (circle && mine)
        step_aside(job, key);
    else
        wait_for(job, key, asked ? holder : NULL);
}

bool prov_job_prepare(prov_job *job, prov_attempt_kind kind, const prov_object *will_be,
                      prov_plan *also)
{
    apr_time_t now = apr_time_now();
    prov_verdict verdict;
    prov_plan *plan = also ? also : prov_plan_make(job->pool);
    prov_prepare pr = { .process = job->lease.process,
                        .claim = job->lease.claim,
                        .wanted = job->link.wanted,
                        .kind = (uint8_t)kind,
                        .now = now,
                        .until = now + 2 * job->engine->config->settings.call_limit,
                        .copy = prov_job_encode(job, will_be) };
    if (kind == PROV_ATTEMPT_CREATE || kind == PROV_ATTEMPT_UPDATE)
        pr.sent_key = prov_job_key(job, prov_job_name(job, will_be));
    prov_plan_prepare(plan, &job->id, job->reach->number, &pr);
    prov_fault_point("claim");
    prov_store_submit(job->engine->store, plan, &verdict);
    if (verdict.kind == PROV_REFUSED && verdict.why == PROV_KEY_TAKEN) {
        prov_job_name_taken(job, &verdict.holder, pr.sent_key);
        return false;
    }
    if (verdict.kind != PROV_DONE)
        return false;
    job->lease.until = pr.until;
    job->link.attempt = pr.wanted;
    job->link.attempt_kind = pr.kind;
    job->link.attempt_at = now;
    prov_fault_point("send");
    return true;
}
