#include "base/file.h"
#include "tap.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <sys/stat.h>
#include <unistd.h>

static apr_pool_t *p;

static const char *content_of(const char *path)
{
    char text[20000];
    FILE *in = fopen(path, "rb");
    if (!in)
        return NULL;
    size_t len = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[len] = '\0';
    return apr_pstrdup(p, text);
}

static void test_replace(const char *folder)
{
    struct stat st;
    const char *path = apr_pstrcat(p, folder, "/it", NULL),
               *draft = apr_pstrcat(p, path, ".new", NULL);
    ok(prov_file_replace(p, folder, "it", PROV_BYTES("old")) == NULL, "a new file");
    is_str(content_of(path), "old", "with its content");
    ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640, "its mode");
    ok(prov_file_replace(p, folder, "it", PROV_BYTES("")) == NULL, "replaced by nothing");
    is_str(content_of(path), "", "nothing of the old is left");

    /* Somebody's link lies where the draft goes. */
    const char *victim = apr_pstrcat(p, folder, "/victim", NULL);
    ok(prov_file_replace(p, folder, "victim", PROV_BYTES("mine")) == NULL, "another file");
    ok(symlink(victim, draft) == 0, "a link in the draft's place");
    ok(prov_file_replace(p, folder, "it", PROV_BYTES("new")) == NULL, "is no obstacle");
    is_str(content_of(path), "new", "the file is replaced");
    is_str(content_of(victim), "mine", "the link is not followed");
    ok(lstat(path, &st) == 0 && S_ISREG(st.st_mode), "a file, no link");
    ok(access(draft, F_OK) != 0, "no draft is left");
    unlink(path);
    unlink(victim);
}

static void test_errors(const char *folder)
{
    const char *missing = apr_pstrcat(p, folder, "/missing", NULL);
    prov_err *err = prov_file_replace(p, missing, "it", PROV_BYTES("x"));
    ok(err && APR_STATUS_IS_ENOENT(err->rv) && strstr(err->detail, missing), "no folder");
    ok(APR_STATUS_IS_ENOENT(prov_file_sync_folder(missing)), "none to sync either");
    is_int(prov_file_sync_folder(folder), APR_SUCCESS, "one that is there");
}

int main(void)
{
    char folder[] = "/tmp/base_file.XXXXXX";
    apr_initialize();
    apr_pool_create(&p, NULL);
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    test_replace(folder);
    test_errors(folder);
    rmdir(folder);
    apr_terminate();
    return plan_done();
}
