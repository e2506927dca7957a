#include "base/instant.h"
#include "scim/json_put.h"
#include "scim/projected.h"
#include "scim/record.h"
#include "scim/registry.h"
#include "scim/tree_json.h"
#include <apr_strings.h>

typedef struct writing {
    prov_buf *b;
    const prov_view *v;
    const prov_registry *r;
    const prov_projection *proj;
} writing;

/* --- from the record ---------------------------------------------------------------------- */

static void put_complex(const writing *w, prov_item complex, const prov_attr *of);

static void put_value(const writing *w, const prov_attr *a, prov_item v)
{
    switch (a->type) {
    case PROV_TYPE_BOOLEAN:
        prov_put_boolean(w->b, prov_item_boolean(v));
        break;
    case PROV_TYPE_INTEGER:
        prov_json_write_integer(w->b, prov_item_integer(v));
        break;
    case PROV_TYPE_DECIMAL:
        prov_json_write_number(w->b, prov_item_number(v));
        break;
    case PROV_TYPE_COMPLEX:
        put_complex(w, v, a);
        break;
    default:
        prov_put_string(w->b, prov_item_text(v));
    }
}

/* Gives back what was put since `before` if it came to `{` or `[` alone. */
static bool close_or_undo(prov_buf *b, size_t before, char close)
{
    uint8_t last = b->data[b->len - 1];
    if (last == '{' || last == '[') {
        b->len = before;
        return false;
    }
    prov_buf_byte(b, (uint8_t)close);
    return true;
}

static void put_values(const writing *w, const prov_attr *a, prov_item f, size_t before)
{
    prov_cursor values = prov_item_values(f);
    prov_item v;
    prov_buf_byte(w->b, '[');
    while (prov_step_value(&values, &v)) {
        if (v.tag != a->type)
            continue;
        size_t here = w->b->len;
        prov_put_comma(w->b);
        size_t start = w->b->len;
        put_value(w, a, v);
        if (w->b->len == start)
            w->b->len = here; /* nothing of it is shown: no comma either */
    }
    close_or_undo(w->b, before, ']');
}

/* A field whose attribute is shown. */
static void put_field(const writing *w, const prov_entry *e, prov_item f)
{
    const prov_attr *a = e->attr;
    size_t before = w->b->len;
    prov_put_key(w->b, e->key);
    if (a->multi) {
        put_values(w, a, f, before);
        return;
    }
    size_t start = w->b->len;
    put_value(w, a, f);
    if (w->b->len == start)
        w->b->len = before;
}

static bool has_shape(const prov_attr *a, prov_item f)
{
    return f.tag == (a->multi ? a->type | PROV_TAG_MULTI : a->type);
}

static void put_complex(const writing *w, prov_item complex, const prov_attr *of)
{
    prov_cursor c = prov_item_fields(complex);
    prov_item f;
    size_t before = w->b->len;
    prov_buf_byte(w->b, '{');
    while (prov_step_field(&c, &f)) {
        const prov_entry *e = prov_registry_entry(w->r, f.number);
        if (e && e->attr->parent == of && has_shape(e->attr, f) &&
            prov_projected_sub(w->proj, e->attr))
            put_field(w, e, f);
    }
    close_or_undo(w->b, before, '}');
}

static void put_user_name(const writing *w, const prov_entry *e, prov_item f)
{
    prov_bytes name = prov_item_text(f), prefix = w->v->prefix;
    uint8_t *whole = apr_palloc(w->b->pool, prefix.len + name.len + 1);
    memcpy(whole, prefix.data, prefix.len);
    if (name.len)
        memcpy(whole + prefix.len, name.data, name.len);
    prov_put_key(w->b, e->key);
    prov_put_string(w->b, (prov_bytes){ whole, prefix.len + name.len });
}

/* The fields of one schema that are shown; the base schema's and the common ones together. */
static void put_schema(const writing *w, const prov_schema *s)
{
    uint32_t schema = prov_registry_bit(w->r, s), common = s == w->v->type->schema ? 0 : schema;
    prov_cursor c = prov_record_fields(w->v->record);
    const prov_attr *naming = w->v->prefix.len ? w->v->type->naming : NULL;
    prov_item f;
    while (prov_step_field(&c, &f)) {
        const prov_entry *e = prov_registry_entry(w->r, f.number);
        if (!e || (e->schema != schema && e->schema != common) || e->attr->parent ||
            !has_shape(e->attr, f) || !prov_projected(w->proj, e->attr))
            continue;
        if (e->attr == naming && naming->precis)
            put_user_name(w, e, f);
        else
            put_field(w, e, f);
    }
}

/* --- from elsewhere ----------------------------------------------------------------------- */

typedef struct reference {
    const prov_attr *ref, *value, *type; /* the sub-attributes that make it */
    const char *preset;                  /* endpoint if the type does not tell */
} reference;

typedef struct visiting {
    const writing *w;
    const prov_attr *of;
    bool begun;
    reference ref; /* looked up for the first value */
} visiting;

static bool shows(const void *baton, const prov_attr *sub)
{
    return prov_projected_sub(baton, sub);
}

static reference reference_of(const writing *w, const prov_attr *a)
{
    reference ref = { prov_schema_sub(a, "$ref", 4), prov_schema_sub(a, "value", 5),
                      prov_schema_sub(a, "type", 4), NULL };
    if (!ref.ref || !ref.value || !ref.ref->references || !prov_projected_sub(w->proj, ref.ref))
        return (reference){ NULL, NULL, NULL, NULL };
    const prov_resource_type *t = prov_registry_type_named(w->r, ref.ref->references[0]);
    ref.preset = t ? t->endpoint : NULL;
    return ref;
}

static prov_bytes text_of(const prov_object *o, const prov_attr *sub)
{
    const prov_field *f = sub ? prov_object_get(o, sub) : NULL;
    return f && f->count ? f->values[0].text : (prov_bytes){ NULL, 0 };
}

static const char *endpoint_of(const writing *w, const reference *ref, prov_bytes type)
{
    for (int i = 0; i < w->r->type_count; i++)
        if (prov_bytes_equal(prov_bytes_of(w->r->types[i].name), type))
            return w->r->types[i].endpoint;
    return ref->preset;
}

/* The URI of a member or group, unless whoever holds it gave one. */
static void put_reference(const writing *w, const reference *ref, const prov_object *o)
{
    prov_bytes id = text_of(o, ref->value);
    const char *endpoint = endpoint_of(w, ref, text_of(o, ref->type));
    if (!id.len || !endpoint || text_of(o, ref->ref).len)
        return;
    prov_buf_text(w->b, w->b->data[w->b->len - 1] == '{' ? "\"$ref\":" : ",\"$ref\":");
    prov_put_string(w->b, prov_bytes_of(apr_pstrcat(w->b->pool, w->v->base, endpoint, "/",
                                                    prov_bytes_text(w->b->pool, id), NULL)));
}

static bool put_apart(void *baton, const prov_object *value)
{
    visiting *visit = baton;
    const writing *w = visit->w;
    size_t before = w->b->len;
    if (!visit->begun)
        visit->ref = reference_of(w, visit->of);
    visit->begun = true;
    prov_put_comma(w->b);
    prov_tree_open(w->b, value, shows, w->proj);
    if (visit->ref.ref)
        put_reference(w, &visit->ref, value);
    close_or_undo(w->b, before, '}');
    return true;
}

static bool lies_elsewhere(const prov_attr *a)
{
    return a->place == PROV_IN_MEMBERS || a->place == PROV_IN_GROUPS || a->place == PROV_IN_LINKS;
}

static void put_elsewhere(const writing *w, const prov_schema *s)
{
    for (int i = 0; w->v->elsewhere && i < s->count; i++) {
        const prov_attr *a = &s->attrs[i];
        const prov_entry *e = prov_registry_entry(w->r, a->number);
        if (!e || !lies_elsewhere(a) || !prov_projected(w->proj, a))
            continue;
        visiting visit = { .w = w, .of = a };
        size_t before = w->b->len;
        prov_put_key(w->b, e->key);
        prov_buf_byte(w->b, '[');
        if (w->v->gap && a->place == PROV_IN_MEMBERS) {
            *w->v->gap = w->b->len;
            prov_buf_byte(w->b, ']');
            continue;
        }
        w->v->elsewhere(w->v, a, put_apart, &visit);
        close_or_undo(w->b, before, ']');
    }
}

void prov_elsewhere_write(prov_buf *b, const prov_view *v, const prov_projection *proj,
                          const prov_attr *a)
{
    const writing w = { b, v, v->registry, proj };
    visiting visit = { .w = &w, .of = a };
    v->elsewhere(v, a, put_apart, &visit);
}

/* --- the head ----------------------------------------------------------------------------- */

size_t prov_etag_print(uint64_t version, char out[PROV_ETAG_ROOM])
{
    char digits[20];
    size_t n = 0, len = 3;
    do
        digits[n++] = (char)('0' + version % 10);
    while (version /= 10);
    memcpy(out, "W/\"", len);
    while (n)
        out[len++] = digits[--n];
    memcpy(out + len, "\"", 2);
    return len + 1;
}

static prov_bytes location(const writing *w, const char *id)
{
    return prov_bytes_of(apr_pstrcat(w->b->pool, w->v->base, w->v->type->endpoint, "/", id, NULL));
}

static prov_bytes instant(apr_time_t t, char room[PROV_INSTANT_ROOM])
{
    return (prov_bytes){ (uint8_t *)room, prov_instant_print(t, room) };
}

static void put_meta(const writing *w, const prov_attr *meta, const char *id)
{
    prov_head head = prov_record_head(w->v->record);
    char created[PROV_INSTANT_ROOM], modified[PROV_INSTANT_ROOM], tag[PROV_ETAG_ROOM];
    prov_bytes values[5] = { prov_bytes_of(w->v->type->name), instant(head.created, created) };
    bool untouched = head.modified == head.created;
    values[2] = untouched ? values[1] : instant(head.modified, modified);
    values[3] = location(w, id);
    values[4] = (prov_bytes){ (uint8_t *)tag, prov_etag_print(head.version, tag) };
    size_t before = w->b->len;
    PROV_PUT(w->b, ",\"meta\":{");
    for (int i = 0; i < meta->sub_count && i < 5; i++) { /* `values` has the order of its rows */
        const prov_entry *e = prov_registry_entry(w->r, meta->subs[i].number);
        if (!e || !prov_projected_sub(w->proj, e->attr))
            continue;
        prov_put_key(w->b, e->key);
        prov_put_string(w->b, values[i]);
    }
    close_or_undo(w->b, before, '}');
}

/* --- the whole ---------------------------------------------------------------------------- */

static uint32_t schemas_in(const writing *w)
{
    prov_cursor c = prov_record_fields(w->v->record);
    uint32_t seen = 0;
    prov_item f;
    while (prov_step_field(&c, &f)) {
        const prov_entry *e = prov_registry_entry(w->r, f.number);
        seen |= e ? e->schema : 0;
    }
    return seen;
}

/* An extension's container with what of it is shown; empty if nothing is. */
static prov_bytes extension_json(const writing *w, const prov_schema *s, bool in_record)
{
    if (!in_record && !w->v->elsewhere)
        return (prov_bytes){ NULL, 0 };
    prov_buf b;
    prov_buf_init(&b, w->v->scratch, 256);
    writing inner = *w;
    inner.b = &b;
    prov_buf_byte(&b, '{');
    if (in_record)
        put_schema(&inner, s);
    put_elsewhere(&inner, s);
    return close_or_undo(&b, 0, '}') ? prov_buf_bytes(&b) : (prov_bytes){ NULL, 0 };
}

static void put_extensions(const writing *w, const prov_bytes *parts)
{
    for (int i = 0; i < w->v->type->extension_count; i++) {
        if (!parts[i].len)
            continue;
        prov_put_name(w->b, w->v->type->extensions[i].schema->urn);
        prov_buf_add(w->b, parts[i].data, parts[i].len);
    }
}

void prov_resource_write(prov_buf *b, const prov_view *v, const prov_projection *proj)
{
    const writing w = { b, v, v->registry, proj };
    const prov_resource_type *t = v->type;
    prov_bytes parts[PROV_SCHEMAS_MAX];
    const prov_attr *meta = prov_schema_common(w.r, "meta");
    uint32_t seen = schemas_in(&w);
    char id[PROV_ID_TEXT + 1];
    prov_id_print(&v->id, id);
    PROV_PUT(b, "{\"schemas\":[");
    prov_put_string(b, prov_bytes_of(t->schema->urn));
    for (int i = 0; i < t->extension_count; i++) {
        const prov_schema *s = t->extensions[i].schema;
        bool in_record = seen & prov_registry_bit(w.r, s);
        parts[i] = extension_json(&w, s, in_record);
        if (!in_record && !parts[i].len)
            continue;
        prov_buf_byte(b, ',');
        prov_put_string(b, prov_bytes_of(s->urn));
    }
    PROV_PUT(b, "],\"id\":");
    prov_put_string(b, prov_bytes_of(id));
    put_schema(&w, t->schema);
    put_elsewhere(&w, t->schema);
    put_extensions(&w, parts);
    if (prov_projected(proj, meta))
        put_meta(&w, meta, id);
    prov_buf_byte(b, '}');
}
