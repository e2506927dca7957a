/* What every store owes its callers: resources, indexes, memberships, the journal, and the rest
 * that is not the outbox (store_contract_outbox.c). */
#include "store_given.h"

/* --- resources -----------------------------------------------------------------------------------
 */

static bool note_resource(void *baton, const prov_id *id, prov_record rec)
{
    return note_id(baton, id);
}

static void test_resources(void)
{
    prov_id id = prov_id_make(), absent = prov_id_make();
    prov_record rec;
    prov_plan *a = plan();
    prov_plan_put(a, &id, record(user_type, "ann"));
    prov_verdict v = done(a, "a new resource");
    ok(v.changed && v.version == 1, "its version is 1");

    prov_snapshot *n = see();
    ok(prov_snapshot_resource(n, &id, &rec), "it is there");
    prov_head head = prov_record_head(rec);
    ok(prov_record_check(p, rec) == NULL && head.version == 1 && head.type == user_type->number &&
           head.domain == domain && head.created == S(50),
       "whole, with its head");
    ok(!prov_snapshot_resource(n, &absent, &rec), "another is not");
    is_int(prov_snapshot_count(n, user_type->number, (uint16_t)domain), 1, "one user");
    is_int(prov_snapshot_count(n, group_type->number, (uint16_t)domain), 0, "no group");

    a = plan();
    prov_plan_must_be_version(a, &id, 1);
    prov_plan_put(a, &id, record(user_type, "anne"));
    is_int(done(a, "a change at its version").version, 2, "the version moves");
    refused(a, PROV_NOT_VERSION, "not twice");
    ok(prov_snapshot_resource(n, &id, &rec) && prov_record_head(rec).version == 1,
       "a snapshot stays as it was");
    ok(prov_snapshot_refresh(n) == NULL && prov_snapshot_resource(n, &id, &rec) &&
           prov_record_head(rec).version == 2,
       "until it is refreshed");
    is_int(prov_snapshot_count(n, user_type->number, (uint16_t)domain), 1, "still one user");
    prov_snapshot_end(n);
    prov_snapshot_end(NULL);

    a = plan();
    prov_plan_must_be_version(a, &absent, 1);
    refused(a, PROV_NOT_THERE, "what is not there has no version");
    a = plan();
    prov_plan_must_be_version(a, &absent, 0);
    ok(!done(a, "but it is at version 0").changed, "which says that it is not there");
    a = plan();
    prov_plan_must_be_version(a, &id, 0);
    refused(a, PROV_NOT_VERSION, "what is there is not at version 0");
    a = plan();
    prov_plan_must_exist(a, &absent);
    refused(a, PROV_NOT_THERE, "what is not there does not exist");
    a = plan();
    prov_plan_must_exist(a, &id);
    ok(!done(a, "what is there does").changed, "looking changes nothing");
}

static void test_walks(void)
{
    prov_id ids[5];
    seen all = { .most = 0 }, rest = { .most = 0 }, two = { .most = 2 };
    for (int i = 0; i < 5; i++)
        ids[i] = make_user(apr_psprintf(p, "user%d", i));
    make_group("group");
    prov_snapshot *n = see();
    prov_snapshot_resources(n, user_type->number, NULL, note_resource, &all);
    prov_snapshot_resources(n, user_type->number, &ids[2], note_resource, &rest);
    prov_snapshot_resources(n, user_type->number, NULL, note_resource, &two);
    prov_snapshot_end(n);
    is_int(all.count, 5, "users only");
    int misplaced = 0;
    for (int i = 0; i < 5; i++)
        misplaced += !prov_id_equal(&all.ids[i], &ids[i]);
    is_int(misplaced, 0, "in the order of ids");
    ok(rest.count == 2 && prov_id_equal(&rest.ids[0], &ids[3]), "a walk goes on behind an id");
    is_int(two.count, 2, "and stops when told");
}

typedef struct rows {
    int count, gaps;
    uint64_t last;
    prov_journal row;
    char actor[20];
} rows;

static bool note_row(void *baton, const prov_journal *row)
{
    rows *seen = baton;
    seen->gaps += seen->last != 0 && row->number != seen->last + 1;
    seen->last = row->number;
    seen->count++;
    seen->row = *row;
    apr_snprintf(seen->actor, sizeof seen->actor, "%.*s", (int)row->actor.len,
                 (const char *)row->actor.data);
    return true;
}

static void test_refusal(void)
{
    prov_id id = prov_id_make(), absent = prov_id_make(), group = make_group("g");
    prov_record rec;
    prov_journal row = { .operation = PROV_CREATED, .resource = id };
    prov_plan *a = plan();
    prov_plan_put(a, &id, record(user_type, "ann"));
    plan_index(a, &id, user_type, "ann");
    prov_plan_credential(a, &id, PROV_BYTES("$hash"));
    prov_plan_member_add(a, &group, &absent, &soon);
    prov_plan_journal(a, &row);
    prov_verdict v = refused(a, PROV_NO_MEMBER, "a member who does not exist");
    ok(prov_id_equal(&v.holder, &absent), "the verdict says whom");
    ok(!v.changed, "nothing was put");
    a = plan();
    prov_plan_put(a, &id, record(user_type, "ann"));
    plan_index(a, &id, user_type, "ann");
    prov_plan_journal(a, &row);
    prov_plan_must_exist(a, &absent);
    refused(a, PROV_NOT_THERE, "a precondition counts whatever its place");

    rows journal = { 0 };
    prov_credential credential;
    prov_snapshot *n = see();
    prov_snapshot_journal(n, 0, note_row, &journal);
    ok(!prov_snapshot_resource(n, &id, &rec), "no resource");
    ok(!prov_snapshot_unique(n, user_name, (uint16_t)domain, key_of(user_type, "ann"), &absent),
       "no index");
    ok(!prov_snapshot_credential(n, &id, &credential), "no credential");
    is_int(prov_snapshot_count(n, user_type->number, (uint16_t)domain), 0, "no count");
    is_int(journal.count, 0, "no row of the journal");
    prov_snapshot_end(n);
    is_int(version_of(&group), 1, "the group did not move");
}

static void test_large(void)
{
    static const uint8_t digest[16] = "photograph", none[16] = "none";
    prov_id id = make_user("ann");
    uint8_t *photo = apr_palloc(p, 100000);
    memset(photo, 0xEE, 100000);
    prov_bytes value = { photo, 100000 };
    prov_plan *a = plan();
    prov_plan_put_large(a, &id, digest, value);
    done(a, "a large value");
    prov_snapshot *n = see();
    is_bytes(prov_snapshot_large(n, &id, digest), value, "comes back");
    is_int(prov_snapshot_large(n, &id, none).len, 0, "another is empty");
    prov_snapshot_end(n);
    a = plan();
    prov_plan_delete_large(a, &id, digest);
    done(a, "it goes");
    n = see();
    is_int(prov_snapshot_large(n, &id, digest).len, 0, "it is gone");
    prov_snapshot_end(n);
}

static void test_credentials(void)
{
    prov_id id = make_user("ann");
    prov_credential first, second;
    prov_plan *a = plan();
    prov_plan_credential(a, &id, PROV_BYTES("$y$one"));
    done(a, "a password");
    prov_snapshot *n = see();
    ok(prov_snapshot_credential(n, &id, &first), "is kept");
    is_bytes(first.hash, PROV_BYTES("$y$one"), "as its hash");
    prov_snapshot_end(n);
    a = plan();
    prov_plan_credential(a, &id, PROV_BYTES("$y$two"));
    done(a, "another");
    n = see();
    ok(prov_snapshot_credential(n, &id, &second) && second.version > first.version,
       "moves the credential's version");
    prov_snapshot_end(n);
    a = plan();
    prov_plan_credential(a, &id, PROV_BYTES(""));
    done(a, "none");
    n = see();
    ok(!prov_snapshot_credential(n, &id, &first) || first.hash.len == 0, "removes it");
    prov_snapshot_end(n);
    a = plan();
    prov_plan_credential(a, &id, PROV_BYTES("$y$three"));
    done(a, "and a new one");
    n = see();
    ok(prov_snapshot_credential(n, &id, &first) && first.version > second.version,
       "is never taken for one before");
    prov_snapshot_end(n);
}

/* --- indexes -------------------------------------------------------------------------------------
 */

static bool holds(uint16_t in, const char *name, const prov_id *id)
{
    prov_id holder;
    prov_snapshot *n = see();
    bool found = prov_snapshot_unique(n, user_name, in, key_of(user_type, name), &holder);
    prov_snapshot_end(n);
    return found && prov_id_equal(&holder, id);
}

static void test_unique(void)
{
    prov_id ann = make_user("ann"), bob = make_user("bob");
    uint32_t other;
    fatal(prov_store_number(store, PROV_NUMBER_DOMAIN, "CORP", &other));
    prov_plan *a = plan();
    plan_index(a, &bob, user_type, "ANN");
    prov_verdict v = refused(a, PROV_NOT_UNIQUE, "a name that another has");
    ok(v.attr == user_name && prov_id_equal(&v.holder, &ann), "which, and whose");
    a = plan();
    plan_index(a, &ann, user_type, "ann");
    done(a, "one's own name is free to oneself");
    a = plan();
    prov_plan_index(a, &bob, user_name, (uint16_t)other, key_of(user_type, "ann"), true);
    done(a, "the same name in another domain");
    ok(holds((uint16_t)domain, "ann", &ann) && holds((uint16_t)other, "ann", &bob),
       "both are found");

    a = plan();
    plan_unindex(a, &ann, user_type, "ann");
    plan_index(a, &ann, user_type, "anne");
    done(a, "a rename");
    ok(holds((uint16_t)domain, "anne", &ann) && !holds((uint16_t)domain, "ann", &ann),
       "moves the name");
    a = plan();
    plan_unindex(a, &bob, user_type, "bob");
    plan_index(a, &bob, user_type, "ann");
    done(a, "to a name that was given up");
    ok(holds((uint16_t)domain, "ann", &bob), "is granted");
    a = plan();
    plan_unindex(a, &ann, user_type, "anne");
    plan_index(a, &ann, user_type, "anne");
    done(a, "a rename to what it is");
    ok(holds((uint16_t)domain, "anne", &ann), "changes nothing");
    a = plan();
    plan_unindex(a, &ann, user_type, "ann");
    done(a, "who does not hold a name");
    ok(holds((uint16_t)domain, "ann", &bob), "cannot give it up");

    prov_plan *rivals[2];
    prov_verdict verdicts[2];
    for (int i = 0; i < 2; i++) {
        rivals[i] = plan();
        plan_index(rivals[i], i ? &ann : &bob, user_type, "prize");
    }
    prov_store_submit_all(store, (const prov_plan *const *)rivals, verdicts, 2);
    ok(verdicts[0].kind == PROV_DONE && verdicts[1].kind == PROV_REFUSED &&
           verdicts[1].why == PROV_NOT_UNIQUE,
       "of two in one transaction one wins");

    a = plan();
    plan_index(a, &ann, user_type, "trophy");
    plan_index(a, &bob, user_type, "trophy");
    refused(a, PROV_NOT_UNIQUE, "a plan that gives one name to two");
    ok(!holds((uint16_t)domain, "trophy", &ann) && !holds((uint16_t)domain, "trophy", &bob),
       "gives it to nobody");
    a = plan();
    for (int i = 0; i < 2; i++)
        prov_plan_must_be_only(a, i ? &ann : &bob, user_name, (uint16_t)domain,
                               key_of(user_type, "trophy"));
    refused(a, PROV_NOT_UNIQUE, "nor is a value that is to be one's alone");
}

static void test_indexed(void)
{
    prov_id ann = make_user("ann"), bob = make_user("bob");
    prov_bytes key = PROV_BYTES("\1shared"), longer = PROV_BYTES("\1shared too");
    prov_plan *a = plan();
    prov_plan_index(a, &ann, external_id, (uint16_t)domain, key, false);
    prov_plan_index(a, &bob, external_id, (uint16_t)domain, key, false);
    prov_plan_index(a, &bob, external_id, (uint16_t)domain, longer, false);
    done(a, "two under one key");
    seen both = { 0 }, one = { .most = 1 }, left = { 0 };
    prov_snapshot *n = see();
    prov_snapshot_indexed(n, external_id, (uint16_t)domain, key, note_id, &both);
    prov_snapshot_indexed(n, external_id, (uint16_t)domain, key, note_id, &one);
    prov_snapshot_end(n);
    is_int(both.count, 2, "both are found, and no longer key");
    is_int(one.count, 1, "the walk stops when told");
    a = plan();
    prov_plan_unindex(a, &ann, external_id, (uint16_t)domain, key, false);
    done(a, "one leaves");
    n = see();
    prov_snapshot_indexed(n, external_id, (uint16_t)domain, key, note_id, &left);
    prov_snapshot_end(n);
    ok(left.count == 1 && prov_id_equal(&left.ids[0], &bob), "the other stays");
}

/* --- memberships ---------------------------------------------------------------------------------
 */

static int count_members(const prov_id *group)
{
    seen members = { 0 };
    prov_snapshot *n = see();
    prov_snapshot_members(n, group, NULL, note_id, &members);
    prov_snapshot_end(n);
    return members.count;
}

static prov_plan *member_plan(bool add, const prov_id *group, const prov_id *member)
{
    prov_journal row = { .operation = PROV_PATCHED, .resource = *group };
    prov_plan *a = plan();
    (add ? prov_plan_member_add : prov_plan_member_remove)(a, group, member, &soon);
    prov_plan_moved(a, group, &soon);
    prov_plan_journal(a, &row);
    return a;
}

static void test_members(void)
{
    prov_id group = make_group("g"), second = make_group("h");
    prov_id ann = make_user("ann"), bob = make_user("bob");
    prov_verdict v = done(member_plan(true, &group, &ann), "a member is added");
    ok(v.changed && v.version == 2, "the group moves");
    uint64_t row = v.journal;
    v = done(member_plan(true, &group, &ann), "once more");
    ok(!v.changed && version_of(&group) == 2, "changes nothing");
    v = done(member_plan(false, &group, &bob), "who is none is removed");
    ok(!v.changed && version_of(&group) == 2, "which changes nothing");
    is_int(done(member_plan(true, &group, &bob), "another").journal, row + 1,
           "what changes nothing has no row in the journal");
    done(member_plan(true, &second, &ann), "a second group");

    seen groups = { 0 }, after = { 0 };
    prov_snapshot *n = see();
    ok(prov_snapshot_is_member(n, &group, &ann), "a member");
    ok(!prov_snapshot_is_member(n, &second, &bob), "no member");
    ok(!prov_snapshot_is_member(n, &ann, &group), "the other way round is something else");
    prov_snapshot_groups(n, &ann, NULL, note_id, &groups);
    prov_snapshot_members(n, &group, &ann, note_id, &after);
    prov_snapshot_end(n);
    is_int(groups.count, 2, "from the other end");
    ok(after.count == 1 && prov_id_equal(&after.ids[0], &bob), "a walk goes on behind a member");

    done(member_plan(false, &group, &ann), "one leaves");
    is_int(count_members(&group), 1, "one is left");
    prov_plan *a = plan();
    prov_plan_member_remove_all(a, &group, &soon);
    prov_plan_member_add(a, &group, &ann, &soon);
    prov_plan_moved(a, &group, &soon);
    done(a, "all are replaced");
    n = see();
    ok(prov_snapshot_is_member(n, &group, &ann) && !prov_snapshot_is_member(n, &group, &bob),
       "in the order of the plan");
    prov_snapshot_end(n);
    a = plan();
    prov_plan_moved(a, &second, &soon);
    ok(!done(a, "no membership in the plan").changed, "nothing has moved");
}

static void test_delete(void)
{
    static const uint8_t digest[16] = "photo";
    prov_id group = make_group("g"), outer = make_group("o"), ann = make_user("ann");
    join(&group, &ann);
    join(&outer, &group);
    uint64_t before = version_of(&group), outer_before = version_of(&outer);
    prov_plan *a = plan();
    prov_plan_credential(a, &ann, PROV_BYTES("$y$one"));
    prov_plan_put_large(a, &ann, digest, PROV_BYTES("large"));
    done(a, "a user with everything");

    a = plan();
    plan_unindex(a, &ann, user_type, "ann");
    prov_plan_delete(a, &ann, &soon);
    ok(done(a, "is deleted").changed, "that is a change");
    prov_record rec;
    prov_credential credential;
    prov_snapshot *n = see();
    ok(!prov_snapshot_resource(n, &ann, &rec), "the record");
    ok(!prov_snapshot_credential(n, &ann, &credential), "the credential");
    is_int(prov_snapshot_large(n, &ann, digest).len, 0, "the large value");
    ok(!prov_snapshot_is_member(n, &group, &ann), "the membership");
    is_int(prov_snapshot_count(n, user_type->number, (uint16_t)domain), 0, "and the count");
    prov_snapshot_end(n);
    ok(version_of(&group) > before, "its group moved");
    make_user("ann");

    a = plan();
    plan_unindex(a, &group, group_type, "g");
    prov_plan_delete(a, &group, &soon);
    done(a, "a group in a group is deleted");
    is_int(count_members(&outer), 0, "it is no member any more");
    ok(version_of(&outer) > outer_before, "the outer one moved");
}

/* --- journal, tokens, configuration --------------------------------------------------------------
 */

static prov_plan *journalled(apr_time_t time)
{
    prov_id id = prov_id_make();
    prov_journal row = { .time = time,
                         .operation = PROV_CREATED,
                         .trigger = PROV_TRIGGER_ADMIN,
                         .type = user_type->number,
                         .application = 9,
                         .resource = id,
                         .actor = PROV_BYTES("somebody"),
                         .trace = PROV_BYTES("00-trace-01") };
    prov_plan *a = plan();
    prov_plan_put(a, &id, record(user_type, "x"));
    prov_plan_journal(a, &row);
    return a;
}

static void test_journal(void)
{
    prov_id absent = prov_id_make();
    uint64_t third = 0;
    for (int i = 0; i < 6; i++) {
        prov_plan *a = journalled(S(10 + i));
        if (i % 2)
            prov_plan_must_exist(a, &absent);
        prov_verdict v = submit(a);
        third = v.kind == PROV_DONE ? v.journal : third;
    }
    rows all = { 0 }, late = { 0 };
    prov_snapshot *n = see();
    prov_snapshot_journal(n, 0, note_row, &all);
    prov_snapshot_journal(n, third - 1, note_row, &late);
    ok(all.count == 3 && all.gaps == 0 && all.last == third, "numbered without gaps");
    is_int(late.count, 1, "a walk goes on behind a number");
    ok(all.row.time == S(14) && all.row.operation == PROV_CREATED && all.row.application == 9 &&
           all.row.trigger == PROV_TRIGGER_ADMIN && all.row.type == user_type->number,
       "a row is what was written");
    is_str(all.actor, "somebody", "its actor too");
    prov_snapshot_end(n);
}

static void test_sweep(void)
{
    for (int i = 0; i < 4; i++)
        submit(journalled(S(1000 + i * 100)));
    prov_ages ages = { .audit = S(250), .removed = S(250) };
    bool more = true;
    for (int i = 0; more && i < 100; i++)
        fatal(prov_store_sweep(store, p, S(1400), &ages, &more));
    ok(!more, "sweeping ends");
    rows left = { 0 };
    prov_snapshot *n = see();
    prov_snapshot_journal(n, 0, note_row, &left);
    prov_snapshot_end(n);
    is_int(left.count, 2, "old rows go");
    prov_verdict v = submit(journalled(S(2000)));
    is_int(v.journal, left.last + 1, "numbers go on");
}

static bool count_token(void *baton, const prov_token *t)
{
    ++*(int *)baton;
    return true;
}

static void test_tokens(void)
{
    prov_token token = { .digest = "digest one",
                         .name = PROV_BYTES("ci"),
                         .application = PROV_BYTES("hr"),
                         .permissions = 5,
                         .created = S(1),
                         .expires = S(2) };
    prov_token other = { .digest = "digest two",
                         .name = PROV_BYTES("cd"),
                         .application = PROV_BYTES("hr") },
               got;
    prov_plan *a = plan();
    prov_plan_token(a, &token);
    prov_plan_token(a, &other);
    done(a, "two tokens");
    int count = 0;
    prov_snapshot *n = see();
    ok(prov_snapshot_token(n, token.digest, &got), "found by its digest");
    ok(got.permissions == 5 && got.expires == S(2) && got.created == S(1) &&
           prov_bytes_equal(got.name, token.name) &&
           prov_bytes_equal(got.application, token.application),
       "as it was");
    prov_snapshot_tokens(n, count_token, &count);
    is_int(count, 2, "both are listed");
    prov_snapshot_end(n);
    a = plan();
    prov_plan_token_revoke(a, PROV_BYTES("ci"));
    done(a, "one is revoked");
    refused(a, PROV_NO_TOKEN, "not twice");
    n = see();
    ok(!prov_snapshot_token(n, token.digest, &got), "it is void");
    ok(prov_snapshot_token(n, other.digest, &got), "the other is not");
    prov_snapshot_end(n);
}

static void test_generation(void)
{
    static const uint8_t digest[32] = "of the configuration";
    uint8_t got[32];
    prov_id id = make_user("ann"), other = make_user("bob"), after, none = { { 0 } };
    prov_plan *a = plan();
    prov_plan_generation(a, 3, digest);
    prov_plan_scan(a, target, &none, false);
    done(a, "a generation with a scan");
    prov_snapshot *n = see();
    is_int(prov_snapshot_generation(n, got), 3, "is stored");
    ok(memcmp(got, digest, 32) == 0, "with its digest");
    ok(prov_snapshot_scan(n, target, &after) && prov_id_equal(&after, &none), "from the start");
    ok(!prov_snapshot_scan(n, target2, &after), "of one target");
    prov_snapshot_end(n);
    a = plan();
    prov_plan_must_be_generation(a, 2);
    prov_plan_recheck(a, &id, 2);
    refused(a, PROV_NOT_GENERATION, "an older one is refused");
    a = plan();
    prov_plan_must_be_generation(a, 3);
    prov_plan_must_stand_at(a, target, &none);
    prov_plan_scan(a, target, &id, false);
    prov_plan_recheck(a, &id, 2);
    prov_plan_recheck(a, &other, 3);
    done(a, "the scan goes on, something of an older generation is to be looked at");
    seen again = { 0 };
    n = see();
    ok(prov_snapshot_scan(n, target, &after) && prov_id_equal(&after, &id), "where it stands");
    prov_snapshot_rechecks(n, note_id, &again);
    ok(again.count == 1 && prov_id_equal(&again.ids[0], &id), "what is to be checked");
    prov_snapshot_end(n);
    a = plan();
    prov_plan_must_stand_at(a, target, &none);
    prov_plan_scan(a, target, &none, true);
    refused(a, PROV_NOT_DUE, "who was overtaken does not end it");
    a = plan();
    prov_plan_scan(a, target, &id, true);
    prov_plan_recheck_done(a, &id);
    done(a, "both end");
    again.count = 0;
    n = see();
    prov_snapshot_rechecks(n, note_id, &again);
    ok(!prov_snapshot_scan(n, target, &after) && again.count == 0, "none is open");
    prov_snapshot_end(n);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        { "resources", test_resources },
        { "walks", test_walks },
        { "a refused plan puts nothing", test_refusal },
        { "large values", test_large },
        { "credentials", test_credentials },
        { "unique keys", test_unique },
        { "other keys", test_indexed },
        { "members", test_members },
        { "delete", test_delete },
        { "journal", test_journal },
        { "sweep", test_sweep },
        { "tokens", test_tokens },
        { "generation", test_generation },
    };
    apr_initialize();
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        given_store(tests[i].name);
        tests[i].run();
    }
    return stores_done();
}
