#include "scim_fixture.h"
#include "scim/projection.h"

#define ENT "\"" PROV_URN_ENTERPRISE "\":"
#define U   "{" USER_SCHEMAS ","
#define OUT "{" USER_SCHEMAS ",\"userName\":\"u\""

/* A body and the tree as JSON, or ! and the type of the error. */
static const struct {
    const char *what, *type, *body, *want;
} bodies[] = {
    { "a plain user", "User", U "\"userName\":\"u\",\"active\":true}", OUT ",\"active\":true}" },
    { "names in any case", "User", U "\"USERNAME\":\"u\",\"Name\":{\"GIVENname\":\"B\"}}",
      OUT ",\"name\":{\"givenName\":\"B\"}}" },
    { "string booleans", "User", U "\"userName\":\"u\",\"active\":\"False\"}",
      OUT ",\"active\":false}" },
    { "another string as boolean", "User", U "\"userName\":\"u\",\"active\":\"yes\"}",
      "!invalidValue" },
    { "a number as boolean", "User", U "\"userName\":\"u\",\"active\":1}", "!invalidValue" },
    { "unknown attributes are ignored", "User",
      U "\"userName\":\"u\",\"shoe\":44,\"name\":{\"foo\":1,\"givenName\":\"B\"},\"department\":1}",
      OUT ",\"name\":{\"givenName\":\"B\"}}" },
    { "readOnly attributes are ignored", "User",
      U "\"userName\":\"u\",\"id\":\"x\",\"meta\":{\"version\":\"1\"},\"groups\":[{\"value\":1}]}",
      OUT "}" },
    { "null and [] and {} say nothing", "User",
      U "\"userName\":\"u\",\"title\":null,\"emails\":[],\"roles\":null,\"name\":{},"
        "\"ims\":[null,{}]," ENT "null}",
      OUT "}" },
    { "a null sub-attribute says nothing", "User",
      U "\"userName\":\"u\"," ENT "{\"manager\":{\"$ref\":null,\"value\":\"7\"}}}",
      "{\"schemas\":[\"" PROV_URN_USER "\",\"" PROV_URN_ENTERPRISE "\"],\"userName\":\"u\"," ENT
      "{\"manager\":{\"value\":\"7\"}}}" },
    { "a manager as bare string, its displayName readOnly", "User",
      U "\"userName\":\"u\",\"urn:ietf:params:SCIM:schemas:extension:Enterprise:2.0:user\":"
        "{\"manager\":\"7\"}}",
      "{\"schemas\":[\"" PROV_URN_USER "\",\"" PROV_URN_ENTERPRISE "\"],\"userName\":\"u\"," ENT
      "{\"manager\":{\"value\":\"7\"}}}" },
    { "a manager in a list of one", "User",
      U "\"userName\":\"u\"," ENT "{\"manager\":[{\"value\":\"7\",\"displayName\":\"x\"}]}}",
      "{\"schemas\":[\"" PROV_URN_USER "\",\"" PROV_URN_ENTERPRISE "\"],\"userName\":\"u\"," ENT
      "{\"manager\":{\"value\":\"7\"}}}" },
    { "an extension that is no object", "User", U "\"userName\":\"u\"," ENT "7}", "!invalidValue" },
    { "a string for a complex attribute without value", "User",
      U "\"userName\":\"u\",\"name\":\"B\"}", "!invalidValue" },
    { "an object for a string", "User", U "\"userName\":\"u\",\"title\":{\"a\":1}}",
      "!invalidValue" },
    { "a number for a string", "User", U "\"userName\":\"u\",\"title\":1}", "!invalidValue" },
    { "a list for a string", "User", U "\"userName\":\"u\",\"title\":[\"a\"]}", "!invalidValue" },
    { "a number in a list of objects", "User", U "\"userName\":\"u\",\"emails\":[1]}",
      "!invalidValue" },
    { "a bare object as list of one", "User", U "\"userName\":\"u\",\"emails\":{\"value\":\"a\"}}",
      OUT ",\"emails\":[{\"value\":\"a\"}]}" },
    { "an attribute twice in different case", "User",
      U "\"userName\":\"u\",\"title\":\"a\",\"TITLE\":\"b\"}", "!invalidValue" },
    { "two primaries", "User",
      U "\"userName\":\"u\",\"emails\":[{\"value\":\"a\",\"primary\":true},"
        "{\"value\":\"b\",\"primary\":\"True\"}]}",
      "!invalidValue" },
    { "one primary and one that is not", "User",
      U "\"userName\":\"u\",\"emails\":[{\"value\":\"a\",\"primary\":true},"
        "{\"value\":\"b\",\"primary\":false}]}",
      OUT ",\"emails\":[{\"value\":\"a\",\"primary\":true},{\"value\":\"b\",\"primary\":false}]}" },
    { "duplicates of type and value drop", "User",
      U "\"userName\":\"u\",\"emails\":[{\"value\":\"a@x\",\"type\":\"work\"},"
        "{\"value\":\"A@X\",\"type\":\"Work\"},{\"value\":\"a@x\",\"type\":\"home\"},"
        "{\"value\":\"a@x\"}]}",
      OUT
      ",\"emails\":[{\"value\":\"a@x\",\"type\":\"work\"},{\"value\":\"a@x\",\"type\":\"home\"},"
      "{\"value\":\"a@x\"}]}" },
    { "values without value are no duplicates", "User",
      U "\"userName\":\"u\",\"addresses\":[{\"type\":\"a\"},{\"type\":\"a\"}]}",
      OUT ",\"addresses\":[{\"type\":\"a\"},{\"type\":\"a\"}]}" },
    { "base64, padding or not", "User",
      U "\"userName\":\"u\",\"x509Certificates\":[{\"value\":\"AQIDBA==\"},{\"value\":\"AQI\"}]}",
      OUT ",\"x509Certificates\":[{\"value\":\"AQIDBA==\"},{\"value\":\"AQI\"}]}" },
    { "what is not base64", "User",
      U "\"userName\":\"u\",\"x509Certificates\":[{\"value\":\"A*==\"}]}", "!invalidValue" },
    { "no userName", "User", U "\"title\":\"x\"}", "!invalidValue" },
    { "an empty userName", "User", U "\"userName\":\"\"}", "!invalidValue" },
    { "userName null", "User", U "\"userName\":null}", "!invalidValue" },
    { "a group without displayName", "Group", "{" GROUP_SCHEMAS "}", "!invalidValue" },
    { "no schemas", "User", "{\"userName\":\"u\"}", "!invalidValue" },
    { "empty schemas", "User", "{\"schemas\":[],\"userName\":\"u\"}", "!invalidValue" },
    { "schemas as a string", "User", "{\"schemas\":\"" PROV_URN_USER "\",\"userName\":\"u\"}",
      "!invalidValue" },
    { "schemas without the base", "User",
      "{\"schemas\":[\"" PROV_URN_ENTERPRISE "\"],\"userName\":\"u\"}", "!invalidValue" },
    { "a number among schemas", "User",
      "{\"schemas\":[\"" PROV_URN_USER "\",1],\"userName\":\"u\"}", "!invalidValue" },
    { "Entra's legacy schema, and any case", "Group",
      "{\"SCHEMAS\":[\"http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group\","
      "\"URN:ietf:params:scim:schemas:core:2.0:group\"],\"displayName\":\"g\"}",
      "{" GROUP_SCHEMAS ",\"displayName\":\"g\"}" },
    { "a list as body", "User", "[]", "!invalidSyntax" },
    { "a member without value", "Group",
      "{" GROUP_SCHEMAS ",\"displayName\":\"g\",\"members\":[{\"display\":\"x\"}]}",
      "!invalidValue" },
    { "a member of an unknown type", "Group",
      "{" GROUP_SCHEMAS ",\"displayName\":\"g\",\"members\":[{\"value\":\"1\",\"type\":\"Cat\"}]}",
      "!invalidValue" },
    { "a password that is no string", "User", U "\"userName\":\"u\",\"password\":1}",
      "!invalidValue" },
    { "an empty password", "User", U "\"userName\":\"u\",\"password\":\"\"}", "!invalidValue" },
};

static const char *tree_json(apr_pool_t *p, const prov_resource_type *t, const prov_object *o)
{
    prov_buf b;
    prov_buf_init(&b, p, 0);
    prov_object_write(&b, t, o);
    return buf_text(p, &b);
}

static void test_bodies(apr_pool_t *p, const prov_registry *r)
{
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const prov_resource_type *t = prov_registry_type_named(r, bodies[i].type);
        prov_object *o;
        prov_body_extra extra;
        const prov_json *body = parse_json(p, bodies[i].body);
        prov_err *err = prov_value_read(p, r, t, body, PROV_BODY_CREATE, &o, &extra);
        const char *got = err ? apr_pstrcat(p, "!", err->scim_type, NULL) : tree_json(p, t, o);
        is_str(got, bodies[i].want, "%s: %s", bodies[i].what, err ? err->detail : "taken");
        if (err)
            is_int(err->http, 400, "%s: 400", bodies[i].what);
        err = prov_value_read(p, r, t, body, PROV_BODY_LENIENT, &o, &extra);
        ok(!err || prov_json_is(body) != PROV_JSON_OBJECT, "%s: an answer is taken",
           bodies[i].what);
    }
}

/* One attribute of a type no core attribute has. */
static const struct {
    prov_type type;
    const char *json, *want; /* NULL: refused */
} singles[] = {
    { PROV_TYPE_INTEGER, "42", "42" },
    { PROV_TYPE_INTEGER, "-9223372036854775808", "-9223372036854775808" },
    { PROV_TYPE_INTEGER, "9223372036854775807", "9223372036854775807" },
    { PROV_TYPE_INTEGER, "9223372036854775808", NULL },
    { PROV_TYPE_INTEGER, "1.0", NULL },
    { PROV_TYPE_INTEGER, "1e2", NULL },
    { PROV_TYPE_INTEGER, "\"1\"", NULL },
    { PROV_TYPE_DECIMAL, "3.5", "3.5" },
    { PROV_TYPE_DECIMAL, "-2", "-2.0" },
    { PROV_TYPE_DECIMAL, "\"2\"", NULL },
    { PROV_TYPE_DATETIME, "\"2020-01-31T10:00:00Z\"", "\"2020-01-31T10:00:00Z\"" },
    { PROV_TYPE_DATETIME, "\"2020-01-31T10:00:00.5+02:00\"", "\"2020-01-31T10:00:00.5+02:00\"" },
    { PROV_TYPE_DATETIME, "\"2020-01-31\"", NULL },
    { PROV_TYPE_DATETIME, "\"2020-02-30T10:00:00Z\"", NULL },
    { PROV_TYPE_DATETIME, "\"\"", NULL },
    { PROV_TYPE_DATETIME, "1580464800", NULL },
    { PROV_TYPE_REFERENCE, "\"https://example.com/~babs\"", "\"https://example.com/~babs\"" },
    { PROV_TYPE_REFERENCE, "false", NULL },
};

static void test_singles(apr_pool_t *p)
{
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        prov_attr a = { .name = "a", .type = singles[i].type };
        prov_object *o = prov_object_make(p);
        prov_field *f = prov_object_set(o, &a);
        prov_buf b;
        prov_buf_init(&b, p, 0);
        const char *array = apr_pstrcat(p, "[", singles[i].json, "]", NULL);
        prov_err *err =
            prov_value_read_field(p, o, f, prov_json_at(parse_json(p, array), 0), PROV_BODY_CREATE);
        if (!err)
            prov_field_write(&b, f);
        is_str(err ? NULL : buf_text(p, &b), singles[i].want, "type %d: %s", singles[i].type,
               singles[i].json);
    }
}

/* The writer looks at eight bytes at a time: each special byte at each place of each length. */
static void test_strings(apr_pool_t *p)
{
    static const char specials[] = "\"\\\x1f\x01\x7f\xc3!# []^~";
    prov_attr a = { .name = "a", .type = PROV_TYPE_STRING };
    int wrong = 0, tried = 0;
    for (size_t len = 0; len < 20; len++) {
        for (size_t at = 0; at < len; at++) {
            for (const char *c = specials; *c; c++, tried++) {
                char text[24] = "abcdefghijklmnopqrstuvw";
                text[len] = '\0';
                text[at] = *c;
                prov_object *o = prov_object_make(p);
                prov_object_put_text(o, &a, text);
                prov_buf got, want;
                prov_buf_init(&got, p, 0);
                prov_buf_init(&want, p, 0);
                prov_field_write(&got, prov_object_get(o, &a));
                prov_json_write_text(&want, text);
                wrong += !prov_bytes_equal(prov_buf_bytes(&got), prov_buf_bytes(&want));
            }
        }
    }
    ok(tried > 2000 && wrong == 0, "strings are written as base/json.h writes them");
}

static void test_extra(apr_pool_t *p, const prov_registry *r)
{
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    const prov_resource_type *group = prov_registry_type_named(r, "Group");
    prov_object *o;
    prov_body_extra extra;
    prov_value_read(p, r, user,
                    parse_json(p, U "\"userName\":\"u\",\"PassWord\":\"s3\",\"id\":\"r7\","
                                    "\"meta\":{\"version\":\"W/1\"}}"),
                    PROV_BODY_LENIENT, &o, &extra);
    ok(extra.has_password, "a password was given");
    is_bytes(extra.password, PROV_BYTES("s3"), "it is beside the tree");
    is_bytes(extra.id, PROV_BYTES("r7"), "so is the id");
    is_bytes(extra.version, PROV_BYTES("W/1"), "and the version");
    ok(!extra.has_members, "a user has no members");
    prov_value_read(p, r, user, parse_json(p, U "\"userName\":\"u\",\"password\":null}"),
                    PROV_BODY_REPLACE, &o, &extra);
    ok(extra.has_password && extra.password.len == 0, "null removes the password");

    prov_value_read(p, r, group,
                    parse_json(p, "{" GROUP_SCHEMAS ",\"displayName\":\"g\",\"members\":["
                                  "{\"value\":\"1\",\"type\":\"user\"},{\"VALUE\":\"2\","
                                  "\"display\":\"x\",\"type\":null},{\"value\":\"1\"},\"3\"]}"),
                    PROV_BODY_CREATE, &o, &extra);
    ok(extra.has_members, "a group has");
    is_int(extra.member_count, 3, "a member counts once");
    is_bytes(extra.members[0].type, PROV_BYTES("User"), "its type is written as ours");
    is_int(extra.members[1].type.len, 0, "or not known");
    is_bytes(extra.members[2].value, PROV_BYTES("3"), "a bare id will do");
    is_int(o->count, 1, "members are not in the tree");
}

static void test_many(apr_pool_t *p, const prov_registry *r)
{
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    prov_buf b;
    prov_buf_init(&b, p, 0);
    prov_buf_text(&b, U "\"userName\":\"u\",\"roles\":[");
    for (int i = 0; i <= PROV_VALUES_MAX; i++)
        prov_buf_printf(&b, "%s{\"value\":\"%d\"}", i ? "," : "", i);
    prov_buf_text(&b, "]}");
    prov_object *o;
    prov_body_extra extra;
    prov_err *err =
        prov_value_read(p, r, user, parse_json(p, buf_text(p, &b)), PROV_BODY_CREATE, &o, &extra);
    is_str(err ? err->scim_type : NULL, "invalidValue", "one value too many is refused");
}

/* Pairs of users, and whether they are equal. */
static const struct {
    const char *x, *y;
    bool equal;
} pairs[] = {
    { "\"title\":\"a\"", "\"title\":\"a\"", true },
    { "\"title\":\"a\"", "\"title\":\"A\"", false },
    { "\"title\":\"a\"", "\"nickName\":\"a\"", false },
    { "\"title\":\"a\"", "\"title\":null", false },
    { "\"title\":\"a\",\"active\":true", "\"active\":true,\"title\":\"a\"", true },
    { "\"active\":false", "\"title\":null", false },
    { "\"roles\":[{\"value\":\"1\"},{\"value\":\"2\"}]",
      "\"roles\":[{\"value\":\"2\"},{\"value\":\"1\"}]", true },
    { "\"roles\":[{\"value\":\"1\"},{\"value\":\"2\"}]", "\"roles\":[{\"value\":\"1\"}]", false },
    { "\"addresses\":[{\"type\":\"1\"},{\"type\":\"1\"},{\"type\":\"2\"}]",
      "\"addresses\":[{\"type\":\"1\"},{\"type\":\"2\"},{\"type\":\"2\"}]", false },
    { "\"roles\":[{\"value\":\"1\",\"primary\":false}]", "\"roles\":[{\"value\":\"1\"}]", true },
    { "\"roles\":[{\"value\":\"1\",\"primary\":true}]", "\"roles\":[{\"value\":\"1\"}]", false },
};

static void test_equality(apr_pool_t *p, const prov_registry *r)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        prov_object *x =
            read_body(p, r, "User", apr_pstrcat(p, U "\"userName\":\"u\",", pairs[i].x, "}", NULL));
        prov_object *y =
            read_body(p, r, "User", apr_pstrcat(p, U "\"userName\":\"u\",", pairs[i].y, "}", NULL));
        is_int(prov_object_equal(x, y), pairs[i].equal, "%s and %s", pairs[i].x, pairs[i].y);
        is_int(prov_object_equal(y, x), pairs[i].equal, "and the other way round");
        ok(prov_object_equal(x, prov_object_copy(p, x)), "a copy is equal");
    }
}

static void test_puts(apr_pool_t *p, const prov_registry *r)
{
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    prov_object *o = prov_object_make(p);
    const prov_attr *given = prov_schema_find(r, user, "name.givenName", 14, NULL);
    prov_object_put_text(o, prov_schema_attr(user->schema, "userName", 8), "u");
    prov_object_put_text(o, given, "B");
    prov_object_put_boolean(o, prov_schema_attr(user->schema, "active", 6), true);
    prov_object_put_text(o, prov_schema_find(r, user, "emails.value", 12, NULL), "a@x");
    is_str(tree_json(p, user, o),
           OUT ",\"name\":{\"givenName\":\"B\"},\"active\":true,\"emails\":[{\"value\":\"a@x\"}]}",
           "what was put is there");
    prov_object *copy = prov_object_copy(p, o);
    prov_object_put_text(copy, given, "C");
    is_bytes(prov_object_first(o, given)->text, PROV_BYTES("B"), "a copy is deep");
    prov_object_remove(o, given->parent);
    ok(!prov_object_first(o, given), "what was removed is gone");
    ok(!prov_object_get(o, given->parent), "whole");
    is_int(o->count, 3, "and the rest is there");
}

static void test_own(apr_pool_t *p, const prov_registry *r)
{
    static const char *const paths[] = { "userName", "name.givenName", "profileUrl",
                                         "emails.value" };
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    prov_object *o = prov_object_make(p);
    char text[] = "word";
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        prov_object_put_text(o, prov_schema_find(r, user, paths[i], strlen(paths[i]), NULL), text);
    prov_object_keep(o, 999, (prov_bytes){ (const uint8_t *)text, 4 });
    const char *before = tree_json(p, user, o);
    prov_object_own(o);
    memset(text, 'x', 4);
    is_str(tree_json(p, user, o), before, "text that was copied may go where it lay");
    is_bytes(o->fields[o->count - 1].raw, PROV_BYTES("word"), "that of no declared attribute too");
}

/* No core attribute in the record is immutable or readOnly: two are made so for this test. */
static void test_replace(apr_pool_t *p, const prov_registry *r)
{
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    prov_attr *fixed = (prov_attr *)prov_schema_attr(user->schema, "nickName", 8);
    prov_attr *ours = (prov_attr *)prov_schema_attr(user->schema, "title", 5);
    prov_object *was = read_body(
        p, r, "User", U "\"userName\":\"u\",\"nickName\":\"n\",\"title\":\"t\",\"locale\":\"no\"}");
    prov_object_keep(was, 999, PROV_BYTES("\0\1x"));
    fixed->mutability = PROV_IMMUTABLE;
    ours->mutability = PROV_READ_ONLY;

    prov_object *now =
        read_body(p, r, "User", U "\"userName\":\"v\",\"nickName\":\"n\",\"title\":\"mine\"}");
    ok(!prov_value_replace(p, user, was, now), "an immutable value may be repeated");
    is_str(tree_json(p, user, now),
           "{" USER_SCHEMAS ",\"userName\":\"v\",\"nickName\":\"n\",\"title\":\"t\"}",
           "readOnly comes from before, omitted is cleared");
    is_int(now->fields[now->count - 1].number, 999, "what is not declared is kept");

    now = read_body(p, r, "User", U "\"userName\":\"v\"}");
    ok(!prov_value_replace(p, user, was, now), "an immutable value may be omitted");
    is_bytes(prov_object_first(now, fixed)->text, PROV_BYTES("n"), "and then stays");

    now = read_body(p, r, "User", U "\"userName\":\"v\",\"nickName\":\"other\"}");
    prov_err *err = prov_value_replace(p, user, was, now);
    is_str(err ? err->scim_type : NULL, "mutability", "it may not differ");
    fixed->mutability = ours->mutability = PROV_READ_WRITE;
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    prov_registry *r = bound_registry(p);
    test_bodies(p, r);
    test_singles(p);
    test_strings(p);
    test_extra(p, r);
    test_many(p, r);
    test_equality(p, r);
    test_puts(p, r);
    test_own(p, r);
    test_replace(p, r);
    apr_pool_destroy(p);
    return plan_done();
}
