#include "framework/provision.h"

#include "base/fault.h"
#include "base/json.h"
#include <apr_strings.h>

static prov_err *create(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                        const char *type_name, const char *name, const prov_body_extra *extra,
                        prov_id *id)
{
    const prov_resource_type *type = prov_registry_type_named(s->registry, type_name);
    prov_object *o = prov_object_make(p);
    prov_changed changed;
    prov_object_put_text(o, type->naming, name);
    prov_change c = { .operation = PROV_CREATED, .type = type, .object = o, .extra = extra };
    prov_err *err = prov_provision(s, p, caller, &c, &changed);
    *id = changed.id;
    return err;
}

static prov_err *add_member(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                            const prov_id *group, const prov_id *user)
{
    prov_changed changed;
    prov_change c = { .operation = PROV_PATCHED,
                      .type = prov_registry_type_named(s->registry, "Group"),
                      .id = *group };
    const char *patch =
        apr_psprintf(p,
                     "{\"schemas\":[\"" PROV_URN_PATCH "\"],\"Operations\":[{\"op\":"
                     "\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}]}",
                     prov_id_text(p, user));
    prov_err *err = prov_json_parse(p, prov_bytes_of(patch), &c.patch);
    return err ? err : prov_provision(s, p, caller, &c, &changed);
}

static prov_err *find_group(prov_service *s, apr_pool_t *p, prov_id *group, bool *found)
{
    const prov_resource_type *type = prov_registry_type_named(s->registry, "Group");
    prov_snapshot *n;
    prov_err *err = prov_store_read(s->store, p, &n);
    if (err)
        return err;
    *found = prov_userstore_find_in(prov_userstore_primary(s->userstores), n, p, type,
                                    PROV_BYTES(PROV_ADMIN_GROUP), group, 1) > 0;
    prov_snapshot_end(n);
    return NULL;
}

/* An earlier call may have ended before the membership: who gives the same password means the same
 * user. */
static bool is_same(prov_service *s, apr_pool_t *p, const char *name, prov_bytes password,
                    prov_id *user)
{
    prov_password_verdict verdict;
    return !prov_password_check(s->passwords, s->userstores, s->store, p, prov_bytes_of(name),
                                password, user, &verdict) &&
           verdict == PROV_PASSWORD_RIGHT;
}

/* The group first and the membership last: whatever this ends before, nobody has rights by half. */
prov_err *prov_service_make_admin(prov_service *s, apr_pool_t *p, const char *name,
                                  prov_bytes password)
{
    prov_caller caller = { .application = prov_config_application(s->config, "resident"),
                           .permissions = PROV_MAY_ADMIN,
                           .trigger = PROV_TRIGGER_ADMIN,
                           .no_outbound = true,
                           .actor = PROV_BYTES("provisionctl") };
    prov_body_extra extra = { .has_password = true, .password = password };
    prov_id group, user;
    bool found = false;
    prov_err *err = find_group(s, p, &group, &found);
    if (!err && !found)
        err = create(s, p, &caller, "Group", PROV_ADMIN_GROUP, NULL, &group);
    if (!err)
        err = create(s, p, &caller, "User", name, &extra, &user);
    if (err && err->http == 409 && is_same(s, p, name, password, &user))
        err = NULL;
    prov_fault_point("admin");
    return err ? err : add_member(s, p, &caller, &group, &user);
}
