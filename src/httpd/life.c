#include "httpd/life.h"
#include "base/crypt.h"
#include "base/file.h"
#include "base/log.h"
#include "httpd/folder.h"
#include "httpd/rates.h"
#include "httpd/sections.h"
#include "httpd/server.h"
#include "outbound/http.h"

#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>

#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

APLOG_USE_MODULE(provision);

#define TRY_EVERY apr_time_from_sec(1)

/* A store, and the servers that share it. Made in the parent; children open their own copy. */
typedef struct keeping {
    prov_opened opened;
    const prov_config *config;
    uint8_t key[PROV_KEY_LEN];
    server_rec *server; /* whose configuration it is */
    apr_pool_t *room;   /* a child's, for what it opens */
    apr_thread_t *trying;
    apr_uint32_t stopping; /* atomic */
} keeping;

/* Of this configuration: the module is loaded anew with each. */
static apr_array_header_t *kept; /* of keeping * */

static void log_line(void *baton, prov_log_level level, const char *line)
{
    static const int levels[] = { [PROV_LOG_ERROR] = APLOG_ERR,
                                  [PROV_LOG_WARNING] = APLOG_WARNING,
                                  [PROV_LOG_NOTICE] = APLOG_NOTICE,
                                  [PROV_LOG_INFO] = APLOG_INFO,
                                  [PROV_LOG_DEBUG] = APLOG_DEBUG };
    ap_log_error(APLOG_MARK, levels[level], 0, (server_rec *)baton, "%s", line);
}

/* --- the parent ----------------------------------------------------------------------------- */
/* Where a caller may wait: a part of the threads, so that others are still answered. */
static void default_waiters(prov_config *c)
{
    int threads = 0;
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    if (c->settings.blocking_max == 0)
        c->settings.blocking_max = threads >= 8 ? threads / 4 : 1;
}

static prov_err *write_effective(apr_pool_t *ptemp, const prov_config *c)
{
    prov_buf b;
    prov_buf_init(&b, ptemp, 4096);
    prov_config_write(&b, ptemp, c);
    return prov_file_replace(ptemp, c->store_location, "effective.json", prov_buf_bytes(&b));
}

static prov_err *prepare(apr_pool_t *ptemp, keeping *k)
{
    const prov_config *c = k->config;
    const char *key = c->settings.secret_key + strlen("file:");
    prov_err *err = prov_folder_make(ptemp, c->store_location);
    if (!err)
        err = prov_key_make(ptemp, key);
    if (!err)
        err = prov_key_read(ptemp, key, k->key);
    if (!err)
        err = write_effective(ptemp, c);
    return err;
}

static keeping *keep(apr_pool_t *pconf, server_rec *s, prov_httpd_server *server)
{
    keeping *k = apr_pcalloc(pconf, sizeof *k);
    k->config = server->seen.config;
    k->opened.why_not = "no child process has opened the store";
    k->server = s;
    default_waiters(server->seen.config);
    APR_ARRAY_PUSH(kept, keeping *) = k;
    return k;
}

/* A virtual host without a ProvisionStore is served from the main server's. */
static void keep_all(apr_pool_t *pconf, server_rec *base)
{
    keeping *shared = NULL;
    kept = apr_array_make(pconf, 2, sizeof(keeping *));
    for (server_rec *s = base; s; s = s->next) {
        prov_httpd_server *server = prov_httpd_server_of(s);
        if (s != base && server->shares) {
            server->seen.opened = shared ? &shared->opened : NULL;
        } else if (server->seen.config->store_location) {
            keeping *k = keep(pconf, s, server);
            server->seen.opened = &k->opened;
            shared = s == base ? k : shared;
        }
    }
}

static apr_status_t http_done(void *unused)
{
    prov_http_done();
    return APR_SUCCESS;
}

int prov_life_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    prov_log_to(log_line, s);
    keep_all(pconf, s);
    if (kept->nelts == 0)
        return OK;
    prov_err *err = prov_http_init(ptemp);
    apr_pool_cleanup_register(pconf, NULL, http_done, apr_pool_cleanup_null);
    for (int i = 0; !err && i < kept->nelts; i++)
        err = prepare(ptemp, APR_ARRAY_IDX(kept, i, keeping *));
    if (!err)
        err = prov_httpd_rates(ptemp, s);
    /* Children may not read what only root can, so they inherit the values. */
    for (int i = 0; !err && i < kept->nelts; i++)
        err = prov_outbound_secrets(pconf, APR_ARRAY_IDX(kept, i, keeping *)->config);
    if (!err)
        return OK;
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "PROV0001: %s", prov_err_text(ptemp, err));
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* --- a child -------------------------------------------------------------------------------- */
/* Threads make subpools of it, so it has an allocator with a lock of its own. */
static apr_pool_t *own_pool(apr_pool_t *pchild)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *mutex;
    apr_pool_t *p;
    apr_allocator_create(&allocator);
    apr_pool_create_ex(&p, pchild, NULL, allocator);
    apr_allocator_owner_set(allocator, p);
    apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, p);
    apr_allocator_mutex_set(allocator, mutex);
    apr_pool_tag(p, "provision_service");
    return p;
}

static prov_err *open_service(apr_pool_t *p, keeping *k)
{
    int threads = 0;
    prov_service *service = NULL;
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    const prov_service_options options = { .dispatch = true,
                                           .password_waiters = threads >= 4 ? threads / 2 : 1,
                                           .key = k->key,
                                           .lookup = prov_httpd_connector };
    prov_err *err = prov_service_open(p, k->config, &options, &service);
    if (!err)
        __atomic_store_n(&k->opened.service, service, __ATOMIC_RELEASE);
    return err;
}

/* What a moment's want of room or descriptors has kept from opening is not to be gone for good. */
static void *APR_THREAD_FUNC try_again(apr_thread_t *thread, void *data)
{
    keeping *k = data;
    prov_err *err = NULL;
    do {
        apr_pool_t *p;
        apr_sleep(TRY_EVERY);
        if (apr_atomic_read32(&k->stopping))
            return NULL;
        apr_pool_create(&p, k->room);
        err = open_service(p, k);
        if (err)
            apr_pool_destroy(p);
    } while (err);
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, k->server,
                 "PROV0003: %s is served by this process now", k->config->store_location);
    return NULL;
}

static apr_status_t stop_trying(void *data)
{
    keeping *k = data;
    apr_status_t rv;
    apr_atomic_set32(&k->stopping, 1);
    if (k->trying)
        apr_thread_join(&rv, k->trying);
    k->trying = NULL;
    return APR_SUCCESS;
}

static void open_first(apr_pool_t *pchild, keeping *k)
{
    apr_pool_t *p;
    k->room = own_pool(pchild);
    apr_pool_create(&p, k->room);
    prov_err *err = open_service(p, k);
    if (!err)
        return;
    k->opened.why_not = prov_err_text(pchild, err);
    k->opened.key_wrong = err->rv == APR_EMISMATCH;
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, k->server,
                 "PROV0002: %s is not served by this process: %s", k->config->store_location,
                 k->opened.why_not);
    apr_pool_destroy(p);
    apr_pool_pre_cleanup_register(k->room, k, stop_trying);
    if (apr_thread_create(&k->trying, NULL, try_again, k, k->room) != APR_SUCCESS)
        k->trying = NULL;
}

/* glibc's eight arenas for each core would each grow to the largest that a rare request needs, over
 * hundreds of thousands of requests; threads that allocate at once are no more than cores. */
static void share_arenas(void)
{
#ifdef M_ARENA_MAX
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    mallopt(M_ARENA_MAX, cores > 1 ? (int)cores : 1);
#endif
}

void prov_life_child_init(apr_pool_t *pchild, server_rec *s)
{
    if (kept && kept->nelts)
        share_arenas();
    for (int i = 0; kept && i < kept->nelts; i++)
        open_first(pchild, APR_ARRAY_IDX(kept, i, keeping *));
}

/* Threads end, and stores close, when the pools of the services are cleared. */
void prov_life_child_stopping(apr_pool_t *pchild, int graceful)
{
    for (int i = 0; kept && i < kept->nelts; i++) {
        keeping *k = APR_ARRAY_IDX(kept, i, keeping *);
        const prov_service *service = __atomic_load_n(&k->opened.service, __ATOMIC_ACQUIRE);
        apr_atomic_set32(&k->stopping, 1);
        if (service)
            prov_engine_stopping(service->engine, graceful);
    }
}
