/* PATCH paths: what they name, and what is no path. */
#include "tap.h"
#include "scim/path.h"
#include "scim_acme.h"

#define BASE "urn:ietf:params:scim:schemas:core:2.0:User"

static const struct {
    const char *text;
    const char *attr, *sub, *filter; /* what it names, */
    const char *schema;              /* or the URN it is, */
    const char *scim_type;           /* or why it is refused */
} cases[] = {
    { "nickName", "nickName", NULL, NULL, NULL, NULL },
    { "NICKNAME", "nickName", NULL, NULL, NULL, NULL },
    { "externalId", "externalId", NULL, NULL, NULL, NULL },
    { "meta.created", "meta", "created", NULL, NULL, NULL },
    { "name.GIVENNAME", "name", "givenName", NULL, NULL, NULL },
    { "emails.display", "emails", "display", NULL, NULL, NULL },
    { "manager", "manager", NULL, NULL, NULL, NULL },
    { "manager.$ref", "manager", "$ref", NULL, NULL, NULL },
    { BASE ":userName", "userName", NULL, NULL, NULL, NULL },
    { ENTERPRISE ":manager.value", "manager", "value", NULL, NULL, NULL },
    { "URN:ietf:params:scim:schemas:EXTENSION:enterprise:2.0:user:Department", "department", NULL,
      NULL, NULL, NULL },
    { ENTERPRISE, NULL, NULL, NULL, ENTERPRISE, NULL },
    { BASE, NULL, NULL, NULL, BASE, NULL },
    { "emails[type eq \"work\"]", "emails", NULL, "type eq \"work\"", NULL, NULL },
    { "EMAILS[TYPE EQ \"]\\\"]\"].VALUE", "emails", "value", "type eq \"]\\\"]\"", NULL, NULL },
    { BASE ":emails[primary eq true].type", "emails", "type", "primary eq true", NULL, NULL },
    { ACME ":tags[value eq \"red\"]", "tags", NULL, "value eq \"red\"", NULL, NULL },
    { "", NULL, NULL, NULL, NULL, "invalidPath" },
    { "foo", NULL, NULL, NULL, NULL, "invalidPath" },
    { " nickName", NULL, NULL, NULL, NULL, "invalidPath" },
    { "/emails/0", NULL, NULL, NULL, NULL, "invalidPath" },
    { "emails.", NULL, NULL, NULL, NULL, "invalidPath" },
    { "emails.value.x", NULL, NULL, NULL, NULL, "invalidPath" },
    { "displayName.foo", NULL, NULL, NULL, NULL, "invalidPath" },
    { "urn:unknown:User:title", NULL, NULL, NULL, NULL, "invalidPath" },
    { ENTERPRISE ":", NULL, NULL, NULL, NULL, "invalidPath" },
    { ENTERPRISE ":title", NULL, NULL, NULL, NULL, "invalidPath" },
    { "emails[0]", NULL, NULL, NULL, NULL, "invalidPath" },
    { "emails[]", NULL, NULL, NULL, NULL, "invalidFilter" },
    { "emails[type eq ]", NULL, NULL, NULL, NULL, "invalidFilter" },
    { "emails[primary gt true]", NULL, NULL, NULL, NULL, "invalidFilter" },
    { "emails[foo pr]", NULL, NULL, NULL, NULL, "invalidFilter" },
    { "emails[type eq \"work\"", NULL, NULL, NULL, NULL, "invalidPath" },
    { "emails[type eq \"work]", NULL, NULL, NULL, NULL, "invalidPath" },
    { "emails[type eq \"work\"].", NULL, NULL, NULL, NULL, "invalidPath" },
    { "emails[type eq \"work\"].foo", NULL, NULL, NULL, NULL, "invalidPath" },
    { "emails[type eq \"work\"].value.x", NULL, NULL, NULL, NULL, "invalidPath" },
    { "emails[type eq \"work\"]value", NULL, NULL, NULL, NULL, "invalidPath" },
    { "emails[type eq \"work\"] and title", NULL, NULL, NULL, NULL, "invalidPath" },
    { "emails.type[value pr]", NULL, NULL, NULL, NULL, "invalidPath" },
    { "displayName[value eq \"x\"]", NULL, NULL, NULL, NULL, "invalidPath" },
    { "name[givenName pr]", NULL, NULL, NULL, NULL, "invalidPath" },
    { ACME ":tags[value pr].value", NULL, NULL, NULL, NULL, "invalidPath" },
    { "[type pr]", NULL, NULL, NULL, NULL, "invalidPath" },
};

int main(void)
{
    apr_pool_t *pool;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    const prov_registry *registry = acme_registry(pool);
    const prov_resource_type *user = prov_registry_type_named(registry, "User");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text;
        prov_path path;
        prov_err *err = prov_path_parse(pool, registry, user, text, strlen(text), &path);
        is_str(err ? err->scim_type : NULL, cases[i].scim_type, "'%s' is taken or not", text);
        if (err)
            continue;
        is_str(path.schema ? path.schema->urn : NULL, cases[i].schema, "'%s': schema", text);
        is_str(path.attr ? path.attr->name : NULL, cases[i].attr, "'%s': attribute", text);
        is_str(path.sub ? path.sub->name : NULL, cases[i].sub, "'%s': sub-attribute", text);
        is_str(path.filter ? prov_filter_print(pool, path.filter) : NULL, cases[i].filter,
               "'%s': filter", text);
    }
    apr_terminate();
    return plan_done();
}
