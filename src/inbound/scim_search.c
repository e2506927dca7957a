/* POST .search (RFC 7644 section 3.4.3): the same query as in a URL, in a body that no log sees. */
#include "inbound/body.h"
#include "inbound/scim.h"
#include "scim/schema.h"

#include <apr_strings.h>
#include <inttypes.h>

#define URN_SEARCH "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

typedef struct reading {
    apr_pool_t *p;
    const char *name;
    const prov_json *value; /* not null */
    const char *text;       /* as a URL would give it; NULL: it cannot be read */
} reading;

static void read_text(reading *in)
{
    if (prov_json_is(in->value) == PROV_JSON_STRING)
        in->text = (const char *)prov_json_string(in->value).data;
}

static void read_integer(reading *in)
{
    if (prov_json_is(in->value) == PROV_JSON_INTEGER)
        in->text = apr_psprintf(in->p, "%" PRId64, prov_json_integer(in->value));
}

/* An array of names becomes a list of them. */
static void read_names(reading *in)
{
    prov_buf b;
    prov_buf_init(&b, in->p, 64);
    if (prov_json_is(in->value) != PROV_JSON_ARRAY)
        return;
    for (size_t i = 0; i < prov_json_length(in->value); i++) {
        const prov_json *one = prov_json_at(in->value, i);
        if (prov_json_is(one) != PROV_JSON_STRING)
            return;
        prov_buf_text(&b, i ? "," : "");
        prov_buf_text(&b, (const char *)prov_json_string(one).data);
    }
    in->text = prov_bytes_text(in->p, prov_buf_bytes(&b));
}

static const struct {
    const char *name;
    void (*read)(reading *in);
    const char *kind;
} members[] = {
    { "attributes", read_names, "an array of strings" },
    { "excludedAttributes", read_names, "an array of strings" },
    { "filter", read_text, "a string" },
    { "sortBy", read_text, "a string" },
    { "sortOrder", read_text, "a string" },
    { "startIndex", read_integer, "an integer" },
    { "count", read_integer, "an integer" },
    { "cursor", read_text, "a string" },
};

static bool is_search(const prov_json *body)
{
    const prov_json *schemas = prov_json_get(body, "schemas", NULL);
    bool found = false;
    if (prov_json_is(schemas) != PROV_JSON_ARRAY)
        return false;
    for (size_t i = 0; i < prov_json_length(schemas) && !found; i++) {
        const prov_json *one = prov_json_at(schemas, i);
        found = prov_json_is(one) == PROV_JSON_STRING &&
                strcasecmp((const char *)prov_json_string(one).data, URN_SEARCH) == 0;
    }
    return found;
}

/* null is absence. */
static prov_err *read_members(apr_pool_t *p, const prov_json *body, apr_table_t *query)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        reading in = { p, members[i].name, prov_json_get(body, members[i].name, NULL), NULL };
        if (!in.value)
            continue;
        members[i].read(&in);
        if (!in.text)
            return prov_err_make(p, HTTP_BAD_REQUEST, "invalidValue", "%s must be %s", in.name,
                                 members[i].kind);
        apr_table_setn(query, in.name, in.text);
    }
    return NULL;
}

prov_err *prov_scim_search(prov_scim *s)
{
    apr_table_t *query = apr_table_make(s->r->pool, 8);
    const prov_json *body;
    prov_err *err = prov_body_json(s->r, s->settings->max_body, &body);
    if (!err && (prov_json_is(body) != PROV_JSON_OBJECT || !is_search(body)))
        err = prov_err_make(s->r->pool, HTTP_BAD_REQUEST, "invalidSyntax",
                            "the body must be an object of the schema " URN_SEARCH);
    if (!err)
        err = read_members(s->r->pool, body, query);
    return err ? err : prov_scim_list_asked(s, query);
}
