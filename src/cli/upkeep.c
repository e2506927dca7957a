/* stats, check: how the store stands. */
#include "cli/cli.h"

#include <apr_strings.h>

prov_err *prov_cli_stats(prov_cli *c)
{
    prov_store_stats s;
    prov_err *err = prov_store_stats_read(c->service->store, c->pool, &s);
    if (err)
        return err;
    const struct {
        const char *name;
        int64_t value;
    } rows[] = { { "bytesUsed", s.bytes_used }, { "bytesMost", s.bytes_most },
                 { "resources", s.resources },  { "memberships", s.memberships },
                 { "links", s.links },          { "edges", s.edges },
                 { "grants", s.grants },        { "intents", s.intents },
                 { "journal", s.journal },      { "tokens", s.tokens },
                 { "readers", s.readers },      { "readersMost", s.readers_most } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        prov_print_text(c->print, "what", rows[i].name);
        prov_print_number(c->print, "count", rows[i].value);
        prov_print_row(c->print);
    }
    return NULL;
}

typedef struct faults {
    prov_cli *c;
    int64_t count;
} faults;

static void print_fault(void *baton, const char *sentence)
{
    faults *f = baton;
    f->count++;
    prov_print_text(f->c->print, "fault", apr_pstrdup(f->c->pool, sentence));
    prov_print_row(f->c->print);
}

prov_err *prov_cli_check(prov_cli *c)
{
    faults f = { c, 0 };
    int64_t looked_at = 0;
    prov_err *err = prov_store_check(c->service->store, c->pool, c->service->registry, print_fault,
                                     &f, &looked_at);
    if (err)
        return err;
    prov_print_say(c->print, "%lld rows looked at, %lld faults", (long long)looked_at,
                   (long long)f.count);
    return f.count ? prov_err_make(c->pool, 500, NULL, "the store has faults") : NULL;
}
