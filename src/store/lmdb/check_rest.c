#include "store/lmdb/check.h"

#include <inttypes.h>
#include <string.h>

/* --- names waited for ----------------------------------------------------------------------- */

static void check_waiter(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint32_t target;
    uint16_t type;
    prov_bytes name;
    prov_id id;
    if (prov_row_key_read(key, PROV_TABLE_WAITER, &target, &type, &name, &id) &&
        !PROV_CHECK_HAS(c, LINK, &id, target) &&
        prov_check_mends(c, "%s waits for a name at target %u without a link",
                         prov_check_id(c, &id), target))
        prov_check_drop(c, PROV_TABLE_WAITER, key);
}

/* --- tokens --------------------------------------------------------------------------------- */

static void check_token(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_token token;
    prov_row_key named;
    prov_bytes digest;
    if (!prov_rows_token_read(key, row, &token)) {
        prov_check_says(c, "A token cannot be read");
        return;
    }
    PROV_KEY(c->tx, named, TOKEN_NAME, token.name);
    if (!prov_tx_get(c->tx, &named, &digest)) {
        if (prov_check_mends(c, "A token is not found by its name"))
            prov_tx_put(c->tx, &named, (prov_bytes){ token.digest, sizeof token.digest });
    } else if (!prov_bytes_equal(digest, (prov_bytes){ token.digest, sizeof token.digest }))
        prov_check_says(c, "Two tokens have one name");
}

static void check_token_name(prov_checker *c, prov_bytes key, prov_bytes row)
{
    if ((row.len != 32 || !PROV_CHECK_HAS(c, TOKEN, row.data)) &&
        prov_check_mends(c, "A token's name leads to no token"))
        prov_check_drop(c, PROV_TABLE_TOKEN_NAME, key);
}

/* --- journal -------------------------------------------------------------------------------- */

/* What is older than it is kept for goes from the front; a row missing behind one that is there
 * was lost. */
static void check_journal(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint64_t number;
    if (!prov_row_key_read(key, PROV_TABLE_JOURNAL, &number))
        return;
    if (c->journal && number != c->journal + 1)
        prov_check_says(c, "The journal has no row between %" PRIu64 " and %" PRIu64 "", c->journal,
                        number);
    c->journal = number;
}

const prov_table_check prov_checks_rest[] = {
    { PROV_TABLE_WAITER, check_waiter },
    { PROV_TABLE_TOKEN, check_token },
    { PROV_TABLE_TOKEN_NAME, check_token_name },
    { PROV_TABLE_JOURNAL, check_journal },
    { 0, NULL },
};
