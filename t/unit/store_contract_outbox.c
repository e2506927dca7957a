/* What every store owes the pump: links, leases, names at a target, edges, targets. */
#include "store_given_outbox.h"

/* --- grants and touches --------------------------------------------------------------------------
 */

static void test_grants(void)
{
    prov_id ann = linked("ann");
    prov_link l = link_of(&ann, target);
    ok(l.wanted == 1 && l.applied == 0 && l.type == user_type->number && l.target == target &&
           prov_id_equal(&l.resource, &ann) && prov_link_next(&l) == S(100),
       "makes a link that is due");
    uint64_t wanted = l.wanted;
    grant(&ann, user_type, target);
    prov_snapshot *n = see();
    ok(prov_snapshot_granted(n, &ann, target, (uint16_t)application) &&
           prov_snapshot_granted(n, &ann, target, 0),
       "by the application, and so by any");
    ok(!prov_snapshot_granted(n, &ann, target, (uint16_t)(application + 1)) &&
           !prov_snapshot_granted(n, &ann, target2, 0),
       "by no other, nowhere else");
    is_int(prov_snapshot_next_due(n, target), S(100), "the earliest time");
    is_int(prov_snapshot_next_due(n, target2), 0, "there is none elsewhere");
    prov_snapshot_end(n);
    is_int(row_of(target).links, 1, "the target counts one link");
    is_int(row_of(target).unsynced, 1, "to be carried");

    grant(&ann, user_type, target2);
    wanted = link_of(&ann, target).wanted;
    prov_plan *a = plan();
    prov_plan_touch(a, &ann, &soon);
    done(a, "a touch");
    ok(link_of(&ann, target).wanted == wanted + 1 && link_of(&ann, target2).wanted == 2,
       "reaches every link");
    a = plan();
    prov_plan_touch_link(a, &ann, target2, &soon);
    done(a, "a touch of one link");
    ok(link_of(&ann, target).wanted == wanted + 1 && link_of(&ann, target2).wanted == 3,
       "reaches no other");
    wanted = link_of(&ann, target).wanted;
    a = plan();
    prov_plan_grant(a, &ann, user_type->number, target, (uint16_t)(application + 1), &soon);
    done(a, "a grant by another application");
    is_int(link_of(&ann, target).wanted, wanted + 1, "touches the link there is");
    due of = { 0 }, at = { 0 };
    n = see();
    prov_snapshot_links_of(n, &ann, note_link, &of);
    prov_snapshot_links_at(n, target, NULL, note_link, &at);
    prov_snapshot_end(n);
    ok(of.count == 2 && at.count == 1, "links of a resource, links at a target");
}

static void test_order(void)
{
    prov_touch times[] = { { .now = S(30), .queue = PROV_QUEUE_NORMAL },
                           { .now = S(20), .queue = PROV_QUEUE_NORMAL },
                           { .now = S(40), .queue = PROV_QUEUE_URGENT },
                           { .now = S(90), .queue = PROV_QUEUE_URGENT } };
    prov_id ids[4];
    for (int i = 0; i < 4; i++) {
        prov_plan *a = plan();
        ids[i] = make_user(apr_psprintf(p, "user%d", i));
        prov_plan_grant(a, &ids[i], user_type->number, target, (uint16_t)application, &times[i]);
        done(a, "a link");
    }
    due d = due_at(50);
    ok(d.count == 3 && prov_id_equal(&d.ids[0], &ids[2]) && prov_id_equal(&d.ids[1], &ids[1]) &&
           prov_id_equal(&d.ids[2], &ids[0]),
       "urgent first, then the oldest, none before its time");
    is_int(due_at(90).count, 4, "until now includes now");
    prov_snapshot *n = see();
    is_int(prov_snapshot_next_due(n, target), S(20), "the earliest of all queues");
    prov_snapshot_end(n);
}

/* --- leases --------------------------------------------------------------------------------------
 */

static bool note_lease(void *baton, uint32_t process, const prov_id *id, uint32_t at)
{
    due *d = baton;
    d->ids[0] = *id;
    d->count += process == 1 && at == target;
    return true;
}

static void test_claims(void)
{
    static const prov_budget one = { 1, 0, 0 };
    prov_id ann = linked("ann"), bob = linked("bob"), absent = prov_id_make();
    prov_lease other = { 2, 1, S(200) };
    prov_plan *a = plan();
    prov_plan_claim(a, &ann, target, &mine, S(99), &one);
    refused(a, PROV_NOT_DUE, "not before its time");
    a = plan();
    prov_plan_claim(a, &ann, target, &mine, S(150), &one);
    done(a, "a claim");
    refused(a, PROV_LEASED, "is not taken twice");
    a = plan();
    prov_plan_claim(a, &bob, target, &other, S(150), &one);
    refused(a, PROV_NO_BUDGET, "the target takes one call");
    is_int(row_of(target).leases, 1, "which is out");
    due leases = { 0 };
    prov_snapshot *n = see();
    prov_snapshot_leases(n, note_lease, &leases);
    prov_snapshot_end(n);
    ok(leases.count == 1 && prov_id_equal(&leases.ids[0], &ann), "and known");
    due d = due_at(150);
    ok(d.count == 1 && prov_id_equal(&d.ids[0], &bob), "what is leased is not due");
    is_int(due_at(200).count, 2, "until the lease is over");

    prov_lease longer = { 1, 1, S(500) };
    a = plan();
    prov_plan_renew(a, &ann, target, &longer);
    done(a, "a renewal");
    is_int(link_of(&ann, target).lease.until, S(500), "lasts longer");
    longer.claim = 2;
    a = plan();
    prov_plan_renew(a, &ann, target, &longer);
    refused(a, PROV_LEASE_LOST, "of another claim it is refused");
    prov_plan *late = plan();
    prov_plan_claim(late, &ann, target, &other, S(501), &plenty);
    done(late, "a lease that is over may be taken");
    is_int(link_of(&ann, target).lease.process, 2, "by another");
    a = plan();
    prov_plan_renew(a, &ann, target, &mine);
    refused(a, PROV_LEASE_LOST, "who then holds it alone");
    a = plan();
    prov_plan_claim(a, &absent, target, &mine, S(150), &plenty);
    is_int(submit(a).kind, PROV_REFUSED, "no link, no lease");

    a = plan();
    prov_plan_reclaim(a, &ann, target, &mine);
    submit(a);
    is_int(link_of(&ann, target).lease.process, 2, "a process that has no lease loses none");
    prov_lease before = other;
    before.claim--;
    a = plan();
    prov_plan_reclaim(a, &ann, target, &before);
    submit(a);
    is_int(link_of(&ann, target).lease.process, 2, "nor one that took another since");
    a = plan();
    prov_plan_reclaim(a, &ann, target, &other);
    done(a, "a dead process's lease");
    is_int(link_of(&ann, target).lease.process, 0, "ends");
    is_int(row_of(target).leases, 0, "and its budget is given back");
}

static void test_done_link(void)
{
    prov_id ann = linked("ann"), holder;
    claim(&ann);
    done(prepared(&ann, "ann"), "a prepare");
    prov_link l = link_of(&ann, target);
    ok(l.attempt == 1 && l.attempt_kind == PROV_ATTEMPT_CREATE && l.lease.until == S(300),
       "opens the attempt and renews the lease");
    prov_snapshot *n = see();
    is_bytes(prov_snapshot_copy(n, &ann, target, PROV_COPY_SENT), PROV_BYTES("copy sent"),
             "keeps what is sent");
    ok(prov_snapshot_key(n, target, user_type->number, PROV_BYTES("ann"), &holder) &&
           prov_id_equal(&holder, &ann),
       "and holds the key");
    prov_snapshot_end(n);

    prov_ack ack = applied(&ann, "r-ann", "ann");
    ack.excerpt = PROV_BYTES("all went well");
    done(acked(&ann, &ack), "an acknowledgement");
    l = link_of(&ann, target);
    ok(l.applied == 1 && l.attempt == 0 && l.lease.process == 0 && l.last_status == 201,
       "ends attempt and lease");
    is_bytes(l.remote, PROV_BYTES("r-ann"), "keeps the remote id");
    is_int(due_at(99999).count, 0, "nothing is due");
    prov_target t = row_of(target);
    ok(t.leases == 0 && t.unsynced == 0 && t.links == 1 && t.unknown == 0, "the target's counts");
    n = see();
    is_bytes(prov_snapshot_copy(n, &ann, target, PROV_COPY_APPLIED), PROV_BYTES("copy applied"),
             "the copy");
    is_bytes(prov_snapshot_copy(n, &ann, target, PROV_COPY_EXCERPT), PROV_BYTES("all went well"),
             "the excerpt");
    is_int(prov_snapshot_copy(n, &ann, target, PROV_COPY_SENT).len, 0, "nothing is in flight");
    ok(prov_snapshot_remote(n, target, PROV_BYTES("r-ann"), &holder) &&
           prov_id_equal(&holder, &ann),
       "found by remote id");
    ok(prov_snapshot_key(n, target, user_type->number, PROV_BYTES("ann"), &holder) &&
           !prov_snapshot_key(n, target, group_type->number, PROV_BYTES("ann"), &holder),
       "and by key, of its type");
    prov_snapshot_end(n);
    refused(acked(&ann, &ack), PROV_LEASE_LOST, "not twice");
    prov_touch reread = { .now = S(190), .queue = PROV_QUEUE_NORMAL, .reread = true };
    prov_plan *a = plan();
    prov_plan_touch_link(a, &ann, target, &reread);
    done(a, "what is there is no longer known");
    n = see();
    is_int(prov_snapshot_copy(n, &ann, target, PROV_COPY_APPLIED).len, 0, "the copy goes");
    prov_snapshot_end(n);
    is_bytes(link_of(&ann, target).remote, PROV_BYTES("r-ann"), "the remote id stays");
}

static void test_late(void)
{
    prov_id ann = linked("ann");
    claim(&ann);
    done(prepared(&ann, "ann"), "a prepare");
    is_int(row_of(target).unknown, 0, "in flight is not unknown");
    prov_plan *a = plan();
    prov_plan_reclaim(a, &ann, target, &mine);
    done(a, "its process dies");
    prov_link l = link_of(&ann, target);
    ok(l.attempt == 1 && prov_link_state_of(&l, S(156), true, 0) == PROV_LINK_UNKNOWN,
       "the attempt stays: unknown");
    is_int(row_of(target).unknown, 1, "the target counts it");
    is_int(due_at(156).count, 1, "it is due");
    prov_ack ack = applied(&ann, "r-late", "ann");
    refused(acked(&ann, &ack), PROV_LEASE_LOST, "a late answer");
    l = link_of(&ann, target);
    is_bytes(l.candidate, PROV_BYTES("r-late"), "leaves a candidate");
    ok(l.applied == 0 && l.remote.len == 0 && l.attempt == 1, "and nothing else");
    refused(prepared(&ann, "ann"), PROV_LEASE_LOST, "a late prepare leaves nothing");
}

static bool note_process(void *baton, const prov_process *process)
{
    *(uint32_t *)baton = process->number;
    return true;
}

static uint32_t last_process(void)
{
    uint32_t number = 0;
    prov_snapshot *n = see();
    prov_snapshot_processes(n, note_process, &number);
    prov_snapshot_end(n);
    return number;
}

/* Who looked for the dead before it took its last lease takes it for one without any. */
static void test_dead(void)
{
    prov_id ann = linked("ann");
    prov_process gone;
    fatal(prov_store_register(store, 0, &gone));
    prov_lease lease = { gone.number, 1, S(200) };
    prov_plan *a = plan();
    prov_plan_claim(a, &ann, target, &lease, S(190), &plenty);
    done(a, "a claim of one who dies over it");
    fatal(prov_store_unregister(store, gone.number));
    is_int(last_process(), gone.number, "he is known by his number while he has a lease");
    a = plan();
    prov_plan_reclaim(a, &ann, target, &lease);
    done(a, "which is taken back");
    fatal(prov_store_unregister(store, gone.number));
    is_int(last_process(), 0, "then he is forgotten");
}

/* --- names at a target ---------------------------------------------------------------------------
 */

static void test_names(void)
{
    prov_id ann = linked("ann"), bob = linked("bob"), holder;
    carry(&ann, "r-ann", "smith");
    claim(&bob);
    prov_verdict v = refused(prepared(&bob, "smith"), PROV_KEY_TAKEN, "a key another link holds");
    ok(prov_id_equal(&v.holder, &ann), "whose it is");
    done(prepared(&bob, "bob"), "another key");
    prov_ack ack = applied(&bob, "r-ann", "bob");
    v = refused(acked(&bob, &ack), PROV_REMOTE_TAKEN, "a remote id another link has");
    ok(prov_id_equal(&v.holder, &ann), "whose it is");

    ack = (prov_ack){
        .kind = PROV_ACK_NOT_APPLIED, .process = 1, .claim = 1, .now = S(160), .due = S(9000)
    };
    prov_plan *a = acked(&bob, &ack);
    prov_plan_wait_for_key(a, &bob, target, user_type->number, PROV_BYTES("smith"));
    done(a, "waiting for a key");
    is_int(due_at(200).count, 0, "is not due");
    a = plan();
    prov_plan_touch(a, &ann, &soon);
    done(a, "its holder is renamed");
    claim(&ann);
    done(prepared(&ann, "jones"), "a rename in flight");
    prov_snapshot *n = see();
    ok(prov_snapshot_key(n, target, user_type->number, PROV_BYTES("smith"), &holder) &&
           prov_snapshot_key(n, target, user_type->number, PROV_BYTES("jones"), &holder),
       "holds both keys");
    prov_snapshot_end(n);
    is_int(due_at(200).count, 0, "wakes nobody yet");
    ack = applied(&ann, "r-ann", "jones");
    done(acked(&ann, &ack), "once acknowledged");
    n = see();
    ok(!prov_snapshot_key(n, target, user_type->number, PROV_BYTES("smith"), &holder) &&
           prov_snapshot_key(n, target, user_type->number, PROV_BYTES("jones"), &holder),
       "holds the new one");
    prov_snapshot_end(n);
    due d = due_at(200);
    ok(d.count == 1 && prov_id_equal(&d.ids[0], &bob), "and who waited is due");
    claim(&bob);
    done(prepared(&bob, "smith"), "and gets it");
}

static bool holds(const prov_id *id, const char *name)
{
    prov_id holder;
    prov_snapshot *n = see();
    bool held = prov_snapshot_key(n, target, user_type->number, prov_bytes_of(name), &holder) &&
                prov_id_equal(&holder, id);
    prov_snapshot_end(n);
    return held;
}

/* What a target made of a name may be what another link has. */
static void test_names_alike(void)
{
    prov_id ann = linked("ann"), bob = linked("bob"), cas = linked("cas");
    carry(&ann, "r-ann", "smith");
    const prov_id *others[] = { &bob, &cas };
    for (int i = 0; i < 2; i++) {
        claim(others[i]);
        done(prepared(others[i], i ? "cas" : "bob"), "a name of its own");
        prov_ack ack = applied(others[i], i ? "r-cas" : "r-bob", "smith");
        done(acked(others[i], &ack), "becomes one that another has");
    }
    ok(holds(&ann, "smith") && !holds(&bob, "bob"), "who was first holds it");
    is_int(check(), 0, "which is no fault");
    prov_plan *a = plan();
    prov_plan_touch(a, &ann, &soon);
    done(a, "the holder");
    claim(&ann);
    done(prepared(&ann, "jones"), "is renamed");
    prov_ack ack = applied(&ann, "r-ann", "jones");
    done(acked(&ann, &ack), "there");
    ok(holds(&bob, "smith") || holds(&cas, "smith"), "then one of those who have it holds it");
    is_int(check(), 0, "and nothing is lost");
    const prov_id *holder = holds(&bob, "smith") ? &bob : &cas;
    const prov_id *other = holder == &bob ? &cas : &bob;
    a = plan();
    prov_plan_touch(a, holder, &soon);
    done(a, "that one");
    claim(holder);
    done(prepared(holder, "miller"), "is renamed too");
    ack = applied(holder, "r-miller", "miller");
    done(acked(holder, &ack), "there");
    ok(holds(other, "smith"), "then the last holds it");
    is_int(check(), 0, "and nothing is lost");
}

static void test_supersede(void)
{
    prov_id old = linked("ann"), again, holder;
    claim(&old);
    done(prepared(&old, "ann"), "a prepare");
    prov_ack ack = applied(&old, "r-ann", "ann");
    ack.verify = S(400);
    done(acked(&old, &ack), "an account that is to be looked at again");
    prov_plan *a = plan();
    plan_unindex(a, &old, user_type, "ann");
    prov_plan_delete(a, &old, &soon);
    done(a, "who left");
    again = linked("ann");
    a = plan();
    prov_plan_supersede(a, &old, &again, target, &mine);
    refused(a, PROV_LEASE_LOST, "a take-over needs the new link's lease");
    claim(&again);
    claim(&old);
    done(prepared(&old, "ann"), "somebody is at work on the old one");
    a = plan();
    prov_plan_reclaim(a, &old, target, &mine);
    done(a, "and dies");
    a = plan();
    prov_plan_supersede(a, &old, &again, target, &mine);
    refused(a, PROV_LEASED, "nobody knows what became of it");
    claim(&old);
    ack = (prov_ack){ .kind = PROV_ACK_NOT_APPLIED, .process = 1, .claim = 1, .now = S(186) };
    done(acked(&old, &ack), "then it is known");
    a = plan();
    prov_plan_supersede(a, &old, &again, target, &mine);
    done(a, "comes back");
    prov_link was = link_of(&old, target);
    ok(prov_id_equal(&was.superseded_by, &again) && prov_link_next(&was) == 0,
       "the old link never acts again");
    is_int(was.remote.len, 0, "it has nothing there");
    prov_link is = link_of(&again, target);
    ok(prov_bytes_equal(is.remote, PROV_BYTES("r-ann")) &&
           prov_bytes_equal(is.key, PROV_BYTES("ann")) &&
           prov_bytes_equal(is.etag, PROV_BYTES("W/1")) && is.lease.process == 1,
       "the new one has it all");
    is_int(is.verify, S(400), "and is looked at in its place");
    prov_snapshot *n = see();
    is_bytes(prov_snapshot_copy(n, &again, target, PROV_COPY_APPLIED), PROV_BYTES("copy applied"),
             "the copy, too");
    ok(prov_snapshot_remote(n, target, PROV_BYTES("r-ann"), &holder) &&
           prov_id_equal(&holder, &again) &&
           prov_snapshot_key(n, target, user_type->number, PROV_BYTES("ann"), &holder) &&
           prov_id_equal(&holder, &again),
       "and the names");
    prov_snapshot_end(n);
    uint64_t wanted = was.wanted;
    a = plan();
    prov_plan_touch(a, &old, &soon);
    submit(a);
    ok(due_at(150).count == 0 && wanted > 0, "no touch brings it back");
    ack = applied(&old, "r-ann", "ann");
    ack.claim = 4711;
    ack.late = S(500);
    refused(acked(&old, &ack), PROV_LEASE_LOST, "who lost it long ago has called all the same");
    is_int(link_of(&again, target).verify, S(500), "what he did is looked for at the new one's");
}

static void test_delete(void)
{
    prov_id ann = linked("ann");
    prov_touch leaves = { .now = S(400), .queue = PROV_QUEUE_URGENT, .gone = true };
    carry(&ann, "r-ann", "ann");
    prov_plan *a = plan();
    plan_unindex(a, &ann, user_type, "ann");
    prov_plan_delete(a, &ann, &leaves);
    done(a, "a linked user is deleted");
    prov_link l = link_of(&ann, target);
    ok(l.gone && l.queue == PROV_QUEUE_URGENT && l.wanted == 2 && prov_link_next(&l) == S(400),
       "the link stays: gone, urgent, due");
    prov_snapshot *n = see();
    ok(!prov_snapshot_granted(n, &ann, target, 0), "the grant goes");
    prov_snapshot_end(n);

    prov_ages ages = { .audit = S(1000), .removed = S(1000) };
    bool more = true;
    for (int i = 0; more && i < 100; i++)
        fatal(prov_store_sweep(store, p, S(90000), &ages, &more));
    is_int(row_of(target).links, 1, "no sweep takes a link with work to do");
    prov_lease later = { 1, 1, S(600) };
    prov_ack ack = { .kind = PROV_ACK_APPLIED,
                     .process = 1,
                     .claim = 1,
                     .now = S(500),
                     .sent = 2,
                     .at = PROV_AT_REMOVED,
                     .has_remote = true };
    a = plan();
    prov_plan_claim(a, &ann, target, &later, S(450), &plenty);
    done(a, "the link is claimed");
    done(acked(&ann, &ack), "the target has removed it");
    fatal(prov_store_sweep(store, p, S(1400), &ages, &more));
    is_int(row_of(target).links, 1, "it is kept for its age");
    for (more = true; more;)
        fatal(prov_store_sweep(store, p, S(1600), &ages, &more));
    is_int(row_of(target).links, 0, "and then swept");
    is_int(link_of(&ann, target).wanted, 0, "it is no more");
}

/* --- targets -------------------------------------------------------------------------------------
 */

static bool note_target(void *baton, const char *name, const prov_target *t)
{
    int *seen = baton;
    *seen += t->number == target && strcmp(name, "partner/scim2") == 0;
    *seen += t->number == target2 && strcmp(name, "other/scim2") == 0;
    return true;
}

static void test_targets(void)
{
    static const uint8_t digest[32] = "another";
    int seen = 0;
    prov_outcome o = { .event = PROV_TARGET_PAUSE,
                       .now = S(100),
                       .status = 401,
                       .first = S(10),
                       .most = S(100),
                       .factor = 2,
                       .reason = PROV_BYTES("wrong password") };
    prov_plan *a = plan();
    prov_plan_target_event(a, target, &o);
    done(a, "wrong credentials");
    prov_target t;
    prov_snapshot *n = see();
    ok(prov_snapshot_target(n, target, &t) && t.breaker == PROV_BREAKER_OPEN &&
           t.paused_until == S(110) && t.last_status == 401,
       "pause the target");
    is_bytes(t.reason, PROV_BYTES("wrong password"), "and say why");
    ok(prov_snapshot_target(n, target2, &t) && t.breaker == PROV_BREAKER_CLOSED, "no other");
    prov_snapshot_targets(n, note_target, &seen);
    is_int(seen, 2, "targets have names");
    prov_snapshot_end(n);
    prov_id ann = linked("ann"), bob = linked("bob");
    a = plan();
    prov_plan_claim(a, &ann, target, &mine, S(109), &plenty);
    refused(a, PROV_NO_BUDGET, "while it is paused nothing is claimed");
    a = plan();
    prov_plan_claim(a, &ann, target, &mine, S(110), &plenty);
    done(a, "then one");
    a = plan();
    prov_plan_claim(a, &bob, target, &mine, S(110), &plenty);
    refused(a, PROV_NO_BUDGET, "and no more");
    a = plan();
    prov_plan_target_declare(a, target, false, digest);
    done(a, "a target leaves the configuration");
    t = row_of(target);
    ok(t.moved, "a digest that begins otherwise is another place");
    a = plan();
    prov_plan_claim(a, &ann, target, &mine, S(900), &plenty);
    refused(a, PROV_NO_BUDGET, "where nothing is done until its links are scanned");
    ok(!t.declared && memcmp(t.digest, digest, 32) == 0 && t.links == 2 && t.leases == 1 &&
           t.breaker == PROV_BREAKER_OPEN,
       "the rest stays as it was");
    a = plan();
    prov_plan_scan(a, target, &ann, false);
    prov_plan_scan(a, target, &ann, true);
    done(a, "a scan from start to end");
    ok(!row_of(target).moved, "and it has moved");
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        { "grants and touches", test_grants },
        { "order", test_order },
        { "claims", test_claims },
        { "a link carried", test_done_link },
        { "a late answer", test_late },
        { "the dead", test_dead },
        { "names", test_names },
        { "names that are alike", test_names_alike },
        { "rehire", test_supersede },
        { "delete", test_delete },
        { "targets", test_targets },
    };
    apr_initialize();
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        given_store(tests[i].name);
        declare();
        tests[i].run();
        is_int(check(), 0, "%s: all of it fits together", tests[i].name);
    }
    return stores_done();
}
