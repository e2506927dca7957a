/* Errors keep their status on the way up, log lines stay lines. */
#include "base/err.h"
#include "base/log.h"
#include "base/bytes.h"
#include "tap.h"

static void errors(apr_pool_t *p)
{
    prov_err *inner = prov_err_make(p, 409, "uniqueness", "The user name %s is taken", "ann");
    is_int(inner->http, 409, "status");
    is_str(prov_err_make(p, 400, NULL, "%zu of %lld", (size_t)1, 2LL)->detail, "1 of 2", "sizes");
    is_str(inner->scim_type, "uniqueness", "type");
    is_str(inner->detail, "The user name ann is taken", "detail");
    is_str(prov_err_text(p, inner), "The user name ann is taken", "one link as text");
    inner->source = "userName";
    inner->retry_at = 7;
    prov_err *outer = prov_err_push(p, prov_err_push(p, inner, "Copying %d", 1), "Importing");
    is_int(outer->http, 409, "the status comes up");
    is_str(outer->scim_type, "uniqueness", "the type comes up");
    is_int(outer->retry_at, 7, "the time comes up");
    is_str(outer->source, "userName", "the source comes up");
    is_str(outer->detail, "Importing", "the outer sentence");
    ok(outer->prev->prev == inner, "the chain");
    is_str(prov_err_text(p, outer), "Importing: Copying 1: userName: The user name ann is taken",
           "the chain as text");

    prov_err *system = prov_err_status(p, APR_ENOENT, "Opening %s", "x");
    is_int(system->http, 500, "a system call fails with 500");
    is_int(system->rv, APR_ENOENT, "and its status");
    is_str(system->detail, "Opening x: No such file or directory", "and its text");
    is_str(prov_err_status(p, APR_SUCCESS, "Odd")->detail, "Odd", "no text for a success");
    is_int(prov_err_push(p, system, "Reading")->rv, APR_ENOENT, "the system's status comes up");
}

static char seen[8192];
static int seen_level = -1;

static void sink(void *baton, prov_log_level level, const char *line)
{
    snprintf(seen, sizeof seen, "%s%s", (const char *)baton, line);
    seen_level = level;
}

static void lines(apr_pool_t *p)
{
    prov_log(PROV_LOG_DEBUG, "nobody listens");
    prov_log_to(sink, "> ");
    is_int(seen_level, -1, "nothing before there is a sink");
    static const prov_log_level levels[] = { PROV_LOG_ERROR, PROV_LOG_WARNING, PROV_LOG_NOTICE,
                                             PROV_LOG_INFO, PROV_LOG_DEBUG };
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        prov_log(levels[i], "line %zu", i);
        is_int(seen_level, levels[i], "level %zu", i);
    }
    is_str(seen, "> line 4", "the line and the baton");
    prov_log(PROV_LOG_INFO, "name %s", "a\r\n[error] forged\x1b[2J");
    is_str(seen, "> name a  [error] forged [2J", "a value cannot begin another line");
    char *flood = apr_palloc(p, 100001);
    memset(flood, 'x', 100000);
    flood[100000] = '\0';
    prov_log(PROV_LOG_INFO, "%s", flood);
    is_int(strlen(seen), 4095 + 2, "a long line is cut");
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    errors(p);
    lines(p);
    apr_pool_destroy(p);
    return plan_done();
}
