#include "outbound/mapping.h"

#include "base/instant.h"
#include "base/text.h"
#include "scim/path.h"

#include <apr_strings.h>
#include <string.h>

/* A template is its pieces in a row. */
typedef enum { PIECE_TEXT, PIECE_NAME, PIECE_DOMAIN, PIECE_ID, PIECE_PATH } piece_kind;

typedef struct piece {
    piece_kind kind;
    prov_bytes text;
    prov_path path;
} piece;

typedef struct line {
    const prov_resource_type *type;
    prov_path to;
    const prov_attr *leaf;      /* what gets the value: `to`'s last attribute */
    bool whole;                 /* `leaf` is complex: `from` is the same attribute, copied */
    prov_path from;             /* then only */
    apr_array_header_t *pieces; /* of piece; none: suppressed */
    const char *otherwise;
} line;

struct prov_mapping {
    const prov_registry *registry;
    apr_array_header_t *lines; /* of line */
    const char *prefix;        /* of userName: "CORP/" or nothing */
};

/* What the reading of a line needs. */
typedef struct parse {
    apr_pool_t *pool;
    const prov_registry *registry;
    const prov_resource_type *type;
    const prov_map *map;
    const char *tenant, *idp;
} parse;

static prov_err *wrong(const parse *ps, const char *fmt, const char *what)
{
    prov_err *err = prov_err_make(ps->pool, 400, NULL, fmt, what);
    err->source = ps->map->where;
    return err;
}

static const prov_attr *value_sub(const prov_attr *a)
{
    return a->type == PROV_TYPE_COMPLEX ? prov_schema_sub(a, "value", 5) : NULL;
}

static const prov_attr *leaf_of(const prov_path *path)
{
    return path->sub ? path->sub : path->attr;
}

/* --- values as text and back ----------------------------------------------------------------- */

static prov_bytes to_text(apr_pool_t *p, const prov_value *v)
{
    char room[PROV_INSTANT_ROOM];
    switch (v->type) {
    case PROV_TYPE_BOOLEAN:
        return prov_bytes_of(v->boolean ? "true" : "false");
    case PROV_TYPE_INTEGER:
        return prov_bytes_of(apr_psprintf(p, "%" APR_INT64_T_FMT, (apr_int64_t)v->integer));
    case PROV_TYPE_DECIMAL: {
        prov_buf b;
        prov_buf_init(&b, p, 32);
        prov_json_write_number(&b, v->number);
        return prov_buf_bytes(&b);
    }
    case PROV_TYPE_DATETIME:
        if (!v->text.len)
            return prov_bytes_of(apr_pstrndup(p, room, prov_instant_print(v->instant, room)));
        return v->text;
    default:
        return v->text;
    }
}

/* False: the text is no such value. */
static bool from_text(apr_pool_t *p, prov_type type, prov_bytes text, prov_value *out)
{
    const prov_json *j;
    *out = (prov_value){ .type = type, .text = text };
    switch (type) {
    case PROV_TYPE_BOOLEAN:
        out->boolean = prov_bytes_equal(text, PROV_BYTES("true"));
        return out->boolean || prov_bytes_equal(text, PROV_BYTES("false"));
    case PROV_TYPE_INTEGER:
    case PROV_TYPE_DECIMAL:
        if (prov_json_parse(p, text, &j) || prov_json_is(j) < PROV_JSON_INTEGER ||
            prov_json_is(j) > (type == PROV_TYPE_INTEGER ? PROV_JSON_INTEGER : PROV_JSON_NUMBER))
            return false;
        if (type == PROV_TYPE_INTEGER)
            out->integer = prov_json_integer(j);
        else
            out->number = prov_json_number(j);
        return true;
    case PROV_TYPE_DATETIME:
        return prov_instant_parse(text, &out->instant);
    case PROV_TYPE_COMPLEX:
        return false;
    default:
        return text.len > 0;
    }
}

/* --- reading the lines ----------------------------------------------------------------------- */

static piece *add_piece(line *l, piece_kind kind, prov_bytes text)
{
    piece *pc = apr_array_push(l->pieces);
    *pc = (piece){ .kind = kind, .text = text };
    return pc;
}

/* A path to read from: something of the record, or the id. */
static prov_err *add_path(const parse *ps, line *l, const char *name, size_t len)
{
    prov_path path;
    const char *text = apr_pstrndup(ps->pool, name, len);
    if (prov_path_parse(ps->pool, ps->registry, ps->type, text, len, &path) || !path.attr)
        return wrong(ps, "'%s' is neither UN, UD, TD, IDP nor an attribute", text);
    if (path.attr == prov_schema_common(ps->registry, "id")) {
        add_piece(l, PIECE_ID, prov_bytes_of(NULL));
        return NULL;
    }
    if (path.attr->place != PROV_IN_RECORD)
        return wrong(ps, "'%s' cannot be sent to a target", text);
    const prov_attr *leaf = leaf_of(&path);
    if (leaf->type == PROV_TYPE_COMPLEX && !(path.sub = value_sub(leaf)))
        return wrong(ps, "'%s' has no single value; name one of its sub-attributes", text);
    add_piece(l, PIECE_PATH, prov_bytes_of(NULL))->path = path;
    return NULL;
}

static prov_err *add_token(const parse *ps, line *l, const char *name, size_t len)
{
    const struct {
        const char *name;
        piece_kind kind;
        const char *text;
    } tokens[] = { { "UN", PIECE_NAME, NULL },
                   { "UD", PIECE_DOMAIN, NULL },
                   { "TD", PIECE_TEXT, ps->tenant },
                   { "IDP", PIECE_TEXT, ps->idp } };
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        if (strlen(tokens[i].name) == len && memcmp(tokens[i].name, name, len) == 0) {
            add_piece(l, tokens[i].kind, prov_bytes_of(tokens[i].text));
            return NULL;
        }
    return add_path(ps, l, name, len);
}

static prov_err *read_template(const parse *ps, line *l, const char *text)
{
    while (*text) {
        size_t plain = strcspn(text, "{}");
        if (plain)
            add_piece(l, PIECE_TEXT, (prov_bytes){ (const uint8_t *)text, plain });
        text += plain;
        if (!*text)
            break;
        size_t name = strcspn(text + 1, "{}");
        if (*text != '{' || text[1 + name] != '}')
            return wrong(ps, "the braces of '%s' do not match", ps->map->template);
        prov_err *err = add_token(ps, l, text + 1, name);
        if (err)
            return err;
        text += name + 2;
    }
    return NULL;
}

/* The type whose attribute this is: User before Group, which are the registry's first. */
static prov_err *read_to(parse *ps, line *l)
{
    const char *to = ps->map->to;
    bool found = false;
    for (int i = 0; i < prov_registry_type_count(ps->registry) && !found; i++) {
        ps->type = prov_registry_type(ps->registry, i);
        found = !prov_path_parse(ps->pool, ps->registry, ps->type, to, strlen(to), &l->to) &&
                l->to.attr;
    }
    if (!found)
        return wrong(ps, "there is no attribute '%s'", to);
    l->type = ps->type;
    l->leaf = leaf_of(&l->to);
    if (l->to.attr->place != PROV_IN_RECORD || l->leaf->mutability == PROV_READ_ONLY)
        return wrong(ps, "'%s' cannot be mapped", to);
    if (l->to.filter && !prov_filter_build(l->to.filter, l->to.attr, prov_object_make(ps->pool)))
        return wrong(ps, "the filter of '%s' may only use eq and and", to);
    return NULL;
}

/* Complex to the same complex is copied as it is; else the value of both stands for them. */
static prov_err *read_whole(const parse *ps, line *l)
{
    const char *from = ps->map->path;
    if (from && !l->to.filter &&
        !prov_path_parse(ps->pool, ps->registry, ps->type, from, strlen(from), &l->from))
        l->whole = l->from.attr == l->leaf && !l->from.sub;
    if (l->whole && !ps->map->otherwise)
        return NULL;
    l->whole = false;
    bool suppressed = ps->map->template && !*ps->map->template && !ps->map->otherwise;
    if (!suppressed && !(l->to.sub = value_sub(l->leaf)))
        return wrong(ps, "'%s' has no single value; name one of its sub-attributes", ps->map->to);
    l->leaf = leaf_of(&l->to);
    return NULL;
}

static prov_err *check_constant(const parse *ps, const line *l, const char *text)
{
    prov_value v;
    return from_text(ps->pool, l->leaf->type, prov_bytes_of(text), &v)
               ? NULL
               : wrong(ps, "'%s' is no value of that attribute", text);
}

static prov_err *read_line(parse *ps, line *l)
{
    prov_err *err = read_to(ps, l);
    if (!err && l->leaf->type == PROV_TYPE_COMPLEX)
        err = read_whole(ps, l);
    if (err || l->whole)
        return err;
    if (ps->map->template)
        err = read_template(ps, l, ps->map->template);
    else
        err = add_path(ps, l, ps->map->path, strlen(ps->map->path));
    if (err)
        return err;
    const piece *only = l->pieces->nelts == 1 ? &APR_ARRAY_IDX(l->pieces, 0, piece) : NULL;
    l->otherwise = ps->map->otherwise;
    if (only && only->kind == PIECE_TEXT && ps->map->template[0] != '{')
        err = check_constant(ps, l, ps->map->template);
    return !err && l->otherwise ? check_constant(ps, l, l->otherwise) : err;
}

static const char *prefix_of(apr_pool_t *p, const prov_connector_config *c)
{
    const prov_option *row =
        c->connector ? prov_option_find(c->connector->options, "userStoreDomain") : NULL;
    const char *domain =
        row && c->values ? *(const char *const *)((const char *)c->values + row->offset) : NULL;
    return domain && *domain ? apr_pstrcat(p, domain, "/", NULL) : "";
}

prov_err *prov_mapping_make(apr_pool_t *p, const prov_registry *r, const prov_connector_config *c,
                            const char *tenant, prov_mapping **out)
{
    prov_mapping *m = apr_pcalloc(p, sizeof *m);
    int count = c->maps ? c->maps->nelts : 0;
    m->registry = r;
    m->prefix = prefix_of(p, c);
    m->lines = apr_array_make(p, count ? count : 1, sizeof(line));
    for (int i = 0; i < count; i++) {
        parse ps = { p, r, NULL, &APR_ARRAY_IDX(c->maps, i, prov_map), tenant, c->idp };
        line *l = apr_array_push(m->lines);
        memset(l, 0, sizeof *l);
        l->pieces = apr_array_make(p, 2, sizeof(piece));
        prov_err *err = read_line(&ps, l);
        if (err)
            return err;
    }
    *out = m;
    return NULL;
}

/* --- applying them --------------------------------------------------------------------------- */

static void keep_sendable(prov_object *o);

/* A URL of one of our resources says nothing to a target. */
static bool refers_to_us(const prov_attr *a)
{
    return a->type == PROV_TYPE_REFERENCE && a->references &&
           strcmp(a->references[0], "external") && strcmp(a->references[0], "uri");
}

static bool sendable(prov_field *f)
{
    const prov_attr *a = f->attr;
    if (!a || a->place != PROV_IN_RECORD || a->mutability == PROV_READ_ONLY ||
        a->mutability == PROV_WRITE_ONLY || a->returned == PROV_RETURNED_NEVER || refers_to_us(a))
        return false;
    for (int i = f->count; a->type == PROV_TYPE_COMPLEX && i-- > 0;) {
        keep_sendable(f->values[i].object);
        if (!f->values[i].object->count)
            prov_field_remove(f, i);
    }
    return f->count > 0;
}

static void keep_sendable(prov_object *o)
{
    int kept = 0;
    for (int i = 0; i < o->count; i++)
        if (sendable(&o->fields[i]))
            o->fields[kept++] = o->fields[i];
    o->count = kept;
}

static const prov_value *first_of(const prov_object *o, const prov_attr *sub)
{
    const prov_field *f = prov_object_get(o, sub);
    return f && f->count ? &f->values[0] : NULL;
}

static bool is_primary(const prov_attr *of, const prov_value *v)
{
    const prov_attr *primary =
        of->type == PROV_TYPE_COMPLEX ? prov_schema_sub(of, "primary", 7) : NULL;
    const prov_value *flag = primary ? first_of(v->object, primary) : NULL;
    return flag && flag->boolean;
}

static bool selected(apr_pool_t *p, const prov_path *path, const prov_value *v)
{
    return !path->filter || prov_filter_match_value(path->filter, path->attr, v, p);
}

/* The one value at a path: of several the primary one, else the first. */
static const prov_value *look(apr_pool_t *p, const prov_object *o, const prov_path *path)
{
    const prov_field *f = prov_object_get(o, path->attr);
    const prov_value *best = NULL;
    for (int i = 0; f && i < f->count; i++)
        if (selected(p, path, &f->values[i]) &&
            (!best || (is_primary(path->attr, &f->values[i]) && !is_primary(path->attr, best))))
            best = &f->values[i];
    return best && path->sub ? first_of(best->object, path->sub) : best;
}

/* Takes away what stands at the line's place. */
static void clear(apr_pool_t *p, const line *l, prov_object *there)
{
    const prov_path *to = &l->to;
    prov_field *f = prov_object_get(there, to->attr);
    bool part = to->sub && (to->filter ? to->sub != value_sub(to->attr) : !to->attr->multi);
    for (int i = f ? f->count : 0; i-- > 0;) {
        if (!selected(p, to, &f->values[i]))
            continue;
        if (part)
            prov_object_remove(f->values[i].object, to->sub);
        if (!part || !f->values[i].object->count)
            prov_field_remove(f, i);
    }
    if (f && !f->count)
        prov_object_remove(there, to->attr);
}

/* The complex value that the line's sub-attribute belongs to: the one there, or a new one. */
static prov_object *element(apr_pool_t *p, const line *l, prov_object *there)
{
    const prov_path *to = &l->to;
    prov_field *f = prov_object_get(there, to->attr);
    if (!f || (to->attr->multi && !to->filter))
        f = prov_object_set(there, to->attr);
    for (int i = 0; i < f->count; i++)
        if (selected(p, to, &f->values[i]))
            return f->values[i].object;
    prov_object *made = prov_field_add(there, f)->object;
    if (to->filter)
        prov_filter_build(to->filter, to->attr, made);
    return made;
}

static void put(apr_pool_t *p, const line *l, prov_object *there, const prov_value *v)
{
    prov_object *into = l->to.sub ? element(p, l, there) : there;
    *prov_field_add(into, prov_object_set(into, l->leaf)) = *v;
}

static prov_bytes name_of(const prov_mapping *m, apr_pool_t *p, const prov_mapping_input *in)
{
    bool user = strcmp(in->type->naming->name, "userName") == 0;
    return prov_bytes_of(user && *m->prefix ? apr_pstrcat(p, m->prefix, in->name, NULL) : in->name);
}

static bool piece_value(const prov_mapping *m, apr_pool_t *p, const prov_mapping_input *in,
                        const prov_object *here, const piece *pc, prov_value *out)
{
    const prov_value *v;
    *out = (prov_value){ .type = PROV_TYPE_STRING, .text = pc->text };
    switch (pc->kind) {
    case PIECE_TEXT:
        return true;
    case PIECE_NAME:
        out->text = name_of(m, p, in);
        return true;
    case PIECE_DOMAIN:
        out->text = prov_bytes_of(in->domain);
        return true;
    case PIECE_ID:
        out->text = prov_bytes_of(prov_id_text(p, &in->id));
        return true;
    case PIECE_PATH:
        v = look(p, here, &pc->path);
        if (v)
            *out = *v;
        return v != NULL;
    }
    return false;
}

/* False if a part of the template is unassigned or the whole is no value of the attribute. */
static bool evaluate(const prov_mapping *m, apr_pool_t *p, const prov_mapping_input *in,
                     const prov_object *here, const line *l, prov_value *out)
{
    prov_buf b;
    prov_value v = { .type = PROV_TYPE_COMPLEX };
    prov_buf_init(&b, p, 64);
    for (int i = 0; i < l->pieces->nelts; i++) {
        if (!piece_value(m, p, in, here, &APR_ARRAY_IDX(l->pieces, i, piece), &v))
            return false;
        prov_bytes text = to_text(p, &v);
        prov_buf_add(&b, text.data, text.len);
    }
    if (l->pieces->nelts == 1 && v.type == l->leaf->type) {
        *out = v;
        return true;
    }
    return l->pieces->nelts && from_text(p, l->leaf->type, prov_buf_bytes(&b), out);
}

static void copy_whole(apr_pool_t *p, const line *l, const prov_object *here, prov_object *there)
{
    const prov_field *f = prov_object_get(here, l->leaf);
    prov_field *to = f ? prov_object_set(there, l->leaf) : NULL;
    for (int i = 0; f && i < f->count; i++)
        if (selected(p, &l->from, &f->values[i])) {
            prov_value *v = prov_field_add(there, to);
            v->object = prov_object_copy(p, f->values[i].object);
        }
    keep_sendable(there);
}

static void apply_line(const prov_mapping *m, apr_pool_t *p, const prov_mapping_input *in,
                       const prov_object *here, const line *l, prov_object *there)
{
    prov_value v;
    if (l->whole)
        copy_whole(p, l, here, there);
    else if (evaluate(m, p, in, here, l, &v) ||
             (l->otherwise && from_text(p, l->leaf->type, prov_bytes_of(l->otherwise), &v)))
        put(p, l, there, &v);
    else
        clear(p, l, there);
}

prov_object *prov_mapping_apply(const prov_mapping *m, apr_pool_t *p, const prov_mapping_input *in)
{
    const prov_object *here = prov_record_read(p, m->registry, in->record);
    prov_object *there = prov_object_copy(p, here);
    const prov_attr *external = prov_schema_common(m->registry, "externalId");
    const prov_attr *active = prov_schema_find(m->registry, in->type, "active", 6, NULL);

    keep_sendable(there);
    prov_object_remove(there, external);
    prov_object_remove(there, in->type->naming);
    prov_object_put_text(there, external, prov_id_text(p, &in->id));
    prov_object_put_text(there, in->type->naming, prov_bytes_text(p, name_of(m, p, in)));
    if (active && !prov_object_get(there, active))
        prov_object_put_boolean(there, active, true);
    for (int i = 0; i < m->lines->nelts; i++) {
        const line *l = &APR_ARRAY_IDX(m->lines, i, line);
        if (l->type == in->type)
            apply_line(m, p, in, here, l, there);
    }
    return there;
}

void prov_mapping_restrict(const prov_mapping *m, const prov_resource_type *type,
                           prov_object *theirs)
{
    keep_sendable(theirs);
    for (int i = 0; i < m->lines->nelts; i++) {
        const line *l = &APR_ARRAY_IDX(m->lines, i, line);
        if (l->type == type && !l->whole && !l->pieces->nelts && !l->otherwise)
            clear(theirs->pool, l, theirs);
    }
}
