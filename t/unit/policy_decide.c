/* Decisions that no public case covers: variables, details, several decisions, combined ones, the
 * XPath functions, and what hostile input meets. */
#include "policy_pdp.h"
#include "base/json.h"

#define XACML               "urn:oasis:names:tc:xacml:"
#define T(type)             "DataType=\"http://www.w3.org/2001/XMLSchema#" type "\""
#define LITERAL(type, text) "<AttributeValue " T(type) ">" text "</AttributeValue>"
#define XPATH(text)                                                                                \
    "<AttributeValue DataType=\"" XACML                                                            \
    "3.0:data-type:xpathExpression\" XPathCategory=\"c\">" text "</AttributeValue>"
#define ATTRIBUTE(id, type, must)                                                                  \
    "<AttributeDesignator Category=\"c\" AttributeId=\"" id "\" " T(type) " MustBePresent=\"" must \
                                                                          "\"/>"
#define ONE(type, designator) APPLY("1.0:function:" type "-one-and-only", designator)
#define APPLY(f, args)        "<Apply FunctionId=\"" XACML f "\">" args "</Apply>"
#define CONDITION(inside)                                                                          \
    "<Rule RuleId=\"r\" Effect=\"Permit\"><Condition>" inside "</Condition></Rule>"
#define VARIABLE(id, inside)                                                                       \
    "<VariableDefinition VariableId=\"" id "\">" inside "</VariableDefinition>"
#define REFERENCE(id) "<VariableReference VariableId=\"" id "\"/>"
#define OBLIGATION(inside)                                                                         \
    "<ObligationExpressions><ObligationExpression ObligationId=\"o\" FulfillOn=\"Permit\">" inside \
    "</ObligationExpression></ObligationExpressions>"
#define ASSIGN(inside)                                                                             \
    "<AttributeAssignmentExpression AttributeId=\"x\">" inside "</AttributeAssignmentExpression>"
#define ANY "<Rule RuleId=\"r\" Effect=\"Permit\"/>"
#define SELECTOR(path, type, more)                                                                 \
    "<AttributeSelector Category=\"c\" Path=\"" path "\" " T(type) " MustBePresent=\"true\" " more \
                                                                   "/>"
#define CONTENT                                                                                    \
    "<Content><r xmlns=\"\"><a n=\"1\">x</a><a n=\"2\">y</a><!--z--><b><a/></b></r></Content>"
#define VALUE(id, type, text)                                                                      \
    "<Attribute AttributeId=\"" id                                                                 \
    "\" IncludeInResult=\"false\">" LITERAL(type, text) "</Attribute>"
#define C(inside)    "<Attributes Category=\"c\">" inside "</Attributes>"
#define FAILED(code) "Indeterminate " XACML "1.0:status:" code
#define IS_IN        "1.0:function:string-is-in"
#define EQUAL        "1.0:function:integer-equal"

static apr_pool_t *pool;

/* clang-format off */
static const struct {
    const char *what, *policy, *request;
    const char *want; /* the decision and, for Indeterminate, the status; results by commas */
    const char *has;  /* somewhere in the response, or NULL */
} cases[] = {
    { "a variable in condition and obligation",
      VARIABLE("v", APPLY("1.0:function:integer-add", ONE("integer", ATTRIBUTE("n", "integer", "true")) LITERAL("integer", "1")))
      CONDITION(APPLY(EQUAL, REFERENCE("v") LITERAL("integer", "43")))
      OBLIGATION(ASSIGN(REFERENCE("v"))), C(VALUE("n", "integer", "42")), "Permit", ">43</AttributeAssignment>" },
    { "a variable that fails but is not needed",
      VARIABLE("v", APPLY("1.0:function:integer-divide", LITERAL("integer", "1") LITERAL("integer", "0")))
      CONDITION(APPLY("1.0:function:or", APPLY("1.0:function:and", "") APPLY(EQUAL, REFERENCE("v") LITERAL("integer", "1")))),
      C(""), "Permit", NULL },
    { "a variable that fails",
      VARIABLE("v", APPLY("1.0:function:integer-divide", LITERAL("integer", "1") LITERAL("integer", "0")))
      CONDITION(APPLY(EQUAL, REFERENCE("v") REFERENCE("v"))), C(""), FAILED("processing-error"), NULL },
    { "what overflows", CONDITION(APPLY(EQUAL, LITERAL("integer", "1") APPLY("1.0:function:integer-add",
      LITERAL("integer", "9223372036854775807") LITERAL("integer", "1")))), C(""), FAILED("processing-error"), NULL },
    { "a missing attribute", CONDITION(APPLY(IS_IN, LITERAL("string", "a") ATTRIBUTE("a", "string", "true"))), C(""),
      FAILED("missing-attribute"),
      "<MissingAttributeDetail Category=\"c\" AttributeId=\"a\" DataType=\"http://www.w3.org/2001/XMLSchema#string\"/>" },
    { "of another type it is missing", CONDITION(APPLY(IS_IN, LITERAL("string", "1") ATTRIBUTE("a", "string", "true"))),
      C(VALUE("a", "integer", "1")), FAILED("missing-attribute"), NULL },
    { "an empty bag assigns nothing", ANY OBLIGATION(ASSIGN(ATTRIBUTE("a", "string", "false"))), C(""), "Permit",
      "<Obligation ObligationId=\"o\">\n      </Obligation>" },
    { "a bag assigns each value", ANY OBLIGATION(ASSIGN(ATTRIBUTE("a", "string", "false"))),
      C(VALUE("a", "string", "one") VALUE("a", "string", "two")), "Permit", ">two</AttributeAssignment>" },
    { "an obligation that fails", ANY OBLIGATION(ASSIGN(ATTRIBUTE("a", "string", "true"))), C(""), FAILED("missing-attribute"), NULL },
    { "an obligation's text is escaped", ANY OBLIGATION(ASSIGN(ATTRIBUTE("a", "string", "true"))),
      C(VALUE("a", "string", "&lt;&amp;\"&#10;")), "Permit", ">&lt;&amp;&quot;&#10;</AttributeAssignment>" },
    { "the clock", CONDITION(APPLY("1.0:function:dateTime-equal", LITERAL("dateTime", "2020-02-29T12:00:00Z")
      ONE("dateTime", "<AttributeDesignator Category=\"" PROV_X_ENVIRONMENT "\" AttributeId=\"" XACML
      "1.0:environment:current-dateTime\" " T("dateTime") " MustBePresent=\"true\"/>"))), C(""), "Permit", NULL },
    { "the request's clock", CONDITION(APPLY("1.0:function:dateTime-equal", LITERAL("dateTime", "1999-01-01T00:00:00Z")
      ONE("dateTime", "<AttributeDesignator Category=\"" PROV_X_ENVIRONMENT "\" AttributeId=\"" XACML
      "1.0:environment:current-dateTime\" " T("dateTime") " MustBePresent=\"true\"/>"))),
      "<Attributes Category=\"" PROV_X_ENVIRONMENT "\">" VALUE(XACML "1.0:environment:current-dateTime", "dateTime",
      "1999-01-01T00:00:00Z") "</Attributes>", "Permit", NULL },
    { "repeated categories", CONDITION(APPLY(IS_IN, LITERAL("string", "a") ATTRIBUTE("a", "string", "false"))),
      C(VALUE("a", "string", "a")) C(VALUE("a", "string", "b")) "<Attributes Category=\"d\"/>", "Permit,NotApplicable", NULL },
    { "references", CONDITION(APPLY(IS_IN, LITERAL("string", "a") ATTRIBUTE("a", "string", "false"))),
      "<Attributes Category=\"c\" xml:id=\"i\">" VALUE("a", "string", "a") "</Attributes><Attributes Category=\"c\" xml:id=\"j\"/>"
      "<MultiRequests><RequestReference><AttributesReference ReferenceId=\"j\"/></RequestReference>"
      "<RequestReference><AttributesReference ReferenceId=\"i\"/></RequestReference></MultiRequests>", "NotApplicable,Permit", NULL },
    { "a reference to nothing", ANY, C("") "<MultiRequests><RequestReference><AttributesReference ReferenceId=\"j\"/>"
      "</RequestReference></MultiRequests>", FAILED("processing-error"), NULL },
    { "what Content holds", CONDITION(APPLY(IS_IN, LITERAL("string", "y") SELECTOR("//a/text()", "string", ""))), C(CONTENT), "Permit", NULL },
    { "a comment", CONDITION(APPLY(IS_IN, LITERAL("string", "z") SELECTOR("//comment()", "string", ""))), C(CONTENT), "Permit", NULL },
    { "an attribute as integer", CONDITION(APPLY("1.0:function:integer-is-in", LITERAL("integer", "2") SELECTOR("//@n", "integer", ""))),
      C(CONTENT), "Permit", NULL },
    { "a text that is no integer", CONDITION(APPLY("1.0:function:integer-is-in", LITERAL("integer", "2") SELECTOR("//a/text()", "integer", ""))),
      C(CONTENT), FAILED("processing-error"), NULL },
    { "an element has no value", CONDITION(APPLY(IS_IN, LITERAL("string", "y") SELECTOR("//a", "string", ""))), C(CONTENT), FAILED("syntax-error"), NULL },
    { "what Content does not hold", CONDITION(APPLY(IS_IN, LITERAL("string", "y") SELECTOR("//c/text()", "string", ""))), C(CONTENT),
      FAILED("missing-attribute"), NULL },
    { "no Content", CONDITION(APPLY(IS_IN, LITERAL("string", "y") SELECTOR("//a/text()", "string", ""))), C(""), FAILED("missing-attribute"), NULL },
    { "no node-set", CONDITION(APPLY(IS_IN, LITERAL("string", "y") SELECTOR("count(//a)", "string", ""))), C(CONTENT), FAILED("processing-error"), NULL },
    { "an undeclared prefix", CONDITION(APPLY(IS_IN, LITERAL("string", "y") SELECTOR("//p:a/text()", "string", ""))), C(CONTENT),
      FAILED("processing-error"), NULL },
    { "a context selector", CONDITION(APPLY(IS_IN, LITERAL("string", "1") SELECTOR("@n", "string", "ContextSelectorId=\"s\""))),
      C(CONTENT "<Attribute AttributeId=\"s\" IncludeInResult=\"false\">" XPATH("/r/a[1]") "</Attribute>"), "Permit", NULL },
    { "a context selector of several", CONDITION(APPLY(IS_IN, LITERAL("string", "1") SELECTOR("@n", "string", "ContextSelectorId=\"s\""))),
      C(CONTENT "<Attribute AttributeId=\"s\" IncludeInResult=\"false\">" XPATH("/r/a") "</Attribute>"), FAILED("processing-error"), NULL },
    { "a context selector that is not there", CONDITION(APPLY(IS_IN, LITERAL("string", "1") SELECTOR("@n", "string", "ContextSelectorId=\"s\""))),
      C(CONTENT), FAILED("processing-error"), NULL },
    { "xpath-node-count", CONDITION(APPLY(EQUAL, LITERAL("integer", "3") APPLY("3.0:function:xpath-node-count", XPATH("//a")))), C(CONTENT), "Permit", NULL },
    { "xpath-node-count without Content", CONDITION(APPLY(EQUAL, LITERAL("integer", "0") APPLY("3.0:function:xpath-node-count", XPATH("//a")))),
      C(""), "Permit", NULL },
    { "xpath-node-equal", CONDITION(APPLY("3.0:function:xpath-node-equal", XPATH("//a[2]") XPATH("/r/*"))), C(CONTENT), "Permit", NULL },
    { "xpath-node-equal of others", CONDITION(APPLY("3.0:function:xpath-node-equal", XPATH("/r") XPATH("//a"))), C(CONTENT), "NotApplicable", NULL },
    { "xpath-node-match below", CONDITION(APPLY("3.0:function:xpath-node-match", XPATH("/r/b") XPATH("//b/a"))), C(CONTENT), "Permit", NULL },
    { "xpath-node-match above", CONDITION(APPLY("3.0:function:xpath-node-match", XPATH("//b/a") XPATH("/r/b"))), C(CONTENT), "NotApplicable", NULL },
    { "a decision for each node", CONDITION(APPLY(IS_IN, LITERAL("string", "1") SELECTOR("@n", "string",
      "ContextSelectorId=\"" XACML "3.0:content-selector\""))), C(CONTENT "<Attribute AttributeId=\"" XACML
      "3.0:profile:multiple:content-selector\" IncludeInResult=\"false\">" XPATH("/r/a") "</Attribute>"), "Permit,NotApplicable", NULL },
    { "access-permitted", "<Rule RuleId=\"in\" Effect=\"Permit\"><Target><AnyOf><AllOf><Match MatchId=\"" XACML
      "1.0:function:string-equal\">" LITERAL("string", "inner") ATTRIBUTE("a", "string", "false") "</Match></AllOf></AnyOf></Target></Rule>"
      CONDITION(APPLY("3.0:function:access-permitted", LITERAL("anyURI", "c") LITERAL("string",
      "&lt;Attribute AttributeId=\"a\" IncludeInResult=\"false\">&lt;AttributeValue DataType=\"http://www.w3.org/2001/XMLSchema#string\">inner"
      "&lt;/AttributeValue>&lt;/Attribute>"))), C(VALUE("a", "string", "outer")), "Permit", NULL },
    { "access-permitted without end", CONDITION(APPLY("3.0:function:access-permitted", LITERAL("anyURI", "c") LITERAL("string", ""))), C(""),
      FAILED("processing-error"), NULL },
    { "a regular expression that backtracks", CONDITION(APPLY("1.0:function:string-regexp-match", LITERAL("string", "^(a|aa|a*)*b$")
      ONE("string", ATTRIBUTE("a", "string", "true")))), C(VALUE("a", "string", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac")), "NotApplicable", NULL },
    { "an XPath that squares", CONDITION(APPLY(EQUAL, LITERAL("integer", "0") APPLY("3.0:function:xpath-node-count",
      XPATH("//*[count(//*[count(//*[count(//*[count(//*[count(//*) = 9]) = 9]) = 9]) = 9]) = 9]")))),
      C("<Content><r><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/></r></Content>"),
      FAILED("processing-error"), NULL },
    { "a resource without a hierarchy", ANY, "<Attributes Category=\"" PROV_X_RESOURCE "\">" VALUE(XACML "2.0:resource:scope", "string", "Children")
      VALUE(XACML "1.0:resource:resource-id", "string", "x") "</Attributes>", FAILED("processing-error"), NULL },
    { "a request for nothing", ANY, "", FAILED("syntax-error"), NULL },
    { "a doctype in a request", ANY, "@<!DOCTYPE Request><Request/>", FAILED("syntax-error"), NULL },
    { "a value of no type", ANY, C("<Attribute AttributeId=\"a\" IncludeInResult=\"false\"><AttributeValue DataType=\"x\">1</AttributeValue></Attribute>"),
      FAILED("syntax-error"), NULL },
    { "an integer that is none", ANY, C(VALUE("a", "integer", "x")), FAILED("syntax-error"), NULL },
};
/* clang-format on */

static prov_pdp *load(apr_pool_t *p, const char *inside, const prov_pdp_bounds *bounds)
{
    prov_pdp *pdp = prov_pdp_make(p, bounds);
    const char *text = apr_pstrcat(p,
                                   "<Policy xmlns=\"" PROV_X_NAMESPACE
                                   "\" PolicyId=\"p\" Version=\"1\" RuleCombiningAlgId=\"" XACML
                                   "1.0:rule-combining-algorithm:first-applicable\"><Target/>",
                                   inside, "</Policy>", NULL);
    prov_err *err = prov_pdp_add(pdp, prov_bytes_of(text), "policy", PROV_PDP_ROOT);
    if (err)
        ok(false, "%s", prov_err_text(p, err));
    prov_pdp_finish(pdp, NULL);
    return pdp;
}

static prov_xresponse *ask(apr_pool_t *p, const prov_pdp *pdp, const char *text, bool json)
{
    prov_xrequest *r;
    prov_pdp_options options = { .now = (apr_time_t)1582977600 * APR_USEC_PER_SEC };
    prov_err *err = (json ? prov_xrequest_read_json : prov_xrequest_read_xml)(
        p, prov_bytes_of(text), "request", prov_pdp_bounds_of(pdp), &r);
    return err ? prov_xresponse_refused(p, err) : prov_pdp_decide(pdp, p, r, &options);
}

static const char *words(apr_pool_t *p, const prov_xresponse *response)
{
    const char *out = "";
    for (size_t i = 0; i < response->count; i++) {
        const prov_xresult *r = &response->results[i];
        out = apr_pstrcat(p, out, i ? "," : "", prov_xdecision_text(r->decision),
                          r->code ? " " : "", r->code ? prov_xcode_uri(r->code) : "", NULL);
    }
    return out;
}

static const char *request_of(apr_pool_t *p, const char *inside, const char *attributes)
{
    return *inside == '@' ? inside + 1
                          : apr_pstrcat(p, "<Request xmlns=\"" PROV_X_NAMESPACE "\" ", attributes,
                                        ">", inside, "</Request>", NULL);
}

#define PLAIN    "ReturnPolicyIdList=\"false\" CombinedDecision=\"false\""
#define COMBINED "ReturnPolicyIdList=\"false\" CombinedDecision=\"true\""

static void run_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apr_pool_t *p;
        apr_pool_create(&p, pool);
        prov_pdp *pdp = load(p, cases[i].policy, NULL);
        prov_xresponse *r = ask(p, pdp, request_of(p, cases[i].request, PLAIN), false);
        is_str(words(p, r), cases[i].want, "%s", cases[i].what);
        const char *text = prov_bytes_text(p, prov_xresponse_xml(p, r));
        if (cases[i].has &&
            !ok(strstr(text, cases[i].has) != NULL, "%s: %s", cases[i].what, cases[i].has))
            printf("# %s\n", text);
        apr_pool_destroy(p);
    }
}

static void run_combined(void)
{
    static const struct {
        const char *what, *first, *second, *policy, *want;
    } rows[] = {
        { "the same", "a", "a", "", "Permit" },
        { "different", "a", "b", "", FAILED("processing-error") },
        { "the same, but with an obligation", "a", "a", OBLIGATION(""),
          FAILED("processing-error") },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *policy = apr_pstrcat(
            pool, CONDITION(APPLY(IS_IN, LITERAL("string", "a") ATTRIBUTE("a", "string", "false"))),
            rows[i].policy, NULL);
        const char *inside = apr_pstrcat(
            pool, "<Attributes Category=\"c\">" VALUE("a", "string", "%"), "</Attributes>", NULL);
        const char *both = "";
        for (int k = 0; k < 2; k++) {
            char *one = apr_pstrdup(pool, inside);
            *strchr(one, '%') = *(k ? rows[i].second : rows[i].first);
            both = apr_pstrcat(pool, both, one, NULL);
        }
        is_str(words(pool,
                     ask(pool, load(pool, policy, NULL), request_of(pool, both, COMBINED), false)),
               rows[i].want, "CombinedDecision: %s", rows[i].what);
    }
}

/* A chain of variables, each twice the one before; it ends in what is always permitted. */
static const char *doubling(const char *function, const char *type, int count)
{
    const char *out = apr_psprintf(pool,
                                   "<VariableDefinition VariableId=\"v0\"><AttributeValue DataType="
                                   "\"http://www.w3.org/2001/XMLSchema#%s\">0</AttributeValue>"
                                   "</VariableDefinition>",
                                   type);
    for (int i = 1; i <= count; i++)
        out = apr_psprintf(pool,
                           "%s<VariableDefinition VariableId=\"v%d\"><Apply FunctionId=\"" XACML
                           "%s\"><VariableReference VariableId=\"v%d\"/><VariableReference "
                           "VariableId=\"v%d\"/></Apply></VariableDefinition>",
                           out, i, function, i - 1, i - 1);
    return apr_psprintf(pool,
                        "%s" CONDITION("<Apply FunctionId=\"" XACML
                                       "1.0:function:%s-equal\">" REFERENCE("v%d")
                                           REFERENCE("v%d") "</Apply>"),
                        out, type, count, count);
}

static const char *repeated(const char *text, int n)
{
    prov_buf b;
    prov_buf_init(&b, pool, strlen(text) * (size_t)n + 1);
    for (int i = 0; i < n; i++)
        prov_buf_text(&b, text);
    prov_buf_byte(&b, '\0');
    return (const char *)b.data;
}

/* Each bound on its own, reached by what would otherwise decide. */
static void run_bounds(void)
{
    prov_pdp_bounds b = prov_pdp_bounds_default;
    const char *inside =
        CONDITION(APPLY(IS_IN, LITERAL("string", "a") ATTRIBUTE("a", "string", "false")));
    const char *request = request_of(pool, C(VALUE("a", "string", "a")), PLAIN);
    b.steps = 3;
    is_str(words(pool, ask(pool, load(pool, inside, &b), request, false)),
           FAILED("processing-error"), "evaluation steps");
    b = prov_pdp_bounds_default;
    b.request_bytes = 100;
    is_str(words(pool, ask(pool, load(pool, inside, &b), request, false)),
           FAILED("processing-error"), "bytes of a request");
    b = prov_pdp_bounds_default;
    b.request_nodes = 5;
    is_str(words(pool, ask(pool, load(pool, inside, &b), request, false)),
           FAILED("processing-error"), "nodes of a request");
    b = prov_pdp_bounds_default;
    b.results = 3;
    const char *four = request_of(pool, C("") C("") C("") C(""), PLAIN);
    is_str(words(pool, ask(pool, load(pool, inside, &b), four, false)), FAILED("processing-error"),
           "decisions of one request");
    /* each is evaluated once, so numbers that double end at once; texts that double take steps */
    is_str(
        words(pool, ask(pool, load(pool, doubling("1.0:function:integer-add", "integer", 60), NULL),
                        request, false)),
        "Permit", "variables that double a number");
    is_str(
        words(pool,
              ask(pool, load(pool, doubling("2.0:function:string-concatenate", "string", 60), NULL),
                  request, false)),
        FAILED("processing-error"), "variables that double a text");
    /* what many values of one attribute, and many decisions of many attributes, cost */
    is_str(words(pool,
                 ask(pool, load(pool, doubling("1.0:function:integer-add", "integer", 400), NULL),
                     request, false)),
           FAILED("processing-error"), "variables that lead to each other too deeply");
    const char *values = repeated(VALUE("a", "string", "b"), 20000);
    is_str(words(pool, ask(pool, load(pool, inside, NULL),
                           request_of(pool,
                                      apr_pstrcat(pool, "<Attributes Category=\"c\">", values,
                                                  "</Attributes>", NULL),
                                      PLAIN),
                           false)),
           "NotApplicable", "an attribute many times");
    /* a few operations that each go through much */
    const char *much =
        apr_pstrcat(pool, "<Attributes Category=\"c\"><Content><r>",
                    repeated("<a>xxxxxxxx</a>", 40000), "</r></Content></Attributes>", NULL);
    const char *each = CONDITION(
        APPLY(EQUAL, LITERAL("integer", "0") APPLY("3.0:function:xpath-node-count",
                                                   XPATH("//a[contains(string(/), 'y')]"))));
    is_str(words(pool, ask(pool, load(pool, each, NULL), request_of(pool, much, PLAIN), false)),
           FAILED("processing-error"), "an XPath that goes through much for each of many");
    const char *both =
        apr_pstrcat(pool, repeated(C(""), 900), "<Attributes Category=\"d\">",
                    repeated(VALUE("a", "string", "b"), 3000), "</Attributes>", NULL);
    is_str(words(pool, ask(pool, load(pool, inside, NULL), request_of(pool, both, PLAIN), false)),
           FAILED("processing-error"), "many decisions of many attributes");
}

/* `count` sets that each refer twice to the next. */
static prov_err *make_sets(prov_pdp *pdp, int count)
{
    for (int i = 0; i < count; i++) {
        const char *next =
            i + 1 < count
                ? apr_psprintf(pool, "<PolicySetIdReference>s%d</PolicySetIdReference>", i + 1)
                : "";
        const char *text =
            apr_psprintf(pool,
                         "<PolicySet xmlns=\"" PROV_X_NAMESPACE
                         "\" PolicySetId=\"s%d\" Version=\"1\" PolicyCombiningAlgId=\"" XACML
                         "3.0:policy-combining-algorithm:deny-overrides\"><Target/>%s%s"
                         "</PolicySet>",
                         i, next, next);
        prov_pdp_add(pdp, prov_bytes_of(text), "set", PROV_PDP_AUTO);
    }
    return prov_pdp_finish(pdp, NULL);
}

/* As many evaluations as there are steps, and no more. */
static void run_references(void)
{
    prov_pdp *pdp = prov_pdp_make(pool, NULL);
    prov_err *err = make_sets(pdp, 50);
    ok(!err, "fifty sets in a row%s", err ? prov_err_text(pool, err) : "");
    is_int(prov_pdp_roots(pdp), 1, "one of them is the root");
    is_str(words(pool, ask(pool, pdp, request_of(pool, C(""), PLAIN), false)),
           FAILED("processing-error"), "and evaluating them all is bounded");
    pdp = prov_pdp_make(pool, NULL);
    err = make_sets(pdp, 3000);
    ok(err && strstr(err->detail, "goes too deep"), "too many in a row are refused");
    is_str(words(pool, ask(pool, pdp, request_of(pool, C(""), PLAIN), false)),
           FAILED("processing-error"), "and Indeterminate when evaluated");
}

/* A set asks whether a policy is applicable before it evaluates it; variables are known then, too.
 */
static void run_applicable(void)
{
    const char *policy =
        "<Policy PolicyId=\"%s\" Version=\"1\" RuleCombiningAlgId=\"" XACML
        "1.0:rule-combining-algorithm:first-applicable\"><Target/><Condition>" REFERENCE(
            "v") "</Condition>" VARIABLE("v", "%s") ANY "</Policy>";
    const char *never = APPLY("1.0:function:or", ""), *always = APPLY("1.0:function:and", "");
    const char *text =
        apr_pstrcat(pool,
                    "<PolicySet xmlns=\"" PROV_X_NAMESPACE
                    "\" PolicySetId=\"s\" Version=\"1\" PolicyCombiningAlgId=\"" XACML
                    "1.0:policy-combining-algorithm:only-one-applicable\"><Target/>",
                    apr_psprintf(pool, policy, "a", never), apr_psprintf(pool, policy, "b", always),
                    "</PolicySet>", NULL);
    prov_pdp *pdp = prov_pdp_make(pool, NULL);
    prov_err *err = prov_pdp_add(pdp, prov_bytes_of(text), "set", PROV_PDP_ROOT);
    ok(!err, "a policy's own condition loads%s", err ? prov_err_text(pool, err) : "");
    prov_pdp_finish(pdp, NULL);
    is_str(words(pool, ask(pool, pdp, request_of(pool, C(""), PLAIN), false)), "Permit",
           "the one whose condition holds is applicable");
}

/* Every policy file has its bounds. */
static void run_policy_bounds(void)
{
    static const struct {
        const char *what;
        prov_pdp_bounds bounds;
        const char *why;
    } rows[] = {
        { "bytes", { .policy_bytes = 100, .policy_nodes = 1000, .depth = 50 }, "100 are allowed" },
        { "nodes", { .policy_bytes = 10000, .policy_nodes = 5, .depth = 50 }, "too many elements" },
        { "depth", { .policy_bytes = 10000, .policy_nodes = 1000, .depth = 1 }, "too deeply" },
    };
    const char *text = "<Policy xmlns=\"" PROV_X_NAMESPACE
                       "\" PolicyId=\"p\" Version=\"1\" RuleCombiningAlgId=\"" XACML
                       "1.0:rule-combining-algorithm:first-applicable\"><Target/>" ANY "</Policy>";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        prov_pdp *pdp = prov_pdp_make(pool, &rows[i].bounds);
        prov_err *err = prov_pdp_add(pdp, prov_bytes_of(text), "f", PROV_PDP_ROOT);
        ok(err && strstr(err->detail, rows[i].why), "%s of a policy: %s", rows[i].what,
           err ? err->detail : "loads");
    }
}

/* The JSON profile says the same as XML does. */
static void run_json(void)
{
    static const struct {
        const char *what, *request, *want;
    } rows[] = {
        { "a string",
          "{\"Request\":{\"Category\":[{\"CategoryId\":\"c\",\"Attribute\":[{"
          "\"AttributeId\":\"a\",\"Value\":\"a\"}]}]}}",
          "Permit" },
        { "one category, one attribute, no arrays",
          "{\"Request\":{\"Category\":{\"CategoryId\":\"c\",\"Attribute\":{\"AttributeId\":\"a\","
          "\"Value\":[\"x\",\"a\"]}}}}",
          "Permit" },
        { "an integer is no string",
          "{\"Request\":{\"Category\":[{\"CategoryId\":\"c\",\"Attribute\":[{"
          "\"AttributeId\":\"a\",\"Value\":1}]}]}}",
          "NotApplicable" },
        { "a category twice",
          "{\"Request\":{\"Category\":[{\"CategoryId\":\"c\",\"Attribute\":[{\"AttributeId\":\"a\","
          "\"Value\":\"a\"}]},{\"CategoryId\":\"c\"}]}}",
          "Permit,NotApplicable" },
        { "a type that does not fit",
          "{\"Request\":{\"Category\":[{\"CategoryId\":\"c\",\"Attribute\":[{\"AttributeId\":\"a\","
          "\"DataType\":\"integer\",\"Value\":\"x\"}]}]}}",
          FAILED("syntax-error") },
        { "types that do not mix",
          "{\"Request\":{\"Category\":[{\"CategoryId\":\"c\",\"Attribute\":[{\"AttributeId\":\"a\","
          "\"Value\":[\"x\",1]}]}]}}",
          FAILED("syntax-error") },
        { "an attribute without a value",
          "{\"Request\":{\"Category\":[{\"CategoryId\":\"c\",\"Attribute\":[{\"AttributeId\":\"a\""
          "}]}]}}",
          FAILED("syntax-error") },
        { "an unknown member", "{\"Request\":{\"Categories\":[]}}", FAILED("syntax-error") },
        { "no category", "{\"Request\":{\"Category\":[]}}", FAILED("syntax-error") },
        { "no Request", "{}", FAILED("syntax-error") },
        { "no JSON", "{\"Request\":", FAILED("syntax-error") },
        { "references",
          "{\"Request\":{\"Category\":[{\"CategoryId\":\"c\",\"Id\":\"i\",\"Attribute\":[{"
          "\"AttributeId\":\"a\",\"Value\":\"a\"}]},{\"CategoryId\":\"c\",\"Id\":\"j\"}],"
          "\"MultiRequests\":{\"RequestReference\":[{\"ReferenceId\":[\"i\"]}]}}}",
          "Permit" },
        { "a doctype in a Content",
          "{\"Request\":{\"Category\":[{\"CategoryId\":\"c\",\"Content\":\"<!DOCTYPE r><r/>\"}]}}",
          FAILED("syntax-error") },
    };
    prov_pdp *pdp = load(
        pool, CONDITION(APPLY(IS_IN, LITERAL("string", "a") ATTRIBUTE("a", "string", "false"))),
        NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(words(pool, ask(pool, pdp, rows[i].request, true)), rows[i].want, "JSON: %s",
               rows[i].what);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    run_cases();
    run_combined();
    run_bounds();
    run_references();
    run_policy_bounds();
    run_applicable();
    run_json();
    apr_pool_destroy(pool);
    return plan_done();
}
