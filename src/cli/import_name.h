/* Names of groups that are being made. Nothing in the store keeps two groups from one name, so what
 * knows a group by its name alone looks and makes while nobody else does with that name. */
#ifndef PROV_CLI_IMPORT_NAME_H
#define PROV_CLI_IMPORT_NAME_H

#include "base/err.h"
#include "base/bytes.h"

typedef struct prov_import_names prov_import_names;

prov_err *prov_import_names_make(apr_pool_t *p, prov_import_names **out);

/* Waits while another thread has it. A thread has one at most; its bytes live until it is given
 * back. An empty one is nobody's. */
void prov_import_name_take(prov_import_names *names, prov_bytes name);
void prov_import_name_give_back(prov_import_names *names, prov_bytes name);

#endif
