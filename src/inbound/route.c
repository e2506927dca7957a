#include "inbound/route.h"
#include "inbound/health.h"
#include "inbound/scim.h"

const prov_route_service prov_services[] = {
    { "scim", prov_scim_handler },
    { "health", prov_health_handler },
    { NULL, NULL },
};
