/* The engine's inside: what its files share. Not for other folders. */
#ifndef PROV_OUTBOUND_ENGINE_H
#define PROV_OUTBOUND_ENGINE_H

#include "outbound/http.h"
#include "outbound/mapping.h"
#include "outbound/outbound.h"
#include <apr_atomic.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_pool.h>

typedef struct prov_role {
    uint16_t domain;
    prov_bytes key;
} prov_role;

#define PROV_AHEAD_MOST 128 /* links of a target that are looked up ahead */

/* Links seen to be due, for threads that end a job; and those taken from among them, which a
 * snapshot may still show as due. Guarded by the engine's lock. */
typedef struct prov_ahead {
    prov_id ids[PROV_AHEAD_MOST];
    int first, count;
    prov_id *held;
    int held_count;
} prov_ahead;

/* One declared target, as this process uses it. Immutable after the start but for the last
 * ones. */
typedef struct prov_reach {
    uint32_t number;
    const char *name; /* "idp/connector" */
    const prov_idp *idp;
    const prov_connector_config *config;
    const prov_connector *connector;
    void *values; /* secrets resolved */
    prov_mapping *mapping;
    unsigned abilities;
    prov_budget budget;
    uint8_t digest[32]; /* of the declaration; its place first */
    prov_role *roles;   /* the provisioning roles: index keys of the groups' names */
    int role_count;
    bool enabled;         /* its identity provider and itself; links of others wait */
    uint32_t memory;      /* the connector's; changed by dispatch threads */
    apr_uint32_t threads; /* of this process at work for it; atomic */
    apr_uint32_t share;   /* how many those may be; the pump's to say; atomic */
    prov_ahead ahead;
} prov_reach;

struct prov_engine {
    apr_pool_t *pool; /* own allocator: threads take blocks from it */
    prov_store *store;
    const prov_registry *registry;
    const prov_config *config;
    prov_process process;
    bool dispatches; /* false: it only knows what a change owes */
    uint64_t staged; /* then: see prov_plan_must_be_staged */
    apr_uint32_t outdated;
    prov_reach *reaches;
    int reach_count;
    uint16_t *applications; /* numbers, by place in config->applications */
    uint16_t group_name;    /* dictionary number of Group.displayName */
    uint16_t primary;       /* number of the domain PRIMARY */
    prov_http *http;

    apr_thread_mutex_t *lock; /* guards what follows */
    apr_thread_cond_t *wake;  /* the pump's */
    apr_thread_cond_t *done;  /* those who wait for an outcome */
    bool nudged;
    uint64_t outcomes; /* moves with each acknowledgement */
    int waiting;
    apr_uint32_t stopping;  /* atomic: no new claims */
    apr_uint32_t cancelled; /* atomic: calls in flight end */
    apr_uint32_t busy;      /* atomic: jobs pushed and not ended */
    uint64_t claims;        /* atomic: the number of the last one */
    apr_thread_t *pump;
    apr_thread_pool_t *threads;
};

/* A claimed link at work: everything one dispatch thread knows. */
typedef struct prov_job {
    prov_engine *engine;
    prov_reach *reach;
    apr_pool_t *pool; /* of this job */
    prov_id id;
    prov_lease lease;
    prov_link link; /* as read after the claim */
    prov_target target;
    const prov_resource_type *type;
    prov_call call;
    /* what is desired, decided from one snapshot taken after the claim */
    bool wanted_there;      /* false: deprovision */
    prov_object *desired;   /* NULL if the local resource is gone */
    prov_object *applied;   /* the copy; NULL: none */
    prov_object *suspect;   /* what earlier ones may have left, until verified; NULL: nothing */
    prov_object *sent;      /* what an unfinished attempt would have left; NULL: none */
    prov_bytes key, own_id; /* normalised correlation key; our id as text */
    const char *name;       /* the key as it is written there */
    const char *forbidden;  /* why this link must not act, or NULL */
    bool reference_waits;   /* somebody it refers to is still on his way there */
    int written;            /* what the last write was answered with; 0: none was sent */
    bool goes_on;           /* the same thread has claimed another link, the next */
    prov_id next;
    prov_lease next_lease;
} prov_job;

/* decide.c: fills the job's second half. False: the lease is not ours (any more). */
bool prov_job_decide(prov_job *job, prov_snapshot *n);
prov_bytes prov_job_key(const prov_job *job, const char *name); /* normalised */
const char *prov_job_name(const prov_job *job, const prov_object *o);
/* The copy under a name that nobody wants; NULL: it already has it, or none. */
prov_object *prov_job_aside(const prov_job *job);
/* What the object of another of our resources would look like at this job's target. */
prov_object *prov_job_map(const prov_job *job, prov_snapshot *n, const prov_id *id);
/* What we manage of what another server answered: attributes that we want, had applied or sent. */
prov_object *prov_job_managed(const prov_job *job, const prov_object *read);
/* Whether what was read has all that `wanted` has, as it has it. */
bool prov_job_matches(const prov_job *job, const prov_object *wanted, const prov_object *read);

/* acknowledge.c: the ways a job ends. Each writes one plan: the acknowledgement, what the target's
 * row is told, and `also`. A zeroed one ends nothing but the lease. */
typedef struct prov_ending {
    prov_ack ack;
    prov_outcome outcome; /* event 0 with now 0: nothing to tell */
    prov_plan *also;      /* the plan to add the acknowledgement to, or NULL */
} prov_ending;
bool prov_job_acknowledge(prov_job *job, prov_ending *s);
void prov_job_release(prov_job *job, apr_time_t due, const char *why);
void prov_job_refuse(prov_job *job, const char *why); /* for good, with a sentence */
/* Known to be there: `as` is what it looks like now (NULL: as before), `remote` its name. */
void prov_job_applied(prov_job *job, prov_at_target at, const prov_remote *remote,
                      const prov_object *as, bool more, prov_plan *also);
/* A probe's definite answer: work goes on from there at once. */
void prov_job_observed(prov_job *job, const prov_remote *remote, const prov_answer *a,
                       bool was_ambiguous);
/* An answer that is no success. `did` is a prov_did. */
void prov_job_failed(prov_job *job, const prov_answer *a, int did, prov_plan *also);
prov_at_target prov_job_place(const prov_job *job, const prov_object *read); /* active or not */
prov_bytes prov_job_encode(const prov_job *job, const prov_object *o);       /* a copy's record */
apr_time_t prov_job_later(const prov_job *job); /* the next try's time */
/* Asks the target itself; its row is told. True: it answers well. */
bool prov_job_ask_target(prov_job *job);
/* The lease outlasts one more call, or is renewed. False: it is lost. */
bool prov_job_keeps_lease(prov_job *job);

/* names.c */
/* Attempt, key and what the object will look like (NULL: no write of it) become durable, with
 * what else `also` holds (or NULL). False: the job has ended. */
bool prov_job_prepare(prov_job *job, prov_attempt_kind kind, const prov_object *will_be,
                      prov_plan *also);

/* Another of our links has the name: wait for it, take over from a leaver, or break a circle. */
void prov_job_name_taken(prov_job *job, const prov_id *holder, prov_bytes key);

/* probe.c: what is there? Each ends the job. */
void prov_job_probe(prov_job *job); /* after an attempt without a clean end */
void prov_job_verify(
    prov_job *job); /* once more, after an ambiguous write was followed by another */
void prov_job_conflict(prov_job *job);               /* 409: whose is it? */
void prov_job_reread(prov_job *job);                 /* the copy is not what is there */
void prov_job_missing(prov_job *job, bool removing); /* 404, 410 on the object */
bool prov_job_adopts(
    prov_job *job); /* before a create, under adopt match: true if it ended the job */

/* members.c: a group's edges; ends the job. `drop`: all that we applied is to go. */
void prov_job_members(prov_job *job, bool drop);
/* After a group's members were read: edges that differ become work. Adds to the plan; how many. */
int prov_job_compare_members(prov_job *job, const prov_remote *remote, prov_plan *plan);

/* work.c */
void prov_job_work(prov_job *job);

/* ahead.c */
void prov_ahead_make(prov_reach *r, apr_pool_t *p, int threads);
void prov_ahead_fill(prov_engine *e, prov_reach *r, const prov_id *ids, int count);
bool prov_ahead_is_low(prov_engine *e, const prov_reach *r); /* it is worth looking for more */
bool prov_ahead_begins_with(prov_engine *e, const prov_reach *r, const prov_id *id);
/* A copy of what is held, on `p`; answers how many. */
int prov_ahead_held(prov_engine *e, const prov_reach *r, apr_pool_t *p, const prov_id **out);
/* The claim of another link of the job's target, to be submitted with how the job ended, and then
 * told whether it succeeded; NULL if there is none. */
prov_plan *prov_ahead_claim(prov_job *job);
void prov_ahead_claimed(prov_job *job, bool ours);
/* The job of the link claimed, on the same pool; NULL, and the thread has done its part. */
prov_job *prov_ahead_next(prov_job *job);

/* claim.c */
/* A claim of this process, on `p`; fills the lease. */
prov_plan *prov_engine_claim(prov_engine *e, const prov_reach *r, apr_pool_t *p, const prov_id *id,
                             prov_lease *lease);

/* pump.c */
void *APR_THREAD_FUNC prov_pump_run(apr_thread_t *thread, void *engine);

/* engine.c */
prov_reach *prov_engine_reach(const prov_engine *e, uint32_t target);
prov_reach *prov_engine_reach_for(const prov_engine *e, const prov_connector_config *declared);
apr_time_t prov_reach_give_up(const prov_reach *r, const prov_link *l);
bool prov_type_is_group(const prov_resource_type *t);

/* generation.c: what a changed declaration owes, in small steps. True: there is more to do. */
prov_err *prov_generation_join(prov_engine *e, apr_pool_t *p); /* declares it and registers */
prov_err *prov_generation_see(prov_engine *e, apr_pool_t *p);  /* of who does not dispatch */
bool prov_generation_scan(prov_engine *e, apr_pool_t *p);
/* The stored generation is not ours, and nobody lives who has it: a child that was slow to start
 * declared an older configuration behind the newer one. */
bool prov_generation_is_nobodys(const prov_engine *e, prov_snapshot *n);
/* Ours is declared again. Told if it cannot be. */
void prov_generation_renew(prov_engine *e, apr_pool_t *p);

#endif
