/* PATCH (RFC 7644 section 3.5.2; vendors' forms as scim.md sections 4 and 5 choose): on a tree,
 * operation after operation, all or nothing; and the way back, the difference of two trees as
 * operations. Members of a group never are in the tree: their operations come out as a list. */
#ifndef PROV_SCIM_PATCH_H
#define PROV_SCIM_PATCH_H

#include "scim/path.h"
#include <apr_tables.h>

typedef enum {
    PROV_MEMBER_ADD,
    PROV_MEMBER_REMOVE,
    PROV_MEMBER_REMOVE_ALL,
    PROV_MEMBER_REMOVE_MATCHING /* `filter` over the membership rows */
} prov_member_op_kind;

typedef struct prov_member_op {
    prov_member_op_kind kind;
    prov_member_ref member;    /* ADD, REMOVE */
    const prov_filter *filter; /* REMOVE_MATCHING */
} prov_member_op;

typedef struct prov_patch_result {
    prov_object *object; /* the new tree; NULL if no operation touched the record */
    bool has_password;
    prov_bytes password;         /* empty: removed */
    apr_array_header_t *members; /* of prov_member_op, in order */
} prov_patch_result;

#define PROV_PATCH_OPERATIONS 100000

/* Reads the message as the switches of who sent it have it (compatibility.h), applies it to a copy
 * of `was`. The caller compares the result with `was` to see whether anything changed. The result
 * satisfies prov_value_check. */
prov_err *prov_patch_apply(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                           uint32_t switches, const prov_json *message, const prov_object *was,
                           prov_patch_result *out);

/* Appends PatchOp operations that turn `before` into `after`, comma-separated, and counts them.
 * Singular attributes go one by one (sub-attributes of a complex one as dotted paths), a
 * multi-valued attribute is replaced whole, what is unassigned is removed. */
int prov_patch_difference(prov_buf *b, const prov_resource_type *t, const prov_object *before,
                          const prov_object *after);

#endif
