/* The order of resources: by type, by the primary value, folded or not, the missing at the end. */
#include "scim_acme.h"
#include "scim/sort_heap.h"
#include "tap.h"

#include <apr_strings.h>

static apr_pool_t *p;
static prov_registry *r;
static const prov_resource_type *user, *group;

static prov_sort *sort_of(const prov_resource_type *t, const char *by, const char *order)
{
    prov_sort *s;
    if (prov_sort_parse(p, r, t, by, order, &s))
        abort();
    return s;
}

static prov_view view_of(const prov_resource_type *t, const char *more)
{
    const char *required = t == user && !strstr(more, "\"userName\"") ? ",\"userName\":\"u\"" : "";
    const char *text = apr_psprintf(p, "{\"schemas\":[\"%s\"]%s%s%s}", t->schema->urn, required,
                                    *more ? "," : "", more);
    prov_body_extra extra;
    return acme_view(p, r, t, acme_tree(p, r, t, acme_json(p, text), &extra), 1, 2);
}

/* Less, equal or more, as ascending sees it; ids are equal. */
static int sign_between(const prov_sort *s, const prov_view *a, const prov_view *b)
{
    static const prov_id same;
    prov_sort_key x, y;
    prov_sort_key_of(s, a, &x);
    prov_sort_key_of(s, b, &y);
    int sign = prov_sort_compare(s, (prov_bytes){ x.data, x.len }, &same,
                                 (prov_bytes){ y.data, y.len }, &same);
    return (sign > 0) - (sign < 0);
}

#define AT(json) "\"" ACME "\":{" json "}"
#define A256                                                                                       \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"                             \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"                             \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"                             \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* `a` comes before `b` (-1), or neither before the other (0). SO-1 */
static const struct {
    const char *by, *a, *b;
    int sign;
} orders[] = {
    { "title", "\"title\":\"a\"", "\"title\":\"b\"", -1 },
    { "title", "\"title\":\"a\"", "\"title\":\"B\"", -1 },
    { "title", "\"title\":\"A\"", "\"title\":\"a\"", 0 },
    { "title", "\"title\":\"a\"", "\"title\":\"ab\"", -1 },
    { "TITLE", "\"title\":\"\xc3\x84\"", "\"title\":\"\xc3\xa4\"", 0 },
    { "title", "\"title\":\"z\"", "", -1 },
    { "title", "", "", 0 },
    { "title", "\"title\":\"" A256 "b\"", "\"title\":\"" A256 "c\"", 0 }, /* as much as counts */
    { "userName", "\"userName\":\"Zo\xc3\xab\"", "\"userName\":\"zo\xc3\xab\"", 0 },
    { "userName", "\"userName\":\"b\"", "\"userName\":\"C\"", -1 },
    { "name.familyName", "\"name\":{\"familyName\":\"a\"}", "\"name\":{\"familyName\":\"b\"}", -1 },
    { "name.familyName", "\"name\":{\"familyName\":\"a\"}", "\"name\":{\"givenName\":\"a\"}", -1 },
    { PROV_URN_USER ":title", "\"title\":\"a\"", "\"title\":\"b\"", -1 },
    { "emails", "\"emails\":[{\"value\":\"a@x\"}]", "\"emails\":[{\"value\":\"b@x\"}]", -1 },
    { "emails.value", "\"emails\":[{\"value\":\"a@x\"},{\"value\":\"z@x\"}]",
      "\"emails\":[{\"value\":\"b@x\"},{\"value\":\"0@x\"}]", -1 },
    { "emails.value", "\"emails\":[{\"value\":\"z@x\"},{\"value\":\"a@x\",\"primary\":true}]",
      "\"emails\":[{\"value\":\"b@x\"}]", -1 },
    { "emails.type", "\"emails\":[{\"value\":\"z@x\",\"type\":\"a\"}]",
      "\"emails\":[{\"value\":\"b@x\",\"type\":\"b\"}]", -1 },
    { "emails.value", "\"emails\":[{\"value\":\"z@x\"}]", "", -1 },
    { "active", "\"active\":false", "\"active\":true", -1 },
    { "externalId", "\"externalId\":\"B\"", "\"externalId\":\"a\"", -1 },
    { ACME ":badgeNumber", AT("\"badgeNumber\":9"), AT("\"badgeNumber\":10"), -1 },
    { ACME ":badgeNumber", AT("\"badgeNumber\":-9"), AT("\"badgeNumber\":0"), -1 },
    { ACME ":badgeNumber", AT("\"badgeNumber\":-9223372036854775808"),
      AT("\"badgeNumber\":9223372036854775807"), -1 },
    { ACME ":badgeNumber", AT("\"badgeNumber\":9007199254740992"),
      AT("\"badgeNumber\":9007199254740993"), -1 },
    { ACME ":score", AT("\"score\":-1.5"), AT("\"score\":-1.25"), -1 },
    { ACME ":score", AT("\"score\":-0.5"), AT("\"score\":1e300"), -1 },
    { ACME ":score", AT("\"score\":-0.0"), AT("\"score\":0.0"), 0 },
    { ACME ":flag", AT("\"flag\":true"), "", -1 },
    { ACME ":hiredAt", AT("\"hiredAt\":\"2020-01-01T10:00:00+02:00\""),
      AT("\"hiredAt\":\"2020-01-01T09:00:00Z\""), -1 },
    { ACME ":hiredAt", AT("\"hiredAt\":\"1960-01-01T10:00:00Z\""),
      AT("\"hiredAt\":\"1970-01-01T09:00:00Z\""), -1 },
    { ACME ":code", AT("\"code\":\"B\""), AT("\"code\":\"a\""), -1 },
    { ACME ":blob", AT("\"blob\":\"AQ==\""), AT("\"blob\":\"/w==\""), -1 },
    { ACME ":homePage", AT("\"homePage\":\"http://B\""), AT("\"homePage\":\"http://a\""), -1 },
    { ACME ":tags", AT("\"tags\":[\"b\",\"a\"]"), AT("\"tags\":[\"c\"]"), -1 },
    { ACME ":numbers", AT("\"numbers\":[2,1]"), AT("\"numbers\":[11]"), -1 },
    { ACME ":desk.floor", AT("\"desk\":{\"floor\":2}"), AT("\"desk\":{\"floor\":11}"), -1 },
    { "meta.created", "", "\"title\":\"x\"", 0 },
    { "meta.resourceType", "", "\"title\":\"x\"", 0 },
};

static void test_orders(void)
{
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        prov_view a = view_of(user, orders[i].a), b = view_of(user, orders[i].b);
        const prov_sort *up = sort_of(user, orders[i].by, NULL);
        const prov_sort *down = sort_of(user, orders[i].by, "Descending");
        int sign = orders[i].sign;
        is_int(sign_between(up, &a, &b), sign, "%s: %.60s, %.60s", orders[i].by, orders[i].a,
               orders[i].b);
        is_int(sign_between(up, &b, &a), -sign, "and the other way around");
        is_int(sign_between(down, &a, &b), -sign, "descending");
    }
}

static const struct {
    bool root;
    const char *by, *order;
    bool good;
} readings[] = {
    { false, "title", NULL, true },
    { false, "title", "ascending", true },
    { false, "title", "DESCENDING", true },
    { false, "title", "up", false },
    { false, "title", "", false },
    { false, NULL, "up", false },
    { false, "", NULL, false },
    { false, "nothing", NULL, false },
    { false, "name", NULL, false },
    { false, "meta", NULL, false },
    { false, "emails[type eq \"work\"].value", NULL, false },
    { false, "password", NULL, false },
    { false, ACME ":pin", NULL, false },
    { false, "members", NULL, false },
    { true, "members", NULL, true },
    { true, "userName", NULL, true },
    { true, "displayName", NULL, true },
    { true, "nothing", NULL, false },
    { true, "password", NULL, false },
};

static void test_reading(void)
{
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        prov_sort *s;
        const prov_err *err = prov_sort_parse(p, r, readings[i].root ? NULL : user, readings[i].by,
                                              readings[i].order, &s);
        const char *by = readings[i].by ? readings[i].by : "(none)";
        is_str(err ? err->scim_type : NULL, readings[i].good ? NULL : "invalidValue", "%s %s: %s",
               by, readings[i].order ? readings[i].order : "", err ? err->detail : "taken");
        ok(!s == !readings[i].good, "and then there is one");
    }
    prov_sort *none = sort_of(user, "title", NULL);
    is_int(!prov_sort_parse(p, r, user, NULL, NULL, &none) && !none, 1, "no order");
    is_str(prov_sort_print(p, sort_of(user, "Title", "descending")), "-title", "printed");
}

static void test_root(void)
{
    const prov_sort *s = sort_of(NULL, "displayName", NULL);
    prov_view a = view_of(user, "\"displayName\":\"b\""),
              b = view_of(group, "\"displayName\":\"a\""), c = view_of(user, "");
    is_int(sign_between(s, &b, &a), -1, "types are mixed");
    is_int(sign_between(s, &a, &c), -1, "without a value at the end");
    s = sort_of(NULL, "userName", NULL);
    is_int(sign_between(s, &b, &c), 1, "what a type lacks is no value");
    is_int(sign_between(s, &b, &b), 0, "wherever it lacks it");
}

/* --- the heap ------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *state)
{
    return *state = *state * 1664525 + 1013904223;
}

typedef struct row {
    prov_sort_key key;
    prov_id id;
} row;

static const prov_sort *comparing;

static int by_sort(const void *x, const void *y)
{
    const row *a = x, *b = y;
    return prov_sort_compare(comparing, (prov_bytes){ a->key.data, a->key.len }, &a->id,
                             (prov_bytes){ b->key.data, b->key.len }, &b->id);
}

/* Against qsort: few different keys, so that ids decide often. */
static void test_heap(const char *order)
{
    static row rows[500];
    uint32_t state = 7;
    comparing = sort_of(user, "title", order);
    for (int i = 0; i < 500; i++) {
        rows[i].key.len = 1 + next_random(&state) % PROV_SORT_KEY;
        memset(rows[i].key.data, 'a' + (int)(next_random(&state) >> 28), rows[i].key.len);
        rows[i].id = (prov_id){ { (uint8_t)(next_random(&state) >> 24), (uint8_t)i } };
    }
    static const int64_t most[] = { 0, 1, 2, 63, 64, 65, 499, 500, 5000 };
    for (size_t m = 0; m < sizeof most / sizeof *most; m++) {
        const prov_sort_entry *kept;
        static row sorted[500];
        prov_sort_heap *h = prov_sort_heap_make(p, comparing, most[m]);
        for (int i = 0; i < 500; i++)
            prov_sort_heap_add(h, &rows[i].key, &rows[i].id);
        int64_t count = prov_sort_heap_done(h, &kept), wrong = 0;
        memcpy(sorted, rows, sizeof rows);
        qsort(sorted, 500, sizeof *sorted, by_sort);
        for (int64_t i = 0; i < count; i++)
            wrong += !prov_id_equal(&kept[i].id, &sorted[i].id) ||
                     kept[i].len != sorted[i].key.len ||
                     memcmp(kept[i].key, sorted[i].key.data, kept[i].len) != 0;
        is_int(count, most[m] < 500 ? most[m] : 500, "%s: of 500 the first %d are kept", order,
               (int)most[m]);
        is_int(wrong, 0, "and they are the first");
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&p, NULL);
    r = acme_registry(p);
    user = prov_registry_type_named(r, "User");
    group = prov_registry_type_named(r, "Group");
    test_orders();
    test_reading();
    test_root();
    test_heap("ascending");
    test_heap("descending");
    apr_pool_destroy(p);
    return plan_done();
}
