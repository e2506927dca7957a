/* A service on a fresh store: two domains, the resident application and hr (which sees CORP), one
 * target that nobody calls, permits; and short words for what its tests ask of it. */
#ifndef FRAMEWORK_GIVEN_H
#define FRAMEWORK_GIVEN_H

#include "base/crypt.h"
#include "framework/provision.h"
#include "tap.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <unistd.h>

static apr_pool_t *p;
static prov_config *config;
static prov_connector_config *target;
static prov_service *service;
static const prov_resource_type *user_type, *group_type;
static prov_caller resident, hr, admin;
static char folder[100];

static void fatal(const prov_err *err)
{
    if (err) {
        printf("Bail out! %s\n", prov_err_text(p, err));
        exit(EXIT_FAILURE);
    }
}

static unsigned abilities(const void *values)
{
    return PROV_CAN_GROUPS;
}

static const prov_option no_options[] = { PROV_OPTION_END };
static const prov_connector uncalled = { .version = PROV_CONNECTOR_VERSION,
                                         .name = "uncalled",
                                         .options = no_options,
                                         .values_size = sizeof(int),
                                         .abilities = abilities };

static prov_application *declare_application(const char *name, const char *inbound_store)
{
    prov_application *a = prov_application_make(p, name, "test");
    prov_outbound_entry *entry = apr_array_push(a->outbound);
    *entry = (prov_outbound_entry){
        .idp = "there", .connector = "uncalled", .where = "test", .target = target
    };
    a->inbound_store = inbound_store;
    APR_ARRAY_PUSH(config->applications, prov_application *) = a;
    return a;
}

static void permit(uint32_t permissions, prov_permit_kind kind, const char *name)
{
    APR_ARRAY_PUSH(config->permits, prov_permit) = (prov_permit){ permissions, kind, name, "test" };
}

static void (*declare_more)(void); /* of what a test needs besides, or NULL */

static void declare(void)
{
    prov_idp *idp = prov_idp_make(p, "there", "test");
    target = prov_connector_config_make(p, "uncalled", no_options, sizeof(int), "test");
    config = prov_config_make(p);
    config->settings.password_cost = 1;
    config->settings.store_size = 256 << 20;
    config->store_backend = "lmdb";
    config->store_location = folder;
    target->connector = &uncalled;
    target->idp = idp->name;
    idp->roles = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(idp->roles, const char *) = "sales";
    APR_ARRAY_PUSH(idp->connectors, prov_connector_config *) = target;
    APR_ARRAY_PUSH(config->idps, prov_idp *) = idp;
    APR_ARRAY_PUSH(config->userstores, prov_userstore_config *) =
        prov_userstore_config_make(p, "PRIMARY", "test");
    APR_ARRAY_PUSH(config->userstores, prov_userstore_config *) =
        prov_userstore_config_make(p, "CORP", "test");
    permit(PROV_MAY_SCIM_READ | PROV_MAY_SCIM_WRITE, PROV_PERMIT_GROUP, "hr admins");
    permit(PROV_MAY_SCIM_READ, PROV_PERMIT_USER, "CORP/reader");
    permit(PROV_MAY_SCIM_READ, PROV_PERMIT_TOKEN, "token");
    if (declare_more)
        declare_more();
}

static prov_caller calls(const prov_application *a, uint32_t permissions)
{
    return (prov_caller){ .application = a,
                          .permissions = permissions,
                          .trigger = PROV_TRIGGER_SCIM,
                          .actor = PROV_BYTES("tester") };
}

/* As the server's first process does; whoever is there already is refused from then on. */
static void declare_indexes(const prov_service_options *options)
{
    apr_pool_t *first;
    prov_verdict v;
    prov_snapshot *n;
    apr_pool_create(&first, p);
    fatal(prov_service_open(first, config, options, &service));
    prov_plan *plan = prov_plan_make(first);
    fatal(prov_store_read(service->store, first, &n));
    prov_index_declare(n, service->registry, plan);
    prov_snapshot_end(n);
    prov_store_submit(service->store, plan, &v);
    fatal(prov_verdict_error(first, &v));
    apr_pool_destroy(first);
}

static void given_service(void)
{
    static const uint8_t key[PROV_KEY_LEN] = { 1 };
    const prov_service_options options = { .dispatch = false, .key = key };
    apr_pool_create(&p, NULL);
    snprintf(folder, sizeof folder, "/dev/shm/provision-framework-%ld", (long)getpid());
    declare();
    resident = calls(declare_application("resident", NULL), PROV_MAY_SCIM_WRITE);
    hr = calls(declare_application("hr", "CORP"), PROV_MAY_SCIM_WRITE);
    admin = resident;
    admin.permissions = PROV_MAY_ADMIN;
    declare_indexes(&options);
    fatal(prov_service_open(p, config, &options, &service));
    user_type = prov_registry_type_named(service->registry, "User");
    group_type = prov_registry_type_named(service->registry, "Group");
}

/* --- changes: NULL or the error ------------------------------------------------------------- */

static prov_changed last; /* of what succeeded */

static const prov_json *json(const char *text)
{
    const prov_json *j;
    fatal(prov_json_parse(p, prov_bytes_of(text), &j));
    return j;
}

static prov_err *change_with(const prov_caller *caller, prov_change *c, const char *body)
{
    prov_body_extra extra;
    prov_body how = c->operation == PROV_CREATED ? PROV_BODY_CREATE : PROV_BODY_REPLACE;
    if (c->operation == PROV_PATCHED) {
        c->patch = json(apr_pstrcat(p, "{\"schemas\":[\"" PROV_URN_PATCH "\"],\"Operations\":[",
                                    body, "]}", NULL));
    } else if (body) {
        body = apr_pstrcat(p, "{\"schemas\":[\"", c->type->schema->urn, "\"],", body, "}", NULL);
        fatal(prov_value_read(p, service->registry, c->type, json(body), how, &c->object, &extra));
        c->extra = &extra;
    }
    return prov_provision(service, p, caller, c, &last);
}

__attribute__((unused)) static prov_err *create(const prov_caller *caller,
                                                const prov_resource_type *type, const char *body)
{
    prov_change c = { .operation = PROV_CREATED, .type = type };
    return change_with(caller, &c, body);
}

__attribute__((unused)) static prov_id made(const prov_resource_type *type, const char *body)
{
    fatal(create(&admin, type, body));
    return last.id;
}

__attribute__((unused)) static prov_err *change(const prov_caller *caller, prov_operation operation,
                                                const prov_resource_type *type, prov_id id,
                                                const char *body)
{
    prov_change c = { .operation = operation, .type = type, .id = id };
    return change_with(caller, &c, body);
}

__attribute__((unused)) static void is_error(const prov_err *err, int http, const char *type,
                                             const char *what)
{
    int got = err ? err->http : 0;
    const char *got_type = err ? err->scim_type : NULL;
    bool good = got == http && (!type || (got_type && strcmp(type, got_type) == 0));
    if (!ok(good, "%s", what))
        printf("#  got %d %s (%s)\n# want %d %s\n", got, got_type ? got_type : "-",
               err ? prov_err_text(p, err) : "", http, type ? type : "-");
}

/* --- seeing --------------------------------------------------------------------------------- */

/* As JSON with just these attributes; "404" if it is not there. */
__attribute__((unused)) static const char *
seen(const prov_caller *caller, const prov_resource_type *type, prov_id id, const char *attributes)
{
    prov_snapshot *n;
    prov_view view;
    prov_projection *projection;
    prov_buf b;
    const char *text = "404";
    prov_buf_init(&b, p, 1000);
    fatal(prov_projection_parse(p, service->registry, type, attributes, NULL, &projection));
    fatal(prov_store_read(service->store, p, &n));
    if (prov_service_view(service, n, p, caller, type, &id, "http://s", &view)) {
        prov_resource_write(&b, &view, projection);
        text = strstr(prov_bytes_text(p, prov_buf_bytes(&b)), "\"id\"");
        text += strlen("\"id\":\"\"") + PROV_ID_TEXT;
        text = *text == ',' ? text + 1 : text;
    }
    prov_snapshot_end(n);
    return text;
}

__attribute__((unused)) static prov_head head_of(prov_id id)
{
    prov_snapshot *n;
    prov_record rec;
    prov_head head = { 0 };
    fatal(prov_store_read(service->store, p, &n));
    if (prov_snapshot_resource(n, &id, &rec))
        head = prov_record_head(rec);
    prov_snapshot_end(n);
    return head;
}

__attribute__((unused)) static prov_link link_of(prov_id id)
{
    prov_snapshot *n;
    prov_link link = { 0 };
    uint32_t number;
    fatal(prov_store_number(service->store, PROV_NUMBER_TARGET, "there/uncalled", &number));
    fatal(prov_store_read(service->store, p, &n));
    prov_snapshot_link(n, &id, number, &link);
    prov_snapshot_end(n);
    return link;
}

/* --- the end -------------------------------------------------------------------------------- */

static void fault(void *baton, const char *sentence)
{
    printf("# %s\n", sentence);
    ++*(int *)baton;
}

/* Every index, membership, edge, grant and link fits the resources; then the folder goes. */
__attribute__((unused)) static int service_done(void)
{
    int faults = 0;
    int64_t looked_at = 0;
    fatal(prov_store_check(service->store, p, service->registry, fault, &faults, &looked_at));
    ok(looked_at > 0 && !faults, "the store's own check finds nothing");
    apr_pool_t *left;
    apr_pool_create(&left, NULL);
    apr_pool_destroy(p);
    apr_dir_t *dir;
    apr_finfo_t file;
    if (apr_dir_open(&dir, folder, left) == APR_SUCCESS) {
        while (apr_dir_read(&file, APR_FINFO_NAME, dir) == APR_SUCCESS) {
            const char *path = apr_pstrcat(left, folder, "/", file.name, NULL);
            if (file.name[0] != '.')
                apr_file_remove(path, left);
        }
        apr_dir_close(dir);
    }
    apr_dir_remove(folder, left);
    return plan_done();
}

#endif
