/* The public conformance cases: a folder each, with Policy.xml, Request.xml and Response.xml. */
#include "policy_pdp.h"
#include "base/json.h"
#include <apr_file_info.h>

/* Cases whose expected answer the specification's text does not bear out. */
static const struct {
    const char *name, *why;
} exceptions[] = {
    { "IIA023",
      "its request has the time zone -14:30; XML Schema part 2, section 3.2.7.3: the zone "
      "lies between -14:00 and +14:00, so the request cannot be read" },
};

static apr_pool_t *pool;
static const char *folder;

/* PIP.txt: IIA002's role comes from the context handler. */
static const char *find_role(void *baton, apr_pool_t *p, const prov_xmissing *wanted,
                             prov_xbag *out)
{
    static const prov_xvalue physician = { .type = PROV_X_STRING,
                                           .u.text = { (const uint8_t *)"Physician", 9 } };
    if (wanted->type == PROV_X_STRING &&
        strcmp(wanted->id, "urn:oasis:names:tc:xacml:1.0:example:attribute:role") == 0)
        *out = (prov_xbag){ PROV_X_STRING, 1, &physician };
    return NULL;
}

/* The tree that the cases of group IIIC have in mind. */
static const char *find_below(void *baton, apr_pool_t *p, const prov_xvalue *resource, bool deep,
                              apr_array_header_t *out)
{
    static const char *const tree[] = { "urn:root:child1",
                                        "urn:root:child2",
                                        "urn:root:child1:descendant1",
                                        "urn:root:child1:descendant2",
                                        "urn:root:child2:descendant1",
                                        "urn:root:child2:descendant2" };
    for (size_t i = 0; i < (deep ? 6 : 2); i++)
        APR_ARRAY_PUSH(out, prov_xvalue) = prov_xvalue_uri(prov_bytes_of(tree[i]));
    return NULL;
}

static prov_bytes read_part(apr_pool_t *p, const char *name, const char *part)
{
    prov_bytes text = { NULL, 0 };
    read_file(p, apr_pstrcat(p, folder, "/", name, "/", part, NULL), &text);
    return text;
}

/* "xacml.rootPolicies=IID029Policy1.xml,...": the names there begin with the case's. */
static bool is_listed(apr_pool_t *p, const char *name, const char *properties, const char *file)
{
    const char *at = properties ? strstr(properties, "xacml.rootPolicies=") : NULL;
    const char *line = at ? apr_pstrndup(p, at, strcspn(at, "\r\n")) : "";
    return strstr(line, apr_pstrcat(p, name, file, NULL)) != NULL;
}

/* A policy that is refused stays, to answer as section 7.19.3 says. */
static prov_pdp *load(apr_pool_t *p, const char *name)
{
    apr_dir_t *dir;
    apr_finfo_t info;
    bool alone = false;
    prov_pdp *pdp = prov_pdp_make(p, NULL);
    prov_bytes text = read_part(p, name, "Repository.properties");
    const char *properties = text.data ? prov_bytes_text(p, text) : NULL;
    apr_array_header_t *files = apr_array_make(p, 4, sizeof(const char *));
    apr_dir_open(&dir, apr_pstrcat(p, folder, "/", name, NULL), p);
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS)
        if (strncmp(info.name, "Policy", 6) == 0 && strstr(info.name, ".xml"))
            APR_ARRAY_PUSH(files, const char *) = apr_pstrdup(p, info.name);
    apr_dir_close(dir);
    qsort(files->elts, (size_t)files->nelts, sizeof(char *), given_by_text);
    for (int i = 0; i < files->nelts; i++) {
        const char *file = APR_ARRAY_IDX(files, i, const char *);
        bool only = strcmp(file, "Policy.xml") == 0;
        alone = alone || only;
        prov_pdp_add(pdp, read_part(p, name, file), file,
                     only || is_listed(p, name, properties, file) ? PROV_PDP_ROOT
                                                                  : PROV_PDP_REFERENCED);
    }
    /* IID029 and IID030: section 7.2 leaves open how a repository chooses */
    prov_pdp_finish(pdp, alone ? NULL : PROV_PDP_ONE_ROOT);
    return pdp;
}

/* ---- the request in the JSON profile ---- */

static void add_text(prov_buf *b, const char *name, const char *value)
{
    if (!value)
        return;
    prov_buf_printf(b, "\"%s\":", name);
    prov_json_write_text(b, value);
    prov_buf_byte(b, ',');
}

static void end(prov_buf *b, const char *bracket)
{
    if (b->data[b->len - 1] == ',')
        b->len--;
    prov_buf_text(b, bracket);
}

static void add_attribute(prov_buf *b, const prov_xattribute *a, const prov_xvalue *v)
{
    prov_buf_byte(b, '{');
    add_text(b, "AttributeId", a->id);
    add_text(b, "Issuer", a->issuer);
    add_text(b, "DataType", prov_xtype_uri(v->type));
    prov_buf_printf(b, "\"IncludeInResult\":%s,\"Value\":", a->include ? "true" : "false");
    prov_json_write_string(b, prov_xvalue_text(b->pool, v));
    end(b, "},");
}

static bool add_category(prov_buf *b, const prov_xattributes *a)
{
    prov_buf_byte(b, '{');
    add_text(b, "CategoryId", a->category);
    add_text(b, "Id", a->xml_id);
    prov_buf_text(b, "\"Attribute\":[");
    for (int i = 0; i < a->attributes->nelts; i++) {
        const prov_xattribute *at = &APR_ARRAY_IDX(a->attributes, i, const prov_xattribute);
        for (int k = 0; k < at->values->nelts; k++) {
            const prov_xvalue *v = &APR_ARRAY_IDX(at->values, k, const prov_xvalue);
            if (v->type == PROV_X_XPATH)
                return false;
            add_attribute(b, at, v);
        }
    }
    end(b, "]");
    prov_buf_text(b, "},");
    return !a->content;
}

/* The same in JSON; nothing if it has Content or XPath, which are written by hand elsewhere. */
static bool to_json(apr_pool_t *p, const prov_xrequest *r, prov_bytes *out)
{
    prov_buf b;
    prov_buf_init(&b, p, 1024);
    prov_buf_printf(&b,
                    "{\"Request\":{\"ReturnPolicyIdList\":%s,\"CombinedDecision\":%s,"
                    "\"Category\":[",
                    r->return_policy_ids ? "true" : "false", r->combined ? "true" : "false");
    for (int i = 0; i < r->categories->nelts; i++)
        if (!add_category(&b, APR_ARRAY_IDX(r->categories, i, const prov_xattributes *)))
            return false;
    end(&b, "]}}");
    *out = prov_buf_bytes(&b);
    return !r->references;
}

/* ---- a case ---- */

static void ask_in_json(apr_pool_t *p, const prov_pdp *pdp, const prov_pdp_options *options,
                        const char *name, const prov_xrequest *r, const char *expected)
{
    prov_bytes text;
    prov_xrequest *again;
    if (!to_json(p, r, &text))
        return;
    prov_err *err =
        prov_xrequest_read_json(p, text, "request.json", &prov_pdp_bounds_default, &again);
    if (!ok(!err, "%s: read as JSON%s", name, err ? prov_err_text(p, err) : ""))
        return;
    is_str(comparable(p, prov_xresponse_xml(p, prov_pdp_decide(pdp, p, again, options))), expected,
           "%s: asked in JSON", name);
}

static void run_on(apr_pool_t *p, const char *name, prov_bytes request, const char *expected)
{
    const prov_json *json;
    prov_xrequest *r;
    prov_pdp_options options = { .find = strcmp(name, "IIA002") == 0 ? find_role : NULL,
                                 .below = find_below };
    const prov_pdp *pdp = load(p, name);
    prov_err *err = prov_xrequest_read_xml(p, request, "Request.xml", &prov_pdp_bounds_default, &r);
    const prov_xresponse *response =
        err ? prov_xresponse_refused(p, err) : prov_pdp_decide(pdp, p, r, &options);
    is_str(comparable(p, prov_xresponse_xml(p, response)), expected, "%s", name);
    prov_err *wrong = prov_json_parse(p, prov_xresponse_json(p, response), &json);
    ok(!wrong, "%s: the response as JSON%s", name, wrong ? prov_err_text(p, wrong) : "");
    if (!err)
        ask_in_json(p, pdp, &options, name, r, expected);
}

static void run(const char *name)
{
    apr_pool_t *p;
    apr_pool_create(&p, pool);
    prov_bytes request = read_part(p, name, "Request.xml"),
               expected = read_part(p, name, "Response.xml");
    if (request.data && expected.data)
        run_on(p, name, request, comparable(p, expected));
    apr_pool_destroy(p);
}

static const char *excepted(const char *name)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (strcmp(exceptions[i].name, name) == 0)
            return exceptions[i].why;
    return NULL;
}

int main(void)
{
    apr_dir_t *dir;
    apr_finfo_t info;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    folder = apr_pstrcat(pool, data_folder(), "/xacml/conformance", NULL);
    apr_array_header_t *names = apr_array_make(pool, 500, sizeof(const char *));
    if (apr_dir_open(&dir, folder, pool) != APR_SUCCESS) {
        skip("the conformance cases", apr_pstrcat(pool, "no ", folder, NULL));
        return plan_done();
    }
    while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS)
        if (info.filetype == APR_DIR && info.name[0] != '.')
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(pool, info.name);
    qsort(names->elts, (size_t)names->nelts, sizeof(char *), given_by_text);
    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *), *why = excepted(name);
        if (why)
            skip(name, why);
        else
            run(name);
    }
    ok(names->nelts >= 200, "%d cases", names->nelts);
    apr_pool_destroy(pool);
    return plan_done();
}
