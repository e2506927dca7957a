#include "scim/bulk.h"
#include "scim/bulk_reference.h"

#include <string.h>
#include <strings.h>

#define OPEN_PATCH "{\"schemas\":[\"" PROV_URN_PATCH "\"],\"Operations\":"

typedef struct writing {
    apr_pool_t *p;
    const prov_bulk *bulk;
    const prov_bulk_operation *op;
    prov_buf b;
    const char *name;   /* of the member being written */
    const char *schema; /* of the extension being written, or NULL */
    bool rest;          /* what is late, as operations of a PATCH; else all but that */
    bool any;           /* something stands before in this object or list */
    prov_err *err;
} writing;

/* --- values --------------------------------------------------------------------------------- */

/* NULL: none; reading has seen to that. */
static const prov_bulk_operation *target_of(const writing *w, prov_bytes reference)
{
    size_t prefix = sizeof PROV_BULK_PREFIX - 1;
    const int *post = apr_hash_get(w->bulk->posts, reference.data + prefix,
                                   (apr_ssize_t)(reference.len - prefix));
    return post ? &w->bulk->operations[*post] : NULL;
}

static void write_string(writing *w, prov_bytes text)
{
    prov_buf b;
    size_t from = 0, at, len;
    prov_buf_init(&b, w->p, text.len + PROV_ID_TEXT);
    while (prov_bulk_reference(w->name, text, from, &at, &len)) {
        prov_bytes reference = { text.data + at, len };
        const prov_bulk_operation *target = target_of(w, reference);
        if (!target || !target->made) {
            w->err = prov_err_make(w->p, 400, "invalidValue", "what has the %s was not made",
                                   prov_bytes_text(w->p, reference));
            return;
        }
        prov_buf_add(&b, text.data + from, at - from);
        prov_buf_text(&b, prov_id_text(w->p, &target->id));
        from = at + len;
    }
    prov_buf_add(&b, text.data + from, text.len - from);
    prov_json_write_string(&w->b, prov_buf_bytes(&b));
}

static void write_value(writing *w, const char *name, const prov_json *value);

static bool write_member(void *baton, const char *name, const prov_json *value)
{
    writing *w = baton;
    prov_buf_text(&w->b, w->any ? "," : "");
    prov_json_write_text(&w->b, name);
    prov_buf_byte(&w->b, ':');
    write_value(w, name, value);
    w->any = true;
    return !w->err;
}

static void write_object(writing *w, const prov_json *value)
{
    prov_buf_byte(&w->b, '{');
    w->any = false;
    prov_json_each(value, write_member, w);
    prov_buf_byte(&w->b, '}');
}

static void write_array(writing *w, const char *name, const prov_json *value)
{
    prov_buf_byte(&w->b, '[');
    for (size_t i = 0; i < prov_json_length(value) && !w->err; i++) {
        prov_buf_text(&w->b, i ? "," : "");
        write_value(w, name, prov_json_at(value, i));
    }
    prov_buf_byte(&w->b, ']');
}

static void write_value(writing *w, const char *name, const prov_json *value)
{
    w->name = name;
    switch (prov_json_is(value)) {
    case PROV_JSON_NULL:
        prov_buf_text(&w->b, "null");
        break;
    case PROV_JSON_BOOLEAN:
        prov_buf_text(&w->b, prov_json_boolean(value) ? "true" : "false");
        break;
    case PROV_JSON_INTEGER:
        prov_json_write_integer(&w->b, prov_json_integer(value));
        break;
    case PROV_JSON_NUMBER:
        prov_json_write_number(&w->b, prov_json_number(value));
        break;
    case PROV_JSON_STRING:
        write_string(w, prov_json_string(value));
        break;
    case PROV_JSON_ARRAY:
        write_array(w, name, value);
        break;
    case PROV_JSON_OBJECT:
        write_object(w, value);
        break;
    }
}

/* --- attributes, now or later --------------------------------------------------------------- */

static bool is_in_time(void *baton, const char *name, prov_bytes text)
{
    const writing *w = baton;
    size_t at, len;
    for (size_t from = 0; prov_bulk_reference(name, text, from, &at, &len); from = at + len) {
        const prov_bulk_operation *target = target_of(w, (prov_bytes){ text.data + at, len });
        for (int i = 0; i < w->op->late->nelts; i++)
            if (target == &w->bulk->operations[APR_ARRAY_IDX(w->op->late, i, int)])
                return false;
    }
    return true;
}

/* Whether it is a matter of what is being written now. */
static bool is_due(writing *w, const char *name, const prov_json *value)
{
    return prov_bulk_strings(name, value, is_in_time, w) != w->rest;
}

static void open_member(writing *w, const char *name)
{
    prov_buf_text(&w->b, w->any ? "," : "");
    w->any = true;
    if (!w->rest) {
        prov_json_write_text(&w->b, name);
        prov_buf_byte(&w->b, ':');
        return;
    }
    prov_buf path;
    prov_buf_init(&path, w->p, 64);
    prov_buf_text(&path, w->schema ? w->schema : "");
    prov_buf_text(&path, w->schema ? ":" : "");
    prov_buf_text(&path, name);
    prov_buf_text(&w->b, "{\"op\":\"add\",\"path\":");
    prov_json_write_string(&w->b, prov_buf_bytes(&path));
    prov_buf_text(&w->b, ",\"value\":");
}

static void close_member(writing *w)
{
    prov_buf_text(&w->b, w->rest ? "}" : "");
    w->any = true;
}

/* Of a list only the elements that are due. */
static void write_due(writing *w, const char *name, const prov_json *value)
{
    bool any = false;
    if (prov_json_is(value) != PROV_JSON_ARRAY) {
        write_value(w, name, value);
        return;
    }
    prov_buf_byte(&w->b, '[');
    for (size_t i = 0; i < prov_json_length(value) && !w->err; i++) {
        const prov_json *one = prov_json_at(value, i);
        if (!is_due(w, name, one))
            continue;
        prov_buf_text(&w->b, any ? "," : "");
        write_value(w, name, one);
        any = true;
    }
    prov_buf_byte(&w->b, ']');
}

static bool has_due(writing *w, const char *name, const prov_json *value)
{
    bool due = prov_json_is(value) != PROV_JSON_ARRAY && is_due(w, name, value);
    for (size_t i = 0; i < prov_json_length(value) && !due; i++)
        due = is_due(w, name, prov_json_at(value, i));
    return due || (!w->rest && prov_json_is(value) == PROV_JSON_ARRAY);
}

static bool write_attribute(void *baton, const char *name, const prov_json *value);

/* In a PATCH its attributes stand among the others, by their full names. */
static void write_extension(writing *w, const char *name, const prov_json *value)
{
    if (!w->rest) {
        open_member(w, name);
        prov_buf_byte(&w->b, '{');
        w->any = false;
    }
    w->schema = name;
    prov_json_each(value, write_attribute, w);
    w->schema = NULL;
    if (!w->rest) {
        prov_buf_byte(&w->b, '}');
        w->any = true;
    }
}

static bool write_attribute(void *baton, const char *name, const prov_json *value)
{
    writing *w = baton;
    if (!w->schema && prov_json_is(value) == PROV_JSON_OBJECT &&
        strncasecmp(name, "urn:", 4) == 0) {
        write_extension(w, name, value);
    } else if (has_due(w, name, value)) {
        open_member(w, name);
        write_due(w, name, value);
        close_member(w);
    }
    return !w->err;
}

/* --- the whole ------------------------------------------------------------------------------ */

static writing writing_make(apr_pool_t *p, const prov_bulk *bulk, int operation, bool rest)
{
    writing w = { .p = p, .bulk = bulk, .op = &bulk->operations[operation], .rest = rest };
    prov_buf_init(&w.b, p, 1024);
    return w;
}

prov_err *prov_bulk_data(apr_pool_t *p, const prov_bulk *bulk, int operation, const prov_json **out)
{
    writing w = writing_make(p, bulk, operation, false);
    bool bare = prov_json_is(w.op->data) == PROV_JSON_ARRAY;
    *out = w.op->data;
    if (!w.op->refs->nelts && !bare)
        return NULL;
    if (bare) {
        prov_buf_text(&w.b, OPEN_PATCH);
        write_value(&w, "Operations", w.op->data);
    } else {
        prov_buf_byte(&w.b, '{');
        prov_json_each(w.op->data, w.op->late->nelts ? write_attribute : write_member, &w);
    }
    prov_buf_byte(&w.b, '}');
    return w.err ? w.err : prov_json_parse(p, prov_buf_bytes(&w.b), out);
}

prov_err *prov_bulk_completion(apr_pool_t *p, const prov_bulk *bulk, int operation,
                               const prov_json **out)
{
    writing w = writing_make(p, bulk, operation, true);
    prov_buf_text(&w.b, OPEN_PATCH "[");
    prov_json_each(w.op->data, write_attribute, &w);
    prov_buf_text(&w.b, "]}");
    return w.err ? w.err : prov_json_parse(p, prov_buf_bytes(&w.b), out);
}
