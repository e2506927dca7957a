/* Ids: 16 opaque bytes. Ours are UUIDv7 (RFC 9562), so that pages stay full; nobody reads the
 * time out of one. Their text is the UUID form, lower case, and compares case-exactly. */
#ifndef PROV_BASE_ID_H
#define PROV_BASE_ID_H

#include "base/bytes.h"

typedef struct prov_id {
    uint8_t b[16];
} prov_id;

#define PROV_ID_TEXT 36

prov_id prov_id_make(void);                   /* thread-safe; ordered within a process */
void prov_ids_make(prov_id ids[], int count); /* each above the one before */
bool prov_id_parse(prov_bytes text, prov_id *out);
void prov_id_print(const prov_id *id, char out[PROV_ID_TEXT + 1]);
const char *prov_id_text(apr_pool_t *p, const prov_id *id);
static inline bool prov_id_equal(const prov_id *a, const prov_id *b)
{
    return __builtin_memcmp(a->b, b->b, sizeof a->b) == 0;
}

#endif
