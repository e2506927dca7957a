/* What every store owes the pump about memberships at a target. */
#include "store_given_outbox.h"

typedef struct edges {
    int count;
    prov_id only; /* looked for */
    prov_edge edge;
} edges;

static bool note_edge(void *baton, const prov_id *member, const prov_edge *edge)
{
    edges *e = baton;
    if (prov_id_equal(member, &e->only))
        e->edge = *edge;
    e->count++;
    return true;
}

static prov_edge edge_of(const prov_id *group, const prov_id *member)
{
    edges e = { .only = *member };
    prov_snapshot *n = see();
    prov_snapshot_edges(n, target, group, NULL, note_edge, &e);
    prov_snapshot_end(n);
    return e.edge;
}

static int work_of(const prov_id *group)
{
    edges e = { .count = 0 };
    prov_snapshot *n = see();
    prov_snapshot_edge_work(n, target, group, NULL, note_edge, &e);
    prov_snapshot_end(n);
    return e.count;
}

static void test_edges(void)
{
    prov_id group = make_group("g"), ann = linked("ann"), bob = linked("bob");
    join(&group, &ann);
    grant(&group, group_type, target);
    is_int(work_of(&group), 1, "a new link of a group has an edge for each member");
    uint64_t group_wanted = link_of(&group, target).wanted;
    uint64_t member_wanted = link_of(&bob, target).wanted;
    join(&group, &bob);
    ok(edge_of(&group, &bob).wanted && work_of(&group) == 2, "so has a new member");
    is_int(link_of(&bob, target).wanted, member_wanted + 1, "the member's links are touched");
    is_int(link_of(&group, target).wanted, group_wanted + 1, "the group's are");

    prov_plan *a = plan();
    prov_plan_edge_sent(a, target, &group, &ann, true);
    prov_plan_edge_sent(a, target, &group, &bob, true);
    done(a, "both are sent");
    ok(edge_of(&group, &ann).sent && !edge_of(&group, &ann).applied, "not yet answered");
    a = plan();
    prov_plan_edge_ack(a, target, &group, &ann, true, PROV_EDGE_APPLIED);
    prov_plan_edge_ack(a, target, &group, &bob, true, PROV_EDGE_REFUSED);
    done(a, "one is taken, one is not");
    prov_edge taken = edge_of(&group, &ann), not = edge_of(&group, &bob);
    ok(taken.applied && !taken.sent && not .refused && !not .applied && !not .sent, "as answered");
    is_int(work_of(&group), 0, "neither is work");

    a = plan();
    prov_plan_member_remove(a, &group, &ann, &soon);
    prov_plan_moved(a, &group, &soon);
    done(a, "one leaves");
    taken = edge_of(&group, &ann);
    ok(!taken.wanted && taken.applied && work_of(&group) == 1, "which is work");
    a = plan();
    prov_plan_edge_sent(a, target, &group, &ann, true);
    done(a, "who sends the other wish");
    ok(edge_of(&group, &ann).sent && !edge_of(&group, &ann).wanted, "leaves what must be undone");
    a = plan();
    prov_plan_edge_sent(a, target, &group, &ann, false);
    done(a, "the removal is sent");
    join(&group, &ann);
    a = plan();
    prov_plan_edge_ack(a, target, &group, &ann, false, PROV_EDGE_APPLIED);
    done(a, "and answered when it is wanted again");
    taken = edge_of(&group, &ann);
    ok(taken.wanted && !taken.applied && !taken.sent && work_of(&group) == 1, "so it is work");
    a = plan();
    prov_plan_edge_sent(a, target, &group, &ann, true);
    prov_plan_edge_ack(a, target, &group, &ann, true, PROV_EDGE_UNSENT);
    done(a, "certainly not sent");
    ok(!edge_of(&group, &ann).sent && work_of(&group) == 1, "it is as it was");
}

/* Sent twice, one of the two may arrive when the other has long been answered. */
static void test_suspect(void)
{
    prov_id group = make_group("g"), ann = linked("ann");
    join(&group, &ann);
    grant(&group, group_type, target);
    prov_plan *a = plan();
    prov_plan_edge_sent(a, target, &group, &ann, true);
    prov_plan_member_remove(a, &group, &ann, &soon);
    prov_plan_edge_sent(a, target, &group, &ann, false);
    prov_plan_edge_ack(a, target, &group, &ann, false, PROV_EDGE_APPLIED);
    done(a, "sent without an answer, then taken back");
    ok(edge_of(&group, &ann).suspect && work_of(&group) == 0, "an edge is kept, but is no work");
    static const prov_edge none;
    a = plan();
    prov_plan_edge(a, target, &group, &ann, &none);
    done(a, "looked for");
    ok(!edge_of(&group, &ann).suspect, "it goes");
}

static void test_sleep(void)
{
    prov_id group = make_group("g"), ann = linked("ann"), bob = linked("bob");
    join(&group, &ann);
    join(&group, &bob);
    grant(&group, group_type, target);
    carry(&group, "r-g", "g");
    prov_plan *a = plan();
    prov_plan_edge_sleep(a, target, &group, &ann, false);
    prov_plan_edge_sleep(a, target, &group, &bob, true);
    done(a, "members without remote id");
    ok(edge_of(&group, &ann).asleep && edge_of(&group, &bob).settled && work_of(&group) == 0,
       "one sleeps, one is settled");
    prov_link before = link_of(&group, target);
    carry(&ann, "r-ann", "ann");
    ok(!edge_of(&group, &ann).asleep && work_of(&group) == 1, "a remote id wakes its edge");
    is_int(link_of(&group, target).wanted, before.wanted + 1, "and with it the group's link");
    carry(&bob, "r-bob", "bob");
    ok(!edge_of(&group, &bob).settled && work_of(&group) == 2, "a settled one, too");

    a = plan();
    prov_plan_edge_sent(a, target, &group, &ann, true);
    prov_plan_edge_ack(a, target, &group, &ann, true, PROV_EDGE_APPLIED);
    prov_plan_edge_sent(a, target, &group, &bob, true);
    prov_plan_edge_ack(a, target, &group, &bob, true, PROV_EDGE_APPLIED);
    prov_plan_touch(a, &ann, &soon);
    done(a, "both are there");
    is_int(work_of(&group), 0, "no work");
    carry(&ann, "r-ann", "ann");
    is_int(work_of(&group), 0, "the same remote id changes nothing");
    a = plan();
    prov_plan_touch(a, &ann, &soon);
    done(a, "its object was made anew there");
    carry(&ann, "r-ann2", "ann");
    ok(!edge_of(&group, &ann).applied && edge_of(&group, &bob).applied && work_of(&group) == 1,
       "what hung on the old one is not there");
    a = plan();
    prov_plan_edge_sent(a, target, &group, &ann, true);
    prov_plan_edge_ack(a, target, &group, &ann, true, PROV_EDGE_APPLIED);
    prov_plan_touch(a, &group, &soon);
    done(a, "all are there again");
    a = plan();
    prov_plan_edge_sent(a, target, &group, &ann, true);
    prov_plan_touch(a, &ann, &soon);
    done(a, "she is sent once more");
    carry(&ann, "r-ann3", "ann");
    a = plan();
    prov_plan_edge_ack(a, target, &group, &ann, true, PROV_EDGE_APPLIED);
    done(a, "and answered for when she has yet another id");
    ok(!edge_of(&group, &ann).applied && work_of(&group) == 1, "which that answer was not about");
    a = plan();
    prov_plan_edge_sent(a, target, &group, &ann, false);
    prov_plan_edge_ack(a, target, &group, &ann, true, PROV_EDGE_APPLIED);
    prov_plan_edge_sent(a, target, &group, &ann, false);
    prov_plan_edge_ack(a, target, &group, &ann, false, PROV_EDGE_REFUSED);
    done(a, "who is wanted may not be taken away");
    ok(edge_of(&group, &ann).refused, "which need not be asked for again");
    carry(&group, "r-g2", "g");
    is_int(work_of(&group), 2, "a group's new remote id does it for all its edges");
    prov_edge settled = { .wanted = true, .settled = true };
    a = plan();
    prov_plan_edge(a, target, &group, &ann, &settled);
    done(a, "an edge as it is given");
    ok(edge_of(&group, &ann).settled && work_of(&group) == 1, "its place follows");
}

static void test_group_gone(void)
{
    prov_id group = make_group("g"), ann = linked("ann");
    join(&group, &ann);
    grant(&group, group_type, target);
    uint64_t wanted = link_of(&group, target).wanted;
    prov_plan *a = plan();
    prov_plan_edge_sent(a, target, &group, &ann, true);
    prov_plan_edge_ack(a, target, &group, &ann, true, PROV_EDGE_APPLIED);
    plan_unindex(a, &ann, user_type, "ann");
    prov_plan_delete(a, &ann, &soon);
    done(a, "a member is deleted");
    prov_edge e = edge_of(&group, &ann);
    ok(!e.wanted && e.applied && work_of(&group) == 1, "its edge is unwanted");
    prov_link l = link_of(&group, target);
    ok(l.wanted > wanted && !l.gone, "the group's link is touched, but not gone");
    ok(link_of(&ann, target).gone, "the member's is");

    prov_id bob = linked("bob");
    prov_touch leaves = { .now = S(300), .queue = PROV_QUEUE_URGENT, .gone = true };
    join(&group, &bob);
    wanted = link_of(&bob, target).wanted;
    a = plan();
    prov_plan_edge_sent(a, target, &group, &bob, true);
    prov_plan_edge_ack(a, target, &group, &bob, true, PROV_EDGE_APPLIED);
    plan_unindex(a, &group, group_type, "g");
    prov_plan_delete(a, &group, &leaves);
    done(a, "the group is deleted");
    e = edge_of(&group, &bob);
    ok(!e.wanted && e.applied, "its edges are unwanted");
    l = link_of(&bob, target);
    ok(l.wanted == wanted + 1 && !l.gone, "its members are touched, but not gone");
    l = link_of(&group, target);
    ok(l.gone && l.queue == PROV_QUEUE_URGENT, "its own link is, and urgent");
}

enum { CROWD = 1500 };

/* Under ProvisionDeprovision keep, what is there stays, and so do the edges. */
static prov_id kept_group(void)
{
    static const prov_edge there = { .applied = true };
    prov_id group = make_group("crowd");
    prov_plan *a;
    grant(&group, group_type, target);
    for (int i = 0; i < CROWD; i += 150) {
        a = plan();
        for (int k = 0; k < 150; k++) {
            prov_id member = prov_id_make();
            prov_plan_edge(a, target, &group, &member, &there);
        }
        submit(a);
    }
    a = plan();
    plan_unindex(a, &group, group_type, "crowd");
    prov_plan_delete(a, &group, &soon);
    submit(a);
    claim(&group);
    prov_ack ack = applied(&group, "", "");
    ack.at = PROV_AT_OUT_OF_SCOPE;
    done(acked(&group, &ack), "a group that is gone, and kept there with its members");
    return group;
}

static void test_swept(void)
{
    prov_id group = kept_group(), ann = linked("ann");
    prov_ages ages = { .audit = S(1000), .removed = S(1000) };
    prov_store_stats before, after;
    bool more = true;
    int calls = 0;
    fatal(prov_store_stats_read(store, p, &before));
    for (; more && calls < 100; calls++)
        fatal(prov_store_sweep(store, p, S(90000), &ages, &more));
    fatal(prov_store_stats_read(store, p, &after));
    ok(before.edges == CROWD && after.edges == 0, "its edges are swept with it");
    is_int(link_of(&group, target).wanted, 0, "it is no more");
    ok(after.rows_most <= PROV_TRANSACTION_ROWS, "in parts: the largest of %d rows",
       (int)after.rows_most);
    is_int(row_of(target).links, 1, "who has work stays");
    ok(link_of(&ann, target).wanted > 0 && calls < 100, "and it ends");
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = { { "edges", test_edges },
                  { "suspect", test_suspect },
                  { "sleep", test_sleep },
                  { "a member gone", test_group_gone },
                  { "swept", test_swept } };
    apr_initialize();
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        given_store(tests[i].name);
        declare();
        tests[i].run();
        is_int(check(), 0, "%s: all of it fits together", tests[i].name);
    }
    return stores_done();
}
