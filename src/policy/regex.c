#include "policy/regex.h"
#include "policy/regex_program.h"
#include "base/utf8_point.h"

#include <string.h>

/* Patterns without back-references: all ways through the program at once (Thompson), so that each
 * character of the text costs at most one visit of each step. */
typedef struct simulation {
    const prov_regex *re;
    const uint8_t *begin, *end;
    uint32_t *now, *then, *stack; /* step numbers */
    uint32_t *seen;               /* by step: the round in which it was last entered */
    uint32_t round, count;        /* of `then` */
    bool matched;
    uint64_t spent;
} simulation;

#define SMALL 128 /* steps of a program whose lists fit on the C stack */

/* Enters the step and what can be reached from it without a character. */
static void enter(simulation *s, uint32_t first, const uint8_t *at)
{
    uint32_t depth = 0;
    s->stack[depth++] = first;
    while (depth) {
        uint32_t pc = s->stack[--depth];
        if (s->seen[pc] == s->round)
            continue;
        s->seen[pc] = s->round;
        s->spent++;
        const prov_rxstep *step = &s->re->code[pc];
        switch (step->op) {
        case PROV_RX_FORK:
            s->stack[depth++] = pc + (uint32_t)step->arg;
            s->stack[depth++] = pc + 1;
            break;
        case PROV_RX_JUMP:
            s->stack[depth++] = pc + (uint32_t)step->arg;
            break;
        case PROV_RX_BEGIN:
        case PROV_RX_END:
            if (at == (step->op == PROV_RX_BEGIN ? s->begin : s->end))
                s->stack[depth++] = pc + 1;
            break;
        case PROV_RX_SAVE:
        case PROV_RX_PROGRESS:
            s->stack[depth++] = pc + 1;
            break;
        case PROV_RX_MATCH:
            s->matched = true;
            return;
        default:
            s->then[s->count++] = pc;
        }
    }
}

static bool accepts(const prov_regex *re, const prov_rxstep *step, uint32_t point)
{
    switch (step->op) {
    case PROV_RX_CHAR:
        return point == (uint32_t)step->arg;
    case PROV_RX_ANY:
        return point != '\n';
    default:
        return prov_rxclass_has(re->classes[step->arg], point);
    }
}

static prov_regex_result simulate(simulation *s, uint64_t steps)
{
    const uint8_t *at = s->begin;
    s->round = 1;
    enter(s, 0, at);
    bool anchored = s->re->code[0].op == PROV_RX_BEGIN;
    while (!s->matched && at < s->end && (s->count || !anchored)) {
        uint32_t count = s->count, *swap = s->now, point = prov_utf8_point(&at, s->end);
        s->now = s->then;
        s->then = swap;
        s->count = 0;
        s->round++;
        for (uint32_t i = 0; i < count && !s->matched; i++)
            if (accepts(s->re, &s->re->code[s->now[i]], point))
                enter(s, s->now[i] + 1, at);
        if (!s->matched && !anchored)
            enter(s, 0, at);
        s->spent += count;
        if (s->spent > steps)
            return PROV_REGEX_EXHAUSTED;
    }
    return s->matched ? PROV_REGEX_YES : PROV_REGEX_NO;
}

/* Patterns with back-references: one way after the other. The stack holds where else to go on, and
 * what to put back into a slot before that. */
typedef struct choice {
    uint32_t pc, slot; /* slot: NO_SLOT, or this entry restores it */
    const uint8_t *at;
} choice;

#define NO_SLOT UINT32_MAX

typedef struct search {
    const prov_regex *re;
    const uint8_t *begin, *end;
    const uint8_t **slots;
    apr_pool_t *scratch;
    choice *stack;
    size_t depth, room;
    uint64_t left; /* steps */
} search;

static void push(search *s, choice c)
{
    if (s->depth == s->room) {
        choice *stack = apr_palloc(s->scratch, (s->room * 2 + 64) * sizeof *stack);
        if (s->depth)
            memcpy(stack, s->stack, s->depth * sizeof *stack);
        s->room = s->room * 2 + 64;
        s->stack = stack;
    }
    s->stack[s->depth++] = c;
}

/* An unset group matches nothing, says the standard. */
static bool same_as_group(const search *s, int32_t group, const uint8_t **at)
{
    const uint8_t *from = s->slots[2 * group - 2], *to = s->slots[2 * group - 1];
    size_t len = from && to && to > from ? (size_t)(to - from) : 0;
    if ((size_t)(s->end - *at) < len || (len && memcmp(*at, from, len) != 0))
        return false;
    *at += len;
    return true;
}

/* One step; false if there is no way on from here. */
static bool advance(search *s, uint32_t *pc, const uint8_t **at)
{
    const prov_rxstep *step = &s->re->code[*pc];
    switch (step->op) {
    case PROV_RX_FORK:
        push(s, (choice){ *pc + (uint32_t)step->arg, NO_SLOT, *at });
        break;
    case PROV_RX_JUMP:
        *pc += (uint32_t)step->arg;
        return true;
    case PROV_RX_BEGIN:
    case PROV_RX_END:
        if (*at != (step->op == PROV_RX_BEGIN ? s->begin : s->end))
            return false;
        break;
    case PROV_RX_SAVE:
        push(s, (choice){ 0, (uint32_t)step->arg, s->slots[step->arg] });
        s->slots[step->arg] = *at;
        break;
    case PROV_RX_PROGRESS:
        if (s->slots[step->arg] == *at)
            return false;
        break;
    case PROV_RX_SAME:
        if (!same_as_group(s, step->arg, at))
            return false;
        break;
    default:
        if (*at == s->end || !accepts(s->re, step, prov_utf8_point(at, s->end)))
            return false;
    }
    ++*pc;
    return true;
}

static prov_regex_result search_from(search *s, const uint8_t *start)
{
    uint32_t pc = 0;
    const uint8_t *at = start;
    for (s->depth = 0;;) {
        if (s->left-- == 0)
            return PROV_REGEX_EXHAUSTED;
        if (s->re->code[pc].op == PROV_RX_MATCH)
            return PROV_REGEX_YES;
        if (advance(s, &pc, &at))
            continue;
        for (; s->depth && s->stack[s->depth - 1].slot != NO_SLOT; s->depth--)
            s->slots[s->stack[s->depth - 1].slot] = s->stack[s->depth - 1].at;
        if (s->depth == 0)
            return PROV_REGEX_NO;
        pc = s->stack[--s->depth].pc;
        at = s->stack[s->depth].at;
    }
}

static prov_regex_result backtrack(const prov_regex *re, apr_pool_t *scratch, prov_bytes text,
                                   uint64_t steps)
{
    search s = { re, text.data, text.data + text.len, NULL, scratch, NULL, 0, 0, steps };
    s.slots = apr_pcalloc(scratch, (re->slots + 1) * sizeof *s.slots);
    for (const uint8_t *at = s.begin;; prov_utf8_point(&at, s.end)) {
        prov_regex_result result = search_from(&s, at);
        if (result != PROV_REGEX_NO || at == s.end)
            return result;
    }
}

prov_regex_result prov_regex_match(const prov_regex *re, apr_pool_t *scratch, prov_bytes text,
                                   uint64_t steps)
{
    uint32_t small[5 * SMALL], *room = small;
    if (!text.data)
        text = PROV_BYTES("");
    if (re->references)
        return backtrack(re, scratch, text, steps);
    if (re->len > SMALL)
        room = apr_palloc(scratch, 5 * (size_t)re->len * sizeof *room);
    simulation s = { re, text.data, text.data + text.len, NULL, NULL, NULL, NULL, 0, 0, false, 0 };
    s.seen = room;
    s.now = room + re->len;
    s.then = room + 2 * (size_t)re->len;
    s.stack = room + 3 * (size_t)re->len; /* each entered step leaves at most two */
    memset(s.seen, 0, re->len * sizeof *s.seen);
    return simulate(&s, steps);
}
