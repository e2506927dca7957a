/* Every file system is NFS: for the configuration check. */
#include <dlfcn.h>
#include <sys/vfs.h>

int statfs(const char *path, struct statfs *out)
{
    int (*real)(const char *, struct statfs *) =
        (int (*)(const char *, struct statfs *))dlsym(RTLD_NEXT, "statfs");
    int rv = real(path, out);
    if (rv == 0)
        out->f_type = 0x6969;
    return rv;
}
