/* SCIM 2.0 over HTTP (RFC 7644): which endpoint a request means, and what answers it. */
#ifndef PROV_INBOUND_SCIM_H
#define PROV_INBOUND_SCIM_H

#include "inbound/caller.h"

typedef struct prov_scim {
    request_rec *r;
    prov_service *service;
    const prov_settings *settings;
    prov_caller caller;
    const char *base;               /* URL of the service, without slash */
    const char *media;              /* of the answer */
    const prov_resource_type *type; /* of the endpoint, or NULL */
    const char *name;               /* the segment behind the endpoint, or NULL */
} prov_scim;

/* NULL: answered. */
typedef prov_err *prov_scim_answer(prov_scim *s);

prov_scim_answer prov_scim_get, prov_scim_create, prov_scim_replace, prov_scim_patch,
    prov_scim_delete;              /* scim_resource.c */
prov_scim_answer prov_scim_list;   /* scim_list.c */
prov_scim_answer prov_scim_search; /* scim_search.c */
prov_scim_answer prov_scim_bulk;   /* scim_bulk.c */
prov_scim_answer prov_scim_me_get, prov_scim_me_replace, prov_scim_me_patch,
    prov_scim_me_delete; /* scim_me.c */
prov_scim_answer prov_scim_config, prov_scim_types, prov_scim_type, prov_scim_schemas,
    prov_scim_schema; /* scim_discovery.c */

/* 413 for a PATCH of more operations than this host allows. */
prov_err *prov_scim_patch_fits(const prov_scim *s, const prov_json *message);

/* A list by the parameters of a URL, wherever they come from; `type` NULL is all types. */
prov_err *prov_scim_list_asked(prov_scim *s, const apr_table_t *query);

/* The same of one resource: empty, if it does not pass the filter. */
prov_err *prov_scim_list_one(prov_scim *s, const prov_id *id, const apr_table_t *query);
int64_t prov_scim_page_size(const prov_settings *settings);

int prov_scim_handler(request_rec *r);

/* The permission a request needs, 0 for those that only describe the service. */
uint32_t prov_scim_needs(const request_rec *r);

/* Whether it only asks for the ServiceProviderConfig. */
bool prov_scim_is_public(const request_rec *r);

#endif
