/* admin create, token create, list and revoke. */
#include "cli/cli.h"
#include "base/crypt.h"
#include "base/text.h"
#include <apr_strings.h>
#include <stdio.h>
#include <unistd.h>

#define PASSWORD_MOST 1024
#define TOKEN_BYTES   32
#define EXPIRES_AFTER "90d"

/* One line from standard input; a terminal does not show it. */
static prov_err *read_password(prov_cli *c, prov_bytes *out)
{
    char line[PASSWORD_MOST + 2];
    char *given = isatty(0) ? getpass("Password: ") : fgets(line, sizeof line, stdin);
    size_t len = given ? strcspn(given, "\r\n") : 0;
    if (!len)
        return prov_err_make(c->pool, 400, NULL, "no password on standard input");
    if (len > PASSWORD_MOST)
        return prov_err_make(c->pool, 400, NULL, "a password has at most %d bytes", PASSWORD_MOST);
    *out = prov_bytes_of(apr_pstrmemdup(c->pool, given, len));
    return NULL;
}

prov_err *prov_cli_admin_create(prov_cli *c)
{
    prov_bytes password;
    prov_err *err = read_password(c, &password);
    if (!err)
        err = prov_service_make_admin(c->service, c->pool, c->words[0], password);
    if (err)
        return prov_err_push(c->pool, err, "administrator %s", c->words[0]);
    prov_print_say(c->print, "%s may do everything (a member of %s).", c->words[0],
                   PROV_ADMIN_GROUP);
    return NULL;
}

static prov_err *read_permissions(prov_cli *c, uint32_t *out)
{
    char *state, *list = apr_pstrdup(c->pool, c->permit ? c->permit : "");
    *out = 0;
    for (char *word = apr_strtok(list, ", ", &state); word; word = apr_strtok(NULL, ", ", &state)) {
        uint32_t one = prov_permission_named(word);
        if (!one)
            return prov_err_make(c->pool, 400, NULL,
                                 "%s is no permission: --permit takes scim:read, scim:write, admin",
                                 word);
        *out |= one;
    }
    if (!*out)
        return prov_err_make(c->pool, 400, NULL,
                             "--permit says what the token may do, for "
                             "instance --permit scim:read,scim:write");
    return NULL;
}

static prov_err *check_application(prov_cli *c, const char **out)
{
    *out = c->application ? c->application : "resident";
    if (prov_config_application(c->service->config, *out))
        return NULL;
    return prov_err_make(c->pool, 400, NULL, "there is no <ProvisionApplication %s>", *out);
}

static bool is_named(void *baton, const prov_token *t)
{
    prov_token *like = baton;
    if (!prov_bytes_equal(t->name, like->name))
        return true;
    like->created = 0; /* taken */
    return false;
}

static prov_err *check_name(prov_cli *c, const prov_token *token)
{
    prov_snapshot *n;
    prov_token like = *token;
    prov_err *err = prov_store_read(c->service->store, c->pool, &n);
    if (err)
        return err;
    prov_snapshot_tokens(n, is_named, &like);
    prov_snapshot_end(n);
    if (like.created)
        return NULL;
    return prov_err_make(c->pool, 409, NULL,
                         "there is a token named %s: revoke it first, or take "
                         "another name",
                         c->words[0]);
}

/* Only its digest is kept. */
static const char *make_text(prov_cli *c)
{
    uint8_t secret[TOKEN_BYTES];
    prov_random(secret, sizeof secret);
    return apr_pstrcat(c->pool, "pvt_",
                       prov_text_base64url(c->pool, (prov_bytes){ secret, sizeof secret }), NULL);
}

prov_err *prov_cli_token_create(prov_cli *c)
{
    apr_time_t life = 0;
    const char *application;
    prov_token token = { .name = prov_bytes_of(c->words[0]), .created = apr_time_now() };
    prov_err *err = read_permissions(c, &token.permissions);
    if (err || (err = check_application(c, &application)) || (err = check_name(c, &token)))
        return err;
    if (!prov_text_duration(c->expires ? c->expires : EXPIRES_AFTER, &life) || life <= 0)
        return prov_err_make(c->pool, 400, NULL, "--expires takes a time like 90d or 12h");
    const char *text = c->value ? c->value : make_text(c);
    token.application = prov_bytes_of(application);
    token.expires = token.created + life;
    prov_sha256(prov_bytes_of(text), token.digest);
    prov_plan *plan = prov_plan_make(c->pool);
    prov_plan_token(plan, &token);
    if ((err = prov_cli_submit(c, plan)))
        return err;
    prov_print_text(c->print, "token", text);
    prov_print_text(c->print, "name", c->words[0]);
    prov_print_time(c->print, "expires", token.expires);
    prov_print_row(c->print);
    return NULL;
}

static bool print_token(void *baton, const prov_token *t)
{
    prov_cli *c = baton;
    prov_print_text(c->print, "name", prov_bytes_text(c->pool, t->name));
    prov_print_text(c->print, "application", prov_bytes_text(c->pool, t->application));
    prov_print_text(c->print, "permissions", prov_permission_print(c->pool, t->permissions));
    prov_print_time(c->print, "created", t->created);
    prov_print_time(c->print, "expires", t->expires);
    prov_print_row(c->print);
    return true;
}

prov_err *prov_cli_token_list(prov_cli *c)
{
    prov_snapshot *n;
    prov_err *err = prov_store_read(c->service->store, c->pool, &n);
    if (err)
        return err;
    prov_snapshot_tokens(n, print_token, c);
    prov_snapshot_end(n);
    return NULL;
}

prov_err *prov_cli_token_revoke(prov_cli *c)
{
    prov_plan *plan = prov_plan_make(c->pool);
    prov_plan_token_revoke(plan, prov_bytes_of(c->words[0]));
    prov_err *err = prov_cli_submit(c, plan);
    if (err)
        return prov_err_push(c->pool, err, "token %s", c->words[0]);
    prov_print_say(c->print, "%s is revoked.", c->words[0]);
    return NULL;
}
