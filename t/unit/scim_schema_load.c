/* Declared schemas and resource types: what is taken, every sentence that refuses one, and hostile
 * files. */
#include "tap.h"
#include "scim/schema_load.h"
#include "scim_fixture.h"
#include <string.h>

#define BADGE    "urn:example:scim:schemas:extension:badge:1.0:User"
#define ROOM     "urn:example:scim:schemas:core:1.0:Room"
#define ID(urn)  "\"id\":\"" urn "\","
#define ATTRS(a) "\"attributes\":[" a "]"
#define ONE(a)   "{" ID(BADGE) ATTRS("{\"name\":\"a\"," a "}") "}"
#define SUBS(a)                                                                                    \
    "{" ID(BADGE) ATTRS("{\"name\":\"a\",\"type\":\"complex\",\"subAttributes\":[" a "]}") "}"
#define NAMED(a) "{" ID(BADGE) ATTRS("{\"name\":\"" a "\"}") "}"

static apr_pool_t *pool;

/* --- refused -------------------------------------------------------------------------------- */

static const struct {
    const char *json, *why; /* a part of the sentence */
} schemas[] = {
    { "", "JSON" },
    { "{", "" },
    { "7", "it must be a JSON object" },
    { "{\"Resources\":[7]}", "it must be a JSON object" },
    { "{\"Resources\":{}}", "there is no \"Resources\" here" },
    { "[7]", "it must be a JSON object" },
    { "{\"id\":\"\xff\"}", "" },
    { "{\"id\":\"a\",\"id\":\"b\"}", "twice" },
    { "{}", "the id must be a URN" },
    { "{\"id\":7}", "id must be a string" },
    { "{\"id\":\"urn:\"}", "the id must be a URN" },
    { "{\"id\":\"urn:x\"}", "the id must be a URN" },
    { "{\"id\":\"urn:x:\"}", "the id must be a URN" },
    { "{\"id\":\"urn:x:a b\"}", "the id must be a URN" },
    { "{\"id\":\"urn:x:a\\u0000b\"}", "" },
    { "{\"id\":\"https://x/y\"}", "the id must be a URN" },
    { "{" ID(PROV_URN_PATCH) ATTRS("") "}", "the name of something else" },
    { "{" ID(PROV_URN_COMMON) ATTRS("") "}", "the name of something else" },
    { "{\"id\":\"URN:ietf:params:scim:schemas:core:2.0:user\"}", "there is a schema" },
    { "{\"id\":\"urn:ietf:params:scim:schemas:core:2.0:Schema\"}", "there is a schema" },
    { "{" ID(BADGE) "\"name\":\"x\"}", "a schema needs attributes" },
    { "{" ID(BADGE) ATTRS("") "}", "a schema needs attributes" },
    { "{" ID(BADGE) "\"attributes\":{}}", "attributes must be a list" },
    { "{" ID(BADGE) "\"attribute\":[]}", "there is no \"attribute\" here" },
    { "{" ID(BADGE) "\"description\":[]," ATTRS("{\"name\":\"a\"}") "}",
      "description must be a string" },
    { "{" ID(BADGE) ATTRS("7") "}", "it must be a JSON object" },
    { "{" ID(BADGE) ATTRS("{}") "}", "\"\" is no name" },
    { "{" ID(BADGE) ATTRS("{\"name\":\"a\"},{\"name\":\"A\"}") "}",
      "the attribute A: the name is" },
    { NAMED("1a"), "\"1a\" is no name" },
    { NAMED("a.b"), "\"a.b\" is no name" },
    { NAMED("a:b"), "is no name" },
    { NAMED("\\\"a"), "is no name" },
    { NAMED("\\u00e4"), "is no name" },
    { NAMED("a123456789a123456789a123456789a123456789a123456789a123456789a1234"), "is no name" },
    { NAMED("id"), "every resource has id" },
    { NAMED("EXTERNALID"), "every resource has EXTERNALID" },
    { ONE("\"type\":\"String\""), "type cannot be \"String\"; write one of string, boolean" },
    { ONE("\"type\":1"), "type must be a string" },
    { ONE("\"required\":\"true\""), "required must be true or false" },
    { ONE("\"multivalue\":true"), "there is no \"multivalue\" here; what there may be is name" },
    { ONE("\"mutability\":\"readonly\""), "write one of readWrite, readOnly" },
    { ONE("\"returned\":\"no\""), "write one of default, always" },
    { ONE("\"uniqueness\":\"all\""), "write one of none, server" },
    { ONE("\"mutability\":\"writeOnly\",\"returned\":\"always\""), "writeOnly is never returned" },
    { ONE("\"type\":\"boolean\",\"uniqueness\":\"server\""), "a boolean value cannot be unique" },
    { ONE("\"type\":\"integer\",\"canonicalValues\":[\"1\"]"), "only a string has canonical" },
    { ONE("\"canonicalValues\":\"x\""), "canonicalValues must be a list" },
    { ONE("\"canonicalValues\":[1]"), "canonicalValues must be a string" },
    { ONE("\"referenceTypes\":[\"uri\"]"), "only a reference has referenceTypes" },
    { ONE("\"subAttributes\":[{\"name\":\"b\"}]"), "only a complex attribute has subAttributes" },
    { ONE("\"type\":\"complex\""), "a complex attribute needs subAttributes" },
    { ONE("\"type\":\"complex\",\"subAttributes\":[]"), "a complex attribute needs subAttributes" },
    { SUBS("{\"name\":\"b\",\"type\":\"complex\"}"), "a.b: a sub-attribute cannot be complex" },
    { SUBS("{\"name\":\"b\",\"type\":\"x\"}"), "the attribute a.b: type cannot be" },
    { SUBS("{\"name\":\"b\"},{\"name\":\"B\"}"), "the name is there twice" },
    { "[" NAMED("a") "," NAMED("b") "]", "there is a schema " BADGE " already" },
};

static void refused(const prov_err *err, const char *why, const char *json)
{
    const char *said = err ? err->detail : "(taken)";
    if (!ok(err && err->http == 400 && strncmp(said, "x.json: ", 8) == 0 && strstr(said, why),
            "refused: %.60s", json))
        printf("# %s\n# lacks %s\n", said, why);
}

static void test_schemas(void)
{
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        prov_registry *r = prov_registry_core(pool);
        int before = prov_registry_schema_count(r);
        refused(prov_schema_load(r, "x.json", prov_bytes_of(schemas[i].json)), schemas[i].why,
                schemas[i].json);
        is_int(prov_registry_schema_count(r), before, "and nothing of it stays");
    }
}

#define TYPE(more) "{\"name\":\"Room\",\"endpoint\":\"/Rooms\",\"schema\":\"" ROOM "\"" more "}"
#define WITH(more) TYPE(",\"schemaExtensions\":[" more "]")

static const struct {
    const char *json, *why; /* NULL: it is taken */
} types[] = {
    { TYPE(""), NULL },
    { TYPE(",\"schemaExtensions\":null,\"id\":\"Room\",\"meta\":{}"), NULL },
    { WITH("{\"schema\":\"" BADGE "\",\"required\":true}"), NULL },
    { WITH("{\"schema\":\"" PROV_URN_ENTERPRISE "\"}"), NULL },
    { "{\"name\":\"User\",\"schemaExtensions\":[{\"schema\":\"" BADGE "\"}]}", NULL },
    { "{\"name\":\"group\",\"endpoint\":\"/Groups\"}", NULL },
    { "", "JSON" },
    { "[[]]", "it must be a JSON object" },
    { "{}", "the name cannot be \"\"" },
    { "{\"name\":\"a b\"}", "the name cannot be \"a b\"" },
    { "{\"name\":\"Room\",\"id\":\"room\"}", "the id must be the name, Room" },
    { "{\"name\":\"Room\",\"endpiont\":\"/Rooms\"}", "there is no \"endpiont\" here" },
    { "{\"name\":\"Room\",\"schema\":\"" ROOM "\"}", "the endpoint cannot be \"\"" },
    { "{\"name\":\"Room\",\"endpoint\":\"Rooms\"}", "the endpoint cannot be \"Rooms\"" },
    { "{\"name\":\"Room\",\"endpoint\":\"/a/b\"}", "the endpoint cannot be \"/a/b\"" },
    { "{\"name\":\"Room\",\"endpoint\":\"/users\"}", "the endpoint /users is taken" },
    { "{\"name\":\"Room\",\"endpoint\":\"/bulk\"}", "the endpoint /bulk is taken" },
    { "{\"name\":\"Room\",\"endpoint\":\"/Rooms\"}", "there is no schema \"\"" },
    { "{\"name\":\"Room\",\"endpoint\":\"/R\",\"schema\":\"" PROV_URN_USER "\"}",
      "is built in; a type of its own needs" },
    { "{\"name\":\"Room\",\"endpoint\":\"/R\",\"schema\":\"" PROV_URN_LINKS "\"}",
      "is built in; a type of its own needs" },
    { "{\"name\":\"User\",\"endpoint\":\"/People\"}", "leave them out" },
    { "{\"name\":\"User\",\"schema\":\"" ROOM "\"}", "leave them out" },
    { WITH("7"), "it must be a JSON object" },
    { WITH("{}"), "there is no schema \"\"" },
    { WITH("{\"schema\":\"" ROOM "\"}"), "is the schema itself" },
    { WITH("{\"schema\":\"" PROV_URN_LINKS "\"}"), "is the server's own; leave it out" },
    { "{\"name\":\"User\",\"schemaExtensions\":[{\"schema\":\"" PROV_URN_LINKS
      "\",\"required\":true}]}",
      "is the server's own; leave it out" },
    { "{\"name\":\"User\",\"schemaExtensions\":[{\"schema\":\"" PROV_URN_LINKS "\"}]}", NULL },
    { WITH("{\"schema\":\"" BADGE "\",\"required\":1}"), "required must be true or false" },
    { WITH("{\"schema\":\"" BADGE "\"},{\"schema\":\"" BADGE "\"}"), "named twice" },
    { "[" TYPE("") "," TYPE("") "]", "there is a resource type Room already" },
};

/* Two schemas to name. */
static prov_registry *furnished(void)
{
    static const char both[] = "[{" ID(ROOM) ATTRS("{\"name\":\"a\"}") "}," NAMED("number") "]";
    prov_registry *r = prov_registry_core(pool);
    ok(!prov_schema_load(r, "x.json", PROV_BYTES(both)), "a list of schemas is taken");
    return r;
}

static void test_types(void)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        prov_registry *r = furnished();
        prov_err *err = prov_resource_type_load(r, "x.json", prov_bytes_of(types[i].json));
        if (types[i].why)
            refused(err, types[i].why, types[i].json);
        else
            ok(!err, "taken: %s%s", types[i].json, err ? err->detail : "");
    }
}

/* --- taken ---------------------------------------------------------------------------------- */

static const prov_attr *attr_of(prov_registry *r, const char *urn, const char *name)
{
    return prov_schema_attr(prov_registry_schema_named(r, urn), name, strlen(name));
}

static void test_defaults(void)
{
    static const char json[] = "{" ID(BADGE) ATTRS(
        "{\"name\":\"plain\"},{\"name\":\"ref\",\"type\":\"reference\",\"canonicalValues\":[]},"
        "{\"name\":\"pin\",\"mutability\":\"writeOnly\"},"
        "{\"name\":\"c\",\"type\":\"complex\",\"multiValued\":true,\"subAttributes\":["
        "{\"name\":\"$ref\",\"type\":\"reference\",\"referenceTypes\":[\"User\"]}]}") "}";
    prov_registry *r = prov_registry_core(pool);
    ok(!prov_schema_load(r, "x.json", PROV_BYTES(json)), "little needs to be said");
    const prov_attr *a = attr_of(r, BADGE, "plain");
    ok(a->type == PROV_TYPE_STRING && !a->multi && !a->required && !a->case_exact &&
           a->mutability == PROV_READ_WRITE && a->returned == PROV_RETURNED_DEFAULT &&
           a->uniqueness == PROV_UNIQUE_NONE,
       "AT-1 the defaults of RFC 7643 section 2.2");
    is_str(prov_registry_schema_named(r, BADGE)->name, "User", "a name from the URN");
    a = attr_of(r, BADGE, "ref");
    ok(a->case_exact, "AT-4 references are case-exact");
    ok(!a->canonical, "AT-8 an empty list suggests nothing");
    ok(attr_of(r, BADGE, "pin")->returned == PROV_RETURNED_NEVER, "writeOnly is never returned");
    a = attr_of(r, BADGE, "C");
    ok(a->subs[0].parent == a && a->subs[0].schema == a->schema, "sub-attributes know theirs");
    is_str(a->subs[0].references[0], "User", "and what they refer to");
}

static int told;
static const char *first;

static void tell(void *baton, const prov_err *err)
{
    first = told++ ? first : apr_pstrcat(pool, err->source, ": ", err->detail, NULL);
}

static prov_registry *declared(const prov_declaration *all, int count)
{
    prov_registry *r = prov_registry_core(pool);
    told = 0;
    prov_registry_declare(r, all, count, tell, NULL);
    return r;
}

static prov_declaration file(bool is_type, const char *json)
{
    return (prov_declaration){ is_type, "x.json", prov_bytes_of(json), "httpd.conf:7" };
}

/* What /Schemas answers, with what is built in left out. */
static void test_response(void)
{
    const char *json = "{\"schemas\":[\"" PROV_URN_LIST
                       "\"],\"totalResults\":1,\"Resources\":[" NAMED("number") "]}";
    prov_registry *r = prov_registry_core(pool);
    ok(!prov_schema_load(r, "x.json", prov_bytes_of(json)), "a ListResponse is taken");
    ok(attr_of(r, BADGE, "number") != NULL, "with what it lists");
}

static void test_declaring(void)
{
    const char *room = "{" ID(ROOM) ATTRS("{\"name\":\"a\"}") "}";
    const prov_declaration right[] = { file(true, TYPE("")), file(false, room),
                                       file(false, NAMED("number")) };
    prov_registry *r = declared(right, 3);
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    const prov_resource_type *own = prov_registry_type_at(r, "/Rooms");
    const char path[] = BADGE ":number";
    is_int(told, 0, "a type before its schema");
    is_str(own->schema->urn, ROOM, "has it");
    ok(!own->naming, "and is no business of a target");
    is_str(user->extensions[user->extension_count - 1].schema->urn, BADGE,
           "what no type names extends the one of its URN");
    ok(prov_schema_find(r, user, path, strlen(path), NULL) != NULL, "and is found there");
    ok(prov_schema_find(r, user, "number", 6, NULL) != NULL, "by its bare name too");
    declared(&right[1], 1);
    is_int(told, 1, "a schema for no type");
    ok(strstr(first, "httpd.conf:7: x.json: no resource type has the schema " ROOM) != NULL,
       "is told with its place");
    const prov_declaration wrong[] = { file(false, "{"), file(true, "{}"), file(false, room) };
    declared(wrong, 3);
    is_int(told, 2, "all mistakes are told, and none that follows from another");
}

/* One URN may be the beginning of another. */
static void test_longest(void)
{
    const prov_declaration all[] = {
        file(false, "[{" ID("urn:x:extension:User") ATTRS("{\"name\":\"a\"}") "},{" ID(
                        "urn:x:extension:User:more:User") ATTRS("{\"name\":\"b\"}") "}]"),
    };
    prov_registry *r = declared(all, 1);
    const char path[] = "urn:x:extension:user:more:User:b";
    const prov_attr *a =
        prov_schema_find(r, prov_registry_type_named(r, "User"), path, strlen(path), NULL);
    is_str(a ? a->name : NULL, "b", "the longest URN that fits is meant");
}

/* --- hostile -------------------------------------------------------------------------------- */

static prov_err *load_many(prov_registry *r, const char *open, const char *each, int count,
                           const char *close)
{
    prov_buf b;
    prov_buf_init(&b, pool, 4096);
    prov_buf_text(&b, open);
    for (int i = 0; i < count; i++) {
        prov_buf_text(&b, i ? "," : "");
        prov_buf_printf(&b, each, i);
    }
    prov_buf_text(&b, close);
    return prov_schema_load(r, "x.json", prov_buf_bytes(&b));
}

#define MANY "{\"name\":\"a%d\"}"

static void test_hostile(void)
{
    prov_registry *r = prov_registry_core(pool);
    const char *open = "{" ID(BADGE) "\"attributes\":[";
    refused(load_many(r, open, MANY, 501, "]}"), "500 are the most", "501 attributes");
    refused(load_many(r, open, MANY, 50000, "]}"), "too many values", "50,000 attributes");
    refused(load_many(r, "{" ID(BADGE) "\"attributes\":[{\"name\":\"a\",\"canonicalValues\":[",
                      "\"%d\"", 5000, "]}]}"),
            "too many values", "5,000 values");
    refused(load_many(r, "", "[", 5000, ""), "", "deep brackets");
    char *text = apr_pstrcat(pool, apr_psprintf(pool, "%05000d", 0), NULL);
    refused(prov_schema_load(r, "x.json",
                             prov_bytes_of(apr_pstrcat(pool, "{\"id\":\"", text, "\"}", NULL))),
            "too long", "a long text");
    refused(load_many(r, "[", "{\"id\":\"urn:x:s%d\",\"attributes\":[{\"name\":\"a\"}]}", 29, "]"),
            "too many schemas", "too many schemas");
    ok(!load_many(r, open, MANY, 500, "]}"), "500 attributes are taken");
    uint16_t last = 0;
    ok(!prov_registry_bind(r, count_up, &last) && last > 500, "and numbered");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_schemas();
    test_types();
    test_defaults();
    test_response();
    test_declaring();
    test_longest();
    test_hostile();
    apr_terminate();
    return plan_done();
}
