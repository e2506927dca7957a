/* What is refused at load, with line and sentence; and what is only a warning. Each case is a
 * policy's inside, given to one that is right without it. */
#include "policy_pdp.h"

#define XACML               "urn:oasis:names:tc:xacml:"
#define S                   "DataType=\"http://www.w3.org/2001/XMLSchema#string\""
#define I                   "DataType=\"http://www.w3.org/2001/XMLSchema#integer\""
#define LITERAL(type, text) "<AttributeValue " type ">" text "</AttributeValue>"
#define DESIGNATOR(type)                                                                           \
    "<AttributeDesignator Category=\"c\" AttributeId=\"a\" " type " MustBePresent=\"false\"/>"
#define APPLY(f, args)    "<Apply FunctionId=\"" XACML f "\">" args "</Apply>"
#define RULE(inside)      "<Rule RuleId=\"r\" Effect=\"Permit\">" inside "</Rule>"
#define CONDITION(inside) RULE("<Condition>" inside "</Condition>")
#define VARIABLE(id, inside)                                                                       \
    "<VariableDefinition VariableId=\"" id "\">" inside "</VariableDefinition>"
#define REFERENCE(id) "<VariableReference VariableId=\"" id "\"/>"
#define EQUAL         "1.0:function:string-equal"
#define TRUTH         APPLY("1.0:function:not", APPLY("1.0:function:or", ""))

static apr_pool_t *pool;

/* The line is that of the inside: 2 is its first. NULL: it loads. */
static const struct {
    const char *what, *inside, *want;
} cases[] = {
    { "a rule", RULE(""), NULL },
    { "no rule", "", NULL },
    { "text between", "text", "1 there is text in Policy" },
    { "an unknown element", "\n<Rul/>", "3 Rul does not belong in Policy" },
    { "a foreign element", "<x:Rule xmlns:x=\"urn:x\"/>", "2 Rule does not belong in Policy" },
    { "no effect", "\n\n<Rule RuleId=\"r\"/>", "4 Rule lacks its attribute Effect" },
    { "another effect", "<Rule RuleId=\"r\" Effect=\"permit\"/>", "2 Effect is Permit or Deny" },
    { "an unknown attribute", "<Rule RuleId=\"r\" Effect=\"Permit\" Why=\"\"/>",
      "2 Rule has no attribute Why" },
    { "a second target", RULE("<Target/><Target/>"), "2 Target occurs twice in Rule" },
    { "the wrong order", RULE("<Condition>" TRUTH "</Condition><Target/>"),
      "2 Target comes too late in Rule" },
    { "an empty AnyOf", RULE("<Target><AnyOf/></Target>"), "2 AnyOf lacks its AllOf" },
    { "a condition", CONDITION(TRUTH), NULL },
    { "an empty condition", CONDITION(""), "2 Condition lacks its expression" },
    { "two in a condition", CONDITION(TRUTH TRUTH), "2 Apply occurs twice in Condition" },
    { "a condition of a string", CONDITION(LITERAL(S, "true")), "2 a Condition is one boolean" },
    { "a condition of a bag",
      CONDITION(DESIGNATOR("DataType=\"http://www.w3.org/2001/XMLSchema#boolean\"")),
      "2 a Condition is one boolean" },
    { "an unknown function", CONDITION(APPLY("1.0:function:eq", "")),
      "2 there is no function " XACML "1.0:function:eq" },
    { "too few arguments", CONDITION(APPLY(EQUAL, LITERAL(S, "a"))), "2 " XACML EQUAL },
    { "too many arguments",
      CONDITION(APPLY(EQUAL, LITERAL(S, "a") LITERAL(S, "a") LITERAL(S, "a"))), "2 " XACML EQUAL },
    { "an argument of another type", CONDITION(APPLY(EQUAL, LITERAL(S, "a") LITERAL(I, "1"))),
      "2 " XACML EQUAL },
    { "a bag for a value", CONDITION(APPLY(EQUAL, LITERAL(S, "a") DESIGNATOR(S))),
      "2 " XACML EQUAL },
    { "a value for a bag",
      CONDITION(APPLY("1.0:function:string-is-in", LITERAL(S, "a") LITERAL(S, "a"))),
      "2 " XACML "1.0:function:string-is-in" },
    { "a higher-order function",
      CONDITION(APPLY("3.0:function:any-of",
                      "<Function FunctionId=\"" XACML EQUAL "\"/>" LITERAL(S, "a") DESIGNATOR(S))),
      NULL },
    { "a function of another type in it",
      CONDITION(APPLY("3.0:function:any-of",
                      "<Function FunctionId=\"" XACML
                      "1.0:function:integer-equal\"/>" LITERAL(S, "a") DESIGNATOR(S))),
      "2 " XACML "3.0:function:any-of" },
    { "a function where none stands", CONDITION("<Function FunctionId=\"" XACML EQUAL "\"/>"),
      "2 Function is no expression that stands here" },
    { "an integer that is none",
      CONDITION(APPLY("1.0:function:integer-equal", LITERAL(I, "1") LITERAL(I, "1.5"))), "2 " },
    { "an integer beyond 64 bits",
      CONDITION(
          APPLY("1.0:function:integer-equal", LITERAL(I, "1") LITERAL(I, "9223372036854775808"))),
      "2 " },
    { "an unknown data type",
      CONDITION(APPLY(EQUAL, LITERAL("DataType=\"string\"", "a") LITERAL(S, "a"))),
      "2 there is no data type string" },
    { "an element in a value", CONDITION(APPLY(EQUAL, LITERAL(S, "<b xmlns=''/>") LITERAL(S, "a"))),
      "2 an AttributeValue holds text only" },
    { "a regular expression that is none",
      CONDITION(APPLY("1.0:function:string-regexp-match", LITERAL(S, "(a") LITERAL(S, "a"))),
      "2 " XACML "1.0:function:string-regexp-match" },
    { "a regular expression within a higher-order function",
      CONDITION(APPLY("3.0:function:any-of",
                      "<Function FunctionId=\"" XACML
                      "1.0:function:string-regexp-match\"/>" LITERAL(S, "(a)") DESIGNATOR(S))),
      NULL },
    { "one that is none there",
      CONDITION(APPLY("3.0:function:any-of",
                      "<Function FunctionId=\"" XACML
                      "1.0:function:string-regexp-match\"/>" LITERAL(S, "(a") DESIGNATOR(S))),
      "2 " XACML "3.0:function:any-of" },
    { "an XPath that is none",
      CONDITION(APPLY("1.0:function:string-is-in",
                      LITERAL(S, "a") "<AttributeSelector Category=\"c\" Path=\"a[\" " S
                                      " MustBePresent=\"false\"/>")),
      "2 a[: this is no XPath expression" },
    { "MustBePresent that is no boolean",
      CONDITION(APPLY("1.0:function:string-is-in",
                      LITERAL(S, "a") "<AttributeDesignator Category=\"c\" AttributeId=\"a\" " S
                                      " MustBePresent=\"yes\"/>")),
      "2 MustBePresent" },
    { "a variable before its definition", CONDITION(REFERENCE("v")) VARIABLE("v", TRUTH), NULL },
    { "an undefined variable", CONDITION(REFERENCE("v")), "2 no variable v is defined" },
    { "a variable twice", VARIABLE("v", TRUTH) "\n" VARIABLE("v", TRUTH),
      "3 the variable v is defined twice" },
    { "a variable of itself", VARIABLE("v", REFERENCE("v")),
      "2 the variable v is defined by itself" },
    { "variables in a circle",
      VARIABLE("v", REFERENCE("w")) VARIABLE("w", APPLY("1.0:function:not", REFERENCE("v"))),
      "2 the variable v is defined by itself" },
    { "a variable of another type", VARIABLE("v", LITERAL(S, "x")) CONDITION(REFERENCE("v")),
      "2 a Condition is one boolean" },
    { "an unused variable that is wrong", VARIABLE("v", APPLY("1.0:function:eq", "")),
      "2 there is no function" },
    { "a Match of a function that gives no boolean",
      RULE("<Target><AnyOf><AllOf><Match MatchId=\"" XACML "1.0:function:integer-add\">" LITERAL(
          I, "1") DESIGNATOR(I) "</Match></AllOf></AnyOf></Target>"),
      "2 " XACML "1.0:function:integer-add: a Match needs" },
    { "a Match without a designator",
      RULE("<Target><AnyOf><AllOf><Match MatchId=\"" XACML EQUAL
           "\">" LITERAL(S, "1") "</Match></AllOf></AnyOf></Target>"),
      "2 Match lacks its AttributeDesignator" },
    { "an obligation of another effect",
      RULE("<ObligationExpressions><ObligationExpression ObligationId=\"o\" FulfillOn=\"Maybe\"/>"
           "</ObligationExpressions>"),
      "2 FulfillOn is Permit or Deny" },
    { "deep nesting", CONDITION("@"), "2 the elements are nested too deeply" },
};

static const char *policy_of(const char *inside)
{
    const char *deep = "";
    const char *at = strchr(inside, '@');
    for (int i = 0; at && i < 120; i++)
        deep = apr_pstrcat(pool, deep, "<Apply FunctionId=\"" XACML "1.0:function:not\">", NULL);
    if (at)
        inside = apr_pstrcat(pool, apr_pstrmemdup(pool, inside, (size_t)(at - inside)), deep, NULL);
    return apr_pstrcat(pool,
                       "<Policy xmlns=\"" PROV_X_NAMESPACE "\" PolicyId=\"p\" Version=\"1.0\" "
                       "RuleCombiningAlgId=\"" XACML
                       "3.0:rule-combining-algorithm:deny-overrides\"><Target/>\n",
                       inside, "</Policy>", NULL);
}

static const char *load(const char *text, const prov_pdp **out)
{
    prov_pdp *pdp = prov_pdp_make(pool, NULL);
    prov_err *err = prov_pdp_add(pdp, prov_bytes_of(text), "f", PROV_PDP_ROOT);
    prov_err *finish = prov_pdp_finish(pdp, NULL);
    err = err ? err : finish;
    *out = pdp;
    return err ? apr_pstrcat(pool, err->source ? err->source + 2 : "", " ", err->detail, NULL)
               : NULL;
}

/* Refused, it begins as wanted; and evaluated nevertheless, it is Indeterminate. */
static void check(const char *what, const char *text, const char *want)
{
    const prov_pdp *pdp;
    const char *got = load(text, &pdp);
    ok(want ? got && strncmp(got, want, strlen(want)) == 0 : !got, "%s: %s", what,
       got ? got : "loads");
    if (!want)
        return;
    const prov_xresponse *r = prov_pdp_decide(pdp, pool, prov_xrequest_make(pool), NULL);
    is_str(prov_xdecision_text(r->results[0].decision), "Indeterminate",
           "%s: it is Indeterminate when evaluated", what);
}

#define POLICY_AS(attributes)                                                                      \
    "<Policy xmlns=\"" PROV_X_NAMESPACE "\" " attributes "><Target/></Policy>"
#define FIRST "RuleCombiningAlgId=\"" XACML "1.0:rule-combining-algorithm:first-applicable\""
#define SET(id, inside)                                                                            \
    "<PolicySet xmlns=\"" PROV_X_NAMESPACE "\" PolicySetId=\"" id "\" Version=\"1\" "              \
    "PolicyCombiningAlgId=\"" XACML                                                                \
    "1.0:policy-combining-algorithm:first-applicable\"><Target/>" inside "</PolicySet>"
#define P(id, version) POLICY_AS("PolicyId=\"" id "\" Version=\"" version "\" " FIRST)

/* Whole texts. */
static const struct {
    const char *what, *text, *want;
} texts[] = {
    { "nothing", "", "1 Document is empty" },
    { "no XML", "policy", "1 " },
    { "another root", "<Policy/>", "1 a Policy or PolicySet of XACML 3.0 is expected" },
    { "XACML 2.0", "<Policy xmlns=\"urn:oasis:names:tc:xacml:2.0:policy:schema:os\"/>",
      "1 a Policy or PolicySet of XACML 3.0 is expected" },
    { "a doctype", "<!DOCTYPE Policy><Policy/>", "1 a document type declaration" },
    { "entities that multiply",
      "<!DOCTYPE p [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
      "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><p>&c;</p>",
      "1 a document type declaration" },
    { "an external entity", "<!DOCTYPE p [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><p>&x;</p>",
      "1 a document type declaration" },
    { "an undeclared entity", "<Policy>&x;</Policy>", "1 " },
    { "no version", POLICY_AS("PolicyId=\"p\" " FIRST), "1 Policy lacks its attribute Version" },
    { "a version that is none", P("p", "1.a"), "1 Version=\"1.a\" is no version" },
    { "a policy's algorithm of policies",
      POLICY_AS("PolicyId=\"p\" Version=\"1\" RuleCombiningAlgId=\"" XACML
                "1.0:policy-combining-algorithm:only-one-applicable\""),
      "1 there is no rule-combining algorithm" },
    { "an issuer",
      "<Policy xmlns=\"" PROV_X_NAMESPACE "\" PolicyId=\"p\" Version=\"1\" " FIRST
      "><PolicyIssuer/><Target/></Policy>",
      "1 a policy with an issuer is not trusted" },
    { "a policy twice", SET("s", P("p", "1.0") P("p", "1.0")),
      "1 Policy p version 1.0 is already" },
    { "a policy in two versions", SET("s", P("p", "1.0") P("p", "1.1")), NULL },
    { "a reference to a newer version than there is",
      SET("s", P("p", "1.0") "<PolicyIdReference Version=\"1.1\">p</PolicyIdReference>"),
      "1 no Policy p of version 1.1 is loaded" },
    { "a reference with a pattern",
      SET("s", P("p", "1.0.3") "<PolicyIdReference Version=\"1.*.3\" EarliestVersion=\"1.0.2\" "
                               "LatestVersion=\"1.+\">p</PolicyIdReference>"),
      NULL },
    { "a pattern that is none",
      SET("s", P("p", "1.0") "<PolicyIdReference Version=\"1.+.2\">p</PolicyIdReference>"),
      "1 Version=\"1.+.2\" is no version pattern" },
    { "a set for a policy", SET("s", P("p", "1") "<PolicySetIdReference>p</PolicySetIdReference>"),
      "1 no PolicySet p is loaded" },
    { "a set of itself", SET("s", "<PolicySetIdReference>s</PolicySetIdReference>"),
      "1 the reference to s leads back to itself" },
    { "sets in a circle", SET("s", SET("t", "<PolicySetIdReference>s</PolicySetIdReference>")),
      "1 the reference to t leads back to itself" },
};

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].what, policy_of(cases[i].inside), cases[i].want);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const prov_pdp *pdp;
        const char *got = load(texts[i].text, &pdp), *want = texts[i].want;
        ok(want ? got && strncmp(got, want, strlen(want)) == 0 : !got, "%s: %s", texts[i].what,
           got ? got : "loads");
    }
    apr_pool_destroy(pool);
    return plan_done();
}
