#include "scim_fixture.h"
#include "scim/message.h"
#include "scim/projection.h"

#define U    "{" USER_SCHEMAS ","
#define ENT  "\"" PROV_URN_ENTERPRISE "\":"
#define ID   "\"id\":\"01020304-0506-0708-090a-0b0c0d0e0f10\""
#define BOTH "\"schemas\":[\"" PROV_URN_USER "\",\"" PROV_URN_ENTERPRISE "\"]," ID
#define META                                                                                       \
    ",\"meta\":{\"resourceType\":\"User\",\"created\":\"2011-05-13T04:42:34Z\","                   \
    "\"lastModified\":\"2011-05-13T04:42:35Z\",\"location\":\"https://h/v2/Users/"                 \
    "01020304-0506-0708-090a-0b0c0d0e0f10\",\"version\":\"W/\\\"12\\\"\"}"
#define NAME ",\"name\":{\"familyName\":\"Jensen\",\"givenName\":\"B\\\\\"}"
#define EMAILS                                                                                     \
    ",\"emails\":[{\"value\":\"b@x\",\"type\":\"work\",\"primary\":true},{\"value\":\"c@x\"}]"
#define USER ",\"externalId\":\"E1\",\"userName\":\"CORP/bj\"" NAME ",\"active\":false" EMAILS
#define MORE "," ENT "{\"department\":\"D\",\"manager\":{\"value\":\"7\",\"$ref\":\"../7\"}}"
#define GROUPS                                                                                     \
    ",\"groups\":[{\"value\":\"g1\",\"display\":\"G\",\"type\":\"direct\","                        \
    "\"$ref\":\"https://h/v2/Groups/g1\"}]"

static const char body[] =
    U "\"userName\":\"bj\",\"externalId\":\"E1\",\"name\":{\"familyName\":\"Jensen\","
      "\"givenName\":\"B\\\\\"},\"active\":false,\"password\":\"secret\",\"emails\":[{\"value\":"
      "\"b@x\",\"type\":\"work\",\"primary\":true},{\"value\":\"c@x\"}]," ENT
      "{\"department\":\"D\",\"manager\":{\"value\":\"7\",\"$ref\":\"../7\"}}}";

/* attributes, excludedAttributes, what comes out of them */
static const struct {
    const char *attributes, *excluded, *want;
} cases[] = {
    { NULL, NULL, "{" BOTH USER GROUPS MORE META "}" },
    { "", NULL, "{" BOTH USER GROUPS MORE META "}" },
    { " , ", NULL, "{" BOTH USER GROUPS MORE META "}" },
    { NULL, "", "{" BOTH USER GROUPS MORE META "}" },
    { "userName", NULL, "{" BOTH ",\"userName\":\"CORP/bj\"}" },
    { "USERNAME", NULL, "{" BOTH ",\"userName\":\"CORP/bj\"}" },
    { "nothing", NULL, "{" BOTH "}" },
    { "id", NULL, "{" BOTH "}" },
    { "userName, externalId", NULL, "{" BOTH ",\"externalId\":\"E1\",\"userName\":\"CORP/bj\"}" },
    { "name", NULL, "{" BOTH NAME "}" },
    { "name.givenName", NULL, "{" BOTH ",\"name\":{\"givenName\":\"B\\\\\"}}" },
    { "name.givenName,name", NULL, "{" BOTH NAME "}" },
    { "name.middleName", NULL, "{" BOTH "}" },
    { "emails.type", NULL, "{" BOTH ",\"emails\":[{\"type\":\"work\"}]}" },
    { "emails.VALUE", NULL, "{" BOTH ",\"emails\":[{\"value\":\"b@x\"},{\"value\":\"c@x\"}]}" },
    { PROV_URN_USER ":emails.value", NULL,
      "{" BOTH ",\"emails\":[{\"value\":\"b@x\"},{\"value\":\"c@x\"}]}" },
    { "urn:IETF:params:scim:schemas:core:2.0:USER:active", NULL, "{" BOTH ",\"active\":false}" },
    { "department", NULL, "{" BOTH "," ENT "{\"department\":\"D\"}}" },
    { PROV_URN_ENTERPRISE ":manager.value", NULL,
      "{" BOTH "," ENT "{\"manager\":{\"value\":\"7\"}}}" },
    { PROV_URN_ENTERPRISE, NULL, "{" BOTH MORE "}" },
    { "meta.version", NULL, "{" BOTH ",\"meta\":{\"version\":\"W/\\\"12\\\"\"}}" },
    { "meta", NULL, "{" BOTH META "}" },
    { "groups.value", NULL, "{" BOTH ",\"groups\":[{\"value\":\"g1\"}]}" },
    { "groups.$ref", NULL, "{" BOTH ",\"groups\":[{\"$ref\":\"https://h/v2/Groups/g1\"}]}" },
    { "password", NULL, "{" BOTH "}" },
    { PROV_URN_USER, NULL,
      "{" BOTH ",\"userName\":\"CORP/bj\"" NAME ",\"active\":false" EMAILS GROUPS "}" },
    { NULL, "groups", "{" BOTH USER MORE META "}" },
    { NULL, "GROUPS,meta," PROV_URN_ENTERPRISE ",emails,name,active",
      "{" BOTH ",\"externalId\":\"E1\",\"userName\":\"CORP/bj\"}" },
    { NULL, "id,schemas,nothing", "{" BOTH USER GROUPS MORE META "}" },
    { NULL, "groups,meta,name,externalId,active,emails.primary,emails.type,department",
      "{" BOTH ",\"userName\":\"CORP/bj\",\"emails\":[{\"value\":\"b@x\"},{\"value\":\"c@x\"}]"
      "," ENT "{\"manager\":{\"value\":\"7\",\"$ref\":\"../7\"}}}" },
    { NULL, "groups,meta,emails,active,name.givenName,name.familyName," PROV_URN_ENTERPRISE,
      "{" BOTH ",\"externalId\":\"E1\",\"userName\":\"CORP/bj\"}" },
    { "links.state", NULL,
      "{\"schemas\":[\"" PROV_URN_USER "\",\"" PROV_URN_ENTERPRISE "\",\"" PROV_URN_LINKS "\"]," ID
      ",\"" PROV_URN_LINKS "\":{\"links\":[{\"state\":\"synced\"}]}}" },
    { PROV_URN_LINKS, NULL,
      "{\"schemas\":[\"" PROV_URN_USER "\",\"" PROV_URN_ENTERPRISE "\",\"" PROV_URN_LINKS "\"]," ID
      ",\"" PROV_URN_LINKS "\":{\"links\":[{\"state\":\"synced\",\"tries\":2}]}}" },
};

/* --- a view ------------------------------------------------------------------------------- */

static int asked; /* attributes whose values were read from elsewhere */

static const prov_attr *sub(const prov_attr *a, const char *name)
{
    return prov_schema_sub(a, name, strlen(name));
}

static void elsewhere(const prov_view *v, const prov_attr *a,
                      bool (*each)(void *baton, const prov_object *value), void *baton)
{
    prov_object *o = prov_object_make(v->scratch);
    asked++;
    if (a->place == PROV_IN_GROUPS) {
        prov_field_add(o, prov_object_set(o, sub(a, "value")))->text = PROV_BYTES("g1");
        prov_field_add(o, prov_object_set(o, sub(a, "display")))->text = PROV_BYTES("G");
        prov_field_add(o, prov_object_set(o, sub(a, "type")))->text = PROV_BYTES("direct");
        each(baton, o);
    } else if (a->place == PROV_IN_LINKS) {
        prov_field_add(o, prov_object_set(o, sub(a, "state")))->text = PROV_BYTES("synced");
        prov_field_add(o, prov_object_set(o, sub(a, "tries")))->integer = 2;
        each(baton, o);
    } else if (a->place == PROV_IN_MEMBERS) {
        prov_field_add(o, prov_object_set(o, sub(a, "value")))->text = PROV_BYTES("u1");
        prov_field_add(o, prov_object_set(o, sub(a, "type")))->text = PROV_BYTES("User");
        each(baton, o);
        prov_field_add(o, prov_object_set(o, sub(a, "type")))->text = PROV_BYTES("Group");
        each(baton, o);
    }
}

static prov_view view_of(apr_pool_t *p, const prov_registry *r, const char *type, const char *text)
{
    prov_head head = { .version = 12, .created = 1305261754000000, .modified = 1305261755000000 };
    prov_object *o = read_body(p, r, type, text);
    return (prov_view){ .registry = r,
                        .type = prov_registry_type_named(r, type),
                        .id = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } },
                        .record = prov_record_write(p, &head, o),
                        .prefix = PROV_BYTES("CORP/"),
                        .base = "https://h/v2",
                        .scratch = p,
                        .elsewhere = elsewhere };
}

static const char *written(apr_pool_t *p, const prov_view *v, const prov_projection *proj)
{
    prov_buf b;
    prov_buf_init(&b, p, 0);
    prov_resource_write(&b, v, proj);
    return buf_text(p, &b);
}

static void test_cases(apr_pool_t *p, const prov_registry *r)
{
    prov_view v = view_of(p, r, "User", body);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_projection *proj;
        ok(!prov_projection_parse(p, r, v.type, cases[i].attributes, cases[i].excluded, &proj),
           "taken");
        const char *got = written(p, &v, proj);
        is_str(got, cases[i].want, "attributes %s, excluded %s",
               cases[i].attributes ? cases[i].attributes : "not given",
               cases[i].excluded ? cases[i].excluded : "not given");
        ok(!strstr(got, "secret"), "no password");
        parse_json(p, got);
    }
    prov_projection *proj;
    prov_err *err = prov_projection_parse(p, r, v.type, "id", "name", &proj);
    is_str(err ? err->scim_type : NULL, "invalidValue", "both at once are refused");
}

static void test_wants(apr_pool_t *p, const prov_registry *r)
{
    prov_view v = view_of(p, r, "User", body);
    const prov_attr *groups = prov_schema_attr(v.type->schema, "groups", 6);
    const prov_attr *links = prov_schema_find(r, v.type, "links", 5, NULL);
    const prov_attr *state = prov_schema_find(r, v.type, "links.state", 11, NULL);
    const prov_attr *tries = prov_schema_find(r, v.type, "links.tries", 11, NULL);
    prov_projection *proj;
    ok(prov_projection_wants(NULL, groups), "groups are wanted");
    ok(!prov_projection_wants(NULL, links), "links are not");
    ok(!prov_projection_wants(NULL, state), "nor what is in them");
    prov_projection_parse(p, r, v.type, "links.state", NULL, &proj);
    ok(prov_projection_wants(proj, links), "unless they are asked for");
    ok(prov_projection_wants(proj, state), "then what is named");
    ok(!prov_projection_wants(proj, tries), "and no more");
    asked = 0;
    written(p, &v, proj);
    is_int(asked, 1, "the writer asks for nothing else");
    prov_projection_parse(p, r, v.type, NULL, "groups", &proj);
    ok(!prov_projection_wants(proj, groups), "excluded is not wanted");
    asked = 0;
    written(p, &v, proj);
    is_int(asked, 0, "and not asked for");
}

static void test_request(apr_pool_t *p, const prov_registry *r)
{
    prov_view v = view_of(p, r, "User", body);
    prov_attr *active = (prov_attr *)prov_schema_attr(v.type->schema, "active", 6);
    prov_attr *never = (prov_attr *)prov_schema_attr(v.type->schema, "emails", 6);
    active->returned = PROV_RETURNED_REQUEST;
    never->returned = PROV_RETURNED_NEVER;
    prov_projection *proj;
    prov_projection_parse(p, r, v.type, NULL, NULL, &proj);
    const char *got = written(p, &v, proj);
    ok(!strstr(got, "active"), "returned request is not written of itself");
    ok(!strstr(got, "emails"), "returned never neither");
    prov_projection_add(proj, active);
    prov_projection_add(proj, never);
    got = written(p, &v, proj);
    ok(strstr(got, "\"active\":false") != NULL, "but when the request wrote it");
    ok(strstr(got, "\"userName\"") != NULL, "with the rest");
    ok(!strstr(got, "emails"), "never stays never");
    prov_projection_parse(p, r, v.type, "active,emails,emails.value", NULL, &proj);
    got = written(p, &v, proj);
    ok(strstr(got, "\"active\":false") != NULL, "or when it is asked for");
    ok(!strstr(got, "emails"), "never stays never");
    active->returned = never->returned = PROV_RETURNED_DEFAULT;
}

static void test_groups(apr_pool_t *p, const prov_registry *r)
{
    prov_view v = view_of(p, r, "Group", "{" GROUP_SCHEMAS ",\"displayName\":\"G\"}");
    const char *got = written(p, &v, NULL);
    ok(strstr(got, ",\"displayName\":\"G\",\"members\":[{\"value\":\"u1\",\"type\":\"User\","
                   "\"$ref\":\"https://h/v2/Users/u1\"},{\"value\":\"u1\",\"type\":\"Group\","
                   "\"$ref\":\"https://h/v2/Groups/u1\"}],\"meta\":") != NULL,
       "members have references by their type, and only userName has a prefix: %s", got);
    v.elsewhere = NULL;
    ok(!strstr(written(p, &v, NULL), "members"), "without members there is no list");
}

static void test_etag(void)
{
    char tag[PROV_ETAG_ROOM];
    is_int(prov_etag_print(UINT64_MAX, tag), 24, "the longest ETag");
    is_str(tag, "W/\"18446744073709551615\"", "has room");
}

/* --- envelopes ---------------------------------------------------------------------------- */

static const struct {
    const char *start, *count;
    int64_t first, want; /* -1: refused */
} windows[] = {
    { NULL, NULL, 1, 200 },
    { "1", "10", 1, 10 },
    { "0", "10", 1, 10 },
    { "-5", "-5", 1, 0 },
    { "7", "0", 7, 0 },
    { "7", "201", 7, 200 },
    { "99999999999999999999", "99999999999999999999", INT64_MAX, 200 },
    { "1x", NULL, -1, -1 },
    { "", NULL, -1, -1 },
    { " 1", NULL, -1, -1 },
    { "1", "1.5", -1, -1 },
    { "1", "--1", -1, -1 },
};

static void test_envelopes(apr_pool_t *p)
{
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        int64_t first, want;
        prov_err *err = prov_list_start(p, windows[i].start, &first);
        prov_err *other = prov_list_count(p, windows[i].count, "invalidValue", 200, 200, &want);
        err = err ? err : other;
        const char *start = windows[i].start ? windows[i].start : "(none)";
        is_int(err ? -1 : first, windows[i].first, "startIndex %s", start);
        is_int(err ? -1 : want, windows[i].want, "count with it");
        is_str(err ? err->scim_type : NULL, windows[i].first < 0 ? "invalidValue" : NULL, "%s",
               err ? err->detail : "taken");
    }
    prov_buf b;
    prov_buf_init(&b, p, 0);
    prov_list_open(&b, 100, 3, 1);
    prov_buf_text(&b, "{}");
    prov_list_close(&b);
    is_str(buf_text(p, &b),
           "{\"schemas\":[\"" PROV_URN_LIST "\"],\"totalResults\":100,\"startIndex\":3,"
           "\"itemsPerPage\":1,\"Resources\":[{}]}",
           "a list");
    for (int last = 0; last <= 1; last++) {
        b.len = 0;
        prov_list_open_cursor(&b, 9, 2, last ? NULL : "a-b_c");
        prov_list_close(&b);
        is_str(buf_text(p, &b),
               apr_psprintf(p,
                            "{\"schemas\":[\"" PROV_URN_LIST
                            "\"],\"totalResults\":9,\"itemsPerPage\":2,%s\"Resources\":[]}",
                            last ? "" : "\"nextCursor\":\"a-b_c\","),
               "a page by cursor%s", last ? ", the last" : "");
    }
    b.len = 0;
    prov_error_write(&b, 409, "uniqueness", "userName \"a\" is taken");
    is_str(buf_text(p, &b),
           "{\"schemas\":[\"" PROV_URN_ERROR "\"],\"status\":\"409\",\"scimType\":\"uniqueness\","
           "\"detail\":\"userName \\\"a\\\" is taken\"}",
           "an error");
    b.len = 0;
    prov_error_write(&b, 500, NULL, NULL);
    is_str(buf_text(p, &b), "{\"schemas\":[\"" PROV_URN_ERROR "\"],\"status\":\"500\"}",
           "the least of one");
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    prov_registry *r = bound_registry(p);
    test_cases(p, r);
    test_wants(p, r);
    test_request(p, r);
    test_groups(p, r);
    test_etag();
    test_envelopes(p);
    apr_pool_destroy(p);
    return plan_done();
}
