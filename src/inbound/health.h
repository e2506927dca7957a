/* ProvisionService health: whether changes can be taken, and what is owed to the targets. */
#ifndef PROV_INBOUND_HEALTH_H
#define PROV_INBOUND_HEALTH_H

#include "inbound/glue.h"

int prov_health_handler(request_rec *r);

#endif
