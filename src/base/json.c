#include "base/json.h"
#include "base/json_scan.h"

#include <apr_cstr.h>
#include <json-c/json.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static apr_status_t release(void *document)
{
    json_object_put(document);
    return APR_SUCCESS;
}

/* json-c clamps what int64 cannot hold; with a fraction it becomes the double it should be. */
static prov_bytes widen(apr_pool_t *p, prov_bytes text, const apr_array_header_t *wide)
{
    prov_buf b;
    size_t from = 0;
    prov_buf_init(&b, p, text.len + 2 * (size_t)wide->nelts);
    for (int i = 0; i < wide->nelts; i++) {
        size_t to = APR_ARRAY_IDX(wide, i, size_t);
        prov_buf_add(&b, text.data + from, to - from);
        prov_buf_text(&b, ".0");
        from = to;
    }
    prov_buf_add(&b, text.data + from, text.len - from);
    return prov_buf_bytes(&b);
}

/* json-c clears room for all levels that it is told of, however few the text has. */
static bool tokenize(prov_bytes text, int depth, json_object **root)
{
    struct json_tokener *tok = json_tokener_new_ex(depth + 1);
    if (!tok)
        return false;
    pthread_once(&c_locale_once, make_c_locale);
    locale_t before = uselocale(c_locale);
    json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
    *root = json_tokener_parse_ex(tok, (const char *)text.data, (int)text.len);
    /* A bare number or word is complete only when its end is seen. */
    if (json_tokener_get_error(tok) == json_tokener_continue)
        *root = json_tokener_parse_ex(tok, "", 1);
    bool good = json_tokener_get_error(tok) == json_tokener_success;
    uselocale(before);
    json_tokener_free(tok);
    return good;
}

typedef struct walker {
    const prov_json_scan *scan;
    int object;  /* the next row of scan->objects */
    size_t near; /* where the object last entered begins */
    const char *why;
} walker;

static bool found_wrong(walker *w, const char *why)
{
    w->why = why;
    return false;
}

/* The tree in the order of the text: an object with fewer members than were written had one
 * twice. Nothing below it is looked at, so the rows stay in step. */
static bool walk(walker *w, json_object *j);

static bool walk_elements(walker *w, json_object *array)
{
    for (size_t i = 0; i < json_object_array_length(array); i++)
        if (!walk(w, json_object_array_get_idx(array, i)))
            return false;
    return true;
}

static bool walk_members(walker *w, json_object *object)
{
    const prov_json_members *row =
        &APR_ARRAY_IDX(w->scan->objects, w->object, const prov_json_members);
    w->object++;
    w->near = row->offset;
    if ((size_t)json_object_object_length(object) != row->count)
        return found_wrong(w, "this object has a member twice");
    struct lh_entry *e;
    lh_foreach(json_object_get_object(object), e)
    {
        if (!walk(w, (json_object *)lh_entry_v(e)))
            return false;
    }
    return true;
}

static bool walk(walker *w, json_object *j)
{
    switch (json_object_get_type(j)) {
    case json_type_object:
        return walk_members(w, j);
    case json_type_array:
        return walk_elements(w, j);
    case json_type_double:
        return isfinite(json_object_get_double(j)) ||
               found_wrong(w, "a number from here on is too large");
    default:
        return true;
    }
}

prov_err *prov_json_parse(apr_pool_t *p, prov_bytes text, const prov_json **out)
{
    prov_json_scan scan;
    json_object *root = NULL;
    if (text.len >= INT_MAX / 2)
        return prov_err_make(p, 413, NULL, "The JSON text is too long");
    prov_err *err = prov_json_scan_text(p, text, PROV_JSON_DEPTH, &scan);
    if (err)
        return err;
    if (!tokenize(scan.wide->nelts ? widen(p, text, scan.wide) : text, scan.depth, &root))
        return prov_json_wrong(p, text, 0, "it cannot be read");
    if (root)
        apr_pool_cleanup_register(p, root, release, apr_pool_cleanup_null);
    walker w = { &scan, 0, 0, NULL };
    if (!walk(&w, root))
        return prov_json_wrong(p, text, w.near, w.why);
    *out = root;
    return NULL;
}

void prov_json_end(apr_pool_t *p, const prov_json *root)
{
    if (root)
        apr_pool_cleanup_run(p, (json_object *)root, release);
}

prov_json_kind prov_json_is(const prov_json *j)
{
    static const prov_json_kind kinds[] = {
        [json_type_null] = PROV_JSON_NULL,     [json_type_boolean] = PROV_JSON_BOOLEAN,
        [json_type_double] = PROV_JSON_NUMBER, [json_type_int] = PROV_JSON_INTEGER,
        [json_type_object] = PROV_JSON_OBJECT, [json_type_array] = PROV_JSON_ARRAY,
        [json_type_string] = PROV_JSON_STRING,
    };
    return kinds[json_object_get_type(j)];
}

bool prov_json_boolean(const prov_json *j)
{
    return prov_json_is(j) == PROV_JSON_BOOLEAN && json_object_get_boolean(j);
}

int64_t prov_json_integer(const prov_json *j)
{
    return prov_json_is(j) == PROV_JSON_INTEGER ? json_object_get_int64(j) : 0;
}

double prov_json_number(const prov_json *j)
{
    prov_json_kind kind = prov_json_is(j);
    return kind == PROV_JSON_INTEGER || kind == PROV_JSON_NUMBER ? json_object_get_double(j) : 0;
}

prov_bytes prov_json_string(const prov_json *j)
{
    if (prov_json_is(j) != PROV_JSON_STRING)
        return prov_bytes_of(NULL);
    /* On a string this call only reads; on anything else it would write into the object. */
    const char *text = json_object_get_string((json_object *)j);
    return (prov_bytes){ (const uint8_t *)text, (size_t)json_object_get_string_len(j) };
}

size_t prov_json_length(const prov_json *array)
{
    return prov_json_is(array) == PROV_JSON_ARRAY ? json_object_array_length(array) : 0;
}

const prov_json *prov_json_at(const prov_json *array, size_t i)
{
    return i < prov_json_length(array) ? json_object_array_get_idx(array, i) : NULL;
}

static struct lh_entry *any_case(const prov_json *object, const char *name)
{
    struct lh_entry *e;
    lh_foreach(json_object_get_object(object), e)
    {
        if (apr_cstr_casecmp(lh_entry_k(e), name) == 0)
            return e;
    }
    return NULL;
}

const prov_json *prov_json_get(const prov_json *object, const char *name, bool *found)
{
    json_object *value = NULL;
    bool here = false;
    if (prov_json_is(object) == PROV_JSON_OBJECT) {
        here = json_object_object_get_ex(object, name, &value);
        struct lh_entry *e = here ? NULL : any_case(object, name);
        if (e) {
            here = true;
            value = (json_object *)lh_entry_v(e);
        }
    }
    if (found)
        *found = here;
    return value;
}

void prov_json_each(const prov_json *object, prov_json_visit *visit, void *baton)
{
    if (prov_json_is(object) != PROV_JSON_OBJECT)
        return;
    struct lh_entry *e;
    lh_foreach(json_object_get_object(object), e)
    {
        if (!visit(baton, lh_entry_k(e), lh_entry_v(e)))
            return;
    }
}
