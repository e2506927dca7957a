/* scan STORE SECONDS touch|FILTER: goes through every user of a store, again and again. A filter is
 * what an unindexed list does with it, "touch" reads a byte of each cache line of each. Ends with
 * "RESOURCES n", the users that there are. */
#include "bench.h"

#include "framework/list.h"

#include <apr_tables.h>

#define LINE 64

static bool ignore(void *baton, const prov_view *v)
{
    return true;
}

static void filter(prov_service *s, apr_pool_t *p, const char *text)
{
    prov_listed found;
    prov_filter *parsed;
    const prov_caller caller = { .application = prov_config_application(s->config, "resident"),
                                 .permissions = PROV_MAY_ADMIN };
    prov_query q = { .type = prov_registry_type_named(s->registry, "User"), .first = 1 };
    fatal(p, prov_filter_parse(p, s->registry, q.type, text, &prov_filter_defaults, &parsed));
    q.filter = parsed;
    fatal(p, prov_service_list(s, p, &caller, &q, ignore, NULL, &found));
    fatal_if(found.total == 0, "somebody who matches");
}

typedef struct touching {
    unsigned sum;
    int64_t count;
} touching;

static bool touch_one(void *baton, const prov_id *id, prov_record rec)
{
    touching *t = baton;
    for (size_t i = 0; i < rec.bytes.len; i += LINE)
        t->sum += rec.bytes.data[i];
    t->count++;
    return true;
}

static void touch(prov_service *s, apr_pool_t *p, const char *unused)
{
    touching t = { 0, 0 };
    prov_snapshot *n;
    fatal(p, prov_store_read(s->store, p, &n));
    prov_snapshot_resources(n, prov_registry_type_named(s->registry, "User")->number, NULL,
                            touch_one, &t);
    prov_snapshot_end(n);
    fatal_if(t.count == 0 || t.sum == 0, "nobody is there");
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *p, *turn;
    fatal_if(argc != 4, "scan STORE SECONDS touch|FILTER");
    apr_initialize();
    apr_pool_create(&p, NULL);
    apr_pool_create(&turn, p);
    prov_service *s = service_of(p, argv[1]);
    void (*go)(prov_service *, apr_pool_t *, const char *) =
        strcmp(argv[3], "touch") == 0 ? touch : filter;
    go(s, turn, argv[3]);
    measured m = measure(argv[2]);
    while (goes_on(&m)) {
        int64_t began = clock_us(CLOCK_MONOTONIC);
        apr_pool_clear(turn);
        go(s, turn, argv[3]);
        note(&m, began);
    }
    report(&m);
    apr_pool_destroy(p);
    return EXIT_SUCCESS;
}
