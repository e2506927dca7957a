/* What RFC 8259 allows and json-c does not check, found before json-c sees the text. */
#ifndef PROV_BASE_JSON_SCAN_H
#define PROV_BASE_JSON_SCAN_H

#include "base/bytes.h"
#include "base/err.h"
#include <apr_tables.h>

typedef struct prov_json_members {
    size_t offset; /* of the opening brace */
    size_t count;  /* of the members written, twice if twice */
} prov_json_members;

typedef struct prov_json_scan {
    apr_array_header_t *objects; /* of prov_json_members, in the order of the text */
    apr_array_header_t *wide;    /* of size_t: where an integer ends that int64 cannot hold */
    int depth;                   /* levels that the text has */
} prov_json_scan;

/* 400 invalidSyntax unless the text is one JSON value of at most `depth` levels. */
prov_err *prov_json_scan_text(apr_pool_t *p, prov_bytes text, int depth, prov_json_scan *out);

/* The error for a place in the text. */
prov_err *prov_json_wrong(apr_pool_t *p, prov_bytes text, size_t offset, const char *why);

#endif
