/* Whatever index has the order of a list, its pages are those that sorting everything gives. SEED=n
 * begins with that seed. */
#include "chance.h"
#include "framework_desk.h"

#include "framework/explain.h"
#include "framework/list.h"

#define USERS   400
#define GROUPS  40
#define CHANGES 150
#define FEW     7

#define X50     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X200    X50 X50 X50 X50

/* Cases, ties, what folds to another length or not at all, what begins alike, what is long. */
static const char *const texts[] = { "",
                                     "a",
                                     "A",
                                     "ab",
                                     "aB",
                                     "Abc",
                                     "corp",
                                     "corp/x",
                                     "corp0",
                                     "stra\xc3\x9f"
                                     "e",
                                     "STRASSE",
                                     "strat",
                                     "\xc3\x84hre",
                                     "\xce\xa3\xce\xaf\xcf\x82",
                                     "\xe2\x84\xab",
                                     "\\u0001",
                                     "\\u0001a",
                                     "a\\u0001",
                                     "z",
                                     "z\xef\xbc\xa1",
                                     X200 };
/* Of these an index knows only how they begin. */
static const char *const longs[] = {
    X200 "b" X200,
    X200 "a" X200,
    X50 "a" X200 X200,
    X50 "b" X200 X200,
    X200 "\xc3\x9f" X200 X200 X200 X200 X200 X200,
};
static const char *const names[] = { "a",        "B", "stra\xc3\x9f", "\xc3\xa4",
                                     "\xd7\x90", "z", "co",           X50 };
static const char *const integers[] = { "-9223372036854775808", "-1", "0", "2", "10", "300" };
static const char *const decimals[] = { "-1e300", "-0.5", "-0.0", "0.0", "2.5", "1e19" };
static const char *const instants[] = { "1969-12-31T23:59:59.5Z", "2026-01-01T00:00:00Z",
                                        "2026-01-01T01:00:00+01:00", "1901-01-01T00:00:00Z" };

static prov_id ids[USERS];
static bool long_ones;

static void declare_desk(void)
{
    static const char *const indexed[] = { "title",        "name.familyName", DESK ":number",
                                           DESK ":height", DESK ":since",     NULL };
    declare_desk_with(indexed);
}

/* --- what is there ---------------------------------------------------------------------------- */

static const char *text(void)
{
    return long_ones && !below(8) ? PICK(longs) : PICK(texts);
}

static const char *maybe(const char *name, const char *value)
{
    return below(5) ? apr_psprintf(p, ",\"%s\":\"%s\"", name, value) : "";
}

/* A name that is not ASCII may not be mixed with those that are written the other way. */
static const char *body(int i)
{
    const char *desk =
        apr_psprintf(p,
                     ",\"" DESK "\":{\"number\":%s,\"height\":%s,\"since\":\"%s\","
                     "\"label\":\"l%u\"}",
                     PICK(integers), PICK(decimals), PICK(instants), below(1u << 30));
    return apr_psprintf(
        p, "\"userName\":\"%s%s%s%d\"%s%s%s%s", i % 3 ? "" : "CORP/", PICK(names),
        PICK(names)[0] == 'B' ? "B" : "", i, maybe("externalId", text()), maybe("title", text()),
        below(4) ? apr_psprintf(p, ",\"name\":{\"familyName\":\"%s\"}", text()) : "",
        below(4) ? desk : "");
}

static void given(void)
{
    for (int i = 0; i < USERS; i++)
        ids[i] = made(user_type, body(i));
    for (int i = 0; i < GROUPS; i++)
        made(group_type, apr_psprintf(p, "\"displayName\":\"%s%d\"%s", PICK(names), i % 20,
                                      maybe("externalId", text())));
}

/* The later a change, the later the last one. */
static void change_some(void)
{
    for (int n = 0; n < CHANGES; n++) {
        int i = (int)below(USERS);
        if (below(6)) {
            fatal(change(&admin, PROV_REPLACED, user_type, ids[i], body(i)));
        } else {
            fatal(change(&admin, PROV_DELETED, user_type, ids[i], NULL));
            ids[i] = made(user_type, body(i));
        }
    }
}

/* --- pages ------------------------------------------------------------------------------------ */

typedef struct listed {
    prov_id ids[2 * USERS];
    int count;
    int pages, indexed;
    int64_t total;
} listed;

static bool keep(void *baton, const prov_view *v)
{
    listed *l = baton;
    l->ids[l->count++] = v->id;
    return true;
}

static prov_query asked(apr_pool_t *q, const prov_resource_type *type, const char *by, bool down,
                        const char *filter)
{
    prov_sort *sort;
    prov_filter *parsed = NULL;
    fatal(prov_sort_parse(q, service->registry, type, by, down ? "descending" : NULL, &sort));
    if (filter)
        fatal(
            prov_filter_parse(q, service->registry, type, filter, &prov_filter_defaults, &parsed));
    return (prov_query){ .type = type,
                         .sort = sort,
                         .filter = parsed,
                         .first = 1,
                         .want = USERS + GROUPS,
                         .explain = true,
                         .base = "" };
}

static prov_listed page(apr_pool_t *q, const prov_caller *caller, const prov_query *query,
                        listed *out)
{
    prov_listed found;
    fatal(prov_service_list(service, q, caller, query, keep, out, &found));
    out->pages++;
    out->indexed += found.plan && strstr(found.plan, "index") != NULL;
    return found;
}

static void by_start(apr_pool_t *q, const prov_caller *caller, prov_query query, listed *out)
{
    do {
        out->total = page(q, caller, &query, out).total;
        query.first += query.want;
    } while (query.first <= out->total);
}

static void by_cursor(apr_pool_t *q, const prov_caller *caller, prov_query query, listed *out)
{
    prov_list_place *place = apr_palloc(q, sizeof *place);
    prov_listed found = { .more = true };
    query.onward = true;
    while (found.more && out->count <= USERS) {
        found = page(q, caller, &query, out);
        if (!query.after)
            out->total = found.total;
        *place = found.last;
        query.after = place;
    }
}

static bool same(const listed *a, const listed *b)
{
    return a->count == b->count && a->total == b->total &&
           memcmp(a->ids, b->ids, sizeof(prov_id) * (size_t)b->count) == 0;
}

/* --- both ways -------------------------------------------------------------------------------- */

/* How often an index is to be asked, if no value is too long for it: of every page, of some, of
 * none. */
typedef enum { ALWAYS, SOME, NEVER } frequency;

static const struct {
    const char *by;
    bool groups;
    frequency up, down;
} orders[] = {
    { "userName", false, ALWAYS, ALWAYS },
    { "meta.created", false, ALWAYS, ALWAYS },
    { "meta.lastModified", false, ALWAYS, ALWAYS },
    { "externalId", false, SOME, SOME },
    { "title", false, SOME, SOME },
    { "name.familyName", false, SOME, SOME },
    { DESK ":number", false, SOME, SOME },
    { DESK ":height", false, SOME, SOME },
    { DESK ":since", false, SOME, SOME },
    { DESK ":label", false, NEVER, NEVER },
    { "emails.value", false, NEVER, NEVER },
    { "nickName", false, NEVER, NEVER },
    { "active", false, NEVER, NEVER },
    { "id", false, NEVER, NEVER },
    { "displayName", true, ALWAYS, ALWAYS },
    { "meta.lastModified", true, ALWAYS, ALWAYS },
    { "externalId", true, NEVER, NEVER },
};

static bool is_as_often(frequency f, const listed *l)
{
    return f == SOME ? l->indexed > 0 : l->indexed == (f == ALWAYS ? l->pages : 0);
}

static void hold(const prov_caller *caller, size_t row, bool down, int64_t want)
{
    const prov_resource_type *type = orders[row].groups ? group_type : user_type;
    frequency f = down ? orders[row].down : orders[row].up;
    listed scan = { 0 }, start = { 0 }, cursor = { 0 };
    apr_pool_t *q;
    apr_pool_create(&q, p);
    prov_query query = asked(q, type, orders[row].by, down, NULL);
    by_start(q, caller, asked(q, type, orders[row].by, down, "id pr"), &scan);
    query.want = want;
    by_start(q, caller, query, &start);
    by_cursor(q, caller, query, &cursor);
    const char *what = apr_psprintf(q, "%s %s, %d at a time, %s", orders[row].by,
                                    down ? "descending" : "ascending", (int)want,
                                    caller == &hr ? "one domain" : "both domains");
    is_int(scan.indexed, 0, "%s: a filter has all looked at", what);
    ok(same(&start, &scan), "%s: by startIndex %d of %d are in order", what, start.count,
       scan.count);
    ok(same(&cursor, &scan), "%s: by cursor", what);
    if (f != SOME || (want == FEW && !long_ones))
        ok(is_as_often(f, &cursor), "%s: an index tells %d of %d pages", what, cursor.indexed,
           cursor.pages);
    apr_pool_destroy(q);
}

static void hold_all(void)
{
    static const int64_t wants[] = { 1, 2, 64, 65, 300 };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        for (int down = 0; down < 2; down++) {
            hold(&resident, i, down, FEW);
            hold(below(2) ? &hr : &resident, i, down, wants[below(5)]);
        }
}

/* --- limits and plans ------------------------------------------------------------------------- */

static void limits(void)
{
    apr_pool_t *q;
    listed l = { 0 };
    prov_listed found;
    apr_pool_create(&q, p);
    prov_query query = asked(q, user_type, "userName", true, NULL);
    query.max_sort = 100;
    query.max_scan = 1;
    query.first = 300;
    query.want = 5;
    page(q, &resident, &query, &l);
    is_int(l.count, 5, "what is not sorted has no limit");
    query = asked(q, user_type, "nickName", true, NULL);
    query.max_sort = 100;
    query.first = 300;
    is_error(prov_service_list(service, q, &resident, &query, keep, &l, &found), 400, "tooMany",
             "what is sorted has one");
    query = asked(q, user_type, "userName", false, NULL);
    query.first = USERS + 1;
    l = (listed){ 0 };
    found = page(q, &resident, &query, &l);
    ok(found.total == USERS && l.count == 0 && l.indexed, "beyond the end there is nothing");
    query.first = 11;
    query.want = 5;
    found = page(q, &resident, &query, &l);
    is_str(found.plan, apr_psprintf(q, "User: index userName ascending, 16 of %d", USERS),
           "as much is looked at as the page needs");
    apr_pool_destroy(q);
}

/* --- while others write -------------------------------------------------------------------------
 */

typedef struct moving {
    listed shown;
    prov_id who;
} moving;

/* Behind the first somebody moves to the end, and the rest is shown of a newer state. */
static bool keep_and_move(void *baton, const prov_view *v)
{
    moving *m = baton;
    if (m->shown.count == 0) {
        fatal(change(&admin, PROV_REPLACED, user_type, m->who, "\"userName\":\"zzz\""));
        apr_sleep(PROV_SNAPSHOT_MOST);
    }
    return keep(&m->shown, v);
}

static void who_moves(void)
{
    apr_pool_t *q;
    moving m = { .who = { { 0 } } };
    listed before = { 0 };
    prov_listed found;
    apr_pool_create(&q, p);
    prov_query query = asked(q, user_type, "userName", false, NULL);
    query.want = 5;
    query.onward = true;
    page(q, &resident, &query, &before);
    m.who = before.ids[2];
    fatal(prov_service_list(service, q, &resident, &query, keep_and_move, &m, &found));
    is_int(m.shown.count, 4, "who has moved meanwhile is not shown where he was");
    ok(found.more && prov_id_equal(&found.last.id, &before.ids[4]), "the page ends where it would");
    query.after = &found.last;
    query.want = USERS;
    page(q, &resident, &query, &m.shown);
    is_int(m.shown.count, USERS, "with those behind it all are there");
    int times = 0;
    for (int i = 4; i < m.shown.count; i++)
        times += prov_id_equal(&m.shown.ids[i], &m.who);
    is_int(times, 1, "he where he is now");
    apr_pool_destroy(q);
}

int main(void)
{
    draw_from_seed(1);
    apr_initialize();
    declare_more = declare_desk;
    given_service();
    given();
    hold_all();
    change_some();
    hold_all();
    limits();
    who_moves();
    long_ones = true;
    change_some();
    hold_all();
    return service_done();
}
