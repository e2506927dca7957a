#include "policy/regex.h"
#include "policy/regex_program.h"
#include "base/text.h"
#include "base/utf8_point.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#define DEEPEST      200
#define MOST_STEPS   20000
#define MOST_REPEATS 10000

#define NONE         UINT32_MAX /* no character: the pattern is at its end */

typedef struct parser {
    apr_pool_t *p;
    const uint8_t *at, *end;
    const char *why; /* the first thing wrong, or NULL */
    int depth;
    prov_rxstep *code;
    uint32_t len, room;
    apr_array_header_t *classes; /* of const prov_rxclass * */
    apr_array_header_t *closed;  /* of bool: by group, whether its ) was read */
    uint32_t loops;
    bool references;
} parser;

/* A stretch of the program: where it begins, and whether it can match nothing. */
typedef struct piece {
    uint32_t start;
    bool nullable;
} piece;

static bool fail(parser *ps, const char *why)
{
    if (!ps->why)
        ps->why = why;
    ps->at = ps->end;
    return false;
}

static uint32_t peek(const parser *ps)
{
    const uint8_t *at = ps->at;
    return at < ps->end ? prov_utf8_point(&at, ps->end) : NONE;
}

static uint32_t peek_behind(const parser *ps, uint8_t c)
{
    parser ahead = *ps;
    if (ahead.at == ahead.end || *ahead.at != c)
        return NONE;
    ahead.at++;
    return peek(&ahead);
}

static uint32_t next(parser *ps)
{
    return ps->at < ps->end ? prov_utf8_point(&ps->at, ps->end) : NONE;
}

static bool take(parser *ps, uint8_t c)
{
    if (ps->at == ps->end || *ps->at != c)
        return false;
    ps->at++;
    return true;
}

/* Makes room for `count` steps at `from`, which the caller fills. */
static prov_rxstep *insert(parser *ps, uint32_t from, uint32_t count)
{
    if (count > MOST_STEPS || ps->len + count > MOST_STEPS) {
        fail(ps, "it is too large");
        return NULL;
    }
    if (ps->len + count > ps->room) {
        uint32_t room = (ps->len + count) * 2;
        prov_rxstep *code = apr_palloc(ps->p, room * sizeof *code);
        memcpy(code, ps->code, ps->len * sizeof *code);
        ps->code = code;
        ps->room = room;
    }
    memmove(ps->code + from + count, ps->code + from, (ps->len - from) * sizeof *ps->code);
    ps->len += count;
    return ps->code + from;
}

static void emit_at(parser *ps, uint32_t from, prov_rxop op, int64_t arg)
{
    prov_rxstep *step = insert(ps, from, 1);
    if (step)
        *step = (prov_rxstep){ op, (int32_t)arg };
}

static void emit(parser *ps, prov_rxop op, int64_t arg)
{
    emit_at(ps, ps->len, op, arg);
}

static void emit_class(parser *ps, const prov_rxclass *set)
{
    APR_ARRAY_PUSH(ps->classes, const prov_rxclass *) = set;
    emit(ps, PROV_RX_CLASS, ps->classes->nelts - 1);
}

/* An escape of one character, the backslash being read; false if it is another kind. */
static bool single_escape(parser *ps, uint32_t *point)
{
    static const char same[] = "\\|.?*+(){}-[]^$";
    uint32_t c = peek(ps);
    if (c == 'n' || c == 'r' || c == 't')
        *point = c == 'n' ? '\n' : c == 'r' ? '\r' : '\t';
    else if (c < 128 && c && strchr(same, (int)c))
        *point = c;
    else
        return false;
    next(ps);
    return true;
}

/* An escape of many characters, the backslash being read. */
static bool class_escape(parser *ps, prov_rxescape *out)
{
    uint32_t c = next(ps);
    if (c != 'p' && c != 'P')
        return prov_rxescape_letter(c, out) ||
               fail(ps, "a backslash stands before a character that it cannot escape");
    if (!take(ps, '{'))
        return fail(ps, "\\p needs a name in braces");
    const uint8_t *name = ps->at;
    while (ps->at < ps->end && *ps->at != '}')
        ps->at++;
    if (!prov_rxescape_property((prov_bytes){ name, (size_t)(ps->at - name) }, out))
        return fail(ps, "\\p names no category or block of Unicode");
    out->negated = c == 'P';
    return take(ps, '}') || fail(ps, "\\p needs a closing brace");
}

/* One character of a class or an end of a range. */
static bool class_character(parser *ps, bool may_be_hyphen, uint32_t *point)
{
    if (take(ps, '\\'))
        return single_escape(ps, point) ||
               fail(ps, "a range in brackets needs a single character at each end");
    *point = next(ps);
    if (*point == NONE)
        return fail(ps, "a class has no closing bracket");
    if (*point == '[' || *point == ']')
        return fail(ps, "a bracket inside a class must be escaped");
    if (*point == '-' && !may_be_hyphen)
        return fail(ps, "a hyphen inside a class must be escaped or stand first or last");
    return true;
}

static bool class_item(parser *ps, prov_rxclass *set, bool first)
{
    uint32_t from, to;
    prov_rxescape escape;
    parser before = *ps;
    if (take(ps, '\\') && !single_escape(ps, &from)) {
        if (!class_escape(ps, &escape))
            return false;
        prov_rxclass_add_escape(set, &escape);
        return true;
    }
    ps->at = before.at;
    if (!class_character(ps, first || peek_behind(ps, '-') == ']', &from))
        return false;
    to = from;
    uint32_t after = peek_behind(ps, '-');
    if (after != NONE && after != ']' && after != '[' && take(ps, '-') &&
        !class_character(ps, false, &to))
        return false;
    if (to < from)
        return fail(ps, "a range ends before it begins");
    prov_rxclass_add_range(set, from, to);
    return true;
}

/* A class, its opening bracket being read. */
static const prov_rxclass *class_expression(parser *ps)
{
    prov_rxclass *set = prov_rxclass_make(ps->p, take(ps, '^'));
    if (++ps->depth > DEEPEST)
        fail(ps, "it is nested too deeply");
    for (bool first = true; !ps->why; first = false) {
        if (!first && peek_behind(ps, '-') == '[') {
            ps->at += 2;
            prov_rxclass_subtract(set, class_expression(ps));
            if (!take(ps, ']'))
                fail(ps, "a class must end behind what is subtracted from it");
            break;
        }
        if (!first && take(ps, ']'))
            break;
        if (peek(ps) == ']')
            fail(ps, "a class is empty");
        else
            class_item(ps, set, first);
    }
    ps->depth--;
    prov_rxclass_seal(set);
    return set;
}

/* \1 and so on, the backslash being read: as many digits as there are groups for. */
static bool reference(parser *ps, bool *found)
{
    int group = 0;
    *found = peek(ps) >= '1' && peek(ps) <= '9';
    if (!*found)
        return true;
    do
        group = group * 10 + (int)(next(ps) - '0');
    while (peek(ps) >= '0' && peek(ps) <= '9' &&
           group * 10 + (int)(peek(ps) - '0') <= ps->closed->nelts);
    if (group > ps->closed->nelts || !APR_ARRAY_IDX(ps->closed, group - 1, bool))
        return fail(ps, "a back-reference stands before the end of its group");
    ps->references = true;
    emit(ps, PROV_RX_SAME, group);
    return true;
}

static bool alternatives(parser *ps);

static bool group(parser *ps)
{
    if (peek(ps) == '?')
        return fail(ps, "(? is not known in this kind of regular expression");
    if (++ps->depth > DEEPEST)
        return fail(ps, "it is nested too deeply");
    int number = ps->closed->nelts;
    APR_ARRAY_PUSH(ps->closed, bool) = false;
    emit(ps, PROV_RX_SAVE, 2 * number);
    bool nullable = alternatives(ps);
    emit(ps, PROV_RX_SAVE, 2 * number + 1);
    APR_ARRAY_IDX(ps->closed, number, bool) = true;
    ps->depth--;
    if (!take(ps, ')'))
        return fail(ps, "a parenthesis is not closed");
    return nullable;
}

static bool escaped_atom(parser *ps)
{
    uint32_t point;
    prov_rxescape escape;
    bool is_reference;
    if (single_escape(ps, &point)) {
        emit(ps, PROV_RX_CHAR, point);
        return false;
    }
    if (!reference(ps, &is_reference) || is_reference)
        return is_reference;
    if (class_escape(ps, &escape)) {
        prov_rxclass *set = prov_rxclass_make(ps->p, false);
        prov_rxclass_add_escape(set, &escape);
        prov_rxclass_seal(set);
        emit_class(ps, set);
    }
    return false;
}

/* Returns whether it can match nothing. */
static bool atom(parser *ps)
{
    uint32_t c = next(ps);
    switch (c) {
    case '(':
        return group(ps);
    case '[':
        emit_class(ps, class_expression(ps));
        return false;
    case '\\':
        return escaped_atom(ps);
    case '.':
        emit(ps, PROV_RX_ANY, 0);
        return false;
    case '^':
        emit(ps, PROV_RX_BEGIN, 0);
        return true;
    case '$':
        emit(ps, PROV_RX_END, 0);
        return true;
    case '?':
    case '*':
    case '+':
        return fail(ps, "a quantifier has nothing before it");
    case '{':
    case '}':
    case ']':
        return fail(ps, "a brace or bracket that means itself must be escaped");
    default:
        emit(ps, PROV_RX_CHAR, c);
        return false;
    }
}

#define UNBOUNDED UINT32_MAX

static bool repeats(parser *ps, uint32_t *out)
{
    const uint8_t *first = ps->at;
    uint32_t n = 0;
    for (; ps->at < ps->end && *ps->at >= '0' && *ps->at <= '9'; ps->at++)
        n = n > MOST_REPEATS ? n : n * 10 + (uint32_t)(*ps->at - '0');
    *out = n;
    if (ps->at == first)
        return fail(ps, "braces need a number");
    return n <= MOST_REPEATS || fail(ps, "it is too large");
}

/* False if there is no quantifier, or a wrong one. */
static bool quantifier(parser *ps, uint32_t *least, uint32_t *most)
{
    *least = 0;
    *most = UNBOUNDED;
    if (take(ps, '?'))
        *most = 1;
    else if (take(ps, '+'))
        *least = 1;
    else if (take(ps, '{')) {
        if (!repeats(ps, least))
            return false;
        if (!take(ps, ','))
            *most = *least;
        else if (peek(ps) != '}' && !repeats(ps, most))
            return false;
        if (!take(ps, '}'))
            return fail(ps, "a quantifier's brace is not closed");
        if (*most < *least)
            return fail(ps, "a quantifier's limits are in the wrong order");
    } else if (!take(ps, '*')) {
        return false;
    }
    take(ps, '?'); /* reluctant: what matters here is whether, not how much */
    return true;
}

/* Turns the piece at the end of the program into any number of it, or at least one. Where it can
 * match nothing, another round must have moved on. */
static void loop(parser *ps, piece body, bool once)
{
    uint32_t guard = body.nullable;
    int64_t slot = guard ? -(int64_t)++ps->loops : 0;
    if (guard)
        emit_at(ps, body.start, PROV_RX_SAVE, slot);
    if (once)
        emit(ps, PROV_RX_FORK, 2 + guard);
    if (guard)
        emit(ps, PROV_RX_PROGRESS, slot);
    if (!once)
        emit_at(ps, body.start, PROV_RX_FORK, (int64_t)ps->len - body.start + 2);
    emit(ps, PROV_RX_JUMP, (int64_t)body.start - ps->len);
}

static piece append_copy(parser *ps, const prov_rxstep *body, uint32_t len, bool nullable)
{
    piece copy = { ps->len, nullable };
    prov_rxstep *to = insert(ps, ps->len, len);
    if (to)
        memcpy(to, body, len * sizeof *to);
    return copy;
}

/* The piece is the end of the program; afterwards its repetitions are. */
static void repeat(parser *ps, piece body, uint32_t least, uint32_t most)
{
    uint32_t len = ps->len - body.start;
    if (least <= 1 && most == UNBOUNDED) {
        loop(ps, body, least == 1);
        return;
    }
    prov_rxstep *kept = apr_pmemdup(ps->p, ps->code + body.start, len * sizeof *kept);
    ps->len = body.start;
    for (uint32_t i = 0; i < least && !ps->why; i++)
        append_copy(ps, kept, len, body.nullable);
    if (most == UNBOUNDED) {
        loop(ps, append_copy(ps, kept, len, body.nullable), false);
        return;
    }
    uint32_t left = most - least;
    for (; left && !ps->why; left--) { /* each may leave behind the last */
        emit(ps, PROV_RX_FORK, (int64_t)left * (len + 1));
        append_copy(ps, kept, len, body.nullable);
    }
}

/* Returns whether it can match nothing. */
static bool branch(parser *ps)
{
    bool nullable = true;
    while (!ps->why && ps->at < ps->end && *ps->at != '|' && *ps->at != ')') {
        uint32_t least, most;
        piece body = { ps->len, false };
        body.nullable = atom(ps);
        if (quantifier(ps, &least, &most)) {
            repeat(ps, body, least, most);
            body.nullable |= least == 0;
        }
        nullable &= body.nullable;
    }
    return nullable;
}

static bool alternatives(parser *ps)
{
    uint32_t start = ps->len;
    bool nullable = branch(ps);
    while (!ps->why && take(ps, '|')) {
        /* FORK to the rest; what is there; JUMP over the rest. The jumps of earlier alternatives
         * must reach the new end, so each earlier end jumps to the next jump. */
        emit_at(ps, start, PROV_RX_FORK, (int64_t)ps->len - start + 2);
        uint32_t jump = ps->len;
        emit(ps, PROV_RX_JUMP, 0);
        nullable |= branch(ps);
        if (!ps->why)
            ps->code[jump].arg = (int32_t)(ps->len - jump);
    }
    return nullable;
}

/* The slots of loops follow those of groups, whose number is known only now. */
static void number_loops(parser *ps)
{
    for (uint32_t i = 0; i < ps->len; i++)
        if ((ps->code[i].op == PROV_RX_SAVE || ps->code[i].op == PROV_RX_PROGRESS) &&
            ps->code[i].arg < 0)
            ps->code[i].arg = 2 * ps->closed->nelts - ps->code[i].arg - 1;
}

const prov_regex *prov_regex_compile(apr_pool_t *p, prov_bytes pattern, const char **why)
{
    parser ps = { p, pattern.data, pattern.data + pattern.len, NULL, 0, NULL, 0, 0, NULL, NULL,
                  0, false };
    ps.room = (uint32_t)(pattern.len < MOST_STEPS ? pattern.len + 8 : MOST_STEPS);
    ps.code = apr_palloc(p, ps.room * sizeof *ps.code);
    ps.classes = apr_array_make(p, 4, sizeof(const prov_rxclass *));
    ps.closed = apr_array_make(p, 4, sizeof(bool));
    if (!prov_text_valid(pattern))
        fail(&ps, "it is no well-formed text");
    alternatives(&ps);
    if (!ps.why && ps.at < ps.end)
        fail(&ps, "a parenthesis closes nothing");
    emit(&ps, PROV_RX_MATCH, 0);
    if (ps.why) {
        *why = apr_psprintf(p, "\"%.*s\" is no regular expression: %s", (int)pattern.len,
                            (const char *)pattern.data, ps.why);
        return NULL;
    }
    number_loops(&ps);
    prov_regex *re = apr_palloc(p, sizeof *re);
    *re = (prov_regex){ ps.code, ps.len, (const prov_rxclass *const *)ps.classes->elts,
                        2 * (uint32_t)ps.closed->nelts + ps.loops, ps.references };
    return re;
}
