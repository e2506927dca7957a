/* A process is killed after each commit of a large change, one after the other: whatever it had
 * come to, all of the change is true or nothing, for every reader at once; another process finishes
 * or undoes it, and that changes nothing that anybody sees. */
#include "base/fault.h"
#include "store_given.h"

#include <signal.h>
#include <sys/wait.h>

#define USERS_MOST 1400
#define GROUPS     240 /* that one user is in */

static bool quick;
static int user_count, joined; /* so many of them in the group */
static prov_id users[USERS_MOST], groups[GROUPS], group, everywhere, created;

/* --- what there is before -----------------------------------------------------------------------
 */

static void submit_each(prov_plan *const plans[], int count)
{
    prov_verdict *verdicts = apr_pcalloc(p, sizeof *verdicts * (size_t)count);
    prov_store_submit_all(store, (const prov_plan *const *)plans, verdicts, count);
    for (int i = 0; i < count; i++)
        if (verdicts[i].kind != PROV_DONE)
            ok(false, "plan %d is done", i);
}

static prov_plan *makes(prov_id *id, const prov_resource_type *t, const char *name)
{
    prov_plan *a = plan();
    *id = prov_id_make();
    prov_plan_put(a, id, record(t, name));
    plan_index(a, id, t, name);
    return a;
}

static void make_users(void)
{
    prov_plan *plans[USERS_MOST];
    for (int i = 0; i < user_count; i++) {
        plans[i] = makes(&users[i], user_type, apr_psprintf(p, "user%d", i));
        if (i % 3) /* the others get their links with the group */
            prov_plan_grant(plans[i], &users[i], user_type->number, target, (uint16_t)application,
                            &soon);
    }
    submit_each(plans, user_count);
}

static void make_groups(void)
{
    prov_plan *plans[GROUPS];
    for (int i = 0; i < GROUPS; i++) {
        plans[i] = makes(&groups[i], group_type, apr_psprintf(p, "group%d", i));
        prov_plan_member_add(plans[i], &groups[i], &everywhere, &soon);
    }
    submit_each(plans, GROUPS);
}

static void join_some(void)
{
    for (int i = 0; i < joined; i += 70) {
        prov_plan *a = plan();
        for (int k = i; k < i + 70; k++)
            prov_plan_member_add(a, &group, &users[k], &soon);
        prov_plan_moved(a, &group, &soon);
        done(a, "members join");
    }
}

static void furnish(void)
{
    static const uint8_t digest[32] = "declared";
    prov_plan *a = plan();
    prov_plan_target_declare(a, target, true, digest);
    done(a, "a target");
    make_users();
    everywhere = make_user("everywhere");
    make_groups();
    group = make_group("large");
    a = plan();
    prov_plan_grant(a, &group, group_type->number, target, (uint16_t)application, &soon);
    done(a, "a group at the target");
    join_some();
    created = prov_id_make();
}

/* --- the changes --------------------------------------------------------------------------------
 */

static void add_journal(prov_plan *a, const prov_id *id, prov_operation operation)
{
    prov_journal row = { .time = S(100), .operation = operation, .resource = *id };
    prov_plan_journal(a, &row);
}

static void owe(prov_plan *a, const prov_id *id, const prov_resource_type *t, uint32_t at)
{
    prov_plan_grant(a, id, t->number, at, (uint16_t)application, &soon);
}

static prov_plan *creates(void)
{
    prov_plan *a = plan();
    prov_plan_must_be_version(a, &created, 0);
    prov_plan_put(a, &created, record(group_type, "created"));
    plan_index(a, &created, group_type, "created");
    owe(a, &created, group_type, target);
    for (int i = 0; i < user_count; i++) {
        prov_plan_member_add(a, &created, &users[i], &soon);
        owe(a, &users[i], user_type, target);
    }
    add_journal(a, &created, PROV_CREATED);
    return a;
}

static prov_plan *replaces(void)
{
    prov_plan *a = plan();
    prov_plan_must_be_version(a, &group, version_of(&group));
    prov_plan_put(a, &group, record(group_type, "renamed"));
    plan_unindex(a, &group, group_type, "large");
    plan_index(a, &group, group_type, "renamed");
    prov_plan_touch(a, &group, &soon);
    for (int i = 0; i < user_count; i++) {
        if (i < joined)
            prov_plan_member_remove(a, &group, &users[i], &soon);
        else
            prov_plan_member_add(a, &group, &users[i], &soon);
        owe(a, &users[i], user_type, target);
    }
    add_journal(a, &group, PROV_REPLACED);
    return a;
}

/* With a link at another target, where nobody is yet. */
static prov_plan *joins(void)
{
    prov_plan *a = plan();
    prov_plan_must_exist(a, &group);
    for (int i = joined - 20; i < user_count; i++)
        prov_plan_member_add(a, &group, &users[i], &soon);
    owe(a, &group, group_type, target2);
    prov_plan_moved(a, &group, &soon);
    for (int i = 0; i < 10; i++)
        prov_plan_touch(a, &groups[i], &soon);
    add_journal(a, &group, PROV_PATCHED);
    return a;
}

static prov_plan *removes(void)
{
    prov_plan *a = plan();
    prov_plan_must_exist(a, &group);
    prov_plan_member_remove_all(a, &group, &soon);
    prov_plan_member_add(a, &group, &users[0], &soon);
    prov_plan_moved(a, &group, &soon);
    add_journal(a, &group, PROV_PATCHED);
    return a;
}

static prov_plan *deletes_group(void)
{
    prov_plan *a = plan();
    prov_touch gone = soon;
    gone.gone = true;
    prov_plan_must_be_version(a, &group, version_of(&group));
    plan_unindex(a, &group, group_type, "large");
    prov_plan_delete(a, &group, &gone);
    add_journal(a, &group, PROV_DELETED);
    return a;
}

static prov_plan *deletes_user(void)
{
    prov_plan *a = plan();
    prov_plan_must_be_version(a, &everywhere, version_of(&everywhere));
    plan_unindex(a, &everywhere, user_type, "everywhere");
    prov_plan_delete(a, &everywhere, &soon);
    add_journal(a, &everywhere, PROV_DELETED);
    return a;
}

/* --- what is seen -------------------------------------------------------------------------------
 */

typedef struct view {
    int members, of_created, groups_of_first, groups_of_last, groups_of_everywhere, in_groups;
    int journal;
    uint64_t group_version, created_version, everywhere_version;
} view;

typedef struct aftermath {
    uint64_t touches[USERS_MOST], group_versions;
} aftermath;

static bool count_id(void *baton, const prov_id *id)
{
    ++*(int *)baton;
    return true;
}

static bool count_row(void *baton, const prov_journal *row)
{
    ++*(int *)baton;
    return true;
}

static uint64_t version_in(prov_snapshot *n, const prov_id *id)
{
    prov_record rec;
    return prov_snapshot_resource(n, id, &rec) ? prov_record_head(rec).version : 0;
}

static view look(void)
{
    prov_snapshot *n = see();
    view v;
    memset(&v, 0, sizeof v);
    prov_snapshot_members(n, &group, NULL, count_id, &v.members);
    prov_snapshot_members(n, &created, NULL, count_id, &v.of_created);
    prov_snapshot_groups(n, &users[0], NULL, count_id, &v.groups_of_first);
    prov_snapshot_groups(n, &users[user_count - 1], NULL, count_id, &v.groups_of_last);
    prov_snapshot_groups(n, &everywhere, NULL, count_id, &v.groups_of_everywhere);
    for (int i = 0; i < GROUPS; i++)
        v.in_groups += prov_snapshot_is_member(n, &groups[i], &everywhere);
    prov_snapshot_journal(n, 0, count_row, &v.journal);
    v.group_version = version_in(n, &group);
    v.created_version = version_in(n, &created);
    v.everywhere_version = version_in(n, &everywhere);
    prov_snapshot_end(n);
    return v;
}

static bool same_view(const view *a, const view *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void look_after(aftermath *out)
{
    prov_snapshot *n = see();
    prov_link link;
    memset(out, 0, sizeof *out);
    for (int i = 0; i < user_count; i++)
        if (prov_snapshot_link(n, &users[i], target, &link))
            out->touches[i] = link.wanted;
    for (int i = 0; i < GROUPS; i++)
        out->group_versions += version_in(n, &groups[i]);
    prov_snapshot_end(n);
}

/* --- a fresh copy for each death -----------------------------------------------------------------
 */

static const char *template;

static void take_copy(const char *name)
{
    settings.location = apr_pstrcat(p, template, "/", name, NULL);
    apr_dir_make(settings.location, APR_FPROT_OS_DEFAULT, p);
    apr_file_copy(apr_pstrcat(p, template, "/data.mdb", NULL),
                  apr_pstrcat(p, settings.location, "/data.mdb", NULL), APR_FPROT_OS_DEFAULT, p);
    fatal(open_store());
    know_numbers();
}

static void drop_copy(void)
{
    close_store();
    remove_folder(settings.location);
}

/* Killed after the nth commit; true if it did not come to that, and was done. */
static bool run_until(int nth, prov_plan *(*change)(void))
{
    int status = 0;
    close_store();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        prov_verdict v;
        fatal(open_store());
        know_numbers();
        const prov_plan *a = change();
        prov_fault_at("commit", nth, SIGKILL);
        prov_store_submit(store, a, &v);
        _exit(v.kind == PROV_DONE ? 0 : 3);
    }
    waitpid(pid, &status, 0);
    fatal(open_store());
    know_numbers();
    if (WIFEXITED(status) && WEXITSTATUS(status))
        ok(false, "the change is refused: %d", WEXITSTATUS(status));
    return WIFEXITED(status);
}

static void settle(void)
{
    bool more = true;
    while (more)
        fatal(prov_store_settle(store, p, &more));
}

/* By processes of which each dies after a commit. */
static void settle_dying(const view *seen)
{
    int status = 1;
    while (!WIFEXITED(status)) {
        close_store();
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            fatal(open_store());
            prov_fault_at("commit", 1, SIGKILL);
            settle();
            _exit(0);
        }
        waitpid(pid, &status, 0);
        fatal(open_store());
        know_numbers();
        view now = look();
        if (!same_view(seen, &now))
            ok(false, "what is seen stays while it is settled");
    }
}

static int64_t open_intents(void)
{
    prov_store_stats stats;
    fatal(prov_store_stats_read(store, p, &stats));
    return stats.intents;
}

static int quiet_check(void)
{
    faults found = { 0 };
    int64_t looked_at = 0;
    fatal(prov_store_check(store, p, registry, note_fault, &found, &looked_at));
    return found.count;
}

typedef struct outcome {
    view before, after;
    aftermath touches_before, touches_after;
} outcome;

/* True: it is done; false: nothing is. */
static bool judge(const outcome *o, int nth)
{
    bool left = open_intents() > 0;
    int faults = quiet_check();
    view crashed = look(), settled;
    aftermath touches;
    if (!quick)
        settle_dying(&crashed);
    settle();
    settled = look();
    look_after(&touches);
    bool is_new = same_view(&settled, &o->after);
    const aftermath *want = is_new ? &o->touches_after : &o->touches_before;
    bool good = same_view(&crashed, &settled) && (is_new || same_view(&settled, &o->before)) &&
                memcmp(&touches, want, sizeof touches) == 0 && open_intents() == 0 &&
                left == (faults > 0) && check() == 0;
    if (!good)
        ok(false,
           "after %d commits: seen %d, settled %d, new %d, old %d, touches %d, open %d, left %d, "
           "faults %d",
           nth, same_view(&crashed, &settled), 1, is_new, same_view(&settled, &o->before),
           memcmp(&touches, want, sizeof touches) == 0, (int)open_intents(), left, faults);
    return is_new;
}

/* Users who were touched just once; -1 if one was more often. */
static int count_touched(const outcome *o)
{
    int count = 0;
    for (int i = 0; i < user_count; i++) {
        uint64_t times = o->touches_after.touches[i] - o->touches_before.touches[i];
        if (times > 1)
            return -1;
        count += (int)times;
    }
    return count;
}

static int count_linked(int from, int to)
{
    int count = 0;
    for (int i = from; i < to; i++)
        count += i % 3 != 0;
    return count;
}

static void test_change(const char *name, prov_plan *(*change)(void), int touched, int left)
{
    outcome o;
    prov_store_stats stats;
    take_copy("whole");
    o.before = look();
    look_after(&o.touches_before);
    done(change(), name);
    o.after = look();
    look_after(&o.touches_after);
    fatal(prov_store_stats_read(store, p, &stats));
    ok(!same_view(&o.before, &o.after), "%s changes something", name);
    is_int(o.after.journal, o.before.journal + 1, "%s: one row of the journal", name);
    is_int(check(), 0, "%s: the store is whole", name);
    is_int(count_touched(&o), touched, "%s: so many users are touched, and once", name);
    is_int(o.touches_after.group_versions - o.touches_before.group_versions, left,
           "%s: so many groups lose a member", name);
    ok(stats.commits >= 4 && stats.rows_most <= PROV_TRANSACTION_ROWS,
       "%s: %d commits, the largest of %d rows", name, (int)stats.commits, (int)stats.rows_most);
    drop_copy();
    int failed = tap_failed, undone = 0, finished = 0;
    bool whole = false, switched = false, back = false;
    for (int nth = 1; !whole; nth++) {
        take_copy("killed");
        whole = run_until(nth, change);
        bool is_new = judge(&o, nth);
        back |= switched && !is_new;
        switched = is_new;
        undone += !whole && !is_new;
        finished += !whole && is_new;
        drop_copy();
    }
    ok(tap_failed == failed, "%s: all or nothing after each of %d deaths", name, undone + finished);
    ok(undone > 1 && finished > 1 && !back, "%s: %d before the switch, %d after it", name, undone,
       finished);
}

int main(void)
{
    apr_initialize();
    quick = getenv("PROVISION_QUICK") != NULL;
    user_count = quick ? 420 : USERS_MOST;
    joined = user_count / 3 * 2 / 70 * 70;
    given_store("furnished");
    furnish();
    is_int(check(), 0, "what there is is whole");
    template = settings.location;
    close_store();
    test_change("a group is created", creates, user_count, 0);
    test_change("a group is replaced", replaces, user_count, 0);
    test_change("members join", joins, count_linked(joined, user_count), 0);
    test_change("all members go", removes, count_linked(1, joined), 0);
    test_change("a group is deleted", deletes_group, count_linked(0, joined), 0);
    test_change("a user of many groups goes", deletes_user, 0, GROUPS);
    fatal(open_store());
    return stores_done();
}
