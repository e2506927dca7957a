/* blocking=on: waiting for the targets, and the header that says how it ended. */
#ifndef PROV_INBOUND_BLOCKING_H
#define PROV_INBOUND_BLOCKING_H

#include "inbound/glue.h"

/* If the caller's application asks for it: waits, and adds Provision-Status (a list of RFC 9651).
 */
void prov_blocking_wait(request_rec *r, prov_service *s, const prov_caller *caller,
                        const prov_id *id);

#endif
