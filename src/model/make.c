/* Objects with their defaults, and one configuration laid over another. */
#include "model/config.h"
#include "model/special.h"

#include <apr_strings.h>
#include <assert.h>
#include <string.h>

#define MOST_PRESET_WORDS 8

/* A special directive's default is read by the function that reads an administrator's line. */
static void preset(apr_pool_t *p, prov_connector_config *c, const char *directive)
{
    const prov_special *s = prov_special_find(PROV_SCOPE_CONNECTOR, directive);
    prov_word words[MOST_PRESET_WORDS];
    prov_line line = { words, 0, "the default" };
    char *rest = apr_pstrdup(p, s->preset), *word;
    while ((word = strsep(&rest, " ")))
        words[line.count++] = (prov_word){ word, false };
    prov_err *err = s->set(p, c, &line);
    assert(!err);
    (void)err;
}

prov_userstore_config *prov_userstore_config_make(apr_pool_t *p, const char *name,
                                                  const char *where)
{
    prov_userstore_config *u = apr_pcalloc(p, sizeof *u);
    prov_option_presets(p, prov_userstore_options, &u->head);
    u->name = name;
    u->where = where;
    return u;
}

prov_idp *prov_idp_make(apr_pool_t *p, const char *name, const char *where)
{
    prov_idp *idp = apr_pcalloc(p, sizeof *idp);
    prov_option_presets(p, prov_idp_options, &idp->head);
    idp->name = name;
    idp->where = where;
    idp->connectors = apr_array_make(p, 1, sizeof(prov_connector_config *));
    return idp;
}

prov_connector_config *prov_connector_config_make(apr_pool_t *p, const char *type,
                                                  const prov_option *options, size_t values_size,
                                                  const char *where)
{
    prov_connector_config *c = apr_pcalloc(p, sizeof *c);
    prov_option_presets(p, prov_connector_config_options, &c->head);
    c->type = type;
    c->where = where;
    c->maps = apr_array_make(p, 4, sizeof(prov_map));
    preset(p, c, "ProvisionLimit");
    preset(p, c, "ProvisionRetry");
    if (options) {
        c->options = options;
        c->values = apr_pcalloc(p, values_size);
        prov_option_presets(p, options, c->values);
    }
    return c;
}

prov_application *prov_application_make(apr_pool_t *p, const char *name, const char *where)
{
    prov_application *a = apr_pcalloc(p, sizeof *a);
    prov_option_presets(p, prov_application_options, &a->head);
    a->name = name;
    a->where = where;
    a->outbound = apr_array_make(p, 2, sizeof(prov_outbound_entry));
    return a;
}

prov_config *prov_config_make(apr_pool_t *p)
{
    prov_config *c = apr_pcalloc(p, sizeof *c);
    prov_option_presets(p, prov_settings_options, &c->settings.head);
    c->userstores = apr_array_make(p, 2, sizeof(prov_userstore_config *));
    c->idps = apr_array_make(p, 2, sizeof(prov_idp *));
    c->applications = apr_array_make(p, 2, sizeof(prov_application *));
    c->permits = apr_array_make(p, 4, sizeof(prov_permit));
    c->declared = apr_array_make(p, 2, sizeof(prov_declaration));
    c->indexes = apr_array_make(p, 2, sizeof(prov_index_line));
    c->lines = apr_table_make(p, 16);
    return c;
}

/* --- merging -------------------------------------------------------------------------------- */
/* Userstores, identity providers and applications all have their name behind the head. */
typedef struct named {
    prov_option_head head;
    const char *name;
} named;

static apr_array_header_t *merge_named(apr_pool_t *p, const apr_array_header_t *under,
                                       const apr_array_header_t *over)
{
    apr_array_header_t *all = apr_array_make(p, under->nelts + over->nelts, sizeof(named *));
    for (int i = 0; i < under->nelts; i++) {
        named *below = APR_ARRAY_IDX(under, i, named *);
        bool replaced = false;
        for (int j = 0; j < over->nelts; j++)
            replaced |= strcmp(APR_ARRAY_IDX(over, j, named *)->name, below->name) == 0;
        if (!replaced)
            APR_ARRAY_PUSH(all, named *) = below;
    }
    apr_array_cat(all, over);
    return all;
}

/* An application's targets are resolved per configuration, so each has entries of its own. */
static void own_entries(apr_pool_t *p, apr_array_header_t *applications)
{
    for (int i = 0; i < applications->nelts; i++) {
        prov_application **a = &APR_ARRAY_IDX(applications, i, prov_application *);
        *a = apr_pmemdup(p, *a, sizeof **a);
        (*a)->outbound = apr_array_copy(p, (*a)->outbound);
    }
}

static bool same_permit(const prov_permit *a, const prov_permit *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0;
}

static apr_array_header_t *merge_permits(apr_pool_t *p, const apr_array_header_t *under,
                                         const apr_array_header_t *over)
{
    apr_array_header_t *all = apr_array_copy(p, over);
    for (int i = 0; i < under->nelts; i++) {
        const prov_permit *below = &APR_ARRAY_IDX(under, i, prov_permit);
        bool replaced = false;
        for (int j = 0; j < over->nelts; j++)
            replaced |= same_permit(&APR_ARRAY_IDX(over, j, prov_permit), below);
        if (!replaced)
            APR_ARRAY_PUSH(all, prov_permit) = *below;
    }
    return all;
}

/* A file that both name is declared once. */
static apr_array_header_t *merge_declared(apr_pool_t *p, const apr_array_header_t *under,
                                          const apr_array_header_t *over)
{
    apr_array_header_t *all = apr_array_copy(p, under);
    for (int i = 0; i < over->nelts; i++) {
        const prov_declaration *own = &APR_ARRAY_IDX(over, i, prov_declaration);
        bool known = false;
        for (int j = 0; j < under->nelts; j++)
            known |= strcmp(APR_ARRAY_IDX(under, j, prov_declaration).file, own->file) == 0;
        if (!known)
            APR_ARRAY_PUSH(all, prov_declaration) = *own;
    }
    return all;
}

prov_config *prov_config_merge(apr_pool_t *p, const prov_config *under, const prov_config *over)
{
    prov_config *c = apr_pcalloc(p, sizeof *c);
    prov_option_merge(prov_settings_options, &under->settings.head, &over->settings.head,
                      &c->settings.head);
    c->settings.rate = over->rate_where ? over->settings.rate : under->settings.rate;
    c->rate_where = over->rate_where ? over->rate_where : under->rate_where;
    c->userstores = merge_named(p, under->userstores, over->userstores);
    c->idps = merge_named(p, under->idps, over->idps);
    c->applications = merge_named(p, under->applications, over->applications);
    own_entries(p, c->applications);
    c->permits = merge_permits(p, under->permits, over->permits);
    c->declared = merge_declared(p, under->declared, over->declared);
    c->indexes = apr_array_append(p, under->indexes, over->indexes);
    c->lines = apr_table_overlay(p, over->lines, under->lines);
    return c;
}
