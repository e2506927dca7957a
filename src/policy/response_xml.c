#include "policy/load.h"

#include <string.h>

static void escape(prov_buf *b, prov_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        switch (text.data[i]) {
        case '<':
            prov_buf_text(b, "&lt;");
            break;
        case '>':
            prov_buf_text(b, "&gt;");
            break;
        case '&':
            prov_buf_text(b, "&amp;");
            break;
        case '"':
            prov_buf_text(b, "&quot;");
            break;
        case '\t':
        case '\n':
        case '\r':
            prov_buf_printf(b, "&#%d;", text.data[i]);
            break;
        default:
            prov_buf_byte(b, text.data[i]);
        }
}

static void attribute(prov_buf *b, const char *name, const char *value)
{
    if (!value)
        return;
    prov_buf_printf(b, " %s=\"", name);
    escape(b, prov_bytes_of(value));
    prov_buf_byte(b, '"');
}

/* DataType, and what an xpathExpression needs beside it; then the text and the end. */
static void value(prov_buf *b, const prov_xvalue *v, const char *element)
{
    attribute(b, "DataType", prov_xtype_uri(v->type));
    if (v->type == PROV_X_XPATH) {
        const prov_xexpression *x = v->u.xpath;
        attribute(b, "XPathCategory", x->category);
        for (size_t i = 0; i < x->prefix_count; i++)
            if (x->prefixes[i].prefix) {
                prov_buf_printf(b, " xmlns:%s=\"", x->prefixes[i].prefix);
                escape(b, prov_bytes_of(x->prefixes[i].uri));
                prov_buf_byte(b, '"');
            }
    }
    prov_buf_byte(b, '>');
    escape(b, prov_xvalue_text(b->pool, v));
    prov_buf_printf(b, "</%s>\n", element);
}

static void missing(prov_buf *b, const prov_xmissing *m)
{
    prov_buf_text(b, "      <StatusDetail><MissingAttributeDetail");
    attribute(b, "Category", m->category);
    attribute(b, "AttributeId", m->id);
    attribute(b, "DataType", prov_xtype_uri(m->type));
    attribute(b, "Issuer", m->issuer);
    prov_buf_text(b, "/></StatusDetail>\n");
}

static void status(prov_buf *b, const prov_xresult *r)
{
    prov_buf_printf(b, "    <Status>\n      <StatusCode Value=\"%s\"/>\n", prov_xcode_uri(r->code));
    if (r->message) {
        prov_buf_text(b, "      <StatusMessage>");
        escape(b, prov_bytes_of(r->message));
        prov_buf_text(b, "</StatusMessage>\n");
    }
    if (r->code == PROV_X_MISSING_ATTRIBUTE && r->missing)
        missing(b, r->missing);
    prov_buf_text(b, "    </Status>\n");
}

static void duties(prov_buf *b, const prov_xresult *r, bool advice)
{
    const char *list = advice ? "AssociatedAdvice" : "Obligations";
    const char *one = advice ? "Advice" : "Obligation";
    bool any = false;
    for (const prov_xduty *d = r->duties; d; d = d->next) {
        if (d->advice != advice)
            continue;
        if (!any)
            prov_buf_printf(b, "    <%s>\n", list);
        any = true;
        prov_buf_printf(b, "      <%s", one);
        attribute(b, advice ? "AdviceId" : "ObligationId", d->id);
        prov_buf_text(b, ">\n");
        for (size_t i = 0; i < d->count; i++) {
            prov_buf_text(b, "        <AttributeAssignment");
            attribute(b, "AttributeId", d->assignments[i].id);
            attribute(b, "Category", d->assignments[i].category);
            attribute(b, "Issuer", d->assignments[i].issuer);
            value(b, &d->assignments[i].value, "AttributeAssignment");
        }
        prov_buf_printf(b, "      </%s>\n", one);
    }
    if (any)
        prov_buf_printf(b, "    </%s>\n", list);
}

static void attributes(prov_buf *b, const prov_xattributes *a)
{
    prov_buf_text(b, "    <Attributes");
    attribute(b, "Category", a->category);
    attribute(b, "xml:id", a->xml_id);
    prov_buf_text(b, ">\n");
    for (int i = 0; i < a->attributes->nelts; i++) {
        const prov_xattribute *at = &APR_ARRAY_IDX(a->attributes, i, const prov_xattribute);
        prov_buf_text(b, "      <Attribute");
        attribute(b, "AttributeId", at->id);
        attribute(b, "Issuer", at->issuer);
        prov_buf_printf(b, " IncludeInResult=\"%s\">\n", at->include ? "true" : "false");
        for (int j = 0; j < at->values->nelts; j++) {
            prov_buf_text(b, "        <AttributeValue");
            value(b, &APR_ARRAY_IDX(at->values, j, const prov_xvalue), "AttributeValue");
        }
        prov_buf_text(b, "      </Attribute>\n");
    }
    prov_buf_text(b, "    </Attributes>\n");
}

static void policies(prov_buf *b, const prov_xpolicy_id *list)
{
    if (list)
        prov_buf_text(b, "    <PolicyIdentifierList>\n");
    for (const prov_xpolicy_id *id = list; id; id = id->next) {
        const char *name = id->set ? "PolicySetIdReference" : "PolicyIdReference";
        prov_buf_printf(b, "      <%s", name);
        attribute(b, "Version", id->version);
        prov_buf_byte(b, '>');
        escape(b, prov_bytes_of(id->id));
        prov_buf_printf(b, "</%s>\n", name);
    }
    if (list)
        prov_buf_text(b, "    </PolicyIdentifierList>\n");
}

prov_bytes prov_xresponse_xml(apr_pool_t *p, const prov_xresponse *response)
{
    prov_buf b;
    prov_buf_init(&b, p, 1024);
    prov_buf_text(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<Response xmlns=\"" PROV_X_NAMESPACE "\">\n");
    for (size_t i = 0; i < response->count; i++) {
        const prov_xresult *r = &response->results[i];
        prov_buf_printf(&b, "  <Result>\n    <Decision>%s</Decision>\n",
                        prov_xdecision_text(r->decision));
        status(&b, r);
        duties(&b, r, false);
        duties(&b, r, true);
        for (int j = 0; r->attributes && j < r->attributes->nelts; j++)
            attributes(&b, APR_ARRAY_IDX(r->attributes, j, const prov_xattributes *));
        policies(&b, r->policies);
        prov_buf_text(&b, "  </Result>\n");
    }
    prov_buf_text(&b, "</Response>\n");
    return prov_buf_bytes(&b);
}
