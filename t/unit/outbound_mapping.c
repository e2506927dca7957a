/* What a target is to have: identity, what ProvisionMap lines change, and what they must not say.
 */
#include "outbound/mapping.h"
#include "scim/projection.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *pool;
static prov_registry *registry;

static prov_err *count_up(void *baton, const char *urn, const char *path, const char *type,
                          uint16_t *number)
{
    *number = ++*(uint16_t *)baton;
    return NULL;
}

typedef struct fake_values {
    prov_option_head head;
    const char *domain;
} fake_values;

static const prov_option fake_options[] = { { NULL, "userStoreDomain", PROV_OPTION_TEXT,
                                              offsetof(fake_values, domain), NULL, 0, 0, NULL, 0,
                                              "" },
                                            PROV_OPTION_END };
static const prov_connector fake = { .name = "fake", .options = fake_options };

#define USER                                                                                       \
    "{\"userName\":\"alice\",\"externalId\":\"hr-7\",\"title\":\"Boss\",\"active\":false,"         \
    "\"name\":{\"givenName\":\"Alice\",\"familyName\":\"Liddell\"},"                               \
    "\"emails\":[{\"value\":\"a@home.example\",\"type\":\"home\"},"                                \
    "{\"value\":\"a@work.example\",\"type\":\"work\",\"primary\":true}],"                          \
    "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":\"Tea\","      \
    "\"manager\":{\"value\":\"m1\",\"$ref\":\"../Users/m1\"}}}"
#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"

static prov_object *tree(const prov_resource_type *t, const char *json)
{
    const prov_json *j;
    prov_object *o;
    prov_body_extra extra;
    const char *with = apr_psprintf(pool, "{\"schemas\":[\"%s\"],%s", t->schema->urn, json + 1);
    prov_err *err = prov_json_parse(pool, prov_bytes_of(with), &j);
    if (!err)
        err = prov_value_read(pool, registry, t, j, PROV_BODY_CREATE, &o, &extra);
    if (!err)
        return o;
    printf("# %s: %s\n", json, prov_err_text(pool, err));
    exit(EXIT_FAILURE);
}

static prov_err *make(const prov_map *maps, int count, const char *domain, prov_mapping **out)
{
    fake_values values = { .domain = domain };
    prov_connector_config c = { .idp = "partner",
                                .connector = &fake,
                                .values = &values,
                                .maps = apr_array_make(pool, 4, sizeof(prov_map)) };
    for (int i = 0; i < count; i++)
        *(prov_map *)apr_array_push(c.maps) = maps[i];
    return prov_mapping_make(pool, registry, &c, "example.com", out);
}

static prov_object *apply(const prov_mapping *m, const char *type, const char *json)
{
    const prov_resource_type *t = prov_registry_type_named(registry, type);
    prov_head head = { .type = t->number, .version = 1 };
    prov_mapping_input in = { .type = t, .name = "alice", .domain = "CORP" };
    memset(&in.id, 0xab, sizeof in.id);
    in.record = prov_record_write(pool, &head, tree(t, json));
    return prov_mapping_apply(m, pool, &in);
}

/* The same tree, whatever the order. */
static void is_tree(const prov_object *got, const char *type, const char *want, const char *what)
{
    const prov_resource_type *t = prov_registry_type_named(registry, type);
    if (ok(prov_object_equal(got, tree(t, want)), "%s", what))
        return;
    prov_buf b;
    prov_buf_init(&b, pool, 256);
    prov_object_write(&b, t, got);
    printf("#  got %.*s\n# want %s\n", (int)b.len, (const char *)b.data, want);
}

#define OUR_ID "\"externalId\":\"abababab-abab-abab-abab-abababababab\""

static void identity(void)
{
    prov_mapping *m;
    ok(!make(NULL, 0, NULL, &m), "no lines");
    is_tree(apply(m, "User", USER), "User",
            "{\"userName\":\"alice\"," OUR_ID ",\"title\":\"Boss\",\"active\":false,"
            "\"name\":{\"givenName\":\"Alice\",\"familyName\":\"Liddell\"},"
            "\"emails\":[{\"value\":\"a@work.example\",\"type\":\"work\",\"primary\":true},"
            "{\"value\":\"a@home.example\",\"type\":\"home\"}],"
            "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{"
            "\"department\":\"Tea\",\"manager\":{\"value\":\"m1\"}}}",
            "everything as it is, our id instead of theirs, no URL of ours");
    is_tree(apply(m, "User", "{\"userName\":\"alice\"}"), "User",
            "{\"userName\":\"alice\"," OUR_ID ",\"active\":true}", "active is said");
    is_tree(apply(m, "Group", "{\"displayName\":\"x\"}"), "Group",
            "{\"displayName\":\"alice\"," OUR_ID "}", "a group has its name and our id");

    ok(!make(NULL, 0, "EU", &m), "with a domain");
    is_tree(apply(m, "User", "{\"userName\":\"alice\"}"), "User",
            "{\"userName\":\"EU/alice\"," OUR_ID ",\"active\":true}", "stands before userName");
    is_tree(apply(m, "Group", "{\"displayName\":\"x\"}"), "Group",
            "{\"displayName\":\"alice\"," OUR_ID "}", "not before a group's name");
}

/* One line on a user with a title, a home and a work address and nothing else; `want` is what
 * stands there besides the id and active. */
static void lines(void)
{
#define BASE                                                                                       \
    "{\"userName\":\"alice\",\"title\":\"Boss\",\"emails\":[{\"value\":\"h@x\",\"type\":\"home\"}" \
    ","                                                                                            \
    "{\"value\":\"w@x\",\"type\":\"work\",\"primary\":true}]"
#define NAME  "\"userName\":\"alice\""
#define TITLE "\"title\":\"Boss\""
#define EMAILS                                                                                     \
    "\"emails\":[{\"value\":\"h@x\",\"type\":\"home\"},{\"value\":\"w@x\",\"type\":"               \
    "\"work\",\"primary\":true}]"
#define ALL NAME "," TITLE "," EMAILS
    static const struct {
        prov_map map;
        const char *want;
    } cases[] = {
        { { "userName", "{UN}@partner.example", NULL, NULL, "" },
          "\"userName\":\"alice@partner.example\"," TITLE "," EMAILS },
        { { "nickName", "{UD}|{TD}|{IDP}|{id}", NULL, NULL, "" },
          ALL ",\"nickName\":\"CORP|example.com|partner|abababab-abab-abab-abab-abababababab\"" },
        { { "nickName", "", NULL, NULL, "" }, ALL },
        { { "title", "", NULL, NULL, "" }, NAME "," EMAILS },
        { { "title", NULL, "nickName", "Employee", "" }, NAME ",\"title\":\"Employee\"," EMAILS },
        { { "title", NULL, "nickName", NULL, "" }, NAME "," EMAILS },
        { { "title", "{nickName}!", NULL, NULL, "" }, NAME "," EMAILS },
        { { "nickName", NULL, "title", "Employee", "" }, ALL ",\"nickName\":\"Boss\"" },
        { { "nickName", NULL, "emails", NULL, "" }, ALL ",\"nickName\":\"w@x\"" },
        { { "nickName", "{emails[type eq \"home\"].value}", NULL, NULL, "" },
          ALL ",\"nickName\":\"h@x\"" },
        { { "emails", "{UN}@y", NULL, NULL, "" },
          NAME "," TITLE ",\"emails\":[{\"value\":\"alice@y\"}]" },
        { { "emails[type eq \"home\"].value", "{UN}@y", NULL, NULL, "" },
          NAME "," TITLE ",\"emails\":[{\"value\":\"alice@y\",\"type\":\"home\"},"
               "{\"value\":\"w@x\",\"type\":\"work\",\"primary\":true}]" },
        { { "emails[type eq \"other\"].value", "{UN}@y", NULL, NULL, "" },
          NAME "," TITLE ",\"emails\":[{\"value\":\"h@x\",\"type\":\"home\"},{\"value\":\"w@x\","
               "\"type\":\"work\",\"primary\":true},{\"value\":\"alice@y\",\"type\":\"other\"}]" },
        { { "emails[type eq \"home\"].value", "", NULL, NULL, "" },
          NAME "," TITLE ",\"emails\":[{\"value\":\"w@x\",\"type\":\"work\",\"primary\":true}]" },
        { { "emails", NULL, "emails[type eq \"work\"]", NULL, "" },
          NAME "," TITLE ",\"emails\":[{\"value\":\"w@x\",\"type\":\"work\",\"primary\":true}]" },
        { { "emails", "", NULL, NULL, "" }, NAME "," TITLE },
        { { "name.familyName", NULL, "title", NULL, "" },
          ALL ",\"name\":{\"familyName\":\"Boss\"}" },
        { { ENTERPRISE "department", "Tea", NULL, NULL, "" },
          ALL ",\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{"
              "\"department\":\"Tea\"}" },
        { { PROV_URN_GROUP ":displayName", "no user's", NULL, NULL, "" }, ALL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_mapping *m;
        prov_err *err = make(&cases[i].map, 1, NULL, &m);
        const char *what =
            apr_psprintf(pool, "ProvisionMap %s %s", cases[i].map.to,
                         cases[i].map.template ? cases[i].map.template : cases[i].map.path);
        if (!ok(!err, "%s is understood", what))
            continue;
        is_tree(apply(m, "User", BASE "}"), "User",
                apr_pstrcat(pool, "{", cases[i].want, "," OUR_ID ",\"active\":true}", NULL), what);
    }
}

static void special(void)
{
    static const prov_map flag[] = { { "active", NULL, "userType", "true", "" },
                                     { "externalId", NULL, "externalId", NULL, "" } };
    static const prov_map group[] = { { PROV_URN_GROUP ":displayName", "g-{displayName}", NULL,
                                        NULL, "" } };
    prov_mapping *m;
    ok(!make(flag, 2, NULL, &m), "a flag from a text, and externalId from externalId");
    is_tree(apply(m, "User", "{\"userName\":\"a\",\"userType\":\"false\",\"externalId\":\"e\"}"),
            "User",
            "{\"userName\":\"alice\",\"userType\":\"false\",\"active\":false,\"externalId\":\"e\"}",
            "are taken over");
    is_tree(apply(m, "User", "{\"userName\":\"a\",\"userType\":\"maybe\"}"), "User",
            "{\"userName\":\"alice\",\"userType\":\"maybe\",\"active\":true}",
            "what is no flag gives the default; what is unassigned is not sent");
    ok(!make(group, 1, NULL, &m), "a line for groups");
    is_tree(apply(m, "Group", "{\"displayName\":\"x\"}"), "Group",
            "{\"displayName\":\"g-x\"," OUR_ID "}", "changes a group");
}

static void restricted(void)
{
    static const prov_map maps[] = { { "nickName", "", NULL, NULL, "" } };
    const prov_resource_type *t = prov_registry_type_named(registry, "User");
    prov_mapping *m;
    prov_object *theirs =
        tree(t, "{\"userName\":\"a\",\"nickName\":\"their own\",\"title\":\"ours to say\"}");
    make(maps, 1, NULL, &m);
    prov_mapping_restrict(m, t, theirs);
    is_tree(theirs, "User", "{\"userName\":\"a\",\"title\":\"ours to say\"}",
            "what a line suppresses is the target's own");
}

/* What no client ever gets is not given to a target. */
static void never_returned(void)
{
    const prov_resource_type *t = prov_registry_type_named(registry, "User");
    prov_attr *nick = (prov_attr *)prov_schema_attr(t->schema, "nickName", 8);
    prov_mapping *m;
    make(NULL, 0, NULL, &m);
    nick->returned = PROV_RETURNED_NEVER;
    prov_object *there = apply(m, "User", "{\"userName\":\"a\",\"nickName\":\"n\"}");
    ok(!prov_object_get(there, nick), "returned never: it is not sent");
    nick->returned = PROV_RETURNED_DEFAULT;
    there = apply(m, "User", "{\"userName\":\"a\",\"nickName\":\"n\"}");
    ok(prov_object_get(there, nick) != NULL, "else it is");
}

static void mistakes(void)
{
    static const struct {
        prov_map map;
        const char *detail;
    } cases[] = {
        { { "titel", "x", NULL, NULL, "a.conf:3" }, "there is no attribute 'titel'" },
        { { "title", NULL, "titel", NULL, "a.conf:3" },
          "'titel' is neither UN, UD, TD, IDP nor an attribute" },
        { { "title", "{SP}", NULL, NULL, "a.conf:3" },
          "'SP' is neither UN, UD, TD, IDP nor an attribute" },
        { { "title", "{}", NULL, NULL, "a.conf:3" },
          "'' is neither UN, UD, TD, IDP nor an attribute" },
        { { "title", "{UN", NULL, NULL, "a.conf:3" }, "the braces of '{UN' do not match" },
        { { "title", "UN}", NULL, NULL, "a.conf:3" }, "the braces of 'UN}' do not match" },
        { { "title", "{{UN}}", NULL, NULL, "a.conf:3" }, "the braces of '{{UN}}' do not match" },
        { { "password", "x", NULL, NULL, "a.conf:3" }, "'password' cannot be mapped" },
        { { "id", "x", NULL, NULL, "a.conf:3" }, "'id' cannot be mapped" },
        { { "groups", "x", NULL, NULL, "a.conf:3" }, "'groups' cannot be mapped" },
        { { "title", NULL, "password", NULL, "a.conf:3" },
          "'password' cannot be sent to a target" },
        { { "name", "x", NULL, NULL, "a.conf:3" },
          "'name' has no single value; name one of its sub-attributes" },
        { { "title", NULL, "name", NULL, "a.conf:3" },
          "'name' has no single value; name one of its sub-attributes" },
        { { "active", "yes", NULL, NULL, "a.conf:3" }, "'yes' is no value of that attribute" },
        { { "active", NULL, "title", "perhaps", "a.conf:3" },
          "'perhaps' is no value of that attribute" },
        { { "emails[type ne \"work\"].value", "x", NULL, NULL, "a.conf:3" },
          "the filter of 'emails[type ne \"work\"].value' may only use eq and and" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_mapping *m;
        prov_err *err = make(&cases[i].map, 1, NULL, &m);
        if (!ok(err != NULL, "%s is refused", cases[i].detail))
            continue;
        is_str(err->detail, cases[i].detail, "with this sentence");
        is_str(err->source, "a.conf:3", "and its place");
    }
}

int main(void)
{
    uint16_t number = 0;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    registry = prov_registry_core(pool);
    prov_registry_bind(registry, count_up, &number);
    identity();
    lines();
    special();
    restricted();
    never_returned();
    mistakes();
    apr_pool_destroy(pool);
    return plan_done();
}
