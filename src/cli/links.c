/* links, links retry, links summary, target resume: where every change stands, and what an
 * administrator can do about it. */
#include "cli/cli.h"
#include <apr_strings.h>

#define RETRY_STEP 500 /* links touched in one transaction */

typedef struct walk {
    prov_cli *c;
    prov_snapshot *n;
    const char *target; /* of the links walked now */
    const prov_connector_config *declared;
    int64_t left; /* rows still wanted */
    int64_t counts[PROV_LINK_ORPHANED + 1];
    prov_plan *plan; /* of a retry */
    int64_t touched;
    prov_id last;
    int seen;
} walk;

typedef bool each_target(walk *w, uint32_t number);

static bool is_state(const char *name)
{
    for (int i = 0; prov_link_state_names[i]; i++)
        if (strcmp(prov_link_state_names[i], name) == 0)
            return true;
    return false;
}

static prov_err *check_state(prov_cli *c)
{
    if (!c->state || is_state(c->state))
        return NULL;
    const char *all = prov_link_state_names[0];
    for (int i = 1; prov_link_state_names[i]; i++)
        all = apr_pstrcat(c->pool, all, ", ", prov_link_state_names[i], NULL);
    return prov_err_make(c->pool, 400, NULL, "%s is no state of a link: --state takes one of %s",
                         c->state, all);
}

/* The targets asked for, each with its links of this moment. */
static prov_err *each(prov_cli *c, walk *w, each_target *visit)
{
    prov_target_view *views;
    int count;
    bool found = false;
    prov_err *err = prov_store_read(c->service->store, c->pool, &w->n);
    if (err)
        return err;
    w->c = c;
    prov_outbound_targets(w->n, c->pool, &views, &count);
    for (int i = 0; i < count; i++) {
        if (c->target && strcmp(c->target, views[i].name) != 0)
            continue;
        const char *slash = strchr(views[i].name, '/');
        found = true;
        w->target = views[i].name;
        w->declared = slash ? prov_config_target(
                                  c->service->config,
                                  apr_pstrmemdup(c->pool, w->target, slash - w->target), slash + 1)
                            : NULL;
        if (!visit(w, views[i].row.number))
            break;
    }
    prov_snapshot_end(w->n);
    if (c->target && !found)
        return prov_err_make(c->pool, 404, NULL,
                             "there is no target %s: they are named idp/connector", c->target);
    return NULL;
}

static prov_link_view view_of(walk *w, const prov_link *link)
{
    return prov_outbound_link_view(w->n, w->c->pool, w->declared, link, apr_time_now());
}

static bool is_asked_for(const walk *w, prov_link_state state)
{
    return !w->c->state || strcmp(w->c->state, prov_link_state_names[state]) == 0;
}

/* --- links ---------------------------------------------------------------------------------------
 */

static bool print_link(void *baton, const prov_link *link)
{
    walk *w = baton;
    prov_print *o = w->c->print;
    prov_link_view v = view_of(w, link);
    if (!is_asked_for(w, v.state))
        return true;
    prov_print_text(o, "id", prov_id_text(w->c->pool, &link->resource));
    prov_print_text(o, "target", w->target);
    prov_print_text(o, "state", prov_link_state_names[v.state]);
    prov_print_text(o, "remoteId", prov_bytes_text(w->c->pool, v.link.remote));
    prov_print_number(o, "tries", link->tries);
    prov_print_number(o, "httpStatus", link->last_status);
    prov_print_time(o, "lastSuccess", link->last_success);
    prov_print_time(o, "nextTry", prov_link_next(link));
    prov_print_text(o, "lastError", prov_bytes_text(w->c->pool, v.excerpt));
    prov_print_row(o);
    return --w->left > 0;
}

static bool print_target(walk *w, uint32_t number)
{
    prov_snapshot_links_at(w->n, number, NULL, print_link, w);
    return w->left > 0;
}

prov_err *prov_cli_links(prov_cli *c)
{
    walk w = { .left = c->limit ? apr_atoi64(c->limit) : INT64_MAX };
    prov_err *err = check_state(c);
    if (!err && w.left <= 0)
        err = prov_err_make(c->pool, 400, NULL, "--limit takes a number above 0");
    return err ? err : each(c, &w, print_target);
}

/* --- summary -------------------------------------------------------------------------------------
 */

/* Nobody keeps right what lies at a target that is gone from the configuration. */
static bool is_kept_there(prov_link_state state)
{
    return state != PROV_LINK_REMOVED && state != PROV_LINK_OUT_OF_SCOPE &&
           state != PROV_LINK_SUPERSEDED;
}

static bool count_link(void *baton, const prov_link *link)
{
    walk *w = baton;
    prov_link_state state = view_of(w, link).state;
    if (!w->declared && is_kept_there(state))
        state = PROV_LINK_ORPHANED;
    w->counts[state]++;
    return true;
}

static bool summarize(walk *w, uint32_t number)
{
    memset(w->counts, 0, sizeof w->counts);
    prov_snapshot_links_at(w->n, number, NULL, count_link, w);
    for (int i = 0; i <= PROV_LINK_ORPHANED; i++) {
        if (!w->counts[i])
            continue;
        prov_print_text(w->c->print, "target", w->target);
        prov_print_text(w->c->print, "state", prov_link_state_names[i]);
        prov_print_number(w->c->print, "links", w->counts[i]);
        prov_print_row(w->c->print);
    }
    return true;
}

prov_err *prov_cli_links_summary(prov_cli *c)
{
    walk w = { .left = 0 };
    return each(c, &w, summarize);
}

/* --- retry ---------------------------------------------------------------------------------------
 */

static bool touch_link(void *baton, const prov_link *link)
{
    walk *w = baton;
    prov_id only;
    prov_touch touch = { .now = apr_time_now(),
                         .queue = link->queue,
                         .trigger = PROV_TRIGGER_ADMIN,
                         .application = link->application };
    w->last = link->resource;
    w->seen++;
    bool named = w->c->count == 0 || (prov_id_parse(prov_bytes_of(w->c->words[0]), &only) &&
                                      prov_id_equal(&only, &link->resource));
    if (named && is_asked_for(w, view_of(w, link).state)) {
        prov_plan_touch_link(w->plan, &link->resource, link->target, &touch);
        w->touched++;
    }
    return w->seen < RETRY_STEP;
}

/* In small transactions, each from a fresh snapshot. */
static bool retry_target(walk *w, uint32_t number)
{
    prov_id after = { { 0 } };
    prov_verdict verdict;
    do {
        w->plan = prov_plan_make(w->c->pool);
        w->seen = 0;
        prov_snapshot_links_at(w->n, number, &after, touch_link, w);
        if (prov_plan_length(w->plan))
            prov_store_submit(w->c->service->store, w->plan, &verdict);
        after = w->last;
        if (w->seen == RETRY_STEP && prov_snapshot_refresh(w->n))
            return false;
    } while (w->seen == RETRY_STEP);
    return true;
}

prov_err *prov_cli_links_retry(prov_cli *c)
{
    walk w = { .touched = 0 };
    prov_id id;
    if (!c->state && !c->count)
        c->state = "failed";
    prov_err *err = check_state(c);
    if (c->count && !prov_id_parse(prov_bytes_of(c->words[0]), &id))
        err = prov_err_make(c->pool, 400, NULL, "%s is no id", c->words[0]);
    if (err || (err = each(c, &w, retry_target)))
        return err;
    prov_print_number(c->print, "retried", w.touched);
    prov_print_row(c->print);
    return NULL;
}

/* --- targets -------------------------------------------------------------------------------------
 */

static bool resume(walk *w, uint32_t number)
{
    prov_outcome o = { .event = PROV_TARGET_RESUME, .now = apr_time_now() };
    w->plan = prov_plan_make(w->c->pool);
    prov_plan_target_event(w->plan, number, &o);
    return false;
}

prov_err *prov_cli_target_resume(prov_cli *c)
{
    walk w = { .touched = 0 };
    c->target = c->words[0];
    prov_err *err = each(c, &w, resume);
    if (!err)
        err = prov_cli_submit(c, w.plan);
    if (!err)
        prov_print_say(c->print, "%s may be called again.", c->target);
    return err;
}
