#include "store/link.h"
#include "store/packed.h"

#include <string.h>

#define NUMBER(member)     PROV_PACKED(prov_target, member, PROV_PACKED_NUMBER, 0)
#define UP_TO(member, top) PROV_PACKED(prov_target, member, PROV_PACKED_NUMBER, top)

/* The order is the format. */
static const prov_packed_field fields[] = {
    NUMBER(number),
    UP_TO(declared, true),
    PROV_PACKED(prov_target, digest, PROV_PACKED_FIXED, 0),
    UP_TO(breaker, PROV_BREAKER_STUCK),
    NUMBER(bad_row),
    NUMBER(opened),
    NUMBER(paused_until),
    NUMBER(last_status),
    NUMBER(leases),
    NUMBER(tokens),
    NUMBER(tokens_at),
    NUMBER(conversions),
    NUMBER(conversions_since),
    NUMBER(links),
    NUMBER(unsynced),
    NUMBER(unknown),
    NUMBER(refused),
    NUMBER(held),
    UP_TO(moved, true),
    PROV_PACKED(prov_target, reason, PROV_PACKED_BYTES, 0),
};
#define FIELDS ((int)(sizeof fields / sizeof *fields))

void prov_target_write(prov_buf *b, const prov_target *t)
{
    prov_packed_write(b, fields, FIELDS, t);
}

bool prov_target_read(prov_bytes row, prov_target *out)
{
    memset(out, 0, sizeof *out);
    return row.len > 0 && prov_packed_read(row, fields, FIELDS, out);
}

/* --- the budget ----------------------------------------------------------------------------- */

#define CALL       1000000               /* tokens */
#define BURST_MOST ((int64_t)1000000000) /* keeps the arithmetic within 64 bits */
#define RATE_MOST  ((int64_t)1000000000)

static bool has_room(const prov_target *t, int32_t concurrency, apr_time_t now)
{
    /* Until its scan is done, links know what is at another place. */
    if (t->moved || t->breaker == PROV_BREAKER_STUCK || now < t->paused_until)
        return false;
    if (t->breaker != PROV_BREAKER_CLOSED)
        return t->leases < 1;
    return concurrency <= 0 || t->leases < concurrency;
}

/* `rate` calls in a thousand seconds are `rate` tokens in a thousand microseconds. */
static void refill(prov_target *t, int64_t rate, int64_t burst, apr_time_t now)
{
    int64_t capacity = burst * CALL;
    if (t->tokens_at == 0 || t->tokens > capacity) {
        t->tokens = capacity;
        t->tokens_at = now;
        return;
    }
    int64_t elapsed = now - t->tokens_at;
    if (elapsed > (capacity - t->tokens) * 1000 / rate) {
        t->tokens = capacity;
        t->tokens_at = now;
    } else if (elapsed > 0) {
        /* What is too short for a token stays on the clock. */
        int64_t gained = elapsed * rate / 1000;
        t->tokens += gained;
        t->tokens_at += (gained * 1000 + rate - 1) / rate;
    } else if (elapsed < 0) {
        t->tokens_at = now; /* the clock was set back */
    }
}

static int64_t clamp(int64_t v, int64_t most)
{
    return v < 1 ? 1 : v > most ? most : v;
}

bool prov_target_take(prov_target *t, const prov_budget *b, apr_time_t now)
{
    if (!has_room(t, b->concurrency, now))
        return false;
    if (b->rate > 0) {
        refill(t, clamp(b->rate, RATE_MOST), clamp(b->burst, BURST_MOST), now);
        if (t->tokens < CALL)
            return false;
        t->tokens -= CALL;
    }
    t->leases++;
    return true;
}

void prov_target_give_back(prov_target *t)
{
    if (t->leases > 0)
        t->leases--;
}

/* --- the breaker ---------------------------------------------------------------------------- */

static const prov_bytes nothing = { (const uint8_t *)"", 0 };

static apr_time_t back_off(const prov_outcome *o, uint32_t n)
{
    double wait = (double)o->first;
    for (uint32_t i = 0; i < n && wait < (double)o->most && o->factor > 1; i++)
        wait *= o->factor;
    return wait < (double)o->most ? (apr_time_t)wait : o->most;
}

static void say(prov_target *t, const prov_outcome *o)
{
    t->last_status = o->status;
    t->reason = o->reason;
}

static void open_breaker(prov_target *t, const prov_outcome *o)
{
    apr_time_t until = o->now + back_off(o, t->opened);
    t->breaker = PROV_BREAKER_OPEN;
    t->opened++;
    t->bad_row = 0;
    if (until > t->paused_until)
        t->paused_until = until;
    say(t, o);
}

static void close_breaker(prov_target *t)
{
    t->breaker = PROV_BREAKER_CLOSED;
    t->bad_row = 0;
    t->opened = 0;
    t->paused_until = 0;
    t->reason = nothing;
}

/* Answers that come while it is open are to calls begun before: they neither prove nor add. */
static bool is_stale(const prov_target *t, const prov_outcome *o)
{
    return t->breaker == PROV_BREAKER_STUCK ||
           (t->breaker == PROV_BREAKER_OPEN && o->now < t->paused_until);
}

static void good(prov_target *t, const prov_outcome *o)
{
    if (is_stale(t, o))
        return;
    t->bad_row = 0;
    t->last_status = o->status;
    if (t->breaker == PROV_BREAKER_OPEN)
        t->breaker = PROV_BREAKER_HALF_OPEN;
    else if (t->breaker == PROV_BREAKER_CLOSED && o->now >= t->paused_until)
        t->reason = nothing;
}

static void good_write(prov_target *t, const prov_outcome *o)
{
    if (t->breaker == PROV_BREAKER_HALF_OPEN)
        close_breaker(t);
    good(t, o);
}

static void bad(prov_target *t, const prov_outcome *o)
{
    if (is_stale(t, o))
        return;
    if (t->breaker != PROV_BREAKER_CLOSED || ++t->bad_row >= PROV_BREAKER_ROW)
        open_breaker(t, o);
    else
        t->last_status = o->status;
}

static void pause_at_once(prov_target *t, const prov_outcome *o)
{
    if (!is_stale(t, o))
        open_breaker(t, o);
}

static void later(prov_target *t, const prov_outcome *o)
{
    if (t->breaker == PROV_BREAKER_STUCK || o->until <= t->paused_until)
        return;
    t->paused_until = o->until;
    say(t, o);
}

static void converted(prov_target *t, const prov_outcome *o)
{
    if (t->conversions_since == 0 || o->now - t->conversions_since >= apr_time_from_sec(3600)) {
        t->conversions_since = o->now;
        t->conversions = 0;
    }
    t->conversions++;
    if (t->conversions > PROV_CONVERSIONS_AN_HOUR &&
        (int64_t)t->conversions * 100 > t->links * PROV_CONVERSIONS_SHARE &&
        t->breaker != PROV_BREAKER_STUCK) {
        t->breaker = PROV_BREAKER_STUCK;
        say(t, o);
    }
}

static void resume(prov_target *t, const prov_outcome *o)
{
    close_breaker(t);
    t->conversions = 0;
    t->conversions_since = 0;
}

void prov_target_event_apply(prov_target *t, const prov_outcome *o)
{
    static void (*const effects[])(prov_target *, const prov_outcome *) = {
        [PROV_TARGET_GOOD] = good,     [PROV_TARGET_GOOD_WRITE] = good_write,
        [PROV_TARGET_BAD] = bad,       [PROV_TARGET_PAUSE] = pause_at_once,
        [PROV_TARGET_LATER] = later,   [PROV_TARGET_CONVERTED] = converted,
        [PROV_TARGET_RESUME] = resume,
    };
    if (o->event < sizeof effects / sizeof *effects)
        effects[o->event](t, o);
}
