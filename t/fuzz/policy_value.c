/* The first byte chooses: a value of a data type, whose canonical form must read back as an equal
 * one; or a regular expression and, on the next line, a text, on which both engines must agree. */
#include "policy/regex.h"
#include "policy/value.h"

#include <apr_general.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 20000

static apr_pool_t *root;

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void check_value(apr_pool_t *p, prov_xtype type, prov_bytes text)
{
    prov_xvalue v, again;
    if (prov_xvalue_parse(p, type, text, &v))
        return;
    bool turned = type == PROV_X_TIME && v.u.moment.zone != 0; /* may lie on another day */
    must(!prov_xvalue_parse(p, type, prov_xvalue_canonical(p, &v), &again));
    must(turned || (prov_xvalue_equal(&v, &again, 0) &&
                    prov_xvalue_hash(&v, 0) == prov_xvalue_hash(&again, 0)));
}

static bool refers_back(prov_bytes pattern)
{
    for (size_t i = 0; i + 1 < pattern.len; i++)
        if (pattern.data[i] == '\\' && isdigit(pattern.data[i + 1]))
            return true;
    return false;
}

static void check_regex(apr_pool_t *p, prov_bytes pattern, prov_bytes text)
{
    const char *why;
    const prov_regex *re = prov_regex_compile(p, pattern, &why);
    if (!re)
        return;
    prov_regex_result result = prov_regex_match(re, p, text, STEPS);
    if (refers_back(pattern))
        return;
    prov_buf b; /* a reference to a group that never is makes the other engine work */
    prov_buf_init(&b, p, pattern.len + 16);
    prov_buf_text(&b, "(){0}(");
    prov_buf_add(&b, pattern.data, pattern.len);
    prov_buf_text(&b, ")\\1");
    re = prov_regex_compile(p, prov_buf_bytes(&b), &why);
    if (!re) /* it was just small enough */
        return;
    prov_regex_result other = prov_regex_match(re, p, text, STEPS);
    must(result == other || result == PROV_REGEX_EXHAUSTED || other == PROV_REGEX_EXHAUSTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p;
    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    if (size == 0)
        return 0;
    apr_pool_create(&p, root);
    int what = data[0] % (2 * PROV_X_TYPES);
    prov_bytes rest = { data + 1, size - 1 };
    const uint8_t *line = memchr(rest.data, '\n', rest.len);
    if (what < PROV_X_TYPES) {
        check_value(p, (prov_xtype)what, rest);
    } else if (line) {
        prov_bytes text = { line + 1, (size_t)(data + size - line - 1) };
        rest.len = (size_t)(line - rest.data);
        check_regex(p, rest, text);
    }
    apr_pool_destroy(p);
    return 0;
}
