/* The transactional store: resources, indexes, memberships, links, edges, targets, grants, journal,
 * credentials, tokens, and plans that change them. Callers speak of these, never of bytes, so that
 * another backend can stand behind the same contract.
 *
 * Reading: a snapshot is one consistent state. It is taken, used and ended by one thread, and never
 * held over output to a client, a call to a target, or a scan longer than PROV_SNAPSHOT_MOST
 * (prov_snapshot_refresh). What it returns lives until it ends or is refreshed.
 *
 * Writing: prov_store_submit sleeps until the plan's verdict is durable. Any thread. */
#ifndef PROV_STORE_STORE_H
#define PROV_STORE_STORE_H

#include "store/plan.h"

#define PROV_STORE_FORMAT  2
#define PROV_SNAPSHOT_MOST apr_time_from_msec(100)

typedef struct prov_store prov_store;
typedef struct prov_snapshot prov_snapshot;

typedef struct prov_store_settings {
    const char *backend;  /* "lmdb" */
    const char *location; /* its folder */
    int64_t size;         /* most bytes it may grow to */
    const char *tenant;
    uint8_t key_check[32]; /* proves the secret key (base/crypt.h) */
    bool commit_each;      /* no grouping: the bench's reference */
} prov_store_settings;

/* Without opening anything: for a configuration check. */
prov_err *prov_store_check_settings(apr_pool_t *p, const prov_store_settings *s);
/* In the process that uses it, never across a fork. Made if there is none. A wrong key (its rv
 * alone is APR_EMISMATCH), a newer format, a foreign file are errors with a sentence. Closed by the
 * pool's cleanup. */
prov_err *prov_store_open(apr_pool_t *p, const prov_store_settings *s, prov_store **out);

/* Whether it can be written now; NULL if so. */
prov_err *prov_store_health(prov_store *s, apr_pool_t *p);

/* --- numbers, given once and kept for ever -------------------------------------------------- */
typedef enum {
    PROV_NUMBER_DOMAIN = 1,
    PROV_NUMBER_TARGET, /* name: "idp/connector" */
    PROV_NUMBER_APPLICATION,
    PROV_NUMBER_ATTRIBUTE /* name: "urn path type" */
} prov_number_kind;
prov_err *prov_store_number(prov_store *s, prov_number_kind kind, const char *name,
                            uint32_t *number);
/* The dictionary: binds the registry's attributes and types. */
prov_err *prov_store_bind(prov_store *s, prov_registry *r);

/* --- processes ------------------------------------------------------------------------------ */
typedef struct prov_process {
    uint32_t number; /* never reused */
    uint32_t pid;
    uint64_t started; /* the kernel's start time, so that a reused pid is not it */
    uint64_t generation;
} prov_process;
prov_err *prov_store_register(prov_store *s, uint64_t generation, prov_process *out);
/* Its generation is another now. */
prov_err *prov_store_register_anew(prov_store *s, const prov_process *process);
/* Not while it has leases: whoever takes them back knows by this number whose they were. */
prov_err *prov_store_unregister(prov_store *s, uint32_t process);

/* --- writing -------------------------------------------------------------------------------- */
/* No transaction changes more rows than this. A plan that needs more is carried out as an *intent*,
 * if what makes it large are the members of the group, or the groups of the member, that it puts or
 * deletes, and what it owes them: durably prepared in parts that nobody sees, made true for all
 * readers at once by the transaction that also puts the rest of the plan (preconditions, record,
 * version, journal), then finished in parts: the rows, edges, grants and touches of each member.
 * The verdict comes after the last part. Whose process dies before the switch has done nothing,
 * after it everything: another process undoes or finishes it (prov_store_settle). One touch, the
 * plan's first for another resource than the intent's, speaks for all of them.
 *
 * While an intent is open, whoever else would write its resource or its memberships, or delete one
 * of a group's members, waits for it, PROV_INTENT_PATIENCE at most, and then is refused with
 * PROV_BUSY. */
#define PROV_TRANSACTION_ROWS 2000
#define PROV_INTENT_PATIENCE  apr_time_from_sec(10)

void prov_store_submit(prov_store *s, const prov_plan *plan, prov_verdict *verdict);
/* Several, each with a verdict of its own; one sleep for all that are not large. Only these wait
 * for an intent that is open. */
void prov_store_submit_all(prov_store *s, const prov_plan *const plans[], prov_verdict verdicts[],
                           int count);
/* Holding the write lock: `decide` reads the state as it is and makes a plan, which cannot be
 * overtaken. NULL plan: nothing is done. For the last try after conflicts, and for nothing slow. */
typedef const prov_plan *prov_store_decide(void *baton, prov_snapshot *now);
void prov_store_exclusive(prov_store *s, prov_store_decide *decide, void *baton,
                          prov_verdict *verdict);
/* Finishes or undoes what a process left behind that is gone, or that has not come on for
 * PROV_INTENT_LEASE; for a while only: `more` if there is more to do. */
#define PROV_INTENT_LEASE apr_time_from_sec(60)
prov_err *prov_store_settle(prov_store *s, apr_pool_t *p, bool *more);
/* The verdict as an error, NULL if done: 503, 507 or 500, and for refusals 404, 409 uniqueness,
 * 412, 400 invalidValue. */
prov_err *prov_verdict_error(apr_pool_t *p, const prov_verdict *v);

/* --- reading -------------------------------------------------------------------------------- */
prov_err *prov_store_read(prov_store *s, apr_pool_t *p, prov_snapshot **out);
void prov_snapshot_end(prov_snapshot *n); /* NULL is fine; the pool's cleanup does it too */
prov_err *prov_snapshot_refresh(prov_snapshot *n); /* a newer state, if the old one is too old */
bool prov_snapshot_is_old(const prov_snapshot *n);

bool prov_snapshot_resource(prov_snapshot *n, const prov_id *id, prov_record *out);
prov_bytes prov_snapshot_large(prov_snapshot *n, const prov_id *id, const uint8_t digest[16]);
/* The id under a unique key. */
bool prov_snapshot_unique(prov_snapshot *n, uint16_t attr, uint16_t domain, prov_bytes key,
                          prov_id *out);
/* All callbacks: false stops the walk. `after` NULL starts at the beginning. */
typedef bool prov_each_id(void *baton, const prov_id *id);
void prov_snapshot_indexed(prov_snapshot *n, uint16_t attr, uint16_t domain, prov_bytes key,
                           prov_each_id *each, void *baton);
/* In the order of keys, from `from` on, up to those that begin with `to`; empty: no bound. */
typedef struct prov_range {
    uint16_t attr, domain;
    bool unique;
    prov_bytes from, to;
} prov_range;
void prov_snapshot_range(prov_snapshot *n, const prov_range *r, prov_each_id *each, void *baton);
/* In the order of the times in the resources' heads, both bounds with it. */
typedef struct prov_period {
    uint16_t type, domain;
    bool modified; /* else created */
    apr_time_t from, to;
} prov_period;
void prov_snapshot_period(prov_snapshot *n, const prov_period *r, prov_each_id *each, void *baton);
/* An index from its first key to its last, or back; those that have a key in common always by their
 * ids. A key is what prov_index_keys made of the value, of a time prov_index_integer's eight bytes;
 * not `exact`: a long one is shown as far as it lies there, and is no place to go on from. */
typedef struct prov_ordering {
    prov_index_kind kind;
    uint16_t attr;           /* not of times */
    uint16_t type;           /* only of this; 0: of any, which is cheaper, but not of times */
    uint16_t domain;         /* as in prov_range */
    bool modified;           /* of times: else created */
    bool descending;         /* the keys */
    prov_bytes after;        /* behind this key and ... */
    const prov_id *after_id; /* ... this id; NULL: from the start */
} prov_ordering;
typedef bool prov_each_key(void *baton, prov_bytes key, bool exact, const prov_id *id);
void prov_snapshot_ordered(prov_snapshot *n, const prov_ordering *o, prov_each_key *each,
                           void *baton);
/* How far an index is that was declared over resources. False: it never was. */
bool prov_snapshot_stage(prov_snapshot *n, prov_index_kind kind, uint16_t attr, prov_stage *out);
typedef bool prov_each_stage(void *baton, const prov_stage *stage);
void prov_snapshot_stages(prov_snapshot *n, prov_each_stage *each, void *baton);
typedef bool prov_each_resource(void *baton, const prov_id *id, prov_record rec);
void prov_snapshot_resources(prov_snapshot *n, uint16_t type, const prov_id *after,
                             prov_each_resource *each, void *baton);
int64_t prov_snapshot_count(prov_snapshot *n, uint16_t type, uint16_t domain);
/* Of types and domains that are not declared now, too. */
typedef bool prov_each_count(void *baton, uint16_t type, uint16_t domain, int64_t count);
void prov_snapshot_counts(prov_snapshot *n, prov_each_count *each, void *baton);

typedef struct prov_credential {
    prov_bytes hash;
    uint64_t version;
} prov_credential;
bool prov_snapshot_credential(prov_snapshot *n, const prov_id *id, prov_credential *out);

bool prov_snapshot_is_member(prov_snapshot *n, const prov_id *group, const prov_id *member);
void prov_snapshot_members(prov_snapshot *n, const prov_id *group, const prov_id *after,
                           prov_each_id *each, void *baton);
void prov_snapshot_groups(prov_snapshot *n, const prov_id *member, const prov_id *after,
                          prov_each_id *each, void *baton);

bool prov_snapshot_link(prov_snapshot *n, const prov_id *id, uint32_t target, prov_link *out);
typedef bool prov_each_link(void *baton, const prov_link *link);
void prov_snapshot_links_of(prov_snapshot *n, const prov_id *id, prov_each_link *each, void *baton);
/* Of one target, in the order of ids. */
void prov_snapshot_links_at(prov_snapshot *n, uint32_t target, const prov_id *after,
                            prov_each_link *each, void *baton);
/* What is due at a target until `now`, urgent first, oldest first. */
void prov_snapshot_due(prov_snapshot *n, uint32_t target, apr_time_t now, prov_each_link *each,
                       void *baton);
/* The earliest time anything of the target is due, 0 if nothing ever. */
apr_time_t prov_snapshot_next_due(prov_snapshot *n, uint32_t target);
typedef enum {
    PROV_COPY_APPLIED,
    PROV_COPY_SENT,
    PROV_COPY_EXCERPT,
    PROV_COPY_SUSPECT /* what attempts without a clean end may have left, until verified */
} prov_copy;
#define PROV_COPIES (PROV_COPY_SUSPECT + 1)
prov_bytes prov_snapshot_copy(prov_snapshot *n, const prov_id *id, uint32_t target,
                              prov_copy which);
/* Who holds a name at a target: by remote id, by correlation key. */
bool prov_snapshot_remote(prov_snapshot *n, uint32_t target, prov_bytes remote, prov_id *out);
bool prov_snapshot_key(prov_snapshot *n, uint32_t target, uint16_t type, prov_bytes key,
                       prov_id *out);
typedef bool prov_each_lease(void *baton, uint32_t process, const prov_id *id, uint32_t target);
void prov_snapshot_leases(prov_snapshot *n, prov_each_lease *each, void *baton);

typedef bool prov_each_edge(void *baton, const prov_id *member, const prov_edge *edge);
void prov_snapshot_edge_work(prov_snapshot *n, uint32_t target, const prov_id *group,
                             const prov_id *after, prov_each_edge *each, void *baton);
void prov_snapshot_edges(prov_snapshot *n, uint32_t target, const prov_id *group,
                         const prov_id *after, prov_each_edge *each, void *baton);

bool prov_snapshot_granted(prov_snapshot *n, const prov_id *id, uint32_t target,
                           uint16_t application); /* application 0: by any */

bool prov_snapshot_target(prov_snapshot *n, uint32_t target, prov_target *out);
typedef bool prov_each_target(void *baton, const char *name, const prov_target *t);
void prov_snapshot_targets(prov_snapshot *n, prov_each_target *each, void *baton);

typedef bool prov_each_process(void *baton, const prov_process *process);
void prov_snapshot_processes(prov_snapshot *n, prov_each_process *each, void *baton);

bool prov_snapshot_token(prov_snapshot *n, const uint8_t digest[32], prov_token *out);
typedef bool prov_each_token(void *baton, const prov_token *t);
void prov_snapshot_tokens(prov_snapshot *n, prov_each_token *each, void *baton);

typedef bool prov_each_journal(void *baton, const prov_journal *row);
void prov_snapshot_journal(prov_snapshot *n, uint64_t after, prov_each_journal *each, void *baton);

/* Moves when an index is declared, or no longer is. */
uint64_t prov_snapshot_staged(prov_snapshot *n);
uint64_t prov_snapshot_generation(prov_snapshot *n, uint8_t digest[32]);
/* Where a target's scan stands; false if none is open. */
bool prov_snapshot_scan(prov_snapshot *n, uint32_t target, prov_id *after);
void prov_snapshot_rechecks(prov_snapshot *n, prov_each_id *each, void *baton);
/* The name behind a number, NULL if there is none. */
const char *prov_snapshot_name(prov_snapshot *n, apr_pool_t *p, prov_number_kind kind,
                               uint32_t number);

/* --- upkeep --------------------------------------------------------------------------------- */
typedef struct prov_ages {
    apr_time_t audit;   /* journal rows */
    apr_time_t removed; /* links whose resource is gone and whose work is done */
} prov_ages;
/* One small transaction's worth; `more` if there is more to do. */
prov_err *prov_store_sweep(prov_store *s, apr_pool_t *p, apr_time_t now, const prov_ages *ages,
                           bool *more);
/* Adds to the plan that makes a generation what it takes for the registry's indexes to be those
 * that the store knows of; how many differ. */
int prov_index_declare(prov_snapshot *n, const prov_registry *r, prov_plan *plan);
/* One small transaction's worth of an index that is to be built, or of one whose rows are to go:
 * by the first process of the stored generation, once none of an older one is left. The registry
 * tells what the indexes hold. */
prov_err *prov_store_build(prov_store *s, apr_pool_t *p, const prov_registry *r,
                           const prov_process *own, bool *more);
/* Every index, membership, edge, grant and link against the resources; a sentence for each fault.
 * The registry tells which indexes a record must have. */
typedef void prov_fault(void *baton, const char *sentence);
prov_err *prov_store_check(prov_store *s, apr_pool_t *p, const prov_registry *r, prov_fault *fault,
                           void *baton, int64_t *looked_at);
/* The same, and whatever follows from records, memberships and links is made right, in small
 * transactions that look again before they write, while others work. `mended` false: nothing tells
 * what would be right, it is left. */
typedef void prov_repaired(void *baton, const char *sentence, bool mended);
prov_err *prov_store_repair(prov_store *s, apr_pool_t *p, const prov_registry *r,
                            prov_repaired *told, void *baton, int64_t *looked_at);

/* A consistent copy of this moment, on disk when this returns, into a folder that is open; what
 * goes on meanwhile is not held up. */
prov_err *prov_store_backup(prov_store *s, apr_pool_t *p, int folder);

typedef struct prov_store_stats {
    int64_t bytes_used, bytes_most;
    int64_t resources, memberships, links, edges, grants, journal, tokens;
    int64_t intents; /* open; of what they prepare, memberships are counted already */
    int64_t readers, readers_most;
    uint64_t commits, plans; /* of this process: their ratio is the grouping */
    int64_t rows_most;       /* of this process: what its largest transaction changed */
} prov_store_stats;
prov_err *prov_store_stats_read(prov_store *s, apr_pool_t *p, prov_store_stats *out);

#endif
