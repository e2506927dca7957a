/* The directives of more than one word, a row each: how their words are read, what holds without
 * them, and the sentence that explains them. */
#ifndef PROV_MODEL_SPECIAL_H
#define PROV_MODEL_SPECIAL_H

#include "model/config.h"
#include "model/options.h"

typedef struct prov_word {
    const char *text;
    bool quoted; /* it stood in quotes */
} prov_word;

typedef struct prov_line {
    const prov_word *words;
    int count;
    const char *where; /* "file:line" */
} prov_line;

typedef struct prov_special {
    const char *directive;
    prov_scope scope;
    /* `object` is that of the scope: a prov_config, prov_idp, prov_connector_config or
     * prov_application. */
    prov_err *(*set)(apr_pool_t *p, void *object, const prov_line *line);
    const char *syntax; /* a word FILE is a path, in httpd.conf from the server's root */
    const char *preset; /* "" if nothing holds without it */
    const char *help;
} prov_special;

/* Ends with a row without a directive. */
extern const prov_special prov_specials[];

const prov_special *prov_special_find(prov_scope scope, const char *directive);

#endif
