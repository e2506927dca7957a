#include "base/file.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

apr_status_t prov_file_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    apr_status_t rv = fd >= 0 && fsync(fd) == 0 ? APR_SUCCESS : errno;
    if (fd >= 0)
        close(fd);
    return rv;
}

int prov_file_lock_folder(const char *folder)
{
    int rc = -1, fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && (rc = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
        ;
    if (fd < 0 || rc == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static apr_status_t write_whole(int fd, prov_bytes content)
{
    while (content.len > 0) {
        ssize_t n = write(fd, content.data, content.len);
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0)
            content = (prov_bytes){ content.data + n, content.len - (size_t)n };
    }
    return APR_SUCCESS;
}

static apr_status_t read_whole(int fd, uint8_t *to, size_t room, size_t *len)
{
    *len = 0;
    while (*len < room) {
        ssize_t n = read(fd, to + *len, room - *len);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return errno;
        *len += n > 0 ? (size_t)n : 0;
    }
    return APR_SUCCESS;
}

/* One byte more than it may have tells that it is too long, whatever kind of file it is. */
prov_err *prov_file_read(apr_pool_t *p, const char *path, size_t most, prov_bytes *out)
{
    apr_pool_t *scratch;
    size_t len = 0;
    apr_pool_create(&scratch, p);
    uint8_t *data = apr_palloc(scratch, most + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    apr_status_t rv = fd < 0 ? errno : read_whole(fd, data, most + 1, &len);
    if (fd >= 0)
        close(fd);
    *out = prov_bytes_copy(p, (prov_bytes){ data, len <= most ? len : 0 });
    apr_pool_destroy(scratch);
    if (rv != APR_SUCCESS)
        return prov_err_status(p, rv, "%s cannot be read", path);
    if (len > most)
        return prov_err_make(p, 413, NULL, "%s has more than %zu bytes", path, most);
    return NULL;
}

/* Root writes it for the user that the folder was made for. */
static apr_status_t give_away(int fd, const char *folder)
{
    struct stat st;
    if (geteuid() != 0)
        return APR_SUCCESS;
    if (stat(folder, &st) != 0 || fchown(fd, st.st_uid, st.st_gid) != 0 || fchmod(fd, 0640) != 0)
        return errno;
    return APR_SUCCESS;
}

static bool is_there(apr_pool_t *p, const char *path, prov_bytes content)
{
    prov_bytes old;
    return !prov_file_read(p, path, content.len, &old) && prov_bytes_equal(old, content);
}

/* The folder is not ours alone: a link that lies in wait under the draft's name is not followed. */
static apr_status_t write_draft(const char *draft, const char *folder, prov_bytes content)
{
    unlink(draft);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    apr_status_t rv = fd < 0 ? errno : write_whole(fd, content);
    if (rv == APR_SUCCESS)
        rv = give_away(fd, folder);
    if (rv == APR_SUCCESS && fsync(fd) != 0)
        rv = errno;
    if (fd >= 0)
        close(fd);
    return rv;
}

/* A server that is started again on a full disk has no room for a draft of what is there. */
prov_err *prov_file_replace(apr_pool_t *p, const char *folder, const char *name, prov_bytes content)
{
    const char *to = apr_pstrcat(p, folder, "/", name, NULL);
    const char *draft = apr_pstrcat(p, to, ".new", NULL);
    bool there = is_there(p, to, content);
    apr_status_t rv = there ? APR_SUCCESS : write_draft(draft, folder, content);
    if (rv == APR_SUCCESS && !there && rename(draft, to) != 0)
        rv = errno;
    if (rv == APR_SUCCESS)
        rv = prov_file_sync_folder(folder);
    return rv == APR_SUCCESS ? NULL : prov_err_status(p, rv, "%s cannot be written", to);
}
