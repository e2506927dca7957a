/* Who holds which permission, and who may change what because of it. */
#include "framework_given.h"
#include "framework/groups.h"

static prov_id chief, helper, reader, nobody, alias, hr_admins, below, deep, free_group, admins;

static prov_id group_of(const char *name, prov_id member)
{
    return made(group_type,
                apr_psprintf(p, "\"displayName\":\"%s\",\"members\":[{\"value\":\"%s\"}]", name,
                             prov_id_text(p, &member)));
}

static const char *members_op(const char *op, prov_id member)
{
    return apr_psprintf(p, "{\"op\":\"%s\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}",
                        op, prov_id_text(p, &member));
}

static uint32_t permissions_of(prov_id user)
{
    prov_snapshot *n;
    fatal(prov_store_read(service->store, p, &n));
    uint32_t all = prov_service_permissions(service, n, p, &user);
    prov_snapshot_end(n);
    return all;
}

static void given(void)
{
    fatal(prov_service_make_admin(service, p, "chief", PROV_BYTES("secret")));
    helper = made(user_type, "\"userName\":\"helper\"");
    reader = made(user_type, "\"userName\":\"CORP/reader\"");
    nobody = made(user_type, "\"userName\":\"nobody\"");
    alias = made(user_type, "\"userName\":\"reader\"");
    deep = group_of("deep", helper);
    below = group_of("below", deep);
    hr_admins = group_of("HR Admins", below);
    free_group = group_of("free", nobody);
    /* a circle */
    fatal(change(&admin, PROV_PATCHED, group_type, deep, members_op("add", below)));
}

static void permissions(void)
{
    prov_caller corp = hr;
    corp.permissions = PROV_MAY_ADMIN;
    prov_id ids[2];
    prov_snapshot *n;
    fatal(prov_store_read(service->store, p, &n));
    is_int(prov_userstore_find(service->userstores, n, p, user_type, PROV_BYTES("chief"), ids, 2),
           1, "the administrator was made");
    chief = ids[0];
    is_int(prov_userstore_find(service->userstores, n, p, group_type, PROV_BYTES(PROV_ADMIN_GROUP),
                               ids, 2),
           1, "and the group");
    admins = ids[0];
    prov_snapshot_end(n);
    is_int(link_of(chief).wanted, 0, "who gets no links");
    is_int(permissions_of(chief), PROV_MAY_ADMIN, "but is admin");
    is_int(permissions_of(helper), PROV_MAY_SCIM_READ | PROV_MAY_SCIM_WRITE,
           "through groups within groups, in a circle");
    is_int(permissions_of(reader), PROV_MAY_SCIM_READ, "by name");
    is_int(permissions_of(alias), 0, "the same name in another domain is another");
    is_int(permissions_of(nobody), 0, "no line, no permission");
    fatal(
        create(&corp, group_type, apr_psprintf(p, "\"displayName\":\"hr admins\",\"members\":[]")));
    prov_id namesake = last.id;
    fatal(change(&admin, PROV_PATCHED, group_type, namesake, members_op("add", nobody)));
    is_int(permissions_of(nobody), 0, "a group's name counts in PRIMARY only");
    fatal(prov_service_make_admin(service, p, "second", PROV_BYTES("secret")));
    is_error(prov_service_make_admin(service, p, "second", PROV_BYTES("other")), 409, "uniqueness",
             "an administrator is made once");
    ok(!prov_service_make_admin(service, p, "second", PROV_BYTES("secret")),
       "asked for again, he is there");
}

#define NAME(value) "{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"" value "\"}"
#define USER(value) "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"" value "\"}"
#define TITLE       "{\"op\":\"add\",\"path\":\"title\",\"value\":\"t\"}"
#define EXTERNAL    "{\"op\":\"add\",\"path\":\"externalId\",\"value\":\"t\"}"

static void refusals(void)
{
    const struct {
        prov_operation operation;
        const prov_resource_type *type;
        prov_id id;
        const char *body;
        int http; /* for who is no administrator */
        const char *what;
    } rows[] = {
        { PROV_CREATED,
          group_type,
          { { 0 } },
          "\"displayName\":\"PROVISION-admins\"",
          403,
          "making a second group of administrators" },
        { PROV_CREATED,
          group_type,
          { { 0 } },
          "\"displayName\":\"hr admins\"",
          403,
          "making a group with permissions" },
        { PROV_CREATED, group_type, { { 0 } }, "\"displayName\":\"plain\"", 0, "making another" },
        { PROV_PATCHED, group_type, admins, members_op("add", nobody), 403,
          "joining the administrators" },
        { PROV_PATCHED, group_type, hr_admins, members_op("add", nobody), 403,
          "joining those with permissions" },
        { PROV_PATCHED, group_type, below, members_op("add", nobody), 403, "joining below them" },
        { PROV_PATCHED, group_type, deep, members_op("remove", helper), 403, "leaving far below" },
        { PROV_PATCHED, group_type, deep, members_op("add", prov_id_make()), 403,
          "adding who is not there is refused in the same words" },
        { PROV_PATCHED, group_type, deep, NAME("shallow"), 403, "renaming below" },
        { PROV_PATCHED, group_type, hr_admins, NAME("any"), 403, "renaming away" },
        { PROV_PATCHED, group_type, free_group, NAME("hr admins"), 403, "renaming to" },
        { PROV_PATCHED, group_type, deep, EXTERNAL, 0, "neither name nor members" },
        { PROV_REPLACED, group_type, below, "\"displayName\":\"below\"", 403,
          "a PUT that empties it" },
        { PROV_DELETED, group_type, below, NULL, 403, "deleting below" },
        { PROV_DELETED, group_type, admins, NULL, 403, "deleting the administrators" },
        { PROV_PATCHED, group_type, free_group, members_op("add", hr_admins), 0,
          "a group with permissions may be put below another" },
        { PROV_PATCHED, group_type, free_group, members_op("add", helper), 0, "other groups" },
        { PROV_PATCHED, user_type, helper, TITLE, 403, "changing who has a permission" },
        { PROV_PATCHED, user_type, reader, TITLE, 403, "changing who has one by name" },
        { PROV_DELETED, user_type, chief, NULL, 403, "deleting an administrator" },
        { PROV_PATCHED, user_type, nobody, TITLE, 0, "changing who has none" },
        { PROV_CREATED,
          user_type,
          { { 0 } },
          "\"userName\":\"corp/READER\"",
          403,
          "making a user of a name with permissions, there or not" },
        { PROV_PATCHED, user_type, alias, USER("reader2"), 0, "a namesake of another domain" },
        { PROV_DELETED, user_type, nobody, NULL, 0, "deleting who has none" },
        { PROV_DELETED, group_type, free_group, NULL, 0, "deleting a group without" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        prov_change c = { .operation = rows[i].operation, .type = rows[i].type, .id = rows[i].id };
        is_error(change_with(&resident, &c, rows[i].body), rows[i].http, NULL, rows[i].what);
    }
    is_error(change(&admin, PROV_PATCHED, group_type, deep, members_op("remove", helper)), 0, NULL,
             "an administrator may");
    is_int(permissions_of(helper), 0, "and the permission is gone");
    is_error(change(&resident, PROV_PATCHED, user_type, helper, TITLE), 0, NULL,
             "and with it the protection");
}

/* Who is in more groups than are looked at may be in one that counts. */
static void crowds(void)
{
    prov_id user = made(user_type, "\"userName\":\"joiner\"");
    for (int i = 1; i < PROV_GROUPS_ABOVE_MOST; i++)
        group_of("one of many", user);
    is_error(change(&resident, PROV_PATCHED, user_type, user, TITLE), 0, NULL, "almost too many");
    group_of("one of many", user);
    is_error(change(&resident, PROV_PATCHED, user_type, user, USER("joined")), 403, NULL,
             "who is in too many groups is protected");
}

int main(void)
{
    apr_initialize();
    given_service();
    given();
    permissions();
    refusals();
    crowds();
    return service_done();
}
