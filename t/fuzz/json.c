/* A document is refused or can be walked; every string and number of it writes as what reads back
 * as the same. */
#include "base/json.h"
#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static apr_pool_t *pool;

static void walk(const prov_json *json);

static void check_string(prov_bytes text)
{
    prov_buf b;
    const prov_json *again;
    prov_buf_init(&b, pool, text.len + 8);
    prov_json_write_string(&b, text);
    if (prov_json_parse(pool, prov_buf_bytes(&b), &again) ||
        !prov_bytes_equal(prov_json_string(again), text))
        abort();
}

static void check_number(double number)
{
    prov_buf b;
    const prov_json *again;
    prov_buf_init(&b, pool, 32);
    prov_json_write_number(&b, number);
    if (prov_json_parse(pool, prov_buf_bytes(&b), &again))
        abort();
    double read = prov_json_is(again) == PROV_JSON_INTEGER ? (double)prov_json_integer(again)
                                                           : prov_json_number(again);
    if (read != number)
        abort();
}

static bool member(void *baton, const char *name, const prov_json *value)
{
    bool found;
    check_string(prov_bytes_of(name));
    if (prov_json_get(baton, name, &found) != value || !found)
        abort();
    walk(value);
    return true;
}

static void walk(const prov_json *json)
{
    switch (prov_json_is(json)) {
    case PROV_JSON_STRING:
        check_string(prov_json_string(json));
        break;
    case PROV_JSON_NUMBER:
        check_number(prov_json_number(json));
        break;
    case PROV_JSON_ARRAY:
        for (size_t i = 0; i < prov_json_length(json); i++)
            walk(prov_json_at(json, i));
        break;
    case PROV_JSON_OBJECT:
        prov_json_each(json, member, (void *)json);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *all;
    const prov_json *json;
    if (!all) {
        apr_initialize();
        apr_pool_create(&all, NULL);
    }
    apr_pool_create(&pool, all);
    if (!prov_json_parse(pool, (prov_bytes){ data, size }, &json))
        walk(json);
    apr_pool_destroy(pool);
    return 0;
}
