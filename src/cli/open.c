/* A command works on what the server left in the store's folder: its resolved configuration and the
 * store itself, as the store's owner. */
#include "cli/cli.h"
#include "base/crypt.h"
#include <apr_file_io.h>
#include <apr_strings.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

static prov_err *read_config(prov_cli *c, prov_config **out)
{
    const char *path = apr_pstrcat(c->pool, c->store, "/effective.json", NULL);
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t len = 0;
    apr_status_t rv = apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, c->pool);
    if (rv == APR_SUCCESS)
        rv = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    if (rv != APR_SUCCESS)
        return prov_err_status(c->pool, rv,
                               "%s cannot be read; the server writes it when it "
                               "starts",
                               path);
    char *text = apr_palloc(c->pool, (apr_size_t)info.size + 1);
    rv = apr_file_read_full(file, text, (apr_size_t)info.size, &len);
    apr_file_close(file);
    if (rv != APR_SUCCESS)
        return prov_err_status(c->pool, rv, "%s", path);
    prov_err *err = prov_config_read(c->pool, (prov_bytes){ (uint8_t *)text, len }, out);
    return err ? prov_err_push(c->pool, err, "%s", path) : NULL;
}

/* Files made by a command must be the server's own. */
static prov_err *become_owner(prov_cli *c)
{
    struct stat st;
    if (stat(c->store, &st) != 0)
        return prov_err_status(c->pool, errno, "%s", c->store);
    if (geteuid() == st.st_uid)
        return NULL;
    if (geteuid() != 0)
        return prov_err_make(c->pool, 403, NULL,
                             "%s belongs to another user: run this as root or "
                             "as its owner",
                             c->store);
    const struct passwd *owner = getpwuid(st.st_uid);
    if ((owner ? initgroups(owner->pw_name, st.st_gid) : setgroups(0, NULL)) != 0 ||
        setgid(st.st_gid) != 0 || setuid(st.st_uid) != 0)
        return prov_err_status(c->pool, errno, "becoming the owner of %s", c->store);
    return NULL;
}

static prov_err *read_key(prov_cli *c, const prov_config *config, uint8_t key[PROV_KEY_LEN])
{
    const char *reference = config->settings.secret_key;
    if (!reference || strncmp(reference, "file:", 5) != 0)
        return prov_err_make(c->pool, 500, NULL, "the configuration names no secret key");
    return prov_key_read(c->pool, reference + 5, key);
}

prov_err *prov_cli_open(prov_cli *c)
{
    prov_config *config;
    uint8_t key[PROV_KEY_LEN];
    prov_service_options options = { .dispatch = false, .key = key };
    prov_err *err = read_config(c, &config);
    /* the key is root's: it is read before the rights are given up */
    if (err || (err = read_key(c, config, key)) || (err = become_owner(c)))
        return err;
    return prov_service_open(c->pool, config, &options, &c->service);
}

prov_err *prov_cli_submit(prov_cli *c, const prov_plan *plan)
{
    prov_verdict verdict;
    prov_store_submit(c->service->store, plan, &verdict);
    return prov_verdict_error(c->pool, &verdict);
}
