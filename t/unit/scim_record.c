#include "scim_fixture.h"
#include "base/text.h"
#include "scim/projection.h"
#include "scim/resource.h"

#define U   "{" USER_SCHEMAS ","
#define ENT "\"" PROV_URN_ENTERPRISE "\":"

static const prov_head head = {
    .type = 3, .domain = 2, .version = 12, .created = 1305261754000000, .modified = 1305261755000000
};

static const char typical[] =
    U "\"externalId\":\"E1\",\"userName\":\"bjensen\",\"name\":{\"familyName\":\"Jensen\","
      "\"givenName\":\"Barbara\"},\"active\":true,\"emails\":[{\"value\":\"b@x.com\","
      "\"type\":\"work\",\"primary\":true},{\"value\":\"b@home.org\"}],\"x509Certificates\":"
      "[{\"value\":\"AQID\"}]," ENT "{\"department\":\"Zo\\u00eb \\\"q\\\"\",\"manager\":"
      "{\"value\":\"7\"}}}";

static const char *tree_json(apr_pool_t *p, const prov_registry *r, const prov_object *o)
{
    prov_buf b;
    prov_buf_init(&b, p, 0);
    prov_object_write(&b, prov_registry_type_named(r, "User"), o);
    return buf_text(p, &b);
}

static prov_record record_of(apr_pool_t *p, const prov_object *o)
{
    return prov_record_write(p, &head, o);
}

static void test_roundtrip(apr_pool_t *p, const prov_registry *r)
{
    prov_object *o = read_body(p, r, "User", typical);
    prov_record rec = record_of(p, o);
    ok(!prov_record_check(p, rec), "what was written is well formed");
    prov_object *back = prov_record_read(p, r, rec);
    ok(prov_object_equal(o, back), "what was read is what was written");
    is_bytes(record_of(p, back).bytes, rec.bytes, "and written again gives the same bytes");
    ok(rec.bytes.len < strlen(typical), "shorter than its JSON (%d)", (int)rec.bytes.len);

    prov_head h = prov_record_head(rec);
    is_int(h.type, 3, "type");
    is_int(h.domain, 2, "domain");
    is_int(h.version, 12, "version");
    is_int(h.created, head.created, "created");
    is_int(h.modified, head.modified, "modified");
    is_int(h.flags, 0, "flags");
}

static void reverse(prov_object *o)
{
    for (int i = 0; i < o->count / 2; i++) {
        prov_field f = o->fields[i];
        o->fields[i] = o->fields[o->count - 1 - i];
        o->fields[o->count - 1 - i] = f;
    }
}

static void test_canonical(apr_pool_t *p, const prov_registry *r)
{
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    prov_object *o = read_body(p, r, "User", typical);
    prov_record rec = record_of(p, o);
    reverse(o);
    is_bytes(record_of(p, o).bytes, rec.bytes, "the order of fields does not count");
    prov_object_set(o, prov_schema_attr(user->schema, "title", 5));
    prov_object_set(o, prov_schema_attr(user->schema, "roles", 5));
    prov_field *ims = prov_object_set(o, prov_schema_attr(user->schema, "ims", 3));
    prov_field_add(o, ims);
    is_bytes(record_of(p, o).bytes, rec.bytes, "what is unassigned leaves no trace");
    prov_object_put_text(o, prov_schema_attr(user->schema, "title", 5), "");
    ok(!prov_bytes_equal(record_of(p, o).bytes, rec.bytes), "an empty string does");
}

/* Every type, in attributes that no dictionary of the core has. */
static void test_types(apr_pool_t *p, const prov_registry *r)
{
    prov_attr attrs[] = {
        { .name = "b", .type = PROV_TYPE_BOOLEAN, .number = 900 },
        { .name = "i", .type = PROV_TYPE_INTEGER, .number = 901 },
        { .name = "d", .type = PROV_TYPE_DECIMAL, .number = 902 },
        { .name = "t", .type = PROV_TYPE_DATETIME, .number = 903 },
        { .name = "m", .type = PROV_TYPE_INTEGER, .multi = true, .number = 904 },
    };
    prov_object *o = prov_object_make(p);
    prov_field_add(o, prov_object_set(o, &attrs[0]))->boolean = true;
    prov_field_add(o, prov_object_set(o, &attrs[1]))->integer = INT64_MIN;
    prov_field_add(o, prov_object_set(o, &attrs[2]))->number = -1.25;
    prov_object_put_text(o, &attrs[3], "2021-06-01T00:00:00+02:00");
    prov_field *m = prov_object_set(o, &attrs[4]);
    prov_field_add(o, m)->integer = 1;
    prov_field_add(o, m)->integer = 10;
    prov_record rec = record_of(p, o);
    ok(!prov_record_check(p, rec), "every type is well formed");

    prov_cursor c = prov_record_fields(rec);
    prov_item f, v;
    ok(prov_cursor_find(c, 900, &f) && prov_item_boolean(f), "boolean");
    ok(prov_cursor_find(c, 901, &f), "integer");
    is_int(prov_item_integer(f), INT64_MIN, "is exact");
    ok(prov_cursor_find(c, 902, &f) && prov_item_number(f) == -1.25, "decimal");
    ok(prov_cursor_find(c, 903, &f), "dateTime");
    is_int(prov_item_type(f), PROV_TYPE_DATETIME, "has its type");
    is_int(prov_item_instant(f), 1622498400000000, "as a point in time");
    is_bytes(prov_item_text(f), PROV_BYTES("2021-06-01T00:00:00+02:00"), "and as it was sent");
    ok(prov_cursor_find(c, 904, &f) && prov_item_is_multi(f), "many values");
    prov_cursor values = prov_item_values(f);
    ok(prov_cursor_value(&values, &v) && prov_item_integer(v) == 1, "the first");
    ok(prov_cursor_value(&values, &v) && prov_item_integer(v) == 10, "the second");
    ok(!prov_cursor_value(&values, &v), "and no more");
    ok(!prov_cursor_find(c, 905, &f), "what is not there is not found");
    ok(!prov_cursor_find(c, 1, &f), "nor what would come before");

    prov_field_add(o, prov_object_set(o, &attrs[2]))->number = 0.0;
    prov_record zero = record_of(p, o);
    prov_field_add(o, prov_object_set(o, &attrs[2]))->number = -0.0;
    is_bytes(record_of(p, o).bytes, zero.bytes, "-0 is 0");
}

static void test_undeclared(apr_pool_t *p, const prov_registry *r)
{
    prov_attr later[] = {
        { .name = "x", .type = PROV_TYPE_STRING, .number = 900 },
        { .name = "y", .type = PROV_TYPE_COMPLEX, .multi = true, .number = 901 },
        { .name = "z", .type = PROV_TYPE_STRING, .number = 902 },
    };
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    prov_object *o = read_body(p, r, "User", typical);
    prov_object_put_text(o, &later[0], "kept");
    prov_field *y = prov_object_set(o, &later[1]);
    prov_object_put_text(prov_field_add(o, y)->object, &later[2], "below");
    const prov_value *name = prov_object_first(o, prov_schema_attr(user->schema, "name", 4));
    prov_object_put_text(name->object, &later[2], "inside");
    prov_record rec = record_of(p, o);

    prov_object *back = prov_record_read(p, r, rec);
    is_str(tree_json(p, r, back), tree_json(p, r, read_body(p, r, "User", typical)),
           "undeclared values are not shown");
    is_bytes(record_of(p, back).bytes, rec.bytes, "but kept by every rewrite");
    is_bytes(record_of(p, prov_object_copy(p, back)).bytes, rec.bytes, "also by a copy's");
    ok(prov_object_equal(back, prov_object_copy(p, back)), "and compared");
}

/* --- large values ------------------------------------------------------------------------- */

typedef struct shelf {
    uint8_t digest[8][16];
    prov_bytes value[8];
    int count, named;
} shelf;

static void put_on_shelf(void *baton, const uint8_t digest[16], prov_bytes value)
{
    shelf *s = baton;
    memcpy(s->digest[s->count], digest, 16);
    s->value[s->count++] = value;
}

static prov_bytes take_from_shelf(void *baton, const uint8_t digest[16])
{
    const shelf *s = baton;
    for (int i = 0; i < s->count; i++)
        if (memcmp(s->digest[i], digest, 16) == 0)
            return s->value[i];
    return PROV_BYTES("");
}

static void count_named(void *baton, const uint8_t digest[16])
{
    shelf *s = baton;
    s->named += take_from_shelf(s, digest).len > PROV_LARGE_VALUE;
}

static const char *long_text(apr_pool_t *p, char with, size_t len)
{
    char *text = apr_palloc(p, len + 1);
    memset(text, with, len);
    text[len] = '\0';
    return text;
}

static void test_large(apr_pool_t *p, const prov_registry *r)
{
    const prov_resource_type *user = prov_registry_type_named(r, "User");
    const prov_attr *title = prov_schema_attr(user->schema, "title", 5);
    const prov_attr *roles = prov_schema_attr(user->schema, "roles", 5);
    prov_attr gone = { .name = "gone", .type = PROV_TYPE_STRING, .number = 900 };
    prov_object *o = read_body(p, r, "User", typical);
    prov_object_put_text(o, title, long_text(p, 'a', PROV_LARGE_VALUE + 1));
    prov_field *f = prov_object_set(o, roles);
    for (int i = 0; i < 2; i++)
        prov_object_put_text(prov_field_add(o, f)->object, prov_schema_sub(roles, "value", 5),
                             long_text(p, (char)('b' + i), i ? PROV_LARGE_VALUE : 10000));
    prov_object_put_text(o, &gone, long_text(p, 'd', 5000));
    prov_record whole = record_of(p, o);
    o = prov_record_read(p, r, whole); /* `gone` is undeclared now */

    shelf s = { .count = 0 };
    prov_record rec = prov_record_split(p, whole, put_on_shelf, &s);
    ok(!prov_record_check(p, rec), "a record with values elsewhere is well formed");
    is_int(s.count, 3, "three values lie elsewhere, the undeclared one too");
    ok(rec.bytes.len < 5000, "the record is small (%d)", (int)rec.bytes.len);
    is_int(prov_record_head(rec).flags, PROV_RECORD_LARGE, "it says so");
    is_int(prov_record_head(rec).version, head.version, "its head stays");
    prov_record_large_each(rec, count_named, &s);
    is_int(s.named, 3, "each of them is named");
    is_bytes(prov_record_join(p, rec, take_from_shelf, &s).bytes, whole.bytes,
             "joined it is the whole again");
    is_bytes(prov_record_join(p, whole, take_from_shelf, &s).bytes, whole.bytes,
             "and the whole stays what it is");

    s.count = 1; /* the title alone can be found */
    prov_record half = prov_record_join(p, rec, take_from_shelf, &s);
    ok(!prov_record_check(p, half), "without what is lost it is well formed");
    prov_object *back = prov_record_read(p, r, half);
    ok(prov_object_first(back, title) != NULL, "what was found is there");
    prov_record_read(p, r, rec);
    is_int(prov_object_first(prov_record_read(p, r, rec), roles->subs) == NULL, 1,
           "what lies elsewhere is not read as text");
}

/* --- damage ------------------------------------------------------------------------------- */

/* Strings end and brackets match: damage may name a member twice or hold a NUL, no more. */
static bool is_balanced(prov_bytes json)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < json.len; i++) {
        char c = (char)json.data[i];
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\')
            i++;
        else if (!quoted)
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    }
    return depth == 0 && !quoted;
}

static bool visit(apr_pool_t *p, const prov_registry *r, prov_record rec)
{
    prov_buf b;
    prov_view v = { .registry = r,
                    .type = prov_registry_type_named(r, "User"),
                    .record = rec,
                    .prefix = PROV_BYTES("CORP/"),
                    .base = "https://h",
                    .scratch = p };
    shelf s = { .count = 0 };
    prov_buf_init(&b, p, 0);
    prov_resource_write(&b, &v, NULL);
    prov_record_join(p, rec, take_from_shelf, &s);
    prov_record_large_each(rec, count_named, &s);
    prov_object *o = prov_record_read(p, r, rec);
    prov_record_split(p, prov_record_write(p, &head, o), put_on_shelf, &s);
    return prov_text_valid(prov_buf_bytes(&b)) && is_balanced(prov_buf_bytes(&b));
}

static void test_damage(apr_pool_t *p, const prov_registry *r, const char *body)
{
    prov_record rec = record_of(p, read_body(p, r, "User", body));
    apr_pool_t *sub;
    apr_pool_create(&sub, p);
    int taken = 0, unread = 0;
    for (size_t len = 0; len < rec.bytes.len; len++, apr_pool_clear(sub)) {
        /* malloc, so that a sanitizer sees every byte beyond the end */
        uint8_t *cut = malloc(len + !len);
        memcpy(cut, rec.bytes.data, len);
        prov_record part = { { cut, len } };
        taken += prov_record_check(sub, part) == NULL;
        unread += !visit(sub, r, part);
        free(cut);
    }
    is_int(taken, 0, "no record that is cut short is taken");
    is_int(unread, 0, "and reading one gives JSON all the same");
    taken = unread = 0;
    for (size_t i = 0; i < rec.bytes.len; i++) {
        for (int bit = 0; bit < 8; bit++, apr_pool_clear(sub)) {
            uint8_t *copy = malloc(rec.bytes.len);
            memcpy(copy, rec.bytes.data, rec.bytes.len);
            copy[i] ^= (uint8_t)(1 << bit);
            prov_record changed = { { copy, rec.bytes.len } };
            taken += prov_record_check(sub, changed) == NULL;
            unread += !visit(sub, r, changed);
            free(copy);
        }
    }
    is_int(taken, 0, "no record with a bit flipped is taken");
    is_int(unread, 0, "and reading one gives JSON all the same");
    apr_pool_destroy(sub);
}

static void test_set_head(apr_pool_t *p, const prov_registry *r)
{
    prov_record rec = record_of(p, read_body(p, r, "User", typical));
    prov_head moved = head;
    moved.version++;
    moved.domain = 700;
    prov_record want = prov_record_write(p, &moved, read_body(p, r, "User", typical));
    prov_record_set_head((uint8_t *)rec.bytes.data, &moved);
    is_bytes(rec.bytes, want.bytes, "a new head is as if written with it");
    ok(!prov_record_check(p, rec), "and the sum is right");
}

/* Well-formed sums around fields that are not. */
static const struct {
    const char *what, *fields;
    size_t len;
} malformed[] = {
#define BYTES(text) text, sizeof(text) - 1
    { "descending numbers", BYTES("\5\1\1\1\4\1\1\1") },
    { "a number twice", BYTES("\5\1\1\1\5\1\1\1") },
    { "a boolean of two bytes", BYTES("\5\1\2\1\1") },
    { "a boolean 2", BYTES("\5\1\1\2") },
    { "an integer of seven bytes", BYTES("\5\3\7\0\0\0\0\0\0\0") },
    { "a length beyond the end", BYTES("\5\0\11a") },
    { "a length of 2^63", BYTES("\5\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\1") },
    { "a length without end", BYTES("\5\0\x80") },
    { "a number without tag", BYTES("\5") },
    { "a number beyond 16 bits", BYTES("\x80\x80\4\0\0") },
    { "an unknown bit of the tag", BYTES("\5\x20\0") },
    { "values of another type", BYTES("\5\x0B\4\0\1ab") },
    { "a complex with fields cut short", BYTES("\5\7\2\6\0") },
    { "a nested list of lists", BYTES("\5\x08\2\x08\0") },
    { "complexes too deep", BYTES("\5\7\14\5\7\11\5\7\6\5\7\3\5\0\0") },
    { "a large value with a short digest", BYTES("\5\x10\2ab") },
    { "a large boolean", BYTES("\5\x11\20aaaaaaaaaaaaaaaa") },
};

static void test_malformed(apr_pool_t *p, const prov_registry *r)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        /* An undeclared field's raw bytes are written as they are: that lets malformed ones in. */
        prov_object *o = prov_object_make(p);
        const uint8_t *fields = (const uint8_t *)malformed[i].fields;
        bool wide = fields[0] & 0x80;
        uint16_t number = wide ? 0xFFFF : fields[0];
        size_t skip = wide ? 3 : 1;
        prov_object_keep(o, number, (prov_bytes){ fields + skip, malformed[i].len - skip });
        prov_record rec = record_of(p, o);
        if (wide)
            ((uint8_t *)rec.bytes.data)[PROV_RECORD_HEAD + 2] = 4; /* 0xFFFF becomes 0x13FFF */
        prov_err *err = prov_record_check(p, rec);
        ok(err != NULL, "refused: %s", malformed[i].what);
        ok(visit(p, r, rec), "and read without harm");
    }
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    prov_registry *r = bound_registry(p);
    test_roundtrip(p, r);
    test_canonical(p, r);
    test_types(p, r);
    test_undeclared(p, r);
    test_large(p, r);
    test_damage(p, r, typical);
    test_set_head(p, r);
    test_malformed(p, r);
    apr_pool_destroy(p);
    return plan_done();
}
