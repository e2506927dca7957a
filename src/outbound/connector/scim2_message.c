/* Requests to a SCIM 2.0 server and what its answers hold. */
#include "base/text.h"
#include "base/utf8.h"
#include "outbound/connector/scim2.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define EXCERPT_MOST 200

bool prov_scim2_good(const prov_answer *a)
{
    return a->end == PROV_CALL_ANSWERED && a->status / 100 == 2;
}

char *prov_scim2_encode(apr_pool_t *p, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = apr_palloc(p, strlen(text) * 3 + 1), *to = out;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (apr_isascii(*c) && (apr_isalnum(*c) || strchr("-._~", *c)))
            *to++ = (char)*c;
        else {
            *to++ = '%';
            *to++ = digits[*c >> 4];
            *to++ = digits[*c & 15];
        }
    *to = '\0';
    return out;
}

const char *prov_scim2_url(const prov_call *call, const char *id)
{
    const prov_scim2_values *v = call->values;
    bool group = call->type && strcmp(call->type->name, "Group") == 0;
    const char *end, *endpoint = group ? v->group_endpoint : v->user_endpoint;
    if (!endpoint)
        return NULL;
    for (end = endpoint + strlen(endpoint); end > endpoint && end[-1] == '/';)
        end--;
    char *base = apr_pstrmemdup(call->pool, endpoint, (apr_size_t)(end - endpoint));
    return id ? apr_pstrcat(call->pool, base, "/", prov_scim2_encode(call->pool, id), NULL) : base;
}

/* --- what a person is told ------------------------------------------------------------------- */

static void blank(char *text, const char *secret)
{
    size_t len = secret ? strlen(secret) : 0;
    for (char *at = text; len && (at = strstr(at, secret)); at += len)
        memset(at, '*', len);
}

/* A target may say back what it was sent. */
static void blank_secrets(const prov_call *call, char *text)
{
    const prov_scim2_values *v = call->values;
    blank(text, v->password);
    blank(text, v->access_token);
    blank(text, v->api_key_value);
    if (v->username && v->password) {
        const char *both = apr_pstrcat(call->pool, v->username, ":", v->password, NULL);
        blank(text, prov_text_base64(call->pool, prov_bytes_of(both)));
    }
}

/* No control character, and cut between two characters. */
static void tidy(char *text)
{
    size_t at = 0, len = strlen(text);
    while (at < len) {
        size_t step = prov_utf8_step((const uint8_t *)text + at, len - at);
        if (at + (step ? step : 1) > EXCERPT_MOST)
            break;
        if (!step || apr_iscntrl(text[at]))
            text[at] = ' ';
        at += step ? step : 1;
    }
    text[at] = '\0';
}

static const char *text_of(const prov_json *j, const char *name)
{
    const prov_json *v = prov_json_get(j, name, NULL);
    return prov_json_is(v) == PROV_JSON_STRING ? (const char *)prov_json_string(v).data : "";
}

static const char *excerpt(const prov_call *call, const prov_answer *a)
{
    const prov_json *j = NULL;
    if (prov_json_parse(call->pool, a->body, &j) || prov_json_is(j) != PROV_JSON_OBJECT)
        return apr_psprintf(call->pool, "HTTP %d", a->status);
    const char *type = text_of(j, "scimType"), *detail = text_of(j, "detail");
    char *text = apr_psprintf(call->pool, "HTTP %d%s%s%s%s", a->status, *type ? " " : "", type,
                              *detail ? ": " : "", detail);
    blank_secrets(call, text);
    tidy(text);
    return text;
}

/* --- one exchange ---------------------------------------------------------------------------- */

static void authorize(const prov_call *call, prov_request *rq)
{
    const prov_scim2_values *v = call->values;
    const char **lines;
    switch (v->auth_mode) {
    case PROV_SCIM2_BASIC:
        rq->username = v->username;
        rq->password = v->password;
        break;
    case PROV_SCIM2_BEARER:
        rq->bearer = v->access_token;
        break;
    case PROV_SCIM2_API_KEY:
        lines = apr_pcalloc(call->pool, 2 * sizeof *lines);
        lines[0] = apr_pstrcat(call->pool, v->api_key_header, ": ", v->api_key_value, NULL);
        rq->headers = lines;
        break;
    }
}

prov_answer prov_scim2_send(prov_call *call, const char *method, const char *url, prov_bytes body,
                            const char *if_match)
{
    const prov_scim2_values *v = call->values;
    prov_answer a = { .end = PROV_CALL_UNSUPPORTED, .excerpt = "there is no endpoint for this" };
    prov_request rq = { .method = method,
                        .url = url,
                        .content_type = "application/scim+json",
                        .accept = "application/scim+json, application/json",
                        .body = body,
                        .if_match = if_match,
                        .ca_file = v->ca_file,
                        .client_cert = v->client_certificate,
                        .client_key = v->client_key };
    if (!url)
        return a;
    if (call->limit <= 0)
        return (prov_answer){ .end = PROV_CALL_NOT_SENT, .excerpt = "no time was left to send it" };
    authorize(call, &rq);
    apr_time_t began = apr_time_now();
    call->http(call, &rq, &a);
    call->limit -= apr_time_now() - began;
    if (a.end == PROV_CALL_ANSWERED && !prov_scim2_good(&a))
        a.excerpt = excerpt(call, &a);
    return a;
}

/* --- objects --------------------------------------------------------------------------------- */

static const char *copied(apr_pool_t *p, prov_bytes text)
{
    return text.len ? prov_bytes_text(p, text) : NULL;
}

static const char *first_text(apr_pool_t *p, const prov_object *o, const prov_attr *a)
{
    const prov_value *v = prov_object_first(o, a);
    return v ? copied(p, v->text) : NULL;
}

/* As a segment of a path it would lead elsewhere, to the collection for one. */
static bool leads_away(prov_bytes id)
{
    return prov_bytes_equal(id, PROV_BYTES(".")) || prov_bytes_equal(id, PROV_BYTES(".."));
}

bool prov_scim2_take(prov_call *call, const prov_json *j, prov_remote *remote)
{
    prov_body_extra extra = { 0 };
    if (prov_json_is(j) != PROV_JSON_OBJECT ||
        prov_value_read(call->pool, call->registry, call->type, j, PROV_BODY_LENIENT,
                        &remote->object, &extra) ||
        !extra.id.len || leads_away(extra.id))
        return false;
    remote->id = copied(call->pool, extra.id);
    remote->etag = copied(call->pool, extra.version);
    remote->external_id =
        first_text(call->pool, remote->object, prov_schema_common(call->registry, "externalId"));
    remote->name = first_text(call->pool, remote->object, call->type->naming);
    remote->members = extra.members;
    remote->member_count = extra.member_count;
    return true;
}

void prov_scim2_read(prov_call *call, prov_answer *a, prov_remote *remote)
{
    const prov_json *j;
    if (prov_json_parse(call->pool, a->body, &j) || !prov_scim2_take(call, j, remote)) {
        a->excerpt = apr_psprintf(call->pool, "HTTP %d, but no object with an id", a->status);
        a->end = PROV_CALL_UNREADABLE;
        return;
    }
    if (a->etag)
        remote->etag = a->etag;
}
