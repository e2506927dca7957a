#include "framework/candidates.h"
#include "framework/groups.h"

#include "base/text.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <stdlib.h>
#include <string.h>

/* Beyond that going through all of them is no slower, and takes no memory. */
#define STARTING_MOST 20000

typedef struct asking {
    const prov_window *w;
    apr_pool_t *p;
    const prov_resource_type *type;
    const prov_attr *a;
    prov_bytes text;         /* what it must equal, or begin with */
    apr_array_header_t *ids; /* of prov_id */
    bool bare;
    int starting; /* how many were kept for what they begin with */
    const char *plan;
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
    if (q->a != q->type->naming)
        return false;
    if (prov_userstore_split(s->userstores, q->p, q->text, q->w->fixed, &domain, &bare))
        return true;
    bool prefixed = bare.len != q->text.len;
    bool every = !prefixed && s->config->settings.bare_name_all;
    q->bare = q->bare || (!prefixed && (every || q->w->fixed));
    for (int i = 0; (u = domain_at(q, i)); i++)
        if ((every || u == domain) &&
            prov_userstore_find_in(u, q->w->n, q->p, q->type, bare, &id, 1))
            keep(q->ids, &id);
    return true;
}

static bool keep_some(void *baton, const prov_id *id)
{
    asking *q = baton;
    q->starting++;
    return q->starting <= STARTING_MOST && keep(q->ids, id);
}

static bool start_in(asking *q, const prov_userstore *u, bool unique, prov_bytes text)
{
    prov_bytes start;
    if (!prov_index_start_of(q->p, q->a, text, &start))
        return false;
    prov_snapshot_starting(q->w->n, q->a->number, u->number, unique, start, keep_some, q);
    return q->starting <= STARTING_MOST;
}

static bool start_by_index(asking *q)
{
    const prov_userstore *u;
    bool served = true;
    for (int i = 0; served && (u = domain_at(q, i)); i++)
        served = start_in(q, u, false, q->text);
    return served;
}

/* Names lie as PRECIS has them, and begin as folded ones do. For ASCII that is the same but for the
 * sharp s, which folds to two. */
static bool start_of_name(asking *q, const prov_userstore *u, prov_bytes text)
{
    static const char sharp[] = "\xc3\x9f";
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80 || (i && text.data[i] == 's' && text.data[i - 1] == 's'))
            return false;
    if (!start_in(q, u, true, text))
        return false;
    if (text.data[text.len - 1] != 's')
        return true;
    const char *other =
        apr_psprintf(q->p, "%.*s%s", (int)text.len - 1, (const char *)text.data, sharp);
    return start_in(q, u, true, prov_bytes_of(other));
}

/* A name begins with its domain's prefix: all, some or none of a domain's names may begin so. */
static bool start_by_name(asking *q)
{
    const prov_userstore *u;
    bool served = q->a == q->type->naming;
    for (int i = 0; served && (u = domain_at(q, i)); i++) {
        prov_bytes prefix = prov_text_fold(q->p, prov_userstore_prefix(u)), text = q->text;
        size_t shared = prefix.len < text.len ? prefix.len : text.len;
        if (shared && memcmp(prefix.data, text.data, shared) != 0)
            continue;
        text = (prov_bytes){ text.data + shared, text.len - shared };
        served = start_of_name(q, u, text);
    }
    return served;
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

/* The narrowest first. A declared type may have attributes of these names that lie elsewhere. */
static const struct {
    const char *path;
    prov_place place;
    bool (*find)(asking *q);  /* eq */
    bool (*start)(asking *q); /* sw; NULL: not by index */
} ways[] = {
    { "id", PROV_IN_HEADER, by_id, NULL },
    { "userName", PROV_IN_RECORD, by_name, start_by_name },
    { "externalId", PROV_IN_RECORD, by_index, start_by_index },
    { "displayName", PROV_IN_RECORD, by_index, start_by_index },
    { "emails.value", PROV_IN_RECORD, by_index, start_by_index },
    { "members.value", PROV_IN_MEMBERS, by_member, NULL },
    { "groups.value", PROV_IN_GROUPS, by_group, NULL },
};

static const prov_attr *attr_of(const asking *q, const char *path)
{
    const prov_schema *schema;
    return prov_schema_find(q->w->service->registry, q->type, path, strlen(path), &schema);
}

static void note(asking *q, const char *path, const char *operator)
{
    q->plan =
        apr_pstrcat(q->p, q->plan ? q->plan : "", q->plan ? " or " : "", path, operator, NULL);
}

/* By what every match must equal. */
static bool by_equality(asking *q, const prov_filter *f)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        q->a = attr_of(q, ways[i].path);
        if (q->a && q->a->place == ways[i].place && prov_filter_requires(f, q->a, &q->text) &&
            ways[i].find(q)) {
            note(q, ways[i].path, " eq");
            return true;
        }
    }
    return false;
}

static bool by_start(asking *q, const prov_filter *f)
{
    int before = q->ids->nelts;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        q->a = attr_of(q, ways[i].path);
        if (!q->a || !ways[i].start || q->a->place != ways[i].place ||
            !prov_filter_starts(f, q->a, &q->text))
            continue;
        if (ways[i].start(q)) {
            note(q, ways[i].path, " sw");
            return true;
        }
        q->ids->nelts = before;
        q->starting = 0;
    }
    return false;
}

/* One of several: if each is served, together they are. What is found in vain is still right, since
 * every candidate is matched. */
static bool find(asking *q, const prov_filter *f)
{
    const prov_filter *part, *none;
    prov_filter_shape shape = prov_filter_parts(f, &part);
    int before = q->ids->nelts;
    const char *plan = q->plan;
    if (by_equality(q, f) || by_start(q, f))
        return true;
    if (shape == PROV_FILTER_ANY_OF) {
        while (part && find(q, part))
            part = prov_filter_next(part);
        return !part;
    }
    for (; shape == PROV_FILTER_ALL_OF && part; part = prov_filter_next(part)) {
        if (prov_filter_parts(part, &none) == PROV_FILTER_ANY_OF && find(q, part))
            return true;
        q->ids->nelts = before;
        q->plan = plan;
    }
    return false;
}

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
    asking q = { .w = w, .p = p, .type = type, .ids = apr_array_make(p, 4, sizeof(prov_id)) };
    bool found = find(&q, prov_filter_for(f, w->service->registry, type));
    prov_id *ids = (prov_id *)(void *)q.ids->elts;
    if (q.ids->nelts)
        qsort(ids, (size_t)q.ids->nelts, sizeof *ids, by_bytes);
    *out = (prov_candidates){ ids, drop_repeated(ids, q.ids->nelts), q.bare, q.plan };
    return found;
}
