/* Filters (RFC 7644 section 3.4.2.2, errata 4690, 7319, 7322; readings of scim.md sections 1.6
 * and 2). A parsed filter is immutable and belongs to its pool. */
#ifndef PROV_SCIM_FILTER_H
#define PROV_SCIM_FILTER_H

#include "scim/compatibility.h"
#include "scim/resource.h"

typedef struct prov_filter prov_filter;

typedef enum {
    PROV_OP_EQ,
    PROV_OP_NE,
    PROV_OP_CO,
    PROV_OP_SW,
    PROV_OP_EW,
    PROV_OP_GT,
    PROV_OP_GE,
    PROV_OP_LT,
    PROV_OP_LE,
    PROV_OP_PR,
    PROV_FILTER_OPS
} prov_filter_op;
extern const char *const prov_filter_op_names[PROV_FILTER_OPS];

typedef struct prov_filter_limits {
    size_t length;     /* bytes of the text */
    int depth;         /* nested brackets and nots */
    int terms;         /* comparisons */
    uint32_t switches; /* of who asks (compatibility.h) */
} prov_filter_limits;

extern const prov_filter_limits prov_filter_defaults; /* 8 KiB, 64, 256 */

/* 400 invalidFilter, naming the place, for whatever the grammar or the schema does not allow. */
prov_err *prov_filter_parse(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                            const char *text, const prov_filter_limits *limits, prov_filter **out);

/* The same inside a value path: names are those of the attribute's sub-attributes; a simple
 * multi-valued attribute answers to `value`. */
prov_err *prov_filter_parse_value(apr_pool_t *p, const prov_attr *of, const char *text, size_t len,
                                  const prov_filter_limits *limits, prov_filter **out);

bool prov_filter_match(const prov_filter *f, const prov_view *v);
/* For a value path, one value of the tree; `p` is scratch. */
bool prov_filter_match_value(const prov_filter *f, const prov_attr *of, const prov_value *value,
                             apr_pool_t *p);

/* How many comparisons it makes of one value. */
int prov_filter_terms(const prov_filter *f);

/* If every match must have `path eq text` (an and-conjunct), gives the text: what an index serves.
 */
bool prov_filter_requires(const prov_filter *f, const prov_attr *a, prov_bytes *text);
/* A comparison that every match holds for: of a value of the attribute, or with `pr` of none. */
typedef struct prov_term {
    const prov_attr *attr; /* the sub-attribute if there is one */
    prov_filter_op op;
    const prov_value *value;
    prov_bytes want; /* a text as the attribute's values compare by this operator */
} prov_term;
/* Until `each` answers false. */
typedef bool prov_each_term(void *baton, const prov_term *term);
void prov_filter_terms_of(const prov_filter *f, prov_each_term *each, void *baton);
/* What it is made of: the first part and the next, NULL behind the last. */
typedef enum { PROV_FILTER_ONE, PROV_FILTER_ALL_OF, PROV_FILTER_ANY_OF } prov_filter_shape;
prov_filter_shape prov_filter_parts(const prov_filter *f, const prov_filter **first);
const prov_filter *prov_filter_next(const prov_filter *part);
/* Of a root query the part that means this type; any other filter is that itself. */
const prov_filter *prov_filter_for(const prov_filter *f, const prov_registry *r,
                                   const prov_resource_type *t);
/* For add with a filter that only consists of eq joined by and (scim.md section 2): sets those
 * sub-attributes on a new element, or answers false. */
bool prov_filter_build(const prov_filter *f, const prov_attr *of, prov_object *element);

/* Canonical text; parsing it gives the same filter again. */
const char *prov_filter_print(apr_pool_t *p, const prov_filter *f);
/* Quoted as a filter's string, whatever is in it. */
const char *prov_filter_quote(apr_pool_t *p, prov_bytes text);

#endif
