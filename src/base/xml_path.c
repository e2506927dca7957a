#include "base/xml.h"

#include <apr_strings.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <string.h>

/* The first error of one expression, as a sentence. */
typedef struct path_state {
    apr_pool_t *pool;
    prov_err *err;
} path_state;

/* libxml2 gives a number; these are what it means. */
static const struct {
    int error, http;
    const char *sentence;
} meanings[] = {
    { XPATH_UNDEF_PREFIX_ERROR, 400, "a prefix is not declared" },
    { XPATH_UNKNOWN_FUNC_ERROR, 400, "there is no such function" },
    { XPATH_UNDEF_VARIABLE_ERROR, 400, "there is no such variable" },
    { XPATH_INVALID_ARITY, 400, "a function has too few or too many arguments" },
    { XPATH_INVALID_TYPE, 400, "an argument is of another type" },
    { XPATH_UNFINISHED_LITERAL_ERROR, 400, "a literal has no end" },
    { XPATH_INVALID_PREDICATE_ERROR, 400, "a predicate is wrong" },
    { XPATH_OP_LIMIT_EXCEEDED, 503, "it takes too many steps" },
    { XPATH_RECURSION_LIMIT_EXCEEDED, 503, "it is nested too deeply" },
    { XPATH_EXPRESSION_OK, 400, "it is no XPath expression" },
};

static void on_error(void *data, xmlErrorPtr e)
{
    path_state *s = data;
    size_t i = 0;
    int error = e->code - XML_XPATH_EXPRESSION_OK;
    if (s->err)
        return;
    while (meanings[i].error != XPATH_EXPRESSION_OK && meanings[i].error != error)
        i++;
    s->err = prov_err_make(s->pool, meanings[i].http, NULL, "%s", meanings[i].sentence);
}

static prov_err *failed(path_state *s, const char *text)
{
    if (!s->err)
        s->err = prov_err_make(s->pool, 400, NULL, "it is no XPath expression");
    s->err->source = text;
    return s->err;
}

static xmlXPathContextPtr new_context(path_state *s, xmlDocPtr doc, uint64_t steps)
{
    xmlXPathContextPtr c = xmlXPathNewContext(doc);
    if (!c)
        return NULL;
    c->error = on_error;
    c->userData = s;
    c->opLimit = steps > ULONG_MAX ? ULONG_MAX : (unsigned long)steps;
    return c;
}

static prov_err *too_long(apr_pool_t *p, const char *text)
{
    return strlen(text) <= PROV_XPATH_LENGTH
               ? NULL
               : prov_err_make(p, 413, NULL, "an XPath expression has at most %d bytes",
                               PROV_XPATH_LENGTH);
}

prov_err *prov_xpath_check(apr_pool_t *p, const char *text)
{
    path_state s = { p, NULL };
    prov_err *err = too_long(p, text);
    xmlXPathContextPtr c = err ? NULL : new_context(&s, NULL, 1000000);
    if (!c)
        return err ? err : prov_err_make(p, 500, NULL, "no memory for an XPath expression");
    xmlXPathCompExprPtr compiled = xmlXPathCtxtCompile(c, (const xmlChar *)text);
    xmlXPathFreeContext(c);
    if (!compiled)
        return failed(&s, text);
    xmlXPathFreeCompExpr(compiled);
    return NULL;
}

static prov_err *take_nodes(path_state *s, xmlXPathObjectPtr found, apr_array_header_t *nodes)
{
    if (found->type != XPATH_NODESET)
        return prov_err_make(s->pool, 400, NULL, "the XPath expression does not select nodes");
    xmlXPathNodeSetSort(found->nodesetval);
    int count = found->nodesetval ? found->nodesetval->nodeNr : 0;
    for (int i = 0; i < count; i++) {
        const xmlNode *n = found->nodesetval->nodeTab[i];
        /* a namespace node is a copy that dies with the result */
        if (n->type == XML_NAMESPACE_DECL)
            return prov_err_make(s->pool, 400, NULL, "the XPath expression selects a namespace");
        APR_ARRAY_PUSH(nodes, const prov_xml_node *) = (const prov_xml_node *)(const void *)n;
    }
    return NULL;
}

static prov_err *evaluate(path_state *s, xmlXPathContextPtr c, const prov_xpath *path,
                          apr_array_header_t *nodes)
{
    for (size_t i = 0; i < path->prefix_count; i++)
        if (path->prefixes[i].prefix)
            xmlXPathRegisterNs(c, (const xmlChar *)path->prefixes[i].prefix,
                               (const xmlChar *)path->prefixes[i].uri);
    xmlXPathCompExprPtr compiled = xmlXPathCtxtCompile(c, (const xmlChar *)path->text);
    if (!compiled)
        return failed(s, path->text);
    xmlXPathObjectPtr found = xmlXPathCompiledEval(compiled, c);
    xmlXPathFreeCompExpr(compiled);
    if (!found || s->err) {
        xmlXPathFreeObject(found);
        return failed(s, path->text);
    }
    prov_err *err = take_nodes(s, found, nodes);
    xmlXPathFreeObject(found);
    return err;
}

#define WEIGHT_OF_ONE 512 /* a document up to this is as quickly gone through as one step */

/* How much there is to go through: nodes, attributes and, by the line, text. */
static uint64_t weigh(const xmlNode *doc)
{
    uint64_t weight = 0;
    const xmlNode *n = doc;
    while (n) {
        weight += 1 + (n->type != XML_ELEMENT_NODE && n->type != XML_DOCUMENT_NODE && n->content
                           ? strlen((const char *)n->content) / 64
                           : 0);
        for (const xmlAttr *a = n->type == XML_ELEMENT_NODE ? n->properties : NULL; a; a = a->next)
            weight++;
        if (n->children) {
            n = n->children;
            continue;
        }
        while (n && n != doc && !n->next)
            n = n->parent;
        n = n && n != doc ? n->next : NULL;
    }
    return weight;
}

prov_err *prov_xpath_select(apr_pool_t *p, const prov_xml_node *context, const prov_xpath *path,
                            apr_array_header_t **nodes)
{
    path_state s = { p, NULL };
    xmlNodePtr node = (xmlNodePtr)(uintptr_t)(const void *)context;
    prov_err *err = too_long(p, path->text);
    /* libxml2 counts an operation once, however many nodes it goes through */
    uint64_t steps = path->steps / (1 + weigh((const xmlNode *)node->doc) / WEIGHT_OF_ONE);
    xmlXPathContextPtr c = err ? NULL : new_context(&s, node->doc, steps);
    if (!c)
        return err ? err : prov_err_make(p, 500, NULL, "no memory for an XPath expression");
    c->node = node;
    *nodes = apr_array_make(p, 8, sizeof(const prov_xml_node *));
    err = evaluate(&s, c, path, *nodes);
    xmlXPathFreeContext(c);
    return err;
}
