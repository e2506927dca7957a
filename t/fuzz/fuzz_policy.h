/* What the fuzzers of policy/ share: tight bounds, a pool for each input, a small decision point.
 */
#ifndef FUZZ_POLICY_H
#define FUZZ_POLICY_H

#include "policy/policy.h"
#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(truth)                                                                                \
    do {                                                                                           \
        if (!(truth))                                                                              \
            abort();                                                                               \
    } while (0)

static apr_pool_t *fuzz_pool; /* lives as long as the process */

static const prov_pdp_bounds fuzz_bounds = { .policy_bytes = 1 << 16,
                                             .policy_nodes = 5000,
                                             .request_bytes = 1 << 16,
                                             .request_nodes = 5000,
                                             .depth = 60,
                                             .results = 50,
                                             .steps = 20000,
                                             .regex_steps = 20000,
                                             .xpath_steps = 20000 };

static inline apr_pool_t *fuzz_begin(void)
{
    apr_pool_t *p;
    if (!fuzz_pool) {
        apr_initialize();
        apr_pool_create(&fuzz_pool, NULL);
    }
    apr_pool_create(&p, fuzz_pool);
    return p;
}

/* What holds of every response, whatever was asked. */
static inline void fuzz_response(apr_pool_t *p, const prov_xresponse *response)
{
    for (size_t i = 0; i < response->count; i++) {
        const prov_xresult *r = &response->results[i];
        must(prov_xindeterminate(r->decision) == (r->code != PROV_X_OK));
        must(!prov_xindeterminate(r->decision) || (!r->duties && !r->policies));
    }
    must(prov_xresponse_xml(p, response).len > 0);
    must(prov_xresponse_json(p, response).len > 0);
}

#define FUZZ_XACML     "urn:oasis:names:tc:xacml:"
#define FUZZ_NAMESPACE FUZZ_XACML "3.0:core:schema:wd-17"

/* Every kind of look at a request: a designator, a selector, an xpathExpression, the clock. */
#define FUZZ_POLICY                                                                                \
    "<Policy xmlns=\"" FUZZ_NAMESPACE                                                              \
    "\" PolicyId=\"p\" Version=\"1\" RuleCombiningAlgId=\"" FUZZ_XACML                             \
    "1.0:rule-combining-algorithm:first-applicable\"><Target/><Rule RuleId=\"r\" "                 \
    "Effect=\"Permit\"><Condition><Apply FunctionId=\"" FUZZ_XACML "1.0:function:or\">"            \
    "<Apply FunctionId=\"" FUZZ_XACML "1.0:function:string-at-least-one-member-of\">"              \
    "<AttributeSelector Category=\"c\" Path=\"//text()\" MustBePresent=\"false\" "                 \
    "DataType=\"http://www.w3.org/2001/XMLSchema#string\" ContextSelectorId=\"s\"/>"               \
    "<AttributeDesignator Category=\"c\" AttributeId=\"a\" MustBePresent=\"false\" "               \
    "DataType=\"http://www.w3.org/2001/XMLSchema#string\"/></Apply>"                               \
    "<Apply FunctionId=\"" FUZZ_XACML "1.0:function:string-regexp-match\">"                        \
    "<AttributeValue "                                                                             \
    "DataType=\"http://www.w3.org/2001/XMLSchema#string\">(a|ab)*c</AttributeValue>"               \
    "<Apply FunctionId=\"" FUZZ_XACML "1.0:function:string-one-and-only\">"                        \
    "<AttributeDesignator Category=\"c\" AttributeId=\"b\" MustBePresent=\"true\" "                \
    "DataType=\"http://www.w3.org/2001/XMLSchema#string\"/></Apply></Apply></Apply></Condition>"   \
    "</Rule><AdviceExpressions><AdviceExpression AdviceId=\"all\" AppliesTo=\"Permit\">"           \
    "<AttributeAssignmentExpression AttributeId=\"x\"><AttributeDesignator Category=\"c\" "        \
    "AttributeId=\"s\" MustBePresent=\"false\" DataType=\"" FUZZ_XACML                             \
    "3.0:data-type:xpathExpression\"/></AttributeAssignmentExpression></AdviceExpression>"         \
    "</AdviceExpressions></Policy>"

static inline const prov_pdp *fuzz_pdp(void)
{
    static prov_pdp *pdp;
    if (pdp)
        return pdp;
    pdp = prov_pdp_make(fuzz_pool, &fuzz_bounds);
    prov_bytes text = { (const uint8_t *)FUZZ_POLICY, strlen(FUZZ_POLICY) };
    must(!prov_pdp_add(pdp, text, "given", PROV_PDP_ROOT));
    must(!prov_pdp_finish(pdp, NULL));
    return pdp;
}

#endif
