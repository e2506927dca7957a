/* Where httpd's world and ours meet: what of the configuration a request stands in, and which
 * service of this process answers it. httpd/ fills these in, inbound/ only reads them. */
#ifndef PROV_INBOUND_GLUE_H
#define PROV_INBOUND_GLUE_H

#include <httpd.h>
#include <http_config.h>

#include "framework/provision.h"

extern module AP_MODULE_DECLARE_DATA provision_module;

/* Of a <Location>: the module's per-directory configuration begins with it. */
typedef struct prov_location {
    const char *service; /* "scim", "health"; NULL: none of ours here */
    const char *base;    /* the section's path without a slash at its end: "/scim/v2", "" for / */
} prov_location;

/* What a process has opened for a server. Servers that share a store share this. */
typedef struct prov_opened {
    prov_service *service; /* NULL: it could not be opened, or was not yet */
    const char *why_not;   /* then a sentence, never empty */
    bool key_wrong;        /* that is why */
} prov_opened;

/* Of a server: the module's per-server configuration begins with it. */
typedef struct prov_server {
    prov_config *config; /* merged with the main server's and checked */
    prov_opened *opened; /* NULL: this server has no ProvisionStore */
    prov_rates *rates;   /* of callers, all processes'; NULL: none are needed */
} prov_server;

/* What ProvisionService claimed bears this as r->handler and at the head of r->filename. */
#define PROV_HANDLER "provision"

const prov_location *
prov_glue_location(const request_rec *r); /* from translate_name on; never NULL */

/* The service that answers here; NULL: 503, and *why_not tells an administrator the reason (for the
 * log: it may name paths). Its config has the applications, permits and targets. */
prov_service *prov_glue_service(const request_rec *r, const char **why_not);

/* Whether there is none because the store was made with another key. */
bool prov_glue_key_wrong(const request_rec *r);

/* This virtual host's own limits; they may differ from service->config->settings. */
const prov_settings *prov_glue_settings(const request_rec *r);

/* What its callers' requests are counted in, or NULL. */
prov_rates *prov_glue_rates(const request_rec *r);

/* What of r->uri lies behind the base: "" or "/..."; decoded as httpd decodes. */
const char *prov_glue_path(const request_rec *r);

#endif
