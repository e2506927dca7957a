/* The request of the JSON profile, section 4. */
#include "base/json.h"
#include "base/text.h"
#include "policy/request_read.h"

#include <apr_strings.h>
#include <string.h>

#define SUBJECT_CATEGORY   "urn:oasis:names:tc:xacml:1.0:subject-category:"
#define ATTRIBUTE_CATEGORY "urn:oasis:names:tc:xacml:3.0:attribute-category:"

typedef struct reader {
    apr_pool_t *pool;
    const char *source;
    const prov_pdp_bounds *bounds;
    prov_xrequest *request;
    size_t values;
    prov_err *err; /* the first */
} reader;

static const struct {
    const char *name, *category;
} shorthands[] = {
    { "AccessSubject", SUBJECT_CATEGORY "access-subject" },
    { "RecipientSubject", SUBJECT_CATEGORY "recipient-subject" },
    { "IntermediarySubject", SUBJECT_CATEGORY "intermediary-subject" },
    { "Codebase", SUBJECT_CATEGORY "codebase" },
    { "RequestingMachine", SUBJECT_CATEGORY "requesting-machine" },
    { "Resource", ATTRIBUTE_CATEGORY "resource" },
    { "Action", ATTRIBUTE_CATEGORY "action" },
    { "Environment", ATTRIBUTE_CATEGORY "environment" },
};

static bool wrong(reader *r, const char *what, const char *sentence)
{
    if (!r->err) {
        r->err = prov_err_make(r->pool, 400, NULL, "%s %s", what, sentence);
        r->err->source = r->source;
    }
    return false;
}

/* NULL if it is not there. */
static const char *text_of(reader *r, const prov_json *j, const char *name)
{
    const prov_json *member = prov_json_get(j, name, NULL);
    if (!member)
        return NULL;
    if (prov_json_is(member) != PROV_JSON_STRING) {
        wrong(r, name, "is a string");
        return NULL;
    }
    return prov_bytes_text(r->pool, prov_json_string(member));
}

static bool flag_of(reader *r, const prov_json *j, const char *name)
{
    const prov_json *member = prov_json_get(j, name, NULL);
    if (member && prov_json_is(member) != PROV_JSON_BOOLEAN)
        return wrong(r, name, "is true or false");
    return member && prov_json_boolean(member);
}

typedef bool read_one(reader *r, const prov_json *j, void *baton);

/* An object, or an array of them. */
static bool each_of(reader *r, const prov_json *j, const char *name, read_one *read, void *baton)
{
    if (prov_json_is(j) != PROV_JSON_ARRAY)
        return prov_json_is(j) == PROV_JSON_OBJECT ? read(r, j, baton)
                                                   : wrong(r, name, "is an object or an array");
    for (size_t i = 0; i < prov_json_length(j); i++)
        if (prov_json_is(prov_json_at(j, i)) != PROV_JSON_OBJECT)
            return wrong(r, name, "holds objects");
        else if (!read(r, prov_json_at(j, i), baton))
            return false;
    return true;
}

static bool read_prefix(reader *r, const prov_json *j, void *baton)
{
    prov_xml_prefix *p = apr_array_push(baton);
    p->prefix = text_of(r, j, "Prefix");
    p->uri = text_of(r, j, "Namespace");
    return p->uri || wrong(r, "Namespaces", "need a Namespace");
}

static bool read_expression(reader *r, const prov_json *j, prov_xvalue *out)
{
    apr_array_header_t *prefixes = apr_array_make(r->pool, 2, sizeof(prov_xml_prefix));
    const prov_json *namespaces = prov_json_get(j, "Namespaces", NULL);
    prov_xexpression *x = apr_pcalloc(r->pool, sizeof *x);
    x->text = text_of(r, j, "XPath");
    x->category = text_of(r, j, "XPathCategory");
    if (namespaces && !each_of(r, namespaces, "Namespaces", read_prefix, prefixes))
        return false;
    if (!x->text || !x->category || prov_xpath_check(r->pool, x->text))
        return wrong(r, "xpathExpression", "needs an XPath that is one, and an XPathCategory");
    for (size_t i = 0; i < sizeof shorthands / sizeof *shorthands; i++)
        if (strcmp(shorthands[i].name, x->category) == 0)
            x->category = shorthands[i].category;
    x->prefixes = (const prov_xml_prefix *)(void *)prefixes->elts;
    x->prefix_count = (size_t)prefixes->nelts;
    *out = (prov_xvalue){ .type = PROV_X_XPATH, .lexical = prov_bytes_of(x->text), .u.xpath = x };
    return true;
}

/* What a value is when nothing is said (section 3.3.1). */
static prov_xtype infer(const prov_json *j)
{
    switch (prov_json_is(j)) {
    case PROV_JSON_BOOLEAN:
        return PROV_X_BOOLEAN;
    case PROV_JSON_INTEGER:
        return PROV_X_INTEGER;
    case PROV_JSON_NUMBER:
        return PROV_X_DOUBLE;
    case PROV_JSON_OBJECT:
        return PROV_X_XPATH;
    default:
        return PROV_X_STRING;
    }
}

/* Of an array: integers among doubles are doubles, anything else is of one type. */
static bool infer_all(reader *r, const prov_json *j, prov_xtype *out)
{
    size_t n = prov_json_length(j);
    *out = n ? infer(prov_json_at(j, 0)) : PROV_X_STRING;
    for (size_t i = 1; i < n; i++) {
        prov_xtype other = infer(prov_json_at(j, i));
        bool numbers = (other == PROV_X_INTEGER || other == PROV_X_DOUBLE) &&
                       (*out == PROV_X_INTEGER || *out == PROV_X_DOUBLE);
        if (other != *out && !numbers)
            return wrong(r, "Value", "mixes data types");
        if (other != *out)
            *out = PROV_X_DOUBLE;
    }
    return true;
}

static bool convert(reader *r, prov_xtype type, const prov_json *j, prov_xvalue *out)
{
    prov_json_kind kind = prov_json_is(j);
    const char *why = NULL;
    if (type == PROV_X_XPATH)
        return kind == PROV_JSON_OBJECT ? read_expression(r, j, out)
                                        : wrong(r, "xpathExpression", "is an object");
    if (kind == PROV_JSON_STRING)
        why = prov_xvalue_parse(r->pool, type, prov_bytes_copy(r->pool, prov_json_string(j)), out);
    else if (type == PROV_X_DOUBLE && (kind == PROV_JSON_NUMBER || kind == PROV_JSON_INTEGER))
        *out = prov_xvalue_double(prov_json_number(j));
    else if (type == PROV_X_INTEGER && kind == PROV_JSON_INTEGER)
        *out = prov_xvalue_integer(prov_json_integer(j));
    else if (type == PROV_X_BOOLEAN && kind == PROV_JSON_BOOLEAN)
        *out = prov_xvalue_boolean(prov_json_boolean(j));
    else
        why = apr_pstrcat(r->pool, "a value is no ", prov_xtype_name(type), NULL);
    return !why || wrong(r, "Value:", why);
}

static bool add_value(reader *r, prov_xattribute *to, prov_xtype type, const prov_json *j)
{
    prov_xvalue v = { .type = type };
    if (++r->values > r->bounds->request_nodes)
        return wrong(r, "the request", "has too many values");
    if (!convert(r, type, j, &v))
        return false;
    prov_xattribute_add(to, v);
    return true;
}

static bool find_type(reader *r, const prov_json *j, const prov_json *value, prov_xtype *out)
{
    const char *name = text_of(r, j, "DataType");
    if (name)
        return prov_xtype_find(prov_bytes_of(name), out) ||
               prov_xtype_find_short(prov_bytes_of(name), out) || wrong(r, name, "is no data type");
    if (prov_json_is(value) == PROV_JSON_ARRAY)
        return infer_all(r, value, out);
    *out = infer(value);
    return true;
}

static bool read_attribute(reader *r, const prov_json *j, void *baton)
{
    prov_xtype type;
    bool found;
    const char *id = text_of(r, j, "AttributeId");
    const prov_json *value = prov_json_get(j, "Value", &found);
    if (!id || !found)
        return wrong(r, "Attribute", "needs an AttributeId and a Value");
    if (!find_type(r, j, value, &type))
        return false;
    prov_xattribute *a = prov_xrequest_attribute(r->request, baton, id, text_of(r, j, "Issuer"));
    a->include = flag_of(r, j, "IncludeInResult");
    if (prov_json_is(value) != PROV_JSON_ARRAY)
        return add_value(r, a, type, value) && !r->err;
    for (size_t i = 0; i < prov_json_length(value); i++)
        if (!add_value(r, a, type, prov_json_at(value, i)))
            return false;
    return !r->err;
}

/* XML as it is, or in base64. */
static bool read_content(reader *r, const char *text, prov_xattributes *to)
{
    prov_bytes xml = prov_bytes_of(text);
    if (text[strspn(text, " \t\r\n")] != '<' && !prov_text_unbase64(r->pool, xml, &xml))
        return wrong(r, "Content", "is neither XML nor base64");
    prov_err *err = prov_xcontent_read(r->pool, xml, "Content", r->bounds, &to->content);
    return !err || wrong(r, "Content:", err->detail);
}

static bool read_category(reader *r, const prov_json *j, void *baton)
{
    const char *id = baton ? baton : text_of(r, j, "CategoryId");
    const prov_json *attributes = prov_json_get(j, "Attribute", NULL);
    for (size_t i = 0; id && i < sizeof shorthands / sizeof *shorthands; i++)
        if (strcmp(shorthands[i].name, id) == 0)
            id = shorthands[i].category;
    if (!id)
        return wrong(r, "Category", "needs a CategoryId");
    prov_xattributes *to = prov_xrequest_category(r->request, id);
    to->xml_id = text_of(r, j, "Id");
    const char *content = text_of(r, j, "Content");
    if (content && !read_content(r, content, to))
        return false;
    return (!attributes || each_of(r, attributes, "Attribute", read_attribute, to)) && !r->err;
}

static bool read_reference(reader *r, const prov_json *j, void *baton)
{
    const prov_json *ids = prov_json_get(j, "ReferenceId", NULL);
    apr_array_header_t *list = apr_array_make(r->pool, 4, sizeof(const char *));
    if (prov_json_is(ids) != PROV_JSON_ARRAY)
        return wrong(r, "ReferenceId", "is an array of strings");
    for (size_t i = 0; i < prov_json_length(ids); i++)
        if (prov_json_is(prov_json_at(ids, i)) != PROV_JSON_STRING)
            return wrong(r, "ReferenceId", "is an array of strings");
        else
            APR_ARRAY_PUSH(list, const char *) =
                prov_bytes_text(r->pool, prov_json_string(prov_json_at(ids, i)));
    APR_ARRAY_PUSH(r->request->references, apr_array_header_t *) = list;
    return true;
}

/* A member that is none of the profile's and has a colon is a category by its URI. */
static bool read_member(void *baton, const char *name, const prov_json *value)
{
    static const char *const known[] = { "ReturnPolicyIdList", "CombinedDecision", "XPathVersion",
                                         "MultiRequests", NULL };
    reader *r = baton;
    for (size_t i = 0; known[i]; i++)
        if (strcmp(known[i], name) == 0)
            return true;
    if (strcmp(name, "Category") == 0)
        return each_of(r, value, name, read_category, NULL);
    for (size_t i = 0; i < sizeof shorthands / sizeof *shorthands; i++)
        if (strcmp(shorthands[i].name, name) == 0)
            return each_of(r, value, name, read_category,
                           apr_pstrdup(r->pool, shorthands[i].category));
    if (strchr(name, ':'))
        return each_of(r, value, name, read_category, apr_pstrdup(r->pool, name));
    return wrong(r, name, "is no member of a Request");
}

static void read_request(reader *r, const prov_json *j)
{
    const prov_json *multi = prov_json_get(j, "MultiRequests", NULL);
    const prov_json *references = prov_json_get(multi, "RequestReference", NULL);
    r->request->return_policy_ids = flag_of(r, j, "ReturnPolicyIdList");
    r->request->combined = flag_of(r, j, "CombinedDecision");
    prov_json_each(j, read_member, r);
    if (r->request->categories->nelts == 0)
        wrong(r, "a Request", "needs a Category");
    if (r->err || !multi)
        return;
    r->request->references = apr_array_make(r->pool, 4, sizeof(apr_array_header_t *));
    if (references)
        each_of(r, references, "RequestReference", read_reference, NULL);
    else
        wrong(r, "MultiRequests", "needs a RequestReference");
}

prov_err *prov_xrequest_read_json(apr_pool_t *p, prov_bytes text, const char *source,
                                  const prov_pdp_bounds *bounds, prov_xrequest **out)
{
    const prov_json *root = NULL;
    reader r = { p, source, bounds, prov_xrequest_make(p), 0, NULL };
    *out = r.request;
    if (text.len > bounds->request_bytes)
        return prov_err_make(p, 413, NULL, "%s has %zu bytes, %zu are allowed", source, text.len,
                             bounds->request_bytes);
    prov_err *err = prov_json_parse(p, text, &root);
    if (err)
        return err;
    const prov_json *request = prov_json_get(root, "Request", NULL);
    if (prov_json_is(root) != PROV_JSON_OBJECT || prov_json_is(request) != PROV_JSON_OBJECT)
        wrong(&r, "the text", "is no object with a Request");
    else
        read_request(&r, request);
    return r.err;
}
