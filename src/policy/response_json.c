/* The response of the JSON profile, section 5. */
#include "base/json.h"
#include "policy/policy.h"

#include <math.h>

/* Commas and names, so that the parts read as what they write. */
static void name(prov_buf *b, const char *member)
{
    if (b->len > 0 && b->data[b->len - 1] != '{' && b->data[b->len - 1] != '[')
        prov_buf_byte(b, ',');
    if (!member)
        return;
    prov_json_write_text(b, member);
    prov_buf_byte(b, ':');
}

static void open(prov_buf *b, const char *member, char bracket)
{
    name(b, member);
    prov_buf_byte(b, (uint8_t)bracket);
}

static void text(prov_buf *b, const char *member, const char *value)
{
    if (!value)
        return;
    name(b, member);
    prov_json_write_text(b, value);
}

static void expression(prov_buf *b, const prov_xexpression *x)
{
    open(b, NULL, '{');
    text(b, "XPathCategory", x->category);
    open(b, "Namespaces", '[');
    for (size_t i = 0; i < x->prefix_count; i++) {
        open(b, NULL, '{');
        text(b, "Prefix", x->prefixes[i].prefix);
        text(b, "Namespace", x->prefixes[i].uri);
        prov_buf_byte(b, '}');
    }
    prov_buf_byte(b, ']');
    text(b, "XPath", x->text);
    prov_buf_byte(b, '}');
}

/* Numbers and booleans as such; what JSON has no number for, as text. */
static void value(prov_buf *b, const prov_xvalue *v)
{
    if (v->type == PROV_X_XPATH) {
        expression(b, v->u.xpath);
        return;
    }
    name(b, NULL);
    if (v->type == PROV_X_BOOLEAN)
        prov_buf_text(b, v->u.boolean ? "true" : "false");
    else if (v->type == PROV_X_INTEGER)
        prov_json_write_integer(b, v->u.integer);
    else if (v->type == PROV_X_DOUBLE && isfinite(v->u.number))
        prov_json_write_number(b, v->u.number);
    else
        prov_json_write_string(b, prov_xvalue_text(b->pool, v));
}

static void member_value(prov_buf *b, const char *member, const prov_xvalue *v)
{
    prov_buf one;
    prov_buf_init(&one, b->pool, 64);
    value(&one, v);
    name(b, member);
    prov_buf_add(b, one.data, one.len);
}

static void status(prov_buf *b, const prov_xresult *r)
{
    open(b, "Status", '{');
    open(b, "StatusCode", '{');
    text(b, "Value", prov_xcode_uri(r->code));
    prov_buf_byte(b, '}');
    text(b, "StatusMessage", r->message);
    if (r->code == PROV_X_MISSING_ATTRIBUTE && r->missing) {
        open(b, "StatusDetail", '{');
        open(b, "MissingAttributeDetail", '[');
        open(b, NULL, '{');
        text(b, "AttributeId", r->missing->id);
        text(b, "Category", r->missing->category);
        text(b, "DataType", prov_xtype_uri(r->missing->type));
        text(b, "Issuer", r->missing->issuer);
        prov_buf_text(b, "}]}");
    }
    prov_buf_byte(b, '}');
}

static void duties(prov_buf *b, const prov_xresult *r, bool advice)
{
    bool any = false;
    for (const prov_xduty *d = r->duties; d; d = d->next) {
        if (d->advice != advice)
            continue;
        if (!any)
            open(b, advice ? "AssociatedAdvice" : "Obligations", '[');
        any = true;
        open(b, NULL, '{');
        text(b, "Id", d->id);
        if (d->count)
            open(b, "AttributeAssignment", '[');
        for (size_t i = 0; i < d->count; i++) {
            const prov_xassignment *a = &d->assignments[i];
            open(b, NULL, '{');
            text(b, "AttributeId", a->id);
            text(b, "Category", a->category);
            text(b, "Issuer", a->issuer);
            text(b, "DataType", prov_xtype_uri(a->value.type));
            member_value(b, "Value", &a->value);
            prov_buf_byte(b, '}');
        }
        prov_buf_text(b, d->count ? "]}" : "}");
    }
    if (any)
        prov_buf_byte(b, ']');
}

static void attribute(prov_buf *b, const prov_xattribute *at)
{
    open(b, NULL, '{');
    text(b, "AttributeId", at->id);
    text(b, "Issuer", at->issuer);
    text(b, "DataType",
         at->values->nelts ? prov_xtype_uri(APR_ARRAY_IDX(at->values, 0, const prov_xvalue).type)
                           : NULL);
    name(b, "IncludeInResult");
    prov_buf_text(b, "true");
    if (at->values->nelts == 1)
        member_value(b, "Value", &APR_ARRAY_IDX(at->values, 0, const prov_xvalue));
    else {
        open(b, "Value", '[');
        for (int i = 0; i < at->values->nelts; i++)
            value(b, &APR_ARRAY_IDX(at->values, i, const prov_xvalue));
        prov_buf_byte(b, ']');
    }
    prov_buf_byte(b, '}');
}

static void categories(prov_buf *b, const apr_array_header_t *list)
{
    open(b, "Category", '[');
    for (int i = 0; i < list->nelts; i++) {
        const prov_xattributes *a = APR_ARRAY_IDX(list, i, const prov_xattributes *);
        open(b, NULL, '{');
        text(b, "CategoryId", a->category);
        text(b, "Id", a->xml_id);
        open(b, "Attribute", '[');
        for (int j = 0; j < a->attributes->nelts; j++)
            attribute(b, &APR_ARRAY_IDX(a->attributes, j, const prov_xattribute));
        prov_buf_text(b, "]}");
    }
    prov_buf_byte(b, ']');
}

static void policies(prov_buf *b, const prov_xpolicy_id *list, bool set)
{
    bool any = false;
    for (const prov_xpolicy_id *id = list; id; id = id->next) {
        if (id->set != set)
            continue;
        if (!any)
            open(b, set ? "PolicySetIdReference" : "PolicyIdReference", '[');
        any = true;
        open(b, NULL, '{');
        text(b, "Id", id->id);
        text(b, "Version", id->version);
        prov_buf_byte(b, '}');
    }
    if (any)
        prov_buf_byte(b, ']');
}

static void result(prov_buf *b, const prov_xresult *r)
{
    open(b, NULL, '{');
    text(b, "Decision", prov_xdecision_text(r->decision));
    status(b, r);
    duties(b, r, false);
    duties(b, r, true);
    if (r->attributes)
        categories(b, r->attributes);
    if (r->policies) {
        open(b, "PolicyIdentifierList", '{');
        policies(b, r->policies, false);
        policies(b, r->policies, true);
        prov_buf_byte(b, '}');
    }
    prov_buf_byte(b, '}');
}

prov_bytes prov_xresponse_json(apr_pool_t *p, const prov_xresponse *response)
{
    prov_buf b;
    prov_buf_init(&b, p, 1024);
    open(&b, NULL, '{');
    open(&b, "Response", '[');
    for (size_t i = 0; i < response->count; i++)
        result(&b, &response->results[i]);
    prov_buf_text(&b, "]}");
    return prov_buf_bytes(&b);
}
