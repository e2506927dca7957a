/* Bulk requests: order, references, what is completed later; BU-3 to BU-5 and BU-9 without a
 * server. */
#include "tap.h"
#include "scim/bulk.h"
#include "scim/bulk_reference.h"
#include "scim_acme.h"
#include <apr_strings.h>

static apr_pool_t *pool;
static prov_registry *registry;

#define POST(id, data)                                                                             \
    "{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"" id "\",\"data\":{" data "}}"
#define GROUP(id, data)                                                                            \
    "{\"method\":\"POST\",\"path\":\"/Groups\",\"bulkId\":\"" id "\",\"data\":{" data "}}"
#define PATCH(path, ref)                                                                           \
    "{\"method\":\"PATCH\",\"path\":\"" path "\",\"data\":{\"value\":\"" ref "\"}}"
#define DEL(path)  "{\"method\":\"DELETE\",\"path\":\"" path "\"}"
#define REF(id)    "\"manager\":\"bulkId:" id "\""
#define NAME(name) "\"userName\":\"" name "\""
#define U1         "/Users/00000000-0000-0000-0000-000000000001"
#define U2         "/Users/00000000-0000-0000-0000-000000000002"

static prov_bulk *read_bulk(const char *operations)
{
    prov_bulk *bulk = NULL;
    const char *text = apr_pstrcat(pool,
                                   "{\"schemas\":[\"" PROV_URN_BULK_REQUEST "\"],"
                                   "\"Operations\":[",
                                   operations, "]}", NULL);
    prov_err *err =
        prov_bulk_read(pool, registry, acme_json(pool, text), "http://x/v2", 100, &bulk);
    if (err)
        printf("# %s\n", prov_err_text(pool, err));
    return bulk;
}

/* "1 0 0+": a plus completes. */
static const struct {
    const char *what, *operations, *order;
} orders[] = {
    { "nothing", "", "" },
    { "as written", POST("a", "") "," POST("b", REF("a")) "," DEL(U1), "0 1 2" },
    { "what is referred to comes first", POST("a", REF("b")) "," POST("b", ""), "1 0" },
    { "a chain", POST("a", REF("b")) "," POST("b", REF("c")) "," POST("c", ""), "2 1 0" },
    { "in a path", DEL("/Users/bulkId:a") "," POST("a", ""), "1 0" },
    { "itself", POST("a", REF("a")), "0 0+" },
    { "two of each other", POST("a", REF("b")) "," POST("b", REF("a")), "1 0 1+" },
    { "three in a ring", POST("a", REF("b")) "," POST("b", REF("c")) "," POST("c", REF("a")),
      "2 1 0 2+" },
    { "a deleted one before a new one", PATCH(U1, "bulkId:a") "," DEL(U2) "," POST("a", ""),
      "1 2 0" },
    { "another type does not matter", PATCH(U1, "bulkId:g") "," DEL(U2) "," GROUP("g", ""),
      "2 0 1" },
    { "new ones do not matter to each other",
      PATCH(U1, "bulkId:b") "," POST("a", NAME("x")) "," POST("b", NAME("y")), "2 0 1" },
    { "unless they have one name",
      GROUP("g", REF("b")) "," POST("a", NAME("x")) "," POST("b", NAME("X")), "1 2 0" },
    { "what is of the same resource stays behind",
      PATCH(U1, "bulkId:a") "," DEL(U1) "," POST("a", ""), "2 0 1" },
    { "a deletion before what still refers to it",
      GROUP("g", REF("h")) "," DEL(U1) "," GROUP("h",
                                                 "\"x\":\"00000000-0000-0000-0000-000000000001\""),
      "1 2 0" },
};

static const char *order_of(const prov_bulk *bulk)
{
    prov_buf b;
    prov_buf_init(&b, pool, 64);
    for (int i = 0; i < bulk->steps->nelts; i++) {
        prov_bulk_step s = APR_ARRAY_IDX(bulk->steps, i, prov_bulk_step);
        prov_buf_printf(&b, "%s%d%s", i ? " " : "", s.operation, s.completes ? "+" : "");
    }
    return prov_bytes_text(pool, prov_buf_bytes(&b));
}

static void test_orders(void)
{
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        prov_bulk *bulk = read_bulk(orders[i].operations);
        is_str(bulk ? order_of(bulk) : "refused", orders[i].order, "BU-9 %s", orders[i].what);
    }
}

/* A long chain of needs takes no stack. */
static void test_chain(void)
{
    enum { LINKS = 50000 };
    prov_bulk *bulk = NULL;
    prov_buf b;
    prov_buf_init(&b, pool, 8 * 1024 * 1024);
    prov_buf_text(&b, "{\"schemas\":[\"" PROV_URN_BULK_REQUEST "\"],\"Operations\":[");
    for (int i = 0; i < LINKS; i++)
        prov_buf_printf(&b, "%s" POST("%d", REF("%d")), i ? "," : "", i, (i + 1) % LINKS);
    prov_buf_text(&b, "]}");
    const prov_json *json = acme_json(pool, prov_bytes_text(pool, prov_buf_bytes(&b)));
    ok(!prov_bulk_read(pool, registry, json, "", LINKS, &bulk), "BU-9 a ring of 50,000 is read");
    is_int(bulk->steps->nelts, LINKS + 1, "one of them is completed");
    is_int(APR_ARRAY_IDX(bulk->steps, 0, prov_bulk_step).operation, LINKS - 1, "the last begins");
    is_int(APR_ARRAY_IDX(bulk->steps, LINKS, prov_bulk_step).operation, LINKS - 1, "and ends");
}

/* --- references ----------------------------------------------------------------------------- */

static const struct {
    const char *name, *text;
    int at, len; /* at -1: none */
} references[] = {
    { "value", "bulkId:a", 0, 8 },
    { "value", "x bulkId:a", -1, 0 },
    { "value", "/bulkId:a", -1, 0 },
    { "$ref", "../Users/bulkId:a", 9, 8 },
    { "$REF", "bulkId:a", 0, 8 },
    { "path", "members[value eq \"bulkId:a\"].x", 18, 8 },
    { "path", "x eq \"bulkId:a", 6, 8 },
    { "path", "members", -1, 0 },
    { "value", "", -1, 0 },
    { "value", "BULKID:a", -1, 0 },
};

static void test_references(void)
{
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        size_t at = 0, len = 0;
        bool is = prov_bulk_reference(references[i].name, prov_bytes_of(references[i].text), 0, &at,
                                      &len);
        is_int(is ? (int)at : -1, references[i].at, "BU-4 where it is in %s", references[i].text);
        is_int((int)len, references[i].len, "how long it is there");
    }
}

static void carry_out(prov_bulk *bulk, int i)
{
    memset(bulk->operations[i].id.b, i, sizeof bulk->operations[i].id.b);
    bulk->operations[i].made = true;
}

#define ID1 "01010101-0101-0101-0101-010101010101"
#define LISTED                                                                                     \
    "\"n\":[1,1.5,true,null,\"a\\u0001\\\"\"],\"list\":[{\"value\":\"bulkId:b\"},{\"value\":"      \
    "\"k\"}],"                                                                                     \
    "\"" ENTERPRISE "\":{\"department\":\"D\",\"manager\":{\"value\":\"bulkId:b\"}}"

static const char *text_of(const prov_json *j)
{
    return prov_json_is(j) == PROV_JSON_STRING ? (const char *)prov_json_string(j).data : "none";
}

static const prov_json *at_path(const prov_json *j, const char *list, size_t i, const char *name)
{
    return prov_json_get(prov_json_at(prov_json_get(j, list, NULL), i), name, NULL);
}

static void test_data(void)
{
    prov_bulk *bulk = read_bulk(POST("a", LISTED) "," POST("b", ""));
    const prov_json *data = NULL;
    prov_err *err = prov_bulk_data(pool, bulk, 0, &data);
    ok(err && err->http == 400 && !strcmp(err->scim_type, "invalidValue"), "BU-5 not made");
    carry_out(bulk, 1);
    ok(!prov_bulk_data(pool, bulk, 0, &data), "BU-4 made");
    is_str(text_of(at_path(data, "list", 0, "value")), ID1, "in a list");
    is_str(text_of(at_path(data, "list", 1, "value")), "k", "what is none stays");
    is_str(
        text_of(prov_json_get(prov_json_get(prov_json_get(data, ENTERPRISE, NULL), "manager", NULL),
                              "value", NULL)),
        ID1, "in an extension");
    const prov_json *n = prov_json_get(data, "n", NULL);
    is_int(prov_json_integer(prov_json_at(n, 0)), 1, "an integer stays");
    ok(prov_json_number(prov_json_at(n, 1)) == 1.5, "a number stays");
    ok(prov_json_boolean(prov_json_at(n, 2)) && !prov_json_at(n, 3), "true and null stay");
    is_str(text_of(prov_json_at(n, 4)), "a\001\"", "odd characters stay");
}

/* As RFC 7644 section 3.7.3 prints them: no message around the operations. */
static void test_bare(void)
{
    prov_bulk *bulk = read_bulk("{\"method\":\"PATCH\",\"path\":\"" U1 "\",\"data\":[{\"op\":"
                                "\"add\",\"value\":\"bulkId:b\"},{}]}," POST("b", ""));
    const prov_json *data = NULL;
    carry_out(bulk, 1);
    ok(!bulk->operations[0].err && !prov_bulk_data(pool, bulk, 0, &data), "BU-7 bare operations");
    is_str(text_of(prov_json_at(prov_json_get(data, "schemas", NULL), 0)), PROV_URN_PATCH,
           "become a message");
    is_str(text_of(at_path(data, "Operations", 0, "value")), ID1, "with ids in it");
    is_int((long)prov_json_length(prov_json_get(data, "Operations", NULL)), 2, "all of them");
}

static void test_completion(void)
{
    prov_bulk *bulk = read_bulk(POST("a", REF("b")) "," POST("b", LISTED) "," POST("c", ""));
    const prov_json *data = NULL;
    is_str(order_of(bulk), "1 1+ 0 2", "BU-4 one that needs itself");
    is_int(bulk->operations[1].late->nelts, 1, "one late reference");
    ok(!prov_bulk_data(pool, bulk, 1, &data), "made without it");
    is_int((long)prov_json_length(prov_json_get(data, "list", NULL)), 1, "a list is shorter");
    const prov_json *extension = prov_json_get(data, ENTERPRISE, NULL);
    is_str(text_of(prov_json_get(extension, "department", NULL)), "D", "the rest is there");
    ok(!prov_json_get(extension, "manager", NULL), "the reference is not");
    carry_out(bulk, 1);
    ok(!prov_bulk_completion(pool, bulk, 1, &data), "and completed");
    is_int((long)prov_json_length(prov_json_get(data, "Operations", NULL)), 2, "by two operations");
    is_str(text_of(at_path(data, "Operations", 0, "path")), "list", "a list");
    is_int((long)prov_json_length(at_path(data, "Operations", 0, "value")), 1, "gets one more");
    is_str(text_of(at_path(data, "Operations", 1, "path")), ENTERPRISE ":manager", "an extension");
    is_str(text_of(prov_json_get(at_path(data, "Operations", 1, "value"), "value", NULL)), ID1,
           "gets its attribute");
}

/* --- what is wrong -------------------------------------------------------------------------- */

static const struct {
    const char *operation;
    int status; /* 0: nothing is wrong */
} wrongs[] = {
    { POST("a", ""), 0 },
    { DEL("Users/x"), 0 },
    { DEL("http://x/v2/Users/x/"), 0 },
    { DEL("http://y/v2/Users/x"), 404 },
    { DEL(""), 404 },
    { DEL("/"), 404 },
    { DEL("/Users/bulkId:a"), 400 },
    { DEL("/Users/bulkId:"), 400 },
    { PATCH(U1, "bulkId:a"), 400 },
    { "{\"method\":\"PATCH\",\"path\":\"" U1 "\",\"data\":[]}", 0 },
    { "{\"method\":\"PUT\",\"path\":\"" U1 "\",\"data\":[]}", 400 },
    { "null", 400 },
    { "{}", 400 },
    { "{\"method\":\"DELETE\"}", 404 },
};

static void test_wrongs(void)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        prov_bulk *bulk = read_bulk(wrongs[i].operation);
        prov_err *err = bulk->operations[0].err;
        is_int(err ? err->http : 0, wrongs[i].status, "BU-1 %s", wrongs[i].operation);
        is_str(order_of(bulk), "0", "it has its place");
    }
    prov_bulk *bulk = read_bulk(POST("a", "") "," POST("a", ""));
    ok(!bulk->operations[0].err && bulk->operations[1].err, "BU-5 a bulkId is used once");
    bulk = read_bulk(POST("a", "") "," DEL("/Groups/bulkId:a"));
    is_int(bulk->operations[1].err ? bulk->operations[1].err->http : 0, 404, "another type's");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    registry = acme_registry(pool);
    test_orders();
    test_chain();
    test_references();
    test_data();
    test_bare();
    test_completion();
    test_wrongs();
    apr_pool_destroy(pool);
    return plan_done();
}
