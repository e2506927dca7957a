/* The policy decision point: XACML 3.0 policies in, decisions out. Pure: no httpd, no store, no
 * network.
 *
 * Policies are added, then finished; from then on the decision point is read-only and any number of
 * threads may decide with it, each on its own pool. It lives on the pool it was made on.
 *
 *     prov_pdp *pdp = prov_pdp_make(pool, NULL);
 *     err = prov_pdp_add(pdp, text, "file.xml", PROV_PDP_AUTO);       ... for each file
 *     err = prov_pdp_finish(pdp, NULL);
 *     prov_xrequest *r = prov_xrequest_make(p); ...
 *     response = prov_pdp_decide(pdp, p, r, &options);
 */
#ifndef PROV_POLICY_POLICY_H
#define PROV_POLICY_POLICY_H

#include "base/err.h"
#include "policy/request.h"

typedef struct prov_pdp prov_pdp;

/* Reached while loading they refuse; reached while deciding they give Indeterminate with
 * processing-error. */
typedef struct prov_pdp_bounds {
    size_t policy_bytes, policy_nodes;   /* of one policy text */
    size_t request_bytes, request_nodes; /* of one request text */
    unsigned depth;                      /* of elements, references and variables */
    size_t results;                      /* individual decisions of one request */
    uint64_t steps;                      /* of one individual decision */
    uint64_t regex_steps, xpath_steps;   /* of one match, of one XPath */
} prov_pdp_bounds;

extern const prov_pdp_bounds prov_pdp_bounds_default;

prov_pdp *prov_pdp_make(apr_pool_t *p, const prov_pdp_bounds *bounds); /* NULL: the defaults */
const prov_pdp_bounds *prov_pdp_bounds_of(const prov_pdp *pdp);

typedef enum {
    PROV_PDP_ROOT,       /* decides by itself */
    PROV_PDP_REFERENCED, /* only where another refers to it; may be wrong until it is evaluated */
    PROV_PDP_AUTO        /* a root, unless another policy refers to it */
} prov_pdp_role;

/* Refused: the first thing wrong, with file and line; the rest is among the problems. A referenced
 * policy that is refused may stay wrong: what refers to it is Indeterminate when evaluated. */
prov_err *prov_pdp_add(prov_pdp *pdp, prov_bytes text, const char *source, prov_pdp_role role);

/* The roots as a repository from which one is taken: the one whose target matches; more than one
 * match is Indeterminate. The conformance cases with several root policies are made for this. */
#define PROV_PDP_ONE_ROOT "one-matching-root"

/* Resolves references and builds the index. `algorithm` combines the roots: an identifier of a
 * policy-combining algorithm or PROV_PDP_ONE_ROOT; NULL for deny-overrides. What is not resolved is
 * Indeterminate when evaluated, should the error be passed over. */
prov_err *prov_pdp_finish(prov_pdp *pdp, const char *algorithm);

/* All that was found while loading, of prov_pdp_problem: for a linter. */
typedef struct prov_pdp_problem {
    const char *where, *sentence; /* "file.xml:12" */
    bool warning;                 /* it works, but should be looked at */
} prov_pdp_problem;
const apr_array_header_t *prov_pdp_problems(const prov_pdp *pdp);
size_t prov_pdp_roots(const prov_pdp *pdp);

typedef struct prov_pdp_options {
    apr_time_t now; /* the one instant of the request, 0 for the clock's */
    int zone;       /* minutes east of UTC, for moments without a zone and the environment's */
    bool no_index;  /* look at every policy: for tests */
    /* An attribute that the request lacks: puts a bag, empty if it knows none either; a sentence
     * if it failed. May be NULL. */
    const char *(*find)(void *baton, apr_pool_t *p, const prov_xmissing *wanted, prov_xbag *out);
    /* The resources below one (hierarchical scope): appends prov_xvalue to `out`; `deep` for
     * all descendants. May be NULL: then only Immediate is known. */
    const char *(*below)(void *baton, apr_pool_t *p, const prov_xvalue *resource, bool deep,
                         apr_array_header_t *out);
    /* Each step in words, indented by depth. May be NULL. */
    void (*trace)(void *baton, int depth, const char *line);
    void *baton;
} prov_pdp_options;

/* Never fails: what goes wrong is in the response. All on `p`. Options may be NULL. */
prov_xresponse *prov_pdp_decide(const prov_pdp *pdp, apr_pool_t *p, const prov_xrequest *request,
                                const prov_pdp_options *options);

/* Text forms. A request that cannot be read is answered by prov_xresponse_refused. */
prov_err *prov_xrequest_read_xml(apr_pool_t *p, prov_bytes text, const char *source,
                                 const prov_pdp_bounds *bounds, prov_xrequest **out);
prov_err *prov_xrequest_read_json(apr_pool_t *p, prov_bytes text, const char *source,
                                  const prov_pdp_bounds *bounds, prov_xrequest **out);
prov_xresponse *prov_xresponse_refused(apr_pool_t *p, const prov_err *err); /* syntax-error */
prov_bytes prov_xresponse_xml(apr_pool_t *p, const prov_xresponse *response);
prov_bytes prov_xresponse_json(apr_pool_t *p, const prov_xresponse *response);

#endif
