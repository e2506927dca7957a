/* What every edit stands on: its refusals, what it may cost, and the reading of what the operation
 * brings. */
#include "scim/patch_edit.h"
#include "base/text.h"
#include <apr_strings.h>
#include <string.h>

bool prov_patch_is_empty(const prov_json *value)
{
    prov_json_kind kind = prov_json_is(value);
    return kind == PROV_JSON_NULL || (kind == PROV_JSON_ARRAY && prov_json_length(value) == 0);
}

prov_err *prov_patch_fixed(apr_pool_t *p, const prov_attr *a)
{
    prov_err *err = prov_err_make(p, 400, "mutability", "'%s%s%s' cannot be changed this way",
                                  a->parent ? a->parent->name : "", a->parent ? "." : "", a->name);
    err->source = a->name;
    return err;
}

prov_err *prov_patch_invalid(apr_pool_t *p, const prov_attr *a, const char *what)
{
    prov_err *err = prov_err_make(p, 400, "invalidValue", "'%s' %s", a->name, what);
    err->source = a->name;
    return err;
}

bool prov_patch_has_value(const prov_object *o, const prov_attr *a)
{
    const prov_field *f = prov_object_get(o, a);
    return f && f->count > 0;
}

prov_err *prov_patch_unassign(apr_pool_t *p, prov_object *o, const prov_attr *a)
{
    if (a->required || a->mutability == PROV_READ_ONLY ||
        (a->mutability == PROV_IMMUTABLE && prov_patch_has_value(o, a)))
        return prov_patch_fixed(p, a);
    prov_object_remove(o, a);
    return NULL;
}

/* ---- comparing ---- */

/* Comparisons of values with each other; long lists on both sides cost their product. */
prov_err *prov_patch_spend(prov_patch_edit *e, int64_t comparisons)
{
    *e->op->budget -= comparisons;
    if (*e->op->budget >= 0)
        return NULL;
    return prov_err_make(e->p, 413, NULL, "the PATCH request compares too many values of '%s'",
                         e->attr->name);
}

/* Folding takes memory, and there may be millions of comparisons. */
apr_pool_t *prov_patch_scratch(prov_patch_edit *e)
{
    if (e->scratch)
        apr_pool_clear(e->scratch);
    else
        apr_pool_create(&e->scratch, e->p);
    return e->scratch;
}

/* Case counts only where the attribute says so. */
bool prov_patch_same_value(prov_patch_edit *e, const prov_attr *a, const prov_value *x,
                           const prov_value *y)
{
    if (a->type == PROV_TYPE_STRING && !a->case_exact && x->type == y->type)
        return prov_text_fold_compare(prov_patch_scratch(e), x->text, y->text) == 0;
    return prov_value_equal(a, x, y);
}

/* ---- reading what the operation brings ---- */

typedef struct unknown {
    const prov_attr *of;
    const char *name;
} unknown;

static bool look_for_unknown(void *baton, const char *name, const prov_json *value)
{
    unknown *u = baton;
    if (!prov_schema_sub(u->of, name, strlen(name)))
        u->name = name;
    return !u->name;
}

prov_err *prov_patch_check_names(const prov_patch_edit *e, const prov_attr *a,
                                 const prov_json *value)
{
    unknown u = { a, NULL };
    if (a->type == PROV_TYPE_COMPLEX && prov_json_is(value) == PROV_JSON_OBJECT)
        prov_json_each(value, look_for_unknown, &u);
    if (u.name && (e->op->switches & PROV_COMPAT_KNOWN))
        return prov_value_unknown(e->p, apr_pstrcat(e->p, a->name, ".", u.name, NULL));
    return u.name ? prov_patch_invalid(e->p, a,
                                       apr_psprintf(e->p, "has no sub-attribute '%s'", u.name))
                  : NULL;
}

/* The values of `a` in an object of their own; the field may be empty. */
prov_err *prov_patch_read_values(const prov_patch_edit *e, const prov_attr *a,
                                 const prov_json *value, prov_field **out)
{
    apr_pool_t *p = e->p;
    prov_object *fresh = prov_object_make(p);
    bool array = prov_json_is(value) == PROV_JSON_ARRAY;
    prov_err *err = NULL;
    if (array && !a->multi)
        return prov_patch_invalid(p, a, "has a single value");
    for (size_t i = 0; array && !err && i < prov_json_length(value); i++)
        err = prov_patch_check_names(e, a, prov_json_at(value, i));
    if (!err && !array)
        err = prov_patch_check_names(e, a, value);
    *out = prov_object_set(fresh, a);
    return err ? err
               : prov_value_read_field(p, fresh, *out, value, PROV_BODY_REPLACE | e->op->switches);
}

/* Clients send a one-element array where one value belongs. */
const prov_json *prov_patch_only_one(const prov_patch_op *op, const prov_json *value)
{
    return prov_json_is(value) == PROV_JSON_ARRAY && prov_json_length(value) == 1 &&
                   !(op->switches & PROV_COMPAT_EXACT)
               ? prov_json_at(value, 0)
               : value;
}

const prov_json *prov_patch_single(const prov_patch_op *op, const prov_attr *a,
                                   const prov_json *value)
{
    const prov_json *one = prov_patch_only_one(op, value), *inner = NULL;
    if (one != value && !a->multi && a->type != PROV_TYPE_COMPLEX &&
        prov_json_is(one) == PROV_JSON_OBJECT)
        inner = prov_json_get(one, "value", NULL);
    return inner ? inner : value;
}
