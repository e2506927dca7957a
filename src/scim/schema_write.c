#include "base/json.h"
#include "scim/registry.h"
#include <apr_strings.h>

#define URN_SCHEMA        "urn:ietf:params:scim:schemas:core:2.0:Schema"
#define URN_RESOURCE_TYPE "urn:ietf:params:scim:schemas:core:2.0:ResourceType"

const char *const prov_type_names[] = { "string",    "boolean", "decimal", "integer", "dateTime",
                                        "reference", "binary",  "complex", NULL };
const char *const prov_mutability_names[] = { "readWrite", "readOnly", "immutable", "writeOnly",
                                              NULL };
const char *const prov_returned_names[] = { "default", "always", "never", "request", NULL };
const char *const prov_uniqueness_names[] = { "none", "server", "global", NULL };

static void write_member(prov_buf *b, const char *key, const char *text)
{
    prov_buf_printf(b, ",\"%s\":", key);
    prov_json_write_text(b, text);
}

static void write_flag(prov_buf *b, const char *key, bool on)
{
    prov_buf_printf(b, ",\"%s\":%s", key, on ? "true" : "false");
}

static void write_words(prov_buf *b, const char *key, const char *const *words)
{
    if (!words)
        return;
    prov_buf_printf(b, ",\"%s\":[", key);
    for (int i = 0; words[i]; i++) {
        if (i)
            prov_buf_byte(b, ',');
        prov_json_write_text(b, words[i]);
    }
    prov_buf_byte(b, ']');
}

static void write_attrs(prov_buf *b, const char *key, const prov_attr *attrs, int count);

static void write_attr(prov_buf *b, const prov_attr *a)
{
    prov_buf_text(b, "{\"name\":");
    prov_json_write_text(b, a->name);
    write_member(b, "type", prov_type_names[a->type]);
    write_flag(b, "multiValued", a->multi);
    write_member(b, "description", a->description);
    write_flag(b, "required", a->required);
    if (a->type != PROV_TYPE_BOOLEAN && a->type != PROV_TYPE_COMPLEX)
        write_flag(b, "caseExact", a->case_exact);
    write_member(b, "mutability", prov_mutability_names[a->mutability]);
    write_member(b, "returned", prov_returned_names[a->returned]);
    write_member(b, "uniqueness", prov_uniqueness_names[a->uniqueness]);
    write_words(b, "canonicalValues", a->canonical);
    write_words(b, "referenceTypes", a->references);
    if (a->sub_count) {
        prov_buf_byte(b, ',');
        write_attrs(b, "subAttributes", a->subs, a->sub_count);
    }
    prov_buf_byte(b, '}');
}

static void write_attrs(prov_buf *b, const char *key, const prov_attr *attrs, int count)
{
    prov_buf_printf(b, "\"%s\":[", key);
    for (int i = 0; i < count; i++) {
        if (i)
            prov_buf_byte(b, ',');
        write_attr(b, &attrs[i]);
    }
    prov_buf_byte(b, ']');
}

static void write_meta(prov_buf *b, const char *type, const char *base, const char *folder,
                       const char *name)
{
    prov_buf_printf(b, ",\"meta\":{\"resourceType\":\"%s\",\"location\":", type);
    const char *location = apr_pstrcat(b->pool, base, folder, name, NULL);
    prov_json_write_text(b, location);
    prov_buf_text(b, "}}");
}

void prov_schema_write(prov_buf *b, const prov_schema *s, const char *base)
{
    prov_buf_text(b, "{\"schemas\":[\"" URN_SCHEMA "\"],\"id\":");
    prov_json_write_text(b, s->urn);
    write_member(b, "name", s->name);
    write_member(b, "description", s->description);
    prov_buf_byte(b, ',');
    write_attrs(b, "attributes", s->attrs, s->count);
    write_meta(b, "Schema", base, "/Schemas/", s->urn);
}

/* Clients write what a type names; the links are for administrators who ask for them by name. */
static bool is_announced(const prov_extension *e)
{
    return !e->schema->count || e->schema->attrs[0].place != PROV_IN_LINKS;
}

void prov_resource_type_write(prov_buf *b, const prov_resource_type *t, const char *base)
{
    prov_buf_text(b, "{\"schemas\":[\"" URN_RESOURCE_TYPE "\"],\"id\":");
    prov_json_write_text(b, t->name);
    write_member(b, "name", t->name);
    write_member(b, "endpoint", t->endpoint);
    write_member(b, "description", t->description);
    write_member(b, "schema", t->schema->urn);
    prov_buf_text(b, ",\"schemaExtensions\":[");
    for (int i = 0, written = 0; i < t->extension_count; i++) {
        if (!is_announced(&t->extensions[i]))
            continue;
        prov_buf_text(b, written++ ? ",{\"schema\":" : "{\"schema\":");
        prov_json_write_text(b, t->extensions[i].schema->urn);
        write_flag(b, "required", t->extensions[i].required);
        prov_buf_byte(b, '}');
    }
    prov_buf_byte(b, ']');
    write_meta(b, "ResourceType", base, "/ResourceTypes/", t->name);
}
