/* backup: the store as it is at one moment, beside the running server, with the configuration that
 * it ran with. */
#include "cli/cli.h"
#include "base/file.h"
#include <apr_strings.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG      "effective.json"
#define CONFIG_MOST ((size_t)64 << 20)

static bool is_empty(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    int entries = 0;
    while (dir && entries < 3 && readdir(dir))
        entries++;
    if (dir)
        closedir(dir);
    return dir && entries < 3; /* itself and the one above */
}

/* The copies are made as the store's owner, who need not be able to come here by its path: the
 * folder is given to him, open. */
prov_err *prov_cli_backup_prepare(prov_cli *c)
{
    struct stat st;
    const char *path = c->words[0];
    if (stat(c->store, &st) != 0)
        return prov_err_status(c->pool, errno, "%s", c->store);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return prov_err_status(c->pool, errno, "%s cannot be made", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return prov_err_status(c->pool, errno, "%s", path);
    if (!is_empty(fd))
        return prov_err_make(c->pool, 409, NULL,
                             "%s is not empty: each backup has a folder of its own", path);
    if (geteuid() == 0 && (fchown(fd, st.st_uid, st.st_gid) != 0 || fchmod(fd, 0700) != 0))
        return prov_err_status(c->pool, errno, "%s cannot be given to the store's owner", path);
    c->prepared = apr_pmemdup(c->pool, &fd, sizeof fd);
    return NULL;
}

static prov_err *write_config(prov_cli *c, int folder, prov_bytes text)
{
    int fd = openat(folder, CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    bool good = fd >= 0;
    while (good && text.len) {
        ssize_t n = write(fd, text.data, text.len);
        good = n > 0;
        text = (prov_bytes){ text.data + (good ? n : 0), text.len - (size_t)(good ? n : 0) };
    }
    good = good && fsync(fd) == 0 && fsync(folder) == 0;
    prov_err *err = good ? NULL : prov_err_status(c->pool, errno, CONFIG " cannot be copied");
    if (fd >= 0)
        close(fd);
    return err;
}

prov_err *prov_cli_backup(prov_cli *c)
{
    int folder = *(const int *)c->prepared;
    prov_bytes config;
    struct stat st;
    prov_err *err = prov_file_read(c->pool, apr_pstrcat(c->pool, c->store, "/" CONFIG, NULL),
                                   CONFIG_MOST, &config);
    if (!err)
        err = write_config(c, folder, config);
    /* last: with it, the backup is whole */
    if (!err)
        err = prov_store_backup(c->service->store, c->pool, folder);
    if (err)
        return err;
    if (fstatat(folder, "data.mdb", &st, 0) != 0)
        st.st_size = 0;
    prov_print_text(c->print, "folder", c->words[0]);
    prov_print_number(c->print, "bytes", (int64_t)st.st_size);
    prov_print_text(c->print, "secretKey", c->service->config->settings.secret_key);
    prov_print_row(c->print);
    return NULL;
}
