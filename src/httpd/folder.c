#include "httpd/folder.h"

#include "base/file.h"

#include <httpd.h>
#include <unixd.h>

#include <apr_strings.h>
#include <dirent.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MOST_GROUPS 256

/* Locks and memory maps of these do not hold between machines, or at all. */
static const struct {
    unsigned type;
    const char *name;
} remote[] = { { 0x6969, "NFS" },     { 0xFF534D42, "CIFS" }, { 0xFE534D42, "SMB" },
               { 0x517B, "SMB" },     { 0x01021997, "9P" },   { 0x5346414F, "AFS" },
               { 0x00C36400, "Ceph" } };

static const char *const ours[] = {
    ".", "..", "data.mdb", "lock.mdb", "effective.json", "effective.json.new"
};

typedef struct account {
    uid_t uid;
    gid_t groups[MOST_GROUPS];
    int group_count;
    const char *name;
} account;

/* The user the children run as: the configured one if we can become him, else ourselves. */
static void server_account(account *a)
{
    a->group_count = MOST_GROUPS;
    if (geteuid() == 0) {
        a->uid = ap_unixd_config.user_id;
        a->name = ap_unixd_config.user_name ? ap_unixd_config.user_name : "root";
        if (getgrouplist(a->name, ap_unixd_config.group_id, a->groups, &a->group_count) < 0)
            a->group_count = MOST_GROUPS;
        return;
    }
    a->uid = geteuid();
    a->name = "the user that runs the server";
    a->group_count = getgroups(MOST_GROUPS - 1, a->groups);
    if (a->group_count < 0)
        a->group_count = 0;
    a->groups[a->group_count++] = getegid();
}

static bool in_group(const account *a, gid_t gid)
{
    for (int i = 0; i < a->group_count; i++)
        if (a->groups[i] == gid)
            return true;
    return false;
}

/* `bits` as of others: 1 to enter, 3 to enter and write. */
static bool may(const account *a, const struct stat *of, unsigned bits)
{
    unsigned shift = of->st_uid == a->uid ? 6 : in_group(a, of->st_gid) ? 3 : 0;
    return a->uid == 0 || (of->st_mode >> shift & bits) == bits;
}

/* The folders above `path` that exist, from the root down. */
static const char *barred_above(apr_pool_t *p, const char *path, const account *a)
{
    struct stat st;
    for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
        const char *above = slash == path ? "/" : apr_pstrmemdup(p, path, (size_t)(slash - path));
        if (stat(above, &st) != 0)
            return errno == ENOENT
                       ? NULL
                       : apr_psprintf(p, "%s cannot be looked at: %s", above, strerror(errno));
        if (!S_ISDIR(st.st_mode))
            return apr_psprintf(p, "%s is no folder; name one that can be made", above);
        if (!may(a, &st, 1))
            return apr_psprintf(p,
                                "%s bars %s from entering; allow it (chmod o+x %s) or name another "
                                "folder",
                                above, a->name, above);
    }
    return NULL;
}

static const char *on_network(apr_pool_t *p, const char *path)
{
    struct statfs fs;
    char *at = apr_pstrdup(p, path);
    while (statfs(at, &fs) != 0) {
        char *slash = strrchr(at, '/');
        if (errno != ENOENT || slash == at)
            return NULL;
        *slash = '\0';
    }
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
        if ((unsigned)fs.f_type == remote[i].type)
            return apr_psprintf(p, "%s lies on %s; name a folder on a local disk", path,
                                remote[i].name);
    return NULL;
}

static const char *stranger_in(apr_pool_t *p, const char *path)
{
    const char *found = NULL;
    DIR *dir = opendir(path);
    const struct dirent *entry;
    while (dir && !found && (entry = readdir(dir))) {
        bool known = false;
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
            known |= strcmp(entry->d_name, ours[i]) == 0;
        if (!known)
            found = apr_pstrdup(p, entry->d_name);
    }
    if (dir)
        closedir(dir);
    return found;
}

/* A folder of someone else's becomes the server's only if nothing else is in it. */
static const char *unfit_itself(apr_pool_t *p, const char *path, const account *a)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        const char *slash = strrchr(path, '/');
        const char *above = slash == path ? "/" : apr_pstrmemdup(p, path, (size_t)(slash - path));
        if (geteuid() != 0 && stat(above, &st) == 0 && !may(a, &st, 3))
            return apr_psprintf(p,
                                "%s cannot be made, since %s may not write to %s; allow it or "
                                "start the server as root",
                                path, a->name, above);
        return NULL;
    }
    if (!S_ISDIR(st.st_mode))
        return apr_psprintf(p, "%s is no folder; name one that can be made", path);
    if (may(a, &st, 3) && st.st_uid == a->uid)
        return NULL;
    if (geteuid() != 0)
        return may(a, &st, 3) ? NULL
                              : apr_psprintf(p,
                                             "%s may not write to %s; allow it or start the "
                                             "server as root",
                                             a->name, path);
    const char *stranger = stranger_in(p, path);
    return stranger ? apr_psprintf(p,
                                   "%s is not %s's and holds other things (%s); name a folder "
                                   "of the store's own",
                                   path, a->name, stranger)
                    : NULL;
}

const char *prov_folder_unfit(apr_pool_t *p, const char *path)
{
    account a;
    server_account(&a);
    const char *why = barred_above(p, path, &a);
    if (!why)
        why = on_network(p, path);
    return why ? why : unfit_itself(p, path, &a);
}

prov_err *prov_folder_make(apr_pool_t *p, const char *path)
{
    apr_fileperms_t open_to_all = APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE |
                                  APR_FPROT_GREAD | APR_FPROT_GEXECUTE | APR_FPROT_WREAD |
                                  APR_FPROT_WEXECUTE;
    const char *slash = strrchr(path, '/');
    const char *above = slash == path ? "/" : apr_pstrmemdup(p, path, (size_t)(slash - path));
    struct stat st;
    apr_status_t rv = apr_dir_make_recursive(above, open_to_all, p);
    if (rv == APR_SUCCESS && mkdir(path, 0750) != 0 && errno != EEXIST)
        rv = errno;
    if (rv == APR_SUCCESS && stat(path, &st) != 0)
        rv = errno;
    if (rv == APR_SUCCESS && geteuid() == 0 && st.st_uid != ap_unixd_config.user_id &&
        chown(path, ap_unixd_config.user_id, ap_unixd_config.group_id) != 0)
        rv = errno;
    if (rv == APR_SUCCESS)
        rv = prov_file_sync_folder(above);
    return rv == APR_SUCCESS ? NULL
                             : prov_err_status(p, rv, "The store's folder %s cannot be made", path);
}
