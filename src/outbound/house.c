/* House-keeping: what the store and the declaration need done by somebody, in small steps between
 * the pump's turns: changed declarations, new indexes, large changes of processes that are gone,
 * and what has reached its age. */
#include "base/log.h"
#include "outbound/pump.h"

#define ALONE_MOST  3 /* who declares is registered only a moment later */
#define SWEEP_EVERY apr_time_from_sec(60)

/* Large changes of processes that are gone. True if there is more to do. */
static bool settle(prov_pump *u)
{
    bool more = false;
    prov_err *err = prov_store_settle(u->engine->store, u->turn, &more);
    if (err)
        prov_log(PROV_LOG_WARNING, "settling large changes: %s", prov_err_text(u->turn, err));
    return more && !err;
}

static void build(prov_pump *u)
{
    prov_engine *e = u->engine;
    prov_err *err =
        prov_store_build(e->store, u->turn, e->registry, &e->process, &u->house.building);
    if (err)
        prov_log(PROV_LOG_WARNING, "%s", prov_err_text(u->turn, err));
}

static void sweep(prov_pump *u, apr_time_t now)
{
    prov_engine *e = u->engine;
    bool more = false;
    if (now - u->house.swept < SWEEP_EVERY)
        return;
    prov_ages ages = { e->config->settings.audit_keep, e->config->settings.removed_keep };
    prov_err *err = prov_store_sweep(e->store, u->turn, now, &ages, &more);
    if (err)
        prov_log(PROV_LOG_WARNING, "sweeping the store: %s", prov_err_text(u->turn, err));
    u->house.swept = more ? 0 : now;
}

void prov_house_keep(prov_pump *u, apr_time_t now)
{
    prov_house *h = &u->house;
    if (h->scanning)
        h->scanning = prov_generation_scan(u->engine, u->turn);
    if (h->building)
        build(u);
    h->settling = h->settling && settle(u);
    sweep(u, now);
}

void prov_house_look(prov_pump *u, prov_snapshot *n)
{
    prov_house *h = &u->house;
    h->scanning = h->building = h->settling = true; /* or so it may be */
    h->alone = prov_generation_is_nobodys(u->engine, n) ? h->alone + 1 : 0;
    if (h->alone < ALONE_MOST)
        return;
    h->alone = 0;
    prov_generation_renew(u->engine, u->turn);
}

bool prov_house_has_work(const prov_house *h)
{
    return h->scanning || h->building || h->settling;
}
