#include "inbound/query.h"
#include "inbound/reply.h"
#include "inbound/scim.h"
#include "scim/message.h"

/* A page without a filter is likely to be full: growing would copy it again and again. */
#define PAGE_ROOM      (32 * 1024)
#define PAGE_ROOM_MOST (256 * 1024)
/* A page that is longer ends early, as it may: itemsPerPage says how many it holds. */
#define PAGE_MOST     (16 * 1024 * 1024)
#define RESOURCE_ROOM 1024

typedef struct page {
    prov_buf body;
    const prov_projection *proj;
    int64_t count;
} page;

static void add(void *baton, const prov_view *v)
{
    page *p = baton;
    if (p->body.len >= PAGE_MOST)
        return;
    if (p->count++)
        prov_buf_byte(&p->body, ',');
    prov_resource_write(&p->body, v, p->proj);
}

/* No filter is NULL; an empty one is not a filter. */
static prov_err *read_filter(prov_scim *s, const apr_table_t *query, prov_filter **out)
{
    const char *text = apr_table_get(query, "filter");
    const prov_filter_limits limits = { (size_t)s->settings->max_filter,
                                        (int)s->settings->max_filter_depth,
                                        (int)s->settings->max_filter_terms };
    *out = NULL;
    return text ? prov_filter_parse(s->r->pool, s->service->registry, s->type, text, &limits, out)
                : NULL;
}

static prov_err *read_query(prov_scim *s, prov_query *q, prov_projection **proj)
{
    const apr_table_t *query;
    prov_filter *filter;
    prov_err *err = prov_query_read(s->r, &query);
    if (!err)
        err = prov_query_projection(s->r, query, s->service->registry, s->type, proj);
    if (!err)
        err = read_filter(s, query, &filter);
    if (!err)
        err = prov_list_window(s->r->pool, apr_table_get(query, "startIndex"),
                               apr_table_get(query, "count"), s->settings->max_results, &q->first,
                               &q->want);
    if (err)
        return err;
    q->type = s->type;
    q->base = s->base;
    q->filter = filter;
    return NULL;
}

static size_t page_room(const prov_query *q)
{
    size_t full = (size_t)q->want * RESOURCE_ROOM;
    if (q->filter || full < PAGE_ROOM)
        return PAGE_ROOM;
    return full < PAGE_ROOM_MOST ? full : PAGE_ROOM_MOST;
}

prov_err *prov_scim_list(prov_scim *s)
{
    prov_query q = { .type = NULL };
    prov_projection *proj;
    page listed = { .count = 0 };
    prov_buf head, tail;
    int64_t total;
    prov_err *err = read_query(s, &q, &proj);
    if (err)
        return err;
    listed.proj = proj;
    prov_buf_init(&listed.body, s->r->pool, page_room(&q));
    err = prov_service_list(s->service, s->r->pool, &s->caller, &q, add, &listed, &total);
    if (err)
        return err;
    prov_buf_init(&head, s->r->pool, 256);
    prov_buf_init(&tail, s->r->pool, 8);
    prov_list_open(&head, total, q.first, listed.count);
    prov_list_close(&tail);
    const prov_bytes parts[] = { prov_buf_bytes(&head), prov_buf_bytes(&listed.body),
                                 prov_buf_bytes(&tail) };
    prov_reply_send(s->r, HTTP_OK, s->media, parts, 3);
    return NULL;
}
