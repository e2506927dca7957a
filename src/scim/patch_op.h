/* One operation of a PATCH, for the files that read and perform it. */
#ifndef PROV_SCIM_PATCH_OP_H
#define PROV_SCIM_PATCH_OP_H

#include "scim/patch.h"

typedef enum { PROV_PATCH_ADD, PROV_PATCH_REPLACE, PROV_PATCH_REMOVE } prov_patch_kind;

typedef struct prov_patch_op {
    prov_patch_kind kind;
    prov_path path;         /* of an attribute, never of a schema */
    const prov_json *value; /* NULL: null, or none where none is needed */
    uint32_t switches;      /* of who sent it */
    int64_t *budget;        /* comparisons of values that the request has left */
} prov_patch_op;

#define PROV_PATCH_COMPARISONS (8 * 1024 * 1024)

/* Performs it on an attribute that lies in the record. */
prov_err *prov_patch_perform(apr_pool_t *p, prov_object *o, const prov_patch_op *op);

/* Takes the value away; 400 mutability if it must stay. */
prov_err *prov_patch_unassign(apr_pool_t *p, prov_object *o, const prov_attr *a);

/* The value of an attribute that has one; Entra without its aadOptscim062020 flag writes it as
 * [{"value":"Babs"}]. */
const prov_json *prov_patch_single(const prov_patch_op *op, const prov_attr *a,
                                   const prov_json *value);

/* null and [] are the absence of a value (RFC 7643 section 2.5). */
bool prov_patch_is_empty(const prov_json *value);

prov_err *prov_patch_fixed(apr_pool_t *p, const prov_attr *a); /* the 400 mutability */

#endif
