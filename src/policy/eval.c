/* Rules, policies and sets (core, sections 7.11 to 7.14). */
#include "policy/eval.h"
#include "policy/index.h"

#include <string.h>

void prov_xeval_failed(prov_xeval *e, prov_xoutcome *out, prov_xdecision d)
{
    *out = (prov_xoutcome){
        .decision = d, .code = e->base.code, .message = e->base.message, .missing = e->base.missing
    };
}

static prov_xdecision unsure(prov_xdecision d)
{
    static const prov_xdecision of[] = {
        [PROV_X_NOT_APPLICABLE] = PROV_X_NOT_APPLICABLE,
        [PROV_X_PERMIT] = PROV_X_INDETERMINATE_P,
        [PROV_X_DENY] = PROV_X_INDETERMINATE_D,
        [PROV_X_INDETERMINATE_P] = PROV_X_INDETERMINATE_P,
        [PROV_X_INDETERMINATE_D] = PROV_X_INDETERMINATE_D,
        [PROV_X_INDETERMINATE_DP] = PROV_X_INDETERMINATE_DP,
    };
    return of[d];
}

static prov_xmatch eval_condition(prov_xeval *e, const prov_xexpr *condition)
{
    prov_xarg result;
    if (!condition)
        return PROV_X_MATCH;
    bool good = prov_xeval_expression(e, condition, &result);
    PROV_XTRACE(e, "condition, line %d: %s", condition->line,
                !good                      ? e->base.message
                : result.u.value.u.boolean ? "true"
                                           : "false");
    return !good ? PROV_X_MATCH_FAILED : result.u.value.u.boolean ? PROV_X_MATCH : PROV_X_NO_MATCH;
}

static prov_xmatch applies(prov_xeval *e, const prov_xtarget *target, const prov_xexpr *condition)
{
    static const char *const words[] = { "does not match", "matches", "cannot be evaluated" };
    prov_xmatch match = prov_xeval_target(e, target);
    if (target->count)
        PROV_XTRACE(e, "target %s", words[match]);
    return match == PROV_X_MATCH ? eval_condition(e, condition) : match;
}

static void eval_rule(prov_xeval *e, const prov_xrule *rule, prov_xoutcome *out)
{
    PROV_XTRACE(e, "Rule %s, line %d", rule->id, rule->line);
    e->indent++;
    prov_xmatch match =
        prov_xstep(&e->base, 1) ? applies(e, &rule->target, rule->condition) : PROV_X_MATCH_FAILED;
    if (match == PROV_X_MATCH) {
        out->decision = rule->effect;
        if (!prov_xeval_duties(e, &rule->duties, out))
            match = PROV_X_MATCH_FAILED;
    }
    if (match == PROV_X_MATCH_FAILED)
        prov_xeval_failed(e, out, unsure(rule->effect));
    e->indent--;
    PROV_XTRACE(e, "Rule %s: %s", rule->id, prov_xdecision_extended(out->decision));
}

typedef struct children {
    prov_xchildren base; /* first */
    prov_xeval *e;
    const prov_xpolicy *of;
    const uint32_t *chosen; /* by the index, or NULL */
} children;

static void eval_child(prov_xchildren *base, size_t i, prov_xoutcome *out)
{
    const children *c = (const children *)(void *)base;
    if (!c->of->set)
        eval_rule(c->e, &c->of->rules[i], out);
    else
        prov_xeval_policy(c->e, c->of->children[c->chosen ? c->chosen[i] : i].policy, out);
}

/* The variables of a policy are its own; gives those that it lies within. */
static prov_xmemo *enter(prov_xeval *e, const prov_xpolicy *policy)
{
    prov_xmemo *outer = e->memos;
    if (policy->variables)
        e->memos = apr_pcalloc(e->base.pool, policy->variables * sizeof *e->memos);
    return outer;
}

static prov_xmatch child_applies(prov_xchildren *base, size_t i, prov_xoutcome *out)
{
    const children *c = (const children *)(void *)base;
    const prov_xpolicy *child = c->of->children[c->chosen ? c->chosen[i] : i].policy;
    prov_xmatch match = PROV_X_MATCH_FAILED;
    if (child->broken)
        prov_xfail(&c->e->base, child->broken_code, "%s", child->broken);
    else if (prov_xstep(&c->e->base, 1)) {
        prov_xmemo *outer = enter(c->e, child);
        match = applies(c->e, &child->target, child->condition);
        c->e->memos = outer;
    }
    if (match == PROV_X_MATCH_FAILED)
        prov_xeval_failed(c->e, out, PROV_X_INDETERMINATE_DP);
    return match;
}

static void combine(prov_xeval *e, const prov_xpolicy *policy, prov_xoutcome *out)
{
    children c = { { policy->count, eval_child, child_applies }, e, policy, NULL };
    if (policy->index && !e->options->no_index && !e->options->find) {
        uint32_t *chosen;
        c.base.count = prov_xindex_candidates(policy->index, e->base.pool, e->bags, &chosen);
        c.chosen = chosen;
        if (c.base.count < policy->count)
            PROV_XTRACE(e, "%zu of %u policies can match, by the index", c.base.count,
                        policy->count);
    }
    policy->combiner->run(policy->combiner, &c.base, out);
}

static void note_id(prov_xeval *e, const prov_xpolicy *policy, prov_xoutcome *out)
{
    prov_xpolicy_id *id = apr_palloc(e->base.pool, sizeof *id);
    *id = (prov_xpolicy_id){ NULL, policy->id, policy->version, policy->set };
    if (out->policies)
        out->policies_end->next = id;
    else
        out->policies = id;
    out->policies_end = id;
}

static void eval_matched(prov_xeval *e, const prov_xpolicy *policy, prov_xmatch match,
                         prov_xoutcome *out)
{
    prov_xoutcome target;
    prov_xeval_failed(e, &target, PROV_X_INDETERMINATE_DP);
    combine(e, policy, out);
    if (match == PROV_X_MATCH_FAILED) { /* table 7 */
        target.decision = unsure(out->decision);
        *out = target.decision == PROV_X_NOT_APPLICABLE
                   ? (prov_xoutcome){ .decision = PROV_X_NOT_APPLICABLE }
                   : target;
        return;
    }
    if (out->decision != PROV_X_PERMIT && out->decision != PROV_X_DENY)
        return;
    if (!prov_xeval_duties(e, &policy->duties, out))
        prov_xeval_failed(e, out, unsure(out->decision));
    else if (e->return_policy_ids && policy->id)
        note_id(e, policy, out);
}

static void eval_sound(prov_xeval *e, const prov_xpolicy *policy, prov_xoutcome *out)
{
    prov_xmemo *outer = enter(e, policy);
    prov_xmatch match = applies(e, &policy->target, policy->condition);
    if (match != PROV_X_NO_MATCH)
        eval_matched(e, policy, match, out);
    e->memos = outer;
}

void prov_xeval_policy(prov_xeval *e, const prov_xpolicy *policy, prov_xoutcome *out)
{
    const char *kind = policy->set ? "PolicySet" : "Policy", *id = policy->id ? policy->id : "";
    bool said = policy->id != NULL;
    if (said)
        PROV_XTRACE(e, "%s %s", kind, id);
    e->indent += said;
    if (policy->broken)
        prov_xfail(&e->base, policy->broken_code, "%s", policy->broken);
    if (policy->broken || !prov_xstep(&e->base, 1))
        prov_xeval_failed(e, out, PROV_X_INDETERMINATE_DP);
    else
        eval_sound(e, policy, out);
    e->indent -= said;
    if (said)
        PROV_XTRACE(e, "%s %s: %s", kind, id, prov_xdecision_extended(out->decision));
}
