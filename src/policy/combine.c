#include "policy/combine.h"
#include "policy/policy.h"

#include <string.h>

/* What the children gave so far. */
typedef struct tally {
    bool seen[PROV_X_INDETERMINATE_DP + 1];
    prov_xoutcome first_failure; /* its status is the result's */
    prov_xoutcome kept;          /* duties and policies of the children that decided as we may */
} tally;

static void join(prov_xoutcome *to, const prov_xoutcome *from)
{
    if (from->duties) {
        if (to->duties)
            to->duties_end->next = from->duties;
        else
            to->duties = from->duties;
        to->duties_end = from->duties_end;
    }
    if (from->policies) {
        if (to->policies)
            to->policies_end->next = from->policies;
        else
            to->policies = from->policies;
        to->policies_end = from->policies_end;
    }
}

static void count(tally *t, const prov_xoutcome *child, prov_xdecision keep)
{
    if (prov_xindeterminate(child->decision) && t->first_failure.code == PROV_X_OK)
        t->first_failure = *child;
    if (child->decision == keep)
        join(&t->kept, child);
    t->seen[child->decision] = true;
}

static void decided(prov_xoutcome *out, const tally *t, prov_xdecision d)
{
    *out = t->kept;
    out->decision = d;
}

static void failed(prov_xoutcome *out, const tally *t, prov_xdecision d)
{
    *out = (prov_xoutcome){ .decision = d,
                            .code = t->first_failure.code,
                            .message = t->first_failure.message,
                            .missing = t->first_failure.missing };
}

static prov_xdecision opposite(prov_xdecision d)
{
    return d == PROV_X_DENY ? PROV_X_PERMIT : PROV_X_DENY;
}

static prov_xdecision unsure(prov_xdecision d)
{
    return d == PROV_X_DENY ? PROV_X_INDETERMINATE_D : PROV_X_INDETERMINATE_P;
}

/* Evaluates the children until one wins: true, and it is the result. */
static bool won(const prov_xcombiner *row, prov_xchildren *children, tally *t, prov_xoutcome *out)
{
    for (size_t i = 0; i < children->count; i++) {
        prov_xoutcome child = { .decision = PROV_X_NOT_APPLICABLE };
        children->evaluate(children, i, &child);
        if (child.decision == row->winner) {
            *out = child;
            return true;
        }
        count(t, &child, opposite(row->winner));
    }
    return false;
}

/* C.2 and C.4 (deny- and permit-overrides), and their ordered variants. */
static void overrides(const prov_xcombiner *row, prov_xchildren *children, prov_xoutcome *out)
{
    tally t = { .seen = { false } };
    prov_xdecision loser = opposite(row->winner);
    if (won(row, children, &t, out))
        return;
    bool winner_unsure = t.seen[unsure(row->winner)], loser_unsure = t.seen[unsure(loser)];
    if (t.seen[PROV_X_INDETERMINATE_DP] || (winner_unsure && (loser_unsure || t.seen[loser])))
        failed(out, &t, PROV_X_INDETERMINATE_DP);
    else if (winner_unsure)
        failed(out, &t, unsure(row->winner));
    else if (t.seen[loser])
        decided(out, &t, loser);
    else if (loser_unsure)
        failed(out, &t, unsure(loser));
}

/* C.6 and C.7: deny-unless-permit and permit-unless-deny; never Indeterminate. */
static void unless(const prov_xcombiner *row, prov_xchildren *children, prov_xoutcome *out)
{
    tally t = { .seen = { false } };
    if (!won(row, children, &t, out))
        decided(out, &t, opposite(row->winner));
}

/* C.8 */
static void first_applicable(const prov_xcombiner *row, prov_xchildren *children,
                             prov_xoutcome *out)
{
    for (size_t i = 0; i < children->count; i++) {
        children->evaluate(children, i, out);
        if (out->decision != PROV_X_NOT_APPLICABLE)
            return;
        *out = (prov_xoutcome){ .decision = PROV_X_NOT_APPLICABLE };
    }
}

static const prov_xoutcome more_than_one = { .decision = PROV_X_INDETERMINATE_DP,
                                             .code = PROV_X_PROCESSING_ERROR,
                                             .message = "more than one policy is applicable" };

/* C.9 */
static void only_one(const prov_xcombiner *row, prov_xchildren *children, prov_xoutcome *out)
{
    size_t found = children->count;
    for (size_t i = 0; i < children->count; i++) {
        prov_xmatch match = children->applicable(children, i, out);
        if (match == PROV_X_MATCH_FAILED) {
            out->decision = PROV_X_INDETERMINATE_DP;
            return;
        }
        if (match == PROV_X_MATCH && found < children->count) {
            *out = more_than_one;
            return;
        }
        if (match == PROV_X_MATCH)
            found = i;
    }
    if (found < children->count)
        children->evaluate(children, found, out);
}

/* PROV_PDP_ONE_ROOT: as only-one-applicable, but a target that cannot be evaluated only matters if
 * nothing matches. */
static void one_root(const prov_xcombiner *row, prov_xchildren *children, prov_xoutcome *out)
{
    size_t found = children->count;
    prov_xoutcome failure = { .decision = PROV_X_NOT_APPLICABLE }, child;
    for (size_t i = 0; i < children->count; i++) {
        prov_xmatch match = children->applicable(children, i, &child);
        if (match == PROV_X_MATCH && found < children->count) {
            *out = more_than_one;
            return;
        }
        if (match == PROV_X_MATCH)
            found = i;
        else if (match == PROV_X_MATCH_FAILED && failure.code == PROV_X_OK)
            failure = child;
    }
    if (found < children->count)
        children->evaluate(children, found, out);
    else
        *out = failure;
}

/* Which of the two an Indeterminate could have been, from those seen. */
static prov_xdecision could_be(const tally *t, bool permit, bool deny)
{
    permit = permit || t->seen[PROV_X_INDETERMINATE_P] || t->seen[PROV_X_INDETERMINATE_DP];
    deny = deny || t->seen[PROV_X_INDETERMINATE_D] || t->seen[PROV_X_INDETERMINATE_DP];
    return permit && deny ? PROV_X_INDETERMINATE_DP
           : deny         ? PROV_X_INDETERMINATE_D
                          : PROV_X_INDETERMINATE_P;
}

/* C.10 and C.12: a failed rule of the winning effect outweighs, one of the other does not. */
static void overrides_rules_1(const prov_xcombiner *row, prov_xchildren *children,
                              prov_xoutcome *out)
{
    tally t = { .seen = { false } };
    prov_xdecision loser = opposite(row->winner);
    if (won(row, children, &t, out))
        return;
    if (t.seen[unsure(row->winner)] || t.seen[PROV_X_INDETERMINATE_DP])
        failed(out, &t, could_be(&t, t.seen[PROV_X_PERMIT], t.seen[PROV_X_DENY]));
    else if (t.seen[loser])
        decided(out, &t, loser);
    else if (t.seen[unsure(loser)])
        failed(out, &t, unsure(loser));
}

/* C.11: a failed policy denies. */
static void deny_overrides_policies_1(const prov_xcombiner *row, prov_xchildren *children,
                                      prov_xoutcome *out)
{
    tally t = { .seen = { false } };
    for (size_t i = 0; i < children->count; i++) {
        prov_xoutcome child = { .decision = PROV_X_NOT_APPLICABLE };
        children->evaluate(children, i, &child);
        if (child.decision == PROV_X_DENY) {
            *out = child;
            return;
        }
        if (prov_xindeterminate(child.decision)) {
            *out = (prov_xoutcome){ .decision = PROV_X_DENY };
            return;
        }
        count(&t, &child, PROV_X_PERMIT);
    }
    if (t.seen[PROV_X_PERMIT])
        decided(out, &t, PROV_X_PERMIT);
}

/* C.13: a Deny outweighs a failed policy. */
static void permit_overrides_policies_1(const prov_xcombiner *row, prov_xchildren *children,
                                        prov_xoutcome *out)
{
    tally t = { .seen = { false } };
    if (won(row, children, &t, out))
        return;
    if (t.seen[PROV_X_DENY])
        decided(out, &t, PROV_X_DENY);
    else if (t.first_failure.code != PROV_X_OK)
        failed(out, &t, could_be(&t, false, false));
}

#define URN             "urn:oasis:names:tc:xacml:"
#define RULE(version)   URN version ":rule-combining-algorithm:"
#define POLICY(version) URN version ":policy-combining-algorithm:"

static const prov_xcombiner rows[] = {
    { RULE("3.0") "deny-overrides", true, false, overrides, PROV_X_DENY },
    { RULE("3.0") "permit-overrides", true, false, overrides, PROV_X_PERMIT },
    { RULE("3.0") "ordered-deny-overrides", true, false, overrides, PROV_X_DENY },
    { RULE("3.0") "ordered-permit-overrides", true, false, overrides, PROV_X_PERMIT },
    { RULE("3.0") "deny-unless-permit", true, false, unless, PROV_X_PERMIT },
    { RULE("3.0") "permit-unless-deny", true, false, unless, PROV_X_DENY },
    { RULE("1.0") "first-applicable", true, false, first_applicable, PROV_X_NOT_APPLICABLE },
    { POLICY("3.0") "deny-overrides", false, false, overrides, PROV_X_DENY },
    { POLICY("3.0") "permit-overrides", false, false, overrides, PROV_X_PERMIT },
    { POLICY("3.0") "ordered-deny-overrides", false, false, overrides, PROV_X_DENY },
    { POLICY("3.0") "ordered-permit-overrides", false, false, overrides, PROV_X_PERMIT },
    { POLICY("3.0") "deny-unless-permit", false, false, unless, PROV_X_PERMIT },
    { POLICY("3.0") "permit-unless-deny", false, false, unless, PROV_X_DENY },
    { POLICY("1.0") "first-applicable", false, false, first_applicable, PROV_X_NOT_APPLICABLE },
    { POLICY("1.0") "only-one-applicable", false, false, only_one, PROV_X_NOT_APPLICABLE },
    { RULE("1.0") "deny-overrides", true, true, overrides_rules_1, PROV_X_DENY },
    { RULE("1.0") "permit-overrides", true, true, overrides_rules_1, PROV_X_PERMIT },
    { RULE("1.1") "ordered-deny-overrides", true, true, overrides_rules_1, PROV_X_DENY },
    { RULE("1.1") "ordered-permit-overrides", true, true, overrides_rules_1, PROV_X_PERMIT },
    { POLICY("1.0") "deny-overrides", false, true, deny_overrides_policies_1, PROV_X_DENY },
    { POLICY("1.0") "permit-overrides", false, true, permit_overrides_policies_1, PROV_X_PERMIT },
    { POLICY("1.1") "ordered-deny-overrides", false, true, deny_overrides_policies_1, PROV_X_DENY },
    { POLICY("1.1") "ordered-permit-overrides", false, true, permit_overrides_policies_1,
      PROV_X_PERMIT },
    { PROV_PDP_ONE_ROOT, false, false, one_root, PROV_X_NOT_APPLICABLE },
};

const prov_xcombiner *prov_xcombiner_each(size_t i)
{
    return i < sizeof rows / sizeof *rows ? &rows[i] : NULL;
}

const prov_xcombiner *prov_xcombiner_find(const char *id, bool rules)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].rules == rules && strcmp(rows[i].id, id) == 0)
            return &rows[i];
    return NULL;
}
