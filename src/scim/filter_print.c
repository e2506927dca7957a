#include "scim/filter_node.h"
#include <string.h>

/* ---- text ---- */

static void print(prov_buf *b, const prov_filter *n);

static void print_literal(prov_buf *b, const prov_filter *n)
{
    switch (n->literal) {
    case PROV_JSON_STRING:
        prov_json_write_string(b, n->value.text);
        break;
    case PROV_JSON_BOOLEAN:
        prov_buf_text(b, n->value.boolean ? "true" : "false");
        break;
    case PROV_JSON_INTEGER:
    case PROV_JSON_NUMBER:
        prov_buf_add(b, n->digits.data, n->digits.len);
        break;
    default:
        prov_buf_text(b, "null");
    }
}

static void print_term(prov_buf *b, const prov_filter *n)
{
    prov_buf_text(b, n->path);
    prov_buf_byte(b, ' ');
    prov_buf_text(b, prov_filter_op_names[n->op]);
    if (n->op == PROV_OP_PR)
        return;
    prov_buf_byte(b, ' ');
    print_literal(b, n);
}

static void print_chain(prov_buf *b, const prov_filter *n)
{
    for (const prov_filter *c = n->child; c; c = c->next) {
        bool brackets = n->kind == PROV_NODE_AND && c->kind == PROV_NODE_OR;
        if (c != n->child)
            prov_buf_text(b, n->kind == PROV_NODE_AND ? " and " : " or ");
        prov_buf_text(b, brackets ? "(" : "");
        print(b, c);
        prov_buf_text(b, brackets ? ")" : "");
    }
}

static void print(prov_buf *b, const prov_filter *n)
{
    switch (n->kind) {
    case PROV_NODE_AND:
    case PROV_NODE_OR:
        print_chain(b, n);
        break;
    case PROV_NODE_NOT:
        prov_buf_text(b, "not (");
        print(b, n->child);
        prov_buf_byte(b, ')');
        break;
    case PROV_NODE_GROUP:
        prov_buf_text(b, n->path);
        prov_buf_byte(b, '[');
        print(b, n->child);
        prov_buf_byte(b, ']');
        break;
    case PROV_NODE_TYPES: /* the same text for every type */
        print(b, n->child);
        break;
    default:
        print_term(b, n);
    }
}

const char *prov_filter_print(apr_pool_t *p, const prov_filter *f)
{
    prov_buf b;
    prov_buf_init(&b, p, 128);
    print(&b, f);
    prov_buf_byte(&b, 0);
    return (const char *)b.data;
}

const char *prov_filter_quote(apr_pool_t *p, prov_bytes text)
{
    prov_buf b;
    prov_buf_init(&b, p, text.len + 8);
    prov_json_write_string(&b, text);
    prov_buf_byte(&b, 0);
    return (const char *)b.data;
}

/* ---- what a filter says for certain ---- */

/* The term that every match must hold for. */
static const prov_filter *required(const prov_filter *f, const prov_attr *a, prov_filter_op op)
{
    const prov_filter *found = NULL;
    if (f->kind == PROV_NODE_TERM) {
        bool same = f->sub ? f->sub == a : f->attr == a;
        return same && f->op == op && f->literal == PROV_JSON_STRING ? f : NULL;
    }
    if (f->kind != PROV_NODE_AND && f->kind != PROV_NODE_GROUP)
        return NULL;
    for (const prov_filter *c = f->child; c && !found; c = c->next)
        found = required(c, a, op);
    return found;
}

bool prov_filter_requires(const prov_filter *f, const prov_attr *a, prov_bytes *text)
{
    const prov_filter *term = required(f, a, PROV_OP_EQ);
    if (term)
        *text = term->value.text;
    return term;
}

typedef struct telling {
    prov_each_term *each;
    void *baton;
} telling;

static bool tell_term(const telling *t, const prov_filter *f, const prov_attr *of)
{
    const prov_attr *a = f->sub ? f->sub : f->attr ? f->attr : of;
    if (!a || (f->literal == PROV_JSON_NULL && f->op != PROV_OP_PR))
        return true;
    prov_term term = { a, f->op, &f->value, f->want };
    return t->each(t->baton, &term);
}

/* `of`: whose values the terms below are about. */
static bool tell(const telling *t, const prov_filter *f, const prov_attr *of)
{
    bool more = true;
    if (f->kind == PROV_NODE_TERM)
        return tell_term(t, f, of);
    if (f->kind != PROV_NODE_AND && f->kind != PROV_NODE_GROUP)
        return true;
    if (f->kind == PROV_NODE_GROUP)
        of = f->attr;
    for (const prov_filter *c = f->child; c && more; c = c->next)
        more = tell(t, c, of);
    return more;
}

void prov_filter_terms_of(const prov_filter *f, prov_each_term *each, void *baton)
{
    const telling t = { each, baton };
    tell(&t, f, NULL);
}

prov_filter_shape prov_filter_parts(const prov_filter *f, const prov_filter **first)
{
    *first = f->child;
    return f->kind == PROV_NODE_AND  ? PROV_FILTER_ALL_OF
           : f->kind == PROV_NODE_OR ? PROV_FILTER_ANY_OF
                                     : PROV_FILTER_ONE;
}

const prov_filter *prov_filter_next(const prov_filter *part)
{
    return part->next;
}

const prov_filter *prov_filter_for(const prov_filter *f, const prov_registry *r,
                                   const prov_resource_type *t)
{
    if (f->kind != PROV_NODE_TYPES)
        return f;
    f = f->child;
    for (int i = 0; prov_registry_type(r, i) != t; i++)
        f = f->next;
    return f;
}

static bool build_term(const prov_filter *f, prov_object *element)
{
    if (f->op != PROV_OP_EQ || f->literal == PROV_JSON_NULL || !f->sub ||
        f->sub->mutability == PROV_READ_ONLY || f->value.type != f->sub->type)
        return false;
    prov_field *field = prov_object_get(element, f->sub);
    if (field && field->count)
        return prov_value_equal(f->sub, &field->values[0], &f->value);
    field = prov_object_set(element, f->sub);
    *prov_field_add(element, field) = f->value;
    return true;
}

bool prov_filter_build(const prov_filter *f, const prov_attr *of, prov_object *element)
{
    if (of->type != PROV_TYPE_COMPLEX)
        return false;
    if (f->kind == PROV_NODE_TERM)
        return build_term(f, element);
    if (f->kind != PROV_NODE_AND)
        return false;
    for (const prov_filter *c = f->child; c; c = c->next)
        if (!prov_filter_build(c, of, element))
            return false;
    return true;
}
