/* A group's work is its unequal edges: memberships that are not at the target as they should be.
 * They go out in batches; a batch the target refuses is halved until the guilty one is alone. */
#include "outbound/engine.h"
#include "base/fault.h"
#include "outbound/retry.h"
#include <apr_hash.h>

#define MEMBER_BATCH 100

typedef struct change {
    prov_id member;
    prov_member_change wire;
    bool answered;
    prov_edge_answer answer;
} change;

typedef struct members {
    prov_job *job;
    prov_snapshot *n;
    prov_plan *plan; /* what the acknowledgement carries besides */
    bool drop;
    bool more; /* the batch was full */
    change changes[MEMBER_BATCH];
    int count;
    prov_answer failed; /* the answer that stopped the rest */
    bool stopped, group_gone;
    bool doubtful; /* one was refused for no reason that can be seen: it is tried again */
} members;

/* --- what is to be sent ----------------------------------------------------------------------- */

static const char *type_name(const members *m, uint16_t number)
{
    const prov_resource_type *t = prov_registry_type_numbered(m->job->engine->registry, number);
    return t ? t->name : "User";
}

/* A member that is on its way there will wake the edge; one that is not to be there settles it. */
static void put_to_sleep(members *m, const prov_id *member, const prov_link *link)
{
    bool settled = !link || link->at == PROV_AT_OUT_OF_SCOPE || link->at == PROV_AT_REMOVED;
    prov_plan_edge_sleep(m->plan, m->job->reach->number, &m->job->id, member, settled);
}

static void lost_with_the_member(members *m, const prov_id *member)
{
    prov_edge none = { 0 };
    prov_plan_edge(m->plan, m->job->reach->number, &m->job->id, member, &none);
}

static bool collect(void *baton, const prov_id *member, const prov_edge *edge)
{
    members *m = baton;
    prov_link link;
    bool add = edge->wanted && !m->drop;
    bool known = prov_snapshot_link(m->n, member, m->job->reach->number, &link);
    if (m->drop && ((!edge->applied && !edge->sent) || edge->refused))
        return true;
    if (m->count == MEMBER_BATCH) {
        m->more = true;
        return false;
    }
    if (known && link.remote.len) {
        change *c = &m->changes[m->count++];
        c->member = *member;
        c->wire = (prov_member_change){ .remote_id = prov_bytes_text(m->job->pool, link.remote),
                                        .member_type = type_name(m, link.type),
                                        .add = add };
    } else if (add)
        put_to_sleep(m, member, known ? &link : NULL);
    else
        lost_with_the_member(m, member);
    return true;
}

/* --- sending ---------------------------------------------------------------------------------- */

static void answer_all(members *m, int from, int count, prov_edge_answer answer)
{
    for (int i = from; i < from + count; i++) {
        m->changes[i].answered = true;
        m->changes[i].answer = answer;
    }
}

static bool group_is_gone(members *m)
{
    prov_job *job = m->job;
    prov_remote read = { 0 };
    if (!prov_job_keeps_lease(job))
        return false;
    prov_answer a = job->reach->connector->read(
        &job->call, prov_bytes_text(job->pool, job->link.remote), &read);
    return prov_retry_is_missing(&a);
}

/* A 404 about one member is only believed if the member cannot be read either. */
static bool is_contradictory(members *m, const prov_answer *a, const change *c)
{
    prov_job *job = m->job;
    prov_remote read = { 0 };
    prov_call call = job->call;
    if (a->status != 404 || !prov_job_keeps_lease(job))
        return false;
    call.type = prov_registry_type_named(job->engine->registry, c->wire.member_type);
    prov_answer b = job->reach->connector->read(&call, c->wire.remote_id, &read);
    return !prov_retry_is_missing(&b);
}

/* True: another try with fewer of them tells more. */
static bool is_about_members(const prov_answer *a)
{
    return a->end == PROV_CALL_ANSWERED && (a->status == 400 || a->status == 404);
}

static void send_range(members *m, int from, int count)
{
    prov_job *job = m->job;
    prov_member_change wire[MEMBER_BATCH];
    if (m->stopped || !count)
        return;
    if (!prov_job_keeps_lease(job)) {
        m->stopped = true;
        return;
    }
    for (int i = 0; i < count; i++)
        wire[i] = m->changes[from + i].wire;
    prov_answer a = job->reach->connector->members(
        &job->call, prov_bytes_text(job->pool, job->link.remote), wire, count);
    job->written = a.status;
    prov_fault_point("answer");
    if (prov_retry_is_good(&a))
        answer_all(m, from, count, PROV_EDGE_APPLIED);
    else if (!is_about_members(&a)) {
        m->failed = a;
        m->stopped = true;
    } else if (a.status == 404 && !m->group_gone && group_is_gone(m))
        m->group_gone = m->stopped = true;
    else if (count == 1 && is_contradictory(m, &a, &m->changes[from])) {
        m->failed = a;
        m->doubtful = true;
    } else if (count == 1)
        answer_all(m, from, 1, PROV_EDGE_REFUSED);
    else {
        send_range(m, from, count / 2);
        send_range(m, from + count / 2, count - count / 2);
    }
}

static bool prepare(members *m)
{
    prov_plan *plan = prov_plan_make(m->job->pool);
    for (int i = 0; i < m->count; i++)
        prov_plan_edge_sent(plan, m->job->reach->number, &m->job->id, &m->changes[i].member,
                            m->changes[i].wire.add);
    return prov_job_prepare(m->job, PROV_ATTEMPT_MEMBERS, NULL, plan);
}

static void write_answers(members *m)
{
    for (int i = 0; i < m->count; i++)
        if (m->changes[i].answered)
            prov_plan_edge_ack(m->plan, m->job->reach->number, &m->job->id, &m->changes[i].member,
                               m->changes[i].wire.add, m->changes[i].answer);
}

void prov_job_members(prov_job *job, bool drop)
{
    members *m = apr_pcalloc(job->pool, sizeof *m);
    m->job = job;
    m->drop = drop;
    m->plan = prov_plan_make(job->pool);
    if (prov_store_read(job->engine->store, job->pool, &m->n))
        return;
    if (drop)
        prov_snapshot_edges(m->n, job->reach->number, &job->id, NULL, collect, m);
    else
        prov_snapshot_edge_work(m->n, job->reach->number, &job->id, NULL, collect, m);
    prov_snapshot_end(m->n);
    if (m->count) {
        if (!prepare(m))
            return;
        send_range(m, 0, m->count);
        write_answers(m);
    }
    if (m->group_gone)
        prov_job_missing(job, drop);
    else if (m->stopped || m->doubtful)
        prov_job_failed(job, &m->failed, PROV_DID_MEMBERS, m->plan);
    else
        prov_job_applied(job, drop ? PROV_AT_DISABLED : PROV_AT_ACTIVE, NULL, NULL, m->more,
                         m->plan);
}

/* --- comparing with what was read --------------------------------------------------------------
 */

typedef struct compare {
    prov_job *job;
    prov_snapshot *n;
    prov_plan *plan;
    apr_hash_t *there; /* remote id to itself */
    int found;
} compare;

static void put_edge(compare *c, const prov_id *member, bool wanted, bool applied)
{
    prov_edge edge = { .wanted = wanted, .applied = applied };
    prov_plan_edge(c->plan, c->job->reach->number, &c->job->id, member, &edge);
}

static bool compare_edge(void *baton, const prov_id *member, const prov_edge *edge)
{
    compare *c = baton;
    prov_link link;
    if (!prov_snapshot_link(c->n, member, c->job->reach->number, &link) || !link.remote.len)
        return true;
    bool there = apr_hash_get(c->there, link.remote.data, link.remote.len) != NULL;
    if (!edge->suspect && (there == edge->applied || edge->refused))
        return true;
    put_edge(c, member, edge->wanted, there);
    c->found += there != edge->applied || there != edge->wanted;
    return true;
}

int prov_job_compare_members(prov_job *job, const prov_remote *remote, prov_plan *plan)
{
    if (!prov_type_is_group(job->type) || remote->member_count < 0)
        return 0;
    compare c = { .job = job, .plan = plan, .there = apr_hash_make(job->pool) };
    for (int i = 0; i < remote->member_count; i++) {
        prov_bytes id = remote->members[i].value;
        apr_hash_set(c.there, id.data, id.len, id.data);
    }
    if (prov_store_read(job->engine->store, job->pool, &c.n))
        return 0;
    /* Who is there without an edge was added by others, and stays. */
    prov_snapshot_edges(c.n, job->reach->number, &job->id, NULL, compare_edge, &c);
    prov_snapshot_end(c.n);
    return c.found;
}
