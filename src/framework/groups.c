#include "framework/groups.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <limits.h>

/* From a resource to those one step away: prov_snapshot_members, prov_snapshot_groups. */
typedef void step(prov_snapshot *n, const prov_id *from, const prov_id *after, prov_each_id *each,
                  void *baton);

typedef struct collecting {
    apr_pool_t *p;
    const prov_id *from; /* of these, */
    int from_count;      /* this many */
    apr_array_header_t *ids;
    apr_hash_t *seen; /* made for the first: most are in no group, and a page has many of them */
    int most;
} collecting;

static void see(collecting *c, const prov_id *id)
{
    const prov_id *kept = apr_pmemdup(c->p, id, sizeof *id);
    apr_hash_set(c->seen, kept->b, sizeof kept->b, kept);
}

static bool collect(void *baton, const prov_id *id)
{
    collecting *c = baton;
    if (!c->seen) {
        c->seen = apr_hash_make(c->p);
        for (int i = 0; i < c->from_count; i++)
            see(c, &c->from[i]);
    }
    if (apr_hash_get(c->seen, id->b, sizeof id->b))
        return true;
    see(c, id);
    APR_ARRAY_PUSH(c->ids, prov_id) = *id;
    return c->ids->nelts < c->most;
}

static prov_kin spread(prov_snapshot *n, apr_pool_t *p, const prov_id *ids, int count, step *go,
                       int most)
{
    collecting c = { p, ids, count, apr_array_make(p, 8, sizeof(prov_id)), NULL, most };
    for (int i = 0; i < count && c.ids->nelts < most; i++)
        go(n, &ids[i], NULL, collect, &c);
    int direct = c.ids->nelts;
    for (int i = 0; i < c.ids->nelts && c.ids->nelts < most; i++) {
        prov_id from = APR_ARRAY_IDX(c.ids, i, prov_id);
        go(n, &from, NULL, collect, &c);
    }
    return (prov_kin){ (const prov_id *)(const void *)c.ids->elts, c.ids->nelts, direct };
}

prov_kin prov_groups_above(prov_snapshot *n, apr_pool_t *p, const prov_id *id)
{
    return spread(n, p, id, 1, prov_snapshot_groups, PROV_GROUPS_ABOVE_MOST);
}

prov_kin prov_groups_below(prov_snapshot *n, apr_pool_t *p, const prov_id *ids, int count)
{
    return spread(n, p, ids, count, prov_snapshot_members, INT_MAX);
}
