#include "framework/list_cursor.h"
#include "inbound/query.h"
#include "inbound/reply.h"
#include "inbound/scim.h"
#include "scim/message.h"

#include <apr_strings.h>

/* A page without a filter is likely to be full: growing would copy it again and again. */
#define PAGE_ROOM      (32 * 1024)
#define PAGE_ROOM_MOST (256 * 1024)
/* A page that is longer ends early, as it may: itemsPerPage says how many it holds. */
#define PAGE_MOST     (16 * 1024 * 1024)
#define RESOURCE_ROOM 1024

/* --- what is asked -------------------------------------------------------------------------- */

typedef struct asked {
    prov_query query;
    bool by_cursor;
    prov_bytes binding;    /* of its cursors */
    prov_list_cursor from; /* where the page begins, if it is not the first */
} asked;

int64_t prov_scim_page_size(const prov_settings *settings)
{
    return settings->default_results < settings->max_results ? settings->default_results
                                                             : settings->max_results;
}

/* No filter is NULL; an empty one is not a filter. */
static prov_err *read_filter(prov_scim *s, const apr_table_t *query, prov_filter **out)
{
    const char *text = apr_table_get(query, "filter");
    const prov_filter_limits limits = { (size_t)s->settings->max_filter,
                                        (int)s->settings->max_filter_depth,
                                        (int)s->settings->max_filter_terms,
                                        s->caller.application->compatibility };
    *out = NULL;
    prov_err *err =
        text ? prov_filter_parse(s->r->pool, s->service->registry, s->type, text, &limits, out)
             : NULL;
    if (err && err->http == HTTP_FORBIDDEN && s->r->method_number == M_POST) {
        err->http = HTTP_BAD_REQUEST; /* it was not in the URL */
        err->scim_type = "invalidFilter";
    }
    return err;
}

static prov_err *read_count(prov_scim *s, const apr_table_t *query, const char *scim_type,
                            int64_t preset, int64_t *want)
{
    return prov_list_count(s->r->pool, apr_table_get(query, "count"), scim_type, preset,
                           s->settings->max_results, want);
}

/* A count must be what it was on the first page; none is that, too. */
static prov_err *resume(prov_scim *s, const apr_table_t *query, const char *text, asked *a)
{
    int64_t was, most = s->settings->max_results;
    prov_err *err = prov_list_cursor_read(s->r->pool, s->service->cursor_key, a->binding, text,
                                          apr_time_now(), s->settings->cursor_timeout, &a->from);
    if (err)
        return err;
    was = a->from.want < most ? a->from.want : most;
    err = read_count(s, query, "invalidCount", was, &a->query.want);
    if (!err && a->query.want != was)
        err = prov_err_make(s->r->pool, HTTP_BAD_REQUEST, "invalidCount",
                            "count must stay what it was on the first page");
    a->query.after = &a->from.place;
    return err;
}

static prov_err *read_cursor(prov_scim *s, const apr_table_t *query, const char *text, asked *a)
{
    a->by_cursor = true;
    a->query.onward = true;
    a->query.first = 1;
    a->binding = prov_list_binding(s->r->pool, s->service, &s->caller, &a->query);
    return *text ? resume(s, query, text, a)
                 : read_count(s, query, "invalidCount", prov_scim_page_size(s->settings),
                              &a->query.want);
}

static prov_err *read_window(prov_scim *s, const apr_table_t *query, asked *a)
{
    const char *cursor = apr_table_get(query, "cursor");
    if (cursor)
        return read_cursor(s, query, cursor, a);
    prov_err *err =
        prov_list_start(s->r->pool, apr_table_get(query, "startIndex"), &a->query.first);
    return err ? err
               : read_count(s, query, "invalidValue", prov_scim_page_size(s->settings),
                            &a->query.want);
}

/* How many there are is not everybody's to know. */
static bool wants_plan(prov_scim *s)
{
    return apr_table_get(s->r->headers_in, "Provision-Explain") &&
           s->caller.permissions & PROV_MAY_ADMIN;
}

static prov_err *read_asked(prov_scim *s, const apr_table_t *query, asked *a)
{
    prov_filter *filter;
    prov_sort *sort;
    prov_err *err = read_filter(s, query, &filter);
    if (!err)
        err = prov_sort_parse(s->r->pool, s->service->registry, s->type,
                              apr_table_get(query, "sortBy"), apr_table_get(query, "sortOrder"),
                              &sort);
    if (err)
        return err;
    a->query = (prov_query){ .type = s->type,
                             .filter = filter,
                             .sort = sort,
                             .base = s->base,
                             .max_sort = s->settings->max_sort,
                             .max_scan = s->settings->max_scan,
                             .explain = wants_plan(s) };
    return read_window(s, query, a);
}

/* --- the page ------------------------------------------------------------------------------- */

typedef struct page {
    prov_buf body;
    const prov_registry *registry;
    prov_projection **projections; /* of the registry's types, in their order */
    int64_t count;
} page;

static prov_err *read_projections(prov_scim *s, const apr_table_t *query, page *p)
{
    int count = prov_registry_type_count(s->service->registry);
    prov_err *err = NULL;
    p->registry = s->service->registry;
    p->projections = apr_pcalloc(s->r->pool, (size_t)count * sizeof *p->projections);
    for (int i = 0; i < count && !err; i++) {
        const prov_resource_type *type = prov_registry_type(p->registry, i);
        if (!s->type || s->type == type)
            err = prov_query_projection(s->r, query, p->registry, type, &p->projections[i]);
    }
    return err;
}

static const prov_projection *projection_of(const page *p, const prov_resource_type *type)
{
    int i = 0;
    while (prov_registry_type(p->registry, i) != type)
        i++;
    return p->projections[i];
}

static bool add(void *baton, const prov_view *v)
{
    page *p = baton;
    if (p->body.len >= PAGE_MOST)
        return false;
    if (p->count++)
        prov_buf_byte(&p->body, ',');
    prov_resource_write(&p->body, v, projection_of(p, v->type));
    return true;
}

static size_t page_room(const prov_query *q)
{
    size_t full = (size_t)q->want * RESOURCE_ROOM;
    if (q->filter || full < PAGE_ROOM)
        return PAGE_ROOM;
    return full < PAGE_ROOM_MOST ? full : PAGE_ROOM_MOST;
}

static void open_page(prov_scim *s, const asked *a, const prov_listed *found, const page *p,
                      prov_buf *head)
{
    const char *next = NULL;
    if (!a->by_cursor) {
        prov_list_open(head, found->total, a->query.first, p->count);
        return;
    }
    const prov_list_cursor on = { .made = apr_time_now(),
                                  .total = a->query.after ? a->from.total : found->total,
                                  .want = a->query.want,
                                  .place = found->last };
    if (found->more)
        next = prov_list_cursor_write(s->r->pool, s->service->cursor_key, a->binding, &on);
    prov_list_open_cursor(head, on.total, p->count, next);
}

prov_err *prov_scim_list_asked(prov_scim *s, const apr_table_t *query)
{
    asked a = { .by_cursor = false };
    page listed = { .count = 0 };
    prov_listed found;
    prov_buf head, tail;
    prov_err *err = read_projections(s, query, &listed);
    if (!err)
        err = read_asked(s, query, &a);
    if (err)
        return err;
    prov_buf_init(&listed.body, s->r->pool, page_room(&a.query));
    err = prov_service_list(s->service, s->r->pool, &s->caller, &a.query, add, &listed, &found);
    if (err)
        return err;
    if (found.plan)
        apr_table_setn(s->r->headers_out, "Provision-Plan", found.plan);
    prov_buf_init(&head, s->r->pool, 256);
    prov_buf_init(&tail, s->r->pool, 8);
    open_page(s, &a, &found, &listed, &head);
    prov_list_close(&tail);
    const prov_bytes parts[] = { prov_buf_bytes(&head), prov_buf_bytes(&listed.body),
                                 prov_buf_bytes(&tail) };
    prov_reply_send(s->r, HTTP_OK, s->media, parts, 3);
    return NULL;
}

prov_err *prov_scim_list(prov_scim *s)
{
    const apr_table_t *query;
    prov_err *err = prov_query_read(s->r, &query);
    return err ? err : prov_scim_list_asked(s, query);
}

/* A filter that stands by itself cannot reach out of its brackets. */
prov_err *prov_scim_list_one(prov_scim *s, const prov_id *id, const apr_table_t *query)
{
    apr_pool_t *p = s->r->pool;
    apr_table_t *narrowed = apr_table_copy(p, query);
    prov_filter *filter;
    prov_err *err = read_filter(s, query, &filter);
    if (err)
        return err;
    apr_table_setn(narrowed, "filter",
                   apr_psprintf(p, "id eq \"%s\" and (%s)", prov_id_text(p, id),
                                apr_table_get(query, "filter")));
    return prov_scim_list_asked(s, narrowed);
}
