/* Where in a text a bulkId stands for an id. */
#ifndef PROV_SCIM_BULK_REFERENCE_H
#define PROV_SCIM_BULK_REFERENCE_H

#include "base/json.h"

#define PROV_BULK_PREFIX "bulkId:"

/* The next reference at or behind `from`: the whole of a value, the end of a $ref, a quoted value
 * in the path of a PATCH. `name` is the member's; `at` and `len` include the prefix. */
bool prov_bulk_reference(const char *name, prov_bytes text, size_t from, size_t *at, size_t *len);

/* Every string of a value, with the name of the innermost member that it is in. False ends it. */
typedef bool prov_bulk_visit(void *baton, const char *name, prov_bytes text);
bool prov_bulk_strings(const char *name, const prov_json *value, prov_bulk_visit *visit,
                       void *baton);

#endif
