/* Which attribute a column means, and a record of columns as a SCIM resource in JSON. */
#ifndef PROV_CLI_IMPORT_MAP_H
#define PROV_CLI_IMPORT_MAP_H

#include "cli/import_source.h"
#include "scim/schema.h"

typedef struct prov_import_map prov_import_map;

/* `text` are the lines COLUMN = ATTRIBUTE of --map, or empty. Without it the columns of a CSV are
 * attributes themselves, and those of LDIF what directories mean by them. Columns that are not
 * mapped are left out. `type`: of a CSV's records. */
prov_err *prov_import_map_make(apr_pool_t *p, const prov_registry *r, const prov_import_source *s,
                               const char *type, prov_bytes text, prov_import_map **out);

/* Empty if the record is of something that has no place here. Any thread. */
prov_err *prov_import_map_json(const prov_import_map *m, apr_pool_t *p, const prov_import_source *s,
                               prov_bytes record, prov_bytes *json);

#endif
