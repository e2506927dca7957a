/* What a request learns about itself on its way through httpd's hooks. */
#ifndef PROV_INBOUND_INQUIRY_H
#define PROV_INBOUND_INQUIRY_H

#include "inbound/glue.h"

typedef struct prov_inquiry {
    const prov_caller *caller; /* as AuthType Provision found it; NULL: it did not */
    const prov_err *refusal;   /* why a hook before the handler said no, or NULL */
    bool counted;              /* as one of its caller's: see rate.h */
    prov_err *too_often;       /* then; NULL: it was not */
} prov_inquiry;

/* Made at first use; lives as long as the request. */
static inline prov_inquiry *prov_inquiry_of(request_rec *r)
{
    prov_inquiry *q = ap_get_module_config(r->request_config, &provision_module);
    if (!q) {
        q = apr_pcalloc(r->pool, sizeof *q);
        ap_set_module_config(r->request_config, &provision_module, q);
    }
    return q;
}

#endif
