/* xsd:dateTime there and back, and what Retry-After may say. */
#include "base/instant.h"
#include "tap.h"

#define BAD INT64_MIN

static void parses(void)
{
    static const struct {
        const char *text;
        int64_t micros; /* BAD if it must be refused */
    } cases[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "1970-01-01T00:00:00", 0 },
        { "1969-12-31T23:59:59Z", -1000000 },
        { "1969-12-31T23:59:59.5Z", -500000 },
        { "2008-01-23T04:56:22Z", 1201064182000000 },
        { "2026-11-21T22:36:38.123456Z", 1795300598123456 },
        { "2026-11-21T22:36:38.1234569Z", 1795300598123456 },
        { "2026-11-21T22:36:38.1Z", 1795300598100000 },
        { "2026-11-21T23:36:38+01:00", 1795300598000000 },
        { "2026-11-21T17:06:38-05:30", 1795300598000000 },
        { "2026-11-21T22:36:38-00:00", 1795300598000000 },
        { "2024-02-29T00:00:00Z", 1709164800000000 },
        { "2000-02-29T12:00:00Z", 951825600000000 },
        { "0001-01-01T00:00:00Z", -62135596800000000 },
        { "9999-12-31T23:59:59.999999Z", 253402300799999999 },
        { "2024-12-31T24:00:00Z", 1735689600000000 },
        { "2024-01-01T00:00:00+14:00", 1704016800000000 },
        { "2023-02-29T00:00:00Z", BAD },
        { "1900-02-29T00:00:00Z", BAD },
        { "2024-04-31T00:00:00Z", BAD },
        { "2024-13-01T00:00:00Z", BAD },
        { "2024-00-01T00:00:00Z", BAD },
        { "2024-01-00T00:00:00Z", BAD },
        { "0000-01-01T00:00:00Z", BAD },
        { "2024-01-01T24:00:01Z", BAD },
        { "2024-01-01T24:00:00.1Z", BAD },
        { "2024-01-01T25:00:00Z", BAD },
        { "2024-01-01T00:60:00Z", BAD },
        { "2024-01-01T00:00:60Z", BAD },
        { "2024-01-01T00:00:00+14:01", BAD },
        { "2024-01-01T00:00:00+01:60", BAD },
        { "2024-01-01T00:00:00+0100", BAD },
        { "2024-01-01T00:00:00+01", BAD },
        { "2024-01-01T00:00:00.Z", BAD },
        { "2024-01-01T00:00:00.", BAD },
        { "2024-01-01T00:00:00ZZ", BAD },
        { "2024-01-01T00:00:00z", BAD },
        { "2024-01-01t00:00:00Z", BAD },
        { "2024-01-01 00:00:00Z", BAD },
        { "2024-01-01", BAD },
        { "2024-01-01T", BAD },
        { "2024-01-01T00:00Z", BAD },
        { "T00:00:00Z", BAD },
        { "24-01-01T00:00:00Z", BAD },
        { " 2024-01-01T00:00:00Z", BAD },
        { "-2024-01-01T00:00:00Z", BAD },
        { "2024-1-01T00:00:00Z", BAD },
        { "", BAD },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apr_time_t got = 1;
        bool good = prov_instant_parse(prov_bytes_of(cases[i].text), &got);
        is_int(good, cases[i].micros != BAD, "\"%s\" is a time or not", cases[i].text);
        if (good)
            is_int(got, cases[i].micros, "\"%s\"", cases[i].text);
    }
}

static void prints(void)
{
    static const struct {
        int64_t micros;
        const char *text;
    } cases[] = {
        { 0, "1970-01-01T00:00:00Z" },
        { 1795300598123456, "2026-11-21T22:36:38.123456Z" },
        { 1795300598000001, "2026-11-21T22:36:38.000001Z" },
        { 1795300598000000, "2026-11-21T22:36:38Z" },
        { -1, "1969-12-31T23:59:59.999999Z" },
        { 951782399000000, "2000-02-28T23:59:59Z" },
        { 951782400000000, "2000-02-29T00:00:00Z" },
        { 951868800000000, "2000-03-01T00:00:00Z" },
        { -62135596800000000, "0001-01-01T00:00:00Z" },
        { 253402300799999999, "9999-12-31T23:59:59.999999Z" },
    };
    char text[PROV_INSTANT_ROOM];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = prov_instant_print(cases[i].micros, text);
        is_str(text, cases[i].text, "print %s", cases[i].text);
        is_int(len, strlen(cases[i].text), "its length");
    }
    is_int(prov_instant_print(INT64_MAX, text), strlen(text), "the last microsecond fits");
    is_int(prov_instant_print(INT64_MIN, text), strlen(text), "the first microsecond fits");
    bool same = true;
    for (int64_t t = -62135596800000000; t < 253402300800000000; t += 86399999999 * 13) {
        apr_time_t back;
        size_t len = prov_instant_print(t, text);
        same = same && prov_instant_parse((prov_bytes){ (uint8_t *)text, len }, &back) && back == t;
    }
    ok(same, "ten thousand years there and back");
}

static void waits(void)
{
    const apr_time_t now = 1795300598500000; /* Sat, 21 Nov 2026 22:36:38.5 */
    static const struct {
        const char *text;
        int64_t wait;
    } cases[] = {
        { "0", 0 },
        { "120", 120000000 },
        { " 120 ", 120000000 },
        { "99999999999999999999999", 2147483647000000 },
        { "2147483648", 2147483647000000 },
        { "Sat, 21 Nov 2026 22:37:38 GMT", 59500000 },
        { "Saturday, 21-Nov-26 22:37:38 GMT", 59500000 },
        { "Sat Nov 21 22:37:38 2026", 59500000 },
        { "Sat, 21 Nov 2020 22:37:38 GMT", 0 },
        { "-5", BAD },
        { "1.5", BAD },
        { "120s", BAD },
        { "soon", BAD },
        { "", BAD },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apr_time_t wait = 0;
        bool good = prov_instant_retry_after(cases[i].text, now, &wait);
        is_int(good, cases[i].wait != BAD, "\"%s\" is a wait or not", cases[i].text);
        if (good)
            is_int(wait, cases[i].wait, "how long \"%s\" is", cases[i].text);
    }
}

int main(void)
{
    parses();
    prints();
    waits();
    return plan_done();
}
