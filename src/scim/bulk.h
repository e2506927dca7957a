/* A BulkRequest (RFC 7644 section 3.7): its operations, what each refers to, and the order in which
 * they are carried out. Operations run as they are written, but for what is referred to before it
 * is made: that comes first, and with it whatever it must not overtake. Of two that need each other
 * one is made without the reference and completed afterwards.
 *
 * All is on the pool of prov_bulk_read; the request must live as long. */
#ifndef PROV_SCIM_BULK_H
#define PROV_SCIM_BULK_H

#include "base/id.h"
#include "base/json.h"
#include "scim/schema.h"
#include <apr_hash.h>
#include <apr_tables.h>

#define PROV_URN_BULK_REQUEST  "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
#define PROV_URN_BULK_RESPONSE "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

typedef enum {
    PROV_BULK_POST,
    PROV_BULK_PUT,
    PROV_BULK_PATCH,
    PROV_BULK_DELETE,
    PROV_BULK_METHODS
} prov_bulk_method;

extern const char *const prov_bulk_methods[PROV_BULK_METHODS];

typedef struct prov_bulk_operation {
    prov_err *err;           /* why it cannot be carried out; the rest then is as far as read */
    prov_bytes method_text;  /* as sent */
    prov_bulk_method method; /* PROV_BULK_METHODS: none */
    prov_bytes bulk_id;      /* data NULL: none */
    prov_bytes version;      /* the same */
    const prov_resource_type *type;
    prov_bytes name;          /* of the resource; empty for POST */
    int named;                /* the POST whose bulkId that is, or -1 */
    const prov_json *data;    /* NULL: none */
    apr_array_header_t *refs; /* of int: the POSTs that data refers to, each once */
    apr_array_header_t *late; /* of int: those of them that are made after this one */
    bool made;                /* by whoever carries out: a POST has made `id` */
    prov_id id;
} prov_bulk_operation;

typedef struct prov_bulk_step {
    int operation;
    bool completes; /* adds the late references to what was made without them */
} prov_bulk_step;

typedef struct prov_bulk {
    prov_bulk_operation *operations;
    int count;
    int64_t fail_on_errors;    /* 0: never stop */
    apr_hash_t *posts;         /* bulkId to the POST that has it, an int */
    apr_array_header_t *steps; /* of prov_bulk_step */
} prov_bulk;

/* Of a path, `base` is cut off. 400 for what is no BulkRequest, 413 for more operations than
 * `most`; what is wrong with one operation stands in that. */
prov_err *prov_bulk_read(apr_pool_t *p, const prov_registry *r, const prov_json *request,
                         const char *base, int64_t most, prov_bulk **out);

/* An operation's data with ids in the place of the references, without the late ones. 400
 * invalidValue if one was not made. */
prov_err *prov_bulk_data(apr_pool_t *p, const prov_bulk *bulk, int operation,
                         const prov_json **out);

/* The PATCH that adds the late ones. */
prov_err *prov_bulk_completion(apr_pool_t *p, const prov_bulk *bulk, int operation,
                               const prov_json **out);

#endif
