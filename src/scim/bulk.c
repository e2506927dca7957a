#include "scim/bulk.h"
#include "base/text.h"
#include "scim/bulk_order.h"
#include "scim/bulk_reference.h"

#include <apr_strings.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

const char *const prov_bulk_methods[PROV_BULK_METHODS] = { "POST", "PUT", "PATCH", "DELETE" };

typedef struct reading {
    apr_pool_t *p;
    const prov_registry *registry;
    const char *base;
    prov_bulk *bulk;
    prov_bulk_operation *op;
    int *seen; /* by POST: the operation, counted from 1, that was last found to refer to it */
} reading;

static void refuse(reading *in, int status, const char *type, const char *fmt, const char *what)
{
    if (!in->op->err)
        in->op->err = prov_err_make(in->p, status, type, fmt, what);
}

/* --- the members of one operation ----------------------------------------------------------- */

/* data NULL: not there, or null. */
static prov_bytes read_text(reading *in, const prov_json *from, const char *name)
{
    const prov_json *value = prov_json_get(from, name, NULL);
    if (value && prov_json_is(value) != PROV_JSON_STRING)
        refuse(in, 400, "invalidSyntax", "%s must be a string", name);
    return prov_json_is(value) == PROV_JSON_STRING ? prov_json_string(value)
                                                   : (prov_bytes){ NULL, 0 };
}

static void read_method(reading *in)
{
    prov_bytes text = in->op->method_text;
    prov_bulk_method m = 0;
    while (m < PROV_BULK_METHODS &&
           prov_text_case_compare((const char *)text.data, text.len, prov_bulk_methods[m],
                                  strlen(prov_bulk_methods[m])) != 0)
        m++;
    in->op->method = m;
    if (m == PROV_BULK_METHODS)
        refuse(in, 400, "invalidValue", "%s", "method must be POST, PUT, PATCH or DELETE");
}

static const prov_resource_type *type_at(const prov_registry *r, prov_bytes endpoint)
{
    for (int i = 0; i < prov_registry_type_count(r); i++) {
        const prov_resource_type *t = prov_registry_type(r, i);
        if (prov_bytes_equal(prov_bytes_of(t->endpoint + 1), endpoint))
            return t;
    }
    return NULL;
}

/* "/Users", "/Users/x", the same behind the base. */
static void read_path(reading *in, prov_bytes path)
{
    size_t base = strlen(in->base);
    if (path.len > base && memcmp(path.data, in->base, base) == 0 && path.data[base] == '/')
        path = (prov_bytes){ path.data + base, path.len - base };
    if (path.len && path.data[0] == '/')
        path = (prov_bytes){ path.data + 1, path.len - 1 };
    if (path.len && path.data[path.len - 1] == '/')
        path.len--;
    const uint8_t *slash = path.len ? memchr(path.data, '/', path.len) : NULL;
    size_t len = slash ? (size_t)(slash - path.data) : path.len;
    if (slash)
        in->op->name = (prov_bytes){ slash + 1, path.len - len - 1 };
    in->op->type = type_at(in->registry, (prov_bytes){ path.data, len });
    if (!in->op->type)
        refuse(in, 404, NULL, "%s", "path names no endpoint of resources");
    else if (in->op->method < PROV_BULK_METHODS &&
             (in->op->method == PROV_BULK_POST) != !in->op->name.len)
        refuse(in, 405, NULL, "%s is not allowed on this path", prov_bulk_methods[in->op->method]);
}

static void read_bulk_id(reading *in, int index)
{
    prov_bytes id = in->op->bulk_id;
    if (in->op->method != PROV_BULK_POST)
        return;
    if (!id.len) {
        refuse(in, 400, "invalidValue", "%s", "a POST must have a bulkId");
    } else if (apr_hash_get(in->bulk->posts, id.data, (apr_ssize_t)id.len)) {
        refuse(in, 400, "invalidValue", "the bulkId \"%s\" is used before", (const char *)id.data);
    } else {
        int *value = apr_pmemdup(in->p, &index, sizeof index);
        apr_hash_set(in->bulk->posts, id.data, (apr_ssize_t)id.len, value);
    }
}

static void read_operation(reading *in, const prov_json *from, int index)
{
    in->op->named = -1;
    in->op->method = PROV_BULK_METHODS;
    in->op->refs = apr_array_make(in->p, 0, sizeof(int));
    in->op->late = apr_array_make(in->p, 0, sizeof(int));
    if (prov_json_is(from) != PROV_JSON_OBJECT) {
        refuse(in, 400, "invalidSyntax", "%s", "an operation must be an object");
        return;
    }
    in->op->method_text = read_text(in, from, "method");
    in->op->bulk_id = read_text(in, from, "bulkId");
    in->op->version = read_text(in, from, "version");
    in->op->data = prov_json_get(from, "data", NULL);
    read_method(in);
    read_path(in, read_text(in, from, "path"));
    read_bulk_id(in, index);
    prov_json_kind data = prov_json_is(in->op->data);
    /* RFC 7644 section 3.7.3 prints the bare operations of a PATCH. */
    bool bare = in->op->method == PROV_BULK_PATCH && data == PROV_JSON_ARRAY;
    if (in->op->method != PROV_BULK_DELETE && data != PROV_JSON_OBJECT && !bare)
        refuse(in, 400, "invalidSyntax", "%s", "data must be an object");
}

/* --- references ----------------------------------------------------------------------------- */

/* -1: there is no such POST. */
static int post_of(reading *in, prov_bytes reference)
{
    size_t prefix = sizeof PROV_BULK_PREFIX - 1;
    const int *post = apr_hash_get(in->bulk->posts, reference.data + prefix,
                                   (apr_ssize_t)(reference.len - prefix));
    if (!post)
        refuse(in, 400, "invalidValue", "no POST of this request has the %s",
               prov_bytes_text(in->p, reference));
    return post ? *post : -1;
}

static bool take_string(void *baton, const char *name, prov_bytes text)
{
    reading *in = baton;
    int mark = (int)(in->op - in->bulk->operations) + 1;
    size_t at, len;
    for (size_t from = 0; prov_bulk_reference(name, text, from, &at, &len); from = at + len) {
        int post = post_of(in, (prov_bytes){ text.data + at, len });
        if (post < 0)
            return false;
        if (in->seen[post] != mark)
            APR_ARRAY_PUSH(in->op->refs, int) = post;
        in->seen[post] = mark;
    }
    return true;
}

static void read_references(reading *in)
{
    size_t at, len;
    if (in->op->err)
        return;
    if (prov_bulk_reference("", in->op->name, 0, &at, &len))
        in->op->named = post_of(in, in->op->name);
    prov_bulk_strings("", in->op->data, take_string, in);
    if (!in->op->err && in->op->named >= 0 &&
        in->bulk->operations[in->op->named].type != in->op->type)
        refuse(in, 404, NULL, "%s", "path names a resource of another type");
}

/* --- the request ---------------------------------------------------------------------------- */

static bool has_schema(const prov_json *request)
{
    const prov_json *schemas = prov_json_get(request, "schemas", NULL);
    bool found = false;
    for (size_t i = 0; i < prov_json_length(schemas) && !found; i++) {
        prov_bytes one = prov_json_string(prov_json_at(schemas, i));
        found = strcasecmp((const char *)one.data, PROV_URN_BULK_REQUEST) == 0;
    }
    return found;
}

static prov_err *read_limit(apr_pool_t *p, const prov_json *request, int64_t *out)
{
    const prov_json *value = prov_json_get(request, "failOnErrors", NULL);
    *out = prov_json_integer(value);
    if (!value || (prov_json_is(value) == PROV_JSON_INTEGER && *out >= 0))
        return NULL;
    return prov_err_make(p, 400, "invalidValue", "failOnErrors must be a positive integer");
}

static prov_err *check(apr_pool_t *p, const prov_json *request, int64_t most)
{
    const prov_json *operations = prov_json_get(request, "Operations", NULL);
    if (prov_json_is(request) != PROV_JSON_OBJECT || !has_schema(request))
        return prov_err_make(p, 400, "invalidSyntax",
                             "the body must be an object of the schema " PROV_URN_BULK_REQUEST);
    if (prov_json_is(operations) != PROV_JSON_ARRAY)
        return prov_err_make(p, 400, "invalidSyntax", "Operations must be an array");
    if ((int64_t)prov_json_length(operations) > most)
        return prov_err_make(p, 413, NULL, "the request may have at most %" PRId64 " operations",
                             most);
    return NULL;
}

prov_err *prov_bulk_read(apr_pool_t *p, const prov_registry *r, const prov_json *request,
                         const char *base, int64_t most, prov_bulk **out)
{
    const prov_json *operations = prov_json_get(request, "Operations", NULL);
    prov_bulk *bulk = apr_pcalloc(p, sizeof *bulk);
    prov_err *err = check(p, request, most);
    if (!err)
        err = read_limit(p, request, &bulk->fail_on_errors);
    if (err)
        return err;
    bulk->posts = apr_hash_make(p);
    bulk->count = (int)prov_json_length(operations);
    bulk->operations = apr_pcalloc(p, (size_t)bulk->count * sizeof *bulk->operations);
    reading in = { .p = p,
                   .registry = r,
                   .base = base,
                   .bulk = bulk,
                   .seen = apr_pcalloc(p, (size_t)bulk->count * sizeof(int)) };
    for (int i = 0; i < bulk->count; i++) {
        in.op = &bulk->operations[i];
        read_operation(&in, prov_json_at(operations, (size_t)i), i);
    }
    for (int i = 0; i < bulk->count; i++) {
        in.op = &bulk->operations[i];
        read_references(&in);
    }
    prov_bulk_order(p, bulk);
    *out = bulk;
    return NULL;
}
