#include "scim_fixture.h"

static const struct {
    const char *type, *path, *found; /* the standard path of what is found, or NULL */
} lookups[] = {
    { "User", "userName", "userName" },
    { "User", "USERNAME", "userName" },
    { "User", "name.givenname", "name.givenName" },
    { "User", "name.", NULL },
    { "User", "name.givenName.x", NULL },
    { "User", "", NULL },
    { "User", ".", NULL },
    { "User", "userNam", NULL },
    { "User", "userNames", NULL },
    { "User", "id", "id" },
    { "User", "externalid", "externalId" },
    { "User", "meta.lastmodified", "meta.lastModified" },
    { "User", PROV_URN_USER ":userName", "userName" },
    { "User", "URN:IETF:params:scim:schemas:core:2.0:user:EMAILS.value", "emails.value" },
    { "User", PROV_URN_USER ":id", "id" },
    { "User", PROV_URN_USER ":department", NULL },
    { "User", PROV_URN_USER "s:userName", NULL },
    { "User", PROV_URN_USER ":", NULL },
    { "User", PROV_URN_GROUP ":members", NULL },
    { "User", "department", PROV_URN_ENTERPRISE ":department" },
    { "User", PROV_URN_ENTERPRISE ":manager.$ref", PROV_URN_ENTERPRISE ":manager.$ref" },
    { "User", PROV_URN_ENTERPRISE ":userName", NULL },
    { "User", "links.state", PROV_URN_LINKS ":links.state" },
    { "User", "addresses.primary", "addresses.primary" },
    { "User", "members", NULL },
    { "Group", "members.display", "members.display" },
    { "Group", "members.$ref", "members.$ref" },
    { "Group", "userName", NULL },
};

static void test_lookups(apr_pool_t *p, const prov_registry *r)
{
    for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++) {
        const prov_resource_type *t = prov_registry_type_named(r, lookups[i].type);
        const prov_schema *schema;
        const prov_attr *a =
            prov_schema_find(r, t, lookups[i].path, strlen(lookups[i].path), &schema);
        is_str(a ? prov_attr_path(p, t, a) : NULL, lookups[i].found, "%s finds %s in %s",
               lookups[i].path, lookups[i].found ? lookups[i].found : "nothing", t->name);
        ok(!schema, "%s is no schema", lookups[i].path);
    }
    static const char *const urns[] = { PROV_URN_USER, PROV_URN_ENTERPRISE, PROV_URN_LINKS };
    for (size_t i = 0; i < sizeof urns / sizeof *urns; i++) {
        const prov_schema *schema;
        const prov_attr *a = prov_schema_find(r, prov_registry_type_named(r, "User"), urns[i],
                                              strlen(urns[i]), &schema);
        ok(!a && schema && strcmp(schema->urn, urns[i]) == 0, "%s is a schema", urns[i]);
    }
}

static void test_numbers(const prov_registry *r)
{
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    int wrong = 0, seen = 0;
    for (int s = 0; s < prov_registry_schema_count(r); s++) {
        const prov_schema *schema = prov_registry_schema(r, s);
        for (int i = 0; i < schema->count; i++) {
            const prov_attr *a = &schema->attrs[i];
            if (a->number == 0)
                continue; /* of the service */
            wrong += prov_registry_attr_numbered(r, a->number) != a;
            for (int n = 0; n < a->sub_count; n++, seen++)
                wrong += prov_registry_attr_numbered(r, a->subs[n].number) != &a->subs[n] ||
                         a->subs[n].parent != a;
        }
    }
    ok(wrong == 0 && seen > 50, "every number leads back to its attribute");
    ok(!prov_registry_attr_numbered(r, 0), "no attribute has the number 0");
    ok(!prov_registry_attr_numbered(r, 65535), "nor one that was never given");
    ok(prov_registry_type_numbered(r, user->number) == user, "a type is found by its number");
    ok(prov_registry_type_at(r, "/Users") == user, "and by its endpoint");
    ok(!prov_registry_type_at(r, "/users"), "which is case-exact");
    ok(prov_registry_schema_named(r, "URN:IETF:PARAMS:SCIM:SCHEMAS:CORE:2.0:USER") == user->schema,
       "a URN is not");
    is_str(user->naming->name, "userName", "a user is named by userName");
}

static prov_err *refuse_all(void *baton, const char *urn, const char *path, const char *type,
                            uint16_t *number)
{
    return prov_err_make(baton, 500, NULL, "no");
}

static prov_err *record_type(void *baton, const char *urn, const char *path, const char *type,
                             uint16_t *number)
{
    const char **found = baton;
    static uint16_t last;
    if (strcmp(path, "emails") == 0)
        found[0] = type;
    if (strcmp(path, "emails.value") == 0)
        found[1] = type;
    if (strcmp(path, "User") == 0)
        found[2] = type;
    *number = ++last;
    return NULL;
}

static void test_binding(apr_pool_t *p)
{
    const char *found[3] = { NULL };
    ok(prov_registry_bind(prov_registry_core(p), refuse_all, p) != NULL,
       "a dictionary that refuses is heard");
    prov_registry_bind(prov_registry_core(p), record_type, found);
    is_str(found[0], "complex[]", "the dictionary hears that emails are many and complex");
    is_str(found[1], "string", "of a sub-attribute it hears the path");
    is_str(found[2], "resource", "resource types have numbers too");
}

static const prov_json *attr_named(const prov_json *attrs, const char *name)
{
    for (size_t i = 0; i < prov_json_length(attrs); i++) {
        const prov_json *a = prov_json_at(attrs, i);
        if (strcmp((const char *)prov_json_string(prov_json_get(a, "name", NULL)).data, name) == 0)
            return a;
    }
    return NULL;
}

static const char *string_in(const prov_json *j, const char *name)
{
    return (const char *)prov_json_string(prov_json_get(j, name, NULL)).data;
}

/* Client libraries read what follows the last colon as a name, and what follows "urn:" as an
 * identifier of RFC 8141: an extension of ours whose URN is neither cannot be addressed by them. */
static void test_urns(const prov_registry *r)
{
    for (int i = 0; i < prov_registry_schema_count(r); i++) {
        const char *urn = prov_registry_schema(r, i)->urn, *last = strrchr(urn, ':') + 1;
        size_t letters = strspn(urn + 4, "abcdefghijklmnopqrstuvwxyz0123456789-");
        ok(strncmp(urn, "urn:", 4) == 0 && urn[4 + letters] == ':', "%s is a URN", urn);
        ok((*last >= 'A' && *last <= 'Z'), "%s ends in a name", urn);
    }
}

static void test_writers(apr_pool_t *p, const prov_registry *r)
{
    prov_buf b;
    prov_buf_init(&b, p, 0);
    prov_schema_write(&b, prov_registry_schema_named(r, PROV_URN_USER), "https://h/scim");
    const prov_json *user = parse_json(p, buf_text(p, &b));
    is_str(string_in(user, "id"), PROV_URN_USER, "a schema's id is its URN");
    ok(prov_json_length(prov_json_get(user, "schemas", NULL)) == 1, "it has schemas of its own");
    is_str(string_in(prov_json_get(user, "meta", NULL), "location"),
           "https://h/scim/Schemas/" PROV_URN_USER, "and a location");
    const prov_json *attrs = prov_json_get(user, "attributes", NULL);
    const prov_json *name = attr_named(attrs, "userName");
    ok(prov_json_boolean(prov_json_get(name, "required", NULL)), "userName is required");
    is_str(string_in(name, "uniqueness"), "server", "and unique");
    is_str(string_in(attr_named(attrs, "password"), "returned"), "never",
           "password is never returned");
    is_str(string_in(attr_named(attrs, "password"), "mutability"), "writeOnly", "and writeOnly");
    const prov_json *subs = prov_json_get(attr_named(attrs, "emails"), "subAttributes", NULL);
    ok(attr_named(subs, "primary") != NULL, "sub-attributes are there");
    ok(!attr_named(attrs, "externalId"), "common attributes are not");

    b.len = 0;
    prov_schema_write(&b, prov_registry_schema_named(r, PROV_URN_GROUP), "https://h/scim");
    attrs = prov_json_get(parse_json(p, buf_text(p, &b)), "attributes", NULL);
    subs = prov_json_get(attr_named(attrs, "members"), "subAttributes", NULL);
    is_str(string_in(attr_named(subs, "display"), "mutability"), "readOnly",
           "a member's display is ours to fill");
    is_str(string_in(attr_named(subs, "value"), "mutability"), "immutable", "its value stays");

    b.len = 0;
    prov_schema_write(&b,
                      prov_registry_schema_named(r, "urn:ietf:params:scim:schemas:core:2.0:Schema"),
                      "https://h/scim");
    attrs = prov_json_get(parse_json(p, buf_text(p, &b)), "attributes", NULL);
    subs = prov_json_get(attr_named(attrs, "attributes"), "subAttributes", NULL);
    subs = prov_json_get(attr_named(subs, "subAttributes"), "subAttributes", NULL);
    ok(attr_named(subs, "uniqueness") != NULL, "the schema of schemas nests");
    ok(prov_json_boolean(prov_json_get(attr_named(subs, "referenceTypes"), "multiValued", NULL)),
       "with its errata");
    is_int(prov_registry_schema_count(r), 7, "the service's schemas are published too");

    b.len = 0;
    prov_resource_type_write(&b, prov_registry_type_named(r, "User"), "https://h/scim");
    const prov_json *type = parse_json(p, buf_text(p, &b));
    is_str(string_in(type, "id"), "User", "a type's id is its name");
    is_str(string_in(type, "schema"), PROV_URN_USER, "it names its schema");
    is_int(prov_json_length(prov_json_get(type, "schemaExtensions", NULL)), 1,
           "and the extension that is for everybody");
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    prov_registry *r = bound_registry(p);
    test_lookups(p, r);
    test_numbers(r);
    test_binding(p);
    test_urns(r);
    test_writers(p, r);
    apr_pool_destroy(p);
    return plan_done();
}
