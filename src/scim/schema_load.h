/* What an administrator declares besides the core: Schema and ResourceType resources (RFC 7643
 * sections 6 and 7) as JSON, checked whole before anything of them is in the registry. */
#ifndef PROV_SCIM_SCHEMA_LOAD_H
#define PROV_SCIM_SCHEMA_LOAD_H

#include "scim/schema.h"

#define PROV_DECLARED_ATTRS 500 /* of a schema, and sub-attributes of an attribute */

typedef struct prov_declaration {
    bool is_type; /* a ResourceType, else a Schema */
    const char *file;
    prov_bytes json;
    const char *where; /* "file:line" of its directive, or NULL */
} prov_declaration;

/* To a registry that is not bound yet. 400 with the file and a sentence. A document is one
 * resource, a list of them, or what an endpoint answers with all of them. */
prov_err *prov_schema_load(prov_registry *r, const char *file, prov_bytes json);

/* A type of its own, or more extensions for User and Group. What it names is loaded before it. */
prov_err *prov_resource_type_load(prov_registry *r, const char *file, prov_bytes json);

/* All of them: schemas, then types, whatever their order. A schema that no type names extends the
 * type whose name its URN ends with, as :extension:acme:2.0:User does. Tells every mistake; its
 * source is where the directive stands. */
typedef void prov_schema_mistake(void *baton, const prov_err *err);
void prov_registry_declare(prov_registry *r, const prov_declaration *all, int count,
                           prov_schema_mistake *tell, void *baton);

#endif
