/* Requests below a ProvisionService belong to us before the file system or a proxy sees them. */
#ifndef PROV_HTTPD_CLAIM_H
#define PROV_HTTPD_CLAIM_H

#include <httpd.h>

int prov_claim_translate(request_rec *r);      /* translate_name: the place is known only here */
int prov_claim_map_to_storage(request_rec *r); /* keeps the file system out */
int prov_claim_handler(request_rec *r);        /* to the service's own function */

#endif
