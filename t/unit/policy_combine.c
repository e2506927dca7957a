/* Every combining algorithm against the specification's own words, for every list of up to four
 * children. The oracle is written from appendix C's pseudo-code, algorithm by algorithm, and shares
 * nothing with the table. */
#include "tap.h"
#include "policy/combine.h"
#include "policy/policy.h"
#include <apr_general.h>

enum { NA, P, D, IP, ID, IDP, KINDS };

typedef struct given {
    prov_xchildren base; /* first */
    int kind[4];
    prov_xmatch match[4];
} given;

static void evaluate(prov_xchildren *base, size_t i, prov_xoutcome *out)
{
    given *g = (given *)(void *)base;
    out->decision = (prov_xdecision)g->kind[i];
    if (prov_xindeterminate(out->decision))
        out->code = PROV_X_PROCESSING_ERROR;
}

static prov_xmatch applicable(prov_xchildren *base, size_t i, prov_xoutcome *out)
{
    given *g = (given *)(void *)base;
    if (g->match[i] == PROV_X_MATCH_FAILED)
        *out = (prov_xoutcome){ .decision = PROV_X_INDETERMINATE_DP,
                                .code = PROV_X_MISSING_ATTRIBUTE };
    return g->match[i];
}

typedef int oracle(const int *k, int n);

/* C.2 */
static int deny_overrides(const int *k, int n)
{
    bool error_d = false, error_p = false, error_dp = false, permit = false;
    for (int i = 0; i < n; i++) {
        if (k[i] == D)
            return D;
        permit |= k[i] == P;
        error_d |= k[i] == ID;
        error_p |= k[i] == IP;
        error_dp |= k[i] == IDP;
    }
    if (error_dp)
        return IDP;
    if (error_d && (error_p || permit))
        return IDP;
    if (error_d)
        return ID;
    if (permit)
        return P;
    return error_p ? IP : NA;
}

/* C.4 */
static int permit_overrides(const int *k, int n)
{
    bool error_d = false, error_p = false, error_dp = false, deny = false;
    for (int i = 0; i < n; i++) {
        if (k[i] == P)
            return P;
        deny |= k[i] == D;
        error_d |= k[i] == ID;
        error_p |= k[i] == IP;
        error_dp |= k[i] == IDP;
    }
    if (error_dp)
        return IDP;
    if (error_p && (error_d || deny))
        return IDP;
    if (error_p)
        return IP;
    if (deny)
        return D;
    return error_d ? ID : NA;
}

/* C.6 */
static int deny_unless_permit(const int *k, int n)
{
    for (int i = 0; i < n; i++)
        if (k[i] == P)
            return P;
    return D;
}

/* C.7 */
static int permit_unless_deny(const int *k, int n)
{
    for (int i = 0; i < n; i++)
        if (k[i] == D)
            return D;
    return P;
}

/* C.8 */
static int first_applicable(const int *k, int n)
{
    for (int i = 0; i < n; i++)
        if (k[i] != NA)
            return k[i];
    return NA;
}

/* C.10: the effect of a failed rule is what its Indeterminate could have been. Which Indeterminate
 * comes out is not said by the version that the algorithm is from; what is plain is checked. */
static int rule_deny_overrides_1(const int *k, int n)
{
    bool permit = false, error = false, potential = false;
    for (int i = 0; i < n; i++) {
        if (k[i] == D)
            return D;
        permit |= k[i] == P;
        error |= k[i] >= IP;
        potential |= k[i] == ID || k[i] == IDP;
    }
    if (potential)
        return IDP;
    if (permit)
        return P;
    return error ? IDP : NA;
}

/* C.12 */
static int rule_permit_overrides_1(const int *k, int n)
{
    bool deny = false, error = false, potential = false;
    for (int i = 0; i < n; i++) {
        if (k[i] == P)
            return P;
        deny |= k[i] == D;
        error |= k[i] >= IP;
        potential |= k[i] == IP || k[i] == IDP;
    }
    if (potential)
        return IDP;
    if (deny)
        return D;
    return error ? IDP : NA;
}

/* C.11 */
static int policy_deny_overrides_1(const int *k, int n)
{
    bool permit = false;
    for (int i = 0; i < n; i++) {
        if (k[i] == D || k[i] >= IP)
            return D;
        permit |= k[i] == P;
    }
    return permit ? P : NA;
}

/* C.13 */
static int policy_permit_overrides_1(const int *k, int n)
{
    bool deny = false, error = false;
    for (int i = 0; i < n; i++) {
        if (k[i] == P)
            return P;
        deny |= k[i] == D;
        error |= k[i] >= IP;
    }
    return deny ? D : error ? IDP : NA;
}

#define URN "urn:oasis:names:tc:xacml:"

static const struct {
    const char *name; /* behind "rule-" or "policy-" */
    const char *version;
    oracle *rule, *policy;
    bool plain; /* which Indeterminate is not said */
} cases[] = {
    { "deny-overrides", "3.0", deny_overrides, deny_overrides, false },
    { "permit-overrides", "3.0", permit_overrides, permit_overrides, false },
    { "ordered-deny-overrides", "3.0", deny_overrides, deny_overrides, false },
    { "ordered-permit-overrides", "3.0", permit_overrides, permit_overrides, false },
    { "deny-unless-permit", "3.0", deny_unless_permit, deny_unless_permit, false },
    { "permit-unless-deny", "3.0", permit_unless_deny, permit_unless_deny, false },
    { "first-applicable", "1.0", first_applicable, first_applicable, false },
    { "deny-overrides", "1.0", rule_deny_overrides_1, policy_deny_overrides_1, true },
    { "permit-overrides", "1.0", rule_permit_overrides_1, policy_permit_overrides_1, true },
    { "ordered-deny-overrides", "1.1", rule_deny_overrides_1, policy_deny_overrides_1, true },
    { "ordered-permit-overrides", "1.1", rule_permit_overrides_1, policy_permit_overrides_1, true },
};

static int power(int base, int n)
{
    return n == 0 ? 1 : base * power(base, n - 1);
}

static int wrong(const prov_xcombiner *row, oracle *want, bool plain, int n)
{
    int bad = 0;
    for (int code = 0; code < power(KINDS, n); code++) {
        given g = { .base = { (size_t)n, evaluate, applicable } };
        prov_xoutcome out = { .decision = PROV_X_NOT_APPLICABLE };
        for (int i = 0, rest = code; i < n; i++, rest /= KINDS)
            g.kind[i] = rest % KINDS;
        row->run(row, &g.base, &out);
        int got = (int)out.decision, expected = want(g.kind, n);
        bool failed = got >= IP;
        bool same = plain && failed ? expected >= IP : got == expected;
        /* a failure always has a status, a decision never */
        bad += !same || failed != (out.code != PROV_X_OK);
    }
    return bad;
}

static void run(const char *kind, const char *version, const char *name, oracle *want, bool plain)
{
    char id[200];
    snprintf(id, sizeof id, URN "%s:%s-combining-algorithm:%s", version, kind, name);
    const prov_xcombiner *row = prov_xcombiner_find(id, strcmp(kind, "rule") == 0);
    if (!ok(row != NULL, "%s is there", id))
        return;
    for (int n = 0; n <= 4; n++)
        is_int(wrong(row, want, plain, n), 0, "%s with %d children", id, n);
}

/* C.9: applicability decides, and then the one that is applicable. */
static int only_one(const given *g, int n)
{
    int found = -1;
    for (int i = 0; i < n; i++) {
        if (g->match[i] == PROV_X_MATCH_FAILED)
            return IDP;
        if (g->match[i] == PROV_X_MATCH && found >= 0)
            return IDP;
        if (g->match[i] == PROV_X_MATCH)
            found = i;
    }
    return found < 0 ? NA : g->kind[found];
}

/* A target that failed matters only where none matches. */
static int one_root(const given *g, int n)
{
    int found = -1, failed = 0;
    for (int i = 0; i < n; i++) {
        if (g->match[i] == PROV_X_MATCH && found >= 0)
            return IDP;
        if (g->match[i] == PROV_X_MATCH)
            found = i;
        failed |= g->match[i] == PROV_X_MATCH_FAILED;
    }
    return found >= 0 ? g->kind[found] : failed ? IDP : NA;
}

/* Each child by its target, and by its decision where that matches. */
static void set_child(given *g, int i, int code)
{
    g->match[i] = code == 0 ? PROV_X_NO_MATCH : code == 1 ? PROV_X_MATCH_FAILED : PROV_X_MATCH;
    g->kind[i] = code >= 2 ? code - 2 : NA;
}

static void run_matching(const char *id, int (*want)(const given *g, int n))
{
    const prov_xcombiner *row = prov_xcombiner_find(id, false);
    for (int n = 0; n <= 4; n++) {
        int bad = 0;
        for (int code = 0; code < power(KINDS + 2, n); code++) {
            given g = { .base = { (size_t)n, evaluate, applicable } };
            prov_xoutcome out = { .decision = PROV_X_NOT_APPLICABLE };
            for (int i = 0, rest = code; i < n; i++, rest /= KINDS + 2)
                set_child(&g, i, rest % (KINDS + 2));
            row->run(row, &g.base, &out);
            bad += (int)out.decision != want(&g, n);
        }
        is_int(bad, 0, "%s with %d children", id, n);
    }
}

static prov_xduty duties[3];

static void evaluate_with_duty(prov_xchildren *base, size_t i, prov_xoutcome *out)
{
    evaluate(base, i, out);
    if (out->decision == PROV_X_PERMIT || out->decision == PROV_X_DENY)
        out->duties = out->duties_end = &duties[i];
}

/* Which children's duties a decision carries: those that decided the same, up to the one that
 * settled it. */
static void run_duties(void)
{
    static const struct {
        const char *id;
        int kind[3];
        int want; /* bits of the children whose duties are kept */
    } rows[] = {
        { URN "3.0:rule-combining-algorithm:deny-overrides", { P, P, NA }, 3 },
        { URN "3.0:rule-combining-algorithm:deny-overrides", { P, D, D }, 2 },
        { URN "3.0:rule-combining-algorithm:permit-overrides", { D, IP, D }, 0 },
        { URN "3.0:rule-combining-algorithm:permit-overrides", { D, ID, D }, 5 },
        { URN "3.0:rule-combining-algorithm:deny-unless-permit", { D, IDP, D }, 5 },
        { URN "3.0:rule-combining-algorithm:deny-unless-permit", { D, P, P }, 2 },
        { URN "3.0:rule-combining-algorithm:permit-unless-deny", { P, NA, P }, 5 },
        { URN "1.0:rule-combining-algorithm:first-applicable", { NA, P, D }, 2 },
        { URN "1.0:rule-combining-algorithm:deny-overrides", { P, IP, P }, 5 },
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        given g = { .base = { 3, evaluate_with_duty, applicable } };
        prov_xoutcome out = { .decision = PROV_X_NOT_APPLICABLE };
        int got = 0;
        memcpy(g.kind, rows[r].kind, sizeof rows[r].kind);
        memset(duties, 0, sizeof duties);
        const prov_xcombiner *row = prov_xcombiner_find(rows[r].id, true);
        row->run(row, &g.base, &out);
        for (const prov_xduty *d = out.duties; d; d = d->next)
            got |= 1 << (d - duties);
        is_int(got, rows[r].want, "%s, row %d: whose duties", rows[r].id, (int)r);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run("rule", cases[i].version, cases[i].name, cases[i].rule, cases[i].plain);
        run("policy", cases[i].version, cases[i].name, cases[i].policy, cases[i].plain);
    }
    run_matching(URN "1.0:policy-combining-algorithm:only-one-applicable", only_one);
    run_matching(PROV_PDP_ONE_ROOT, one_root);
    run_duties();
    size_t rows = 0;
    while (prov_xcombiner_each(rows))
        rows++;
    is_int(rows, 15 + 8 + 1, "every row is one of these");
    return plan_done();
}
