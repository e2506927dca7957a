/* Calls of XACML functions written as text.
 *
 * A function is "3:any-of" for urn:oasis:names:tc:xacml:3.0:function:any-of. An argument is
 * "integer:5", "string[a|b]" for a bag, "string[]" for an empty one, "@1:not" for a function, or
 * "!" for one whose evaluation fails with missing-attribute (of the type that the function takes).
 * A result is written alike; or it is "!p", "!s", "!m" for a failure with processing-error,
 * syntax-error or missing-attribute; or "?" for arguments that load refuses. */
#ifndef POLICY_GIVEN_H
#define POLICY_GIVEN_H

#include "policy/function.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define STEPS     100000
#define ARGUMENTS 12

typedef struct call {
    const prov_xfunction *f;
    prov_xarg args[ARGUMENTS];
    bool fails[ARGUMENTS];
    size_t count;
} call;

/* The lazy arguments of a call. */
typedef struct late {
    prov_xlazy lazy;
    prov_xcontext *c;
    call *call;
} late;

static const prov_xfunction *function_of(apr_pool_t *p, const char *name)
{
    return prov_xfunction_find(prov_bytes_of(
        apr_psprintf(p, "urn:oasis:names:tc:xacml:%c.0:function:%s", name[0], name + 2)));
}

static prov_xvalue value_of(apr_pool_t *p, prov_xtype type, const char *text)
{
    prov_xvalue v;
    const char *why = prov_xvalue_parse(p, type, prov_bytes_of(text), &v);
    if (why)
        ok(false, "a test's own value: %s", why);
    return v;
}

static prov_xbag bag_of(apr_pool_t *p, prov_xtype type, char *text)
{
    prov_xvalue *values = apr_palloc(p, (strlen(text) + 1) * sizeof *values);
    prov_xbag bag = { type, 0, values };
    if (!*text)
        return bag;
    for (char *end; text; text = end) {
        end = strchr(text, '|');
        if (end)
            *end++ = '\0';
        values[bag.count++] = value_of(p, type, text);
    }
    return bag;
}

static prov_xarg arg_of(apr_pool_t *p, const char *text)
{
    prov_xarg arg = { .kind = PROV_X_FUNCTION };
    prov_xtype type = PROV_X_STRING;
    if (*text == '@') {
        arg.u.function = function_of(p, text + 1);
        return arg;
    }
    size_t len = strcspn(text, ":[");
    if (!prov_xtype_find_short((prov_bytes){ (const uint8_t *)text, len }, &type))
        ok(false, "a test's own type in %s", text);
    arg.kind = text[len] == '[' ? PROV_X_BAG : PROV_X_VALUE;
    char *rest = apr_pstrdup(p, text + len + 1);
    if (arg.kind == PROV_X_VALUE) {
        arg.u.value = value_of(p, type, rest);
        return arg;
    }
    rest[strlen(rest) - 1] = '\0';
    arg.u.bag = bag_of(p, type, rest);
    return arg;
}

/* False if there is no such function. */
static bool call_of(apr_pool_t *p, const char *id, const char *const *args, call *out)
{
    memset(out, 0, sizeof *out);
    out->f = function_of(p, id);
    for (; out->f && out->count < ARGUMENTS && args[out->count]; out->count++) {
        size_t i = out->count, last = out->f->count - 1u;
        out->fails[i] = strcmp(args[i], "!") == 0;
        if (out->fails[i])
            out->args[i].u.value.type = out->f->parameters[i < last ? i : last].type;
        else
            out->args[i] = arg_of(p, args[i]);
    }
    return out->f != NULL;
}

static const char *text_of(apr_pool_t *p, const prov_xarg *arg)
{
    if (arg->kind == PROV_X_VALUE)
        return apr_pstrcat(p, prov_xtype_name(arg->u.value.type), ":",
                           prov_bytes_text(p, prov_xvalue_text(p, &arg->u.value)), NULL);
    const prov_xbag *bag = &arg->u.bag;
    const char *text = apr_pstrcat(p, prov_xtype_name(bag->type), "[", NULL);
    for (uint32_t i = 0; i < bag->count; i++)
        text = apr_pstrcat(p, text, i ? "|" : "",
                           prov_bytes_text(p, prov_xvalue_text(p, &bag->values[i])), NULL);
    return apr_pstrcat(p, text, "]", NULL);
}

/* The reason why load refuses the call, or NULL. */
static const char *checked(apr_pool_t *p, const call *call, prov_xargtype *result)
{
    prov_xargtype types[ARGUMENTS];
    for (size_t i = 0; i < call->count; i++) {
        const prov_xarg *arg = &call->args[i];
        types[i] = (prov_xargtype){ arg->kind, PROV_X_STRING, NULL };
        if (arg->kind == PROV_X_FUNCTION)
            types[i].function = arg->u.function;
        else
            types[i].type = arg->kind == PROV_X_BAG ? arg->u.bag.type : arg->u.value.type;
    }
    return prov_xfunction_check(p, call->f, types, call->count, result);
}

static const char *prepared(apr_pool_t *p, call *call)
{
    prov_xvalue *literals[ARGUMENTS] = { NULL };
    for (size_t i = 0; i < call->count; i++)
        if (call->args[i].kind == PROV_X_VALUE && !call->fails[i])
            literals[i] = &call->args[i].u.value;
    if (call->count && call->args[0].kind == PROV_X_FUNCTION)
        return prov_xfunction_prepare(p, call->args[0].u.function, literals + 1, call->count - 1);
    return prov_xfunction_prepare(p, call->f, literals, call->count);
}

static bool evaluate_late(prov_xlazy *lazy, size_t i, prov_xarg *out)
{
    late *of = (late *)lazy;
    *out = of->call->args[i];
    return !of->call->fails[i] || prov_xfail(of->c, PROV_X_MISSING_ATTRIBUTE, "nothing there");
}

static bool evaluated(prov_xcontext *c, call *call, prov_xarg *out)
{
    late given = { { evaluate_late, call->count }, c, call };
    if (call->f->run_lazy)
        return call->f->run_lazy(c, call->f, &given.lazy, out);
    return prov_xfunction_call(c, call->f, call->args, call->count, out);
}

/* What the call gives, as text. */
static const char *result_of(prov_xcontext *c, call *call)
{
    static const char *const failures[] = {
        [PROV_X_MISSING_ATTRIBUTE] = "!m",
        [PROV_X_SYNTAX_ERROR] = "!s",
        [PROV_X_PROCESSING_ERROR] = "!p",
    };
    prov_xarg out;
    c->code = PROV_X_OK;
    if (evaluated(c, call, &out))
        return text_of(c->pool, &out);
    return c->code == PROV_X_OK || !c->message ? "failed without a reason" : failures[c->code];
}

/* For an administrator: the arguments on one line. */
static const char *shown(apr_pool_t *p, const char *id, const char *const *args)
{
    char *text = apr_pstrcat(p, id, "(", NULL);
    for (size_t i = 0; args[i]; i++)
        text = apr_pstrcat(p, text, i ? ", " : "", args[i], NULL);
    text = apr_pstrcat(p, text, ")", NULL);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == '#')
            *c = '~';
    return text;
}

/* One check: by itself, and with its literals prepared as at load. Returns the function. */
static const prov_xfunction *try_call(prov_xcontext *c, const char *id, const char *const *args,
                                      const char *want)
{
    call call;
    prov_xargtype result;
    const char *text = shown(c->pool, id, args);
    if (!call_of(c->pool, id, args, &call)) {
        ok(false, "%s: there is no such function", text);
        return NULL;
    }
    const char *why = checked(c->pool, &call, &result);
    if (why || strcmp(want, "?") == 0) {
        ok(why && strcmp(want, "?") == 0, "%s is refused: %s", text, why ? why : "(it is not)");
        return why ? NULL : call.f;
    }
    const char *got = result_of(c, &call);
    why = prepared(c->pool, &call);
    const char *again = why ? "!p" : result_of(c, &call);
    bool typed = *got == '!' || strncmp(got, prov_xtype_name(result.type),
                                        strlen(prov_xtype_name(result.type))) == 0;
    ok(strcmp(got, want) == 0 && strcmp(again, want) == 0 && typed, "%s = %s, got %s and %s", text,
       want, got, again);
    return call.f;
}

#endif
