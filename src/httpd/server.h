/* The module's per-server and per-directory configuration as httpd/ sees it: what inbound/ may
 * know stands at the head. Built while httpd.conf is read, then only read. */
#ifndef PROV_HTTPD_SERVER_H
#define PROV_HTTPD_SERVER_H

#include "inbound/glue.h"
#include "model/options.h"

typedef struct prov_httpd_server {
    prov_server seen;
    prov_config *own;             /* only what this server itself says */
    apr_array_header_t *mistakes; /* of prov_err *, in the order of the file */
    const char *served;           /* where the first ProvisionService stands, or NULL */
    bool shares;                  /* the store is the main server's */
} prov_httpd_server;

/* In a section of ours `object` is what the section declares and `scope` its kind; elsewhere
 * directives fall to the server. */
typedef struct prov_httpd_place {
    prov_location seen;
    prov_scope scope;
    void *object;
    const char *where; /* of the section */
} prov_httpd_place;

void *prov_httpd_server_make(apr_pool_t *p, server_rec *s);
void *prov_httpd_server_merge(apr_pool_t *p, void *under, void *over);
void *prov_httpd_place_make(apr_pool_t *p, char *path);
void *prov_httpd_place_merge(apr_pool_t *p, void *under, void *over);

prov_httpd_server *prov_httpd_server_of(const server_rec *s);
const char *prov_httpd_where(const cmd_parms *cmd); /* "file:line", on the configuration's pool */
void prov_httpd_mistake(const cmd_parms *cmd, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void prov_httpd_mistaken(const cmd_parms *cmd, prov_err *err); /* NULL: nothing happens */

#endif
