/* Rows of the outbox with what follows from them. Each kind is written by one function, which keeps
 * its indexes: nothing else writes those tables. */
#ifndef PROV_STORE_LMDB_ROWS_H
#define PROV_STORE_LMDB_ROWS_H

#include "store/index.h"
#include "store/lmdb/tx.h"

/* --- links (rows_link.c) -------------------------------------------------------------------- */
/* Its bytes lie on the scratch pool if there is one, else in the page. */
bool prov_rows_link(prov_tx *tx, const prov_id *id, uint32_t target, prov_link *out);
/* From the row at `key`. */
bool prov_rows_link_read(prov_tx *tx, prov_bytes key, prov_bytes row, prov_link *out);
int prov_rows_links_of(prov_tx *tx, const prov_id *id, prov_link **out); /* on the scratch pool */
/* From `old` (NULL: new) to `now` (NULL: gone): row, links at the target, due, lease, names held,
 * who waits for a name, and the target's counts. */
void prov_rows_link_put(prov_tx *tx, const prov_link *old, const prov_link *now);
void prov_rows_touch(prov_tx *tx, const prov_link *link, const prov_touch *touch);
/* Every link of the resource that still acts. */
void prov_rows_touch_all(prov_tx *tx, const prov_id *id, const prov_touch *touch);
/* The holder of a correlation key at a target; false if it is free. */
bool prov_rows_key_holder(prov_tx *tx, uint32_t target, uint16_t type, prov_bytes key, prov_id *id);
bool prov_rows_remote_holder(prov_tx *tx, uint32_t target, prov_bytes remote, prov_id *id);
bool prov_rows_superseded(const prov_link *link);

/* What a link adds to its target's counts. */
typedef struct prov_link_counts {
    int64_t links, unsynced, unknown, refused, held;
} prov_link_counts;
prov_link_counts prov_rows_counts(const prov_link *link);

/* --- edges (rows_edge.c) -------------------------------------------------------------------- */
bool prov_rows_edge(prov_tx *tx, uint32_t target, const prov_id *group, const prov_id *member,
                    prov_edge *out);
/* An edge that neither is nor shall be there goes. */
void prov_rows_edge_put(prov_tx *tx, uint32_t target, const prov_id *group, const prov_id *member,
                        const prov_edge *edge);
/* A membership came or went: the edge at each of the group's links. */
void prov_rows_edges_want(prov_tx *tx, const prov_id *group, const prov_id *member, bool wanted);
/* A new link of a group: an edge for each member. */
void prov_rows_edges_make(prov_tx *tx, uint32_t target, const prov_id *group);
/* A remote id gained or changed: what hung on the old one is not there, and sleepers wake. */
void prov_rows_edges_restart(prov_tx *tx, const prov_link *link, const prov_touch *touch);
/* A link took over another's object, and with it what the target has of its memberships. */
void prov_rows_edges_inherit(prov_tx *tx, uint32_t target, const prov_id *from, const prov_id *to,
                             const prov_touch *touch);
/* Some of them, as long as it has any: true when none is left. */
bool prov_rows_edges_drop(prov_tx *tx, uint32_t target, const prov_id *id);
bool prov_rows_edges_work(prov_tx *tx, uint32_t target, const prov_id *group);

/* --- memberships (rows_member.c) ------------------------------------------------------------ */
/* The row of a membership, under either key, is empty, or it is the mark of an open intent, of the
 * group or of the member. One that is added is a membership from the switch on, one that is removed
 * until then: so all of them change for every reader at once, and a reader who meets no mark does
 * nothing for it. Edges follow when the mark goes. */
#define PROV_MARK_ADDED     1
#define PROV_MARK_REMOVED   2
#define PROV_MARK_OF_MEMBER 4 /* the intent's resource is the member, else the group */
void prov_rows_membership_put(prov_tx *tx, const prov_id *group, const prov_id *member,
                              uint8_t mark);
void prov_rows_membership_drop(prov_tx *tx, const prov_id *group, const prov_id *member);
bool prov_rows_is_member(prov_tx *tx, const prov_id *group, const prov_id *member, prov_bytes row);
static inline bool prov_rows_has_edges(prov_bytes row)
{
    return !row.len || !(row.data[0] & PROV_MARK_ADDED);
}
/* Those whose rows are kept, NULL: all; on the scratch pool. */
typedef bool prov_rows_keep(prov_bytes row);
int prov_rows_members(prov_tx *tx, const prov_id *group, prov_rows_keep *keep, const prov_id **ids);
int prov_rows_groups(prov_tx *tx, const prov_id *member, prov_rows_keep *keep, const prov_id **ids);

/* --- intents (rows_intent.c) ---------------------------------------------------------------- */
typedef enum {
    PROV_INTENT_PREPARING = 1,
    PROV_INTENT_SWITCHED,
    PROV_INTENT_UNDOING
} prov_intent_state;

typedef struct prov_intent {
    prov_id resource;
    uint64_t number; /* never reused */
    uint8_t state;
    uint32_t pid; /* whose it is; not its number, for provisionctl has none */
    uint64_t started;
    apr_time_t until; /* then it is anybody's */
    prov_touch touch; /* for all to whom it owes one */
    uint64_t marks;   /* how many memberships it changes */
    bool edges;       /* the group has a new link: all members, after `at`, need their edges */
    prov_id at;
} prov_intent;

bool prov_rows_intent(prov_tx *tx, const prov_id *resource, prov_intent *out);
bool prov_rows_intent_read(prov_bytes key, prov_bytes row, prov_intent *out);
void prov_rows_intent_put(prov_tx *tx, const prov_intent *intent);
/* Its process is gone, or has not come on with it. */
bool prov_rows_intent_is_abandoned(const prov_intent *intent, apr_time_t now);
bool prov_rows_any_intent(prov_tx *tx);

/* --- indexes (rows_index.c) ----------------------------------------------------------------- */
/* From `old` (NULL: new) to `now` (NULL: gone): its places in the order of time. */
void prov_rows_times_put(prov_tx *tx, const prov_id *id, const prov_head *old,
                         const prov_head *now);
bool prov_rows_times_there(prov_tx *tx, const prov_id *id, const prov_head *head);
void prov_rows_index_key(prov_tx *tx, prov_row_key *key, const prov_index_key *k, uint16_t domain,
                         const prov_id *id);
/* With its large values in it, then on the scratch pool. False: one is lost. */
bool prov_rows_whole(prov_tx *tx, const prov_id *id, prov_record *rec);
/* The keys that a record must have, on the scratch pool. -1: of a type that is not declared now, or
 * of a record that is not whole, nobody knows. */
int prov_rows_keys_of(prov_tx *tx, const prov_registry *r, const prov_id *id, prov_record rec,
                      const prov_index_key **keys);
/* Its path behind its schema's URN, of one that is not declared now too; on the scratch pool. */
const char *prov_rows_attribute_name(prov_tx *tx, uint16_t attr);
bool prov_rows_stage(prov_tx *tx, prov_index_kind kind, uint16_t attr, prov_stage *out);
bool prov_rows_stage_read(prov_bytes key, prov_bytes row, prov_stage *out);
void prov_rows_stage_put(prov_tx *tx, const prov_stage *stage);
/* The same index, of which nothing is built. */
static inline prov_stage prov_rows_stage_anew(const prov_stage *stage)
{
    return (prov_stage){
        .kind = stage->kind, .attr = stage->attr, .at = PROV_STAGE_BUILDING, .exact = stage->exact
    };
}
#define PROV_STAGED "staged" /* counts what prov_plan_stage changed */
uint64_t prov_rows_staged(prov_tx *tx);

/* --- targets and the rest (rows_misc.c) ----------------------------------------------------- */
/* A target never seen has a zero row. */
void prov_rows_target(prov_tx *tx, uint32_t number, prov_target *out);
void prov_rows_target_put(prov_tx *tx, const prov_target *target);
bool prov_rows_resource(prov_tx *tx, const prov_id *id, prov_record *out);
bool prov_rows_type(prov_tx *tx, const prov_id *id, uint16_t *type);
bool prov_rows_exists(prov_tx *tx, const prov_id *id);
bool prov_rows_process_read(prov_bytes key, prov_bytes row, prov_process *out);
bool prov_rows_token_read(prov_bytes key, prov_bytes row, prov_token *out);
bool prov_rows_journal_read(prov_bytes key, prov_bytes row, prov_journal *out);
void prov_rows_process_put(prov_tx *tx, const prov_process *process);
void prov_rows_token_put(prov_tx *tx, const prov_token *token);
void prov_rows_journal_put(prov_tx *tx, const prov_journal *row);
uint64_t prov_rows_generation(prov_tx *tx, uint8_t digest[32]);

#endif
