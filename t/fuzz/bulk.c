/* A bulk request is refused with a sentence, or every operation has its place, once, behind what it
 * needs, and its data can be written. */
#include "fuzz.h"
#include "scim/bulk.h"

static void check_data(apr_pool_t *p, const prov_bulk *bulk, prov_bulk_step step)
{
    prov_bulk_operation *op = &bulk->operations[step.operation];
    const prov_json *data = NULL;
    if (op->err)
        return;
    must(op->made == step.completes);
    must(!(step.completes ? prov_bulk_completion : prov_bulk_data)(p, bulk, step.operation, &data));
    must(op->named < 0 || bulk->operations[op->named].made || bulk->operations[op->named].err);
    op->made = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_begin();
    const prov_json *request;
    prov_bulk *bulk;
    if (!prov_json_parse(p, (prov_bytes){ data, size }, &request)) {
        prov_err *err = prov_bulk_read(p, fuzz_registry, request, "http://x", 100, &bulk);
        must(!err || ((err->http == 400 || err->http == 413) && *err->detail));
        for (int i = 0; !err && i < bulk->count; i++)
            bulk->operations[i].made = bulk->operations[i].err != NULL;
        int first = 0;
        for (int i = 0; !err && i < bulk->steps->nelts; i++) {
            prov_bulk_step step = APR_ARRAY_IDX(bulk->steps, i, prov_bulk_step);
            first += !step.completes;
            check_data(p, bulk, step);
        }
        must(err || first == bulk->count);
    }
    apr_pool_destroy(p);
    return 0;
}
