/* Schemas and resource types (RFC 7643 sections 2, 6, 7) as data: validation, typing, filters,
 * projection and /Schemas all follow from these structs.
 *
 * A registry is built and bound before threads start, and only read afterwards. */
#ifndef PROV_SCIM_SCHEMA_H
#define PROV_SCIM_SCHEMA_H

#include "base/bytes.h"
#include "base/err.h"

/* Common attributes belong to no printed schema; the dictionary knows them under this. */
#define PROV_URN_COMMON     "urn:ietf:params:scim:schemas:core:2.0"
#define PROV_URN_USER       "urn:ietf:params:scim:schemas:core:2.0:User"
#define PROV_URN_GROUP      "urn:ietf:params:scim:schemas:core:2.0:Group"
#define PROV_URN_ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define PROV_URN_LINKS      "urn:mod-provision:params:scim:schemas:extension:1.0:Links"
#define PROV_URN_PATCH      "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#define PROV_URN_LIST       "urn:ietf:params:scim:api:messages:2.0:ListResponse"
#define PROV_URN_ERROR      "urn:ietf:params:scim:api:messages:2.0:Error"

typedef enum {
    PROV_TYPE_STRING,
    PROV_TYPE_BOOLEAN,
    PROV_TYPE_DECIMAL,
    PROV_TYPE_INTEGER,
    PROV_TYPE_DATETIME,
    PROV_TYPE_REFERENCE,
    PROV_TYPE_BINARY,
    PROV_TYPE_COMPLEX
} prov_type;

typedef enum { PROV_READ_WRITE, PROV_READ_ONLY, PROV_IMMUTABLE, PROV_WRITE_ONLY } prov_mutability;

typedef enum {
    PROV_RETURNED_DEFAULT,
    PROV_RETURNED_ALWAYS,
    PROV_RETURNED_NEVER,
    PROV_RETURNED_REQUEST
} prov_returned;

typedef enum { PROV_UNIQUE_NONE, PROV_UNIQUE_SERVER, PROV_UNIQUE_GLOBAL } prov_uniqueness;

/* Where an attribute's value lies. Only PROV_IN_RECORD ones are part of the record's tree; the
 * others are answered by whoever holds them (prov_view, scim/resource.h). */
typedef enum {
    PROV_IN_RECORD,
    PROV_IN_HEADER,     /* id, meta, schemas: the record's head */
    PROV_IN_MEMBERS,    /* Group.members: membership rows */
    PROV_IN_GROUPS,     /* User.groups: membership rows, from the other end */
    PROV_IN_CREDENTIAL, /* User.password */
    PROV_IN_LINKS       /* the links extension */
} prov_place;

typedef struct prov_attr prov_attr;
struct prov_attr {
    const char *name;
    const char *description;
    prov_type type;
    bool multi;
    bool required;
    bool case_exact;
    bool precis;  /* compares by PRECIS UsernameCaseMapped instead of folding */
    bool indexed; /* an administrator asked for it */
    prov_mutability mutability;
    prov_returned returned;
    prov_uniqueness uniqueness;
    prov_place place;
    const char *const *canonical;  /* NULL-terminated suggestions, or NULL */
    const char *const *references; /* NULL-terminated reference types, or NULL */
    prov_attr *subs;
    int sub_count;
    /* filled by the registry */
    const prov_attr *parent; /* NULL at the top level */
    const char *schema;      /* URN it belongs to */
    uint16_t number;         /* the dictionary's, 0 until bound */
};

typedef struct prov_schema {
    const char *urn;
    const char *name;
    const char *description;
    prov_attr *attrs;
    int count;
} prov_schema;

typedef struct prov_extension {
    const prov_schema *schema;
    bool required;
} prov_extension;

typedef struct prov_resource_type {
    const char *name;     /* "User"; also its id */
    const char *endpoint; /* "/Users" */
    const char *description;
    const prov_schema *schema;
    const prov_extension *extensions;
    int extension_count;
    uint16_t number; /* the dictionary's, 0 until bound */
    /* userName, displayName: what a target correlates by besides externalId. NULL for a declared
     * type: it has no name in a userstore, is no member, and no target gets it. */
    const prov_attr *naming;
} prov_resource_type;

typedef struct prov_registry prov_registry;

/* The core: User with the Enterprise and links extensions, and Group, with the corrections of the
 * RFC's printed schemas. Everything is on `p`. */
prov_registry *prov_registry_core(apr_pool_t *p);

/* Calls `number` for every (URN, path, type) of the registry, attributes and resource types alike,
 * and keeps its answers. The store's dictionary is behind it; tests count. */
typedef prov_err *prov_dictionary_number(void *baton, const char *urn, const char *path,
                                         const char *type, uint16_t *number);
prov_err *prov_registry_bind(prov_registry *r, prov_dictionary_number *number, void *baton);

int prov_registry_type_count(const prov_registry *r);
const prov_resource_type *prov_registry_type(const prov_registry *r, int i);
const prov_resource_type *prov_registry_type_named(const prov_registry *r, const char *name);
const prov_resource_type *prov_registry_type_at(const prov_registry *r, const char *endpoint);
const prov_resource_type *prov_registry_type_numbered(const prov_registry *r, uint16_t number);
/* What /Schemas publishes: those of the types and, after them, those of the service itself. */
int prov_registry_schema_count(const prov_registry *r);
const prov_schema *prov_registry_schema(const prov_registry *r, int i);
const prov_schema *prov_registry_schema_named(const prov_registry *r,
                                              const char *urn); /* any case */
const prov_attr *prov_registry_attr_numbered(const prov_registry *r, uint16_t number);

/* Of every type that has it, by its path. 400 with a sentence if none does, or if no index could
 * help it. */
prov_err *prov_registry_index(prov_registry *r, const char *path);

/* Attributes that every resource has: id, externalId, meta, schemas (RFC 7643 section 3.1). */
const prov_attr *prov_schema_common(const prov_registry *r, const char *name);

/* Looks a name up in a type: `path` is attrName or attrName.subAttr, bare or behind a URN and a
 * colon, in any case. A bare name means the base schema or a common attribute; if it is none of
 * them, the one extension that has it. NULL if there is none. `schema` is set instead when the
 * whole text is the URN of a schema of the type. */
const prov_attr *prov_schema_find(const prov_registry *r, const prov_resource_type *t,
                                  const char *path, size_t len, const prov_schema **schema);
const prov_attr *prov_schema_sub(const prov_attr *parent, const char *name, size_t len);
const prov_attr *prov_schema_attr(const prov_schema *s, const char *name, size_t len);

/* The standard path of an attribute: URN-qualified in an extension, bare in the base schema. */
const char *prov_attr_path(apr_pool_t *p, const prov_resource_type *t, const prov_attr *a);

/* RFC 7643 sections 5 to 7 as JSON resources; `base` is the URL of the service, without slash. */
void prov_schema_write(prov_buf *b, const prov_schema *s, const char *base);
void prov_resource_type_write(prov_buf *b, const prov_resource_type *t, const char *base);

#endif
