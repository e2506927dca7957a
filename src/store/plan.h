/* A plan: what one transaction is to check and change, decided beforehand. It is immutable once
 * submitted; its bytes belong to the submitter's pool, which waits for the verdict. The committer
 * applies it without running anybody's code.
 *
 * Preconditions are checked first, whatever their place in the plan; a refused plan puts nothing.
 * Changes apply in the order they were added. */
#ifndef PROV_STORE_PLAN_H
#define PROV_STORE_PLAN_H

#include "base/err.h"
#include "scim/resource.h"
#include "store/link.h"

typedef struct prov_plan prov_plan;

typedef enum {
    PROV_TRIGGER_SCIM = 1,
    PROV_TRIGGER_ADMIN,  /* provisionctl */
    PROV_TRIGGER_CONFIG, /* a target's declaration changed */
    PROV_TRIGGER_NAME    /* another of our objects needs the name that a leaver has there */
} prov_trigger;

typedef enum { PROV_CREATED = 1, PROV_REPLACED, PROV_PATCHED, PROV_DELETED } prov_operation;

prov_plan *prov_plan_make(apr_pool_t *p);

/* --- preconditions ------------------------------------------------------------------------- */
void prov_plan_must_exist(prov_plan *plan, const prov_id *id);
/* Version 0: it is not there. */
void prov_plan_must_be_version(prov_plan *plan, const prov_id *id, uint64_t version);
/* Nobody else has this value of an index whose values may repeat. That of every prov_plan_index
 * with `unique` is free, or this resource's, without being asked for. */
void prov_plan_must_be_only(prov_plan *plan, const prov_id *id, uint16_t attr, uint16_t domain,
                            prov_bytes key);
/* The stored configuration generation is mine. */
void prov_plan_must_be_generation(prov_plan *plan, uint64_t generation);
/* The indexes are those that I knew: of a process that is not registered. */
void prov_plan_must_be_staged(prov_plan *plan, uint64_t staged);
/* The target's scan stands there: else somebody was quicker, or began it anew (PROV_NOT_DUE). */
void prov_plan_must_stand_at(prov_plan *plan, uint32_t target, const prov_id *after);

/* --- resources ----------------------------------------------------------------------------- */
/* The whole record; the resource is new or at the version a precondition names. The committer sets
 * the version in the head: the old one + 1, 1 for a new resource. Counts per type and domain move
 * with it. */
void prov_plan_put(prov_plan *plan, const prov_id *id, prov_record rec);
void prov_plan_put_large(prov_plan *plan, const prov_id *id, const uint8_t digest[16],
                         prov_bytes v);
void prov_plan_delete_large(prov_plan *plan, const prov_id *id, const uint8_t digest[16]);
/* The record, its credential, large values, grants stay for nobody: grants go, links are touched as
 * gone and urgent, memberships on both sides go (their edges become unwanted, the groups' versions
 * move and their links are touched). Its index entries must be removed by prov_plan_unindex. */
void prov_plan_delete(prov_plan *plan, const prov_id *id, const prov_touch *touch);
/* Index entries: `attr` is the attribute's dictionary number, `key` its normalised value. */
void prov_plan_index(prov_plan *plan, const prov_id *id, uint16_t attr, uint16_t domain,
                     prov_bytes key, bool unique);
void prov_plan_unindex(prov_plan *plan, const prov_id *id, uint16_t attr, uint16_t domain,
                       prov_bytes key, bool unique);
/* An index comes to be maintained by every process of the new generation (`declared`), or no longer
 * is; in the plan that makes the generation. Over no resource at all it is ready at once. */
typedef enum { PROV_INDEX_VALUES, PROV_INDEX_UNIQUE, PROV_INDEX_TIMES } prov_index_kind;
typedef enum {
    PROV_STAGE_BUILDING = 1,
    PROV_STAGE_READY,
    PROV_STAGE_GOING, /* its rows go: it is declared no longer, or ... */
    PROV_STAGE_AGAIN  /* ... was not always, or not by all, and is built from the start then */
} prov_stage_at;
typedef struct prov_stage {
    uint8_t kind; /* prov_index_kind */
    uint16_t attr;
    uint8_t at;    /* prov_stage_at */
    uint16_t type; /* built up to this resource */
    prov_id after;
    uint64_t looked_at;
    uint64_t duplicates; /* values that could not be unique: readers cannot rely on it */
    uint8_t exact;       /* texts lie in it as they are, not folded */
} prov_stage;
void prov_plan_stage(prov_plan *plan, prov_index_kind kind, uint16_t attr, bool declared,
                     bool exact);
/* crypt(3) hash; the credential version moves. An empty hash removes it. */
void prov_plan_credential(prov_plan *plan, const prov_id *id, prov_bytes hash);

/* --- memberships: relative, conflict with nothing ------------------------------------------- */
/* Adding what is there and removing what is not changes nothing. Adding refuses the plan if the
 * member does not exist (PROV_NO_MEMBER). Effective ones write the edges of the group's links,
 * touch the member's links and count as a change for prov_plan_moved. */
void prov_plan_member_add(prov_plan *plan, const prov_id *group, const prov_id *member,
                          const prov_touch *touch);
void prov_plan_member_remove(prov_plan *plan, const prov_id *group, const prov_id *member,
                             const prov_touch *touch);
void prov_plan_member_remove_all(prov_plan *plan, const prov_id *group, const prov_touch *touch);
/* If a membership operation of this plan was effective: the resource's version and modified move
 * and its links are touched. */
void prov_plan_moved(prov_plan *plan, const prov_id *id, const prov_touch *touch);

/* --- outbox --------------------------------------------------------------------------------- */
void prov_plan_touch(prov_plan *plan, const prov_id *id, const prov_touch *touch);
/* The one link (resource, target): a touch that does not reach the others. */
void prov_plan_touch_link(prov_plan *plan, const prov_id *id, uint32_t target,
                          const prov_touch *touch);
/* Makes the grant if there is none, and the link with it, due now; a new link of a group gets an
 * edge for each member. `type` is the resource type's number. */
void prov_plan_grant(prov_plan *plan, const prov_id *id, uint16_t type, uint32_t target,
                     uint16_t application, const prov_touch *touch);

/* Takes the lease of a due link: refused if it is not due (PROV_NOT_DUE), leased (PROV_LEASED) or
 * its target has no budget (PROV_NO_BUDGET). */
void prov_plan_claim(prov_plan *plan, const prov_id *id, uint32_t target, const prov_lease *lease,
                     apr_time_t now, const prov_budget *budget);
/* These three refuse with PROV_LEASE_LOST unless process and claim are the link's. Prepare also
 * refuses with PROV_KEY_TAKEN if another link holds sent_key: then the plan's caller may wait. */
void prov_plan_prepare(prov_plan *plan, const prov_id *id, uint32_t target, const prov_prepare *pr);
void prov_plan_renew(prov_plan *plan, const prov_id *id, uint32_t target, const prov_lease *lease);
/* Also: gives the target's budget back, moves the name index to `key` and `remote`, wakes who
 * waited for a key that is free now, stores or drops the copies and the excerpt; a remote id gained
 * or changed unapplies and wakes the edges that have this resource as member, and for a group all
 * its own. Refused with PROV_REMOTE_TAKEN if another link has that remote id. If the lease is lost
 * a remote id is deposited as candidate, and somebody is to look at what a late call may have done,
 * before the plan is refused with PROV_LEASE_LOST. */
void prov_plan_ack(prov_plan *plan, const prov_id *id, uint32_t target, const prov_ack *ack);
/* Be woken (due now) when the key is released at the target; together with an ack. */
void prov_plan_wait_for_key(prov_plan *plan, const prov_id *id, uint32_t target, uint16_t type,
                            prov_bytes key);
/* Rehire: the new link takes over remote id, key, ETag and copy; the old one never acts again. The
 * lease of the new one must be (process, claim). */
void prov_plan_supersede(prov_plan *plan, const prov_id *old, const prov_id *now, uint32_t target,
                         const prov_lease *lease);
/* Ends this lease, of a dead process or one that gave up on it; attempt stays. Its process's next
 * lease of the link is another. */
void prov_plan_reclaim(prov_plan *plan, const prov_id *id, uint32_t target,
                       const prov_lease *lease);

/* The edge's flags; its place among the work follows. */
void prov_plan_edge(prov_plan *plan, uint32_t target, const prov_id *group, const prov_id *member,
                    const prov_edge *edge);
/* In a request from now on, whatever it wants by now: what that leaves behind is work. */
void prov_plan_edge_sent(prov_plan *plan, uint32_t target, const prov_id *group,
                         const prov_id *member, bool value);
/* The answer to `value`: applied becomes it and sent ends; refused marks it so; unsent only ends
 * `sent`. Whatever it wants meanwhile stays wanted. */
typedef enum { PROV_EDGE_APPLIED, PROV_EDGE_REFUSED, PROV_EDGE_UNSENT } prov_edge_answer;
void prov_plan_edge_ack(prov_plan *plan, uint32_t target, const prov_id *group,
                        const prov_id *member, bool value, prov_edge_answer answer);
/* What to do about a member without a remote id there. */
void prov_plan_edge_sleep(prov_plan *plan, uint32_t target, const prov_id *group,
                          const prov_id *member, bool settled);

void prov_plan_target_event(prov_plan *plan, uint32_t target, const prov_outcome *o);
/* The administrator's declaration as this generation has it. Another PROV_TARGET_PLACE at the head
 * of the digest marks the target as moved until its scan is done. */
void prov_plan_target_declare(prov_plan *plan, uint32_t target, bool declared,
                              const uint8_t digest[32]);

/* --- the rest ------------------------------------------------------------------------------- */
typedef struct prov_journal {
    uint64_t number; /* given by the committer, without gaps */
    apr_time_t time;
    uint8_t operation;
    uint8_t trigger;
    uint16_t type;
    uint16_t application;
    prov_id resource;
    prov_bytes actor; /* who asked: a user's id, a token's name */
    prov_bytes trace; /* traceparent */
} prov_journal;
/* Written if the plan changed anything. */
void prov_plan_journal(prov_plan *plan, const prov_journal *row);

typedef struct prov_token {
    uint8_t digest[32]; /* SHA-256 of the token */
    prov_bytes name;    /* unique, shown */
    prov_bytes application;
    uint32_t permissions; /* prov_permission bits, model/config.h */
    apr_time_t created;
    apr_time_t expires;
} prov_token;
void prov_plan_token(prov_plan *plan, const prov_token *token);
void prov_plan_token_revoke(prov_plan *plan, prov_bytes name); /* refused with PROV_NO_TOKEN */

/* If the stored generation is a newer one than the submitter's: names the resource for its scan. */
void prov_plan_recheck(prov_plan *plan, const prov_id *id, uint64_t generation);
void prov_plan_recheck_done(prov_plan *plan, const prov_id *id);
/* The generation, and where its scan stands: all zero at the start, `done` at the end. */
void prov_plan_generation(prov_plan *plan, uint64_t generation, const uint8_t digest[32]);
void prov_plan_scan(prov_plan *plan, uint32_t target, const prov_id *after, bool done);

/* --- verdict -------------------------------------------------------------------------------- */
typedef enum {
    PROV_DONE,
    PROV_REFUSED, /* by a precondition: nothing was put */
    PROV_FULL,    /* no room in the map or on the disk: nothing was put; 507 */
    PROV_BROKEN,  /* an I/O error: nothing was put; 503 */
    PROV_UNKNOWN  /* the commit itself failed: it may or may not be there; 500 */
} prov_verdict_kind;

typedef enum {
    PROV_WHY_NOT = 0,
    PROV_NOT_THERE,
    PROV_NOT_VERSION,
    PROV_NOT_UNIQUE, /* `attr` and `holder` say which */
    PROV_NO_MEMBER,  /* `holder` says whom */
    PROV_NOT_GENERATION,
    PROV_NOT_DUE,
    PROV_LEASED,
    PROV_NO_BUDGET,
    PROV_LEASE_LOST,
    PROV_KEY_TAKEN, /* `holder` has it */
    PROV_REMOTE_TAKEN,
    PROV_NO_TOKEN,
    PROV_BUSY /* an intent of `holder` is open */
} prov_refusal;

typedef struct prov_verdict {
    prov_verdict_kind kind;
    prov_refusal why;
    prov_id holder;
    uint16_t attr;
    bool changed;     /* anything was put */
    uint64_t version; /* of the resource that was put or moved last */
    apr_time_t modified;
    uint64_t journal; /* number of its row */
} prov_verdict;

/* --- for a store: reading a plan ------------------------------------------------------------ */
/* clang-format off */
#define PROV_PLAN_OPS(ROW)                                                                         \
    ROW(MUST_EXIST) ROW(MUST_BE_VERSION) ROW(MUST_BE_ONLY) ROW(MUST_BE_GENERATION)                 \
    ROW(MUST_BE_STAGED) ROW(MUST_STAND_AT) ROW(PUT) ROW(PUT_LARGE) ROW(DELETE_LARGE) ROW(DELETE) ROW(INDEX)           \
    ROW(UNINDEX) ROW(CREDENTIAL) ROW(MEMBER_ADD) ROW(MEMBER_REMOVE) ROW(MEMBER_REMOVE_ALL)         \
    ROW(MOVED) ROW(TOUCH) ROW(TOUCH_LINK) ROW(GRANT) ROW(CLAIM) ROW(PREPARE) ROW(RENEW) ROW(ACK)   \
    ROW(WAIT_FOR_KEY) ROW(SUPERSEDE) ROW(RECLAIM) ROW(EDGE) ROW(EDGE_SENT) ROW(EDGE_ACK)           \
    ROW(EDGE_SLEEP) ROW(TARGET_EVENT) ROW(TARGET_DECLARE) ROW(JOURNAL) ROW(TOKEN)                  \
    ROW(TOKEN_REVOKE) ROW(RECHECK) ROW(RECHECK_DONE) ROW(GENERATION) ROW(SCAN) ROW(STAGE)
/* clang-format on */
typedef enum {
#define ROW(name) PROV_OP_##name,
    PROV_PLAN_OPS(ROW)
#undef ROW
        PROV_OP_COUNT
} prov_op_code;

typedef struct prov_op {
    prov_op_code code;
    prov_id id, other; /* resource or group; member, the superseded */
    uint32_t target;
    uint16_t attr, domain, type, application;
    bool flag;
    uint8_t answer;
    uint64_t number;
    prov_bytes bytes; /* key, record, hash, value */
    uint8_t digest[32];
    union {
        prov_touch touch;
        prov_prepare prepare;
        prov_ack ack;
        prov_outcome outcome;
        prov_journal journal;
        prov_token token;
        prov_edge edge;
        struct {
            prov_lease lease;
            apr_time_t now;
            prov_budget budget;
        } claim;
    };
} prov_op;

int prov_plan_length(const prov_plan *plan);
const prov_op *prov_plan_op(const prov_plan *plan, int i);

#endif
