#include "base/json_scan.h"
#include "base/utf8.h"
#include "base/utf8_point.h"

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FEW 16 /* members that are held against each other one by one */

typedef struct scanner {
    apr_pool_t *p;
    uint8_t *start, *at, *end; /* a copy of the text: strings lie in it, decoded */
    uint8_t *to;               /* where the string goes that is read; never beyond `at` */
    uint8_t *near;             /* where the object last entered begins */
    apr_array_header_t *open;  /* of prov_json: what the arrays and objects not yet closed have */
    int depth_left;
    const char *why; /* set once, when `at` stands where it went wrong */
} scanner;

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

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

/* --- strings -------------------------------------------------------------------------------- */

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
    uint8_t *first = s->at;
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
    s->to += prov_utf8_put(high ? 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00) : unit, s->to);
    return true;
}

static bool escape(scanner *s)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (s->at < s->end && *s->at == 'u')
        return unicode_escape(s);
    const char *letter = s->at < s->end && *s->at ? strchr(letters, *s->at) : NULL;
    if (!letter)
        return wrong(s, "no such escape");
    *s->to++ = (uint8_t)meant[letter - letters];
    s->at++;
    return true;
}

/* Up to a quote, a backslash or the end. */
static bool plain(scanner *s)
{
    const uint8_t *first = s->at;
    while (s->at < s->end && *s->at != '"' && *s->at != '\\') {
        if (*s->at < 0x20)
            return wrong(s, "a control character in a string must be escaped");
        size_t step = prov_utf8_step(s->at, (size_t)(s->end - s->at));
        if (step == 0)
            return wrong(s, "this is not UTF-8");
        s->at += step;
    }
    size_t len = (size_t)(s->at - first);
    if (s->to != first)
        memmove(s->to, first, len);
    s->to += len;
    return true;
}

/* The NUL behind it takes the place of the quote at the latest. */
static bool string(scanner *s, prov_bytes *out)
{
    if (!take(s, '"'))
        return wrong(s, "a string in double quotes was expected");
    uint8_t *first = s->to = s->at;
    while (plain(s)) {
        if (take(s, '"')) {
            *s->to = 0;
            *out = (prov_bytes){ first, (size_t)(s->to - first) };
            return true;
        }
        if (!take(s, '\\'))
            return wrong(s, "");
        if (!escape(s))
            return false;
    }
    return false;
}

/* --- numbers and words ---------------------------------------------------------------------- */

static bool fits_int64(const uint8_t *digits, size_t len, bool negative)
{
    const char *limit = negative ? "9223372036854775808" : "9223372036854775807";
    return len < 19 || (len == 19 && memcmp(digits, limit, 19) <= 0);
}

static int64_t integer(const uint8_t *digits, size_t len, bool negative)
{
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++)
        v = v * 10 + (uint64_t)(digits[i] - '0');
    return negative ? (int64_t)-v : (int64_t)v;
}

static bool decimal(scanner *s, const uint8_t *first, prov_json *out)
{
    pthread_once(&c_locale_once, make_c_locale);
    out->kind = PROV_JSON_NUMBER;
    out->number = strtod_l((const char *)first, NULL, c_locale);
    if (isfinite(out->number))
        return true;
    s->at = s->near;
    return wrong(s, "a number from here on is too large");
}

static bool number(scanner *s, prov_json *out)
{
    const uint8_t *start = s->at;
    bool negative = take(s, '-'), whole = true;
    uint8_t *first = s->at;
    if (!skip_digits(s))
        return wrong(s, "a digit was expected");
    size_t len = (size_t)(s->at - first);
    if (*first == '0' && len > 1) {
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
    if (!whole || !fits_int64(first, len, negative))
        return decimal(s, start, out);
    out->kind = PROV_JSON_INTEGER;
    out->integer = integer(first, len, negative);
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

static bool boolean(scanner *s, const char *literal, prov_json *out)
{
    out->kind = PROV_JSON_BOOLEAN;
    out->boolean = *literal == 't';
    return word(s, literal);
}

/* --- arrays and objects --------------------------------------------------------------------- */

static bool value(scanner *s, prov_json *out);

/* What lies open from `first` on is what it has. */
static void close_list(scanner *s, int first, prov_json *out)
{
    out->count = (size_t)(s->open->nelts - first);
    out->items = apr_pmemdup(s->p, &APR_ARRAY_IDX(s->open, first, prov_json),
                             out->count * sizeof *out->items);
    s->open->nelts = first;
}

static bool elements(scanner *s, prov_json *out)
{
    int first = s->open->nelts;
    out->kind = PROV_JSON_ARRAY;
    skip_space(s);
    if (take(s, ']'))
        return true;
    do {
        prov_json element = { .kind = PROV_JSON_NULL };
        if (!value(s, &element))
            return false;
        APR_ARRAY_PUSH(s->open, prov_json) = element;
        skip_space(s);
    } while (take(s, ','));
    close_list(s, first, out);
    return take(s, ']') || wrong(s, "a comma or ] was expected");
}

static bool has_twice(scanner *s, const prov_json *object)
{
    apr_hash_t *names = object->count > FEW ? apr_hash_make(s->p) : NULL;
    for (size_t i = 0; i < object->count; i++) {
        const prov_json *item = &object->items[i];
        apr_ssize_t len = (apr_ssize_t)item->name.len;
        if (names && apr_hash_get(names, item->name.data, len))
            return true;
        if (names)
            apr_hash_set(names, item->name.data, len, item);
        for (size_t k = 0; !names && k < i; k++)
            if (prov_bytes_equal(object->items[k].name, item->name))
                return true;
    }
    return false;
}

static bool members(scanner *s, prov_json *out)
{
    int first = s->open->nelts;
    uint8_t *brace = s->near = s->at - 1;
    out->kind = PROV_JSON_OBJECT;
    skip_space(s);
    if (take(s, '}'))
        return true;
    do {
        prov_json member = { .kind = PROV_JSON_NULL };
        skip_space(s);
        if (!string(s, &member.name))
            return false;
        skip_space(s);
        if (!take(s, ':'))
            return wrong(s, "a colon was expected");
        if (!value(s, &member))
            return false;
        APR_ARRAY_PUSH(s->open, prov_json) = member;
        skip_space(s);
    } while (take(s, ','));
    close_list(s, first, out);
    if (!take(s, '}'))
        return wrong(s, "a comma or } was expected");
    if (!has_twice(s, out))
        return true;
    s->at = brace;
    return wrong(s, "this object has a member twice");
}

static bool nested(scanner *s, bool (*content)(scanner *, prov_json *), prov_json *out)
{
    if (s->depth_left == 0)
        return wrong(s, "the nesting is too deep");
    s->depth_left--;
    s->at++;
    bool good = content(s, out);
    s->depth_left++;
    return good;
}

static bool value(scanner *s, prov_json *out)
{
    skip_space(s);
    if (s->at == s->end)
        return wrong(s, "");
    switch (*s->at) {
    case '{':
        return nested(s, members, out);
    case '[':
        return nested(s, elements, out);
    case '"':
        out->kind = PROV_JSON_STRING;
        return string(s, &out->text);
    case 't':
        return boolean(s, "true", out);
    case 'f':
        return boolean(s, "false", out);
    case 'n':
        return word(s, "null");
    default:
        if (*s->at == '-' || apr_isdigit(*s->at))
            return number(s, out);
        return wrong(s, "a value was expected");
    }
}

/* --- the whole ------------------------------------------------------------------------------ */

/* In the text as it was given, for the copy is written to. */
static prov_err *wrong_at(apr_pool_t *p, prov_bytes text, size_t offset, const char *why)
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

prov_err *prov_json_scan(apr_pool_t *p, prov_bytes text, int depth, prov_json *out)
{
    scanner s = { .p = p, .depth_left = depth };
    s.start = s.at = s.near = apr_palloc(p, text.len + 1);
    s.end = s.start + text.len;
    if (text.len)
        memcpy(s.start, text.data, text.len);
    *s.end = 0; /* what reads a number stops there */
    s.open = apr_array_make(p, 32, sizeof(prov_json));
    if (value(&s, out)) {
        skip_space(&s);
        if (s.at == s.end)
            return NULL;
        s.why = "nothing may follow the value";
    }
    return wrong_at(p, text, (size_t)(s.at - s.start), s.why);
}
