#include "inbound/scim.h"
#include "inbound/media.h"
#include "inbound/rate.h"
#include "inbound/reply.h"
#include "scim/message.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <string.h>

/* --- the table ------------------------------------------------------------------------------ */

#define READ    PROV_MAY_SCIM_READ
#define WRITE   PROV_MAY_SCIM_WRITE

#define SEARCH  ".search"
#define CONFIG  "/ServiceProviderConfig"
#define VERSION "/v2"
#define SUFFIX  ".scim"

/* Patterns by segments: {type} is the endpoint of a resource type, {name} any one segment but
 * .search. */
static const struct route {
    const char *pattern;
    const char *method;
    prov_scim_answer *answer;
    uint32_t needs;
} routes[] = {
    { "/", "GET", prov_scim_list, READ },
    { "/" SEARCH, "POST", prov_scim_search, READ },
    { "/{type}", "GET", prov_scim_list, READ },
    { "/{type}", "POST", prov_scim_create, WRITE },
    { "/{type}/" SEARCH, "POST", prov_scim_search, READ },
    { "/{type}/{name}", "GET", prov_scim_get, READ },
    { "/{type}/{name}", "PUT", prov_scim_replace, WRITE },
    { "/{type}/{name}", "PATCH", prov_scim_patch, WRITE },
    { "/{type}/{name}", "DELETE", prov_scim_delete, WRITE },
    { CONFIG, "GET", prov_scim_config, 0 },
    { "/ResourceTypes", "GET", prov_scim_types, 0 },
    { "/ResourceTypes/{name}", "GET", prov_scim_type, 0 },
    { "/Schemas", "GET", prov_scim_schemas, 0 },
    { "/Schemas/{name}", "GET", prov_scim_schema, 0 },
    { "/Bulk", "POST", prov_scim_bulk, WRITE },
    { "/Me", "GET", prov_scim_me_get, READ },
    { "/Me", "PUT", prov_scim_me_replace, WRITE },
    { "/Me", "PATCH", prov_scim_me_patch, WRITE },
    { "/Me", "DELETE", prov_scim_me_delete, WRITE },
};
#define ROUTES (sizeof routes / sizeof *routes)

/* --- matching ------------------------------------------------------------------------------- */

typedef struct target {
    const char *endpoint, *name; /* segments of the path; NULL: not there */
    size_t endpoint_len, name_len;
} target;

static bool is_same(const char *text, size_t len, const char *literal)
{
    return strlen(literal) == len && memcmp(text, literal, len) == 0;
}

/* False if the path has more than two segments; "/" if it has none. One slash at the end is
 * tolerated. */
static bool split(const char *path, target *t)
{
    *t = (target){ "/", NULL, 1, 0 };
    size_t len = strlen(path);
    if (len && path[len - 1] == '/')
        len--;
    if (!len)
        return true;
    if (path[0] != '/')
        return false;
    const char *end = path + len, *second = memchr(path + 1, '/', len - 1);
    t->endpoint = path;
    t->endpoint_len = (size_t)((second ? second : end) - path);
    t->name = second ? second + 1 : NULL;
    t->name_len = second ? (size_t)(end - t->name) : 0;
    return t->endpoint_len > 1 && (!second || (t->name_len && !memchr(t->name, '/', t->name_len)));
}

/* The optional version directly before the endpoint (RFC 7644 section 3.13): how long it is, 0 if
 * there is none. */
static size_t version_len(const char *path)
{
    if (path[0] != '/' || (path[1] | 0x20) != 'v' || !apr_isdigit(path[2]))
        return 0;
    size_t len = 2 + strspn(path + 2, "0123456789.");
    return path[len] == '/' || !path[len] ? len : 0;
}

static bool is_known_version(const char *path, size_t len)
{
    return is_same(path, len, VERSION) || !len;
}

static bool is_type(const prov_registry *reg, const target *t, const prov_resource_type **type)
{
    *type = NULL;
    for (int i = 0; i < prov_registry_type_count(reg) && !*type; i++) {
        const prov_resource_type *one = prov_registry_type(reg, i);
        if (strlen(one->endpoint) == t->endpoint_len &&
            memcmp(one->endpoint, t->endpoint, t->endpoint_len) == 0)
            *type = one;
    }
    return *type != NULL;
}

static bool matches_name(const char *pattern, const target *t)
{
    bool search = is_same(t->name, t->name_len, SEARCH);
    return strcmp(pattern, SEARCH) == 0 ? search : !search;
}

static bool matches(const struct route *route, const target *t, bool is_resource)
{
    size_t len = strcspn(route->pattern + 1, "/") + 1;
    bool named = route->pattern[len] == '/';
    if (named != (t->name != NULL) || (named && !matches_name(route->pattern + len + 1, t)))
        return false;
    if (is_same(route->pattern, len, "/{type}"))
        return is_resource;
    return len == t->endpoint_len && memcmp(route->pattern, t->endpoint, len) == 0;
}

static bool has_method(const struct route *route, const request_rec *r)
{
    return strcmp(route->method, r->header_only ? "GET" : r->method) == 0;
}

/* Whatever its endpoint is: a query that only comes by POST. */
static bool is_search(const target *t)
{
    return t->name ? is_same(t->name, t->name_len, SEARCH)
                   : is_same(t->endpoint, t->endpoint_len, "/" SEARCH);
}

/* The methods of one path, as Allow lists them. */
static const char *allowed(apr_pool_t *p, const target *t, bool is_resource)
{
    const char *all = "OPTIONS";
    for (size_t i = ROUTES; i-- > 0;) {
        if (!matches(&routes[i], t, is_resource))
            continue;
        bool get = strcmp(routes[i].method, "GET") == 0;
        all = apr_pstrcat(p, routes[i].method, get ? ", HEAD, " : ", ", all, NULL);
    }
    return all;
}

/* --- dispatch ------------------------------------------------------------------------------- */

/* Only a read, and not of what describes the service. */
uint32_t prov_scim_needs(const request_rec *r)
{
    target t;
    const char *path = prov_glue_path(r);
    bool known = split(path + version_len(path), &t);
    bool search = r->method_number == M_POST && known && is_search(&t);
    if (r->method_number != M_GET && r->method_number != M_OPTIONS && !search)
        return WRITE;
    for (size_t i = 0; known && i < ROUTES; i++)
        if (!routes[i].needs && matches(&routes[i], &t, false))
            return 0;
    return READ;
}

bool prov_scim_is_public(const request_rec *r)
{
    target t;
    const char *path = prov_glue_path(r);
    return r->method_number == M_GET && split(path + version_len(path), &t) && !t.name &&
           is_same(t.endpoint, t.endpoint_len, CONFIG);
}

static const struct route *route_of(const request_rec *r, const target *t, bool is_resource,
                                    bool *known)
{
    *known = false;
    for (size_t i = 0; i < ROUTES; i++) {
        if (!matches(&routes[i], t, is_resource))
            continue;
        *known = true;
        if (has_method(&routes[i], r))
            return &routes[i];
    }
    return NULL;
}

static prov_err *fail(const prov_scim *s, int status, const char *detail)
{
    return prov_err_make(s->r->pool, status, NULL, "%s", detail);
}

static prov_err *run(prov_scim *s, const struct route *route)
{
    s->media = prov_media_choose(s->r);
    if (!s->media && strcmp(route->method, "DELETE") != 0)
        return fail(s, HTTP_NOT_ACCEPTABLE, "answers are " PROV_MEDIA_SCIM " or " PROV_MEDIA_JSON);
    prov_err *err = route->needs ? prov_caller_of(s->r, s->service, &s->caller) : NULL;
    if (err)
        return err;
    if (route->needs && !prov_caller_may(&s->caller, route->needs))
        return fail(s, HTTP_FORBIDDEN, "this is not permitted");
    return route->answer(s);
}

/* With the version, if the client writes it: what it is told leads back to it. */
static const char *base_of(const prov_scim *s, size_t version)
{
    const char *base = prov_glue_location(s->r)->base;
    return ap_construct_url(s->r->pool, apr_pstrcat(s->r->pool, base, version ? VERSION : "", NULL),
                            s->r);
}

/* A resource's id may end in the name of the only format there is (RFC 7644 section 3.8). */
static const char *name_of(const prov_scim *s, const target *t, bool is_resource)
{
    size_t suffix = sizeof SUFFIX - 1, len = t->name_len;
    if (is_resource && len > suffix && is_same(t->name + len - suffix, suffix, SUFFIX))
        len -= suffix;
    return t->name ? apr_pstrmemdup(s->r->pool, t->name, len) : NULL;
}

/* Whoever another module let in without asking us about a permission. */
static prov_err *count(prov_scim *s)
{
    prov_caller caller;
    prov_err *err = s->r->user ? prov_caller_of(s->r, s->service, &caller) : NULL;
    return err || !s->r->user ? err : prov_rate_check(s->r, &caller);
}

static prov_err *dispatch(prov_scim *s)
{
    target t;
    bool known = false;
    const char *path = prov_glue_path(s->r);
    size_t version = version_len(path);
    prov_err *err = prov_reply_service(s->r, &s->service);
    if (!err)
        err = count(s);
    if (err)
        return err;
    if (!is_known_version(path, version))
        return prov_err_make(s->r->pool, HTTP_BAD_REQUEST, "invalidVers",
                             "the version of the protocol here is 2, " VERSION);
    if (!split(path + version, &t))
        return fail(s, HTTP_NOT_FOUND, "there is no such endpoint");
    s->base = base_of(s, version);
    bool is_resource = is_type(s->service->registry, &t, &s->type);
    const struct route *route = route_of(s->r, &t, is_resource, &known);
    if (!known)
        return fail(s, HTTP_NOT_FOUND, "there is no such endpoint");
    if (!route) {
        apr_table_setn(s->r->err_headers_out, "Allow", allowed(s->r->pool, &t, is_resource));
        if (s->r->method_number != M_OPTIONS)
            return fail(s, HTTP_METHOD_NOT_ALLOWED, "this method is not allowed here");
        prov_reply_send(s->r, HTTP_NO_CONTENT, NULL, NULL, 0);
        return NULL;
    }
    s->name = name_of(s, &t, is_resource);
    return run(s, route);
}

int prov_scim_handler(request_rec *r)
{
    prov_scim s = { .r = r, .settings = prov_glue_settings(r) };
    prov_err *err = dispatch(&s);
    return err ? prov_reply_error(r, err) : OK;
}
