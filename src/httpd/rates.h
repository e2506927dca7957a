/* The memory in which all processes count what callers ask, where a ProvisionRate wants that. */
#ifndef PROV_HTTPD_RATES_H
#define PROV_HTTPD_RATES_H

#include "httpd/server.h"

/* In the parent, for every server that has a limit. The counts of before a graceful restart stay,
 * and are shared with the processes that it leaves behind. */
prov_err *prov_httpd_rates(apr_pool_t *p, server_rec *base);

#endif
