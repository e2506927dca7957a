/* Logs what reaches the disk below POWERCUT_ROOT into the file POWERCUT_LOG: each write, sync and
 * change of names, with its data and thread, in the order it happened. Writes through a map pass
 * unseen: whoever reads the log compares its end with what is there.
 * POWERCUT_NOSYNC=1 opens every LMDB environment with MDB_NOSYNC.
 * msync and sync_file_range promise nothing that the log could not do without. */
#include "../lib/powercut_log.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FDS 1024
#define NAP_US   300 /* a disk takes its time, in which plans gather */

enum { WATCHED = 1, AT_ONCE = 2 };

#define REAL(type, name, ...)                                                                      \
    static type (*real)(__VA_ARGS__);                                                              \
    if (!real)                                                                                     \
    real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_len;
static int log_fd = -1;
static uint64_t position;
static uint8_t fds[MOST_FDS];

/* --- the log -------------------------------------------------------------------------------- */

static ssize_t write_really(int fd, const void *data, size_t len)
{
    REAL(ssize_t, write, int, const void *, size_t);
    return real(fd, data, len);
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("POWERCUT_ROOT"), *to = getenv("POWERCUT_LOG");
    if (!path || !to || !realpath(path, root))
        return;
    log_fd = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    root_len = strlen(root);
}

static void put(const void *data, size_t len)
{
    if (len && write_really(log_fd, data, len) != (ssize_t)len)
        abort();
}

static void note(cut_event e, const void *payload, size_t len)
{
    e.thread = (uint32_t)syscall(SYS_gettid);
    e.length = (uint32_t)len;
    put(&e, sizeof e);
    put(payload, len);
    __atomic_add_fetch(&position, 1, __ATOMIC_SEQ_CST);
}

uint64_t powercut_position(void)
{
    return __atomic_load_n(&position, __ATOMIC_SEQ_CST);
}

/* --- who is watched ------------------------------------------------------------------------- */

static uint64_t inode_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static bool is_inside(int fd)
{
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (log_fd < 0 || len < (ssize_t)root_len || memcmp(path, root, root_len) != 0)
        return false;
    return len == (ssize_t)root_len || path[root_len] == '/';
}

static bool is_watched(int fd)
{
    return fd >= 0 && fd < MOST_FDS && fds[fd] & WATCHED;
}

/* The inode of a path's folder, 0 if that is not watched; `name` is the rest. */
static uint64_t folder_of(const char *path, const char **name)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, folder, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    uint64_t inode = fd >= 0 && is_inside(fd) ? inode_of(fd) : 0;
    if (fd >= 0)
        syscall(SYS_close, fd);
    return inode;
}

static uint64_t inode_at(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 ? st.st_ino : 0;
}

/* --- names ---------------------------------------------------------------------------------- */

static int watch(int fd, const char *path, int flags, bool was_there)
{
    const char *name;
    if (fd < 0 || fd >= MOST_FDS)
        return fd;
    fds[fd] = is_inside(fd) ? WATCHED | (flags & O_DSYNC ? AT_ONCE : 0) : 0;
    if (!fds[fd])
        return fd;
    if (flags & O_CREAT && !was_there)
        note(
            (cut_event){ .kind = CUT_MADE, .folder = folder_of(path, &name), .file = inode_of(fd) },
            strrchr(path, '/') + 1, strlen(strrchr(path, '/') + 1));
    else if (flags & O_TRUNC)
        note((cut_event){ .kind = CUT_SIZED, .file = inode_of(fd) }, NULL, 0);
    return fd;
}

static int open_watched(const char *path, int flags, mode_t mode)
{
    pthread_mutex_lock(&lock);
    bool was_there = flags & O_CREAT && inode_at(path) != 0;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    watch(fd, path, flags, was_there);
    pthread_mutex_unlock(&lock);
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_watched(path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int close(int fd)
{
    REAL(int, close, int);
    pthread_mutex_lock(&lock);
    if (is_watched(fd))
        fds[fd] = 0;
    pthread_mutex_unlock(&lock);
    return real(fd);
}

int mkdir(const char *path, mode_t mode)
{
    const char *name;
    REAL(int, mkdir, const char *, mode_t);
    pthread_mutex_lock(&lock);
    int rv = real(path, mode);
    uint64_t folder = rv == 0 ? folder_of(path, &name) : 0;
    if (folder)
        note(
            (cut_event){
                .kind = CUT_MADE, .flags = CUT_FOLDER, .folder = folder, .file = inode_at(path) },
            name, strlen(name));
    pthread_mutex_unlock(&lock);
    return rv;
}

int link(const char *from, const char *to)
{
    const char *name;
    REAL(int, link, const char *, const char *);
    pthread_mutex_lock(&lock);
    int rv = real(from, to);
    uint64_t folder = rv == 0 ? folder_of(to, &name) : 0;
    if (folder)
        note((cut_event){ .kind = CUT_LINKED, .folder = folder, .file = inode_at(to) }, name,
             strlen(name));
    pthread_mutex_unlock(&lock);
    return rv;
}

static int remove_watched(const char *path, int (*real)(const char *))
{
    const char *name;
    pthread_mutex_lock(&lock);
    int rv = real(path);
    uint64_t folder = rv == 0 ? folder_of(path, &name) : 0;
    if (folder)
        note((cut_event){ .kind = CUT_REMOVED, .folder = folder }, name, strlen(name));
    pthread_mutex_unlock(&lock);
    return rv;
}

int unlink(const char *path)
{
    REAL(int, unlink, const char *);
    return remove_watched(path, real);
}

int rmdir(const char *path)
{
    REAL(int, rmdir, const char *);
    return remove_watched(path, real);
}

int rename(const char *from, const char *to)
{
    const char *old, *now;
    char names[2 * PATH_MAX];
    REAL(int, rename, const char *, const char *);
    pthread_mutex_lock(&lock);
    int rv = real(from, to);
    uint64_t out = rv == 0 ? folder_of(from, &old) : 0, in = rv == 0 ? folder_of(to, &now) : 0;
    if (!out != !in)
        abort(); /* no such event, as nobody does it */
    if (in) {
        int len = snprintf(names, sizeof names, "%s%c%s", old, 0, now);
        note((cut_event){ .kind = CUT_RENAMED, .folder = in, .file = inode_at(to), .offset = out },
             names, (size_t)len);
    }
    pthread_mutex_unlock(&lock);
    return rv;
}

/* --- data ----------------------------------------------------------------------------------- */

static void note_written(int fd, off_t offset, const void *data, ssize_t len)
{
    if (len > 0)
        note((cut_event){ .kind = CUT_WRITTEN,
                          .flags = fds[fd] & AT_ONCE ? CUT_AT_ONCE : 0,
                          .file = inode_of(fd),
                          .offset = (uint64_t)offset },
             data, (size_t)len);
}

ssize_t write(int fd, const void *data, size_t len)
{
    if (!is_watched(fd))
        return write_really(fd, data, len);
    pthread_mutex_lock(&lock);
    ssize_t done = write_really(fd, data, len);
    note_written(fd, lseek(fd, 0, SEEK_CUR) - done, data, done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
    if (!is_watched(fd))
        return real(fd, data, len, offset);
    pthread_mutex_lock(&lock);
    ssize_t done = real(fd, data, len, offset);
    note_written(fd, offset, data, done);
    pthread_mutex_unlock(&lock);
    return done;
}

static void note_parts(int fd, off_t offset, const struct iovec *parts, int count, ssize_t done)
{
    for (int i = 0; i < count && done > 0; i++) {
        ssize_t len = (ssize_t)parts[i].iov_len < done ? (ssize_t)parts[i].iov_len : done;
        note_written(fd, offset, parts[i].iov_base, len);
        offset += len;
        done -= len;
    }
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    REAL(ssize_t, writev, int, const struct iovec *, int);
    if (!is_watched(fd))
        return real(fd, parts, count);
    pthread_mutex_lock(&lock);
    ssize_t done = real(fd, parts, count);
    note_parts(fd, lseek(fd, 0, SEEK_CUR) - done, parts, count, done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t);
    if (!is_watched(fd))
        return real(fd, parts, count, offset);
    pthread_mutex_lock(&lock);
    ssize_t done = real(fd, parts, count, offset);
    note_parts(fd, offset, parts, count, done);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t size)
{
    REAL(int, ftruncate, int, off_t);
    if (!is_watched(fd))
        return real(fd, size);
    pthread_mutex_lock(&lock);
    int rv = real(fd, size);
    if (rv == 0)
        note((cut_event){ .kind = CUT_SIZED, .file = inode_of(fd), .offset = (uint64_t)size }, NULL,
             0);
    pthread_mutex_unlock(&lock);
    return rv;
}

/* --- syncs ---------------------------------------------------------------------------------- */

static int sync_watched(int fd, int (*real)(int))
{
    if (!is_watched(fd))
        return real(fd);
    pthread_mutex_lock(&lock);
    usleep(NAP_US);
    int rv = real(fd);
    if (rv == 0)
        note((cut_event){ .kind = CUT_SYNCED, .file = inode_of(fd) }, NULL, 0);
    pthread_mutex_unlock(&lock);
    return rv;
}

int fsync(int fd)
{
    REAL(int, fsync, int);
    return sync_watched(fd, real);
}

int fdatasync(int fd)
{
    REAL(int, fdatasync, int);
    return sync_watched(fd, real);
}

int mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
    REAL(int, mdb_env_open, MDB_env *, const char *, unsigned, mdb_mode_t);
    return real(env, path, flags | (getenv("POWERCUT_NOSYNC") ? MDB_NOSYNC : 0), mode);
}
