#include "scim/patch_op.h"
#include "base/text.h"
#include "scim/filter_node.h"
#include "scim/json_twice.h"
#include <apr_strings.h>
#include <string.h>

typedef struct patch {
    apr_pool_t *p;
    const prov_registry *registry;
    const prov_resource_type *type;
    uint32_t switches;
    const prov_object *was;
    prov_patch_result *result;
    int64_t budget;
} patch;

/* What one element of Operations says. */
typedef struct order {
    patch *of;
    prov_patch_kind kind;
    const prov_json *value; /* as in prov_patch_op */
    const char *urn;        /* before the names of the value's members, or NULL */
    prov_err *err;
} order;

static prov_err *wrong(apr_pool_t *p, const char *what)
{
    return prov_err_make(p, 400, "invalidSyntax", "%s", what);
}

static bool is_word(const prov_json *string, const char *word)
{
    prov_bytes text = prov_json_string(string);
    return prov_text_case_compare((const char *)text.data, text.len, word, strlen(word)) == 0;
}

/* ---- members of a group ---- */

static prov_member_op *member_op(patch *t, prov_member_op_kind kind)
{
    prov_member_op *op = apr_array_push(t->result->members);
    memset(op, 0, sizeof *op);
    op->kind = kind;
    return op;
}

/* The name of a resource type, as the registry writes it. */
static prov_err *find_member_type(patch *t, prov_bytes text, prov_bytes *out)
{
    for (int i = 0; i < prov_registry_type_count(t->registry); i++) {
        const char *name = prov_registry_type(t->registry, i)->name;
        if (prov_text_case_compare((const char *)text.data, text.len, name, strlen(name)) != 0)
            continue;
        *out = prov_bytes_of(name);
        return NULL;
    }
    return prov_err_make(t->p, 400, "invalidValue", "a member's type is User or Group");
}

static prov_err *read_member_type(patch *t, const prov_json *json, prov_bytes *out)
{
    if (!json || (prov_json_is(json) == PROV_JSON_STRING && prov_json_string(json).len == 0))
        return NULL;
    return find_member_type(t, prov_json_string(json), out);
}

static prov_err *read_member(patch *t, const prov_json *json, prov_member_op *op)
{
    const prov_json *value = json, *type = NULL;
    if (prov_json_is(json) == PROV_JSON_OBJECT) {
        value = prov_json_get(json, "value", NULL);
        type = prov_json_get(json, "type", NULL);
    }
    if (prov_json_is(value) != PROV_JSON_STRING || prov_json_string(value).len == 0)
        return prov_err_make(t->p, 400, "invalidValue", "a member is an object with a value");
    op->member.value = prov_json_string(value);
    return read_member_type(t, type, &op->member.type);
}

static prov_err *each_member(patch *t, prov_member_op_kind kind, const prov_json *value)
{
    prov_err *err = NULL;
    if (prov_json_is(value) != PROV_JSON_ARRAY)
        return read_member(t, value, member_op(t, kind));
    for (size_t i = 0; i < prov_json_length(value) && !err; i++)
        err = read_member(t, prov_json_at(value, i), member_op(t, kind));
    return err;
}

static bool names_member(const prov_path *path, prov_bytes *value)
{
    return path->filter->kind == PROV_NODE_TERM &&
           prov_filter_requires(path->filter, prov_schema_sub(path->attr, "value", 5), value);
}

static prov_err *selected_members(patch *t, const prov_patch_op *op)
{
    prov_bytes value;
    bool one = names_member(&op->path, &value);
    if (op->kind == PROV_PATCH_REPLACE)
        return prov_patch_fixed(t->p, op->path.attr);
    if (op->kind == PROV_PATCH_ADD && !one)
        return prov_err_make(t->p, 400, "noTarget", "the filter does not say whom to add");
    if (one)
        member_op(t, op->kind == PROV_PATCH_ADD ? PROV_MEMBER_ADD : PROV_MEMBER_REMOVE)
            ->member.value = value;
    else
        member_op(t, PROV_MEMBER_REMOVE_MATCHING)->filter = op->path.filter;
    return NULL;
}

/* members[type eq "User"].value: one more of that type, as Microsoft's validator adds it. A
 * membership is there or not; nothing else about it can be changed. */
static prov_err *change_member_part(patch *t, const prov_patch_op *op)
{
    const prov_attr *type = prov_schema_sub(op->path.attr, "type", 4);
    prov_bytes named;
    bool whole = op->path.sub == prov_schema_sub(op->path.attr, "value", 5) && op->path.filter &&
                 op->path.filter->kind == PROV_NODE_TERM &&
                 prov_json_is(op->value) == PROV_JSON_STRING &&
                 prov_filter_requires(op->path.filter, type, &named);
    if (op->kind != PROV_PATCH_ADD || !whole)
        return prov_patch_fixed(t->p, op->path.sub);
    prov_member_op *one = member_op(t, PROV_MEMBER_ADD);
    prov_err *err = read_member(t, op->value, one);
    return err ? err : find_member_type(t, named, &one->member.type);
}

static prov_err *change_members(patch *t, const prov_patch_op *op)
{
    bool empty = prov_patch_is_empty(op->value);
    if (op->path.sub)
        return change_member_part(t, op);
    if (op->path.filter)
        return selected_members(t, op);
    if (op->kind == PROV_PATCH_REMOVE && op->value)
        return each_member(t, PROV_MEMBER_REMOVE, op->value);
    if (op->kind != PROV_PATCH_ADD)
        member_op(t, PROV_MEMBER_REMOVE_ALL);
    if (op->kind == PROV_PATCH_REMOVE || empty)
        return NULL;
    return each_member(t, PROV_MEMBER_ADD, op->value);
}

/* ---- one attribute ---- */

static prov_err *change_password(patch *t, const prov_patch_op *op)
{
    prov_bytes none = { NULL, 0 };
    bool empty = prov_patch_is_empty(op->value);
    if (op->kind == PROV_PATCH_ADD && empty)
        return NULL;
    t->result->has_password = true;
    t->result->password = none;
    if (op->kind == PROV_PATCH_REMOVE || empty)
        return NULL;
    const prov_json *value = prov_patch_single(op, op->path.attr, op->value);
    if (prov_json_is(value) != PROV_JSON_STRING || prov_json_string(value).len == 0)
        return prov_err_make(t->p, 400, "invalidValue", "password must be a string");
    t->result->password = prov_json_string(value);
    return NULL;
}

static bool is_fixed(const prov_path *path)
{
    return path->attr->mutability == PROV_READ_ONLY || path->attr->place == PROV_IN_HEADER ||
           (path->sub && path->sub->mutability == PROV_READ_ONLY);
}

static prov_err *change_attr(patch *t, prov_patch_op *op)
{
    op->switches = t->switches;
    op->budget = &t->budget;
    switch (op->path.attr->place) {
    case PROV_IN_MEMBERS:
        return change_members(t, op);
    case PROV_IN_CREDENTIAL:
        return change_password(t, op);
    default:
        if (!t->result->object)
            t->result->object = prov_object_copy(t->p, t->was);
        return prov_patch_perform(t->p, t->result->object, op);
    }
}

/* ---- a set of attributes: an operation without a path, or on an extension ---- */

static prov_err *change_set(order *o, const char *urn);

static prov_err *read_path(const patch *t, const char *text, size_t len, prov_path *out)
{
    prov_filter_limits limits = prov_filter_defaults;
    limits.switches = t->switches;
    return prov_path_parse_within(t->p, t->registry, t->type, &limits, text, len, out);
}

/* Members that cannot be written are passed over, as in POST and PUT; so is the `schemas` that some
 * clients write into an extension's object as well. */
static bool change_member(void *baton, const char *name, const prov_json *value)
{
    order *o = baton;
    patch *t = o->of;
    if (o->urn && prov_text_case_compare(name, strlen(name), "schemas", strlen("schemas")) == 0)
        return true;
    const char *text = o->urn ? apr_pstrcat(t->p, o->urn, ":", name, NULL) : name;
    prov_patch_op op = { .kind = o->kind, .value = value };
    o->err = read_path(t, text, strlen(text), &op.path);
    if (o->err)
        return false;
    if (op.path.schema) {
        order inner = { .of = t, .kind = o->kind, .value = value };
        o->err = change_set(&inner, op.path.schema->urn);
    } else if (!is_fixed(&op.path)) {
        o->err = change_attr(t, &op);
    }
    return !o->err;
}

static prov_err *clear_schema(patch *t, const prov_schema *s)
{
    prov_err *err = NULL;
    for (int i = 0; i < s->count && !err; i++) {
        prov_patch_op op = { .kind = PROV_PATCH_REMOVE, .path = { .attr = &s->attrs[i] } };
        if (!is_fixed(&op.path))
            err = change_attr(t, &op);
    }
    return err;
}

static prov_err *change_set(order *o, const char *urn)
{
    if (urn && prov_patch_is_empty(o->value)) {
        if (o->kind == PROV_PATCH_ADD)
            return NULL;
        return clear_schema(o->of, prov_registry_schema_named(o->of->registry, urn));
    }
    if (prov_json_is(o->value) != PROV_JSON_OBJECT)
        return prov_err_make(o->of->p, 400, "invalidValue",
                             "without the path of an attribute, the value is an object");
    o->urn = urn;
    prov_json_each(o->value, change_member, o);
    return o->err;
}

/* A resource has the schemas of what it holds; that a client announces some changes nothing (RFC
 * 7644 section 3.5.2). */
static prov_err *change_schemas(const order *o, const prov_attr *schemas)
{
    const patch *t = o->of;
    bool base;
    prov_err *err = prov_value_check_schemas(t->p, t->type, o->value, t->switches, &base);
    if (!err && o->kind == PROV_PATCH_REPLACE && !base)
        err = prov_patch_fixed(t->p, schemas);
    return err;
}

static bool is_schemas(const prov_path *path)
{
    return path->attr->place == PROV_IN_HEADER && strcmp(path->attr->name, "schemas") == 0 &&
           !path->filter;
}

/* ---- the message ---- */

/* In any case, as Entra has it; in lower case if nothing is forgiven. */
static prov_err *read_kind(const patch *t, const prov_json *json, prov_patch_kind *kind)
{
    static const char *const names[] = { "add", "replace", "remove" };
    bool exact = t->switches & PROV_COMPAT_EXACT;
    if (prov_json_is(json) == PROV_JSON_STRING)
        for (*kind = PROV_PATCH_ADD; *kind <= PROV_PATCH_REMOVE; ++*kind)
            if (exact ? prov_bytes_equal(prov_json_string(json), prov_bytes_of(names[*kind]))
                      : is_word(json, names[*kind]))
                return NULL;
    return wrong(t->p, "an operation's op is add, replace or remove");
}

static prov_err *change_path(order *o, const prov_json *json)
{
    patch *t = o->of;
    prov_patch_op op = { .kind = o->kind, .value = o->value };
    if (prov_json_is(json) != PROV_JSON_STRING)
        return prov_err_make(t->p, 400, "invalidPath", "an operation's path is a string");
    prov_bytes text = prov_json_string(json);
    prov_err *err = read_path(t, (const char *)text.data, text.len, &op.path);
    if (err)
        return err;
    if (op.path.schema && o->kind == PROV_PATCH_REMOVE)
        return clear_schema(t, op.path.schema);
    if (op.path.schema)
        return change_set(o, op.path.schema->urn);
    if (is_schemas(&op.path) && o->kind != PROV_PATCH_REMOVE)
        return change_schemas(o, op.path.attr);
    if (is_fixed(&op.path))
        return prov_patch_fixed(t->p, op.path.sub ? op.path.sub : op.path.attr);
    return change_attr(t, &op);
}

static prov_err *perform(patch *t, const prov_json *json)
{
    order o = { .of = t };
    bool given;
    if (prov_json_is(json) != PROV_JSON_OBJECT)
        return wrong(t->p, "an operation is an object");
    const char *twice = prov_json_twice(t->p, json);
    if (twice)
        return prov_err_make(t->p, 400, "invalidSyntax", "'%s' is given twice, in different case",
                             twice);
    prov_err *err = read_kind(t, prov_json_get(json, "op", NULL), &o.kind);
    if (err)
        return err;
    o.value = prov_json_get(json, "value", &given);
    if (o.kind != PROV_PATCH_REMOVE && !given)
        return prov_err_make(t->p, 400, "invalidValue", "the operation lacks a value");
    const prov_json *path = prov_json_get(json, "path", NULL);
    if (path)
        return change_path(&o, path);
    if (o.kind == PROV_PATCH_REMOVE)
        return prov_err_make(t->p, 400, "noTarget", "remove needs a path");
    if (t->switches & PROV_COMPAT_PATH)
        return prov_err_make(t->p, 400, "invalidPath", "an operation needs a path");
    return change_set(&o, NULL);
}

static bool is_patch(const prov_json *message)
{
    const prov_json *schemas = prov_json_get(message, "schemas", NULL);
    for (size_t i = 0; prov_json_is(schemas) == PROV_JSON_ARRAY && i < prov_json_length(schemas);
         i++) {
        const prov_json *urn = prov_json_at(schemas, i);
        if (prov_json_is(urn) == PROV_JSON_STRING && is_word(urn, PROV_URN_PATCH))
            return true;
    }
    return false;
}

static prov_err *read_operations(const patch *t, const prov_json *message, const prov_json **out)
{
    apr_pool_t *p = t->p;
    bool none = t->switches & PROV_COMPAT_NO_OPERATIONS;
    if (prov_json_is(message) != PROV_JSON_OBJECT)
        return wrong(p, "a PATCH request is an object");
    if (!is_patch(message))
        return wrong(p, "the schemas of a PATCH request hold " PROV_URN_PATCH);
    *out = prov_json_get(message, "Operations", NULL);
    if (prov_json_is(*out) != PROV_JSON_ARRAY || (prov_json_length(*out) == 0 && !none))
        return wrong(p, "a PATCH request has an array of one or more Operations");
    if (prov_json_length(*out) > PROV_PATCH_OPERATIONS)
        return prov_err_make(p, 413, NULL, "a PATCH request has %d Operations at most",
                             PROV_PATCH_OPERATIONS);
    return NULL;
}

prov_err *prov_patch_apply(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                           uint32_t switches, const prov_json *message, const prov_object *was,
                           prov_patch_result *out)
{
    patch pa = { p, r, t, switches, was, out, PROV_PATCH_COMPARISONS };
    const prov_json *operations = NULL;
    prov_err *err = read_operations(&pa, message, &operations);
    memset(out, 0, sizeof *out);
    out->members = apr_array_make(p, 4, sizeof(prov_member_op));
    for (size_t i = 0; !err && i < prov_json_length(operations); i++)
        if ((err = perform(&pa, prov_json_at(operations, i))))
            err = prov_err_push(p, err, "operation %d", (int)i + 1);
    if (!err && out->object)
        err = prov_value_check(p, t, out->object);
    return err;
}
