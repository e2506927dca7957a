#include "scim/registry.h"
#include "scim/schema_core.h"
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* --- building ----------------------------------------------------------------------------- */

static prov_mutability mutability_of(unsigned flags)
{
    return flags & PROV_ROW_READ_ONLY    ? PROV_READ_ONLY
           : flags & PROV_ROW_IMMUTABLE  ? PROV_IMMUTABLE
           : flags & PROV_ROW_WRITE_ONLY ? PROV_WRITE_ONLY
                                         : PROV_READ_WRITE;
}

static prov_returned returned_of(unsigned flags)
{
    return flags & PROV_ROW_ALWAYS    ? PROV_RETURNED_ALWAYS
           : flags & PROV_ROW_NEVER   ? PROV_RETURNED_NEVER
           : flags & PROV_ROW_REQUEST ? PROV_RETURNED_REQUEST
                                      : PROV_RETURNED_DEFAULT;
}

static void fill_attr(prov_attr *a, const prov_row *row, const char *name)
{
    a->name = name;
    a->description = row->description;
    a->type = row->type;
    a->multi = row->flags & PROV_ROW_MULTI;
    a->required = row->flags & PROV_ROW_REQUIRED;
    a->case_exact = row->flags & PROV_ROW_EXACT;
    a->precis = row->flags & PROV_ROW_PRECIS;
    a->mutability = mutability_of(row->flags);
    a->returned = returned_of(row->flags);
    a->uniqueness = row->flags & PROV_ROW_UNIQUE ? PROV_UNIQUE_SERVER : PROV_UNIQUE_NONE;
    a->place = row->flags >> PROV_ROW_PLACE;
    a->canonical = row->canonical;
    a->references = row->references;
}

static int depth_of(const prov_row *row)
{
    int depth = 0;
    for (const char *c = row->path; *c; c++)
        depth += *c == '.';
    return depth;
}

/* Rows with `depth` dots, up to the first one with fewer. */
static int count_at(const prov_row *rows, int count, int depth)
{
    int n = 0;
    for (int i = 0; i < count && depth_of(&rows[i]) >= depth; i++)
        n += depth_of(&rows[i]) == depth;
    return n;
}

static prov_attr *build_attrs(apr_pool_t *p, const prov_row *rows, int count, int depth,
                              const char *urn, int *out)
{
    *out = count_at(rows, count, depth);
    if (*out == 0)
        return NULL;
    prov_attr *attrs = apr_pcalloc(p, *out * sizeof *attrs);
    int n = 0;
    for (int i = 0; i < count && depth_of(&rows[i]) >= depth; i++) {
        if (depth_of(&rows[i]) != depth)
            continue;
        prov_attr *a = &attrs[n++];
        const char *dot = strrchr(rows[i].path, '.');
        fill_attr(a, &rows[i], dot ? dot + 1 : rows[i].path);
        a->schema = urn;
        a->subs = build_attrs(p, rows + i + 1, count - i - 1, depth + 1, urn, &a->sub_count);
        for (int s = 0; s < a->sub_count; s++)
            a->subs[s].parent = a;
    }
    return attrs;
}

static void build_schema(apr_pool_t *p, const prov_core_schema *from, prov_schema *s)
{
    s->urn = from->urn;
    s->name = from->name;
    s->description = from->description;
    s->attrs = build_attrs(p, from->rows, from->count, 0, s->urn, &s->count);
}

static void build_type(prov_registry *r, const prov_core_type *from, prov_resource_type *t)
{
    t->name = from->name;
    t->endpoint = from->endpoint;
    t->description = from->description;
    t->schema = prov_registry_schema_named(r, from->schema);
    t->naming = prov_schema_attr(t->schema, from->naming, strlen(from->naming));
    int n = 0;
    while (from->extensions[n])
        n++;
    prov_extension *extensions = apr_pcalloc(r->pool, (n + 1) * sizeof *extensions);
    for (int i = 0; i < n; i++)
        extensions[i].schema = prov_registry_schema_named(r, from->extensions[i]);
    t->extensions = extensions;
    t->extension_count = n;
}

static prov_schema *build_schemas(apr_pool_t *p, const prov_core_schema *from, int count, int room)
{
    prov_schema *schemas = apr_pcalloc(p, (size_t)room * sizeof *schemas);
    for (int i = 0; i < count; i++)
        build_schema(p, &from[i], &schemas[i]);
    return schemas;
}

prov_registry *prov_registry_core(apr_pool_t *p)
{
    prov_registry *r = apr_pcalloc(p, sizeof *r);
    r->pool = p;
    r->common = build_schemas(p, &prov_core_common, 1, 1);
    r->schemas = build_schemas(p, prov_core_schemas, prov_core_schema_count, PROV_SCHEMAS_MAX);
    r->schema_count = r->core_count = prov_core_schema_count;
    r->services = build_schemas(p, prov_service_schemas, prov_service_schema_count,
                                prov_service_schema_count);
    r->service_count = prov_service_schema_count;
    r->types = apr_pcalloc(p, PROV_TYPES_MAX * sizeof *r->types);
    r->type_count = prov_core_type_count;
    for (int i = 0; i < r->type_count; i++)
        build_type(r, &prov_core_types[i], &r->types[i]);
    return r;
}

/* --- binding ------------------------------------------------------------------------------ */

typedef struct binding {
    prov_registry *r;
    prov_dictionary_number *number;
    void *baton;
} binding;

/* A change from one value to many is a change of type: old values would be misread. */
static const char *const dictionary_types[][2] = {
    { "string", "string[]" },   { "boolean", "boolean[]" },   { "decimal", "decimal[]" },
    { "integer", "integer[]" }, { "dateTime", "dateTime[]" }, { "reference", "reference[]" },
    { "binary", "binary[]" },   { "complex", "complex[]" },
};

static void keep_number(prov_registry *r, const prov_attr *a, uint32_t bit)
{
    if (a->number >= r->entry_count) {
        int count = a->number + 64;
        prov_entry *entries = apr_pcalloc(r->pool, count * sizeof *entries);
        if (r->entry_count)
            memcpy(entries, r->entries, r->entry_count * sizeof *entries);
        r->entries = entries;
        r->entry_count = count;
    }
    prov_entry *e = &r->entries[a->number];
    e->attr = a;
    e->key = prov_bytes_of(apr_pstrcat(r->pool, "\"", a->name, "\":", NULL));
    e->schema = bit;
}

static prov_err *bind_attrs(const binding *b, prov_attr *attrs, int count, uint32_t bit)
{
    for (int i = 0; i < count; i++) {
        prov_attr *a = &attrs[i];
        const char *path =
            a->parent ? apr_pstrcat(b->r->pool, a->parent->name, ".", a->name, NULL) : a->name;
        prov_err *err =
            b->number(b->baton, a->schema, path, dictionary_types[a->type][a->multi], &a->number);
        if (err)
            return prov_err_push(b->r->pool, err, "cannot number the attribute %s", path);
        keep_number(b->r, a, bit);
        err = bind_attrs(b, a->subs, a->sub_count, bit);
        if (err)
            return err;
    }
    return NULL;
}

prov_err *prov_registry_bind(prov_registry *r, prov_dictionary_number *number, void *baton)
{
    binding b = { r, number, baton };
    prov_err *err = bind_attrs(&b, r->common->attrs, r->common->count, 0);
    for (int i = 0; i < r->schema_count && !err; i++)
        err = bind_attrs(&b, r->schemas[i].attrs, r->schemas[i].count,
                         prov_registry_bit(r, &r->schemas[i]));
    for (int i = 0; i < r->type_count && !err; i++) {
        prov_resource_type *t = &r->types[i];
        err = number(baton, t->schema->urn, t->name, "resource", &t->number);
    }
    return err;
}

/* --- looking up --------------------------------------------------------------------------- */

int prov_registry_type_count(const prov_registry *r)
{
    return r->type_count;
}

const prov_resource_type *prov_registry_type(const prov_registry *r, int i)
{
    return i >= 0 && i < r->type_count ? &r->types[i] : NULL;
}

const prov_resource_type *prov_registry_type_named(const prov_registry *r, const char *name)
{
    for (int i = 0; i < r->type_count; i++)
        if (strcmp(r->types[i].name, name) == 0)
            return &r->types[i];
    return NULL;
}

const prov_resource_type *prov_registry_type_at(const prov_registry *r, const char *endpoint)
{
    for (int i = 0; i < r->type_count; i++)
        if (strcmp(r->types[i].endpoint, endpoint) == 0)
            return &r->types[i];
    return NULL;
}

const prov_resource_type *prov_registry_type_numbered(const prov_registry *r, uint16_t number)
{
    for (int i = 0; i < r->type_count; i++)
        if (r->types[i].number == number)
            return &r->types[i];
    return NULL;
}

int prov_registry_schema_count(const prov_registry *r)
{
    return r->schema_count + r->service_count;
}

const prov_schema *prov_registry_schema(const prov_registry *r, int i)
{
    if (i < 0 || i >= prov_registry_schema_count(r))
        return NULL;
    return i < r->schema_count ? &r->schemas[i] : &r->services[i - r->schema_count];
}

/* Most names differ in the first letter, whatever its case. */
static bool same_name(const char *name, const char *text, size_t len)
{
    return len && ((name[0] ^ text[0]) & ~0x20) == 0 && strncasecmp(name, text, len) == 0 &&
           name[len] == '\0';
}

const prov_schema *prov_registry_schema_named(const prov_registry *r, const char *urn)
{
    for (int i = 0; i < prov_registry_schema_count(r); i++)
        if (strcasecmp(prov_registry_schema(r, i)->urn, urn) == 0)
            return prov_registry_schema(r, i);
    return NULL;
}

const prov_attr *prov_registry_attr_numbered(const prov_registry *r, uint16_t number)
{
    const prov_entry *e = prov_registry_entry(r, number);
    return e ? e->attr : NULL;
}

static const prov_attr *find_named(const prov_attr *attrs, int count, const char *name, size_t len)
{
    for (int i = 0; i < count; i++)
        if (same_name(attrs[i].name, name, len))
            return &attrs[i];
    return NULL;
}

const prov_attr *prov_schema_sub(const prov_attr *parent, const char *name, size_t len)
{
    return find_named(parent->subs, parent->sub_count, name, len);
}

const prov_attr *prov_schema_attr(const prov_schema *s, const char *name, size_t len)
{
    return find_named(s->attrs, s->count, name, len);
}

const prov_attr *prov_schema_common(const prov_registry *r, const char *name)
{
    return prov_schema_attr(r->common, name, strlen(name));
}

static const prov_attr *find_in_base(const prov_registry *r, const prov_resource_type *t,
                                     const char *name, size_t len)
{
    const prov_attr *a = prov_schema_attr(t->schema, name, len);
    return a ? a : prov_schema_attr(r->common, name, len);
}

/* The one extension that has it; two make the name ambiguous, so that it means none. */
static const prov_attr *find_in_extensions(const prov_resource_type *t, const char *name,
                                           size_t len)
{
    const prov_attr *found = NULL;
    for (int i = 0; i < t->extension_count; i++) {
        const prov_attr *a = prov_schema_attr(t->extensions[i].schema, name, len);
        if (a && found)
            return NULL;
        if (a)
            found = a;
    }
    return found;
}

/* `schema` NULL: a bare name. */
static const prov_attr *find_dotted(const prov_registry *r, const prov_resource_type *t,
                                    const prov_schema *schema, const char *path, size_t len)
{
    const char *dot = memchr(path, '.', len);
    size_t head = dot ? (size_t)(dot - path) : len;
    const prov_attr *a = schema && schema != t->schema ? prov_schema_attr(schema, path, head)
                                                       : find_in_base(r, t, path, head);
    if (!a && !schema)
        a = find_in_extensions(t, path, head);
    return a && dot ? prov_schema_sub(a, dot + 1, len - head - 1) : a;
}

/* The longest: one URN may go on where another ends. */
static const prov_schema *urn_before(const prov_resource_type *t, const char *path, size_t len)
{
    const prov_schema *longest = NULL;
    for (int i = -1; i < t->extension_count; i++) {
        const prov_schema *s = i < 0 ? t->schema : t->extensions[i].schema;
        size_t n = strlen(s->urn);
        if (len >= n && strncasecmp(s->urn, path, n) == 0 && (len == n || path[n] == ':') &&
            (!longest || n > strlen(longest->urn)))
            longest = s;
    }
    return longest;
}

const prov_attr *prov_schema_find(const prov_registry *r, const prov_resource_type *t,
                                  const char *path, size_t len, const prov_schema **schema)
{
    if (schema)
        *schema = NULL;
    const prov_schema *s = urn_before(t, path, len);
    if (!s)
        return find_dotted(r, t, NULL, path, len);
    size_t urn = strlen(s->urn);
    if (len > urn)
        return find_dotted(r, t, s, path + urn + 1, len - urn - 1);
    if (schema)
        *schema = s;
    return NULL;
}

const char *prov_attr_path(apr_pool_t *p, const prov_resource_type *t, const prov_attr *a)
{
    const char *path = a->parent ? apr_pstrcat(p, a->parent->name, ".", a->name, NULL) : a->name;
    for (int i = 0; i < t->extension_count; i++)
        if (strcmp(t->extensions[i].schema->urn, a->schema) == 0)
            return apr_pstrcat(p, a->schema, ":", path, NULL);
    return path;
}
