/* Where secrets come from: files, commands, the environment; and the server's key file. */
#include "base/crypt.h"
#include "base/file.h"
#include "base/text.h"

#include <apr_env.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX   4096
#define COMMAND_TIME apr_time_from_sec(10)
#define COMMAND_NAP  apr_time_from_msec(5)
#define KEY_TEXT     (2 * PROV_KEY_LEN)

typedef struct source {
    const char *prefix;
    prov_err *(*read)(apr_pool_t *p, const char *rest, const char **out);
} source;

/* Cuts the line's end; `what` must hold exactly one line, and that not empty. */
static prov_err *one_line(apr_pool_t *p, const char *what, char *text, size_t len, bool first_only)
{
    char *end = memchr(text, '\n', len);
    size_t line = end ? (size_t)(end - text) : len;
    if (!first_only && end && line + 1 < len)
        return prov_err_make(p, 500, NULL, "%s holds more than one line; keep only the secret",
                             what);
    if (line && text[line - 1] == '\r')
        line--;
    if (line == 0)
        return prov_err_make(p, 500, NULL, "%s gives no secret: its first line is empty", what);
    if (memchr(text, 0, line))
        return prov_err_make(p, 500, NULL, "%s gives a NUL byte; a secret is text", what);
    text[line] = '\0';
    return NULL;
}

static prov_err *read_file(apr_pool_t *p, const char *path, const char **out)
{
    char *text = apr_palloc(p, SECRET_MAX + 2);
    apr_size_t len = SECRET_MAX + 1;
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ, 0, p);
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, text, len, &len);
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv))
        return prov_err_status(p, rv, "The secret in %s cannot be read", path);
    if (len > SECRET_MAX)
        return prov_err_make(p, 500, NULL, "The secret in %s is longer than %d bytes", path,
                             SECRET_MAX);
    *out = text;
    return one_line(p, path, text, len, false);
}

static prov_err *read_env(apr_pool_t *p, const char *name, const char **out)
{
    char *value;
    if (apr_env_get(&value, name, p) != APR_SUCCESS || !*value)
        return prov_err_make(p, 500, NULL, "The environment variable %s is not set or empty", name);
    *out = value;
    return NULL;
}

/* The output up to its end, of which the first SECRET_MAX bytes are kept. */
static apr_status_t drain(apr_file_t *from, apr_time_t deadline, char *text, size_t *kept)
{
    char block[512];
    *kept = 0;
    for (;;) {
        apr_size_t len = sizeof block;
        apr_time_t left = deadline - apr_time_now();
        if (left <= 0)
            return APR_TIMEUP;
        apr_file_pipe_timeout_set(from, left);
        apr_status_t rv = apr_file_read(from, block, &len);
        if (rv != APR_SUCCESS)
            return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
        size_t take = len < SECRET_MAX + 1 - *kept ? len : SECRET_MAX + 1 - *kept;
        memcpy(text + *kept, block, take);
        *kept += take;
    }
}

/* The child is gone when this returns, by itself or by force. */
static apr_status_t reap(apr_proc_t *child, apr_time_t deadline, int *code)
{
    apr_exit_why_e why = APR_PROC_EXIT;
    while (apr_proc_wait(child, code, &why, APR_NOWAIT) == APR_CHILD_NOTDONE) {
        if (apr_time_now() >= deadline) {
            apr_proc_kill(child, SIGKILL);
            apr_proc_wait(child, code, &why, APR_WAIT);
            return APR_TIMEUP;
        }
        apr_sleep(COMMAND_NAP);
    }
    if (!APR_PROC_CHECK_EXIT(why))
        *code = -1;
    return APR_SUCCESS;
}

static apr_status_t start(apr_pool_t *p, char **argv, apr_proc_t *child)
{
    apr_procattr_t *attr;
    apr_status_t rv = apr_procattr_create(&attr, p);
    if (rv == APR_SUCCESS)
        rv = apr_procattr_io_set(attr, APR_NO_FILE, APR_FULL_BLOCK, APR_NO_PIPE);
    if (rv == APR_SUCCESS)
        rv = apr_procattr_cmdtype_set(attr, APR_PROGRAM_PATH);
    if (rv == APR_SUCCESS)
        rv = apr_procattr_error_check_set(attr, 1);
    if (rv != APR_SUCCESS)
        return rv;
    return apr_proc_create(child, argv[0], (const char *const *)argv, NULL, attr, p);
}

static prov_err *run_command(apr_pool_t *p, apr_pool_t *scratch, char **argv, const char **out)
{
    apr_proc_t child;
    size_t len;
    int code = 0;
    char *text = apr_palloc(p, SECRET_MAX + 2);
    apr_time_t deadline = apr_time_now() + COMMAND_TIME;
    apr_status_t rv = start(scratch, argv, &child);
    if (rv != APR_SUCCESS)
        return prov_err_status(p, rv, "The command %s cannot be started", argv[0]);
    rv = drain(child.out, deadline, text, &len);
    apr_file_close(child.out);
    apr_status_t end = reap(&child, rv == APR_SUCCESS ? deadline : 0, &code);
    if (rv == APR_SUCCESS)
        rv = end;
    if (rv != APR_SUCCESS)
        return prov_err_status(p, rv, "The command %s was stopped after at most %d seconds",
                               argv[0], (int)apr_time_sec(COMMAND_TIME));
    if (code != 0)
        return prov_err_make(p, 500, NULL, "The command %s failed with exit code %d", argv[0],
                             code);
    if (len > SECRET_MAX && !memchr(text, '\n', SECRET_MAX + 1))
        return prov_err_make(p, 500, NULL, "The command %s prints a line longer than %d bytes",
                             argv[0], SECRET_MAX);
    *out = text;
    return one_line(p, argv[0], text, len, true);
}

static prov_err *read_command(apr_pool_t *p, const char *command, const char **out)
{
    char **argv;
    apr_pool_t *scratch;
    if (apr_tokenize_to_argv(command, &argv, p) != APR_SUCCESS || !argv[0])
        return prov_err_make(p, 500, NULL, "exec: needs a command behind it");
    apr_status_t rv = apr_pool_create(&scratch, p);
    if (rv != APR_SUCCESS)
        return prov_err_status(p, rv, "The command %s cannot be started", argv[0]);
    prov_err *err = run_command(p, scratch, argv, out);
    apr_pool_destroy(scratch);
    return err;
}

static const source sources[] = { { "file:", read_file },
                                  { "exec:", read_command },
                                  { "env:", read_env } };

static const source *source_of(const char *reference)
{
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strncmp(reference, sources[i].prefix, strlen(sources[i].prefix)) == 0)
            return &sources[i];
    return NULL;
}

bool prov_secret_is_literal(const char *reference)
{
    return source_of(reference) == NULL;
}

prov_err *prov_secret_read(apr_pool_t *p, const char *reference, const char **out)
{
    const source *from = source_of(reference);
    *out = reference;
    return from ? from->read(p, reference + strlen(from->prefix), out) : NULL;
}

static apr_status_t sync_folder_of(apr_pool_t *p, const char *path)
{
    const char *slash = strrchr(path, '/');
    return prov_file_sync_folder(slash ? apr_pstrmemdup(p, path, (apr_size_t)(slash - path + 1))
                                       : ".");
}

/* Whole and on disk before it has its name: a crash leaves no half key that bars every start. */
static int write_key(apr_pool_t *p, const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    int rv = 0;
    ssize_t written = write(fd, text, KEY_TEXT + 1);
    if (written != KEY_TEXT + 1)
        rv = written < 0 ? errno : EIO;
    else if (fsync(fd) != 0)
        rv = errno;
    close(fd);
    return rv;
}

prov_err *prov_key_make(apr_pool_t *p, const char *path)
{
    struct stat there;
    uint8_t key[PROV_KEY_LEN], mark[8];
    if (stat(path, &there) == 0)
        return NULL;
    prov_random(key, sizeof key);
    prov_random(mark, sizeof mark);
    char *text = apr_pstrcat(p, prov_text_hex(p, (prov_bytes){ key, sizeof key }), "\n", NULL);
    const char *draft =
        apr_pstrcat(p, path, ".", prov_text_hex(p, (prov_bytes){ mark, sizeof mark }), NULL);
    int rv = write_key(p, draft, text);
    explicit_bzero(text, KEY_TEXT);
    explicit_bzero(key, sizeof key);
    if (rv == 0 && link(draft, path) != 0 && errno != EEXIST)
        rv = errno;
    unlink(draft);
    if (rv == 0)
        rv = sync_folder_of(p, path);
    return rv ? prov_err_status(p, rv, "The secret key %s cannot be made", path) : NULL;
}

prov_err *prov_key_read(apr_pool_t *p, const char *path, uint8_t key[PROV_KEY_LEN])
{
    const char *text;
    prov_bytes bytes;
    prov_err *err = read_file(p, path, &text);
    if (err)
        return err;
    if (strlen(text) != KEY_TEXT || !prov_text_unhex(p, text, &bytes))
        return prov_err_make(p, 500, NULL, "The secret key %s must hold %d hexadecimal digits",
                             path, KEY_TEXT);
    memcpy(key, bytes.data, PROV_KEY_LEN);
    return NULL;
}
