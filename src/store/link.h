/* The rows of the outbox: link, edge, target (design: links converge). Each is a plain struct, its
 * encoding, and the pure transitions that the committer applies to it; no input, no output, no
 * clock but the one given. Everything that must hold about one link holds here. */
#ifndef PROV_STORE_LINK_H
#define PROV_STORE_LINK_H

#include "base/id.h"
#include <apr_time.h>

typedef enum {
    PROV_QUEUE_URGENT, /* disables and deletes */
    PROV_QUEUE_NORMAL
} prov_queue;

/* What a call in flight, or not cleanly ended, set out to do. */
typedef enum {
    PROV_ATTEMPT_NONE,
    PROV_ATTEMPT_CREATE,
    PROV_ATTEMPT_UPDATE,
    PROV_ATTEMPT_DISABLE,
    PROV_ATTEMPT_REMOVE,
    PROV_ATTEMPT_MEMBERS
} prov_attempt_kind;

/* What `applied` left at the target. */
typedef enum {
    PROV_AT_NOTHING, /* never anything, or no longer known */
    PROV_AT_ACTIVE,
    PROV_AT_DISABLED,
    PROV_AT_REMOVED,
    PROV_AT_OUT_OF_SCOPE /* never was there, and is not wanted there */
} prov_at_target;

typedef struct prov_lease {
    uint32_t process; /* 0: none */
    uint64_t claim;   /* never reused by that process */
    apr_time_t until;
} prov_lease;

typedef struct prov_link {
    prov_id resource;
    uint32_t target;
    uint16_t type;        /* resource type's dictionary number */
    uint8_t queue;        /* prov_queue */
    uint8_t trigger;      /* prov_trigger of the last touch */
    uint16_t application; /* of the last touch; 0 none */
    bool gone;            /* the local resource is deleted */

    uint64_t wanted, applied;
    uint64_t attempt; /* 0: none */
    uint8_t attempt_kind;
    apr_time_t attempt_at;
    uint64_t refused; /* the wanted refused for good */
    uint64_t held;    /* the wanted held by policy */
    uint8_t at;       /* prov_at_target */

    prov_lease lease;
    apr_time_t due;
    apr_time_t verify;  /* 0: no */
    apr_time_t failing; /* since when without success; 0: not */
    uint32_t tries;     /* since the last success */
    apr_time_t last_time, last_success;
    uint16_t last_status; /* HTTP; 0 if there was no answer */

    prov_id superseded_by; /* all zero: none */
    prov_bytes remote, candidate, etag;
    prov_bytes key;      /* correlation key held at the target, normalised */
    prov_bytes sent_key; /* as the attempt sent it, normalised; empty without attempt */
} prov_link;

typedef enum {
    PROV_LINK_SYNCED,
    PROV_LINK_DISABLED,
    PROV_LINK_REMOVED,
    PROV_LINK_OUT_OF_SCOPE,
    PROV_LINK_PENDING,
    PROV_LINK_WAITING,
    PROV_LINK_WORKING,
    PROV_LINK_UNKNOWN,
    PROV_LINK_FAILED,
    PROV_LINK_HELD,
    PROV_LINK_SUPERSEDED,
    PROV_LINK_ORPHANED
} prov_link_state;

extern const char *const prov_link_state_names[]; /* by state; NULL-terminated */

/* Derived, never stored, by the design's order. `declared`: the target is in the configuration.
 * `give_up`: how long a link may fail, by its queue; 0 for ever. */
prov_link_state prov_link_state_of(const prov_link *l, apr_time_t now, bool declared,
                                   apr_time_t give_up);

void prov_link_write(prov_buf *b, const prov_link *l); /* key fields excluded */
/* Strings point into `row`. False if the row is not a link. */
bool prov_link_read(prov_bytes row, prov_link *out);

/* Whether the pump has anything to do about it, and when: 0 if not. */
apr_time_t prov_link_next(const prov_link *l);

bool prov_lease_free(const prov_lease *l, apr_time_t now);
bool prov_lease_mine(const prov_lease *l, uint32_t process, uint64_t claim);

/* A change only touches: never the lease, attempt or applied. */
typedef struct prov_touch {
    apr_time_t now;
    uint8_t queue;
    uint8_t trigger;
    uint16_t application;
    bool gone;
    bool reread; /* what is there is no longer known: the applied copy goes */
} prov_touch;
void prov_link_touch(prov_link *l, const prov_touch *t);

/* Before the request: attempt = the wanted the snapshot had. */
typedef struct prov_prepare {
    uint32_t process;
    uint64_t claim;
    uint64_t wanted;
    uint8_t kind;
    apr_time_t now;
    apr_time_t until;    /* the lease outlasts the request: renewed here */
    prov_bytes sent_key; /* normalised; claimed in the name index */
    bool drop_remote;    /* the object it named is gone there */
    prov_bytes copy;     /* compact record as it will be at the target; empty: not a write of it */
} prov_prepare;
void prov_link_prepare(prov_link *l, const prov_prepare *p);

typedef enum {
    PROV_ACK_APPLIED,     /* known to be there */
    PROV_ACK_NOT_APPLIED, /* certainly not */
    PROV_ACK_AMBIGUOUS,   /* attempt stays: probe first */
    PROV_ACK_OBSERVED,    /* a probe got a definite answer: attempt ends, work goes on at once */
    PROV_ACK_RELEASED     /* nothing was learned or done; only the lease ends */
} prov_ack_kind;

typedef struct prov_ack {
    uint8_t kind;
    uint32_t process;
    uint64_t claim;
    apr_time_t now;
    uint64_t sent;   /* APPLIED: the wanted now known to be at the target. Refused, held: the one
                      * it is about; 0: the open attempt's, else the link's */
    uint8_t at;      /* APPLIED, OBSERVED: what is there */
    bool has_remote; /* take over the three below; remote may be empty: nothing there */
    prov_bytes remote;
    prov_bytes etag;
    prov_bytes key; /* correlation key held from now on, normalised */
    bool has_copy;  /* the applied copy from now on; empty: none */
    prov_bytes copy;
    bool refused;       /* this wanted for good */
    bool held;          /* this wanted, by policy */
    bool more;          /* applied, but work is left (edges): not all of `sent` yet, due now */
    apr_time_t due;     /* when to try again, if not APPLIED; 0: now */
    apr_time_t verify;  /* 0: leave; ask once more then. APPLIED clears one that was due first */
    bool verified;      /* OBSERVED: and so does the answer to what `verify` asked */
    prov_bytes suspect; /* OBSERVED: what may still turn up there; kept until verified */
    uint16_t status;
    apr_time_t late;    /* something was sent: when to look, should the lease be lost; or 0 */
    bool counts;        /* a try that failed: tries + 1 */
    prov_bytes excerpt; /* for a person; empty clears */
} prov_ack;
/* The caller has checked that the lease is the acknowledger's. */
void prov_link_ack(prov_link *l, const prov_ack *a);
/* A late acknowledgement that lost its lease may only leave a candidate, and make somebody look. */
void prov_link_deposit(prov_link *l, const prov_ack *a);

/* An edge: one membership at one target. */
typedef struct prov_edge {
    bool wanted, applied;
    bool sent;    /* in a request not cleanly answered: unequal, sent again at its wanted value */
    bool settled; /* the member is out of scope there: shown as a count, not work */
    bool asleep;  /* the member has no remote id there: its acknowledgement wakes it */
    bool refused; /* the target will not have it; the next change asks again */
    bool suspect; /* sent more than once: one may arrive late; kept until it was looked for */
} prov_edge;
uint8_t prov_edge_write(const prov_edge *e);
prov_edge prov_edge_read(uint8_t row);
bool prov_edge_is_work(const prov_edge *e);

/* A target's row: what all children must agree on. */
typedef enum {
    PROV_BREAKER_CLOSED,
    PROV_BREAKER_OPEN,
    PROV_BREAKER_HALF_OPEN,
    PROV_BREAKER_STUCK /* until an administrator resumes it */
} prov_breaker;

typedef struct prov_target {
    uint32_t number;
    bool declared; /* the stored generation's configuration has it */
    uint8_t digest[32];
    bool moved; /* to another place: copies made before are not what is there */
    uint8_t breaker;
    uint32_t bad_row; /* target-class or unknown answers in a row */
    uint32_t opened;  /* times since it last was closed: the back-off's exponent */
    apr_time_t paused_until;
    uint16_t last_status;
    int32_t leases;
    int64_t tokens; /* millionths of a call */
    apr_time_t tokens_at;
    uint32_t conversions;         /* updates that became creates ... */
    apr_time_t conversions_since; /* ... since then */
    int64_t links, unsynced, unknown, refused, held;
    prov_bytes reason; /* why it is paused, for a person */
} prov_target;
void prov_target_write(prov_buf *b, const prov_target *t);
bool prov_target_read(prov_bytes row, prov_target *out);

typedef struct prov_budget {
    int32_t concurrency;
    int64_t rate;  /* calls in a thousand seconds; 0: no limit */
    int64_t burst; /* calls */
} prov_budget;
/* One call more is within limits: takes it. */
bool prov_target_take(prov_target *t, const prov_budget *b, apr_time_t now);
void prov_target_give_back(prov_target *t);

typedef enum {
    PROV_TARGET_GOOD,       /* any answer that shows the target works */
    PROV_TARGET_GOOD_WRITE, /* closes a half-open breaker */
    PROV_TARGET_BAD,        /* target-class or unknown: counts towards the breaker */
    PROV_TARGET_PAUSE,      /* wrong credentials and the like: open at once */
    PROV_TARGET_LATER,      /* Retry-After: pause without suspicion, until the time given */
    PROV_TARGET_CONVERTED,  /* an update became a create */
    PROV_TARGET_RESUME      /* an administrator's word */
} prov_target_event;
typedef struct prov_outcome {
    uint8_t event;
    apr_time_t now;
    apr_time_t until; /* LATER */
    uint16_t status;
    apr_time_t first, most; /* back-off: first x factor^n, at most `most` */
    double factor;
    prov_bytes reason;
} prov_outcome;
#define PROV_BREAKER_ROW         5
#define PROV_TARGET_PLACE        8 /* bytes of the digest that tell the place */
#define PROV_CONVERSIONS_AN_HOUR 20
#define PROV_CONVERSIONS_SHARE   10 /* per cent of its links */
void prov_target_event_apply(prov_target *t, const prov_outcome *o);

#endif
