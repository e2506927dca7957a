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
    int64_t count, mended;
} faults;

static void print_fault(void *baton, const char *sentence)
{
    faults *f = baton;
    f->count++;
    prov_print_text(f->c->print, "fault", apr_pstrdup(f->c->pool, sentence));
    prov_print_row(f->c->print);
}

static void print_repair(void *baton, const char *sentence, bool mended)
{
    faults *f = baton;
    f->count++;
    f->mended += mended;
    prov_print_text(f->c->print, "done", mended ? "repaired" : "left");
    prov_print_text(f->c->print, "fault", apr_pstrdup(f->c->pool, sentence));
    prov_print_row(f->c->print);
}

/* The last row, so that a program knows that all was looked at. */
static void print_counts(const faults *f, int64_t looked_at)
{
    prov_print *o = f->c->print;
    const char *repair = f->c->repair;
    if (f->c->json) {
        prov_print_number(o, "lookedAt", looked_at);
        prov_print_number(o, "faults", f->count);
        if (repair)
            prov_print_number(o, "repaired", f->mended);
        prov_print_row(o);
    } else if (repair)
        prov_print_say(o, "%lld rows looked at, %lld faults, %lld repaired", (long long)looked_at,
                       (long long)f->count, (long long)f->mended);
    else
        prov_print_say(o, "%lld rows looked at, %lld faults", (long long)looked_at,
                       (long long)f->count);
}

prov_err *prov_cli_check(prov_cli *c)
{
    prov_store *s = c->service->store;
    const prov_registry *r = c->service->registry;
    faults f = { .c = c };
    int64_t looked_at = 0;
    prov_err *err = c->repair ? prov_store_repair(s, c->pool, r, print_repair, &f, &looked_at)
                              : prov_store_check(s, c->pool, r, print_fault, &f, &looked_at);
    if (err)
        return err;
    print_counts(&f, looked_at);
    if (f.count == f.mended)
        return NULL;
    return prov_err_make(c->pool, 500, NULL,
                         c->repair ? "the store has faults that nothing here can repair"
                                   : "the store has faults; check --repair mends what can be");
}
