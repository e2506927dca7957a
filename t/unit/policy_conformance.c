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

/* "xacml.rootPolicies=IID029Policy1.xml,..." */
static void add_listed(apr_pool_t *p, prov_pdp *pdp, const char *name, const char *properties,
                       const char *key, prov_pdp_role role)
{
    const char *at = strstr(properties, key);
    char *state,
        *list = at ? apr_pstrndup(p, at + strlen(key), strcspn(at + strlen(key), "\r\n")) : NULL;
    for (char *file = list ? apr_strtok(list, ",", &state) : NULL; file;
         file = apr_strtok(NULL, ",", &state)) {
        const char *part = file + (strncmp(file, name, strlen(name)) == 0 ? strlen(name) : 0);
        prov_pdp_add(pdp, read_part(p, name, part), part, role);
    }
}

/* A policy that is refused stays, to answer as section 7.19.3 says. */
static prov_pdp *load(apr_pool_t *p, const char *name)
{
    prov_pdp *pdp = prov_pdp_make(p, NULL);
    prov_bytes policy = read_part(p, name, "Policy.xml");
    prov_bytes properties = read_part(p, name, "Repository.properties");
    if (policy.data)
        prov_pdp_add(pdp, policy, "Policy.xml", PROV_PDP_ROOT);
    if (properties.data) {
        const char *text = prov_bytes_text(p, properties);
        add_listed(p, pdp, name, text, "xacml.rootPolicies=", PROV_PDP_ROOT);
        add_listed(p, pdp, name, text, "xacml.referencedPolicies=", PROV_PDP_REFERENCED);
    }
    /* IID029 and IID030: section 7.2 leaves open how a repository chooses */
    prov_pdp_finish(pdp, policy.data ? NULL : PROV_PDP_ONE_ROOT);
    return pdp;
}

static prov_xresponse *answer(apr_pool_t *p, const char *name, prov_bytes request)
{
    prov_xrequest *r;
    prov_pdp_options options = { .find = strcmp(name, "IIA002") == 0 ? find_role : NULL,
                                 .below = find_below };
    prov_err *err = prov_xrequest_read_xml(p, request, "Request.xml", &prov_pdp_bounds_default, &r);
    return err ? prov_xresponse_refused(p, err) : prov_pdp_decide(load(p, name), p, r, &options);
}

static void run(const char *name)
{
    apr_pool_t *p;
    const prov_json *json;
    apr_pool_create(&p, pool);
    prov_bytes request = read_part(p, name, "Request.xml"),
               expected = read_part(p, name, "Response.xml");
    if (request.data && expected.data) {
        const prov_xresponse *response = answer(p, name, request);
        is_str(comparable(p, prov_xresponse_xml(p, response)), comparable(p, expected), "%s", name);
        prov_err *err = prov_json_parse(p, prov_xresponse_json(p, response), &json);
        ok(!err, "%s: the response as JSON%s", name, err ? prov_err_text(p, err) : "");
    }
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
