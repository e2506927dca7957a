/* Records of an import: read, held against what is there, and through the door. */
#ifndef PROV_CLI_IMPORT_RECORD_H
#define PROV_CLI_IMPORT_RECORD_H

#include "cli/import_map.h"
#include "cli/import_name.h"
#include "framework/provision.h"

typedef enum {
    PROV_IMPORT_MADE,
    PROV_IMPORT_THERE,    /* already, and the same: of an earlier run */
    PROV_IMPORT_LEFT_OUT, /* of LDIF: neither a user nor a group */
    PROV_IMPORT_LATER,    /* its members may come behind it, or it is known by its name alone */
    PROV_IMPORT_REFUSED,
    PROV_IMPORT_OUTCOMES
} prov_import_outcome;

typedef struct prov_import_way {
    prov_service *service;
    prov_caller caller;
    const prov_import_source *source;
    const prov_import_map *map;
    const prov_resource_type *type; /* of records that do not tell */
    bool dry_run;
    bool later; /* what has members, or only a name, is not for this round */
    prov_import_names *names;
} prov_import_way;

/* A record as the change that would make it; members that are there by their ids. */
prov_err *prov_import_record_read(const prov_import_way *w, apr_pool_t *p, prov_bytes text,
                                  prov_change *change, prov_body_extra *x);

typedef struct prov_import_work {
    prov_bytes text;
    prov_bytes name; /* that it holds while it is made */
    prov_import_outcome outcome;
    prov_err *why; /* REFUSED: the record's own error; one of the store's (5xx) ends the import */
    prov_change change;
    prov_body_extra extra;
} prov_import_work;

/* Takes as many records as there are texts, but for `later` one at a time; they share commits. Any
 * thread, with its own pool. */
void prov_import_records_take(const prov_import_way *w, apr_pool_t *p, prov_import_work works[],
                              int count);

#endif
