/* What is there? After an attempt that had no clean end, a conflict, or an object that went
 * missing, the target is asked before anything is written; correlation is by the key as it was
 * sent. A probe that fails changes nothing that is known. */
#include "outbound/engine.h"
#include "outbound/retry.h"

#define FOUND_MOST    8
#define NOBODYS_TRIES 3 /* conflicts with nobody in sight, before it is called a failure */

/* The externalId as it went out: what we sent, or had applied, or would send. */
static const char *external_id(const prov_job *job)
{
    const prov_object *trees[] = { job->sent, job->applied, job->desired };
    const prov_attr *a = prov_schema_common(job->engine->registry, "externalId");
    for (int i = 0; i < 3; i++) {
        const prov_value *v = trees[i] ? prov_object_first(trees[i], a) : NULL;
        if (v)
            return prov_bytes_text(job->pool, v->text);
    }
    return prov_bytes_text(job->pool, job->own_id);
}

static bool is_ours(const prov_job *job, const prov_remote *r)
{
    return r->external_id && strcmp(r->external_id, external_id(job)) == 0;
}

static const char *sent_name(const prov_job *job)
{
    const char *name = prov_job_name(job, job->sent);
    return name ? name : job->name;
}

/* A target that keeps no externalId shows what we made by having all of it. */
static bool looks_ours(const prov_job *job, const prov_remote *r)
{
    if (!job->sent || (r->external_id && *r->external_id))
        return false;
    prov_object *sent = prov_object_copy(job->pool, job->sent);
    prov_object_remove(sent, prov_schema_common(job->engine->registry, "externalId"));
    return prov_job_matches(job, sent, r->object);
}

/* The object that is ours by correlation. Answers what came back; `found` NULL if there is none,
 * `stranger` if somebody else's bears the name. */
static prov_answer find_ours(prov_job *job, prov_remote **found, prov_remote **stranger)
{
    const prov_connector *c = job->reach->connector;
    prov_remote *r = apr_pcalloc(job->pool, sizeof *r * FOUND_MOST);
    int count = 0;
    *found = *stranger = NULL;
    prov_answer a = c->find(&job->call, "externalId", external_id(job), r, FOUND_MOST, &count);
    for (int i = 0; prov_retry_is_good(&a) && i < count; i++)
        if (is_ours(job, &r[i])) {
            *found = &r[i];
            if (!prov_bytes_equal(prov_bytes_of(r[i].id), job->link.remote))
                return a;
        }
    /* That we are where we were says nothing about who has the name that we want. */
    const char *name = sent_name(job);
    if (!prov_retry_is_good(&a) || !name || !prov_job_keeps_lease(job))
        return a;
    count = 0;
    r = apr_pcalloc(job->pool, sizeof *r * FOUND_MOST);
    a = c->find(&job->call, job->type->naming->name, name, r, FOUND_MOST, &count);
    for (int i = 0; prov_retry_is_good(&a) && i < count; i++) {
        if (is_ours(job, &r[i]) || looks_ours(job, &r[i]))
            *found = &r[i];
        else
            *stranger = &r[i];
    }
    return a;
}

static bool is_early(const prov_job *job)
{
    return apr_time_now() < job->link.attempt_at + job->engine->config->settings.call_limit;
}

/* Not before the request can no longer be on its way. */
static void wait_out(prov_job *job)
{
    prov_job_release(job, job->link.attempt_at + job->engine->config->settings.call_limit,
                     "the outcome of the last call is unknown; asking again");
}

static bool shows_attempt(const prov_job *job, const prov_remote *r)
{
    return job->link.attempt_kind != PROV_ATTEMPT_REMOVE && job->sent &&
           prov_job_matches(job, job->sent, r->object);
}

static void learn(prov_job *job, const prov_remote *r, const prov_answer *a)
{
    bool shown = r && shows_attempt(job, r);
    if (!shown && is_early(job))
        wait_out(job);
    else
        prov_job_observed(job, r, a, !shown);
}

static const char *known_id(const prov_job *job)
{
    if (job->link.remote.len)
        return prov_bytes_text(job->pool, job->link.remote);
    return job->link.candidate.len ? prov_bytes_text(job->pool, job->link.candidate) : NULL;
}

static void probe_members(prov_job *job)
{
    if (is_early(job)) {
        wait_out(job);
        return;
    }
    /* Edges that were sent are unequal and go out again; the group itself was not in question. */
    prov_ending s = { .ack = { .kind = PROV_ACK_OBSERVED,
                               .at = job->link.at,
                               .verify = apr_time_now() +
                                         2 * job->engine->config->settings.call_limit } };
    prov_job_acknowledge(job, &s);
}

void prov_job_probe(prov_job *job)
{
    const char *id = known_id(job);
    prov_remote read = { 0 }, *found = NULL, *stranger = NULL;
    prov_answer a;
    if (job->link.attempt_kind == PROV_ATTEMPT_MEMBERS) {
        probe_members(job);
        return;
    }
    if (id) {
        a = job->reach->connector->read(&job->call, id, &read);
        if (prov_retry_is_good(&a)) {
            learn(job, &read, &a);
            return;
        }
        if (!prov_retry_is_missing(&a)) {
            prov_job_failed(job, &a, PROV_DID_READ, NULL);
            return;
        }
        if (!prov_job_keeps_lease(job))
            return;
    }
    a = find_ours(job, &found, &stranger);
    if (prov_retry_is_good(&a))
        learn(job, found, &a);
    else
        prov_job_failed(job, &a, PROV_DID_FIND, NULL);
}

/* --- conflicts and adoption ------------------------------------------------------------------ */

/* To another of our resources; to none, as far as is known, if the store cannot be read. */
static bool linked_to(const prov_job *job, const char *remote, prov_id *holder)
{
    prov_snapshot *n;
    memset(holder, 0, sizeof *holder);
    if (prov_store_read(job->engine->store, job->pool, &n))
        return true;
    bool linked = prov_snapshot_remote(n, job->reach->number, prov_bytes_of(remote), holder) &&
                  !prov_id_equal(holder, &job->id);
    prov_snapshot_end(n);
    return linked;
}

static bool is_linked(const prov_job *job, const char *remote)
{
    prov_id holder;
    return linked_to(job, remote, &holder);
}

static void meet_stranger(prov_job *job, const prov_remote *r, const prov_answer *a)
{
    bool marked = r->external_id && *r->external_id;
    prov_id holder;
    if (linked_to(job, r->id, &holder))
        prov_job_name_taken(job, &holder, prov_job_key(job, r->name));
    else if (marked)
        prov_job_refuse(job, "an object of this name exists at the target and belongs to another "
                             "source (its externalId is not ours)");
    else if (job->reach->config->adopt != PROV_ADOPT_MATCH)
        prov_job_refuse(job, "an object of this name exists at the target; ProvisionAdopt match "
                             "would take it over");
    else
        prov_job_observed(job, r, a, false);
}

static void wait_for_nobody(prov_job *job)
{
    prov_ending s = { .ack = { .kind = PROV_ACK_NOT_APPLIED,
                               .counts = true,
                               .refused = job->link.last_status == 409 &&
                                          job->link.tries + 1 >= NOBODYS_TRIES,
                               .status = 409,
                               .due = prov_job_later(job),
                               .excerpt = PROV_BYTES("the target reports a conflict, but shows no "
                                                     "object that causes it") } };
    prov_job_acknowledge(job, &s);
}

void prov_job_conflict(prov_job *job)
{
    prov_remote *found, *stranger;
    if (job->reach->config->adopt == PROV_ADOPT_NEVER) {
        prov_job_refuse(job, "an object of this name exists at the target (ProvisionAdopt never)");
        return;
    }
    if (!prov_job_keeps_lease(job))
        return;
    prov_answer a = find_ours(job, &found, &stranger);
    const char *mine = known_id(job);
    if (!prov_retry_is_good(&a))
        prov_job_failed(job, &a, PROV_DID_FIND, NULL);
    else if (stranger && !(mine && strcmp(stranger->id, mine) == 0))
        meet_stranger(job, stranger, &a);
    else if (found && !is_linked(job, found->id) && !(mine && strcmp(found->id, mine) == 0))
        prov_job_observed(job, found, &a, false);
    else
        wait_for_nobody(job);
}

bool prov_job_adopts(prov_job *job)
{
    prov_remote *found, *stranger;
    prov_answer a = find_ours(job, &found, &stranger);
    if (!prov_retry_is_good(&a)) {
        prov_job_failed(job, &a, PROV_DID_FIND, NULL);
        return true;
    }
    const prov_remote *r = found ? found : stranger;
    if (!r || (r == stranger && r->external_id && *r->external_id))
        return false; /* the create itself will tell */
    if (is_linked(job, r->id))
        return false;
    prov_job_observed(job, r, &a, false);
    return true;
}

/* --- what we had is not what is there --------------------------------------------------------- */

/* The id may be another's by now: the target was restored, or is another one. */
static bool is_anothers(const prov_job *job, const prov_remote *r)
{
    return !job->applied && r->external_id && *r->external_id && !is_ours(job, r) &&
           !prov_bytes_equal(prov_bytes_of(r->external_id), job->own_id);
}

void prov_job_reread(prov_job *job)
{
    prov_remote read = { 0 };
    if (!prov_job_keeps_lease(job))
        return;
    prov_answer a = job->reach->connector->read(
        &job->call, prov_bytes_text(job->pool, job->link.remote), &read);
    bool good = prov_retry_is_good(&a);
    if (prov_retry_is_missing(&a) || (good && is_anothers(job, &read)))
        prov_job_missing(job, false);
    else if (good)
        prov_job_observed(job, &read, &a, false);
    else
        prov_job_failed(job, &a, PROV_DID_READ, NULL);
}

/* Gone only if the collection itself says so: a wrong path or an outage also answers 404. */
void prov_job_missing(prov_job *job, bool removing)
{
    prov_remote *found, *stranger;
    if (!prov_job_keeps_lease(job))
        return;
    prov_answer a = find_ours(job, &found, &stranger);
    if (!prov_retry_is_good(&a))
        prov_job_failed(job, &a, PROV_DID_FIND, NULL);
    else if (found)
        prov_job_observed(job, found, &a, false);
    else if (removing)
        prov_job_applied(job, PROV_AT_REMOVED, NULL, NULL, false, NULL);
    else {
        prov_ending s = { .ack = { .kind = PROV_ACK_OBSERVED,
                                   .at = PROV_AT_NOTHING,
                                   .has_remote = true,
                                   .has_copy = true,
                                   .status = 404 },
                          .outcome = { .event = PROV_TARGET_CONVERTED, .now = apr_time_now() } };
        prov_job_acknowledge(job, &s);
    }
}

/* --- once more ---------------------------------------------------------------------------------
 */

/* A call that came through late may have made a second object: it bears our externalId and is
 * linked to nothing. */
static bool remove_surplus(prov_job *job)
{
    const prov_connector *c = job->reach->connector;
    prov_remote r[FOUND_MOST];
    int count = 0;
    memset(r, 0, sizeof r);
    prov_answer a = c->find(&job->call, "externalId", external_id(job), r, FOUND_MOST, &count);
    if (!prov_retry_is_good(&a)) {
        prov_job_failed(job, &a, PROV_DID_FIND, NULL);
        return false;
    }
    const char *mine = prov_bytes_text(job->pool, job->link.remote);
    for (int i = 0; i < count; i++) {
        if (!is_ours(job, &r[i]) || strcmp(r[i].id, mine) == 0 || is_linked(job, r[i].id))
            continue;
        if (!prov_job_keeps_lease(job))
            return false;
        a = c->remove(&job->call, r[i].id, NULL);
        if (!prov_retry_is_good(&a) && !prov_retry_is_missing(&a)) {
            prov_job_failed(job, &a, PROV_DID_READ,
                            NULL); /* of no consequence for the link itself */
            return false;
        }
    }
    return prov_job_keeps_lease(job);
}

static prov_ending verified(prov_job *job, const prov_answer *a)
{
    return (prov_ending){ .ack = { .kind = PROV_ACK_OBSERVED,
                                   .at = job->link.at,
                                   .verified = true,
                                   .has_copy = true,
                                   .has_remote = true,
                                   .status = (uint16_t)a->status },
                          .also = prov_plan_make(job->pool) };
}

static void see(prov_job *job, const prov_remote *r, prov_ack *ack)
{
    ack->at = prov_job_place(job, r->object);
    ack->remote = prov_bytes_of(r->id);
    ack->etag = prov_bytes_of(r->etag);
    ack->key = prov_job_key(job, r->name);
    ack->copy = prov_job_encode(job, prov_job_managed(job, r->object));
}

static void touch_again(prov_job *job, prov_plan *plan)
{
    prov_touch touch = { .now = apr_time_now(),
                         .queue = job->link.queue,
                         .trigger = job->link.trigger,
                         .application = job->link.application };
    prov_plan_touch_link(plan, &job->id, job->reach->number, &touch);
}

/* Nothing is linked, but a call that came through late may have made an object all the same. */
static void verify_nothing(prov_job *job)
{
    prov_remote *found, *stranger;
    prov_answer a = find_ours(job, &found, &stranger);
    if (!prov_retry_is_good(&a)) {
        prov_job_failed(job, &a, PROV_DID_FIND, NULL);
        return;
    }
    prov_ending s = verified(job, &a);
    if (found && !is_linked(job, found->id)) {
        see(job, found, &s.ack);
        touch_again(job, s.also);
    }
    prov_job_acknowledge(job, &s);
}

void prov_job_verify(prov_job *job)
{
    prov_remote read = { 0 };
    if (!job->link.remote.len) {
        verify_nothing(job);
        return;
    }
    if (!remove_surplus(job))
        return;
    prov_answer a = job->reach->connector->read(
        &job->call, prov_bytes_text(job->pool, job->link.remote), &read);
    if (prov_retry_is_missing(&a)) {
        prov_job_missing(job, job->link.at == PROV_AT_REMOVED);
        return;
    }
    if (!prov_retry_is_good(&a)) {
        prov_job_failed(job, &a, PROV_DID_READ, NULL);
        return;
    }
    prov_ending s = verified(job, &a);
    see(job, &read, &s.ack);
    const prov_object *should = job->wanted_there ? job->desired : job->applied;
    bool same = should && prov_object_equal(prov_job_managed(job, read.object), should);
    if (same)
        s.ack.at = job->link.at; /* what we left there need not show what it is to us */
    if (same && job->reference_waits)
        s.ack.verify = apr_time_now() + job->reach->config->retry_max;
    if (prov_job_compare_members(job, &read, s.also) > 0 || !same)
        touch_again(job, s.also);
    prov_job_acknowledge(job, &s);
}
