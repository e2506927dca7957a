/* Every function is called, every identifier is there with its signature. */
#include "policy_given.h"
#include "policy_calls.h"

#include <apr_file_io.h>

#define ROWS 400 /* more than there are */

static bool called[ROWS]; /* by row */

static void note(const prov_xfunction *f)
{
    for (size_t i = 0; f && i < ROWS; i++)
        called[i] |= prov_xfunction_each(i) == f;
}

/* Hooks that look at texts: "bad" fails, a path's number of nodes is its length. */
static prov_bytes path_of(prov_xcontext *c, const prov_xvalue *v)
{
    return prov_xvalue_text(c->pool, v);
}

static bool bad(prov_xcontext *c, prov_bytes text)
{
    return prov_bytes_equal(text, PROV_BYTES("bad")) &&
           !prov_xfail(c, PROV_X_SYNTAX_ERROR, "a path that is bad");
}

static bool hook_count(prov_xcontext *c, const prov_xvalue *path, int64_t *out)
{
    *out = (int64_t)path_of(c, path).len;
    return !bad(c, path_of(c, path));
}

static bool hook_equal(prov_xcontext *c, const prov_xvalue *a, const prov_xvalue *b, bool *out)
{
    *out = prov_bytes_equal(path_of(c, a), path_of(c, b));
    return !bad(c, path_of(c, a));
}

static bool hook_match(prov_xcontext *c, const prov_xvalue *a, const prov_xvalue *b, bool *out)
{
    prov_bytes above = path_of(c, a), below = path_of(c, b);
    *out = above.len <= below.len && memcmp(above.data, below.data, above.len) == 0;
    return !bad(c, above);
}

static bool hook_access(prov_xcontext *c, prov_bytes category, prov_bytes content, bool *out)
{
    *out = prov_bytes_equal(category, PROV_BYTES("urn:c")) &&
           prov_bytes_equal(content, PROV_BYTES("<a/>"));
    return !bad(c, content);
}

static const prov_xhooks hooks = { hook_count, hook_equal, hook_match, hook_access };

static prov_xcontext context(apr_pool_t *p)
{
    return (prov_xcontext){ .pool = p, .hooks = &hooks, .steps = STEPS, .regex_steps = STEPS };
}

static void calling(apr_pool_t *p)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        prov_xcontext c = context(p);
        note(try_call(&c, calls[i].id, calls[i].args, calls[i].want));
        ok(!c.exhausted, "within its steps");
    }
}

/* Bounds end an evaluation, even where a failure would be overruled. */
static void bounding(apr_pool_t *p)
{
    static const struct {
        const char *what, *id;
        const char *args[5];
        uint64_t steps, regex_steps;
    } cases[] = {
        { "no step", "1:not", { "boolean:true" }, 0, STEPS },
        { "a large bag", "1:integer-is-in", { "integer:9", "integer[1|2|3|4|5|6]" }, 5, STEPS },
        { "large sets", "1:integer-union", { "integer[1|2|3]", "integer[1|2|3]" }, 5, STEPS },
        { "or over bags",
          "3:any-of-any",
          { "@1:integer-equal", "integer[1|2|3|4]", "integer[5|6|7|8|4]" },
          10,
          STEPS },
        { "map", "3:map", { "@1:integer-abs", "integer[1|2|3|4]" }, 3, STEPS },
        { "a regular expression",
          "1:string-regexp-match",
          { "string:(a|a)*b", "string:aaaaaaaaaaaaaaaaaaaaaaa" },
          STEPS,
          20 },
        { "or over regular expressions",
          "3:any-of",
          { "@1:string-regexp-match", "string:(a|b|c|d)*x$", "string[aaaaaaaaaaaaaaaaaaa|x]" },
          STEPS,
          50 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_xcontext c = context(p);
        call call;
        c.steps = cases[i].steps;
        c.regex_steps = cases[i].regex_steps;
        call_of(p, cases[i].id, cases[i].args, &call);
        is_str(result_of(&c, &call), "!p", "the bound is reached: %s", cases[i].what);
        ok(c.exhausted, "and said so: %s", c.message);
    }
}

/* Steps are also what collisions cost. Of many integers some fall into the same place. */
static void colliding(apr_pool_t *p)
{
    enum { MANY = 2000 };
    prov_xvalue *values = apr_palloc(p, MANY * sizeof *values);
    for (int i = 0; i < MANY; i++)
        values[i] = prov_xvalue_integer(i);
    prov_xarg args[2], out;
    args[0].kind = args[1].kind = PROV_X_BAG;
    args[0].u.bag = args[1].u.bag = (prov_xbag){ PROV_X_INTEGER, MANY, values };
    const prov_xfunction *f = function_of(p, "1:integer-set-equals");
    prov_xcontext c = context(p);
    ok(prov_xfunction_call(&c, f, args, 2, &out) && out.u.value.u.boolean, "a large set is itself");
    uint64_t spent = STEPS - c.steps;
    ok(spent > 2 * MANY && spent < 20 * MANY, "in proportion to its size: %d steps", (int)spent);
    c = context(p);
    c.steps = spent - 1;
    ok(!prov_xfunction_call(&c, f, args, 2, &out) && c.exhausted, "and not with a step less");
}

/* Failures keep the first reason; a function that nobody serves says so. */
static void failing(apr_pool_t *p)
{
    prov_xcontext c = context(p);
    call call;
    c.hooks = NULL;
    call_of(p, "3:xpath-node-count", (const char *[]){ "xpathExpression:/", NULL }, &call);
    is_str(result_of(&c, &call), "!p", "no hooks");
    is_str(c.message, "xpath-node-count is not available here", "in words");
    call_of(p, "1:or", (const char *[]){ "!", "!", "boolean:false", NULL }, &call);
    is_str(result_of(&c, &call), "!m", "the first failure is the one that counts");
    call_of(p, "1:string-one-and-only", (const char *[]){ "string[a|b]", NULL }, &call);
    is_str(result_of(&c, &call), "!p", "a bag of two");
    is_str(c.message, "string-one-and-only was given a bag of 2 values", "in words");
    call_of(p, "1:n-of", (const char *[]){ "integer:-1", NULL }, &call);
    is_str(prepared(p, &call), "n-of takes no negative number", "known at load");
    call_of(p, "1:string-regexp-match", (const char *[]){ "string:(", "string:a", NULL }, &call);
    is_str(prepared(p, &call), "\"(\" is no regular expression: a parenthesis is not closed",
           "known at load");
    call_of(p, "1:string-regexp-match", (const char *[]){ "string:a", "string:a", NULL }, &call);
    ok(!prepared(p, &call) && call.args[0].u.value.prepared, "a literal pattern is prepared");
    call_of(p, "1:string-equal", (const char *[]){ "string:a", "string[a]", NULL }, &call);
    is_str(checked(p, &call, &(prov_xargtype){ .kind = PROV_X_VALUE }),
           "argument 2 of string-equal is a bag of string where it takes one string",
           "a wrong type in words");
}

/* Of each type that has functions: two equal values in different forms, and another, which is
 * greater where the type has an order. */
typedef struct sample {
    char version; /* of its bag functions */
    const char *type, *a, *same, *other;
    bool ordered, unequalled; /* the latter has neither equality nor sets */
} sample;

static const sample samples[] = {
    { '1', "string", "a", "a", "b", true, false },
    { '1', "boolean", "true", "1", "false", false, false },
    { '1', "integer", "7", "+07", "8", true, false },
    { '1', "double", "0.5", "5e-1", "INF", true, false },
    { '1', "time", "09:00:00Z", "10:00:00+01:00", "09:00:00.001Z", true, false },
    { '1', "date", "2002-10-10", "2002-10-10Z", "2002-10-11Z", true, false },
    { '1', "dateTime", "2002-10-10T12:00:00-05:00", "2002-10-10T17:00:00", "2002-10-10T17:00:01",
      true, false },
    { '1', "anyURI", "urn:a", "urn:a", "urn:A", false, false },
    { '1', "hexBinary", "0a", "0A", "0b", false, false },
    { '1', "base64Binary", "AQI=", "AQ I=", "AQID", false, false },
    { '3', "dayTimeDuration", "P1D", "PT24H", "PT24H0.1S", false, false },
    { '3', "yearMonthDuration", "P1Y", "P12M", "P1M", false, false },
    { '1', "dayTimeDuration", "P1D", "PT24H", "-P1D", false, false },
    { '1', "yearMonthDuration", "P1Y", "P12M", "-P1Y", false, false },
    { '1', "x500Name", "cn=a,o=b", "CN=A, O=B", "o=b,cn=a", false, false },
    { '1', "rfc822Name", "a@b", "a@B", "A@b", false, false },
    { '2', "ipAddress", "192.0.2.1", NULL, "192.0.2.2", false, true },
    { '2', "dnsName", "a.com", NULL, "b.com", false, true },
};

/* Calls for a type T: A and S are equal, B is another. T stands for the type in the result. */
typedef struct pattern {
    const char *name; /* behind the type's */
    const char *args[4];
    const char *want;
} pattern;

static const pattern bag_patterns[] = {
    { "one-and-only", { "[A]" }, "T:A" },
    { "one-and-only", { "[]" }, "!p" },
    { "one-and-only", { "[A|B]" }, "!p" },
    { "one-and-only", { "[A|A]" }, "!p" },
    { "one-and-only", { ":A" }, "?" },
    { "bag-size", { "[]" }, "integer:0" },
    { "bag-size", { "[A|A|B]" }, "integer:3" },
    { "bag-size", { "[]", "[]" }, "?" },
    { "bag", { NULL }, "T[]" },
    { "bag", { ":A", ":B", ":A" }, "T[A|B|A]" },
    { "bag", { ":A", "[B]" }, "?" },
};

static const pattern equality_patterns[] = {
    { "equal", { ":A", ":S" }, "boolean:true" },
    { "equal", { ":A", ":B" }, "boolean:false" },
    { "equal", { ":A" }, "?" },
    { "is-in", { ":A", "[B|S]" }, "boolean:true" },
    { "is-in", { ":A", "[B]" }, "boolean:false" },
    { "is-in", { ":A", "[]" }, "boolean:false" },
    { "is-in", { "[A]", ":A" }, "?" },
    { "intersection", { "[A|B|A]", "[S]" }, "T[A]" },
    { "intersection", { "[A]", "[B]" }, "T[]" },
    { "intersection", { "[A|B]", "[]" }, "T[]" },
    { "intersection", { "[A]" }, "?" },
    { "at-least-one-member-of", { "[A]", "[B|S]" }, "boolean:true" },
    { "at-least-one-member-of", { "[A]", "[B]" }, "boolean:false" },
    { "at-least-one-member-of", { "[]", "[B]" }, "boolean:false" },
    { "at-least-one-member-of", { "[A]", ":A" }, "?" },
    { "union", { "[A|A]", "[S|B]" }, "T[A|B]" },
    { "union", { "[]", "[]" }, "T[]" },
    { "union", { "[A]" }, "?" },
    { "subset", { "[A|A]", "[S|B]" }, "boolean:true" },
    { "subset", { "[A|B]", "[S]" }, "boolean:false" },
    { "subset", { "[]", "[]" }, "boolean:true" },
    { "subset", { "[A]" }, "?" },
    { "set-equals", { "[A|B|A]", "[B|S]" }, "boolean:true" },
    { "set-equals", { "[A|B]", "[S]" }, "boolean:false" },
    { "set-equals", { "[A]", "[S|B]" }, "boolean:false" },
    { "set-equals", { "[]", "[]" }, "boolean:true" },
    { "set-equals", { "[A]", "[A]", "[A]" }, "?" },
};

static const pattern order_patterns[] = {
    { "greater-than", { ":B", ":A" }, "boolean:true" },
    { "greater-than", { ":A", ":S" }, "boolean:false" },
    { "greater-than", { ":A", ":B" }, "boolean:false" },
    { "greater-than-or-equal", { ":B", ":A" }, "boolean:true" },
    { "greater-than-or-equal", { ":A", ":S" }, "boolean:true" },
    { "greater-than-or-equal", { ":A", ":B" }, "boolean:false" },
    { "less-than", { ":A", ":B" }, "boolean:true" },
    { "less-than", { ":A", ":S" }, "boolean:false" },
    { "less-than", { ":B", ":A" }, "boolean:false" },
    { "less-than-or-equal", { ":A", ":B" }, "boolean:true" },
    { "less-than-or-equal", { ":A", ":S" }, "boolean:true" },
    { "less-than-or-equal", { ":B", ":A" }, "boolean:false" },
    { "less-than", { ":A" }, "?" },
    { "greater-than", { ":A", "[A]" }, "?" },
};

/* The pattern's text with the sample's values; T only where the type itself may stand. */
static const char *filled(apr_pool_t *p, const sample *s, const char *text)
{
    const char *out = "";
    for (; *text; text++) {
        char as_is[] = { *text, '\0' };
        out = apr_pstrcat(p, out,
                          *text == 'A'   ? s->a
                          : *text == 'S' ? s->same
                          : *text == 'B' ? s->other
                          : *text == 'T' ? s->type
                                         : as_is,
                          NULL);
    }
    return out;
}

static void try_patterns(apr_pool_t *p, const sample *s, const pattern *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        prov_xcontext c = context(p);
        const char *args[5] = { NULL };
        for (size_t k = 0; patterns[i].args[k]; k++)
            args[k] = apr_pstrcat(p, s->type, filled(p, s, patterns[i].args[k]), NULL);
        const char *want = patterns[i].want;
        note(try_call(&c, apr_psprintf(p, "%c:%s-%s", s->version, s->type, patterns[i].name), args,
                      strchr("!?b", *want) ? want : filled(p, s, want)));
    }
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void each_type(apr_pool_t *p)
{
    for (size_t i = 0; i < COUNT(samples); i++) {
        try_patterns(p, &samples[i], bag_patterns, COUNT(bag_patterns));
        if (!samples[i].unequalled)
            try_patterns(p, &samples[i], equality_patterns, COUNT(equality_patterns));
        if (samples[i].ordered)
            try_patterns(p, &samples[i], order_patterns, COUNT(order_patterns));
    }
}

static void reached(void)
{
    size_t rows = 0;
    for (const prov_xfunction *f; (f = prov_xfunction_each(rows)); rows++) {
        ok(rows < ROWS && called[rows], "%s has a call that is not refused", f->id);
        ok(prov_xfunction_find(prov_bytes_of(f->id)) == f, "and is found once");
    }
    ok(!prov_xfunction_find(PROV_BYTES("urn:oasis:names:tc:xacml:1.0:function:string")), "a part");
    ok(!prov_xfunction_find(PROV_BYTES("")), "no identifier");
}

/* The signatures of the specification: at least how many arguments (+: or more), of which types,
 * and the result. T is the type that the name bears; [T] a bag. The first line that fits holds. */
static const struct {
    const char *name, *signature;
} signatures[] = {
    { "string-equal-ignore-case", "2 string string > boolean" },
    { "T-equal", "2 T T > boolean" },
    { "integer-add", "2+ integer > integer" },
    { "integer-multiply", "2+ integer > integer" },
    { "integer-subtract", "2 integer integer > integer" },
    { "integer-divide", "2 integer integer > integer" },
    { "integer-mod", "2 integer integer > integer" },
    { "integer-abs", "1 integer > integer" },
    { "double-add", "2+ double > double" },
    { "double-multiply", "2+ double > double" },
    { "double-subtract", "2 double double > double" },
    { "double-divide", "2 double double > double" },
    { "double-abs", "1 double > double" },
    { "round", "1 double > double" },
    { "floor", "1 double > double" },
    { "string-normalize-space", "1 string > string" },
    { "string-normalize-to-lower-case", "1 string > string" },
    { "double-to-integer", "1 double > integer" },
    { "integer-to-double", "1 integer > double" },
    { "or", "0+ boolean > boolean" },
    { "and", "0+ boolean > boolean" },
    { "n-of", "1+ integer boolean > boolean" },
    { "not", "1 boolean > boolean" },
    { "T-greater-than", "2 T T > boolean" },
    { "T-greater-than-or-equal", "2 T T > boolean" },
    { "T-less-than", "2 T T > boolean" },
    { "T-less-than-or-equal", "2 T T > boolean" },
    { "time-in-range", "3 time time time > boolean" },
    { "T-add-dayTimeDuration", "2 T dayTimeDuration > T" },
    { "T-subtract-dayTimeDuration", "2 T dayTimeDuration > T" },
    { "T-add-yearMonthDuration", "2 T yearMonthDuration > T" },
    { "T-subtract-yearMonthDuration", "2 T yearMonthDuration > T" },
    { "string-concatenate", "2+ string > string" },
    { "uri-string-concatenate", "2+ anyURI string > anyURI" },
    { "T-from-string", "1 string > T" },
    { "string-from-T", "1 T > string" },
    { "T-starts-with", "2 string T > boolean" },
    { "T-ends-with", "2 string T > boolean" },
    { "T-contains", "2 string T > boolean" },
    { "T-substring", "3 T integer integer > string" },
    { "T-one-and-only", "1 [T] > T" },
    { "T-bag-size", "1 [T] > integer" },
    { "T-is-in", "2 T [T] > boolean" },
    { "T-bag", "0+ T > [T]" },
    { "T-intersection", "2 [T] [T] > [T]" },
    { "T-at-least-one-member-of", "2 [T] [T] > boolean" },
    { "T-union", "2+ [T] > [T]" },
    { "T-subset", "2 [T] [T] > boolean" },
    { "T-set-equals", "2 [T] [T] > boolean" },
    { "3.0:any-of", "2+ function > boolean" },
    { "3.0:all-of", "2+ function > boolean" },
    { "3.0:any-of-any", "2+ function > boolean" },
    { "1.0:any-of", "3 function > boolean" },
    { "1.0:all-of", "3 function > boolean" },
    { "1.0:any-of-any", "3 function > boolean" },
    { "all-of-any", "3 function > boolean" },
    { "any-of-all", "3 function > boolean" },
    { "all-of-all", "3 function > boolean" },
    { "3.0:map", "2+ function > boolean" }, /* its result is the applied function's, in a bag */
    { "1.0:map", "2 function > boolean" },
    { "T-regexp-match", "2 string T > boolean" },
    { "x500Name-match", "2 x500Name x500Name > boolean" },
    { "rfc822Name-match", "2 string rfc822Name > boolean" },
    { "1.0:xpath-node-count", "1 string > integer" },
    { "1.0:xpath-node-equal", "2 string string > boolean" },
    { "1.0:xpath-node-match", "2 string string > boolean" },
    { "3.0:xpath-node-count", "1 xpathExpression > integer" },
    { "3.0:xpath-node-equal", "2 xpathExpression xpathExpression > boolean" },
    { "3.0:xpath-node-match", "2 xpathExpression xpathExpression > boolean" },
    { "access-permitted", "2 anyURI string > boolean" },
};

static const char *typed(apr_pool_t *p, const prov_xargtype *type)
{
    const char *name = prov_xtype_name(type->type);
    return type->kind == PROV_X_BAG ? apr_pstrcat(p, "[", name, "]", NULL) : name;
}

static const char *signature_of(apr_pool_t *p, const prov_xfunction *f)
{
    const char *text = apr_psprintf(p, "%d%s", f->least, f->variadic ? "+" : "");
    for (int i = 0; i < f->count && !f->higher; i++)
        text = apr_pstrcat(p, text, " ", typed(p, &f->parameters[i]), NULL);
    return apr_pstrcat(p, text, f->higher ? " function > " : " > ", typed(p, &f->result), NULL);
}

/* The T of "Time" is none. */
static const char *with_type(apr_pool_t *p, const char *text, const char *type)
{
    const char *out = "";
    for (; *text; text++) {
        char as_is[] = { *text, '\0' };
        out = apr_pstrcat(p, out, *text == 'T' && text[1] != 'i' ? type : as_is, NULL);
    }
    return out;
}

/* The signature that the specification gives to the identifier, NULL if none. */
static const char *specified(apr_pool_t *p, const char *id)
{
    const char *name = strrchr(id, ':') + 1;
    const char *versioned = apr_pstrcat(p, apr_pstrndup(p, id + 25, 4), name, NULL);
    for (size_t i = 0; i < COUNT(signatures); i++)
        for (int t = 0; t < PROV_X_TYPES; t++) {
            const char *type = prov_xtype_name((prov_xtype)t);
            const char *full = with_type(p, signatures[i].name, type);
            if (strcmp(full, name) == 0 || strcmp(full, versioned) == 0)
                return with_type(p, signatures[i].signature, type);
        }
    return NULL;
}

static void specified_signatures(apr_pool_t *p)
{
    const prov_xfunction *f;
    for (size_t i = 0; (f = prov_xfunction_each(i)); i++)
        is_str(signature_of(p, f), specified(p, f->id), "the signature of %s", f->id);
}

/* The identifiers of the data folder's list. */
static void listed(apr_pool_t *p)
{
    const char *folder = getenv("PROVISION_DATA"), *found;
    const char *path =
        apr_pstrcat(p, folder ? folder : "../shared/data", "/xacml/functions.json", NULL);
    apr_file_t *file;
    apr_finfo_t info;
    if (apr_file_open(&file, path, APR_READ, 0, p) ||
        apr_file_info_get(&info, APR_FINFO_SIZE, file)) {
        skip("the list of functions", apr_pstrcat(p, "no ", path, "; set PROVISION_DATA", NULL));
        return;
    }
    char *text = apr_pcalloc(p, (apr_size_t)info.size + 1);
    apr_file_read_full(file, text, (apr_size_t)info.size, NULL);
    int count = 0;
    for (const char *at = text; (found = strstr(at, "\"urn:")); count++) {
        size_t len = strcspn(found + 1, "\"");
        const prov_xfunction *f =
            prov_xfunction_find((prov_bytes){ (const uint8_t *)found + 1, len });
        ok(f && !f->deprecated, "%.*s is there and not deprecated", (int)len, found + 1);
        at = found + 1 + len;
    }
    is_int(count, 253, "functions in the list");
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    calling(p);
    bounding(p);
    colliding(p);
    failing(p);
    each_type(p);
    reached();
    specified_signatures(p);
    listed(p);
    apr_terminate();
    return plan_done();
}
