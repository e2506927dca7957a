#include "scim/value.h"
#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

typedef struct reading {
    apr_pool_t *p;
    const prov_registry *registry;
    const prov_resource_type *type;
    prov_body how;
    prov_object *object;
    prov_body_extra *extra;
    const prov_schema *schema; /* the extension whose container is being read, or NULL */
    prov_err *err;
} reading;

static prov_err *refuse(apr_pool_t *p, const char *path, const char *why)
{
    prov_err *err = prov_err_make(p, 400, "invalidValue", "%s %s", path, why);
    err->source = path;
    return err;
}

/* --- schemas ------------------------------------------------------------------------------ */

static const prov_schema *container(const prov_resource_type *t, const char *name)
{
    for (int i = 0; i < t->extension_count; i++)
        if (strcasecmp(t->extensions[i].schema->urn, name) == 0)
            return t->extensions[i].schema;
    return NULL;
}

static prov_err *no_urns(apr_pool_t *p)
{
    return refuse(p, "schemas", "must be a list of URNs");
}

/* Unknown ones are ignored, as Entra sends a legacy one for groups. */
prov_err *prov_value_check_schemas(apr_pool_t *p, const prov_resource_type *t,
                                   const prov_json *urns, prov_body how, bool *base)
{
    *base = false;
    if (prov_json_is(urns) != PROV_JSON_ARRAY)
        return no_urns(p);
    for (size_t i = 0; i < prov_json_length(urns); i++) {
        const prov_json *urn = prov_json_at(urns, i);
        if (prov_json_is(urn) != PROV_JSON_STRING)
            return no_urns(p);
        const char *text = (const char *)prov_json_string(urn).data;
        bool is_base = strcasecmp(text, t->schema->urn) == 0;
        if (!is_base && (how & PROV_COMPAT_EXACT) && !container(t, text))
            return refuse(p, "schemas", "names a schema that the resource does not have");
        *base = *base || is_base;
    }
    return NULL;
}

static prov_err *read_schemas(reading *in, const prov_json *body)
{
    bool base;
    const prov_json *urns = prov_json_get(body, "schemas", NULL);
    bool none = !urns || (prov_json_is(urns) == PROV_JSON_ARRAY && !prov_json_length(urns));
    if (none && (in->how & PROV_COMPAT_NO_SCHEMAS))
        return NULL;
    prov_err *err = prov_value_check_schemas(in->p, in->type, urns, in->how, &base);
    if (err || base)
        return err;
    return refuse(in->p, "schemas", apr_pstrcat(in->p, "must hold ", in->type->schema->urn, NULL));
}

/* --- what is no part of the tree ---------------------------------------------------------- */

static prov_err *read_password(reading *in, const prov_attr *a, const prov_json *value)
{
    prov_json_kind kind = prov_json_is(value);
    prov_bytes text = prov_json_string(value);
    if (kind != PROV_JSON_NULL && (kind != PROV_JSON_STRING || text.len == 0))
        return refuse(in->p, a->name, "must be a string that is not empty");
    in->extra->has_password = true;
    in->extra->password = text;
    return NULL;
}

/* "User", "Group" or empty; as the registry writes it. */
static bool read_member_type(const reading *in, const prov_json *value, prov_bytes *out)
{
    *out = PROV_BYTES("");
    if (prov_json_is(value) == PROV_JSON_NULL)
        return true;
    if (prov_json_is(value) != PROV_JSON_STRING)
        return false;
    const char *text = (const char *)prov_json_string(value).data;
    for (int i = 0; i < prov_registry_type_count(in->registry); i++) {
        const char *name = prov_registry_type(in->registry, i)->name;
        if (strcasecmp(name, text) == 0)
            *out = prov_bytes_of(name);
    }
    return out->len || !*text;
}

static prov_err *read_member(reading *in, const prov_json *j, prov_member_ref *out)
{
    bool object = prov_json_is(j) == PROV_JSON_OBJECT;
    const prov_json *value = object ? prov_json_get(j, "value", NULL) : j;
    if (prov_json_is(value) != PROV_JSON_STRING || prov_json_string(value).len == 0)
        return refuse(in->p, "members.value", "must be the id of a user or group");
    out->value = prov_json_string(value);
    if (!read_member_type(in, object ? prov_json_get(j, "type", NULL) : NULL, &out->type))
        return refuse(in->p, "members.type", "must be User or Group");
    return NULL;
}

static prov_err *read_members(reading *in, const prov_json *value)
{
    prov_body_extra *extra = in->extra;
    bool array = prov_json_is(value) == PROV_JSON_ARRAY;
    size_t count = array ? prov_json_length(value) : prov_json_is(value) != PROV_JSON_NULL;
    apr_hash_t *seen = apr_hash_make(in->p);
    extra->has_members = true;
    extra->members = apr_palloc(in->p, (count + 1) * sizeof *extra->members);
    extra->member_count = 0;
    for (size_t i = 0; i < count; i++) {
        prov_member_ref *m = &extra->members[extra->member_count];
        prov_err *err = read_member(in, array ? prov_json_at(value, i) : value, m);
        if (err && in->how != PROV_BODY_LENIENT)
            return err;
        if (err || apr_hash_get(seen, m->value.data, m->value.len))
            continue;
        apr_hash_set(seen, m->value.data, m->value.len, "");
        extra->member_count++;
    }
    return NULL;
}

static prov_err *read_header(reading *in, const prov_attr *a, const prov_json *value)
{
    prov_json_kind kind = prov_json_is(value);
    if (kind == PROV_JSON_STRING && strcmp(a->name, "id") == 0)
        in->extra->id = prov_json_string(value);
    if (kind == PROV_JSON_OBJECT && strcmp(a->name, "meta") == 0) {
        const prov_json *version = prov_json_get(value, "version", NULL);
        if (prov_json_is(version) == PROV_JSON_STRING)
            in->extra->version = prov_json_string(version);
    }
    return NULL;
}

/* --- the body ----------------------------------------------------------------------------- */

static prov_err *read_attr(reading *in, const prov_attr *a, const prov_json *value)
{
    switch (a->place) {
    case PROV_IN_HEADER:
        return read_header(in, a, value);
    case PROV_IN_CREDENTIAL:
        return read_password(in, a, value);
    case PROV_IN_MEMBERS:
        return read_members(in, value);
    case PROV_IN_RECORD:
        break;
    default:
        return NULL;
    }
    if (a->mutability == PROV_READ_ONLY)
        return NULL;
    prov_json_kind kind = prov_json_is(value);
    if (a->multi && (in->how & PROV_COMPAT_EXACT) && kind != PROV_JSON_ARRAY &&
        kind != PROV_JSON_NULL)
        return refuse(in->p, prov_attr_path(in->p, in->type, a), "must be a list");
    return prov_value_read_given(in->p, in->object, a, value, in->how);
}

static bool read_named(void *baton, const char *name, const prov_json *value)
{
    reading *in = baton;
    size_t len = strlen(name);
    const prov_attr *a = prov_schema_attr(in->schema ? in->schema : in->type->schema, name, len);
    if (!a && !in->schema)
        a = prov_schema_common(in->registry, name);
    if (a) {
        prov_err *err = read_attr(in, a, value);
        in->err = in->how == PROV_BODY_LENIENT ? NULL : err;
    } else if (in->how & PROV_COMPAT_KNOWN) {
        in->err = prov_value_unknown(in->p, name);
    }
    return in->err == NULL;
}

static bool read_member_of_body(void *baton, const char *name, const prov_json *value)
{
    reading *in = baton;
    const prov_schema *extension = container(in->type, name);
    if (!extension)
        return read_named(in, name, value);
    if (prov_json_is(value) == PROV_JSON_OBJECT) {
        in->schema = extension;
        prov_json_each(value, read_named, in);
        in->schema = NULL;
    } else if (prov_json_is(value) != PROV_JSON_NULL && in->how != PROV_BODY_LENIENT) {
        in->err = refuse(in->p, extension->urn, "must be an object");
    }
    return in->err == NULL;
}

prov_err *prov_value_read(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                          const prov_json *body, prov_body how, prov_object **out,
                          prov_body_extra *extra)
{
    if (prov_json_is(body) != PROV_JSON_OBJECT)
        return prov_err_make(p, 400, "invalidSyntax", "The body must be a JSON object");
    reading in = { p, r, t, how, prov_object_make(p), extra, NULL, NULL };
    memset(extra, 0, sizeof *extra);
    if (how != PROV_BODY_LENIENT)
        in.err = read_schemas(&in, body);
    if (!in.err)
        prov_json_each(body, read_member_of_body, &in);
    if (!in.err && how != PROV_BODY_LENIENT)
        in.err = prov_value_check(p, t, in.object);
    *out = in.object;
    return in.err;
}
