/* The provisioning templates and the sample of WSO2 Identity Server, asked as it asks, at given
 * times. */
#include "policy_pdp.h"
#include <apr_file_info.h>

#define WSO2   "http://wso2.org/identity/"
#define HOUR   ((apr_time_t)3600 * APR_USEC_PER_SEC)
#define MINUTE ((apr_time_t)60 * APR_USEC_PER_SEC)

static apr_pool_t *pool;

typedef struct asked {
    const char *policy, *sp, *operation;
    int hour, minute;                   /* in the decision point's zone */
    const char *groups, *roles, *claim; /* NULL is left out; a list between commas */
    const char *want;
} asked;

#define ROLE       "provisioning_role_based_policy_template"
#define TIME       "provisioning_time_based_policy_template"
#define TIME_ROLE  "provisioning_time_and_role_based_policy_template"
#define CLAIM      "provisioning_user_claim_based_policy_template"
#define TIME_CLAIM "provisioning_time_and_user_claim_based_policy_template"
#define SAMPLE     "sample-provisioning-policy"

/* clang-format off */
static const asked cases[] = {
    { ROLE, "SP_NAME", "POST", 3, 0, "ROLE_1", NULL, NULL, "Permit" },
    { ROLE, "SP_NAME", "POST", 3, 0, "x,ROLE_2,y", NULL, NULL, "Permit" },
    { ROLE, "SP_NAME", "POST", 3, 0, "ROLE_3", NULL, NULL, "Deny" },
    { ROLE, "SP_NAME", "POST", 3, 0, "role_1", NULL, NULL, "Deny" },
    { ROLE, "SP_NAME", "POST", 3, 0, NULL, NULL, NULL, "Indeterminate" },
    { ROLE, "SP_NAME", "PUT", 3, 0, NULL, "Internal/ROLE_1", NULL, "Permit" },
    { ROLE, "SP_NAME", "PUT", 3, 0, NULL, "ROLE_9", NULL, "Deny" },
    { ROLE, "SP_NAME", "DELETE", 3, 0, NULL, NULL, NULL, "Deny" },
    { ROLE, "another", "POST", 3, 0, "ROLE_1", NULL, NULL, "NotApplicable" },
    { TIME, "SP_NAME", "POST", 9, 0, NULL, NULL, NULL, "Permit" },
    { TIME, "SP_NAME", "DELETE", 12, 30, NULL, NULL, NULL, "Permit" },
    { TIME, "SP_NAME", "POST", 17, 0, NULL, NULL, NULL, "Permit" },
    { TIME, "SP_NAME", "POST", 17, 1, NULL, NULL, NULL, "Deny" },
    { TIME, "SP_NAME", "POST", 8, 59, NULL, NULL, NULL, "Deny" },
    { TIME, "SP_NAME", "POST", 0, 0, NULL, NULL, NULL, "Deny" },
    { TIME_ROLE, "SP_NAME", "POST", 10, 0, "ROLE_2", NULL, NULL, "Permit" },
    { TIME_ROLE, "SP_NAME", "POST", 20, 0, "ROLE_2", NULL, NULL, "Deny" },
    { TIME_ROLE, "SP_NAME", "POST", 20, 0, NULL, NULL, NULL, "Deny" },
    { TIME_ROLE, "SP_NAME", "POST", 10, 0, NULL, NULL, NULL, "Indeterminate" },
    { TIME_ROLE, "SP_NAME", "PUT", 10, 0, NULL, "Internal/ROLE_2", NULL, "Permit" },
    { TIME_ROLE, "SP_NAME", "PUT", 10, 0, NULL, "Internal/other", NULL, "Deny" },
    { CLAIM, "SP_NAME", "POST", 3, 0, NULL, NULL, "CLAIM_VALUE_1", "Permit" },
    { CLAIM, "SP_NAME", "DELETE", 3, 0, NULL, NULL, "CLAIM_VALUE_1", "Deny" },
    { CLAIM, "SP_NAME", "POST", 3, 0, NULL, NULL, "other", "Deny" },
    { TIME_CLAIM, "SP_NAME", "PUT", 11, 0, NULL, NULL, "CLAIM_VALUE_1", "Permit" },
    { TIME_CLAIM, "SP_NAME", "PUT", 23, 0, NULL, NULL, "CLAIM_VALUE_1", "Deny" },
    { SAMPLE, "any", "POST", 3, 0, "admin", NULL, NULL, "Permit" },
    { SAMPLE, "any", "POST", 3, 0, "guest,admin", NULL, NULL, "Permit" },
    { SAMPLE, "any", "POST", 3, 0, "guest", NULL, NULL, "Deny" },
    { SAMPLE, "any", "PUT", 3, 0, NULL, NULL, NULL, "Permit" },
    { SAMPLE, "any", "PATCH", 3, 0, NULL, NULL, NULL, "Deny" },
};
/* clang-format on */

/* Each value between commas is one of the attribute. */
static void put(prov_xrequest *r, prov_xattributes *to, const char *id, const char *values)
{
    if (!values)
        return;
    char *state, *list = apr_pstrdup(r->pool, values);
    prov_xattribute *a = prov_xrequest_attribute(r, to, id, NULL);
    for (char *one = apr_strtok(list, ",", &state); one; one = apr_strtok(NULL, ",", &state))
        prov_xattribute_add(a, prov_xvalue_string(prov_bytes_of(one)));
}

static prov_xrequest *ask(apr_pool_t *p, const asked *c)
{
    prov_xrequest *r = prov_xrequest_make(p);
    prov_xattributes *user = prov_xrequest_category(r, WSO2 "user");
    prov_xattributes *sp = prov_xrequest_category(r, WSO2 "sp");
    prov_xattributes *idp = prov_xrequest_category(r, WSO2 "idp");
    prov_xattributes *action = prov_xrequest_category(r, WSO2 "identity-action");
    prov_xattributes *provisioning = prov_xrequest_category(r, WSO2 "provisioning");
    prov_xattributes *environment = prov_xrequest_category(r, PROV_X_ENVIRONMENT);
    put(r, user, WSO2 "user/username", "kim");
    put(r, user, "http://wso2.org/claims/roles", c->roles);
    put(r, user, "CLAIM_URI_1", c->claim);
    put(r, user, "CLAIM_URI_2", c->claim ? "CLAIM_VALUE_2" : NULL);
    put(r, sp, WSO2 "sp/sp-name", c->sp);
    put(r, sp, WSO2 "auth/sp-tenant-domain", "carbon.super");
    put(r, idp, WSO2 "idp/idp-name", "IDP_NAME");
    put(r, idp, WSO2 "idp/connector-type", "scim");
    put(r, action, WSO2 "identity-action/action-name", "provisioning");
    put(r, provisioning, WSO2 "provisioning/provision-operation", c->operation);
    put(r, provisioning, WSO2 "provisioning/claim-group", c->groups);
    /* as it is sent: a string, which a designator of type time does not see */
    put(r, environment, "urn:oasis:names:tc:xacml:1.0:environment:current-time", "03:04:05");
    return r;
}

static prov_pdp *load(apr_pool_t *p, const char *name, prov_err **err)
{
    prov_bytes text = { NULL, 0 };
    prov_pdp *pdp = prov_pdp_make(p, NULL);
    const char *path = apr_pstrcat(p, data_folder(), "/xacml/wso2-policies/", name, ".xml", NULL);
    if (!read_file(p, path, &text))
        *err = prov_err_make(p, 500, NULL, "%s cannot be read", path);
    else
        *err = prov_pdp_add(pdp, text, name, PROV_PDP_AUTO);
    if (!*err)
        *err = prov_pdp_finish(pdp, NULL);
    return pdp;
}

/* The clock is UTC, the zone is not: the template's hours are the zone's. */
static void run(const asked *c)
{
    apr_pool_t *p;
    prov_err *err;
    apr_pool_create(&p, pool);
    prov_pdp *pdp = load(p, c->policy, &err);
    prov_pdp_options options = {
        .zone = 120, .now = 20000 * 24 * HOUR + c->hour * HOUR + c->minute * MINUTE - 120 * MINUTE
    };
    if (ok(!err, "%s loads%s", c->policy, err ? prov_err_text(p, err) : "")) {
        prov_xresponse *response = prov_pdp_decide(pdp, p, ask(p, c), &options);
        is_str(prov_xdecision_text(response->results[0].decision), c->want,
               "%s: %s from %s at %02d:%02d, groups %s, roles %s, claim %s", c->policy,
               c->operation, c->sp, c->hour, c->minute, c->groups ? c->groups : "-",
               c->roles ? c->roles : "-", c->claim ? c->claim : "-");
    }
    apr_pool_destroy(p);
}

/* All of them together, as the product has them: only its own function is not XACML's. */
static void run_all(void)
{
    apr_dir_t *dir;
    apr_finfo_t info;
    int count = 0;
    prov_pdp *pdp = prov_pdp_make(pool, NULL);
    const char *folder = apr_pstrcat(pool, data_folder(), "/xacml/wso2-policies", NULL);
    if (apr_dir_open(&dir, folder, pool) != APR_SUCCESS)
        return;
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        prov_bytes text;
        if (!strstr(info.name, ".xml") ||
            !read_file(pool, apr_pstrcat(pool, folder, "/", info.name, NULL), &text))
            continue;
        prov_err *err = prov_pdp_add(pdp, text, info.name, PROV_PDP_AUTO);
        if (strcmp(info.name, "eval_permission_tree_policy.xml") == 0)
            ok(err && strstr(err->detail, "eval-permission-tree"), "%s is refused", info.name);
        else
            ok(!err, "%s loads%s", info.name, err ? prov_err_text(pool, err) : "");
        count++;
    }
    apr_dir_close(dir);
    ok(count >= 27, "%d policies", count);
    prov_err *err = prov_pdp_finish(pdp, NULL);
    ok(!err, "their references are resolved%s", err ? prov_err_text(pool, err) : "");
}

int main(void)
{
    prov_bytes text;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (!read_file(pool,
                   apr_pstrcat(pool, data_folder(), "/xacml/wso2-policies/", ROLE, ".xml", NULL),
                   &text)) {
        skip("the templates of WSO2", "no data; set PROVISION_DATA");
        return plan_done();
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run(&cases[i]);
    run_all();
    apr_pool_destroy(pool);
    return plan_done();
}
