/* Indexes that were declared over resources, built a few records at a time; and the rows of those
 * that are declared no longer, removed a few at a time. Where it stands is stored with what it did,
 * so whoever dies over it has lost nothing. */
#include "store/lmdb/private.h"

#include "base/fault.h"
#include "base/log.h"

#include <apr_tables.h>
#include <string.h>

#define RECORDS_MOST 250  /* looked at in one transaction */
#define ROWS_MOST    2000 /* put or deleted in one; a record's are put together */

typedef struct building {
    const prov_registry *registry;
    const prov_process *own;
    prov_stage stage;
    bool more, built; /* built: not only removed */
} building;

/* --- whose turn it is ----------------------------------------------------------------------- */

static bool is_unfinished(prov_tx *tx, prov_stage *out)
{
    prov_row_key prefix;
    prov_walk w;
    bool found = false;
    PROV_PREFIX(tx, prefix, STAGE, 0);
    prov_walk_begin(&w, tx, &prefix, NULL);
    while (!found && prov_walk_next(&w))
        found = prov_rows_stage_read(w.key, w.value, out) && out->at != PROV_STAGE_READY;
    prov_walk_end(&w);
    return found;
}

/* An older process does not maintain what is new, or still does what is not; of ours, one builds.
 */
static bool is_ours_to_do(prov_tx *tx, const prov_process *own)
{
    prov_row_key prefix;
    prov_process other;
    prov_walk w;
    bool ours = prov_rows_generation(tx, NULL) == own->generation;
    PROV_PREFIX(tx, prefix, PROCESS, 0);
    prov_walk_begin(&w, tx, &prefix, NULL);
    while (ours && prov_walk_next(&w))
        if (prov_rows_process_read(w.key, w.value, &other))
            ours = other.generation > own->generation ||
                   (other.generation == own->generation && other.number >= own->number);
    prov_walk_end(&w);
    return ours;
}

/* --- building ------------------------------------------------------------------------------- */

static void put_unique(prov_tx *tx, building *b, const prov_row_key *key, const prov_id *id)
{
    prov_id holder;
    if (!prov_tx_get_id(tx, key, &holder)) {
        prov_tx_put_id(tx, key, id);
    } else if (!prov_id_equal(&holder, id)) {
        b->stage.duplicates++;
        prov_log(PROV_LOG_WARNING,
                 "%s: %s is to be unique, but resource %s has a value that %s has, too",
                 tx->env->folder, prov_rows_attribute_name(tx, b->stage.attr),
                 prov_id_text(tx->scratch, id), prov_id_text(tx->scratch, &holder));
    }
}

static int put_keys(prov_tx *tx, building *b, const prov_id *id, prov_record rec)
{
    const prov_index_key *keys;
    int count = prov_rows_keys_of(tx, b->registry, id, rec, &keys), put = 0;
    for (int i = 0; i < count; i++) {
        prov_row_key key;
        if (keys[i].attr != b->stage.attr || keys[i].unique != (b->stage.kind == PROV_INDEX_UNIQUE))
            continue;
        prov_rows_index_key(tx, &key, &keys[i], prov_record_head(rec).domain, id);
        if (keys[i].unique)
            put_unique(tx, b, &key, id);
        else
            prov_tx_mark(tx, &key);
        put++;
    }
    return put;
}

static int put_record(prov_tx *tx, building *b, const prov_id *id, prov_record rec)
{
    prov_head head = prov_record_head(rec);
    if (b->stage.kind != PROV_INDEX_TIMES)
        return put_keys(tx, b, id, rec);
    prov_rows_times_put(tx, id, NULL, &head);
    return 2;
}

static void build(prov_tx *tx, building *b)
{
    prov_stage *stage = &b->stage;
    prov_row_key prefix, after;
    prov_walk w;
    int records = 0, rows = 0;
    bool more = true;
    PROV_PREFIX(tx, prefix, RECORD, 0);
    PROV_KEY(tx, after, RECORD, stage->type, &stage->after);
    prov_walk_begin(&w, tx, &prefix, stage->looked_at ? &after : NULL);
    while (records < RECORDS_MOST && rows < ROWS_MOST && (more = prov_walk_next(&w))) {
        if (!prov_row_key_read(w.key, PROV_TABLE_RECORD, &stage->type, &stage->after))
            continue;
        apr_pool_clear(tx->scratch);
        rows += put_record(tx, b, &stage->after, (prov_record){ w.value });
        records++;
    }
    prov_walk_end(&w);
    stage->looked_at += (uint64_t)records;
    if (!more)
        stage->at = PROV_STAGE_READY;
    prov_rows_stage_put(tx, stage);
}

/* --- removing ------------------------------------------------------------------------------- */

static bool remove_rows(prov_tx *tx, const prov_stage *stage)
{
    apr_array_header_t *keys = apr_array_make(tx->scratch, ROWS_MOST, sizeof(prov_row_key));
    prov_row_key prefix;
    prov_walk w;
    if (stage->kind == PROV_INDEX_UNIQUE)
        PROV_PREFIX(tx, prefix, UNIQUE, 1, stage->attr);
    else
        PROV_PREFIX(tx, prefix, INDEX, 1, stage->attr);
    prov_walk_begin(&w, tx, &prefix, NULL);
    while (keys->nelts < ROWS_MOST && prov_walk_next(&w))
        prov_row_key_copy(apr_array_push(keys), prefix.table, w.key);
    prov_walk_end(&w);
    for (int i = 0; i < keys->nelts; i++)
        prov_tx_delete(tx, &APR_ARRAY_IDX(keys, i, prov_row_key));
    return keys->nelts == ROWS_MOST;
}

static void clear_away(prov_tx *tx, const prov_stage *stage)
{
    prov_stage anew = prov_rows_stage_anew(stage);
    prov_row_key key;
    if (remove_rows(tx, stage))
        return;
    PROV_KEY(tx, key, STAGE, stage->kind, stage->attr);
    if (stage->at == PROV_STAGE_GOING)
        prov_tx_delete(tx, &key);
    else
        prov_rows_stage_put(tx, &anew);
}

/* --- a step --------------------------------------------------------------------------------- */

static void step(prov_tx *tx, void *baton)
{
    building *b = baton;
    b->more = is_ours_to_do(tx, b->own) && is_unfinished(tx, &b->stage);
    if (!b->more)
        return;
    b->built = b->stage.at == PROV_STAGE_BUILDING;
    if (b->built)
        build(tx, b);
    else
        clear_away(tx, &b->stage);
}

prov_err *prov_store_build(prov_store *s, apr_pool_t *p, const prov_registry *r,
                           const prov_process *own, bool *more)
{
    building b = { .registry = r, .own = own };
    prov_tx tx = { .env = &s->env };
    *more = false;
    int rc = prov_env_read_begin(&s->env, &tx.txn);
    if (rc == 0) {
        bool any = is_unfinished(&tx, &b.stage) && is_ours_to_do(&tx, own);
        rc = tx.rc;
        prov_env_read_end(&s->env, tx.txn);
        if (rc == 0 && any) {
            rc = prov_committer_step(&s->committer, step, &b, NULL);
            if (b.built)
                prov_fault_point("build");
        }
    }
    *more = b.more && rc == 0;
    return rc ? prov_env_err(p, &s->env, rc, "An index cannot be built") : NULL;
}
