#include "httpd/rates.h"

#include <apr_shm.h>
#include <http_config.h>

/* Another version of the module may have another shape of it. */
#define NAME "mod_provision rates 1"

static prov_err *make(apr_pool_t *p, apr_pool_t *process, prov_rates **out)
{
    apr_shm_t *memory;
    apr_status_t rv = apr_shm_create(&memory, prov_rates_size, NULL, process);
    if (rv != APR_SUCCESS)
        return prov_err_status(p, rv, "the memory for ProvisionRate cannot be had");
    memset(apr_shm_baseaddr_get(memory), 0, prov_rates_size);
    if (!prov_rates_make(apr_shm_baseaddr_get(memory)))
        return prov_err_make(p, 500, NULL, "there is no lock for ProvisionRate");
    *out = apr_shm_baseaddr_get(memory);
    return NULL;
}

prov_err *prov_httpd_rates(apr_pool_t *p, server_rec *base)
{
    prov_rates **known = ap_retained_data_get(NAME);
    prov_err *err = NULL;
    bool wanted = false;
    for (server_rec *s = base; s; s = s->next)
        wanted = wanted || prov_httpd_server_of(s)->seen.config->settings.rate.count;
    if (wanted && !known)
        known = ap_retained_data_create(NAME, sizeof *known);
    if (wanted && !*known)
        err = make(p, base->process->pool, known);
    for (server_rec *s = base; s && wanted; s = s->next)
        prov_httpd_server_of(s)->seen.rates = *known;
    return err;
}
