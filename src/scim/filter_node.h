/* The parsed filter, for the files that make, match and print one. */
#ifndef PROV_SCIM_FILTER_NODE_H
#define PROV_SCIM_FILTER_NODE_H

#include "scim/filter.h"

typedef enum {
    PROV_NODE_AND, /* and, or: two or more children; none of the same kind */
    PROV_NODE_OR,
    PROV_NODE_NOT,   /* one child */
    PROV_NODE_TERM,  /* attribute, operator, literal */
    PROV_NODE_GROUP, /* attribute[child]: the child holds for one and the same value */
    PROV_NODE_TYPES  /* a root query: a child for each resource type of the registry, in order */
} prov_node_kind;

/* How a stored text is made comparable to `want`. */
typedef enum { PROV_TEXT_EXACT, PROV_TEXT_FOLD, PROV_TEXT_PRECIS, PROV_TEXT_BASE64 } prov_text_how;

/* The value of an attribute that lies in the record's head; false if it has none. */
typedef bool prov_header_get(const prov_view *v, prov_value *out);
prov_header_get *prov_filter_header(const prov_attr *a); /* NULL for meta and schemas themselves */

struct prov_filter {
    prov_node_kind kind;
    prov_filter *child; /* the first */
    prov_filter *next;  /* its sibling */
    const char *path;   /* as it is printed */
    /* Both NULL in a root query's type that lacks the attribute. Within a group `attr` is NULL, and
     * `sub` too where the values are simple. */
    const prov_attr *attr; /* top level */
    const prov_attr *sub;
    prov_header_get *header;
    prov_filter_op op;
    prov_json_kind literal; /* as it was written; NULL is the absence of a value */
    prov_value value;       /* typed by the attribute */
    prov_bytes digits;      /* of a number, as they were written */
    prov_text_how how;
    prov_bytes want; /* value.text after `how` */
};

/* By what `have` compared to the term's value is: below, at or above zero. */
bool prov_filter_decide(prov_filter_op op, int sign);
bool prov_filter_text_matches(const prov_filter *n, prov_bytes have, apr_pool_t *p);

#endif
