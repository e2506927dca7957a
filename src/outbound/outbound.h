/* Outbound provisioning: what a change owes the targets, and the pump that pays. */
#ifndef PROV_OUTBOUND_OUTBOUND_H
#define PROV_OUTBOUND_OUTBOUND_H

#include "model/config.h"
#include "outbound/connector/mod_provision.h"
#include "store/store.h"

/* --- connectors ----------------------------------------------------------------------------- */
const prov_connector *prov_connector_builtin(const char *name);
const prov_connector *const *prov_connector_all(void); /* NULL-terminated */

/* --- the engine: one per store and process -------------------------------------------------- */
typedef struct prov_engine prov_engine;

typedef struct prov_engine_settings {
    prov_store *store;
    const prov_registry *registry;
    const prov_config *config; /* checked */
    bool dispatch;             /* false: no threads, only prov_outbound_owe (provisionctl) */
    /* A third party's connector by name, or NULL. */
    const prov_connector *(*lookup)(const char *name);
} prov_engine_settings;

/* Resolves secrets, allocates target numbers, declares targets in the store, registers the process,
 * starts the pump and its threads. Stopped and joined by prov_engine_stop or the pool's
 * pre-cleanup. Errors: an unreadable secret, a store that cannot be written. */
prov_err *prov_engine_start(apr_pool_t *p, const prov_engine_settings *s, prov_engine **out);

/* No new claims (graceful), or also: abort calls in flight (not graceful). Does not wait. */
void prov_engine_stopping(prov_engine *e, bool graceful);
void prov_engine_stop(prov_engine *e); /* waits, bounded by the call limit */

/* Reads every secret of the configuration, while who may read them still runs: into `resolved`. */
prov_err *prov_outbound_secrets(apr_pool_t *p, const prov_config *c);

/* There is something due: look now. Any thread, cheap. */
void prov_engine_nudge(prov_engine *e);

uint32_t prov_engine_process(const prov_engine *e);
prov_store *prov_engine_store(const prov_engine *e);
uint64_t prov_engine_generation(const prov_engine *e);
/* Adds to the plan of a change what holds it to this process's configuration. */
void prov_outbound_condition(const prov_engine *e, prov_plan *plan, const prov_id *id);
/* After PROV_NOT_GENERATION, for another try: waits, bounded, for a server that starts to declare
 * its indexes. */
prov_err *prov_outbound_see(prov_engine *e, apr_pool_t *p);

/* --- what a change owes --------------------------------------------------------------------- */
/* Adds to a plan what the application's outbound list demands: grants and missing links of the
 * resource. Only rows; scope is decided at claim. `application` NULL: nothing is granted. */
void prov_outbound_owe(prov_engine *e, prov_plan *plan, const prov_id *id,
                       const prov_resource_type *type, const prov_application *application,
                       const prov_touch *touch);
/* The same for one target of the list. */
void prov_outbound_owe_one(prov_engine *e, prov_plan *plan, const prov_id *id,
                           const prov_resource_type *type, const prov_application *application,
                           const prov_connector_config *target, const prov_touch *touch);
/* The target's number; 0: it takes nothing of this type. */
uint32_t prov_outbound_carries(prov_engine *e, const prov_connector_config *target,
                               const prov_resource_type *type);
uint16_t prov_outbound_application(prov_engine *e, const prov_application *a); /* its number */

/* --- waiting (blocking=on) ------------------------------------------------------------------ */
typedef struct prov_wait_result {
    const char *target; /* "partner/scim2" */
    prov_link_state state;
    int status; /* HTTP, 0 if there was none */
} prov_wait_result;
/* Waits until each blocking target of the application has an outcome for what is wanted now of this
 * resource, or the time is over; answers for every target of its list. More than blocking_max
 * waiting: answers at once. */
void prov_outbound_wait(prov_engine *e, apr_pool_t *p, const prov_id *id,
                        const prov_application *application, prov_wait_result **out, int *count);
bool prov_outbound_blocks(const prov_application *a);

/* --- seeing --------------------------------------------------------------------------------- */
typedef struct prov_target_view {
    const char *name;
    prov_target row;
    apr_time_t oldest_due; /* 0: nothing due */
    int64_t pending;       /* under way, waiting ones too */
    int64_t failed, unknown, held;
} prov_target_view;
/* Reads the store only: also for provisionctl. */
void prov_outbound_targets(prov_snapshot *n, apr_pool_t *p, prov_target_view **out, int *count);

typedef struct prov_link_view {
    const char *target; /* name */
    prov_link_state state;
    prov_link link;
    prov_bytes excerpt;
} prov_link_view;
prov_link_view prov_outbound_link_view(prov_snapshot *n, apr_pool_t *p,
                                       const prov_connector_config *target, const prov_link *link,
                                       apr_time_t now); /* `target` of the view is left empty */
void prov_outbound_links_of(prov_snapshot *n, apr_pool_t *p, const prov_config *c,
                            const prov_id *id, apr_time_t now, prov_link_view **out, int *count);

#endif
