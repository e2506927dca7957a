#include "scim/declared.h"
#include "scim/registry.h"
#include "scim/schema_load.h"
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

typedef struct loading {
    prov_declared d;
    prov_registry *r;
} loading;

static bool is_word(const char *word)
{
    for (const char *c = word; *c; c++)
        if (!apr_isalnum(*c) && !strchr("-_", *c))
            return false;
    return apr_isalpha(word[0]) && strlen(word) <= PROV_DECLARED_NAME;
}

/* Not one of those that describe the service: a schema that resources may have. */
static const prov_schema *schema_of(loading *l, const char *urn)
{
    for (int i = 0; i < l->r->schema_count; i++)
        if (strcasecmp(l->r->schemas[i].urn, urn) == 0)
            return &l->r->schemas[i];
    prov_declared_refuse(&l->d, "there is no schema \"%.*s\"; declare it with ProvisionSchema",
                         PROV_DECLARED_URN, urn);
    return NULL;
}

/* --- extensions ----------------------------------------------------------------------------- */

static prov_extension *extension_of(prov_resource_type *t, const prov_schema *s)
{
    for (int i = 0; i < t->extension_count; i++)
        if (t->extensions[i].schema == s)
            return (prov_extension *)&t->extensions[i];
    return NULL;
}

static prov_extension *add_extension(prov_registry *r, prov_resource_type *t, const prov_schema *s)
{
    size_t count = (size_t)t->extension_count;
    prov_extension *all = apr_pcalloc(r->pool, (count + 1) * sizeof *all);
    if (count)
        memcpy(all, t->extensions, count * sizeof *all);
    all[count].schema = s;
    t->extensions = all;
    t->extension_count++;
    return &all[count];
}

static const char *const extension_members[] = { "schema", "required", NULL };

static void read_extension(loading *l, const prov_json *j, prov_resource_type *t)
{
    if (!prov_declared_object(&l->d, j, extension_members))
        return;
    const prov_schema *s = schema_of(l, prov_declared_text(&l->d, j, "schema", ""));
    bool required = prov_declared_flag(&l->d, j, "required", false);
    if (s == t->schema)
        prov_declared_refuse(&l->d, "%s is the schema itself, not an extension", s->urn);
    if (l->d.err)
        return;
    prov_extension *e = extension_of(t, s);
    if (strcmp(s->urn, PROV_URN_LINKS) == 0 && (!e || required))
        prov_declared_refuse(&l->d, "%s is the server's own; leave it out", s->urn);
    else if (!e)
        e = add_extension(l->r, t, s);
    if (e)
        e->required = required;
}

static bool is_repeated(const prov_json *list, size_t i)
{
    const prov_json *urn = prov_json_get(prov_json_at(list, i), "schema", NULL);
    for (size_t k = 0; k < i; k++) {
        const prov_json *other = prov_json_get(prov_json_at(list, k), "schema", NULL);
        if (strcasecmp((const char *)prov_json_string(urn).data,
                       (const char *)prov_json_string(other).data) == 0)
            return true;
    }
    return false;
}

static void read_extensions(loading *l, const prov_json *j, prov_resource_type *t)
{
    const prov_json *list = prov_declared_list(&l->d, j, "schemaExtensions");
    for (size_t i = 0; list && i < prov_json_length(list) && !l->d.err; i++) {
        read_extension(l, prov_json_at(list, i), t);
        if (!l->d.err && is_repeated(list, i))
            prov_declared_refuse(&l->d, "an extension is named twice");
    }
}

/* --- one type ------------------------------------------------------------------------------- */

static const char *const type_members[] = { "schemas",          "id",          "name",
                                            "endpoint",         "description", "schema",
                                            "schemaExtensions", "meta",        NULL };

static prov_resource_type *type_like(prov_registry *r, const char *name)
{
    for (int i = 0; i < r->type_count; i++)
        if (strcasecmp(r->types[i].name, name) == 0)
            return &r->types[i];
    return NULL;
}

static void check_endpoint(loading *l, const char *endpoint)
{
    static const char *const taken[] = { "/ServiceProviderConfig", "/ResourceTypes", "/Schemas",
                                         "/Me", "/Bulk" };
    bool is_taken = false;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        is_taken = is_taken || strcasecmp(taken[i], endpoint) == 0;
    for (int i = 0; i < l->r->type_count; i++)
        is_taken = is_taken || strcasecmp(l->r->types[i].endpoint, endpoint) == 0;
    if (endpoint[0] != '/' || !is_word(endpoint + 1))
        prov_declared_refuse(&l->d,
                             "the endpoint cannot be \"%.*s\"; write a slash and a word, "
                             "such as /Devices",
                             PROV_DECLARED_NAME, endpoint);
    else if (is_taken)
        prov_declared_refuse(&l->d, "the endpoint %s is taken; choose another", endpoint);
}

/* No credentials and memberships without a User or a Group. */
static void check_schema(loading *l, const prov_schema *s)
{
    if (s && s < l->r->schemas + l->r->core_count)
        prov_declared_refuse(&l->d, "%s is built in; a type of its own needs a schema of its own",
                             s->urn);
}

static void read_new(loading *l, const prov_json *j, prov_resource_type *t)
{
    prov_declared *d = &l->d;
    t->description = prov_declared_text(d, j, "description", "");
    t->endpoint = prov_declared_text(d, j, "endpoint", "");
    check_endpoint(l, t->endpoint);
    t->schema = schema_of(l, prov_declared_text(d, j, "schema", ""));
    check_schema(l, t->schema);
    if (l->r->type_count == PROV_TYPES_MAX)
        prov_declared_refuse(d, "there are too many resource types; %d are the most",
                             PROV_TYPES_MAX);
}

/* User and Group stay what they are; they only get more extensions. */
static void read_known(loading *l, const prov_json *j, const prov_resource_type *t)
{
    const char *endpoint = prov_declared_text(&l->d, j, "endpoint", t->endpoint);
    const char *schema = prov_declared_text(&l->d, j, "schema", t->schema->urn);
    if (!t->naming)
        prov_declared_refuse(&l->d, "there is a resource type %s already", t->name);
    else if (strcmp(endpoint, t->endpoint) != 0 || strcasecmp(schema, t->schema->urn) != 0)
        prov_declared_refuse(&l->d, "endpoint and schema of %s are %s and %s; leave them out",
                             t->name, t->endpoint, t->schema->urn);
}

static void load_one(void *baton, const prov_json *j)
{
    loading *l = baton;
    prov_declared *d = &l->d;
    prov_resource_type t = { .name = NULL };
    if (!prov_declared_object(d, j, type_members))
        return;
    const char *name = prov_declared_text(d, j, "name", "");
    prov_resource_type *known = type_like(l->r, name);
    if (!is_word(name))
        prov_declared_refuse(d, "the name cannot be \"%.*s\"; write a word, such as Device",
                             PROV_DECLARED_NAME, name);
    else if (strcmp(prov_declared_text(d, j, "id", name), name) != 0)
        prov_declared_refuse(d, "the id must be the name, %s", name);
    if (d->err)
        return;
    d->of = apr_pstrcat(d->p, "the resource type ", name, NULL);
    if (known)
        t = *known;
    t.name = known ? known->name : name;
    if (known)
        read_known(l, j, known);
    else
        read_new(l, j, &t);
    if (!d->err)
        read_extensions(l, j, &t);
    if (!d->err)
        *(known ? known : &l->r->types[l->r->type_count++]) = t;
    d->of = "";
}

prov_err *prov_resource_type_load(prov_registry *r, const char *file, prov_bytes json)
{
    loading l = { .d = { .p = r->pool, .file = file, .of = "" }, .r = r };
    prov_declared_each(&l.d, json, load_one, &l);
    return l.d.err;
}

/* --- all of them ---------------------------------------------------------------------------- */

static bool is_named(prov_registry *r, const prov_schema *s)
{
    for (int i = 0; i < r->type_count; i++)
        if (r->types[i].schema == s || extension_of(&r->types[i], s))
            return true;
    return false;
}

static prov_err *attach(prov_registry *r, const char *file, const prov_schema *s)
{
    prov_resource_type *t = type_like(r, strrchr(s->urn, ':') + 1);
    if (is_named(r, s))
        return NULL;
    if (t && strstr(s->urn, ":extension:")) {
        add_extension(r, t, s);
        return NULL;
    }
    return prov_err_make(r->pool, 400, "invalidValue",
                         "%s: no resource type has the schema %s; name it in the file of a "
                         "ProvisionResourceType",
                         file, s->urn);
}

typedef struct telling {
    prov_schema_mistake *tell;
    void *baton;
} telling;

static bool told(const telling *to, const prov_declaration *of, prov_err *err)
{
    if (!err)
        return false;
    err->source = of->where;
    to->tell(to->baton, err);
    return true;
}

void prov_registry_declare(prov_registry *r, const prov_declaration *all, int count,
                           prov_schema_mistake *tell, void *baton)
{
    const telling to = { tell, baton };
    const prov_declaration *from[PROV_SCHEMAS_MAX];
    bool wrong = false;
    for (int i = 0; i < count; i++) {
        int before = r->schema_count;
        if (!all[i].is_type)
            wrong |= told(&to, &all[i], prov_schema_load(r, all[i].file, all[i].json));
        while (before < r->schema_count)
            from[before++] = &all[i];
    }
    for (int i = 0; i < count; i++)
        if (all[i].is_type)
            wrong |= told(&to, &all[i], prov_resource_type_load(r, all[i].file, all[i].json));
    /* A type with a mistake may be the one that a schema is for. */
    for (int s = r->core_count; s < r->schema_count && !wrong; s++)
        told(&to, from[s], attach(r, from[s]->file, &r->schemas[s]));
}
