#include "inbound/health.h"
#include "base/instant.h"
#include "base/json.h"
#include "inbound/media.h"
#include "inbound/reply.h"

#include <http_protocol.h>

typedef struct health {
    bool open;
    bool key_wrong;
    const prov_err *store; /* NULL: it can be written */
    prov_target_view *targets;
    int count;
} health;

/* --- looking -------------------------------------------------------------------------------- */

static void look(request_rec *r, health *h)
{
    const char *why_not;
    prov_service *s = prov_glue_service(r, &why_not);
    prov_snapshot *n;
    *h = (health){ .open = s != NULL, .key_wrong = !s && prov_glue_key_wrong(r) };
    if (!s) {
        h->store = prov_err_make(r->pool, HTTP_SERVICE_UNAVAILABLE, NULL, "%s", why_not);
        return;
    }
    h->store = prov_store_health(s->store, r->pool);
    const prov_err *err = prov_store_read(s->store, r->pool, &n);
    if (err) {
        h->store = err;
        return;
    }
    prov_outbound_targets(n, r->pool, &h->targets, &h->count);
    prov_snapshot_end(n);
}

/* --- telling -------------------------------------------------------------------------------- */

static bool is_paused(const prov_target_view *t)
{
    return t->row.breaker == PROV_BREAKER_OPEN || t->row.breaker == PROV_BREAKER_STUCK;
}

static void write_count(prov_buf *b, const char *name, int64_t count)
{
    prov_buf_printf(b, ",\"%s\":", name);
    prov_json_write_integer(b, count);
}

static void write_time(prov_buf *b, const char *name, apr_time_t t)
{
    char text[PROV_INSTANT_ROOM];
    if (!t)
        return;
    prov_instant_print(t, text);
    prov_buf_printf(b, ",\"%s\":\"%s\"", name, text);
}

static void write_target(prov_buf *b, const prov_target_view *t)
{
    prov_buf_text(b, "{\"name\":");
    prov_json_write_text(b, t->name);
    write_count(b, "pending", t->pending);
    write_count(b, "unknown", t->unknown);
    write_count(b, "failed", t->failed);
    write_count(b, "held", t->held);
    write_time(b, "oldestDue", t->oldest_due);
    prov_buf_printf(b, ",\"paused\":%s", is_paused(t) ? "true" : "false");
    if (is_paused(t)) {
        if (t->row.breaker == PROV_BREAKER_OPEN)
            write_time(b, "pausedUntil", t->row.paused_until);
        prov_buf_text(b, ",\"reason\":");
        prov_json_write_string(b, t->row.reason);
    }
    prov_buf_byte(b, '}');
}

static const char *status_of(const health *h)
{
    bool troubled = false;
    for (int i = 0; i < h->count; i++)
        troubled = troubled || (h->targets[i].row.declared && is_paused(&h->targets[i]));
    return h->store ? "down" : troubled ? "degraded" : "ok";
}

static void write_health(prov_buf *b, apr_pool_t *p, const health *h)
{
    /* A store opens only under its own key; null where none was tried. */
    const char *key = h->open ? "true" : h->key_wrong ? "false" : "null";
    prov_buf_printf(b, "{\"status\":\"%s\",\"store\":{\"open\":%s,\"keyRight\":%s,\"writable\":%s",
                    status_of(h), h->open ? "true" : "false", key, h->store ? "false" : "true");
    if (h->store) {
        prov_buf_text(b, ",\"reason\":");
        prov_json_write_text(b, prov_err_text(p, h->store));
    }
    prov_buf_text(b, "},\"targets\":[");
    for (int i = 0; i < h->count; i++) {
        prov_buf_text(b, i ? "," : "");
        write_target(b, &h->targets[i]);
    }
    prov_buf_text(b, "]}");
}

int prov_health_handler(request_rec *r)
{
    health h;
    prov_buf b;
    if (r->method_number != M_GET) {
        apr_table_setn(r->err_headers_out, "Allow", "GET, HEAD");
        return prov_reply_error(r, prov_err_make(r->pool, HTTP_METHOD_NOT_ALLOWED, NULL,
                                                 "this method is not allowed here"));
    }
    look(r, &h);
    prov_buf_init(&b, r->pool, 1024);
    write_health(&b, r->pool, &h);
    prov_bytes body = prov_buf_bytes(&b);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    return prov_reply_send(r, h.store ? HTTP_SERVICE_UNAVAILABLE : HTTP_OK, PROV_MEDIA_JSON, &body,
                           1);
}
