/* A child whose target has an AnyOf where every AllOf asks for some attribute to equal some value
 * can only match if one of these values is in the request: it is posted under them. Of the AnyOfs
 * that are so, the one with the rarest values is taken. All other children are always looked at. */
#include "policy/index.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define CHILDREN_LEAST 4 /* fewer are looked at faster than looked up */

typedef struct entry {
    uint64_t hash;
    const prov_xvalue *value; /* NULL: the request has none, which MustBePresent minds */
    uint32_t slot;
    uint32_t uses;  /* how many matches there are, while choosing */
    uint32_t begin; /* into the postings */
    uint32_t count;
    bool taken;
} entry;

struct prov_xindex {
    entry *table;
    uint32_t mask;
    uint32_t *slots; /* those under which something is posted */
    uint32_t slot_count;
    uint32_t *postings;
    uint32_t *always;
    uint32_t always_count;
};

typedef struct builder {
    prov_pdp *pdp;
    const prov_xpolicy *set;
    prov_xindex *index;
    bool posting; /* filling, else counting */
} builder;

static uint64_t hash_of(uint32_t slot, const prov_xvalue *value)
{
    uint64_t h = value ? prov_xvalue_hash(value, 0) : 0;
    h = (h ^ slot) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
}

/* The entry, or the empty place where it would be. */
static entry *find(const prov_xindex *index, uint32_t slot, const prov_xvalue *value)
{
    uint64_t hash = hash_of(slot, value);
    entry *e;
    for (uint32_t i = (uint32_t)hash & index->mask;; i = (i + 1) & index->mask) {
        e = &index->table[i];
        if (!e->taken)
            break;
        if (e->hash == hash && e->slot == slot && !e->value == !value &&
            (!value || prov_xvalue_equal(e->value, value, 0)))
            return e;
    }
    return e;
}

static entry *make(prov_xindex *index, uint32_t slot, const prov_xvalue *value)
{
    entry *e = find(index, slot, value);
    if (!e->taken) {
        e->taken = true;
        e->hash = hash_of(slot, value);
        e->slot = slot;
        e->value = value;
    }
    return e;
}

/* An equality whose values have one hash and do not depend on the zone. */
static bool indexable(const prov_xcompare *m)
{
    static const struct {
        const char *id;
        prov_xtype type;
    } equal[] = { { "urn:oasis:names:tc:xacml:1.0:function:string-equal", PROV_X_STRING },
                  { "urn:oasis:names:tc:xacml:1.0:function:anyURI-equal", PROV_X_ANYURI },
                  { "urn:oasis:names:tc:xacml:1.0:function:integer-equal", PROV_X_INTEGER },
                  { "urn:oasis:names:tc:xacml:1.0:function:boolean-equal", PROV_X_BOOLEAN } };
    if (m->expr->kind != PROV_XEXPR_DESIGNATOR || m->expr->u.designator->environment)
        return false;
    for (size_t i = 0; i < sizeof equal / sizeof *equal; i++)
        if (m->value->type == equal[i].type && strcmp(m->function->id, equal[i].id) == 0)
            return true;
    return false;
}

/* The match of an AllOf that fewest children ask for; NULL if none can be looked up. */
static const prov_xcompare *rarest(const prov_xindex *index, const prov_xallof *all, uint32_t *uses)
{
    const prov_xcompare *best = NULL;
    *uses = UINT32_MAX;
    for (uint32_t i = 0; i < all->count; i++) {
        const prov_xcompare *m = &all->matches[i];
        if (!indexable(m))
            continue;
        uint32_t n = find(index, m->expr->u.designator->slot, m->value)->uses;
        if (!best || n < *uses) {
            best = m;
            *uses = n;
        }
    }
    return best;
}

static const prov_xanyof *best_anyof(const prov_xindex *index, const prov_xtarget *target)
{
    const prov_xanyof *best = NULL;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < target->count; i++) {
        const prov_xanyof *any = &target->anyofs[i];
        uint64_t sum = 0;
        uint32_t uses, j = 0;
        for (; j < any->count && rarest(index, &any->allofs[j], &uses); j++)
            sum += uses;
        if (j == any->count && sum < least) {
            best = any;
            least = sum;
        }
    }
    return best;
}

static void count_uses(builder *b, const prov_xtarget *target)
{
    for (uint32_t i = 0; i < target->count; i++)
        for (uint32_t j = 0; j < target->anyofs[i].count; j++) {
            const prov_xallof *all = &target->anyofs[i].allofs[j];
            for (uint32_t k = 0; k < all->count; k++)
                if (indexable(&all->matches[k]))
                    make(b->index, all->matches[k].expr->u.designator->slot, all->matches[k].value)
                        ->uses++;
        }
}

static void post(builder *b, uint32_t slot, const prov_xvalue *value, uint32_t child)
{
    entry *e = make(b->index, slot, value);
    if (b->posting)
        b->index->postings[e->begin + e->count] = child;
    e->count++;
}

static void post_child(builder *b, uint32_t child)
{
    const prov_xpolicy *policy = b->set->children[child].policy;
    const prov_xanyof *any = policy->broken ? NULL : best_anyof(b->index, &policy->target);
    uint32_t uses;
    if (!any) {
        if (b->posting)
            b->index->always[b->index->always_count] = child;
        b->index->always_count++;
        return;
    }
    for (uint32_t i = 0; i < any->count; i++) {
        const prov_xcompare *m = rarest(b->index, &any->allofs[i], &uses);
        const prov_xdesignator *d = m->expr->u.designator;
        post(b, d->slot, m->value, child);
        if (d->must)
            post(b, d->slot, NULL, child);
    }
}

/* Twice: to know how much there is, then to put it. */
static void post_all(builder *b)
{
    prov_xindex *index = b->index;
    apr_pool_t *p = b->pdp->pool;
    uint32_t total = 0;
    for (uint32_t i = 0; i < b->set->count; i++)
        post_child(b, i);
    index->slots = apr_palloc(p, ((size_t)b->pdp->slot_count + 1) * sizeof *index->slots);
    bool *seen = apr_pcalloc(p, (size_t)b->pdp->slot_count + 1);
    for (uint32_t i = 0; i <= index->mask; i++) {
        entry *e = &index->table[i];
        if (!e->count)
            continue;
        if (!seen[e->slot])
            index->slots[index->slot_count++] = e->slot;
        seen[e->slot] = true;
        e->begin = total;
        total += e->count;
        e->count = 0;
    }
    index->postings = apr_palloc(p, ((size_t)total + 1) * sizeof *index->postings);
    index->always = apr_palloc(p, ((size_t)index->always_count + 1) * sizeof *index->always);
    index->always_count = 0;
    b->posting = true;
    for (uint32_t i = 0; i < b->set->count; i++)
        post_child(b, i);
}

/* Room for every match, and for its absence. */
static uint32_t count_matches(const prov_xpolicy *set)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        const prov_xtarget *t = &set->children[i].policy->target;
        for (uint32_t j = 0; j < t->count; j++)
            for (uint32_t k = 0; k < t->anyofs[j].count; k++)
                n += 2 * t->anyofs[j].allofs[k].count;
    }
    return n;
}

static const prov_xindex *build(prov_pdp *pdp, const prov_xpolicy *set)
{
    prov_xindex *index = apr_pcalloc(pdp->pool, sizeof *index);
    builder b = { pdp, set, index, false };
    uint32_t matches = count_matches(set);
    uint32_t room = 16;
    while (room < 2 * matches)
        room *= 2;
    index->mask = room - 1;
    index->table = apr_pcalloc(pdp->pool, (size_t)room * sizeof *index->table);
    for (uint32_t i = 0; i < set->count; i++)
        if (!set->children[i].policy->broken)
            count_uses(&b, &set->children[i].policy->target);
    post_all(&b);
    return index;
}

void prov_xindex_build(prov_pdp *pdp)
{
    for (int i = 0; i < pdp->policies->nelts; i++) {
        prov_xpolicy *policy = APR_ARRAY_IDX(pdp->policies, i, prov_xpolicy *);
        if (policy->set && policy->count >= CHILDREN_LEAST)
            policy->index = build(pdp, policy);
    }
    if (pdp->root->count >= CHILDREN_LEAST)
        pdp->root->index = build(pdp, pdp->root);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* In order, each once: one may be posted under several values. */
static size_t tidy(uint32_t *list, size_t count)
{
    size_t kept = 0;
    qsort(list, count, sizeof *list, by_number);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || list[i] != list[i - 1])
            list[kept++] = list[i];
    return kept;
}

typedef struct hit {
    const entry *entry;
    struct hit *next;
} hit;

static void look_up(const prov_xindex *index, apr_pool_t *p, uint32_t slot,
                    const prov_xvalue *value, hit **hits, size_t *total)
{
    const entry *e = find(index, slot, value);
    if (!e->taken || !e->count)
        return;
    hit *h = apr_palloc(p, sizeof *h);
    *h = (hit){ e, *hits };
    *hits = h;
    *total += e->count;
}

size_t prov_xindex_candidates(const prov_xindex *index, apr_pool_t *p, const prov_xbag *bags,
                              uint32_t **out)
{
    hit *hits = NULL;
    size_t total = index->always_count;
    for (uint32_t i = 0; i < index->slot_count; i++) {
        const prov_xbag *bag = &bags[index->slots[i]];
        for (uint32_t j = 0; j < bag->count; j++)
            look_up(index, p, index->slots[i], &bag->values[j], &hits, &total);
        if (!bag->count)
            look_up(index, p, index->slots[i], NULL, &hits, &total);
    }
    *out = index->always;
    if (!hits)
        return index->always_count;
    uint32_t *list = apr_palloc(p, total * sizeof *list);
    size_t n = index->always_count;
    memcpy(list, index->always, n * sizeof *list);
    for (; hits; hits = hits->next) {
        memcpy(list + n, index->postings + hits->entry->begin, hits->entry->count * sizeof *list);
        n += hits->entry->count;
    }
    *out = list;
    return tidy(list, n);
}
