/* Plans: each builder makes one operation that carries exactly what it was given. */
#include "store/plan.h"
#include "store/store.h"
#include "tap.h"

#include <apr_general.h>

static const prov_id id = { "resource" }, other = { "another" };
static const uint8_t digest[32] = "0123456789abcdef0123456789abcde";
static const prov_touch touch = { 11, PROV_QUEUE_URGENT, 12, 13, true, true };
static const prov_lease lease = { 3, 4, 5 };
static const prov_budget budget = { 6, 7, 8 };
static prov_bytes bytes; /* identity matters, not content */

static void build(prov_plan *plan)
{
    prov_record rec = { bytes };
    prov_prepare prepare = { .wanted = 21, .sent_key = bytes };
    prov_ack ack = { .kind = PROV_ACK_OBSERVED, .remote = bytes };
    prov_edge edge = { .asleep = true };
    prov_outcome outcome = { .status = 22, .reason = bytes };
    prov_journal journal = { .operation = PROV_PATCHED, .resource = id, .actor = bytes };
    prov_token token = { .permissions = 23, .name = bytes };

    prov_plan_must_exist(plan, &id);
    prov_plan_must_be_version(plan, &id, 31);
    prov_plan_must_be_only(plan, &id, 34, 35, bytes);
    prov_plan_must_be_generation(plan, 32);
    prov_plan_must_be_staged(plan, 33);
    prov_plan_must_stand_at(plan, 30, &id);
    prov_plan_put(plan, &id, rec);
    prov_plan_put_large(plan, &id, digest, bytes);
    prov_plan_delete_large(plan, &id, digest);
    prov_plan_delete(plan, &id, &touch);
    prov_plan_index(plan, &id, 41, 42, bytes, true);
    prov_plan_unindex(plan, &id, 43, 44, bytes, true);
    prov_plan_credential(plan, &id, bytes);
    prov_plan_member_add(plan, &id, &other, &touch);
    prov_plan_member_remove(plan, &id, &other, &touch);
    prov_plan_member_remove_all(plan, &id, &touch);
    prov_plan_moved(plan, &id, &touch);
    prov_plan_touch(plan, &id, &touch);
    prov_plan_touch_link(plan, &id, 51, &touch);
    prov_plan_grant(plan, &id, 52, 53, 54, &touch);
    prov_plan_claim(plan, &id, 55, &lease, 56, &budget);
    prov_plan_prepare(plan, &id, 57, &prepare);
    prov_plan_renew(plan, &id, 58, &lease);
    prov_plan_ack(plan, &id, 59, &ack);
    prov_plan_wait_for_key(plan, &id, 60, 61, bytes);
    prov_plan_supersede(plan, &other, &id, 62, &lease);
    prov_plan_reclaim(plan, &id, 63, &lease);
    prov_plan_edge(plan, 66, &id, &other, &edge);
    prov_plan_edge_sent(plan, 67, &id, &other, true);
    prov_plan_edge_ack(plan, 68, &id, &other, true, PROV_EDGE_UNSENT);
    prov_plan_edge_sleep(plan, 69, &id, &other, true);
    prov_plan_target_event(plan, 70, &outcome);
    prov_plan_target_declare(plan, 71, true, digest);
    prov_plan_journal(plan, &journal);
    prov_plan_token(plan, &token);
    prov_plan_token_revoke(plan, bytes);
    prov_plan_recheck(plan, &id, 74);
    prov_plan_recheck_done(plan, &id);
    prov_plan_generation(plan, 72, digest);
    prov_plan_scan(plan, 73, &id, true);
    prov_plan_stage(plan, PROV_INDEX_UNIQUE, 75, true, true);
}

enum { ID = 1, OTHER = 2, BYTES = 4, FLAG = 8, DIGEST = 16, TOUCH = 32, SHORT = 64 };

/* In the order of `build`, which is the order of the codes. */
static const struct {
    const char *name;
    int has;
    uint32_t target;
    uint16_t attr, domain, type, application;
    uint64_t number;
} want[] = {
    { "must_exist", ID, 0, 0, 0, 0, 0, 0 },
    { "must_be_version", ID, 0, 0, 0, 0, 0, 31 },
    { "must_be_only", ID | BYTES, 0, 34, 35, 0, 0, 0 },
    { "must_be_generation", 0, 0, 0, 0, 0, 0, 32 },
    { "must_be_staged", 0, 0, 0, 0, 0, 0, 33 },
    { "must_stand_at", ID, 30, 0, 0, 0, 0, 0 },
    { "put", ID | BYTES, 0, 0, 0, 0, 0, 0 },
    { "put_large", ID | BYTES | DIGEST | SHORT, 0, 0, 0, 0, 0, 0 },
    { "delete_large", ID | DIGEST | SHORT, 0, 0, 0, 0, 0, 0 },
    { "delete", ID | TOUCH, 0, 0, 0, 0, 0, 0 },
    { "index", ID | BYTES | FLAG, 0, 41, 42, 0, 0, 0 },
    { "unindex", ID | BYTES | FLAG, 0, 43, 44, 0, 0, 0 },
    { "credential", ID | BYTES, 0, 0, 0, 0, 0, 0 },
    { "member_add", ID | OTHER | TOUCH, 0, 0, 0, 0, 0, 0 },
    { "member_remove", ID | OTHER | TOUCH, 0, 0, 0, 0, 0, 0 },
    { "member_remove_all", ID | TOUCH, 0, 0, 0, 0, 0, 0 },
    { "moved", ID | TOUCH, 0, 0, 0, 0, 0, 0 },
    { "touch", ID | TOUCH, 0, 0, 0, 0, 0, 0 },
    { "touch_link", ID | TOUCH, 51, 0, 0, 0, 0, 0 },
    { "grant", ID | TOUCH, 53, 0, 0, 52, 54, 0 },
    { "claim", ID, 55, 0, 0, 0, 0, 0 },
    { "prepare", ID, 57, 0, 0, 0, 0, 0 },
    { "renew", ID, 58, 0, 0, 0, 0, 0 },
    { "ack", ID, 59, 0, 0, 0, 0, 0 },
    { "wait_for_key", ID | BYTES, 60, 0, 0, 61, 0, 0 },
    { "supersede", ID | OTHER, 62, 0, 0, 0, 0, 0 },
    { "reclaim", ID, 63, 0, 0, 0, 0, 0 },
    { "edge", ID | OTHER, 66, 0, 0, 0, 0, 0 },
    { "edge_sent", ID | OTHER | FLAG, 67, 0, 0, 0, 0, 0 },
    { "edge_ack", ID | OTHER | FLAG, 68, 0, 0, 0, 0, 0 },
    { "edge_sleep", ID | OTHER | FLAG, 69, 0, 0, 0, 0, 0 },
    { "target_event", 0, 70, 0, 0, 0, 0, 0 },
    { "target_declare", FLAG | DIGEST, 71, 0, 0, 0, 0, 0 },
    { "journal", ID, 0, 0, 0, 0, 0, 0 },
    { "token", 0, 0, 0, 0, 0, 0, 0 },
    { "token_revoke", BYTES, 0, 0, 0, 0, 0, 0 },
    { "recheck", ID, 0, 0, 0, 0, 0, 74 },
    { "recheck_done", ID, 0, 0, 0, 0, 0, 0 },
    { "generation", DIGEST, 0, 0, 0, 0, 0, 72 },
    { "scan", ID | FLAG, 73, 0, 0, 0, 0, 0 },
    { "stage", FLAG, 0, 75, 0, 0, 0, 1 },
};

static bool is_digest(const prov_op *op, int has)
{
    uint8_t expected[32] = { 0 };
    if (has & DIGEST)
        memcpy(expected, digest, has & SHORT ? 16 : 32);
    return memcmp(op->digest, expected, 32) == 0;
}

static bool is_touch(const prov_op *op, int has)
{
    return !(has & TOUCH) ||
           (op->touch.now == touch.now && op->touch.queue == touch.queue &&
            op->touch.trigger == touch.trigger && op->touch.application == touch.application &&
            op->touch.gone == touch.gone && op->touch.reread == touch.reread);
}

static void test_fields(const prov_plan *plan)
{
    static const prov_id none;
    is_int(prov_plan_length(plan), PROV_OP_COUNT, "one operation of each code");
    is_int(sizeof want / sizeof *want, PROV_OP_COUNT, "and a row for each");
    for (int i = 0; i < PROV_OP_COUNT; i++) {
        const prov_op *op = prov_plan_op(plan, i);
        int has = want[i].has;
        is_int(op->code, i, "%s: code", want[i].name);
        ok(prov_id_equal(&op->id, has & ID ? &id : &none) &&
               prov_id_equal(&op->other, has & OTHER ? &other : &none),
           "%s: whom", want[i].name);
        ok(op->bytes.data == (has & BYTES ? bytes.data : NULL), "%s: bytes", want[i].name);
        ok(op->flag == !!(has & FLAG) && is_digest(op, has) && is_touch(op, has) &&
               op->target == want[i].target && op->attr == want[i].attr &&
               op->domain == want[i].domain && op->type == want[i].type &&
               op->application == want[i].application && op->number == want[i].number,
           "%s: the rest", want[i].name);
    }
}

static bool is_lease(const prov_op *op)
{
    return op->claim.lease.process == 3 && op->claim.lease.claim == 4 && op->claim.lease.until == 5;
}

static void test_structs(const prov_plan *plan)
{
    const prov_op *op = prov_plan_op(plan, PROV_OP_CLAIM);
    ok(is_lease(op) && op->claim.now == 56 && op->claim.budget.concurrency == 6 &&
           op->claim.budget.rate == 7 && op->claim.budget.burst == 8,
       "a claim's lease, time and budget");
    ok(is_lease(prov_plan_op(plan, PROV_OP_RENEW)), "a renewal's lease");
    ok(is_lease(prov_plan_op(plan, PROV_OP_SUPERSEDE)), "a take-over's lease");
    ok(is_lease(prov_plan_op(plan, PROV_OP_RECLAIM)), "a reclaim's lease");
    op = prov_plan_op(plan, PROV_OP_PREPARE);
    ok(op->prepare.wanted == 21 && op->prepare.sent_key.data == bytes.data, "what is prepared");
    op = prov_plan_op(plan, PROV_OP_ACK);
    ok(op->ack.kind == PROV_ACK_OBSERVED && op->ack.remote.data == bytes.data, "the answer");
    ok(prov_plan_op(plan, PROV_OP_EDGE)->edge.asleep, "the edge");
    is_int(prov_plan_op(plan, PROV_OP_EDGE_ACK)->answer, PROV_EDGE_UNSENT, "the edge's answer");
    is_int(prov_plan_op(plan, PROV_OP_STAGE)->answer, PROV_INDEX_UNIQUE, "the index's kind");
    op = prov_plan_op(plan, PROV_OP_TARGET_EVENT);
    ok(op->outcome.status == 22 && op->outcome.reason.data == bytes.data, "the outcome");
    op = prov_plan_op(plan, PROV_OP_JOURNAL);
    ok(op->journal.operation == PROV_PATCHED && op->journal.actor.data == bytes.data, "the row");
    op = prov_plan_op(plan, PROV_OP_TOKEN);
    ok(op->token.permissions == 23 && op->token.name.data == bytes.data, "the token");
}

static void test_scan_from_start(apr_pool_t *p)
{
    static const prov_id none;
    prov_plan *plan = prov_plan_make(p);
    prov_plan_scan(plan, 7, NULL, false);
    ok(prov_id_equal(&prov_plan_op(plan, 0)->id, &none), "a scan without a place starts anew");
    for (uint64_t i = 1; i < 2000; i++)
        prov_plan_must_be_generation(plan, i);
    is_int(prov_plan_op(plan, 1999)->number, 1999, "a long plan keeps its order");
}

/* --- verdicts ------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    prov_verdict_kind kind;
    prov_refusal why;
    int http;
    const char *scim_type;
    bool later;
} verdicts[] = {
    { "full", PROV_FULL, PROV_WHY_NOT, 507, NULL, false },
    { "broken", PROV_BROKEN, PROV_WHY_NOT, 503, NULL, true },
    { "unknown", PROV_UNKNOWN, PROV_WHY_NOT, 500, NULL, false },
    { "not there", PROV_REFUSED, PROV_NOT_THERE, 404, NULL, false },
    { "not the version", PROV_REFUSED, PROV_NOT_VERSION, 412, NULL, false },
    { "not unique", PROV_REFUSED, PROV_NOT_UNIQUE, 409, "uniqueness", false },
    { "no member", PROV_REFUSED, PROV_NO_MEMBER, 400, "invalidValue", false },
    { "not the generation", PROV_REFUSED, PROV_NOT_GENERATION, 503, NULL, true },
    { "not due", PROV_REFUSED, PROV_NOT_DUE, 409, NULL, false },
    { "leased", PROV_REFUSED, PROV_LEASED, 409, NULL, false },
    { "no budget", PROV_REFUSED, PROV_NO_BUDGET, 503, NULL, true },
    { "lease lost", PROV_REFUSED, PROV_LEASE_LOST, 409, NULL, false },
    { "key taken", PROV_REFUSED, PROV_KEY_TAKEN, 409, NULL, false },
    { "remote taken", PROV_REFUSED, PROV_REMOTE_TAKEN, 409, NULL, false },
    { "no token", PROV_REFUSED, PROV_NO_TOKEN, 404, NULL, false },
};

static void test_verdicts(apr_pool_t *p)
{
    prov_verdict done = { .kind = PROV_DONE };
    ok(prov_verdict_error(p, &done) == NULL, "done is no error");
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        prov_verdict v = { .kind = verdicts[i].kind, .why = verdicts[i].why, .holder = other };
        const prov_err *err = prov_verdict_error(p, &v);
        is_int(err->http, verdicts[i].http, "%s: status", verdicts[i].name);
        is_str(err->scim_type, verdicts[i].scim_type, "%s: type", verdicts[i].name);
        ok(err->detail[0] != '\0', "%s: a sentence", verdicts[i].name);
        is_int(err->retry_at != 0, verdicts[i].later, "%s: when to try again", verdicts[i].name);
        is_str(err->source, v.why == PROV_NO_MEMBER ? prov_id_text(p, &other) : NULL,
               "%s: names nobody the asker did not name", verdicts[i].name);
    }
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    bytes = PROV_BYTES("some bytes");
    prov_plan *plan = prov_plan_make(p);
    is_int(prov_plan_length(plan), 0, "a new plan is empty");
    build(plan);
    test_fields(plan);
    test_structs(plan);
    test_scan_from_start(p);
    test_verdicts(p);
    apr_terminate();
    return plan_done();
}
