/* The envelopes of RFC 7644: ListResponse (section 3.4.2) and Error (section 3.12). */
#ifndef PROV_SCIM_MESSAGE_H
#define PROV_SCIM_MESSAGE_H

#include "base/bytes.h"
#include "base/err.h"

/* Written in two steps around the resources, which the caller writes comma-separated. Total first:
 * some clients read in order. */
void prov_list_open(prov_buf *b, int64_t total, int64_t start, int64_t count);
/* A page by cursor (RFC 9865 section 2): `next` is NULL on the last one. */
void prov_list_open_cursor(prov_buf *b, int64_t total, int64_t count, const char *next);
void prov_list_close(prov_buf *b);

void prov_error_write(prov_buf *b, int status, const char *scim_type, const char *detail);

/* startIndex as a query gives it (NULL if absent): below 1 becomes 1. Not a number is 400
 * invalidValue. */
prov_err *prov_list_start(apr_pool_t *p, const char *text, int64_t *first);
/* count: absent is `preset`, below 0 becomes 0, above `most` becomes `most`. Not a number is 400
 * `scim_type`. */
prov_err *prov_list_count(apr_pool_t *p, const char *text, const char *scim_type, int64_t preset,
                          int64_t most, int64_t *want);

#endif
