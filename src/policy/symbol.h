/* Identifiers that occur once in memory, and the slots of the attributes that policies ask for. */
#ifndef PROV_POLICY_SYMBOL_H
#define PROV_POLICY_SYMBOL_H

#include "policy/compiled.h"

#define PROV_XSLOT_NONE UINT32_MAX

/* The one copy of a text. */
const char *prov_xsymbol(prov_pdp *pdp, const char *text);

/* The slot for an attribute, made if there is none yet; the key's texts are symbols. */
uint32_t prov_xslot_make(prov_pdp *pdp, const prov_xmissing *key);

/* A hash of category and identifier, to be kept while the types and issuers are looked for. */
uint64_t prov_xslot_hash(const char *category, const char *id);
uint32_t prov_xslot_find(const prov_pdp *pdp, uint64_t hash, const prov_xmissing *key);

#endif
