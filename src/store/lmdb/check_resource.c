#include "store/lmdb/check.h"

#include <string.h>

/* --- records -------------------------------------------------------------------------------- */

static void check_declared(prov_checker *c, const prov_id *id, prov_record rec)
{
    prov_cursor fields = prov_record_fields(rec);
    prov_item field;
    while (prov_cursor_next(&fields, &field)) {
        if (!prov_registry_attr_numbered(c->registry, field.number))
            prov_check_says(c, "Resource %s holds a value of %s, which is not declared",
                            prov_check_id(c, id), prov_rows_attribute_name(c->tx, field.number));
    }
}

typedef struct large_check {
    prov_checker *c;
    const prov_id *id;
    const uint8_t *wanted; /* NULL: every one must be there */
    bool found;
} large_check;

static void check_digest(void *baton, const uint8_t digest[16])
{
    large_check *l = baton;
    if (l->wanted)
        l->found |= memcmp(l->wanted, digest, 16) == 0;
    else if (!PROV_CHECK_HAS(l->c, LARGE, l->id, digest))
        prov_check_says(l->c, "Resource %s misses a large value", prov_check_id(l->c, l->id));
}

static void mend_type(prov_checker *c, const prov_id *id, uint16_t type)
{
    uint8_t row[2] = { (uint8_t)(type >> 8), (uint8_t)type };
    prov_row_key key;
    PROV_KEY(c->tx, key, TYPE, id);
    if (prov_check_mends(c, "Resource %s is not found by its id", prov_check_id(c, id)))
        prov_tx_put(c->tx, &key, (prov_bytes){ row, sizeof row });
}

static void check_record(prov_checker *c, prov_bytes key, prov_bytes row)
{
    uint16_t type;
    prov_id id = { { 0 } };
    prov_record rec = { row }, same;
    if (!prov_row_key_read(key, PROV_TABLE_RECORD, &type, &id) ||
        prov_record_check(c->tx->scratch, rec)) {
        prov_check_says(c, "The record of %s is damaged", prov_check_id(c, &id));
        return;
    }
    if (!prov_rows_resource(c->tx, &id, &same))
        mend_type(c, &id, type);
    else if (prov_record_head(same).type != type)
        prov_check_says(c, "Resource %s is there twice, and of two types", prov_check_id(c, &id));
    large_check large = { .c = c, .id = &id };
    prov_record_large_each(rec, check_digest, &large);
    prov_check_entries(c, &id, rec);
    check_declared(c, &id, rec);
}

static void check_type(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_record rec;
    const prov_id *id = prov_row_key_last_id(key);
    if (!prov_rows_resource(c->tx, id, &rec) &&
        prov_check_mends(c, "Id %s leads to no record", prov_check_id(c, id)))
        prov_check_drop(c, PROV_TABLE_TYPE, key);
}

static void check_large(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_id id;
    prov_record rec;
    uint8_t digest[16];
    large_check large = { .c = c, .id = &id, .wanted = digest };
    if (!prov_row_key_read(key, PROV_TABLE_LARGE, &id, digest))
        return;
    bool there = prov_rows_resource(c->tx, &id, &rec);
    if (there && prov_record_check(c->tx->scratch, rec))
        return; /* nobody knows what is in it */
    if (there)
        prov_record_large_each(rec, check_digest, &large);
    if (!large.found &&
        prov_check_mends(c, "A large value of %s belongs to nothing", prov_check_id(c, &id)))
        prov_check_drop(c, PROV_TABLE_LARGE, key);
}

static void check_credential(prov_checker *c, prov_bytes key, prov_bytes row)
{
    const prov_id *id = prov_row_key_last_id(key);
    if (!prov_rows_exists(c->tx, id) &&
        prov_check_mends(c, "A credential of %s, which does not exist", prov_check_id(c, id)))
        prov_check_drop(c, PROV_TABLE_CREDENTIAL, key);
}

/* --- memberships ---------------------------------------------------------------------------- */

/* What the group's links want is as the membership is, and somebody carries it. */
static void mend_edges(prov_checker *c, const prov_id *group, const prov_id *member, bool wanted)
{
    prov_touch touch = prov_check_touch();
    prov_rows_edges_want(c->tx, group, member, wanted);
    prov_rows_touch_all(c->tx, group, &touch);
}

static void check_member_edges(prov_checker *c, const prov_id *group, const prov_id *member)
{
    prov_link *links;
    int count = prov_rows_links_of(c->tx, group, &links);
    for (int i = 0; i < count; i++) {
        prov_edge edge;
        if (!prov_rows_superseded(&links[i]) &&
            !(prov_rows_edge(c->tx, links[i].target, group, member, &edge) && edge.wanted) &&
            prov_check_mends(c, "Member %s of %s is not wanted at target %u",
                             prov_check_id(c, member), prov_check_id(c, group), links[i].target))
            mend_edges(c, group, member, true);
    }
}

/* As if the one who is gone had left. */
static void end_membership(prov_checker *c, prov_bytes key, const prov_id *group,
                           const prov_id *member)
{
    prov_touch touch = prov_check_touch();
    prov_row_key of;
    PROV_KEY(c->tx, of, MEMBER_OF, member, group);
    prov_check_drop(c, PROV_TABLE_MEMBER, key);
    prov_tx_delete(c->tx, &of);
    mend_edges(c, group, member, false);
    prov_rows_touch_all(c->tx, member, &touch);
}

static bool is_known(prov_checker *c, const prov_id *group, const prov_id *member, prov_bytes row)
{
    prov_row_key of;
    prov_bytes other;
    PROV_KEY(c->tx, of, MEMBER_OF, member, group);
    return prov_tx_get(c->tx, &of, &other) && prov_bytes_equal(row, other);
}

static void check_member(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_id group, member;
    if (!prov_row_key_read(key, PROV_TABLE_MEMBER, &group, &member))
        return;
    if (!row.len && (!prov_rows_exists(c->tx, &group) || !prov_rows_exists(c->tx, &member))) {
        if (prov_check_mends(c, "A membership of %s in %s, one of which does not exist",
                             prov_check_id(c, &member), prov_check_id(c, &group)))
            end_membership(c, key, &group, &member);
        return;
    }
    if (!is_known(c, &group, &member, row) &&
        prov_check_mends(c, "Group %s has %s, who does not know it", prov_check_id(c, &group),
                         prov_check_id(c, &member)))
        prov_rows_membership_put(c->tx, &group, &member, row.len ? row.data[0] : 0);
    if (row.len)
        prov_check_mark(c, &group, &member, row);
    else if (!PROV_CHECK_HAS(c, INTENT, &group)) /* an open one's edges follow */
        check_member_edges(c, &group, &member);
}

static void check_member_of(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_id group, member;
    if (prov_row_key_read(key, PROV_TABLE_MEMBER_OF, &member, &group) &&
        !PROV_CHECK_HAS(c, MEMBER, &group, &member) &&
        prov_check_mends(c, "%s believes to be a member of %s", prov_check_id(c, &member),
                         prov_check_id(c, &group)))
        prov_check_drop(c, PROV_TABLE_MEMBER_OF, key);
}

const prov_table_check prov_checks_resources[] = {
    { PROV_TABLE_RECORD, check_record },
    { PROV_TABLE_TYPE, check_type },
    { PROV_TABLE_LARGE, check_large },
    { PROV_TABLE_CREDENTIAL, check_credential },
    { PROV_TABLE_MEMBER, check_member },
    { PROV_TABLE_MEMBER_OF, check_member_of },
    { 0, NULL },
};
