/* Groups that are each other's members: none can be made before the other, so they are made at
 * once. */
#ifndef PROV_CLI_IMPORT_CIRCLE_H
#define PROV_CLI_IMPORT_CIRCLE_H

#include "cli/import_record.h"

/* `waiting`, of prov_import_record: what could not be made for want of members. Makes those whose
 * members are all there or among them, each circle with what it needs in one transaction, and takes
 * them out. An error is the store's. */
prov_err *prov_import_circles(const prov_import_way *w, apr_pool_t *p, apr_array_header_t *waiting,
                              int *made);

#endif
