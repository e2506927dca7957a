/* One decision on its way: what the evaluator's files share. */
#ifndef PROV_POLICY_EVAL_H
#define PROV_POLICY_EVAL_H

#include "policy/compiled.h"

/* Deeper than the loader lets elements and references be, shallower than a thread's stack. */
#define PROV_XEVAL_DEPTH 500

typedef struct prov_xmemo { /* a variable's value, once known */
    enum { PROV_XMEMO_NEW, PROV_XMEMO_KNOWN, PROV_XMEMO_FAILED } state;
    prov_xcode code;
    const char *message;
    const prov_xmissing *missing;
    prov_xarg value;
} prov_xmemo;

typedef struct prov_xeval {
    prov_xcontext base; /* first: functions get this */
    const prov_pdp *pdp;
    const prov_pdp_options *options;
    apr_time_t now;
    const prov_xattributes *const *categories; /* of this individual decision */
    size_t category_count;
    bool return_policy_ids;
    prov_xbag *bags;   /* by slot */
    bool *own;         /* by slot: the bag was made here and may grow */
    prov_xmemo *memos; /* of the policy that is evaluated, by variable */
    unsigned depth;
    unsigned within; /* decisions that this one is inside of */
    int indent;      /* of the trace */
} prov_xeval;

/* The request's values into the slots that policies ask for. bind.c */
void prov_xeval_bind(prov_xeval *e);

/* False: the context has the failure. expr.c */
bool prov_xeval_expression(prov_xeval *e, const prov_xexpr *x, prov_xarg *out);
/* A designator's or selector's bag. */
bool prov_xeval_bag(prov_xeval *e, const prov_xexpr *x, prov_xbag *out);

/* selector.c */
bool prov_xeval_selector(prov_xeval *e, const prov_xselector *s, prov_xbag *out);
extern const prov_xhooks prov_xeval_hooks;

/* Of a failure the context has the status. target.c */
prov_xmatch prov_xeval_target(prov_xeval *e, const prov_xtarget *t);

/* False: one could not be evaluated. duty.c */
bool prov_xeval_duties(prov_xeval *e, const prov_xduties *duties, prov_xoutcome *out);

/* eval.c */
void prov_xeval_policy(prov_xeval *e, const prov_xpolicy *policy, prov_xoutcome *out);
void prov_xeval_failed(prov_xeval *e, prov_xoutcome *out, prov_xdecision d);

/* One line of the trace; costs nothing when there is none. */
#define PROV_XTRACE(e, ...)                                                                        \
    do {                                                                                           \
        if (__builtin_expect((e)->options->trace != NULL, 0))                                      \
            prov_xeval_say(e, __VA_ARGS__);                                                        \
    } while (0)
void prov_xeval_say(prov_xeval *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A bag or value in words. */
const char *prov_xeval_words(prov_xeval *e, const prov_xarg *a);

#endif
