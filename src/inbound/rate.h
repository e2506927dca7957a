/* ProvisionRate: how often a caller may come. */
#ifndef PROV_INBOUND_RATE_H
#define PROV_INBOUND_RATE_H

#include "inbound/inquiry.h"

/* 429 with the time to come again if this caller was here too often. As soon as it is known who
 * asks, and perhaps again: a request counts once. Only where the service counts (route.h). */
prov_err *prov_rate_check(request_rec *r, const prov_caller *caller);

#endif
