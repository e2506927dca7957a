/* A setting, declared once. From a row follow its directive, its JSON name, its check, its merge
 * and its documentation. A table of rows describes one struct. */
#ifndef PROV_BASE_OPTION_H
#define PROV_BASE_OPTION_H

#include "base/bytes.h"
#include "base/err.h"
#include <apr_tables.h>

typedef enum {
    PROV_OPTION_TEXT,     /* const char * */
    PROV_OPTION_SECRET,   /* const char *: a reference, see base/crypt.h; masked wherever shown */
    PROV_OPTION_URL,      /* const char *: absolute http or https */
    PROV_OPTION_PATH,     /* const char *: absolute */
    PROV_OPTION_FLAG,     /* int: on or off */
    PROV_OPTION_INT,      /* int64_t within min..max; both 0 for any */
    PROV_OPTION_SIZE,     /* int64_t, in bytes, within min..max */
    PROV_OPTION_DURATION, /* int64_t, in microseconds, within min..max (microseconds) */
    PROV_OPTION_CHOICE,   /* int: index into choices */
    PROV_OPTION_LIST      /* apr_array_header_t * of const char *; written with commas */
} prov_option_type;

enum {
    PROV_OPTION_REQUIRED = 1, /* has no default and must be given */
    PROV_OPTION_FIXED = 2     /* only httpd.conf may set it; a change needs a restart */
};

typedef struct prov_option {
    const char
        *directive;   /* in httpd.conf; NULL for a connector's row (there: ProvisionSet name) */
    const char *name; /* in JSON, forms and ProvisionSet */
    prov_option_type type;
    size_t offset;      /* of the value in the struct the table describes */
    const char *preset; /* the default, written as an administrator would; NULL for none */
    int64_t min, max;
    const char *const *choices; /* NULL-terminated */
    unsigned flags;
    const char *help; /* one sentence */
} prov_option;

/* At the head of every struct that a table describes: which rows were given. */
typedef struct prov_option_head {
    uint64_t given; /* bit per row; a table has at most 64 */
} prov_option_head;

#define PROV_OPTION_END                                                                            \
    {                                                                                              \
        NULL, NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL                                                \
    }

const prov_option *prov_option_find(const prov_option *table, const char *name); /* case-exact */

/* Parses, checks and stores one value. The error's sentence says what to write instead. */
prov_err *prov_option_set(apr_pool_t *p, const prov_option *table, const prov_option *row,
                          prov_option_head *into, const char *value);

/* Sets every default; call on a zeroed struct. Defaults do not count as given. */
void prov_option_presets(apr_pool_t *p, const prov_option *table, prov_option_head *into);

/* What `over` was given wins, the rest comes from `under`. Both have the table's shape. */
void prov_option_merge(const prov_option *table, const prov_option_head *under,
                       const prov_option_head *over, prov_option_head *into);

/* The first required row that was not given, or NULL. */
const prov_option *prov_option_missing(const prov_option *table, const prov_option_head *of);

/* The value as text; secrets give their reference, or "(literal)". */
const char *prov_option_print(apr_pool_t *p, const prov_option *row, const prov_option_head *of);

#endif
