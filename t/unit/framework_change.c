/* Changes through the one door: what becomes durable, what is a no-op, what is refused. */
#include "framework_given.h"

#include "scim/compatibility.h"

#include <apr_thread_proc.h>

#define EXTERNAL "\"externalId\":\"x1\""

static const char *op(const char *op, const char *path, const char *value)
{
    return apr_psprintf(p, "{\"op\":\"%s\",\"path\":\"%s\"%s%s}", op, path,
                        value ? ",\"value\":" : "", value ? value : "");
}

static const char *member(prov_id id)
{
    return apr_psprintf(p, "[{\"value\":\"%s\"}]", prov_id_text(p, &id));
}

static void users(void)
{
    prov_id id = made(user_type, "\"userName\":\"alice\",\"title\":\"A\"," EXTERNAL);
    is_int(last.version, 1, "a new user has version 1");
    ok(last.changed, "and is a change");
    is_int(link_of(id).wanted, 1, "its link is wanted once");
    is_error(create(&resident, user_type, "\"userName\":\"ALICE\""), 409, "uniqueness",
             "the same name again, in other letters");

    prov_head before = head_of(id);
    is_error(change(&resident, PROV_REPLACED, user_type, id,
                    "\"title\":\"A\",\"userName\":\"alice\"," EXTERNAL),
             0, NULL, "PUT of what is");
    ok(!last.changed && last.version == 1, "is no change");
    is_error(change(&resident, PROV_PATCHED, user_type, id, op("add", "title", "\"A\"")), 0, NULL,
             "PATCH to what is");
    ok(!last.changed && last.version == 1, "is none, either");
    ok(head_of(id).modified == before.modified, "nothing moved");
    is_int(link_of(id).wanted, 1, "nor is its link touched");

    is_error(change(&resident, PROV_PATCHED, user_type, id, op("replace", "title", "\"B\"")), 0,
             NULL, "PATCH");
    ok(last.changed && last.version == 2, "moves the version");
    ok(head_of(id).modified > before.modified, "and lastModified");
    ok(head_of(id).created == before.created, "but not created");
    is_int(link_of(id).wanted, 2, "and touches the link");
    is_str(seen(&resident, user_type, id, "title"), "\"title\":\"B\"}", "and shows");
    is_error(change(&resident, PROV_REPLACED, user_type, id, "\"userName\":\"alice\""), 0, NULL,
             "PUT without the title");
    is_str(seen(&resident, user_type, id, "title"), "}", "takes it away");

    is_int(link_of(id).queue, PROV_QUEUE_NORMAL, "an update is normal");
    change(&resident, PROV_PATCHED, user_type, id, op("replace", "active", "false"));
    is_int(link_of(id).queue, PROV_QUEUE_URGENT, "a leaver is urgent");
    is_error(change(&resident, PROV_DELETED, user_type, id, NULL), 0, NULL, "DELETE");
    ok(link_of(id).gone, "the link knows that it is gone");
    is_str(seen(&resident, user_type, id, NULL), "404", "it is not there");
    is_error(change(&resident, PROV_DELETED, user_type, id, NULL), 404, NULL, "DELETE again");
    is_error(change(&resident, PROV_PATCHED, user_type, id, op("add", "title", "\"A\"")), 404, NULL,
             "PATCH then");
    made(user_type, "\"userName\":\"alice\"");
    ok(true, "its name is free again");
}

static void renames(void)
{
    prov_id id = made(user_type, "\"userName\":\"bob\"");
    made(user_type, "\"userName\":\"bert\"");
    is_error(change(&resident, PROV_PATCHED, user_type, id, op("replace", "userName", "\"bert\"")),
             409, "uniqueness", "a rename to a name that is taken");
    is_error(change(&resident, PROV_PATCHED, user_type, id, op("replace", "userName", "\"Bob\"")),
             0, NULL, "a rename to other letters");
    is_error(change(&resident, PROV_PATCHED, user_type, id, op("replace", "userName", "\"rob\"")),
             0, NULL, "a rename");
    made(user_type, "\"userName\":\"bob\"");
    ok(true, "frees the old name");
    is_error(change(&resident, PROV_DELETED, group_type, id, NULL), 404, NULL,
             "a user is no group");
}

static void versions(void)
{
    static const uint64_t one[] = { 1 }, some[] = { 7, 2 };
    prov_id id = made(user_type, "\"userName\":\"versioned\"");
    static const struct {
        prov_condition match;
        int http;
        const char *what;
    } rows[] = {
        { { .given = true, .any = true }, 0, "If-Match: *" },
        { { .given = true, .versions = one, .count = 1 }, 412, "the version before" },
        { { .given = true, .versions = some, .count = 2 }, 0, "one of two" },
        { { .given = true }, 412, "none that can be" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        prov_change c = { .operation = PROV_PATCHED, .type = user_type, .id = id };
        c.match = rows[i].match;
        is_error(
            change_with(&resident, &c, op("replace", "title", apr_psprintf(p, "\"%d\"", (int)i))),
            rows[i].http, NULL, rows[i].what);
    }
    prov_change c = { .operation = PROV_DELETED, .type = user_type, .id = id };
    c.match = (prov_condition){ .given = true, .versions = one, .count = 1 };
    is_error(change_with(&resident, &c, NULL), 412, NULL, "DELETE of an old version");
}

static void domains(void)
{
    prov_id primary = made(user_type, "\"userName\":\"dora\"");
    prov_id corp = made(user_type, "\"userName\":\"corp/dora\"");
    const struct {
        const prov_caller *caller;
        const char *name;
        int http;
        const char *shown;
    } creations[] = {
        { &resident, "PRIMARY/eve", 0, "\"userName\":\"eve\"}" },
        { &resident, "CORP/eve", 0, "\"userName\":\"CORP/eve\"}" },
        { &resident, "primary/EVE", 409, NULL },
        { &resident, "OTHER/eve", 0, "\"userName\":\"OTHER/eve\"}" },
        { &resident, "CORP/PRIMARY/eve", 400, NULL },
        { &resident, "CORP/", 400, NULL },
        { &hr, "frank", 0, "\"userName\":\"CORP/frank\"}" },
        { &hr, "PRIMARY/fred", 0, "\"userName\":\"CORP/fred\"}" },
        { &hr, "CORP/CORP/fred", 400, NULL },
    };
    for (size_t i = 0; i < sizeof creations / sizeof *creations; i++) {
        const char *body = apr_pstrcat(p, "\"userName\":\"", creations[i].name, "\"", NULL);
        prov_err *err = create(creations[i].caller, user_type, body);
        is_error(err, creations[i].http, NULL, creations[i].name);
        if (creations[i].shown)
            is_str(seen(creations[i].caller, user_type, last.id, "userName"), creations[i].shown,
                   "%s is shown", creations[i].name);
    }
    const struct {
        const prov_caller *caller;
        prov_id id;
        const char *name;
        int http;
        const char *type;
    } changes[] = {
        { &resident, corp, "\"CORP/dora\"", 0, NULL },
        { &resident, corp, "\"corp/Dora\"", 0, NULL },
        { &resident, corp, "\"dora\"", 400, "mutability" },
        { &resident, primary, "\"CORP/dodo\"", 400, "mutability" },
        { &resident, primary, "\"PRIMARY/dodo\"", 0, NULL },
        { &hr, corp, "\"dodo\"", 0, NULL },
        { &hr, corp, "\"PRIMARY/dudu\"", 0, NULL },
        { &hr, primary, "\"dudu\"", 404, NULL },
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        is_error(change(changes[i].caller, PROV_PATCHED, user_type, changes[i].id,
                        op("replace", "userName", changes[i].name)),
                 changes[i].http, changes[i].type, changes[i].name);
    is_str(seen(&hr, user_type, corp, "userName"), "\"userName\":\"CORP/dudu\"}", "its own");
    is_str(seen(&hr, user_type, primary, NULL), "404", "another domain's is not there for it");
    is_error(create(&resident, group_type, "\"displayName\":\"CORP/g\""), 400, "invalidValue",
             "a group's name does not look like one with a prefix");
}

static void large_values(void)
{
    char *big = apr_pcalloc(p, (2 << 20) + 1);
    memset(big, 'x', 2 << 20);
    prov_id id = made(user_type, "\"userName\":\"large\"");
    is_error(change(&resident, PROV_PATCHED, user_type, id,
                    op("replace", "title", apr_pstrcat(p, "\"", big, "\"", NULL))),
             413, NULL, "above ProvisionMaxResource");
    big[5000] = 0;
    const char *value = apr_pstrcat(p, "\"", big, "\"", NULL);
    is_error(change(&resident, PROV_PATCHED, user_type, id, op("replace", "title", value)), 0, NULL,
             "5,000 bytes");
    ok(head_of(id).flags & PROV_RECORD_LARGE, "lie elsewhere");
    is_int(strlen(seen(&resident, user_type, id, "title")), strlen("\"title\":\"\"}") + 5000,
           "and are shown whole");
    change(&resident, PROV_PATCHED, user_type, id, op("replace", "title", value));
    ok(!last.changed, "the same again is no change");
    change(&resident, PROV_PATCHED, user_type, id, op("replace", "title", "\"short\""));
    is_str(seen(&resident, user_type, id, "title"), "\"title\":\"short\"}", "and short again");
}

static void memberships(void)
{
    prov_id a = made(user_type, "\"userName\":\"m1\",\"displayName\":\"Em One\"");
    prov_id b = made(user_type, "\"userName\":\"CORP/m2\"");
    prov_id g =
        made(group_type, apr_pstrcat(p, "\"displayName\":\"crew\",\"members\":", member(a), NULL));
    prov_id outer =
        made(group_type, apr_pstrcat(p, "\"displayName\":\"all\",\"members\":", member(g), NULL));
    const char *a_text = prov_id_text(p, &a), *g_text = prov_id_text(p, &g);
    is_str(seen(&resident, group_type, g, "members"),
           apr_psprintf(p,
                        "\"members\":[{\"value\":\"%s\",\"type\":\"User\",\"display\":\"Em One\","
                        "\"$ref\":\"http://s/Users/%s\"}]}",
                        a_text, a_text),
           "members");
    is_str(seen(&resident, user_type, a, "groups.value,groups.type"),
           apr_psprintf(p,
                        "\"groups\":[{\"value\":\"%s\",\"type\":\"direct\"},"
                        "{\"value\":\"%s\",\"type\":\"indirect\"}]}",
                        g_text, prov_id_text(p, &outer)),
           "groups, direct and indirect");

    const char *b_text = prov_id_text(p, &b);
    const struct {
        const char *op;
        bool changed;
        const char *members; /* of a, b */
        const char *what;
    } rows[] = {
        { op("add", "members", member(a)), false, "a", "adding a member" },
        { op("remove", "members", member(b)), false, "a", "removing who is none" },
        { op("add", "members", member(b)), true, "ab", "adding one of another domain" },
        { op("remove", apr_psprintf(p, "members[value eq \\\"%s\\\"]", a_text), NULL), true, "b",
          "removing by filter" },
        { op("replace", "members", member(b)), false, "b", "replacing by the same" },
        { op("replace", "members", member(a)), true, "a", "replacing" },
        { apr_pstrcat(p, op("remove", "members", NULL), ",", op("add", "members", member(a)), NULL),
          false, "a", "removing all and adding the same again" },
        { apr_pstrcat(p, op("add", "members", member(b)), ",", op("remove", "members", member(b)),
                      NULL),
          false, "a", "adding and removing the same" },
        { op("remove", "members[type eq \\\"User\\\"]", NULL), true, "", "removing what matches" },
        { apr_pstrcat(p, op("add", "members", member(b)), ",",
                      op("replace", "displayName", "\"k\""), NULL),
          true, "b", "a member and a name at once" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t version = head_of(g).version;
        is_error(change(&resident, PROV_PATCHED, group_type, g, rows[i].op), 0, NULL, rows[i].what);
        is_int(last.changed, rows[i].changed, "%s: a change or not", rows[i].what);
        is_int(last.version, version + rows[i].changed, "%s: the version", rows[i].what);
        const char *now = seen(&resident, group_type, g, "members");
        is_int(strstr(now, a_text) != NULL, strchr(rows[i].members, 'a') != NULL, "a in %s", now);
        is_int(strstr(now, b_text) != NULL, strchr(rows[i].members, 'b') != NULL, "b in %s", now);
    }
    is_error(change(&hr, PROV_PATCHED, group_type, g, op("add", "members", member(b))), 404, NULL,
             "a group of another domain");
}

static prov_err *add_to(const prov_caller *caller, prov_id group, const char *members)
{
    return change(caller, PROV_PATCHED, group_type, group, op("add", "members", members));
}

/* Passed over and told, or refused, as the application wants it. */
static void strange_members(void)
{
    prov_id user = made(user_type, "\"userName\":\"nostranger\"");
    fatal(create(&hr, group_type, "\"displayName\":\"corp crew\""));
    prov_id group = last.id;
    const struct {
        const char *members, *what;
    } rows[] = { { "[{\"value\":\"x\"}]", "what is no id" },
                 { member(prov_id_make()), "who is not there" },
                 { member(user), "whom the application does not see" } };
    prov_application *a = APR_ARRAY_IDX(config->applications, 1, prov_application *);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        is_error(add_to(&hr, group, rows[i].members), 0, NULL, rows[i].what);
        is_int(last.passed_over, 1, "is passed over");
        ok(!last.changed && !strstr(seen(&hr, group_type, group, "members"), "value"), "for good");
        a->compatibility = PROV_COMPAT_KNOWN_MEMBERS;
        is_error(add_to(&hr, group, rows[i].members), 400, "invalidValue", rows[i].what);
        a->compatibility = 0;
    }
    is_error(change(&hr, PROV_PATCHED, group_type, group, op("replace", "members", member(user))),
             400, "invalidValue", "nor may a list of strangers empty it");
}

/* Removed ones count as well: each operation looks at everyone it met. */
static void selecting_members(void)
{
    const char *members = "[", *filter = "type eq \\\"x\\\"", *ops = "";
    for (int i = 0; i < 100; i++) {
        prov_id id = made(user_type, apr_psprintf(p, "\"userName\":\"sel%d\"", i));
        members =
            apr_psprintf(p, "%s%s{\"value\":\"%s\"}", members, i ? "," : "", prov_id_text(p, &id));
    }
    prov_id g =
        made(group_type, apr_psprintf(p, "\"displayName\":\"many\",\"members\":%s]", members));
    for (int i = 1; i < 250; i++)
        filter = apr_pstrcat(p, filter, " or type eq \\\"x\\\"", NULL);
    const char *one = op("remove", apr_psprintf(p, "members[%s]", filter), NULL);
    for (int i = 0; i < 90; i++)
        ops = apr_pstrcat(p, ops, i ? "," : "", one, NULL);
    is_error(change(&resident, PROV_PATCHED, group_type, g, one), 0, NULL, "a long filter");
    is_error(change(&resident, PROV_PATCHED, group_type, g, ops), 413, NULL, "too often");
}

static void debts(void)
{
    prov_caller quiet = resident;
    quiet.no_outbound = true;
    fatal(create(&quiet, user_type, "\"userName\":\"quiet\""));
    prov_id id = last.id;
    is_int(link_of(id).wanted, 0, "no link for who shall have none");
    prov_id inner = made(
        group_type, apr_pstrcat(p, "\"displayName\":\"inner\",\"members\":", member(id), NULL));
    is_int(link_of(id).wanted, 1, "a member added is owed a link");
    fatal(create(&quiet, group_type, "\"displayName\":\"quiet group\""));
    prov_id group = last.id;
    prov_id loner = made(user_type, "\"userName\":\"loner\"");
    fatal(change(&resident, PROV_PATCHED, group_type, group, op("add", "members", member(loner))));
    ok(link_of(group).wanted > 0, "and so is the group, if only its members change");
    prov_id sales = made(group_type, "\"displayName\":\"sales\"");
    change(&resident, PROV_PATCHED, group_type, sales, op("add", "members", member(inner)));
    is_int(link_of(id).wanted, 2, "who is below a group that joins another is touched");
    change(&resident, PROV_PATCHED, group_type, sales,
           op("replace", "displayName", "\"purchase\""));
    is_int(link_of(id).wanted, 3, "and when a group above is renamed");
    change(&resident, PROV_DELETED, group_type, sales, NULL);
    is_int(link_of(id).wanted, 4, "and when it goes");
    prov_id twin =
        made(group_type, apr_pstrcat(p, "\"displayName\":\"twin\",\"members\":", member(id), NULL));
    prov_id above = made(group_type, "\"displayName\":\"sales\"");
    uint64_t before = link_of(id).wanted;
    change(&resident, PROV_PATCHED, group_type, above,
           apr_pstrcat(p, op("add", "members", member(inner)), ",",
                       op("add", "members", member(twin)), NULL));
    is_int(link_of(id).wanted, before + 1, "once, by however many groups it comes");
}

typedef struct counting {
    int rows;
    prov_journal last;
} counting;

static bool count_row(void *baton, const prov_journal *row)
{
    counting *c = baton;
    c->rows++;
    c->last = *row;
    return true;
}

static void journal(void)
{
    prov_snapshot *n;
    counting before = { 0 }, after = { 0 };
    prov_id id = made(user_type, "\"userName\":\"journal\"");
    fatal(prov_store_read(service->store, p, &n));
    prov_snapshot_journal(n, 0, count_row, &before);
    prov_snapshot_end(n);
    change(&hr, PROV_DELETED, user_type, id, NULL);
    change(&resident, PROV_PATCHED, user_type, id, op("remove", "title", NULL));
    change(&resident, PROV_DELETED, user_type, id, NULL);
    fatal(prov_store_read(service->store, p, &n));
    prov_snapshot_journal(n, 0, count_row, &after);
    is_int(after.rows, before.rows + 1,
           "a row for a change, none for what is refused or no change");
    is_int(after.last.operation, PROV_DELETED, "it says what was done");
    ok(prov_id_equal(&after.last.resource, &id), "and to what");
    is_bytes(after.last.actor, PROV_BYTES("tester"), "and by whom");
    prov_snapshot_end(n);
}

/* As by a server that starts, while provisionctl is at work. */
static void indexes_meanwhile(void)
{
    const prov_attr *nick = prov_schema_attr(user_type->schema, "nickName", 8);
    prov_plan *plan = prov_plan_make(p);
    prov_verdict v;
    prov_plan_stage(plan, PROV_INDEX_VALUES, nick->number, true, false);
    prov_store_submit(service->store, plan, &v);
    fatal(prov_verdict_error(p, &v));
    is_error(create(&resident, user_type, "\"userName\":\"meanwhile\""), 0, NULL,
             "indexes that are declared meanwhile refuse nobody");
    ok(last.changed, "it is made");
}

static void *APR_THREAD_FUNC declare_late(apr_thread_t *thread, void *baton)
{
    apr_pool_t *own;
    prov_snapshot *n;
    prov_verdict v;
    apr_pool_create_unmanaged_ex(&own, NULL, NULL);
    apr_sleep(apr_time_from_msec(200));
    prov_plan *plan = prov_plan_make(own);
    fatal(prov_store_read(service->store, own, &n));
    prov_index_declare(n, service->registry, plan);
    prov_snapshot_end(n);
    prov_store_submit(service->store, plan, &v);
    fatal(prov_verdict_error(own, &v));
    apr_pool_destroy(own);
    return NULL;
}

/* The configuration is told before the server's children, who are slow to start, declare it. */
static void indexes_later(void)
{
    static const uint8_t digest[32] = { 1 };
    const prov_attr *name = prov_schema_attr(user_type->schema, "displayName", 11);
    prov_plan *plan = prov_plan_make(p);
    apr_thread_t *thread;
    apr_status_t rv;
    prov_verdict v;
    prov_plan_stage(plan, PROV_INDEX_VALUES, name->number, false, false);
    prov_plan_generation(plan, 1, digest);
    prov_store_submit(service->store, plan, &v);
    fatal(prov_verdict_error(p, &v));
    apr_thread_create(&thread, NULL, declare_late, NULL, p);
    is_error(create(&resident, user_type, "\"userName\":\"early\""), 0, NULL,
             "indexes that are declared in a moment are waited for");
    apr_thread_join(&rv, thread);
}

int main(void)
{
    apr_initialize();
    given_service();
    users();
    renames();
    versions();
    domains();
    large_values();
    memberships();
    strange_members();
    selecting_members();
    debts();
    journal();
    indexes_meanwhile();
    indexes_later();
    return service_done();
}
