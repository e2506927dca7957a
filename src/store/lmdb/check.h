/* The check of every index, membership, edge, grant and link: a function for each table. The same
 * functions repair: what a function finds wrong and can derive from the truth (records, members,
 * links) it sets right, if it looks at the row within a write transaction. */
#ifndef PROV_STORE_LMDB_CHECK_H
#define PROV_STORE_LMDB_CHECK_H

#include "store/lmdb/private.h"
#include <apr_tables.h>

typedef struct prov_checker {
    prov_tx *tx; /* its scratch is cleared after each row */
    const prov_registry *registry;
    prov_repaired *told;
    void *baton;
    bool repairs;                /* what can be set right is told when it is */
    bool mending;                /* tx writes, and the row is one that something was found in */
    bool mendable;               /* found, and not mending */
    apr_array_header_t *adjusts; /* of prov_adjust: what counters are to be moved by; or NULL */
    uint64_t journal;            /* the row before; 0: it is not known */
} prov_checker;

/* A row may change its own table; key and row are copies then. */
typedef void prov_check_row(prov_checker *c, prov_bytes key, prov_bytes row);
typedef struct prov_table_check {
    prov_table table;
    prov_check_row *check;
} prov_table_check;

/* Ended by a NULL check. What later tables follow from comes first. */
extern const prov_table_check prov_checks_resources[]; /* check_resource.c */
extern const prov_table_check prov_checks_indexes[];   /* check_index.c */
extern const prov_table_check prov_checks_outbox[];    /* check_outbox.c */
extern const prov_table_check prov_checks_intents[];   /* check_intent.c */
extern const prov_table_check prov_checks_rest[];      /* check_rest.c */

/* check_index.c: a record's rows in them. */
void prov_check_entries(prov_checker *c, const prov_id *id, prov_record rec);

/* Something is wrong, and nothing tells what would be right: it is left. */
void prov_check_says(prov_checker *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Something is wrong; true: what follows from the truth is to be written now. */
bool prov_check_mends(prov_checker *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *prov_check_id(prov_checker *c, const prov_id *id);
/* What a repair tells the links that it concerns. */
prov_touch prov_check_touch(void);

/* Whether the row of a key is there. */
#define PROV_CHECK_HAS(c, table, ...)                                                              \
    ({                                                                                             \
        prov_row_key key_;                                                                         \
        PROV_KEY((c)->tx, key_, table, __VA_ARGS__);                                               \
        prov_tx_has((c)->tx, &key_);                                                               \
    })
/* The repair that most findings have: the row of an index comes, or goes. */
#define PROV_CHECK_MARK(c, table, ...)                                                             \
    do {                                                                                           \
        prov_row_key key_;                                                                         \
        PROV_KEY((c)->tx, key_, table, __VA_ARGS__);                                               \
        prov_tx_mark((c)->tx, &key_);                                                              \
    } while (0)
void prov_check_drop(prov_checker *c, prov_table table, prov_bytes key);

/* A membership that bears an intent's mark. */
void prov_check_mark(prov_checker *c, const prov_id *group, const prov_id *member, prov_bytes row);

/* Counters against what they count, in one snapshot: a difference found in it stays right whatever
 * is counted meanwhile. */
typedef struct prov_adjust {
    bool of_target;
    prov_row_key key; /* of the counter, or the target's row */
    int64_t by;       /* the counter's */
    prov_target target;
} prov_adjust;
void prov_check_counts(prov_checker *c);        /* check_count.c */
void prov_check_target_counts(prov_checker *c); /* check_count.c */
void prov_check_adjust(prov_tx *tx, const prov_adjust *a);

#endif
