#include "scim/filter_node.h"
#include "base/instant.h"
#include "scim/projection.h"
#include <apr_strings.h>
#include <string.h>

/* One value of an attribute, wherever it lies. */
typedef struct element {
    const prov_value *simple;  /* of an attribute without sub-attributes; else */
    const prov_object *object; /* a tree's, or NULL: */
    prov_cursor fields;        /* a record's */
} element;

typedef bool element_test(const prov_filter *n, const element *e, apr_pool_t *p);

/* ---- one value against one term ---- */

static bool instant_matches(const prov_filter *n, const prov_value *v, apr_pool_t *p)
{
    if (n->op == PROV_OP_CO || n->op == PROV_OP_SW || n->op == PROV_OP_EW) {
        char text[PROV_INSTANT_ROOM];
        prov_bytes have = v->text;
        if (!have.len)
            have = (prov_bytes){ (uint8_t *)text, prov_instant_print(v->instant, text) };
        return prov_filter_text_matches(n, have, p);
    }
    return prov_filter_decide(n->op,
                              (v->instant > n->value.instant) - (v->instant < n->value.instant));
}

static bool number_matches(const prov_filter *n, const prov_value *v)
{
    if (v->type == PROV_TYPE_INTEGER && n->value.type == PROV_TYPE_INTEGER)
        return prov_filter_decide(n->op, (v->integer > n->value.integer) -
                                             (v->integer < n->value.integer));
    /* A long double holds every int64 and every double exactly. */
    long double have = v->type == PROV_TYPE_INTEGER ? (long double)v->integer : v->number;
    long double want =
        n->value.type == PROV_TYPE_INTEGER ? (long double)n->value.integer : n->value.number;
    return prov_filter_decide(n->op, (have > want) - (have < want));
}

static bool is_text(prov_type t)
{
    return t == PROV_TYPE_STRING || t == PROV_TYPE_REFERENCE || t == PROV_TYPE_BINARY;
}

static bool value_matches(const prov_filter *n, const prov_value *v, apr_pool_t *p)
{
    if (n->op == PROV_OP_PR)
        return !is_text(v->type) || v->text.len > 0;
    if (n->literal == PROV_JSON_NULL)
        return n->op == PROV_OP_NE;
    if (is_text(v->type) && is_text(n->value.type))
        return prov_filter_text_matches(n, v->text, p);
    if (v->type == PROV_TYPE_BOOLEAN && n->value.type == PROV_TYPE_BOOLEAN)
        return prov_filter_decide(n->op, v->boolean - n->value.boolean);
    if (v->type == PROV_TYPE_DATETIME && n->value.type == PROV_TYPE_DATETIME)
        return instant_matches(n, v, p);
    if ((v->type == PROV_TYPE_INTEGER || v->type == PROV_TYPE_DECIMAL) &&
        (n->value.type == PROV_TYPE_INTEGER || n->value.type == PROV_TYPE_DECIMAL))
        return number_matches(n, v);
    return n->op == PROV_OP_NE; /* stored under an earlier schema */
}

/* No value where one could be: it differs from every value. An element without `primary` is not
 * the primary one (RFC 7643 section 2.4). */
static bool absent_matches(const prov_filter *n)
{
    if (n->op != PROV_OP_PR && n->literal == PROV_JSON_BOOLEAN && n->sub && n->sub->parent->multi &&
        strcmp(n->sub->name, "primary") == 0)
        return prov_filter_decide(n->op, 0 - n->value.boolean);
    return n->op == (n->literal == PROV_JSON_NULL ? PROV_OP_EQ : PROV_OP_NE);
}

/* No values at all: nothing differs, either. */
static bool none_matches(const prov_filter *n)
{
    return n->op == PROV_OP_EQ && n->literal == PROV_JSON_NULL;
}

/* ---- one element against a term ---- */

static prov_value value_of(prov_item item)
{
    prov_value v = { .type = prov_item_type(item) };
    switch (v.type) {
    case PROV_TYPE_BOOLEAN:
        v.boolean = prov_item_boolean(item);
        break;
    case PROV_TYPE_INTEGER:
        v.integer = prov_item_integer(item);
        break;
    case PROV_TYPE_DECIMAL:
        v.number = prov_item_number(item);
        break;
    case PROV_TYPE_DATETIME:
        v.instant = prov_item_instant(item);
        v.text = prov_item_text(item);
        break;
    case PROV_TYPE_COMPLEX:
        break;
    default:
        v.text = prov_item_text(item);
    }
    return v;
}

/* A field of simple values: any of them. */
static bool item_matches(const prov_filter *n, prov_item field, apr_pool_t *p)
{
    prov_item one;
    if (!prov_item_is_multi(field)) {
        prov_value v = value_of(field);
        return value_matches(n, &v, p);
    }
    for (prov_cursor c = prov_item_values(field); prov_cursor_value(&c, &one);) {
        prov_value v = value_of(one);
        if (value_matches(n, &v, p))
            return true;
    }
    return false;
}

static bool field_matches(const prov_filter *n, const prov_field *f, apr_pool_t *p)
{
    for (int i = 0; i < f->count; i++)
        if (value_matches(n, &f->values[i], p))
            return true;
    return false;
}

static bool element_filled(const element *e)
{
    static const prov_filter present = { .op = PROV_OP_PR };
    prov_item item;
    if (!e->object) {
        for (prov_cursor c = e->fields; prov_cursor_next(&c, &item);)
            if (item_matches(&present, item, NULL))
                return true;
        return false;
    }
    for (int i = 0; i < e->object->count; i++)
        if (field_matches(&present, &e->object->fields[i], NULL))
            return true;
    return false;
}

static bool element_matches(const prov_filter *n, const element *e, apr_pool_t *p)
{
    if (e->simple)
        return value_matches(n, e->simple, p);
    if (!n->sub)
        return element_filled(e) && n->op != PROV_OP_EQ; /* pr, ne null */
    if (e->object) {
        const prov_field *f = prov_object_get(e->object, n->sub);
        return f && f->count ? field_matches(n, f, p) : absent_matches(n);
    }
    prov_item item;
    return prov_cursor_find(e->fields, n->sub->number, &item) ? item_matches(n, item, p)
                                                              : absent_matches(n);
}

/* ---- values that lie in the record's head ---- */

static bool header_id(const prov_view *v, prov_value *out)
{
    out->text = prov_bytes_of(prov_id_text(v->scratch, &v->id));
    return true;
}

static bool header_type(const prov_view *v, prov_value *out)
{
    out->text = prov_bytes_of(v->type->name);
    return true;
}

static bool header_created(const prov_view *v, prov_value *out)
{
    out->instant = prov_record_head(v->record).created;
    return true;
}

static bool header_modified(const prov_view *v, prov_value *out)
{
    out->instant = prov_record_head(v->record).modified;
    return true;
}

static bool header_location(const prov_view *v, prov_value *out)
{
    out->text = prov_bytes_of(apr_pstrcat(v->scratch, v->base ? v->base : "", v->type->endpoint,
                                          "/", prov_id_text(v->scratch, &v->id), NULL));
    return true;
}

static bool header_version(const prov_view *v, prov_value *out)
{
    char *text = apr_palloc(v->scratch, PROV_ETAG_ROOM);
    out->text.len = prov_etag_print(prov_record_head(v->record).version, text);
    out->text.data = (uint8_t *)text;
    return true;
}

prov_header_get *prov_filter_header(const prov_attr *a)
{
    static const struct {
        const char *parent, *name;
        prov_header_get *get;
    } rows[] = {
        { "", "id", header_id },
        { "meta", "resourceType", header_type },
        { "meta", "created", header_created },
        { "meta", "lastModified", header_modified },
        { "meta", "location", header_location },
        { "meta", "version", header_version },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, a->name) == 0 &&
            strcmp(rows[i].parent, a->parent ? a->parent->name : "") == 0)
            return rows[i].get;
    return NULL;
}

static bool seen_any(void *baton, const prov_object *value)
{
    *(bool *)baton = true;
    return false;
}

static bool has_schema(const prov_view *v, const prov_schema *s)
{
    prov_item item;
    bool seen = false;
    for (int i = 0; i < s->count && !seen; i++) {
        const prov_attr *a = &s->attrs[i];
        if (a->place == PROV_IN_RECORD)
            seen = prov_cursor_find(prov_record_fields(v->record), a->number, &item);
        else if (a->place == PROV_IN_LINKS && v->elsewhere)
            v->elsewhere(v, a, seen_any, &seen);
    }
    return seen;
}

static bool schemas_match(const prov_filter *n, const prov_view *v)
{
    prov_value urn = { .type = PROV_TYPE_STRING };
    urn.text = prov_bytes_of(v->type->schema->urn);
    if (value_matches(n, &urn, v->scratch))
        return true;
    for (int i = 0; i < v->type->extension_count; i++) {
        const prov_schema *s = v->type->extensions[i].schema;
        urn.text = prov_bytes_of(s->urn);
        if (value_matches(n, &urn, v->scratch) && has_schema(v, s))
            return true;
    }
    return false;
}

static bool header_matches(const prov_filter *n, const prov_view *v)
{
    const prov_attr *a = n->sub ? n->sub : n->attr;
    prov_value value = { .type = a->type };
    if (n->header)
        return n->header(v, &value) ? value_matches(n, &value, v->scratch) : absent_matches(n);
    if (a->type == PROV_TYPE_COMPLEX)
        return n->op != PROV_OP_EQ; /* meta pr, meta ne null */
    return schemas_match(n, v);
}

/* ---- a resource ---- */

typedef struct search {
    const prov_filter *n;
    const prov_view *view;
    element_test *test;
    bool any, found;
} search;

static bool search_elsewhere(void *baton, const prov_object *value)
{
    search *s = baton;
    element e = { .object = value };
    s->any = true;
    s->found = s->test(s->n, &e, s->view->scratch);
    return !s->found;
}

static bool search_item(search *s, prov_item item)
{
    element e = { 0 };
    prov_value v;
    s->any = true;
    if (prov_item_type(item) == PROV_TYPE_COMPLEX) {
        e.fields = prov_item_fields(item);
    } else {
        v = value_of(item);
        e.simple = &v;
    }
    return s->found = s->test(s->n, &e, s->view->scratch);
}

static void search_record(search *s)
{
    prov_item field, one;
    if (!prov_cursor_find(prov_record_fields(s->view->record), s->n->attr->number, &field))
        return;
    if (!prov_item_is_multi(field)) {
        search_item(s, field);
        return;
    }
    for (prov_cursor c = prov_item_values(field); prov_cursor_value(&c, &one);)
        if (search_item(s, one))
            return;
}

/* userName as everybody sees it: behind its domain. */
static bool whole_name_matches(const prov_filter *n, const prov_view *v, prov_item item)
{
    prov_value value = value_of(item);
    prov_bytes bare = value.text;
    apr_pool_t *own;
    apr_pool_create(&own, v->scratch);
    uint8_t *joined = apr_palloc(own, v->prefix.len + bare.len + 1);
    memcpy(joined, v->prefix.data, v->prefix.len);
    if (bare.len)
        memcpy(joined + v->prefix.len, bare.data, bare.len);
    value.text = (prov_bytes){ joined, v->prefix.len + bare.len };
    bool matches = value_matches(n, &value, own);
    apr_pool_destroy(own);
    return matches;
}

static bool name_matches(const prov_filter *n, const prov_view *v, prov_item item)
{
    bool whole = whole_name_matches(n, v, item);
    if (!v->bare || (n->op != PROV_OP_EQ && n->op != PROV_OP_NE))
        return whole;
    bool bare = item_matches(n, item, v->scratch);
    return n->op == PROV_OP_EQ ? whole || bare : whole && bare;
}

/* Asks for one member by his id: of a hundred thousand the others need no look. */
static bool is_of_member(const prov_filter *n, const prov_view *v)
{
    return n->attr->place == PROV_IN_MEMBERS && v->member && n->op == PROV_OP_EQ && n->sub &&
           strcmp(n->sub->name, "value") == 0 && n->literal == PROV_JSON_STRING;
}

static bool member_matches(const prov_filter *n, const prov_view *v)
{
    prov_id id;
    return prov_id_parse(n->value.text, &id) &&
           prov_filter_text_matches(n, prov_bytes_of(prov_id_text(v->scratch, &id)), v->scratch) &&
           v->member(v, &id);
}

static bool term_matches(const prov_filter *n, const prov_view *v)
{
    const prov_attr *a = n->attr;
    prov_item item;
    if (!a)
        return absent_matches(n);
    if (a->place == PROV_IN_HEADER)
        return header_matches(n, v);
    if (is_of_member(n, v))
        return member_matches(n, v);
    if (a->place == PROV_IN_RECORD && !a->multi && a->type != PROV_TYPE_COMPLEX) {
        if (!prov_cursor_find(prov_record_fields(v->record), a->number, &item))
            return absent_matches(n);
        return a->precis && v->prefix.len ? name_matches(n, v, item)
                                          : item_matches(n, item, v->scratch);
    }
    search s = { .n = n, .view = v, .test = element_matches };
    if (a->place == PROV_IN_RECORD)
        search_record(&s);
    else if (v->elsewhere)
        v->elsewhere(v, a, search_elsewhere, &s);
    if (s.any)
        return s.found;
    return a->multi ? none_matches(n) : absent_matches(n);
}

static bool element_holds(const prov_filter *n, const element *e, apr_pool_t *p)
{
    const prov_filter *c;
    switch (n->kind) {
    case PROV_NODE_AND:
        for (c = n->child; c && element_holds(c, e, p); c = c->next)
            ;
        return !c;
    case PROV_NODE_OR:
        for (c = n->child; c && !element_holds(c, e, p); c = c->next)
            ;
        return c;
    case PROV_NODE_NOT:
        return !element_holds(n->child, e, p);
    default:
        return element_matches(n, e, p);
    }
}

static bool group_test(const prov_filter *n, const element *e, apr_pool_t *p)
{
    return element_holds(n->child, e, p);
}

static bool group_matches(const prov_filter *n, const prov_view *v)
{
    search s = { .n = n, .view = v, .test = group_test };
    if (n->attr && n->attr->place == PROV_IN_RECORD)
        search_record(&s);
    else if (n->attr && v->elsewhere)
        v->elsewhere(v, n->attr, search_elsewhere, &s);
    return s.found;
}

static bool types_match(const prov_filter *n, const prov_view *v)
{
    const prov_filter *c = n->child;
    for (int i = 0; c; i++, c = c->next)
        if (prov_registry_type(v->registry, i) == v->type)
            return prov_filter_match(c, v);
    return false;
}

bool prov_filter_match(const prov_filter *n, const prov_view *v)
{
    const prov_filter *c;
    switch (n->kind) {
    case PROV_NODE_AND:
        for (c = n->child; c && prov_filter_match(c, v); c = c->next)
            ;
        return !c;
    case PROV_NODE_OR:
        for (c = n->child; c && !prov_filter_match(c, v); c = c->next)
            ;
        return c;
    case PROV_NODE_NOT:
        return !prov_filter_match(n->child, v);
    case PROV_NODE_GROUP:
        return group_matches(n, v);
    case PROV_NODE_TYPES:
        return types_match(n, v);
    default:
        return term_matches(n, v);
    }
}

bool prov_filter_match_value(const prov_filter *f, const prov_attr *of, const prov_value *value,
                             apr_pool_t *p)
{
    element e = { 0 };
    if (of->type == PROV_TYPE_COMPLEX)
        e.object = value->object;
    else
        e.simple = value;
    return element_holds(f, &e, p);
}

int prov_filter_terms(const prov_filter *f)
{
    int terms = f->kind == PROV_NODE_TERM;
    for (const prov_filter *c = f->child; c; c = c->next)
        terms += prov_filter_terms(c);
    return terms;
}
