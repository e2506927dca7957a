/* Edits of one value: a singular attribute, a sub-attribute, an object's sub-attributes. */
#include "scim/patch_edit.h"
#include <string.h>

/* A sub-attribute of many values gains those that it does not have; in an object of their own, so
 * that what was stays to be compared with. */
prov_err *prov_patch_append_to(prov_patch_edit *e, const prov_attr *a, const prov_field *was,
                               prov_field **fresh)
{
    prov_object *own = prov_object_make(e->p);
    prov_field *all = prov_object_set(own, a);
    prov_err *err = prov_patch_spend(e, (int64_t)was->count * (*fresh)->count + PROV_PATCH_WRITTEN);
    for (int i = 0; i < was->count && !err; i++)
        *prov_field_add(own, all) = was->values[i];
    for (int i = 0; i < (*fresh)->count && !err; i++) {
        int w = 0;
        while (w < was->count &&
               !prov_patch_same_value(e, a, &was->values[w], &(*fresh)->values[i]))
            w++;
        if (w == was->count && all->count >= PROV_VALUES_MAX)
            err = prov_patch_invalid(e->p, a, "has too many values");
        else if (w == was->count)
            *prov_field_add(own, all) = (*fresh)->values[i];
    }
    *fresh = all;
    return err;
}

prov_err *prov_patch_put(prov_patch_edit *e, prov_object *o, const prov_attr *a,
                         const prov_json *value)
{
    apr_pool_t *p = e->p;
    prov_field *fresh, *was = prov_object_get(o, a);
    prov_err *err = prov_patch_read_values(e, a, prov_patch_single(e->op, a, value), &fresh);
    if (err)
        return err;
    if (fresh->count == 0)
        return prov_patch_unassign(p, o, a);
    if (a->required && a->type == PROV_TYPE_STRING && fresh->values[0].text.len == 0)
        return prov_patch_invalid(p, a, "is required and must not be empty");
    if (a->multi && e->op->kind == PROV_PATCH_ADD && was &&
        (err = prov_patch_append_to(e, a, was, &fresh)))
        return err;
    if (a->mutability == PROV_IMMUTABLE && was && was->count && !prov_field_equal(was, fresh))
        return prov_patch_fixed(p, a);
    *prov_object_set(o, a) = *fresh;
    return NULL;
}

static bool is_exact(const prov_patch_edit *e)
{
    return e->op->switches & PROV_COMPAT_EXACT;
}

typedef struct merge {
    prov_patch_edit *e;
    prov_object *into;
    prov_err *err;
} merge;

static bool merge_sub(void *baton, const char *name, const prov_json *value)
{
    merge *m = baton;
    const prov_attr *sub = prov_schema_sub(m->e->attr, name, strlen(name));
    if (sub->mutability == PROV_READ_ONLY)
        return true;
    if (!prov_patch_is_empty(value))
        m->err = prov_patch_put(m->e, m->into, sub, value);
    else if (m->e->op->kind == PROV_PATCH_REPLACE)
        m->err = prov_patch_unassign(m->e->p, m->into, sub);
    return !m->err;
}

/* Sub-attributes that the value does not name stay as they are. */
prov_err *prov_patch_merge_complex(prov_patch_edit *e, prov_object *into, const prov_json *value)
{
    merge m = { e, into, NULL };
    value = prov_patch_only_one(e->op, value);
    prov_err *err = prov_patch_check_names(e, e->attr, value);
    if (err)
        return err;
    if (prov_json_is(value) == PROV_JSON_STRING && e->value && !is_exact(e)) /* Entra's manager */
        return prov_patch_put(e, into, e->value, value);
    if (prov_json_is(value) != PROV_JSON_OBJECT)
        return prov_patch_invalid(e->p, e->attr, "must be an object");
    prov_json_each(value, merge_sub, &m);
    return m.err;
}

/* What a replace of the whole does away with, where it is one. */
static void clear_complex(prov_patch_edit *e, prov_object *inner)
{
    bool whole = e->op->kind == PROV_PATCH_REPLACE && (e->op->switches & PROV_COMPAT_WHOLE);
    for (int i = inner->count - 1; i >= 0 && whole; i--) {
        const prov_attr *sub = inner->fields[i].attr;
        if (sub && sub->mutability != PROV_IMMUTABLE && sub->mutability != PROV_READ_ONLY)
            prov_object_remove(inner, sub);
    }
}

prov_err *prov_patch_edit_complex(prov_patch_edit *e)
{
    prov_field *f = prov_object_get(e->o, e->attr);
    const prov_attr *sub = e->op->path.sub;
    prov_err *err;
    if (!f || !f->count)
        prov_field_add(e->o, f = prov_object_set(e->o, e->attr));
    prov_object *inner = f->values[0].object;
    if (!sub)
        clear_complex(e, inner);
    err = sub ? prov_patch_put(e, inner, sub, e->op->value)
              : prov_patch_merge_complex(e, inner, e->op->value);
    if (!err && inner->count == 0)
        prov_object_remove(e->o, e->attr);
    return err;
}
