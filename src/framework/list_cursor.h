/* Cursors (RFC 9865): where a page ended, sealed. Nothing is kept on the server: every child, and
 * the server after a restart, reads what another wrote. Nobody else can read or make one, and one
 * is good for the caller, with the permissions of then, and the query that it was made for. */
#ifndef PROV_FRAMEWORK_LIST_CURSOR_H
#define PROV_FRAMEWORK_LIST_CURSOR_H

#include "framework/list.h"

typedef struct prov_list_cursor {
    apr_time_t made;
    int64_t total; /* of the first page */
    int64_t want;  /* resources of a page */
    prov_list_place place;
} prov_list_cursor;

/* Longer ones are none. */
#define PROV_LIST_CURSOR_TEXT 600

/* What a cursor is bound to: who asks, and what for. */
prov_bytes prov_list_binding(apr_pool_t *p, const prov_service *s, const prov_caller *caller,
                             const prov_query *q);

/* Of RFC 3986's unreserved characters. */
const char *prov_list_cursor_write(apr_pool_t *p, const uint8_t key[32], prov_bytes binding,
                                   const prov_list_cursor *c);

/* 400 invalidCursor, with the same words whatever is wrong; expiredCursor if it was made more than
 * `lifetime` before `now`. */
prov_err *prov_list_cursor_read(apr_pool_t *p, const uint8_t key[32], prov_bytes binding,
                                const char *text, apr_time_t now, apr_time_t lifetime,
                                prov_list_cursor *out);

#endif
