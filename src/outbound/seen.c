/* What people ask of the outbox: how a target stands, how a resource's links stand. */
#include "outbound/outbound.h"
#include <apr_strings.h>

typedef struct counting {
    prov_snapshot *n;
    apr_pool_t *p;
    apr_array_header_t *views;
} counting;

static bool add_view(void *baton, const char *name, const prov_target *row)
{
    counting *c = baton;
    apr_time_t next = prov_snapshot_next_due(c->n, row->number);
    prov_target_view *v = apr_array_push(c->views);
    v->name = apr_pstrdup(c->p, name);
    v->row = *row;
    v->row.reason = prov_bytes_copy(c->p, row->reason);
    v->oldest_due = next && next <= apr_time_now() ? next : 0;
    v->failed = row->refused;
    v->unknown = row->unknown;
    v->held = row->held;
    v->pending = row->unsynced - row->refused - row->unknown - row->held;
    if (v->pending < 0)
        v->pending = 0;
    return true;
}

void prov_outbound_targets(prov_snapshot *n, apr_pool_t *p, prov_target_view **out, int *count)
{
    counting c = { n, p, apr_array_make(p, 4, sizeof(prov_target_view)) };
    prov_snapshot_targets(n, add_view, &c);
    *out = (prov_target_view *)c.views->elts;
    *count = c.views->nelts;
}

typedef struct linking {
    prov_snapshot *n;
    apr_pool_t *p;
    const prov_config *config;
    apr_time_t now;
    apr_array_header_t *views;
} linking;

static const prov_connector_config *declared(const prov_config *c, apr_pool_t *p, const char *name)
{
    const char *slash = name ? strchr(name, '/') : NULL;
    return slash ? prov_config_target(c, apr_pstrmemdup(p, name, slash - name), slash + 1) : NULL;
}

static bool add_link(void *baton, const prov_link *link)
{
    linking *l = baton;
    const char *name = prov_snapshot_name(l->n, l->p, PROV_NUMBER_TARGET, link->target);
    prov_link_view *v = apr_array_push(l->views);
    *v = prov_outbound_link_view(l->n, l->p, declared(l->config, l->p, name), link, l->now);
    v->target = name ? name : "";
    return true;
}

prov_link_view prov_outbound_link_view(prov_snapshot *n, apr_pool_t *p,
                                       const prov_connector_config *target, const prov_link *link,
                                       apr_time_t now)
{
    apr_time_t give_up = 0;
    if (target)
        give_up = link->queue == PROV_QUEUE_URGENT ? target->urgent_give_up : target->give_up;
    prov_link_view v = { .state = prov_link_state_of(link, now, target != NULL, give_up),
                         .link = *link,
                         .excerpt =
                             prov_bytes_copy(p, prov_snapshot_copy(n, &link->resource, link->target,
                                                                   PROV_COPY_EXCERPT)) };
    v.link.remote = prov_bytes_copy(p, link->remote);
    v.link.key = prov_bytes_copy(p, link->key);
    return v;
}

void prov_outbound_links_of(prov_snapshot *n, apr_pool_t *p, const prov_config *c,
                            const prov_id *id, apr_time_t now, prov_link_view **out, int *count)
{
    linking l = { n, p, c, now, apr_array_make(p, 4, sizeof(prov_link_view)) };
    prov_snapshot_links_of(n, id, add_link, &l);
    *out = (prov_link_view *)l.views->elts;
    *count = l.views->nelts;
}
