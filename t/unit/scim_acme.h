/* A bound registry whose User also has an extension with an attribute of every kind. */
#ifndef SCIM_ACME_H
#define SCIM_ACME_H

#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "scim/projection.h"
#include "scim/registry.h"
#include <apr_general.h>

#define ACME       "urn:example:scim:schemas:extension:acme:2.0:User"
#define ENTERPRISE PROV_URN_ENTERPRISE

static prov_attr acme_desk[] = {
    { .name = "building", .type = PROV_TYPE_STRING },
    { .name = "floor", .type = PROV_TYPE_INTEGER },
    { .name = "marks", .type = PROV_TYPE_STRING, .multi = true },
};

static prov_attr acme_attrs[] = {
    { .name = "badgeNumber", .type = PROV_TYPE_INTEGER },
    { .name = "score", .type = PROV_TYPE_DECIMAL },
    { .name = "flag", .type = PROV_TYPE_BOOLEAN },
    { .name = "hiredAt", .type = PROV_TYPE_DATETIME },
    { .name = "code", .type = PROV_TYPE_STRING, .case_exact = true },
    { .name = "tags", .type = PROV_TYPE_STRING, .multi = true },
    { .name = "numbers", .type = PROV_TYPE_INTEGER, .multi = true },
    { .name = "blob", .type = PROV_TYPE_BINARY, .case_exact = true },
    { .name = "homePage", .type = PROV_TYPE_REFERENCE, .case_exact = true },
    { .name = "desk", .type = PROV_TYPE_COMPLEX, .subs = acme_desk, .sub_count = 3 },
    { .name = "origin", .type = PROV_TYPE_STRING, .mutability = PROV_IMMUTABLE },
    { .name = "computed", .type = PROV_TYPE_STRING, .mutability = PROV_READ_ONLY },
    { .name = "pin",
      .type = PROV_TYPE_STRING,
      .mutability = PROV_WRITE_ONLY,
      .returned = PROV_RETURNED_NEVER },
};

static inline prov_err *acme_number(void *baton, const char *urn, const char *path,
                                    const char *type, uint16_t *number)
{
    *number = ++*(uint16_t *)baton;
    return NULL;
}

/* The registry's schemas lie in one array that its types point into: a longer copy. */
static inline prov_registry *acme_registry(apr_pool_t *p)
{
    static uint16_t count;
    prov_registry *r = prov_registry_core(p);
    prov_schema *all = apr_pcalloc(p, (r->schema_count + 1) * sizeof *all);
    memcpy(all, r->schemas, r->schema_count * sizeof *all);
    prov_schema *acme = &all[r->schema_count++];
    *acme =
        (prov_schema){ ACME, "AcmeUser", "", acme_attrs, sizeof acme_attrs / sizeof *acme_attrs };
    for (int i = 0; i < acme->count; i++) {
        acme_attrs[i].schema = acme->urn;
        for (int s = 0; s < acme_attrs[i].sub_count; s++) {
            acme_attrs[i].subs[s].schema = acme->urn;
            acme_attrs[i].subs[s].parent = &acme_attrs[i];
        }
    }
    for (int i = 0; i < r->type_count; i++) {
        prov_resource_type *t = &r->types[i];
        prov_extension *e = apr_pcalloc(p, (t->extension_count + 1) * sizeof *e);
        for (int x = 0; x < t->extension_count; x++)
            e[x].schema = all + (t->extensions[x].schema - r->schemas);
        if (strcmp(t->name, "User") == 0)
            e[t->extension_count++].schema = acme;
        t->schema = all + (t->schema - r->schemas);
        t->extensions = e;
    }
    r->schemas = all;
    count = 0;
    if (prov_registry_bind(r, acme_number, &count))
        abort();
    return r;
}

static inline const prov_json *acme_json(apr_pool_t *p, const char *text)
{
    const prov_json *json = NULL;
    prov_err *err = prov_json_parse(p, prov_bytes_of(text), &json);
    if (err) {
        printf("# %s in %s\n", prov_err_text(p, err), text);
        abort();
    }
    return json;
}

/* A body as a tree; what does not belong to the record goes to `extra`. */
static inline prov_object *acme_tree(apr_pool_t *p, const prov_registry *r,
                                     const prov_resource_type *t, const prov_json *body,
                                     prov_body_extra *extra)
{
    prov_object *o = NULL;
    prov_err *err = prov_value_read(p, r, t, body, PROV_BODY_CREATE, &o, extra);
    if (err) {
        printf("# %s\n", prov_err_text(p, err));
        abort();
    }
    return o;
}

/* A view of a record made from a tree. */
static inline prov_view acme_view(apr_pool_t *p, const prov_registry *r,
                                  const prov_resource_type *t, const prov_object *o,
                                  apr_time_t created, apr_time_t modified)
{
    prov_head head = { .type = t->number, .version = 7, .created = created, .modified = modified };
    return (prov_view){ .registry = r,
                        .type = t,
                        .id = prov_id_make(),
                        .record = prov_record_write(p, &head, o),
                        .prefix = PROV_BYTES(""),
                        .base = "https://id.example/scim/v2",
                        .scratch = p };
}

#endif
