/* Policies as they are evaluated: everything checked, everything in one pool, no XML left. */
#ifndef PROV_POLICY_COMPILED_H
#define PROV_POLICY_COMPILED_H

#include "policy/combine.h"
#include "policy/policy.h"
#include <apr_hash.h>

typedef struct prov_xexpr prov_xexpr;
typedef struct prov_xpolicy prov_xpolicy;
typedef struct prov_xindex prov_xindex;

typedef enum {
    PROV_XEXPR_VALUE,
    PROV_XEXPR_FUNCTION,
    PROV_XEXPR_DESIGNATOR,
    PROV_XEXPR_SELECTOR,
    PROV_XEXPR_VARIABLE,
    PROV_XEXPR_APPLY
} prov_xexpr_kind;

typedef struct prov_xdesignator {
    prov_xmissing key;
    uint32_t slot;    /* where a request's values for the key are */
    bool must;        /* MustBePresent */
    bool environment; /* current-time, -date, -dateTime: known without the request */
} prov_xdesignator;

typedef struct prov_xselector {
    const char *category;
    prov_xpath path;
    const char *context_id; /* ContextSelectorId, or NULL */
    uint32_t context_slot;
    prov_xtype type;
    bool must;
} prov_xselector;

typedef struct prov_xvariable {
    const char *id;
    const prov_xexpr *expr; /* NULL while it is being loaded */
    uint32_t index;
} prov_xvariable;

typedef struct prov_xapply {
    const prov_xfunction *function;
    uint32_t count;
    const prov_xexpr **args;
} prov_xapply;

struct prov_xexpr {
    prov_xexpr_kind kind;
    int line;
    prov_xargtype type; /* of what it yields; the function of a Function */
    union {
        prov_xvalue *value;
        const prov_xdesignator *designator;
        const prov_xselector *selector;
        const prov_xvariable *variable;
        prov_xapply apply;
    } u;
};

typedef struct prov_xcompare { /* a Match */
    const prov_xfunction *function;
    const prov_xvalue *value;
    const prov_xexpr *expr; /* a designator or a selector */
} prov_xcompare;

typedef struct prov_xallof {
    uint32_t count;
    prov_xcompare *matches;
} prov_xallof;

typedef struct prov_xanyof {
    uint32_t count;
    prov_xallof *allofs;
} prov_xanyof;

typedef struct prov_xtarget {
    uint32_t count;
    prov_xanyof *anyofs;
} prov_xtarget;

typedef struct prov_xassign { /* an AttributeAssignmentExpression */
    const char *id, *category, *issuer;
    const prov_xexpr *expr;
} prov_xassign;

typedef struct prov_xdutyexpr {
    const char *id;
    bool advice;
    prov_xdecision on; /* FulfillOn, AppliesTo */
    uint32_t count;
    prov_xassign *assigns;
} prov_xdutyexpr;

typedef struct prov_xduties {
    uint32_t count;
    prov_xdutyexpr *exprs;
} prov_xduties;

typedef struct prov_xrule {
    const char *id;
    int line;
    prov_xdecision effect;
    prov_xtarget target;
    const prov_xexpr *condition; /* or NULL */
    prov_xduties duties;
} prov_xrule;

typedef struct prov_xreference {
    const char *id;
    bool set;
    const char *version, *earliest, *latest; /* patterns, or NULL */
} prov_xreference;

typedef struct prov_xchild {          /* of a policy set */
    prov_xpolicy *policy;             /* NULL until the reference is resolved */
    const prov_xreference *reference; /* NULL for one that lies inside */
    int line;
} prov_xchild;

struct prov_xpolicy {
    bool set;
    bool referenced;
    uint16_t height; /* of what it refers to, once known */
    prov_pdp_role role;
    const char *id, *version, *source;
    int line;
    const char *broken; /* why it could not be loaded: evaluated, it is Indeterminate */
    prov_xcode broken_code;
    prov_xtarget target;
    const prov_xexpr *condition; /* or NULL */
    const prov_xcombiner *combiner;
    uint32_t count; /* of rules or children */
    prov_xrule *rules;
    prov_xchild *children;
    uint32_t variables;
    prov_xduties duties;
    const prov_xindex *index; /* over the children, or NULL */
};

/* An attribute that policies ask for gets a slot: what a request says lands there once. */
typedef struct prov_xslot {
    uint64_t hash;
    prov_xmissing key;
} prov_xslot;

struct prov_pdp {
    apr_pool_t *pool;
    prov_pdp_bounds bounds;
    apr_hash_t *strings;
    apr_array_header_t *problems; /* of prov_pdp_problem */
    apr_array_header_t *policies; /* of prov_xpolicy *: all, those inside others too */
    apr_array_header_t *tops;     /* those that were added, in order */
    prov_xpolicy *root;           /* a set of the roots, after finishing */
    prov_xslot *slots;
    uint32_t slot_count, slot_room;
    uint32_t *slot_table; /* hash table of index + 1 */
    uint32_t slot_mask;
};

#endif
