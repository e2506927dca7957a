/* The index changes no answer: random policies and requests, with it and without, give the same
 * response. POLICY_PAIRS says how many (20000), SEED with which seed it begins. */
#include "chance.h"
#include "policy_pdp.h"
#include <stdarg.h>

#define POLICIES 24
#define XACML    "urn:oasis:names:tc:xacml:"

static apr_pool_t *pool;

static const char *const types[] = { "string", "anyURI", "integer", "boolean", "double" };
static const char *const values[][4] = { { "a", "b", "c", "d" },
                                         { "urn:a", "urn:b", "urn:c", "urn:d" },
                                         { "1", "02", "3", "-0" },
                                         { "true", "1", "false", "0" },
                                         { "1.0", "NaN", "INF", "-0" } };
/* per type: an equality, and something that the index cannot know */
static const char *const functions[][2] = {
    { "1.0:function:string-equal", "3.0:function:string-equal-ignore-case" },
    { "1.0:function:anyURI-equal", "1.0:function:anyURI-equal" },
    { "1.0:function:integer-equal", "1.0:function:integer-greater-than" },
    { "1.0:function:boolean-equal", "1.0:function:boolean-equal" },
    { "1.0:function:double-equal", "1.0:function:double-less-than" },
};

static void add_value(prov_buf *b, unsigned type)
{
    prov_buf_printf(b,
                    "<AttributeValue DataType=\"http://www.w3.org/2001/XMLSchema#%s\">%s"
                    "</AttributeValue>",
                    types[type], values[type][below(4)]);
}

static void add_match(prov_buf *b)
{
    unsigned type = below(8) < 5 ? 0 : below(5);
    prov_buf_printf(b, "<Match MatchId=\"" XACML "%s\">", functions[type][below(6) == 0]);
    add_value(b, type);
    prov_buf_printf(b,
                    "<AttributeDesignator Category=\"c%u\" AttributeId=\"i%u\" DataType=\""
                    "http://www.w3.org/2001/XMLSchema#%s\" %s MustBePresent=\"%s\"/></Match>",
                    below(2), below(3), types[type], below(6) ? "" : "Issuer=\"me\"",
                    below(5) ? "false" : "true");
}

static void add_target(prov_buf *b)
{
    prov_buf_text(b, "<Target>");
    for (unsigned any = below(20) ? 1 + below(3) : 0; any > 0; any--) {
        prov_buf_text(b, "<AnyOf>");
        for (unsigned all = 1 + below(3); all > 0; all--) {
            prov_buf_text(b, "<AllOf>");
            for (unsigned match = 1 + below(3); match > 0; match--)
                add_match(b);
            prov_buf_text(b, "</AllOf>");
        }
        prov_buf_text(b, "</AnyOf>");
    }
    prov_buf_text(b, "</Target>");
}

static void add_policy(prov_buf *b, unsigned number)
{
    const char *effect = below(2) ? "Permit" : "Deny";
    prov_buf_printf(b,
                    "<Policy xmlns=\"" PROV_X_NAMESPACE "\" PolicyId=\"p%u\" Version=\"1\" "
                    "RuleCombiningAlgId=\"" XACML
                    "1.0:rule-combining-algorithm:first-applicable\">",
                    number);
    add_target(b);
    prov_buf_printf(b, "<Rule RuleId=\"r\" Effect=\"%s\">", effect);
    if (below(3) == 0)
        add_target(b);
    prov_buf_printf(b,
                    "</Rule><ObligationExpressions><ObligationExpression ObligationId=\"o%u\" "
                    "FulfillOn=\"%s\"/></ObligationExpressions></Policy>",
                    number, effect);
}

static void must(const prov_err *err)
{
    if (!err)
        return;
    printf("Bail out! %s\n", prov_err_text(pool, err));
    exit(1);
}

static prov_pdp *make_pdp(apr_pool_t *p)
{
    prov_buf b;
    prov_pdp *pdp = prov_pdp_make(p, NULL);
    unsigned sets = below(2), count = 3 + below(POLICIES);
    for (unsigned i = 0; i < count; i++) {
        prov_buf_init(&b, p, 4096);
        add_policy(&b, i);
        must(prov_pdp_add(pdp, prov_buf_bytes(&b), "random", PROV_PDP_ROOT));
    }
    if (sets) { /* one set with children of its own beside them */
        prov_buf_init(&b, p, 4096);
        prov_buf_text(&b, "<PolicySet xmlns=\"" PROV_X_NAMESPACE "\" PolicySetId=\"s\" "
                          "Version=\"1\" PolicyCombiningAlgId=\"" XACML
                          "3.0:policy-combining-algorithm:permit-overrides\">");
        add_target(&b);
        for (unsigned i = 0; i < 6; i++)
            add_policy(&b, 100 + i);
        prov_buf_text(&b, "</PolicySet>");
        must(prov_pdp_add(pdp, prov_buf_bytes(&b), "random set", PROV_PDP_ROOT));
    }
    const prov_xcombiner *row;
    do
        row = prov_xcombiner_each(below(24));
    while (row->rules);
    must(prov_pdp_finish(pdp, row->id));
    return pdp;
}

static prov_xrequest *make_request(apr_pool_t *p)
{
    static const char *const categories[] = { "c0", "c1" }, *const ids[] = { "i0", "i1", "i2" };
    prov_xrequest *r = prov_xrequest_make(p);
    r->return_policy_ids = true;
    for (unsigned c = 0; c < 2; c++) {
        prov_xattributes *to = prov_xrequest_category(r, categories[c]);
        for (unsigned n = below(5); n > 0; n--) {
            prov_xattribute *a =
                prov_xrequest_attribute(r, to, ids[below(3)], below(4) ? NULL : "me");
            for (unsigned k = 1 + below(2); k > 0; k--) {
                unsigned type = below(8) < 5 ? 0 : below(5);
                prov_xvalue v = { .type = PROV_X_STRING };
                prov_xtype t = PROV_X_STRING;
                prov_xtype_find_short(prov_bytes_of(types[type]), &t);
                prov_xvalue_parse(p, t, prov_bytes_of(values[type][below(4)]), &v);
                prov_xattribute_add(a, v);
            }
        }
    }
    return r;
}

static const char *answer(const prov_pdp *pdp, apr_pool_t *p, const prov_xrequest *r, bool plain)
{
    prov_pdp_options options = { .no_index = plain, .now = 1 };
    prov_bytes text = prov_xresponse_xml(p, prov_pdp_decide(pdp, p, r, &options));
    return prov_bytes_text(p, text);
}

int main(void)
{
    const char *pairs_text = getenv("POLICY_PAIRS");
    long pairs = pairs_text ? strtol(pairs_text, NULL, 10) : 20000, bad = 0;
    long decided[4] = { 0 };
    static const char *const words[] = { "Permit", "Deny", "NotApplicable", "Indeterminate" };
    draw_from_seed(20261121);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (long done = 0; done < pairs;) {
        apr_pool_t *p, *one;
        apr_pool_create(&p, pool);
        apr_pool_create(&one, p);
        prov_pdp *pdp = make_pdp(p);
        for (int i = 0; i < 100 && done < pairs; i++, done++) {
            const prov_xrequest *r = make_request(one);
            const char *with = answer(pdp, one, r, false), *without = answer(pdp, one, r, true);
            if (strcmp(with, without) != 0 && bad++ == 0)
                printf("# pair %ld: %s\n# without the index: %s\n", done, with, without);
            for (int k = 0; k < 4; k++)
                decided[k] += strstr(without, apr_psprintf(one, "<Decision>%s<", words[k])) != NULL;
            apr_pool_clear(one);
        }
        apr_pool_destroy(p);
    }
    is_int(bad, 0, "%ld pairs answer the same with and without the index", pairs);
    for (int k = 0; k < 4; k++)
        ok(decided[k] > pairs / 100, "%ld of them are %s", decided[k], words[k]);
    apr_pool_destroy(pool);
    return plan_done();
}
