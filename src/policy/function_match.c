/* Regular expressions and special matches (core, sections A.3.13 and A.3.14). */
#include "policy/function_row.h"
#include "policy/regex.h"
#include "policy/value_form.h"
#include "base/text.h"

#include <string.h>

static const char *prepare_regex(apr_pool_t *p, const prov_xfunction *f,
                                 prov_xvalue *const *literals, size_t n)
{
    const char *why = NULL;
    if (n && literals[0] && !literals[0]->prepared)
        literals[0]->prepared = prov_regex_compile(p, literals[0]->u.text, &why);
    return why;
}

static bool regex_match(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                        prov_xarg *out)
{
    const char *why;
    const prov_regex *re = args[0].u.value.prepared;
    if (!re)
        re = prov_regex_compile(c->pool, args[0].u.value.u.text, &why);
    if (!re)
        return prov_xfail(c, PROV_X_PROCESSING_ERROR, "%s", why);
    prov_bytes text = prov_xvalue_text(c->pool, &args[1].u.value);
    prov_regex_result result = prov_regex_match(re, c->pool, text, c->regex_steps);
    if (result == PROV_REGEX_EXHAUSTED) {
        c->exhausted = true;
        return prov_xfail(c, PROV_X_PROCESSING_ERROR,
                          "the bound of steps in a regular expression was reached");
    }
    return prov_xgive_boolean(out, result == PROV_REGEX_YES);
}

/* The first name is the end of the second: each RDN begins with its mark. */
static bool x500_match(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                       prov_xarg *out)
{
    prov_bytes end = args[0].u.value.u.name->key, name = args[1].u.value.u.name->key;
    return prov_xgive_boolean(
        out, end.len <= name.len &&
                 (!end.len || !memcmp(name.data + name.len - end.len, end.data, end.len)));
}

static bool same_domain(prov_bytes a, prov_bytes b)
{
    return prov_text_case_compare((const char *)a.data, a.len, (const char *)b.data, b.len) == 0;
}

/* A whole address, a domain, or with a point first all that lies below a domain. */
static bool rfc822_match(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                         prov_xarg *out)
{
    prov_bytes what = args[0].u.value.u.text, address = args[1].u.value.u.text;
    size_t at = prov_xdomain(address), local = prov_xdomain(what);
    prov_bytes domain = { address.data + at, address.len - at };
    bool match;
    if (local) {
        prov_bytes wanted = { what.data + local, what.len - local };
        match =
            local == at && memcmp(what.data, address.data, at) == 0 && same_domain(wanted, domain);
    } else if (what.len && what.data[0] == '.') {
        size_t skipped = domain.len > what.len ? domain.len - what.len : 0;
        prov_bytes end = { domain.data + skipped, domain.len - skipped };
        match = skipped && same_domain(what, end);
    } else {
        match = same_domain(what, domain);
    }
    return prov_xgive_boolean(out, match);
}

#define REGEX(F, name, T)                                                                          \
    ROW2(F name "-regexp-match", V(BOOLEAN), V(STRING), V(T), .run = regex_match,                  \
         .prepare = prepare_regex)

const prov_xfunction prov_xfunctions_match[] = {
    REGEX(F1, "string", STRING),
    REGEX(F2, "anyURI", ANYURI),
    REGEX(F2, "ipAddress", IP),
    REGEX(F2, "dnsName", DNS),
    REGEX(F2, "rfc822Name", RFC822),
    REGEX(F2, "x500Name", X500),
    ROW2(F1 "x500Name-match", V(BOOLEAN), V(X500), V(X500), .run = x500_match),
    ROW2(F1 "rfc822Name-match", V(BOOLEAN), V(STRING), V(RFC822), .run = rfc822_match),
    { .id = NULL },
};
