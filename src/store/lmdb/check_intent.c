#include "store/lmdb/check.h"

/* Without an intent it is what readers take it for; with one, that one owes its end. */
static void mend_mark(prov_checker *c, const prov_id *group, const prov_id *member, prov_bytes row)
{
    bool of_member = row.data[0] & PROV_MARK_OF_MEMBER;
    const prov_id *own = of_member ? member : group;
    if (PROV_CHECK_HAS(c, INTENT, own)) {
        uint8_t nothing_more = 0;
        prov_row_key key;
        PROV_KEY(c->tx, key, OWED, own, of_member ? group : member);
        prov_tx_put(c->tx, &key, (prov_bytes){ &nothing_more, 1 });
    } else if (prov_rows_is_member(c->tx, group, member, row)) {
        prov_rows_membership_put(c->tx, group, member, 0);
    } else {
        prov_rows_membership_drop(c->tx, group, member);
    }
}

/* The resources at its ends may not be there yet, or no more. */
void prov_check_mark(prov_checker *c, const prov_id *group, const prov_id *member, prov_bytes row)
{
    bool of_member = row.data[0] & PROV_MARK_OF_MEMBER;
    if (!PROV_CHECK_HAS(c, OWED, of_member ? member : group, of_member ? group : member) &&
        prov_check_mends(c, "The membership of %s in %s is marked by no intent",
                         prov_check_id(c, member), prov_check_id(c, group)))
        mend_mark(c, group, member, row);
}

static void check_intent(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_intent intent;
    if (!prov_rows_intent_read(key, row, &intent))
        prov_check_says(c, "The intent of %s cannot be read",
                        prov_check_id(c, prov_row_key_last_id(key)));
    else if (prov_rows_intent_is_abandoned(&intent, apr_time_now()))
        prov_check_says(c, "A large change of %s was left %s", prov_check_id(c, &intent.resource),
                        intent.state == PROV_INTENT_SWITCHED ? "before its end"
                                                             : "when it had begun");
}

static void check_owed(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_id own, other;
    if (prov_row_key_read(key, PROV_TABLE_OWED, &own, &other) && !PROV_CHECK_HAS(c, INTENT, &own) &&
        prov_check_mends(c, "Something is owed to %s by %s, which has no intent",
                         prov_check_id(c, &other), prov_check_id(c, &own)))
        prov_check_drop(c, PROV_TABLE_OWED, key);
}

const prov_table_check prov_checks_intents[] = {
    { PROV_TABLE_INTENT, check_intent },
    { PROV_TABLE_OWED, check_owed },
    { 0, NULL },
};
