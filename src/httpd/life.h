/* What the parent prepares and what each child opens, uses and gives up. */
#ifndef PROV_HTTPD_LIFE_H
#define PROV_HTTPD_LIFE_H

#include <httpd.h>

/* The parent: folders, keys, effective.json. Never opens the store. */
int prov_life_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);
/* A child: opens a service for each store; what fails is answered 503 with the reason logged, and
 * tried again. */
void prov_life_child_init(apr_pool_t *pchild, server_rec *s);
void prov_life_child_stopping(apr_pool_t *pchild, int graceful);

#endif
