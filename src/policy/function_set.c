/* Bags as sets (core, section A.3.11). Large ones are hashed, so that two lists of groups cost
 * their sum and not their product; values chosen to collide cost steps. */
#include "policy/function_row.h"

#define SCANNED 8 /* up to so many values a look at each is the fastest */

typedef struct set {
    prov_xvalue *values;
    uint32_t count;
    uint32_t *slots; /* by hash: 1 + the value's place, 0 if free; NULL: scanned */
    uint32_t mask;
    prov_xcontext *c;
} set;

static set make_set(prov_xcontext *c, size_t room)
{
    set s = { apr_palloc(c->pool, (room + 1) * sizeof *s.values), 0, NULL, 0, c };
    if (room > SCANNED) {
        for (s.mask = 1; s.mask < room * 2; s.mask <<= 1)
            ;
        s.slots = apr_pcalloc(c->pool, s.mask * sizeof *s.slots);
        s.mask--;
    }
    return s;
}

static bool scan(const set *s, const prov_xvalue *v)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (prov_xvalue_equal(&s->values[i], v, s->c->zone))
            return true;
    return false;
}

/* Where the value is, or where it would be. Anywhere once the steps are spent. */
static uint32_t slot_of(const set *s, const prov_xvalue *v)
{
    int zone = s->c->zone;
    uint32_t at = (uint32_t)prov_xvalue_hash(v, zone) & s->mask;
    while (s->slots[at] && !prov_xvalue_equal(&s->values[s->slots[at] - 1], v, zone) &&
           prov_xstep(s->c, 1))
        at = (at + 1) & s->mask;
    return at;
}

static bool has(const set *s, const prov_xvalue *v)
{
    if (!s->slots)
        return scan(s, v);
    return s->slots[slot_of(s, v)] != 0;
}

static void add(set *s, const prov_xvalue *v)
{
    if (has(s, v))
        return;
    s->values[s->count++] = *v;
    if (s->slots)
        s->slots[slot_of(s, v)] = s->count;
}

static set set_of(prov_xcontext *c, const prov_xbag *bag)
{
    set s = make_set(c, bag->count);
    for (uint32_t i = 0; i < bag->count; i++)
        add(&s, &bag->values[i]);
    return s;
}

static bool step_for(prov_xcontext *c, const prov_xarg *args, size_t n, size_t *sum)
{
    *sum = 0;
    for (size_t i = 0; i < n; i++)
        *sum += args[i].u.bag.count;
    return prov_xstep(c, *sum);
}

static bool give_set(const prov_xfunction *f, const set *s, prov_xarg *out)
{
    return !s->c->exhausted && prov_xgive_bag(out, (prov_xbag){ f->type, s->count, s->values });
}

static bool give_answer(const prov_xcontext *c, bool answer, prov_xarg *out)
{
    return !c->exhausted && prov_xgive_boolean(out, answer);
}

static bool intersection(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                         prov_xarg *out)
{
    size_t sum;
    if (!step_for(c, args, n, &sum))
        return false;
    const prov_xbag *bag = &args[0].u.bag;
    set other = set_of(c, &args[1].u.bag), result = make_set(c, bag->count);
    for (uint32_t i = 0; i < bag->count; i++)
        if (has(&other, &bag->values[i]))
            add(&result, &bag->values[i]);
    return give_set(f, &result, out);
}

static bool unite(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                  prov_xarg *out)
{
    size_t sum;
    if (!step_for(c, args, n, &sum))
        return false;
    set result = make_set(c, sum);
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < args[i].u.bag.count; k++)
            add(&result, &args[i].u.bag.values[k]);
    return give_set(f, &result, out);
}

static bool member_of(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                      prov_xarg *out)
{
    size_t sum;
    bool found = false;
    if (!step_for(c, args, n, &sum))
        return false;
    set other = set_of(c, &args[1].u.bag);
    for (uint32_t i = 0; i < args[0].u.bag.count && !found; i++)
        found = has(&other, &args[0].u.bag.values[i]);
    return give_answer(c, found, out);
}

static bool is_subset(prov_xcontext *c, const prov_xbag *bag, const prov_xbag *of)
{
    set other = set_of(c, of);
    for (uint32_t i = 0; i < bag->count; i++)
        if (!has(&other, &bag->values[i]))
            return false;
    return true;
}

static bool subset(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                   prov_xarg *out)
{
    size_t sum;
    if (!step_for(c, args, n, &sum))
        return false;
    return give_answer(c, is_subset(c, &args[0].u.bag, &args[1].u.bag), out);
}

static bool set_equals(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                       prov_xarg *out)
{
    size_t sum;
    if (!step_for(c, args, n, &sum))
        return false;
    return give_answer(c,
                       is_subset(c, &args[0].u.bag, &args[1].u.bag) &&
                           is_subset(c, &args[1].u.bag, &args[0].u.bag),
                       out);
}

#define SET(F, name, T, old)                                                                       \
    ROW2(F name "-intersection", B(T), B(T), B(T), .run = intersection, .type = PROV_X_##T,        \
         .deprecated = old),                                                                       \
        ROW2(F name "-at-least-one-member-of", V(BOOLEAN), B(T), B(T), .run = member_of,           \
             .deprecated = old),                                                                   \
        MANY1(F name "-union", B(T), 2, B(T), .run = unite, .type = PROV_X_##T,                    \
              .deprecated = old),                                                                  \
        ROW2(F name "-subset", V(BOOLEAN), B(T), B(T), .run = subset, .deprecated = old),          \
        ROW2(F name "-set-equals", V(BOOLEAN), B(T), B(T), .run = set_equals, .deprecated = old)

const prov_xfunction prov_xfunctions_set[] = {
    SET(F1, "string", STRING, false),
    SET(F1, "boolean", BOOLEAN, false),
    SET(F1, "integer", INTEGER, false),
    SET(F1, "double", DOUBLE, false),
    SET(F1, "time", TIME, false),
    SET(F1, "date", DATE, false),
    SET(F1, "dateTime", DATETIME, false),
    SET(F1, "anyURI", ANYURI, false),
    SET(F1, "hexBinary", HEX, false),
    SET(F1, "base64Binary", BASE64, false),
    SET(F3, "dayTimeDuration", DAYTIME, false),
    SET(F3, "yearMonthDuration", YEARMONTH, false),
    SET(F1, "dayTimeDuration", DAYTIME, true),
    SET(F1, "yearMonthDuration", YEARMONTH, true),
    SET(F1, "x500Name", X500, false),
    SET(F1, "rfc822Name", RFC822, false),
    { .id = NULL },
};
