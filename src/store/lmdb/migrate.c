/* A store of format 1: its indexes lay by the length of their keys first, and numbers not in their
 * order. Row by row they move to the tables that have the order, in transactions of bounded size;
 * whoever dies over it has lost none, and the next one goes on. */
#include "store/lmdb/env.h"
#include "store/lmdb/keys.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/process.h"
#include "base/text.h"
#include "store/index.h"
#include "store/lmdb/rows.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>

#define ROWS_MOST 600 /* each is one deleted and up to two put */
#define WAIT_MOST apr_time_from_sec(15)

typedef struct old_row {
    uint16_t tenant, attr, domain;
    prov_bytes name;
    prov_id id;
} old_row;

static bool read_old(const MDB_val *k, const MDB_val *v, bool unique, old_row *out)
{
    prov_reader in = prov_read((prov_bytes){ k->mv_data, k->mv_size });
    out->tenant = prov_get_u16(&in);
    out->attr = prov_get_u16(&in);
    out->domain = prov_get_u16(&in);
    out->name = prov_get_bytes(&in, prov_get_u16(&in));
    prov_bytes id = { v->mv_data, v->mv_size };
    if (!unique)
        id = prov_get_bytes(&in, sizeof out->id.b);
    if (in.bad || in.at != in.end || id.len != sizeof out->id.b)
        return false;
    memcpy(out->id.b, id.data, id.len);
    return true;
}

/* "urn path type" of an attribute; without what says that it has many values. */
static const char *name_of(prov_tx *tx, uint16_t attr)
{
    prov_row_key key;
    prov_bytes name = { NULL, 0 };
    PROV_KEY(tx, key, NAME_OF, (int)PROV_NUMBER_ATTRIBUTE, (uint32_t)attr);
    prov_tx_get(tx, &key, &name);
    char *text = prov_bytes_text(tx->scratch, name), *many = strstr(text, "[]");
    if (many)
        *many = 0;
    return text;
}

/* Numbers lay behind the version byte: integers and times as they are, decimals as the machine has
 * them. */
static prov_bytes ordered(prov_tx *tx, const char *name, prov_bytes was)
{
    const char *type = strrchr(name, ' ') ? strrchr(name, ' ') + 1 : "";
    bool decimal = strcmp(type, "decimal") == 0;
    bool whole = strcmp(type, "integer") == 0 || strcmp(type, "dateTime") == 0;
    prov_buf b;
    if (was.len != 1 + sizeof(uint64_t) || (!decimal && !whole))
        return was;
    prov_reader in = prov_read((prov_bytes){ was.data + 1, sizeof(uint64_t) });
    uint64_t number = prov_index_integer((int64_t)prov_get_u64(&in));
    double d;
    memcpy(&d, was.data + 1, sizeof d);
    prov_buf_init(&b, tx->scratch, was.len);
    prov_buf_byte(&b, was.data[0]);
    prov_put_u64(&b, decimal ? prov_index_decimal(d) : number);
    return prov_buf_bytes(&b);
}

/* A name that folds to another text lies under both. */
static void order_name(prov_tx *tx, const old_row *row)
{
    prov_record rec;
    prov_item item;
    prov_row_key key;
    if (!prov_rows_resource(tx, &row->id, &rec) || !prov_rows_whole(tx, &row->id, &rec) ||
        !prov_cursor_find(prov_record_fields(rec), row->attr, &item))
        return;
    prov_bytes folded =
        prov_index_text_key(tx->scratch, prov_text_fold(tx->scratch, prov_item_text(item)));
    if (prov_bytes_equal(folded, row->name))
        return;
    PROV_KEY(tx, key, INDEX, row->attr, row->domain, folded, &row->id);
    prov_tx_mark(tx, &key);
}

/* Its rows go on to be held against, while those are added that came before it was declared. */
static void keep_unique(prov_tx *tx, uint16_t attr)
{
    prov_stage stage;
    if (prov_rows_stage(tx, PROV_INDEX_UNIQUE, attr, &stage))
        return;
    stage = (prov_stage){ .kind = PROV_INDEX_UNIQUE, .attr = attr, .at = PROV_STAGE_BUILDING };
    prov_rows_stage_put(tx, &stage);
}

static void move_row(prov_tx *tx, const old_row *row, bool unique)
{
    prov_row_key key;
    tx->env->tenant = row->tenant;
    const char *name = name_of(tx, row->attr);
    prov_bytes value = ordered(tx, name, row->name);
    if (!unique) {
        PROV_KEY(tx, key, INDEX, row->attr, row->domain, value, &row->id);
        prov_tx_mark(tx, &key);
        return;
    }
    PROV_KEY(tx, key, UNIQUE, row->attr, row->domain, value);
    prov_tx_put_id(tx, &key, &row->id);
    if (strcmp(name, PROV_URN_USER " userName string") == 0)
        order_name(tx, row);
    else
        keep_unique(tx, row->attr);
}

/* True: the table has no rows left. */
static bool move_rows(prov_tx *tx, MDB_dbi from, bool unique)
{
    MDB_cursor *cursor;
    MDB_val k, v;
    int moved = 0, rc = mdb_cursor_open(tx->txn, from, &cursor);
    while (rc == 0 && tx->rc == 0 && moved++ < ROWS_MOST &&
           (rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST)) == 0) {
        old_row row;
        apr_pool_clear(tx->scratch);
        k.mv_data = apr_pmemdup(tx->scratch, k.mv_data, k.mv_size);
        if (!read_old(&k, &v, unique, &row))
            rc = MDB_CORRUPTED;
        else if ((rc = mdb_cursor_del(cursor, 0)) == 0)
            move_row(tx, &row, unique);
    }
    bool empty = rc == MDB_NOTFOUND;
    if (rc && !empty && tx->rc == 0)
        tx->rc = rc;
    mdb_cursor_close(cursor);
    return empty;
}

static bool is_migrated(prov_tx *tx)
{
    prov_row_key key;
    prov_bytes row;
    tx->env->tenant = 0; /* the file's own rows */
    PROV_KEY(tx, key, META, PROV_BYTES("format"));
    return prov_tx_get(tx, &key, &row) && row.len == 1 && *row.data == PROV_STORE_FORMAT;
}

/* One table's worth of a transaction; the last one says that the file is of this format. */
static void step(prov_tx *tx, bool *done)
{
    static const char *const old[] = { "unique", "index" };
    prov_row_key key;
    const uint8_t format = PROV_STORE_FORMAT;
    *done = is_migrated(tx);
    for (int i = 0; i < 2 && !*done && tx->rc == 0; i++) {
        MDB_dbi from;
        int rc = mdb_dbi_open(tx->txn, old[i], 0, &from);
        if (rc == MDB_NOTFOUND)
            continue;
        if (rc == 0 && !move_rows(tx, from, i == 0))
            return;
        if (rc == 0)
            rc = mdb_drop(tx->txn, from, 1);
        if (rc && tx->rc == 0)
            tx->rc = rc;
        return;
    }
    if (*done || tx->rc)
        return;
    PROV_KEY(tx, key, META, PROV_BYTES("format"));
    prov_tx_put(tx, &key, (prov_bytes){ &format, sizeof format });
}

/* Processes that have a number are of the program that knew no other format; unless one of ours was
 * quicker, and is done. */
static bool is_in_use(prov_env *env)
{
    prov_tx tx = { .env = env };
    static const prov_row_key prefix = { .table = PROV_TABLE_PROCESS }, first = { .len = 1 };
    prov_process process;
    prov_walk w;
    bool used = false;
    if (mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &tx.txn) != 0)
        return false;
    bool old = !is_migrated(&tx);
    prov_walk_begin(&w, &tx, &prefix, &first);
    while (old && !used && prov_walk_next(&w))
        used = prov_rows_process_read(w.key, w.value, &process) &&
               prov_process_alive(process.pid, process.started);
    prov_walk_end(&w);
    mdb_txn_abort(tx.txn);
    return used;
}

static int run_step(prov_env *env, apr_pool_t *scratch, bool *done)
{
    prov_tx tx = { .env = env, .scratch = scratch };
    int rc = mdb_txn_begin(env->mdb, NULL, 0, &tx.txn);
    if (rc)
        return rc;
    step(&tx, done);
    if (tx.rc || *done)
        mdb_txn_abort(tx.txn);
    else
        tx.rc = mdb_txn_commit(tx.txn);
    prov_fault_point("migrate");
    return tx.rc;
}

int prov_env_migrate(prov_env *env, apr_pool_t *p)
{
    apr_time_t until = apr_time_now() + WAIT_MOST;
    apr_pool_t *scratch;
    bool done = false;
    int rc = 0;
    while (is_in_use(env)) {
        if (apr_time_now() >= until)
            return EBUSY;
        apr_sleep(apr_time_from_msec(100));
    }
    prov_log(PROV_LOG_NOTICE, "%s: the store of format %d becomes one of format %d", env->folder,
             env->format, PROV_STORE_FORMAT);
    apr_pool_create(&scratch, p);
    while (rc == 0 && !done)
        rc = run_step(env, scratch, &done);
    apr_pool_destroy(scratch);
    env->tenant = 0;
    if (rc == 0)
        env->format = PROV_STORE_FORMAT;
    return rc;
}
