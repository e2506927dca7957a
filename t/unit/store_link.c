/* Links and edges: each scenario walks a rule of the outbox step by step. Times are in seconds. */
#include "store/link.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define S(seconds) apr_time_from_sec(seconds)

typedef enum {
    TOUCH,
    URGENT,
    GONE,
    CLAIM,   /* arg: until */
    RECLAIM, /* the process is dead: only the lease goes */
    PREPARE, /* arg: the wanted of the snapshot */
    APPLIED, /* arg: the wanted that was sent */
    DISABLED,
    MORE,
    VERIFY, /* applied, to be asked again at 90 */
    NOT_APPLIED,
    AMBIGUOUS, /* arg: due */
    BACK_OFF,  /* not applied, counted; arg: due */
    OBSERVED,
    RELEASED,
    REFUSED,
    HELD,
    SUPERSEDE,
    END
} verb;

typedef struct step {
    verb what;
    int at; /* now */
    int arg;
    prov_link_state state;
    int next; /* prov_link_next */
    int wanted, applied, attempt;
} step;

typedef struct scenario {
    const char *name;
    step steps[12];
} scenario;

#define SYNCED       PROV_LINK_SYNCED
#define OUT_OF_SCOPE PROV_LINK_OUT_OF_SCOPE
#define PENDING      PROV_LINK_PENDING
#define WAITING      PROV_LINK_WAITING
#define WORKING      PROV_LINK_WORKING
#define UNKNOWN      PROV_LINK_UNKNOWN
#define FAILED       PROV_LINK_FAILED

static const scenario scenarios[] = {
    { "a change becomes a call",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { PREPARE, 11, 1, WORKING, 31, 1, 0, 1 },
        { APPLIED, 12, 1, SYNCED, 0, 1, 1, 0 },
        { .what = END } } },
    { "a burst becomes one call",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { TOUCH, 11, 0, PENDING, 11, 2, 0, 0 },
        { TOUCH, 12, 0, PENDING, 12, 3, 0, 0 },
        { CLAIM, 12, 20, WORKING, 20, 3, 0, 0 },
        { PREPARE, 12, 3, WORKING, 32, 3, 0, 3 },
        { APPLIED, 13, 3, SYNCED, 0, 3, 3, 0 },
        { .what = END } } },
    { "a change during the call leaves the call alone and is due after it",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { PREPARE, 10, 1, WORKING, 30, 1, 0, 1 },
        { TOUCH, 11, 0, WORKING, 30, 2, 0, 1 },
        { APPLIED, 12, 1, PENDING, 12, 2, 1, 0 },
        { .what = END } } },
    { "a dead process before the request leaves nothing in doubt",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { RECLAIM, 11, 0, PENDING, 10, 1, 0, 0 },
        { .what = END } } },
    { "a dead process after it leaves an unknown link, which is probed",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { PREPARE, 10, 1, WORKING, 30, 1, 0, 1 },
        { RECLAIM, 11, 0, UNKNOWN, 10, 1, 0, 1 },
        { CLAIM, 12, 22, WORKING, 22, 1, 0, 1 },
        { OBSERVED, 13, 0, PENDING, 13, 1, 0, 0 },
        { .what = END } } },
    { "a lease that ran out is as good as none, and the link comes up by itself",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { PREPARE, 10, 1, WORKING, 30, 1, 0, 1 },
        { TOUCH, 31, 0, UNKNOWN, 30, 2, 0, 1 },
        { .what = END } } },
    { "an ambiguous answer keeps the attempt until a probe ends it",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { PREPARE, 10, 1, WORKING, 30, 1, 0, 1 },
        { AMBIGUOUS, 15, 18, UNKNOWN, 18, 1, 0, 1 },
        { CLAIM, 18, 28, WORKING, 28, 1, 0, 1 },
        { RELEASED, 19, 25, UNKNOWN, 25, 1, 0, 1 },
        { CLAIM, 25, 35, WORKING, 35, 1, 0, 1 },
        { OBSERVED, 26, 0, PENDING, 26, 1, 0, 0 },
        { .what = END } } },
    { "certainly not applied waits, and a change brings it forward",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { PREPARE, 10, 1, WORKING, 30, 1, 0, 1 },
        { BACK_OFF, 11, 60, WAITING, 60, 1, 0, 0 },
        { TOUCH, 12, 0, PENDING, 12, 2, 0, 0 },
        { .what = END } } },
    { "not applied without a time is due at once",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { PREPARE, 10, 1, WORKING, 30, 1, 0, 1 },
        { NOT_APPLIED, 11, 0, PENDING, 11, 1, 0, 0 },
        { .what = END } } },
    { "a refusal is for good until the next change",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { PREPARE, 10, 1, WORKING, 30, 1, 0, 1 },
        { REFUSED, 11, 0, FAILED, 0, 1, 0, 0 },
        { TOUCH, 20, 0, PENDING, 20, 2, 0, 0 },
        { .what = END } } },
    { "a refusal is of what was sent, not of what came meanwhile",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { PREPARE, 10, 1, WORKING, 30, 1, 0, 1 },
        { TOUCH, 11, 0, WORKING, 30, 2, 0, 1 },
        { REFUSED, 12, 0, PENDING, 12, 2, 0, 0 },
        { .what = END } } },
    { "held by policy is asked again by the next change",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { HELD, 11, 1, PROV_LINK_HELD, 0, 1, 0, 0 },
        { TOUCH, 12, 0, PENDING, 12, 2, 0, 0 },
        { .what = END } } },
    { "held is about the wanted that was decided on",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { TOUCH, 11, 0, WORKING, 20, 2, 0, 0 },
        { HELD, 12, 1, PENDING, 12, 2, 0, 0 },
        { .what = END } } },
    { "a doubtful write is verified once more",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { PREPARE, 10, 1, WORKING, 30, 1, 0, 1 },
        { VERIFY, 12, 1, SYNCED, 90, 1, 1, 0 },
        { CLAIM, 90, 99, WORKING, 99, 1, 1, 0 },
        { APPLIED, 91, 1, SYNCED, 0, 1, 1, 0 },
        { .what = END } } },
    { "a change before the verification is not held up by it",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { VERIFY, 12, 1, SYNCED, 90, 1, 1, 0 },
        { TOUCH, 20, 0, PENDING, 20, 2, 1, 0 },
        { CLAIM, 20, 30, WORKING, 30, 2, 1, 0 },
        { BACK_OFF, 21, 200, WAITING, 90, 2, 1, 0 },
        { .what = END } } },
    { "a refused link is still verified",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { VERIFY, 12, 1, SYNCED, 90, 1, 1, 0 },
        { TOUCH, 20, 0, PENDING, 20, 2, 1, 0 },
        { CLAIM, 20, 30, WORKING, 30, 2, 1, 0 },
        { REFUSED, 21, 0, FAILED, 90, 2, 1, 0 },
        { .what = END } } },
    { "a group with edges left is not there yet",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { PREPARE, 10, 1, WORKING, 30, 1, 0, 1 },
        { MORE, 11, 1, PENDING, 11, 1, 0, 0 },
        { CLAIM, 11, 21, WORKING, 21, 1, 0, 0 },
        { PREPARE, 11, 1, WORKING, 31, 1, 0, 1 },
        { APPLIED, 12, 1, SYNCED, 0, 1, 1, 0 },
        { .what = END } } },
    { "an open attempt is never taken for done because nothing new is wanted",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { APPLIED, 11, 1, SYNCED, 0, 1, 1, 0 },
        { CLAIM, 12, 20, WORKING, 20, 1, 1, 0 },
        { PREPARE, 12, 1, WORKING, 32, 1, 1, 1 },
        { AMBIGUOUS, 13, 14, UNKNOWN, 14, 1, 1, 1 },
        { CLAIM, 14, 20, WORKING, 20, 1, 1, 1 },
        { OBSERVED, 15, 0, PENDING, 15, 1, 0, 0 },
        { .what = END } } },
    { "a disable is urgent and ends disabled",
      { { URGENT, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { DISABLED, 11, 1, PROV_LINK_DISABLED, 0, 1, 1, 0 },
        { .what = END } } },
    { "nothing learned, nothing done: the time stays",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { CLAIM, 10, 20, WORKING, 20, 1, 0, 0 },
        { RELEASED, 12, 0, PENDING, 10, 1, 0, 0 },
        { .what = END } } },
    { "a superseded link never acts again",
      { { TOUCH, 10, 0, PENDING, 10, 1, 0, 0 },
        { SUPERSEDE, 11, 0, PROV_LINK_SUPERSEDED, 0, 1, 0, 0 },
        { TOUCH, 12, 0, PROV_LINK_SUPERSEDED, 0, 2, 0, 0 },
        { .what = END } } },
};

typedef struct answer {
    verb what;
    prov_ack ack;
} answer;

static const answer answers[] = {
    { APPLIED, { .kind = PROV_ACK_APPLIED, .at = PROV_AT_ACTIVE, .status = 200 } },
    { DISABLED, { .kind = PROV_ACK_APPLIED, .at = PROV_AT_DISABLED, .status = 200 } },
    { MORE, { .kind = PROV_ACK_APPLIED, .at = PROV_AT_ACTIVE, .status = 200, .more = true } },
    { VERIFY, { .kind = PROV_ACK_APPLIED, .at = PROV_AT_ACTIVE, .verify = S(90) } },
    { NOT_APPLIED, { .kind = PROV_ACK_NOT_APPLIED } },
    { BACK_OFF, { .kind = PROV_ACK_NOT_APPLIED, .status = 503, .counts = true } },
    { AMBIGUOUS, { .kind = PROV_ACK_AMBIGUOUS, .status = 500, .counts = true } },
    { OBSERVED, { .kind = PROV_ACK_OBSERVED, .at = PROV_AT_ACTIVE, .status = 200 } },
    { RELEASED, { .kind = PROV_ACK_RELEASED } },
    { REFUSED, { .kind = PROV_ACK_NOT_APPLIED, .refused = true, .status = 400, .counts = true } },
    { HELD, { .kind = PROV_ACK_RELEASED, .held = true } },
};

static void acknowledge(prov_link *l, const step *s)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (answers[i].what != s->what)
            continue;
        prov_ack a = answers[i].ack;
        a.now = S(s->at);
        if (a.kind == PROV_ACK_APPLIED || a.held)
            a.sent = (uint64_t)s->arg;
        else
            a.due = S(s->arg);
        prov_link_ack(l, &a);
    }
}

static void take(prov_link *l, const step *s)
{
    prov_touch touch = { .now = S(s->at),
                         .queue = s->what == TOUCH ? PROV_QUEUE_NORMAL : PROV_QUEUE_URGENT,
                         .gone = s->what == GONE };
    prov_prepare prepare = { .wanted = (uint64_t)s->arg,
                             .kind = PROV_ATTEMPT_UPDATE,
                             .now = S(s->at),
                             .until = S(s->at + 20),
                             .sent_key = PROV_BYTES("sent") };
    switch (s->what) {
    case TOUCH:
    case URGENT:
    case GONE:
        prov_link_touch(l, &touch);
        break;
    case CLAIM:
        l->lease = (prov_lease){ 1, 7, S(s->arg) };
        break;
    case RECLAIM:
        memset(&l->lease, 0, sizeof l->lease);
        break;
    case PREPARE:
        prov_link_prepare(l, &prepare);
        break;
    case SUPERSEDE:
        l->superseded_by.b[0] = 1;
        break;
    default:
        acknowledge(l, s);
    }
}

static void walk(const scenario *sc)
{
    prov_link l = { .queue = PROV_QUEUE_NORMAL };
    for (int i = 0; sc->steps[i].what != END; i++) {
        const step *s = &sc->steps[i];
        take(&l, s);
        prov_link_state state = prov_link_state_of(&l, S(s->at), true, S(1000));
        bool good = ok(state == s->state && prov_link_next(&l) == S(s->next) &&
                           l.wanted == (uint64_t)s->wanted && l.applied == (uint64_t)s->applied &&
                           l.attempt == (uint64_t)s->attempt,
                       "%s: step %d", sc->name, i + 1);
        if (!good)
            printf("# %s, want %s; next %lld; wanted %d applied %d attempt %d\n",
                   prov_link_state_names[state], prov_link_state_names[s->state],
                   (long long)apr_time_sec(prov_link_next(&l)), (int)l.wanted, (int)l.applied,
                   (int)l.attempt);
    }
}

/* --- derived states ------------------------------------------------------------------------------
 */

typedef struct derived {
    const char *name;
    prov_link link;
    bool undeclared;
    prov_link_state state; /* at 100, given up after 50 */
} derived;

static const derived states[] = {
    { "removed", { .wanted = 3, .applied = 3, .at = PROV_AT_REMOVED }, 0, PROV_LINK_REMOVED },
    { "never there", { .wanted = 3, .applied = 3, .at = PROV_AT_OUT_OF_SCOPE }, 0, OUT_OF_SCOPE },
    { "nothing there", { .wanted = 3, .applied = 3 }, 0, OUT_OF_SCOPE },
    { "failing for too long", { .wanted = 2, .failing = S(50), .due = S(200) }, 0, FAILED },
    { "failing, not yet", { .wanted = 2, .failing = S(51), .due = S(200) }, 0, WAITING },
    { "due in the future", { .wanted = 1, .due = S(101) }, 0, WAITING },
    { "due now", { .wanted = 1, .due = S(100) }, 0, PENDING },
    { "its target gone", { .wanted = 1, .due = S(100) }, true, PROV_LINK_ORPHANED },
    { "synced, its target gone",
      { .wanted = 1, .applied = 1, .at = PROV_AT_ACTIVE },
      true,
      SYNCED },
    { "refused before", { .wanted = 2, .refused = 1, .due = S(9) }, 0, PENDING },
    { "refused and held", { .wanted = 2, .refused = 2, .held = 2 }, 0, FAILED },
    { "an attempt and a refusal", { .wanted = 2, .refused = 2, .attempt = 1 }, 0, UNKNOWN },
    { "a lease that ends now", { .wanted = 1, .lease = { 1, 1, S(100) } }, 0, PENDING },
    { "a lease", { .wanted = 1, .lease = { 1, 1, S(101) } }, 0, WORKING },
};

static void test_states(void)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        is_str(prov_link_state_names[prov_link_state_of(&states[i].link, S(100),
                                                        !states[i].undeclared, S(50))],
               prov_link_state_names[states[i].state], "%s", states[i].name);
    prov_link old = { .wanted = 1, .failing = 1, .due = S(1) };
    is_int(prov_link_state_of(&old, S(100), true, 0), PENDING, "without a limit nobody gives up");
    is_str(prov_link_state_names[PROV_LINK_ORPHANED], "orphaned", "the last state has a name");
    is_str(prov_link_state_names[PROV_LINK_ORPHANED + 1], NULL, "and then they end");
    prov_link undated = { .wanted = 1 };
    ok(prov_link_next(&undated) > 0, "work without a time is due, not forgotten");
}

/* --- what scenarios do not see -------------------------------------------------------------------
 */

static void test_touch(void)
{
    prov_link l = { .queue = PROV_QUEUE_NORMAL,
                    .tries = 4,
                    .failing = S(1),
                    .wanted = 5,
                    .refused = 5,
                    .lease = { 1, 2, S(50) },
                    .attempt = 3,
                    .applied = 2 };
    prov_touch t = { .now = S(9), .queue = PROV_QUEUE_NORMAL, .trigger = 3, .application = 12 };
    prov_link_touch(&l, &t);
    ok(l.tries == 0 && l.failing == 0, "a change to a refused link starts its time anew");
    ok(l.lease.process == 1 && l.lease.until == S(50) && l.attempt == 3 && l.applied == 2,
       "a touch leaves lease, attempt and applied alone");
    ok(l.trigger == 3 && l.application == 12, "and names who asked");
    is_int(l.queue, PROV_QUEUE_NORMAL, "a normal touch is no hurry");
    t.queue = PROV_QUEUE_URGENT;
    t.gone = true;
    prov_link_touch(&l, &t);
    t.queue = PROV_QUEUE_NORMAL;
    t.gone = false;
    prov_link_touch(&l, &t);
    ok(l.gone, "gone is for ever");
    is_int(l.queue, PROV_QUEUE_URGENT, "urgent work stays urgent until it is done");
    prov_link failing = { .tries = 4, .failing = S(1), .wanted = 5 };
    prov_link_touch(&failing, &t);
    ok(failing.tries == 4 && failing.failing == S(1), "a change is no success");
}

static void test_names(void)
{
    prov_link l = { .wanted = 1,
                    .key = PROV_BYTES("old"),
                    .remote = PROV_BYTES("r1"),
                    .etag = PROV_BYTES("e1"),
                    .at = PROV_AT_ACTIVE };
    prov_prepare prepare = { .wanted = 1,
                             .kind = PROV_ATTEMPT_UPDATE,
                             .now = S(5),
                             .until = S(20),
                             .sent_key = PROV_BYTES("new") };
    prov_link_prepare(&l, &prepare);
    is_bytes(l.key, PROV_BYTES("old"), "a rename in flight keeps the old key");
    is_bytes(l.sent_key, PROV_BYTES("new"), "and holds the new one");
    ok(l.attempt_kind == PROV_ATTEMPT_UPDATE && l.attempt_at == S(5), "what was sent, and when");
    prov_ack late = { .now = S(5), .has_remote = true, .remote = PROV_BYTES("r1") };
    prov_link_deposit(&l, &late);
    ok(!l.candidate.len && !l.verify, "the id we know is no candidate");
    late.remote = PROV_BYTES("r2");
    prov_link_deposit(&l, &late);
    is_int(l.verify, S(5), "and has it looked at");
    is_bytes(l.candidate, PROV_BYTES("r2"), "a late answer leaves a candidate");
    is_bytes(l.remote, PROV_BYTES("r1"), "and nothing else");
    prov_ack a = { .kind = PROV_ACK_APPLIED,
                   .now = S(6),
                   .sent = 1,
                   .at = PROV_AT_ACTIVE,
                   .has_remote = true,
                   .remote = PROV_BYTES("r3"),
                   .etag = PROV_BYTES("e3"),
                   .key = PROV_BYTES("new"),
                   .status = 201 };
    prov_link_ack(&l, &a);
    is_bytes(l.remote, PROV_BYTES("r3"), "the remote id");
    is_bytes(l.etag, PROV_BYTES("e3"), "the ETag");
    is_bytes(l.key, PROV_BYTES("new"), "the key");
    is_int(l.sent_key.len + l.candidate.len, 0, "nothing is in flight");
    ok(l.last_status == 201 && l.last_time == S(6) && l.last_success == S(6), "the evidence");
    prepare.drop_remote = true;
    prov_link_prepare(&l, &prepare);
    is_int(l.remote.len + l.etag.len, 0, "an object that is gone there is forgotten");
    is_int(l.at, PROV_AT_NOTHING, "nothing is there");
}

static void test_tries(void)
{
    prov_link l = { .wanted = 1 };
    prov_ack a = { .kind = PROV_ACK_NOT_APPLIED, .now = S(5), .due = S(9), .counts = true };
    prov_link_ack(&l, &a);
    a.now = S(7);
    prov_link_ack(&l, &a);
    ok(l.tries == 2 && l.failing == S(5), "failing since the first of a row");
    a.counts = false;
    prov_link_ack(&l, &a);
    is_int(l.tries, 2, "what is no failure does not count");
    a = (prov_ack){ .kind = PROV_ACK_RELEASED, .now = S(8), .status = 9 };
    prov_link_ack(&l, &a);
    ok(l.last_time == S(7) && l.last_status == 0 && l.due == S(9), "a release tells nothing");
    l.queue = PROV_QUEUE_URGENT;
    a = (prov_ack){ .kind = PROV_ACK_APPLIED, .now = S(8), .sent = 1, .at = PROV_AT_DISABLED };
    prov_link_ack(&l, &a);
    ok(l.tries == 0 && l.failing == 0, "a success ends the row");
    is_int(l.queue, PROV_QUEUE_NORMAL, "and the hurry");
    is_int(l.at, PROV_AT_DISABLED, "what was left there");
    l.verify = S(20);
    a = (prov_ack){ .kind = PROV_ACK_OBSERVED, .now = S(20), .at = PROV_AT_ACTIVE };
    prov_link_ack(&l, &a);
    is_int(l.verify, S(20), "what was observed by the way verifies nothing");
    a.verified = true;
    prov_link_ack(&l, &a);
    is_int(l.verify, 0, "unless it was asked for");
    prov_ack late = { .now = S(20), .late = S(30) };
    prov_link_deposit(&l, &late);
    prov_link_ack(&l, &a);
    prov_ack applied = { .kind = PROV_ACK_APPLIED, .now = S(29), .sent = 1 };
    prov_link_ack(&l, &applied);
    is_int(l.verify, S(30), "what was sent without the lease is to be looked for");
    applied.now = S(30);
    prov_link_ack(&l, &applied);
    is_int(l.verify, 0, "until it was due");
    prov_link known = { .wanted = 5, .applied = 5, .at = PROV_AT_ACTIVE };
    prov_link_ack(&known, &a);
    is_int(prov_link_next(&known), 0, "what is seen as it was known is no work");
    a.at = PROV_AT_NOTHING;
    prov_link_ack(&known, &a);
    is_int(prov_link_next(&known), S(20), "what is gone is");
    prov_link looked = { .wanted = 5, .applied = 5, .verify = S(10) };
    a = (prov_ack){ .kind = PROV_ACK_RELEASED, .now = S(11), .due = S(15), .counts = true };
    prov_link_ack(&looked, &a);
    is_int(prov_link_next(&looked), S(15), "a look that failed has its time to be tried again");
    prov_link half = { .wanted = 5, .refused = 5, .held = 5 };
    a = (prov_ack){ .kind = PROV_ACK_APPLIED, .now = S(9), .sent = 5, .more = true };
    prov_link_ack(&half, &a);
    is_int(prov_link_next(&half), S(9), "a success ends what was refused or held before");
}

static void test_leases(void)
{
    prov_lease none = { 0, 0, 0 }, mine = { 2, 9, S(10) };
    ok(prov_lease_free(&none, S(0)), "no process, no lease");
    ok(!prov_lease_free(&mine, S(9)) && prov_lease_free(&mine, S(10)), "a lease ends in time");
    ok(prov_lease_mine(&mine, 2, 9), "mine");
    ok(!prov_lease_mine(&mine, 3, 9), "another process's");
    ok(!prov_lease_mine(&mine, 2, 8), "an earlier claim's");
    ok(!prov_lease_mine(&none, 0, 0), "nobody's is not mine");
}

/* --- rows ----------------------------------------------------------------------------------------
 */

static bool same(const prov_link *a, const prov_link *b)
{
    return a->type == b->type && a->queue == b->queue && a->trigger == b->trigger &&
           a->application == b->application && a->gone == b->gone && a->wanted == b->wanted &&
           a->applied == b->applied && a->attempt == b->attempt &&
           a->attempt_kind == b->attempt_kind && a->attempt_at == b->attempt_at &&
           a->refused == b->refused && a->held == b->held && a->at == b->at &&
           a->lease.process == b->lease.process && a->lease.claim == b->lease.claim &&
           a->lease.until == b->lease.until && a->due == b->due && a->verify == b->verify &&
           a->failing == b->failing && a->tries == b->tries && a->last_time == b->last_time &&
           a->last_success == b->last_success && a->last_status == b->last_status &&
           prov_id_equal(&a->superseded_by, &b->superseded_by) &&
           prov_bytes_equal(a->remote, b->remote) && prov_bytes_equal(a->candidate, b->candidate) &&
           prov_bytes_equal(a->etag, b->etag) && prov_bytes_equal(a->key, b->key) &&
           prov_bytes_equal(a->sent_key, b->sent_key);
}

#define NOW ((apr_time_t)1795000000123456)

static const prov_link full = { .type = 400,
                                .queue = PROV_QUEUE_NORMAL,
                                .trigger = 1,
                                .application = 300,
                                .gone = true,
                                .wanted = 1000,
                                .applied = 999,
                                .attempt = 1000,
                                .attempt_kind = PROV_ATTEMPT_MEMBERS,
                                .attempt_at = NOW,
                                .refused = UINT64_MAX,
                                .held = 3,
                                .at = PROV_AT_OUT_OF_SCOPE,
                                .lease = { UINT32_MAX, UINT64_MAX, NOW },
                                .due = NOW,
                                .verify = NOW,
                                .failing = NOW,
                                .tries = 70000,
                                .last_time = NOW,
                                .last_success = NOW,
                                .last_status = 503,
                                .superseded_by = { "0123456789abcde" },
                                .remote = { (const uint8_t *)"remote", 6 },
                                .candidate = { (const uint8_t *)"c", 1 },
                                .etag = { (const uint8_t *)"etag", 4 },
                                .key = { (const uint8_t *)"key", 3 },
                                .sent_key = { (const uint8_t *)"sent", 4 } };

/* In flight, with names as long as they usually are. */
static const prov_link typical = {
    .type = 40,
    .queue = PROV_QUEUE_NORMAL,
    .trigger = 1,
    .application = 2,
    .wanted = 12,
    .applied = 11,
    .attempt = 12,
    .attempt_kind = PROV_ATTEMPT_UPDATE,
    .attempt_at = NOW,
    .at = PROV_AT_ACTIVE,
    .lease = { 17, 90000, NOW },
    .due = NOW,
    .last_time = NOW,
    .last_success = NOW,
    .last_status = 200,
    .remote = { (const uint8_t *)"0199f3a1-7f30-7000-8000-0123456789ab", 36 },
    .etag = { (const uint8_t *)"W/\"a330bc54f0671c9\"", 19 },
    .key = { (const uint8_t *)"barbara.jensen@partner.example", 30 },
    .sent_key = { (const uint8_t *)"barbara.jensen@partner.example", 30 }
};

static prov_bytes row_of(apr_pool_t *p, const prov_link *l)
{
    prov_buf b;
    prov_buf_init(&b, p, 0);
    prov_link_write(&b, l);
    return prov_buf_bytes(&b);
}

static void test_rows(apr_pool_t *p)
{
    const prov_link blank = { .wanted = 0 };
    const prov_link *links[] = { &full, &typical, &blank };
    prov_link back;
    for (int i = 0; i < 3; i++)
        ok(prov_link_read(row_of(p, links[i]), &back) && same(&back, links[i]), "row %d", i);
    prov_bytes row = row_of(p, &typical);
    ok(row.len < 200, "a typical row takes %d bytes", (int)row.len);
    is_int(row_of(p, &blank).len, 1, "nothing costs nothing");

    row = row_of(p, &full);
    int accepted = 0;
    for (size_t cut = 0; cut < row.len; cut++) {
        prov_bytes part = { apr_pmemdup(p, row.data, cut ? cut : 1), cut };
        accepted += prov_link_read(part, &back);
    }
    is_int(accepted, 0, "no part of a row is a row");
    uint8_t *more = apr_palloc(p, row.len + 1);
    memcpy(more, row.data, row.len);
    more[row.len] = 0;
    ok(!prov_link_read((prov_bytes){ more, row.len + 1 }, &back), "nor a row with a tail");
    static const uint8_t strange[] = { 0x02, 0x02 }, wide[] = { 0x01, 0x80, 0x80, 0x04 };
    ok(!prov_link_read((prov_bytes){ strange, sizeof strange }, &back), "nor a queue of its own");
    ok(!prov_link_read((prov_bytes){ wide, sizeof wide }, &back), "nor a number too wide");
    static const uint8_t later[] = { 0x80, 0x80, 0x80, 0x80, 0x02, 0x00 };
    ok(!prov_link_read((prov_bytes){ later, sizeof later }, &back), "nor a field we do not know");
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        walk(&scenarios[i]);
    test_states();
    test_touch();
    test_names();
    test_tries();
    test_leases();
    test_rows(p);
    apr_terminate();
    return plan_done();
}
