#include "base/err.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>

/* libc's printf, not APR's: the compiler checks for it, and APR's knows no %zu. */
static const char *sentence(apr_pool_t *p, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    char *text = apr_pcalloc(p, len < 0 ? 1 : (apr_size_t)len + 1);
    if (len > 0)
        vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return text;
}

prov_err *prov_err_make(apr_pool_t *p, int http, const char *scim_type, const char *fmt, ...)
{
    prov_err *err = apr_pcalloc(p, sizeof *err);
    va_list args;
    va_start(args, fmt);
    err->detail = sentence(p, fmt, args);
    va_end(args);
    err->http = http;
    err->scim_type = scim_type;
    return err;
}

prov_err *prov_err_status(apr_pool_t *p, apr_status_t rv, const char *fmt, ...)
{
    char reason[200];
    prov_err *err = apr_pcalloc(p, sizeof *err);
    va_list args;
    va_start(args, fmt);
    err->detail = sentence(p, fmt, args);
    va_end(args);
    if (rv != APR_SUCCESS)
        err->detail =
            apr_pstrcat(p, err->detail, ": ", apr_strerror(rv, reason, sizeof reason), NULL);
    err->rv = rv;
    err->http = 500;
    return err;
}

prov_err *prov_err_push(apr_pool_t *p, prov_err *prev, const char *fmt, ...)
{
    prov_err *err = apr_pmemdup(p, prev, sizeof *prev);
    va_list args;
    va_start(args, fmt);
    err->detail = sentence(p, fmt, args);
    va_end(args);
    err->prev = prev;
    return err;
}

const char *prov_err_text(apr_pool_t *p, const prov_err *err)
{
    const char *line = "";
    for (const char *between = ""; err; err = err->prev, between = ": ") {
        /* A pushed error inherits the source; it is told once, where it was met. */
        if (err->source && (!err->prev || err->prev->source != err->source))
            line = apr_pstrcat(p, line, between, err->source, ": ", err->detail, NULL);
        else
            line = apr_pstrcat(p, line, between, err->detail, NULL);
    }
    return line;
}
