#include "policy/version.h"

#include <string.h>

#define DIGITS "0123456789"

bool prov_xversion_is_pattern(const char *text)
{
    for (;;) {
        size_t n = strspn(text, DIGITS);
        if (n == 0 && *text == '+')
            return text[1] == '\0';
        if (n == 0 && *text != '*')
            return false;
        text += n ? n : 1;
        if (*text == '\0')
            return true;
        if (*text++ != '.')
            return false;
    }
}

bool prov_xversion_is(const char *text)
{
    return prov_xversion_is_pattern(text) && !strpbrk(text, "*+");
}

/* Numbers of any length: without leading zeros the longer one is greater. */
static int compare_number(const char *a, size_t alen, const char *b, size_t blen)
{
    for (; alen > 0 && *a == '0'; alen--)
        a++;
    for (; blen > 0 && *b == '0'; blen--)
        b++;
    int order = alen != blen ? (alen < blen ? -1 : 1) : memcmp(a, b, alen);
    return order < 0 ? -1 : order > 0;
}

int prov_xversion_compare(const char *version, const char *pattern)
{
    while (*version && *pattern) {
        if (*pattern == '+')
            return 0;
        size_t vlen = strspn(version, DIGITS), plen = strcspn(pattern, ".");
        int order = *pattern == '*' ? 0 : compare_number(version, vlen, pattern, plen);
        if (order != 0)
            return order;
        version += vlen + (version[vlen] == '.');
        pattern += plen + (pattern[plen] == '.');
    }
    if (*pattern == '+')
        return 0;
    return *version ? 1 : *pattern ? -1 : 0;
}
