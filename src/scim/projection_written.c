/* Attributes that are returned on request also are when the request itself wrote them (RFC 7643
 * section 7): what a write named. */
#include "scim/path.h"
#include "scim/projection.h"
#include <string.h>

void prov_projection_add_object(prov_projection *proj, const prov_object *given)
{
    for (int i = 0; proj && i < given->count; i++) {
        const prov_field *f = &given->fields[i];
        if (!f->attr)
            continue;
        prov_projection_add(proj, f->attr);
        for (int v = 0; v < f->count && f->attr->type == PROV_TYPE_COMPLEX; v++)
            prov_projection_add_object(proj, f->values[v].object);
    }
}

typedef struct naming {
    prov_projection *proj;
    apr_pool_t *p;
    const prov_registry *r;
    const prov_resource_type *t;
    const prov_schema *schema; /* whose attributes the members are, or */
    const prov_attr *of;       /* whose sub-attributes, or any of the type */
} naming;

static void add_value(const naming *n, const prov_attr *a, const prov_json *value);

static bool add_member(void *baton, const char *name, const prov_json *value)
{
    const naming *n = baton;
    size_t len = strlen(name);
    naming inner = *n;
    inner.schema = NULL;
    const prov_attr *a = n->of       ? prov_schema_sub(n->of, name, len)
                         : n->schema ? prov_schema_attr(n->schema, name, len)
                                     : prov_schema_find(n->r, n->t, name, len, &inner.schema);
    if (a)
        add_value(n, a, value);
    else if (inner.schema && prov_json_is(value) == PROV_JSON_OBJECT)
        prov_json_each(value, add_member, &inner);
    return true;
}

static void add_value(const naming *n, const prov_attr *a, const prov_json *value)
{
    naming inner = *n;
    inner.of = a;
    prov_projection_add(n->proj, a);
    if (prov_json_is(value) == PROV_JSON_OBJECT)
        prov_json_each(value, add_member, &inner);
    for (size_t i = 0; prov_json_is(value) == PROV_JSON_ARRAY && i < prov_json_length(value); i++)
        if (prov_json_is(prov_json_at(value, i)) == PROV_JSON_OBJECT)
            prov_json_each(prov_json_at(value, i), add_member, &inner);
}

static void add_operation(const naming *n, const prov_json *operation)
{
    const prov_json *path = prov_json_get(operation, "path", NULL);
    const prov_json *value = prov_json_get(operation, "value", NULL);
    naming inner = *n;
    prov_path at = { NULL, NULL, NULL, NULL };
    prov_bytes text = prov_json_string(path);
    if (path && prov_path_parse(n->p, n->r, n->t, (const char *)text.data, text.len, &at))
        return;
    inner.schema = at.schema;
    if (at.sub)
        prov_projection_add(n->proj, at.sub);
    else if (at.attr)
        add_value(n, at.attr, value);
    else if (prov_json_is(value) == PROV_JSON_OBJECT)
        prov_json_each(value, add_member, &inner);
}

/* The message was applied, so it is as it must be. */
void prov_projection_add_patch(prov_projection *proj, apr_pool_t *p, const prov_registry *r,
                               const prov_resource_type *t, const prov_json *message)
{
    const naming n = { .proj = proj, .p = p, .r = r, .t = t };
    const prov_json *operations = prov_json_get(message, "Operations", NULL);
    for (size_t i = 0; proj && i < prov_json_length(operations); i++)
        add_operation(&n, prov_json_at(operations, i));
}
