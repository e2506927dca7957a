/* The fence around json-c: strict JSON in, and an escaping writer out.
 *
 * A document belongs to the pool it was parsed on and never crosses threads. Parsing happens under
 * the "C" locale object, which spares glibc's process-wide lock. */
#ifndef PROV_BASE_JSON_H
#define PROV_BASE_JSON_H

#include "base/bytes.h"
#include "base/err.h"

typedef struct json_object prov_json;

typedef enum {
    PROV_JSON_NULL,
    PROV_JSON_BOOLEAN,
    PROV_JSON_INTEGER, /* fits int64 and was written without fraction or exponent */
    PROV_JSON_NUMBER,
    PROV_JSON_STRING,
    PROV_JSON_ARRAY,
    PROV_JSON_OBJECT
} prov_json_kind;

#define PROV_JSON_DEPTH 64

/* Refuses (400 invalidSyntax, with the position): trailing bytes, comments, single quotes, NaN,
 * duplicate keys, invalid UTF-8, NUL in a string, nesting beyond PROV_JSON_DEPTH, an empty text. */
prov_err *prov_json_parse(apr_pool_t *p, prov_bytes text, const prov_json **out);
/* What was parsed goes, and not only with its pool. */
void prov_json_end(apr_pool_t *p, const prov_json *root);

/* A JSON null is a NULL pointer, so these all take NULL. */
prov_json_kind prov_json_is(const prov_json *j);
bool prov_json_boolean(const prov_json *j);
int64_t prov_json_integer(const prov_json *j);
double prov_json_number(const prov_json *j);
prov_bytes prov_json_string(const prov_json *j); /* NUL-terminated, lives with the document */
size_t prov_json_length(const prov_json *array);
const prov_json *prov_json_at(const prov_json *array, size_t i);
/* Exact name first, then ignoring ASCII case. `found` tells null from absent and may be NULL. */
const prov_json *prov_json_get(const prov_json *object, const char *name, bool *found);
/* Members in the order of the text. */
typedef bool prov_json_visit(void *baton, const char *name, const prov_json *value);
void prov_json_each(const prov_json *object, prov_json_visit *visit, void *baton);

/* Writing: a quoted, escaped string; a number that reads back as the same double. */
void prov_json_write_string(prov_buf *b, prov_bytes text);
void prov_json_write_text(prov_buf *b, const char *text);
void prov_json_write_integer(prov_buf *b, int64_t v);
void prov_json_write_number(prov_buf *b, double v);

#endif
