/* The fence around libxml2: one way in, a read-only tree, and XPath 1.0 within bounds.
 *
 * Nothing is fetched: no network, no file, and a document type declaration is refused before it is
 * read, so there is no entity to expand. A document lives on the pool it was parsed on; nodes and
 * the text they give live with it. One document is used by one thread at a time. */
#ifndef PROV_BASE_XML_H
#define PROV_BASE_XML_H

#include "base/bytes.h"
#include "base/err.h"
#include <apr_tables.h>

typedef struct prov_xml_node prov_xml_node;

typedef struct prov_xml_bounds {
    size_t bytes;
    unsigned depth; /* of elements; libxml2 itself stops at 256 */
    size_t nodes;   /* elements and attributes */
} prov_xml_bounds;

#define PROV_XML_DEPTH 200

typedef struct prov_xml_prefix {
    const char *prefix; /* NULL is the default namespace */
    const char *uri;
} prov_xml_prefix;

/* `source` names the text in errors ("policy.xml:12"); gives the root element. 400, or 413 for what
 * is beyond a bound. */
prov_err *prov_xml_parse(apr_pool_t *p, prov_bytes text, const char *source,
                         const prov_xml_bounds *bounds, const prov_xml_node **root);

/* Elements only. */
const prov_xml_node *prov_xml_first(const prov_xml_node *n);
const prov_xml_node *prov_xml_next(const prov_xml_node *n);
const char *prov_xml_name(const prov_xml_node *n);      /* the local name */
const char *prov_xml_namespace(const prov_xml_node *n); /* "" if in none */
long prov_xml_line(const prov_xml_node *n);

/* An attribute's value, NULL if it is not there; `uri` NULL for one without a namespace. */
const char *prov_xml_attribute(apr_pool_t *p, const prov_xml_node *n, const char *uri,
                               const char *name);
/* The i-th attribute's local name and namespace (""), NULL behind the last. */
const char *prov_xml_attribute_at(const prov_xml_node *n, size_t i, const char **uri);

/* The text directly inside an element, comments left out, as a copy on the pool. */
prov_bytes prov_xml_text(apr_pool_t *p, const prov_xml_node *n);
/* Is there text other than white space directly inside? */
bool prov_xml_has_text(const prov_xml_node *n);
/* The string-value of any node (XPath 1.0, section 5), as a copy on the pool. */
prov_bytes prov_xml_string(apr_pool_t *p, const prov_xml_node *n);

/* The prefixes in scope on an element, of prov_xml_prefix, copied. */
apr_array_header_t *prov_xml_prefixes(apr_pool_t *p, const prov_xml_node *n);

/* The element as the root of a document of its own; gives the document node. */
prov_err *prov_xml_extract(apr_pool_t *p, const prov_xml_node *element, const prov_xml_node **out);

typedef enum {
    PROV_XML_ELEMENT,
    PROV_XML_ATTRIBUTE,
    PROV_XML_TEXT,
    PROV_XML_COMMENT,
    PROV_XML_INSTRUCTION,
    PROV_XML_DOCUMENT
} prov_xml_kind;

prov_xml_kind prov_xml_is(const prov_xml_node *n);
const prov_xml_node *prov_xml_parent(const prov_xml_node *n); /* NULL above the document */

typedef struct prov_xpath {
    const char *text;
    const prov_xml_prefix *prefixes; /* those with a NULL prefix are passed over */
    size_t prefix_count;
    uint64_t steps; /* how many operations it may take; fewer in a large document */
} prov_xpath;

#define PROV_XPATH_LENGTH 8192

/* Is it well-formed? Prefixes are not looked at: that is an error only when evaluated. */
prov_err *prov_xpath_check(apr_pool_t *p, const char *text);

/* The nodes it selects in document order, of const prov_xml_node *. An error for what is not a
 * node-set, has an unknown prefix or function, or takes too many steps (503). */
prov_err *prov_xpath_select(apr_pool_t *p, const prov_xml_node *context, const prov_xpath *path,
                            apr_array_header_t **nodes);

#endif
