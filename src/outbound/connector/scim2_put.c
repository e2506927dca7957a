/* Read-merge-write: PUT replaces an object whole, so what the target has and we do not set is read
 * first and sent back with the rest, under the ETag it was read with. */
#include "outbound/connector/scim2.h"

#include "scim/projection.h"

#include <apr_strings.h>
#include <string.h>

/* --- JSON as it was -------------------------------------------------------------------------- */

typedef struct writer {
    prov_buf *b;
    bool more;
} writer;

static void write_name(writer *w, const char *name)
{
    if (w->more)
        prov_buf_byte(w->b, ',');
    w->more = true;
    prov_json_write_text(w->b, name);
    prov_buf_byte(w->b, ':');
}

static void write_json(prov_buf *b, const prov_json *j);

static bool write_member(void *baton, const char *name, const prov_json *value)
{
    writer *w = baton;
    write_name(w, name);
    write_json(w->b, value);
    return true;
}

static void write_json(prov_buf *b, const prov_json *j)
{
    writer w = { b, false };
    switch (prov_json_is(j)) {
    case PROV_JSON_NULL:
        prov_buf_text(b, "null");
        break;
    case PROV_JSON_BOOLEAN:
        prov_buf_text(b, prov_json_boolean(j) ? "true" : "false");
        break;
    case PROV_JSON_INTEGER:
        prov_json_write_integer(b, prov_json_integer(j));
        break;
    case PROV_JSON_NUMBER:
        prov_json_write_number(b, prov_json_number(j));
        break;
    case PROV_JSON_STRING:
        prov_json_write_string(b, prov_json_string(j));
        break;
    case PROV_JSON_ARRAY:
        for (size_t i = 0; i < prov_json_length(j); i++) {
            prov_buf_byte(b, i ? ',' : '[');
            write_json(b, prov_json_at(j, i));
        }
        prov_buf_text(b, prov_json_length(j) ? "]" : "[]");
        break;
    case PROV_JSON_OBJECT:
        prov_buf_byte(b, '{');
        prov_json_each(j, write_member, &w);
        prov_buf_byte(b, '}');
        break;
    }
}

/* --- merging --------------------------------------------------------------------------------- */

/* A level of the object: its top, an extension, or one complex value. */
typedef struct level {
    prov_call *call;
    writer w;
    const prov_schema *schema; /* of the top or the extension */
    const prov_attr *complex;  /* or this */
    const prov_object *before, *wanted;
    const prov_member_change *changes; /* to the members of a group */
    int count;
} level;

static const prov_attr *attr_of(const level *l, const char *name)
{
    size_t len = strlen(name);
    if (l->complex)
        return prov_schema_sub(l->complex, name, len);
    const prov_attr *a = prov_schema_attr(l->schema, name, len);
    return a || l->schema != l->call->type->schema ? a
                                                   : prov_schema_common(l->call->registry, name);
}

static const prov_schema *extension_of(const level *l, const char *name)
{
    const prov_resource_type *t = l->call->type;
    for (int i = 0; !l->complex && l->schema == t->schema && i < t->extension_count; i++)
        if (strcasecmp(t->extensions[i].schema->urn, name) == 0)
            return t->extensions[i].schema;
    return NULL;
}

static bool is_here(const level *l, const prov_attr *a)
{
    if (l->complex)
        return a->parent == l->complex;
    const prov_resource_type *t = l->call->type;
    bool extension = false;
    for (int i = 0; i < t->extension_count; i++)
        extension |= strcmp(a->schema, t->extensions[i].schema->urn) == 0;
    return l->schema == t->schema ? !extension : strcmp(a->schema, l->schema->urn) == 0;
}

static const prov_object *value_object(const prov_object *o, const prov_attr *a)
{
    const prov_field *f = o ? prov_object_get(o, a) : NULL;
    return f && f->count ? f->values[0].object : NULL;
}

static bool has(const prov_object *o, const prov_attr *a)
{
    return o && prov_object_get(o, a);
}

static void merge(level *l, const prov_json *theirs);

static void merge_below(level *l, const char *name, const prov_json *theirs, const prov_schema *s,
                        const prov_attr *complex)
{
    level below = { .call = l->call, .w = { l->w.b, false }, .schema = s, .complex = complex };
    below.before = complex ? value_object(l->before, complex) : l->before;
    below.wanted = complex ? value_object(l->wanted, complex) : l->wanted;
    write_name(&l->w, name);
    prov_buf_byte(l->w.b, '{');
    merge(&below, prov_json_is(theirs) == PROV_JSON_OBJECT ? theirs : NULL);
    prov_buf_byte(l->w.b, '}');
}

static bool is_changed(const level *l, prov_bytes id)
{
    for (int i = 0; i < l->count; i++)
        if (prov_bytes_equal(prov_bytes_of(l->changes[i].remote_id), id))
            return true;
    return false;
}

/* Theirs without those that change, then those that are added. */
static void write_members(level *l, const prov_json *theirs)
{
    bool more = false;
    write_name(&l->w, "members");
    prov_buf_byte(l->w.b, '[');
    size_t there = prov_json_is(theirs) == PROV_JSON_ARRAY ? prov_json_length(theirs) : 0;
    for (size_t i = 0; i < there; i++) {
        const prov_json *id = prov_json_get(prov_json_at(theirs, i), "value", NULL);
        if (prov_json_is(id) == PROV_JSON_STRING && is_changed(l, prov_json_string(id)))
            continue;
        prov_buf_text(l->w.b, more ? "," : "");
        write_json(l->w.b, prov_json_at(theirs, i));
        more = true;
    }
    for (int i = 0; i < l->count; i++)
        if (l->changes[i].add) {
            prov_buf_text(l->w.b, more ? ",{\"value\":" : "{\"value\":");
            prov_json_write_text(l->w.b, l->changes[i].remote_id);
            prov_buf_byte(l->w.b, '}');
            more = true;
        }
    prov_buf_byte(l->w.b, ']');
}

/* One attribute that the target has. What is wanted at this level is written after these, but for
 * complex values and extensions, whose parts may be theirs and ours. */
static bool merge_one(void *baton, const char *name, const prov_json *value)
{
    level *l = baton;
    const prov_schema *extension = extension_of(l, name);
    const prov_attr *a = extension ? NULL : attr_of(l, name);
    if (extension) {
        merge_below(l, name, value, extension, NULL);
        return true;
    }
    if (a && a->place == PROV_IN_MEMBERS) {
        if (!l->changes)
            write_member(&l->w, name, value);
        return true;
    }
    bool is_id = a && a == prov_schema_common(l->call->registry, "id");
    if (a && !is_id && (a->place != PROV_IN_RECORD || a->mutability == PROV_READ_ONLY))
        return true;
    bool complex = a && a->type == PROV_TYPE_COMPLEX && !a->multi;
    if (complex && has(l->wanted, a))
        merge_below(l, name, value, NULL, a);
    else if (!a || (!has(l->wanted, a) && !has(l->before, a)))
        write_member(&l->w, name, value);
    return true;
}

/* What is theirs here and stays, then what is wanted here. */
static void merge(level *l, const prov_json *theirs)
{
    if (theirs)
        prov_json_each(theirs, merge_one, l);
    for (int i = 0; l->wanted && i < l->wanted->count; i++) {
        const prov_field *f = &l->wanted->fields[i];
        bool found = false;
        if (!f->attr || !is_here(l, f->attr))
            continue;
        if (f->attr->type == PROV_TYPE_COMPLEX && !f->attr->multi && theirs)
            prov_json_get(theirs, f->attr->name, &found);
        if (!found) {
            write_name(&l->w, f->attr->name);
            prov_field_write(l->w.b, f);
        }
    }
}

static bool uses(const prov_object *o, const char *urn)
{
    for (int i = 0; o && i < o->count; i++)
        if (o->fields[i].attr && strcmp(o->fields[i].attr->schema, urn) == 0)
            return true;
    return false;
}

static bool lists(const prov_json *schemas, const char *urn)
{
    size_t count = prov_json_is(schemas) == PROV_JSON_ARRAY ? prov_json_length(schemas) : 0;
    for (size_t i = 0; i < count; i++) {
        const prov_json *s = prov_json_at(schemas, i);
        if (prov_json_is(s) == PROV_JSON_STRING &&
            strcasecmp((const char *)prov_json_string(s).data, urn) == 0)
            return true;
    }
    return false;
}

/* Theirs, and those of our values. */
static void write_schemas(level *l, const prov_json *theirs)
{
    const prov_resource_type *t = l->call->type;
    const prov_json *schemas = prov_json_get(theirs, "schemas", NULL);
    size_t there = prov_json_is(schemas) == PROV_JSON_ARRAY ? prov_json_length(schemas) : 0;
    write_name(&l->w, "schemas");
    prov_buf_byte(l->w.b, '[');
    if (!there)
        prov_json_write_text(l->w.b, t->schema->urn);
    for (size_t i = 0; i < there; i++) {
        prov_buf_text(l->w.b, i ? "," : "");
        write_json(l->w.b, prov_json_at(schemas, i));
    }
    for (int i = 0; i < t->extension_count; i++) {
        const char *urn = t->extensions[i].schema->urn;
        if (uses(l->wanted, urn) && !lists(schemas, urn)) {
            prov_buf_byte(l->w.b, ',');
            prov_json_write_text(l->w.b, urn);
        }
    }
    prov_buf_byte(l->w.b, ']');
}

static void write_object(level *l, const prov_json *theirs)
{
    const prov_resource_type *t = l->call->type;
    prov_buf_byte(l->w.b, '{');
    write_schemas(l, theirs);
    merge(l, theirs);
    for (int i = 0; i < t->extension_count; i++) {
        const prov_schema *s = t->extensions[i].schema;
        bool found;
        prov_json_get(theirs, s->urn, &found);
        if (!found && uses(l->wanted, s->urn))
            merge_below(l, s->urn, NULL, s, NULL);
    }
    if (l->changes)
        write_members(l, prov_json_get(theirs, "members", NULL));
    prov_buf_byte(l->w.b, '}');
}

/* --- the two exchanges ----------------------------------------------------------------------- */

/* Nothing is written when the reading fails, so that is certain. What the target said for good or
 * about itself keeps its meaning. */
static void not_written(prov_answer *a)
{
    bool unclear = a->end == PROV_CALL_ANSWERED
                       ? a->status >= 500 && a->status != 503
                       : a->end == PROV_CALL_LOST || a->end == PROV_CALL_UNREADABLE;
    if (unclear)
        a->end = PROV_CALL_NOT_SENT;
}

static prov_answer put(level *l, const char *id)
{
    prov_call *call = l->call;
    const prov_json *theirs, *version;
    prov_buf b;
    const char *url = prov_scim2_url(call, id);
    prov_answer a = prov_scim2_send(call, "GET", url, (prov_bytes){ NULL, 0 }, NULL);
    if (prov_scim2_good(&a) && (prov_json_parse(call->pool, a.body, &theirs) ||
                                prov_json_is(theirs) != PROV_JSON_OBJECT)) {
        a.end = PROV_CALL_UNREADABLE;
        a.excerpt = "what the target has cannot be read";
    }
    if (!prov_scim2_good(&a)) {
        not_written(&a);
        return a;
    }
    version = prov_json_get(prov_json_get(theirs, "meta", NULL), "version", NULL);
    if (!a.etag && prov_json_is(version) == PROV_JSON_STRING)
        a.etag = (const char *)prov_json_string(version).data;
    prov_buf_init(&b, call->pool, a.body.len + 1024);
    l->w.b = &b;
    write_object(l, theirs);
    return prov_scim2_send(call, "PUT", url, prov_buf_bytes(&b), a.etag);
}

prov_answer prov_scim2_put(prov_call *call, const char *id, const prov_object *before,
                           const prov_object *wanted)
{
    level l = { .call = call, .schema = call->type->schema, .before = before, .wanted = wanted };
    return put(&l, id);
}

prov_answer prov_scim2_put_members(prov_call *call, const char *group,
                                   const prov_member_change *changes, int count)
{
    level l = { .call = call, .schema = call->type->schema, .changes = changes, .count = count };
    return put(&l, group);
}
