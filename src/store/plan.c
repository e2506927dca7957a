#include "store/plan.h"

#include <string.h>

#define FIRST_OPS 12 /* of one resource made: no more, most often */

/* Not an APR array: that one clears its room when it is made, and add() what it gives. */
struct prov_plan {
    apr_pool_t *pool;
    prov_op *ops;
    int count, room;
};

prov_plan *prov_plan_make(apr_pool_t *p)
{
    prov_plan *plan = apr_palloc(p, sizeof *plan);
    *plan = (prov_plan){ p, apr_palloc(p, FIRST_OPS * sizeof(prov_op)), 0, FIRST_OPS };
    return plan;
}

int prov_plan_length(const prov_plan *plan)
{
    return plan->count;
}

const prov_op *prov_plan_op(const prov_plan *plan, int i)
{
    return &plan->ops[i];
}

static void grow(prov_plan *plan)
{
    prov_op *ops = apr_palloc(plan->pool, 2 * (size_t)plan->room * sizeof *ops);
    memcpy(ops, plan->ops, (size_t)plan->count * sizeof *ops);
    plan->ops = ops;
    plan->room *= 2;
}

/* --- the shapes that operations share ------------------------------------------------------- */

static prov_op *add(prov_plan *plan, prov_op_code code)
{
    if (plan->count == plan->room)
        grow(plan);
    prov_op *op = &plan->ops[plan->count++];
    memset(op, 0, sizeof *op);
    op->code = code;
    return op;
}

static prov_op *add_id(prov_plan *plan, prov_op_code code, const prov_id *id)
{
    prov_op *op = add(plan, code);
    if (id)
        op->id = *id;
    return op;
}

static prov_op *add_touch(prov_plan *plan, prov_op_code code, const prov_id *id,
                          const prov_touch *touch)
{
    prov_op *op = add_id(plan, code, id);
    op->touch = *touch;
    return op;
}

static prov_op *add_link(prov_plan *plan, prov_op_code code, const prov_id *id, uint32_t target)
{
    prov_op *op = add_id(plan, code, id);
    op->target = target;
    return op;
}

static prov_op *add_edge(prov_plan *plan, prov_op_code code, uint32_t target, const prov_id *group,
                         const prov_id *member)
{
    prov_op *op = add_link(plan, code, group, target);
    op->other = *member;
    return op;
}

/* --- preconditions -------------------------------------------------------------------------- */

void prov_plan_must_exist(prov_plan *plan, const prov_id *id)
{
    add_id(plan, PROV_OP_MUST_EXIST, id);
}

void prov_plan_must_be_version(prov_plan *plan, const prov_id *id, uint64_t version)
{
    add_id(plan, PROV_OP_MUST_BE_VERSION, id)->number = version;
}

void prov_plan_must_be_staged(prov_plan *plan, uint64_t staged)
{
    add(plan, PROV_OP_MUST_BE_STAGED)->number = staged;
}

void prov_plan_must_stand_at(prov_plan *plan, uint32_t target, const prov_id *after)
{
    add_link(plan, PROV_OP_MUST_STAND_AT, after, target);
}

void prov_plan_must_be_generation(prov_plan *plan, uint64_t generation)
{
    add(plan, PROV_OP_MUST_BE_GENERATION)->number = generation;
}

/* --- resources ------------------------------------------------------------------------------ */

void prov_plan_put(prov_plan *plan, const prov_id *id, prov_record rec)
{
    add_id(plan, PROV_OP_PUT, id)->bytes = rec.bytes;
}

static prov_op *add_large(prov_plan *plan, prov_op_code code, const prov_id *id,
                          const uint8_t digest[16])
{
    prov_op *op = add_id(plan, code, id);
    memcpy(op->digest, digest, 16);
    return op;
}

void prov_plan_put_large(prov_plan *plan, const prov_id *id, const uint8_t digest[16], prov_bytes v)
{
    add_large(plan, PROV_OP_PUT_LARGE, id, digest)->bytes = v;
}

void prov_plan_delete_large(prov_plan *plan, const prov_id *id, const uint8_t digest[16])
{
    add_large(plan, PROV_OP_DELETE_LARGE, id, digest);
}

void prov_plan_delete(prov_plan *plan, const prov_id *id, const prov_touch *touch)
{
    add_touch(plan, PROV_OP_DELETE, id, touch);
}

static void add_index(prov_plan *plan, prov_op_code code, const prov_id *id, uint16_t attr,
                      uint16_t domain, prov_bytes key, bool unique)
{
    prov_op *op = add_id(plan, code, id);
    op->attr = attr;
    op->domain = domain;
    op->bytes = key;
    op->flag = unique;
}

void prov_plan_index(prov_plan *plan, const prov_id *id, uint16_t attr, uint16_t domain,
                     prov_bytes key, bool unique)
{
    add_index(plan, PROV_OP_INDEX, id, attr, domain, key, unique);
}

void prov_plan_unindex(prov_plan *plan, const prov_id *id, uint16_t attr, uint16_t domain,
                       prov_bytes key, bool unique)
{
    add_index(plan, PROV_OP_UNINDEX, id, attr, domain, key, unique);
}

void prov_plan_must_be_only(prov_plan *plan, const prov_id *id, uint16_t attr, uint16_t domain,
                            prov_bytes key)
{
    add_index(plan, PROV_OP_MUST_BE_ONLY, id, attr, domain, key, false);
}

void prov_plan_stage(prov_plan *plan, prov_index_kind kind, uint16_t attr, bool declared,
                     bool exact)
{
    prov_op *op = add(plan, PROV_OP_STAGE);
    op->answer = (uint8_t)kind;
    op->attr = attr;
    op->flag = declared;
    op->number = exact;
}

void prov_plan_credential(prov_plan *plan, const prov_id *id, prov_bytes hash)
{
    add_id(plan, PROV_OP_CREDENTIAL, id)->bytes = hash;
}

/* --- memberships ---------------------------------------------------------------------------- */

void prov_plan_member_add(prov_plan *plan, const prov_id *group, const prov_id *member,
                          const prov_touch *touch)
{
    add_touch(plan, PROV_OP_MEMBER_ADD, group, touch)->other = *member;
}

void prov_plan_member_remove(prov_plan *plan, const prov_id *group, const prov_id *member,
                             const prov_touch *touch)
{
    add_touch(plan, PROV_OP_MEMBER_REMOVE, group, touch)->other = *member;
}

void prov_plan_member_remove_all(prov_plan *plan, const prov_id *group, const prov_touch *touch)
{
    add_touch(plan, PROV_OP_MEMBER_REMOVE_ALL, group, touch);
}

void prov_plan_moved(prov_plan *plan, const prov_id *id, const prov_touch *touch)
{
    add_touch(plan, PROV_OP_MOVED, id, touch);
}

/* --- outbox --------------------------------------------------------------------------------- */

void prov_plan_touch(prov_plan *plan, const prov_id *id, const prov_touch *touch)
{
    add_touch(plan, PROV_OP_TOUCH, id, touch);
}

void prov_plan_touch_link(prov_plan *plan, const prov_id *id, uint32_t target,
                          const prov_touch *touch)
{
    add_touch(plan, PROV_OP_TOUCH_LINK, id, touch)->target = target;
}

void prov_plan_grant(prov_plan *plan, const prov_id *id, uint16_t type, uint32_t target,
                     uint16_t application, const prov_touch *touch)
{
    prov_op *op = add_touch(plan, PROV_OP_GRANT, id, touch);
    op->type = type;
    op->target = target;
    op->application = application;
}

void prov_plan_claim(prov_plan *plan, const prov_id *id, uint32_t target, const prov_lease *lease,
                     apr_time_t now, const prov_budget *budget)
{
    prov_op *op = add_link(plan, PROV_OP_CLAIM, id, target);
    op->claim.lease = *lease;
    op->claim.now = now;
    op->claim.budget = *budget;
}

void prov_plan_prepare(prov_plan *plan, const prov_id *id, uint32_t target, const prov_prepare *pr)
{
    add_link(plan, PROV_OP_PREPARE, id, target)->prepare = *pr;
}

void prov_plan_renew(prov_plan *plan, const prov_id *id, uint32_t target, const prov_lease *lease)
{
    add_link(plan, PROV_OP_RENEW, id, target)->claim.lease = *lease;
}

void prov_plan_ack(prov_plan *plan, const prov_id *id, uint32_t target, const prov_ack *ack)
{
    add_link(plan, PROV_OP_ACK, id, target)->ack = *ack;
}

void prov_plan_wait_for_key(prov_plan *plan, const prov_id *id, uint32_t target, uint16_t type,
                            prov_bytes key)
{
    prov_op *op = add_link(plan, PROV_OP_WAIT_FOR_KEY, id, target);
    op->type = type;
    op->bytes = key;
}

void prov_plan_supersede(prov_plan *plan, const prov_id *old, const prov_id *now, uint32_t target,
                         const prov_lease *lease)
{
    prov_op *op = add_link(plan, PROV_OP_SUPERSEDE, now, target);
    op->other = *old;
    op->claim.lease = *lease;
}

void prov_plan_reclaim(prov_plan *plan, const prov_id *id, uint32_t target, const prov_lease *lease)
{
    add_link(plan, PROV_OP_RECLAIM, id, target)->claim.lease = *lease;
}

void prov_plan_edge(prov_plan *plan, uint32_t target, const prov_id *group, const prov_id *member,
                    const prov_edge *edge)
{
    add_edge(plan, PROV_OP_EDGE, target, group, member)->edge = *edge;
}

void prov_plan_edge_sent(prov_plan *plan, uint32_t target, const prov_id *group,
                         const prov_id *member, bool value)
{
    add_edge(plan, PROV_OP_EDGE_SENT, target, group, member)->flag = value;
}

void prov_plan_edge_ack(prov_plan *plan, uint32_t target, const prov_id *group,
                        const prov_id *member, bool value, prov_edge_answer answer)
{
    prov_op *op = add_edge(plan, PROV_OP_EDGE_ACK, target, group, member);
    op->flag = value;
    op->answer = (uint8_t)answer;
}

void prov_plan_edge_sleep(prov_plan *plan, uint32_t target, const prov_id *group,
                          const prov_id *member, bool settled)
{
    add_edge(plan, PROV_OP_EDGE_SLEEP, target, group, member)->flag = settled;
}

void prov_plan_target_event(prov_plan *plan, uint32_t target, const prov_outcome *o)
{
    prov_op *op = add(plan, PROV_OP_TARGET_EVENT);
    op->target = target;
    op->outcome = *o;
}

void prov_plan_target_declare(prov_plan *plan, uint32_t target, bool declared,
                              const uint8_t digest[32])
{
    prov_op *op = add(plan, PROV_OP_TARGET_DECLARE);
    op->target = target;
    op->flag = declared;
    memcpy(op->digest, digest, sizeof op->digest);
}

/* --- the rest ------------------------------------------------------------------------------- */

void prov_plan_journal(prov_plan *plan, const prov_journal *row)
{
    add_id(plan, PROV_OP_JOURNAL, &row->resource)->journal = *row;
}

void prov_plan_token(prov_plan *plan, const prov_token *token)
{
    add(plan, PROV_OP_TOKEN)->token = *token;
}

void prov_plan_token_revoke(prov_plan *plan, prov_bytes name)
{
    add(plan, PROV_OP_TOKEN_REVOKE)->bytes = name;
}

void prov_plan_recheck(prov_plan *plan, const prov_id *id, uint64_t generation)
{
    add_id(plan, PROV_OP_RECHECK, id)->number = generation;
}

void prov_plan_recheck_done(prov_plan *plan, const prov_id *id)
{
    add_id(plan, PROV_OP_RECHECK_DONE, id);
}

void prov_plan_generation(prov_plan *plan, uint64_t generation, const uint8_t digest[32])
{
    prov_op *op = add(plan, PROV_OP_GENERATION);
    op->number = generation;
    memcpy(op->digest, digest, sizeof op->digest);
}

void prov_plan_scan(prov_plan *plan, uint32_t target, const prov_id *after, bool done)
{
    add_link(plan, PROV_OP_SCAN, after, target)->flag = done;
}
