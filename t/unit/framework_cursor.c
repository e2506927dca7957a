/* Sorted lists, limits, and cursors: sealed, bound, and stable while others write. */
#include "framework_given.h"

#include "framework/list_cursor.h"

#include <apr_thread_proc.h>

#define USERS 40

static prov_id users[USERS];

/* Titles t0..t7, each five times; every tenth has none. */
static void given(void)
{
    for (int i = 0; i < USERS; i++) {
        const char *title = i % 10 ? apr_psprintf(p, ",\"title\":\"t%d\"", i * 3 % 8) : "";
        users[i] =
            made(user_type, apr_psprintf(p, "\"userName\":\"%su%02d\",\"nickName\":\"n%d\"%s",
                                         i < 30 ? "" : "CORP/", USERS - i, i % 2, title));
    }
    made(group_type, "\"displayName\":\"crew\"");
}

/* --- pages ---------------------------------------------------------------------------------- */

typedef struct page {
    prov_id ids[100];
    int count, most;
} page;

static bool keep(void *baton, const prov_view *v)
{
    page *pg = baton;
    if (pg->count >= pg->most)
        return false;
    pg->ids[pg->count++] = v->id;
    return true;
}

static prov_query asked(const char *filter_text, const char *by, const char *order)
{
    prov_filter *filter = NULL;
    prov_sort *sort;
    if (filter_text)
        fatal(prov_filter_parse(p, service->registry, user_type, filter_text, &prov_filter_defaults,
                                &filter));
    fatal(prov_sort_parse(p, service->registry, user_type, by, order, &sort));
    return (prov_query){
        .type = user_type, .filter = filter, .sort = sort, .first = 1, .want = 7, .base = ""
    };
}

/* Page by page; how many pages. */
static int walk(const prov_caller *caller, prov_query q, page *all, int64_t *total)
{
    prov_list_place after;
    int pages = 0;
    q.onward = true;
    for (prov_listed found = { .more = true }; found.more && pages < 100; pages++) {
        fatal(prov_service_list(service, p, caller, &q, keep, all, &found));
        if (!pages)
            *total = found.total;
        after = found.last;
        q.after = &after;
    }
    return pages;
}

static bool same(const page *a, const page *b)
{
    return a->count == b->count && memcmp(a->ids, b->ids, sizeof *a->ids * (size_t)a->count) == 0;
}

/* PG-3: by cursor, by startIndex and in one page the same is listed in the same order. */
static void ways_agree(void)
{
    static const struct {
        const char *filter, *by, *order;
        int64_t total;
    } rows[] = {
        { NULL, NULL, NULL, 40 },
        { "nickName eq \"n1\"", NULL, NULL, 20 },
        { "nickName eq \"nobody\"", "title", NULL, 0 },
        { NULL, "title", NULL, 40 },
        { NULL, "title", "descending", 40 },
        { "nickName eq \"n1\"", "title", "descending", 20 },
        { NULL, "userName", NULL, 40 },
        { NULL, "id", "descending", 40 },
        { NULL, "meta.created", NULL, 40 },
        { "userName sw \"CORP\"", "userName", NULL, 10 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        page whole = { .most = 100 }, cursor = { .most = 100 }, index = { .most = 100 };
        prov_query q = asked(rows[i].filter, rows[i].by, rows[i].order);
        prov_listed found;
        int64_t total;
        int pages = walk(&resident, q, &cursor, &total);
        is_int(total, rows[i].total, "row %d: the total", (int)i);
        is_int(cursor.count, rows[i].total, "row %d: all by cursor", (int)i);
        is_int(pages, rows[i].total ? (rows[i].total + 6) / 7 : 1, "row %d: pages", (int)i);
        for (; index.count < total; q.first += q.want)
            fatal(prov_service_list(service, p, &resident, &q, keep, &index, &found));
        q.first = 1;
        q.want = 100;
        fatal(prov_service_list(service, p, &resident, &q, keep, &whole, &found));
        ok(same(&cursor, &whole), "row %d: by cursor as in one page", (int)i);
        ok(same(&index, &whole), "row %d: by startIndex as in one page", (int)i);
    }
}

static void orders(void)
{
    page up = { .most = 100 }, down = { .most = 100 };
    int64_t total;
    walk(&hr, asked(NULL, "userName", NULL), &up, &total);
    walk(&hr, asked(NULL, "userName", "descending"), &down, &total);
    is_int(total, 10, "an application sees its own");
    for (int i = 0; i < 10; i++) {
        ok(prov_id_equal(&up.ids[i], &users[USERS - 1 - i]), "ascending, %d", i);
        ok(prov_id_equal(&down.ids[i], &users[30 + i]), "descending, %d", i);
    }
    up.count = down.count = 0;
    walk(&resident, asked(NULL, "title", NULL), &up, &total);
    walk(&resident, asked(NULL, "title", "descending"), &down, &total);
    for (int i = 0; i < 4; i++) {
        ok(prov_id_equal(&up.ids[36 + i], &users[10 * i]), "without a title last, by id");
        ok(prov_id_equal(&down.ids[i], &users[10 * i]), "and first if descending");
    }
}

static void root(void)
{
    page all = { .most = 100 };
    prov_query q = { .first = 1, .want = 9, .base = "" };
    int64_t total;
    int pages = walk(&resident, q, &all, &total);
    is_int(total, 41, "all types are counted");
    is_int(pages, 5, "and paged");
    is_int(all.count, 41, "each once");
}

static void full_early(void)
{
    page two = { .most = 2 };
    prov_listed found;
    prov_query q = asked(NULL, NULL, NULL);
    q.onward = true;
    fatal(prov_service_list(service, p, &resident, &q, keep, &two, &found));
    ok(found.more && prov_id_equal(&found.last.id, &users[1]), "a page that is full ends there");
    q.sort = asked(NULL, "userName", NULL).sort;
    two.count = 0;
    fatal(prov_service_list(service, p, &resident, &q, keep, &two, &found));
    ok(found.more && prov_id_equal(&found.last.id, &two.ids[1]), "sorted, too");
    q.want = 0;
    fatal(prov_service_list(service, p, &resident, &q, keep, &two, &found));
    ok(!found.more && found.total == 40, "count=0 only counts");
}

static void limits(void)
{
    const struct {
        const char *filter, *by;
        int64_t first, max_sort, max_scan;
        bool good;
    } rows[] = {
        { NULL, NULL, 1, 0, 39, true },
        { NULL, "title", 1, 0, 39, false },
        { NULL, "title", 1, 0, 40, true },
        { "nickName pr", NULL, 1, 0, 39, false },
        { "nickName pr", NULL, 1, 0, 40, true },
        { "userName eq \"u5\"", "title", 1, 0, 1, true },
        { NULL, "title", 1, 2, 0, true },
        { NULL, "title", 20, 20, 0, false },
        { NULL, "title", 20, 26, 0, true },
        { NULL, "title", 41, 40, 0, true },
        { NULL, "title", INT64_MAX, 40, 0, true },
        { NULL, "title", INT64_MAX, 39, 0, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        page pg = { .most = 100 };
        prov_listed found;
        prov_query q = asked(rows[i].filter, rows[i].by, NULL);
        q.first = rows[i].first;
        q.max_sort = rows[i].max_sort;
        q.max_scan = rows[i].max_scan;
        prov_err *err = prov_service_list(service, p, &resident, &q, keep, &pg, &found);
        is_error(err, rows[i].good ? 0 : 400, rows[i].good ? NULL : "tooMany",
                 apr_psprintf(p, "limits, row %d", (int)i));
    }
}

/* --- while others write ---------------------------------------------------------------------- */

static volatile bool done;

/* What is there is changed, what is new comes and goes. */
static void *APR_THREAD_FUNC write_on(apr_thread_t *thread, void *baton)
{
    for (int i = 0; !done; i++) {
        apr_pool_t *own;
        prov_changed changed;
        prov_body_extra extra = { 0 };
        apr_pool_create(&own, NULL);
        prov_object *o = prov_object_make(own);
        prov_object_put_text(o, user_type->naming, apr_psprintf(own, "v%d", i));
        prov_change c = {
            .operation = PROV_CREATED, .type = user_type, .object = o, .extra = &extra
        };
        bool good = !prov_provision(service, own, &resident, &c, &changed);
        c = (prov_change){ .operation = PROV_DELETED, .type = user_type, .id = changed.id };
        good = good && !prov_provision(service, own, &resident, &c, &changed);
        o = prov_object_make(own);
        prov_object_put_text(o, user_type->naming, apr_psprintf(own, "u%02d", USERS - i % 30));
        c = (prov_change){ .operation = PROV_REPLACED,
                           .type = user_type,
                           .id = users[i % 30],
                           .object = o,
                           .extra = &extra };
        good = good && !prov_provision(service, own, &resident, &c, &changed);
        apr_pool_destroy(own);
        *(int *)baton += good;
    }
    return NULL;
}

/* 0 if each of those that were there throughout is there once. */
static int wrong_in(const page *all)
{
    int wrong = 0;
    for (int u = 0; u < USERS; u++) {
        int times = 0;
        for (int i = 0; i < all->count; i++)
            times += prov_id_equal(&all->ids[i], &users[u]);
        wrong += times != 1;
    }
    return wrong;
}

static void while_others_write(void)
{
    static const char *const sorts[] = { NULL, "userName", "id", "meta.created" };
    apr_thread_t *writer;
    apr_status_t rv;
    int rounds = 0, writes = 0, wrong = 0;
    apr_thread_create(&writer, NULL, write_on, &writes, p);
    for (; rounds < 400; rounds++) {
        page all = { .most = 100 };
        int64_t total;
        prov_query q = asked(NULL, sorts[rounds % 4], rounds % 8 < 4 ? NULL : "descending");
        q.want = 1 + rounds % 9;
        walk(&resident, q, &all, &total);
        wrong += wrong_in(&all);
    }
    done = true;
    apr_thread_join(&rv, writer);
    is_int(wrong, 0, "by cursor nobody is missed or repeated");
    ok(writes > 0, "%d writes meanwhile", writes);
}

/* --- sealed ----------------------------------------------------------------------------------- */

static const char *problem(const uint8_t key[32], prov_bytes binding, const char *text,
                           apr_time_t now, prov_list_cursor *out)
{
    prov_err *err = prov_list_cursor_read(p, key, binding, text, now, 100, out);
    return err ? err->scim_type : "none";
}

static void sealed(void)
{
    uint8_t key[32] = { 1, 2, 3 }, other[32] = { 1, 2, 4 };
    char long_key[256] = "\0secret title", unreserved[] =
                                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                               "abcdefghijklmnopqrstuvwxyz0123456789-._~";
    prov_bytes binding = PROV_BYTES("a caller and a query");
    prov_list_cursor was = { 1000, 77, 5, { 9, users[3], { (uint8_t *)long_key, 256 } } }, is;
    const char *text = prov_list_cursor_write(p, key, binding, &was);
    is_str(problem(key, binding, text, 1100, &is), "none", "read again");
    is_int(is.made, was.made, "when");
    is_int(is.total, was.total, "the total");
    is_int(is.want, was.want, "the page");
    is_int(is.place.type, was.place.type, "the type");
    ok(prov_id_equal(&is.place.id, &was.place.id), "the id");
    ok(prov_bytes_equal(is.place.key, was.place.key), "the key");
    is_int(strspn(text, unreserved), strlen(text), "unreserved characters only");
    ok(strlen(text) <= PROV_LIST_CURSOR_TEXT, "the longest is no longer than they may be");
    is_str(problem(key, binding, text, 1101, &is), "expiredCursor", "too late");
    is_str(problem(key, binding, text, 10, &is), "none", "a clock that went back");
    is_str(problem(other, binding, text, 1000, &is), "invalidCursor", "another key");
    is_str(problem(key, PROV_BYTES("another"), text, 1000, &is), "invalidCursor", "another query");
    is_str(problem(key, binding, apr_pstrcat(p, text, "A", NULL), 1000, &is), "invalidCursor",
           "longer");
    is_str(problem(key, binding, apr_pstrcat(p, text, "=", NULL), 1000, &is), "invalidCursor",
           "padded");
    is_str(problem(key, binding, apr_pstrmemdup(p, text, 100), 1000, &is), "invalidCursor", "cut");
    is_str(problem(key, binding, "A", 1000, &is), "invalidCursor", "one letter");
    is_str(problem(key, binding, "!", 1000, &is), "invalidCursor", "no letter");
    int taken = 0;
    for (size_t i = 0; i < strlen(text); i++) {
        char *changed = apr_pstrdup(p, text);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        taken += strcmp(problem(key, binding, changed, 1000, &is), "invalidCursor") != 0;
    }
    is_int(taken, 0, "a letter changed anywhere is found");
    was.total++;
    const char *next = prov_list_cursor_write(p, key, binding, &was);
    ok(strncmp(next, text, 16) != 0 && strcmp(next + 40, text + 40) != 0,
       "what differs a little looks different");
}

static void bound(void)
{
    prov_query q = asked(NULL, NULL, NULL), f = asked("title eq \"A\"", NULL, NULL),
               g = asked("TITLE  eq \"A\"", NULL, NULL), t = asked(NULL, "title", NULL),
               d = asked(NULL, "title", "descending"), r = q;
    prov_caller less = resident, who = resident;
    r.type = NULL;
    less.permissions = PROV_MAY_SCIM_READ;
    who.actor = PROV_BYTES("somebody");
    const struct {
        const prov_caller *caller;
        const prov_query *query;
    } all[] = {
        { &resident, &q }, { &resident, &f }, { &resident, &t }, { &resident, &d },
        { &resident, &r }, { &hr, &q },       { &less, &q },     { &who, &q },
    };
    int equal = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (size_t j = 0; j < i; j++)
            equal += prov_bytes_equal(prov_list_binding(p, service, all[i].caller, all[i].query),
                                      prov_list_binding(p, service, all[j].caller, all[j].query));
    is_int(equal, 0, "bound to application, permissions, caller, type, filter and order");
    ok(prov_bytes_equal(prov_list_binding(p, service, &resident, &f),
                        prov_list_binding(p, service, &resident, &g)),
       "not to how a filter is written");
}

int main(void)
{
    apr_initialize();
    given_service();
    given();
    ways_agree();
    orders();
    root();
    full_early();
    limits();
    sealed();
    bound();
    while_others_write();
    return service_done();
}
