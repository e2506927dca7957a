/* page STORE SECONDS first|last ATTRIBUTE [FILTER]: makes the first or the last page of all users
 * by an attribute, reached by cursor, again and again. */
#include "bench.h"

#include "framework/list.h"

#define PAGE 100

typedef struct paging {
    prov_service *service;
    prov_caller caller;
    prov_query query;
    int64_t shown;
} paging;

static bool count_one(void *baton, const prov_view *v)
{
    paging *g = baton;
    g->shown++;
    return true;
}

static prov_listed make_page(paging *g, apr_pool_t *p)
{
    prov_listed found;
    g->shown = 0;
    fatal(p, prov_service_list(g->service, p, &g->caller, &g->query, count_one, g, &found));
    fatal_if(g->shown != PAGE, "a full page");
    return found;
}

/* Where the page before the last ends: by its number, which no limit forbids here. */
static void go_to_end(paging *g, apr_pool_t *p)
{
    prov_list_place *place = apr_palloc(p, sizeof *place);
    prov_listed found = make_page(g, p);
    g->query.first = found.total - 2 * PAGE + 1;
    *place = make_page(g, p).last;
    g->query.first = 1;
    g->query.after = place;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *p, *turn;
    prov_sort *sort;
    prov_filter *filter = NULL;
    fatal_if(argc < 5, "page STORE SECONDS first|last ATTRIBUTE [FILTER]");
    apr_initialize();
    apr_pool_create(&p, NULL);
    apr_pool_create(&turn, p);
    prov_service *s = service_of(p, argv[1]);
    paging g = { .service = s };
    g.caller.application = prov_config_application(s->config, "resident");
    g.caller.permissions = PROV_MAY_ADMIN;
    g.query = (prov_query){ .type = prov_registry_type_named(s->registry, "User"), .first = 1 };
    g.query.want = PAGE;
    g.query.onward = true;
    fatal(p, prov_sort_parse(p, s->registry, g.query.type, argv[4], NULL, &sort));
    if (argc > 5)
        fatal(p, prov_filter_parse(p, s->registry, g.query.type, argv[5], &prov_filter_defaults,
                                   &filter));
    g.query.sort = sort;
    g.query.filter = filter;
    if (strcmp(argv[3], "last") == 0)
        go_to_end(&g, p);
    measured m = measure(argv[2]);
    while (goes_on(&m)) {
        int64_t began = clock_us(CLOCK_MONOTONIC);
        apr_pool_clear(turn);
        make_page(&g, turn);
        note(&m, began);
    }
    report(&m);
    apr_pool_destroy(p);
    return EXIT_SUCCESS;
}
