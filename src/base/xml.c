#include "base/xml.h"

#include <apr_strings.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <pthread.h>
#include <string.h>

/* Never cleaned up: others in the process may use libxml2 as well. */
static pthread_once_t start_once = PTHREAD_ONCE_INIT;

static const xmlNode *plain(const prov_xml_node *n)
{
    return (const xmlNode *)(const void *)n;
}

static const prov_xml_node *fenced(const xmlNode *n)
{
    return (const prov_xml_node *)(const void *)n;
}

/* What one parse is allowed and how far it is. */
typedef struct parse_state {
    apr_pool_t *pool;
    const prov_xml_bounds *bounds;
    const char *source;
    unsigned depth;
    size_t nodes;
    prov_err *err; /* the first */
} parse_state;

static void stop(xmlParserCtxtPtr ctxt, int line, int http, const char *why)
{
    parse_state *s = ctxt->_private;
    if (!s->err) {
        s->err = prov_err_make(s->pool, http, "invalidSyntax", "%s", why);
        s->err->source = apr_psprintf(s->pool, "%s:%d", s->source, line);
    }
    xmlStopParser(ctxt);
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *uri)
{
    xmlParserCtxtPtr ctxt = ctx;
    stop(ctxt, xmlSAX2GetLineNumber(ctxt), 400, "a document type declaration is not accepted");
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespaces, const xmlChar **declared, int attributes, int defaulted,
                     const xmlChar **values)
{
    xmlParserCtxtPtr ctxt = ctx;
    parse_state *s = ctxt->_private;
    s->nodes += 1 + (size_t)attributes + (size_t)namespaces;
    if (++s->depth > s->bounds->depth)
        stop(ctxt, xmlSAX2GetLineNumber(ctxt), 413, "the elements are nested too deeply");
    else if (s->nodes > s->bounds->nodes)
        stop(ctxt, xmlSAX2GetLineNumber(ctxt), 413, "there are too many elements and attributes");
    else
        xmlSAX2StartElementNs(ctx, name, prefix, uri, namespaces, declared, attributes, defaulted,
                              values);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    parse_state *s = ((xmlParserCtxtPtr)ctx)->_private;
    s->depth--;
    xmlSAX2EndElementNs(ctx, name, prefix, uri);
}

static void on_error(void *ctx, xmlErrorPtr e)
{
    xmlParserCtxtPtr ctxt = ctx;
    parse_state *s = ctxt->_private;
    /* libxml2 only warns of a prefix that nobody declared; a name without meaning is an error */
    if (s->err || e->level == XML_ERR_WARNING)
        return;
    char *why = apr_pstrdup(s->pool, e->message ? e->message : "it is not well-formed");
    for (size_t len = strlen(why); len > 0 && why[len - 1] == '\n';)
        why[--len] = '\0';
    s->err = prov_err_make(s->pool, 400, "invalidSyntax", "%s", why);
    s->err->source = apr_psprintf(s->pool, "%s:%d", s->source, e->line);
    /* not stopped here: that frees the text which the element at hand still refers to */
    ctxt->disableSAX = 1;
}

static apr_status_t release(void *document)
{
    xmlFreeDoc(document);
    return APR_SUCCESS;
}

static prov_err *parse_with(xmlParserCtxtPtr ctxt, parse_state *s, prov_bytes text, xmlDocPtr *out)
{
    ctxt->_private = s;
    ctxt->sax->internalSubset = on_doctype;
    ctxt->sax->startElementNs = on_start;
    ctxt->sax->endElementNs = on_end;
    ctxt->sax->serror = on_error;
    *out = xmlCtxtReadMemory(ctxt, (const char *)text.data, (int)text.len, NULL, NULL,
                             /* a CDATA section is text, as in XPath's data model */
                             XML_PARSE_NONET | XML_PARSE_NOCDATA);
    if (!s->err && (!*out || !ctxt->wellFormed || !xmlDocGetRootElement(*out)))
        s->err =
            prov_err_make(s->pool, 400, "invalidSyntax", "%s is not well-formed XML", s->source);
    return s->err;
}

prov_err *prov_xml_parse(apr_pool_t *p, prov_bytes text, const char *source,
                         const prov_xml_bounds *bounds, const prov_xml_node **root)
{
    parse_state s = { .pool = p, .bounds = bounds, .source = source };
    pthread_once(&start_once, xmlInitParser);
    if (text.len > bounds->bytes || text.len > INT32_MAX)
        return prov_err_make(p, 413, NULL, "%s has %zu bytes, %zu are allowed", source, text.len,
                             bounds->bytes);
    xmlDocPtr doc = NULL;
    xmlParserCtxtPtr ctxt = xmlNewParserCtxt();
    if (!ctxt)
        return prov_err_make(p, 500, NULL, "no memory to parse %s", source);
    prov_err *err = parse_with(ctxt, &s, text, &doc);
    xmlFreeParserCtxt(ctxt);
    if (err) {
        xmlFreeDoc(doc);
        return err;
    }
    apr_pool_cleanup_register(p, doc, release, apr_pool_cleanup_null);
    *root = fenced(xmlDocGetRootElement(doc));
    return NULL;
}

static const xmlNode *element_from(const xmlNode *n)
{
    while (n && n->type != XML_ELEMENT_NODE)
        n = n->next;
    return n;
}

const prov_xml_node *prov_xml_first(const prov_xml_node *n)
{
    return fenced(element_from(plain(n)->children));
}

const prov_xml_node *prov_xml_next(const prov_xml_node *n)
{
    return fenced(element_from(plain(n)->next));
}

const char *prov_xml_name(const prov_xml_node *n)
{
    return (const char *)plain(n)->name;
}

static const char *uri_of(const xmlNs *ns)
{
    return ns && ns->href ? (const char *)ns->href : "";
}

const char *prov_xml_namespace(const prov_xml_node *n)
{
    return uri_of(plain(n)->ns);
}

long prov_xml_line(const prov_xml_node *n)
{
    return xmlGetLineNo(plain(n));
}

const char *prov_xml_attribute(apr_pool_t *p, const prov_xml_node *n, const char *uri,
                               const char *name)
{
    for (const xmlAttr *a = plain(n)->properties; a; a = a->next)
        if (strcmp((const char *)a->name, name) == 0 && strcmp(uri_of(a->ns), uri ? uri : "") == 0)
            return (const char *)prov_xml_string(p, fenced((const xmlNode *)(const void *)a)).data;
    return NULL;
}

const char *prov_xml_attribute_at(const prov_xml_node *n, size_t i, const char **uri)
{
    const xmlAttr *a = plain(n)->properties;
    while (a && i-- > 0)
        a = a->next;
    if (!a)
        return NULL;
    *uri = uri_of(a->ns);
    return (const char *)a->name;
}

static bool is_text(const xmlNode *n)
{
    return n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE;
}

prov_bytes prov_xml_text(apr_pool_t *p, const prov_xml_node *n)
{
    prov_buf b;
    prov_buf_init(&b, p, 64);
    for (const xmlNode *c = plain(n)->children; c; c = c->next)
        if (is_text(c) && c->content)
            prov_buf_text(&b, (const char *)c->content);
    prov_buf_byte(&b, '\0');
    return (prov_bytes){ b.data, b.len - 1 };
}

bool prov_xml_has_text(const prov_xml_node *n)
{
    for (const xmlNode *c = plain(n)->children; c; c = c->next)
        if (is_text(c) && c->content && c->content[strspn((const char *)c->content, " \t\r\n")])
            return true;
    return false;
}

prov_bytes prov_xml_string(apr_pool_t *p, const prov_xml_node *n)
{
    xmlChar *text = xmlNodeGetContent(plain(n));
    const char *copy = apr_pstrdup(p, text ? (const char *)text : "");
    xmlFree(text);
    return prov_bytes_of(copy);
}

apr_array_header_t *prov_xml_prefixes(apr_pool_t *p, const prov_xml_node *n)
{
    apr_array_header_t *out = apr_array_make(p, 4, sizeof(prov_xml_prefix));
    xmlNsPtr *list = xmlGetNsList(plain(n)->doc, plain(n));
    for (size_t i = 0; list && list[i]; i++) {
        const char *prefix = (const char *)list[i]->prefix;
        APR_ARRAY_PUSH(out, prov_xml_prefix) =
            (prov_xml_prefix){ prefix ? apr_pstrdup(p, prefix) : NULL,
                               apr_pstrdup(p, uri_of(list[i])) };
    }
    xmlFree(list);
    return out;
}

prov_err *prov_xml_extract(apr_pool_t *p, const prov_xml_node *element, const prov_xml_node **out)
{
    xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
    xmlNodePtr copy = doc ? xmlDocCopyNode((xmlNodePtr)(uintptr_t)plain(element), doc, 1) : NULL;
    if (!copy) {
        xmlFreeDoc(doc);
        return prov_err_make(p, 500, NULL, "no memory to copy XML");
    }
    xmlDocSetRootElement(doc, copy);
    apr_pool_cleanup_register(p, doc, release, apr_pool_cleanup_null);
    *out = fenced((const xmlNode *)(const void *)doc);
    return NULL;
}

prov_xml_kind prov_xml_is(const prov_xml_node *n)
{
    switch (plain(n)->type) {
    case XML_ATTRIBUTE_NODE:
        return PROV_XML_ATTRIBUTE;
    case XML_TEXT_NODE:
    case XML_CDATA_SECTION_NODE:
        return PROV_XML_TEXT;
    case XML_COMMENT_NODE:
        return PROV_XML_COMMENT;
    case XML_PI_NODE:
        return PROV_XML_INSTRUCTION;
    case XML_DOCUMENT_NODE:
        return PROV_XML_DOCUMENT;
    default:
        return PROV_XML_ELEMENT;
    }
}

const prov_xml_node *prov_xml_parent(const prov_xml_node *n)
{
    return fenced(plain(n)->parent);
}
