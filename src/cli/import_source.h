/* A file of records: split here, made JSON there. Formats are rows of a table. */
#ifndef PROV_CLI_IMPORT_SOURCE_H
#define PROV_CLI_IMPORT_SOURCE_H

#include "base/bytes.h"
#include "base/err.h"
#include <apr_tables.h>

typedef struct prov_import_record {
    prov_bytes text; /* in the mapped file */
    int64_t line;    /* where it begins, from 1 */
} prov_import_record;

/* One column's or attribute's value. */
typedef struct prov_import_value {
    const char *column;
    prov_bytes text;
} prov_import_value;

typedef struct prov_import_source prov_import_source;
typedef struct prov_import_format {
    const char *name;
    bool heading; /* the first record names the columns */
    bool (*next)(prov_import_source *s, prov_import_record *out);
    /* To an array of prov_import_value; NULL: a record is JSON already. */
    prov_err *(*split)(apr_pool_t *p, prov_bytes text, apr_array_header_t *values);
} prov_import_format;

struct prov_import_source {
    const prov_import_format *format;
    const char *path;
    prov_bytes all;
    size_t at;
    int64_t line;
    apr_array_header_t *columns; /* of const char *, if there is a heading */
};

/* Opens and maps it; `format` NULL: by the end of its name, else jsonl. */
prov_err *prov_import_open(apr_pool_t *p, const char *path, const char *format,
                           prov_import_source **out);
/* False at the end. One thread at a time. */
bool prov_import_next(prov_import_source *s, prov_import_record *out);
/* The values of a record; any thread. */
prov_err *prov_import_split(const prov_import_source *s, apr_pool_t *p, prov_bytes text,
                            apr_array_header_t **out);

#endif
