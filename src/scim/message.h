/* The envelopes of RFC 7644: ListResponse (section 3.4.2) and Error (section 3.12). */
#ifndef PROV_SCIM_MESSAGE_H
#define PROV_SCIM_MESSAGE_H

#include "base/bytes.h"
#include "base/err.h"

/* Written in two steps around the resources, which the caller writes comma-separated. Total first:
 * some clients read in order. */
void prov_list_open(prov_buf *b, int64_t total, int64_t start, int64_t count);
void prov_list_close(prov_buf *b);

void prov_error_write(prov_buf *b, int status, const char *scim_type, const char *detail);

/* startIndex and count as a query gives them (NULL if absent): below 1 becomes 1, below 0 becomes
 * 0, above `most` becomes `most`; not a number is 400 invalidValue. */
prov_err *prov_list_window(apr_pool_t *p, const char *start, const char *count, int64_t most,
                           int64_t *first, int64_t *want);

#endif
