/* SCIM 2.0: any server of RFC 7643 and 7644. The settings are WSO2's. */
#include "outbound/connector/scim2.h"

#include "base/text.h"
#include "scim/filter.h"
#include "scim/patch.h"
#include "scim/projection.h"

#include <apr_strings.h>
#include <string.h>

#define AT(field) offsetof(prov_scim2_values, field)
#define NOTHING   ((prov_bytes){ NULL, 0 })

static const char *const auth_modes[] = { "basic", "bearer", "apiKey", "none", NULL };
static const char *const update_methods[] = { "patch", "put", NULL };

static const prov_option options[] = {
    { NULL, "userEndpoint", PROV_OPTION_URL, AT(user_endpoint), NULL, 0, 0, NULL,
      PROV_OPTION_REQUIRED, "The URL of the target's users, such as https://host/scim/v2/Users." },
    { NULL, "groupEndpoint", PROV_OPTION_URL, AT(group_endpoint), NULL, 0, 0, NULL, 0,
      "The URL of the target's groups; without it groups are not carried." },
    { NULL, "authMode", PROV_OPTION_CHOICE, AT(auth_mode), "basic", 0, 0, auth_modes, 0,
      "How we prove who we are: basic, bearer, apiKey or none." },
    { NULL, "username", PROV_OPTION_TEXT, AT(username), NULL, 0, 0, NULL, 0,
      "The account at the target, for authMode basic." },
    { NULL, "password", PROV_OPTION_SECRET, AT(password), NULL, 0, 0, NULL, 0, "Its password." },
    { NULL, "accessToken", PROV_OPTION_SECRET, AT(access_token), NULL, 0, 0, NULL, 0,
      "The token for authMode bearer." },
    { NULL, "apiKeyHeader", PROV_OPTION_TEXT, AT(api_key_header), NULL, 0, 0, NULL, 0,
      "The header that carries the key, for authMode apiKey." },
    { NULL, "apiKeyValue", PROV_OPTION_SECRET, AT(api_key_value), NULL, 0, 0, NULL, 0,
      "The key for authMode apiKey." },
    { NULL, "userStoreDomain", PROV_OPTION_TEXT, AT(user_store_domain), NULL, 0, 0, NULL, 0,
      "A domain that stands before each user's name at the target, with a slash." },
    { NULL, "updateMethod", PROV_OPTION_CHOICE, AT(update_method), "patch", 0, 0, update_methods, 0,
      "patch sends only what differs; put reads the object, merges and writes it whole." },
    { NULL, "caFile", PROV_OPTION_PATH, AT(ca_file), NULL, 0, 0, NULL, 0,
      "Certificates to trust instead of the system's, as PEM." },
    { NULL, "clientCertificate", PROV_OPTION_PATH, AT(client_certificate), NULL, 0, 0, NULL, 0,
      "Our certificate for the target, as PEM." },
    { NULL, "clientKey", PROV_OPTION_PATH, AT(client_key), NULL, 0, 0, NULL, 0,
      "Its key, if it is not in the same file." },
    PROV_OPTION_END
};

/* --- do the settings fit together ------------------------------------------------------------ */

static const char *check_mode(const prov_scim2_values *v)
{
    static const char tokens[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "!#$%&'*+-.^_`|~";
    switch (v->auth_mode) {
    case PROV_SCIM2_BASIC:
        return v->username && v->password
                   ? NULL
                   : "authMode basic needs username and password; set both or another authMode";
    case PROV_SCIM2_BEARER:
        return v->access_token ? NULL : "authMode bearer needs accessToken";
    case PROV_SCIM2_API_KEY:
        if (!v->api_key_header || !v->api_key_value)
            return "authMode apiKey needs apiKeyHeader and apiKeyValue";
        return *v->api_key_header && !v->api_key_header[strspn(v->api_key_header, tokens)]
                   ? NULL
                   : "apiKeyHeader is the name of a header, such as X-API-Key";
    }
    return NULL;
}

static const char *check_endpoint(const char *url)
{
    const char *rest = url ? strstr(url, "://") : NULL;
    if (!rest)
        return NULL;
    if (strpbrk(rest, "?#"))
        return "an endpoint is a URL without ? and #; the connector adds its own query";
    if (memchr(rest + 3, '@', strcspn(rest + 3, "/")))
        return "an endpoint holds no user or password; write username and password instead";
    return NULL;
}

static bool is_clear(const char *url)
{
    static const char *const loopbacks[] = { "localhost", "127.0.0.1", "[::1]" };
    if (!url || strncasecmp(url, "http://", 7) != 0)
        return false;
    for (size_t i = 0; i < sizeof loopbacks / sizeof *loopbacks; i++) {
        size_t len = strlen(loopbacks[i]);
        if (strncasecmp(url + 7, loopbacks[i], len) == 0 && strchr(":/", url[7 + len]))
            return false;
    }
    return true;
}

static const char *check(apr_pool_t *p, const void *values, const char **warning)
{
    const prov_scim2_values *v = values;
    const char *wrong = check_mode(v);
    if (!wrong)
        wrong = check_endpoint(v->user_endpoint);
    if (!wrong)
        wrong = check_endpoint(v->group_endpoint);
    if (!wrong && v->client_key && !v->client_certificate)
        wrong = "clientKey needs clientCertificate";
    bool none = v->auth_mode == PROV_SCIM2_NONE;
    bool clear = is_clear(v->user_endpoint) || is_clear(v->group_endpoint);
    if (none || clear)
        *warning = apr_pstrcat(p, none ? "authMode none: requests prove nothing" : "",
                               none && clear ? "; " : "",
                               clear ? "http:// to another host: people's data and credentials "
                                       "travel in clear text; write https://"
                                     : "",
                               NULL);
    return wrong;
}

static unsigned abilities(const void *values)
{
    const prov_scim2_values *v = values;
    return PROV_CAN_DISABLE | PROV_CAN_RENAME | (v->group_endpoint ? PROV_CAN_GROUPS : 0);
}

static const char *endpoint(const void *values)
{
    return ((const prov_scim2_values *)values)->user_endpoint;
}

/* --- what the target can --------------------------------------------------------------------- */

static void remember(prov_call *call, uint32_t what)
{
    __atomic_fetch_or(call->memory, what, __ATOMIC_RELAXED); /* other threads look, too */
}

static bool remembers(const prov_call *call, uint32_t what)
{
    return __atomic_load_n(call->memory, __ATOMIC_RELAXED) & what;
}

/* ServiceProviderConfig lies beside the users (RFC 7644 section 4). It is asked once, and has no
 * more than a quarter of the time, since the answer is only a help. */
static void ask_config(prov_call *call)
{
    const prov_scim2_values *v = call->values;
    const prov_json *j, *supported;
    apr_time_t limit = call->limit;
    size_t len = strlen(v->user_endpoint);
    while (len && v->user_endpoint[len - 1] == '/')
        len--;
    while (len && v->user_endpoint[len - 1] != '/')
        len--;
    const char *url = apr_pstrcat(call->pool, apr_pstrndup(call->pool, v->user_endpoint, len),
                                  "ServiceProviderConfig", NULL);
    call->limit = limit / 4;
    prov_answer a = prov_scim2_send(call, "GET", url, NOTHING, NULL);
    call->limit += limit - limit / 4;
    if (a.end != PROV_CALL_ANSWERED)
        return;
    remember(call, PROV_SCIM2_ASKED);
    if (!prov_scim2_good(&a) || prov_json_parse(call->pool, a.body, &j))
        return;
    supported = prov_json_get(prov_json_get(j, "patch", NULL), "supported", NULL);
    if (prov_json_is(supported) == PROV_JSON_BOOLEAN && !prov_json_boolean(supported))
        remember(call, PROV_SCIM2_NO_PATCH);
}

static bool can_patch(prov_call *call)
{
    if (((const prov_scim2_values *)call->values)->update_method == PROV_SCIM2_PUT)
        return false;
    if (!remembers(call, PROV_SCIM2_ASKED | PROV_SCIM2_NO_PATCH))
        ask_config(call);
    return !remembers(call, PROV_SCIM2_NO_PATCH);
}

/* Sends the operations. False: the target has no PATCH after all and did nothing. */
static bool patch(prov_call *call, const char *id, prov_bytes operations, prov_answer *a)
{
    prov_buf b;
    prov_buf_init(&b, call->pool, operations.len + 128);
    prov_buf_text(&b, "{\"schemas\":[\"" PROV_URN_PATCH "\"],\"Operations\":[");
    prov_buf_add(&b, operations.data, operations.len);
    prov_buf_text(&b, "]}");
    *a = prov_scim2_send(call, "PATCH", prov_scim2_url(call, id), prov_buf_bytes(&b), NULL);
    bool refused = a->end == PROV_CALL_ANSWERED && (a->status == 405 || a->status == 501);
    if (refused)
        remember(call, PROV_SCIM2_NO_PATCH);
    return !refused;
}

static bool is_group(const prov_call *call)
{
    return strcmp(call->type->name, "Group") == 0;
}

/* --- the operations -------------------------------------------------------------------------- */

static prov_answer create(prov_call *call, const prov_object *wanted, prov_remote *remote)
{
    apr_time_t limit = call->limit;
    prov_buf b;
    prov_buf_init(&b, call->pool, 1024);
    prov_object_write(&b, call->type, wanted);
    prov_answer a =
        prov_scim2_send(call, "POST", prov_scim2_url(call, NULL), prov_buf_bytes(&b), NULL);
    if (prov_scim2_good(&a))
        prov_scim2_read(call, &a, remote);
    call->limit = limit;
    return a;
}

static prov_answer read_object(prov_call *call, const char *id, prov_remote *remote)
{
    apr_time_t limit = call->limit;
    const char *url = prov_scim2_url(call, id);
    prov_answer a = prov_scim2_send(call, "GET", url, NOTHING, NULL);
    /* A group of ten thousand members is above the cap: at least the group itself. */
    bool less = a.end == PROV_CALL_UNREADABLE && is_group(call);
    if (less)
        a = prov_scim2_send(call, "GET",
                            apr_pstrcat(call->pool, url, "?excludedAttributes=members", NULL),
                            NOTHING, NULL);
    if (prov_scim2_good(&a))
        prov_scim2_read(call, &a, remote);
    if (less)
        remote->member_count = -1; /* not known */
    call->limit = limit;
    return a;
}

/* Whether the object bears the value we searched: some targets know no filter and list all. */
static bool bears(const prov_call *call, const prov_attr *key, const char *value,
                  const prov_remote *r)
{
    const prov_value *v = prov_object_first(r->object, key);
    if (!v)
        return false;
    return key->case_exact ? prov_bytes_equal(v->text, prov_bytes_of(value))
                           : prov_text_fold_compare(call->pool, v->text, prov_bytes_of(value)) == 0;
}

static void read_list(prov_call *call, const prov_attr *key, const char *value, prov_answer *a,
                      prov_remote *found, int most, int *count)
{
    const prov_json *j = NULL;
    prov_err *err = prov_json_parse(call->pool, a->body, &j);
    const prov_json *list = prov_json_get(j, "Resources", NULL);
    const prov_json *total = prov_json_get(j, "totalResults", NULL);
    int64_t all = prov_json_is(total) == PROV_JSON_INTEGER ? prov_json_integer(total) : -1;
    size_t there = prov_json_is(list) == PROV_JSON_ARRAY ? prov_json_length(list) : 0;
    size_t others = 0;
    bool bad = err || all < 0 || (all > 0 && !there);
    for (size_t i = 0; i < there && *count < most && !bad; i++) {
        prov_remote r = { 0 };
        bad = !prov_scim2_take(call, prov_json_at(list, i), &r);
        if (!bad && bears(call, key, value, &r))
            found[(*count)++] = r;
        else
            others++;
    }
    /* What was not asked for, and not even all of it: that nothing was found means nothing. */
    if (bad || (!*count && others && all > (int64_t)there)) {
        a->end = PROV_CALL_UNREADABLE;
        a->excerpt = bad ? "the search's answer is no list of objects"
                         : "the target does not search by what it was asked";
        *count = 0;
    }
}

static prov_answer find(prov_call *call, const char *key, const char *value, prov_remote *found,
                        int most, int *count)
{
    apr_time_t limit = call->limit;
    const char *base = prov_scim2_url(call, NULL);
    const char *filter = apr_pstrcat(call->pool, key, " eq ",
                                     prov_filter_quote(call->pool, prov_bytes_of(value)), NULL);
    const char *url =
        base ? apr_psprintf(call->pool,
                            "%s?filter=%s&startIndex=1&count=%d"
                            "&excludedAttributes=members",
                            base, prov_scim2_encode(call->pool, filter), most > 2 ? most : 2)
             : NULL;
    const prov_attr *a_key = prov_schema_find(call->registry, call->type, key, strlen(key), NULL);
    *count = 0;
    prov_answer a = prov_scim2_send(call, "GET", url, NOTHING, NULL);
    if (prov_scim2_good(&a))
        read_list(call, a_key, value, &a, found, most, count);
    call->limit = limit;
    return a;
}

/* A 2xx without a body is a whole answer to an update; garbage is none. */
static void read_update(prov_call *call, prov_answer *a, prov_remote *remote)
{
    if (prov_scim2_good(a) && a->body.len)
        prov_scim2_read(call, a, remote);
    else if (prov_scim2_good(a))
        remote->etag = a->etag;
}

static prov_answer update(prov_call *call, const char *id, const char *etag,
                          const prov_object *before, const prov_object *wanted, prov_remote *remote)
{
    apr_time_t limit = call->limit;
    prov_answer a = { .end = PROV_CALL_ANSWERED, .status = 204 };
    prov_buf b;
    const prov_object *was = before ? before : prov_object_make(call->pool);
    prov_buf_init(&b, call->pool, 512);
    if (prov_patch_difference(&b, call->type, was, wanted) &&
        !(can_patch(call) && patch(call, id, prov_buf_bytes(&b), &a)))
        a = prov_scim2_put(call, id, was, wanted);
    read_update(call, &a, remote);
    call->limit = limit;
    return a;
}

static prov_answer remove_object(prov_call *call, const char *id, const char *etag)
{
    apr_time_t limit = call->limit;
    prov_answer a = prov_scim2_send(call, "DELETE", prov_scim2_url(call, id), NOTHING, NULL);
    call->limit = limit;
    return a;
}

static void write_added(prov_buf *b, const prov_member_change *c, bool more)
{
    prov_buf_text(b, more ? ",{\"value\":"
                          : "{\"op\":\"add\",\"path\":\"members\",\"value\":["
                            "{\"value\":");
    prov_json_write_text(b, c->remote_id);
    if (c->member_type && strcmp(c->member_type, "User") != 0) {
        prov_buf_text(b, ",\"type\":");
        prov_json_write_text(b, c->member_type);
    }
    prov_buf_byte(b, '}');
}

static void write_removed(prov_call *call, prov_buf *b, const prov_member_change *c)
{
    const char *id = prov_filter_quote(call->pool, prov_bytes_of(c->remote_id));
    prov_buf_text(b, b->len ? ",{\"op\":\"remove\",\"path\":" : "{\"op\":\"remove\",\"path\":");
    prov_json_write_text(b, apr_pstrcat(call->pool, "members[value eq ", id, "]", NULL));
    prov_buf_byte(b, '}');
}

static prov_answer members(prov_call *call, const char *group, const prov_member_change *changes,
                           int count)
{
    apr_time_t limit = call->limit;
    prov_answer a;
    prov_buf b;
    int added = 0;
    prov_buf_init(&b, call->pool, 64 + 64 * (size_t)count);
    for (int i = 0; i < count; i++)
        if (changes[i].add)
            write_added(&b, &changes[i], added++);
    prov_buf_text(&b, added ? "]}" : "");
    for (int i = 0; i < count; i++)
        if (!changes[i].add)
            write_removed(call, &b, &changes[i]);
    if (!can_patch(call) || !patch(call, group, prov_buf_bytes(&b), &a))
        a = prov_scim2_put_members(call, group, changes, count);
    call->limit = limit;
    return a;
}

static prov_answer probe(prov_call *call)
{
    prov_call users = *call;
    users.type = NULL; /* the users' endpoint, whatever this call is about */
    const char *url = apr_pstrcat(call->pool, prov_scim2_url(&users, NULL), "?count=1", NULL);
    return prov_scim2_send(&users, "GET", url, NOTHING, NULL);
}

const prov_connector prov_connector_scim2 = {
    .version = PROV_CONNECTOR_VERSION,
    .name = "scim2",
    .help = "Any SCIM 2.0 server",
    .options = options,
    .values_size = sizeof(prov_scim2_values),
    .check = check,
    .abilities = abilities,
    .endpoint = endpoint,
    .create = create,
    .read = read_object,
    .find = find,
    .update = update,
    .remove = remove_object,
    .members = members,
    .probe = probe,
};
