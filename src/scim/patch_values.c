/* Edits of the values of a multi-valued attribute as a whole: what is the same value comes once,
 * and one is primary at most. */
#include "scim/patch_edit.h"

static const prov_value *sub_of(const prov_value *v, const prov_attr *sub)
{
    const prov_field *f = sub ? prov_object_get(v->object, sub) : NULL;
    return f && f->count ? &f->values[0] : NULL;
}

bool prov_patch_is_primary(const prov_patch_edit *e, const prov_value *v)
{
    const prov_value *primary = sub_of(v, e->is_primary);
    return primary && primary->type == PROV_TYPE_BOOLEAN && primary->boolean;
}

/* Notes that the operation made value `i` primary. */
prov_err *prov_patch_crown(prov_patch_edit *e, int i)
{
    if (e->primary >= 0 && e->primary != i)
        return prov_patch_invalid(e->p, e->attr, "has one primary value at most");
    e->primary = i;
    return NULL;
}

void prov_patch_depose_others(prov_patch_edit *e, prov_field *f)
{
    for (int i = 0; e->primary >= 0 && i < f->count; i++)
        if (i != e->primary)
            prov_object_remove(f->values[i].object, e->is_primary);
}

bool prov_patch_same_sub(prov_patch_edit *e, const prov_value *x, const prov_value *y,
                         const prov_attr *sub)
{
    x = sub_of(x, sub);
    y = sub_of(y, sub);
    return x && y ? prov_patch_same_value(e, sub, x, y) : x == y;
}

/* Which of the first `count` values `v` is already, or brings further sub-attributes to: the same
 * value and type do not come twice (RFC 7643 section 2.4). */
static int find_same(prov_patch_edit *e, const prov_field *f, int count, const prov_value *v)
{
    bool named = sub_of(v, e->value);
    for (int i = 0; i < count; i++)
        if (named ? prov_patch_same_sub(e, &f->values[i], v, e->value) &&
                        prov_patch_same_sub(e, &f->values[i], v, e->type)
                  : prov_patch_same_value(e, e->attr, &f->values[i], v))
            return i;
    return -1;
}

/* What a value says besides what the one that it is already says. */
static prov_err *add_subs(prov_patch_edit *e, prov_object *into, const prov_object *given)
{
    for (int s = 0; s < given->count; s++) {
        prov_field *fresh = &given->fields[s], *was = prov_object_get(into, fresh->attr);
        const prov_attr *sub = fresh->attr;
        prov_err *err = sub->multi && was ? prov_patch_append_to(e, sub, was, &fresh) : NULL;
        if (err)
            return err;
        if (sub->mutability == PROV_IMMUTABLE && was && !prov_field_equal(was, fresh))
            return prov_patch_fixed(e->p, sub);
        *prov_object_set(into, sub) = *fresh;
    }
    return NULL;
}

static prov_err *add_one(prov_patch_edit *e, prov_field *f, int were, const prov_value *v)
{
    int i = find_same(e, f, were, v);
    prov_err *err = NULL;
    if (i < 0 && f->count >= PROV_VALUES_MAX)
        return prov_patch_invalid(e->p, e->attr, "has too many values");
    if (i < 0) {
        i = f->count;
        *prov_field_add(e->o, f) = *v;
    } else if (e->attr->type == PROV_TYPE_COMPLEX) {
        err = add_subs(e, f->values[i].object, v->object);
    }
    return !err && prov_patch_is_primary(e, v) ? prov_patch_crown(e, i) : err;
}

prov_err *prov_patch_add_values(prov_patch_edit *e)
{
    prov_field *fresh, *f;
    prov_err *err = prov_patch_read_values(e, e->attr, e->op->value, &fresh);
    if (err || fresh->count == 0)
        return err;
    f = prov_object_get(e->o, e->attr);
    if (!f)
        f = prov_object_set(e->o, e->attr);
    int were = f->count;
    err = prov_patch_spend(e, (int64_t)were * fresh->count);
    for (int i = 0; i < fresh->count && !err; i++)
        err = add_one(e, f, were, &fresh->values[i]);
    if (!err)
        prov_patch_depose_others(e, f);
    return err;
}

prov_err *prov_patch_replace_values(prov_patch_edit *e)
{
    prov_field *fresh;
    prov_err *err = prov_patch_read_values(e, e->attr, e->op->value, &fresh);
    if (err)
        return err;
    if (fresh->count == 0)
        return prov_patch_unassign(e->p, e->o, e->attr);
    for (int i = 0; i < fresh->count && !err; i++)
        if (prov_patch_is_primary(e, &fresh->values[i]))
            err = prov_patch_crown(e, i);
    *prov_object_set(e->o, e->attr) = *fresh;
    return err;
}
