#include "framework/candidates.h"
#include "framework/seek.h"

#include <apr_strings.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Beyond that going through all of them is no slower, and takes no memory; and what all the walks
 * of a filter may find. */
#define RANGE_MOST  20000
#define RANGES_MOST 80000
/* Whoever has found so few looks no further. */
#define FEW 64
/* Comparisons that are tried: each may be walked in vain. */
#define SEEKS_MOST 8

typedef struct asking {
    const prov_window *w;
    apr_pool_t *p;
    const prov_resource_type *type;
    int left; /* of RANGES_MOST */
} asking;

/* What some indexes found that every match is among. */
typedef struct finding {
    apr_array_header_t *ids; /* of prov_id */
    const char *plan;
} finding;

typedef struct wish {
    prov_term terms[2];
    int count;
    prov_seek_kind kind;
} wish;

typedef struct wishes {
    asking *q;
    wish wishes[SEEKS_MOST];
    int count;
} wishes;

/* --- what may be sought --------------------------------------------------------------------- */

/* Two of several values may lie on either side of what none of them is between. */
static bool has_one(const prov_attr *a)
{
    return !a->multi && !(a->parent && a->parent->multi);
}

static bool is_end(const prov_term *t, bool lower)
{
    return lower ? t->op == PROV_OP_GT || t->op == PROV_OP_GE
                 : t->op == PROV_OP_LT || t->op == PROV_OP_LE;
}

/* The other end of a range that is wished for already. */
static bool add_end(wishes *all, const prov_term *t)
{
    for (int i = 0; i < all->count && has_one(t->attr); i++) {
        wish *w = &all->wishes[i];
        bool fits = w->count == 1 && w->terms[0].attr == t->attr &&
                    ((is_end(t, true) && is_end(&w->terms[0], false)) ||
                     (is_end(t, false) && is_end(&w->terms[0], true)));
        if (!fits)
            continue;
        w->terms[w->count++] = *t;
        return true;
    }
    return false;
}

static bool add_term(void *baton, const prov_term *t)
{
    wishes *all = baton;
    wish w = { .terms = { *t }, .count = 1 };
    if (prov_seek_can(all->q->w, all->q->p, all->q->type, t, &w.kind) && !add_end(all, t))
        all->wishes[all->count++] = w;
    return all->count < SEEKS_MOST;
}

/* --- seeking -------------------------------------------------------------------------------- */

/* "userName sw", "meta.created ge lt" */
static const char *plan_of(asking *q, const wish *w)
{
    const char *plan = prov_attr_path(q->p, q->type, w->terms[0].attr);
    for (int i = 0; i < w->count; i++)
        plan = apr_pstrcat(q->p, plan, " ", prov_filter_op_names[w->terms[i].op], NULL);
    return plan;
}

static bool seek(asking *q, const wish *w, int most, finding *out)
{
    bool walks = w->kind >= PROV_SEEK_RANGE;
    int room = q->left < RANGE_MOST ? q->left : RANGE_MOST;
    prov_seek s = { .w = q->w,
                    .p = q->p,
                    .type = q->type,
                    .terms = { w->terms[0], w->terms[1] },
                    .count = w->count,
                    .ids = apr_array_make(q->p, 4, sizeof(prov_id)),
                    .most = walks && most > room ? room : most };
    bool found = prov_seek_find(&s);
    if (walks)
        q->left -= s.ids->nelts;
    if (found)
        *out = (finding){ s.ids, plan_of(q, w) };
    return found;
}

/* The narrowest so far becomes how many the next may find. */
static void better(finding *best, bool *found, const finding *other)
{
    if (!*found || other->ids->nelts < best->ids->nelts)
        *best = *other;
    *found = true;
}

static int most_of(const finding *best, bool found, int most)
{
    return found && best->ids->nelts < most ? best->ids->nelts : most;
}

static bool find_one(asking *q, const prov_filter *f, int most, finding *best)
{
    wishes all = { .q = q };
    finding other;
    bool found = false;
    prov_filter_terms_of(f, add_term, &all);
    for (int kind = PROV_SEEK_ONE; kind < PROV_SEEKS; kind++)
        for (int i = 0; i < all.count; i++)
            if (all.wishes[i].kind == (prov_seek_kind)kind && !(found && best->ids->nelts <= FEW) &&
                seek(q, &all.wishes[i], most_of(best, found, most), &other))
                better(best, &found, &other);
    return found;
}

static bool find(asking *q, const prov_filter *f, int most, finding *best);

/* If each is served, together they are. What is found in vain is still right, since every candidate
 * is matched. */
static bool find_any(asking *q, const prov_filter *part, int most, finding *out)
{
    finding one;
    *out = (finding){ apr_array_make(q->p, 4, sizeof(prov_id)), NULL };
    for (; part; part = prov_filter_next(part)) {
        if (!find(q, part, most - out->ids->nelts, &one))
            return false;
        apr_array_cat(out->ids, one.ids);
        out->plan = out->plan ? apr_pstrcat(q->p, out->plan, " or ", one.plan, NULL) : one.plan;
    }
    return true;
}

static bool find(asking *q, const prov_filter *f, int most, finding *best)
{
    const prov_filter *part, *first;
    finding other;
    prov_filter_shape shape = prov_filter_parts(f, &part);
    if (shape == PROV_FILTER_ANY_OF)
        return find_any(q, part, most, best);
    bool found = find_one(q, f, most, best);
    for (; shape == PROV_FILTER_ALL_OF && part; part = prov_filter_next(part))
        if (prov_filter_parts(part, &first) == PROV_FILTER_ANY_OF &&
            !(found && best->ids->nelts <= FEW) &&
            find_any(q, first, most_of(best, found, most), &other))
            better(best, &found, &other);
    return found;
}

/* --- the answer ----------------------------------------------------------------------------- */

static int by_bytes(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(prov_id));
}

static int drop_repeated(prov_id *ids, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (!kept || !prov_id_equal(&ids[kept - 1], &ids[i]))
            ids[kept++] = ids[i];
    return kept;
}

bool prov_candidates_find(const prov_window *w, apr_pool_t *p, const prov_resource_type *type,
                          const prov_filter *f, prov_candidates *out)
{
    asking q = { w, p, type, RANGES_MOST };
    finding best;
    if (!find(&q, prov_filter_for(f, w->service->registry, type), INT_MAX, &best))
        return false;
    prov_id *ids = (prov_id *)(void *)best.ids->elts;
    if (best.ids->nelts)
        qsort(ids, (size_t)best.ids->nelts, sizeof *ids, by_bytes);
    *out = (prov_candidates){ ids, drop_repeated(ids, best.ids->nelts), best.plan };
    return true;
}
