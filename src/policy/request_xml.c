#include "policy/load.h"
#include "policy/request_read.h"
#include "policy/value_xml.h"

#include <apr_strings.h>
#include <string.h>

typedef struct reader {
    apr_pool_t *pool;
    const char *source;
    prov_xrequest *request;
} reader;

static prov_err *wrong(const reader *r, const prov_xml_node *n, const char *sentence)
{
    prov_err *err = prov_err_make(r->pool, 400, NULL, "%s", sentence);
    err->source = apr_psprintf(r->pool, "%s:%ld", r->source, prov_xml_line(n));
    return err;
}

/* The attributes that the schema requires, but that senders leave out, are false then. */
static prov_err *read_flag(const reader *r, const prov_xml_node *n, const char *name, bool *out)
{
    const char *text = prov_xml_attribute(r->pool, n, NULL, name);
    prov_xvalue v = { .u.boolean = false };
    const char *why =
        text ? prov_xvalue_parse(r->pool, PROV_X_BOOLEAN, prov_bytes_of(text), &v) : NULL;
    *out = text && v.u.boolean;
    return why ? wrong(r, n, why) : NULL;
}

static prov_err *read_required(const reader *r, const prov_xml_node *n, const char *name,
                               const char **out)
{
    *out = prov_xml_attribute(r->pool, n, NULL, name);
    return *out
               ? NULL
               : wrong(r, n,
                       apr_pstrcat(r->pool, prov_xml_name(n), " lacks its attribute ", name, NULL));
}

static prov_err *read_attribute(const reader *r, const prov_xml_node *n, prov_xattributes *to)
{
    const char *id;
    prov_err *err = read_required(r, n, "AttributeId", &id);
    if (err)
        return err;
    prov_xattribute *a =
        prov_xrequest_attribute(r->request, to, id, prov_xml_attribute(r->pool, n, NULL, "Issuer"));
    if ((err = read_flag(r, n, "IncludeInResult", &a->include)))
        return err;
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c)) {
        prov_xvalue v = { .type = PROV_X_STRING };
        const char *why = prov_xelement(c, "AttributeValue")
                              ? prov_xvalue_read(r->pool, r->pool, c, &v)
                              : "an Attribute holds AttributeValue only";
        if (why)
            return wrong(r, c, why);
        prov_xattribute_add(a, v);
    }
    return a->values->nelts ? NULL : wrong(r, n, "an Attribute needs an AttributeValue");
}

static prov_err *read_content(const reader *r, const prov_xml_node *n, prov_xattributes *to)
{
    const prov_xml_node *element = prov_xml_first(n);
    if (to->content || !element || prov_xml_next(element))
        return wrong(r, n,
                     to->content ? "one category has one Content" : "a Content holds one element");
    return prov_xml_extract(r->pool, element, &to->content);
}

static prov_err *read_inside(const reader *r, const prov_xml_node *n, prov_xattributes *to)
{
    prov_err *err = NULL;
    for (const prov_xml_node *c = prov_xml_first(n); c && !err; c = prov_xml_next(c))
        err = prov_xelement(c, "Attribute") ? read_attribute(r, c, to)
              : prov_xelement(c, "Content") ? read_content(r, c, to)
                                            : wrong(r, c, "Attributes hold Content and Attribute");
    return err;
}

static prov_err *read_attributes(const reader *r, const prov_xml_node *n)
{
    const char *category;
    prov_err *err = read_required(r, n, "Category", &category);
    if (err)
        return err;
    prov_xattributes *to = prov_xrequest_category(r->request, category);
    to->xml_id = prov_xml_attribute(r->pool, n, "http://www.w3.org/XML/1998/namespace", "id");
    return read_inside(r, n, to);
}

static prov_err *read_reference(const reader *r, const prov_xml_node *n, apr_array_header_t *to)
{
    const char *id = NULL;
    prov_err *err = NULL;
    for (const prov_xml_node *c = prov_xml_first(n); c && !err; c = prov_xml_next(c)) {
        err = prov_xelement(c, "AttributesReference")
                  ? read_required(r, c, "ReferenceId", &id)
                  : wrong(r, c, "a RequestReference holds AttributesReference only");
        APR_ARRAY_PUSH(to, const char *) = id;
    }
    return err;
}

static prov_err *read_references(const reader *r, const prov_xml_node *n)
{
    prov_err *err = NULL;
    r->request->references = apr_array_make(r->pool, 4, sizeof(apr_array_header_t *));
    for (const prov_xml_node *c = prov_xml_first(n); c && !err; c = prov_xml_next(c)) {
        apr_array_header_t *list = apr_array_make(r->pool, 4, sizeof(const char *));
        APR_ARRAY_PUSH(r->request->references, apr_array_header_t *) = list;
        err = prov_xelement(c, "RequestReference")
                  ? read_reference(r, c, list)
                  : wrong(r, c, "MultiRequests hold RequestReference only");
    }
    return err;
}

static prov_err *read_request(const reader *r, const prov_xml_node *n)
{
    if (!prov_xelement(n, "Request"))
        return wrong(r, n, "a Request of XACML 3.0 is expected");
    prov_err *err = read_flag(r, n, "ReturnPolicyIdList", &r->request->return_policy_ids);
    if (!err)
        err = read_flag(r, n, "CombinedDecision", &r->request->combined);
    for (const prov_xml_node *c = prov_xml_first(n); c && !err; c = prov_xml_next(c))
        if (prov_xelement(c, "Attributes"))
            err = read_attributes(r, c);
        else if (prov_xelement(c, "MultiRequests"))
            err = read_references(r, c);
        else if (!prov_xelement(c, "RequestDefaults"))
            err = wrong(r, c, "a Request holds RequestDefaults, Attributes and MultiRequests");
    return err || r->request->categories->nelts ? err : wrong(r, n, "a Request needs Attributes");
}

static prov_err *parse(apr_pool_t *p, prov_bytes text, const char *source,
                       const prov_pdp_bounds *bounds, const prov_xml_node **root)
{
    prov_xml_bounds b = { bounds->request_bytes, PROV_XML_DEPTH, bounds->request_nodes };
    return prov_xml_parse(p, text, source, &b, root);
}

prov_err *prov_xrequest_read_xml(apr_pool_t *p, prov_bytes text, const char *source,
                                 const prov_pdp_bounds *bounds, prov_xrequest **out)
{
    const prov_xml_node *root;
    reader r = { p, source, prov_xrequest_make(p) };
    prov_err *err = parse(p, text, source, bounds, &root);
    if (!err)
        err = read_request(&r, root);
    *out = r.request;
    return err;
}

prov_err *prov_xattributes_read(apr_pool_t *p, const char *category, prov_bytes inside,
                                const prov_pdp_bounds *bounds, prov_xattributes **out)
{
    const prov_xml_node *root;
    prov_buf b;
    reader r = { p, "access-permitted", prov_xrequest_make(p) };
    prov_buf_init(&b, p, inside.len + 128);
    prov_buf_text(&b, "<Attributes xmlns=\"" PROV_X_NAMESPACE "\">");
    prov_buf_add(&b, inside.data, inside.len);
    prov_buf_text(&b, "</Attributes>");
    *out = prov_xrequest_category(r.request, category);
    prov_err *err = parse(p, prov_buf_bytes(&b), r.source, bounds, &root);
    return err ? err : read_inside(&r, root, *out);
}

prov_err *prov_xcontent_read(apr_pool_t *p, prov_bytes text, const char *source,
                             const prov_pdp_bounds *bounds, const prov_xml_node **out)
{
    const prov_xml_node *root;
    prov_err *err = parse(p, text, source, bounds, &root);
    return err ? err : prov_xml_extract(p, root, out);
}
