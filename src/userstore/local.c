/* A domain whose truth is the store itself: what it holds under an id is a record, its large
 * values and its index entries, all in the plan. */
#include "userstore/userstore.h"

#include <apr_tables.h>
#include <string.h>

/* --- large values --------------------------------------------------------------------------- */

typedef struct large {
    uint8_t digest[16];
    prov_bytes value;
} large;

static void keep_large(void *baton, const uint8_t digest[16], prov_bytes value)
{
    large *l = apr_array_push(baton);
    memcpy(l->digest, digest, sizeof l->digest);
    l->value = value;
}

static bool has_large(const apr_array_header_t *list, const uint8_t digest[16])
{
    for (int i = 0; i < list->nelts; i++)
        if (memcmp(APR_ARRAY_IDX(list, i, large).digest, digest, 16) == 0)
            return true;
    return false;
}

static void plan_large(prov_plan *plan, const prov_id *id, const apr_array_header_t *was,
                       const apr_array_header_t *now)
{
    for (int i = 0; i < now->nelts; i++) {
        const large *l = &APR_ARRAY_IDX(now, i, large);
        if (!has_large(was, l->digest))
            prov_plan_put_large(plan, id, l->digest, l->value);
    }
    for (int i = 0; i < was->nelts; i++) {
        const large *l = &APR_ARRAY_IDX(was, i, large);
        if (!has_large(now, l->digest))
            prov_plan_delete_large(plan, id, l->digest);
    }
}

/* --- indexes: only what differs -------------------------------------------------------------- */

typedef struct keys {
    const prov_index_key *keys;
    int count;
} keys;

static bool has_key(const keys *k, const prov_index_key *key)
{
    for (int i = 0; i < k->count; i++)
        if (k->keys[i].attr == key->attr && k->keys[i].unique == key->unique &&
            prov_bytes_equal(k->keys[i].key, key->key))
            return true;
    return false;
}

static prov_err *keys_of(apr_pool_t *p, const prov_resource_type *type, const prov_object *o,
                         keys *out)
{
    *out = (keys){ NULL, 0 };
    return o ? prov_index_keys(p, type, o, &out->keys, &out->count) : NULL;
}

static void plan_keys(prov_plan *plan, const prov_id *id, uint16_t domain, const keys *was,
                      const keys *now)
{
    for (int i = 0; i < was->count; i++) {
        const prov_index_key *k = &was->keys[i];
        if (!has_key(now, k))
            prov_plan_unindex(plan, id, k->attr, prov_index_domain(k, domain), k->key, k->unique);
    }
    for (int i = 0; i < now->count; i++) {
        const prov_index_key *k = &now->keys[i];
        if (!has_key(was, k))
            prov_plan_index(plan, id, k->attr, prov_index_domain(k, domain), k->key, k->unique);
    }
}

/* --- the type ------------------------------------------------------------------------------- */

static prov_err *apply(prov_userstore *u, apr_pool_t *p, prov_plan *plan, const prov_id *id,
                       const prov_resource_type *type, const prov_held *was, const prov_held *now)
{
    keys before, after;
    prov_err *err = keys_of(p, type, was->object, &before);
    if (!err)
        err = keys_of(p, type, now->object, &after);
    if (err)
        return err;
    if (now->object) {
        apr_array_header_t *gone = apr_array_make(p, 0, sizeof(large));
        apr_array_header_t *there = apr_array_make(p, 0, sizeof(large));
        if (was->object)
            prov_record_split(p, was->record, keep_large, gone);
        prov_plan_put(plan, id, prov_record_split(p, now->record, keep_large, there));
        plan_large(plan, id, gone, there);
    }
    plan_keys(plan, id, u->number, &before, &after);
    return NULL;
}

typedef struct fetch {
    prov_snapshot *n;
    const prov_id *id;
} fetch;

static prov_bytes fetch_large(void *baton, const uint8_t digest[16])
{
    fetch *f = baton;
    return prov_snapshot_large(f->n, f->id, digest);
}

prov_record prov_userstore_whole(apr_pool_t *p, prov_snapshot *n, const prov_id *id,
                                 prov_record rec)
{
    fetch f = { n, id };
    if (!(prov_record_head(rec).flags & PROV_RECORD_LARGE))
        return rec;
    return prov_record_join(p, rec, fetch_large, &f);
}

static prov_err *observe(prov_userstore *u, apr_pool_t *p, prov_snapshot *n, const prov_id *id,
                         prov_record *out, bool *found)
{
    *found = prov_snapshot_resource(n, id, out);
    if (*found)
        *out = prov_userstore_whole(p, n, id, *out);
    return NULL;
}

const prov_userstore_type prov_userstore_local = { "local", apply, observe };
