/* A filter parses or not; what parses prints as what parses to the same and matches alike. */
#include "fuzz.h"
#include <apr_strings.h>

static void check(apr_pool_t *p, const prov_resource_type *t, const char *text)
{
    prov_filter *f, *again;
    if (prov_filter_parse(p, fuzz_registry, t, text, NULL, &f))
        return;
    const char *printed = prov_filter_print(p, f);
    prov_filter_limits wide = prov_filter_defaults;
    wide.length *= 8; /* canonical paths are longer */
    must(!prov_filter_parse(p, fuzz_registry, t, printed, &wide, &again));
    must(strcmp(printed, prov_filter_print(p, again)) == 0);
    must(prov_filter_match(f, &fuzz_view) == prov_filter_match(again, &fuzz_view));
}

static void check_value(apr_pool_t *p, const char *path, const char *text)
{
    const prov_attr *a = prov_schema_find(fuzz_registry, fuzz_user, path, strlen(path), NULL);
    const prov_field *field = prov_object_get(fuzz_tree, a);
    prov_filter *f;
    if (prov_filter_parse_value(p, a, text, strlen(text), NULL, &f))
        return;
    for (int i = 0; i < field->count; i++)
        prov_filter_match_value(f, a, &field->values[i], p);
    prov_object *made = prov_object_make(p);
    prov_value value = { .type = PROV_TYPE_COMPLEX, .object = made };
    if (prov_filter_build(f, a, made))
        must(prov_filter_match_value(f, a, &value, p));
}

/* What a client's switches let through prints as what everybody may write. */
static void check_switched(apr_pool_t *p, const char *text)
{
    prov_filter *f, *again;
    prov_filter_limits all = prov_filter_defaults, wide = prov_filter_defaults;
    all.switches = PROV_COMPAT_UNQUOTED | PROV_COMPAT_REFERENCE;
    wide.length *= 8;
    if (!prov_filter_parse(p, fuzz_registry, fuzz_user, text, &all, &f))
        must(!prov_filter_parse(p, fuzz_registry, fuzz_user, prov_filter_print(p, f), &wide,
                                &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_begin();
    const char *text = apr_pstrmemdup(p, (const char *)data, size);
    check(p, fuzz_user, text);
    check(p, fuzz_group, text);
    check(p, NULL, text);
    check_switched(p, text);
    check_value(p, "emails", text);
    check_value(p, ACME ":tags", text);
    apr_pool_destroy(p);
    return 0;
}
