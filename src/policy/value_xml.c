#include "policy/value_xml.h"

#include <apr_strings.h>

/* The prefixes in scope go with the expression, wherever it is evaluated. */
static const char *read_expression(apr_pool_t *p, apr_pool_t *scratch, const prov_xml_node *n,
                                   const char *text, prov_xvalue *out)
{
    const char *category = prov_xml_attribute(p, n, NULL, "XPathCategory");
    prov_err *err = prov_xpath_check(scratch, text);
    if (!category)
        return "an xpathExpression needs an XPathCategory";
    if (err)
        return apr_pstrcat(p, "\"", text, "\" is no XPath expression: ", err->detail, NULL);
    const apr_array_header_t *prefixes = prov_xml_prefixes(p, n);
    prov_xexpression *x = apr_palloc(p, sizeof *x);
    *x = (prov_xexpression){ text, category, (const prov_xml_prefix *)(void *)prefixes->elts,
                             (size_t)prefixes->nelts };
    out->u.xpath = x;
    return NULL;
}

const char *prov_xvalue_read(apr_pool_t *p, apr_pool_t *scratch, const prov_xml_node *n,
                             prov_xvalue *out)
{
    prov_xtype type;
    const char *uri = prov_xml_attribute(scratch, n, NULL, "DataType");
    if (!uri)
        return "AttributeValue lacks its DataType";
    if (!prov_xtype_find(prov_bytes_of(uri), &type))
        return apr_psprintf(p, "there is no data type %s", uri);
    if (prov_xml_first(n))
        return "an AttributeValue holds text only";
    prov_bytes text = prov_xml_text(scratch, n);
    const char *copy = apr_pstrmemdup(p, (const char *)text.data, text.len);
    const char *why =
        prov_xvalue_parse(p, type, (prov_bytes){ (const uint8_t *)copy, text.len }, out);
    return why || type != PROV_X_XPATH ? why : read_expression(p, scratch, n, copy, out);
}
