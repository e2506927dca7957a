/* One claimed link: from what is desired and what we know is there follows one call, if any. The
 * same function serves a first try, a retry after a crash and a repair. */
#include "outbound/engine.h"
#include "base/fault.h"
#include "base/log.h"
#include "outbound/retry.h"

static const char *remote_id(const prov_job *job)
{
    return prov_bytes_text(job->pool, job->link.remote);
}

static const char *etag(const prov_job *job)
{
    return job->link.etag.len ? prov_bytes_text(job->pool, job->link.etag) : NULL;
}

/* Whoever wants to know more of an answer than `failed` does. */
static void take_answer(prov_job *job, const prov_answer *a, prov_did did)
{
    prov_meaning m =
        prov_retry_meaning(a, (prov_retry_context){ .did = did, .now = apr_time_now() });
    if (m.effect == PROV_EFFECT_LOOK_UP)
        prov_job_conflict(job);
    else if (m.effect == PROV_EFFECT_READ_AGAIN)
        prov_job_reread(job);
    else if (m.effect == PROV_EFFECT_GONE_MAYBE)
        prov_job_missing(job, did == PROV_DID_REMOVE);
    else
        prov_job_failed(job, a, did, NULL);
}

/* --- it should be there ------------------------------------------------------------------------
 */

static bool has_edges(const prov_job *job)
{
    return prov_type_is_group(job->type);
}

static void create(prov_job *job)
{
    prov_remote remote = { 0 };
    if (job->reach->config->adopt == PROV_ADOPT_MATCH && prov_job_adopts(job))
        return;
    if (!prov_job_prepare(job, PROV_ATTEMPT_CREATE, job->desired, NULL))
        return;
    prov_answer a = job->reach->connector->create(&job->call, job->desired, &remote);
    job->written = a.status;
    prov_fault_point("answer");
    if (prov_retry_is_good(&a))
        prov_job_applied(job, PROV_AT_ACTIVE, &remote, job->desired, has_edges(job), NULL);
    else
        take_answer(job, &a, PROV_DID_CREATE);
}

/* The one write to an object that is there: an update, or a disabling. */
static void change(prov_job *job, prov_attempt_kind kind, const prov_object *will_be)
{
    prov_remote remote = { 0 };
    bool disables = kind == PROV_ATTEMPT_DISABLE;
    if (!prov_job_prepare(job, kind, will_be, NULL))
        return;
    prov_answer a = job->reach->connector->update(&job->call, remote_id(job), etag(job),
                                                  job->applied, will_be, &remote);
    job->written = a.status;
    prov_fault_point("answer");
    if (prov_retry_is_good(&a)) {
        remote.id = remote_id(job);
        prov_job_applied(job, disables ? PROV_AT_DISABLED : PROV_AT_ACTIVE, &remote, will_be,
                         !disables && has_edges(job), NULL);
    } else
        take_answer(job, &a, PROV_DID_UPDATE);
}

static void present(prov_job *job)
{
    if (!job->link.remote.len)
        create(job);
    else if (!job->applied)
        prov_job_reread(job);
    else if (!prov_object_equal(job->applied, job->desired))
        change(job, PROV_ATTEMPT_UPDATE, job->desired);
    else if (has_edges(job))
        prov_job_members(job, false);
    else
        prov_job_applied(job, PROV_AT_ACTIVE, NULL, NULL, false, NULL);
}

/* --- it should not be there --------------------------------------------------------------------
 */

static void remove_object(prov_job *job)
{
    if (!prov_job_prepare(job, PROV_ATTEMPT_REMOVE, NULL, NULL))
        return;
    prov_answer a = job->reach->connector->remove(&job->call, remote_id(job), etag(job));
    job->written = a.status;
    prov_fault_point("answer");
    if (prov_retry_is_good(&a))
        prov_job_applied(job, PROV_AT_REMOVED, NULL, NULL, false, NULL);
    else
        take_answer(job, &a, PROV_DID_REMOVE);
}

static void disable_user(prov_job *job)
{
    const prov_attr *active = prov_schema_attr(job->type->schema, "active", 6);
    if (!job->applied) {
        prov_job_reread(job);
        return;
    }
    prov_object *off = prov_object_copy(job->pool, job->applied);
    prov_object_put_boolean(off, active, false);
    if (prov_object_equal(off, job->applied))
        prov_job_applied(job, PROV_AT_DISABLED, NULL, NULL, false, NULL);
    else
        change(job, PROV_ATTEMPT_DISABLE, off);
}

/* True: it ended the job. */
static bool leaves_its_name(prov_job *job)
{
    if (job->link.trigger != PROV_TRIGGER_NAME || !job->link.gone || !job->applied ||
        job->link.at != PROV_AT_DISABLED)
        return false;
    prov_object *aside = prov_job_aside(job);
    if (aside)
        change(job, PROV_ATTEMPT_DISABLE, aside);
    return aside;
}

static void absent(prov_job *job)
{
    int policy = job->reach->config->deprovision;
    if (!job->link.remote.len) {
        /* never was there, or is gone: with no attempt open, there is nothing to do */
        prov_job_applied(job, job->desired ? PROV_AT_OUT_OF_SCOPE : PROV_AT_REMOVED, NULL, NULL,
                         false, NULL);
        return;
    }
    if (policy == PROV_DEPROVISION_DISABLE && !(job->reach->abilities & PROV_CAN_DISABLE))
        policy = PROV_DEPROVISION_DELETE;
    if (policy == PROV_DEPROVISION_KEEP)
        prov_job_applied(job, PROV_AT_OUT_OF_SCOPE, NULL, NULL, false, NULL);
    else if (policy == PROV_DEPROVISION_DELETE && !job->applied)
        prov_job_reread(job);
    else if (policy == PROV_DEPROVISION_DELETE)
        remove_object(job);
    else if (leaves_its_name(job))
        return;
    else if (prov_type_is_group(job->type))
        prov_job_members(job, true);
    else
        disable_user(job);
}

/* --- a job -------------------------------------------------------------------------------------
 */

static void call_http(prov_call *call, const prov_request *request, prov_answer *answer)
{
    prov_job *job = call->engine;
    /* The process may have stood still since it made sure: who has the lease now must not be met.
     */
    if (!prov_job_keeps_lease(job)) {
        *answer = (prov_answer){ .end = PROV_CALL_NOT_SENT, .excerpt = "the lease was lost" };
        return;
    }
    prov_http_call(job->engine->http, call->pool, request, call->limit, &job->engine->cancelled,
                   answer);
}

static void set_up_call(prov_job *job)
{
    job->call = (prov_call){ .pool = job->pool,
                             .values = job->reach->values,
                             .registry = job->engine->registry,
                             .type = job->type,
                             .limit = job->engine->config->settings.call_limit,
                             .http = call_http,
                             .engine = job,
                             .memory = &job->reach->memory };
}

static void act(prov_job *job)
{
    bool open = job->target.breaker == PROV_BREAKER_OPEN;
    if (open && !prov_job_ask_target(job))
        prov_job_release(job, prov_job_later(job), "the target does not answer as it should");
    else if (job->link.attempt || (job->link.candidate.len && !job->link.remote.len))
        prov_job_probe(job);
    else if (job->link.verify && job->link.verify <= apr_time_now())
        prov_job_verify(job);
    else if (job->forbidden && (job->wanted_there || job->link.remote.len))
        prov_job_refuse(job, job->forbidden);
    else if (job->wanted_there)
        present(job);
    else
        absent(job);
}

void prov_job_work(prov_job *job)
{
    prov_snapshot *n;
    prov_err *err = prov_store_read(job->engine->store, job->pool, &n);
    if (err) {
        prov_log(PROV_LOG_WARNING, "%s: %s", job->reach->name, prov_err_text(job->pool, err));
        return;
    }
    bool mine = prov_job_decide(job, n);
    prov_snapshot_end(n);
    if (!mine)
        return;
    set_up_call(job);
    act(job);
}
