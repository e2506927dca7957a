/* Sets of characters in a regular expression: literal ranges, escapes (\d, \p{Lu}, \p{IsGreek}),
 * negation and subtraction, kept as written and asked by code point. */
#ifndef PROV_POLICY_REGEX_CLASS_H
#define PROV_POLICY_REGEX_CLASS_H

#include "base/bytes.h"

typedef struct prov_rxrange {
    uint32_t from, to;
} prov_rxrange;

typedef struct prov_rxescape {
    bool negated;
    uint32_t categories; /* bits of prov_utf8_category */
    const prov_rxrange *ranges;
    size_t count;
} prov_rxescape;

typedef struct prov_rxclass prov_rxclass;

prov_rxclass *prov_rxclass_make(apr_pool_t *p, bool negated);
void prov_rxclass_add_range(prov_rxclass *set, uint32_t from, uint32_t to);
void prov_rxclass_add_escape(prov_rxclass *set, const prov_rxescape *escape);
void prov_rxclass_subtract(prov_rxclass *set, const prov_rxclass *other);
void prov_rxclass_seal(prov_rxclass *set); /* complete: from now on it may be asked */

bool prov_rxclass_has(const prov_rxclass *set, uint32_t point);

/* \s \i \c \d \w and their capitals; false for another letter. */
bool prov_rxescape_letter(uint32_t letter, prov_rxescape *out);
/* The name within \p{...}: a category or Is and a block; false if there is no such. */
bool prov_rxescape_property(prov_bytes name, prov_rxescape *out);

/* A Unicode block by its name without spaces; false if there is none. */
bool prov_rxblock_find(prov_bytes name, const prov_rxrange **out);

#endif
