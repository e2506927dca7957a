/* User names and passwords as RFC 8265 has them, folding, and the encodings. */
#include "base/text.h"
#include "tap.h"

#define KELVIN "\xE2\x84\xAA"

/* `want` NULL: refused, and the sentence says `why`. */
typedef struct mapping {
    const char *text, *want, *why;
} mapping;

static const mapping usernames[] = {
    { "juliet@example.com", "juliet@example.com", NULL },
    { "fussball", "fussball", NULL },
    { "fu\xC3\x9F"
      "ball",
      "fu\xC3\x9F"
      "ball",
      NULL },
    { "\xCF\x80", "\xCF\x80", NULL },
    { "\xCE\xA3", "\xCF\x83", NULL },
    { "\xCF\x83", "\xCF\x83", NULL },
    { "\xCF\x82", "\xCF\x82", NULL },
    { "\xCE\x9F\xCE\x94\xCE\x9F\xCE\xA3", "\xCE\xBF\xCE\xB4\xCE\xBF\xCF\x82", NULL },
    { "\xCE\xA3\xCE\x91", "\xCF\x83\xCE\xB1", NULL },
    { "Alice", "alice", NULL },
    { "o'brien+x_y-z.q/r#%&*!|~`^$<>\"(){}[]=?;:,\\@",
      "o'brien+x_y-z.q/r#%&*!|~`^$<>\"(){}[]=?;:,\\@", NULL },
    { "ｍｉｎｉｍａｌ", "minimal", NULL },
    { "ＭｉｎｉＭａｌ＠ｘ", "minimal@x", NULL },
    { "Jos\xC3\xA9", "jos\xC3\xA9", NULL },
    { "jose\xCC\x81", "jos\xC3\xA9", NULL },
    { "JOSE\xCC\x81", "jos\xC3\xA9", NULL },
    { "\xC3\x85sa", "\xC3\xA5sa", NULL },
    { "\xC4\xB0stanbul", "i\xCC\x87stanbul", NULL },
    { KELVIN "im", "kim", NULL },
    { "\xC7\x85", NULL, "U+01C6" }, /* a titlecase digraph is a compatibility character */
    { "\xEF\xBD\xB6\xEF\xBE\x9E", "\xE3\x82\xAC", NULL }, /* half-width katakana, voiced */
    { "\xE5\xB1\xB1\xE7\x94\xB0", "\xE5\xB1\xB1\xE7\x94\xB0", NULL },
    { "\xD7\x99\xD7\xA9\xD7\x99@example.com", "\xD7\x99\xD7\xA9\xD7\x99@example.com", NULL },
    { "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C", NULL }, /* jamo compose */
    { "l\xC2\xB7l", "l\xC2\xB7l", NULL },
    { "a\xC2\xB7l", NULL, "U+00B7 at position 2" },
    { "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D\xE0\xA4\xB7",
      "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D\xE0\xA4\xB7", NULL }, /* ZWJ behind a virama */
    { "a\xE2\x80\x8D"
      "b",
      NULL, "U+200D at position 2" },
    { "\xE2\x80\x8C", NULL, "U+200C" },
    { "\xCD\xB5\xCE\xB1", "\xCD\xB5\xCE\xB1", NULL },
    { "\xCD\xB5"
      "a",
      NULL, "U+0375" },
    { "\xD7\x90\xD7\xB3", "\xD7\x90\xD7\xB3", NULL },
    { "a\xD7\xB3", NULL, "U+05F3" },
    { "\xE3\x82\xAB\xE3\x83\xBB\xE3\x82\xAB", "\xE3\x82\xAB\xE3\x83\xBB\xE3\x82\xAB", NULL },
    { "a\xE3\x83\xBB"
      "b",
      NULL, "U+30FB" },
    { "\xD9\xA1\xD9\xA2", "\xD9\xA1\xD9\xA2", NULL },
    { "\xD9\xA1\xDB\xB2", NULL, "U+0661" },
    { "", NULL, "must not be empty" },
    { NULL, NULL, "must not be empty" },
    { "foo bar", NULL, "must not contain a space" },
    { " ", NULL, "must not contain a space" },
    { "foo\xE3\x80\x80"
      "bar",
      NULL, "must not contain a space" },
    { "foo\xC2\xA0"
      "bar",
      NULL, "U+00A0 at position 4" },
    { "henry\xE2\x85\xA3", NULL, "U+2173 at position 6" },
    { "\xE2\x99\x9A", NULL, "U+265A" },
    { "\xF0\x9F\x98\x80", NULL, "U+1F600" },
    { "\xEF\xAC\x81", NULL, "U+FB01" },
    { "a\nb", NULL, "U+000A at position 2" },
    { "a\x7F", NULL, "U+007F at position 2" },
    { "a\xC2\xAD"
      "b",
      NULL, "U+00AD" },
    { "a\xE2\x80\xAE"
      "b",
      NULL, "U+202E" },
    { "\xD9\x80", NULL, "U+0640" },
    { "\xE1\x84\x80", NULL, "U+1100" },
    { "\xEE\x80\x80", NULL, "U+E000" },
    { "\xEF\xBF\xBF", NULL, "U+FFFF" },
    { "\xFF", NULL, "not well-formed UTF-8" },
    { "a\xED\xA0\x80", NULL, "not well-formed UTF-8" },
};

static const mapping passwords[] = {
    { "correct horse battery staple", "correct horse battery staple", NULL },
    { "Correct Horse", "Correct Horse", NULL },
    { "\xCF\x80\xC3\x9F\xC3\xA5", "\xCF\x80\xC3\x9F\xC3\xA5", NULL },
    { "Jack of \xE2\x99\xA6s", "Jack of \xE2\x99\xA6s", NULL },
    { "foo\xE1\x9A\x80"
      "bar",
      "foo bar", NULL },
    { "a\xE3\x80\x80\xC2\xA0", "a  ", NULL },
    { "jose\xCC\x81", "jos\xC3\xA9", NULL },
    { "ｍ", "ｍ", NULL },
    { "\xEF\xAC\x81", "\xEF\xAC\x81", NULL },
    { "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80", NULL },
    { "my cat is a \tby", NULL, "U+0009" },
    { "", NULL, "must not be empty" },
    { "a\xC2\xAD", NULL, "U+00AD" },
    { "\xEE\x80\x80", NULL, "U+E000" },
    { "a\xC0\x80", NULL, "not well-formed UTF-8" },
};

typedef prov_err *prepare(apr_pool_t *p, prov_bytes text, prov_bytes *out);

static void prepares(apr_pool_t *p, prepare *how, const mapping *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        prov_bytes out = { NULL, 0 }, again;
        prov_err *err = how(p, prov_bytes_of(rows[i].text), &out);
        if (!rows[i].want) {
            ok(err && err->http == 400 && strcmp(err->scim_type, "invalidValue") == 0 &&
                   strstr(err->detail, rows[i].why),
               "row %zu is refused: %s", i, err ? err->detail : "no error");
            continue;
        }
        ok(!err, "row %zu is allowed: %s", i, err ? err->detail : rows[i].want);
        is_bytes(out, prov_bytes_of(rows[i].want), "row %zu", i);
        ok(!how(p, out, &again) && prov_bytes_equal(out, again), "row %zu stays as it is", i);
    }
    prov_bytes out;
    ok(how(p, PROV_BYTES("a\0b"), &out), "NUL is refused");
}

static void folds(apr_pool_t *p)
{
    static const struct {
        const char *a, *b;
        int sign;
    } cases[] = {
        { "", "", 0 },
        { "ABC", "abc", 0 },
        { "abc", "ABD", -1 },
        { "Z", "a", 1 },
        { "a", "AB", -1 },
        { "AB", "a", 1 },
        { "a b", "A B", 0 },
        { "stra\xC3\x9F"
          "e",
          "STRASSE", 0 },
        { "\xCE\xA3", "\xCF\x82", 0 },
        { "e\xCC\x81", "\xC3\x89", 0 },
        { "\xEF\xAC\x81", "FI", 0 },
        { "ｍ", "M", 0 },
        { "\xC3\xA9", "e", 1 },
        { "z", "\xC3\xA9", -1 },
        { "Z", "\xC3\xA9", -1 },
        { "\xFF", "a", 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_bytes a = prov_bytes_of(cases[i].a), b = prov_bytes_of(cases[i].b);
        int order = prov_text_fold_compare(p, a, b);
        int folded = prov_bytes_compare(prov_text_fold(p, a), prov_text_fold(p, b));
        is_int((order > 0) - (order < 0), cases[i].sign, "folded comparison %zu", i);
        is_int((folded > 0) - (folded < 0), cases[i].sign, "the same by folding %zu", i);
    }
    prov_bytes invalid = PROV_BYTES("A\xFF");
    is_bytes(prov_text_fold(p, invalid), invalid, "invalid UTF-8 stays");
    is_bytes(prov_text_fold(p, PROV_BYTES("A\0B")), PROV_BYTES("a\0b"), "NUL is no end");
    is_bytes(prov_text_fold(p, PROV_BYTES("\xC3\x89\0B")), PROV_BYTES("\xC3\xA9\0b"), "nor here");
    is_int(prov_text_case_compare("aB", 2, "Ab", 2), 0, "ASCII case");
    ok(prov_text_case_compare("a", 1, "ab", 2) < 0, "shorter first");
    ok(prov_text_case_compare("[", 1, "{", 1) != 0, "only letters have case");
}

static void valid(void)
{
    static const struct {
        prov_bytes text;
        bool good;
    } cases[] = {
        { PROV_BYTES(""), true },
        { PROV_BYTES("a"), true },
        { PROV_BYTES("\xC2\x80"), true },
        { PROV_BYTES("\xE0\xA0\x80"), true },
        { PROV_BYTES("\xED\x9F\xBF\xEE\x80\x80"), true },
        { PROV_BYTES("\xF0\x90\x80\x80"), true },
        { PROV_BYTES("\xF4\x8F\xBF\xBF"), true },
        { PROV_BYTES("a\0"), false },
        { PROV_BYTES("\x80"), false },
        { PROV_BYTES("\xC1\xBF"), false },
        { PROV_BYTES("\xC2"), false },
        { PROV_BYTES("\xC2\x41"), false },
        { PROV_BYTES("\xE0\x9F\xBF"), false },
        { PROV_BYTES("\xE1\x80"), false },
        { PROV_BYTES("\xE1\x80\x41"), false },
        { PROV_BYTES("\xED\xA0\x80"), false },
        { PROV_BYTES("\xED\xBF\xBF"), false },
        { PROV_BYTES("\xF0\x8F\xBF\xBF"), false },
        { PROV_BYTES("\xF1\x80\x80\x41"), false },
        { PROV_BYTES("\xF4\x90\x80\x80"), false },
        { PROV_BYTES("\xF5\x80\x80\x80"), false },
        { PROV_BYTES("\xFF"), false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_int(prov_text_valid(cases[i].text), cases[i].good, "UTF-8 or not: row %zu", i);
}

static void encodings(apr_pool_t *p)
{
    static const struct {
        prov_bytes plain;
        const char *hex, *base64, *base64url;
    } cases[] = {
        { PROV_BYTES(""), "", "", "" },
        { PROV_BYTES("f"), "66", "Zg==", "Zg" },
        { PROV_BYTES("fo"), "666f", "Zm8=", "Zm8" },
        { PROV_BYTES("foo"), "666f6f", "Zm9v", "Zm9v" },
        { PROV_BYTES("foobar"), "666f6f626172", "Zm9vYmFy", "Zm9vYmFy" },
        { PROV_BYTES("\xFB\xFF\xFE\0"), "fbfffe00", "+//+AA==", "-__-AA" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_bytes back;
        is_str(prov_text_hex(p, cases[i].plain), cases[i].hex, "hex %zu", i);
        is_str(prov_text_base64(p, cases[i].plain), cases[i].base64, "base64 %zu", i);
        is_str(prov_text_base64url(p, cases[i].plain), cases[i].base64url, "base64url %zu", i);
        ok(prov_text_unhex(p, cases[i].hex, &back) && prov_bytes_equal(back, cases[i].plain),
           "hex %zu back", i);
        ok(prov_text_unbase64(p, prov_bytes_of(cases[i].base64), &back) &&
               prov_bytes_equal(back, cases[i].plain),
           "base64 %zu back", i);
        ok(prov_text_unbase64(p, prov_bytes_of(cases[i].base64url), &back) &&
               prov_bytes_equal(back, cases[i].plain),
           "base64url %zu back", i);
    }
    prov_bytes out;
    static const char *const bad_base64[] = {
        "Z",  "Zg=", "Zg===", "Z===",     "====",   "=",    "Zm9v=",           "Zh==",
        "Zh", "Zm9", "Zm 9v", "Zg==Zg==", "Zm9v\n", "Zm.v", "\xC3\xA9\xC3\xA9"
    };
    for (size_t i = 0; i < sizeof bad_base64 / sizeof *bad_base64; i++)
        ok(!prov_text_unbase64(p, prov_bytes_of(bad_base64[i]), &out), "not base64: %zu", i);
    static const char *const bad_hex[] = { "6", "6g", "g6", " 66", "0x66", "66 " };
    for (size_t i = 0; i < sizeof bad_hex / sizeof *bad_hex; i++)
        ok(!prov_text_unhex(p, bad_hex[i], &out), "not hex: %s", bad_hex[i]);
    ok(prov_text_unhex(p, "FbFf", &out) && out.data[0] == 0xFB, "hex in upper case");
}

static void measures(void)
{
    static const struct {
        const char *text;
        int64_t duration, size; /* -1 if it is none */
    } cases[] = {
        { "0", 0, 0 },
        { "15", 15000000, 15 },
        { "250ms", 250000, -1 },
        { "15s", 15000000, -1 },
        { "2m", 120000000, 2 << 20 },
        { "1h", 3600000000, -1 },
        { "7d", 604800000000, -1 },
        { "4K", -1, 4096 },
        { "512M", 30720000000, 512 << 20 },
        { "64G", -1, INT64_C(64) << 30 },
        { "1t", -1, INT64_C(1) << 40 },
        { "9223372036854775807", -1, INT64_MAX },
        { "9223372036854775807ms", -1, -1 },
        { "9223372036854ms", 9223372036854000, -1 },
        { "18446744073709551616", -1, -1 },
        { "99999999999999999999", -1, -1 },
        { "16777216T", -1, -1 },
        { "106751992d", -1, -1 },
        { "106751991d", INT64_C(106751991) * 86400000000, -1 },
        { "", -1, -1 },
        { "s", -1, -1 },
        { "-1", -1, -1 },
        { "+1", -1, -1 },
        { " 1", -1, -1 },
        { "1 s", -1, -1 },
        { "1.5s", -1, -1 },
        { "1x", -1, -1 },
        { "1GB", -1, -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apr_time_t duration;
        uint64_t size;
        if (!prov_text_duration(cases[i].text, &duration))
            duration = -1;
        if (!prov_text_size(cases[i].text, &size))
            size = (uint64_t)-1;
        is_int(duration, cases[i].duration, "\"%s\" as a time", cases[i].text);
        is_int((int64_t)size, cases[i].size, "\"%s\" as a size", cases[i].text);
    }
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    prepares(p, prov_text_username, usernames, sizeof usernames / sizeof *usernames);
    prepares(p, prov_text_password, passwords, sizeof passwords / sizeof *passwords);
    folds(p);
    valid();
    encodings(p);
    measures();
    apr_pool_destroy(p);
    return plan_done();
}
