/* Whatever indexes a filter is answered by, it finds what going through everything finds. SEED=n
 * begins with that seed. */
#include "chance.h"
#include "framework_desk.h"

#include "framework/list.h"

#define USERS   240
#define GROUPS  20
#define FILTERS 6000

/* Texts that begin alike, fold alike, or are ordered otherwise as they are than folded. */
static const char *const texts[] = { "a",
                                     "A",
                                     "ab",
                                     "aB1",
                                     "abc",
                                     "b",
                                     "B2",
                                     "ba",
                                     "corp",
                                     "corp/a",
                                     "corp0",
                                     "stra\xc3\x9f"
                                     "e",
                                     "strasse",
                                     "strat",
                                     "\xc3\x84hre",
                                     "\xce\xa3\xce\xaf\xcf\x82",
                                     "\xce\xa3\xce\xaf\xcf\x83x",
                                     "z",
                                     "z\xef\xbc\xa1" };

static prov_id ids[USERS + GROUPS];

/* Numbers and times of one's own; nickName is not indexed. */
static void declare_desk(void)
{
    static const char *const indexed[] = { "title", DESK ":number", DESK ":height", DESK ":since",
                                           NULL };
    declare_desk_with(indexed);
}

static const char *const integers[] = { "-9223372036854775808", "-3", "-1", "0", "1", "2", "3",
                                        "9223372036854775807" };
static const char *const decimals[] = { "-1e300", "-2.5", "-0.5", "-0.0", "0.0",
                                        "0.5",    "2.0",  "2.5",  "1e19" };
static const char *const instants[] = { "1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00Z",
                                        "2026-01-01T00:00:00Z", "2026-01-01T01:30:00+01:00",
                                        "1901-01-01T00:00:00Z" };

/* What is empty is unique to nobody. */
static const char *desk(int i)
{
    return apr_psprintf(p,
                        ",\"" DESK "\":{\"number\":%s,\"height\":%s,\"since\":\"%s\","
                        "\"label\":\"%s\"}",
                        PICK(integers), PICK(decimals), PICK(instants),
                        below(3) ? apr_psprintf(p, "%s_%d", PICK(texts), i) : "");
}

static void given_users(void)
{
    for (int i = 0; i < USERS; i++) {
        const char *prefix = below(3) ? "" : "CORP/";
        const char *external =
            below(4) ? apr_psprintf(p, "\"externalId\":\"%s\",", PICK(texts)) : "";
        const char *email = below(4) ? apr_psprintf(p,
                                                    "\"emails\":[{\"value\":\"%s@x\"},"
                                                    "{\"value\":\"%s\",\"type\":\"work\"}],",
                                                    PICK(texts), PICK(texts))
                                     : "";
        ids[i] = made(user_type,
                      apr_psprintf(p, "%s%s\"userName\":\"%s%s_%d\",\"title\":\"%s\"%s", external,
                                   email, prefix, strchr(PICK(texts), '/') ? "q" : texts[below(8)],
                                   i, PICK(texts), below(4) ? desk(i) : ""));
    }
    static const int special[] = { 11, 12, 13, 14, 15, 16, 18 };
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        made(user_type, apr_psprintf(p, "\"userName\":\"%s\"", texts[special[i]]));
}

static void given_groups(void)
{
    for (int i = 0; i < GROUPS; i++)
        ids[USERS + i] =
            made(group_type, apr_psprintf(p,
                                          "\"displayName\":\"g%s\",\"members\":[{\"value\":\"%s\"},"
                                          "{\"value\":\"%s\"}]",
                                          strchr(texts[i % 19], '/') ? "" : texts[i % 19],
                                          prov_id_text(p, &ids[below(USERS)]),
                                          prov_id_text(p, &ids[below(USERS + i)])));
}

/* --- filters -------------------------------------------------------------------------------- */

static const char *const paths[] = { "userName",     "userName", "externalId", "displayName",
                                     "emails.value", "title",    "nickName",   "externalId" };
static const char *const ops[] = { "eq", "sw", "gt", "ge", "lt", "le", "pr", "ne", "co" };
static const char *const time_ops[] = { "eq", "gt", "ge", "lt", "le", "pr" };

static const char *time_term(apr_pool_t *q)
{
    char text[40];
    apr_time_exp_t at;
    apr_size_t len;
    prov_head head = head_of(ids[below(USERS)]);
    apr_time_exp_gmt(&at, below(2) ? head.created : head.modified);
    apr_strftime(text, &len, sizeof text, "%Y-%m-%dT%H:%M:%S", &at);
    const char *op = PICK(time_ops), *path = below(2) ? "meta.created" : "meta.lastModified";
    if (strcmp(op, "pr") == 0)
        return apr_psprintf(q, "%s pr", path);
    return apr_psprintf(q, "%s %s \"%s.%06dZ\"", path, op, text, at.tm_usec);
}

/* Integers are compared with decimals, too. */
static const char *desk_term(apr_pool_t *q)
{
    const char *op = PICK(time_ops);
    uint32_t which = below(4);
    if (which == 3)
        return apr_psprintf(q, DESK ":label %s%s", op,
                            strcmp(op, "pr") == 0 ? ""
                            : below(2)            ? " \"\""
                                       : apr_psprintf(q, " \"%s_%u\"", PICK(texts), below(USERS)));
    const char *name = which == 0 ? "number" : which == 1 ? "height" : "since";
    if (strcmp(op, "pr") == 0)
        return apr_psprintf(q, DESK ":%s pr", name);
    if (which == 2)
        return apr_psprintf(q, DESK ":since %s \"%s\"", op, PICK(instants));
    return apr_psprintf(q, DESK ":%s %s %s", name, op, below(2) ? PICK(integers) : PICK(decimals));
}

static const char *value_term(apr_pool_t *q, const char *path)
{
    const char *op = PICK(ops);
    if (strcmp(op, "pr") == 0)
        return apr_psprintf(q, "%s pr", path);
    const char *suffix = below(3) ? "" : apr_psprintf(q, "_%u", below(USERS));
    const char *prefix = below(6) ? "" : "Corp/";
    return apr_psprintf(q, "%s %s \"%s%s%s\"", path, op, prefix, PICK(texts), suffix);
}

static const char *term(apr_pool_t *q)
{
    static const char *const references[] = { "id", "members.value", "groups.value" };
    switch (below(9)) {
    case 0:
        return time_term(q);
    case 3:
        return desk_term(q);
    case 1:
        return apr_psprintf(q, "%s eq \"%s\"", PICK(references),
                            prov_id_text(q, &ids[below(USERS + GROUPS)]));
    case 2:
        return apr_psprintf(q, "emails[%s and %s]", value_term(q, "value"),
                            below(2) ? "type eq \"work\"" : value_term(q, "value"));
    default:
        return value_term(q, PICK(paths));
    }
}

static const char *expression(apr_pool_t *q, int depth)
{
    uint32_t kind = below(depth > 2 ? 1 : 5);
    if (kind < 2)
        return term(q);
    const char *x = expression(q, depth + 1), *y = expression(q, depth + 1);
    return kind == 4 ? apr_psprintf(q, "(%s or %s)", x, y) : apr_psprintf(q, "(%s and %s)", x, y);
}

/* --- both ways ------------------------------------------------------------------------------ */

typedef struct listed {
    prov_id ids[USERS + GROUPS + 20];
    int count;
    bool indexed;
} listed;

static bool keep(void *baton, const prov_view *v)
{
    listed *l = baton;
    l->ids[l->count++] = v->id;
    return true;
}

static bool list(apr_pool_t *q, const prov_caller *caller, const char *text, listed *out)
{
    prov_filter *filter;
    prov_listed found;
    out->count = 0;
    if (prov_filter_parse(q, service->registry, NULL, text, &prov_filter_defaults, &filter))
        return false;
    prov_query query = {
        .filter = filter, .first = 1, .want = USERS + GROUPS + 20, .base = "", .explain = true
    };
    fatal(prov_service_list(service, q, caller, &query, keep, out, &found));
    out->indexed = found.plan && strstr(found.plan, "index") != NULL;
    return true;
}

int main(void)
{
    int tried = 0, indexed = 0, wrong = 0, matched = 0;
    draw_from_seed(1);
    apr_initialize();
    declare_more = declare_desk;
    given_service();
    given_users();
    given_groups();
    while (tried < FILTERS) {
        apr_pool_t *q;
        listed by_index, by_scan;
        apr_pool_create(&q, p);
        const prov_caller *caller = below(4) ? &resident : &hr;
        const char *text = expression(q, 0);
        if (list(q, caller, text, &by_index) &&
            list(q, caller, apr_psprintf(q, "not (not (%s))", text), &by_scan)) {
            tried++;
            indexed += by_index.indexed;
            matched += by_scan.count > 0 && by_index.indexed;
            bool same =
                by_index.count == by_scan.count &&
                memcmp(by_index.ids, by_scan.ids, sizeof(prov_id) * (size_t)by_scan.count) == 0;
            if (!same && wrong++ < 5)
                printf("# %s: %d by index, %d by scan: %s\n", caller == &hr ? "hr" : "resident",
                       by_index.count, by_scan.count, text);
        }
        apr_pool_destroy(q);
    }
    is_int(wrong, 0, "%d filters find by index what a scan finds", tried);
    ok(indexed > FILTERS / 3, "%d were answered by an index", indexed);
    ok(matched > FILTERS / 6, "%d of them found something", matched);
    return service_done();
}
