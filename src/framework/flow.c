#include "framework/flow.h"
#include "framework/window.h"

#define MEMBER_ROOM 320 /* of a member's JSON, most likely */

struct prov_flow {
    prov_service *service;
    const prov_caller *caller;
    const prov_projection *proj;
    const prov_attr *members;
    prov_view view;          /* of the group, without its record */
    apr_array_header_t *ids; /* of prov_id */
    int at, to;              /* what is done; where the piece ends */
    bool any;                /* something was written before */
    size_t gap;
    prov_window *window; /* of a piece */
    apr_pool_t *piece;
};

/* --- which they are ------------------------------------------------------------------------- */

typedef struct collecting {
    const prov_window *w;
    apr_array_header_t *ids;
} collecting;

static bool collect(void *baton, const prov_id *id)
{
    collecting *c = baton;
    prov_record rec;
    /* Whom he may not see he must not be told of later, either, when that one may be gone. */
    if (!c->w->fixed || prov_window_find(c->w, NULL, id, &rec))
        APR_ARRAY_PUSH(c->ids, prov_id) = *id;
    return true;
}

static bool count(void *baton, const prov_id *id)
{
    ++*(int *)baton;
    return true;
}

void prov_flow_open(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                    const prov_projection *proj, prov_view *view, prov_flow **out)
{
    const prov_window *w = view->baton;
    const prov_attr *members = prov_schema_attr(view->type->schema, "members", 7);
    int many = 0;
    *out = NULL;
    if (!members || members->place != PROV_IN_MEMBERS || !prov_projection_wants(proj, members))
        return;
    prov_snapshot_members(w->n, &view->id, NULL, count, &many);
    if (many <= PROV_FLOW_PIECE)
        return;
    prov_flow *f = apr_pcalloc(p, sizeof *f);
    *f = (prov_flow){ .service = s, .caller = caller, .proj = proj, .members = members };
    f->ids = apr_array_make(p, many, sizeof(prov_id));
    collecting c = { w, f->ids };
    prov_snapshot_members(w->n, &view->id, NULL, collect, &c);
    if (!f->ids->nelts)
        return;
    view->gap = &f->gap;
    f->view = *view;
    apr_pool_create(&f->piece, p);
    *out = f;
}

size_t prov_flow_gap(const prov_flow *f)
{
    return f->gap;
}

/* --- what they are called ------------------------------------------------------------------- */

/* Who is gone by now was a member then: his id is all that is known. */
static prov_object *gone(const prov_flow *f, apr_pool_t *p, const prov_id *id)
{
    const prov_attr *value = prov_schema_sub(f->members, "value", 5);
    prov_object *o = prov_object_make(p);
    prov_field_add(o, prov_object_set(o, value))->text = prov_bytes_of(prov_id_text(p, id));
    return o;
}

static void each_of_piece(const prov_view *view, const prov_attr *a,
                          bool (*each)(void *baton, const prov_object *value), void *baton)
{
    const prov_flow *f = view->baton;
    apr_pool_t *p;
    prov_record rec;
    apr_pool_create(&p, f->piece);
    for (int i = f->at; i < f->to; i++) {
        const prov_id *id = &APR_ARRAY_IDX(f->ids, i, prov_id);
        const prov_object *o = prov_window_reference(f->window, p, a, id, NULL);
        if (!o && !prov_snapshot_resource(f->window->n, id, &rec))
            o = gone(f, p, id);
        if (o)
            each(baton, o);
        apr_pool_clear(p);
    }
}

static prov_err *write_piece(prov_flow *f, prov_buf *b)
{
    prov_snapshot *n;
    prov_view view = f->view;
    prov_err *err = prov_store_read(f->service->store, f->piece, &n);
    if (err)
        return err;
    prov_window window = prov_window_make(f->service, n, f->caller);
    f->window = &window;
    view.baton = f;
    view.scratch = f->piece;
    view.elsewhere = each_of_piece;
    prov_elsewhere_write(b, &view, f->proj, f->members);
    prov_snapshot_end(n);
    return NULL;
}

/* Behind a bracket there is no comma: it becomes one where it takes it. */
prov_err *prov_flow_next(prov_flow *f, prov_bytes *out)
{
    prov_err *err = NULL;
    *out = prov_bytes_of(NULL);
    while (!err && !out->len && f->at < f->ids->nelts) {
        prov_buf b;
        apr_pool_clear(f->piece);
        f->to = f->at + PROV_FLOW_PIECE < f->ids->nelts ? f->at + PROV_FLOW_PIECE : f->ids->nelts;
        prov_buf_init(&b, f->piece, PROV_FLOW_PIECE * MEMBER_ROOM);
        prov_buf_byte(&b, '[');
        err = write_piece(f, &b);
        f->at = f->to;
        if (b.len == 1)
            continue;
        b.data[0] = ',';
        *out = f->any ? prov_buf_bytes(&b) : (prov_bytes){ b.data + 1, b.len - 1 };
        f->any = true;
    }
    return err;
}
