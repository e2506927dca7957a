/* The sections that declare an object: userstores, identity providers with their connectors,
 * applications. */
#ifndef PROV_HTTPD_SECTIONS_H
#define PROV_HTTPD_SECTIONS_H

#include <httpd.h>
#include <http_config.h>

#include "outbound/connector/mod_provision.h"

typedef struct prov_httpd_section {
    const char *opening; /* "<ProvisionIdP" */
    const char *(*open)(cmd_parms *cmd, void *mconfig, const char *args);
    const char *help;
} prov_httpd_section;

/* Ends with a row without an opening. */
extern const prov_httpd_section prov_httpd_sections[];

#define PROV_CONNECTOR_GROUP "provision_connector"

/* Ours, or one that another module registered. */
const prov_connector *prov_httpd_connector(const char *name);

#endif
