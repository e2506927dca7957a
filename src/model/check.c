/* Every mistake that needs neither network nor store nor httpd, and what a right configuration
 * leaves implied: PRIMARY, the resident application, targets behind names, digests. */
#include "base/crypt.h"
#include "base/text.h"
#include "model/config.h"
#include "model/digest.h"
#include "model/nearest.h"
#include "model/special.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define RESIDENT     "resident"
#define PRIMARY      "PRIMARY"
#define LONGEST_NAME 64

typedef struct checking {
    apr_pool_t *p;
    prov_config *c;
    prov_config_found *found;
    void *baton;
    int count;
} checking;

static void mistake(checking *k, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void mistake(checking *k, const char *where, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    prov_err *err = prov_err_make(k->p, 400, "invalidValue", "%s", apr_pvsprintf(k->p, fmt, args));
    va_end(args);
    err->source = where;
    k->count++;
    k->found(k->baton, err);
}

/* What to write: the name that was meant, or a declaration. */
static const char *instead(checking *k, const prov_nearest *near, const char *declare)
{
    return near->best ? apr_pstrcat(k->p, "write ", near->best, NULL) : declare;
}

/* --- the store ------------------------------------------------------------------------------ */
static const char *without_slash(apr_pool_t *p, const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    return apr_pstrmemdup(p, path, len);
}

static void check_store(checking *k)
{
    prov_settings *s = &k->c->settings;
    const char *where = prov_config_line(k->c, NULL, "ProvisionStore", NULL);
    if (!s->store)
        return;
    char *location = apr_pstrdup(k->p, s->store);
    const char *backend = strsep(&location, " ");
    k->c->store_backend = backend;
    if (strcmp(backend, "postgresql") == 0)
        mistake(k, where,
                "ProvisionStore postgresql is not built yet; write ProvisionStore lmdb "
                "and a folder");
    else if (strcmp(backend, "lmdb") != 0)
        mistake(k, where,
                "ProvisionStore does not know \"%s\"; write ProvisionStore lmdb and a "
                "folder, such as /var/lib/provision",
                backend);
    else if (!location || location[0] != '/' || !location[1])
        mistake(k, where,
                "ProvisionStore lmdb needs an absolute path behind it; write "
                "ProvisionStore lmdb /var/lib/provision");
    else
        k->c->store_location = without_slash(k->p, location);
}

/* Beside the folder and not in it: a copy of the store does not take the key along. */
static void check_key(checking *k)
{
    prov_settings *s = &k->c->settings;
    if (s->secret_key && strncmp(s->secret_key, "file:/", 6) != 0)
        mistake(k, prov_config_line(k->c, NULL, "ProvisionSecretKey", NULL),
                "ProvisionSecretKey names a file, which is made if it is missing; write "
                "ProvisionSecretKey file:/etc/provision/secret.key");
    if (!s->secret_key && k->c->store_location)
        s->secret_key = apr_pstrcat(k->p, "file:", k->c->store_location, ".key", NULL);
}

/* --- names ---------------------------------------------------------------------------------- */
static bool is_name(const char *name)
{
    size_t len = strlen(name);
    for (const char *c = name; *c; c++)
        if (!apr_isalnum(*c) && !strchr("._-", *c))
            return false;
    return len > 0 && len <= LONGEST_NAME;
}

static void check_name(checking *k, const char *where, const char *what, const char *name)
{
    if (!is_name(name))
        mistake(k, where,
                "%s cannot be named \"%s\"; write letters, digits, dots, - and _, at "
                "most %d",
                what, name, LONGEST_NAME);
}

static void check_userstores(checking *k)
{
    for (int i = 0; i < k->c->userstores->nelts; i++) {
        const prov_userstore_config *u =
            APR_ARRAY_IDX(k->c->userstores, i, prov_userstore_config *);
        check_name(k, u->where, "A userstore", u->name);
    }
    if (!prov_config_has_domain(k->c, PRIMARY)) {
        apr_array_header_t *all = apr_array_make(k->p, 2, sizeof(prov_userstore_config *));
        APR_ARRAY_PUSH(all, prov_userstore_config *) =
            prov_userstore_config_make(k->p, PRIMARY, NULL);
        k->c->userstores = apr_array_append(k->p, all, k->c->userstores);
    }
}

/* --- identity providers --------------------------------------------------------------------- */
/* What was read is kept: a command runs once. */
static void check_secrets(checking *k, prov_connector_config *t)
{
    if (k->c->secrets_later || t->secrets)
        return;
    t->secrets = apr_hash_make(k->p);
    for (const prov_option *row = t->options; row->name; row++) {
        const char *reference = *(const char *const *)((const char *)t->values + row->offset);
        const char *secret;
        if (row->type != PROV_OPTION_SECRET || !reference)
            continue;
        prov_err *err = prov_secret_read(k->p, reference, &secret);
        if (err)
            mistake(k, prov_config_line(k->c, t->where, "ProvisionSet", row->name),
                    "ProvisionSet %s: %s; write a secret that can be read", row->name,
                    prov_err_text(k->p, err));
        else
            apr_hash_set(t->secrets, reference, APR_HASH_KEY_STRING, secret);
    }
}

static void check_required(checking *k, const prov_connector_config *t)
{
    const prov_option_head *values = t->values;
    for (const prov_option *row = t->options; row->name; row++)
        if ((row->flags & PROV_OPTION_REQUIRED) && !(values->given >> (row - t->options) & 1))
            mistake(k, t->where,
                    "The connector %s lacks its setting %s; write ProvisionSet %s "
                    "with a value",
                    t->type, row->name, row->name);
}

static bool has_name(const apr_array_header_t *names, const char *name)
{
    for (int i = 0; i < names->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0)
            return true;
    return false;
}

/* The account that we ourselves use must survive us. Checked again, the list stays as it is. */
static void protect(checking *k, prov_connector_config *t)
{
    const prov_special *s = prov_special_find(PROV_SCOPE_CONNECTOR, "ProvisionProtect");
    char *rest = apr_pstrdup(k->p, s->preset), *name;
    apr_array_header_t *names = t->protect ? t->protect : apr_array_make(k->p, 4, sizeof name);
    while (!t->protect && (name = strsep(&rest, " ")))
        APR_ARRAY_PUSH(names, const char *) = name;
    t->protect = names;
    const prov_option *own = prov_option_find(t->options, "username");
    if (!own || own->type != PROV_OPTION_TEXT)
        return;
    const char *account = *(const char *const *)((const char *)t->values + own->offset);
    if (account && *account && !has_name(names, account))
        APR_ARRAY_PUSH(names, const char *) = account;
}

static void check_target(checking *k, const prov_idp *idp, prov_connector_config *t)
{
    t->idp = idp->name;
    if (!t->options)
        return; /* said where the section was read */
    check_required(k, t);
    check_secrets(k, t);
    protect(k, t);
}

static void check_idps(checking *k)
{
    for (int i = 0; i < k->c->idps->nelts; i++) {
        const prov_idp *idp = APR_ARRAY_IDX(k->c->idps, i, prov_idp *);
        check_name(k, idp->where, "An identity provider", idp->name);
        for (int j = 0; j < idp->connectors->nelts; j++)
            check_target(k, idp, APR_ARRAY_IDX(idp->connectors, j, prov_connector_config *));
    }
}

/* --- applications --------------------------------------------------------------------------- */
static void resolve(checking *k, prov_outbound_entry *e)
{
    const prov_idp *idp = prov_config_idp(k->c, e->idp);
    prov_nearest near = prov_nearest_to(idp ? e->connector : e->idp);
    e->target = prov_config_target(k->c, e->idp, e->connector);
    if (e->target)
        return;
    if (!idp) {
        for (int i = 0; i < k->c->idps->nelts; i++)
            prov_nearest_offer(&near, APR_ARRAY_IDX(k->c->idps, i, prov_idp *)->name);
        mistake(k, e->where, "There is no identity provider \"%s\"; %s", e->idp,
                instead(k, &near, apr_psprintf(k->p, "declare it with <ProvisionIdP %s>", e->idp)));
        return;
    }
    for (int i = 0; i < idp->connectors->nelts; i++)
        prov_nearest_offer(&near, APR_ARRAY_IDX(idp->connectors, i, prov_connector_config *)->type);
    mistake(k, e->where, "The identity provider %s has no connector \"%s\"; %s", e->idp,
            e->connector,
            instead(k, &near,
                    apr_psprintf(k->p, "declare it with <ProvisionConnector %s>", e->connector)));
}

static void check_inbound_store(checking *k, const prov_application *a)
{
    const char *name = a->inbound_store;
    const char *where = prov_config_line(k->c, a->where, "ProvisionInboundStore", NULL);
    if (!name)
        return;
    if (strchr(name, ',') || strchr(name, ' ')) {
        mistake(k, where,
                "ProvisionInboundStore %s: more than one userstore is not built yet; "
                "write one name",
                name);
        return;
    }
    if (prov_config_has_domain(k->c, name))
        return;
    prov_nearest near = prov_nearest_to(name);
    for (int i = 0; i < k->c->userstores->nelts; i++)
        prov_nearest_offer(&near,
                           APR_ARRAY_IDX(k->c->userstores, i, prov_userstore_config *)->name);
    mistake(k, where,
            "ProvisionInboundStore names the userstore \"%s\", which does not exist; "
            "%s",
            name,
            instead(k, &near, apr_psprintf(k->p, "declare it with <ProvisionUserStore %s>", name)));
}

static void check_clients(checking *k, const prov_application *a)
{
    for (int i = 0; a->clients && i < a->clients->nelts; i++) {
        const char *client = APR_ARRAY_IDX(a->clients, i, const char *);
        const prov_application *first = prov_config_application_of_client(k->c, client);
        if (first != a)
            mistake(k, prov_config_line(k->c, a->where, "ProvisionClient", NULL),
                    "The client %s already belongs to the application %s; keep one of "
                    "the two",
                    client, first->name);
    }
}

static void check_applications(checking *k)
{
    if (!prov_config_application(k->c, RESIDENT))
        APR_ARRAY_PUSH(k->c->applications, prov_application *) =
            prov_application_make(k->p, RESIDENT, NULL);
    for (int i = 0; i < k->c->applications->nelts; i++) {
        prov_application *a = APR_ARRAY_IDX(k->c->applications, i, prov_application *);
        check_name(k, a->where, "An application", a->name);
        check_inbound_store(k, a);
        check_clients(k, a);
        for (int j = 0; j < a->outbound->nelts; j++)
            resolve(k, &APR_ARRAY_IDX(a->outbound, j, prov_outbound_entry));
    }
}

int prov_config_check(apr_pool_t *p, prov_config *c, prov_config_found *found, void *baton)
{
    checking k = { p, c, found, baton, 0 };
    check_store(&k);
    check_key(&k);
    check_userstores(&k);
    check_idps(&k);
    check_applications(&k);
    prov_digest_targets(p, c);
    return k.count;
}
