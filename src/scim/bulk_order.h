/* The order of a bulk request's operations. */
#ifndef PROV_SCIM_BULK_ORDER_H
#define PROV_SCIM_BULK_ORDER_H

#include "scim/bulk.h"

/* Fills in steps and every operation's `late`. */
void prov_bulk_order(apr_pool_t *p, prov_bulk *bulk);

#endif
