/* Points in time: microseconds since 1970 in UTC, and xsd:dateTime (RFC 7643 section 2.3.5). */
#ifndef PROV_BASE_INSTANT_H
#define PROV_BASE_INSTANT_H

#include "base/bytes.h"
#include <apr_time.h>

/* Date and time are both required; no offset means UTC. Fractions beyond microseconds are cut. */
bool prov_instant_parse(prov_bytes text, apr_time_t *out);

#define PROV_INSTANT_ROOM 32
/* "2026-11-21T22:36:38.123456Z", the fraction only if there is one. Returns the length. */
size_t prov_instant_print(apr_time_t t, char out[PROV_INSTANT_ROOM]);

/* An HTTP-date or delta-seconds as in Retry-After (RFC 9110 section 10.2.3), as a wait from now. */
bool prov_instant_retry_after(const char *text, apr_time_t now, apr_time_t *wait);

#endif
