#include "httpd/server.h"

#include <apr_strings.h>

void *prov_httpd_server_make(apr_pool_t *p, server_rec *s)
{
    prov_httpd_server *server = apr_pcalloc(p, sizeof *server);
    server->own = prov_config_make(p);
    server->seen.config = server->own;
    server->mistakes = apr_array_make(p, 1, sizeof(prov_err *));
    return server;
}

/* Mistakes stay with the server that made them, and are told once. */
void *prov_httpd_server_merge(apr_pool_t *p, void *under, void *over)
{
    const prov_httpd_server *below = under, *above = over;
    prov_httpd_server *server = apr_pmemdup(p, above, sizeof *above);
    server->seen.config = prov_config_merge(p, below->own, above->own);
    server->shares = !above->own->settings.store;
    return server;
}

void *prov_httpd_place_make(apr_pool_t *p, char *path)
{
    prov_httpd_place *place = apr_pcalloc(p, sizeof *place);
    place->scope = PROV_SCOPE_SERVER;
    return place;
}

/* A nested section keeps the base of the one that names the service. */
void *prov_httpd_place_merge(apr_pool_t *p, void *under, void *over)
{
    const prov_httpd_place *above = over;
    return above->seen.service ? over : under;
}

prov_httpd_server *prov_httpd_server_of(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &provision_module);
}

const char *prov_httpd_where(const cmd_parms *cmd)
{
    return apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
}

void prov_httpd_mistake(const cmd_parms *cmd, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *sentence = apr_pvsprintf(cmd->pool, fmt, args);
    va_end(args);
    prov_httpd_mistaken(cmd, prov_err_make(cmd->pool, 400, "invalidValue", "%s", sentence));
}

void prov_httpd_mistaken(const cmd_parms *cmd, prov_err *err)
{
    if (!err)
        return;
    err->source = prov_httpd_where(cmd);
    APR_ARRAY_PUSH(prov_httpd_server_of(cmd->server)->mistakes, prov_err *) = err;
}
