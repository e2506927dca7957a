#include "framework/owe.h"
#include "framework/protect.h"

#include "base/crypt.h"
#include <string.h>

/* "file:PATH", as in ProvisionSecretKey. */
static prov_err *read_key(apr_pool_t *p, const char *reference, uint8_t key[PROV_KEY_LEN])
{
    static const char file[] = "file:";
    if (!reference || strncmp(reference, file, sizeof file - 1) != 0)
        return prov_err_make(p, 500, NULL, "ProvisionSecretKey does not name a file");
    return prov_key_read(p, reference + sizeof file - 1, key);
}

static prov_err *open_store(apr_pool_t *p, const prov_service_options *o, prov_service *s)
{
    const prov_config *c = s->config;
    uint8_t key[PROV_KEY_LEN];
    prov_err *err = NULL;
    if (o->key)
        memcpy(key, o->key, sizeof key);
    else
        err = read_key(p, c->settings.secret_key, key);
    if (err)
        return err;
    prov_store_settings settings = { .backend = c->store_backend,
                                     .location = c->store_location,
                                     .size = c->settings.store_size,
                                     .tenant = c->settings.tenant,
                                     .commit_each = c->settings.commit_each };
    prov_key_check_value(key, settings.key_check);
    prov_hmac(key, PROV_BYTES("provision cursors"), s->cursor_key);
    explicit_bzero(key, sizeof key);
    return prov_store_open(p, &settings, &s->store);
}

static prov_err *open_rooms(apr_pool_t *p, const prov_service_options *o, prov_service *s)
{
    const prov_settings *settings = &s->config->settings;
    prov_err *err = prov_store_bind(s->store, s->registry);
    if (!err)
        err = prov_userstores_open(p, s->store, s->registry, s->config, &s->userstores);
    if (!err)
        err = prov_passwords_make(p, settings->tenant, (int)settings->password_cost,
                                  o->password_waiters, &s->passwords);
    if (!err)
        err = prov_permits_make(p, s->config, s->registry, s->userstores, &s->permits);
    if (!err)
        err = prov_owing_make(p, s->store, s->config, &s->owing);
    return err;
}

/* The server has told all mistakes; a process that finds one has another version of it. */
static void keep_first(void *baton, const prov_err *err)
{
    const prov_err **first = baton;
    if (!*first)
        *first = err;
}

prov_err *prov_service_open(apr_pool_t *p, const prov_config *c, const prov_service_options *o,
                            prov_service **out)
{
    prov_service *s = apr_pcalloc(p, sizeof *s);
    s->config = c;
    prov_err *err = NULL;
    s->registry = prov_config_registry(p, c, keep_first, &err);
    if (!err)
        err = open_store(p, o, s);
    if (!err)
        err = open_rooms(p, o, s);
    if (err)
        return err;
    prov_engine_settings engine = { .store = s->store,
                                    .registry = s->registry,
                                    .config = c,
                                    .dispatch = o->dispatch,
                                    .lookup = o->lookup };
    *out = s;
    return prov_engine_start(p, &engine, &s->engine);
}
