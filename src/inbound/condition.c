#include "inbound/condition.h"
#include "scim/projection.h"

#include <apr_tables.h>
#include <string.h>

#define DIGITS_MOST 18

/* The version a tag stands for, if it is one of ours: as they are printed and no other way. */
static bool read_version(const char *tag, size_t len, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        if (tag[i] < '0' || tag[i] > '9')
            return false;
        *out = *out * 10 + (uint64_t)(tag[i] - '0');
    }
    return len && len <= DIGITS_MOST && tag[0] != '0';
}

/* Moves past one tag; `text` gets what is between its quotes, or the bare word. */
static const char *next_tag(const char *at, const char **text, size_t *len)
{
    at += strspn(at, " \t,");
    if (strncmp(at, "W/", 2) == 0)
        at += 2;
    bool quoted = *at == '"';
    *text = at + quoted;
    *len = strcspn(*text, quoted ? "\"" : " \t,");
    at = *text + *len;
    return at + (quoted && *at == '"');
}

prov_condition prov_condition_of(apr_pool_t *p, const char *tags)
{
    prov_condition c = { .given = true };
    apr_array_header_t *versions = apr_array_make(p, 2, sizeof(uint64_t));
    const char *text;
    size_t len;
    for (const char *at = tags; *at;) {
        uint64_t version;
        bool bare = *(at + strspn(at, " \t,")) == '*';
        at = next_tag(at, &text, &len);
        c.any = c.any || (bare && len == 1);
        if (read_version(text, len, &version))
            APR_ARRAY_PUSH(versions, uint64_t) = version;
    }
    c.versions = (const uint64_t *)versions->elts;
    c.count = versions->nelts;
    return c;
}

static prov_condition condition_in(request_rec *r, const char *name)
{
    const char *header = apr_table_get(r->headers_in, name);
    return header ? prov_condition_of(r->pool, header) : (prov_condition){ .given = false };
}

prov_condition prov_condition_match(request_rec *r)
{
    return condition_in(r, "If-Match");
}

prov_condition prov_condition_unless(request_rec *r)
{
    return condition_in(r, "If-None-Match");
}

static bool names(const prov_condition *c, uint64_t version)
{
    bool named = c->any;
    for (int i = 0; i < c->count; i++)
        named = named || c->versions[i] == version;
    return named;
}

bool prov_condition_met(request_rec *r, uint64_t version)
{
    prov_condition c = prov_condition_match(r);
    return !c.given || names(&c, version);
}

bool prov_condition_known(request_rec *r, uint64_t version)
{
    prov_condition c = prov_condition_unless(r);
    return names(&c, version);
}
