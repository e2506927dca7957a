#include "scim/json_twice.h"
#include "base/text.h"
#include <apr_cstr.h>
#include <apr_hash.h>

/* Most objects are small, and a body may have a hundred thousand of them. */
#define FEW 16

typedef struct names {
    apr_pool_t *p;
    const char *few[FEW];
    int count;
    apr_hash_t *many; /* those beyond the few, folded */
    const char *twice;
} names;

static bool is_among_many(names *n, const char *name)
{
    prov_bytes folded = prov_text_fold(n->p, prov_bytes_of(name));
    if (!n->many)
        n->many = apr_hash_make(n->p);
    bool seen = apr_hash_get(n->many, folded.data, (apr_ssize_t)folded.len);
    apr_hash_set(n->many, folded.data, (apr_ssize_t)folded.len, "");
    return seen;
}

static bool take(void *baton, const char *name, const prov_json *value)
{
    names *n = baton;
    int i = 0;
    while (i < n->count && apr_cstr_casecmp(n->few[i], name) != 0)
        i++;
    if (i < n->count || (i == FEW && is_among_many(n, name)))
        n->twice = name;
    else if (i < FEW)
        n->few[n->count++] = name;
    if (!n->twice)
        n->twice = prov_json_twice(n->p, value);
    return !n->twice;
}

const char *prov_json_twice(apr_pool_t *p, const prov_json *value)
{
    prov_json_kind kind = prov_json_is(value);
    if (kind == PROV_JSON_OBJECT) {
        names n = { .p = p };
        prov_json_each(value, take, &n);
        return n.twice;
    }
    const char *twice = NULL;
    for (size_t i = 0; kind == PROV_JSON_ARRAY && !twice && i < prov_json_length(value); i++)
        twice = prov_json_twice(p, prov_json_at(value, i));
    return twice;
}
