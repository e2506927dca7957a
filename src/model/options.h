/* Every directive that sets one value, by the section it stands in. The tables themselves are
 * declared beside their structs in model/config.h; those of more words in model/special.h. */
#ifndef PROV_MODEL_OPTIONS_H
#define PROV_MODEL_OPTIONS_H

#include "base/option.h"

enum {
    PROV_SETTING_OWN = 1 << 16,  /* a virtual host may have its own without a store of its own */
    PROV_SETTING_WORDS = 1 << 17 /* the value is all words of the line, joined by a space */
};

typedef enum {
    PROV_SCOPE_SERVER,
    PROV_SCOPE_USERSTORE,
    PROV_SCOPE_IDP,
    PROV_SCOPE_CONNECTOR,
    PROV_SCOPE_APPLICATION,
    PROV_SCOPES
} prov_scope;

typedef struct prov_scope_table {
    const char *name;    /* for lists: "settings" */
    const char *section; /* "<ProvisionIdP NAME>", NULL for the server itself */
    const prov_option *rows;
} prov_scope_table;

extern const prov_scope_table prov_scope_tables[PROV_SCOPES];

/* The row of a directive in a scope's table, or NULL. */
const prov_option *prov_options_directive(prov_scope scope, const char *directive);

#endif
