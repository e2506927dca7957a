#include "scim/tree_json.h"
#include "base/instant.h"
#include "scim/json_put.h"

static void put_instant(prov_buf *b, const prov_value *v)
{
    char text[PROV_INSTANT_ROOM];
    prov_bytes as_sent = v->text;
    if (!as_sent.len)
        as_sent = (prov_bytes){ (uint8_t *)text, prov_instant_print(v->instant, text) };
    prov_put_string(b, as_sent);
}

static void put_value(prov_buf *b, const prov_value *v)
{
    switch (v->type) {
    case PROV_TYPE_BOOLEAN:
        prov_put_boolean(b, v->boolean);
        break;
    case PROV_TYPE_INTEGER:
        prov_json_write_integer(b, v->integer);
        break;
    case PROV_TYPE_DECIMAL:
        prov_json_write_number(b, v->number);
        break;
    case PROV_TYPE_DATETIME:
        put_instant(b, v);
        break;
    case PROV_TYPE_COMPLEX:
        prov_tree_open(b, v->object, NULL, NULL);
        prov_buf_byte(b, '}');
        break;
    default:
        prov_put_string(b, v->text);
    }
}

void prov_field_write(prov_buf *b, const prov_field *f)
{
    if (!f->attr->multi) {
        if (f->count)
            put_value(b, &f->values[0]);
        else
            PROV_PUT(b, "null");
        return;
    }
    prov_buf_byte(b, '[');
    for (int i = 0; i < f->count; i++) {
        if (i)
            prov_buf_byte(b, ',');
        put_value(b, &f->values[i]);
    }
    prov_buf_byte(b, ']');
}

static void put_member(prov_buf *b, const prov_field *f)
{
    if (!f->attr || f->count == 0)
        return;
    prov_put_name(b, f->attr->name);
    prov_field_write(b, f);
}

void prov_tree_open(prov_buf *b, const prov_object *o, prov_tree_shows *shows, const void *baton)
{
    prov_buf_byte(b, '{');
    for (int i = 0; i < o->count; i++)
        if (o->fields[i].attr && (!shows || shows(baton, o->fields[i].attr)))
            put_member(b, &o->fields[i]);
}

/* --- a whole object ----------------------------------------------------------------------- */

static bool is_in(const prov_field *f, const prov_schema *s)
{
    return f->attr && f->count && f->attr->schema == s->urn;
}

static bool has_any(const prov_object *o, const prov_schema *s)
{
    for (int i = 0; i < o->count; i++)
        if (is_in(&o->fields[i], s))
            return true;
    return false;
}

static const prov_schema *extension_of(const prov_resource_type *t, const prov_field *f)
{
    for (int i = 0; i < t->extension_count; i++)
        if (is_in(f, t->extensions[i].schema))
            return t->extensions[i].schema;
    return NULL;
}

static void put_schemas(prov_buf *b, const prov_resource_type *t, const prov_object *o)
{
    PROV_PUT(b, "\"schemas\":[");
    prov_put_string(b, prov_bytes_of(t->schema->urn));
    for (int i = 0; i < t->extension_count; i++) {
        if (!has_any(o, t->extensions[i].schema))
            continue;
        prov_buf_byte(b, ',');
        prov_put_string(b, prov_bytes_of(t->extensions[i].schema->urn));
    }
    prov_buf_byte(b, ']');
}

static void put_extension(prov_buf *b, const prov_schema *s, const prov_object *o)
{
    if (!has_any(o, s))
        return;
    prov_put_name(b, s->urn);
    prov_buf_byte(b, '{');
    for (int i = 0; i < o->count; i++)
        if (is_in(&o->fields[i], s))
            put_member(b, &o->fields[i]);
    prov_buf_byte(b, '}');
}

void prov_object_write(prov_buf *b, const prov_resource_type *t, const prov_object *o)
{
    prov_buf_byte(b, '{');
    put_schemas(b, t, o);
    for (int i = 0; i < o->count; i++)
        if (!extension_of(t, &o->fields[i]))
            put_member(b, &o->fields[i]);
    for (int i = 0; i < t->extension_count; i++)
        put_extension(b, t->extensions[i].schema, o);
    prov_buf_byte(b, '}');
}
