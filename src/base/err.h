/* The error that travels: made where something went wrong, carried up whole, told once at the top.
 *
 * A function returns NULL when all is well. The error lives on the pool it was made on, which is
 * the caller's. Only inbound/reply.c turns one into a response, only the top of a thread logs one.
 */
#ifndef PROV_BASE_ERR_H
#define PROV_BASE_ERR_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

typedef struct prov_err {
    apr_status_t rv;       /* why the call failed, APR_SUCCESS if nothing below us did */
    int http;              /* the status a caller over HTTP should see */
    const char *scim_type; /* RFC 7644 section 3.12, or NULL */
    const char *detail;    /* a sentence for a person; never holds a secret */
    const char *source; /* what it happened in: a file and line, a setting, an attribute; or NULL */
    apr_time_t retry_at;   /* when trying again makes sense, 0 if unknown */
    struct prov_err *prev; /* what led to it, or NULL */
} prov_err;

prov_err *prov_err_make(apr_pool_t *p, int http, const char *scim_type, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a failed system call: 500, with the status's own text behind the sentence. */
prov_err *prov_err_status(apr_pool_t *p, apr_status_t rv, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds what was being done; status and type stay those of `prev`. */
prov_err *prov_err_push(apr_pool_t *p, prov_err *prev, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The whole chain as one line, outermost first, for a log. */
const char *prov_err_text(apr_pool_t *p, const prov_err *err);

#endif
