/* Bytes that claim to be a record: whatever they are, reading stays within them; those that pass
 * the check decode, encode and print. */
#include "fuzz.h"

static prov_bytes nothing(void *baton, const uint8_t digest[16])
{
    return PROV_BYTES("");
}

static void ignore(void *baton, const uint8_t digest[16])
{
}

static void filter(apr_pool_t *p, const prov_view *v)
{
    static const char *const texts[] = {
        "userName eq \"zo\xc3\xab\" or title pr",
        "emails[type eq \"work\" and primary eq true]",
        "name pr and schemas eq \"x\"",
        ACME ":tags eq \"red\" or " ACME ":score gt 1",
        "meta.created gt \"2020-01-31T10:00:00Z\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        prov_filter *f;
        must(!prov_filter_parse(p, fuzz_registry, fuzz_user, texts[i], NULL, &f));
        prov_filter_match(f, v);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_begin();
    prov_view v = fuzz_view;
    prov_buf json;
    v.record.bytes = (prov_bytes){ data, size };
    if (size >= PROV_RECORD_HEAD)
        filter(p, &v);
    if (!prov_record_check(p, v.record)) {
        prov_record_large_each(v.record, ignore, NULL);
        v.record = prov_record_join(p, v.record, nothing, NULL);
        prov_head head = prov_record_head(v.record);
        prov_object *o = prov_record_read(p, fuzz_registry, v.record);
        must(!prov_record_check(p, prov_record_write(p, &head, o)));
        prov_buf_init(&json, p, 256);
        prov_resource_write(&json, &v, NULL);
    }
    apr_pool_destroy(p);
    return 0;
}
