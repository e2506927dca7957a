/* Ordered indexes: what a walk finds, in which order, and how an index that is declared over
 * resources comes to be whole. */
#include "store_given.h"

static const char *const sorted[] = { "\1",    "\1\1", "\1\2", "\1\2\1",     "\1a",
                                      "\1a\1", "\1ab", "\1b",  "\1b\xc3\xa9" };
#define SORTED ((int)(sizeof sorted / sizeof *sorted))

static prov_id ids[SORTED];

static prov_bytes key_at(int i)
{
    return prov_bytes_of(sorted[i]);
}

static void plan_key(prov_plan *a, int i, bool unique)
{
    prov_plan_index(a, &ids[i], unique ? user_name : external_id, (uint16_t)domain, key_at(i),
                    unique);
}

static void given_keys(void)
{
    for (int i = SORTED - 1; i >= 0; i--) {
        prov_plan *a = plan();
        ids[i] = prov_id_make();
        prov_plan_put(a, &ids[i], record(user_type, apr_psprintf(p, "user%d", i)));
        plan_key(a, i, true);
        plan_key(a, i, false);
        submit(a);
    }
}

/* The places of what is found, as letters. */
static const char *found(bool unique, const char *from, const char *to, int most)
{
    seen s = { .most = most };
    prov_range r = { unique ? user_name : external_id, (uint16_t)domain, unique,
                     prov_bytes_of(from), prov_bytes_of(to) };
    prov_snapshot *n = see();
    prov_snapshot_range(n, &r, note_id, &s);
    prov_snapshot_end(n);
    char *text = apr_pcalloc(p, 20);
    for (int i = 0; i < s.count && i < 8; i++)
        for (int k = 0; k < SORTED; k++)
            if (prov_id_equal(&ids[k], &s.ids[i]))
                text[i] = (char)('a' + k);
    return text;
}

static void test_ranges(void)
{
    static const struct {
        const char *from, *to, *found;
        int most;
    } rows[] = {
        { NULL, NULL, "abcdefgh", 8 }, { "\1\2", NULL, "cdefghi", 0 },
        { "\1\2", "\1\2", "cd", 0 },   { "\1a", "\1a", "efg", 0 },
        { NULL, "\1\1", "ab", 0 },     { "\1ab", "\1b", "ghi", 0 },
        { "\1c", NULL, "", 0 },        { "\1a", "\1\2", "", 0 },
        { "\1aa", "\1aa", "", 0 },     { "\1b\xc3", "\1b\xc3", "i", 0 },
        { "\1a", NULL, "ef", 2 },
    };
    given_store("keys in their order");
    given_keys();
    for (int unique = 0; unique < 2; unique++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            is_str(found(unique, rows[i].from, rows[i].to, rows[i].most), rows[i].found,
                   "range %d, %s", (int)i, unique ? "unique" : "not unique");
}

/* Longer than LMDB takes: found by themselves and by how they begin, and told apart at their end.
 */
static void test_long(void)
{
    char text[3][1200];
    given_store("long keys");
    prov_plan *a = plan();
    for (int i = 0; i < 3; i++) {
        memset(text[i], i < 2 ? 'x' : 1, sizeof text[i]);
        text[i][sizeof text[i] - 1] = (char)('a' + i);
        ids[i] = prov_id_make();
        prov_plan_put(a, &ids[i], record(user_type, apr_psprintf(p, "user%d", i)));
        prov_plan_index(a, &ids[i], user_name, (uint16_t)domain,
                        (prov_bytes){ (uint8_t *)text[i], sizeof text[i] }, true);
    }
    done(a, "keys longer than any the file can hold");
    for (int i = 0; i < 3; i++) {
        prov_id holder;
        prov_snapshot *n = see();
        ok(prov_snapshot_unique(n, user_name, (uint16_t)domain,
                                (prov_bytes){ (uint8_t *)text[i], sizeof text[i] }, &holder) &&
               prov_id_equal(&holder, &ids[i]),
           "key %d is found", i);
        prov_snapshot_end(n);
    }
    is_int(strlen(found(true, "xxx", "xxx", 0)), 2, "those that begin so");
    ok(found(true, NULL, "\1\1", 0)[0] == 'c', "and those that lie before");
}

/* --- in order -------------------------------------------------------------------------------- */

typedef struct letters {
    char text[40];
    int len, most, inexact;
} letters;

static bool note_letter(void *baton, prov_bytes key, bool exact, const prov_id *id)
{
    letters *l = baton;
    int i = 0;
    while (i < SORTED && !prov_id_equal(&ids[i], id))
        i++;
    l->text[l->len++] = i < SORTED ? (char)('a' + i) : '?';
    l->inexact += !exact;
    return l->len != l->most;
}

static letters in_order(prov_ordering o, int most)
{
    letters l = { .most = most };
    prov_snapshot *n = see();
    o.domain = (uint16_t)domain;
    prov_snapshot_ordered(n, &o, note_letter, &l);
    prov_snapshot_end(n);
    return l;
}

static bool is_key_of(void *baton, prov_bytes key, bool exact, const prov_id *id)
{
    int *i = baton;
    *i += exact && prov_bytes_equal(key, key_at(*i)) && prov_id_equal(id, &ids[*i]);
    return true;
}

static void test_order(void)
{
    const struct {
        bool descending;
        int after, after_id; /* places; -1: from the start */
        const char *unique, *values;
    } rows[] = {
        { false, -1, -1, "abcdefghi", "abcdefghi" },
        { true, -1, -1, "ihgfedcba", "ihgfedcba" },
        { false, 2, 2, "defghi", "defghi" },
        { true, 2, 2, "ba", "ba" },
        { false, 8, 8, "", "" },
        { true, 0, 0, "", "" },
        { false, 2, 3, "cdefghi", "cdefghi" },
        { true, 2, 1, "ba", "ba" },
        { true, 2, 3, "cba", "cba" },
    };
    given_store("keys in their order, either way");
    given_keys(); /* whose ids fall while the keys rise */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int unique = 0; unique < 2; unique++) {
            prov_ordering o = { .kind = unique ? PROV_INDEX_UNIQUE : PROV_INDEX_VALUES };
            o.attr = unique ? user_name : external_id;
            o.descending = rows[i].descending;
            o.after = rows[i].after < 0 ? prov_bytes_of(NULL) : key_at(rows[i].after);
            o.after_id = rows[i].after < 0 ? NULL : &ids[rows[i].after_id];
            const char *want = unique ? rows[i].unique : rows[i].values;
            is_str(in_order(o, 0).text, want, "row %d, %s", (int)i, unique ? "unique" : "not");
            is_int(in_order(o, 2).len, strlen(want) < 2 ? strlen(want) : 2,
                   "as far as it is asked");
        }
    int right = 0;
    prov_snapshot *n = see();
    prov_ordering o = { .kind = PROV_INDEX_VALUES,
                        .attr = external_id,
                        .domain = (uint16_t)domain };
    prov_snapshot_ordered(n, &o, is_key_of, &right);
    is_int(right, SORTED, "with their keys as they were put");
    o.type = group_type->number;
    is_str(in_order(o, 0).text, "", "of another type there is none");
    o.type = user_type->number;
    is_int(in_order(o, 0).len, SORTED, "of this all");
    prov_snapshot_end(n);
}

static void put_ties(prov_plan *a, prov_bytes key, int from, int to)
{
    for (int i = from; i < to; i++)
        prov_plan_index(a, &ids[i], external_id, (uint16_t)domain, key, false);
}

static void test_ties(void)
{
    static const uint8_t low[1200] = { 1 };
    prov_ordering o = { .kind = PROV_INDEX_VALUES, .attr = external_id };
    given_store("keys that several have");
    prov_plan *a = plan();
    for (int i = 0; i < SORTED; i++) {
        ids[i] = prov_id_make();
        prov_plan_put(a, &ids[i], record(user_type, apr_psprintf(p, "user%d", i)));
    }
    put_ties(a, PROV_BYTES("\1x"), 0, 3);
    put_ties(a, PROV_BYTES("\1y"), 3, 4);
    put_ties(a, PROV_BYTES("\1z"), 4, 8);
    done(a, "are put");
    is_str(in_order(o, 0).text, "abcdefgh", "by their ids");
    o.descending = true;
    is_str(in_order(o, 0).text, "efghdabc", "by their ids going back, too");
    is_str(in_order(o, 2).text, "ef", "as far as it is asked");
    o.after = PROV_BYTES("\1z");
    o.after_id = &ids[5];
    is_str(in_order(o, 0).text, "ghdabc", "from between them");
    o.descending = false;
    is_str(in_order(o, 0).text, "gh", "either way");
    a = plan();
    put_ties(a, (prov_bytes){ low, sizeof low }, 8, 9);
    done(a, "a key longer than any the file can hold");
    o.after_id = NULL;
    is_int(in_order(o, 0).inexact, 1, "is told from one that lies there as it is");
}

/* --- times ---------------------------------------------------------------------------------- */

static void put_at(const prov_id *id, apr_time_t created, apr_time_t modified)
{
    prov_head head = { .type = user_type->number, .domain = (uint16_t)domain };
    head.created = created;
    head.modified = modified;
    prov_object *o = prov_object_make(p);
    prov_object_put_text(o, user_type->naming, prov_id_text(p, id));
    prov_plan *a = plan();
    prov_plan_put(a, id, prov_record_write(p, &head, o));
    submit(a);
}

static int count_between(bool modified, apr_time_t from, apr_time_t to)
{
    seen s = { 0 };
    prov_period period = { user_type->number, (uint16_t)domain, modified, from, to };
    prov_snapshot *n = see();
    prov_snapshot_period(n, &period, note_id, &s);
    prov_snapshot_end(n);
    return s.count;
}

static void test_times(void)
{
    given_store("the order of time");
    for (int i = 0; i < 5; i++) {
        ids[i] = prov_id_make();
        put_at(&ids[i], S(i - 2), S(i - 2));
    }
    is_int(count_between(false, INT64_MIN, INT64_MAX), 5, "all");
    is_int(count_between(false, S(-1), S(1)), 3, "both bounds are within, before 1970 too");
    is_int(count_between(false, S(-1) + 1, S(1) - 1), 1, "and what is a microsecond off is not");
    put_at(&ids[0], S(-2), S(50));
    is_int(count_between(true, S(50), S(50)), 1, "a change moves it");
    is_int(count_between(true, S(-2), S(-2)), 0, "away from where it was");
    is_int(count_between(false, S(-2), S(-2)), 1, "but not from when it was made");
    prov_id group = make_group("crew");
    prov_plan *a = plan();
    prov_plan_member_add(a, &group, &ids[1], &soon);
    prov_plan_moved(a, &group, &soon);
    done(a, "a member joins");
    prov_period period = { group_type->number, (uint16_t)domain, true, S(100), S(100) };
    seen s = { 0 };
    prov_snapshot *n = see();
    prov_snapshot_period(n, &period, note_id, &s);
    prov_snapshot_end(n);
    is_int(s.count, 1, "which changes its group");
    a = plan();
    prov_plan_delete(a, &ids[0], &soon);
    done(a, "one goes");
    is_int(count_between(true, INT64_MIN, INT64_MAX), 4, "it has no place any more");
    prov_ordering o = { .kind = PROV_INDEX_TIMES, .type = user_type->number };
    is_str(in_order(o, 0).text, "bcde", "the others are in order");
    o.descending = true;
    is_str(in_order(o, 0).text, "edcb", "either way");
}

/* --- stages --------------------------------------------------------------------------------- */

static int stage_of(prov_index_kind kind, uint16_t attr)
{
    prov_stage stage;
    prov_snapshot *n = see();
    bool there = prov_snapshot_stage(n, kind, attr, &stage);
    prov_snapshot_end(n);
    return there ? stage.at : 0;
}

static void stage(prov_index_kind kind, uint16_t attr, bool declared)
{
    prov_plan *a = plan();
    prov_plan_stage(a, kind, attr, declared, false);
    done(a, declared ? "declared" : "not declared any more");
}

/* How many steps it took. */
static int build(uint64_t generation)
{
    prov_process own = { .generation = generation };
    bool more = true;
    int steps = -1;
    for (; more && steps < 100; steps++)
        fatal(prov_store_build(store, p, registry, &own, &more));
    return steps;
}

static void make_many(int count)
{
    for (int i = 0; i < count; i++) {
        prov_object *o = prov_object_make(p);
        prov_id id = prov_id_make();
        prov_head head = { .type = user_type->number, .domain = (uint16_t)domain };
        const prov_attr *external = prov_schema_common(registry, "externalId");
        prov_bytes key;
        prov_object_put_text(o, user_type->naming, apr_psprintf(p, "many%d", i));
        prov_object_put_text(o, external, apr_psprintf(p, "e%d", i));
        prov_plan *a = plan();
        prov_plan_put(a, &id, prov_record_write(p, &head, o));
        plan_index(a, &id, user_type, apr_psprintf(p, "many%d", i));
        prov_index_key_of(p, external, prov_bytes_of(apr_psprintf(p, "e%d", i)), &key);
        prov_plan_index(a, &id, external_id, (uint16_t)domain, key, false);
        submit(a);
    }
}

static int count_keys(void)
{
    seen s = { 0 };
    prov_range r = { external_id, (uint16_t)domain, false, { NULL, 0 }, { NULL, 0 } };
    prov_snapshot *n = see();
    prov_snapshot_range(n, &r, note_id, &s);
    prov_snapshot_end(n);
    return s.count;
}

static void test_stages(void)
{
    prov_process old;
    given_store("an index declared over nothing");
    stage(PROV_INDEX_TIMES, 0, true);
    is_int(stage_of(PROV_INDEX_TIMES, 0), PROV_STAGE_READY, "is ready");
    given_store("an index declared over resources");
    make_many(600);
    stage(PROV_INDEX_TIMES, 0, true);
    is_int(stage_of(PROV_INDEX_TIMES, 0), PROV_STAGE_BUILDING, "is to be built");
    is_int(build(1), 0, "by nobody who is of another generation");
    fatal(prov_store_register(store, 0, &old));
    fatal(prov_store_unregister(store, old.number));
    ok(build(0) >= 2, "in several steps");
    is_int(stage_of(PROV_INDEX_TIMES, 0), PROV_STAGE_READY, "until it is ready");
    is_int(check(), 0, "and right");
    stage(PROV_INDEX_VALUES, external_id, true);
    is_int(stage_of(PROV_INDEX_VALUES, external_id), PROV_STAGE_AGAIN,
           "what those left who did not know of another goes before");
    build(0);
    stage(PROV_INDEX_VALUES, external_id, false);
    is_int(stage_of(PROV_INDEX_VALUES, external_id), PROV_STAGE_GOING, "another is not declared");
    stage(PROV_INDEX_VALUES, external_id, true);
    is_int(stage_of(PROV_INDEX_VALUES, external_id), PROV_STAGE_AGAIN, "and is again");
    prov_plan *a = plan();
    prov_plan_index(a, &ids[0], external_id, (uint16_t)domain, PROV_BYTES("\1stale"), false);
    submit(a);
    build(0);
    is_int(stage_of(PROV_INDEX_VALUES, external_id), PROV_STAGE_READY,
           "it is built from the start");
    is_int(count_keys(), 600, "and what was wrong in it is gone");
    a = plan();
    prov_plan_stage(a, PROV_INDEX_VALUES, external_id, true, true);
    done(a, "declared with keys in another form");
    is_int(stage_of(PROV_INDEX_VALUES, external_id), PROV_STAGE_AGAIN, "it is built again");
    build(0);
    a = plan();
    prov_plan_stage(a, PROV_INDEX_VALUES, external_id, true, true);
    submit(a);
    is_int(stage_of(PROV_INDEX_VALUES, external_id), PROV_STAGE_READY, "once");
    stage(PROV_INDEX_VALUES, external_id, false);
    build(0);
    is_int(stage_of(PROV_INDEX_VALUES, external_id), 0, "at last it is forgotten");
    is_int(count_keys(), 0, "with its rows");
}

static void test_whose_turn(void)
{
    prov_process older, first, second;
    bool more;
    given_store("who builds");
    make_many(3);
    stage(PROV_INDEX_TIMES, 0, true);
    prov_plan *a = plan();
    prov_plan_generation(a, 5, (const uint8_t[32]){ 1 });
    submit(a);
    fatal(prov_store_register(store, 4, &older));
    fatal(prov_store_register(store, 5, &first));
    fatal(prov_store_register(store, 5, &second));
    fatal(prov_store_build(store, p, registry, &first, &more));
    ok(!more, "nobody while an older process is there");
    fatal(prov_store_unregister(store, older.number));
    fatal(prov_store_build(store, p, registry, &second, &more));
    ok(!more, "then only the first");
    fatal(prov_store_build(store, p, registry, &first, &more));
    ok(more, "who does");
    is_int(stage_of(PROV_INDEX_TIMES, 0), PROV_STAGE_READY, "it is done");
}

/* A server that is told of another index gracefully, with no resource yet. */
static void test_older_writes(void)
{
    prov_process older, own;
    bool more;
    given_store("an older process makes the first resource");
    fatal(prov_store_register(store, 0, &older));
    prov_plan *a = plan();
    prov_plan_generation(a, 1, (const uint8_t[32]){ 1 });
    prov_plan_stage(a, PROV_INDEX_VALUES, external_id, true, false);
    submit(a);
    fatal(prov_store_register(store, 1, &own));
    prov_object *o = prov_object_make(p);
    prov_id id = prov_id_make();
    prov_head head = { .type = user_type->number, .domain = (uint16_t)domain };
    prov_object_put_text(o, user_type->naming, "late");
    prov_object_put_text(o, prov_schema_common(registry, "externalId"), "e");
    a = plan();
    prov_plan_put(a, &id, prov_record_write(p, &head, o));
    plan_index(a, &id, user_type, "late");
    submit(a);
    ok(stage_of(PROV_INDEX_VALUES, external_id) != PROV_STAGE_READY,
       "it is not ready while one is there who does not know it");
    fatal(prov_store_unregister(store, older.number));
    do
        fatal(prov_store_build(store, p, registry, &own, &more));
    while (more);
    is_int(stage_of(PROV_INDEX_VALUES, external_id), PROV_STAGE_READY, "then it is");
    is_int(count_keys(), 1, "with all there is");
}

static void test_staged(void)
{
    given_store("who is not registered");
    prov_snapshot *n = see();
    uint64_t seen_then = prov_snapshot_staged(n);
    prov_snapshot_end(n);
    prov_plan *a = plan();
    prov_plan_must_be_staged(a, seen_then);
    done(a, "may write while the indexes are those that he knows");
    stage(PROV_INDEX_TIMES, 0, true);
    a = plan();
    prov_plan_must_be_staged(a, seen_then);
    refused(a, PROV_NOT_GENERATION, "and not when they are others");
}

int main(void)
{
    apr_initialize();
    test_ranges();
    test_long();
    test_order();
    test_ties();
    test_times();
    test_stages();
    test_whose_turn();
    test_older_writes();
    test_staged();
    return stores_done();
}
