/* The edit that an operation makes of its attribute, for the files that share the work. A file
 * calls only into those that stand above it here. */
#ifndef PROV_SCIM_PATCH_EDIT_H
#define PROV_SCIM_PATCH_EDIT_H

#include "scim/patch_op.h"

typedef struct prov_patch_edit {
    apr_pool_t *p;
    prov_object *o;
    const prov_patch_op *op;
    const prov_attr *attr;
    const prov_attr *value, *type, *is_primary; /* its sub-attributes of these names, or NULL */
    int primary;         /* index of the value that the operation made primary, -1 for none */
    apr_pool_t *scratch; /* of one comparison; NULL until there is one */
} prov_patch_edit;

/* What a value that is written costs, in comparisons: it takes memory until the request's end. */
#define PROV_PATCH_WRITTEN 32

/* ---- patch_edit.c ---- */

prov_err *prov_patch_invalid(apr_pool_t *p, const prov_attr *a, const char *what);
bool prov_patch_has_value(const prov_object *o, const prov_attr *a);
prov_err *prov_patch_spend(prov_patch_edit *e, int64_t comparisons); /* 413 if too many */
apr_pool_t *prov_patch_scratch(prov_patch_edit *e); /* empty; gone with the next call */
bool prov_patch_same_value(prov_patch_edit *e, const prov_attr *a, const prov_value *x,
                           const prov_value *y);
prov_err *prov_patch_check_names(const prov_patch_edit *e, const prov_attr *a,
                                 const prov_json *value);
prov_err *prov_patch_read_values(const prov_patch_edit *e, const prov_attr *a,
                                 const prov_json *value, prov_field **out);
const prov_json *prov_patch_only_one(const prov_patch_op *op, const prov_json *value);

/* ---- patch_single.c ---- */

prov_err *prov_patch_append_to(prov_patch_edit *e, const prov_attr *a, const prov_field *was,
                               prov_field **fresh);
prov_err *prov_patch_put(prov_patch_edit *e, prov_object *o, const prov_attr *a,
                         const prov_json *value);
prov_err *prov_patch_merge_complex(prov_patch_edit *e, prov_object *into, const prov_json *value);
prov_err *prov_patch_edit_complex(prov_patch_edit *e);

/* ---- patch_values.c ---- */

bool prov_patch_is_primary(const prov_patch_edit *e, const prov_value *v);
prov_err *prov_patch_crown(prov_patch_edit *e, int i);
void prov_patch_depose_others(prov_patch_edit *e, prov_field *f);
bool prov_patch_same_sub(prov_patch_edit *e, const prov_value *x, const prov_value *y,
                         const prov_attr *sub);
prov_err *prov_patch_add_values(prov_patch_edit *e);
prov_err *prov_patch_replace_values(prov_patch_edit *e);

/* ---- patch_select.c ---- */

prov_err *prov_patch_edit_selected(prov_patch_edit *e);
prov_err *prov_patch_remove_values(prov_patch_edit *e);

#endif
