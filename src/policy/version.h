/* Versions of policies and the patterns that references name them by (core, sections 5.12, 5.13).
 */
#ifndef PROV_POLICY_VERSION_H
#define PROV_POLICY_VERSION_H

#include <stdbool.h>

bool prov_xversion_is(const char *text);         /* 1.2.3 */
bool prov_xversion_is_pattern(const char *text); /* 1.*.3, 1.+ */

/* -1, 0, 1, number by number; in `pattern` * is any number and + any numbers, and so equal. */
int prov_xversion_compare(const char *version, const char *pattern);

#endif
