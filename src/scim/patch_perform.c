/* Which edit an operation is; what is immutable comes out of it as it was. */
#include "scim/patch_edit.h"

static prov_err *perform(prov_patch_edit *e)
{
    const prov_patch_op *op = e->op;
    bool select = op->path.filter || op->path.sub;
    if (op->kind == PROV_PATCH_REMOVE)
        return prov_patch_remove_values(e);
    if (prov_patch_is_empty(op->value)) /* nothing to add; nothing instead of what is */
        return op->kind == PROV_PATCH_ADD ? NULL : prov_patch_remove_values(e);
    if (!e->attr->multi)
        return e->attr->type == PROV_TYPE_COMPLEX ? prov_patch_edit_complex(e)
                                                  : prov_patch_put(e, e->o, e->attr, op->value);
    if (select)
        return prov_patch_edit_selected(e);
    return op->kind == PROV_PATCH_ADD ? prov_patch_add_values(e) : prov_patch_replace_values(e);
}

prov_err *prov_patch_perform(apr_pool_t *p, prov_object *o, const prov_patch_op *op)
{
    const prov_attr *a = op->path.attr;
    prov_patch_edit e = { .p = p, .o = o, .op = op, .attr = a, .primary = -1 };
    prov_object *before = NULL;
    if (a->type == PROV_TYPE_COMPLEX) {
        e.value = prov_schema_sub(a, "value", 5);
        e.type = prov_schema_sub(a, "type", 4);
        e.is_primary = prov_schema_sub(a, "primary", 7);
    }
    prov_err *err = NULL;
    if (a->mutability == PROV_IMMUTABLE && prov_patch_has_value(o, a)) {
        const prov_object alone = { p, prov_object_get(o, a), 1, 1 };
        before = prov_object_copy(p, &alone);
        err = prov_patch_spend(&e, (int64_t)PROV_PATCH_WRITTEN * before->fields[0].count);
    }
    if (!err)
        err = perform(&e);
    if (e.scratch)
        apr_pool_destroy(e.scratch);
    if (!err && before && !prov_field_equal(prov_object_get(before, a), prov_object_get(o, a)))
        err = prov_patch_fixed(p, a);
    return err;
}
