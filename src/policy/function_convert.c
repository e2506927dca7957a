/* TYPE-from-string and string-from-TYPE (core, section A.3.9). */
#include "policy/function_row.h"
#include "policy/value_form.h"

static bool from_string(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                        prov_xarg *out)
{
    prov_bytes text = args[0].u.value.u.text;
    out->kind = PROV_X_VALUE;
    const char *why = prov_xvalue_parse(c->pool, f->type, text, &out->u.value);
    if (!why)
        return true;
    /* An integer that we cannot hold is right by its syntax. */
    bool beyond = f->type == PROV_X_INTEGER && prov_xinteger_beyond(text);
    return prov_xfail(c, beyond ? PROV_X_PROCESSING_ERROR : PROV_X_SYNTAX_ERROR, "%s", why);
}

/* The canonical form; names and addresses as they were written. */
static bool to_string(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                      prov_xarg *out)
{
    return prov_xgive(out, prov_xvalue_string(prov_xvalue_canonical(c->pool, &args[0].u.value)));
}

#define BOTH(name, T)                                                                              \
    ROW1(F3 name "-from-string", V(T), V(STRING), .run = from_string, .type = PROV_X_##T),         \
        ROW1(F3 "string-from-" name, V(STRING), V(T), .run = to_string)

const prov_xfunction prov_xfunctions_convert[] = {
    BOTH("boolean", BOOLEAN),
    BOTH("integer", INTEGER),
    BOTH("double", DOUBLE),
    BOTH("time", TIME),
    BOTH("date", DATE),
    BOTH("dateTime", DATETIME),
    BOTH("anyURI", ANYURI),
    BOTH("dayTimeDuration", DAYTIME),
    BOTH("yearMonthDuration", YEARMONTH),
    BOTH("x500Name", X500),
    BOTH("rfc822Name", RFC822),
    BOTH("ipAddress", IP),
    BOTH("dnsName", DNS),
    { .id = NULL },
};
