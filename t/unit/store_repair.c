/* The store is broken by hand, row by row: the check finds it, the repair makes right what follows
 * from the truth, leaves the rest, and does both while others write. */
#include "store/lmdb/check.h"
#include "store_given_outbox.h"

#include <pthread.h>

#define MANY 250 /* more than one transaction mends */

static prov_id ann, bob, cas, team, nobody;
static uint8_t large[16], token_digest[32];
static uint64_t next_of_team;

/* --- a store that has one of everything ---------------------------------------------------------
 */

static void tell_journal(void)
{
    for (int i = 0; i < 4; i++) {
        prov_plan *a = plan();
        prov_journal row = { .time = S(50), .operation = PROV_PATCHED, .resource = ann };
        prov_plan_touch(a, &ann, &soon);
        prov_plan_journal(a, &row);
        submit(a);
    }
}

static void make_token(void)
{
    prov_token token = { .name = PROV_BYTES("reader"),
                         .application = PROV_BYTES("hr"),
                         .created = S(50),
                         .expires = S(5000) };
    prov_plan *a = plan();
    memset(token_digest, 9, sizeof token_digest);
    memcpy(token.digest, token_digest, sizeof token_digest);
    prov_plan_token(a, &token);
    submit(a);
}

static void keep_large(void *a, const uint8_t digest[16], prov_bytes value)
{
    memcpy(large, digest, sizeof large);
    prov_plan_put_large(a, &ann, digest, value);
}

/* A value so long that it is kept outside of the record that names it. */
static void give_large(void)
{
    static char text[8000];
    prov_head head = { .type = user_type->number, .domain = (uint16_t)domain };
    prov_object *o = prov_object_make(p);
    prov_plan *a = plan();
    memset(text, 'x', sizeof text - 1);
    prov_object_put_text(o, user_type->naming, "ann");
    prov_object_put_text(o, prov_schema_attr(user_type->schema, "nickName", 8), text);
    prov_record whole = prov_record_write(p, &head, o);
    prov_plan_put(a, &ann, prov_record_split(p, whole, keep_large, a));
    done(a, "a large value");
}

static void given(const char *name)
{
    given_store(name);
    declare();
    prov_plan *times = plan();
    prov_plan_stage(times, PROV_INDEX_TIMES, 0, true, false);
    submit(times);
    memset(&nobody, 0x77, sizeof nobody);
    ann = make_user("ann");
    bob = make_user("bob");
    cas = make_user("cas");
    team = make_group("team");
    prov_plan *a = plan();
    prov_plan_member_add(a, &team, &ann, &soon);
    prov_plan_member_add(a, &team, &bob, &soon);
    prov_plan_credential(a, &ann, PROV_BYTES("hash"));
    prov_plan_grant(a, &ann, user_type->number, target, (uint16_t)application, &soon);
    prov_plan_grant(a, &cas, user_type->number, target, (uint16_t)application, &soon);
    prov_plan_grant(a, &team, group_type->number, target, (uint16_t)application, &soon);
    done(a, "they are there");
    claim(&cas);
    carry(&ann, "r-ann", "ann");
    give_large();
    tell_journal();
    make_token();
    prov_link l = link_of(&team, target);
    next_of_team = (uint64_t)prov_link_next(&l);
}

/* --- breaking
 * ------------------------------------------------------------------------------------- */

static prov_tx *t;
static bool missed;

#define DROP(table, ...)                                                                           \
    do {                                                                                           \
        prov_row_key key_;                                                                         \
        PROV_KEY(t, key_, table, __VA_ARGS__);                                                     \
        missed |= !prov_tx_delete(t, &key_);                                                       \
    } while (0)
#define PUT(value, table, ...)                                                                     \
    do {                                                                                           \
        prov_row_key key_;                                                                         \
        PROV_KEY(t, key_, table, __VA_ARGS__);                                                     \
        prov_tx_put(t, &key_, value);                                                              \
    } while (0)
#define ID(id)  ((prov_bytes){ (id)->b, sizeof(id)->b })
#define NOTHING prov_bytes_of(NULL)

static prov_bytes name_key(const char *name)
{
    return key_of(user_type, name);
}

static void change_link(const prov_id *id, void (*change)(prov_link *l))
{
    prov_row_key key;
    prov_link l;
    prov_buf row;
    missed |= !prov_rows_link(t, id, target, &l);
    change(&l);
    prov_buf_init(&row, p, 200);
    prov_link_write(&row, &l);
    PROV_KEY(t, key, LINK, id, target);
    prov_tx_put(t, &key, prov_buf_bytes(&row));
}

static void change_target(void (*change)(prov_target *row))
{
    prov_target row;
    prov_rows_target(t, target, &row);
    change(&row);
    prov_rows_target_put(t, &row);
}

/* clang-format off */
#define BREAK(name) static void name(void)
BREAK(no_type)        { DROP(TYPE, &bob); }
BREAK(no_record)      { DROP(RECORD, user_type->number, &bob); }
BREAK(damaged)        { PUT(PROV_BYTES("rubbish"), RECORD, user_type->number, &bob); }
BREAK(no_name)        { DROP(UNIQUE, user_name, domain, name_key("bob")); }
BREAK(others_name)    { PUT(ID(&ann), UNIQUE, user_name, domain, name_key("bob")); }
BREAK(old_name)       { PUT(ID(&bob), UNIQUE, user_name, domain, name_key("robert")); }
BREAK(nobodys_name)   { PUT(ID(&nobody), UNIQUE, user_name, domain, name_key("nobody")); }
BREAK(no_index)       { DROP(INDEX, group_type->naming->number, domain, key_of(group_type, "team"), &team); }
BREAK(no_time)        { DROP(MODIFIED, user_type->number, domain, prov_index_integer(S(50)), &bob); }
BREAK(old_time)       { PUT(NOTHING, CREATED, user_type->number, domain, prov_index_integer(S(7)), &ann); }
BREAK(old_index)      { PUT(NOTHING, INDEX, group_type->naming->number, domain, key_of(group_type, "old"), &team); }
BREAK(no_large)       { DROP(LARGE, &ann, large); }
BREAK(old_large)      { PUT(PROV_BYTES("x"), LARGE, &bob, large); }
BREAK(no_ones_large)  { PUT(PROV_BYTES("x"), LARGE, &nobody, large); }
BREAK(credential)     { PUT(PROV_BYTES("12345678hash"), CREDENTIAL, &nobody); }
BREAK(no_member_of)   { DROP(MEMBER_OF, &ann, &team); }
BREAK(no_member)      { DROP(MEMBER, &team, &ann); DROP(EDGE, target, &team, &ann);
                        DROP(EDGE_OF, target, &ann, &team); DROP(EDGE_WORK, target, &team, &ann); }
BREAK(ghost_member)   { PUT(NOTHING, MEMBER, &team, &nobody); PUT(NOTHING, MEMBER_OF, &nobody, &team); }
BREAK(ghost_group)    { PUT(NOTHING, MEMBER, &nobody, &ann); PUT(NOTHING, MEMBER_OF, &ann, &nobody); }
BREAK(ghost_leaver)   { PUT(PROV_BYTES("\2"), MEMBER, &team, &ann); PUT(PROV_BYTES("\2"), MEMBER_OF, &ann, &team); }
BREAK(ghost_joiner)   { PUT(PROV_BYTES("\1"), MEMBER, &team, &cas); PUT(PROV_BYTES("\1"), MEMBER_OF, &cas, &team); }
BREAK(other_mark)     { PUT(PROV_BYTES("\1"), MEMBER_OF, &ann, &team); }
BREAK(ghost_owed)     { PUT(PROV_BYTES("\1"), OWED, &team, &ann); }
BREAK(bad_intent)     { PUT(PROV_BYTES("\377\377"), INTENT, &nobody); }
BREAK(no_edge)        { DROP(EDGE, target, &team, &ann); DROP(EDGE_OF, target, &ann, &team);
                        DROP(EDGE_WORK, target, &team, &ann); }
BREAK(no_edge_of)     { DROP(EDGE_OF, target, &ann, &team); }
BREAK(ghost_edge_of)  { PUT(NOTHING, EDGE_OF, target, &cas, &team); }
BREAK(no_edge_work)   { DROP(EDGE_WORK, target, &team, &ann); }
BREAK(ghost_work)     { PUT(NOTHING, EDGE_WORK, target, &team, &cas); }
BREAK(edge_unlinked)  { PUT(((prov_bytes){ (const uint8_t *)"\1", 1 }), EDGE, target, &nobody, &ann);
                        PUT(NOTHING, EDGE_OF, target, &ann, &nobody); PUT(NOTHING, EDGE_WORK, target, &nobody, &ann); }
BREAK(edge_unwanted)  { prov_edge e; prov_rows_edge(t, target, &team, &ann, &e); e.wanted = false; e.applied = true;
                        prov_rows_edge_put(t, target, &team, &ann, &e); }
BREAK(edge_wanted)
{
    prov_edge e = { .wanted = true };
    prov_rows_edge_put(t, target, &team, &cas, &e);
}
BREAK(no_link_at)     { DROP(LINK_AT, target, &ann); }
BREAK(ghost_link_at)  { PUT(NOTHING, LINK_AT, target, &bob); }
BREAK(no_due)         { DROP(DUE, target, PROV_QUEUE_NORMAL, next_of_team, &team); }
BREAK(old_due)        { PUT(NOTHING, DUE, target, PROV_QUEUE_NORMAL, (uint64_t)S(7), &team); }
BREAK(no_lease)       { DROP(LEASE, 1, &cas, target); }
BREAK(old_lease)      { PUT(NOTHING, LEASE, 3, &ann, target); }
BREAK(old_copy)       { PUT(PROV_BYTES("x"), COPY, &bob, target, 0); }
BREAK(ghost_grant)    { PUT(NOTHING, GRANT, &nobody, target, application); }
BREAK(no_link)        { DROP(LINK, &team, target); }
BREAK(no_remote)      { DROP(REMOTE, target, PROV_BYTES("r-ann")); }
BREAK(others_remote)  { PUT(ID(&cas), REMOTE, target, PROV_BYTES("r-ann")); }
BREAK(old_remote)     { PUT(ID(&ann), REMOTE, target, PROV_BYTES("r-old")); }
BREAK(no_key)         { DROP(KEY, target, user_type->number, PROV_BYTES("ann")); }
BREAK(old_key)        { PUT(ID(&ann), KEY, target, user_type->number, PROV_BYTES("anna")); }
BREAK(ghost_waiter)   { PUT(NOTHING, WAITER, target, user_type->number, PROV_BYTES("ann"), &bob); }
BREAK(no_token_name)  { DROP(TOKEN_NAME, PROV_BYTES("reader")); }
BREAK(no_token)       { DROP(TOKEN, token_digest); }
BREAK(bad_link)       { PUT(PROV_BYTES("x"), LINK, &ann, target); }
BREAK(journal_gap)    { DROP(JOURNAL, (uint64_t)2); }
BREAK(wrong_count)    { PUT(PROV_BYTES("\0\0\0\0\0\0\0\11"), COUNT, user_type->number, domain); }
BREAK(wrong_old_count){ PUT(PROV_BYTES("\0\0\0\0\0\0\0\2"), COUNT, user_type->number, 77); }
static void say_gone(prov_link *l) { l->gone = true; }
BREAK(link_gone)      { change_link(&ann, say_gone); }
static void take_remote(prov_link *l) { l->remote = PROV_BYTES("r-ann"); }
BREAK(two_remotes)    { change_link(&team, take_remote); }
static void miscount(prov_target *row) { row->links += 3; row->leases -= 2; row->unsynced++; }
BREAK(target_count)   { change_target(miscount); }
/* clang-format on */

typedef enum {
    EXACT, /* afterwards the store is what it was, byte for byte */
    RIGHT, /* it is without fault, but a link was touched, or what is lost is lost */
    LEFT
} end;

static const struct {
    const char *name;
    void (*breaks)(void);
    end end;
    const char *says;
} classes[] = {
    { "a record not found by its id", no_type, EXACT, "is not found by its id" },
    { "a lost record", no_record, RIGHT, "leads to no record" },
    { "a damaged record", damaged, LEFT, "is damaged" },
    { "a name not in the index", no_name, EXACT, "is missing from the index" },
    { "a name that another holds without having it", others_name, EXACT,
      "is missing from the index" },
    { "a name that nobody has any more", old_name, EXACT, "does not have" },
    { "a name of nobody", nobodys_name, EXACT, "does not exist" },
    { "a value not in the index", no_index, EXACT, "is missing from the index" },
    { "a value nobody has any more", old_index, EXACT, "does not have" },
    { "a time not in the order", no_time, EXACT, "is missing from the order of time" },
    { "a time that is not its own", old_time, EXACT, "in a place that is not its own" },
    { "a lost large value", no_large, LEFT, "misses a large value" },
    { "a large value of no record", old_large, EXACT, "belongs to nothing" },
    { "a large value of nobody", no_ones_large, EXACT, "belongs to nothing" },
    { "a credential of nobody", credential, EXACT, "A credential of" },
    { "a member who does not know it", no_member_of, EXACT, "does not know it" },
    { "a lost membership", no_member, RIGHT, "believes to be a member" },
    { "a member who does not exist", ghost_member, RIGHT, "one of which does not exist" },
    { "a group that does not exist", ghost_group, RIGHT, "one of which does not exist" },
    { "a member who goes with no intent", ghost_leaver, EXACT, "marked by no intent" },
    { "a member who comes with no intent", ghost_joiner, EXACT, "marked by no intent" },
    { "a member who knows of another intent", other_mark, EXACT, "does not know it" },
    { "a debt of no intent", ghost_owed, EXACT, "which has no intent" },
    { "an intent that cannot be read", bad_intent, LEFT, "cannot be read" },
    { "a lost edge", no_edge, RIGHT, "is not wanted at target" },
    { "an edge its member does not know", no_edge_of, EXACT, "not among its member's" },
    { "an edge that only a member knows", ghost_edge_of, EXACT, "that does not exist" },
    { "an edge's work lost", no_edge_work, EXACT, "is work and not among it" },
    { "work without an edge", ghost_work, EXACT, "without an edge" },
    { "an edge without a link", edge_unlinked, EXACT, "has no link" },
    { "an edge that does not want a member", edge_unwanted, RIGHT, "is not wanted at target" },
    { "an edge that wants who is no member", edge_wanted, RIGHT, "wants other" },
    { "a link not among the target's", no_link_at, EXACT, "is not among the target's" },
    { "a target's link that is none", ghost_link_at, EXACT, "knows a link" },
    { "a link that nobody would find due", no_due, EXACT, "is not among those due" },
    { "a link due when it is not", old_due, EXACT, "due when it is not" },
    { "a lease that nobody would end", no_lease, EXACT, "is not among those leased" },
    { "a lease that is none", old_lease, EXACT, "holds no lease" },
    { "a copy of no link", old_copy, EXACT, "belongs to no link" },
    { "a grant of nobody", ghost_grant, EXACT, "without a resource" },
    { "a lost link", no_link, LEFT, "without a link" },
    { "a remote id not in the index", no_remote, EXACT, "remote id is not in the index" },
    { "a remote id that another holds", others_remote, EXACT, "does not have it" },
    { "a remote id that nobody has", old_remote, EXACT, "does not have it" },
    { "a key not in the index", no_key, EXACT, "name is not in the index" },
    { "a key that nobody has", old_key, EXACT, "does not have it" },
    { "one who waits without a link", ghost_waiter, EXACT, "waits for a name" },
    { "a token not found by its name", no_token_name, EXACT, "not found by its name" },
    { "a token's name without a token", no_token, RIGHT, "leads to no token" },
    { "a link that cannot be read", bad_link, LEFT, "cannot be read" },
    { "a gap in the journal", journal_gap, LEFT, "no row between 1 and 3" },
    { "a wrong count", wrong_count, EXACT, "and counts 9" },
    { "a count of nothing", wrong_old_count, RIGHT, "has 0 records" },
    { "a link of one who is gone and is not", link_gone, LEFT, "says its resource is gone" },
    { "two links of one remote id", two_remotes, LEFT, "has the same remote id" },
    { "a target's counts", target_count, EXACT, "counts 6 links" },
};

/* --- looking
 * -------------------------------------------------------------------------------------- */

typedef struct told {
    int count, mended;
    const char *says; /* looked for */
    bool found, found_mended;
} told;

static void note_repair(void *baton, const char *sentence, bool mended)
{
    told *x = baton;
    x->count++;
    x->mended += mended;
    if (x->says && strstr(sentence, x->says)) {
        x->found = true;
        x->found_mended = mended;
    }
    if (!x->says)
        printf("# %s\n", sentence);
}

static void note_one(void *baton, const char *sentence)
{
    note_repair(baton, sentence, false);
}

static told checked(const char *says)
{
    told x = { .says = says };
    int64_t looked_at;
    fatal(prov_store_check(store, p, registry, note_one, &x, &looked_at));
    return x;
}

static told repaired(const char *says)
{
    told x = { .says = says };
    int64_t looked_at;
    fatal(prov_store_repair(store, p, registry, note_repair, &x, &looked_at));
    return x;
}

/* Every row but the file's own. */
static void sum_up(prov_tx *tx, void *sum)
{
    prov_buf all;
    prov_buf_init(&all, p, 1 << 16);
    for (int table = PROV_TABLE_META + 1; table < PROV_TABLES; table++) {
        prov_row_key prefix;
        prov_walk w;
        prov_row_key_prefix(&prefix, tx->env->tenant, (prov_table)table, 0);
        prov_walk_begin(&w, tx, &prefix, NULL);
        while (prov_walk_next(&w)) {
            prov_buf_printf(&all, "\n%d:", table);
            prov_buf_add(&all, w.key.data, w.key.len);
            prov_buf_byte(&all, '=');
            prov_buf_add(&all, w.value.data, w.value.len);
        }
        prov_walk_end(&w);
    }
    prov_sha256(prov_buf_bytes(&all), sum);
}

static void step(prov_step *step, void *baton)
{
    is_int(prov_committer_step(&store->committer, step, baton, NULL), 0, "a transaction by hand");
}

static void break_it(prov_tx *tx, void *baton)
{
    void (*const *breaks)(void) = baton;
    t = tx;
    missed = false;
    (*breaks)();
}

static void test_class(int i)
{
    uint8_t before[32], after[32];
    given(classes[i].name);
    is_int(checked(NULL).count, 0, "the store is without fault");
    step(sum_up, before);
    step(break_it, (void *)&classes[i].breaks);
    ok(!missed, "it is broken");
    ok(checked(classes[i].says).found, "the check finds it");
    told x = repaired(classes[i].says);
    ok(x.found && x.found_mended == (classes[i].end != LEFT), "the repair says what it did");
    if (classes[i].end == LEFT) {
        ok(checked(classes[i].says).found, "and left what it cannot know");
        return;
    }
    is_int(x.mended, x.count, "to everything");
    is_int(checked(NULL).count, 0, "then all is right");
    step(sum_up, after);
    if (classes[i].end == EXACT)
        ok(memcmp(before, after, sizeof before) == 0, "as it was");
    is_int(repaired(NULL).count, 0, "and nothing is left to repair");
}

/* --- many, and meanwhile ---------------------------------------------------------------------- */

static prov_id crowd[MANY];
static prov_bytes crowd_key[MANY];
static prov_record crowd_record[MANY];

BREAK(scatter)
{
    for (int i = 0; i < MANY; i++)
        DROP(MEMBER_OF, &crowd[i], &team);
}

static void join_crowd(void)
{
    prov_plan *a = plan();
    for (int i = 0; i < MANY; i++) {
        const char *name = apr_psprintf(p, "crowd%d", i);
        crowd[i] = make_user(name);
        crowd_key[i] = name_key(name);
        crowd_record[i] = record(user_type, name);
        prov_plan_member_add(a, &team, &crowd[i], &soon);
    }
    done(a, "a crowd joins");
}

static void test_many(void)
{
    void (*breaks)(void) = scatter;
    given("more than one transaction mends");
    join_crowd();
    step(break_it, &breaks);
    is_int(repaired("does not know it").mended, MANY, "each is mended once");
    is_int(checked(NULL).count, 0, "then all is right");
}

static bool writing;

/* One leaves and comes again; another goes and is made anew. */
static void write_once(apr_pool_t *own, int i)
{
    prov_verdict v;
    int n = i % MANY;
    prov_id *who = &crowd[n];
    prov_plan *a = prov_plan_make(own), *b = prov_plan_make(own), *c = prov_plan_make(own);
    prov_plan_touch(a, &ann, &soon);
    if (i / MANY % 2)
        prov_plan_member_add(a, &team, who, &soon);
    else
        prov_plan_member_remove(a, &team, who, &soon);
    prov_store_submit(store, a, &v);
    prov_plan_unindex(b, who, user_name, (uint16_t)domain, crowd_key[n], true);
    prov_plan_delete(b, who, &soon);
    prov_store_submit(store, b, &v);
    prov_plan_put(c, who, crowd_record[n]);
    prov_plan_index(c, who, user_name, (uint16_t)domain, crowd_key[n], true);
    prov_store_submit(store, c, &v);
}

static void *write_on(void *none)
{
    apr_pool_t *own;
    apr_pool_create(&own, NULL);
    for (int i = 0; __atomic_load_n(&writing, __ATOMIC_ACQUIRE); i++) {
        write_once(own, i);
        apr_pool_clear(own);
    }
    apr_pool_destroy(own);
    return NULL;
}

BREAK(much)
{
    prov_row_key key;
    no_name();
    no_edge_work();
    no_link_at();
    target_count();
    PROV_KEY(t, key, COUNT, user_type->number, domain);
    prov_tx_add(t, &key, 5);
}

static void test_meanwhile(void)
{
    void (*breaks)(void) = much;
    pthread_t thread;
    int mended = 0, found = 0;
    given("while others write");
    join_crowd();
    __atomic_store_n(&writing, true, __ATOMIC_RELEASE);
    pthread_create(&thread, NULL, write_on, NULL);
    for (int i = 0; i < 20; i++) {
        step(break_it, &breaks);
        told x = repaired("");
        mended += x.mended;
        found += x.count;
    }
    __atomic_store_n(&writing, false, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    is_int(mended, found, "all that is found is mended");
    is_int(mended, 20 * 5, "and nothing else is found");
    is_int(checked(NULL).count, 0, "then all is right");
}

int main(void)
{
    apr_initialize();
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        test_class((int)i);
    test_many();
    test_meanwhile();
    return stores_done();
}
