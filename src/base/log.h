/* The library's way to a log, whatever process it runs in. Thread-safe once the sink is set. */
#ifndef PROV_BASE_LOG_H
#define PROV_BASE_LOG_H

typedef enum {
    PROV_LOG_ERROR,
    PROV_LOG_WARNING,
    PROV_LOG_NOTICE,
    PROV_LOG_INFO,
    PROV_LOG_DEBUG
} prov_log_level;

typedef void prov_log_sink(void *baton, prov_log_level level, const char *line);

/* Set once, before threads start. Without a sink, errors and warnings go to stderr. */
void prov_log_to(prov_log_sink *sink, void *baton);

void prov_log(prov_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
