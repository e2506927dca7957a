/* Looking things up in a configuration, and permissions by name. */
#include "model/config.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t bit;
} permissions[] = {
    { "scim:read", PROV_MAY_SCIM_READ },
    { "scim:write", PROV_MAY_SCIM_WRITE },
    { "admin", PROV_MAY_ADMIN },
};

uint32_t prov_permission_named(const char *name)
{
    for (size_t i = 0; i < sizeof permissions / sizeof *permissions; i++)
        if (strcmp(permissions[i].name, name) == 0)
            return permissions[i].bit;
    return 0;
}

const char *prov_permission_print(apr_pool_t *p, uint32_t bits)
{
    const char *all = "";
    for (size_t i = 0; i < sizeof permissions / sizeof *permissions; i++)
        if (bits & permissions[i].bit)
            all = apr_pstrcat(p, all, *all ? " " : "", permissions[i].name, NULL);
    return all;
}

const prov_application *prov_config_application(const prov_config *c, const char *name)
{
    for (int i = 0; i < c->applications->nelts; i++) {
        const prov_application *a = APR_ARRAY_IDX(c->applications, i, prov_application *);
        if (strcmp(a->name, name) == 0)
            return a;
    }
    return NULL;
}

static bool has_client(const prov_application *a, const char *client)
{
    for (int i = 0; a->clients && i < a->clients->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(a->clients, i, const char *), client) == 0)
            return true;
    return false;
}

const prov_application *prov_config_application_of_client(const prov_config *c, const char *client)
{
    for (int i = 0; i < c->applications->nelts; i++) {
        const prov_application *a = APR_ARRAY_IDX(c->applications, i, prov_application *);
        if (has_client(a, client))
            return a;
    }
    return NULL;
}

const prov_idp *prov_config_idp(const prov_config *c, const char *name)
{
    for (int i = 0; i < c->idps->nelts; i++) {
        const prov_idp *idp = APR_ARRAY_IDX(c->idps, i, prov_idp *);
        if (strcmp(idp->name, name) == 0)
            return idp;
    }
    return NULL;
}

const prov_connector_config *prov_config_target(const prov_config *c, const char *idp,
                                                const char *connector)
{
    const prov_idp *of = prov_config_idp(c, idp);
    for (int i = 0; of && i < of->connectors->nelts; i++) {
        const prov_connector_config *t = APR_ARRAY_IDX(of->connectors, i, prov_connector_config *);
        if (strcmp(t->type, connector) == 0)
            return t;
    }
    return NULL;
}

bool prov_config_has_domain(const prov_config *c, const char *name)
{
    for (int i = 0; i < c->userstores->nelts; i++)
        if (apr_cstr_casecmp(APR_ARRAY_IDX(c->userstores, i, prov_userstore_config *)->name,
                             name) == 0)
            return true;
    return false;
}

static const char *line_key(apr_pool_t *p, const char *section, const char *directive,
                            const char *setting)
{
    return apr_pstrcat(p, section ? section : "", " ", directive, " ", setting ? setting : "",
                       NULL);
}

void prov_config_note_line(prov_config *c, const char *section, const char *directive,
                           const char *setting, const char *where)
{
    apr_pool_t *p = apr_table_elts(c->lines)->pool;
    apr_table_setn(c->lines, line_key(p, section, directive, setting), where);
}

const char *prov_config_line(const prov_config *c, const char *section, const char *directive,
                             const char *setting)
{
    apr_pool_t *p = apr_table_elts(c->lines)->pool;
    const char *where = apr_table_get(c->lines, line_key(p, section, directive, setting));
    return where ? where : section;
}

prov_registry *prov_config_registry(apr_pool_t *p, const prov_config *c, prov_config_found *found,
                                    void *baton)
{
    prov_registry *r = prov_registry_core(p);
    prov_registry_declare(r, (const prov_declaration *)c->declared->elts, c->declared->nelts, found,
                          baton);
    for (int i = 0; i < c->indexes->nelts; i++) {
        const prov_index_line *line = &APR_ARRAY_IDX(c->indexes, i, prov_index_line);
        prov_err *err = prov_registry_index(r, line->path);
        if (err) {
            err->source = line->where;
            found(baton, err);
        }
    }
    return r;
}
