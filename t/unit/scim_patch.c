/* PATCH beyond the vectors, and the way back: the difference of two trees. */
#include "tap.h"
#include "scim/patch_op.h"
#include "scim_acme.h"
#include <apr_strings.h>

static apr_pool_t *pool;
static prov_registry *registry;
static const prov_resource_type *user, *group;

static const char *message(const char *operations)
{
    return apr_pstrcat(pool, "{\"schemas\":[\"" PROV_URN_PATCH "\"],\"Operations\":[", operations,
                       "]}", NULL);
}

static prov_object *tree(const char *body)
{
    prov_body_extra extra;
    const char *text = apr_pstrcat(pool, "{\"schemas\":[\"" PROV_URN_USER "\"],\"userName\":\"u\"",
                                   *body ? "," : "", body, "}", NULL);
    return acme_tree(pool, registry, user, acme_json(pool, text), &extra);
}

static const char *written(const prov_object *o)
{
    prov_buf b;
    prov_buf_init(&b, pool, 256);
    prov_object_write(&b, user, o);
    prov_buf_byte(&b, 0);
    return (const char *)b.data;
}

/* ---- one operation or more on a user ---- */

#define EMAILS                                                                                     \
    "\"emails\":[{\"value\":\"w@x\",\"type\":\"work\",\"primary\":true},{\"value\":\"h@x\"}]"
#define DESK        "\"" ACME "\":{\"desk\":{\"building\":\"B\",\"floor\":1}}"
#define MARKS(list) "\"" ACME "\":{\"desk\":{\"building\":\"B\",\"marks\":" list "}}"
#define TAGS        "\"" ACME "\":{\"tags\":[\"red\",\"blue\"]}"
#define ORIGIN      "\"" ACME "\":{\"origin\":\"hr\"}"
#define IN(name)    "\"path\":\"" ACME ":" name "\""

static const struct {
    const char *before, *operations;
    const char *after;     /* NULL: refused, */
    const char *scim_type; /* with this */
} cases[] = {
    /* add */
    { EMAILS,
      "{\"op\":\"add\",\"path\":\"emails\",\"value\":{\"value\":\"W@X\",\"type\":\"work\","
      "\"display\":\"d\"}}",
      "\"emails\":[{\"value\":\"W@X\",\"type\":\"work\",\"primary\":true,\"display\":\"d\"},"
      "{\"value\":\"h@x\"}]",
      NULL },
    { EMAILS,
      "{\"op\":\"add\",\"path\":\"emails\",\"value\":[{\"value\":\"h@x\",\"primary\":true}]}",
      "\"emails\":[{\"value\":\"w@x\",\"type\":\"work\"},{\"value\":\"h@x\",\"primary\":true}]",
      NULL },
    { EMAILS,
      "{\"op\":\"add\",\"path\":\"emails\",\"value\":[{\"value\":\"a\",\"primary\":true},"
      "{\"value\":\"b\",\"primary\":true}]}",
      NULL, "invalidValue" },
    { EMAILS, "{\"op\":\"add\",\"path\":\"emails.primary\",\"value\":true}", NULL, "invalidValue" },
    { EMAILS, "{\"op\":\"add\",\"path\":\"emails[not (type pr)]\",\"value\":{\"display\":\"d\"}}",
      "\"emails\":[{\"value\":\"w@x\",\"type\":\"work\",\"primary\":true},"
      "{\"value\":\"h@x\",\"display\":\"d\"}]",
      NULL },
    { "", "{\"op\":\"add\",\"path\":\"emails.value\",\"value\":\"n\"}",
      "\"emails\":[{\"value\":\"n\"}]", NULL },
    { "",
      "{\"op\":\"add\",\"path\":\"emails[type eq \\\"work\\\" and primary eq true]\","
      "\"value\":{\"value\":\"n\"}}",
      "\"emails\":[{\"value\":\"n\",\"type\":\"work\",\"primary\":true}]", NULL },
    { EMAILS,
      "{\"op\":\"add\",\"path\":\"emails[type eq \\\"x\\\" and primary eq true].value\","
      "\"value\":\"n\"}",
      "\"emails\":[{\"value\":\"w@x\",\"type\":\"work\"},{\"value\":\"h@x\"},"
      "{\"value\":\"n\",\"type\":\"x\",\"primary\":true}]",
      NULL },
    { TAGS, "{\"op\":\"add\"," IN("tags") ",\"value\":[\"RED\",\"green\"]}",
      "\"" ACME "\":{\"tags\":[\"red\",\"blue\",\"green\"]}", NULL },
    { DESK, "{\"op\":\"add\"," IN("desk") ",\"value\":{\"floor\":null,\"BUILDING\":\"C\"}}",
      "\"" ACME "\":{\"desk\":{\"building\":\"C\",\"floor\":1}}", NULL },
    { DESK, "{\"op\":\"add\"," IN("desk") ",\"value\":{\"colour\":\"x\"}}", NULL, "invalidValue" },
    { DESK, "{\"op\":\"add\"," IN("desk") ",\"value\":\"x\"}", NULL, "invalidValue" },
    { "\"title\":\"t\"", "{\"op\":\"add\",\"path\":\"title\",\"value\":null}", "\"title\":\"t\"",
      NULL },
    { ORIGIN, "{\"op\":\"add\"," IN("origin") ",\"value\":\"hr\"}", ORIGIN, NULL },
    { "", "{\"op\":\"add\"," IN("origin") ",\"value\":\"hr\"}", ORIGIN, NULL },
    { "", "{\"op\":\"add\"," IN("badgeNumber") ",\"value\":1.5}", NULL, "invalidValue" },
    { "", "{\"op\":\"add\"," IN("badgeNumber") ",\"value\":[1]}", NULL, "invalidValue" },
    { MARKS("[\"a\",\"b\"]"), "{\"op\":\"add\"," IN("desk.marks") ",\"value\":[\"B\",\"c\"]}",
      MARKS("[\"a\",\"b\",\"c\"]"), NULL },
    { MARKS("[\"a\"]"), "{\"op\":\"add\"," IN("desk.marks") ",\"value\":\"b\"}",
      MARKS("[\"a\",\"b\"]"), NULL },
    { MARKS("[\"a\"]"), "{\"op\":\"add\"," IN("desk") ",\"value\":{\"marks\":[\"b\"]}}",
      MARKS("[\"a\",\"b\"]"), NULL },
    { MARKS("[\"a\"]"), "{\"op\":\"add\"," IN("desk.marks") ",\"value\":[7]}", NULL,
      "invalidValue" },
    { "", "{\"op\":\"add\",\"path\":\"schemas\",\"value\":[\"" ENTERPRISE "\"]}", "", NULL },
    { "", "{\"op\":\"add\",\"path\":\"schemas\",\"value\":[7]}", NULL, "invalidValue" },
    { "", "{\"op\":\"add\",\"path\":\"schemas[value pr]\",\"value\":[\"x\"]}", NULL, "mutability" },
    /* replace */
    { MARKS("[\"a\",\"b\"]"), "{\"op\":\"replace\"," IN("desk.marks") ",\"value\":[\"c\"]}",
      MARKS("[\"c\"]"), NULL },
    { "\"title\":\"t\"",
      "{\"op\":\"replace\",\"path\":\"schemas\",\"value\":[\"" PROV_URN_USER "\",\"" ENTERPRISE
      "\"]},"
      "{\"op\":\"remove\",\"path\":\"title\"}",
      "", NULL },
    { DESK, "{\"op\":\"replace\"," IN("desk") ",\"value\":{\"floor\":null}}",
      "\"" ACME "\":{\"desk\":{\"building\":\"B\"}}", NULL },
    { DESK, "{\"op\":\"replace\"," IN("desk") ",\"value\":null}", "", NULL },
    { EMAILS, "{\"op\":\"replace\",\"path\":\"emails[value pr].type\",\"value\":\"other\"}",
      "\"emails\":[{\"value\":\"w@x\",\"type\":\"other\",\"primary\":true},"
      "{\"value\":\"h@x\",\"type\":\"other\"}]",
      NULL },
    { EMAILS, "{\"op\":\"replace\",\"path\":\"emails[value pr]\",\"value\":{\"value\":\"n\"}}",
      "\"emails\":[{\"value\":\"n\"}]", NULL },
    { EMAILS, "{\"op\":\"replace\",\"path\":\"emails[value pr]\",\"value\":[{},{}]}", NULL,
      "invalidValue" },
    { EMAILS, "{\"op\":\"replace\",\"path\":\"emails[type eq \\\"work\\\"]\",\"value\":null}",
      "\"emails\":[{\"value\":\"h@x\"}]", NULL },
    { TAGS, "{\"op\":\"replace\"," IN("tags[value eq \\\"RED\\\"]") ",\"value\":\"pink\"}",
      "\"" ACME "\":{\"tags\":[\"pink\",\"blue\"]}", NULL },
    { ORIGIN, "{\"op\":\"replace\"," IN("origin") ",\"value\":null}", NULL, "mutability" },
    { "", "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"\"}", NULL, "invalidValue" },
    { "", "{\"op\":\"replace\",\"path\":\"schemas\",\"value\":[\"x\"]}", NULL, "mutability" },
    { EMAILS, "{\"op\":\"replace\",\"path\":\"\",\"value\":\"x\"}", NULL, "invalidPath" },
    { EMAILS, "{\"op\":\"replace\",\"path\":7,\"value\":\"x\"}", NULL, "invalidPath" },
    /* remove */
    { EMAILS, "{\"op\":\"remove\",\"path\":\"emails\",\"value\":[{\"value\":\"h@x\"}]}",
      "\"emails\":[{\"value\":\"w@x\",\"type\":\"work\",\"primary\":true}]", NULL },
    { EMAILS, "{\"op\":\"remove\",\"path\":\"emails\",\"value\":[{\"value\":\"z\"}]}", EMAILS,
      NULL },
    { EMAILS, "{\"op\":\"remove\",\"path\":\"emails\",\"value\":[]}", EMAILS, NULL },
    { EMAILS, "{\"op\":\"remove\",\"path\":\"emails\",\"value\":null}", "", NULL },
    { EMAILS, "{\"op\":\"remove\",\"path\":\"emails[value eq \\\"z\\\"]\"}", NULL, "noTarget" },
    { EMAILS, "{\"op\":\"remove\",\"path\":\"emails[value eq \\\"h@x\\\"].value\"}",
      "\"emails\":[{\"value\":\"w@x\",\"type\":\"work\",\"primary\":true}]", NULL },
    { "", "{\"op\":\"remove\",\"path\":\"emails[value pr]\"}", NULL, "noTarget" },
    { "", "{\"op\":\"remove\",\"path\":\"title\"}", "", NULL },
    { "", "{\"op\":\"remove\",\"path\":\"name.givenName\"}", "", NULL },
    { "\"name\":{\"givenName\":\"G\"}", "{\"op\":\"remove\",\"path\":\"name.givenName\"}", "",
      NULL },
    { TAGS, "{\"op\":\"remove\"," IN("tags") ",\"value\":[\"red\"]}",
      "\"" ACME "\":{\"tags\":[\"blue\"]}", NULL },
    { TAGS, "{\"op\":\"remove\"," IN("tags") ",\"value\":[\"RED\"]}",
      "\"" ACME "\":{\"tags\":[\"blue\"]}", NULL },
    { EMAILS, "{\"op\":\"remove\",\"path\":\"emails\",\"value\":[{\"value\":\"W@X\"}]}",
      "\"emails\":[{\"value\":\"h@x\"}]", NULL },
    { MARKS("[\"a\",\"b\"]"), "{\"op\":\"remove\"," IN("desk.marks") ",\"value\":[\"A\",\"z\"]}",
      MARKS("[\"b\"]"), NULL },
    { MARKS("[\"a\",\"b\"]"), "{\"op\":\"remove\"," IN("desk.marks") ",\"value\":[\"a\",\"b\"]}",
      "\"" ACME "\":{\"desk\":{\"building\":\"B\"}}", NULL },
    { MARKS("[\"a\",\"b\"]"), "{\"op\":\"remove\"," IN("desk.marks") "}",
      "\"" ACME "\":{\"desk\":{\"building\":\"B\"}}", NULL },
    { TAGS, "{\"op\":\"remove\",\"path\":\"" ACME "\"}", "", NULL },
    { ORIGIN, "{\"op\":\"remove\",\"path\":\"" ACME "\"}", NULL, "mutability" },
    { "", "{\"op\":\"remove\",\"path\":\"" PROV_URN_USER "\"}", NULL, "mutability" },
    /* names are the same in any case */
    { "", "{\"op\":\"add\",\"OP\":\"remove\",\"path\":\"title\",\"value\":\"t\"}", NULL,
      "invalidSyntax" },
    { "", "{\"op\":\"add\",\"value\":{\"title\":\"a\",\"TITLE\":\"b\"}}", NULL, "invalidSyntax" },
    { "",
      "{\"op\":\"add\",\"path\":\"emails\",\"value\":[{\"value\":\"a\"},{\"value\":\"b\",\"Value\":"
      "\"c\"}]}",
      NULL, "invalidSyntax" },
    { "",
      "{\"op\":\"add\",\"value\":{\"a1\":1,\"a2\":1,\"a3\":1,\"a4\":1,\"a5\":1,\"a6\":1,\"a7\":1,"
      "\"a8\":1,"
      "\"a9\":1,\"b1\":1,\"b2\":1,\"b3\":1,\"b4\":1,\"b5\":1,\"b6\":1,\"b7\":1,\"title\":1,"
      "\"Title\":1}}",
      NULL, "invalidSyntax" },
    { "",
      "{\"op\":\"add\",\"value\":{\"title\":\"a\",\"name\":{\"givenName\":\"g\"},\"name."
      "familyName\":\"f\"}}",
      "\"title\":\"a\",\"name\":{\"givenName\":\"g\",\"familyName\":\"f\"}", NULL },
    /* a value in a list, as Entra has it */
    { EMAILS,
      "{\"op\":\"Add\",\"path\":\"title\",\"value\":[{\"$ref\":null,\"value\":\"T\"}]},{\"op\":"
      "\"Replace\","
      "\"path\":\"emails[type eq \\\"work\\\"].value\",\"value\":[{\"value\":\"n\"}]},"
      "{\"op\":\"Replace\",\"path\":\"active\",\"value\":[{\"value\":\"False\"}]}",
      "\"title\":\"T\",\"active\":false,\"emails\":[{\"value\":\"n\",\"type\":\"work\",\"primary\":"
      "true},"
      "{\"value\":\"h@x\"}]",
      NULL },
    { "", "{\"op\":\"Add\",\"path\":\"title\",\"value\":[{\"value\":\"T\"},{\"value\":\"U\"}]}",
      NULL, "invalidValue" },
    { "", "{\"op\":\"Add\",\"path\":\"title\",\"value\":{\"value\":\"T\"}}", NULL, "invalidValue" },
    { "", "{\"op\":\"Add\",\"path\":\"title\",\"value\":[{\"text\":\"T\"}]}", NULL,
      "invalidValue" },
    /* without a path */
    { EMAILS,
      "{\"op\":\"add\",\"value\":{\"emails\":[{\"value\":\"n\"}],\"id\":\"x\",\"meta\":{},"
      "\"groups\":[],\"schemas\":[\"y\"],\"title\":\"t\"}}",
      "\"title\":\"t\",\"emails\":[{\"value\":\"w@x\",\"type\":\"work\",\"primary\":true},"
      "{\"value\":\"h@x\"},{\"value\":\"n\"}]",
      NULL },
    { TAGS, "{\"op\":\"replace\",\"value\":{\"" ACME "\":null,\"manager\":[{\"value\":\"m\"}]}}",
      "\"" ENTERPRISE "\":{\"manager\":{\"value\":\"m\"}}", NULL },
    { "",
      "{\"op\":\"Replace\",\"path\":\"" ENTERPRISE ":manager\","
      "\"value\":{\"value\":\"m\",\"$ref\":null,\"displayName\":\"ignored\"}}",
      "\"" ENTERPRISE "\":{\"manager\":{\"value\":\"m\"}}", NULL },
    { "", "{\"op\":\"add\",\"value\":{\"" ENTERPRISE "\":\"x\"}}", NULL, "invalidValue" },
    { "",
      "{\"op\":\"add\",\"path\":\"" ACME "\",\"value\":{\"schemas\":[\"" ACME
      "\"],\"tags\":[\"red\",\"blue\"]}}",
      TAGS, NULL },
    { TAGS,
      "{\"op\":\"replace\",\"value\":{\"" ACME "\":{\"schemas\":[\"" ACME "\"],"
      "\"code\":\"x\"}}}",
      "\"" ACME "\":{\"tags\":[\"red\",\"blue\"],\"code\":\"x\"}", NULL },
    { "", "{\"op\":\"add\",\"value\":{\"" ENTERPRISE "\":{\"foo\":1}}}", NULL, "invalidPath" },
    { "", "{\"op\":\"add\",\"value\":\"x\"}", NULL, "invalidValue" },
    { "", "{\"op\":\"add\"}", NULL, "invalidValue" },
    /* in order, and all or nothing */
    { TAGS,
      "{\"op\":\"remove\"," IN("tags") "},{\"op\":\"add\"," IN(
          "tags") ",\"value\":\"new\"},"
                  "{\"op\":\"add\",\"path\":\"title\",\"value\":\"t\"}",
      "\"title\":\"t\",\"" ACME "\":{\"tags\":[\"new\"]}", NULL },
    { TAGS, "{\"op\":\"remove\"," IN("tags") "},{\"op\":\"remove\",\"path\":\"userName\"}", NULL,
      "mutability" },
};

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_patch_result result;
        prov_object *before = tree(cases[i].before), *copy = prov_object_copy(pool, before);
        prov_err *err =
            prov_patch_apply(pool, registry, user, 0, acme_json(pool, message(cases[i].operations)),
                             before, &result);
        const char *what = apr_pstrcat(pool, cases[i].before, " ", cases[i].operations, NULL);
        is_str(err ? err->scim_type : NULL, cases[i].scim_type, "%s", what);
        if (!err && cases[i].after) {
            const prov_object *after = result.object ? result.object : before;
            if (!ok(prov_object_equal(after, tree(cases[i].after)), "result of %s", what))
                printf("# %s\n", written(after));
        }
        ok(prov_object_equal(before, copy), "the tree is left alone by %s", what);
    }
}

/* ---- members and the password ---- */

static const char *members_text(const prov_patch_result *r)
{
    static const char *const kinds[] = { "+", "-", "-*", "-?" };
    const char *text = "";
    for (int i = 0; i < r->members->nelts; i++) {
        const prov_member_op *op = &APR_ARRAY_IDX(r->members, i, prov_member_op);
        text = apr_pstrcat(pool, text, i ? " " : "", kinds[op->kind],
                           prov_bytes_text(pool, op->member.value), op->member.type.len ? ":" : "",
                           prov_bytes_text(pool, op->member.type),
                           op->filter ? prov_filter_print(pool, op->filter) : "", NULL);
    }
    return text;
}

static const struct {
    const char *operations, *members, *scim_type;
} member_cases[] = {
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"a\",\"type\":\"user\"},\"b\"]}",
      "+a:User +b", NULL },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":{\"value\":\"a\",\"display\":\"A\",\"$ref\":"
      "null,"
      "\"type\":null}}",
      "+a", NULL },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[]}", "", NULL },
    { "{\"op\":\"add\",\"path\":\"members[value eq \\\"a\\\"]\",\"value\":{}}", "+a", NULL },
    { "{\"op\":\"add\",\"path\":\"members[type eq \\\"User\\\"]\",\"value\":{}}", NULL,
      "noTarget" },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":[{\"value\":\"a\"}]}", "-* +a", NULL },
    { "{\"op\":\"replace\",\"path\":\"members\",\"value\":null}", "-*", NULL },
    { "{\"op\":\"replace\",\"value\":{\"members\":[{\"value\":\"a\"}]}}", "-* +a", NULL },
    { "{\"op\":\"remove\",\"path\":\"members\"}", "-*", NULL },
    { "{\"op\":\"remove\",\"path\":\"members\",\"value\":null}", "-*", NULL },
    { "{\"op\":\"remove\",\"path\":\"members\",\"value\":[]}", "", NULL },
    { "{\"op\":\"Remove\",\"path\":\"members\",\"value\":[{\"value\":\"a\"},{\"value\":\"b\"}]}",
      "-a -b", NULL },
    { "{\"op\":\"remove\",\"path\":\"members[value eq \\\"a\\\"]\"}", "-a", NULL },
    { "{\"op\":\"remove\",\"path\":\"members[value eq \\\"a\\\" or type eq \\\"Group\\\"]\"}",
      "-?value eq \"a\" or type eq \"Group\"", NULL },
    { "{\"op\":\"remove\",\"path\":\"members[value ne \\\"a\\\"]\"}", "-?value ne \"a\"", NULL },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":\"b\"},"
      "{\"op\":\"remove\",\"path\":\"members[value eq \\\"a\\\"]\"}",
      "+b -a", NULL },
    { "{\"op\":\"replace\",\"path\":\"members[value eq \\\"a\\\"].value\",\"value\":\"b\"}", NULL,
      "mutability" },
    { "{\"op\":\"add\",\"path\":\"members[type eq \\\"user\\\"].value\",\"value\":\"b\"}",
      "+b:User", NULL },
    { "{\"op\":\"add\",\"path\":\"members[type eq \\\"Pet\\\"].value\",\"value\":\"b\"}", NULL,
      "invalidValue" },
    { "{\"op\":\"add\",\"path\":\"members[value eq \\\"a\\\"].value\",\"value\":\"b\"}", NULL,
      "mutability" },
    { "{\"op\":\"remove\",\"path\":\"members[value eq \\\"a\\\"].display\"}", NULL, "mutability" },
    { "{\"op\":\"replace\",\"path\":\"members.value\",\"value\":\"b\"}", NULL, "mutability" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"display\":\"A\"}]}", NULL,
      "invalidValue" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":7}]}", NULL, "invalidValue" },
    { "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"a\",\"type\":\"Pet\"}]}", NULL,
      "invalidValue" },
    { "{\"op\":\"remove\",\"path\":\"displayName\"}", NULL, "mutability" },
};

static void test_members(void)
{
    prov_body_extra extra;
    const prov_json *body =
        acme_json(pool, "{\"schemas\":[\"" PROV_URN_GROUP "\"],\"displayName\":\"G\"}");
    const prov_object *before = acme_tree(pool, registry, group, body, &extra);
    for (size_t i = 0; i < sizeof member_cases / sizeof *member_cases; i++) {
        const char *operations = member_cases[i].operations;
        prov_patch_result result;
        prov_err *err = prov_patch_apply(pool, registry, group, 0,
                                         acme_json(pool, message(operations)), before, &result);
        is_str(err ? err->scim_type : NULL, member_cases[i].scim_type, "%s", operations);
        if (err)
            continue;
        is_str(members_text(&result), member_cases[i].members, "members of %s", operations);
        ok(!result.object, "the record is not touched by %s", operations);
    }
}

static void test_password(void)
{
    static const struct {
        const char *operation, *password, *scim_type; /* password NULL: not touched */
    } rows[] = {
        { "{\"op\":\"add\",\"path\":\"password\",\"value\":\"p\"}", "p", NULL },
        { "{\"op\":\"replace\",\"value\":{\"PASSWORD\":\"p\"}}", "p", NULL },
        { "{\"op\":\"remove\",\"path\":\"password\"}", "", NULL },
        { "{\"op\":\"replace\",\"path\":\"password\",\"value\":null}", "", NULL },
        { "{\"op\":\"add\",\"path\":\"password\",\"value\":null}", NULL, NULL },
        { "{\"op\":\"add\",\"path\":\"password\",\"value\":\"\"}", NULL, "invalidValue" },
        { "{\"op\":\"add\",\"path\":\"password\",\"value\":7}", NULL, "invalidValue" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        prov_patch_result r;
        prov_err *err = prov_patch_apply(pool, registry, user, 0,
                                         acme_json(pool, message(rows[i].operation)), tree(""), &r);
        is_str(err ? err->scim_type : NULL, rows[i].scim_type, "%s", rows[i].operation);
        if (!err)
            is_str(r.has_password ? prov_bytes_text(pool, r.password) : NULL, rows[i].password,
                   "password after %s", rows[i].operation);
    }
}

/* ---- the message ---- */

static void test_bounds(void)
{
    prov_buf b;
    prov_buf_init(&b, pool, 4096);
    for (int i = 1; i <= PROV_PATCH_OPERATIONS + 1; i++) {
        prov_patch_result r;
        prov_buf_text(&b, i > 1 ? "," : "");
        prov_buf_text(&b, "{\"op\":\"add\",\"path\":\"title\",\"value\":\"t\"}");
        if (i < PROV_PATCH_OPERATIONS)
            continue;
        const char *operations = prov_bytes_text(pool, prov_buf_bytes(&b));
        prov_err *err = prov_patch_apply(pool, registry, user, 0,
                                         acme_json(pool, message(operations)), tree(""), &r);
        is_int(err ? err->http : 0, i > PROV_PATCH_OPERATIONS ? 413 : 0, "%d operations", i);
    }
}

static const char *numbered(const char *prefix, int count)
{
    prov_buf b;
    prov_buf_init(&b, pool, 65536);
    for (int i = 0; i < count; i++)
        prov_buf_printf(&b, "%s\"%s%d\"", i ? "," : "[", prefix, i);
    prov_buf_text(&b, "]");
    prov_buf_byte(&b, 0);
    return (const char *)b.data;
}

/* Long lists on both sides would be compared each with each. */
static void test_work(void)
{
    static const struct {
        const char *what, *op;
        int values, http;
    } rows[] = {
        { "a long list and a short one", "remove", 100, 0 },
        { "two long lists", "remove", PROV_VALUES_MAX, 413 },
        { "more values than an attribute may have", "add", 97, 400 },
        { "as many as it may have", "add", 96, 0 },
    };
    const char *tags = apr_psprintf(pool, "\"" ACME "\":{\"tags\":%s}", numbered("t", 4000));
    const prov_object *before = tree(tags);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        prov_patch_result r;
        const char *operation = apr_psprintf(pool, "{\"op\":\"%s\"," IN("tags") ",\"value\":%s}",
                                             rows[i].op, numbered("n", rows[i].values));
        prov_err *err = prov_patch_apply(pool, registry, user, 0,
                                         acme_json(pool, message(operation)), before, &r);
        is_int(err ? err->http : 0, rows[i].http, "%s", rows[i].what);
    }
}

/* Each value is held against each term; one that is written costs as many as 32. */
static void test_selecting(void)
{
    static const struct {
        const char *path, *op;
        int costs, written;
    } rows[] = {
        { "emails[value pr].type", "replace", 2, 2 },
        { "emails[value pr and (value pr or not (type pr))].type", "replace", 6, 2 },
        { "emails.type", "replace", 2, 2 },
        { "emails[value eq \"b\"].type", "replace", 2, 1 },
        { "emails[type eq \"x\" or type eq \"y\"]", "remove", 4, 0 },
    };
    const prov_object *before =
        tree("\"emails\":[{\"value\":\"a\",\"type\":\"x\"},{\"value\":\"b\"}]");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t budget = 1000;
        bool removes = strcmp(rows[i].op, "remove") == 0;
        prov_patch_op op = { .kind = removes ? PROV_PATCH_REMOVE : PROV_PATCH_REPLACE,
                             .value = removes ? NULL : acme_json(pool, "\"x\""),
                             .budget = &budget };
        prov_err *err =
            prov_path_parse(pool, registry, user, rows[i].path, strlen(rows[i].path), &op.path);
        if (!err)
            err = prov_patch_perform(pool, prov_object_copy(pool, before), &op);
        ok(!err, "%s %s", rows[i].op, rows[i].path);
        is_int(1000 - budget, rows[i].costs + 32 * rows[i].written, "its comparisons");
    }
}

/* ---- the difference ---- */

static const struct {
    const char *before, *after;
    int count;
} differences[] = {
    { "", "", 0 },
    { EMAILS, EMAILS, 0 },
    { "\"title\":\"t\"", "\"title\":\"T\",\"nickName\":\"n\"", 2 },
    { "\"externalId\":\"1\",\"title\":\"t\"", "", 2 },
    { "", "\"externalId\":\"1\",\"active\":false", 2 },
    { "\"name\":{\"givenName\":\"a\",\"familyName\":\"f\"}",
      "\"name\":{\"givenName\":\"b\",\"familyName\":\"f\"}", 1 },
    { "\"name\":{\"givenName\":\"a\",\"familyName\":\"f\"}", "\"name\":{\"middleName\":\"m\"}", 3 },
    { "\"name\":{\"givenName\":\"a\"}", "", 1 },
    { "", "\"name\":{\"givenName\":\"a\",\"familyName\":\"f\"}", 1 },
    { EMAILS, "\"emails\":[{\"value\":\"h@x\"}]", 1 },
    { EMAILS "," DESK, "", 2 },
    { DESK, "\"" ACME "\":{\"desk\":{\"building\":\"B\",\"floor\":2},\"score\":1.5}", 2 },
    { TAGS, "\"" ENTERPRISE "\":{\"manager\":{\"value\":\"m\"}}", 2 },
};

/* The operations, applied, make the one tree from the other. */
static void test_differences(void)
{
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++) {
        const prov_object *before = tree(differences[i].before),
                          *after = tree(differences[i].after);
        prov_buf b;
        prov_patch_result r;
        prov_buf_init(&b, pool, 256);
        int count = prov_patch_difference(&b, user, before, after);
        const char *operations = prov_bytes_text(pool, prov_buf_bytes(&b));
        is_int(count, differences[i].count, "operations: %s", operations);
        if (count == 0)
            continue;
        prov_err *err = prov_patch_apply(pool, registry, user, 0,
                                         acme_json(pool, message(operations)), before, &r);
        ok(!err && r.object && prov_object_equal(r.object, after), "they lead there: %s",
           operations);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    registry = acme_registry(pool);
    user = prov_registry_type_named(registry, "User");
    group = prov_registry_type_named(registry, "Group");
    test_cases();
    test_members();
    test_password();
    test_bounds();
    test_work();
    test_selecting();
    test_differences();
    apr_terminate();
    return plan_done();
}
