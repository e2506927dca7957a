/* What each writer of the power-cut test does, step by step, and what the store must hold after a
 * number of steps. Everything follows from the seed, so that who looks at a store later can work
 * out what was in it. */
#ifndef POWERCUT_SCRIPT_H
#define POWERCUT_SCRIPT_H

#include "store/store.h"

#define SCRIPT_WRITERS 4
#define SCRIPT_USERS   8
#define SCRIPT_GROUPS  2

/* The store's numbers. */
typedef struct script_world {
    const prov_registry *registry;
    const prov_resource_type *user, *group;
    uint32_t domain, target, application;
} script_world;

typedef struct script_user {
    bool there, granted;
    int born, named; /* how often: its id and its name follow */
    uint64_t version, wanted, credential;
} script_user;

typedef struct script_group {
    bool there, granted;
    uint64_t version, wanted;
    uint32_t members; /* a bit for each user */
} script_group;

typedef struct script {
    uint64_t random;
    int writer, steps;
    script_user users[SCRIPT_USERS];
    script_group groups[SCRIPT_GROUPS];
} script;

prov_err *script_know(prov_store *s, apr_pool_t *p, script_world *w);
/* Before all steps: what the writers share. */
const prov_plan *script_first(apr_pool_t *p, const script_world *w);

void script_begin(script *s, uint64_t seed, int writer);
/* The next step: its plan, and the script as it is when that is carried out. */
const prov_plan *script_step(apr_pool_t *p, const script_world *w, script *s);

/* How many steps of a writer a store holds; -1: not even the first plan. */
int script_steps_in(prov_snapshot *n, int writer);
/* NULL if the store holds exactly these steps of the writer, else what differs. */
const char *script_differs(apr_pool_t *p, const script_world *w, prov_snapshot *n, const script *s);
/* The same for what all writers share. */
const char *script_shared_differs(apr_pool_t *p, const script_world *w, prov_snapshot *n,
                                  const int steps[SCRIPT_WRITERS]);

#endif
