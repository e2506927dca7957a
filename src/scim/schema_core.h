/* The schemas every server has, as rows; the registry builds its structs from them. */
#ifndef PROV_SCIM_SCHEMA_CORE_H
#define PROV_SCIM_SCHEMA_CORE_H

#include "scim/schema.h"

/* Whatever is not said is the default of RFC 7643 section 2.2. */
enum {
    PROV_ROW_MULTI = 1,
    PROV_ROW_REQUIRED = 2,
    PROV_ROW_EXACT = 4,
    PROV_ROW_PRECIS = 8,
    PROV_ROW_READ_ONLY = 16,
    PROV_ROW_IMMUTABLE = 32,
    PROV_ROW_WRITE_ONLY = 64,
    PROV_ROW_ALWAYS = 128,
    PROV_ROW_NEVER = 256,
    PROV_ROW_REQUEST = 512,
    PROV_ROW_UNIQUE = 1024,
    PROV_ROW_PLACE = 12 /* bits above: prov_place */
};

typedef struct prov_row {
    const char *path; /* "emails", and after it "emails.value" */
    prov_type type;
    unsigned flags;
    const char *const *canonical;
    const char *const *references;
    const char *description;
} prov_row;

typedef struct prov_core_schema {
    const char *urn;
    const char *name;
    const char *description;
    const prov_row *rows;
    int count;
} prov_core_schema;

typedef struct prov_core_type {
    const char *name;
    const char *endpoint;
    const char *description;
    const char *schema;
    const char *naming;
    const char *const *extensions; /* NULL-terminated URNs, none required */
} prov_core_type;

extern const prov_core_schema prov_core_common;
extern const prov_core_schema prov_core_schemas[];
extern const int prov_core_schema_count;
/* Published, but of no resource type. */
extern const prov_core_schema prov_service_schemas[];
extern const int prov_service_schema_count;
extern const prov_core_type prov_core_types[];
extern const int prov_core_type_count;

#endif
