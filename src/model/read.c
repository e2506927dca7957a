/* effective.json read back, for who has the store but not httpd.conf. */
#include "base/json.h"
#include "base/text.h"
#include "model/config.h"
#include "scim/compatibility.h"

#include <apr_strings.h>
#include <string.h>

typedef struct reading {
    apr_pool_t *p;
    prov_err *err; /* the first; what follows does nothing */
} reading;

static void fail(reading *r, const char *what)
{
    if (!r->err)
        r->err = prov_err_make(r->p, 500, NULL, "effective.json is not as the server writes it: %s",
                               what);
}

static const char *string_of(reading *r, const prov_json *j)
{
    return apr_pstrdup(r->p, (const char *)prov_json_string(j).data);
}

static const char *text(reading *r, const prov_json *object, const char *name)
{
    const prov_json *j = prov_json_get(object, name, NULL);
    if (prov_json_is(j) == PROV_JSON_STRING)
        return string_of(r, j);
    fail(r, name);
    return "";
}

static const char *written(reading *r, const prov_json *j)
{
    switch (prov_json_is(j)) {
    case PROV_JSON_STRING:
        return string_of(r, j);
    case PROV_JSON_BOOLEAN:
        return prov_json_boolean(j) ? "on" : "off";
    case PROV_JSON_INTEGER:
        return apr_psprintf(r->p, "%" APR_INT64_T_FMT, prov_json_integer(j));
    default:
        return NULL;
    }
}

static void rows(reading *r, const prov_json *object, const prov_option *table,
                 prov_option_head *into)
{
    for (const prov_option *row = table; row->name && !r->err; row++) {
        bool found;
        const prov_json *j = prov_json_get(object, row->name, &found);
        const char *value = found ? written(r, j) : NULL;
        if (value)
            r->err = prov_option_set(r->p, table, row, into, value);
        else if (found)
            fail(r, row->name);
    }
}

static const prov_json *array(reading *r, const prov_json *object, const char *name)
{
    const prov_json *j = prov_json_get(object, name, NULL);
    if (prov_json_is(j) == PROV_JSON_ARRAY)
        return j;
    fail(r, name);
    return NULL;
}

static apr_array_header_t *texts(reading *r, const prov_json *object, const char *name)
{
    bool found;
    prov_json_get(object, name, &found);
    if (!found)
        return NULL;
    const prov_json *list = array(r, object, name);
    size_t n = list ? prov_json_length(list) : 0;
    apr_array_header_t *out = apr_array_make(r->p, (int)n, sizeof(const char *));
    for (size_t i = 0; i < n; i++)
        APR_ARRAY_PUSH(out, const char *) = string_of(r, prov_json_at(list, i));
    return out;
}

static void read_digest(reading *r, const prov_json *object, uint8_t out[32])
{
    prov_bytes bytes;
    if (prov_text_unhex(r->p, text(r, object, "digest"), &bytes) && bytes.len == 32)
        memcpy(out, bytes.data, 32);
    else
        fail(r, "digest");
}

static void read_connector(reading *r, const prov_json *j, prov_idp *idp)
{
    prov_connector_config *t = prov_connector_config_make(r->p, text(r, j, "type"), NULL, 0, NULL);
    t->idp = idp->name;
    rows(r, j, prov_connector_config_options, &t->head);
    t->protect = texts(r, j, "protect");
    read_digest(r, j, t->digest);
    APR_ARRAY_PUSH(idp->connectors, prov_connector_config *) = t;
}

static void read_idp(reading *r, const prov_json *j, prov_config *c)
{
    prov_idp *idp = prov_idp_make(r->p, text(r, j, "name"), NULL);
    rows(r, j, prov_idp_options, &idp->head);
    idp->roles = texts(r, j, "roles");
    const prov_json *connectors = array(r, j, "connectors");
    for (size_t i = 0; connectors && i < prov_json_length(connectors); i++)
        read_connector(r, prov_json_at(connectors, i), idp);
    APR_ARRAY_PUSH(c->idps, prov_idp *) = idp;
}

static void read_userstore(reading *r, const prov_json *j, prov_config *c)
{
    prov_userstore_config *u = prov_userstore_config_make(r->p, text(r, j, "name"), NULL);
    rows(r, j, prov_userstore_options, &u->head);
    APR_ARRAY_PUSH(c->userstores, prov_userstore_config *) = u;
}

static void read_switches(reading *r, const prov_json *j, prov_application *a)
{
    a->switches = texts(r, j, "compatibility");
    for (int i = 0; a->switches && i < a->switches->nelts; i++) {
        const prov_switch *s = prov_switch_named(APR_ARRAY_IDX(a->switches, i, const char *));
        if (!s)
            fail(r, "compatibility");
        a->compatibility |= s ? s->bits : 0;
    }
}

static void read_application(reading *r, const prov_json *j, prov_config *c)
{
    prov_application *a = prov_application_make(r->p, text(r, j, "name"), NULL);
    rows(r, j, prov_application_options, &a->head);
    a->clients = texts(r, j, "clients");
    read_switches(r, j, a);
    const prov_json *outbound = array(r, j, "outbound");
    for (size_t i = 0; outbound && i < prov_json_length(outbound); i++) {
        const prov_json *e = prov_json_at(outbound, i);
        prov_outbound_entry *entry = apr_array_push(a->outbound);
        *entry = (prov_outbound_entry){
            .idp = text(r, e, "idp"),
            .connector = text(r, e, "connector"),
            .blocking = prov_json_boolean(prov_json_get(e, "blocking", NULL)),
            .rules = prov_json_boolean(prov_json_get(e, "rules", NULL)),
            .jit = prov_json_boolean(prov_json_get(e, "jit", NULL)),
        };
        entry->target = prov_config_target(c, entry->idp, entry->connector);
        if (!entry->target)
            fail(r, "outbound");
    }
    APR_ARRAY_PUSH(c->applications, prov_application *) = a;
}

static void read_permit(reading *r, const prov_json *j, prov_config *c)
{
    static const char *const kinds[] = {
        [PROV_PERMIT_GROUP] = "group", [PROV_PERMIT_USER] = "user", [PROV_PERMIT_TOKEN] = "token"
    };
    prov_permit permit = { 0 };
    char *rest = apr_pstrdup(r->p, text(r, j, "permissions")), *word;
    while ((word = strsep(&rest, " ")))
        permit.permissions |= prov_permission_named(word);
    for (int k = 0; k <= PROV_PERMIT_TOKEN; k++) {
        const prov_json *name = prov_json_get(j, kinds[k], NULL);
        if (prov_json_is(name) != PROV_JSON_STRING)
            continue;
        permit.kind = (prov_permit_kind)k;
        permit.name = string_of(r, name);
    }
    if (!permit.name || !permit.permissions)
        fail(r, "permits");
    APR_ARRAY_PUSH(c->permits, prov_permit) = permit;
}

static void read_declaration(reading *r, const prov_json *j, prov_config *c)
{
    APR_ARRAY_PUSH(c->declared, prov_declaration) = (prov_declaration){
        .is_type = prov_json_boolean(prov_json_get(j, "isType", NULL)),
        .file = text(r, j, "file"),
        .json = prov_bytes_of(text(r, j, "content")),
    };
}

static void read_index(reading *r, const prov_json *j, prov_config *c)
{
    APR_ARRAY_PUSH(c->indexes, prov_index_line) = (prov_index_line){ .path = text(r, j, "path") };
}

/* In this order: applications name identity providers. */
static const struct {
    const char *name;
    void (*read)(reading *r, const prov_json *j, prov_config *c);
} lists[] = {
    { "userstores", read_userstore },     { "identityProviders", read_idp },
    { "applications", read_application }, { "permits", read_permit },
    { "declared", read_declaration },     { "indexes", read_index },
};

static void split_store(reading *r, prov_config *c)
{
    char *rest = apr_pstrdup(r->p, c->settings.store ? c->settings.store : "");
    c->store_backend = strsep(&rest, " ");
    c->store_location = rest;
    if (!rest)
        fail(r, "store");
}

prov_err *prov_config_read(apr_pool_t *p, prov_bytes json, prov_config **out)
{
    const prov_json *top;
    reading r = { p, prov_json_parse(p, json, &top) };
    prov_config *c = prov_config_make(p);
    if (r.err)
        return r.err;
    rows(&r, prov_json_get(top, "settings", NULL), prov_settings_options, &c->settings.head);
    split_store(&r, c);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const prov_json *list = array(&r, top, lists[i].name);
        for (size_t j = 0; list && !r.err && j < prov_json_length(list); j++)
            lists[i].read(&r, prov_json_at(list, j), c);
    }
    *out = c;
    return r.err;
}
