#include "framework/groups.h"
#include "framework/window.h"

#include "base/instant.h"
#include <apr_strings.h>
#include <string.h>

prov_window prov_window_make(const prov_service *s, prov_snapshot *n, const prov_caller *caller)
{
    const char *fixed = caller->application->inbound_store;
    return (prov_window){ .service = s,
                          .n = n,
                          .caller = caller,
                          .fixed = fixed ? prov_userstore_named(s->userstores, fixed) : NULL };
}

/* Of a domain that is not declared now nothing is there. */
const prov_userstore *prov_window_domain(const prov_window *w, const prov_head *head)
{
    if (w->fixed)
        return head->domain == w->fixed->number ? w->fixed : NULL;
    return prov_userstore_numbered(w->service->userstores, head->domain);
}

bool prov_window_find(const prov_window *w, const prov_resource_type *type, const prov_id *id,
                      prov_record *out)
{
    if (!prov_snapshot_resource(w->n, id, out))
        return false;
    prov_head head = prov_record_head(*out);
    return (!type || head.type == type->number) && prov_window_domain(w, &head);
}

/* --- values that lie elsewhere ---------------------------------------------------------------- */

static void put(prov_object *o, const prov_attr *of, const char *name, prov_bytes text)
{
    const prov_attr *sub = prov_schema_sub(of, name, strlen(name));
    if (sub && text.len)
        prov_field_add(o, prov_object_set(o, sub))->text = text;
}

static void put_number(prov_object *o, const prov_attr *of, const char *name, int64_t number)
{
    const prov_attr *sub = prov_schema_sub(of, name, strlen(name));
    prov_field_add(o, prov_object_set(o, sub))->integer = number;
}

static void put_time(prov_object *o, const prov_attr *of, const char *name, apr_time_t t)
{
    const prov_attr *sub = prov_schema_sub(of, name, strlen(name));
    char *text = apr_palloc(o->pool, PROV_INSTANT_ROOM);
    if (!t)
        return;
    prov_value *v = prov_field_add(o, prov_object_set(o, sub));
    v->instant = t;
    v->text = (prov_bytes){ (const uint8_t *)text, prov_instant_print(t, text) };
}

/* What people call it. A record with large values is not joined for that. */
static prov_bytes display_of(const prov_window *w, const prov_resource_type *type, prov_record rec)
{
    const prov_attr *shown = prov_schema_attr(type->schema, "displayName", 11);
    prov_head head = prov_record_head(rec);
    prov_item item;
    bool there = shown && !(head.flags & PROV_RECORD_LARGE) && prov_window_domain(w, &head) &&
                 prov_cursor_find(prov_record_fields(rec), shown->number, &item);
    return there ? prov_item_text(item) : prov_bytes_of("");
}

prov_object *prov_window_reference(const prov_window *w, apr_pool_t *p, const prov_attr *of,
                                   const prov_id *id, const char *kind)
{
    prov_record rec;
    if (!prov_window_find(w, NULL, id, &rec))
        return NULL; /* what an application may not see is not named to it either */
    const prov_resource_type *type =
        prov_registry_type_numbered(w->service->registry, prov_record_head(rec).type);
    if (!type)
        return NULL;
    prov_object *o = prov_object_make(p);
    const char *text = prov_id_text(p, id);
    put(o, of, "value", prov_bytes_of(text));
    put(o, of, "type", prov_bytes_of(kind ? kind : type->name));
    put(o, of, "display", display_of(w, type, rec));
    if (w->base) /* filters see what is shown */
        put(o, of, "$ref", prov_bytes_of(apr_pstrcat(p, w->base, type->endpoint, "/", text, NULL)));
    return o;
}

typedef struct visiting {
    const prov_window *w;
    const prov_attr *of;
    apr_pool_t *scratch;
    apr_pool_t *pool; /* made for the first value, cleared after each */
    bool (*each)(void *baton, const prov_object *value);
    void *baton;
} visiting;

static apr_pool_t *pool_of(visiting *v)
{
    if (!v->pool)
        apr_pool_create(&v->pool, v->scratch);
    return v->pool;
}

static bool visit(visiting *v, const prov_object *o)
{
    bool more = !o || v->each(v->baton, o);
    apr_pool_clear(v->pool);
    return more;
}

static bool visit_member(void *baton, const prov_id *id)
{
    visiting *v = baton;
    return visit(v, prov_window_reference(v->w, pool_of(v), v->of, id, NULL));
}

static void visit_groups(visiting *v, const prov_view *view)
{
    prov_kin above = prov_groups_above(v->w->n, view->scratch, &view->id);
    bool more = true;
    for (int i = 0; i < above.count && more; i++)
        more = visit(v, prov_window_reference(v->w, pool_of(v), v->of, &above.ids[i],
                                              i < above.direct ? "direct" : "indirect"));
}

static prov_object *link_value(visiting *v, const prov_link_view *link)
{
    prov_object *o = prov_object_make(pool_of(v));
    const prov_link *l = &link->link;
    const char *application =
        prov_snapshot_name(v->w->n, v->pool, PROV_NUMBER_APPLICATION, l->application);
    put(o, v->of, "target", prov_bytes_of(link->target));
    put(o, v->of, "state", prov_bytes_of(prov_link_state_names[link->state]));
    put(o, v->of, "remoteId", l->remote);
    put_time(o, v->of, "lastSuccess", l->last_success);
    put(o, v->of, "lastError", link->excerpt);
    if (l->last_status)
        put_number(o, v->of, "httpStatus", l->last_status);
    put_number(o, v->of, "tries", l->tries);
    put_time(o, v->of, "nextTry", prov_link_next(l));
    put(o, v->of, "application", prov_bytes_of(application));
    return o;
}

static void visit_links(visiting *v, const prov_view *view)
{
    prov_link_view *links;
    int count = 0;
    bool more = true;
    if (!(v->w->caller->permissions & PROV_MAY_ADMIN))
        return;
    prov_outbound_links_of(v->w->n, view->scratch, v->w->service->config, &view->id, apr_time_now(),
                           &links, &count);
    for (int i = 0; i < count && more; i++)
        more = visit(v, link_value(v, &links[i]));
}

static void elsewhere(const prov_view *view, const prov_attr *a,
                      bool (*each)(void *baton, const prov_object *value), void *baton)
{
    visiting v = {
        .w = view->baton, .of = a, .scratch = view->scratch, .each = each, .baton = baton
    };
    if (a->place == PROV_IN_MEMBERS)
        prov_snapshot_members(v.w->n, &view->id, NULL, visit_member, &v);
    else if (a->place == PROV_IN_GROUPS)
        visit_groups(&v, view);
    else if (a->place == PROV_IN_LINKS)
        visit_links(&v, view);
    if (v.pool)
        apr_pool_destroy(v.pool);
}

static bool has_member(const prov_view *view, const prov_id *id)
{
    const prov_window *w = view->baton;
    prov_record rec;
    return prov_snapshot_is_member(w->n, &view->id, id) && prov_window_find(w, NULL, id, &rec) &&
           prov_registry_type_numbered(w->service->registry, prov_record_head(rec).type);
}

/* --- views ---------------------------------------------------------------------------------- */

bool prov_window_view(const prov_window *w, apr_pool_t *p, const prov_resource_type *type,
                      const prov_id *id, prov_record rec, prov_view *out)
{
    prov_head head = prov_record_head(rec);
    const prov_userstore *domain = prov_window_domain(w, &head);
    if (!domain || head.type != type->number)
        return false;
    *out = (prov_view){ .registry = w->service->registry,
                        .type = type,
                        .id = *id,
                        .record = prov_userstore_whole(p, w->n, id, rec),
                        .prefix = prov_userstore_prefix(domain),
                        .bare = w->fixed || w->service->config->settings.bare_name_all,
                        .base = w->base,
                        .scratch = p,
                        .baton = (void *)w,
                        .elsewhere = elsewhere,
                        .member = has_member };
    return true;
}

bool prov_service_view(prov_service *s, prov_snapshot *n, apr_pool_t *p, const prov_caller *caller,
                       const prov_resource_type *type, const prov_id *id, const char *base,
                       prov_view *out)
{
    prov_window *w = apr_palloc(p, sizeof *w);
    prov_record rec;
    *w = prov_window_make(s, n, caller);
    w->base = base;
    return prov_window_find(w, type, id, &rec) && prov_window_view(w, p, type, id, rec, out);
}
