/* The fence around libxml2: what gets in, what the tree says, what XPath may do. */
#include "tap.h"
#include "base/xml.h"
#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *pool;
static const prov_xml_bounds bounds = { 2000, 20, 100 };

static const char *parse(const char *text, const prov_xml_node **root)
{
    prov_err *err = prov_xml_parse(pool, prov_bytes_of(text), "f", &bounds, root);
    return err ? prov_err_text(pool, err) : NULL;
}

static const char *repeated(const char *text, int n)
{
    const char *out = "";
    for (int i = 0; i < n; i++)
        out = apr_pstrcat(pool, out, text, NULL);
    return out;
}

static void refused(void)
{
    const struct {
        const char *what, *text, *why; /* the beginning */
    } rows[] = {
        { "nothing", "", "f:1: " },
        { "white space", " \n ", "f:" },
        { "text", "x", "f:1: " },
        { "an open element", "<a>\n<b>\n</a>", "f:3: " },
        { "two roots", "<a/>\n<b/>", "f:2: " },
        { "an attribute twice", "<a b='' b=''/>", "f:1: " },
        { "an undeclared prefix", "<p:a/>", "f:1: " },
        { "a byte that is no UTF-8", "<a>\xff</a>", "f:1: " },
        { "a control character", "<a>&#1;</a>", "f:1: " },
        { "a doctype", "<!DOCTYPE a>\n<a/>", "f:1: a document type declaration" },
        { "a doctype with a subset", "\n<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
          "f:2: a document type declaration" },
        { "an external subset", "<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x'><a/>",
          "f:1: a document type declaration" },
        { "a parameter entity", "<!DOCTYPE a [<!ENTITY % b SYSTEM 'file:///dev/zero'>%b;]><a/>",
          "f:1: a document type declaration" },
        { "too many bytes", repeated("<a/>", 600), "f has 2400 bytes, 2000 are allowed" },
        { "too many elements", apr_pstrcat(pool, "<a>\n", repeated("<b/>", 100), "</a>", NULL),
          "f:2: there are too many" },
        { "too many attributes",
          apr_pstrcat(pool, "<a>", repeated("<b a='' b='' c='' d=''/>", 25), "</a>", NULL),
          "f:1: there are too many" },
        { "too deep", repeated("<a>", 21), "f:1: the elements are nested too deeply" },
        { "too deep, and closed",
          apr_pstrcat(pool, repeated("<a>", 100), repeated("</a>", 100), NULL),
          "f:1: the elements are nested too deeply" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const prov_xml_node *root;
        const char *why = parse(rows[i].text, &root);
        ok(why && strncmp(why, rows[i].why, strlen(rows[i].why)) == 0, "%s: %s", rows[i].what,
           why ? why : "accepted");
    }
}

#define TREE                                                                                       \
    "<a xmlns='urn:d' xmlns:p='urn:p' x='1' p:x='&lt;2&gt;' xml:id='i'>\n"                         \
    "  text <!-- no -->&amp; <![CDATA[<more>]]>\n"                                                 \
    "  <p:b xmlns:p='urn:q'>in</p:b><c xmlns=''/>\n"                                               \
    "</a>"

static void tree(void)
{
    const prov_xml_node *a, *b, *c, *copy;
    const char *uri;
    is_str(parse(TREE, &a), NULL, "a tree is read");
    b = prov_xml_first(a);
    c = prov_xml_next(b);
    is_str(prov_xml_name(a), "a", "the root's name");
    is_str(prov_xml_namespace(a), "urn:d", "its namespace");
    is_str(prov_xml_namespace(b), "urn:q", "a prefix declared again");
    is_str(prov_xml_namespace(c), "", "no namespace");
    is_int(prov_xml_line(b), 3, "a line");
    ok(!prov_xml_next(c) && !prov_xml_first(c), "no more elements");
    is_str(prov_xml_attribute(pool, a, NULL, "x"), "1", "an attribute");
    is_str(prov_xml_attribute(pool, a, "urn:p", "x"), "<2>", "one of a namespace");
    is_str(prov_xml_attribute(pool, a, "http://www.w3.org/XML/1998/namespace", "id"), "i",
           "xml:id");
    is_str(prov_xml_attribute(pool, a, NULL, "id"), NULL, "none of that name");
    is_str(prov_xml_attribute_at(a, 1, &uri), "x", "the second attribute");
    is_str(uri, "urn:p", "and its namespace");
    is_str(prov_xml_attribute_at(a, 3, &uri), NULL, "no fourth");
    is_str((const char *)prov_xml_text(pool, a).data, "\n  text & <more>\n  \n", "its text");
    ok(prov_xml_has_text(a) && !prov_xml_has_text(c), "text or none");
    is_str((const char *)prov_xml_string(pool, a).data, "\n  text & <more>\n  in\n",
           "its string-value");
    apr_array_header_t *prefixes = prov_xml_prefixes(pool, b);
    for (int i = 0; i < prefixes->nelts; i++) {
        const prov_xml_prefix *p = &APR_ARRAY_IDX(prefixes, i, const prov_xml_prefix);
        if (p->prefix && strcmp(p->prefix, "p") == 0)
            is_str(p->uri, "urn:q", "the prefix in scope is the inner one");
    }
    ok(!prov_xml_extract(pool, b, &copy), "an element is taken out");
    is_int(prov_xml_is(copy), PROV_XML_DOCUMENT, "into a document");
    is_str(prov_xml_namespace(prov_xml_first(copy)), "urn:q", "with its namespace");
    ok(!prov_xml_parent(copy) && prov_xml_parent(prov_xml_first(copy)) == copy, "and no parent");
}

static void paths(void)
{
    static const struct {
        const char *path;
        int count; /* -1: refused */
    } rows[] = {
        { "//*", 3 },        { "//d:*", 1 },           { "//text()", 4 },
        { "//@*", 3 },       { "//comment()", 1 },     { "/", 1 },
        { "nowhere", 0 },    { "count(//*)", -1 },     { "//z:a", -1 },
        { "unknown()", -1 }, { "//namespace::*", -1 }, { "document('/etc/passwd')", -1 },
        { "$x", -1 },
    };
    const prov_xml_prefix prefixes[] = { { "d", "urn:d" }, { NULL, "urn:d" } };
    const prov_xml_node *a, *root;
    apr_array_header_t *nodes;
    parse(TREE, &a);
    ok(!prov_xml_extract(pool, a, &root), "a document");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        prov_xpath path = { rows[i].path, prefixes, 2, 1000 };
        prov_err *err = prov_xpath_select(pool, root, &path, &nodes);
        is_int(err ? -1 : nodes->nelts, rows[i].count, "%s%s%s", rows[i].path, err ? ": " : "",
               err ? err->detail : "");
    }
    prov_xpath path = { "//*[count(//*[count(//*) = 3]) = 3]", prefixes, 2, 20 };
    prov_err *err = prov_xpath_select(pool, root, &path, &nodes);
    ok(err && err->http == 503, "too many steps: %s", err ? err->detail : "none");
    static const char *const wrong[] = { "", "a[", "a b", "//", "'", "@@" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ok(prov_xpath_check(pool, wrong[i]) != NULL, "\"%s\" is no expression", wrong[i]);
    ok(!prov_xpath_check(pool, "//p:a[1]/@b"), "an undeclared prefix is no matter of form");
    err = prov_xpath_check(pool, repeated("a/", PROV_XPATH_LENGTH));
    ok(err && err->http == 413, "an expression has a length");
    ok(prov_xpath_check(
           pool, apr_pstrcat(pool, repeated("(", 4000), "a", repeated(")", 4000), NULL)) != NULL,
       "and a depth");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    refused();
    tree();
    paths();
    apr_pool_destroy(pool);
    return plan_done();
}
