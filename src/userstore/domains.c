#include "userstore/userstore.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#define PRIMARY "PRIMARY"

const prov_userstore_type *const prov_userstore_types[] = { &prov_userstore_local, NULL };

struct prov_userstores {
    const prov_config *config;
    const prov_resource_type *users;
    prov_userstore *stores;
    int count;
    const prov_userstore *primary;
};

static prov_err *open_one(apr_pool_t *p, prov_store *s, const prov_userstore_config *c,
                          prov_userstore *out)
{
    uint32_t number = 0;
    prov_err *err = prov_store_number(s, PROV_NUMBER_DOMAIN, c->name, &number);
    if (err)
        return prov_err_push(p, err, "userstore %s", c->name);
    bool primary = strcasecmp(c->name, PRIMARY) == 0;
    *out = (prov_userstore){ .name = c->name,
                             .number = (uint16_t)number,
                             .type = prov_userstore_types[c->type] };
    out->prefix = prov_bytes_of(primary ? "" : apr_pstrcat(p, c->name, "/", NULL));
    return NULL;
}

prov_err *prov_userstores_open(apr_pool_t *p, prov_store *s, const prov_registry *r,
                               const prov_config *c, prov_userstores **out)
{
    prov_userstores *u = apr_pcalloc(p, sizeof *u);
    u->config = c;
    u->users = prov_registry_type_named(r, "User");
    u->count = c->userstores->nelts;
    u->stores = apr_pcalloc(p, (size_t)u->count * sizeof *u->stores);
    for (int i = 0; i < u->count; i++) {
        prov_err *err = open_one(
            p, s, APR_ARRAY_IDX(c->userstores, i, const prov_userstore_config *), &u->stores[i]);
        if (err)
            return err;
    }
    u->primary = prov_userstore_named(u, PRIMARY);
    *out = u;
    return u->primary ? NULL : prov_err_make(p, 500, NULL, "there is no userstore " PRIMARY);
}

const prov_userstore *prov_userstore_named(const prov_userstores *u, const char *name)
{
    for (int i = 0; i < u->count; i++)
        if (strcasecmp(u->stores[i].name, name) == 0)
            return &u->stores[i];
    return NULL;
}

const prov_userstore *prov_userstore_numbered(const prov_userstores *u, uint16_t number)
{
    for (int i = 0; i < u->count; i++)
        if (u->stores[i].number == number)
            return &u->stores[i];
    return NULL;
}

const prov_userstore *prov_userstore_primary(const prov_userstores *u)
{
    return u->primary;
}

const prov_userstore *prov_userstore_at(const prov_userstores *u, int i)
{
    return i < u->count ? &u->stores[i] : NULL;
}

const prov_resource_type *prov_userstore_users(const prov_userstores *u)
{
    return u->users;
}

prov_bytes prov_userstore_prefix(const prov_userstore *u)
{
    return u->prefix;
}

/* The declared domain a name begins with, "PRIMARY/" too, or NULL. */
static const prov_userstore *domain_of(const prov_userstores *u, prov_bytes name, size_t *prefix)
{
    const char *text = (const char *)name.data;
    for (int i = 0; i < u->count; i++) {
        size_t len = strlen(u->stores[i].name);
        if (name.len > len && text[len] == '/' && strncasecmp(text, u->stores[i].name, len) == 0) {
            *prefix = len + 1;
            return &u->stores[i];
        }
    }
    return NULL;
}

prov_err *prov_userstore_split(const prov_userstores *u, apr_pool_t *p, prov_bytes name,
                               const prov_userstore *fixed, const prov_userstore **domain,
                               prov_bytes *bare)
{
    size_t prefix = 0;
    const prov_userstore *named = domain_of(u, name, &prefix);
    *domain = fixed ? fixed : named ? named : u->primary;
    *bare = (prov_bytes){ name.data + prefix, name.len - prefix };
    if (!domain_of(u, *bare, &prefix))
        return NULL;
    return prov_err_make(p, 400, "invalidValue",
                         "a name may not begin with that of a userstore and a slash");
}

/* --- finding -------------------------------------------------------------------------------- */

typedef struct finding {
    prov_id *ids;
    int count, most;
} finding;

static bool found(void *baton, const prov_id *id)
{
    finding *f = baton;
    if (f->count < f->most)
        f->ids[f->count] = *id;
    f->count++;
    return true;
}

static void find_in(prov_snapshot *n, apr_pool_t *p, const prov_attr *a, uint16_t domain,
                    prov_bytes bare, finding *f)
{
    prov_bytes key;
    prov_id id;
    if (!prov_index_key_of(p, a, bare, &key) || !key.len)
        return;
    if (a->uniqueness == PROV_UNIQUE_NONE)
        prov_snapshot_indexed(n, a->number, domain, key, found, f);
    else if (prov_snapshot_unique(n, a->number, domain, key, &id))
        found(f, &id);
}

int prov_userstore_find_in(const prov_userstore *u, prov_snapshot *n, apr_pool_t *p,
                           const prov_resource_type *type, prov_bytes bare, prov_id *ids, int most)
{
    finding f = { .ids = ids, .most = most };
    find_in(n, p, type->naming, u->number, bare, &f);
    return f.count;
}

int prov_userstore_find(const prov_userstores *u, prov_snapshot *n, apr_pool_t *p,
                        const prov_resource_type *type, prov_bytes name, prov_id *ids, int most)
{
    finding f = { .ids = ids, .most = most };
    const prov_userstore *domain;
    prov_bytes bare;
    if (prov_userstore_split(u, p, name, NULL, &domain, &bare))
        return 0;
    bool every = u->config->settings.bare_name_all && bare.len == name.len;
    for (int i = 0; i < u->count; i++)
        if (every || &u->stores[i] == domain)
            find_in(n, p, type->naming, u->stores[i].number, bare, &f);
    return f.count;
}
