/* append FOLDER FILE: a bare LMDB program that appends the lines of a file, one row each, and
 * commits as often as an import can: its transactions hold about so many users. */
#include "bench.h"

#include <lmdb.h>

#define MAP_SIZE  ((size_t)1 << 36)
#define TOGETHER  165
#define LINE_MOST 65536

static void check(int rc)
{
    if (rc) {
        fprintf(stderr, "LMDB: %s\n", mdb_strerror(rc));
        exit(EXIT_FAILURE);
    }
}

static MDB_env *open_env(const char *folder)
{
    MDB_env *env;
    check(mdb_env_create(&env));
    check(mdb_env_set_mapsize(env, MAP_SIZE));
    check(mdb_env_open(env, folder, MDB_NOTLS, 0600));
    return env;
}

/* From where an earlier run ended. */
static uint64_t rows_of(MDB_env *env)
{
    MDB_stat st;
    check(mdb_env_stat(env, &st));
    return st.ms_entries;
}

static bool append(MDB_txn *txn, MDB_dbi dbi, uint64_t number, FILE *in)
{
    static char line[LINE_MOST];
    uint8_t key[8];
    if (!fgets(line, sizeof line, in))
        return false;
    for (int i = 0; i < 8; i++)
        key[i] = (uint8_t)(number >> (56 - 8 * i));
    MDB_val k = { sizeof key, key }, v = { strlen(line), line };
    check(mdb_put(txn, dbi, &k, &v, MDB_APPEND));
    return true;
}

/* False at the end of the file. */
static bool commit_some(MDB_env *env, uint64_t *number, FILE *in)
{
    MDB_txn *txn;
    MDB_dbi dbi;
    bool more = true;
    check(mdb_txn_begin(env, NULL, 0, &txn));
    check(mdb_dbi_open(txn, NULL, 0, &dbi));
    for (int i = 0; i < TOGETHER && more; i++) {
        more = append(txn, dbi, *number, in);
        *number += more;
    }
    check(mdb_txn_commit(txn));
    return more;
}

int main(int argc, const char *const *argv)
{
    fatal_if(argc != 3, "append FOLDER FILE");
    MDB_env *env = open_env(argv[1]);
    FILE *in = fopen(argv[2], "r");
    fatal_if(!in, argv[2]);
    uint64_t first = rows_of(env), number = first;
    measured m = measure("0");
    while (commit_some(env, &number, in))
        ;

    int64_t cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID) - m.cpu;
    int64_t took = clock_us(CLOCK_MONOTONIC) - m.began;
    printf("MEASURED %lld %lld 0 0 0 %lld\n", (long long)(number - first), (long long)took,
           (long long)cpu);
    mdb_env_close(env);
    return EXIT_SUCCESS;
}
