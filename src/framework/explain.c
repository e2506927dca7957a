#include "framework/explain.h"
#include "framework/candidates.h"
#include "framework/ordered.h"

#include "store/index.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

/* --- queries -------------------------------------------------------------------------------- */

static int64_t count_of(const prov_window *w, const prov_resource_type *type)
{
    const prov_userstore *u;
    int64_t sum = 0;
    for (int i = 0; (u = prov_userstore_at(w->service->userstores, i)); i++)
        sum += prov_snapshot_count(w->n, type->number, u->number);
    return sum;
}

/* A page of it, from the start. */
static prov_explained explain_order(const prov_window *w, apr_pool_t *p,
                                    const prov_resource_type *type, const prov_sort *sort)
{
    int64_t there = count_of(w, type), page = w->service->config->settings.default_results;
    const char *plan = sort ? prov_ordered_plan(w, p, type, sort) : NULL;
    return (prov_explained){ type, plan, plan && page < there ? page : there, there };
}

static prov_explained explain(const prov_window *w, apr_pool_t *p, const prov_resource_type *type,
                              const prov_filter *f)
{
    prov_candidates candidates;
    int64_t there = count_of(w, type);
    if (!prov_candidates_find(w, p, type, f, &candidates))
        return (prov_explained){ type, NULL, there, there };
    return (prov_explained){ type, candidates.plan, candidates.count, there };
}

prov_err *prov_service_explain(const prov_service *s, apr_pool_t *p, const prov_caller *caller,
                               const prov_resource_type *type, const prov_filter *f,
                               const prov_sort *sort, prov_explained **out, int *count)
{
    prov_snapshot *n;
    int types = prov_registry_type_count(s->registry);
    prov_err *err = prov_store_read(s->store, p, &n);
    if (err)
        return err;
    prov_window w = prov_window_make(s, n, caller);
    *out = apr_pcalloc(p, (size_t)types * sizeof **out);
    *count = 0;
    for (int i = 0; i < types; i++) {
        const prov_resource_type *t = prov_registry_type(s->registry, i);
        if (!type || type == t) /* what several types have in common is sorted together */
            (*out)[(*count)++] =
                f ? explain(&w, p, t, f) : explain_order(&w, p, t, type ? sort : NULL);
    }
    prov_snapshot_end(n);
    return NULL;
}

/* --- indexes -------------------------------------------------------------------------------- */

typedef struct viewing {
    const prov_service *s;
    apr_pool_t *p;
    prov_snapshot *n;
    apr_array_header_t *views; /* of prov_index_view */
} viewing;

static const char *const kinds[] = {
    [PROV_INDEX_VALUES] = "values", [PROV_INDEX_UNIQUE] = "unique", [PROV_INDEX_TIMES] = "times"
};
static const char *const stages[] = { [PROV_STAGE_BUILDING] = "building",
                                      [PROV_STAGE_READY] = "ready",
                                      [PROV_STAGE_GOING] = "removing",
                                      [PROV_STAGE_AGAIN] = "to be built" };

/* By the first type that has it; of one that is not declared now, the dictionary's name. */
static void name(const viewing *v, uint16_t number, prov_index_view *view)
{
    const prov_registry *r = v->s->registry;
    const prov_attr *a = prov_registry_attr_numbered(r, number);
    int types = 0;
    view->name = view->type = "";
    for (int i = 0; a && i < prov_registry_type_count(r); i++) {
        const prov_resource_type *t = prov_registry_type(r, i);
        const char *path = prov_attr_path(v->p, t, a);
        if (prov_schema_find(r, t, path, strlen(path), NULL) != a)
            continue;
        if (types++ == 0)
            view->name = path;
        view->type = types == 1 ? t->name : "";
    }
    const char *known =
        types ? NULL : prov_snapshot_name(v->n, v->p, PROV_NUMBER_ATTRIBUTE, number);
    if (known)
        view->name = known;
}

static bool view_stage(void *baton, const prov_stage *stage)
{
    viewing *v = baton;
    prov_index_view view = { .name = "meta.created, meta.lastModified",
                             .type = "",
                             .kind = kinds[stage->kind],
                             .stage = stages[stage->at],
                             .looked_at = stage->looked_at,
                             .duplicates = stage->duplicates };
    if (stage->kind != PROV_INDEX_TIMES)
        name(v, stage->attr, &view);
    APR_ARRAY_PUSH(v->views, prov_index_view) = view;
    return true;
}

static void view_always(viewing *v)
{
    for (uint32_t number = 1; number <= UINT16_MAX; number++) {
        const prov_attr *a = prov_registry_attr_numbered(v->s->registry, (uint16_t)number);
        const prov_index *index = a ? prov_index_of(a) : NULL;
        if (!index || !index->always)
            continue;
        prov_index_view *view = apr_array_push(v->views);
        name(v, a->number, view);
        view->kind = kinds[index->unique ? PROV_INDEX_UNIQUE : PROV_INDEX_VALUES];
        view->stage = stages[PROV_STAGE_READY];
    }
}

prov_err *prov_service_indexes(const prov_service *s, apr_pool_t *p, prov_index_view **out,
                               int *count)
{
    viewing v = { .s = s, .p = p, .views = apr_array_make(p, 8, sizeof(prov_index_view)) };
    prov_err *err = prov_store_read(s->store, p, &v.n);
    if (err)
        return err;
    view_always(&v);
    prov_snapshot_stages(v.n, view_stage, &v);
    prov_snapshot_end(v.n);
    *out = (prov_index_view *)(void *)v.views->elts;
    *count = v.views->nelts;
    return NULL;
}
