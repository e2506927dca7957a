/* The inside of a registry, for the files of this folder that walk records by number. */
#ifndef PROV_SCIM_REGISTRY_H
#define PROV_SCIM_REGISTRY_H

#include "scim/schema.h"

/* What a number of the dictionary leads to. */
typedef struct prov_entry {
    const prov_attr *attr; /* NULL: not declared now */
    prov_bytes key;        /* `"name":`, ready to be written */
    uint32_t schema;       /* bit of its schema, 0 for common attributes */
} prov_entry;

struct prov_registry {
    apr_pool_t *pool;
    prov_schema *common;
    prov_schema *schemas;
    int schema_count;
    int core_count;        /* of the schemas, those built in, which come first */
    prov_schema *services; /* published, but of no type, and never bound */
    int service_count;
    prov_resource_type *types;
    int type_count;
    prov_entry *entries; /* by number */
    int entry_count;
};

/* A schema's bit is its place in the registry. Both arrays have room for the most, so that what
 * is declared later moves nothing. */
#define PROV_SCHEMAS_MAX 32
#define PROV_TYPES_MAX   32

/* The words of RFC 7643 section 7, by the enums of schema.h, NULL-terminated. */
extern const char *const prov_type_names[];
extern const char *const prov_mutability_names[];
extern const char *const prov_returned_names[];
extern const char *const prov_uniqueness_names[];

static inline const prov_entry *prov_registry_entry(const prov_registry *r, uint16_t number)
{
    return number < r->entry_count && r->entries[number].attr ? &r->entries[number] : NULL;
}

static inline uint32_t prov_registry_bit(const prov_registry *r, const prov_schema *s)
{
    return 1u << (s - r->schemas);
}

#endif
