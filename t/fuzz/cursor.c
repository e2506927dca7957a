/* Nobody makes a cursor: whatever text is given is refused. And what was written is read, unless a
 * byte of it differs. */
#include "fuzz.h"
#include "framework/list_cursor.h"
#include <apr_strings.h>

static const uint8_t key[32] = { 'k' };

static bool reads(apr_pool_t *p, prov_bytes binding, const char *text, prov_list_cursor *out)
{
    return !prov_list_cursor_read(p, key, binding, text, 5, 10, out);
}

/* The input is a place: the first byte for its type, the rest for its key. */
static void check_place(apr_pool_t *p, prov_bytes binding, const uint8_t *data, size_t size)
{
    size_t len = size - 1 < 256 ? size - 1 : 256;
    prov_list_cursor is,
        was = { 3, (int64_t)size, 9, { data[0], { { data[0] } }, { data + 1, len } } };
    char *text = apr_pstrdup(p, prov_list_cursor_write(p, key, binding, &was));
    must(reads(p, binding, text, &is));
    must(is.made == was.made && is.total == was.total && is.want == was.want);
    must(is.place.type == was.place.type && prov_id_equal(&is.place.id, &was.place.id));
    must(prov_bytes_equal(is.place.key, was.place.key));
    char *at = text + data[0] * strlen(text) / 256;
    *at = *at == 'x' ? 'y' : 'x';
    must(!reads(p, binding, text, &is));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_begin();
    prov_list_cursor out;
    prov_bytes binding = { data, size / 2 };
    must(!reads(p, binding, apr_pstrmemdup(p, (const char *)data, size), &out));
    if (size)
        check_place(p, binding, data, size);
    apr_pool_destroy(p);
    return 0;
}
