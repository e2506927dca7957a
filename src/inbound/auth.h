/* AuthType Provision and Require provision-permission. */
#ifndef PROV_INBOUND_AUTH_H
#define PROV_INBOUND_AUTH_H

#include <httpd.h>
#include <mod_auth.h>

/* The check_authn hook: declines unless AuthType is Provision. */
int prov_auth_check(request_rec *r);

/* Registered as the authorization provider "provision-permission". */
extern const authz_provider prov_auth_permission;

#endif
