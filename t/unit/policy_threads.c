/* One decision point, several threads, each with a pool of its own: the answers are those of one
 * thread. Runs under the thread sanitizer as well. */
#include "policy_pdp.h"
#include <pthread.h>

#define THREADS 4
#define ROUNDS  300
#define XACML   "urn:oasis:names:tc:xacml:"
#define STRING  "DataType=\"http://www.w3.org/2001/XMLSchema#string\""

static apr_pool_t *pool;
static prov_pdp *pdp;
static prov_xrequest *shared;
static const char *expected;

/* A Match for the index, a variable, a regular expression, a set function, an obligation. */
static const char *policy_text(int i)
{
    return apr_psprintf(
        pool,
        "<Policy xmlns=\"" PROV_X_NAMESPACE "\" PolicyId=\"p%d\" Version=\"1\" "
        "RuleCombiningAlgId=\"" XACML "1.0:rule-combining-algorithm:first-applicable\"><Target>"
        "<AnyOf><AllOf><Match MatchId=\"" XACML
        "1.0:function:string-equal\"><AttributeValue " STRING
        ">v%d</AttributeValue><AttributeDesignator Category=\"c\" AttributeId=\"a\" " STRING
        " MustBePresent=\"false\"/></Match></AllOf></AnyOf></Target>"
        "<VariableDefinition VariableId=\"v\"><Apply FunctionId=\"" XACML
        "1.0:function:string-regexp-match\"><AttributeValue " STRING
        ">^(v|w)\\d+$</AttributeValue><Apply FunctionId=\"" XACML
        "1.0:function:string-one-and-only\"><AttributeDesignator Category=\"c\" "
        "AttributeId=\"a\" " STRING " MustBePresent=\"true\"/></Apply></Apply></VariableDefinition>"
        "<Rule RuleId=\"r\" Effect=\"Permit\"><Condition><VariableReference VariableId=\"v\"/>"
        "</Condition></Rule><ObligationExpressions><ObligationExpression ObligationId=\"o\" "
        "FulfillOn=\"Permit\"><AttributeAssignmentExpression AttributeId=\"x\"><Apply "
        "FunctionId=\"" XACML
        "1.0:function:string-union\"><AttributeDesignator Category=\"c\" AttributeId=\"a\" " STRING
        " MustBePresent=\"false\"/><AttributeDesignator Category=\"c\" AttributeId=\"b\" " STRING
        " MustBePresent=\"false\"/></Apply></AttributeAssignmentExpression>"
        "</ObligationExpression></ObligationExpressions></Policy>",
        i, i);
}

static const char *decide(apr_pool_t *p)
{
    const prov_pdp_options options = { .now = 1 };
    return comparable(p, prov_xresponse_xml(p, prov_pdp_decide(pdp, p, shared, &options)));
}

static void *run(void *result)
{
    apr_allocator_t *allocator;
    apr_pool_t *p;
    apr_allocator_create(&allocator);
    apr_pool_create_ex(&p, NULL, NULL, allocator);
    apr_allocator_owner_set(allocator, p);
    for (int i = 0; i < ROUNDS; i++) {
        *(int *)result += strcmp(decide(p), expected) == 0;
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    int good[THREADS] = { 0 };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    pdp = prov_pdp_make(pool, NULL);
    for (int i = 0; i < 20; i++) {
        prov_err *err = prov_pdp_add(pdp, prov_bytes_of(policy_text(i)), "p", PROV_PDP_ROOT);
        if (err)
            ok(false, "%s", prov_err_text(pool, err));
    }
    prov_pdp_finish(pdp, NULL);
    shared = prov_xrequest_make(pool);
    prov_xattributes *to = prov_xrequest_category(shared, "c");
    prov_xrequest_string(shared, to, "a", PROV_BYTES("v7"));
    prov_xrequest_string(shared, to, "b", PROV_BYTES("one"));
    prov_xrequest_string(shared, to, "b", PROV_BYTES("two"));
    expected = decide(pool);
    ok(strstr(expected, "Permit") && strstr(expected, "two"), "one thread decides");
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, &good[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        is_int(good[i], ROUNDS, "thread %d decides the same each time", i);
    }
    apr_pool_destroy(pool);
    return plan_done();
}
