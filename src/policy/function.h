/* The functions of XACML 3.0 (core, appendix A.3): a row each, with identifier, signature and
 * implementation. What calls them and what they call back is passed in, so nothing here knows how
 * expressions are evaluated. */
#ifndef PROV_POLICY_FUNCTION_H
#define PROV_POLICY_FUNCTION_H

#include "policy/value.h"
#include <apr_pools.h>

typedef struct prov_xfunction prov_xfunction;
typedef struct prov_xcontext prov_xcontext;

/* The status codes of section B.8. */
typedef enum {
    PROV_X_OK,
    PROV_X_MISSING_ATTRIBUTE,
    PROV_X_SYNTAX_ERROR,
    PROV_X_PROCESSING_ERROR
} prov_xcode;

typedef struct prov_xmissing {          /* a MissingAttributeDetail */
    const char *category, *id, *issuer; /* the issuer may be NULL */
    prov_xtype type;
} prov_xmissing;

/* What an expression yields or a function takes. */
typedef enum { PROV_X_VALUE, PROV_X_BAG, PROV_X_FUNCTION } prov_xkind;

typedef struct prov_xarg {
    prov_xkind kind;
    union {
        prov_xvalue value;
        prov_xbag bag;
        const prov_xfunction *function;
    } u;
} prov_xarg;

/* The same before evaluation. */
typedef struct prov_xargtype {
    prov_xkind kind;
    prov_xtype type;                /* of the value or of the bag's members */
    const prov_xfunction *function; /* of kind PROV_X_FUNCTION */
} prov_xargtype;

/* What the few functions that look at the request need; each false means the context failed.
 * The deprecated 1.0 forms pass a path as a string. */
typedef struct prov_xhooks {
    bool (*xpath_count)(prov_xcontext *c, const prov_xvalue *path, int64_t *out);
    bool (*xpath_equal)(prov_xcontext *c, const prov_xvalue *a, const prov_xvalue *b, bool *out);
    bool (*xpath_match)(prov_xcontext *c, const prov_xvalue *a, const prov_xvalue *b, bool *out);
    /* access-permitted: the category and an XML document, as section A.3.16 says */
    bool (*access_permitted)(prov_xcontext *c, prov_bytes category, prov_bytes content, bool *out);
} prov_xhooks;

/* What an evaluation has at hand. The evaluator embeds it as its first member. */
struct prov_xcontext {
    apr_pool_t *pool; /* everything a decision makes lives here */
    const prov_xhooks *hooks;
    int zone;             /* implicit time zone, minutes east of UTC */
    uint64_t steps;       /* evaluation steps that remain */
    uint64_t regex_steps; /* bound of one regular expression match */
    uint64_t xpath_steps; /* bound of one XPath evaluation */
    bool exhausted;       /* a bound was reached: nothing may turn the failure into a decision */
    /* The latest failure; meaningful only after a false. */
    prov_xcode code;
    const char *message;
    const prov_xmissing *missing;
};

/* Notes the failure; returns false, so that `return prov_xfail(...)` does both. */
bool prov_xfail(prov_xcontext *c, prov_xcode code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Takes n steps; false once none are left, with processing-error and `exhausted`. */
static inline bool prov_xstep(prov_xcontext *c, uint64_t n)
{
    if (__builtin_expect(c->steps >= n && !c->exhausted, 1)) {
        c->steps -= n;
        return true;
    }
    c->steps = 0;
    c->exhausted = true;
    return prov_xfail(c, PROV_X_PROCESSING_ERROR, "the bound of evaluation steps was reached");
}

/* Arguments that are evaluated when asked for (and, or, n-of). */
typedef struct prov_xlazy {
    bool (*evaluate)(struct prov_xlazy *lazy, size_t i, prov_xarg *out); /* false: failed */
    size_t count;
} prov_xlazy;

#define PROV_X_PARAMETERS 4

typedef bool prov_xrun(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                       prov_xarg *out);
typedef bool prov_xrun_lazy(prov_xcontext *c, const prov_xfunction *f, prov_xlazy *args,
                            prov_xarg *out);
/* The result type, or the reason why these arguments do not fit, as a sentence on the pool. */
typedef const char *prov_xcheck(apr_pool_t *p, const prov_xfunction *f, const prov_xargtype *args,
                                size_t n, prov_xargtype *result);
typedef const char *prov_xprepare(apr_pool_t *p, const prov_xfunction *f,
                                  prov_xvalue *const *literals, size_t n);

struct prov_xfunction {
    const char *id;
    prov_xargtype result;
    prov_xargtype parameters[PROV_X_PARAMETERS];
    uint8_t count; /* of parameters; the last repeats in a variadic function */
    uint8_t least; /* arguments at least */
    bool variadic;
    bool higher;     /* takes a function: `check` holds instead of parameters and result */
    bool deprecated; /* the linter names it */
    prov_xtype type; /* what a generic implementation works on */
    int mode;        /* likewise: which of its variants */
    prov_xrun *run;
    prov_xrun_lazy *run_lazy; /* instead of run */
    prov_xcheck *check;       /* NULL: by parameters */
    prov_xprepare *prepare;   /* NULL: nothing to prepare */
};

/* All rows, ended by a NULL id; deprecated ids are rows of their own. */
const prov_xfunction *prov_xfunction_find(prov_bytes id);
const prov_xfunction *prov_xfunction_each(size_t i);      /* NULL behind the last */
const char *prov_xfunction_name(const prov_xfunction *f); /* the identifier's last part */

/* Do the arguments fit? NULL and the result's type, or the reason. Used at load. */
const char *prov_xfunction_check(apr_pool_t *p, const prov_xfunction *f, const prov_xargtype *args,
                                 size_t n, prov_xargtype *result);
/* For arguments that are literals (NULL elsewhere) what can be known at load: a regular expression
 * that does not compile, an n-of with a negative number. May leave `prepared` in a literal, for all
 * later calls with it, from any thread. NULL, or the reason. What a higher-order function applies
 * is prepared by a call of its own, with the arguments behind the function. */
const char *prov_xfunction_prepare(apr_pool_t *p, const prov_xfunction *f,
                                   prov_xvalue *const *literals, size_t n);

/* Calls it with arguments that fit; takes a step. False: the context says why. */
bool prov_xfunction_call(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                         prov_xarg *out);

#endif
