#include "policy/request.h"

prov_xrequest *prov_xrequest_make(apr_pool_t *p)
{
    prov_xrequest *r = apr_pcalloc(p, sizeof *r);
    r->pool = p;
    r->categories = apr_array_make(p, 4, sizeof(prov_xattributes *));
    return r;
}

prov_xattributes *prov_xrequest_category(prov_xrequest *r, const char *category)
{
    prov_xattributes *a = apr_pcalloc(r->pool, sizeof *a);
    a->category = category;
    a->attributes = apr_array_make(r->pool, 4, sizeof(prov_xattribute));
    APR_ARRAY_PUSH(r->categories, prov_xattributes *) = a;
    return a;
}

prov_xattribute *prov_xrequest_attribute(prov_xrequest *r, prov_xattributes *to, const char *id,
                                         const char *issuer)
{
    prov_xattribute *a = apr_array_push(to->attributes);
    *a = (prov_xattribute){ .id = id,
                            .issuer = issuer,
                            .values = apr_array_make(r->pool, 1, sizeof(prov_xvalue)) };
    return a;
}

void prov_xattribute_add(prov_xattribute *a, prov_xvalue value)
{
    APR_ARRAY_PUSH(a->values, prov_xvalue) = value;
}

void prov_xrequest_string(prov_xrequest *r, prov_xattributes *to, const char *id, prov_bytes text)
{
    prov_xattribute_add(prov_xrequest_attribute(r, to, id, NULL), prov_xvalue_string(text));
}

const char *prov_xdecision_text(prov_xdecision d)
{
    return d == PROV_X_PERMIT           ? "Permit"
           : d == PROV_X_DENY           ? "Deny"
           : d == PROV_X_NOT_APPLICABLE ? "NotApplicable"
                                        : "Indeterminate";
}

const char *prov_xdecision_extended(prov_xdecision d)
{
    return d == PROV_X_INDETERMINATE_P    ? "Indeterminate{P}"
           : d == PROV_X_INDETERMINATE_D  ? "Indeterminate{D}"
           : d == PROV_X_INDETERMINATE_DP ? "Indeterminate{DP}"
                                          : prov_xdecision_text(d);
}

const char *prov_xcode_uri(prov_xcode c)
{
    static const char *const uris[] = {
        [PROV_X_OK] = "urn:oasis:names:tc:xacml:1.0:status:ok",
        [PROV_X_MISSING_ATTRIBUTE] = "urn:oasis:names:tc:xacml:1.0:status:missing-attribute",
        [PROV_X_SYNTAX_ERROR] = "urn:oasis:names:tc:xacml:1.0:status:syntax-error",
        [PROV_X_PROCESSING_ERROR] = "urn:oasis:names:tc:xacml:1.0:status:processing-error",
    };
    return uris[c];
}
