#include "framework/candidates.h"
#include "framework/groups.h"

#include <apr_tables.h>
#include <stdlib.h>
#include <string.h>

typedef struct asking {
    const prov_window *w;
    apr_pool_t *p;
    const prov_resource_type *type;
    const prov_attr *a;
    prov_bytes text;         /* what it must equal */
    apr_array_header_t *ids; /* of prov_id */
    bool bare;
} asking;

static bool keep(void *baton, const prov_id *id)
{
    APR_ARRAY_PUSH((apr_array_header_t *)baton, prov_id) = *id;
    return true;
}

/* The one domain that this application sees, or each. */
static const prov_userstore *domain_at(const asking *q, int i)
{
    if (q->w->fixed)
        return i ? NULL : q->w->fixed;
    return prov_userstore_at(q->w->service->userstores, i);
}

/* All false if there is no such index after all. */
static bool by_index(asking *q)
{
    const prov_userstore *u;
    prov_bytes key;
    if (!prov_index_key_of(q->p, q->a, q->text, &key))
        return false;
    for (int i = 0; key.len && (u = domain_at(q, i)); i++)
        prov_snapshot_indexed(q->w->n, q->a->number, u->number, key, keep, q->ids);
    return true;
}

/* A prefix asks one domain; without one PRIMARY is asked, the application's own, or every one. */
static bool by_name(asking *q)
{
    const prov_service *s = q->w->service;
    const prov_userstore *domain, *u;
    prov_bytes bare;
    prov_id id;
    if (prov_userstore_split(s->userstores, q->p, q->text, q->w->fixed, &domain, &bare))
        return true;
    bool prefixed = bare.len != q->text.len;
    bool every = !prefixed && s->config->settings.bare_name_all;
    q->bare = !prefixed && (every || q->w->fixed);
    for (int i = 0; (u = domain_at(q, i)); i++)
        if ((every || u == domain) &&
            prov_userstore_find_in(u, q->w->n, q->p, q->type, bare, &id, 1))
            keep(q->ids, &id);
    return true;
}

static bool by_id(asking *q)
{
    prov_id id;
    if (prov_id_parse(q->text, &id))
        keep(q->ids, &id);
    return true;
}

static bool by_member(asking *q)
{
    prov_id id;
    if (prov_id_parse(q->text, &id))
        prov_snapshot_groups(q->w->n, &id, NULL, keep, q->ids);
    return true;
}

static bool by_group(asking *q)
{
    prov_id id;
    if (!prov_id_parse(q->text, &id))
        return true;
    prov_kin below = prov_groups_below(q->w->n, q->p, &id, 1);
    for (int i = 0; i < below.count; i++)
        keep(q->ids, &below.ids[i]);
    return true;
}

/* The narrowest first. */
static const struct {
    const char *path;
    bool (*find)(asking *q);
} ways[] = {
    { "id", by_id },
    { "userName", by_name },
    { "externalId", by_index },
    { "displayName", by_index },
    { "emails.value", by_index },
    { "members.value", by_member },
    { "groups.value", by_group },
};

static int by_bytes(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(prov_id));
}

bool prov_candidates_find(const prov_window *w, apr_pool_t *p, const prov_resource_type *type,
                          const prov_filter *f, prov_candidates *out)
{
    asking q = { .w = w, .p = p, .type = type, .ids = apr_array_make(p, 4, sizeof(prov_id)) };
    bool found = false;
    for (size_t i = 0; i < sizeof ways / sizeof *ways && !found; i++) {
        q.a = prov_schema_find(w->service->registry, type, ways[i].path, strlen(ways[i].path),
                               &(const prov_schema *){ NULL });
        found = q.a && prov_filter_requires(f, q.a, &q.text) && ways[i].find(&q);
    }
    if (q.ids->nelts)
        qsort(q.ids->elts, (size_t)q.ids->nelts, sizeof(prov_id), by_bytes);
    *out = (prov_candidates){ (const prov_id *)(const void *)q.ids->elts, q.ids->nelts, q.bare };
    return found;
}
