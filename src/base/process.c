#include "base/process.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAT_START_TIME 22 /* proc(5): fields count from 1, the command's name is the second */

uint64_t prov_process_started(uint32_t pid)
{
    char path[32], line[1024];
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = 0;
    /* the name may hold anything, parentheses and spaces too: go on from its last one */
    const char *at = strrchr(line, ')');
    for (int field = 2; at && field < STAT_START_TIME; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

bool prov_process_alive(uint32_t pid, uint64_t started)
{
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return false;
    uint64_t now = prov_process_started(pid);
    return now != 0 && now == started;
}
