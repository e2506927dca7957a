/* Strict in, escaped out: every laxness of json-c is refused here. */
#include "base/json.h"
#include "tap.h"

#include <float.h>
#include <math.h>

typedef struct refusal {
    prov_bytes text;
    const char *says; /* how the detail ends */
} refusal;

static const refusal refusals[] = {
    { PROV_BYTES(""), "line 1, byte 1: the text ends too early" },
    { PROV_BYTES("  \n "), "line 2, byte 2: the text ends too early" },
    { PROV_BYTES("{} x"), "line 1, byte 4: nothing may follow the value" },
    { PROV_BYTES("{}{}"), "byte 3: nothing may follow the value" },
    { PROV_BYTES("{}\0"), "byte 3: nothing may follow the value" },
    { PROV_BYTES("nullnull"), "byte 5: nothing may follow the value" },
    { PROV_BYTES("{/* c */}"), "byte 2: a string in double quotes was expected" },
    { PROV_BYTES("// c\n{}"), "a value was expected" },
    { PROV_BYTES("{'a':1}"), "byte 2: a string in double quotes was expected" },
    { PROV_BYTES("[\"a',]"), "the text ends too early" },
    { PROV_BYTES("['a']"), "byte 2: a value was expected" },
    { PROV_BYTES("{a:1}"), "a string in double quotes was expected" },
    { PROV_BYTES("[NaN]"), "a value was expected" },
    { PROV_BYTES("[Infinity]"), "a value was expected" },
    { PROV_BYTES("[-Infinity]"), "a digit was expected" },
    { PROV_BYTES("[TRUE]"), "a value was expected" },
    { PROV_BYTES("[Null]"), "a value was expected" },
    { PROV_BYTES("[tru]"), "a value was expected" },
    { PROV_BYTES("[truee]"), "a comma or ] was expected" },
    { PROV_BYTES("[1,]"), "a value was expected" },
    { PROV_BYTES("[,1]"), "a value was expected" },
    { PROV_BYTES("[1 2]"), "a comma or ] was expected" },
    { PROV_BYTES("[1"), "the text ends too early" },
    { PROV_BYTES("{\"a\":1,}"), "a string in double quotes was expected" },
    { PROV_BYTES("{\"a\" 1}"), "a colon was expected" },
    { PROV_BYTES("{\"a\":}"), "a value was expected" },
    { PROV_BYTES("{\"a\":1 \"b\":2}"), "a comma or } was expected" },
    { PROV_BYTES("{\"a\":1"), "the text ends too early" },
    { PROV_BYTES("]"), "a value was expected" },
    { PROV_BYTES("[\v1]"), "a value was expected" },
    { PROV_BYTES("\xEF\xBB\xBF{}"), "a value was expected" },
    /* numbers */
    { PROV_BYTES("01"), "a number must not begin with 0" },
    { PROV_BYTES("-01"), "a number must not begin with 0" },
    { PROV_BYTES("+1"), "a value was expected" },
    { PROV_BYTES("[-]"), "a digit was expected" },
    { PROV_BYTES("[.5]"), "a value was expected" },
    { PROV_BYTES("[1.]"), "a digit was expected" },
    { PROV_BYTES("[1e]"), "a digit was expected" },
    { PROV_BYTES("[1e+]"), "a digit was expected" },
    { PROV_BYTES("[1.5.5]"), "a comma or ] was expected" },
    { PROV_BYTES("[0x10]"), "a comma or ] was expected" },
    { PROV_BYTES("[1e999]"), "a number from here on is too large" },
    { PROV_BYTES("{\"a\":{\"b\":-1e999}}"), "byte 6: a number from here on is too large" },
    /* strings */
    { PROV_BYTES("\"a"), "the text ends too early" },
    { PROV_BYTES("\"a\\"), "the text ends too early" },
    { PROV_BYTES("\"a\nb\""), "a control character in a string must be escaped" },
    { PROV_BYTES("\"a\tb\""), "a control character in a string must be escaped" },
    { PROV_BYTES("\"a\0b\""), "a control character in a string must be escaped" },
    { PROV_BYTES("\"\\x41\""), "no such escape" },
    { PROV_BYTES("\"\\\0\""), "no such escape" },
    { PROV_BYTES("\"\\u12\""), "\\u needs four hexadecimal digits" },
    { PROV_BYTES("\"\\u12g4\""), "\\u needs four hexadecimal digits" },
    { PROV_BYTES("\"\\u0000\""), "the character NUL is not allowed" },
    { PROV_BYTES("{\"a\\u0000b\":1}"), "the character NUL is not allowed" },
    { PROV_BYTES("\"\\ud800\""), "half of a surrogate pair is not a character" },
    { PROV_BYTES("\"\\udc00\""), "half of a surrogate pair is not a character" },
    { PROV_BYTES("\"\\ud800\\u0041\""), "half of a surrogate pair is not a character" },
    { PROV_BYTES("\"\\ud800\\n\""), "half of a surrogate pair is not a character" },
    { PROV_BYTES("\"\x80\""), "byte 2: this is not UTF-8" },
    { PROV_BYTES("\"\xC0\xAF\""), "this is not UTF-8" },
    { PROV_BYTES("\"\xC3\""), "this is not UTF-8" },
    { PROV_BYTES("\"\xED\xA0\x80\""), "this is not UTF-8" },
    { PROV_BYTES("\"\xF4\x90\x80\x80\""), "this is not UTF-8" },
    { PROV_BYTES("{\"\xFF\":1}"), "this is not UTF-8" },
    /* duplicates */
    { PROV_BYTES("{\"a\":1,\"a\":1}"), "byte 1: this object has a member twice" },
    { PROV_BYTES("{\"a\":1,\"\\u0061\":2}"), "byte 1: this object has a member twice" },
    { PROV_BYTES("{\"\":1,\"\":2}"), "byte 1: this object has a member twice" },
    { PROV_BYTES("[{},\n {\"b\":[{\"a\":{}},{\"c\":1,\"d\":2,\"c\":null}]}]"),
      "line 2, byte 17: this object has a member twice" },
    { PROV_BYTES("{\"x\":{\"p\":{},\"q\":{}},\"y\":1,\"x\":{\"p\":1}}"),
      "byte 1: this object has a member twice" },
};

static void refuses(apr_pool_t *p)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const prov_json *j;
        prov_err *err = prov_json_parse(p, refusals[i].text, &j);
        ok(err && err->http == 400 && strcmp(err->scim_type, "invalidSyntax") == 0, "refused: %s",
           (const char *)refusals[i].text.data);
        const char *says = err ? err->detail : "";
        size_t len = strlen(says), end = strlen(refusals[i].says);
        is_str(len >= end ? says + len - end : says, refusals[i].says, "and says why");
    }
}

static prov_err *nested(apr_pool_t *p, int depth, const char *open, const char *close)
{
    prov_buf b;
    const prov_json *j;
    prov_buf_init(&b, p, 0);
    for (int i = 0; i < depth; i++)
        prov_buf_text(&b, open);
    prov_buf_text(&b, "1");
    for (int i = 0; i < depth; i++)
        prov_buf_text(&b, close);
    return prov_json_parse(p, prov_buf_bytes(&b), &j);
}

static void depths(apr_pool_t *p)
{
    ok(!nested(p, PROV_JSON_DEPTH, "[", "]"), "arrays as deep as allowed");
    ok(!nested(p, PROV_JSON_DEPTH, "{\"a\":", "}"), "objects as deep as allowed");
    ok(nested(p, PROV_JSON_DEPTH + 1, "[", "]"), "arrays too deep");
    ok(nested(p, PROV_JSON_DEPTH + 1, "{\"a\":", "}"), "objects too deep");
    ok(nested(p, 1000000, "[", "]"), "a million brackets");
}

static const prov_json *parsed(apr_pool_t *p, const char *text)
{
    const prov_json *j = NULL;
    prov_err *err = prov_json_parse(p, prov_bytes_of(text), &j);
    if (err)
        printf("# %s: %s\n", text, err->detail);
    return j;
}

static void numbers(apr_pool_t *p)
{
    static const struct {
        const char *text;
        prov_json_kind kind;
        int64_t integer;
        double number;
    } cases[] = {
        { "0", PROV_JSON_INTEGER, 0, 0 },
        { "-0", PROV_JSON_INTEGER, 0, 0 },
        { "42", PROV_JSON_INTEGER, 42, 42 },
        { "42.0", PROV_JSON_NUMBER, 0, 42 },
        { "4.2e1", PROV_JSON_NUMBER, 0, 42 },
        { "42E0", PROV_JSON_NUMBER, 0, 42 },
        { "-1.5e-3", PROV_JSON_NUMBER, 0, -0.0015 },
        { "9007199254740993", PROV_JSON_INTEGER, 9007199254740993, 9007199254740992.0 },
        { "9223372036854775807", PROV_JSON_INTEGER, INT64_MAX, 9223372036854775808.0 },
        { "-9223372036854775808", PROV_JSON_INTEGER, INT64_MIN, -9223372036854775808.0 },
        { "9223372036854775808", PROV_JSON_NUMBER, 0, 9223372036854775808.0 },
        { "-9223372036854775809", PROV_JSON_NUMBER, 0, -9223372036854775808.0 },
        { "18446744073709551615", PROV_JSON_NUMBER, 0, 18446744073709551616.0 },
        { "100000000000000000000000", PROV_JSON_NUMBER, 0, 1e23 },
        { "1e308", PROV_JSON_NUMBER, 0, 1e308 },
        { "1e-999", PROV_JSON_NUMBER, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const prov_json *j = parsed(p, cases[i].text);
        is_int(prov_json_is(j), cases[i].kind, "kind of %s", cases[i].text);
        is_int(prov_json_integer(j), cases[i].integer, "%s as an integer", cases[i].text);
        ok(prov_json_number(j) == cases[i].number, "%s as a number", cases[i].text);
    }
    const prov_json *mixed = parsed(p, "[1, 99999999999999999999 ,{\"a\":-99999999999999999999}]");
    ok(prov_json_number(prov_json_at(mixed, 1)) == 1e20, "two wide integers, the first");
    ok(prov_json_number(prov_json_get(prov_json_at(mixed, 2), "a", NULL)) == -1e20,
       "and the second");
}

static bool collect(void *baton, const char *name, const prov_json *value)
{
    prov_buf *b = baton;
    prov_buf_printf(b, "%s=%d ", name, (int)prov_json_is(value));
    return strcmp(name, "stop") != 0;
}

static void reads(apr_pool_t *p)
{
    const prov_json *j = parsed(p, " {\"z\":null, \"b\":true,\"userName\":\"\\u00e9\\ud83d\\ude00"
                                   "\\\"\\/\", \"USERNAME\":2,\"l\":[false,\"\"],\"stop\":{},"
                                   "\"after\":1.5}\r\n");
    bool found;
    prov_buf b;
    prov_buf_init(&b, p, 0);
    prov_json_each(j, collect, &b);
    is_bytes(prov_buf_bytes(&b), PROV_BYTES("z=0 b=1 userName=4 USERNAME=2 l=5 stop=6 "),
             "members in order, to a stop");
    is_bytes(prov_json_string(prov_json_get(j, "userName", NULL)),
             PROV_BYTES("\xC3\xA9\xF0\x9F\x98\x80\"/"), "a string");
    is_int(prov_json_integer(prov_json_get(j, "USERNAME", NULL)), 2, "the exact name first");
    is_int(prov_json_is(prov_json_get(j, "username", &found)), PROV_JSON_STRING, "then any case");
    ok(found, "found in another case");
    ok(!prov_json_get(j, "Z", &found) && found, "null is found");
    ok(!prov_json_get(j, "y", &found) && !found, "absent is not");
    ok(prov_json_boolean(prov_json_get(j, "b", NULL)), "true");
    const prov_json *list = prov_json_get(j, "l", NULL);
    is_int(prov_json_length(list), 2, "length");
    ok(!prov_json_boolean(prov_json_at(list, 0)), "false");
    is_int(prov_json_string(prov_json_at(list, 1)).len, 0, "an empty string");
    ok(!prov_json_at(list, 2), "nothing beyond the end");
    /* the wrong kind gives the neutral value, not an error */
    is_int(prov_json_length(j), 0, "an object has no length");
    is_int(prov_json_string(list).len, 0, "an array is no string");
    is_int(prov_json_integer(prov_json_get(j, "after", NULL)), 0, "a fraction is no integer");
    ok(!prov_json_boolean(prov_json_get(j, "userName", NULL)), "a string is not true");
    ok(!prov_json_get(list, "a", &found) && !found, "an array has no members");
    ok(!prov_json_get(NULL, "a", NULL) && !prov_json_length(NULL) && !prov_json_integer(NULL) &&
           prov_json_is(NULL) == PROV_JSON_NULL && !prov_json_string(NULL).len,
       "null is anything's absence");
    const prov_json *null = j;
    ok(!prov_json_parse(p, PROV_BYTES("null"), &null) && !null, "null as the whole text");
    is_bytes(prov_json_string(parsed(p, "\"bare\"")), PROV_BYTES("bare"), "a bare string");
    is_bytes(prov_json_string(parsed(p, "\"\\b\\f\\n\\r\\t\\\\\"")), PROV_BYTES("\b\f\n\r\t\\"),
             "short escapes");
}

static void releases(apr_pool_t *p)
{
    const prov_json *j;
    apr_pool_t *sub;
    apr_pool_create(&sub, p);
    ok(!prov_json_parse(sub, PROV_BYTES("[[1],2]"), &j), "parsed on a pool");
    prov_json_end(sub, j);
    ok(!prov_json_parse(sub, PROV_BYTES("{\"a\":[1,{\"b\":\"c\"}]}"), &j), "and once more");
    apr_pool_destroy(sub); /* the leak checker tells whether either is left, or went twice */
}

static void writes(apr_pool_t *p)
{
    static const struct {
        prov_bytes text;
        const char *json;
    } strings[] = {
        { PROV_BYTES(""), "\"\"" },
        { PROV_BYTES("plain"), "\"plain\"" },
        { PROV_BYTES("\"\\/"), "\"\\\"\\\\/\"" },
        { PROV_BYTES("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
        { PROV_BYTES("a\0b\x1f"), "\"a\\u0000b\\u001f\"" },
        { PROV_BYTES("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"" },
        { PROV_BYTES("a\xFF z\xC3"), "\"a\\ufffd z\\ufffd\"" },
        { PROV_BYTES("\x7F"), "\"\x7F\"" },
    };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        prov_buf b;
        prov_buf_init(&b, p, 0);
        prov_json_write_string(&b, strings[i].text);
        is_bytes(prov_buf_bytes(&b), prov_bytes_of(strings[i].json), "write %s", strings[i].json);
    }
    prov_buf b;
    prov_buf_init(&b, p, 0);
    prov_json_write_text(&b, NULL);
    prov_json_write_text(&b, "t");
    prov_json_write_integer(&b, INT64_MIN);
    is_bytes(prov_buf_bytes(&b), PROV_BYTES("null\"t\"-9223372036854775808"),
             "null, text, integer");
}

static void writes_numbers(apr_pool_t *p)
{
    static const struct {
        double v;
        const char *json;
    } cases[] = { { 0, "0.0" },
                  { 42, "42.0" },
                  { 0.1, "0.1" },
                  { -1.5, "-1.5" },
                  { 1e23, "1e+23" },
                  { 1.0 / 3, "0.3333333333333333" },
                  { DBL_MAX, "1.7976931348623157e+308" },
                  { DBL_MIN, "2.2250738585072014e-308" },
                  { NAN, "null" },
                  { INFINITY, "null" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_buf b;
        prov_buf_init(&b, p, 0);
        prov_json_write_number(&b, cases[i].v);
        const char *text = prov_bytes_text(p, prov_buf_bytes(&b));
        is_str(text, cases[i].json, "write %s", cases[i].json);
        if (isfinite(cases[i].v))
            ok(prov_json_number(parsed(p, text)) == cases[i].v, "and the same comes back");
    }
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    refuses(p);
    depths(p);
    numbers(p);
    reads(p);
    releases(p);
    writes(p);
    writes_numbers(p);
    apr_pool_destroy(p);
    return plan_done();
}
