#include "cli/print.h"
#include "base/instant.h"
#include "base/json.h"
#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct cell {
    const char *name, *text;
    bool raw; /* a JSON number or null */
} cell;

struct prov_print {
    apr_pool_t *pool;
    bool json;
    apr_array_header_t *row;  /* of cell */
    apr_array_header_t *rows; /* of apr_array_header_t *; a person's columns need them all */
};

prov_print *prov_print_make(apr_pool_t *p, bool json)
{
    prov_print *o = apr_pcalloc(p, sizeof *o);
    o->pool = p;
    o->json = json;
    o->row = apr_array_make(p, 8, sizeof(cell));
    o->rows = apr_array_make(p, 32, sizeof(apr_array_header_t *));
    return o;
}

static void add(prov_print *o, const char *name, const char *text, bool raw)
{
    APR_ARRAY_PUSH(o->row, cell) = (cell){ name, text, raw };
}

void prov_print_text(prov_print *o, const char *name, const char *value)
{
    add(o, name, value ? value : "", false);
}

void prov_print_number(prov_print *o, const char *name, int64_t value)
{
    add(o, name, apr_psprintf(o->pool, "%" APR_INT64_T_FMT, value), true);
}

void prov_print_time(prov_print *o, const char *name, apr_time_t t)
{
    char text[PROV_INSTANT_ROOM];
    if (!t) {
        add(o, name, o->json ? "null" : "", o->json);
        return;
    }
    size_t len = prov_instant_print(o->json ? t : t - t % APR_USEC_PER_SEC, text);
    add(o, name, apr_pstrmemdup(o->pool, text, len), false);
}

static void print_json(const prov_print *o)
{
    prov_buf b;
    prov_buf_init(&b, o->pool, 256);
    for (int i = 0; i < o->row->nelts; i++) {
        const cell *c = &APR_ARRAY_IDX(o->row, i, cell);
        prov_buf_byte(&b, i ? ',' : '{');
        prov_json_write_text(&b, c->name);
        prov_buf_byte(&b, ':');
        if (c->raw)
            prov_buf_text(&b, c->text);
        else
            prov_json_write_text(&b, c->text);
    }
    prov_buf_text(&b, "}\n");
    fwrite(b.data, 1, b.len, stdout);
}

void prov_print_row(prov_print *o)
{
    if (o->json) {
        print_json(o);
        apr_array_clear(o->row);
        return;
    }
    APR_ARRAY_PUSH(o->rows, apr_array_header_t *) = o->row;
    o->row = apr_array_make(o->pool, o->row->nelts, sizeof(cell));
}

void prov_print_say(prov_print *o, const char *fmt, ...)
{
    va_list args;
    if (o->json)
        return;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
}

static int width_of(const prov_print *o, int column, const char *name)
{
    size_t width = strlen(name);
    for (int i = 0; i < o->rows->nelts; i++) {
        const apr_array_header_t *row = APR_ARRAY_IDX(o->rows, i, apr_array_header_t *);
        size_t len = strlen(APR_ARRAY_IDX(row, column, cell).text);
        width = len > width ? len : width;
    }
    return (int)width;
}

static void print_line(const prov_print *o, const apr_array_header_t *row, const int *widths,
                       bool heading)
{
    for (int i = 0; i < row->nelts; i++) {
        const cell *c = &APR_ARRAY_IDX(row, i, cell);
        const char *text = heading ? c->name : c->text;
        if (i + 1 == row->nelts)
            printf("%s\n", text);
        else
            printf("%-*s  ", widths[i], text);
    }
}

bool prov_print_end(prov_print *o)
{
    if (o->rows->nelts) {
        const apr_array_header_t *first = APR_ARRAY_IDX(o->rows, 0, apr_array_header_t *);
        int *widths = apr_pcalloc(o->pool, sizeof *widths * (size_t)first->nelts);
        for (int i = 0; i < first->nelts; i++)
            widths[i] = width_of(o, i, APR_ARRAY_IDX(first, i, cell).name);
        print_line(o, first, widths, true);
        for (int i = 0; i < o->rows->nelts; i++)
            print_line(o, APR_ARRAY_IDX(o->rows, i, apr_array_header_t *), widths, false);
        apr_array_clear(o->rows);
    }
    return fflush(stdout) == 0 && !ferror(stdout);
}
