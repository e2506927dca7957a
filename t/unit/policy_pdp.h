/* What the policy tests share: files, a fresh decision point, and a response as comparable lines.
 */
#ifndef POLICY_PDP_H
#define POLICY_PDP_H

#include "tap.h"
#include "policy/load.h"
#include "policy/policy.h"
#include <apr_file_io.h>
#include <apr_strings.h>

__attribute__((unused)) static const char *data_folder(void)
{
    const char *folder = getenv("PROVISION_DATA");
    return folder ? folder : "../shared/data";
}

__attribute__((unused)) static bool read_file(apr_pool_t *p, const char *path, prov_bytes *out)
{
    apr_file_t *file;
    apr_finfo_t info;
    if (apr_file_open(&file, path, APR_READ, 0, p) ||
        apr_file_info_get(&info, APR_FINFO_SIZE, file))
        return false;
    char *text = apr_pcalloc(p, (apr_size_t)info.size + 1);
    if (apr_file_read_full(file, text, (apr_size_t)info.size, NULL))
        return false;
    apr_file_close(file);
    *out = (prov_bytes){ (const uint8_t *)text, (size_t)info.size };
    return true;
}

static int given_by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

__attribute__((unused)) static const char *sorted(apr_pool_t *p, apr_array_header_t *lines,
                                                  const char *between)
{
    qsort(lines->elts, (size_t)lines->nelts, sizeof(char *), given_by_text);
    const char *out = "";
    for (int i = 0; i < lines->nelts; i++)
        out = apr_pstrcat(p, out, APR_ARRAY_IDX(lines, i, const char *), between, NULL);
    return out;
}

static const char *given_trimmed(apr_pool_t *p, const prov_xml_node *n)
{
    char *text = (char *)(uintptr_t)prov_xml_text(p, n).data;
    text += strspn(text, " \t\r\n");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]))
        text[--len] = '\0';
    return text;
}

static const char *given_at(apr_pool_t *p, const prov_xml_node *n, const char *name)
{
    const char *v = prov_xml_attribute(p, n, NULL, name);
    return v ? v : "-";
}

/* An element as one line: its attributes that matter, its text, and its children sorted. */
static const char *given_line(apr_pool_t *p, const prov_xml_node *n)
{
    static const char *const names[] = { "Value",    "ObligationId", "AdviceId",
                                         "Category", "AttributeId",  "Issuer",
                                         "DataType", "Version",      "XPathCategory" };
    apr_array_header_t *children = apr_array_make(p, 8, sizeof(const char *));
    const char *line = prov_xml_name(n);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(given_at(p, n, names[i]), "-") != 0)
            line = apr_pstrcat(p, line, " ", names[i], "=", given_at(p, n, names[i]), NULL);
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c))
        if (strcmp(prov_xml_name(c), "StatusMessage") != 0)
            APR_ARRAY_PUSH(children, const char *) = given_line(p, c);
    return apr_pstrcat(p, line, " \"", given_trimmed(p, n), "\"{", sorted(p, children, ", "), "}",
                       NULL);
}

/* A Response as text that is the same for equal ones: results, obligations, attributes in any
 * order. A missing Status is ok; details and messages are the engine's own. */
__attribute__((unused)) static const char *comparable(apr_pool_t *p, prov_bytes xml)
{
    const prov_xml_node *root;
    prov_xml_bounds bounds = { 1 << 20, 100, 10000 };
    apr_array_header_t *results = apr_array_make(p, 4, sizeof(const char *));
    prov_err *err = prov_xml_parse(p, xml, "response", &bounds, &root);
    if (err)
        return prov_err_text(p, err);
    for (const prov_xml_node *r = prov_xml_first(root); r; r = prov_xml_next(r)) {
        apr_array_header_t *lines = apr_array_make(p, 8, sizeof(const char *));
        const char *code = "urn:oasis:names:tc:xacml:1.0:status:ok";
        for (const prov_xml_node *c = prov_xml_first(r); c; c = prov_xml_next(c))
            if (strcmp(prov_xml_name(c), "Status") == 0)
                code = given_at(p, prov_xml_first(c), "Value");
            else
                APR_ARRAY_PUSH(lines, const char *) = given_line(p, c);
        APR_ARRAY_PUSH(lines, const char *) = apr_pstrcat(p, "Status ", code, NULL);
        APR_ARRAY_PUSH(results, const char *) =
            apr_pstrcat(p, "Result\n", sorted(p, lines, "\n"), NULL);
    }
    return sorted(p, results, "");
}

#endif
