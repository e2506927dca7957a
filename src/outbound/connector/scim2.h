/* The inside of the SCIM 2.0 connector (RFC 7643, 7644), for its own files. */
#ifndef PROV_OUTBOUND_CONNECTOR_SCIM2_H
#define PROV_OUTBOUND_CONNECTOR_SCIM2_H

#include "outbound/connector/mod_provision.h"

extern const prov_connector prov_connector_scim2;

typedef enum {
    PROV_SCIM2_BASIC,
    PROV_SCIM2_BEARER,
    PROV_SCIM2_API_KEY,
    PROV_SCIM2_NONE
} prov_scim2_auth;
typedef enum { PROV_SCIM2_PATCH, PROV_SCIM2_PUT } prov_scim2_method;

typedef struct prov_scim2_values {
    prov_option_head head;
    const char *user_endpoint, *group_endpoint;
    int auth_mode; /* prov_scim2_auth */
    const char *username, *password, *access_token, *api_key_header, *api_key_value;
    const char *user_store_domain; /* read by the mapping */
    int update_method;             /* prov_scim2_method */
    const char *ca_file, *client_certificate, *client_key;
} prov_scim2_values;

/* What is remembered about a target. */
enum { PROV_SCIM2_ASKED = 1, PROV_SCIM2_NO_PATCH = 2 };

/* The URL of an object, or with NULL of the collection; NULL if this type has no endpoint. */
const char *prov_scim2_url(const prov_call *call, const char *id);
char *prov_scim2_encode(apr_pool_t *p, const char *text); /* percent-encoding of a component */

/* One exchange within what is left of the call's limit, with the target's credentials. An error's
 * excerpt tells status, scimType and detail. */
prov_answer prov_scim2_send(prov_call *call, const char *method, const char *url, prov_bytes body,
                            const char *if_match);
bool prov_scim2_good(const prov_answer *a); /* 2xx */

/* The answer's body as an object. `a` becomes UNREADABLE if it is none, or has no id. */
void prov_scim2_read(prov_call *call, prov_answer *a, prov_remote *remote);
/* The same for what was parsed already; false: no id. */
bool prov_scim2_take(prov_call *call, const prov_json *j, prov_remote *remote);

/* Read-merge-write, for targets without PATCH: what we do not set stays as the target has it. */
prov_answer prov_scim2_put(prov_call *call, const char *id, const prov_object *before,
                           const prov_object *wanted);
prov_answer prov_scim2_put_members(prov_call *call, const char *group,
                                   const prov_member_change *changes, int count);

#endif
