/* A request as XML is read or not; what is read is decided, and answered in both forms. */
#include "fuzz_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_begin();
    const prov_pdp_options options = { .now = 1 };
    prov_xrequest *r;
    prov_err *err = prov_xrequest_read_xml(p, (prov_bytes){ data, size }, "fuzz", &fuzz_bounds, &r);
    fuzz_response(p, err ? prov_xresponse_refused(p, err)
                         : prov_pdp_decide(fuzz_pdp(), p, r, &options));
    apr_pool_destroy(p);
    return 0;
}
