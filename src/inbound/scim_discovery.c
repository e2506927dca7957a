/* What the service says about itself (RFC 7643 sections 5 to 7, RFC 7644 section 4). */
#include "inbound/query.h"
#include "inbound/reply.h"
#include "inbound/scim.h"
#include "scim/message.h"

#include <apr_strings.h>
#include <http_core.h>
#include <inttypes.h>

#define URN_CONFIG "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"

static prov_err *answer(prov_scim *s, const prov_buf *b)
{
    prov_bytes body = prov_buf_bytes(b);
    prov_reply_send(s->r, HTTP_OK, s->media, &body, 1);
    return NULL;
}

/* --- ServiceProviderConfig ------------------------------------------------------------------ */

static const struct scheme {
    const char *auth_type; /* besides Provision, which takes all of them */
    const char *json;
} schemes[] = {
    { NULL, "{\"type\":\"oauthbearertoken\",\"name\":\"OAuth Bearer Token\","
            "\"description\":\"A bearer token made by provisionctl\","
            "\"specUri\":\"https://www.rfc-editor.org/info/rfc6750\",\"primary\":true}" },
    { "Basic", "{\"type\":\"httpbasic\",\"name\":\"HTTP Basic\","
               "\"description\":\"A user's name and password\","
               "\"specUri\":\"https://www.rfc-editor.org/info/rfc7617\"}" },
};

static bool is_offered(const struct scheme *scheme, const char *auth_type)
{
    return auth_type && (strcasecmp(auth_type, "Provision") == 0 ||
                         (scheme->auth_type && strcasecmp(auth_type, scheme->auth_type) == 0));
}

static void write_schemes(prov_buf *b, const char *auth_type)
{
    bool any = false;
    prov_buf_text(b, "\"authenticationSchemes\":[");
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!is_offered(&schemes[i], auth_type))
            continue;
        prov_buf_text(b, any ? "," : "");
        prov_buf_text(b, schemes[i].json);
        any = true;
    }
    prov_buf_byte(b, ']');
}

/* RFC 9865 section 4. */
static void write_pagination(prov_buf *b, const prov_settings *settings)
{
    prov_buf_printf(b,
                    "\"pagination\":{\"cursor\":true,\"index\":true,"
                    "\"defaultPaginationMethod\":\"index\",\"defaultPageSize\":%" PRId64
                    ",\"maxPageSize\":%" PRId64 ",\"cursorTimeout\":%" PRId64 "},",
                    prov_scim_page_size(settings), settings->max_results,
                    apr_time_sec(settings->cursor_timeout));
}

/* The switches of who says who he is; everybody else has none. */
static uint32_t switches(prov_scim *s)
{
    prov_caller caller;
    return prov_caller_of(s->r, s->service, &caller) ? 0 : caller.application->compatibility;
}

prov_err *prov_scim_config(prov_scim *s)
{
    prov_buf b;
    uint32_t bits = switches(s);
    prov_buf_init(&b, s->r->pool, 2048);
    prov_buf_printf(&b,
                    "{\"schemas\":[\"" URN_CONFIG "\"],"
                    "\"patch\":{\"supported\":true},"
                    "\"bulk\":{\"supported\":true,\"maxOperations\":%" PRId64
                    ",\"maxPayloadSize\":%" PRId64 "},"
                    "\"filter\":{\"supported\":true,\"maxResults\":%" PRId64 "},"
                    "\"changePassword\":{\"supported\":true},"
                    "\"sort\":{\"supported\":true},"
                    "\"etag\":{\"supported\":true},",
                    s->settings->bulk_operations, s->settings->bulk_payload,
                    s->settings->max_results);
    if (!(bits & PROV_COMPAT_NO_PAGINATION))
        write_pagination(&b, s->settings);
    if ((bits & PROV_COMPAT_INTEROP) == PROV_COMPAT_INTEROP)
        prov_buf_text(&b, "\"interopProfileConformant\":true,");
    write_schemes(&b, ap_auth_type(s->r));
    prov_buf_text(&b, ",\"meta\":{\"resourceType\":\"ServiceProviderConfig\",\"location\":");
    prov_json_write_text(&b, apr_pstrcat(s->r->pool, s->base, "/ServiceProviderConfig", NULL));
    prov_buf_text(&b, "}}");
    return answer(s, &b);
}

/* --- lists ---------------------------------------------------------------------------------- */

typedef void write_one(prov_buf *b, const prov_registry *reg, int i, const char *base);

static void write_type(prov_buf *b, const prov_registry *reg, int i, const char *base)
{
    prov_resource_type_write(b, prov_registry_type(reg, i), base);
}

static void write_schema(prov_buf *b, const prov_registry *reg, int i, const char *base)
{
    prov_schema_write(b, prov_registry_schema(reg, i), base);
}

/* A filter is refused (RFC 7644 section 4), so that no client takes the answer for filtered. */
static prov_err *list(prov_scim *s, int count, write_one *write)
{
    const apr_table_t *query;
    prov_buf b;
    prov_err *err = prov_query_read(s->r, &query);
    if (err)
        return err;
    if (apr_table_get(query, "filter"))
        return prov_err_make(s->r->pool, HTTP_FORBIDDEN, NULL, "this endpoint takes no filter");
    prov_buf_init(&b, s->r->pool, 32 * 1024);
    prov_list_open(&b, count, 1, count);
    for (int i = 0; i < count; i++) {
        prov_buf_text(&b, i ? "," : "");
        write(&b, s->service->registry, i, s->base);
    }
    prov_list_close(&b);
    return answer(s, &b);
}

prov_err *prov_scim_types(prov_scim *s)
{
    return list(s, prov_registry_type_count(s->service->registry), write_type);
}

prov_err *prov_scim_schemas(prov_scim *s)
{
    return list(s, prov_registry_schema_count(s->service->registry), write_schema);
}

/* --- one ------------------------------------------------------------------------------------ */

static prov_err *unknown(prov_scim *s, const char *what)
{
    return prov_err_make(s->r->pool, HTTP_NOT_FOUND, NULL, "there is no such %s", what);
}

prov_err *prov_scim_type(prov_scim *s)
{
    const prov_resource_type *t = prov_registry_type_named(s->service->registry, s->name);
    prov_buf b;
    if (!t)
        return unknown(s, "resource type");
    prov_buf_init(&b, s->r->pool, 1024);
    prov_resource_type_write(&b, t, s->base);
    return answer(s, &b);
}

prov_err *prov_scim_schema(prov_scim *s)
{
    const prov_schema *schema = prov_registry_schema_named(s->service->registry, s->name);
    prov_buf b;
    if (!schema)
        return unknown(s, "schema");
    prov_buf_init(&b, s->r->pool, 16 * 1024);
    prov_schema_write(&b, schema, s->base);
    return answer(s, &b);
}
