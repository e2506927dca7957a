/* What an administrator declares, resolved: the settings of a server, its userstores, identity
 * providers with their connectors, applications, permissions. Built in the parent before threads
 * start, on the configuration's pool; only read afterwards. */
#ifndef PROV_MODEL_CONFIG_H
#define PROV_MODEL_CONFIG_H

#include "base/option.h"
#include "base/rate.h"
#include "scim/schema_load.h"
#include <apr_hash.h>
#include <apr_time.h>

/* What the settings of a whole server are (directives outside sections). */
typedef struct prov_settings {
    prov_option_head head;
    const char *store;      /* "lmdb /var/lib/provision": backend and place */
    int64_t store_size;     /* ProvisionStoreSize */
    const char *secret_key; /* file:PATH of the key; made if missing */
    const char *tenant;
    int bare_name_all; /* ProvisionBareName primary|all */
    int require_tls;
    int64_t max_body;
    int64_t max_resource;
    int64_t max_results; /* of a list page */
    int64_t default_results;
    int64_t max_sort; /* startIndex + count of a sorted list */
    int64_t max_scan; /* resources looked at by an unindexed query; 0: any */
    int64_t cursor_timeout;
    int64_t max_filter; /* bytes */
    int64_t max_filter_depth;
    int64_t max_filter_terms;
    int64_t max_operations; /* of a PATCH */
    int64_t bulk_operations;
    int64_t bulk_payload;  /* bytes of a bulk request */
    int64_t password_cost; /* yescrypt */
    int64_t pool;          /* dispatch threads a child */
    int64_t call_limit;    /* one call to a target, whole */
    int64_t blocking_timeout;
    int64_t blocking_max; /* callers a child lets wait; 0: a quarter of ThreadsPerChild */
    int64_t audit_keep;
    int64_t removed_keep;
    int commit_each; /* ProvisionCommitEach: for measuring only */
    prov_rate rate;  /* of each caller: ProvisionRate */
} prov_settings;
extern const prov_option prov_settings_options[];

typedef struct prov_userstore_config {
    prov_option_head head;
    const char *name; /* upper case: PRIMARY, CORP */
    int type;         /* index into the userstore types */
    const char *where;
} prov_userstore_config;
extern const prov_option prov_userstore_options[];

typedef enum {
    PROV_DEPROVISION_DISABLE,
    PROV_DEPROVISION_DELETE,
    PROV_DEPROVISION_KEEP
} prov_deprovision;
typedef enum { PROV_ADOPT_NEVER, PROV_ADOPT_CLAIM, PROV_ADOPT_MATCH } prov_adopt;

/* One ProvisionMap line: target attribute, where its value comes from, what else. */
typedef struct prov_map {
    const char *to;
    const char *template;  /* "{UN}@partner.example", or NULL */
    const char *path;      /* a local attribute's path, or NULL */
    const char *otherwise; /* default, or NULL */
    const char *where;     /* file:line */
} prov_map;

struct prov_connector; /* outbound/connector/mod_provision.h */

/* A target, as declared. */
typedef struct prov_connector_config {
    prov_option_head head;
    int enabled;
    int64_t concurrency; /* ProvisionLimit concurrency= */
    int64_t rate;        /* calls in 1000 s; 0 none: ProvisionLimit rate=50/s */
    int64_t retry_first, retry_max, give_up, urgent_give_up; /* ProvisionRetry, microseconds */
    double retry_factor;
    int deprovision;             /* prov_deprovision */
    int adopt;                   /* prov_adopt */
    int members_exact;           /* ProvisionMembers exact */
    apr_array_header_t *protect; /* of const char *: names never touched */
    apr_array_header_t *maps;    /* of prov_map */
    const char *type;            /* "scim2" */
    const struct prov_connector *connector;
    const prov_option *options; /* the connector's rows; NULL if the connector is unknown here */
    void *values;               /* the connector's own struct, by its option rows */
    void *resolved;             /* the same with secrets read; NULL until then */
    apr_hash_t *secrets;        /* by reference, as the check read them; NULL: it did not */
    const char *where;
    const char *idp; /* its identity provider's name */
    uint8_t digest[32];
} prov_connector_config;
extern const prov_option prov_connector_config_options[];

typedef struct prov_idp {
    prov_option_head head;
    const char *name;
    const char *description;
    const char *home_realm;
    const char *alias;
    int enabled;
    apr_array_header_t *roles; /* of const char *: group names that decide scope; may be NULL */
    apr_array_header_t *connectors; /* of prov_connector_config * */
    const char *where;
} prov_idp;
extern const prov_option prov_idp_options[];

typedef struct prov_outbound_entry {
    const char *idp;
    const char *connector;
    int blocking, rules, jit;
    const char *where;
    const prov_connector_config *target; /* resolved at check */
} prov_outbound_entry;

typedef struct prov_application {
    prov_option_head head;
    const char *name;             /* "resident" is the resident service provider */
    apr_array_header_t *clients;  /* ProvisionClient: of const char * */
    apr_array_header_t *switches; /* ProvisionCompatibility: of const char *, as written */
    uint32_t compatibility;       /* the bits of those (scim/compatibility.h) */
    const char *inbound_store;    /* a domain, or NULL */
    int propagate;                /* 0 all, 1 application */
    apr_array_header_t *outbound; /* of prov_outbound_entry */
    const char *where;
} prov_application;
extern const prov_option prov_application_options[];

typedef enum {
    PROV_MAY_SCIM_READ = 1,
    PROV_MAY_SCIM_WRITE = 2,
    PROV_MAY_ADMIN = 0x8000 /* everything */
} prov_permission;
#define PROV_ADMIN_GROUP "provision-admins"

typedef enum { PROV_PERMIT_GROUP, PROV_PERMIT_USER, PROV_PERMIT_TOKEN } prov_permit_kind;
typedef struct prov_permit {
    uint32_t permissions;
    prov_permit_kind kind;
    const char *name;
    const char *where;
} prov_permit;

/* "scim:read" and so on, to bits; 0 if unknown. */
uint32_t prov_permission_named(const char *name);
const char *prov_permission_print(apr_pool_t *p, uint32_t permissions);

typedef struct prov_index_line {
    const char *path; /* of an attribute */
    const char *where;
} prov_index_line;

typedef struct prov_config {
    prov_settings settings;
    apr_array_header_t *userstores;   /* of prov_userstore_config * */
    apr_array_header_t *idps;         /* of prov_idp * */
    apr_array_header_t *applications; /* of prov_application * */
    apr_array_header_t *permits;      /* of prov_permit */
    apr_array_header_t *declared;     /* of prov_declaration: schemas and resource types */
    apr_array_header_t *indexes;      /* of prov_index_line */
    const char *rate_where;           /* the ProvisionRate's place; NULL: not given */
    const char *store_backend, *store_location; /* split from settings.store at check */
    apr_table_t *lines;                         /* of prov_config_line */
    bool secrets_later;                         /* the check leaves them to the next one */
} prov_config;

/* Where a directive stands: `section` is the `where` of what it belongs to, NULL for the server;
 * `setting` is the second word of a ProvisionSet, else NULL. Unknown: the section's own place. */
void prov_config_note_line(prov_config *c, const char *section, const char *directive,
                           const char *setting, const char *where);
const char *prov_config_line(const prov_config *c, const char *section, const char *directive,
                             const char *setting);

prov_config *prov_config_make(apr_pool_t *p); /* with the defaults */
/* Objects with their defaults, not yet in a list. */
prov_userstore_config *prov_userstore_config_make(apr_pool_t *p, const char *name,
                                                  const char *where);
prov_idp *prov_idp_make(apr_pool_t *p, const char *name, const char *where);
/* `options` NULL: no struct for the connector's settings. */
prov_connector_config *prov_connector_config_make(apr_pool_t *p, const char *type,
                                                  const prov_option *options, size_t values_size,
                                                  const char *where);
prov_application *prov_application_make(apr_pool_t *p, const char *name, const char *where);
/* What a virtual host says over what the main server says: same-named objects replace. */
prov_config *prov_config_merge(apr_pool_t *p, const prov_config *under, const prov_config *over);

/* Everything that can be found without the network and without the store, each as an error with
 * its place, joined by `next`-less list: calls `found` for each; returns how many. Also resolves
 * references and digests. Fills PRIMARY (local) and the resident application if not declared. */
typedef void prov_config_found(void *baton, const prov_err *err);
int prov_config_check(apr_pool_t *p, prov_config *c, prov_config_found *found, void *baton);

/* The core's schemas and resource types with those declared, and what is to be indexed; each
 * mistake is told, with its place. On `p`, not bound. */
prov_registry *prov_config_registry(apr_pool_t *p, const prov_config *c, prov_config_found *found,
                                    void *baton);

const prov_application *prov_config_application(const prov_config *c, const char *name);
const prov_application *prov_config_application_of_client(const prov_config *c, const char *client);
const prov_idp *prov_config_idp(const prov_config *c, const char *name);
const prov_connector_config *prov_config_target(const prov_config *c, const char *idp,
                                                const char *connector);
bool prov_config_has_domain(const prov_config *c, const char *name);

/* The resolved configuration as JSON; secrets as references, literal ones left out. */
void prov_config_write(prov_buf *b, apr_pool_t *p, const prov_config *c);
/* And back, as far as provisionctl needs it: without the connectors' values, secrets and maps;
 * digests as they were written. */
prov_err *prov_config_read(apr_pool_t *p, prov_bytes json, prov_config **out);
/* Digest over every target's digest: the configuration's generation moves when it does. */
void prov_config_digest(const prov_config *c, uint8_t out[32]);

#endif
