/* explain, indexes: how a query would be answered, and what by. */
#include "cli/cli.h"
#include "framework/explain.h"

prov_err *prov_cli_explain(prov_cli *c)
{
    const prov_service *s = c->service;
    prov_application everything = *prov_config_application(s->config, "resident");
    const prov_caller caller = { .application = &everything, .permissions = PROV_MAY_ADMIN };
    const prov_resource_type *type = NULL;
    prov_explained *rows;
    prov_filter *filter = NULL;
    prov_sort *sort = NULL;
    prov_err *err = NULL;
    int count;
    everything.inbound_store = NULL;
    if (c->type && !(type = prov_registry_type_named(s->registry, c->type)))
        return prov_err_make(c->pool, 400, NULL, "there is no resource type %s", c->type);
    if (!c->count && !c->sort_by)
        return prov_err_make(c->pool, 400, NULL, "explain what: a filter, or --sort-by");
    if (c->count)
        err = prov_filter_parse(c->pool, s->registry, type, c->words[0], &prov_filter_defaults,
                                &filter);
    if (!err)
        err = prov_sort_parse(c->pool, s->registry, type, c->sort_by,
                              c->descending ? "descending" : NULL, &sort);
    if (!err)
        err = prov_service_explain(s, c->pool, &caller, type, filter, sort, &rows, &count);
    for (int i = 0; !err && i < count; i++) {
        prov_print_text(c->print, "type", rows[i].type->name);
        prov_print_text(c->print, "plan", rows[i].index ? "index" : "scan");
        prov_print_text(c->print, "index", rows[i].index);
        prov_print_number(c->print, "lookedAt", rows[i].looked_at);
        prov_print_number(c->print, "there", rows[i].there);
        prov_print_row(c->print);
    }
    return err;
}

prov_err *prov_cli_indexes(prov_cli *c)
{
    prov_index_view *rows;
    int count = 0;
    prov_err *err = prov_service_indexes(c->service, c->pool, &rows, &count);
    for (int i = 0; i < count; i++) {
        prov_print_text(c->print, "index", rows[i].name);
        prov_print_text(c->print, "type", rows[i].type);
        prov_print_text(c->print, "kind", rows[i].kind);
        prov_print_text(c->print, "stage", rows[i].stage);
        prov_print_number(c->print, "built", (int64_t)rows[i].looked_at);
        prov_print_number(c->print, "duplicates", (int64_t)rows[i].duplicates);
        prov_print_row(c->print);
    }
    return err;
}
