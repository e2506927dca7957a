/* Rows for a person or for a program: columns that line up, or one JSON object a line. */
#ifndef PROV_CLI_PRINT_H
#define PROV_CLI_PRINT_H

#include "base/bytes.h"
#include <apr_tables.h>
#include <apr_time.h>

typedef struct prov_print prov_print;

prov_print *prov_print_make(apr_pool_t *p, bool json);

/* A row is its fields in order; every row of one command has the same names. */
void prov_print_text(prov_print *o, const char *name, const char *value);
void prov_print_number(prov_print *o, const char *name, int64_t value);
void prov_print_time(prov_print *o, const char *name, apr_time_t t); /* 0 is empty, or null */
void prov_print_row(prov_print *o);                                  /* ends it */

/* A sentence for a person only. */
void prov_print_say(prov_print *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Writes what is not yet written. False: the output failed. */
bool prov_print_end(prov_print *o);

#endif
