/* Fills a server's store while it runs, and prints the ids:
 *   load STORE users COUNT PREFIX [owed]       users of 1 KiB; owed: with a link at each target
 *   load STORE groups COUNT SIZE PREFIX <ids   groups of the first SIZE of the ids given */
#include "bench.h"

#define TOGETHER 250 /* plans, or members of a plan */

typedef struct load {
    prov_service *service;
    prov_userstore *primary;
    apr_pool_t *pool; /* of a batch */
    const prov_plan *plans[TOGETHER];
    int count;
} load;

static void submit(load *l)
{
    prov_verdict verdicts[TOGETHER];
    prov_store_submit_all(l->service->store, l->plans, verdicts, l->count);
    for (int i = 0; i < l->count; i++)
        fatal(l->pool, prov_verdict_error(l->pool, &verdicts[i]));
    l->count = 0;
    apr_pool_clear(l->pool);
}

static prov_plan *next_plan(load *l)
{
    if (l->count == TOGETHER)
        submit(l);
    prov_plan *plan = prov_plan_make(l->pool);
    l->plans[l->count++] = plan;
    return plan;
}

static void print_id(const prov_id *id)
{
    char text[PROV_ID_TEXT + 1];
    prov_id_print(id, text);
    puts(text);
}

static prov_id create(load *l, prov_plan *plan, const char *type_name, const char *body)
{
    const prov_resource_type *type = prov_registry_type_named(l->service->registry, type_name);
    prov_id id = prov_id_make();
    prov_body_extra extra = { 0 };
    const prov_json *json;
    prov_object *object;
    prov_head head = { .type = type->number, .domain = l->primary->number };
    head.created = head.modified = apr_time_now();
    fatal(l->pool, prov_json_parse(l->pool, prov_bytes_of(body), &json));
    fatal(l->pool, prov_value_read(l->pool, l->service->registry, type, json, PROV_BODY_CREATE,
                                   &object, &extra));
    const prov_held none = { NULL };
    const prov_held held = { object, prov_record_write(l->pool, &head, object) };
    fatal(l->pool, l->primary->type->apply(l->primary, l->pool, plan, &id, type, &none, &held));
    return id;
}

/* --- users --------------------------------------------------------------------------------------
 */

static const char user_body[] =
    "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\","
    "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"],"
    "\"externalId\":\"hr-%s%06d\",\"userName\":\"%s%06d\",\"displayName\":\"Barbara Jensen %d\","
    "\"name\":{\"givenName\":\"Barbara\",\"familyName\":\"Jensen\"},\"title\":\"%s\","
    "\"active\":true,\"emails\":[{\"value\":\"%s%06d@example.com\",\"type\":\"work\","
    "\"primary\":true}],\"phoneNumbers\":[{\"value\":\"tel:+1-555-%06d\",\"type\":\"work\"}],"
    "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{"
    "\"employeeNumber\":\"%06d\",\"department\":\"Department %d\",\"costCenter\":\"%d\"}}";

static const char *const titles[] = { "Nurse",   "Clerk",   "Driver",    "Cook",   "Manager",
                                      "Teacher", "Surgeon", "Carpenter", "Porter", "Engineer" };

static void owe(load *l, prov_plan *plan, const prov_id *id)
{
    const prov_application *a = prov_config_application(l->service->config, "resident");
    prov_engine *engine = l->service->engine;
    const prov_touch touch = { .now = apr_time_now(),
                               .queue = PROV_QUEUE_NORMAL,
                               .trigger = PROV_TRIGGER_SCIM,
                               .application = prov_outbound_application(engine, a) };
    prov_outbound_owe(engine, plan, id, prov_registry_type_named(l->service->registry, "User"), a,
                      &touch);
}

static void load_users(load *l, int count, const char *prefix, bool owed)
{
    for (int i = 0; i < count; i++) {
        prov_plan *plan = next_plan(l);
        const char *body = apr_psprintf(l->pool, user_body, prefix, i, prefix, i, i, titles[i % 10],
                                        prefix, i, i, i, i % 40, i % 300);
        prov_id id = create(l, plan, "User", body);
        if (owed)
            owe(l, plan, &id);
        print_id(&id);
    }
    submit(l);
}

/* --- groups -------------------------------------------------------------------------------------
 */

static apr_array_header_t *read_ids(apr_pool_t *p)
{
    apr_array_header_t *ids = apr_array_make(p, 1024, sizeof(prov_id));
    char line[128];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        fatal_if(!prov_id_parse(prov_bytes_of(line), apr_array_push(ids)), line);
    }
    return ids;
}

static void load_groups(load *l, int count, int size, const char *prefix,
                        const apr_array_header_t *ids)
{
    const prov_touch touch = { .now = apr_time_now(), .trigger = PROV_TRIGGER_SCIM };
    for (int i = 0; i < count; i++) {
        prov_plan *plan = next_plan(l);
        const char *body = apr_psprintf(l->pool,
                                        "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:"
                                        "Group\"],\"displayName\":\"%s%d\"}",
                                        prefix, i);
        prov_id group = create(l, plan, "Group", body);
        for (int k = 0; k < size && k < ids->nelts; k++) {
            if (k % TOGETHER == TOGETHER - 1)
                plan = next_plan(l);
            prov_plan_member_add(plan, &group, &APR_ARRAY_IDX(ids, k, prov_id), &touch);
        }
        print_id(&group);
    }
    submit(l);
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *p;
    load l = { .count = 0 };
    fatal_if(argc < 5, "load STORE users|groups COUNT ...");
    apr_initialize();
    apr_pool_create(&p, NULL);
    l.service = service_of(p, argv[1]);
    l.primary = (prov_userstore *)prov_userstore_primary(l.service->userstores);
    apr_pool_create(&l.pool, p);
    int count = (int)strtol(argv[3], NULL, 10);
    if (strcmp(argv[2], "users") == 0)
        load_users(&l, count, argv[4], argc > 5);
    else
        load_groups(&l, count, (int)strtol(argv[4], NULL, 10), argc > 5 ? argv[5] : "group",
                    read_ids(p));
    apr_pool_destroy(p);
    return EXIT_SUCCESS;
}
