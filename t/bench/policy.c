/* policy [SECONDS]: how fast policies are loaded and decide, on one core; prints each figure on a
 * line. Nothing but the library is asked: no server, no store. */
#include "policy/policy.h"

#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define XACML        "urn:oasis:names:tc:xacml:"
#define WSO2         "http://wso2.org/identity/"
#define TYPE_STRING  "DataType=\"http://www.w3.org/2001/XMLSchema#string\""
#define STRING_EQUAL XACML "1.0:function:string-equal"

static void fatal(apr_pool_t *p, const prov_err *err)
{
    if (err) {
        fprintf(stderr, "%s\n", prov_err_text(p, err));
        exit(EXIT_FAILURE);
    }
}

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void match(prov_buf *b, const char *category, const char *id, const char *value)
{
    prov_buf_printf(b,
                    "<AnyOf><AllOf><Match MatchId=\"" STRING_EQUAL "\"><AttributeValue " TYPE_STRING
                    ">%s</AttributeValue><AttributeDesignator Category=\"" WSO2
                    "%s\" AttributeId=\"" WSO2 "%s\" " TYPE_STRING
                    " MustBePresent=\"false\"/></Match></AllOf></AnyOf>",
                    value, category, id);
}

/* As the role template: one application, one identity provider, a group for POST. */
static prov_bytes policy_text(apr_pool_t *p, int i)
{
    prov_buf b;
    char name[40];
    prov_buf_init(&b, p, 4096);
    prov_buf_printf(&b,
                    "<Policy xmlns=\"" XACML "3.0:core:schema:wd-17\" PolicyId=\"policy-%d\" "
                    "Version=\"1.0\" RuleCombiningAlgId=\"" XACML
                    "1.0:rule-combining-algorithm:first-applicable\"><Target>",
                    i);
    snprintf(name, sizeof name, "application-%d", i);
    match(&b, "sp", "sp/sp-name", name);
    match(&b, "idp", "idp/idp-name", "corporate");
    match(&b, "identity-action", "identity-action/action-name", "provisioning");
    prov_buf_text(&b, "</Target><Rule RuleId=\"create\" Effect=\"Permit\"><Target>");
    match(&b, "provisioning", "provisioning/provision-operation", "POST");
    prov_buf_text(&b, "</Target><Condition><Apply FunctionId=\"" XACML
                      "1.0:function:string-is-in\"><AttributeValue " TYPE_STRING
                      ">staff</AttributeValue><AttributeDesignator Category=\"" WSO2
                      "provisioning\" AttributeId=\"" WSO2 "provisioning/claim-group\" " TYPE_STRING
                      " MustBePresent=\"false\"/>"
                      "</Apply></Condition></Rule>"
                      "<Rule RuleId=\"rest\" Effect=\"Deny\"/></Policy>");
    return prov_buf_bytes(&b);
}

static prov_pdp *load(apr_pool_t *p, const prov_bytes *texts, int count)
{
    prov_pdp *pdp = prov_pdp_make(p, NULL);
    for (int i = 0; i < count; i++)
        fatal(p, prov_pdp_add(pdp, texts[i], "bench", PROV_PDP_ROOT));
    fatal(p, prov_pdp_finish(pdp, NULL));
    return pdp;
}

static prov_xrequest *ask(apr_pool_t *p, const char *application)
{
    const struct {
        const char *category, *id, *value;
    } rows[] = {
        { WSO2 "user", WSO2 "user/user-tenant-domain", "carbon.super" },
        { WSO2 "user", WSO2 "user/username", "kim" },
        { WSO2 "user", "http://wso2.org/claims/emailaddress", "kim@example.org" },
        { WSO2 "sp", WSO2 "sp/sp-name", application },
        { WSO2 "sp", WSO2 "auth/sp-tenant-domain", "carbon.super" },
        { WSO2 "idp", WSO2 "idp/idp-name", "corporate" },
        { WSO2 "idp", WSO2 "idp/connector-type", "scim" },
        { WSO2 "identity-action", WSO2 "identity-action/action-name", "provisioning" },
        { WSO2 "provisioning", WSO2 "provisioning/provision-operation", "POST" },
        { WSO2 "provisioning", WSO2 "provisioning/claim-group", "staff" },
    };
    prov_xrequest *r = prov_xrequest_make(p);
    prov_xattributes *to = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (i == 0 || strcmp(rows[i].category, rows[i - 1].category) != 0)
            to = prov_xrequest_category(r, rows[i].category);
        prov_xrequest_string(r, to, rows[i].id, prov_bytes_of(rows[i].value));
    }
    return r;
}

/* Decisions a second, the request built each time or once for all. */
static double decide(apr_pool_t *pool, const prov_pdp *pdp, int count, double seconds, bool build)
{
    apr_pool_t *p, *kept;
    char application[40];
    long done = 0;
    apr_pool_create(&p, pool);
    apr_pool_create(&kept, pool);
    snprintf(application, sizeof application, "application-%d", count / 2);
    const prov_xrequest *fixed = ask(kept, application);
    const prov_pdp_options options = { .now = 1 };
    double began = cpu(), took;
    do {
        for (int i = 0; i < 200; i++, done++) {
            const prov_xrequest *r = build ? ask(p, application) : fixed;
            const prov_xresponse *response = prov_pdp_decide(pdp, p, r, &options);
            if (response->results[0].decision != PROV_X_PERMIT) {
                fprintf(stderr, "the decision is wrong\n");
                exit(EXIT_FAILURE);
            }
            apr_pool_clear(p);
        }
        took = cpu() - began;
    } while (took < seconds);
    apr_pool_destroy(p);
    apr_pool_destroy(kept);
    return (double)done / took;
}

/* APR maps its blocks itself, so malloc's figures do not have them. */
static size_t resident(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*u %lu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* A pool that gives back what it frees, so that what is in use can be counted. */
static apr_pool_t *exact_pool(void)
{
    apr_allocator_t *allocator;
    apr_pool_t *p;
    apr_allocator_create(&allocator);
    apr_allocator_max_free_set(allocator, 1);
    apr_pool_create_ex(&p, NULL, NULL, allocator);
    apr_allocator_owner_set(allocator, p);
    return p;
}

static void measure(apr_pool_t *pool, int count, double seconds)
{
    static double one; /* the rate with one policy */
    prov_bytes *texts = apr_palloc(pool, (size_t)count * sizeof *texts);
    for (int i = 0; i < count; i++)
        texts[i] = policy_text(pool, i);
    apr_pool_t *p = exact_pool();
    size_t before = resident();
    double began = cpu();
    const prov_pdp *pdp = load(p, texts, count);
    double took = cpu() - began;
    size_t bytes = resident() - before;
    double rate = decide(pool, pdp, count, seconds, false);
    double whole = decide(pool, pdp, count, seconds, true);
    one = one > 0 ? one : rate;
    printf("policies %d\tdecisions/s %.0f\twith the request built %.0f\ttimes one policy's cost "
           "%.2f\tload s %.3f",
           count, rate, whole, one / rate, took);
    if (count > 1) /* with one, what is set up once outweighs it */
        printf("\tbytes a policy %zu", bytes / (size_t)count);
    putchar('\n');
    apr_pool_destroy(p);
}

int main(int argc, const char *const *argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    apr_pool_t *pool;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    measure(pool, 1, seconds);
    measure(pool, 100, seconds);
    measure(pool, 10000, seconds);
    apr_pool_destroy(pool);
    return EXIT_SUCCESS;
}
