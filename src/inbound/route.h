/* Which services there are, and which function answers for each. */
#ifndef PROV_INBOUND_ROUTE_H
#define PROV_INBOUND_ROUTE_H

#include <httpd.h>
#include <stdbool.h>

typedef struct prov_route_service {
    const char *name; /* as in ProvisionService */
    int (*handler)(request_rec *r);
    bool counts; /* its requests, under a caller's ProvisionRate */
} prov_route_service;

/* Ends with a row without a name. */
extern const prov_route_service prov_services[];

#endif
