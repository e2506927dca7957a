#include "httpd/sections.h"
#include "httpd/server.h"
#include "model/nearest.h"

#include <ap_provider.h>
#include <apr_strings.h>
#include <string.h>

const prov_connector *prov_httpd_connector(const char *name)
{
    const prov_connector *c = prov_connector_builtin(name);
    return c ? c : ap_lookup_provider(PROV_CONNECTOR_GROUP, name, "1");
}

/* The one word between the section's name and its bracket; NULL, and a mistake, without it. */
static const char *section_name(const cmd_parms *cmd, const char *args)
{
    const char *end = strrchr(args, '>');
    const char *line = apr_pstrmemdup(cmd->pool, args, end ? (size_t)(end - args) : strlen(args));
    const char *name = ap_getword_conf(cmd->pool, &line);
    if (end && *name && !*line)
        return name;
    prov_httpd_mistake(cmd, "%s> needs one name; write %s NAME>", cmd->cmd->name, cmd->cmd->name);
    return NULL;
}

/* Whether the section stands in its place, `scope` being that of what surrounds it. */
static bool stands_right(cmd_parms *cmd, const prov_httpd_place *here, prov_scope scope)
{
    bool server = scope == PROV_SCOPE_SERVER;
    if (here->scope == scope && !(server && ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT)))
        return true;
    prov_httpd_mistake(cmd, "%s> cannot stand here; write it %s%s", cmd->cmd->name,
                       server ? "outside of every section" : "inside ",
                       server ? "" : prov_scope_tables[scope].section);
    return false;
}

/* The same setters read the section's lines, with the section's object in the directory's place. */
static const char *read_section(cmd_parms *cmd, prov_scope scope, void *object, const char *where)
{
    ap_conf_vector_t *vector = ap_create_per_dir_config(cmd->pool);
    prov_httpd_place *inside = prov_httpd_place_make(cmd->pool, NULL);
    int override = cmd->override;
    inside->scope = scope;
    inside->object = object;
    inside->where = where;
    ap_set_module_config(vector, &provision_module, inside);
    cmd->override = ACCESS_CONF;
    const char *error = ap_walk_config(cmd->directive->first_child, cmd, vector);
    cmd->override = override;
    return error;
}

static void twice(const cmd_parms *cmd, const char *name, const char *where)
{
    prov_httpd_mistake(cmd, "%s %s> is already declared at %s; keep one of the two sections",
                       cmd->cmd->name, name, where);
}

static const char *open_userstore(cmd_parms *cmd, void *mconfig, const char *args)
{
    apr_array_header_t *all = prov_httpd_server_of(cmd->server)->own->userstores;
    const char *where = prov_httpd_where(cmd);
    char *name;
    if (!stands_right(cmd, mconfig, PROV_SCOPE_SERVER) ||
        !(name = apr_pstrdup(cmd->pool, section_name(cmd, args))))
        return NULL;
    ap_str_toupper(name);
    for (int i = 0; i < all->nelts; i++) {
        const prov_userstore_config *other = APR_ARRAY_IDX(all, i, prov_userstore_config *);
        if (strcmp(other->name, name) == 0)
            twice(cmd, name, other->where);
    }
    prov_userstore_config *u = prov_userstore_config_make(cmd->pool, name, where);
    APR_ARRAY_PUSH(all, prov_userstore_config *) = u;
    return read_section(cmd, PROV_SCOPE_USERSTORE, u, where);
}

static const char *open_idp(cmd_parms *cmd, void *mconfig, const char *args)
{
    prov_config *own = prov_httpd_server_of(cmd->server)->own;
    const char *where = prov_httpd_where(cmd), *name;
    if (!stands_right(cmd, mconfig, PROV_SCOPE_SERVER) || !(name = section_name(cmd, args)))
        return NULL;
    const prov_idp *other = prov_config_idp(own, name);
    if (other)
        twice(cmd, name, other->where);
    prov_idp *idp = prov_idp_make(cmd->pool, name, where);
    APR_ARRAY_PUSH(own->idps, prov_idp *) = idp;
    return read_section(cmd, PROV_SCOPE_IDP, idp, where);
}

static const char *open_application(cmd_parms *cmd, void *mconfig, const char *args)
{
    prov_config *own = prov_httpd_server_of(cmd->server)->own;
    const char *where = prov_httpd_where(cmd), *name;
    if (!stands_right(cmd, mconfig, PROV_SCOPE_SERVER) || !(name = section_name(cmd, args)))
        return NULL;
    const prov_application *other = prov_config_application(own, name);
    if (other)
        twice(cmd, name, other->where);
    prov_application *a = prov_application_make(cmd->pool, name, where);
    APR_ARRAY_PUSH(own->applications, prov_application *) = a;
    return read_section(cmd, PROV_SCOPE_APPLICATION, a, where);
}

/* --- connectors ----------------------------------------------------------------------------- */
static void unknown_connector(const cmd_parms *cmd, const char *type)
{
    prov_nearest near = prov_nearest_to(type);
    const char *all = "";
    apr_array_header_t *names = ap_list_provider_names(cmd->temp_pool, PROV_CONNECTOR_GROUP, "1");
    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, ap_list_provider_names_t).provider_name;
        prov_nearest_offer(&near, name);
        all = apr_pstrcat(cmd->pool, all, *all ? ", " : "", name, NULL);
    }
    if (near.best)
        prov_httpd_mistake(cmd, "There is no connector \"%s\"; write <ProvisionConnector %s>", type,
                           near.best);
    else
        prov_httpd_mistake(cmd, "There is no connector \"%s\"; there is %s", type, all);
}

static const char *open_connector(cmd_parms *cmd, void *mconfig, const char *args)
{
    const prov_httpd_place *here = mconfig;
    const char *where = prov_httpd_where(cmd), *type;
    if (!stands_right(cmd, here, PROV_SCOPE_IDP) || !(type = section_name(cmd, args)))
        return NULL;
    prov_idp *idp = here->object;
    for (int i = 0; i < idp->connectors->nelts; i++) {
        const prov_connector_config *other =
            APR_ARRAY_IDX(idp->connectors, i, prov_connector_config *);
        if (strcmp(other->type, type) == 0)
            twice(cmd, type, other->where);
    }
    const prov_connector *connector = prov_httpd_connector(type);
    if (!connector)
        unknown_connector(cmd, type);
    prov_connector_config *t =
        prov_connector_config_make(cmd->pool, type, connector ? connector->options : NULL,
                                   connector ? connector->values_size : 0, where);
    t->connector = connector;
    t->idp = idp->name;
    APR_ARRAY_PUSH(idp->connectors, prov_connector_config *) = t;
    return read_section(cmd, PROV_SCOPE_CONNECTOR, t, where);
}

const prov_httpd_section prov_httpd_sections[] = {
    { "<ProvisionUserStore", open_userstore, "A domain of users and groups." },
    { "<ProvisionIdP", open_idp, "A trusted identity provider, whose connectors are targets." },
    { "<ProvisionConnector", open_connector, "A target of the identity provider around it." },
    { "<ProvisionApplication", open_application, "Who asks for changes, and whom they reach." },
    { NULL, NULL, NULL },
};
