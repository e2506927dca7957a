#include "base/fault.h"

#ifdef PROV_TEST
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *folder;

__attribute__((constructor)) static void look_up(void)
{
    folder = getenv("PROVISION_FAULTS");
}

static void meet(const char *name, const char *end, int signal)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, end);
    if (unlink(path) == 0)
        raise(signal); /* this very thread goes no further */
}

/* The thread alone stands still, until the file that says so is taken away: a process that stands
 * still may have the store's lock. */
static void hold(const char *name)
{
    char asked[512], held[512];
    snprintf(asked, sizeof asked, "%s/%s.hold", folder, name);
    snprintf(held, sizeof held, "%s/%s.held", folder, name);
    if (rename(asked, held) == 0)
        while (access(held, F_OK) == 0)
            usleep(10000);
}

static const char *awaited;
static int left, awaited_signal;

void prov_fault_at(const char *name, int nth, int signal)
{
    awaited = name;
    left = nth;
    awaited_signal = signal;
}

void prov_fault_point(const char *name)
{
    if (awaited && strcmp(name, awaited) == 0 && --left == 0)
        raise(awaited_signal);
    if (!folder)
        return;
    meet(name, "", SIGKILL);
    meet(name, ".stop", SIGSTOP);
    hold(name);
}
#else
typedef int prov_no_faults; /* a file that compiles to nothing is refused */
#endif
