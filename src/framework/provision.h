/* The one door: every change, from wherever, passes through prov_provision. And the reading side
 * that every inbound protocol shares. */
#ifndef PROV_FRAMEWORK_PROVISION_H
#define PROV_FRAMEWORK_PROVISION_H

#include "outbound/outbound.h"
#include "scim/patch.h"
#include "scim/projection.h"
#include "userstore/userstore.h"

struct prov_permits;
struct prov_owing;

/* What one process has for one configuration. */
typedef struct prov_service {
    const prov_config *config;
    prov_registry *registry;
    prov_store *store;
    prov_userstores *userstores;
    prov_passwords *passwords;
    prov_engine *engine;
    const struct prov_permits *permits; /* protect.h */
    const struct prov_owing *owing;     /* owe.h */
    uint8_t cursor_key[32];             /* list_cursor.h: the same in every process */
} prov_service;

typedef struct prov_service_options {
    bool dispatch;
    int password_waiters; /* see prov_passwords_make */
    const uint8_t *key;   /* the secret key, PROV_KEY_LEN bytes; NULL: read it by the settings */
    const prov_connector *(*lookup)(const char *name); /* third parties' */
} prov_service_options;

/* Opens the store, binds schemas, userstores, engine. In the process that uses it. */
prov_err *prov_service_open(apr_pool_t *p, const prov_config *c, const prov_service_options *o,
                            prov_service **out);

/* Who asks, and for whom. */
typedef struct prov_caller {
    const prov_application *application; /* never NULL; the resident one if no other claims it */
    uint32_t permissions;                /* prov_permission bits, all of the caller's */
    prov_trigger trigger;
    bool no_outbound; /* administrators' accounts made by provisionctl: no links */
    prov_bytes actor;
    prov_bytes trace;    /* traceparent, or empty */
    const prov_id *user; /* who asks, if it is one of ours; NULL: a token, another module's user */
} prov_caller;

/* A condition on the version: If-Match, already parsed to "any" or a list. */
typedef struct prov_condition {
    bool given;
    bool any;
    const uint64_t *versions;
    int count;
} prov_condition;

typedef struct prov_change {
    prov_operation operation;
    const prov_resource_type *type;
    prov_id id;                   /* of a creation: the one it is to have; zero: a new one */
    prov_condition match, unless; /* If-Match; If-None-Match */
    prov_object *object;          /* CREATED, REPLACED */
    const prov_body_extra *extra; /* CREATED, REPLACED: password, members */
    const char *hash;             /* CREATED: of its password, made elsewhere; or NULL */
    const prov_json *patch;       /* PATCHED */
} prov_change;

typedef struct prov_changed {
    prov_id id;
    uint64_t version;
    bool changed;    /* false: a no-op, nothing moved */
    int passed_over; /* new members who are not there */
} prov_changed;

/* Durable when it returns NULL. Errors: 400, 403 (protected groups and users), 404, 409, 412, 503
 * with retry_at, 507, 500. */
prov_err *prov_provision(prov_service *s, apr_pool_t *p, const prov_caller *caller,
                         const prov_change *change, prov_changed *out);

/* Sees a resource as this application may: objects outside its inbound store are not there. Fills
 * the view (prefix, record joined with its large values, membership and link rows behind
 * `elsewhere`). False: 404. */
bool prov_service_view(prov_service *s, prov_snapshot *n, apr_pool_t *p, const prov_caller *caller,
                       const prov_resource_type *type, const prov_id *id, const char *base,
                       prov_view *out);

/* What a user may do: through the names in Permit lines, groups direct and nested. */
uint32_t prov_service_permissions(prov_service *s, prov_snapshot *n, apr_pool_t *p,
                                  const prov_id *user);

/* provisionctl admin create: the user, the group of administrators, the membership; no links. */
prov_err *prov_service_make_admin(prov_service *s, apr_pool_t *p, const char *name,
                                  prov_bytes password);

#endif
