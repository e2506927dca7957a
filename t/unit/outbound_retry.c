/* Every status and every end, for everything that can be asked, against the design's table written
 * down here a second time, by status rather than by rule. */
#include "outbound/retry.h"
#include "tap.h"

#include <apr_general.h>

#define NOW (INT64_C(1700000000) * APR_USEC_PER_SEC)

static const char *const dids[] = {
    "create", "update", "remove", "members", "read", "find", "probe"
};
enum { DIDS = 7 };

static bool writes(int did)
{
    return did <= PROV_DID_MEMBERS;
}

static bool on_collection(int did)
{
    return did == PROV_DID_CREATE || did == PROV_DID_FIND || did == PROV_DID_PROBE;
}

/* The probe's 4xx and 501 mean the target; the rest as the design's rows say. */
static prov_effect expected(int status, int did)
{
    bool probe = did == PROV_DID_PROBE;
    switch (status) {
    case 401:
    case 407:
        return PROV_EFFECT_PAUSE;
    case 403:
        return probe ? PROV_EFFECT_PAUSE : PROV_EFFECT_NEEDS_PROBE;
    case 404:
    case 410:
        return on_collection(did) ? PROV_EFFECT_PAUSE : PROV_EFFECT_GONE_MAYBE;
    case 405:
        return on_collection(did) ? PROV_EFFECT_PAUSE : PROV_EFFECT_REFUSED;
    case 408:
    case 425:
    case 429:
    case 503:
        return PROV_EFFECT_WAIT;
    case 409:
        return writes(did) ? PROV_EFFECT_LOOK_UP : probe ? PROV_EFFECT_PAUSE : PROV_EFFECT_REFUSED;
    case 412:
        return writes(did) ? PROV_EFFECT_READ_AGAIN
               : probe     ? PROV_EFFECT_PAUSE
                           : PROV_EFFECT_REFUSED;
    case 501:
        return probe ? PROV_EFFECT_PAUSE : PROV_EFFECT_REFUSED;
    }
    switch (status / 100) {
    case 2:
        return PROV_EFFECT_APPLIED;
    case 3:
        return PROV_EFFECT_PAUSE;
    case 4:
        return probe ? PROV_EFFECT_PAUSE : PROV_EFFECT_REFUSED;
    }
    return writes(did) ? PROV_EFFECT_UNKNOWN : PROV_EFFECT_WAIT;
}

/* What must hold between the parts of a meaning, whatever the answer. */
static bool coherent(prov_meaning m, int did)
{
    bool open = m.effect == PROV_EFFECT_UNKNOWN || (m.effect == PROV_EFFECT_APPLIED && writes(did));
    if (m.certainly_not_applied == open)
        return false;
    switch (m.effect) {
    case PROV_EFFECT_APPLIED:
        return m.event == (writes(did) ? PROV_TARGET_GOOD_WRITE : PROV_TARGET_GOOD);
    case PROV_EFFECT_PAUSE:
        return m.event == PROV_TARGET_PAUSE && m.about == PROV_ABOUT_TARGET;
    case PROV_EFFECT_WAIT:
        return m.about == PROV_ABOUT_LATER ? m.event == PROV_TARGET_LATER
                                           : m.event == PROV_TARGET_BAD;
    case PROV_EFFECT_UNKNOWN:
        return m.event == PROV_TARGET_BAD && m.about == PROV_ABOUT_OBJECT;
    default:
        return m.event == PROV_TARGET_GOOD && m.about == PROV_ABOUT_OBJECT;
    }
}

static void every_status(void)
{
    for (int did = 0; did < DIDS; did++) {
        int wrong = 0, odd = 0;
        for (int status = 100; status <= 599; status++) {
            prov_answer a = { .end = PROV_CALL_ANSWERED, .status = status };
            prov_meaning m = prov_retry_meaning(&a, (prov_retry_context){ .did = did, .now = NOW });
            if (m.effect != expected(status, did)) {
                printf("# %s %d: effect %d\n", dids[did], status, m.effect);
                wrong++;
            }
            odd += !coherent(m, did) || m.wait != 0;
        }
        is_int(wrong, 0, "%s: what each status means", dids[did]);
        is_int(odd, 0, "%s: the parts of each meaning fit together", dids[did]);
    }
}

static void every_end(void)
{
    static const struct {
        prov_call_end end;
        prov_effect write, read;
        const char *name;
    } cases[] = {
        { PROV_CALL_NOT_SENT, PROV_EFFECT_WAIT, PROV_EFFECT_WAIT, "not sent" },
        { PROV_CALL_NO_TLS, PROV_EFFECT_PAUSE, PROV_EFFECT_PAUSE, "no TLS" },
        { PROV_CALL_LOST, PROV_EFFECT_UNKNOWN, PROV_EFFECT_WAIT, "lost" },
        { PROV_CALL_UNREADABLE, PROV_EFFECT_UNKNOWN, PROV_EFFECT_WAIT, "unreadable" },
        { PROV_CALL_UNSUPPORTED, PROV_EFFECT_REFUSED, PROV_EFFECT_REFUSED, "unsupported" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int wrong = 0;
        for (int did = 0; did < DIDS; did++)
            for (int status = 0; status <= 201; status += 201) {
                prov_answer a = { .end = cases[i].end, .status = status };
                prov_meaning m =
                    prov_retry_meaning(&a, (prov_retry_context){ .did = did, .now = NOW });
                wrong +=
                    m.effect != (writes(did) ? cases[i].write : cases[i].read) || !coherent(m, did);
            }
        is_int(wrong, 0, "an answer that is %s, whatever was asked", cases[i].name);
    }
}

static void forbidden(void)
{
    for (int did = 0; did < PROV_DID_PROBE; did++)
        for (int good = 0; good <= 1; good++) {
            prov_answer a = { .end = PROV_CALL_ANSWERED, .status = 403 };
            prov_meaning m = prov_retry_meaning(
                &a, (prov_retry_context){ .did = did, .probed = true, .probe_good = good });
            is_int(m.effect, good ? PROV_EFFECT_REFUSED : PROV_EFFECT_PAUSE,
                   "%s, 403 while the probe is %s", dids[did], good ? "good" : "bad");
            ok(coherent(m, did), "and its parts fit together");
        }
}

static void waits(void)
{
    static const struct {
        const char *text;
        apr_time_t want;
    } cases[] = {
        { "7", 7 * APR_USEC_PER_SEC },
        { "0", PROV_RETRY_AFTER_LEAST },
        { "99999999999999999999", PROV_RETRY_AFTER_MOST },
        { "Tue, 14 Nov 2023 22:13:50 GMT", 30 * APR_USEC_PER_SEC },
        { "Tue, 14 Nov 2000 22:13:50 GMT", PROV_RETRY_AFTER_LEAST },
        { "Tue, 14 Nov 2099 22:13:50 GMT", PROV_RETRY_AFTER_MOST },
        { "soon", 0 },
        { "-5", 0 },
        { "", 0 },
        { NULL, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_answer a = { .end = PROV_CALL_ANSWERED, .status = 429, .retry_after = cases[i].text };
        prov_meaning m = prov_retry_meaning(&a, (prov_retry_context){ .now = NOW });
        is_int(m.wait, cases[i].want, "Retry-After: %s",
               cases[i].text ? cases[i].text : "(not there)");
    }
}

static void backoff(void)
{
    prov_id id = { { 1, 2, 3 } };
    const apr_time_t first = 2000000, most = INT64_C(3600000000);
    double full = (double)first;
    int outside = 0;
    for (uint32_t tries = 1; tries < 40; tries++) {
        apr_time_t got = prov_retry_after(tries, first, 2, most, &id);
        double cap = full < (double)most ? full : (double)most;
        outside += (double)got > cap || (double)got < cap * 3 / 4;
        full *= 2;
    }
    is_int(outside, 0, "each wait lies in the last quarter below its step, none above the most");

    ok(prov_retry_after(1000000000, first, 1, most, &id) <= first, "factor 1 never grows");
    ok(prov_retry_after(4000000000u, first, 1.5, most, &id) <= most, "any number of tries ends");
    ok(prov_retry_after(0, first, 2, most, &id) <= first, "no try yet waits like the first");
    is_int(prov_retry_after(5, first, 2, most, &id), prov_retry_after(5, first, 2, most, &id),
           "the same link and try wait the same");

    apr_time_t least = most, longest = 0;
    for (int i = 0; i < 1000; i++) {
        prov_id other = { { (uint8_t)i, (uint8_t)(i >> 8) } };
        apr_time_t w = prov_retry_after(30, first, 2, most, &other);
        least = w < least ? w : least;
        longest = w > longest ? w : longest;
    }
    ok(longest - least > most / 5, "a thousand links spread over the quarter");
}

int main(void)
{
    apr_initialize();
    every_status();
    every_end();
    forbidden();
    waits();
    backoff();
    return plan_done();
}
