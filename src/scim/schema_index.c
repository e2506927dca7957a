/* Which attributes an administrator may have indexed. */
#include "scim/registry.h"

#include <string.h>

/* Of what lies beside the record: by where it lies. */
static const char *const elsewhere[] = {
    [PROV_IN_HEADER] =
        "id and the times of meta are indexed already, the others of meta and schemas cannot be",
    [PROV_IN_MEMBERS] = "memberships lie beside the resource, indexed by id already",
    [PROV_IN_GROUPS] = "memberships lie beside the resource, indexed by id already",
    [PROV_IN_CREDENTIAL] = "it is never returned, so it cannot be filtered by",
    [PROV_IN_LINKS] = "links lie beside the resource: no index can be made over them",
};

/* NULL, or why not. */
static const char *hindrance(const prov_attr *a)
{
    const prov_attr *top = a->parent ? a->parent : a;
    if (top->place != PROV_IN_RECORD)
        return elsewhere[top->place];
    if (a->type == PROV_TYPE_COMPLEX)
        return "it is complex: name one of its sub-attributes";
    if (a->type == PROV_TYPE_BOOLEAN)
        return "an index of two values is no faster than none";
    if (a->returned == PROV_RETURNED_NEVER || top->returned == PROV_RETURNED_NEVER)
        return "it is never returned, so it cannot be filtered by";
    return NULL;
}

prov_err *prov_registry_index(prov_registry *r, const char *path)
{
    const char *why = NULL;
    bool any = false, known = false;
    for (int i = 0; i < r->type_count; i++) {
        const prov_attr *a = prov_schema_find(r, &r->types[i], path, strlen(path), NULL);
        if (!a)
            continue;
        const char *own = hindrance(a);
        known = true;
        any |= !own;
        why = own ? own : why;
        if (!own)
            ((prov_attr *)a)->indexed = true;
    }
    if (any)
        return NULL;
    if (known)
        return prov_err_make(r->pool, 400, "invalidValue", "ProvisionIndex %s: %s", path, why);
    return prov_err_make(r->pool, 400, "invalidValue",
                         "ProvisionIndex %s: there is no such attribute; write its path, as in a "
                         "filter, such as nickName, name.familyName or "
                         "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                         path);
}
