/* The check_config hook: every mistake that can be found without the network, each with its file,
 * line and what to write instead, all of them at once. */
#ifndef PROV_HTTPD_CHECK_H
#define PROV_HTTPD_CHECK_H

#include <httpd.h>

int prov_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

#endif
