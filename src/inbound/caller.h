/* Who asks: the application, the permissions, the name in the journal. */
#ifndef PROV_INBOUND_CALLER_H
#define PROV_INBOUND_CALLER_H

#include "inbound/inquiry.h"

/* A user of a userstore, whose password was right: the resident application's. */
void prov_caller_user(request_rec *r, prov_service *s, prov_snapshot *n, const prov_id *user,
                      prov_caller *out);

/* The holder of a token: its application's, with its permissions and those its name is given. 401
 * if it is unknown, expired or of an application that is not declared. `name` gets the token's. */
prov_err *prov_caller_token(request_rec *r, prov_service *s, prov_snapshot *n, const char *token,
                            prov_caller *out, const char **name);

/* Whoever httpd has let in: known by AuthType Provision, or by another module, whose user is the
 * resident application's with what a Permit line gives that name. 401 if there is no user. */
prov_err *prov_caller_of(request_rec *r, prov_service *s, prov_caller *out);

static inline bool prov_caller_may(const prov_caller *c, uint32_t permission)
{
    return c->permissions & (permission | PROV_MAY_ADMIN);
}

#endif
