/* Text as the standards want it: UTF-8, PRECIS (RFC 8265), case folding, base64, hex.
 *
 * Results are made on the pool given; a result may be the input itself when nothing changes. */
#ifndef PROV_BASE_TEXT_H
#define PROV_BASE_TEXT_H

#include "base/bytes.h"
#include "base/err.h"

/* Moves when a normalisation changes; unique keys bear it. */
#define PROV_TEXT_VERSION 1

bool prov_text_valid(prov_bytes text); /* well-formed UTF-8 without NUL, no surrogates */

/* RFC 8265 section 3.3: width mapping, case folding, NFC, no disallowed code point, not empty. */
prov_err *prov_text_username(apr_pool_t *p, prov_bytes text, prov_bytes *out);

/* RFC 8265 section 4.2: non-ASCII spaces become spaces, NFC, no control character, not empty. */
prov_err *prov_text_password(apr_pool_t *p, prov_bytes text, prov_bytes *out);

/* NFKC and case folding: how values of caseExact false compare. Never fails; invalid UTF-8
 * is left as it is. */
prov_bytes prov_text_fold(apr_pool_t *p, prov_bytes text);

/* The same comparison without an allocation where both are ASCII. `sign` as memcmp. */
int prov_text_fold_compare(apr_pool_t *p, prov_bytes a, prov_bytes b);

int prov_text_case_compare(const char *a, size_t alen, const char *b, size_t blen); /* ASCII only */

char *prov_text_hex(apr_pool_t *p, prov_bytes b);
bool prov_text_unhex(apr_pool_t *p, const char *hex, prov_bytes *out);
char *prov_text_base64(apr_pool_t *p, prov_bytes b);
char *prov_text_base64url(apr_pool_t *p, prov_bytes b); /* without padding */
/* Standard and URL alphabets, padding optional (RFC 7643 section 2.3.6). */
bool prov_text_unbase64(apr_pool_t *p, prov_bytes text, prov_bytes *out);

/* "15s", "2m", "1h", "7d", "250ms" to microseconds; a bare number is seconds. */
bool prov_text_duration(const char *text, apr_time_t *out);
/* "64G", "512M", "4K", bytes without a letter. */
bool prov_text_size(const char *text, uint64_t *out);

#endif
