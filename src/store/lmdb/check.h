/* The check of every index, membership, edge, grant and link: a function for each table. */
#ifndef PROV_STORE_LMDB_CHECK_H
#define PROV_STORE_LMDB_CHECK_H

#include "store/lmdb/private.h"

typedef struct prov_checker {
    prov_tx *tx; /* its scratch is cleared after each row */
    const prov_registry *registry;
    prov_fault *fault;
    void *baton;
} prov_checker;

typedef void prov_check_row(prov_checker *c, prov_bytes key, prov_bytes row);
typedef struct prov_table_check {
    prov_table table;
    prov_check_row *check;
} prov_table_check;

/* Ended by a NULL check. */
extern const prov_table_check prov_checks_resources[]; /* check_resource.c */
extern const prov_table_check prov_checks_outbox[];    /* check_outbox.c */

/* Counters against what they count, in one snapshot. */
void prov_check_counts(prov_checker *c);
void prov_check_target_counts(prov_checker *c);

void prov_check_says(prov_checker *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *prov_check_id(prov_checker *c, const prov_id *id);

/* Whether the row of a key is there. */
#define PROV_CHECK_HAS(c, table, ...)                                                              \
    ({                                                                                             \
        prov_row_key key_;                                                                         \
        PROV_KEY((c)->tx, key_, table, __VA_ARGS__);                                               \
        prov_tx_has((c)->tx, &key_);                                                               \
    })

#endif
