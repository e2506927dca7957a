/* The connectors that are built in: one line each. */
#include "outbound/connector/scim2.h"
#include "outbound/outbound.h"

#include <string.h>

static const prov_connector *const connectors[] = { &prov_connector_scim2, NULL };

const prov_connector *prov_connector_builtin(const char *name)
{
    for (int i = 0; connectors[i]; i++)
        if (strcmp(connectors[i]->name, name) == 0)
            return connectors[i];
    return NULL;
}

const prov_connector *const *prov_connector_all(void)
{
    return connectors;
}
