/* What the SCIM 2.0 connector asks and what it makes of answers, with a target that is a script. */
#include "outbound/connector/scim2.h"
#include "outbound/outbound.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#define URN_USER "\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"]"
#define LIMIT    apr_time_from_sec(5)

static apr_pool_t *pool;
static prov_registry *registry;
static const prov_connector *scim2;
static prov_scim2_values values;
static uint32_t memory;

/* The script: answers in order, and what was asked. */
static prov_answer script[4];
static prov_request asked[4];
static apr_time_t limits[4];
static int answers, calls;

static void fake_http(prov_call *call, const prov_request *request, prov_answer *answer)
{
    int i = calls++;
    if (i >= answers) {
        ok(false, "an exchange too many: %s %s", request->method, request->url);
        *answer = (prov_answer){ .end = PROV_CALL_NOT_SENT };
        return;
    }
    asked[i] = *request;
    limits[i] = call->limit;
    *answer = script[i];
}

static prov_call start(const char *type)
{
    answers = calls = 0;
    return (prov_call){ .pool = pool,
                        .values = &values,
                        .registry = registry,
                        .type = prov_registry_type_named(registry, type),
                        .limit = LIMIT,
                        .http = fake_http,
                        .memory = &memory };
}

static void answer(int status, const char *body)
{
    script[answers++] =
        (prov_answer){ .end = PROV_CALL_ANSWERED, .status = status, .body = prov_bytes_of(body) };
}

static void fresh(uint32_t remembered)
{
    memset(&values, 0, sizeof values);
    prov_option_presets(pool, scim2->options, &values.head);
    values.user_endpoint = "https://t.example/scim/v2/Users/";
    values.group_endpoint = "https://t.example/scim/v2/Groups";
    values.username = "svc";
    values.password = "s3cret";
    memory = remembered;
}

static prov_object *tree(const char *type, const char *json)
{
    const prov_json *j;
    prov_object *o = NULL;
    prov_body_extra extra;
    if (prov_json_parse(pool, prov_bytes_of(json), &j) ||
        prov_value_read(pool, registry, prov_registry_type_named(registry, type), j,
                        PROV_BODY_LENIENT, &o, &extra))
        printf("# cannot read %s\n", json);
    return o;
}

static const char *body(int i)
{
    return asked[i].body.data ? prov_bytes_text(pool, asked[i].body) : "";
}

static void settings(void)
{
    static const struct {
        const char *name;
        prov_scim2_values v;
        const char *wrong, *warning;
    } cases[] = {
        { "basic", { .username = "u", .password = "p" }, NULL, NULL },
        { "basic without password", { .username = "u" }, "authMode basic needs", NULL },
        { "bearer", { .auth_mode = PROV_SCIM2_BEARER, .access_token = "t" }, NULL, NULL },
        { "bearer without token",
          { .auth_mode = PROV_SCIM2_BEARER },
          "authMode bearer needs",
          NULL },
        { "apiKey",
          { .auth_mode = PROV_SCIM2_API_KEY, .api_key_header = "X-Key", .api_key_value = "k" },
          NULL,
          NULL },
        { "apiKey without value",
          { .auth_mode = PROV_SCIM2_API_KEY, .api_key_header = "X-Key" },
          "authMode apiKey needs",
          NULL },
        { "apiKey in no header",
          { .auth_mode = PROV_SCIM2_API_KEY, .api_key_header = "X Key:", .api_key_value = "k" },
          "apiKeyHeader is",
          NULL },
        { "none", { .auth_mode = PROV_SCIM2_NONE }, NULL, "authMode none" },
        { "clear text",
          { .username = "u", .password = "p", .user_endpoint = "http://t.example/Users" },
          NULL,
          "http:// to another host" },
        { "clear text for groups",
          { .username = "u", .password = "p", .group_endpoint = "http://127.0.0.1.t.example/G" },
          NULL,
          "http:// to another host" },
        { "clear text on loopback",
          { .username = "u", .password = "p", .user_endpoint = "http://127.0.0.1:8081/Users" },
          NULL,
          NULL },
        { "a query",
          { .username = "u", .password = "p", .user_endpoint = "https://t.example/Users?a=b" },
          "an endpoint is",
          NULL },
        { "a password in the URL",
          { .username = "u", .password = "p", .user_endpoint = "https://u:p@t.example/Users" },
          "an endpoint holds",
          NULL },
        { "a key alone",
          { .username = "u", .password = "p", .client_key = "/k.pem" },
          "clientKey needs",
          NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_scim2_values v = cases[i].v;
        const char *warning = NULL;
        if (!v.user_endpoint)
            v.user_endpoint = "https://t.example/Users";
        const char *wrong = scim2->check(pool, &v, &warning);
        ok(cases[i].wrong ? wrong && strstr(wrong, cases[i].wrong) : !wrong, "%s: %s",
           cases[i].name, wrong ? wrong : "fits");
        ok(cases[i].warning ? warning && strstr(warning, cases[i].warning) : !warning, "%s: %s",
           cases[i].name, warning ? warning : "no warning");
    }
    fresh(0);
    is_int(values.auth_mode, PROV_SCIM2_BASIC, "basic is the default");
    is_int(values.update_method, PROV_SCIM2_PATCH, "and PATCH");
    is_int(scim2->abilities(&values), PROV_CAN_DISABLE | PROV_CAN_RENAME | PROV_CAN_GROUPS,
           "with a group endpoint");
    values.group_endpoint = NULL;
    is_int(scim2->abilities(&values), PROV_CAN_DISABLE | PROV_CAN_RENAME, "without");
    ok(prov_connector_builtin("scim2") == scim2 && !prov_connector_builtin("SCIM2"), "its name");
}

static void credentials(void)
{
    prov_call call;
    fresh(0);
    call = start("Group");
    answer(200, "{}");
    scim2->probe(&call);
    is_str(asked[0].url, "https://t.example/scim/v2/Users?count=1", "the probe asks for users");
    is_str(asked[0].username, "svc", "as this account");
    ok(!asked[0].bearer && !asked[0].headers && !asked[0].body.data, "and nothing else");

    values.auth_mode = PROV_SCIM2_BEARER;
    values.access_token = "tok";
    call = start("User");
    answer(200, "{}");
    scim2->probe(&call);
    ok(!asked[0].username && strcmp(asked[0].bearer, "tok") == 0, "bearer");

    values.auth_mode = PROV_SCIM2_API_KEY;
    values.api_key_header = "X-Key";
    values.api_key_value = "k";
    call = start("User");
    answer(200, "{}");
    scim2->probe(&call);
    ok(!asked[0].username && !asked[0].bearer, "an API key and no more");
    is_str(asked[0].headers[0], "X-Key: k", "in the header that was named");
}

static void creation(void)
{
    static const struct {
        const char *body;
        int status;
        prov_call_end end;
        const char *what;
    } cases[] = {
        { "{\"id\":\"r1\",\"userName\":\"a\",\"meta\":{\"version\":\"W/\\\"5\\\"\"}}", 201,
          PROV_CALL_ANSWERED, "an object" },
        { "{\"userName\":\"a\"}", 201, PROV_CALL_UNREADABLE, "no id" },
        { "{\"id\":\"\",\"userName\":\"a\"}", 201, PROV_CALL_UNREADABLE, "an empty id" },
        { "{\"id\":\"..\",\"userName\":\"a\"}", 201, PROV_CALL_UNREADABLE, "an id of dots" },
        { "<html>", 201, PROV_CALL_UNREADABLE, "garbage" },
        { "[]", 200, PROV_CALL_UNREADABLE, "a list" },
        { "", 204, PROV_CALL_UNREADABLE, "nothing" },
        { "{\"detail\":\"taken\"}", 409, PROV_CALL_ANSWERED, "an error" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_remote r = { 0 };
        fresh(0);
        prov_call call = start("User");
        answer(cases[i].status, cases[i].body);
        prov_answer a = scim2->create(
            &call, tree("User", "{" URN_USER ",\"userName\":\"a\",\"active\":true}"), &r);
        is_int(a.end, cases[i].end, "created, and told %s", cases[i].what);
        ok((r.id != NULL) == (i == 0), "the id is known only from an object");
        if (i)
            continue;
        is_str(asked[0].method, "POST", "by POST");
        is_str(asked[0].url, "https://t.example/scim/v2/Users", "to the collection");
        ok(prov_object_equal(tree("User", body(0)),
                             tree("User", "{\"userName\":\"a\",\"active\":true}")),
           "%s", body(0));
        is_str(r.id, "r1", "the id");
        is_str(r.etag, "W/\"5\"", "and meta.version, where no ETag came");
    }
    fresh(0);
    values.group_endpoint = NULL;
    prov_remote r = { 0 };
    prov_call call = start("Group");
    is_int(scim2->create(&call, tree("Group", "{\"displayName\":\"g\"}"), &r).end,
           PROV_CALL_UNSUPPORTED, "a group without an endpoint for groups");
}

static void excerpts(void)
{
    char *longest = apr_pcalloc(pool, 1000);
    memset(longest, 'x', 999);
    memcpy(longest, "{\"detail\":\"", 11);
    memcpy(longest + 997, "\"}", 2);
    const struct {
        const char *body, *want;
    } cases[] = {
        { "{\"scimType\":\"uniqueness\",\"detail\":\"name taken\"}",
          "HTTP 409 uniqueness: name taken" },
        { "{\"detail\":\"two\\nlines\\u0007 \\u00e9\"}", "HTTP 409: two lines  \u00e9" },
        { "{\"detail\":\"you sent s3cret and c3ZjOnMzY3JldA==\"}",
          "HTTP 409: you sent ****** and ****************" },
        { "<html>s3cret</html>", "HTTP 409" },
        { "", "HTTP 409" },
        { "{\"detail\":7}", "HTTP 409" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_remote r = { 0 };
        fresh(0);
        prov_call call = start("User");
        answer(409, cases[i].body);
        is_str(scim2->read(&call, "x", &r).excerpt, cases[i].want, "%s", cases[i].body);
    }
    prov_remote r = { 0 };
    fresh(0);
    prov_call call = start("User");
    answer(409, longest);
    is_int(strlen(scim2->read(&call, "x", &r).excerpt), 200, "never longer than this");
}

static void reading(void)
{
    prov_remote r = { 0 };
    fresh(0);
    prov_call call = start("Group");
    answer(200, "{\"id\":\"g/1\",\"displayName\":\"G\",\"externalId\":\"e\",\"members\":["
                "{\"value\":\"m1\"},{\"value\":\"m2\",\"type\":\"User\"}]}");
    script[0].etag = "\"9\"";
    scim2->read(&call, "g/1 ?", &r);
    is_str(asked[0].url, "https://t.example/scim/v2/Groups/g%2F1%20%3F", "an id is one segment");
    is_str(r.etag, "\"9\"", "ETag");
    is_str(r.external_id, "e", "externalId");
    is_str(r.name, "G", "displayName");
    is_int(r.member_count, 2, "members");

    call = start("Group");
    script[answers++] = (prov_answer){ .end = PROV_CALL_UNREADABLE };
    answer(200, "{\"id\":\"g1\",\"displayName\":\"G\"}");
    is_int(scim2->read(&call, "g1", &r).end, PROV_CALL_ANSWERED, "a group too large to be read");
    is_str(asked[1].url, "https://t.example/scim/v2/Groups/g1?excludedAttributes=members",
           "is read without its members");
    is_int(r.member_count, -1, "which then are not known");
    is_int(call.limit, LIMIT, "the call's limit is as it was");
}

static void searching(void)
{
    static const struct {
        const char *body, *what;
        prov_call_end end;
        int count;
    } cases[] = {
        { "{\"totalResults\":0}", "nothing", PROV_CALL_ANSWERED, 0 },
        { "{\"totalResults\":1,\"Resources\":[{\"id\":\"1\",\"userName\":\"Al\\\"ice\"}]}",
          "one, in another case", PROV_CALL_ANSWERED, 1 },
        { "{\"totalResults\":2,\"Resources\":[{\"id\":\"1\",\"userName\":\"bob\"},"
          "{\"id\":\"2\",\"userName\":\"al\\\"ice\"}]}",
          "a list without a filter", PROV_CALL_ANSWERED, 1 },
        { "{\"totalResults\":1,\"Resources\":[{\"id\":\"1\",\"userName\":\"bob\"}]}",
          "another, and that is all there is", PROV_CALL_ANSWERED, 0 },
        { "{\"totalResults\":99,\"Resources\":[{\"id\":\"1\",\"userName\":\"bob\"}]}",
          "one page of everybody", PROV_CALL_UNREADABLE, 0 },
        { "{\"totalResults\":1,\"Resources\":[{\"userName\":\"al\\\"ice\"}]}", "one without an id",
          PROV_CALL_UNREADABLE, 0 },
        { "{\"totalResults\":1}", "a count of nothing", PROV_CALL_UNREADABLE, 0 },
        { "{}", "no list", PROV_CALL_UNREADABLE, 0 },
        { "oops", "garbage", PROV_CALL_UNREADABLE, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_remote found[3] = { { 0 } };
        int count = -1;
        fresh(0);
        prov_call call = start("User");
        answer(200, cases[i].body);
        prov_answer a = scim2->find(&call, "userName", "al\"ice", found, 3, &count);
        is_int(a.end, cases[i].end, "a search that gives %s", cases[i].what);
        is_int(count, cases[i].count, "finds so many");
    }
    is_str(asked[0].url,
           "https://t.example/scim/v2/Users?filter=userName%20eq%20%22al%5C%22ice%22"
           "&startIndex=1&count=3&excludedAttributes=members",
           "the value is quoted, then encoded");
}

#define BEFORE "{\"userName\":\"a\",\"title\":\"old\",\"active\":true}"
#define AFTER  "{\"userName\":\"a\",\"title\":\"new\",\"active\":true}"

static prov_answer change(prov_call *call, prov_remote *r)
{
    return scim2->update(call, "r1", "W/\"1\"", tree("User", BEFORE), tree("User", AFTER), r);
}

static void patching(void)
{
    prov_remote r = { 0 };
    fresh(0);
    prov_call call = start("User");
    answer(404, "");
    answer(200, "{\"id\":\"r1\",\"userName\":\"a\"}");
    script[1].etag = "W/\"2\"";
    is_int(change(&call, &r).status, 200, "an update");
    is_str(asked[0].url, "https://t.example/scim/v2/ServiceProviderConfig", "asks what can be");
    ok(limits[0] <= LIMIT / 4 && limits[1] > LIMIT / 2, "with little of the time");
    is_str(asked[1].method, "PATCH", "then patches");
    is_str(asked[1].url, "https://t.example/scim/v2/Users/r1", "the object");
    is_str(asked[1].if_match, NULL, "whatever its version");
    ok(strstr(body(1), "\"new\"") && !strstr(body(1), "userName"), "the difference: %s", body(1));
    is_str(r.etag, "W/\"2\"", "its ETag is learnt");

    call = start("User");
    answer(204, "");
    is_int(change(&call, &r).end, PROV_CALL_ANSWERED, "the next asks no more, 204 is an answer");
    call = start("User");
    answer(200, "<html>");
    is_int(change(&call, &r).end, PROV_CALL_UNREADABLE, "garbage is none");
    call = start("User");
    prov_answer a = scim2->update(&call, "r1", NULL, tree("User", AFTER), tree("User", AFTER), &r);
    ok(prov_scim2_good(&a) && calls == 0, "no difference, no exchange");

    fresh(0);
    call = start("User");
    script[answers++] = (prov_answer){ .end = PROV_CALL_LOST };
    answer(204, "");
    is_int(change(&call, &r).status, 204, "no word about what can be: PATCH");
    ok(!(memory & PROV_SCIM2_ASKED), "and it is asked again");

    call = start("User");
    answer(204, "");
    prov_answer gone = scim2->remove(&call, "r1", "W/\"1\"");
    is_int(gone.status, 204, "removed");
    is_str(asked[0].method, "DELETE", "by DELETE");
}

#define THEIRS                                                                                     \
    "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\",\"urn:other\"],\"id\":\"r1\","   \
    "\"userName\":\"a\",\"title\":\"old\",\"nickName\":\"theirs\",\"userType\":\"gone\","          \
    "\"name\":{\"formatted\":\"theirs\",\"givenName\":\"x\"},\"groups\":[{\"value\":\"g\"}],"      \
    "\"urn:other\":{\"a\":[1,2.5,null,true,\"t\"]},\"meta\":{\"version\":\"W/\\\"3\\\"\"}}"

static void putting(void)
{
    static const char before[] = "{\"userName\":\"a\",\"title\":\"old\",\"userType\":\"gone\"}";
    static const char after[] =
        "{\"userName\":\"a\",\"title\":\"new\",\"name\":{\"givenName\":\"y\"},"
        "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":\"d\"}}";
    static const char merged[] =
        "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\",\"urn:other\","
        "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"],\"id\":\"r1\","
        "\"nickName\":\"theirs\",\"name\":{\"formatted\":\"theirs\",\"givenName\":\"y\"},"
        "\"urn:other\":{\"a\":[1,2.5,null,true,\"t\"]},\"userName\":\"a\",\"title\":\"new\","
        "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":\"d\"}}";
    prov_remote r = { 0 };
    fresh(0);
    values.update_method = PROV_SCIM2_PUT;
    prov_call call = start("User");
    answer(200, THEIRS);
    answer(200, "{\"id\":\"r1\"}");
    is_int(scim2->update(&call, "r1", NULL, tree("User", before), tree("User", after), &r).status,
           200, "updateMethod put");
    is_str(asked[0].method, "GET", "reads");
    is_str(asked[1].method, "PUT", "and writes");
    is_str(asked[1].if_match, "W/\"3\"", "what it has read");
    is_str(body(1), merged, "theirs stays, ours changes");

    static const struct {
        prov_answer a;
        prov_call_end end;
        const char *what;
    } cases[] = {
        { { .end = PROV_CALL_LOST }, PROV_CALL_NOT_SENT, "lost" },
        { { .end = PROV_CALL_UNREADABLE }, PROV_CALL_NOT_SENT, "garbage" },
        { { .end = PROV_CALL_NO_TLS }, PROV_CALL_NO_TLS, "no TLS" },
        { { .status = 500 }, PROV_CALL_NOT_SENT, "500" },
        { { .status = 503 }, PROV_CALL_ANSWERED, "503" },
        { { .status = 404 }, PROV_CALL_ANSWERED, "404" },
        { { .status = 200, .body = { (const uint8_t *)"[]", 2 } }, PROV_CALL_NOT_SENT, "a list" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        call = start("User");
        script[answers++] = cases[i].a;
        is_int(change(&call, &r).end, cases[i].end, "nothing is written after %s", cases[i].what);
    }

    fresh(0);
    call = start("User");
    answer(200, "{\"patch\":{\"supported\":false}}");
    answer(200, THEIRS);
    answer(204, "");
    change(&call, &r);
    is_str(asked[2].method, "PUT", "where ServiceProviderConfig says no PATCH");
    fresh(PROV_SCIM2_ASKED);
    call = start("User");
    answer(501, "");
    answer(200, THEIRS);
    answer(204, "");
    change(&call, &r);
    is_str(asked[2].method, "PUT", "where PATCH is refused");
    call = start("User");
    answer(200, THEIRS);
    answer(204, "");
    change(&call, &r);
    is_str(asked[0].method, "GET", "it is remembered");
}

static void membership(void)
{
    static const prov_member_change changes[] = { { "u\"1", "User", true },
                                                  { "u2", "User", false },
                                                  { "g3", "Group", true } };
    fresh(PROV_SCIM2_ASKED);
    prov_call call = start("Group");
    answer(204, "");
    is_int(scim2->members(&call, "g1", changes, 3).status, 204, "members");
    is_str(asked[0].url, "https://t.example/scim/v2/Groups/g1", "of the group");
    is_str(body(0),
           "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":["
           "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"u\\\"1\"},"
           "{\"value\":\"g3\",\"type\":\"Group\"}]},"
           "{\"op\":\"remove\",\"path\":\"members[value eq \\\"u2\\\"]\"}]}",
           "one PATCH");
    call = start("Group");
    answer(204, "");
    scim2->members(&call, "g1", changes + 1, 1);
    is_str(body(0),
           "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":["
           "{\"op\":\"remove\",\"path\":\"members[value eq \\\"u2\\\"]\"}]}",
           "only a removal");

    fresh(PROV_SCIM2_NO_PATCH);
    call = start("Group");
    answer(200, "{\"id\":\"g1\",\"displayName\":\"G\",\"members\":[{\"value\":\"u2\"},"
                "{\"value\":\"other\",\"display\":\"O\"}]}");
    answer(200, "{}");
    scim2->members(&call, "g1", changes, 3);
    is_str(body(1),
           "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"id\":\"g1\","
           "\"displayName\":\"G\",\"members\":[{\"value\":\"other\",\"display\":\"O\"},"
           "{\"value\":\"u\\\"1\"},{\"value\":\"g3\"}]}",
           "without PATCH the others stay");

    prov_remote r = { 0 };
    call = start("Group");
    answer(200, "{\"id\":\"g1\",\"displayName\":\"G\",\"members\":[{\"value\":\"u2\"}]}");
    answer(204, "");
    scim2->update(&call, "g1", NULL, tree("Group", "{\"displayName\":\"G\"}"),
                  tree("Group", "{\"displayName\":\"H\"}"), &r);
    ok(strstr(body(1), "\"members\":[{\"value\":\"u2\"}]") && strstr(body(1), "\"H\""),
       "a rename by PUT keeps the members: %s", body(1));
}

static void time_runs(prov_call *call, const prov_request *request, prov_answer *answer)
{
    apr_sleep(2000);
    fake_http(call, request, answer);
}

static void limited(void)
{
    prov_remote r = { 0 };
    fresh(PROV_SCIM2_NO_PATCH);
    prov_call call = start("User");
    call.http = time_runs;
    call.limit = 1000;
    answer(200, THEIRS);
    is_int(change(&call, &r).end, PROV_CALL_NOT_SENT, "no time left for the write");
    is_int(calls, 1, "so it is not sent");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    registry = prov_registry_core(pool);
    scim2 = prov_connector_builtin("scim2");
    settings();
    credentials();
    creation();
    excerpts();
    reading();
    searching();
    patching();
    putting();
    membership();
    limited();
    apr_pool_destroy(pool);
    return plan_done();
}
