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
    prov_schema *services; /* published, but of no type, and never bound */
    int service_count;
    prov_resource_type *types;
    int type_count;
    prov_entry *entries; /* by number */
    int entry_count;
};

/* A schema's bit is its place in the registry. */
#define PROV_SCHEMAS_MAX 32

static inline const prov_entry *prov_registry_entry(const prov_registry *r, uint16_t number)
{
    return number < r->entry_count && r->entries[number].attr ? &r->entries[number] : NULL;
}

static inline uint32_t prov_registry_bit(const prov_registry *r, const prov_schema *s)
{
    return 1u << (s - r->schemas);
}

#endif
