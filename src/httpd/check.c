#include "httpd/check.h"
#include "httpd/folder.h"
#include "httpd/sections.h"
#include "httpd/server.h"
#include "outbound/mapping.h"

#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>

#include <apr_file_info.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>
#include <sys/stat.h>

APLOG_USE_MODULE(provision);

/* Servers share what they inherit, so the same mistake may be found twice; it is told once. */
typedef struct checking {
    apr_pool_t *pconf, *ptemp;
    apr_hash_t *told;
    prov_registry *registry;    /* of the configuration that is being looked at */
    apr_array_header_t *stores; /* of prov_httpd_server *: those with a store of their own */
} checking;

static void tell(checking *k, int level, const char *where, const char *sentence)
{
    const char *line = where ? apr_pstrcat(k->ptemp, where, ": ", sentence, NULL) : sentence;
    if (apr_hash_get(k->told, line, APR_HASH_KEY_STRING))
        return;
    apr_hash_set(k->told, line, APR_HASH_KEY_STRING, level <= APLOG_ERR ? "error" : "warning");
    ap_log_error(APLOG_MARK, APLOG_STARTUP | level, 0, NULL, "%s", line);
}

static void mistake(checking *k, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void mistake(checking *k, const char *where, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    tell(k, APLOG_ERR, where, apr_pvsprintf(k->ptemp, fmt, args));
    va_end(args);
}

static void found(void *baton, const prov_err *err)
{
    checking *k = baton;
    mistake(k, err->source, "%s", err->detail);
}

/* --- one configuration ---------------------------------------------------------------------- */
static void check_target(checking *k, const prov_config *c, const prov_connector_config *t)
{
    const char *warning = NULL;
    prov_mapping *ignored;
    if (!t->connector)
        return;
    const char *sentence =
        t->connector->check ? t->connector->check(k->ptemp, t->values, &warning) : NULL;
    if (sentence)
        mistake(k, t->where, "%s", sentence);
    if (warning)
        tell(k, APLOG_WARNING, t->where, warning);
    prov_err *err = prov_mapping_make(k->ptemp, k->registry, t, c->settings.tenant, &ignored);
    if (err)
        mistake(k, err->source ? err->source : t->where, "%s", err->detail);
}

static void check_targets(checking *k, const prov_config *c)
{
    for (int i = 0; i < c->idps->nelts; i++) {
        const prov_idp *idp = APR_ARRAY_IDX(c->idps, i, prov_idp *);
        for (int j = 0; j < idp->connectors->nelts; j++)
            check_target(k, c, APR_ARRAY_IDX(idp->connectors, j, prov_connector_config *));
    }
}

static const char *store_line(const prov_httpd_server *server)
{
    return prov_config_line(server->own, NULL, "ProvisionStore", NULL);
}

/* Without "//", "/./" and "/../": a folder that is not there yet can only be told by its name. */
static const char *resolved(apr_pool_t *p, const char *path)
{
    char *out;
    return apr_filepath_merge(&out, NULL, path, 0, p) == APR_SUCCESS ? out : path;
}

static bool same_folder(apr_pool_t *p, const char *a, const char *b)
{
    struct stat sa, sb;
    return strcmp(resolved(p, a), resolved(p, b)) == 0 ||
           (stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
            sa.st_ino == sb.st_ino);
}

/* The default key lies beside the store's folder, where a folder is made if it must be. */
static void check_key(checking *k, const prov_httpd_server *server)
{
    struct stat st;
    const char *key = server->own->settings.secret_key;
    if (!key || strncmp(key, "file:/", 6) != 0)
        return;
    const char *path = key + strlen("file:");
    const char *folder = apr_pstrmemdup(k->ptemp, path, (size_t)(strrchr(path, '/') - path + 1));
    if (stat(folder, &st) != 0)
        mistake(k, prov_config_line(server->own, NULL, "ProvisionSecretKey", NULL),
                "ProvisionSecretKey: there is no folder %s; make it, or name another", folder);
    else if (stat(path, &st) == 0 && st.st_mode & (S_IRWXG | S_IRWXO))
        mistake(k, prov_config_line(server->own, NULL, "ProvisionSecretKey", NULL),
                "ProvisionSecretKey: others than its owner may open %s (mode %04o); chmod 600 %s",
                path, (unsigned)st.st_mode & 07777, path);
}

static void check_store(checking *k, prov_httpd_server *server)
{
    const char *path = server->seen.config->store_location;
    if (!path)
        return;
    check_key(k, server);
    const char *why = prov_folder_unfit(k->ptemp, path);
    if (why)
        mistake(k, store_line(server), "ProvisionStore: %s", why);
    for (int i = 0; i < k->stores->nelts; i++) {
        const prov_httpd_server *other = APR_ARRAY_IDX(k->stores, i, prov_httpd_server *);
        if (same_folder(k->ptemp, path, other->seen.config->store_location))
            mistake(k, store_line(server),
                    "ProvisionStore: %s is already the store at %s; name another folder, or leave "
                    "the line out to share the main server's",
                    path, store_line(other));
    }
    APR_ARRAY_PUSH(k->stores, prov_httpd_server *) = server;
}

/* --- virtual hosts without a store of their own --------------------------------------------- */
static void needs_store(checking *k, const char *where, const char *what)
{
    mistake(k, where,
            "%s belongs to a store, and this virtual host shares the main server's; write it "
            "outside of the <VirtualHost>, or a ProvisionStore inside",
            what);
}

static void check_sharing(checking *k, const prov_config *own)
{
    const prov_option *rows = prov_settings_options;
    for (const prov_option *row = rows; row->name; row++)
        if ((own->settings.head.given >> (row - rows) & 1) && !(row->flags & PROV_SETTING_OWN))
            needs_store(k, prov_config_line(own, NULL, row->directive, NULL), row->directive);
    for (int i = 0; i < own->userstores->nelts; i++)
        needs_store(k, APR_ARRAY_IDX(own->userstores, i, prov_userstore_config *)->where,
                    "<ProvisionUserStore>");
    for (int i = 0; i < own->idps->nelts; i++)
        needs_store(k, APR_ARRAY_IDX(own->idps, i, prov_idp *)->where, "<ProvisionIdP>");
    for (int i = 0; i < own->applications->nelts; i++)
        needs_store(k, APR_ARRAY_IDX(own->applications, i, prov_application *)->where,
                    "<ProvisionApplication>");
    for (int i = 0; i < own->permits->nelts; i++)
        needs_store(k, APR_ARRAY_IDX(own->permits, i, prov_permit).where, "ProvisionPermit");
    for (int i = 0; i < own->declared->nelts; i++) {
        const prov_declaration *d = &APR_ARRAY_IDX(own->declared, i, prov_declaration);
        needs_store(k, d->where, d->is_type ? "ProvisionResourceType" : "ProvisionSchema");
    }
}

/* --- all of them ---------------------------------------------------------------------------- */
/* httpd reads its configuration twice when it starts; secrets, which commands may tell, once. */
static bool is_looked_at_again(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG &&
           ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_NORMAL;
}

static void check_server(checking *k, const server_rec *s, const server_rec *base)
{
    prov_httpd_server *server = prov_httpd_server_of(s);
    for (int i = 0; i < server->mistakes->nelts; i++)
        found(k, APR_ARRAY_IDX(server->mistakes, i, prov_err *));
    if (server->served && !server->seen.config->settings.store)
        mistake(k, server->served,
                "ProvisionService needs a store; write ProvisionStore lmdb and "
                "a folder, outside of the section");
    if (s != base && server->shares) {
        check_sharing(k, server->own);
        return;
    }
    server->seen.config->secrets_later = is_looked_at_again();
    prov_config_check(k->pconf, server->seen.config, found, k);
    k->registry = prov_config_registry(k->ptemp, server->seen.config, found, k);
    check_targets(k, server->seen.config);
    check_store(k, server);
}

static void check_mpm(checking *k)
{
    int threaded = 0;
    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    if (!threaded)
        mistake(k, store_line(APR_ARRAY_IDX(k->stores, 0, prov_httpd_server *)),
                "ProvisionStore needs a multi-processing module with threads, and %s has none; "
                "load mpm_event",
                ap_show_mpm());
}

static int mistakes_told(checking *k)
{
    int count = 0;
    for (apr_hash_index_t *i = apr_hash_first(k->ptemp, k->told); i; i = apr_hash_next(i)) {
        void *kind;
        apr_hash_this(i, NULL, NULL, &kind);
        count += strcmp(kind, "error") == 0;
    }
    return count;
}

int prov_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    checking k = { pconf, ptemp, apr_hash_make(ptemp), NULL,
                   apr_array_make(ptemp, 2, sizeof(prov_httpd_server *)) };
    for (const server_rec *each = s; each; each = each->next)
        check_server(&k, each, s);
    if (k.stores->nelts > 0)
        check_mpm(&k);
    int count = mistakes_told(&k);
    if (count > 0)
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, NULL,
                     "mod_provision: %d mistake%s in the configuration", count,
                     count == 1 ? "" : "s");
    return count > 0 ? HTTP_INTERNAL_SERVER_ERROR : OK;
}
