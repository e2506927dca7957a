/* What a target's answer means: one table (design: what an answer means). Pure. */
#ifndef PROV_OUTBOUND_RETRY_H
#define PROV_OUTBOUND_RETRY_H

#include "outbound/connector/mod_provision.h"
#include "store/link.h"

/* What was asked of the target. */
typedef enum {
    PROV_DID_CREATE,
    PROV_DID_UPDATE,
    PROV_DID_REMOVE,
    PROV_DID_MEMBERS,
    PROV_DID_READ, /* one object */
    PROV_DID_FIND, /* on the collection */
    PROV_DID_PROBE
} prov_did;

typedef struct prov_retry_context {
    prov_did did;
    /* After a 403, when the target was probed to learn whose fault it is. */
    bool probed;
    bool probe_good;
    apr_time_t now; /* for a Retry-After that is a date */
} prov_retry_context;

typedef enum {
    PROV_ABOUT_OBJECT,
    PROV_ABOUT_TARGET,
    PROV_ABOUT_LATER /* the target, for now */
} prov_about;

typedef enum {
    PROV_EFFECT_APPLIED,    /* done; a read, find or probe: answered */
    PROV_EFFECT_REFUSED,    /* for good, until something changes: failed, with the reason */
    PROV_EFFECT_PAUSE,      /* the target is paused to a probe; the link keeps */
    PROV_EFFECT_WAIT,       /* try again later */
    PROV_EFFECT_UNKNOWN,    /* a write that may have been applied: probe, then act */
    PROV_EFFECT_LOOK_UP,    /* 409: whose is it? */
    PROV_EFFECT_READ_AGAIN, /* 412: read, compare again */
    PROV_EFFECT_GONE_MAYBE, /* 404, 410 on an object: search the collection before believing it */
    PROV_EFFECT_NEEDS_PROBE /* 403: ask again with `probed` */
} prov_effect;

typedef struct prov_meaning {
    prov_about about;
    prov_effect effect;
    bool certainly_not_applied; /* this call changed nothing at the target */
    apr_time_t wait;            /* from Retry-After, within the bounds below; 0: it said nothing */
    prov_target_event event;    /* what the target's row is told */
} prov_meaning;

/* However a target words Retry-After, the wait lies between. */
#define PROV_RETRY_AFTER_LEAST apr_time_from_msec(100)
#define PROV_RETRY_AFTER_MOST  apr_time_from_sec(24 * 3600)

prov_meaning prov_retry_meaning(const prov_answer *a, prov_retry_context ctx);

bool prov_retry_is_good(const prov_answer *a);    /* any 2xx */
bool prov_retry_is_missing(const prov_answer *a); /* 404, 410 */

/* How long to wait after try number `tries` (1 is the first): first x factor^(tries-1), at most
 * `most`, less up to a quarter that depends on the link and the try alone, so that what failed
 * together does not come back together. */
apr_time_t prov_retry_after(uint32_t tries, apr_time_t first, double factor, apr_time_t most,
                            const prov_id *link);

#endif
