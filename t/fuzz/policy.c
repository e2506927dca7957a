/* A policy loads or not; what loads decides, with and without its index, the same. */
#include "fuzz_policy.h"

static prov_xrequest *ask(apr_pool_t *p)
{
    prov_xrequest *r = prov_xrequest_make(p);
    prov_xattributes *to = prov_xrequest_category(r, PROV_X_ACCESS_SUBJECT);
    prov_xrequest_string(r, to, "urn:oasis:names:tc:xacml:1.0:subject:subject-id",
                         PROV_BYTES("Julius Hibbert"));
    prov_xrequest_string(r, prov_xrequest_category(r, "c"), "a", PROV_BYTES("aab"));
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_begin();
    prov_pdp *pdp = prov_pdp_make(p, &fuzz_bounds);
    const prov_pdp_options with = { .now = 1 }, without = { .now = 1, .no_index = true };
    prov_pdp_add(pdp, (prov_bytes){ data, size }, "fuzz", PROV_PDP_ROOT);
    prov_pdp_finish(pdp, NULL);
    const prov_xrequest *r = ask(p);
    const prov_xresponse *response = prov_pdp_decide(pdp, p, r, &with);
    fuzz_response(p, response);
    must(response->results[0].decision ==
         prov_pdp_decide(pdp, p, r, &without)->results[0].decision);
    apr_pool_destroy(p);
    return 0;
}
