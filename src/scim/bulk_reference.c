#include "scim/bulk_reference.h"

#include <string.h>
#include <strings.h>

#define PREFIX_LEN (sizeof PROV_BULK_PREFIX - 1)

/* Where the prefix stands behind the byte `before`; `to` begins behind that. */
static bool find(prov_bytes text, size_t from, char before, size_t *to)
{
    for (size_t i = from; i + 1 + PREFIX_LEN <= text.len; i++)
        if (text.data[i] == before &&
            memcmp(text.data + i + 1, PROV_BULK_PREFIX, PREFIX_LEN) == 0) {
            *to = i + 1;
            return true;
        }
    return false;
}

bool prov_bulk_reference(const char *name, prov_bytes text, size_t from, size_t *at, size_t *len)
{
    *len = 0;
    if (from == 0 && text.len >= PREFIX_LEN &&
        memcmp(text.data, PROV_BULK_PREFIX, PREFIX_LEN) == 0) {
        *at = 0;
        *len = text.len;
    } else if (strcasecmp(name, "$ref") == 0 && find(text, from, '/', at)) {
        *len = text.len - *at;
    } else if (strcasecmp(name, "path") == 0 && find(text, from, '"', at)) {
        const uint8_t *end = memchr(text.data + *at, '"', text.len - *at);
        *len = end ? (size_t)(end - text.data) - *at : text.len - *at;
    }
    return *len > 0;
}

typedef struct walk {
    prov_bulk_visit *visit;
    void *baton;
    bool good;
} walk;

static bool visit_member(void *baton, const char *name, const prov_json *value)
{
    walk *w = baton;
    w->good = prov_bulk_strings(name, value, w->visit, w->baton);
    return w->good;
}

bool prov_bulk_strings(const char *name, const prov_json *value, prov_bulk_visit *visit,
                       void *baton)
{
    walk w = { visit, baton, true };
    if (prov_json_is(value) == PROV_JSON_STRING)
        return visit(baton, name, prov_json_string(value));
    for (size_t i = 0; w.good && i < prov_json_length(value); i++)
        w.good = prov_bulk_strings(name, prov_json_at(value, i), visit, baton);
    prov_json_each(value, visit_member, &w);
    return w.good;
}
