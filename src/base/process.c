#include "base/process.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAT_START_TIME 22 /* proc(5): fields count from 1, the command's name is the second */

typedef struct life {
    uint64_t started;
    bool ended; /* and not yet buried by its parent */
} life;

/* False: nobody says. */
static bool read_life(uint32_t pid, life *out)
{
    char path[32], line[1024];
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = 0;
    /* the name may hold anything, parentheses and spaces too: go on from its last one */
    const char *at = strrchr(line, ')');
    out->ended = at && strspn(at, ") ") == 2 && strchr("ZXx", at[2]);
    for (int field = 2; at && field < STAT_START_TIME; field++)
        at = strchr(at + 1, ' ');
    out->started = at ? strtoull(at + 1, NULL, 10) : 0;
    return out->started != 0;
}

uint64_t prov_process_started(uint32_t pid)
{
    life l;
    return read_life(pid, &l) ? l.started : 0;
}

bool prov_process_alive(uint32_t pid, uint64_t started)
{
    life l;
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return false;
    /* It is there; without a descriptor to ask with, it may be the same. */
    return !read_life(pid, &l) || (!l.ended && l.started == started);
}
