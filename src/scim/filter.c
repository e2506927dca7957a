#include "scim/filter_node.h"
#include "base/instant.h"
#include "base/text.h"
#include <apr_strings.h>
#include <string.h>

const prov_filter_limits prov_filter_defaults = { 8192, 64, 256, 0 };

const char *const prov_filter_op_names[PROV_FILTER_OPS] = { "eq", "ne", "co", "sw", "ew",
                                                            "gt", "ge", "lt", "le", "pr" };

#define BIT(op)  (1U << PROV_OP_##op)
#define EQUALITY (BIT(EQ) | BIT(NE) | BIT(PR))
#define ORDER    (BIT(GT) | BIT(GE) | BIT(LT) | BIT(LE))
#define PARTS    (BIT(CO) | BIT(SW) | BIT(EW))

/* What each type answers to (RFC 7644 section 3.4.2.2, table 3). */
static const unsigned operators_of[] = {
    [PROV_TYPE_STRING] = EQUALITY | ORDER | PARTS,
    [PROV_TYPE_BOOLEAN] = EQUALITY,
    [PROV_TYPE_DECIMAL] = EQUALITY | ORDER,
    [PROV_TYPE_INTEGER] = EQUALITY | ORDER,
    [PROV_TYPE_DATETIME] = EQUALITY | ORDER | PARTS,
    [PROV_TYPE_REFERENCE] = EQUALITY | ORDER | PARTS,
    [PROV_TYPE_BINARY] = EQUALITY | PARTS,
};

typedef struct parser {
    apr_pool_t *p;
    const prov_registry *registry;
    const prov_resource_type *type;
    bool lenient;        /* a root query: an attribute the type lacks has no value */
    bool in_value;       /* between [ and ] */
    const prov_attr *of; /* whose values, there; NULL if the type lacks it */
    const char *text, *at, *end;
    const prov_filter_limits *limits;
    int depth, terms;
} parser;

typedef struct word {
    const char *at;
    size_t len;
} word;

static prov_err *wrong(const parser *ps, const char *what)
{
    return prov_err_make(ps->p, 400, "invalidFilter", "%s, at character %d of the filter", what,
                         (int)(ps->at - ps->text) + 1);
}

static prov_err *wrong_word(const parser *ps, word w, const char *what)
{
    return prov_err_make(ps->p, 400, "invalidFilter", "'%.*s' %s, at character %d of the filter",
                         (int)(w.len < 200 ? w.len : 200), w.at, what, (int)(w.at - ps->text) + 1);
}

static void skip_spaces(parser *ps)
{
    while (ps->at < ps->end && *ps->at == ' ')
        ps->at++;
}

static bool take(parser *ps, char c)
{
    skip_spaces(ps);
    if (ps->at == ps->end || *ps->at != c)
        return false;
    ps->at++;
    return true;
}

static word take_until(parser *ps, const char *stops)
{
    skip_spaces(ps);
    word w = { ps->at, 0 };
    while (ps->at < ps->end && !memchr(stops, *ps->at, strlen(stops)))
        ps->at++;
    w.len = (size_t)(ps->at - w.at);
    return w;
}

static word take_letters(parser *ps)
{
    skip_spaces(ps);
    word w = { ps->at, 0 };
    while (ps->at < ps->end && ((*ps->at | 0x20) >= 'a' && (*ps->at | 0x20) <= 'z'))
        ps->at++;
    w.len = (size_t)(ps->at - w.at);
    return w;
}

static bool word_is(word w, const char *name)
{
    return prov_text_case_compare(w.at, w.len, name, strlen(name)) == 0;
}

static prov_filter *node(parser *ps, prov_node_kind kind)
{
    prov_filter *n = apr_pcalloc(ps->p, sizeof *n);
    n->kind = kind;
    return n;
}

static prov_err *parse_chain(parser *ps, prov_node_kind kind, prov_filter **out);

static prov_err *deeper(parser *ps, prov_filter **out)
{
    if (++ps->depth > ps->limits->depth)
        return wrong(ps, "too many nested brackets");
    prov_err *err = parse_chain(ps, PROV_NODE_OR, out);
    ps->depth--;
    return err;
}

/* ---- the literal ---- */

static prov_err *take_string(parser *ps, prov_bytes *token)
{
    const char *start = ps->at++;
    while (ps->at < ps->end && *ps->at != '"')
        ps->at += *ps->at == '\\' && ps->at + 1 < ps->end ? 2 : 1;
    if (ps->at == ps->end)
        return wrong(ps, "a string does not end");
    ps->at++;
    *token = (prov_bytes){ (const uint8_t *)start, (size_t)(ps->at - start) };
    return NULL;
}

static bool plain_literal(word w)
{
    static const char *const names[] = { "true", "false", "null" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (w.len == strlen(names[i]) && memcmp(w.at, names[i], w.len) == 0)
            return true;
    return w.len > 0 && (*w.at == '-' || (*w.at >= '0' && *w.at <= '9'));
}

static bool has_switch(const parser *ps, uint32_t bit)
{
    return ps->limits->switches & bit;
}

static prov_bytes quoted(const parser *ps, prov_bytes text)
{
    return prov_bytes_of(prov_filter_quote(ps->p, text));
}

/* compValue is a JSON literal; the JSON parser knows its escapes and numbers. */
static prov_err *take_literal(parser *ps, prov_filter *n, const prov_json **json)
{
    skip_spaces(ps);
    word w = { ps->at, 0 };
    prov_bytes token;
    prov_err *err;
    if (ps->at < ps->end && *ps->at == '"') {
        if ((err = take_string(ps, &token)))
            return err;
    } else {
        w = take_until(ps, " ()[]");
        bool plain = plain_literal(w);
        if (!plain && (!w.len || !has_switch(ps, PROV_COMPAT_UNQUOTED)))
            return wrong_word(ps, w, "is not a value (strings stand in double quotes)");
        token = (prov_bytes){ (const uint8_t *)w.at, w.len };
        n->digits = plain ? token : (prov_bytes){ NULL, 0 };
        token = plain ? token : quoted(ps, token);
    }
    if (prov_json_parse(ps->p, token, json)) {
        w.len = token.len;
        return wrong_word(ps, w, "is not a JSON value");
    }
    n->literal = prov_json_is(*json);
    return NULL;
}

static bool read_boolean(const parser *ps, const prov_json *json, prov_value *out)
{
    if (prov_json_is(json) == PROV_JSON_BOOLEAN) {
        out->boolean = prov_json_boolean(json);
        return true;
    }
    /* Entra compares booleans with "True" and "False". */
    if (prov_json_is(json) != PROV_JSON_STRING || has_switch(ps, PROV_COMPAT_EXACT))
        return false;
    prov_bytes text = prov_json_string(json);
    word w = { (const char *)text.data, text.len };
    out->boolean = word_is(w, "true");
    return out->boolean || word_is(w, "false");
}

static bool read_number(const prov_json *json, prov_value *out)
{
    if (prov_json_is(json) == PROV_JSON_INTEGER) {
        out->type = PROV_TYPE_INTEGER;
        out->integer = prov_json_integer(json);
        return true;
    }
    out->type = PROV_TYPE_DECIMAL;
    out->number = prov_json_number(json);
    return prov_json_is(json) == PROV_JSON_NUMBER;
}

static prov_text_how text_how(const prov_attr *a, prov_filter_op op)
{
    bool equality = op == PROV_OP_EQ || op == PROV_OP_NE;
    if (a->type == PROV_TYPE_BINARY)
        return equality ? PROV_TEXT_BASE64 : PROV_TEXT_EXACT;
    if (a->precis && equality)
        return PROV_TEXT_PRECIS;
    /* URNs of schemas compare without case (RFC 7643 section 10.2.1). */
    if (a->place == PROV_IN_HEADER && strcmp(a->name, "schemas") == 0)
        return PROV_TEXT_FOLD;
    return a->case_exact || a->type == PROV_TYPE_REFERENCE ? PROV_TEXT_EXACT : PROV_TEXT_FOLD;
}

static void prepare_text(parser *ps, const prov_attr *a, prov_filter *n)
{
    prov_bytes text = n->want = n->value.text;
    n->how = text_how(a, n->op);
    if (n->how == PROV_TEXT_FOLD)
        n->want = prov_text_fold(ps->p, text);
    /* What PRECIS refuses is nobody's name; folded, it equals none. */
    if (n->how == PROV_TEXT_PRECIS && prov_text_username(ps->p, text, &n->want))
        n->want = prov_text_fold(ps->p, text);
    while (n->how == PROV_TEXT_BASE64 && n->want.len && n->want.data[n->want.len - 1] == '=')
        n->want.len--;
}

/* What looks like a number is a text where the attribute is one and quotes may be left out. */
static prov_err *unquoted_literal(const parser *ps, const prov_attr *a, prov_filter *n,
                                  const prov_json **json)
{
    bool text = a->type != PROV_TYPE_BOOLEAN && a->type != PROV_TYPE_INTEGER &&
                a->type != PROV_TYPE_DECIMAL;
    if (!text || !n->digits.len || !has_switch(ps, PROV_COMPAT_UNQUOTED))
        return NULL;
    prov_bytes token = quoted(ps, n->digits);
    n->digits = (prov_bytes){ NULL, 0 };
    n->literal = PROV_JSON_STRING;
    return prov_json_parse(ps->p, token, json);
}

static prov_err *type_literal(parser *ps, const prov_attr *a, const prov_json *json, prov_filter *n)
{
    prov_err *err = unquoted_literal(ps, a, n, &json);
    if (err)
        return err;
    bool fits = prov_json_is(json) == PROV_JSON_STRING;
    n->value.type = a->type;
    if (a->type == PROV_TYPE_BOOLEAN) {
        fits = read_boolean(ps, json, &n->value);
        n->literal = PROV_JSON_BOOLEAN;
    } else if (a->type == PROV_TYPE_INTEGER || a->type == PROV_TYPE_DECIMAL) {
        fits = read_number(json, &n->value);
        if (a->type == PROV_TYPE_DECIMAL && n->value.type == PROV_TYPE_INTEGER)
            n->value = (prov_value){ .type = a->type, .number = (double)n->value.integer };
    } else if (fits) {
        n->value.text = prov_json_string(json);
        prepare_text(ps, a, n);
        if (a->type == PROV_TYPE_DATETIME && !(PARTS & (1U << n->op)))
            fits = prov_instant_parse(n->value.text, &n->value.instant);
    }
    return fits ? NULL
                : prov_err_make(ps->p, 400, "invalidFilter",
                                "the value compared with '%s' does not have the attribute's type",
                                n->path);
}

/* A root query's type that lacks the attribute: the literal only has to print again. */
static void keep_literal(const prov_json *json, prov_filter *n)
{
    if (n->literal == PROV_JSON_STRING)
        n->value.text = prov_json_string(json);
    if (n->literal == PROV_JSON_BOOLEAN)
        n->value.boolean = prov_json_boolean(json);
}

/* ---- the attribute ---- */

/* A query that asks for a secret holds a guess of it, and URLs are written into logs (RFC 7644
 * section 7.5.2). */
static prov_err *secret(const parser *ps, word w)
{
    prov_err *err = wrong_word(ps, w, "cannot be used in a filter");
    if (ps->registry) {
        err->http = 403;
        err->scim_type = "sensitive";
    }
    return err;
}

static prov_err *resolve(parser *ps, word w, const prov_attr **out)
{
    *out = NULL;
    if (!ps->in_value)
        *out = prov_schema_find(ps->registry, ps->type, w.at, w.len, NULL);
    else if (ps->of)
        *out = ps->of->type == PROV_TYPE_COMPLEX ? prov_schema_sub(ps->of, w.at, w.len)
               : word_is(w, "value")             ? ps->of
                                                 : NULL;
    if (!*out && !ps->lenient)
        return wrong_word(ps, w, "is not an attribute that can be filtered here");
    if (*out && ((*out)->returned == PROV_RETURNED_NEVER || (*out)->place == PROV_IN_CREDENTIAL))
        return secret(ps, w);
    return NULL;
}

/* Puts the attribute into the node; a bare multi-valued complex one means its `value`. */
static prov_err *place_attr(parser *ps, word w, const prov_attr *a, bool compared, prov_filter *n)
{
    n->path = apr_pstrmemdup(ps->p, w.at, w.len);
    if (!a)
        return NULL;
    if (compared && a->type == PROV_TYPE_COMPLEX) {
        bool stands_for = a->multi || has_switch(ps, PROV_COMPAT_REFERENCE);
        a = stands_for ? prov_schema_sub(a, "value", 5) : NULL;
        if (!a)
            return wrong_word(ps, w, "is complex: name one of its sub-attributes");
    }
    if (ps->in_value) {
        n->sub = ps->of->type == PROV_TYPE_COMPLEX ? a : NULL;
        n->path = n->sub ? a->name : "value";
        return NULL;
    }
    n->attr = a->parent ? a->parent : a;
    n->sub = a->parent ? a : NULL;
    n->path = prov_attr_path(ps->p, ps->type, a);
    if (n->attr->place == PROV_IN_HEADER)
        n->header = prov_filter_header(a);
    return NULL;
}

static const prov_attr *target_of(const parser *ps, const prov_filter *n)
{
    return n->sub ? n->sub : n->attr ? n->attr : ps->in_value ? ps->of : NULL;
}

static prov_err *take_operator(parser *ps, prov_filter_op *op)
{
    word w = take_letters(ps);
    for (*op = 0; *op < PROV_FILTER_OPS; ++*op)
        if (word_is(w, prov_filter_op_names[*op]))
            return NULL;
    if (!w.len)
        return wrong(ps, "an operator is missing");
    return wrong_word(ps, w, "is not an operator");
}

static prov_err *parse_term(parser *ps, word name, prov_filter **out)
{
    prov_filter *n = *out = node(ps, PROV_NODE_TERM);
    const prov_json *json = NULL;
    const prov_attr *a;
    prov_err *err;
    if (++ps->terms > ps->limits->terms)
        return wrong(ps, "too many comparisons");
    if ((err = resolve(ps, name, &a)) || (err = take_operator(ps, &n->op)))
        return err;
    if (n->op != PROV_OP_PR && (err = take_literal(ps, n, &json)))
        return err;
    bool null = n->literal == PROV_JSON_NULL;
    if ((err = place_attr(ps, name, a, !null, n)))
        return err;
    if (null && !(EQUALITY & (1U << n->op)))
        return wrong_word(ps, name, "cannot be ordered or searched by null");
    if (null || !a) {
        keep_literal(json, n);
        return NULL;
    }
    a = target_of(ps, n);
    if (!(operators_of[a->type] & (1U << n->op)))
        return wrong_word(ps, name, "does not support this operator");
    return type_literal(ps, a, json, n);
}

/* Entra asks emails[type eq "work"].value eq "x": the same as one more term between brackets. */
static prov_err *parse_group_tail(parser *ps, prov_filter *group)
{
    prov_filter *term, *both;
    prov_err *err;
    ps->at++;
    if ((err = parse_term(ps, take_until(ps, " ()[]\""), &term)))
        return err;
    if (group->child->kind == PROV_NODE_AND) {
        both = group->child;
    } else {
        both = node(ps, PROV_NODE_AND);
        both->child = group->child;
    }
    prov_filter *last = both->child;
    while (last->next)
        last = last->next;
    last->next = term;
    group->child = both;
    return NULL;
}

static prov_err *parse_group(parser *ps, word name, prov_filter **out)
{
    prov_filter *n = *out = node(ps, PROV_NODE_GROUP);
    const prov_attr *a;
    prov_err *err;
    if (ps->in_value)
        return wrong(ps, "brackets within brackets");
    if ((err = resolve(ps, name, &a)) || (err = place_attr(ps, name, a, false, n)))
        return err;
    if (a &&
        (a->parent || a->place == PROV_IN_HEADER || (a->type != PROV_TYPE_COMPLEX && !a->multi)))
        return wrong_word(ps, name, "has no values to select from");
    ps->at++;
    ps->in_value = true;
    ps->of = a;
    if (!(err = deeper(ps, &n->child)) && !take(ps, ']'))
        err = wrong(ps, "a ] is missing");
    if (!err && ps->at < ps->end && *ps->at == '.')
        err = parse_group_tail(ps, n);
    ps->in_value = false;
    return err;
}

static prov_err *parse_brackets(parser *ps, prov_filter **out)
{
    prov_err *err = deeper(ps, out);
    if (!err && !take(ps, ')'))
        err = wrong(ps, "a ) is missing");
    return err;
}

static prov_err *parse_one(parser *ps, prov_filter **out)
{
    if (take(ps, '('))
        return parse_brackets(ps, out);
    word name = take_until(ps, " ()[]\"");
    if (!name.len)
        return wrong(ps, "an attribute is missing");
    if (word_is(name, "not") && take(ps, '(')) {
        *out = node(ps, PROV_NODE_NOT);
        return parse_brackets(ps, &(*out)->child);
    }
    skip_spaces(ps);
    if (ps->at < ps->end && *ps->at == '[')
        return parse_group(ps, name, out);
    return parse_term(ps, name, out);
}

static bool take_keyword(parser *ps, const char *keyword)
{
    const char *was = ps->at;
    if (word_is(take_letters(ps), keyword))
        return true;
    ps->at = was;
    return false;
}

/* Chains are flat, so that only brackets nest. */
static void append(prov_filter *chain, prov_filter ***tail, prov_filter *n)
{
    **tail = n->kind == chain->kind ? n->child : n;
    while (**tail)
        *tail = &(**tail)->next;
}

static prov_err *parse_chain(parser *ps, prov_node_kind kind, prov_filter **out)
{
    prov_filter *first = NULL, *n, *chain = NULL, **tail = NULL;
    prov_err *err;
    for (bool more = true; more; more = take_keyword(ps, kind == PROV_NODE_OR ? "or" : "and")) {
        err = kind == PROV_NODE_OR ? parse_chain(ps, PROV_NODE_AND, &n) : parse_one(ps, &n);
        if (err)
            return err;
        if (!tail) {
            first = n;
            tail = &first;
        } else if (!chain) {
            chain = node(ps, kind);
            tail = &chain->child;
            append(chain, &tail, first);
            append(chain, &tail, n);
        } else {
            append(chain, &tail, n);
        }
    }
    *out = chain ? chain : first;
    return NULL;
}

static prov_err *parse_whole(parser *ps, prov_filter **out)
{
    prov_err *err;
    ps->at = ps->text;
    ps->depth = ps->terms = 0;
    if ((size_t)(ps->end - ps->text) > ps->limits->length)
        return prov_err_make(ps->p, 400, "invalidFilter",
                             "the filter is longer than the limit of %" APR_SIZE_T_FMT " bytes",
                             ps->limits->length);
    if ((err = parse_chain(ps, PROV_NODE_OR, out)))
        return err;
    skip_spaces(ps);
    return ps->at == ps->end ? NULL : wrong(ps, "'and', 'or' or the end is expected");
}

static prov_err *parse_root(parser *ps, prov_filter **out)
{
    prov_filter *types = node(ps, PROV_NODE_TYPES), **tail = &types->child;
    ps->lenient = true;
    for (int i = 0; i < prov_registry_type_count(ps->registry); i++, tail = &(*tail)->next) {
        ps->type = prov_registry_type(ps->registry, i);
        prov_err *err = parse_whole(ps, tail);
        if (err)
            return err;
    }
    *out = types;
    return NULL;
}

prov_err *prov_filter_parse(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                            const char *text, const prov_filter_limits *limits, prov_filter **out)
{
    parser ps = { .p = p, .registry = r, .type = t, .text = text, .end = text + strlen(text) };
    ps.limits = limits ? limits : &prov_filter_defaults;
    return t ? parse_whole(&ps, out) : parse_root(&ps, out);
}

prov_err *prov_filter_parse_value(apr_pool_t *p, const prov_attr *of, const char *text, size_t len,
                                  const prov_filter_limits *limits, prov_filter **out)
{
    parser ps = { .p = p, .in_value = true, .of = of, .text = text, .end = text + len };
    ps.limits = limits ? limits : &prov_filter_defaults;
    return parse_whole(&ps, out);
}
