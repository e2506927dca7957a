#include "scim/projected.h"
#include "scim/registry.h"
#include <string.h>

static void mark(prov_projection *proj, const prov_attr *a, unsigned marks)
{
    if (a->number < proj->count)
        proj->marks[a->number] |= (uint8_t)marks;
}

static void mark_named(prov_projection *proj, const prov_attr *a)
{
    mark(proj, a, PROV_MARK_NAMED);
    /* Without one of its sub-attributes an attribute still is written. */
    if (a->parent && proj->kind == PROV_ONLY)
        mark(proj, a->parent, PROV_MARK_BELOW);
}

static void mark_path(prov_projection *proj, const prov_registry *r, const prov_resource_type *t,
                      const char *path, size_t len)
{
    const prov_schema *schema;
    const prov_attr *a = prov_schema_find(r, t, path, len, &schema);
    if (a)
        mark_named(proj, a);
    for (int i = 0; schema && i < schema->count; i++)
        mark_named(proj, &schema->attrs[i]);
}

static bool is_separator(char c)
{
    return c == ',' || c == ' ' || c == '\t';
}

/* Whether the list named anything, known or not. */
static bool mark_list(prov_projection *proj, const prov_registry *r, const prov_resource_type *t,
                      const char *list)
{
    bool any = false;
    while (*list) {
        size_t len = 0;
        while (list[len] && !is_separator(list[len]))
            len++;
        if (len)
            mark_path(proj, r, t, list, len);
        any = any || len;
        list += len + (list[len] != '\0');
    }
    return any;
}

static bool may_be_requested(const prov_attr *attrs, int count)
{
    for (int i = 0; i < count; i++)
        if ((attrs[i].returned == PROV_RETURNED_REQUEST && attrs[i].mutability != PROV_READ_ONLY) ||
            may_be_requested(attrs[i].subs, attrs[i].sub_count))
            return true;
    return false;
}

/* Only a type with attributes that show when they were written needs a set to add them to. */
static bool needs_marks(const prov_resource_type *t)
{
    bool needs = may_be_requested(t->schema->attrs, t->schema->count);
    for (int i = 0; i < t->extension_count && !needs; i++)
        needs = may_be_requested(t->extensions[i].schema->attrs, t->extensions[i].schema->count);
    return needs;
}

prov_err *prov_projection_parse(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                                const char *attributes, const char *excluded, prov_projection **out)
{
    const char *list = attributes ? attributes : excluded;
    *out = NULL;
    if (attributes && excluded)
        return prov_err_make(p, 400, "invalidValue",
                             "attributes and excludedAttributes exclude each other");
    if (!list && !needs_marks(t))
        return NULL;
    prov_projection *proj = apr_pcalloc(p, sizeof *proj);
    proj->kind = attributes ? PROV_ONLY : PROV_ALL_BUT;
    proj->count = r->entry_count;
    proj->marks = apr_pcalloc(p, proj->count + 1);
    if (list && !mark_list(proj, r, t, list))
        proj->kind = PROV_ALL_BUT; /* an empty list asks for nothing in particular */
    *out = proj;
    return NULL;
}

bool prov_projection_wants(const prov_projection *proj, const prov_attr *a)
{
    if (!a->parent)
        return prov_projected(proj, a);
    return prov_projected(proj, a->parent) && prov_projected_sub(proj, a);
}

void prov_projection_add(prov_projection *proj, const prov_attr *a)
{
    if (!proj)
        return; /* the default set of a type that has nothing to show on request */
    mark(proj, a, PROV_MARK_WRITTEN);
    if (a->parent)
        mark(proj, a->parent, PROV_MARK_WRITTEN);
}
