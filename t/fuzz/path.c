/* A PATCH path names an attribute, is the URN of a schema, or is refused. */
#include "fuzz.h"
#include "scim/path.h"
#include <apr_strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_begin();
    const char *text = apr_pstrmemdup(p, (const char *)data, size);
    const prov_resource_type *types[] = { fuzz_user, fuzz_group };
    for (int i = 0; i < 2; i++) {
        prov_path path;
        prov_err *err = prov_path_parse(p, fuzz_registry, types[i], text, strlen(text), &path);
        if (err) {
            must(err->http == 400 && err->scim_type);
            continue;
        }
        must(!path.attr == !!path.schema);
        must(!path.sub || path.sub->parent == path.attr);
        must(!path.filter || path.attr->multi);
    }
    apr_pool_destroy(p);
    return 0;
}
