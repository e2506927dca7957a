/* What the families of functions share: how a row is written, and the little that every
 * implementation does. */
#ifndef PROV_POLICY_FUNCTION_ROW_H
#define PROV_POLICY_FUNCTION_ROW_H

#include "policy/function.h"

#define F1 "urn:oasis:names:tc:xacml:1.0:function:"
#define F2 "urn:oasis:names:tc:xacml:2.0:function:"
#define F3 "urn:oasis:names:tc:xacml:3.0:function:"

/* A value or a bag of the type: STRING, ANYURI, ... */
#define V(T)                                                                                       \
    {                                                                                              \
        PROV_X_VALUE, PROV_X_##T, NULL                                                             \
    }
#define B(T)                                                                                       \
    {                                                                                              \
        PROV_X_BAG, PROV_X_##T, NULL                                                               \
    }

/* The identifier, the result, one to three parameters, and what else the row says. */
#define ROW1(id_, result_, a, ...)                                                                 \
    {                                                                                              \
        .id = (id_), .result = result_, .parameters = { a }, .count = 1, .least = 1, __VA_ARGS__   \
    }
#define ROW2(id_, result_, a, b, ...)                                                              \
    {                                                                                              \
        .id = (id_), .result = result_, .parameters = { a, b }, .count = 2, .least = 2,            \
        __VA_ARGS__                                                                                \
    }
#define ROW3(id_, result_, a, b, c, ...)                                                           \
    {                                                                                              \
        .id = (id_), .result = result_, .parameters = { a, b, c }, .count = 3, .least = 3,         \
        __VA_ARGS__                                                                                \
    }
/* Any number of the last parameter from `least_` on. */
#define MANY1(id_, result_, least_, a, ...)                                                        \
    {                                                                                              \
        .id = (id_), .result = result_, .parameters = { a }, .count = 1, .least = (least_),        \
        .variadic = true, __VA_ARGS__                                                              \
    }
#define MANY2(id_, result_, least_, a, b, ...)                                                     \
    {                                                                                              \
        .id = (id_), .result = result_, .parameters = { a, b }, .count = 2, .least = (least_),     \
        .variadic = true, __VA_ARGS__                                                              \
    }

/* The families; each ends with a row without identifier. */
extern const prov_xfunction prov_xfunctions_compare[], prov_xfunctions_number[],
    prov_xfunctions_logic[], prov_xfunctions_string[], prov_xfunctions_convert[],
    prov_xfunctions_date[], prov_xfunctions_bag[], prov_xfunctions_set[], prov_xfunctions_higher[],
    prov_xfunctions_match[], prov_xfunctions_xpath[];

/* A failure put aside while something else may still decide. */
typedef struct prov_xfailure {
    bool any;
    prov_xcode code;
    const char *message;
    const prov_xmissing *missing;
} prov_xfailure;

/* Keeps the context's failure if it is the first. */
void prov_xfailure_keep(prov_xfailure *kept, const prov_xcontext *c);
/* Makes it the context's again; returns false. */
bool prov_xfailure_restore(const prov_xfailure *kept, prov_xcontext *c);

static inline bool prov_xgive(prov_xarg *out, prov_xvalue v)
{
    out->kind = PROV_X_VALUE;
    out->u.value = v;
    return true;
}

static inline bool prov_xgive_boolean(prov_xarg *out, bool v)
{
    return prov_xgive(out, prov_xvalue_boolean(v));
}

static inline bool prov_xgive_bag(prov_xarg *out, prov_xbag bag)
{
    out->kind = PROV_X_BAG;
    out->u.bag = bag;
    return true;
}

#endif
