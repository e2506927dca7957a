/* provision: a target that came to an application's outbound list gets what was there before. */
#include "cli/cli.h"
#include "cli/progress.h"
#include "framework/backfill.h"
#include <apr_strings.h>
#include <string.h>

static const prov_connector_config *on_the_list(const prov_application *a, const char *target,
                                                apr_pool_t *p)
{
    for (int i = 0; a->outbound && i < a->outbound->nelts; i++) {
        const prov_outbound_entry *e = &APR_ARRAY_IDX(a->outbound, i, prov_outbound_entry);
        if (strcmp(apr_pstrcat(p, e->idp, "/", e->connector, NULL), target) == 0)
            return e->target;
    }
    return NULL;
}

/* Grants are an application's: where several have the target it must be said whose. */
static prov_err *find_application(prov_cli *c, prov_backfill *b)
{
    const apr_array_header_t *all = c->service->config->applications;
    const char *names = "";
    int count = 0;
    for (int i = 0; i < all->nelts; i++) {
        const prov_application *a = APR_ARRAY_IDX(all, i, prov_application *);
        const prov_connector_config *target = on_the_list(a, c->target, c->pool);
        if (!target || (c->application && strcmp(a->name, c->application) != 0))
            continue;
        names = apr_pstrcat(c->pool, names, count++ ? ", " : "", a->name, NULL);
        b->application = a;
        b->target = target;
    }
    if (count == 1)
        return NULL;
    if (count)
        return prov_err_make(c->pool, 400, NULL,
                             "%s is on several applications' outbound lists: --application takes "
                             "one of %s",
                             c->target, names);
    return prov_err_make(c->pool, 404, NULL, "%s is not on the outbound list of %s%s", c->target,
                         c->application ? "application " : "any application",
                         c->application ? c->application : "");
}

static prov_err *find_resources(prov_cli *c, prov_backfill *b)
{
    prov_filter *filter = NULL;
    if (c->type && !(b->type = prov_registry_type_named(c->service->registry, c->type)))
        return prov_err_make(c->pool, 400, NULL, "there is no resource type %s", c->type);
    if (b->type && !b->type->naming)
        return prov_err_make(c->pool, 400, NULL, "connectors carry users and groups, no %s",
                             b->type->name);
    prov_err *err = c->filter ? prov_filter_parse(c->pool, c->service->registry, b->type, c->filter,
                                                  &prov_filter_defaults, &filter)
                              : NULL;
    b->filter = filter;
    return err ? prov_err_push(c->pool, err, "--filter") : NULL;
}

static int64_t done(const prov_backfilled *b)
{
    return b->made + b->there + b->left_out;
}

static void tell(void *baton, const prov_backfilled *b)
{
    prov_progress *g = baton;
    bool ended = done(b) >= b->total;
    if (ended || prov_progress_is_time(g))
        prov_progress_tell(g, done(b), ended ? 1 : (double)done(b) / (double)b->total, b->made,
                           "granted");
}

prov_err *prov_cli_provision(prov_cli *c)
{
    prov_backfill asked = { .dry_run = c->dry_run != NULL };
    prov_backfilled got;
    prov_progress progress;
    if (!c->target)
        return prov_err_make(c->pool, 400, NULL, "--target IDP/CONNECTOR says whereto");
    prov_err *err = find_application(c, &asked);
    if (err || (err = find_resources(c, &asked)))
        return err;
    prov_progress_begin(&progress, c->progress != NULL);
    err = prov_service_backfill(c->service, c->pool, &asked, tell, &progress, &got);
    prov_progress_end(&progress);
    prov_print_text(c->print, "application", asked.application->name);
    prov_print_number(c->print, "granted", got.made);
    prov_print_number(c->print, "there", got.there);
    prov_print_number(c->print, "leftOut", got.left_out);
    prov_print_row(c->print);
    return err;
}
