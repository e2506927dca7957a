/* The schema's shapes as rows: which attributes, which children in which order. */
#include "policy/load.h"

#include <apr_strings.h>
#include <string.h>

#define EXPRESSION "*" /* stands for any element of the Expression group */

typedef struct part {
    const char *name;
    uint8_t rank; /* children come in the order of their ranks */
    uint8_t most; /* 0: any number */
    bool required;
} part;

typedef struct shape {
    const char *element;
    const char *required, *optional; /* attributes, each followed by a space */
    part parts[12];
    bool open; /* attributes and children of other namespaces may be there, and text */
} shape;

#define COMBINER_PARTS(...)                                                                        \
    { "Description", 0, 1, false }, { "PolicyIssuer", 1, 1, false }, { __VA_ARGS__, 2, 1, false }, \
        { "Target", 3, 1, true }, { "Condition", 4, 1, false },                                    \
        { "ObligationExpressions", 6, 1, false },                                                  \
    {                                                                                              \
        "AdviceExpressions", 7, 1, false                                                           \
    }

static const shape shapes[] = {
    { "Policy",
      "PolicyId Version RuleCombiningAlgId ",
      "MaxDelegationDepth ",
      { COMBINER_PARTS("PolicyDefaults"),
        { "CombinerParameters", 5, 0, false },
        { "RuleCombinerParameters", 5, 0, false },
        { "VariableDefinition", 5, 0, false },
        { "Rule", 5, 0, false } },
      false },
    { "PolicySet",
      "PolicySetId Version PolicyCombiningAlgId ",
      "MaxDelegationDepth ",
      { COMBINER_PARTS("PolicySetDefaults"),
        { "CombinerParameters", 5, 0, false },
        { "*Children", 5, 0, false } },
      false },
    { "Rule",
      "RuleId Effect ",
      "",
      { { "Description", 0, 1, false },
        { "Target", 1, 1, false },
        { "Condition", 2, 1, false },
        { "ObligationExpressions", 3, 1, false },
        { "AdviceExpressions", 4, 1, false } },
      false },
    { "Target", "", "", { { "AnyOf", 0, 0, false } }, false },
    { "AnyOf", "", "", { { "AllOf", 0, 0, true } }, false },
    { "AllOf", "", "", { { "Match", 0, 0, true } }, false },
    { "Match",
      "MatchId ",
      "",
      { { "AttributeValue", 0, 1, true },
        { "AttributeDesignator", 1, 1, false },
        { "AttributeSelector", 1, 1, false } },
      false },
    { "Condition", "", "", { { EXPRESSION, 0, 1, true } }, false },
    { "VariableDefinition", "VariableId ", "", { { EXPRESSION, 0, 1, true } }, false },
    { "Apply",
      "FunctionId ",
      "",
      { { "Description", 0, 1, false }, { EXPRESSION, 1, 0, false } },
      false },
    { "AttributeValue", "DataType ", "XPathCategory ", { { NULL, 0, 0, false } }, true },
    { "AttributeDesignator",
      "Category AttributeId DataType MustBePresent ",
      "Issuer ",
      { { NULL, 0, 0, false } },
      false },
    { "AttributeSelector",
      "Category Path DataType MustBePresent ",
      "ContextSelectorId ",
      { { NULL, 0, 0, false } },
      false },
    { "VariableReference", "VariableId ", "", { { NULL, 0, 0, false } }, false },
    { "Function", "FunctionId ", "", { { NULL, 0, 0, false } }, false },
    { "ObligationExpressions", "", "", { { "ObligationExpression", 0, 0, true } }, false },
    { "AdviceExpressions", "", "", { { "AdviceExpression", 0, 0, true } }, false },
    { "ObligationExpression",
      "ObligationId FulfillOn ",
      "",
      { { "AttributeAssignmentExpression", 0, 0, false } },
      false },
    { "AdviceExpression",
      "AdviceId AppliesTo ",
      "",
      { { "AttributeAssignmentExpression", 0, 0, false } },
      false },
    { "AttributeAssignmentExpression",
      "AttributeId ",
      "Category Issuer ",
      { { EXPRESSION, 0, 1, true } },
      false },
    { "CombinerParameters", "", "", { { "CombinerParameter", 0, 0, false } }, false },
    { "RuleCombinerParameters", "RuleIdRef ", "", { { "CombinerParameter", 0, 0, false } }, false },
    { "PolicyCombinerParameters",
      "PolicyIdRef ",
      "",
      { { "CombinerParameter", 0, 0, false } },
      false },
    { "PolicySetCombinerParameters",
      "PolicySetIdRef ",
      "",
      { { "CombinerParameter", 0, 0, false } },
      false },
    { "CombinerParameter", "ParameterName ", "", { { "AttributeValue", 0, 1, true } }, false },
    { "PolicyDefaults", "", "", { { "XPathVersion", 0, 1, true } }, false },
    { "PolicySetDefaults", "", "", { { "XPathVersion", 0, 1, true } }, false },
    { NULL, NULL, NULL, { { NULL, 0, 0, false } }, false }
};

static const char *const expressions[] = { "Apply",    "AttributeSelector", "AttributeValue",
                                           "Function", "VariableReference", "AttributeDesignator",
                                           NULL };
static const char *const set_children[] = { "PolicySet",
                                            "Policy",
                                            "PolicySetIdReference",
                                            "PolicyIdReference",
                                            "PolicyCombinerParameters",
                                            "PolicySetCombinerParameters",
                                            NULL };

bool prov_xelement(const prov_xml_node *n, const char *name)
{
    return strcmp(prov_xml_name(n), name) == 0 &&
           strcmp(prov_xml_namespace(n), PROV_X_NAMESPACE) == 0;
}

static bool among(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static bool fits(const part *r, const char *name)
{
    if (r->name[0] != '*')
        return strcmp(r->name, name) == 0;
    return among(strcmp(r->name, EXPRESSION) == 0 ? expressions : set_children, name);
}

static bool listed(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at += len)
        if ((at == list || at[-1] == ' ') && at[len] == ' ')
            return true;
    return false;
}

static bool check_attributes(prov_xloader *l, const prov_xml_node *n, const shape *s)
{
    const char *uri, *name;
    bool good = true;
    for (size_t i = 0; (name = prov_xml_attribute_at(n, i, &uri)); i++)
        if (!*uri && !s->open && !listed(s->required, name) && !listed(s->optional, name)) {
            prov_xwrong(l, n, "%s has no attribute %s", s->element, name);
            good = false;
        }
    for (const char *at = s->required; *at; at += strcspn(at, " ") + 1) {
        name = apr_pstrmemdup(l->scratch, at, strcspn(at, " "));
        if (!prov_xml_attribute(l->scratch, n, NULL, name)) {
            prov_xwrong(l, n, "%s lacks its attribute %s", s->element, name);
            good = false;
        }
    }
    return good;
}

static const part *find_part(const shape *s, const char *name)
{
    size_t room = sizeof s->parts / sizeof *s->parts;
    for (const part *r = s->parts; r < s->parts + room && r->name; r++)
        if (fits(r, name))
            return r;
    return NULL;
}

static bool check_children(prov_xloader *l, const prov_xml_node *n, const shape *s)
{
    unsigned seen[12] = { 0 };
    int rank = -1;
    bool good = true;
    for (const prov_xml_node *c = prov_xml_first(n); c; c = prov_xml_next(c)) {
        const char *name = prov_xml_name(c);
        const part *r =
            strcmp(prov_xml_namespace(c), PROV_X_NAMESPACE) == 0 ? find_part(s, name) : NULL;
        const char *why = !r                                          ? "does not belong in"
                          : r->rank < rank                            ? "comes too late in"
                          : ++seen[r - s->parts] > r->most && r->most ? "occurs twice in"
                                                                      : NULL;
        if (why) {
            prov_xwrong(l, c, "%s %s %s", name, why, s->element);
            good = false;
        } else
            rank = r->rank;
    }
    for (size_t i = 0; i < sizeof s->parts / sizeof *s->parts && s->parts[i].name; i++)
        if (s->parts[i].required && !seen[i]) {
            const char *name = s->parts[i].name;
            prov_xwrong(l, n, "%s lacks its %s", s->element, *name == '*' ? "expression" : name);
            good = false;
        }
    return good;
}

bool prov_xshape_check(prov_xloader *l, const prov_xml_node *n)
{
    const shape *s = shapes;
    while (s->element && strcmp(s->element, prov_xml_name(n)) != 0)
        s++;
    if (!s->element)
        return true;
    bool good = check_attributes(l, n, s);
    if (s->open)
        return good;
    if (prov_xml_has_text(n)) {
        prov_xwrong(l, n, "there is text in %s, which has none", s->element);
        good = false;
    }
    return check_children(l, n, s) && good;
}
