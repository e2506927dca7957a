/* Lists: by index or by scan the same is found, counted and cut into pages. */
#include "framework_given.h"

#include "framework/list.h"

static prov_id users[12], crew, all;

static void given(void)
{
    for (int i = 0; i < 12; i++) {
        const char *prefix = i < 8 ? "" : "CORP/";
        users[i] = made(user_type, apr_psprintf(p,
                                                "\"userName\":\"%su%d\",\"title\":\"t%d\","
                                                "\"externalId\":\"e%d\","
                                                "\"emails\":[{\"value\":\"U%d@x.org\"}]",
                                                prefix, i % 8, i % 2, i % 3, i));
    }
    crew = made(group_type, apr_psprintf(p,
                                         "\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"},"
                                         "{\"value\":\"%s\"}]",
                                         prov_id_text(p, &users[0]), prov_id_text(p, &users[9])));
    all =
        made(group_type, apr_psprintf(p, "\"displayName\":\"all\",\"members\":[{\"value\":\"%s\"}]",
                                      prov_id_text(p, &crew)));
}

typedef struct page {
    prov_id ids[100];
    int count;
} page;

static bool keep(void *baton, const prov_view *v)
{
    page *pg = baton;
    pg->ids[pg->count++] = v->id;
    return true;
}

static int64_t list(const prov_caller *caller, const prov_resource_type *type, const char *text,
                    int first, int want, page *out)
{
    prov_filter *filter = NULL;
    prov_listed found = { .total = -1 };
    out->count = 0;
    if (text)
        fatal(prov_filter_parse(p, service->registry, type, text, &prov_filter_defaults, &filter));
    prov_query q = { .type = type, .filter = filter, .first = first, .want = want, .base = "" };
    fatal(prov_service_list(service, p, caller, &q, keep, out, &found));
    return found.total;
}

/* Users as letters from a to l, groups as X and Y. */
static const char *letters(const page *pg)
{
    char *text = apr_pcalloc(p, pg->count + 1);
    for (int i = 0; i < pg->count; i++) {
        text[i] = '?';
        for (int u = 0; u < 12; u++)
            if (prov_id_equal(&pg->ids[i], &users[u]))
                text[i] = (char)('a' + u);
        if (prov_id_equal(&pg->ids[i], &crew))
            text[i] = 'X';
        if (prov_id_equal(&pg->ids[i], &all))
            text[i] = 'Y';
    }
    return text;
}

typedef struct looking {
    const prov_caller *caller;
    const prov_resource_type *type;
    const char *filter;
    const char *found;
} looking;

static void look(const looking *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        page pg;
        const char *what = rows[i].filter ? rows[i].filter : "no filter";
        int64_t total = list(rows[i].caller, rows[i].type, rows[i].filter, 1, 100, &pg);
        const char *got = letters(&pg);
        is_int(total, strlen(rows[i].found), "%s: how many", what);
        is_int(strspn(got, rows[i].found), strlen(rows[i].found), "%s: all of %s in %s", what,
               rows[i].found, got);
    }
}

#define LOOK(rows) look(rows, sizeof rows / sizeof *rows)

static void filters(void)
{
    const char *a = prov_id_text(p, &users[0]), *x = prov_id_text(p, &crew);
    const looking rows[] = {
        { &resident, user_type, NULL, "abcdefghijkl" },
        { &hr, user_type, NULL, "ijkl" },
        { &resident, group_type, NULL, "XY" },
        { &hr, group_type, NULL, "" },
        { &resident, NULL, NULL, "abcdefghijklXY" },
        { &resident, user_type, "userName eq \"U3\"", "d" },
        { &resident, user_type, "userName eq \"primary/u3\"", "" }, /* nobody is shown so */
        { &resident, user_type, "userName eq \"corp/U3\"", "l" },
        { &resident, user_type, "userName eq \"OTHER/u3\"", "" },
        { &hr, user_type, "userName eq \"u3\"", "l" },
        { &hr, user_type, "userName eq \"CORP/u3\"", "l" },
        { &hr, user_type, "userName eq \"u5\"", "" },
        { &resident, user_type, "userName eq \"u3\" and title eq \"t0\"", "" },
        { &resident, user_type, "userName sw \"CORP/\"", "ijkl" },
        { &resident, user_type, "externalId eq \"e1\"", "behk" },
        { &hr, user_type, "externalId eq \"e1\"", "k" },
        { &resident, user_type, "externalId eq \"E1\"", "" },
        { &resident, user_type, "externalId eq \"e1\" and title eq \"t0\"", "ek" },
        { &resident, user_type, "emails.value eq \"u9@X.org\"", "j" },
        { &resident, user_type, "emails[value eq \"u9@x.org\"]", "j" },
        { &resident, user_type, "emails.value eq \"nobody\"", "" },
        { &resident, user_type, "not (title eq \"t0\")", "bdfhjl" },
        { &resident, user_type, apr_psprintf(p, "id eq \"%s\"", a), "a" },
        { &hr, user_type, apr_psprintf(p, "id eq \"%s\"", a), "" },
        { &resident, user_type, "id eq \"no id\"", "" },
        { &resident, group_type, apr_psprintf(p, "id eq \"%s\"", a), "" },
        { &resident, user_type, apr_psprintf(p, "groups.value eq \"%s\"", x), "aj" },
        { &resident, user_type, apr_psprintf(p, "groups.value eq \"%s\"", prov_id_text(p, &all)),
          "aj" },
        { &resident, user_type, "groups.type eq \"direct\"", "aj" },
        { &resident, user_type, "groups pr", "aj" },
        { &resident, group_type, apr_psprintf(p, "members.value eq \"%s\"", a), "X" },
        { &resident, group_type,
          apr_psprintf(p, "members[value eq \"%s\" and type eq \"User\"]", x), "" },
        { &resident, group_type, apr_psprintf(p, "members.value eq \"%s\"", x), "Y" },
        { &resident, group_type, apr_psprintf(p, "not (members.value eq \"%s\")", a), "Y" },
        { &resident, group_type, "members.value eq \"nobody\" or displayName eq \"all\"", "Y" },
        { &resident, group_type, "displayName eq \"CREW\"", "X" },
        { &resident, NULL, "displayName eq \"crew\"", "X" },
        { &resident, NULL, "meta.resourceType eq \"Group\"", "XY" },
    };
    LOOK(rows);
}

static void either(void)
{
    const looking rows[] = {
        { &resident, user_type, "externalId eq \"e1\" or title eq \"t0\"", "abceghik" },
        { &resident, NULL, "displayName eq \"crew\" or userName eq \"u1\"", "bX" },
        { &resident, user_type, "userName eq \"u1\" or externalId eq \"e1\"", "behk" },
        { &resident, user_type, "userName eq \"u1\" or userName eq \"U2\"", "bc" },
        { &resident, user_type, "(userName eq \"u1\" or userName eq \"u2\") and title eq \"t0\"",
          "c" },
        { &resident, user_type,
          "title eq \"t1\" and (userName eq \"u1\" or (externalId eq \"e2\" and active ne true))",
          "bfl" },
        { &resident, user_type, "(userName eq \"u1\" or title eq \"t0\") and nickName ne \"x\"",
          "abcegik" },
        { &hr, user_type, "userName eq \"u1\" or userName eq \"CORP/u2\"", "jk" },
    };
    LOOK(rows);
}

static void starts(void)
{
    const looking rows[] = {
        { &resident, user_type, "userName sw \"c\"", "ijkl" },
        { &resident, user_type, "userName sw \"corp\"", "ijkl" },
        { &resident, user_type, "userName sw \"corp/U\"", "ijkl" },
        { &resident, user_type, "userName sw \"corp/u3\"", "l" },
        { &resident, user_type, "userName sw \"CORPX\"", "" },
        { &resident, user_type, "userName sw \"U\"", "abcdefgh" },
        { &resident, user_type, "userName sw \"u7\"", "h" },
        { &resident, user_type, "userName sw \"u77\"", "" },
        { &resident, user_type, "userName sw \"\"", "abcdefghijkl" },
        { &resident, user_type, "userName sw \"u\" and title eq \"t0\"", "aceg" },
        { &resident, user_type, "userName sw \"u1\" or userName eq \"CORP/u1\"", "bj" },
        { &resident, user_type, "not (userName sw \"u\")", "ijkl" },
        { &hr, user_type, "userName sw \"u\"", "" },
        { &hr, user_type, "userName sw \"CORP/u2\"", "k" },
        { &resident, user_type, "externalId sw \"e\"", "abcdefghijkl" },
        { &hr, user_type, "externalId sw \"e1\"", "k" },
        { &resident, user_type, "externalId sw \"E\"", "" },
        { &resident, user_type, "emails.value sw \"U1\"", "bkl" },
        { &resident, user_type, "emails[value sw \"u1\" and type pr]", "" },
        { &resident, group_type, "displayName sw \"CR\"", "X" },
        { &resident, NULL, "displayName sw \"a\"", "Y" },
    };
    LOOK(rows);
}

static void bare_names(void)
{
    page pg;
    config->settings.bare_name_all = 1;
    is_int(list(&resident, user_type, "userName eq \"u1\"", 1, 9, &pg), 2,
           "ProvisionBareName all asks every domain");
    is_str(letters(&pg), "bj", "and finds both");
    is_int(list(&resident, user_type, "userName eq \"CORP/u1\"", 1, 9, &pg), 1, "a prefix but one");
    is_int(list(&resident, user_type, "userName eq \"u1\" or title eq \"nobody's\"", 1, 9, &pg), 2,
           "so does what no index answers");
    config->settings.bare_name_all = 0;
}

/* The scan folds, the index does not: they agree nevertheless. */
static void sharp(void)
{
    static const struct {
        const char *start;
        int found;
    } rows[] = { { "stra", 1 },         { "stras", 1 },  { "strass", 1 },  { "STRASSEN", 1 },
                 { "stra\xc3\x9f", 1 }, { "strasz", 0 }, { "\xc3\x9f", 0 } };
    prov_id id = made(user_type, "\"userName\":\"stra\xc3\x9f"
                                 "en\"");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        page pg;
        list(&resident, user_type, apr_psprintf(p, "userName sw \"%s\"", rows[i].start), 1, 9, &pg);
        is_int(pg.count, rows[i].found, "%s", rows[i].start);
        list(&resident, user_type, apr_psprintf(p, "not (not (userName sw \"%s\"))", rows[i].start),
             1, 9, &pg);
        is_int(pg.count, rows[i].found, "%s by a scan", rows[i].start);
    }
    fatal(change(&admin, PROV_DELETED, user_type, id, NULL));
}

static void pages(void)
{
    static const struct {
        const char *filter;
        int first, want;
        int64_t total;
        const char *page;
    } rows[] = {
        { NULL, 1, 5, 12, "abcde" },
        { NULL, 6, 5, 12, "fghij" },
        { NULL, 11, 5, 12, "kl" },
        { NULL, 12, 1, 12, "l" },
        { NULL, 13, 5, 12, "" },
        { NULL, 1, 0, 12, "" },
        { "title eq \"t1\"", 1, 4, 6, "bdfh" },
        { "title eq \"t1\"", 5, 4, 6, "jl" },
        { "title eq \"t1\"", 7, 4, 6, "" },
        { "title eq \"t1\"", 1, 0, 6, "" },
        { "externalId eq \"e1\"", 2, 2, 4, "eh" },
        { "externalId eq \"e1\"", 4, 2, 4, "k" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        page pg;
        int64_t total =
            list(&resident, user_type, rows[i].filter, rows[i].first, rows[i].want, &pg);
        is_int(total, rows[i].total, "row %d: the total", (int)i);
        is_str(letters(&pg), rows[i].page, "row %d: the page", (int)i);
    }
}

/* Longer than a page of rows between two looks at the clock. */
static void many(void)
{
    page pg;
    for (int i = 0; i < 300; i++)
        made(user_type, apr_psprintf(p, "\"userName\":\"many%d\",\"nickName\":\"many\"", i));
    is_int(list(&resident, user_type, "nickName eq \"many\"", 291, 20, &pg), 300,
           "all are counted");
    is_int(pg.count, 10, "and the rest of them is the last page");
    is_int(list(&resident, user_type, NULL, 307, 20, &pg), 312, "without a filter, too");
    is_int(pg.count, 6, "the last page");
}

static void links(void)
{
    const char *urn = PROV_URN_LINKS ":links";
    ok(!strstr(seen(&resident, user_type, users[0], NULL), "pending"),
       "links are shown on request");
    ok(!strstr(seen(&resident, user_type, users[0], urn), "pending"), "and not to everybody");
    const char *text = seen(&admin, user_type, users[0], urn);
    ok(strstr(text, "\"target\":\"there/uncalled\""), "but to an administrator: %s", text);
    ok(strstr(text, "\"state\":\"pending\""), "with their state");
}

int main(void)
{
    apr_initialize();
    given_service();
    given();
    filters();
    either();
    starts();
    bare_names();
    sharp();
    pages();
    many();
    links();
    return service_done();
}
