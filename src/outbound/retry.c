#include "outbound/retry.h"

#include "base/instant.h"

#define BIT(did) (1u << (did))

enum {
    WRITES =
        BIT(PROV_DID_CREATE) | BIT(PROV_DID_UPDATE) | BIT(PROV_DID_REMOVE) | BIT(PROV_DID_MEMBERS),
    READS = BIT(PROV_DID_READ) | BIT(PROV_DID_FIND) | BIT(PROV_DID_PROBE),
    PROBE = BIT(PROV_DID_PROBE),
    COLLECTION = BIT(PROV_DID_CREATE) | BIT(PROV_DID_FIND) | PROBE,
    ANYTHING = WRITES | READS
};

/* What the target's probe said after a 403. */
enum { UNASKED = 1, GOOD = 2, BAD = 4, WHATEVER = UNASKED | GOOD | BAD };

/* The first row that fits counts; together they leave no answer out. */
typedef struct answer_row {
    uint8_t end; /* prov_call_end */
    int16_t from, to;
    uint8_t did, probe;
    prov_meaning meaning;
} answer_row;

#define APPLIED     PROV_ABOUT_OBJECT, PROV_EFFECT_APPLIED, false, 0, PROV_TARGET_GOOD_WRITE
#define ANSWERED    PROV_ABOUT_OBJECT, PROV_EFFECT_APPLIED, true, 0, PROV_TARGET_GOOD
#define REFUSED     PROV_ABOUT_OBJECT, PROV_EFFECT_REFUSED, true, 0, PROV_TARGET_GOOD
#define PAUSED      PROV_ABOUT_TARGET, PROV_EFFECT_PAUSE, true, 0, PROV_TARGET_PAUSE
#define LATER       PROV_ABOUT_LATER, PROV_EFFECT_WAIT, true, 0, PROV_TARGET_LATER
#define NOT_REACHED PROV_ABOUT_TARGET, PROV_EFFECT_WAIT, true, 0, PROV_TARGET_BAD
#define UNKNOWN     PROV_ABOUT_OBJECT, PROV_EFFECT_UNKNOWN, false, 0, PROV_TARGET_BAD
#define ASK(effect) PROV_ABOUT_OBJECT, effect, true, 0, PROV_TARGET_GOOD

static const answer_row answers[] = {
    { PROV_CALL_ANSWERED, 200, 299, WRITES, WHATEVER, { APPLIED } },
    { PROV_CALL_ANSWERED, 200, 299, READS, WHATEVER, { ANSWERED } },
    { PROV_CALL_ANSWERED, 300, 399, ANYTHING, WHATEVER, { PAUSED } },
    { PROV_CALL_ANSWERED, 401, 401, ANYTHING, WHATEVER, { PAUSED } },
    { PROV_CALL_ANSWERED, 407, 407, ANYTHING, WHATEVER, { PAUSED } },
    { PROV_CALL_ANSWERED, 408, 408, ANYTHING, WHATEVER, { LATER } },
    { PROV_CALL_ANSWERED, 425, 425, ANYTHING, WHATEVER, { LATER } },
    { PROV_CALL_ANSWERED, 429, 429, ANYTHING, WHATEVER, { LATER } },
    { PROV_CALL_ANSWERED, 503, 503, ANYTHING, WHATEVER, { LATER } },
    /* A probe asks for nothing that a healthy target refuses. */
    { PROV_CALL_ANSWERED, 400, 499, PROBE, WHATEVER, { PAUSED } },
    { PROV_CALL_ANSWERED, 501, 501, PROBE, WHATEVER, { PAUSED } },
    { PROV_CALL_ANSWERED, 403, 403, ANYTHING, UNASKED, { ASK(PROV_EFFECT_NEEDS_PROBE) } },
    { PROV_CALL_ANSWERED, 403, 403, ANYTHING, BAD, { PAUSED } },
    { PROV_CALL_ANSWERED, 404, 405, COLLECTION, WHATEVER, { PAUSED } },
    { PROV_CALL_ANSWERED, 410, 410, COLLECTION, WHATEVER, { PAUSED } },
    { PROV_CALL_ANSWERED, 404, 404, ANYTHING, WHATEVER, { ASK(PROV_EFFECT_GONE_MAYBE) } },
    { PROV_CALL_ANSWERED, 410, 410, ANYTHING, WHATEVER, { ASK(PROV_EFFECT_GONE_MAYBE) } },
    { PROV_CALL_ANSWERED, 409, 409, WRITES, WHATEVER, { ASK(PROV_EFFECT_LOOK_UP) } },
    { PROV_CALL_ANSWERED, 412, 412, WRITES, WHATEVER, { ASK(PROV_EFFECT_READ_AGAIN) } },
    { PROV_CALL_ANSWERED, 400, 499, ANYTHING, WHATEVER, { REFUSED } },
    { PROV_CALL_ANSWERED, 501, 501, ANYTHING, WHATEVER, { REFUSED } },
    { PROV_CALL_NO_TLS, 0, 999, ANYTHING, WHATEVER, { PAUSED } },
    { PROV_CALL_NOT_SENT, 0, 999, ANYTHING, WHATEVER, { NOT_REACHED } },
    { PROV_CALL_UNSUPPORTED, 0, 999, ANYTHING, WHATEVER, { REFUSED } },
};

/* Any other 5xx, a status that is none, no whole answer or garbage. */
static const prov_meaning unclear_write = { UNKNOWN }, unclear_read = { NOT_REACHED };

static bool row_fits(const answer_row *r, const prov_answer *a, unsigned did, unsigned probe)
{
    return r->end == a->end && (r->did & did) && (r->probe & probe) &&
           (a->end != PROV_CALL_ANSWERED || (r->from <= a->status && a->status <= r->to));
}

static apr_time_t asked_wait(const prov_answer *a, apr_time_t now)
{
    apr_time_t wait;
    if (!a->retry_after || !prov_instant_retry_after(a->retry_after, now, &wait))
        return 0;
    if (wait < PROV_RETRY_AFTER_LEAST)
        return PROV_RETRY_AFTER_LEAST;
    return wait > PROV_RETRY_AFTER_MOST ? PROV_RETRY_AFTER_MOST : wait;
}

prov_meaning prov_retry_meaning(const prov_answer *a, prov_retry_context ctx)
{
    unsigned did = BIT(ctx.did);
    unsigned probe = !ctx.probed ? UNASKED : ctx.probe_good ? GOOD : BAD;
    prov_meaning m = did & WRITES ? unclear_write : unclear_read;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (row_fits(&answers[i], a, did, probe)) {
            m = answers[i].meaning;
            break;
        }
    m.wait = asked_wait(a, ctx.now);
    return m;
}

/* FNV-1a over the link and the try: the same in every process. */
static uint32_t spread(const prov_id *link, uint32_t tries)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < sizeof link->b; i++)
        h = (h ^ link->b[i]) * 16777619u;
    for (int shift = 0; shift < 32; shift += 8)
        h = (h ^ ((tries >> shift) & 0xff)) * 16777619u;
    return (h ^ (h >> 16)) & 0x3ff;
}

bool prov_retry_is_good(const prov_answer *a)
{
    return a->end == PROV_CALL_ANSWERED && a->status >= 200 && a->status < 300;
}

bool prov_retry_is_missing(const prov_answer *a)
{
    return a->end == PROV_CALL_ANSWERED && (a->status == 404 || a->status == 410);
}

apr_time_t prov_retry_after(uint32_t tries, apr_time_t first, double factor, apr_time_t most,
                            const prov_id *link)
{
    double wait = (double)first;
    if (factor > 1)
        for (uint32_t i = 1; i < tries && wait < (double)most; i++)
            wait *= factor;
    if (wait > (double)most)
        wait = (double)most;
    return (apr_time_t)(wait - wait / 4 * spread(link, tries) / 1024);
}
