/* Userstores: domains of users and groups (PRIMARY, CORP, ...), which of them a name belongs to,
 * and passwords. A local domain's truth lies in the store itself; the contract has room for those
 * whose truth lies elsewhere: `apply` before the commit, `observe` to read it back. */
#ifndef PROV_USERSTORE_USERSTORE_H
#define PROV_USERSTORE_USERSTORE_H

#include "model/config.h"
#include "store/index.h"
#include "store/store.h"

typedef struct prov_userstore prov_userstore;
typedef struct prov_userstores prov_userstores;

/* What a domain holds under an id. */
typedef struct prov_held {
    const prov_object *object; /* NULL: nothing */
    prov_record record;        /* the same, encoded whole */
} prov_held;

typedef struct prov_userstore_type {
    const char *name; /* ProvisionType */
    /* Makes the domain's own system hold `now` under `id`, and adds to the plan what must become
     * durable with it, which may point into `now`. */
    prov_err *(*apply)(prov_userstore *u, apr_pool_t *p, prov_plan *plan, const prov_id *id,
                       const prov_resource_type *type, const prov_held *was, const prov_held *now);
    /* Reads back what the domain's own system holds. */
    prov_err *(*observe)(prov_userstore *u, apr_pool_t *p, prov_snapshot *n, const prov_id *id,
                         prov_record *out, bool *found);
} prov_userstore_type;
extern const prov_userstore_type prov_userstore_local;          /* local.c */
extern const prov_userstore_type *const prov_userstore_types[]; /* NULL-terminated */

struct prov_userstore {
    const char *name; /* "PRIMARY" */
    uint16_t number;
    const prov_userstore_type *type;
    prov_bytes prefix; /* "CORP/"; nothing for PRIMARY */
};

/* Numbers the declared domains. Then only read. */
prov_err *prov_userstores_open(apr_pool_t *p, prov_store *s, const prov_registry *r,
                               const prov_config *c, prov_userstores **out);
const prov_userstore *prov_userstore_named(const prov_userstores *u,
                                           const char *name); /* any case */
const prov_userstore *prov_userstore_numbered(const prov_userstores *u, uint16_t number);
const prov_userstore *prov_userstore_primary(const prov_userstores *u);
const prov_resource_type *prov_userstore_users(const prov_userstores *u); /* the type User */
const prov_userstore *prov_userstore_at(const prov_userstores *u, int i); /* NULL after the last */

/* "CORP/alice" is CORP and alice; a bare name belongs to PRIMARY. With `fixed`, that domain
 * overrides any prefix. 400 invalidValue for a local name that begins with a declared domain and a
 * slash. */
prov_err *prov_userstore_split(const prov_userstores *u, apr_pool_t *p, prov_bytes name,
                               const prov_userstore *fixed, const prov_userstore **domain,
                               prov_bytes *bare);
/* "CORP/" or nothing; lives as long as the userstores. */
prov_bytes prov_userstore_prefix(const prov_userstore *u);
/* A record with its large values, which are read from the snapshot only if it has any. */
prov_record prov_userstore_whole(apr_pool_t *p, prov_snapshot *n, const prov_id *id,
                                 prov_record rec);

/* The user or group a name means, in its domain; a bare name in PRIMARY, or in every domain when
 * ProvisionBareName says so. How many were found, of which `ids` gets `most` at most. */
int prov_userstore_find(const prov_userstores *u, prov_snapshot *n, apr_pool_t *p,
                        const prov_resource_type *type, prov_bytes name, prov_id *ids, int most);

/* A bare name in one domain. */
int prov_userstore_find_in(const prov_userstore *u, prov_snapshot *n, apr_pool_t *p,
                           const prov_resource_type *type, prov_bytes bare, prov_id *ids, int most);

/* --- passwords ------------------------------------------------------------------------------ */
typedef enum {
    PROV_PASSWORD_RIGHT,
    PROV_PASSWORD_WRONG,
    PROV_PASSWORD_BUSY /* too many hashes at once, or no memory for one: 429 */
} prov_password_verdict;
typedef struct prov_passwords prov_passwords;
/* The verdict cache and the gate of at most cores/2 hashes at a time. On `p`, for its life. `cost`
 * is what a new hash costs, and what a name that nobody has does. At most `waiters` threads wait at
 * the gate, so that wrong passwords cannot take them all; 0: any number. */
prov_err *prov_passwords_make(apr_pool_t *p, const char *tenant, int cost, int waiters,
                              prov_passwords **out);
/* Prepares a password and hashes it, through the same gate: 429 when that is too narrow. */
prov_err *prov_passwords_hash(prov_passwords *pw, apr_pool_t *p, prov_bytes password,
                              const char **hash);
/* Checks a password of an existing, active user; every call reads the row. A name that does not
 * exist costs as much as one that does. */
prov_err *prov_password_check(prov_passwords *pw, const prov_userstores *u, prov_store *store,
                              apr_pool_t *p, prov_bytes name, prov_bytes password, prov_id *user,
                              prov_password_verdict *verdict);

#endif
