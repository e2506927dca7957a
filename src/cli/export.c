/* export: every resource as SCIM JSON, one a line, users before groups, as import takes them. */
#include "cli/cli.h"
#include "framework/list.h"
#include <stdio.h>

#define PAGE      1000
#define PAGE_ROOM ((size_t)1 << 20)
#define PAGE_MOST ((size_t)16 << 20)

typedef struct page {
    prov_buf lines;
    const prov_userstore *domain; /* or NULL */
} page;

static bool add(void *baton, const prov_view *v)
{
    page *g = baton;
    if (g->lines.len >= PAGE_MOST)
        return false;
    if (g->domain && prov_record_head(v->record).domain != g->domain->number)
        return true;
    prov_resource_write(&g->lines, v, NULL);
    prov_buf_byte(&g->lines, '\n');
    return true;
}

/* Each page is a snapshot, which has ended before anything is written. */
static prov_err *print_pages(prov_cli *c, const prov_caller *caller, prov_query *q, page *g)
{
    prov_list_place place;
    prov_listed found = { .more = true };
    prov_err *err = NULL;
    apr_pool_t *p;
    apr_pool_create(&p, c->pool);
    while (!err && found.more) {
        apr_pool_clear(p);
        prov_buf_init(&g->lines, p, PAGE_ROOM);
        err = prov_service_list(c->service, p, caller, q, add, g, &found);
        if (!err && fwrite(g->lines.data, 1, g->lines.len, stdout) != g->lines.len)
            break; /* told once, when the output is closed */
        place = found.last;
        q->after = &place;
    }
    return err;
}

prov_err *prov_cli_export(prov_cli *c)
{
    prov_application everything = *prov_config_application(c->service->config, "resident");
    prov_caller caller = { .application = &everything,
                           .permissions = PROV_MAY_ADMIN,
                           .trigger = PROV_TRIGGER_ADMIN,
                           .actor = PROV_BYTES("provisionctl") };
    prov_query q = { .first = 1, .want = PAGE, .onward = true, .base = "" };
    page g = { .domain = NULL };
    everything.inbound_store = NULL;
    if (c->type && !(q.type = prov_registry_type_named(c->service->registry, c->type)))
        return prov_err_make(c->pool, 400, NULL, "there is no resource type %s", c->type);
    if (c->domain && !(g.domain = prov_userstore_named(c->service->userstores, c->domain)))
        return prov_err_make(c->pool, 400, NULL, "there is no <ProvisionUserStore %s>", c->domain);
    return print_pages(c, &caller, &q, &g);
}
