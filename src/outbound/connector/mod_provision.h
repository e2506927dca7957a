/* For who writes a connector: the only header needed. A connector is one struct; a third party's is
 * registered from its own httpd module with
 *     ap_register_provider(pool, "provision_connector", "name", "1", &connector);
 *
 * The engine decides what is to be done and what an answer means. A connector says it in the
 * target's protocol and reports what came back, unjudged. Its functions run on dispatch threads,
 * several at once; memory is the call's pool. Nothing may be kept in statics. */
#ifndef MOD_PROVISION_H
#define MOD_PROVISION_H

#include "base/option.h"
#include "scim/value.h"

#define PROV_CONNECTOR_VERSION 1

#ifndef PROV_DECLARE
#define PROV_DECLARE(type) __attribute__((visibility("default"))) type
#endif

/* How far a call got. */
typedef enum {
    PROV_CALL_ANSWERED,   /* `status` is the target's */
    PROV_CALL_NOT_SENT,   /* no connection, or lost before any byte: certainly not applied */
    PROV_CALL_NO_TLS,     /* the handshake failed */
    PROV_CALL_LOST,       /* sent, at least in part, and no whole answer */
    PROV_CALL_UNREADABLE, /* an answer that is garbage or above the cap */
    PROV_CALL_UNSUPPORTED /* the connector cannot do this at all */
} prov_call_end;

/* One HTTP exchange. Relative redirects and cookies do not exist. */
typedef struct prov_request {
    const char *method;
    const char *url;
    const char *content_type; /* with a body */
    const char *accept;
    prov_bytes body;
    const char *if_match;
    const char *const *headers;                     /* "Name: value", NULL-terminated, or NULL */
    const char *username, *password;                /* Basic; or NULL */
    const char *bearer;                             /* or NULL */
    const char *ca_file, *client_cert, *client_key; /* certificates are always verified */
} prov_request;

typedef struct prov_answer {
    prov_call_end end;
    int status;
    const char *retry_after; /* as sent, or NULL */
    const char *etag;
    const char *location;
    prov_bytes body;     /* whole, capped */
    const char *excerpt; /* for a person: status, scimType, detail, or what the transport said */
} prov_answer;

/* What a connector may use during one call. */
typedef struct prov_call prov_call;
struct prov_call {
    apr_pool_t *pool;
    const void *values; /* the connector's settings, by its option rows; secrets resolved */
    const prov_registry *registry;
    const prov_resource_type *type;
    apr_time_t limit; /* for the whole call */
    void (*http)(prov_call *call, const prov_request *request, prov_answer *answer);
    void *engine; /* the engine's own */
    /* What the connector remembers about this target between calls, per child: a bitmask. */
    uint32_t *memory;
};

/* An object at the target. */
typedef struct prov_remote {
    const char *id;
    const char *etag;        /* or NULL */
    const char *external_id; /* or NULL: the correlation we left there */
    const char *name;        /* userName, displayName */
    prov_object *object;
    const prov_member_ref *members; /* of a group, as `read` saw them: remote ids */
    int member_count;               /* -1: not known */
} prov_remote;

/* One membership to change. */
typedef struct prov_member_change {
    const char *remote_id;
    const char *member_type; /* "User", "Group" */
    bool add;
} prov_member_change;

enum {
    PROV_CAN_DISABLE = 1, /* `active` = false keeps the account */
    PROV_CAN_RENAME = 2,
    PROV_CAN_GROUPS = 4
};

typedef struct prov_connector {
    int version; /* PROV_CONNECTOR_VERSION */
    const char *name;
    const char *help;
    const prov_option *options; /* its settings */
    size_t values_size;
    /* A sentence if the settings do not fit together, else NULL. `warning` likewise, but goes on.
     */
    const char *(*check)(apr_pool_t *p, const void *values, const char **warning);
    unsigned (*abilities)(const void *values);
    const char *(*endpoint)(const void *values); /* for people and for "the host has changed" */

    /* `remote` is filled with what the answer told, as far as it did. */
    prov_answer (*create)(prov_call *call, const prov_object *wanted, prov_remote *remote);
    prov_answer (*read)(prov_call *call, const char *id, prov_remote *remote);
    /* What the target has under this correlation: at most `most` objects. Key is "externalId" or
     * the naming attribute. A 200 with none is an answer. */
    prov_answer (*find)(prov_call *call, const char *key, const char *value, prov_remote *found,
                        int most, int *count);
    prov_answer (*update)(prov_call *call, const char *id, const char *etag,
                          const prov_object *before, const prov_object *wanted,
                          prov_remote *remote);
    prov_answer (*remove)(prov_call *call, const char *id, const char *etag);
    prov_answer (*members)(prov_call *call, const char *group, const prov_member_change *changes,
                           int count);
    prov_answer (*probe)(prov_call *call); /* is the target there and does it know us */
} prov_connector;

#endif
