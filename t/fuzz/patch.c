/* A PATCH leaves its input alone; its result can be stored, and undone by the difference. */
#include "fuzz.h"
#include "scim/patch.h"

#define LENIENT                                                                                    \
    (PROV_COMPAT_NO_OPERATIONS | PROV_COMPAT_REPLACE_MAKES | PROV_COMPAT_FIRST_PRIMARY |           \
     PROV_COMPAT_WHOLE)

static void undo(apr_pool_t *p, const prov_object *after)
{
    prov_buf b;
    const prov_json *message;
    prov_patch_result r;
    prov_buf_init(&b, p, 256);
    prov_buf_text(&b, "{\"schemas\":[\"" PROV_URN_PATCH "\"],\"Operations\":[");
    if (prov_patch_difference(&b, fuzz_user, after, fuzz_tree) == 0)
        return;
    prov_buf_text(&b, "]}");
    must(!prov_json_parse(p, prov_buf_bytes(&b), &message));
    prov_err *err = prov_patch_apply(p, fuzz_registry, fuzz_user, 0, message, after, &r);
    must(err || prov_object_equal(r.object, fuzz_tree));
    must(!err || strcmp(err->scim_type, "mutability") == 0); /* an immutable one was given */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_begin();
    const prov_json *message;
    prov_patch_result r;
    prov_object *copy = prov_object_copy(p, fuzz_tree);
    if (!prov_json_parse(p, (prov_bytes){ data, size }, &message)) {
        prov_err *err = prov_patch_apply(p, fuzz_registry, fuzz_user, 0, message, fuzz_tree, &r);
        must(!err || err->http == 400 || err->http == 413);
        must(prov_object_equal(copy, fuzz_tree));
        if (!err && r.object) {
            prov_head head = { .type = fuzz_user->number };
            must(!prov_record_check(p, prov_record_write(p, &head, r.object)));
            undo(p, r.object);
        }
        err = prov_patch_apply(p, fuzz_registry, fuzz_user, LENIENT, message, fuzz_tree, &r);
        must(!err || err->http == 400 || err->http == 413);
        must(prov_object_equal(copy, fuzz_tree));
        prov_patch_apply(p, fuzz_registry, fuzz_group, 0, message, prov_object_make(p), &r);
    }
    apr_pool_destroy(p);
    return 0;
}
