/* The combining algorithms (core, appendix C) over children that are evaluated when asked for. */
#ifndef PROV_POLICY_COMBINE_H
#define PROV_POLICY_COMBINE_H

#include "policy/request.h"

/* The result of a rule, policy or policy set. */
typedef struct prov_xoutcome {
    prov_xdecision decision;
    prov_xcode code; /* of an Indeterminate */
    const char *message;
    const prov_xmissing *missing;
    prov_xduty *duties, *duties_end;
    prov_xpolicy_id *policies, *policies_end;
} prov_xoutcome;

typedef enum { PROV_X_NO_MATCH, PROV_X_MATCH, PROV_X_MATCH_FAILED } prov_xmatch;

typedef struct prov_xchildren {
    size_t count;
    void (*evaluate)(struct prov_xchildren *children, size_t i, prov_xoutcome *out);
    /* Only the target; a failure leaves its status in `out`. */
    prov_xmatch (*applicable)(struct prov_xchildren *children, size_t i, prov_xoutcome *out);
} prov_xchildren;

typedef struct prov_xcombiner prov_xcombiner;
struct prov_xcombiner {
    const char *id;
    bool rules;      /* combines rules, else policies */
    bool deprecated; /* by XACML 3.0 */
    void (*run)(const prov_xcombiner *row, prov_xchildren *children, prov_xoutcome *out);
    prov_xdecision winner; /* of an overrides or unless algorithm */
};

const prov_xcombiner *prov_xcombiner_find(const char *id, bool rules);
const prov_xcombiner *prov_xcombiner_each(size_t i); /* NULL behind the last */

#endif
