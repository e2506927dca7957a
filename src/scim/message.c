#include "scim/message.h"
#include "base/json.h"
#include "scim/schema.h"
#include <inttypes.h>
#include <stdlib.h>

void prov_list_open(prov_buf *b, int64_t total, int64_t start, int64_t count)
{
    prov_buf_printf(b,
                    "{\"schemas\":[\"" PROV_URN_LIST "\"],\"totalResults\":%" PRId64
                    ",\"startIndex\":%" PRId64 ",\"itemsPerPage\":%" PRId64 ",\"Resources\":[",
                    total, start, count);
}

void prov_list_open_cursor(prov_buf *b, int64_t total, int64_t count, const char *next)
{
    prov_buf_printf(b,
                    "{\"schemas\":[\"" PROV_URN_LIST "\"],\"totalResults\":%" PRId64
                    ",\"itemsPerPage\":%" PRId64,
                    total, count);
    if (next) {
        prov_buf_text(b, ",\"nextCursor\":");
        prov_json_write_text(b, next);
    }
    prov_buf_text(b, ",\"Resources\":[");
}

void prov_list_close(prov_buf *b)
{
    prov_buf_text(b, "]}");
}

void prov_error_write(prov_buf *b, int status, const char *scim_type, const char *detail)
{
    prov_buf_printf(b, "{\"schemas\":[\"" PROV_URN_ERROR "\"],\"status\":\"%d\"", status);
    if (scim_type) {
        prov_buf_text(b, ",\"scimType\":");
        prov_json_write_text(b, scim_type);
    }
    if (detail) {
        prov_buf_text(b, ",\"detail\":");
        prov_json_write_text(b, detail);
    }
    prov_buf_byte(b, '}');
}

/* An integer of any size: beyond 64 bits it is the nearest there is, which then is clamped. */
static prov_err *read_integer(apr_pool_t *p, const char *name, const char *scim_type,
                              const char *text, int64_t *out)
{
    const char *digits = text + (*text == '-' || *text == '+');
    char *end = NULL;
    if (*digits >= '0' && *digits <= '9')
        *out = strtoll(text, &end, 10);
    if (end && *end == '\0')
        return NULL;
    prov_err *err = prov_err_make(p, 400, scim_type, "%s must be an integer", name);
    err->source = name;
    return err;
}

prov_err *prov_list_start(apr_pool_t *p, const char *text, int64_t *first)
{
    *first = 1;
    prov_err *err = text ? read_integer(p, "startIndex", "invalidValue", text, first) : NULL;
    if (*first < 1)
        *first = 1;
    return err;
}

prov_err *prov_list_count(apr_pool_t *p, const char *text, const char *scim_type, int64_t preset,
                          int64_t most, int64_t *want)
{
    *want = preset;
    prov_err *err = text ? read_integer(p, "count", scim_type, text, want) : NULL;
    *want = *want < 0 ? 0 : *want > most ? most : *want;
    return err;
}
