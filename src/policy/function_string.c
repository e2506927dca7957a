/* Strings: normalising, joining, looking into (core, sections A.3.3 and A.3.9). */
#include "policy/function_row.h"
#include "policy/text_lower.h"
#include "base/utf8_point.h"

#include <string.h>

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool trim(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                 prov_xarg *out)
{
    prov_bytes text = args[0].u.value.u.text;
    while (text.len && is_space(text.data[text.len - 1]))
        text.len--;
    for (; text.len && is_space(*text.data); text.len--)
        text.data++;
    return prov_xgive(out, prov_xvalue_string(text));
}

static bool lower(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                  prov_xarg *out)
{
    return prov_xgive(out, prov_xvalue_string(prov_xlower(c->pool, args[0].u.value.u.text)));
}

static prov_bytes joined(apr_pool_t *p, const prov_xarg *args, size_t n)
{
    prov_buf b;
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += args[i].u.value.u.text.len;
    prov_buf_init(&b, p, len + 1);
    for (size_t i = 0; i < n; i++)
        prov_buf_add(&b, args[i].u.value.u.text.data, args[i].u.value.u.text.len);
    return prov_buf_bytes(&b);
}

/* A value that grows with every use must cost accordingly. */
#define BYTES_A_STEP 64

static bool concatenate(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                        prov_xarg *out)
{
    prov_bytes text = joined(c->pool, args, n);
    return prov_xstep(c, text.len / BYTES_A_STEP) && prov_xgive(out, prov_xvalue_string(text));
}

/* Deprecated: joins what need not be a URI by itself, so the whole is checked. */
static bool concatenate_uri(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args,
                            size_t n, prov_xarg *out)
{
    prov_bytes text = joined(c->pool, args, n);
    if (!prov_xstep(c, text.len / BYTES_A_STEP))
        return false;
    out->kind = PROV_X_VALUE;
    const char *why = prov_xvalue_parse(c->pool, PROV_X_ANYURI, text, &out->u.value);
    return !why || prov_xfail(c, PROV_X_SYNTAX_ERROR, "%s", why);
}

static bool starts(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                   prov_xarg *out)
{
    prov_bytes what = args[0].u.value.u.text, text = args[1].u.value.u.text;
    return prov_xgive_boolean(out, what.len <= text.len &&
                                       (!what.len || !memcmp(text.data, what.data, what.len)));
}

static bool ends(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                 prov_xarg *out)
{
    prov_bytes what = args[0].u.value.u.text, text = args[1].u.value.u.text;
    return prov_xgive_boolean(
        out, what.len <= text.len &&
                 (!what.len || !memcmp(text.data + text.len - what.len, what.data, what.len)));
}

static bool within(prov_bytes what, prov_bytes text)
{
    const uint8_t *at = text.data, *end = text.data + text.len;
    while (what.len && (size_t)(end - at) >= what.len) {
        at = memchr(at, what.data[0], (size_t)(end - at) - what.len + 1);
        if (!at)
            return false;
        if (memcmp(at, what.data, what.len) == 0)
            return true;
        at++;
    }
    return what.len == 0;
}

static bool contains(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                     prov_xarg *out)
{
    prov_bytes what = args[0].u.value.u.text, text = args[1].u.value.u.text;
    if (!prov_xstep(c, text.len / BYTES_A_STEP * (what.len / BYTES_A_STEP)))
        return false;
    return prov_xgive_boolean(out, within(what, text));
}

/* Moves so many characters on; false if there are fewer. */
static bool forward(const uint8_t **at, const uint8_t *end, int64_t characters)
{
    for (; characters > 0 && *at < end; characters--)
        prov_utf8_point(at, end);
    return characters == 0;
}

/* Characters from the first number on and before the second, counted from 0; -1 is the end. */
static bool substring(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                      prov_xarg *out)
{
    prov_bytes text = args[0].u.value.u.text;
    int64_t begin = args[1].u.value.u.integer, stop = args[2].u.value.u.integer;
    const uint8_t *from = text.data, *end = text.data + text.len, *to;
    bool inside = begin >= 0 && forward(&from, end, begin);
    to = stop == -1 ? end : from;
    if (!inside || (stop != -1 && (stop < begin || !forward(&to, end, stop - begin))))
        return prov_xfail(c, PROV_X_PROCESSING_ERROR, "%s was asked for what lies outside the text",
                          prov_xfunction_name(f));
    prov_bytes part = { from, (size_t)(to - from) };
    return prov_xgive(out, prov_xvalue_string(part));
}

#define LOOK(name, run_)                                                                           \
    ROW2(F3 "string-" name, V(BOOLEAN), V(STRING), V(STRING), .run = run_),                        \
        ROW2(F3 "anyURI-" name, V(BOOLEAN), V(STRING), V(ANYURI), .run = run_)

const prov_xfunction prov_xfunctions_string[] = {
    ROW1(F1 "string-normalize-space", V(STRING), V(STRING), .run = trim),
    ROW1(F1 "string-normalize-to-lower-case", V(STRING), V(STRING), .run = lower),
    MANY1(F2 "string-concatenate", V(STRING), 2, V(STRING), .run = concatenate),
    MANY2(F2 "uri-string-concatenate", V(ANYURI), 2, V(ANYURI), V(STRING), .run = concatenate_uri,
          .deprecated = true),
    LOOK("starts-with", starts),
    LOOK("ends-with", ends),
    LOOK("contains", contains),
    ROW3(F3 "string-substring", V(STRING), V(STRING), V(INTEGER), V(INTEGER), .run = substring),
    ROW3(F3 "anyURI-substring", V(STRING), V(ANYURI), V(INTEGER), V(INTEGER), .run = substring),
    { .id = NULL },
};
