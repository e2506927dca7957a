/* How far a long command is: a line on standard error that is written over itself. */
#ifndef PROV_CLI_PROGRESS_H
#define PROV_CLI_PROGRESS_H

#include <apr_time.h>
#include <stdbool.h>
#include <stdint.h>

#define PROV_PROGRESS_TICK apr_time_from_msec(500)

typedef struct prov_progress {
    bool shown; /* to a terminal, or as --progress asks */
    apr_time_t began, told;
} prov_progress;

void prov_progress_begin(prov_progress *g, bool asked);
/* `share` of all the work, from 0 to 1; `more` says the rest. */
void prov_progress_tell(prov_progress *g, int64_t done, double share, int64_t count,
                        const char *more);
bool prov_progress_is_time(const prov_progress *g);
double prov_progress_rate(const prov_progress *g, int64_t done); /* a second */
void prov_progress_end(const prov_progress *g);

#endif
