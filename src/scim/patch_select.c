/* Edits of some values of an attribute: those that a path selects, and for a removal also those
 * that the operation lists. */
#include "scim/patch_edit.h"

static prov_err *no_target(const prov_patch_edit *e)
{
    return prov_err_make(e->p, 400, "noTarget", "no value of '%s' matches the path's filter",
                         e->attr->name);
}

/* Each value is held against each term of the path's filter. */
static prov_err *spend_selecting(prov_patch_edit *e, const prov_field *f)
{
    const prov_filter *filter = e->op->path.filter;
    return prov_patch_spend(e, (int64_t)f->count * (filter ? prov_filter_terms(filter) : 1));
}

static bool selected(prov_patch_edit *e, const prov_value *v)
{
    const prov_filter *filter = e->op->path.filter;
    return !filter || prov_filter_match_value(filter, e->attr, v, prov_patch_scratch(e));
}

static prov_err *replace_one(prov_patch_edit *e, prov_value *v)
{
    prov_field *fresh;
    prov_err *err =
        prov_patch_read_values(e, e->attr, prov_patch_only_one(e->op, e->op->value), &fresh);
    if (err)
        return err;
    if (fresh->count != 1)
        return prov_patch_invalid(e->p, e->attr, "takes one value here");
    *v = fresh->values[0];
    return NULL;
}

static prov_err *edit_one(prov_patch_edit *e, prov_field *f, int i)
{
    const prov_attr *sub = e->op->path.sub;
    prov_value *v = &f->values[i];
    prov_err *err = prov_patch_spend(e, PROV_PATCH_WRITTEN);
    if (err)
        return err;
    if (sub)
        err = prov_patch_put(e, v->object, sub, e->op->value);
    else if (e->op->kind == PROV_PATCH_ADD && e->attr->type == PROV_TYPE_COMPLEX)
        err = prov_patch_merge_complex(e, v->object, e->op->value);
    else
        err = replace_one(e, v);
    bool crowned = prov_patch_is_primary(e, v) && (!sub || sub == e->is_primary);
    return !err && crowned ? prov_patch_crown(e, i) : err;
}

/* Nothing was selected: an add makes what the filter describes, and so does a replace for those
 * who need it; without a filter there was no value yet, so that both operations do. */
static prov_err *make_selected(prov_patch_edit *e, prov_field *f)
{
    const prov_filter *filter = e->op->path.filter;
    prov_object *element = prov_object_make(e->p);
    bool makes = e->op->kind == PROV_PATCH_ADD || (e->op->switches & PROV_COMPAT_REPLACE_MAKES);
    if (filter && (!makes || !prov_filter_build(filter, e->attr, element)))
        return no_target(e);
    if (!f)
        f = prov_object_set(e->o, e->attr);
    prov_field_add(e->o, f)->object = element;
    bool described = filter && !e->op->path.sub && e->attr->type == PROV_TYPE_COMPLEX;
    prov_err *err = described ? prov_patch_merge_complex(e, element, e->op->value)
                              : edit_one(e, f, f->count - 1);
    if (!err && prov_patch_is_primary(e, &f->values[f->count - 1]))
        err = prov_patch_crown(e, f->count - 1);
    if (!err)
        prov_patch_depose_others(e, f);
    return err;
}

/* Records replaced by one and the same become one. */
prov_err *prov_patch_edit_selected(prov_patch_edit *e)
{
    prov_field *f = prov_object_get(e->o, e->attr);
    bool whole = e->op->kind == PROV_PATCH_REPLACE && !e->op->path.sub;
    prov_err *err = f ? spend_selecting(e, f) : NULL;
    int count = 0;
    for (int i = 0; f && i < f->count && !err; i++) {
        if (!selected(e, &f->values[i]))
            continue;
        if (count++ && whole)
            prov_field_remove(f, i--);
        else
            err = edit_one(e, f, i);
    }
    if (err)
        return err;
    if (count == 0)
        return make_selected(e, f);
    prov_patch_depose_others(e, f);
    return NULL;
}

/* ---- remove ---- */

/* Of a sub-attribute of many values only those that are listed, if any are. */
static prov_err *remove_sub(prov_patch_edit *e, prov_object *o, const prov_attr *sub)
{
    prov_field *listed, *f = prov_object_get(o, sub);
    bool some = f && sub->multi && sub->mutability != PROV_IMMUTABLE && e->op->value &&
                e->op->kind == PROV_PATCH_REMOVE;
    prov_err *err = some ? prov_patch_read_values(e, sub, e->op->value, &listed) : NULL;
    if (!err && some)
        err = prov_patch_spend(e, (int64_t)listed->count * f->count);
    for (int l = 0; !err && some && l < listed->count; l++)
        for (int i = f->count - 1; i >= 0; i--)
            if (prov_patch_same_value(e, sub, &listed->values[l], &f->values[i]))
                prov_field_remove(f, i);
    return err || (some && f->count) ? err : prov_patch_unassign(e->p, o, sub);
}

static prov_err *remove_selected(prov_patch_edit *e, prov_field *f)
{
    prov_err *err = spend_selecting(e, f);
    int count = 0;
    for (int i = f->count - 1; i >= 0 && !err; i--) {
        prov_value *v = &f->values[i];
        if (!selected(e, v))
            continue;
        count++;
        if (e->op->path.sub)
            err = remove_sub(e, v->object, e->op->path.sub);
        if (!err && (!e->op->path.sub || v->object->count == 0))
            prov_field_remove(f, i);
    }
    if (!err && !count && e->op->path.filter)
        return no_target(e);
    return err;
}

/* Whether everything `pattern` says holds for `v`. */
static bool covers(prov_patch_edit *e, const prov_value *pattern, const prov_value *v)
{
    if (e->attr->type != PROV_TYPE_COMPLEX)
        return prov_patch_same_value(e, e->attr, pattern, v);
    for (int i = 0; i < pattern->object->count; i++) {
        const prov_attr *sub = pattern->object->fields[i].attr;
        if (sub->multi
                ? !prov_field_equal(&pattern->object->fields[i], prov_object_get(v->object, sub))
                : !prov_patch_same_sub(e, pattern, v, sub))
            return false;
    }
    return pattern->object->count > 0;
}

/* Entra names the values to remove instead of selecting them; the others must stay. */
static prov_err *remove_listed(prov_patch_edit *e, prov_field *f)
{
    prov_field *listed;
    prov_err *err = prov_patch_read_values(e, e->attr, e->op->value, &listed);
    if (!err)
        err = prov_patch_spend(e, (int64_t)listed->count * f->count);
    for (int l = 0; !err && l < listed->count; l++)
        for (int i = f->count - 1; i >= 0; i--)
            if (covers(e, &listed->values[l], &f->values[i]))
                prov_field_remove(f, i);
    return err;
}

prov_err *prov_patch_remove_values(prov_patch_edit *e)
{
    const prov_path *path = &e->op->path;
    prov_field *f = prov_object_get(e->o, e->attr);
    bool select = path->filter || path->sub;
    bool listed = e->op->kind == PROV_PATCH_REMOVE && e->attr->multi && e->op->value && !select;
    if (!f && select)
        return path->filter ? no_target(e) : NULL;
    if (!f || (!select && !listed))
        return prov_patch_unassign(e->p, e->o, e->attr);
    prov_err *err = listed ? remove_listed(e, f) : remove_selected(e, f);
    if (err || f->count > 0)
        return err;
    return prov_patch_unassign(e->p, e->o, e->attr);
}
