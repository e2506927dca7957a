/* A bound registry and trees from JSON, for the tests of src/scim. */
#ifndef SCIM_FIXTURE_H
#define SCIM_FIXTURE_H

#include "scim/value.h"
#include "tap.h"
#include <apr_general.h>
#include <apr_strings.h>

static prov_err *count_up(void *baton, const char *urn, const char *path, const char *type,
                          uint16_t *number)
{
    *number = ++*(uint16_t *)baton;
    return NULL;
}

__attribute__((unused)) static prov_registry *bound_registry(apr_pool_t *p)
{
    uint16_t last = 0;
    prov_registry *r = prov_registry_core(p);
    if (prov_registry_bind(r, count_up, &last))
        abort();
    return r;
}

__attribute__((unused)) static const prov_json *parse_json(apr_pool_t *p, const char *text)
{
    const prov_json *j;
    prov_err *err = prov_json_parse(p, prov_bytes_of(text), &j);
    if (err) {
        printf("# %s in %s\n", prov_err_text(p, err), text);
        abort();
    }
    return j;
}

#define USER_SCHEMAS  "\"schemas\":[\"" PROV_URN_USER "\"]"
#define GROUP_SCHEMAS "\"schemas\":[\"" PROV_URN_GROUP "\"]"

/* A body that is known to be right. */
__attribute__((unused)) static prov_object *read_body(apr_pool_t *p, const prov_registry *r,
                                                      const char *type, const char *text)
{
    prov_object *o;
    prov_body_extra extra;
    prov_err *err = prov_value_read(p, r, prov_registry_type_named(r, type), parse_json(p, text),
                                    PROV_BODY_CREATE, &o, &extra);
    if (err) {
        printf("# %s in %s\n", prov_err_text(p, err), text);
        abort();
    }
    return o;
}

__attribute__((unused)) static const char *buf_text(apr_pool_t *p, const prov_buf *b)
{
    return prov_bytes_text(p, prov_buf_bytes(b));
}

#endif
