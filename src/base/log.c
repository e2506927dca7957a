#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#define LINE_ROOM 4096

static prov_log_sink *sink_call;
static void *sink_baton;

static const char *const level_names[] = { "error", "warning", "notice", "info", "debug" };

void prov_log_to(prov_log_sink *sink, void *baton)
{
    sink_call = sink;
    sink_baton = baton;
}

/* What a stranger wrote may be quoted in a line; it must not be able to begin another one. */
static void keep_one_line(char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line < 0x20 || *line == 0x7F)
            *line = ' ';
}

void prov_log(prov_log_level level, const char *fmt, ...)
{
    if (!sink_call && level > PROV_LOG_WARNING)
        return;
    char line[LINE_ROOM];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    keep_one_line(line);
    if (sink_call)
        sink_call(sink_baton, level, line);
    else
        fprintf(stderr, "provision: %s: %s\n", level_names[level], line);
}
