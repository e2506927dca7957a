/* Which keys a tree has, and that an equality finds them. */
#include "base/text.h"
#include "scim/schema_load.h"
#include "store/index.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *p;
static prov_registry *registry;

static prov_err *count_up(void *baton, const char *urn, const char *path, const char *type,
                          uint16_t *number)
{
    *number = ++*(uint16_t *)baton;
    return NULL;
}

static void count_mistake(void *baton, const prov_err *err)
{
    ++*(int *)baton;
}

static const prov_attr *find(const char *type, const char *path)
{
    const prov_schema *schema = NULL;
    return prov_schema_find(registry, prov_registry_type_named(registry, type), path, strlen(path),
                            &schema);
}

static void put(prov_object *o, const char *type, const char *path, const char *text)
{
    const prov_attr *a = find(type, path);
    if (!a->parent) {
        prov_object_put_text(o, a, text);
        return;
    }
    prov_field *f = prov_object_get(o, a->parent);
    if (!f)
        f = prov_object_set(o, a->parent);
    prov_value *v = prov_field_add(o, f);
    if (!v->object)
        v->object = prov_object_make(p);
    prov_field *sub = prov_object_set(v->object, a);
    prov_field_add(v->object, sub)->text = prov_bytes_of(text);
}

static int keys_of(const char *type, const prov_object *o, const prov_index_key **keys)
{
    int count = -1;
    prov_err *err = prov_index_keys(p, prov_registry_type_named(registry, type), o, keys, &count);
    return err ? -err->http : count;
}

/* The key of an equality is among the tree's. */
static int finds(const prov_index_key *keys, int count, const char *type, const char *path,
                 const char *text)
{
    const prov_attr *a = find(type, path);
    prov_bytes key;
    int found = 0;
    if (!prov_index_key_of(p, a, prov_bytes_of(text), &key))
        return -1;
    for (int i = 0; i < count; i++)
        found += keys[i].attr == a->number && prov_bytes_equal(keys[i].key, key);
    return found;
}

static void test_user(void)
{
    const prov_index_key *keys;
    prov_object *o = prov_object_make(p);
    put(o, "User", "userName", "BJensen");
    put(o, "User", "externalId", "Ext-1");
    put(o, "User", "displayName", "Babs");
    put(o, "User", "emails.value", "Babs@Example.com");
    put(o, "User", "emails.value", "babs@example.com");
    put(o, "User", "emails.value", "other@example.com");
    int count = keys_of("User", o, &keys);
    is_int(count, 5, "userName, externalId, displayName and two different addresses");

    static const struct {
        const char *path, *text;
        int found;
    } cases[] = {
        { "userName", "BJensen", 1 },
        { "userName", "bjensen", 1 },
        { "userName", "\xEF\xBC\xA2jensen", 1 }, /* a full-width B */
        { "userName", "bjense", 0 },
        { "userName", "no name", 0 },
        { "userName", "", 0 },
        { "externalId", "Ext-1", 1 },
        { "externalId", "ext-1", 0 },
        { "externalId", "", 0 },
        { "emails.value", "BABS@EXAMPLE.COM", 1 },
        { "emails.value", "other@example.com", 1 },
        { "emails.value", "", 0 },
        { "displayName", "babs", 1 },
        { "nickName", "Babs", -1 },
        { "emails", "babs@example.com", -1 },
        { "emails.type", "work", -1 },
        { "name.familyName", "Jensen", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_int(finds(keys, count, "User", cases[i].path, cases[i].text), cases[i].found,
               "%s eq \"%s\"", cases[i].path, cases[i].text);

    int unique = 0, unordered = 0;
    for (int i = 0; i < count; i++) {
        unique += keys[i].unique;
        unordered += i > 0 && keys[i].attr < keys[i - 1].attr;
        if (keys[i].unique)
            is_int(keys[i].attr, find("User", "userName")->number, "the unique one is userName");
    }
    is_int(unique, 1, "one is unique");
    is_int(unordered, 0, "the same tree always has the same order");
}

static void test_group(void)
{
    const prov_index_key *keys;
    prov_object *o = prov_object_make(p);
    put(o, "Group", "displayName",
        "Stra\xC3\x9F"
        "e");
    put(o, "Group", "externalId", "g1");
    int count = keys_of("Group", o, &keys);
    is_int(count, 2, "displayName and externalId");
    is_int(finds(keys, count, "Group", "displayName", "STRASSE"), 1, "a group's name is folded");
    ok(!keys[0].unique && !keys[1].unique, "and not unique");
}

static void test_empty(void)
{
    const prov_index_key *keys;
    prov_object *o = prov_object_make(p);
    is_int(keys_of("User", o, &keys), 0, "an empty tree has no keys");
    put(o, "User", "externalId", "");
    int count = keys_of("User", o, &keys);
    is_int(finds(keys, count, "User", "externalId", ""), 1, "an empty value has one");
    ok(count == 1 && keys[0].key.len > 0, "which is not empty");
}

static void test_bad_name(void)
{
    static const char *const names[] = { "two words", "", "bell\x07", "\xC3\x28" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const prov_index_key *keys;
        int count;
        prov_object *o = prov_object_make(p);
        put(o, "User", "userName", names[i]);
        prov_err *err =
            prov_index_keys(p, prov_registry_type_named(registry, "User"), o, &keys, &count);
        ok(err && err->http == 400, "bad name %d: 400", (int)i);
        is_str(err ? err->scim_type : NULL, "invalidValue", "bad name %d: type", (int)i);
        is_str(err ? err->source : NULL, "userName", "bad name %d: where", (int)i);
    }
}

static const char *long_text(size_t len, char last)
{
    char *text = apr_palloc(p, len + 1);
    memset(text, 'x', len);
    text[len - 1] = last;
    text[len] = '\0';
    return text;
}

static void test_long(void)
{
    static const size_t lengths[] = { 299, 300, 301, 5000 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const prov_index_key *keys;
        prov_object *o = prov_object_make(p);
        put(o, "User", "externalId", long_text(lengths[i], 'a'));
        int count = keys_of("User", o, &keys);
        if (!ok(count == 1, "a key for %d bytes", (int)lengths[i]))
            continue;
        ok(keys[0].key.len <= 301, "it is short enough");
        is_int(keys[0].key.len, lengths[i] <= 300 ? lengths[i] + 1 : 233,
               "whole up to 300 bytes, else 200 and a digest");
        is_int(finds(keys, count, "User", "externalId", long_text(lengths[i], 'a')), 1,
               "it is found");
        is_int(finds(keys, count, "User", "externalId", long_text(lengths[i], 'b')), 0,
               "one that differs at the end is not");
    }
    const prov_index_key *keys;
    prov_object *o = prov_object_make(p);
    put(o, "User", "userName", long_text(1000, 'A'));
    int count = keys_of("User", o, &keys);
    is_int(finds(keys, count, "User", "userName", long_text(1000, 'a')), 1,
           "what is hashed is the normalised value");
}

/* Whatever form a value that must be unique is written in, and in whichever domain. */
static const struct {
    const char *type, *x, *y;
    bool same;
} values[] = {
    { "string", "\"A\"", "\"a\"", true },
    { "reference", "\"http://A\"", "\"http://a\"", false },
    { "integer", "12", "12", true },
    { "integer", "-1", "1", false },
    { "decimal", "0.0", "-0.0", true },
    { "decimal", "1.5", "15e-1", true },
    { "dateTime", "\"2026-01-01T00:00:00Z\"", "\"2026-01-01T01:00:00+01:00\"", true },
    { "dateTime", "\"2026-01-01T00:00:00Z\"", "\"2026-01-01T00:00:01Z\"", false },
    { "binary", "\"aGVsbG8=\"", "\"aGVsbG8\"", true },
};

static const prov_index_key *key_of(prov_registry *r, const char *json, int *count)
{
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    const prov_json *value;
    const prov_index_key *keys = NULL;
    prov_object *o = prov_object_make(p);
    if (prov_json_parse(p, prov_bytes_of(json), &value) ||
        prov_value_read_given(p, o, prov_schema_find(r, user, "own", 3, NULL), value,
                              PROV_BODY_CREATE) ||
        prov_index_keys(p, user, o, &keys, count))
        *count = -1;
    return keys;
}

static void test_declared(void)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        prov_registry *r = prov_registry_core(p);
        uint16_t numbers = 0;
        int told = 0, x, y;
        const prov_declaration d = {
            .file = "x.json",
            .json = prov_bytes_of(apr_pstrcat(
                p, "{\"id\":\"urn:x:extension:User\",\"attributes\":[{\"name\":\"own\",",
                "\"uniqueness\":\"server\",\"type\":\"", values[i].type, "\"}]}", NULL))
        };
        prov_registry_declare(r, &d, 1, count_mistake, &told);
        ok(!told && !prov_registry_bind(r, count_up, &numbers), "a unique %s", values[i].type);
        const prov_index_key *a = key_of(r, values[i].x, &x), *b = key_of(r, values[i].y, &y);
        if (!ok(x == 1 && y == 1, "has a key"))
            continue;
        ok(a->unique && prov_index_domain(a, 7) == 0, "in all domains");
        is_int(prov_bytes_equal(a->key, b->key), values[i].same, "%s and %s", values[i].x,
               values[i].y);
        key_of(r, "\"\"", &x);
        ok(x <= 0, "an empty text has none");
    }
}

int main(void)
{
    uint16_t numbers = 100;
    apr_initialize();
    apr_pool_create(&p, NULL);
    registry = prov_registry_core(p);
    if (prov_registry_bind(registry, count_up, &numbers))
        return EXIT_FAILURE;
    test_user();
    test_group();
    test_empty();
    test_bad_name();
    test_long();
    test_declared();
    apr_terminate();
    return plan_done();
}
