#include "policy/regex.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define STEPS 1000000

/* A pattern, a text, and whether it matches: y, n, or ! for no regular expression. */
static const struct {
    const char *pattern, *text;
    char want;
} cases[] = {
    /* XPath: not anchored, ^ and $ are the ends of the whole text */
    { "", "", 'y' },
    { "", "x", 'y' },
    { "b", "abc", 'y' },
    { "bd", "abc", 'n' },
    { "^b", "abc", 'n' },
    { "^a", "abc", 'y' },
    { "c$", "abc", 'y' },
    { "c$", "abc\n", 'n' },
    { "^c", "ab\nc", 'n' },
    { "^$", "", 'y' },
    { "^$", "x", 'n' },
    { "a^b", "ab", 'n' },
    { "(^a|b$)", "cb", 'y' },
    { "^^a$$", "a", 'y' },
    { "^*a", "ba", 'y' },
    { ".*@abc\\.com$", "joe@abc.com", 'y' },
    { ".*@abc\\.com$", "joe@abcxcom", 'n' },
    { ".*@abc\\.com$", "joe@abc.com.org", 'n' },
    { "B.* O.* Simpson", "Bart O Simpson", 'y' },
    { "   This  is n*o*t* *IT!  ", "   This  is IT!  ", 'y' },
    { "read|write", "rewrite", 'y' },
    { "^(read|write|)$", "", 'y' },
    { "a|", "", 'y' },
    { "^(a|b|c|d)+$", "abcd", 'y' },
    { "^(a|b|c|d)+$", "abed", 'n' },
    /* the point */
    { "^.$", "\xc3\xa9", 'y' },
    { "^.$", "\n", 'n' },
    { "^.$", "\r", 'y' },
    { "^..$", "\xf0\x9f\x98\x80!", 'y' },
    /* quantifiers */
    { "^a?$", "aa", 'n' },
    { "^a*$", "aaaa", 'y' },
    { "^a+$", "", 'n' },
    { "^a{3}$", "aa", 'n' },
    { "^a{3}$", "aaa", 'y' },
    { "^a{3}$", "aaaa", 'n' },
    { "^a{2,}$", "a", 'n' },
    { "^a{2,}$", "aaaaa", 'y' },
    { "^a{1,3}$", "aaaa", 'n' },
    { "^a{0,2}b$", "b", 'y' },
    { "^a{0}b$", "b", 'y' },
    { "^a{0}b$", "ab", 'n' },
    { "^a{0,0}$", "", 'y' },
    { "^(ab){2}c$", "ababc", 'y' },
    { "^(a{2}){2}$", "aaaa", 'y' },
    { "^(a{2}){2}$", "aaa", 'n' },
    { "^(a*)*$", "aaa", 'y' },
    { "^(a*)+b$", "b", 'y' },
    { "^(a|b?)+c$", "ababc", 'y' },
    { "^a+?b*?c??d{2,3}?$", "aabcdd", 'y' },
    { "($|b)+c", "cabaaac", 'n' }, /* nothing, but not anywhere */
    { "(^)+a", "cab", 'n' },
    { "(^|b)+a", "cba", 'y' },
    { "((^|b)+)+a", "ca", 'n' },
    { "^(a|b?)+\\1c$", "abbc", 'y' },
    { "a**", "", '!' },
    { "*a", "", '!' },
    { "+", "", '!' },
    { "a|?", "", '!' },
    { "(?:a)", "", '!' },
    { "a{,2}", "", '!' },
    { "a{2,1}", "", '!' },
    { "a{2", "", '!' },
    { "a{x}", "", '!' },
    { "a{2}{3}", "", '!' },
    { "a{99999999999}", "", '!' },
    { "(((a{100}){100}){100}){100}", "", '!' },
    /* what must be escaped, and what may be */
    { "a{", "", '!' },
    { "}", "", '!' },
    { "]", "", '!' },
    { "[", "", '!' },
    { "(", "", '!' },
    { ")", "", '!' },
    { "(a", "", '!' },
    { "a)", "", '!' },
    { "\\", "", '!' },
    { "\\q", "", '!' },
    { "\\0", "", '!' },
    { "\\b", "", '!' },
    { "^\\n\\r\\t\\\\\\|\\.\\?\\*\\+\\(\\)\\{\\}\\-\\[\\]\\^\\$$", "\n\r\t\\|.?*+(){}-[]^$", 'y' },
    { "a\xff", "", '!' },
    /* classes */
    { "^[abc]$", "b", 'y' },
    { "^[abc]$", "d", 'n' },
    { "^[^abc]$", "d", 'y' },
    { "^[^abc]$", "b", 'n' },
    { "^[a-c]+$", "abc", 'y' },
    { "^[a-c]$", "-", 'n' },
    { "^[-a]+$", "-a", 'y' },
    { "^[a-]+$", "a-", 'y' },
    { "^[^-]$", "-", 'n' },
    { "^[a^]+$", "^a", 'y' },
    { "^[.*+?(){}|$]+$", ".*+?(){}|$", 'y' },
    { "^[\\[\\]\\-\\\\]+$", "[]-\\", 'y' },
    { "^[\\w.\\-]+$", "a.b-c", 'y' },
    { "^[\\w.-]+$", "a.b-c", 'y' },
    { "^[\\d\\-x]+$", "1-x", 'y' },
    { "^[\xc3\xa0-\xc3\xbf]$", "\xc3\xa9", 'y' },
    { "^[^a]$", "\n", 'y' },
    { "[]", "", '!' },
    { "[^]", "", '!' },
    { "[a", "", '!' },
    { "[a[b]]", "", '!' },
    { "[a-c-e]", "", '!' },
    { "[\\w-z]", "", '!' },
    { "[c-a]", "", '!' },
    { "[a-\\d]", "", '!' },
    { "[a\\", "", '!' },
    /* subtraction */
    { "^[a-z-[aeiou]]+$", "xyz", 'y' },
    { "^[a-z-[aeiou]]+$", "xyza", 'n' },
    { "^[a-z-[^aeiou]]+$", "aeiou", 'y' },
    { "^[a-z-[^aeiou]]+$", "aeioux", 'n' },
    { "^[^a-z-[0-9]]$", "5", 'n' },
    { "^[^a-z-[0-9]]$", "A", 'y' },
    { "^[\\w-[\\d_]]+$", "abc", 'y' },
    { "^[\\w-[\\d_]]+$", "a1c", 'n' },
    { "^[a-z-[b-y-[m]]]+$", "amz", 'y' },
    { "^[a-z-[b-y-[m]]]+$", "n", 'n' },
    { "[a-z-[aeiou]x]", "", '!' },
    { "[a-z-[]]", "", '!' },
    /* escapes of many characters */
    { "^\\d+$", "0123", 'y' },
    { "^\\d$", "\xd9\xa3", 'y' }, /* ARABIC-INDIC DIGIT THREE */
    { "^\\d$", "x", 'n' },
    { "^\\D$", "x", 'y' },
    { "^\\D$", "7", 'n' },
    { "^\\s+$", " \t\r\n", 'y' },
    { "^\\s$", "\xc2\xa0", 'n' }, /* NO-BREAK SPACE */
    { "^\\S$", "\xc2\xa0", 'y' },
    { "^\\w+$", "a1\xc3\xa9$+", 'y' }, /* symbols are word characters, punctuation is not */
    { "^\\w$", "_", 'n' },
    { "^\\w$", ".", 'n' },
    { "^\\w$", " ", 'n' },
    { "^\\W$", "_", 'y' },
    { "^\\i\\c*$", "_name-1.2", 'y' },
    { "^\\i\\c*$", ":a", 'y' },
    { "^\\i", "1a", 'n' },
    { "^\\c$", "\xc2\xb7", 'y' },
    { "^\\i$", "\xc2\xb7", 'n' },
    { "^\\I$", "-", 'y' },
    { "^\\C$", "-", 'n' },
    { "^\\C$", " ", 'y' },
    { "^\\p{Lu}\\p{Ll}+$", "Zebra", 'y' },
    { "^\\p{Lu}+$", "\xc3\x89\xce\xa9", 'y' },
    { "^\\p{Lu}$", "a", 'n' },
    { "^\\P{Lu}$", "a", 'y' },
    { "^\\p{L}$", "\xe6\xbc\xa2", 'y' },
    { "^\\p{Sc}$", "\xe2\x82\xac", 'y' },
    { "^\\p{Cn}$", "\xcd\xb8", 'y' },
    { "^\\p{IsGreek}+$", "\xce\xb1\xcf\x89", 'y' },
    { "^\\p{IsGreekandCoptic}$", "a", 'n' },
    { "^\\p{IsBasicLatin}+$", "abc~", 'y' },
    { "^\\P{IsBasicLatin}$", "\xc3\xa9", 'y' },
    { "^\\p{IsLatin-1Supplement}$", "\xc3\xa9", 'y' },
    { "^\\p{IsYijingHexagramSymbols}$", "\xe4\xb7\x80", 'y' },
    { "^[\\p{L}\\P{IsBasicLatin}]$", "1", 'n' },
    { "\\p{Xx}", "", '!' },
    { "\\p{IsNowhere}", "", '!' },
    { "\\p{Is}", "", '!' },
    { "\\p{}", "", '!' },
    { "\\p{Lu", "", '!' },
    { "\\pL", "", '!' },
    /* back-references */
    { "^(a+)b\\1$", "aabaa", 'y' },
    { "^(a+)b\\1$", "aabaaa", 'n' },
    { "(.)\\1", "abccd", 'y' },
    { "(.)\\1", "abcd", 'n' },
    { "^(.)(.)(.)\\3\\2\\1$", "abccba", 'y' },
    { "^(a)|b\\1c$", "bc", 'y' }, /* a group that did not match is nothing */
    { "^(a*)*\\1$", "aaaa", 'y' },
    { "^((a)|b)+\\2$", "aba", 'y' },
    { "^(a)\\10$", "aa0", 'y' }, /* no tenth group: the first, then a 0 */
    { "^(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\\10$", "abcdefghijj", 'y' },
    { "^('|\")[^'\"]*\\1$", "\"x\"", 'y' },
    { "^('|\")[^'\"]*\\1$", "\"x'", 'n' },
    { "\\1(a)", "", '!' },
    { "(a\\1)", "", '!' },
    { "\\2(a)", "", '!' },
    { "[\\1]", "", '!' },
};

/* On one line. */
static const char *shown(apr_pool_t *p, const char *text)
{
    char *copy = apr_pstrdup(p, text);
    for (char *c = copy; *c; c++)
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = '~';
    return copy;
}

static void matching(apr_pool_t *p)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why = NULL;
        char got = '!';
        const prov_regex *re = prov_regex_compile(p, prov_bytes_of(cases[i].pattern), &why);
        if (re)
            got = prov_regex_match(re, p, prov_bytes_of(cases[i].text), STEPS) == PROV_REGEX_YES
                      ? 'y'
                      : 'n';
        ok(got == cases[i].want && (got == '!') == (why != NULL), "/%s/ on \"%s\": %c, got %c %s",
           got == '!' ? "..." : cases[i].pattern, shown(p, cases[i].text), cases[i].want, got,
           why ? why : "");
    }
}

static prov_bytes many(apr_pool_t *p, size_t count, const char *what)
{
    prov_buf b;
    prov_buf_init(&b, p, count * strlen(what));
    for (size_t i = 0; i < count; i++)
        prov_buf_text(&b, what);
    return prov_buf_bytes(&b);
}

/* What is exponential elsewhere. */
static const struct {
    const char *pattern, *repeated;
    size_t count;
    prov_regex_result want;
} heavy[] = {
    { "^(a+)+$", "aaaaaaaab", 5000, PROV_REGEX_NO },
    { "^(a|a)*$", "a", 20000, PROV_REGEX_YES },
    { "(x+x+)+y", "x", 20000, PROV_REGEX_NO },
    { "^((((a*)*)*)*)*b$", "a", 20000, PROV_REGEX_NO },
    { "^(a?){50}a{50}$", "a", 50, PROV_REGEX_YES },
    { ".*.*.*.*.*=.*", "x", 20000, PROV_REGEX_NO },
    { "^(a*)*\\1b$", "a", 200, PROV_REGEX_EXHAUSTED },
    { "a{1,2000}b", "a", 20000, PROV_REGEX_EXHAUSTED },
};

static void bounds(apr_pool_t *p)
{
    const char *why;
    for (size_t i = 0; i < sizeof heavy / sizeof *heavy; i++) {
        const prov_regex *re = prov_regex_compile(p, prov_bytes_of(heavy[i].pattern), &why);
        is_int(prov_regex_match(re, p, many(p, heavy[i].count, heavy[i].repeated), STEPS),
               heavy[i].want, "/%s/ on %zu times \"%s\"", heavy[i].pattern, heavy[i].count,
               heavy[i].repeated);
    }
    ok(!prov_regex_compile(p, many(p, 100000, "("), &why), "parentheses too deep: %.0s.", why);
    ok(!prov_regex_compile(p, many(p, 100000, "[a-["), &why), "classes too deep");
    ok(!prov_regex_compile(p, many(p, 100000, "ab"), &why), "a pattern that is too long");
    ok(prov_regex_compile(p, many(p, 2000, "ab|"), &why) != NULL, "2000 alternatives");
    const prov_regex *re = prov_regex_compile(p, PROV_BYTES("a"), &why);
    is_int(prov_regex_match(re, p, (prov_bytes){ NULL, 0 }, STEPS), PROV_REGEX_NO, "no text");
    is_int(prov_regex_match(re, p, PROV_BYTES("\xff\xc3"), STEPS), PROV_REGEX_NO, "no UTF-8");
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    matching(p);
    bounds(p);
    apr_terminate();
    return plan_done();
}
