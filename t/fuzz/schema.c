/* A declared file is refused with a sentence, or what it declares can be numbered and published,
 * and reads back from there as the same. */
#include "fuzz.h"
#include "scim/schema_load.h"

static void take_mistake(void *baton, const prov_err *err)
{
    must(err->http == 400 && err->scim_type && *err->detail);
    must(!strcmp(err->source, "here"));
    ++*(int *)baton;
}

static prov_bytes published(apr_pool_t *p, const prov_registry *r, bool types)
{
    prov_buf b;
    prov_buf_init(&b, p, 256);
    const char *before = "[";
    for (int i = 0; types && i < prov_registry_type_count(r); i++, before = ",") {
        prov_buf_text(&b, before);
        prov_resource_type_write(&b, prov_registry_type(r, i), "");
    }
    for (int i = 4; !types && i < r->schema_count; i++, before = ",") {
        prov_buf_text(&b, before);
        prov_schema_write(&b, prov_registry_schema(r, i), "");
    }
    prov_buf_text(&b, *before == '[' ? "[]" : "]");
    return prov_buf_bytes(&b);
}

static prov_registry *declared(apr_pool_t *p, prov_bytes schemas, prov_bytes types, int *mistakes)
{
    const prov_declaration all[] = { { true, "t.json", types, "here" },
                                     { false, "s.json", schemas, "here" } };
    prov_registry *r = prov_registry_core(p);
    *mistakes = 0;
    prov_registry_declare(r, all, 2, take_mistake, mistakes);
    return r;
}

/* Schemas, a byte 0, resource types. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_begin();
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t len = zero ? (size_t)(zero - data) : size;
    prov_bytes none = PROV_BYTES("[]"), schemas = { data, len }, types = none;
    uint16_t count = 0;
    int mistakes;
    if (zero)
        types = (prov_bytes){ zero + 1, size - len - 1 };
    prov_registry *r = declared(p, schemas, types, &mistakes);
    if (!mistakes) {
        prov_bytes first = published(p, r, false), second = published(p, r, true);
        prov_registry *again = declared(p, first, second, &mistakes);
        must(!mistakes);
        must(prov_bytes_equal(first, published(p, again, false)));
        must(prov_bytes_equal(second, published(p, again, true)));
    }
    must(!prov_registry_bind(r, acme_number, &count));
    apr_pool_destroy(p);
    return 0;
}
