/* What the fuzzers of scim/ share: a registry, two resources, and a pool for each input. */
#ifndef FUZZ_H
#define FUZZ_H

#include "scim/filter.h"
#include "scim_acme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(truth)                                                                                \
    do {                                                                                           \
        if (!(truth))                                                                              \
            abort();                                                                               \
    } while (0)

static apr_pool_t *fuzz_pool; /* lives as long as the process */
static prov_registry *fuzz_registry;
static const prov_resource_type *fuzz_user, *fuzz_group;
static prov_object *fuzz_tree;
static prov_view fuzz_view;

#define FUZZ_USER                                                                                  \
    "{\"schemas\":[\"" PROV_URN_USER "\"],\"userName\":\"Zo\xc3\xab\",\"title\":\"Nurse\","        \
    "\"active\":true,\"name\":{\"givenName\":\"Z\"},\"emails\":[{\"value\":\"a@x\","               \
    "\"type\":\"work\",\"primary\":true},{\"value\":\"b@x\"}],\"" ACME "\":{\"tags\":[\"red\"],"   \
    "\"score\":1.5,\"hiredAt\":\"2020-01-31T10:00:00Z\",\"origin\":\"hr\",\"desk\":{\"floor\":3}}" \
    "}"

/* The tree comes from the record, so that no document outlives this. */
static inline void fuzz_start(void)
{
    apr_pool_t *p;
    prov_body_extra extra;
    apr_initialize();
    apr_pool_create(&fuzz_pool, NULL);
    apr_pool_create(&p, fuzz_pool);
    fuzz_registry = acme_registry(fuzz_pool);
    fuzz_user = prov_registry_type_named(fuzz_registry, "User");
    fuzz_group = prov_registry_type_named(fuzz_registry, "Group");
    fuzz_tree = acme_tree(p, fuzz_registry, fuzz_user, acme_json(p, FUZZ_USER), &extra);
    fuzz_view = acme_view(fuzz_pool, fuzz_registry, fuzz_user, fuzz_tree, 1, 2);
    fuzz_tree = prov_record_read(fuzz_pool, fuzz_registry, fuzz_view.record);
    apr_pool_destroy(p);
}

static inline apr_pool_t *fuzz_begin(void)
{
    apr_pool_t *p;
    if (!fuzz_pool)
        fuzz_start();
    apr_pool_create(&p, fuzz_pool);
    fuzz_view.scratch = p;
    return p;
}

#endif
