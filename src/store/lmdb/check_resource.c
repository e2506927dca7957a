#include "store/lmdb/check.h"

#include "store/index.h"

#include <apr_tables.h>
#include <string.h>

/* --- records and their indexes -------------------------------------------------------------- */

typedef struct fetch {
    prov_tx *tx;
    const prov_id *id;
} fetch;

static prov_bytes fetch_large(void *baton, const uint8_t digest[16])
{
    const fetch *f = baton;
    prov_row_key key;
    prov_bytes value;
    PROV_KEY(f->tx, key, LARGE, f->id, digest);
    return prov_tx_get(f->tx, &key, &value) ? value : prov_bytes_of(NULL);
}

static int keys_of(prov_checker *c, const prov_id *id, prov_record rec, const prov_index_key **keys)
{
    fetch f = { c->tx, id };
    prov_head head = prov_record_head(rec);
    const prov_resource_type *type = prov_registry_type_numbered(c->registry, head.type);
    int count = 0;
    if (type) {
        if (head.flags & PROV_RECORD_LARGE)
            rec = prov_record_join(c->tx->scratch, rec, fetch_large, &f);
        const prov_object *o = prov_record_read(c->tx->scratch, c->registry, rec);
        if (!o || prov_index_keys(c->tx->scratch, type, o, keys, &count))
            return 0;
    }
    return count;
}

static void make_entry(prov_checker *c, prov_row_key *key, const prov_index_key *k, uint16_t domain,
                       const prov_id *id)
{
    if (k->unique)
        PROV_KEY(c->tx, *key, UNIQUE, k->attr, prov_index_domain(k, domain), k->key);
    else
        PROV_KEY(c->tx, *key, INDEX, k->attr, domain, k->key, id);
}

static void check_entries(prov_checker *c, const prov_id *id, prov_record rec)
{
    const prov_index_key *keys;
    int count = keys_of(c, id, rec, &keys);
    for (int i = 0; i < count; i++) {
        prov_row_key key;
        prov_id holder;
        make_entry(c, &key, &keys[i], prov_record_head(rec).domain, id);
        bool there = keys[i].unique
                         ? prov_tx_get_id(c->tx, &key, &holder) && prov_id_equal(&holder, id)
                         : prov_tx_has(c->tx, &key);
        if (!there)
            prov_check_says(c, "Resource %s is missing from the index of attribute %d",
                            prov_check_id(c, id), keys[i].attr);
    }
}

static void check_declared(prov_checker *c, const prov_id *id, prov_record rec)
{
    prov_cursor fields = prov_record_fields(rec);
    prov_item field;
    while (prov_cursor_next(&fields, &field)) {
        if (!prov_registry_attr_numbered(c->registry, field.number))
            prov_check_says(c, "Resource %s holds a value of attribute %d, which is not declared",
                            prov_check_id(c, id), field.number);
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
    if (!prov_rows_resource(c->tx, &id, &same) || same.bytes.data != row.data)
        prov_check_says(c, "Resource %s is not found by its id", prov_check_id(c, &id));
    large_check large = { .c = c, .id = &id };
    prov_record_large_each(rec, check_digest, &large);
    check_entries(c, &id, rec);
    check_declared(c, &id, rec);
}

static void check_type(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_record rec;
    const prov_id *id = prov_row_key_last_id(key);
    if (!prov_rows_resource(c->tx, id, &rec))
        prov_check_says(c, "Id %s leads to no record", prov_check_id(c, id));
}

/* An entry must be one of those its record would have. */
static void check_entry(prov_checker *c, const prov_id *id, prov_table table, prov_bytes entry)
{
    const prov_index_key *keys;
    prov_record rec;
    if (!prov_rows_resource(c->tx, id, &rec)) {
        prov_check_says(c, "An index leads to %s, which does not exist", prov_check_id(c, id));
        return;
    }
    int count = keys_of(c, id, rec, &keys);
    for (int i = 0; i < count; i++) {
        prov_row_key key;
        make_entry(c, &key, &keys[i], prov_record_head(rec).domain, id);
        if (key.table == table && prov_bytes_equal((prov_bytes){ key.b, key.len }, entry))
            return;
    }
    prov_check_says(c, "An index knows %s by a value that it does not have", prov_check_id(c, id));
}

static void check_unique(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_id id;
    if (row.len == sizeof id.b) {
        memcpy(id.b, row.data, sizeof id.b);
        check_entry(c, &id, PROV_TABLE_UNIQUE, key);
    }
}

static void check_index(prov_checker *c, prov_bytes key, prov_bytes row)
{
    check_entry(c, prov_row_key_last_id(key), PROV_TABLE_INDEX, key);
}

static void check_large(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_id id;
    prov_record rec;
    uint8_t digest[16];
    large_check large = { .c = c, .id = &id, .wanted = digest };
    if (!prov_row_key_read(key, PROV_TABLE_LARGE, &id, digest))
        return;
    if (prov_rows_resource(c->tx, &id, &rec))
        prov_record_large_each(rec, check_digest, &large);
    if (!large.found)
        prov_check_says(c, "A large value of %s belongs to nothing", prov_check_id(c, &id));
}

static void check_credential(prov_checker *c, prov_bytes key, prov_bytes row)
{
    const prov_id *id = prov_row_key_last_id(key);
    if (!prov_rows_exists(c->tx, id))
        prov_check_says(c, "A credential of %s, which does not exist", prov_check_id(c, id));
}

/* --- memberships ---------------------------------------------------------------------------- */

/* The row under the membership's other key. */
static bool is_same(prov_checker *c, prov_table table, const prov_id *a, const prov_id *b,
                    prov_bytes row)
{
    prov_row_key key;
    prov_bytes other;
    prov_row_key_make(&key, c->tx->env->tenant, table, a, b);
    return prov_tx_get(c->tx, &key, &other) && prov_bytes_equal(row, other);
}

static void check_member_edges(prov_checker *c, const prov_id *group, const prov_id *member)
{
    prov_link *links;
    int count = prov_rows_links_of(c->tx, group, &links);
    for (int i = 0; i < count; i++) {
        prov_edge edge;
        if (!prov_rows_superseded(&links[i]) &&
            !(prov_rows_edge(c->tx, links[i].target, group, member, &edge) && edge.wanted))
            prov_check_says(c, "Member %s of %s is not wanted at target %u",
                            prov_check_id(c, member), prov_check_id(c, group), links[i].target);
    }
}

/* What an open intent has marked is on its way: the resources at both ends may not be there yet, or
 * no more. */
static bool check_mark(prov_checker *c, const prov_id *group, const prov_id *member, prov_bytes row)
{
    bool of_member = row.len && row.data[0] & PROV_MARK_OF_MEMBER;
    const prov_id *own = of_member ? member : group, *other = of_member ? group : member;
    if (row.len && !PROV_CHECK_HAS(c, STAGED, own, other))
        prov_check_says(c, "The membership of %s in %s is marked by no intent",
                        prov_check_id(c, member), prov_check_id(c, group));
    return row.len > 0;
}

static void check_member(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_id group, member;
    if (!prov_row_key_read(key, PROV_TABLE_MEMBER, &group, &member))
        return;
    if (!is_same(c, PROV_TABLE_MEMBER_OF, &member, &group, row))
        prov_check_says(c, "Group %s has %s, who does not know it", prov_check_id(c, &group),
                        prov_check_id(c, &member));
    if (check_mark(c, &group, &member, row))
        return;
    if (!prov_rows_exists(c->tx, &group) || !prov_rows_exists(c->tx, &member))
        prov_check_says(c, "A membership of %s in %s, one of which does not exist",
                        prov_check_id(c, &member), prov_check_id(c, &group));
    if (!PROV_CHECK_HAS(c, INTENT, &group))
        check_member_edges(c, &group, &member);
}

static void check_member_of(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_id group, member;
    if (prov_row_key_read(key, PROV_TABLE_MEMBER_OF, &member, &group) &&
        !is_same(c, PROV_TABLE_MEMBER, &group, &member, row))
        prov_check_says(c, "%s believes to be a member of %s", prov_check_id(c, &member),
                        prov_check_id(c, &group));
}

static void check_intent(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_intent intent;
    if (!prov_rows_intent_read(key, row, &intent))
        prov_check_says(c, "The intent of %s is damaged",
                        prov_check_id(c, prov_row_key_last_id(key)));
    else if (prov_rows_intent_is_abandoned(&intent, apr_time_now()))
        prov_check_says(c, "A large change of %s was left %s", prov_check_id(c, &intent.resource),
                        intent.state == PROV_INTENT_SWITCHED ? "before its end"
                                                             : "when it had begun");
}

static void check_staged(prov_checker *c, prov_bytes key, prov_bytes row)
{
    prov_id own, other;
    if (prov_row_key_read(key, PROV_TABLE_STAGED, &own, &other) && !PROV_CHECK_HAS(c, INTENT, &own))
        prov_check_says(c, "Something is owed to %s by %s, which has no intent",
                        prov_check_id(c, &other), prov_check_id(c, &own));
}

/* --- counters ------------------------------------------------------------------------------- */

typedef struct tally {
    uint16_t type, domain;
    int64_t records;
} tally;

static void check_tally(prov_checker *c, const tally *t)
{
    prov_row_key key;
    PROV_KEY(c->tx, key, COUNT, t->type, t->domain);
    int64_t count = prov_tx_count(c->tx, &key);
    if (count != t->records)
        prov_check_says(c, "Type %d in domain %d has %lld records, and counts %lld", t->type,
                        t->domain, (long long)t->records, (long long)count);
}

static tally *tally_of(apr_array_header_t *tallies, uint16_t type, uint16_t domain)
{
    for (int i = 0; i < tallies->nelts; i++) {
        tally *t = &APR_ARRAY_IDX(tallies, i, tally);
        if (t->type == type && t->domain == domain)
            return t;
    }
    APR_ARRAY_PUSH(tallies, tally) = (tally){ type, domain, 0 };
    return &APR_ARRAY_IDX(tallies, tallies->nelts - 1, tally);
}

void prov_check_counts(prov_checker *c)
{
    apr_array_header_t *tallies = apr_array_make(c->tx->scratch, 8, sizeof(tally));
    prov_row_key prefix;
    prov_walk w;
    PROV_PREFIX(c->tx, prefix, RECORD, 0);
    prov_walk_begin(&w, c->tx, &prefix, NULL);
    while (prov_walk_next(&w)) {
        prov_head head = prov_record_head((prov_record){ w.value });
        tally_of(tallies, head.type, head.domain)->records++;
    }
    prov_walk_end(&w);
    PROV_PREFIX(c->tx, prefix, COUNT, 0);
    prov_walk_begin(&w, c->tx, &prefix, NULL);
    for (uint16_t type, domain; prov_walk_next(&w);)
        if (prov_row_key_read(w.key, PROV_TABLE_COUNT, &type, &domain))
            tally_of(tallies, type, domain);
    prov_walk_end(&w);
    for (int i = 0; i < tallies->nelts; i++)
        check_tally(c, &APR_ARRAY_IDX(tallies, i, tally));
    apr_pool_clear(c->tx->scratch);
}

const prov_table_check prov_checks_resources[] = {
    { PROV_TABLE_RECORD, check_record },
    { PROV_TABLE_TYPE, check_type },
    { PROV_TABLE_UNIQUE, check_unique },
    { PROV_TABLE_INDEX, check_index },
    { PROV_TABLE_LARGE, check_large },
    { PROV_TABLE_CREDENTIAL, check_credential },
    { PROV_TABLE_MEMBER, check_member },
    { PROV_TABLE_MEMBER_OF, check_member_of },
    { PROV_TABLE_INTENT, check_intent },
    { PROV_TABLE_STAGED, check_staged },
    { 0, NULL },
};
