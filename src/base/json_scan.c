#include "base/json_scan.h"
#include "base/utf8.h"

#include <apr_lib.h>
#include <string.h>

typedef struct scanner {
    const uint8_t *start, *at, *end;
    int depth, most;
    const char *why; /* set once, when `at` stands where it went wrong */
    prov_json_scan *out;
} scanner;

static bool wrong(scanner *s, const char *why)
{
    if (!s->why)
        s->why = s->at == s->end ? "the text ends too early" : why;
    return false;
}

static void skip_space(scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool take(scanner *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool skip_digits(scanner *s)
{
    const uint8_t *first = s->at;
    while (s->at < s->end && apr_isdigit(*s->at))
        s->at++;
    return s->at > first;
}

/* `at` must stand on the u; moves behind the four digits. */
static bool code_unit(scanner *s, unsigned *unit)
{
    *unit = 0;
    s->at++;
    for (int i = 0; i < 4; i++, s->at++) {
        if (s->at == s->end || !apr_isxdigit(*s->at))
            return wrong(s, "\\u needs four hexadecimal digits");
        unsigned digit =
            (unsigned)(apr_isdigit(*s->at) ? *s->at - '0' : apr_tolower(*s->at) - 'a' + 10);
        *unit = *unit << 4 | digit;
    }
    return true;
}

static bool unicode_escape(scanner *s)
{
    const uint8_t *first = s->at;
    unsigned unit, low = 0;
    if (!code_unit(s, &unit))
        return false;
    bool high = unit >= 0xD800 && unit < 0xDC00;
    if (high && take(s, '\\') && s->at < s->end && *s->at == 'u' && !code_unit(s, &low))
        return false;
    if ((high && (low < 0xDC00 || low > 0xDFFF)) || (unit >= 0xDC00 && unit < 0xE000)) {
        s->at = first;
        return wrong(s, "half of a surrogate pair is not a character");
    }
    if (unit == 0) {
        s->at = first;
        return wrong(s, "the character NUL is not allowed");
    }
    return true;
}

static bool escape(scanner *s)
{
    if (s->at < s->end && *s->at == 'u')
        return unicode_escape(s);
    if (s->at == s->end || !*s->at || !strchr("\"\\/bfnrt", *s->at))
        return wrong(s, "no such escape");
    s->at++;
    return true;
}

/* What is most of any string: ASCII but for controls, the quote and the backslash. */
static void skip_plain(scanner *s)
{
    static const bool plain[256] = { [0x20 ... '"' - 1] = true,
                                     ['"' + 1 ... '\\' - 1] = true,
                                     ['\\' + 1 ... 0x7F] = true };
    const uint8_t *at = s->at, *end = s->end;
    while (at < end && plain[*at])
        at++;
    s->at = at;
}

static bool string(scanner *s)
{
    if (!take(s, '"'))
        return wrong(s, "a string in double quotes was expected");
    while (skip_plain(s), s->at < s->end) {
        if (take(s, '"'))
            return true;
        if (take(s, '\\')) {
            if (!escape(s))
                return false;
            continue;
        }
        if (*s->at < 0x20)
            return wrong(s, "a control character in a string must be escaped");
        size_t step = prov_utf8_step(s->at, (size_t)(s->end - s->at));
        if (step == 0)
            return wrong(s, "this is not UTF-8");
        s->at += step;
    }
    return wrong(s, "");
}

static bool fits_int64(const uint8_t *digits, size_t len, bool negative)
{
    const char *limit = negative ? "9223372036854775808" : "9223372036854775807";
    return len < 19 || (len == 19 && memcmp(digits, limit, 19) <= 0);
}

static bool number(scanner *s)
{
    bool negative = take(s, '-'), whole = true;
    const uint8_t *first = s->at;
    if (!skip_digits(s))
        return wrong(s, "a digit was expected");
    const uint8_t *last = s->at;
    if (*first == '0' && last - first > 1) {
        s->at = first;
        return wrong(s, "a number must not begin with 0");
    }
    if (take(s, '.')) {
        whole = false;
        if (!skip_digits(s))
            return wrong(s, "a digit was expected");
    }
    if (take(s, 'e') || take(s, 'E')) {
        whole = false;
        if (!take(s, '+'))
            take(s, '-');
        if (!skip_digits(s))
            return wrong(s, "a digit was expected");
    }
    if (whole && !fits_int64(first, (size_t)(last - first), negative))
        APR_ARRAY_PUSH(s->out->wide, size_t) = (size_t)(s->at - s->start);
    return true;
}

static bool word(scanner *s, const char *literal)
{
    size_t len = strlen(literal);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, literal, len) != 0)
        return wrong(s, "a value was expected");
    s->at += len;
    return true;
}

static bool value(scanner *s);

static bool elements(scanner *s)
{
    skip_space(s);
    if (take(s, ']'))
        return true;
    do {
        if (!value(s))
            return false;
        skip_space(s);
    } while (take(s, ','));
    return take(s, ']') || wrong(s, "a comma or ] was expected");
}

static bool members(scanner *s)
{
    int row = s->out->objects->nelts;
    prov_json_members *made = apr_array_push(s->out->objects);
    made->offset = (size_t)(s->at - s->start) - 1;
    made->count = 0;
    skip_space(s);
    if (take(s, '}'))
        return true;
    do {
        skip_space(s);
        if (!string(s))
            return false;
        skip_space(s);
        if (!take(s, ':'))
            return wrong(s, "a colon was expected");
        if (!value(s))
            return false;
        APR_ARRAY_IDX(s->out->objects, row, prov_json_members).count++;
        skip_space(s);
    } while (take(s, ','));
    return take(s, '}') || wrong(s, "a comma or } was expected");
}

static bool nested(scanner *s, bool (*content)(scanner *))
{
    if (s->depth == s->most)
        return wrong(s, "the nesting is too deep");
    s->depth++;
    if (s->depth > s->out->depth)
        s->out->depth = s->depth;
    s->at++;
    bool good = content(s);
    s->depth--;
    return good;
}

static bool value(scanner *s)
{
    skip_space(s);
    if (s->at == s->end)
        return wrong(s, "");
    switch (*s->at) {
    case '{':
        return nested(s, members);
    case '[':
        return nested(s, elements);
    case '"':
        return string(s);
    case 't':
        return word(s, "true");
    case 'f':
        return word(s, "false");
    case 'n':
        return word(s, "null");
    default:
        if (*s->at == '-' || apr_isdigit(*s->at))
            return number(s);
        return wrong(s, "a value was expected");
    }
}

prov_err *prov_json_wrong(apr_pool_t *p, prov_bytes text, size_t offset, const char *why)
{
    size_t line = 1, line_start = 0;
    for (size_t i = 0; i < offset && i < text.len; i++)
        if (text.data[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    return prov_err_make(p, 400, "invalidSyntax", "The JSON is wrong at line %zu, byte %zu: %s",
                         line, offset - line_start + 1, why);
}

prov_err *prov_json_scan_text(apr_pool_t *p, prov_bytes text, int depth, prov_json_scan *out)
{
    out->objects = apr_array_make(p, 16, sizeof(prov_json_members));
    out->wide = apr_array_make(p, 1, sizeof(size_t));
    out->depth = 0;
    prov_reader all = prov_read(text);
    scanner s = { all.at, all.at, all.end, 0, depth, NULL, out };
    if (value(&s)) {
        skip_space(&s);
        if (s.at == s.end)
            return NULL;
        s.why = "nothing may follow the value";
    }
    return prov_json_wrong(p, text, (size_t)(s.at - s.start), s.why);
}
