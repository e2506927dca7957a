/* Targets: the budget, and the breaker's time line. Times are in seconds. */
#include "store/link.h"
#include "tap.h"

#include <apr_general.h>

#define S(seconds) apr_time_from_sec(seconds)

static prov_outcome outcome(int event, int now)
{
    return (prov_outcome){ .event = (uint8_t)event,
                           .now = S(now),
                           .first = S(2),
                           .most = S(10),
                           .factor = 2,
                           .status = 500,
                           .reason = PROV_BYTES("why") };
}

/* --- time lines: an event, and the breaker after it ----------------------------------------------
 */

typedef struct moment {
    int at;
    int event;
    int until; /* LATER */
    prov_breaker breaker;
    int paused; /* until */
    int row;
} moment;

typedef struct timeline {
    const char *name;
    moment moments[14];
} timeline;

#define GOOD      PROV_TARGET_GOOD
#define WRITE     PROV_TARGET_GOOD_WRITE
#define BAD       PROV_TARGET_BAD
#define PAUSE     PROV_TARGET_PAUSE
#define LATER     PROV_TARGET_LATER
#define CONVERTED PROV_TARGET_CONVERTED
#define RESUME    PROV_TARGET_RESUME
#define END                                                                                        \
    {                                                                                              \
        0, -1, 0, 0, 0, 0                                                                          \
    }
#define CLOSED PROV_BREAKER_CLOSED
#define OPEN   PROV_BREAKER_OPEN
#define HALF   PROV_BREAKER_HALF_OPEN

static const timeline timelines[] = {
    { "five in a row open it",
      { { 100, BAD, 0, CLOSED, 0, 1 },
        { 100, BAD, 0, CLOSED, 0, 2 },
        { 100, BAD, 0, CLOSED, 0, 3 },
        { 100, BAD, 0, CLOSED, 0, 4 },
        { 100, BAD, 0, OPEN, 102, 0 },
        END } },
    { "any good answer breaks the row",
      { { 100, BAD, 0, CLOSED, 0, 1 },
        { 100, BAD, 0, CLOSED, 0, 2 },
        { 100, BAD, 0, CLOSED, 0, 3 },
        { 100, BAD, 0, CLOSED, 0, 4 },
        { 101, GOOD, 0, CLOSED, 0, 0 },
        { 102, BAD, 0, CLOSED, 0, 1 },
        { 103, WRITE, 0, CLOSED, 0, 0 },
        END } },
    { "probes at first x factor^n, at most `most`; a probe half-opens, a write closes",
      { { 100, PAUSE, 0, OPEN, 102, 0 },
        { 102, BAD, 0, OPEN, 106, 0 },
        { 106, BAD, 0, OPEN, 114, 0 },
        { 114, BAD, 0, OPEN, 124, 0 },
        { 124, BAD, 0, OPEN, 134, 0 },
        { 134, GOOD, 0, HALF, 134, 0 },
        { 135, GOOD, 0, HALF, 134, 0 },
        { 136, WRITE, 0, CLOSED, 0, 0 },
        { 137, PAUSE, 0, OPEN, 139, 0 },
        END } },
    { "one bad answer opens a half-open breaker again, for longer",
      { { 100, PAUSE, 0, OPEN, 102, 0 },
        { 102, GOOD, 0, HALF, 102, 0 },
        { 103, BAD, 0, OPEN, 107, 0 },
        END } },
    { "a write as the first sign of life half-opens only",
      { { 100, PAUSE, 0, OPEN, 102, 0 },
        { 102, WRITE, 0, HALF, 102, 0 },
        { 103, WRITE, 0, CLOSED, 0, 0 },
        END } },
    { "answers to calls begun before it opened neither prove nor add",
      { { 100, PAUSE, 0, OPEN, 102, 0 },
        { 101, BAD, 0, OPEN, 102, 0 },
        { 101, PAUSE, 0, OPEN, 102, 0 },
        { 101, GOOD, 0, OPEN, 102, 0 },
        { 101, WRITE, 0, OPEN, 102, 0 },
        END } },
    { "Retry-After pauses without suspicion, the longest counts",
      { { 100, BAD, 0, CLOSED, 0, 1 },
        { 100, LATER, 130, CLOSED, 130, 1 },
        { 101, LATER, 120, CLOSED, 130, 1 },
        { 102, GOOD, 0, CLOSED, 130, 0 },
        END } },
    { "Retry-After of a probe keeps an open breaker open, for as long",
      { { 100, PAUSE, 0, OPEN, 102, 0 },
        { 102, LATER, 300, OPEN, 300, 0 },
        { 300, GOOD, 0, HALF, 300, 0 },
        END } },
    { "opening does not cut a pause short",
      { { 100, LATER, 300, CLOSED, 300, 0 }, { 101, PAUSE, 0, OPEN, 300, 0 }, END } },
    { "an administrator closes it at once",
      { { 100, PAUSE, 0, OPEN, 102, 0 },
        { 101, RESUME, 0, CLOSED, 0, 0 },
        { 102, PAUSE, 0, OPEN, 104, 0 },
        END } },
};

static void walk(const timeline *line)
{
    prov_target t = { .number = 1, .links = 1000 };
    for (int i = 0; line->moments[i].event >= 0; i++) {
        const moment *m = &line->moments[i];
        prov_outcome o = outcome(m->event, m->at);
        o.until = S(m->until);
        prov_target_event_apply(&t, &o);
        if (!ok(t.breaker == m->breaker && t.paused_until == S(m->paused) &&
                    t.bad_row == (uint32_t)m->row,
                "%s: moment %d", line->name, i + 1))
            printf("# breaker %d, until %lld, %u in a row\n", t.breaker,
                   (long long)apr_time_sec(t.paused_until), t.bad_row);
    }
}

static void test_reason(void)
{
    prov_target t = { .number = 1 };
    prov_outcome o = outcome(PAUSE, 100);
    o.status = 401;
    prov_target_event_apply(&t, &o);
    is_bytes(t.reason, PROV_BYTES("why"), "a pause says why");
    is_int(t.last_status, 401, "and with what status");
    o = outcome(RESUME, 101);
    prov_target_event_apply(&t, &o);
    is_int(t.reason.len, 0, "closed, there is no reason");
    o = outcome(LATER, 101);
    o.until = S(110);
    prov_target_event_apply(&t, &o);
    o = outcome(GOOD, 105);
    prov_target_event_apply(&t, &o);
    is_bytes(t.reason, PROV_BYTES("why"), "a pause that lasts keeps its reason");
    o = outcome(GOOD, 110);
    prov_target_event_apply(&t, &o);
    is_int(t.reason.len, 0, "and loses it with the first good answer after");
    t = (prov_target){ .number = 1 };
    o.event = 99;
    prov_target_event_apply(&t, &o);
    is_int(t.breaker, CLOSED, "an event nobody knows does nothing");
}

/* --- updates that became creates -----------------------------------------------------------------
 */

static void convert(prov_target *t, int times, int from, int apart)
{
    for (int i = 0; i < times; i++) {
        prov_outcome o = outcome(CONVERTED, from + i * apart);
        prov_target_event_apply(t, &o);
    }
}

static void test_conversions(void)
{
    prov_target few = { .links = 100 };
    convert(&few, PROV_CONVERSIONS_AN_HOUR, 100, 1);
    is_int(few.breaker, CLOSED, "20 within an hour are borne");
    convert(&few, 1, 200, 1);
    is_int(few.breaker, PROV_BREAKER_STUCK, "21 of 100 links are not");
    const int events[] = { GOOD, WRITE, BAD, PAUSE, LATER };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        prov_outcome o = outcome(events[i], 90000);
        o.until = S(99999);
        prov_target_event_apply(&few, &o);
        is_int(few.breaker, PROV_BREAKER_STUCK, "event %d does not free it", events[i]);
    }
    prov_budget b = { .concurrency = 5 };
    ok(!prov_target_take(&few, &b, S(999999)), "no call goes out, however late");
    prov_outcome o = outcome(RESUME, 99999);
    prov_target_event_apply(&few, &o);
    is_int(few.breaker, CLOSED, "an administrator does");
    convert(&few, PROV_CONVERSIONS_AN_HOUR, 100000, 1);
    is_int(few.breaker, CLOSED, "and the count starts anew");

    prov_target many = { .links = 210 };
    convert(&many, 21, 100, 1);
    is_int(many.breaker, CLOSED, "exactly a tenth of its links is borne");
    convert(&many, 1, 200, 1);
    is_int(many.breaker, PROV_BREAKER_STUCK, "more is not");

    prov_target slow = { .links = 10 };
    convert(&slow, 60, 100, 181);
    is_int(slow.breaker, CLOSED, "19 an hour go on for ever");
}

/* --- budget --------------------------------------------------------------------------------------
 */

static int take(prov_target *t, const prov_budget *b, apr_time_t now, int most)
{
    int taken = 0;
    while (taken < most && prov_target_take(t, b, now))
        taken++;
    return taken;
}

typedef struct room {
    const char *name;
    prov_target target;
    int concurrency;
    int taken; /* of 10, at 100 */
} room;

static const room rooms[] = {
    { "closed", { .breaker = CLOSED }, 8, 8 },
    { "closed, some out", { .breaker = CLOSED, .leases = 6 }, 8, 2 },
    { "closed, too many out", { .breaker = CLOSED, .leases = 9 }, 8, 0 },
    { "no limit", { .breaker = CLOSED }, 0, 10 },
    { "paused", { .breaker = CLOSED, .paused_until = S(101) }, 8, 0 },
    { "paused until now", { .breaker = CLOSED, .paused_until = S(100) }, 8, 8 },
    { "open", { .breaker = OPEN, .paused_until = S(101) }, 8, 0 },
    { "open, its time is over", { .breaker = OPEN, .paused_until = S(100) }, 8, 1 },
    { "open, a probe is out", { .breaker = OPEN, .leases = 1 }, 8, 0 },
    { "half-open", { .breaker = HALF }, 8, 1 },
    { "half-open without a limit", { .breaker = HALF }, 0, 1 },
    { "half-open and paused", { .breaker = HALF, .paused_until = S(101) }, 8, 0 },
    { "stuck", { .breaker = PROV_BREAKER_STUCK }, 8, 0 },
};

static void test_rooms(void)
{
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        prov_target t = rooms[i].target;
        prov_budget b = { .concurrency = rooms[i].concurrency };
        is_int(take(&t, &b, S(100), 10), rooms[i].taken, "calls out: %s", rooms[i].name);
        is_int(t.leases, rooms[i].target.leases + rooms[i].taken, "leases: %s", rooms[i].name);
    }
    prov_target t = { .leases = 1 };
    prov_target_give_back(&t);
    prov_target_give_back(&t);
    is_int(t.leases, 0, "leases never go below none");
}

static void test_rate(void)
{
    prov_target t = { .number = 1 };
    prov_budget b = { .rate = 50000, .burst = 10 }; /* 50 a second */
    is_int(take(&t, &b, S(100), 99), 10, "a burst to begin with");
    is_int(t.leases, 10, "a refused call takes no lease");
    is_int(take(&t, &b, S(100) + 19999, 99), 0, "not a moment too early");
    is_int(take(&t, &b, S(100) + 20000, 99), 1, "one each twentieth of a second");
    is_int(take(&t, &b, S(101), 99), 10, "never more than the burst at once");
    is_int(take(&t, &b, S(50), 99), 0, "a clock set back gives nothing");
    is_int(take(&t, &b, S(50) + 20000, 99), 1, "and goes on from there");
    is_int(take(&t, &b, S(2000000000), 99), 10, "a long rest fills it");

    prov_target slow = { .number = 2 };
    prov_budget rare = { .rate = 1, .burst = 1 }; /* one in a thousand seconds */
    int taken = 0;
    for (int ms = 0; ms <= 3000 * 1000; ms += 7)
        taken += prov_target_take(&slow, &rare, S(1) + apr_time_from_msec(ms));
    is_int(taken, 3, "a rate below a token a look adds up all the same");
    prov_target often = { .number = 5 };
    prov_budget odd = { .rate = 1500, .burst = 1 };
    taken = 0;
    for (int us = 0; us < 600000; us++)
        taken += prov_target_take(&often, &odd, S(1) + us);
    is_int(taken, 1, "looking often earns nothing");
    prov_budget none = { .rate = 5, .burst = 0 };
    prov_target t0 = { .number = 3 };
    is_int(take(&t0, &none, S(1), 99), 1, "without a burst there still is one");
    prov_budget huge = { .rate = INT64_MAX, .burst = INT64_MAX };
    prov_target t1 = { .number = 4 };
    is_int(take(&t1, &huge, S(1), 1000), 1000, "an enormous rate");
    is_int(take(&t1, &huge, INT64_MAX, 1000), 1000, "at the end of time");
}

/* --- rows ----------------------------------------------------------------------------------------
 */

static void test_rows(apr_pool_t *p)
{
    prov_target t = { .number = 70000,
                      .declared = true,
                      .breaker = OPEN,
                      .bad_row = 4,
                      .opened = 3,
                      .paused_until = S(1795000000),
                      .last_status = 503,
                      .leases = 7,
                      .tokens = 1234567,
                      .tokens_at = S(1795000001),
                      .conversions = 19,
                      .conversions_since = S(1795000002),
                      .links = 1000000,
                      .unsynced = 5,
                      .unknown = 6,
                      .moved = true,
                      .refused = 7,
                      .held = 8,
                      .reason = PROV_BYTES("401 from the target: its password has run out") };
    memset(t.digest, 0xA5, sizeof t.digest);
    prov_target back, blank = { .number = 0 };
    prov_buf b;
    prov_buf_init(&b, p, 0);
    prov_target_write(&b, &t);
    ok(prov_target_read(prov_buf_bytes(&b), &back), "a row");
    is_bytes(back.reason, t.reason, "its reason");
    t.reason = back.reason = (prov_bytes){ NULL, 0 };
    ok(back.number == t.number && back.moved && back.declared && back.breaker == t.breaker &&
           back.bad_row == t.bad_row && back.opened == t.opened &&
           back.paused_until == t.paused_until && back.last_status == t.last_status &&
           back.leases == t.leases && back.tokens == t.tokens && back.tokens_at == t.tokens_at &&
           back.conversions == t.conversions && back.conversions_since == t.conversions_since &&
           back.links == t.links && back.unsynced == t.unsynced && back.unknown == t.unknown &&
           back.refused == t.refused && back.held == t.held &&
           memcmp(back.digest, t.digest, sizeof t.digest) == 0,
       "every field comes back");
    int accepted = 0;
    for (size_t cut = 0; cut < b.len; cut++)
        accepted += prov_target_read((prov_bytes){ b.data, cut }, &back);
    is_int(accepted, 0, "no part of a row is a row");
    b.len = 0;
    prov_target_write(&b, &blank);
    ok(prov_target_read(prov_buf_bytes(&b), &back) && back.number == 0, "an empty row");
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    for (size_t i = 0; i < sizeof timelines / sizeof *timelines; i++)
        walk(&timelines[i]);
    test_reason();
    test_conversions();
    test_rooms();
    test_rate();
    test_rows(p);
    apr_terminate();
    return plan_done();
}
