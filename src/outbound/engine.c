/* The engine's life: targets resolved to numbers, secrets and mappings, the process registered, the
 * pump and its threads started and joined. */
#include "outbound/engine.h"
#include "base/crypt.h"
#include "store/index.h"
#include <apr_strings.h>

#define BURST_TIME 1 /* seconds' worth of calls that may go out at once */

bool prov_type_is_group(const prov_resource_type *t)
{
    return prov_schema_attr(t->schema, "members", 7) != NULL;
}

prov_reach *prov_engine_reach(const prov_engine *e, uint32_t target)
{
    for (int i = 0; i < e->reach_count; i++)
        if (e->reaches[i].number == target)
            return &e->reaches[i];
    return NULL;
}

prov_reach *prov_engine_reach_for(const prov_engine *e, const prov_connector_config *declared)
{
    for (int i = 0; i < e->reach_count; i++)
        if (e->reaches[i].config == declared)
            return &e->reaches[i];
    return NULL;
}

apr_time_t prov_reach_give_up(const prov_reach *r, const prov_link *l)
{
    return l->queue == PROV_QUEUE_URGENT ? r->config->urgent_give_up : r->config->give_up;
}

uint32_t prov_engine_process(const prov_engine *e)
{
    return e->process.number;
}

prov_store *prov_engine_store(const prov_engine *e)
{
    return e->store;
}

uint64_t prov_engine_generation(const prov_engine *e)
{
    return __atomic_load_n(&e->process.generation, __ATOMIC_ACQUIRE);
}

/* --- targets ---------------------------------------------------------------------------------- */

static prov_err *read_secrets(apr_pool_t *p, const prov_connector_config *cc, void **out)
{
    const prov_connector *connector = cc->connector;
    char *copy = apr_pmemdup(p, cc->values, connector->values_size);
    for (const prov_option *row = connector->options; row->name; row++) {
        const char **at = (const char **)(void *)(copy + row->offset);
        if (row->type != PROV_OPTION_SECRET || !*at)
            continue;
        const char *known =
            cc->secrets ? apr_hash_get(cc->secrets, *at, APR_HASH_KEY_STRING) : NULL;
        prov_err *err = NULL;
        if (known)
            *at = known;
        else
            err = prov_secret_read(p, *at, at);
        if (err)
            return prov_err_push(p, err, "setting %s", row->name);
    }
    *out = copy;
    return NULL;
}

prov_err *prov_outbound_secrets(apr_pool_t *p, const prov_config *c)
{
    for (int i = 0; i < c->idps->nelts; i++) {
        const prov_idp *idp = APR_ARRAY_IDX(c->idps, i, const prov_idp *);
        for (int k = 0; k < idp->connectors->nelts; k++) {
            prov_connector_config *cc = APR_ARRAY_IDX(idp->connectors, k, prov_connector_config *);
            prov_err *err = read_secrets(p, cc, &cc->resolved);
            if (err)
                return prov_err_push(p, err, "%s/%s", idp->name, cc->type);
        }
    }
    return NULL;
}

/* A role's name is a group's, in PRIMARY or behind a domain and a slash. */
static prov_err *find_role(prov_engine *e, const char *name, prov_role *out)
{
    const prov_resource_type *group = prov_registry_type_named(e->registry, "Group");
    const char *slash = strchr(name, '/');
    uint32_t domain = e->primary;
    prov_err *err = NULL;
    if (slash) {
        const char *prefix = apr_pstrmemdup(e->pool, name, slash - name);
        if (prov_config_has_domain(e->config, prefix)) {
            err = prov_store_number(e->store, PROV_NUMBER_DOMAIN, prefix, &domain);
            name = slash + 1;
        }
    }
    out->domain = (uint16_t)domain;
    prov_index_key_of(e->pool, group->naming, prov_bytes_of(name), &out->key);
    return err;
}

static prov_err *find_roles(prov_engine *e, prov_reach *r)
{
    const apr_array_header_t *names = r->idp->roles;
    int count = names ? names->nelts : 0;
    r->roles = apr_pcalloc(e->pool, sizeof *r->roles * (count + 1));
    for (int i = 0; i < count; i++) {
        prov_err *err =
            find_role(e, APR_ARRAY_IDX(names, i, const char *), &r->roles[r->role_count++]);
        if (err)
            return err;
    }
    return NULL;
}

static prov_budget budget_of(const prov_connector_config *cc)
{
    int64_t burst = cc->rate * BURST_TIME / 1000;
    return (prov_budget){ .concurrency = (int32_t)cc->concurrency,
                          .rate = cc->rate,
                          .burst = burst > 1 ? burst : 1 };
}

/* The digest's head is the place, so that a moved target is known from a changed one. */
static void digest_of(const prov_reach *r, uint8_t out[32])
{
    uint8_t place[PROV_DIGEST_LEN];
    prov_sha256(prov_bytes_of(r->connector->endpoint(r->values)), place);
    memcpy(out, r->config->digest, sizeof r->digest);
    memcpy(out, place, PROV_TARGET_PLACE);
}

/* What only a process that calls targets needs. */
static prov_err *equip(prov_engine *e, prov_reach *r, const prov_connector_config *cc)
{
    prov_err *err = NULL;
    r->values = cc->resolved;
    if (!r->values && (err = read_secrets(e->pool, cc, &r->values)))
        return prov_err_push(e->pool, err, "%s", r->name);
    r->abilities = cc->connector->abilities(r->values);
    digest_of(r, r->digest);
    if ((err =
             prov_mapping_make(e->pool, e->registry, cc, e->config->settings.tenant, &r->mapping)))
        return err;
    return find_roles(e, r);
}

static prov_err *reach(prov_engine *e, const prov_idp *idp, prov_connector_config *cc)
{
    prov_err *err = NULL;
    prov_reach *r = &e->reaches[e->reach_count];
    r->idp = idp;
    r->config = cc;
    r->connector = cc->connector;
    r->name = apr_pstrcat(e->pool, idp->name, "/", cc->type, NULL);
    r->enabled = idp->enabled && cc->enabled;
    r->budget = budget_of(cc);
    r->abilities = ~0u;
    if ((err = prov_store_number(e->store, PROV_NUMBER_TARGET, r->name, &r->number)))
        return err;
    e->reach_count++;
    if (!e->dispatches)
        return NULL;
    prov_ahead_make(r, e->pool, (int)e->config->settings.pool);
    return equip(e, r, cc);
}

static prov_err *reach_all(prov_engine *e)
{
    int count = 0;
    for (int i = 0; i < e->config->idps->nelts; i++)
        count += APR_ARRAY_IDX(e->config->idps, i, prov_idp *)->connectors->nelts;
    e->reaches = apr_pcalloc(e->pool, sizeof *e->reaches * (count + 1));
    for (int i = 0; i < e->config->idps->nelts; i++) {
        const prov_idp *idp = APR_ARRAY_IDX(e->config->idps, i, prov_idp *);
        for (int k = 0; k < idp->connectors->nelts; k++) {
            prov_err *err =
                reach(e, idp, APR_ARRAY_IDX(idp->connectors, k, prov_connector_config *));
            if (err)
                return err;
        }
    }
    return NULL;
}

static prov_err *number_applications(prov_engine *e)
{
    int count = e->config->applications->nelts;
    e->applications = apr_pcalloc(e->pool, sizeof *e->applications * (count + 1));
    for (int i = 0; i < count; i++) {
        uint32_t number = 0;
        const prov_application *a = APR_ARRAY_IDX(e->config->applications, i, prov_application *);
        prov_err *err = prov_store_number(e->store, PROV_NUMBER_APPLICATION, a->name, &number);
        if (err)
            return err;
        e->applications[i] = (uint16_t)number;
    }
    return NULL;
}

/* --- what a change owes ------------------------------------------------------------------------
 */

uint16_t prov_outbound_application(prov_engine *e, const prov_application *a)
{
    for (int i = 0; a && i < e->config->applications->nelts; i++)
        if (APR_ARRAY_IDX(e->config->applications, i, prov_application *) == a)
            return e->applications[i];
    return 0;
}

uint32_t prov_outbound_carries(prov_engine *e, const prov_connector_config *target,
                               const prov_resource_type *type)
{
    const prov_reach *r = prov_engine_reach_for(e, target);
    /* connectors carry users and groups */
    bool carried =
        r && type->naming && (!prov_type_is_group(type) || r->abilities & PROV_CAN_GROUPS);
    return carried ? r->number : 0;
}

void prov_outbound_owe_one(prov_engine *e, prov_plan *plan, const prov_id *id,
                           const prov_resource_type *type, const prov_application *application,
                           const prov_connector_config *target, const prov_touch *touch)
{
    uint32_t number = prov_outbound_carries(e, target, type);
    if (number)
        prov_plan_grant(plan, id, type->number, number, prov_outbound_application(e, application),
                        touch);
}

void prov_outbound_owe(prov_engine *e, prov_plan *plan, const prov_id *id,
                       const prov_resource_type *type, const prov_application *application,
                       const prov_touch *touch)
{
    for (int i = 0; application && application->outbound && i < application->outbound->nelts; i++)
        prov_outbound_owe_one(e, plan, id, type, application,
                              APR_ARRAY_IDX(application->outbound, i, prov_outbound_entry).target,
                              touch);
}

/* --- life --------------------------------------------------------------------------------------
 */

static prov_err *make_pool(apr_pool_t *p, apr_pool_t **out)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *mutex;
    apr_status_t rv = apr_allocator_create(&allocator);
    if (rv == APR_SUCCESS)
        rv = apr_pool_create_ex(out, p, NULL, allocator);
    if (rv != APR_SUCCESS)
        return prov_err_status(p, rv, "memory for the dispatch threads");
    apr_allocator_owner_set(allocator, *out);
    rv = apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, *out);
    if (rv != APR_SUCCESS)
        return prov_err_status(p, rv, "a lock for the dispatch threads' memory");
    apr_allocator_mutex_set(allocator, mutex);
    return NULL;
}

void prov_engine_nudge(prov_engine *e)
{
    apr_thread_mutex_lock(e->lock);
    e->nudged = true;
    apr_thread_cond_signal(e->wake);
    apr_thread_mutex_unlock(e->lock);
}

void prov_engine_stopping(prov_engine *e, bool graceful)
{
    apr_atomic_set32(&e->stopping, 1);
    if (!graceful)
        apr_atomic_set32(&e->cancelled, 1);
    prov_engine_nudge(e);
}

void prov_engine_stop(prov_engine *e)
{
    apr_status_t rv;
    prov_engine_stopping(e, true);
    if (e->pump)
        apr_thread_join(&rv, e->pump);
    e->pump = NULL;
    if (e->threads)
        apr_thread_pool_destroy(e->threads);
    e->threads = NULL;
    /* Jobs that no thread had begun are dropped: another process takes back their leases. */
    if (e->process.number)
        prov_store_unregister(e->store, e->process.number);
    e->process.number = 0;
}

static apr_status_t stop_before_the_pool(void *engine)
{
    prov_engine_stop(engine);
    return APR_SUCCESS;
}

static prov_err *start_threads(prov_engine *e)
{
    apr_threadattr_t *attributes;
    apr_size_t threads = (apr_size_t)e->config->settings.pool;
    e->http = prov_http_make(e->pool, (int)threads);
    /* as many at the start as at most: apr_thread_pool does not grow on a burst */
    apr_status_t rv = apr_thread_pool_create(&e->threads, threads, threads, e->pool);
    if (rv == APR_SUCCESS)
        rv = apr_threadattr_create(&attributes, e->pool);
    if (rv == APR_SUCCESS)
        rv = apr_thread_create(&e->pump, attributes, prov_pump_run, e, e->pool);
    return rv == APR_SUCCESS ? NULL : prov_err_status(e->pool, rv, "starting the dispatch threads");
}

static prov_err *make_locks(prov_engine *e)
{
    apr_status_t rv = apr_thread_mutex_create(&e->lock, APR_THREAD_MUTEX_DEFAULT, e->pool);
    if (rv == APR_SUCCESS)
        rv = apr_thread_cond_create(&e->wake, e->pool);
    if (rv == APR_SUCCESS)
        rv = apr_thread_cond_create(&e->done, e->pool);
    return rv == APR_SUCCESS ? NULL : prov_err_status(e->pool, rv, "locks of the dispatch threads");
}

prov_err *prov_engine_start(apr_pool_t *p, const prov_engine_settings *s, prov_engine **out)
{
    apr_pool_t *pool;
    uint32_t primary = 0;
    prov_err *err = make_pool(p, &pool);
    if (err)
        return err;
    prov_engine *e = apr_pcalloc(pool, sizeof *e);
    e->pool = pool;
    e->store = s->store;
    e->registry = s->registry;
    e->config = s->config;
    e->dispatches = s->dispatch;
    const prov_resource_type *group = prov_registry_type_named(s->registry, "Group");
    e->group_name = group->naming->number;
    if ((err = prov_store_number(e->store, PROV_NUMBER_DOMAIN, "PRIMARY", &primary)))
        return err;
    e->primary = (uint16_t)primary;
    if ((err = make_locks(e)) || (err = reach_all(e)) || (err = number_applications(e)))
        return err;
    *out = e;
    if (!s->dispatch)
        return prov_generation_see(e, p);
    if ((err = prov_generation_join(e, p)))
        return err;
    apr_pool_pre_cleanup_register(p, e, stop_before_the_pool);
    return start_threads(e);
}
