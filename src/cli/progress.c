#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

void prov_progress_begin(prov_progress *g, bool asked)
{
    *g = (prov_progress){ .shown = asked || isatty(2), .began = apr_time_now() };
}

static double seconds(const prov_progress *g)
{
    return (double)(apr_time_now() - g->began) / APR_USEC_PER_SEC;
}

double prov_progress_rate(const prov_progress *g, int64_t done)
{
    double passed = seconds(g);
    return passed > 0 ? (double)done / passed : 0;
}

bool prov_progress_is_time(const prov_progress *g)
{
    return g->shown && apr_time_now() - g->told >= PROV_PROGRESS_TICK;
}

void prov_progress_tell(prov_progress *g, int64_t done, double share, int64_t count,
                        const char *more)
{
    if (!g->shown)
        return;
    int64_t left = share > 0 ? (int64_t)(seconds(g) * (1 - share) / share) : 0;
    fprintf(
        stderr, "\r%" PRId64 " records, %.0f/s, %.0f %%, %" PRId64 ":%02d left, %" PRId64 " %s   ",
        done, prov_progress_rate(g, done), share * 100, left / 60, (int)(left % 60), count, more);
    fflush(stderr);
    g->told = apr_time_now();
}

void prov_progress_end(const prov_progress *g)
{
    if (g->shown)
        fputc('\n', stderr);
}
