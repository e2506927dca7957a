/* puts FOLDER SECONDS: a bare LMDB program that commits, one by one, what the creation of a user
 * puts: the same tables, keys and values in their sizes and order. */
#include "bench.h"

#include <lmdb.h>

#define MAP_SIZE ((size_t)1 << 34)

typedef enum { BY_ID, BY_NAME, BY_NUMBER, FIXED } order;

/* A create's rows. */
static const struct {
    const char *table;
    order key;
    size_t before, after; /* bytes of the key around what orders it */
    size_t value;
} rows[] = {
    { "type", BY_ID, 2, 0, 2 },          { "count", FIXED, 6, 0, 8 },
    { "record", BY_ID, 4, 0, 300 },      { "created", BY_NUMBER, 6, 16, 0 },
    { "modified", BY_NUMBER, 6, 16, 0 }, { "unique", BY_NAME, 8, 1, 16 },
    { "index", BY_NAME, 8, 17, 0 },      { "index", BY_NAME, 9, 29, 0 },
    { "index", BY_NAME, 22, 17, 0 },     { "meta", FIXED, 10, 0, 8 },
    { "journal", BY_NUMBER, 2, 0, 64 },
};
#define ROWS (sizeof rows / sizeof *rows)

static MDB_env *env;
static MDB_dbi tables[ROWS];

static void check(int rc)
{
    if (rc) {
        fprintf(stderr, "LMDB: %s\n", mdb_strerror(rc));
        exit(EXIT_FAILURE);
    }
}

static void open_tables(const char *folder)
{
    MDB_txn *txn;
    check(mdb_env_create(&env));
    check(mdb_env_set_maxdbs(env, ROWS));
    check(mdb_env_set_mapsize(env, MAP_SIZE));
    check(mdb_env_open(env, folder, MDB_NOTLS, 0600));
    check(mdb_txn_begin(env, NULL, 0, &txn));
    for (size_t i = 0; i < ROWS; i++)
        check(mdb_dbi_open(txn, rows[i].table, MDB_CREATE, &tables[i]));
    check(mdb_txn_commit(txn));
}

static void put(MDB_txn *txn, size_t i, int64_t number, const prov_id *id)
{
    static const uint8_t value[512];
    prov_buf b;
    apr_pool_t *p = mdb_env_get_userctx(env);
    prov_buf_init(&b, p, 128);
    memset(prov_buf_extend(&b, rows[i].before), (int)i, rows[i].before);
    if (rows[i].key == BY_ID)
        prov_buf_add(&b, id->b, sizeof id->b);
    else if (rows[i].key == BY_NAME)
        prov_buf_printf(&b, "bench%lld", (long long)number);
    else if (rows[i].key == BY_NUMBER)
        prov_put_u64(&b, (uint64_t)number);
    memset(prov_buf_extend(&b, rows[i].after), 1, rows[i].after);
    MDB_val k = { b.len, b.data }, v = { rows[i].value, (void *)value };
    check(mdb_put(txn, tables[i], &k, &v, 0));
}

static void create(int64_t number)
{
    MDB_txn *txn;
    prov_id id = prov_id_make();
    check(mdb_txn_begin(env, NULL, 0, &txn));
    for (size_t i = 0; i < ROWS; i++)
        put(txn, i, number, &id);
    check(mdb_txn_commit(txn));
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *p;
    fatal_if(argc != 3, "puts FOLDER SECONDS");
    apr_initialize();
    apr_pool_create(&p, NULL);
    open_tables(argv[1]);
    mdb_env_set_userctx(env, p);
    measured m = measure(argv[2]);
    int64_t first = clock_us(CLOCK_REALTIME);
    while (goes_on(&m)) {
        int64_t began = clock_us(CLOCK_MONOTONIC);
        apr_pool_clear(p);
        create(first + m.count);
        note(&m, began);
    }
    report(&m);
    mdb_env_close(env);
    apr_pool_destroy(p);
    return EXIT_SUCCESS;
}
