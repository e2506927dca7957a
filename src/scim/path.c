#include "scim/path.h"
#include <string.h>

/* A value filter is not repeated: it may hold what nobody else should read. */
static prov_err *wrong(apr_pool_t *p, const char *text, size_t len, const char *what)
{
    const char *open = len ? memchr(text, '[', len) : NULL;
    len = open ? (size_t)(open - text) : len;
    return prov_err_make(p, 400, "invalidPath", "the path '%.*s' %s", (int)(len < 200 ? len : 200),
                         text, what);
}

static void place(const prov_attr *a, prov_path *out)
{
    out->attr = a->parent ? a->parent : a;
    out->sub = a->parent ? a : NULL;
}

/* The bracket that ends a value filter; those within strings do not count. */
static const char *closing(const char *at, const char *end)
{
    bool string = false;
    for (; at < end; at++) {
        if (string && *at == '\\')
            at++;
        else if (*at == '"')
            string = !string;
        else if (*at == ']' && !string)
            return at;
    }
    return NULL;
}

static bool is_index(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at == end && at > start;
}

static prov_err *parse_value_path(apr_pool_t *p, const prov_registry *r,
                                  const prov_resource_type *t, const prov_filter_limits *limits,
                                  const char *text, size_t len, const char *open, prov_path *out)
{
    const char *end = text + len, *close = closing(open + 1, end);
    const prov_attr *a = prov_schema_find(r, t, text, (size_t)(open - text), NULL);
    if (!a || a->parent || !a->multi)
        return wrong(p, text, len, "selects from what is not a multi-valued attribute");
    if (!close)
        return wrong(p, text, len, "lacks a ]");
    if (is_index(open + 1, close))
        return wrong(p, text, len, "has an index where a filter belongs");
    place(a, out);
    prov_err *err =
        prov_filter_parse_value(p, a, open + 1, (size_t)(close - open - 1), limits, &out->filter);
    if (err || ++close == end)
        return err;
    if (*close == '.')
        out->sub = prov_schema_sub(a, close + 1, (size_t)(end - close - 1));
    return out->sub ? NULL : wrong(p, text, len, "does not end in a sub-attribute");
}

prov_err *prov_path_parse(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                          const char *text, size_t len, prov_path *out)
{
    return prov_path_parse_within(p, r, t, NULL, text, len, out);
}

prov_err *prov_path_parse_within(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                                 const prov_filter_limits *limits, const char *text, size_t len,
                                 prov_path *out)
{
    const char *open = len ? memchr(text, '[', len) : NULL;
    memset(out, 0, sizeof *out);
    if (open)
        return parse_value_path(p, r, t, limits, text, len, open, out);
    const prov_attr *a = prov_schema_find(r, t, text, len, &out->schema);
    if (a)
        place(a, out);
    return a || out->schema ? NULL : wrong(p, text, len, "names no attribute of the resource type");
}
