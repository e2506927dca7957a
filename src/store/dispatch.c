#include "store/backend.h"

#include <apr_strings.h>
#include <string.h>

static const prov_store_backend *const backends[] = { &prov_store_lmdb, NULL };

static prov_err *find(apr_pool_t *p, const char *name, const prov_store_backend **out)
{
    const char *known = "";
    for (int i = 0; backends[i]; i++) {
        *out = backends[i];
        if (name && strcmp(name, backends[i]->name) == 0)
            return NULL;
        known = apr_pstrcat(p, known, i ? ", " : "", backends[i]->name, NULL);
    }
    return prov_err_make(p, 500, NULL, "There is no store of the kind \"%s\"; there is: %s",
                         name ? name : "", known);
}

prov_err *prov_store_check_settings(apr_pool_t *p, const prov_store_settings *s)
{
    const prov_store_backend *backend;
    prov_err *err = find(p, s->backend, &backend);
    return err ? err : backend->check(p, s);
}

prov_err *prov_store_open(apr_pool_t *p, const prov_store_settings *s, prov_store **out)
{
    const prov_store_backend *backend;
    prov_err *err = find(p, s->backend, &backend);
    return err ? err : backend->open(p, s, out);
}
