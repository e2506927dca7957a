/* HTTP/1.1 to a target: the only place that knows libcurl. One prov_http a process; its calls may
 * run on any number of threads at once. Redirects, cookies, proxies from the environment and
 * protocols but http and https do not exist; certificates are always verified. */
#ifndef PROV_OUTBOUND_HTTP_H
#define PROV_OUTBOUND_HTTP_H

#include "outbound/connector/mod_provision.h"

#include <apr_atomic.h>

#define PROV_HTTP_BODY    (1024 * 1024)         /* an answer's body is at most this */
#define PROV_HTTP_HEADERS (64 * 1024)           /* and all its header lines */
#define PROV_HTTP_CONNECT apr_time_from_sec(3)  /* for name, connection and handshake */
#define PROV_HTTP_IDLE    apr_time_from_sec(60) /* an older idle connection is not used again */
#define PROV_HTTP_EXCERPT 200                   /* bytes told to a person */

/* Once in the parent, before threads start; children inherit it. */
prov_err *prov_http_init(apr_pool_t *p);
void prov_http_done(void);

typedef struct prov_http prov_http;

/* Keeps at most `most` idle connections, the last used first. Ends with the pool, when no call
 * runs any more. */
prov_http *prov_http_make(apr_pool_t *p, int most);

/* One exchange, at most `limit` long (a duration); ends within a second once `*cancel` is not 0.
 * A request that may have reached the target is never sent a second time. What `out` points to
 * lies on `p`; `excerpt` says how the exchange ended unless the target answered 2xx. */
void prov_http_call(prov_http *h, apr_pool_t *p, const prov_request *rq, apr_time_t limit,
                    volatile apr_uint32_t *cancel, prov_answer *out);

#endif
