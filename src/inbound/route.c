#include "inbound/route.h"
#include "inbound/health.h"
#include "inbound/scim.h"

const prov_route_service prov_services[] = {
    { "scim", prov_scim_handler, true },
    { "health", prov_health_handler, false },
    { NULL, NULL, false },
};
