/* The tables of the file, one row each: symbol, name, and the layout of its keys after the two
 * bytes of the tenant. Letters: 1 2 4 8 a number of that many bytes, big-endian; i an id; d a
 * digest of 16 bytes, D of 32; n bytes of any length behind their length, long ones hashed at the
 * tail; s the same, in their order: a text lies before those that begin with it. What follows from
 * another table is an index, kept by the one function that writes both. */
#ifndef PROV_STORE_LMDB_TABLES_H
#define PROV_STORE_LMDB_TABLES_H

/* clang-format off */
#define PROV_LMDB_TABLES(ROW)                                                                      \
    ROW(META,       "meta",       "n")    /* name: value; tenant 0 speaks of the file itself */    \
    ROW(NUMBER,     "number",     "1n")   /* kind, name: number */                                 \
    ROW(NAME_OF,    "name_of",    "14")   /* kind, number: name */                                 \
    ROW(PROCESS,    "process",    "4")    /* process: pid, start, generation */                    \
    ROW(TYPE,       "type",       "i")    /* resource: type */                                     \
    ROW(RECORD,     "record",     "2i")   /* type, resource: record; in the order of a scan */     \
    ROW(COUNT,      "count",      "22")   /* type, domain: how many records */                     \
    ROW(LARGE,      "large",      "id")   /* resource, digest: value */                            \
    ROW(UNIQUE,     "unique2",    "22s")  /* attribute, domain, key: resource */                   \
    ROW(INDEX,      "index2",     "22si") /* attribute, domain, key, resource */                   \
    ROW(CREATED,    "created",    "228i") /* type, domain, when, resource */                       \
    ROW(MODIFIED,   "modified",   "228i") /* the same, of the last change */                       \
    ROW(STAGE,      "stage",      "12")   /* kind of index, attribute: how far it is built */      \
    ROW(CREDENTIAL, "credential", "i")    /* resource: version, hash */                            \
    ROW(MEMBER,     "member",     "ii")   /* group, member: nothing, or an intent's mark */        \
    ROW(MEMBER_OF,  "member_of",  "ii")   /* member, group: the same */                            \
    ROW(INTENT,     "intent",     "i")    /* resource: how far what is done to it has come */      \
    ROW(OWED,       "owed",       "ii")   /* resource, another: what the intent owes that one */   \
    ROW(GRANT,      "grant",      "i42")  /* resource, target, application */                      \
    ROW(LINK,       "link",       "i4")   /* resource, target: link */                             \
    ROW(LINK_AT,    "link_at",    "4i")   /* target, resource */                                   \
    ROW(DUE,        "due",        "418i") /* target, queue, when, resource: prov_link_next's */    \
    ROW(LEASE,      "lease",      "4i4")  /* process, resource, target */                          \
    ROW(COPY,       "copy",       "i41")  /* resource, target, which: record or text */            \
    ROW(REMOTE,     "remote",     "4n")   /* target, remote id: resource */                        \
    ROW(KEY,        "key",        "42n")  /* target, type, correlation key: resource */            \
    ROW(WAITER,     "waiter",     "42ni") /* target, type, key, resource that wants it */          \
    ROW(EDGE,       "edge",       "4ii")  /* target, group, member: flags */                       \
    ROW(EDGE_WORK,  "edge_work",  "4ii")  /* the same, those that are work */                      \
    ROW(EDGE_OF,    "edge_of",    "4ii")  /* target, member, group */                              \
    ROW(TARGET,     "target",     "4")    /* target: its row */                                    \
    ROW(SCAN,       "scan",       "4")    /* target: where its scan stands */                      \
    ROW(RECHECK,    "recheck",    "i")    /* resource */                                           \
    ROW(JOURNAL,    "journal",    "8")    /* number: row */                                        \
    ROW(TOKEN,      "token",      "D")    /* digest: token */                                      \
    ROW(TOKEN_NAME, "token_name", "n")    /* name: digest */
/* clang-format on */

typedef enum {
#define ROW(symbol, name, layout) PROV_TABLE_##symbol,
    PROV_LMDB_TABLES(ROW)
#undef ROW
        PROV_TABLES
} prov_table;

#endif
