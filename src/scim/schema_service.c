#include "scim/schema_core.h"

/* The schemas of what describes the service (RFC 7643 section 8.7.2) with their errata: 5606 and
 * 5607 on attributes, 8011 on etag and the type of an authentication scheme, lists that are printed
 * as single values. No resource type has them and no record: they are only published. */

static const char *const schemes[] = { "oauth",     "oauth2",     "oauthbearertoken",
                                       "httpbasic", "httpdigest", NULL };
static const char *const types[] = { "string",   "complex",   "boolean", "decimal", "integer",
                                     "dateTime", "reference", "binary",  NULL };
static const char *const mutabilities[] = { "readOnly", "readWrite", "immutable", "writeOnly",
                                            NULL };
static const char *const returned[] = { "always", "never", "default", "request", NULL };
static const char *const uniquenesses[] = { "none", "server", "global", NULL };
static const char *const methods[] = { "cursor", "index", NULL };
static const char *const ref_external[] = { "external", NULL };
static const char *const ref_uri[] = { "uri", NULL };

#define STRING    PROV_TYPE_STRING
#define BOOLEAN   PROV_TYPE_BOOLEAN
#define INTEGER   PROV_TYPE_INTEGER
#define REFERENCE PROV_TYPE_REFERENCE
#define COMPLEX   PROV_TYPE_COMPLEX
#define R         PROV_ROW_READ_ONLY
#define MULTI     PROV_ROW_MULTI
#define REQUIRED  PROV_ROW_REQUIRED
#define EXACT     PROV_ROW_EXACT

static const prov_row provider[] = {
    { "documentationUri", REFERENCE, R | EXACT, NULL, ref_external,
      "Where to read about the service." },
    { "patch", COMPLEX, R | REQUIRED, NULL, NULL, "PATCH." },
    { "patch.supported", BOOLEAN, R | REQUIRED, NULL, NULL, "Whether it is supported." },
    { "bulk", COMPLEX, R | REQUIRED, NULL, NULL, "Bulk operations." },
    { "bulk.supported", BOOLEAN, R | REQUIRED, NULL, NULL, "Whether they are supported." },
    { "bulk.maxOperations", INTEGER, R | REQUIRED, NULL, NULL,
      "The most operations of a request." },
    { "bulk.maxPayloadSize", INTEGER, R | REQUIRED, NULL, NULL, "The most bytes of a request." },
    { "filter", COMPLEX, R | REQUIRED, NULL, NULL, "Filters." },
    { "filter.supported", BOOLEAN, R | REQUIRED, NULL, NULL, "Whether they are supported." },
    { "filter.maxResults", INTEGER, R | REQUIRED, NULL, NULL, "The most resources of a response." },
    { "changePassword", COMPLEX, R | REQUIRED, NULL, NULL, "Changing a password." },
    { "changePassword.supported", BOOLEAN, R | REQUIRED, NULL, NULL, "Whether it is supported." },
    { "sort", COMPLEX, R | REQUIRED, NULL, NULL, "Sorting." },
    { "sort.supported", BOOLEAN, R | REQUIRED, NULL, NULL, "Whether it is supported." },
    { "etag", COMPLEX, R | REQUIRED, NULL, NULL, "ETags." },
    { "etag.supported", BOOLEAN, R | REQUIRED, NULL, NULL, "Whether they are supported." },
    { "pagination", COMPLEX, R, NULL, NULL, "Pages of a list (RFC 9865)." },
    { "pagination.cursor", BOOLEAN, R | REQUIRED, NULL, NULL, "Whether cursors are supported." },
    { "pagination.index", BOOLEAN, R | REQUIRED, NULL, NULL, "Whether startIndex is supported." },
    { "pagination.defaultPaginationMethod", STRING, R, methods, NULL,
      "What a request without cursor and startIndex gets." },
    { "pagination.defaultPageSize", INTEGER, R, NULL, NULL, "The resources of a page." },
    { "pagination.maxPageSize", INTEGER, R, NULL, NULL, "The most resources of a page." },
    { "pagination.cursorTimeout", INTEGER, R, NULL, NULL, "How many seconds a cursor is good." },
    { "authenticationSchemes", COMPLEX, R | MULTI | REQUIRED, NULL, NULL,
      "How a client may authenticate." },
    { "authenticationSchemes.type", STRING, R | REQUIRED, schemes, NULL, "The scheme." },
    { "authenticationSchemes.name", STRING, R | REQUIRED, NULL, NULL, "Its common name." },
    { "authenticationSchemes.description", STRING, R | REQUIRED, NULL, NULL, "What it is." },
    { "authenticationSchemes.specUri", REFERENCE, R | EXACT, NULL, ref_external,
      "Where it is specified." },
    { "authenticationSchemes.documentationUri", REFERENCE, R | EXACT, NULL, ref_external,
      "Where to read about its use." },
    { "authenticationSchemes.primary", BOOLEAN, R, NULL, NULL, "Whether it is the preferred one." },
};

static const prov_row resource_type[] = {
    { "id", STRING, R | EXACT, NULL, NULL, "The id of the resource type." },
    { "name", STRING, R | REQUIRED, NULL, NULL, "Its name." },
    { "description", STRING, R, NULL, NULL, "What it is." },
    { "endpoint", REFERENCE, R | EXACT | REQUIRED, NULL, ref_uri,
      "Its endpoint, relative to the service." },
    { "schema", REFERENCE, R | EXACT | REQUIRED, NULL, ref_uri, "Its base schema." },
    { "schemaExtensions", COMPLEX, R | MULTI, NULL, NULL, "Its extensions." },
    { "schemaExtensions.schema", REFERENCE, R | EXACT | REQUIRED, NULL, ref_uri,
      "The URN of the extension." },
    { "schemaExtensions.required", BOOLEAN, R | REQUIRED, NULL, NULL,
      "Whether a resource must have it." },
};

static const prov_row schema[] = {
    { "id", STRING, R | EXACT | REQUIRED, NULL, NULL, "The URN of the schema." },
    { "name", STRING, R, NULL, NULL, "Its name for people to read." },
    { "description", STRING, R, NULL, NULL, "What it is." },
    { "attributes", COMPLEX, R | MULTI | REQUIRED, NULL, NULL, "Its attributes." },
    { "attributes.name", STRING, R | EXACT | REQUIRED, NULL, NULL, "The name of the attribute." },
    { "attributes.type", STRING, R | REQUIRED, types, NULL, "Its data type." },
    { "attributes.multiValued", BOOLEAN, R | REQUIRED, NULL, NULL, "Whether it has many values." },
    { "attributes.description", STRING, R, NULL, NULL, "What it is." },
    { "attributes.required", BOOLEAN, R, NULL, NULL, "Whether it must have a value." },
    { "attributes.canonicalValues", STRING, R | EXACT | MULTI, NULL, NULL,
      "Values that are suggested." },
    { "attributes.caseExact", BOOLEAN, R, NULL, NULL, "Whether case counts." },
    { "attributes.mutability", STRING, R | EXACT, mutabilities, NULL,
      "Who may write it, and when." },
    { "attributes.returned", STRING, R | EXACT, returned, NULL, "When it is returned." },
    { "attributes.uniqueness", STRING, R | EXACT, uniquenesses, NULL,
      "Where its value is unique." },
    { "attributes.referenceTypes", STRING, R | EXACT | MULTI, NULL, NULL,
      "What a reference leads to." },
    { "attributes.subAttributes", COMPLEX, R | MULTI, NULL, NULL,
      "The sub-attributes of a complex one." },
    { "attributes.subAttributes.name", STRING, R | EXACT | REQUIRED, NULL, NULL,
      "The name of the attribute." },
    { "attributes.subAttributes.type", STRING, R | REQUIRED, types, NULL, "Its data type." },
    { "attributes.subAttributes.multiValued", BOOLEAN, R | REQUIRED, NULL, NULL,
      "Whether it has many values." },
    { "attributes.subAttributes.description", STRING, R, NULL, NULL, "What it is." },
    { "attributes.subAttributes.required", BOOLEAN, R, NULL, NULL,
      "Whether it must have a value." },
    { "attributes.subAttributes.canonicalValues", STRING, R | EXACT | MULTI, NULL, NULL,
      "Values that are suggested." },
    { "attributes.subAttributes.caseExact", BOOLEAN, R, NULL, NULL, "Whether case counts." },
    { "attributes.subAttributes.mutability", STRING, R | EXACT, mutabilities, NULL,
      "Who may write it, and when." },
    { "attributes.subAttributes.returned", STRING, R | EXACT, returned, NULL,
      "When it is returned." },
    { "attributes.subAttributes.uniqueness", STRING, R | EXACT, uniquenesses, NULL,
      "Where its value is unique." },
    { "attributes.subAttributes.referenceTypes", STRING, R | EXACT | MULTI, NULL, NULL,
      "What a reference leads to." },
};

#define ROWS(table) table, sizeof table / sizeof *table

const prov_core_schema prov_service_schemas[] = {
    { "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig", "ServiceProviderConfig",
      "What the service supports", ROWS(provider) },
    { "urn:ietf:params:scim:schemas:core:2.0:ResourceType", "ResourceType", "A type of resource",
      ROWS(resource_type) },
    { "urn:ietf:params:scim:schemas:core:2.0:Schema", "Schema",
      "The attributes of a resource or an extension", ROWS(schema) },
};
const int prov_service_schema_count = sizeof prov_service_schemas / sizeof *prov_service_schemas;
