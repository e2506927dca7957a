/* What one client needs otherwise than the standards and the other clients have it: switches with
 * names, which an application bears as bits. Each is honoured in one place, where the difference
 * lies. */
#ifndef PROV_SCIM_COMPATIBILITY_H
#define PROV_SCIM_COMPATIBILITY_H

#include <stdint.h>

typedef enum {
    PROV_COMPAT_GROUP_204 = 1 << 0,
    PROV_COMPAT_OTHER_204 = 1 << 1, /* than of a group */
    PROV_COMPAT_NO_OPERATIONS = 1 << 2,
    PROV_COMPAT_UNQUOTED = 1 << 3,
    PROV_COMPAT_REPLACE_MAKES = 1 << 4,
    PROV_COMPAT_REFERENCE = 1 << 5,
    PROV_COMPAT_FIRST_PRIMARY = 1 << 6,
    PROV_COMPAT_KNOWN = 1 << 7,
    PROV_COMPAT_EXACT = 1 << 8,
    PROV_COMPAT_PATH = 1 << 9,
    PROV_COMPAT_WHOLE = 1 << 10,
    PROV_COMPAT_GROUP_NAMES = 1 << 11,
    PROV_COMPAT_KNOWN_MEMBERS = 1 << 12,
    PROV_COMPAT_NO_PAGINATION = 1 << 13,
    PROV_COMPAT_NO_SCHEMAS = 1 << 14
} prov_compatibility;

/* All of it is kept: the service may say so. */
#define PROV_COMPAT_INTEROP (PROV_COMPAT_KNOWN | PROV_COMPAT_PATH | PROV_COMPAT_WHOLE)

typedef struct prov_switch {
    const char *name;
    uint32_t bits; /* prov_compatibility */
    const char *help;
} prov_switch;

/* Ends with a row without a name. */
extern const prov_switch prov_switches[];

const prov_switch *prov_switch_named(const char *name);

#endif
