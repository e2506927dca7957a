#include "base/text.h"

#include <string.h>
#include <utf8proc.h>

#define NFC    (UTF8PROC_STABLE | UTF8PROC_COMPOSE)
#define FOLD   (UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD)

#define VIRAMA 9 /* the canonical combining class of every virama */

typedef struct range {
    int32_t from, to;
} range;

/* A text as code points, for rules that look around. */
typedef struct points {
    int32_t *cp;
    size_t len;
} points;

static bool in_ranges(int32_t cp, const range *ranges)
{
    for (; ranges->to; ranges++)
        if (cp >= ranges->from && cp <= ranges->to)
            return true;
    return false;
}

static bool is_ascii(prov_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

/* The mapping without malloc; false if the text is not UTF-8. */
static bool map(apr_pool_t *p, prov_bytes text, int options, prov_bytes *out)
{
    utf8proc_option_t how = (utf8proc_option_t)options;
    utf8proc_ssize_t len = (utf8proc_ssize_t)text.len;
    utf8proc_ssize_t room = utf8proc_decompose(text.data, len, NULL, 0, how);
    if (room < 0)
        return false;
    int32_t *cp = apr_palloc(p, ((size_t)room + 1) * sizeof *cp);
    utf8proc_decompose(text.data, len, cp, room, how);
    utf8proc_ssize_t made = utf8proc_reencode(cp, room, how);
    *out = (prov_bytes){ (const uint8_t *)cp, made > 0 ? (size_t)made : 0 };
    return made >= 0;
}

static points decode(apr_pool_t *p, prov_bytes text)
{
    points t = { apr_palloc(p, (text.len + 1) * sizeof *t.cp), 0 };
    for (size_t i = 0; i < text.len;) {
        utf8proc_ssize_t step =
            utf8proc_iterate(text.data + i, (utf8proc_ssize_t)(text.len - i), &t.cp[t.len]);
        if (step <= 0)
            break;
        i += (size_t)step;
        t.len++;
    }
    return t;
}

static prov_bytes encode(apr_pool_t *p, points t)
{
    uint8_t *data = apr_palloc(p, 4 * t.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < t.len; i++)
        len += (size_t)utf8proc_encode_char(t.cp[i], data + len);
    return (prov_bytes){ data, len };
}

/* RFC 8264 section 9: what a code point is to the two string classes. */
typedef enum { FOR_BOTH, FOR_PASSWORDS, IN_CONTEXT, FOR_NOBODY } derived;

static bool has_compat(int32_t cp)
{
    int32_t cps[32];
    int boundary = 0;
    utf8proc_ssize_t len =
        utf8proc_decompose_char(cp, cps, sizeof cps / sizeof *cps,
                                UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE, &boundary);
    if (len > 1)
        len = utf8proc_normalize_utf32(cps, len, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    return len != 1 || cps[0] != cp;
}

static const struct {
    range r;
    derived is;
} exceptions[] = {
    /* RFC 5892 section 2.6 */
    { { 0x00B7, 0x00B7 }, IN_CONTEXT }, { { 0x00DF, 0x00DF }, FOR_BOTH },
    { { 0x0375, 0x0375 }, IN_CONTEXT }, { { 0x03C2, 0x03C2 }, FOR_BOTH },
    { { 0x05F3, 0x05F4 }, IN_CONTEXT }, { { 0x0640, 0x0640 }, FOR_NOBODY },
    { { 0x0660, 0x0669 }, IN_CONTEXT }, { { 0x06F0, 0x06F9 }, IN_CONTEXT },
    { { 0x06FD, 0x06FE }, FOR_BOTH },   { { 0x07FA, 0x07FA }, FOR_NOBODY },
    { { 0x0F0B, 0x0F0B }, FOR_BOTH },   { { 0x200C, 0x200D }, IN_CONTEXT },
    { { 0x3007, 0x3007 }, FOR_BOTH },   { { 0x302E, 0x302F }, FOR_NOBODY },
    { { 0x3031, 0x3035 }, FOR_NOBODY }, { { 0x303B, 0x303B }, FOR_NOBODY },
    { { 0x30FB, 0x30FB }, IN_CONTEXT },
};

static const range old_hangul_jamo[] = {
    { 0x1100, 0x11FF }, { 0xA960, 0xA97C }, { 0xD7B0, 0xD7FB }, { 0, 0 }
};

static derived derived_by_category(int32_t cp)
{
    switch (utf8proc_category(cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
        return has_compat(cp) ? FOR_PASSWORDS : FOR_BOTH;
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return FOR_NOBODY;
    default:
        return FOR_PASSWORDS;
    }
}

static derived derived_property(int32_t cp)
{
    if (cp > 0x20 && cp < 0x7F)
        return FOR_BOTH;
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (cp >= exceptions[i].r.from && cp <= exceptions[i].r.to)
            return exceptions[i].is;
    if (utf8proc_get_property(cp)->ignorable || in_ranges(cp, old_hangul_jamo))
        return FOR_NOBODY;
    return derived_by_category(cp);
}

static const range greek[] = { { 0x0370, 0x03FF }, { 0x1F00, 0x1FFF }, { 0, 0 } };
static const range hebrew[] = { { 0x0591, 0x05F4 }, { 0xFB1D, 0xFB4F }, { 0, 0 } };
static const range japanese[] = { { 0x3005, 0x3007 },   { 0x3041, 0x309F },
                                  { 0x30A1, 0x30FA },   { 0x30FC, 0x30FF },
                                  { 0x31F0, 0x31FF },   { 0x3400, 0x4DBF },
                                  { 0x4E00, 0x9FFF },   { 0xF900, 0xFAFF },
                                  { 0x20000, 0x3FFFF }, { 0, 0 } };
static const range arabic_digits[] = { { 0x0660, 0x0669 }, { 0, 0 } };
static const range persian_digits[] = { { 0x06F0, 0x06F9 }, { 0, 0 } };

static bool any_in(points t, const range *ranges)
{
    for (size_t i = 0; i < t.len; i++)
        if (in_ranges(t.cp[i], ranges))
            return true;
    return false;
}

/* RFC 5892 appendix A. The joining types that would allow ZWNJ between two Arabic letters are
 * not in utf8proc: there it is refused, the safe side for an invisible character. */
static bool allowed_here(points t, size_t i)
{
    int32_t before = i ? t.cp[i - 1] : 0;
    int32_t after = i + 1 < t.len ? t.cp[i + 1] : 0;
    switch (t.cp[i]) {
    case 0x200C:
    case 0x200D:
        return i && utf8proc_get_property(before)->combining_class == VIRAMA;
    case 0x00B7:
        return before == 'l' && after == 'l';
    case 0x0375:
        return in_ranges(after, greek);
    case 0x05F3:
    case 0x05F4:
        return in_ranges(before, hebrew);
    case 0x30FB:
        return any_in(t, japanese);
    default:
        return !any_in(t, arabic_digits) || !any_in(t, persian_digits);
    }
}

static prov_err *check_points(apr_pool_t *p, points t, const char *what, derived most)
{
    if (t.len == 0)
        return prov_err_make(p, 400, "invalidValue", "The %s must not be empty", what);
    for (size_t i = 0; i < t.len; i++) {
        derived is = derived_property(t.cp[i]);
        if (t.cp[i] == ' ' && most == FOR_BOTH)
            return prov_err_make(p, 400, "invalidValue", "The %s must not contain a space", what);
        if (is == IN_CONTEXT ? !allowed_here(t, i) : is > most)
            return prov_err_make(p, 400, "invalidValue",
                                 "The %s must not contain the character U+%04X at position %zu",
                                 what, (unsigned)t.cp[i], i + 1);
    }
    return NULL;
}

/* Full-width and half-width forms become the usual ones, in place. */
static void map_width(points t)
{
    for (size_t i = 0; i < t.len; i++) {
        int32_t usual;
        int boundary = 0;
        int kind = utf8proc_get_property(t.cp[i])->decomp_type;
        if ((kind == UTF8PROC_DECOMP_TYPE_WIDE || kind == UTF8PROC_DECOMP_TYPE_NARROW) &&
            utf8proc_decompose_char(t.cp[i], &usual, 1, UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE,
                                    &boundary) == 1)
            t.cp[i] = usual;
    }
}

static bool is_cased(int32_t cp)
{
    utf8proc_category_t is = utf8proc_category(cp);
    return is == UTF8PROC_CATEGORY_LU || is == UTF8PROC_CATEGORY_LL || is == UTF8PROC_CATEGORY_LT;
}

static bool is_case_ignorable(int32_t cp)
{
    utf8proc_category_t is = utf8proc_category(cp);
    return is == UTF8PROC_CATEGORY_MN || is == UTF8PROC_CATEGORY_ME || is == UTF8PROC_CATEGORY_CF ||
           is == UTF8PROC_CATEGORY_LM || is == UTF8PROC_CATEGORY_SK || cp == '\'' || cp == '.' ||
           cp == ':' || cp == 0x00B7 || cp == 0x2019;
}

/* Unicode's Final_Sigma (chapter 3.13): behind a cased letter and before none. */
static bool sigma_is_final(points t, size_t i)
{
    size_t before = i, after = i + 1;
    while (before > 0 && is_case_ignorable(t.cp[before - 1]))
        before--;
    while (after < t.len && is_case_ignorable(t.cp[after]))
        after++;
    return before > 0 && is_cased(t.cp[before - 1]) && !(after < t.len && is_cased(t.cp[after]));
}

/* Unicode's toLowerCase with the two mappings that are not one to one. */
static points map_case(apr_pool_t *p, points t)
{
    points lower = { apr_palloc(p, (2 * t.len + 1) * sizeof *lower.cp), 0 };
    for (size_t i = 0; i < t.len; i++) {
        int32_t cp = t.cp[i];
        if (cp == 0x03A3)
            cp = sigma_is_final(t, i) ? 0x03C2 : 0x03C3;
        lower.cp[lower.len++] = cp == 0x0130 ? 'i' : utf8proc_tolower(cp);
        if (cp == 0x0130)
            lower.cp[lower.len++] = 0x0307;
    }
    return lower;
}

static prov_err *not_utf8(apr_pool_t *p, const char *what)
{
    return prov_err_make(p, 400, "invalidValue", "The %s is not well-formed UTF-8", what);
}

static bool is_ready_username(prov_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7F ||
            (text.data[i] >= 'A' && text.data[i] <= 'Z'))
            return false;
    return text.len > 0;
}

/* The bidi rule (RFC 5893) is left out on purpose: a userName often is a whole mail address, and
 * the rule refuses any that has a right-to-left name before a Latin domain. */
prov_err *prov_text_username(apr_pool_t *p, prov_bytes text, prov_bytes *out)
{
    prov_bytes made;
    if (is_ready_username(text)) {
        *out = text;
        return NULL;
    }
    if (!prov_text_valid(text))
        return not_utf8(p, "user name");
    points t = decode(p, text);
    map_width(t);
    if (!map(p, encode(p, map_case(p, t)), NFC, &made))
        return not_utf8(p, "user name");
    *out = made;
    return check_points(p, decode(p, made), "user name", FOR_BOTH);
}

prov_err *prov_text_password(apr_pool_t *p, prov_bytes text, prov_bytes *out)
{
    prov_bytes made;
    if (!prov_text_valid(text))
        return not_utf8(p, "password");
    points t = decode(p, text);
    for (size_t i = 0; i < t.len; i++)
        if (utf8proc_category(t.cp[i]) == UTF8PROC_CATEGORY_ZS)
            t.cp[i] = ' ';
    if (!map(p, encode(p, t), NFC, &made))
        return not_utf8(p, "password");
    *out = made;
    return check_points(p, decode(p, made), "password", FOR_PASSWORDS);
}

static uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static prov_bytes fold_ascii(apr_pool_t *p, prov_bytes text)
{
    size_t i = 0;
    while (i < text.len && ascii_lower(text.data[i]) == text.data[i])
        i++;
    if (i == text.len)
        return text;
    uint8_t *data = apr_palloc(p, text.len);
    for (i = 0; i < text.len; i++)
        data[i] = ascii_lower(text.data[i]);
    return (prov_bytes){ data, text.len };
}

prov_bytes prov_text_fold(apr_pool_t *p, prov_bytes text)
{
    prov_bytes folded;
    if (is_ascii(text))
        return fold_ascii(p, text);
    return map(p, text, FOLD, &folded) ? folded : text;
}

int prov_text_fold_compare(apr_pool_t *p, prov_bytes a, prov_bytes b)
{
    if (is_ascii(a) && is_ascii(b))
        return prov_text_case_compare((const char *)a.data, a.len, (const char *)b.data, b.len);
    return prov_bytes_compare(prov_text_fold(p, a), prov_text_fold(p, b));
}
