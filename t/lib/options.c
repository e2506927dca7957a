/* Prints every option row as `table, directive or connector's setting, default`, for t/check. */
#include "model/config.h"
#include "outbound/outbound.h"
#include <apr_general.h>
#include <stdio.h>

static const struct {
    const char *name;
    const prov_option *rows;
} tables[] = {
    { "server", prov_settings_options },
    { "userstore", prov_userstore_options },
    { "idp", prov_idp_options },
    { "connector", prov_connector_config_options },
    { "application", prov_application_options },
};

static void print_table(const char *name, const prov_option *row)
{
    for (; row->name; row++)
        printf("%s\t%s%s\t%s\n", name, row->directive ? row->directive : "ProvisionSet ",
               row->directive ? "" : row->name, row->preset ? row->preset : "");
}

int main(void)
{
    apr_initialize();
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        print_table(tables[i].name, tables[i].rows);
    for (const prov_connector *const *c = prov_connector_all(); *c; c++)
        print_table((*c)->name, (*c)->options);
    apr_terminate();
    return 0;
}
