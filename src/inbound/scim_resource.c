#include "framework/flow.h"
#include "inbound/blocking.h"
#include "inbound/body.h"
#include "inbound/condition.h"
#include "inbound/query.h"
#include "inbound/reply.h"
#include "inbound/scim.h"

#include <apr_strings.h>
#include <inttypes.h>

#define RESOURCE_ROOM 2048

/* --- what all share ------------------------------------------------------------------------- */

static prov_err *not_found(prov_scim *s)
{
    return prov_err_make(s->r->pool, HTTP_NOT_FOUND, NULL, "there is no such resource");
}

static prov_err *read_id(prov_scim *s, prov_id *id)
{
    return prov_id_parse(prov_bytes_of(s->name), id) ? NULL : not_found(s);
}

static prov_err *read_asked(prov_scim *s, const apr_table_t **query, prov_projection **out)
{
    prov_err *err = prov_query_read(s->r, query);
    return err ? err : prov_query_projection(s->r, *query, s->service->registry, s->type, out);
}

static prov_err *read_projection(prov_scim *s, prov_projection **out)
{
    const apr_table_t *query;
    return read_asked(s, &query, out);
}

/* ETag and where it is: the same in a header as in meta (RFC 7643 section 3.1). */
static void set_headers(prov_scim *s, const prov_id *id, uint64_t version, bool created)
{
    char tag[PROV_ETAG_ROOM];
    const char *location = apr_pstrcat(s->r->pool, s->base, s->type->endpoint, "/",
                                       prov_id_text(s->r->pool, id), NULL);
    prov_etag_print(version, tag);
    apr_table_set(s->r->headers_out, "ETag", tag);
    apr_table_setn(s->r->headers_out, "Content-Location", location);
    if (created)
        apr_table_setn(s->r->headers_out, "Location", location);
}

/* --- the resource as it is ------------------------------------------------------------------ */

typedef struct shown {
    request_rec *r;
    bool found;
    bool known;    /* the client has this version */
    bool unwanted; /* he asks for another one */
    uint64_t version;
    prov_buf body;
    prov_flow *members; /* those that are missing in it, or NULL */
} shown;

/* Reads and writes it out of one snapshot, which ends before anything is sent. */
static prov_err *show(prov_scim *s, const prov_id *id, const prov_projection *proj, shown *out)
{
    prov_snapshot *n;
    prov_view view;
    prov_err *err = prov_store_read(s->service->store, s->r->pool, &n);
    if (err)
        return err;
    out->found =
        prov_service_view(s->service, n, s->r->pool, &s->caller, s->type, id, s->base, &view);
    if (out->found) {
        out->version = prov_record_head(view.record).version;
        bool read = s->r->method_number == M_GET;
        out->unwanted = read && !prov_condition_met(s->r, out->version);
        out->known = read && prov_condition_known(s->r, out->version);
        if (!out->known && !out->unwanted) {
            prov_flow_open(s->service, s->r->pool, &s->caller, proj, &view, &out->members);
            prov_buf_init(&out->body, s->r->pool, RESOURCE_ROOM);
            prov_resource_write(&out->body, &view, proj);
        }
    }
    prov_snapshot_end(n);
    return NULL;
}

static bool next_members(void *baton, prov_bytes *out)
{
    const shown *it = baton;
    prov_err *err = prov_flow_next(it->members, out);
    if (err)
        prov_reply_told(it->r, err);
    return !err;
}

static void answer(prov_scim *s, int status, const prov_id *id, shown *it)
{
    prov_bytes body = prov_buf_bytes(&it->body);
    set_headers(s, id, it->version, status == HTTP_CREATED);
    if (it->members)
        prov_reply_flow(s->r, status, s->media, body, prov_flow_gap(it->members), next_members, it);
    else
        prov_reply_send(s->r, status, s->media, &body, 1);
}

/* One may be asked like a list (RFC 7644 section 3.4.2.1), and is answered like one. */
prov_err *prov_scim_get(prov_scim *s)
{
    const apr_table_t *query;
    prov_projection *proj;
    prov_id id;
    shown it = { .r = s->r };
    prov_err *err = read_id(s, &id);
    if (!err)
        err = read_asked(s, &query, &proj);
    if (!err)
        err = show(s, &id, proj, &it);
    if (err)
        return err;
    if (!it.found)
        return not_found(s);
    if (it.unwanted)
        return prov_err_make(s->r->pool, HTTP_PRECONDITION_FAILED, NULL,
                             "the resource was changed since the version named");
    if (apr_table_get(query, "filter"))
        return prov_scim_list_one(s, &id, query);
    if (!it.known) {
        answer(s, HTTP_OK, &id, &it);
        return NULL;
    }
    set_headers(s, &id, it.version, false);
    prov_reply_send(s->r, HTTP_NOT_MODIFIED, NULL, NULL, 0);
    return NULL;
}

/* --- changes -------------------------------------------------------------------------------- */

/* Some want nothing back from a PATCH, unless they ask for attributes. */
static bool is_brief(prov_scim *s, const prov_change *change)
{
    const apr_table_t *query;
    bool grouping = prov_schema_attr(s->type->schema, "members", 7) != NULL;
    uint32_t bit = grouping ? PROV_COMPAT_GROUP_204 : PROV_COMPAT_OTHER_204;
    return change->patch && s->caller.application->compatibility & bit &&
           !prov_query_read(s->r, &query) && !apr_table_get(query, "attributes") &&
           !apr_table_get(query, "excludedAttributes");
}

/* Carries the change out, lets it reach the targets that the application waits for, and answers
 * with the resource as it then is. Somebody else may have deleted it meanwhile: the change was made
 * nevertheless. */
static prov_err *carry_out(prov_scim *s, const prov_change *change, prov_projection *proj)
{
    bool created = change->operation == PROV_CREATED;
    int status = created ? HTTP_CREATED : HTTP_OK;
    prov_changed changed;
    shown it = { .r = s->r };
    prov_err *err = prov_provision(s->service, s->r->pool, &s->caller, change, &changed);
    if (err)
        return err;
    if (change->patch)
        prov_projection_add_patch(proj, s->r->pool, s->service->registry, s->type, change->patch);
    else if (change->object)
        prov_projection_add_object(proj, change->object);
    if (changed.passed_over)
        apr_table_setn(s->r->headers_out, "Provision-Passed-Over",
                       apr_itoa(s->r->pool, changed.passed_over));
    prov_blocking_wait(s->r, s->service, &s->caller, &changed.id);
    bool brief = is_brief(s, change);
    if (change->operation != PROV_DELETED && !brief)
        err = show(s, &changed.id, proj, &it);
    if (!err && it.found) {
        answer(s, status, &changed.id, &it);
        return NULL;
    }
    if (created || brief)
        set_headers(s, &changed.id, changed.version, created);
    prov_reply_send(s->r, created ? status : HTTP_NO_CONTENT, NULL, NULL, 0);
    return NULL;
}

/* A whole resource, for POST and PUT. */
static prov_err *read_whole(prov_scim *s, prov_change *change, prov_body_extra *extra)
{
    const prov_json *json;
    prov_body how = change->operation == PROV_CREATED ? PROV_BODY_CREATE : PROV_BODY_REPLACE;
    prov_err *err = prov_body_json(s->r, s->settings->max_body, &json);
    if (err)
        return err;
    change->extra = extra;
    return prov_value_read(s->r->pool, s->service->registry, s->type, json,
                           how | s->caller.application->compatibility, &change->object, extra);
}

static prov_err *write_whole(prov_scim *s, prov_change *change)
{
    prov_body_extra extra = { .has_password = false };
    prov_projection *proj;
    prov_err *err = read_projection(s, &proj);
    if (!err)
        err = read_whole(s, change, &extra);
    return err ? err : carry_out(s, change, proj);
}

prov_err *prov_scim_create(prov_scim *s)
{
    prov_change change = { .operation = PROV_CREATED, .type = s->type };
    return write_whole(s, &change);
}

prov_err *prov_scim_replace(prov_scim *s)
{
    prov_change change = { .operation = PROV_REPLACED,
                           .type = s->type,
                           .match = prov_condition_match(s->r),
                           .unless = prov_condition_unless(s->r) };
    prov_err *err = read_id(s, &change.id);
    return err ? err : write_whole(s, &change);
}

prov_err *prov_scim_patch_fits(const prov_scim *s, const prov_json *message)
{
    int64_t most = s->settings->max_operations;
    const prov_json *operations = prov_json_get(message, "Operations", NULL);
    if ((int64_t)prov_json_length(operations) > most)
        return prov_err_make(s->r->pool, HTTP_REQUEST_ENTITY_TOO_LARGE, NULL,
                             "a PATCH may have at most %" PRId64 " operations", most);
    return NULL;
}

static prov_err *read_patch(prov_scim *s, const prov_json **out)
{
    prov_err *err = prov_body_json(s->r, s->settings->max_body, out);
    return err ? err : prov_scim_patch_fits(s, *out);
}

prov_err *prov_scim_patch(prov_scim *s)
{
    prov_change change = { .operation = PROV_PATCHED,
                           .type = s->type,
                           .match = prov_condition_match(s->r),
                           .unless = prov_condition_unless(s->r) };
    prov_projection *proj;
    prov_err *err = read_id(s, &change.id);
    if (!err)
        err = read_projection(s, &proj);
    if (!err)
        err = read_patch(s, &change.patch);
    return err ? err : carry_out(s, &change, proj);
}

prov_err *prov_scim_delete(prov_scim *s)
{
    prov_change change = { .operation = PROV_DELETED,
                           .type = s->type,
                           .match = prov_condition_match(s->r),
                           .unless = prov_condition_unless(s->r) };
    prov_err *err = read_id(s, &change.id);
    return err ? err : carry_out(s, &change, NULL);
}
