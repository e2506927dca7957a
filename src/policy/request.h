/* What is asked and what is answered (core, sections 5.42 to 5.60), without any text form.
 *
 * A request and all it refers to live on the pool it was made on and are only read by a decision:
 * one request may be decided by several threads at once, unless it has Content. */
#ifndef PROV_POLICY_REQUEST_H
#define PROV_POLICY_REQUEST_H

#include "base/xml.h"
#include "policy/function.h"

#define PROV_X_ACCESS_SUBJECT "urn:oasis:names:tc:xacml:1.0:subject-category:access-subject"
#define PROV_X_RESOURCE       "urn:oasis:names:tc:xacml:3.0:attribute-category:resource"
#define PROV_X_ACTION         "urn:oasis:names:tc:xacml:3.0:attribute-category:action"
#define PROV_X_ENVIRONMENT    "urn:oasis:names:tc:xacml:3.0:attribute-category:environment"

typedef struct prov_xattribute {
    const char *id, *issuer;    /* the issuer may be NULL */
    bool include;               /* IncludeInResult */
    apr_array_header_t *values; /* of prov_xvalue */
} prov_xattribute;

typedef struct prov_xattributes {
    const char *category, *xml_id;  /* xml:id may be NULL */
    const prov_xml_node *content;   /* the document node of its Content, or NULL */
    apr_array_header_t *attributes; /* of prov_xattribute */
} prov_xattributes;

typedef struct prov_xrequest {
    apr_pool_t *pool;
    bool return_policy_ids, combined;
    apr_array_header_t *categories; /* of prov_xattributes *, one may occur several times */
    apr_array_header_t *references; /* MultiRequests: of apr_array_header_t * of const char * */
} prov_xrequest;

prov_xrequest *prov_xrequest_make(apr_pool_t *p);
/* A new Attributes element. Identifiers are not copied: they live as long as the request. */
prov_xattributes *prov_xrequest_category(prov_xrequest *r, const char *category);
prov_xattribute *prov_xrequest_attribute(prov_xrequest *r, prov_xattributes *to, const char *id,
                                         const char *issuer);
void prov_xattribute_add(prov_xattribute *a, prov_xvalue value);
/* An attribute of one string. */
void prov_xrequest_string(prov_xrequest *r, prov_xattributes *to, const char *id, prov_bytes text);

typedef enum {
    PROV_X_NOT_APPLICABLE,
    PROV_X_PERMIT,
    PROV_X_DENY,
    PROV_X_INDETERMINATE_P,
    PROV_X_INDETERMINATE_D,
    PROV_X_INDETERMINATE_DP
} prov_xdecision;

static inline bool prov_xindeterminate(prov_xdecision d)
{
    return d >= PROV_X_INDETERMINATE_P;
}

typedef struct prov_xassignment {
    const char *id, *category, *issuer; /* category and issuer may be NULL */
    prov_xvalue value;
} prov_xassignment;

typedef struct prov_xduty { /* an Obligation or an Advice */
    struct prov_xduty *next;
    const char *id;
    bool advice;
    size_t count;
    const prov_xassignment *assignments;
} prov_xduty;

typedef struct prov_xpolicy_id {
    struct prov_xpolicy_id *next;
    const char *id, *version;
    bool set;
} prov_xpolicy_id;

typedef struct prov_xresult {
    prov_xdecision decision; /* the extended Indeterminate; a response shows the plain one */
    prov_xcode code;
    const char *message;          /* NULL if the code is ok */
    const prov_xmissing *missing; /* with missing-attribute, or NULL */
    const prov_xduty *duties;     /* obligations and advice */
    const prov_xpolicy_id *policies;
    const apr_array_header_t *attributes; /* of prov_xattributes *: what asked to be returned */
} prov_xresult;

typedef struct prov_xresponse {
    size_t count;
    prov_xresult *results;
} prov_xresponse;

const char *prov_xdecision_text(prov_xdecision d);     /* "Permit" ... "Indeterminate" */
const char *prov_xdecision_extended(prov_xdecision d); /* "Indeterminate{DP}" */
const char *prov_xcode_uri(prov_xcode c);

#endif
