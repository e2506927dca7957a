#include "inbound/blocking.h"

#include <apr_lib.h>
#include <string.h>

/* RFC 9651 section 3.3.4. */
static bool is_token(const char *text)
{
    if (!apr_isalpha(*text) && *text != '*')
        return false;
    for (; *text; text++)
        if (!apr_isalnum(*text) && !strchr("!#$%&'*+-.^_`|~:/", *text))
            return false;
    return true;
}

/* A token where it can be one, else a string; what a string cannot hold becomes '?'. */
static void write_name(prov_buf *b, const char *name)
{
    if (is_token(name)) {
        prov_buf_text(b, name);
        return;
    }
    prov_buf_byte(b, '"');
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            prov_buf_byte(b, '\\');
        prov_buf_byte(b, *name < ' ' || *name > '~' ? '?' : (uint8_t)*name);
    }
    prov_buf_byte(b, '"');
}

/* "out of scope" as one word. */
static void write_state(prov_buf *b, prov_link_state state)
{
    for (const char *c = prov_link_state_names[state]; *c; c++)
        prov_buf_byte(b, *c == ' ' ? '-' : (uint8_t)*c);
}

void prov_blocking_wait(request_rec *r, prov_service *s, const prov_caller *caller,
                        const prov_id *id)
{
    prov_wait_result *results;
    int count;
    prov_buf b;
    if (!prov_outbound_blocks(caller->application))
        return;
    prov_outbound_wait(s->engine, r->pool, id, caller->application, &results, &count);
    prov_buf_init(&b, r->pool, 128);
    for (int i = 0; i < count; i++) {
        prov_buf_text(&b, i ? ", " : "");
        write_name(&b, results[i].target);
        prov_buf_text(&b, ";state=");
        write_state(&b, results[i].state);
        if (results[i].status)
            prov_buf_printf(&b, ";http=%d", results[i].status);
    }
    prov_buf_byte(&b, '\0');
    if (count)
        apr_table_setn(r->headers_out, "Provision-Status", (const char *)b.data);
}
