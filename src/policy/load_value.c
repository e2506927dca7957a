#include "policy/load.h"
#include "policy/symbol.h"
#include "policy/value_xml.h"

#include <apr_strings.h>
#include <string.h>

prov_xvalue *prov_xload_value(prov_xloader *l, const prov_xml_node *n)
{
    if (!prov_xshape_check(l, n))
        return NULL;
    prov_xvalue *v = apr_pcalloc(l->pool, sizeof *v);
    const char *why = prov_xvalue_read(l->pool, l->scratch, n, v);
    if (why) {
        prov_xwrong(l, n, "%s", why);
        return NULL;
    }
    return v;
}

static bool load_type(prov_xloader *l, const prov_xml_node *n, prov_xtype *out)
{
    const char *uri = prov_xml_attribute(l->scratch, n, NULL, "DataType");
    if (prov_xtype_find(prov_bytes_of(uri), out))
        return true;
    prov_xwrong(l, n, "there is no data type %s", uri);
    return false;
}

static prov_xexpr *make_bag(prov_xloader *l, const prov_xml_node *n, prov_xexpr_kind kind,
                            prov_xtype type)
{
    prov_xexpr *x = apr_pcalloc(l->pool, sizeof *x);
    x->kind = kind;
    x->line = (int)prov_xml_line(n);
    x->type = (prov_xargtype){ PROV_X_BAG, type, NULL };
    return x;
}

/* What the decision point knows without being told (core, section 10.2.5). */
static bool is_environment(const prov_xmissing *key)
{
    static const struct {
        const char *id;
        prov_xtype type;
    } known[] = { { "urn:oasis:names:tc:xacml:1.0:environment:current-time", PROV_X_TIME },
                  { "urn:oasis:names:tc:xacml:1.0:environment:current-date", PROV_X_DATE },
                  { "urn:oasis:names:tc:xacml:1.0:environment:current-dateTime",
                    PROV_X_DATETIME } };
    if (key->issuer || strcmp(key->category, PROV_X_ENVIRONMENT) != 0)
        return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (key->type == known[i].type && strcmp(key->id, known[i].id) == 0)
            return true;
    return false;
}

const prov_xexpr *prov_xload_designator(prov_xloader *l, const prov_xml_node *n)
{
    prov_xtype type;
    if (!prov_xshape_check(l, n) || !load_type(l, n, &type))
        return NULL;
    prov_xdesignator *d = apr_pcalloc(l->pool, sizeof *d);
    d->key = (prov_xmissing){ .category = prov_xsymbol_of(l, n, "Category"),
                              .id = prov_xsymbol_of(l, n, "AttributeId"),
                              .issuer = prov_xsymbol_of(l, n, "Issuer"),
                              .type = type };
    d->slot = prov_xslot_make(l->pdp, &d->key);
    d->must = prov_xboolean_of(l, n, "MustBePresent");
    d->environment = is_environment(&d->key);
    prov_xexpr *x = make_bag(l, n, PROV_XEXPR_DESIGNATOR, type);
    x->u.designator = d;
    return x;
}

static void load_context(prov_xloader *l, const prov_xml_node *n, prov_xselector *s)
{
    s->context_id = prov_xsymbol_of(l, n, "ContextSelectorId");
    if (!s->context_id)
        return;
    prov_xmissing key = { s->category, s->context_id, NULL, PROV_X_XPATH };
    s->context_slot = prov_xslot_make(l->pdp, &key);
}

const prov_xexpr *prov_xload_selector(prov_xloader *l, const prov_xml_node *n)
{
    prov_xtype type;
    if (!prov_xshape_check(l, n) || !load_type(l, n, &type))
        return NULL;
    const char *path = prov_xsymbol_of(l, n, "Path");
    prov_err *err = prov_xpath_check(l->scratch, path);
    if (err) {
        prov_xmistyped(l, n, path,
                       apr_pstrcat(l->scratch, "this is no XPath expression: ", err->detail, NULL));
        return NULL;
    }
    const apr_array_header_t *prefixes = prov_xml_prefixes(l->pool, n);
    prov_xselector *s = apr_pcalloc(l->pool, sizeof *s);
    s->category = prov_xsymbol_of(l, n, "Category");
    s->path = (prov_xpath){ path, (const prov_xml_prefix *)(void *)prefixes->elts,
                            (size_t)prefixes->nelts, 0 };
    s->type = type;
    s->must = prov_xboolean_of(l, n, "MustBePresent");
    load_context(l, n, s);
    prov_xexpr *x = make_bag(l, n, PROV_XEXPR_SELECTOR, type);
    x->u.selector = s;
    return x;
}
