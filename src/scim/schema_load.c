#include "scim/schema_load.h"
#include "scim/declared.h"
#include "scim/registry.h"
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

typedef struct loading {
    prov_declared d;
    prov_registry *r;
    const char *urn;
} loading;

/* --- names ---------------------------------------------------------------------------------- */

/* ATTRNAME of RFC 7643 section 2.1, and $ref, which it forgets. */
static bool is_name(const char *name)
{
    if (strcmp(name, "$ref") == 0)
        return true;
    for (const char *c = name; *c; c++)
        if (!apr_isalnum(*c) && !strchr("-_$", *c))
            return false;
    return apr_isalpha(name[0]) && strlen(name) <= PROV_DECLARED_NAME;
}

/* RFC 8141, without escapes and queries: a path stands behind a colon. */
static bool is_urn(const char *urn)
{
    size_t len = strlen(urn);
    if (len > PROV_DECLARED_URN || strncasecmp(urn, "urn:", 4) != 0 || urn[len - 1] == ':')
        return false;
    for (const char *c = urn; *c; c++)
        if (!apr_isalnum(*c) && !strchr(":._-", *c))
            return false;
    return apr_isalnum(urn[4]) && strchr(urn + 4, ':');
}

/* --- one attribute -------------------------------------------------------------------------- */

static const char *const attr_members[] = { "name",        "type",          "multiValued",
                                            "description", "required",      "canonicalValues",
                                            "caseExact",   "mutability",    "returned",
                                            "uniqueness",  "subAttributes", "referenceTypes",
                                            NULL };

static void read_name(loading *l, const prov_json *j, const prov_attr *parent, prov_attr *a)
{
    prov_declared *d = &l->d;
    a->name = prov_declared_text(d, j, "name", "");
    if (!is_name(a->name))
        prov_declared_refuse(d,
                             "\"%.*s\" is no name; write a letter, then letters, digits, -, _ "
                             "and $, %d at most",
                             PROV_DECLARED_NAME, a->name, PROV_DECLARED_NAME);
    else if (!parent && prov_schema_common(l->r, a->name))
        prov_declared_refuse(d, "every resource has %s; leave the attribute out", a->name);
}

/* References and binaries are case-exact (erratum 6001); what is never to be read is never
 * returned (RFC 7643 section 7). */
static void imply_characteristics(prov_declared *d, const prov_json *j, prov_attr *a)
{
    if (a->type == PROV_TYPE_REFERENCE || a->type == PROV_TYPE_BINARY)
        a->case_exact = true;
    if (a->mutability != PROV_WRITE_ONLY)
        return;
    if (a->returned == PROV_RETURNED_ALWAYS || a->returned == PROV_RETURNED_REQUEST)
        prov_declared_refuse(d, "what is writeOnly is never returned; write returned never");
    a->returned = PROV_RETURNED_NEVER;
}

static void check_fit(prov_declared *d, const prov_attr *a)
{
    if (a->uniqueness != PROV_UNIQUE_NONE &&
        (a->type == PROV_TYPE_COMPLEX || a->type == PROV_TYPE_BOOLEAN))
        prov_declared_refuse(d, "a %s value cannot be unique; write uniqueness none",
                             prov_type_names[a->type]);
    if (a->references && a->type != PROV_TYPE_REFERENCE)
        prov_declared_refuse(d, "only a reference has referenceTypes");
    if (a->canonical && a->type != PROV_TYPE_STRING && a->type != PROV_TYPE_REFERENCE)
        prov_declared_refuse(d, "only a string has canonicalValues");
}

static prov_attr *read_attrs(loading *l, const prov_json *list, const prov_attr *parent, int *out);

static void read_subs(loading *l, const prov_json *j, const prov_attr *parent, prov_attr *a)
{
    const prov_json *list = prov_declared_list(&l->d, j, "subAttributes");
    if (a->type != PROV_TYPE_COMPLEX) {
        if (list)
            prov_declared_refuse(&l->d, "only a complex attribute has subAttributes");
        return;
    }
    if (parent)
        prov_declared_refuse(&l->d, "a sub-attribute cannot be complex");
    else if (!list)
        prov_declared_refuse(&l->d, "a complex attribute needs subAttributes");
    else
        a->subs = read_attrs(l, list, a, &a->sub_count);
}

static void read_attr(loading *l, const prov_json *j, const prov_attr *parent, prov_attr *a)
{
    prov_declared *d = &l->d;
    if (!prov_declared_object(d, j, attr_members))
        return;
    read_name(l, j, parent, a);
    if (d->err)
        return;
    d->of = apr_pstrcat(d->p, "the attribute ", parent ? parent->name : "", parent ? "." : "",
                        a->name, NULL);
    a->schema = l->urn;
    a->parent = parent;
    a->description = prov_declared_text(d, j, "description", "");
    a->type = prov_declared_word(d, j, "type", prov_type_names, PROV_TYPE_STRING);
    a->multi = prov_declared_flag(d, j, "multiValued", false);
    a->required = prov_declared_flag(d, j, "required", false);
    a->case_exact = prov_declared_flag(d, j, "caseExact", false);
    a->mutability = prov_declared_word(d, j, "mutability", prov_mutability_names, PROV_READ_WRITE);
    a->returned = prov_declared_word(d, j, "returned", prov_returned_names, PROV_RETURNED_DEFAULT);
    a->uniqueness = prov_declared_word(d, j, "uniqueness", prov_uniqueness_names, PROV_UNIQUE_NONE);
    a->canonical = prov_declared_texts(d, j, "canonicalValues");
    a->references = prov_declared_texts(d, j, "referenceTypes");
    imply_characteristics(d, j, a);
    check_fit(d, a);
    if (!d->err)
        read_subs(l, j, parent, a);
}

static bool is_repeated(const prov_attr *attrs, int i)
{
    for (int k = 0; k < i; k++)
        if (strcasecmp(attrs[k].name, attrs[i].name) == 0)
            return true;
    return false;
}

static prov_attr *read_attrs(loading *l, const prov_json *list, const prov_attr *parent, int *out)
{
    int count = (int)prov_json_length(list);
    const char *of = l->d.of;
    if (count > PROV_DECLARED_ATTRS) {
        prov_declared_refuse(&l->d, "there are %d attributes; %d are the most", count,
                             PROV_DECLARED_ATTRS);
        return NULL;
    }
    prov_attr *attrs = apr_pcalloc(l->d.p, (size_t)count * sizeof *attrs);
    for (int i = 0; i < count && !l->d.err; i++) {
        read_attr(l, prov_json_at(list, (size_t)i), parent, &attrs[i]);
        if (!l->d.err && is_repeated(attrs, i))
            prov_declared_refuse(&l->d, "the name is there twice; upper and lower case are one");
        l->d.of = of;
    }
    *out = count;
    return attrs;
}

/* --- one schema ----------------------------------------------------------------------------- */

static const char *const schema_members[] = { "schemas",    "id",   "name", "description",
                                              "attributes", "meta", NULL };

static void check_urn(loading *l)
{
    prov_declared *d = &l->d;
    static const char messages[] = "urn:ietf:params:scim:api:";
    if (!is_urn(l->urn))
        prov_declared_refuse(d, "the id must be a URN of letters, digits, colons, dots, - and _, "
                                "such as urn:example:params:scim:schemas:badge:1.0:User");
    else if (strncasecmp(l->urn, messages, sizeof messages - 1) == 0 ||
             strcasecmp(l->urn, PROV_URN_COMMON) == 0)
        prov_declared_refuse(d, "%s is the name of something else in SCIM; choose another", l->urn);
    else if (prov_registry_schema_named(l->r, l->urn))
        prov_declared_refuse(d, "there is a schema %s already", l->urn);
    else if (l->r->schema_count == PROV_SCHEMAS_MAX)
        prov_declared_refuse(d, "there are too many schemas; %d are the most, with the %d built in",
                             PROV_SCHEMAS_MAX, l->r->core_count);
}

static void load_one(void *baton, const prov_json *j)
{
    loading *l = baton;
    prov_declared *d = &l->d;
    prov_schema s = { .urn = NULL };
    if (!prov_declared_object(d, j, schema_members))
        return;
    l->urn = s.urn = prov_declared_text(d, j, "id", "");
    check_urn(l);
    if (d->err)
        return;
    d->of = s.urn;
    s.name = prov_declared_text(d, j, "name", strrchr(s.urn, ':') + 1);
    s.description = prov_declared_text(d, j, "description", "");
    const prov_json *list = prov_declared_list(d, j, "attributes");
    if (!list)
        prov_declared_refuse(d, "a schema needs attributes");
    else
        s.attrs = read_attrs(l, list, NULL, &s.count);
    if (!d->err)
        l->r->schemas[l->r->schema_count++] = s;
    d->of = "";
}

/* What was read of a document that has a mistake is not in the registry. */
prov_err *prov_schema_load(prov_registry *r, const char *file, prov_bytes json)
{
    loading l = { .d = { .p = r->pool, .file = file, .of = "" }, .r = r };
    int before = r->schema_count;
    prov_declared_each(&l.d, json, load_one, &l);
    if (l.d.err)
        r->schema_count = before;
    return l.d.err;
}
