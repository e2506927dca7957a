/* What a target is to have of a resource: its attributes as they are, changed by the connector's
 * ProvisionMap lines. */
#ifndef PROV_OUTBOUND_MAPPING_H
#define PROV_OUTBOUND_MAPPING_H

#include "model/config.h"
#include "outbound/connector/mod_provision.h"
#include "scim/resource.h"

typedef struct prov_mapping prov_mapping;

/* Reads the lines once. Errors (400, `source` is the line's place): an unknown attribute or token,
 * braces that do not match, two kinds of value that cannot meet. A line belongs to users; if only
 * Group knows its attribute, to groups. Immutable, may be shared by threads. Also right on a
 * registry that is not bound yet (configtest). */
prov_err *prov_mapping_make(apr_pool_t *p, const prov_registry *r, const prov_connector_config *c,
                            const char *tenant, prov_mapping **out);

typedef struct prov_mapping_input {
    const prov_resource_type *type;
    prov_id id;
    prov_record record; /* joined with its large values */
    const char *name;   /* bare: without a domain */
    const char *domain; /* "PRIMARY", "CORP" */
} prov_mapping_input;

/* The tree wanted at the target, on `p`; text may point into the record. No password, no id, no
 * members, nothing readOnly. externalId is our id unless mapped; `active` is as it is here, true if
 * it is unassigned, so that a target's own default is no difference. */
prov_object *prov_mapping_apply(const prov_mapping *m, apr_pool_t *p, const prov_mapping_input *in);

/* Leaves in what a target told only what prov_mapping_apply could ask for, so that comparing the
 * two finds no difference in attributes that are the target's own or that a line suppresses. */
void prov_mapping_restrict(const prov_mapping *m, const prov_resource_type *type,
                           prov_object *theirs);

#endif
