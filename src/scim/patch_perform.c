#include "scim/patch_op.h"
#include "base/text.h"
#include <apr_strings.h>
#include <string.h>

typedef struct edit {
    apr_pool_t *p;
    prov_object *o;
    const prov_patch_op *op;
    const prov_attr *attr;
    const prov_attr *value, *type, *is_primary; /* its sub-attributes of these names, or NULL */
    int primary;         /* index of the value that the operation made primary, -1 for none */
    apr_pool_t *scratch; /* of one comparison; NULL until there is one */
} edit;

/* What a value that is written costs, in comparisons: it takes memory until the request's end. */
#define WRITTEN 32

bool prov_patch_is_empty(const prov_json *value)
{
    prov_json_kind kind = prov_json_is(value);
    return kind == PROV_JSON_NULL || (kind == PROV_JSON_ARRAY && prov_json_length(value) == 0);
}

prov_err *prov_patch_fixed(apr_pool_t *p, const prov_attr *a)
{
    prov_err *err = prov_err_make(p, 400, "mutability", "'%s%s%s' cannot be changed this way",
                                  a->parent ? a->parent->name : "", a->parent ? "." : "", a->name);
    err->source = a->name;
    return err;
}

static prov_err *invalid(apr_pool_t *p, const prov_attr *a, const char *what)
{
    prov_err *err = prov_err_make(p, 400, "invalidValue", "'%s' %s", a->name, what);
    err->source = a->name;
    return err;
}

static prov_err *no_target(const edit *e)
{
    return prov_err_make(e->p, 400, "noTarget", "no value of '%s' matches the path's filter",
                         e->attr->name);
}

static bool has_value(const prov_object *o, const prov_attr *a)
{
    const prov_field *f = prov_object_get(o, a);
    return f && f->count > 0;
}

prov_err *prov_patch_unassign(apr_pool_t *p, prov_object *o, const prov_attr *a)
{
    if (a->required || a->mutability == PROV_READ_ONLY ||
        (a->mutability == PROV_IMMUTABLE && has_value(o, a)))
        return prov_patch_fixed(p, a);
    prov_object_remove(o, a);
    return NULL;
}

/* ---- comparing ---- */

/* Comparisons of values with each other; long lists on both sides cost their product. */
static prov_err *spend(edit *e, int64_t comparisons)
{
    *e->op->budget -= comparisons;
    if (*e->op->budget >= 0)
        return NULL;
    return prov_err_make(e->p, 413, NULL, "the PATCH request compares too many values of '%s'",
                         e->attr->name);
}

/* Folding takes memory, and there may be millions of comparisons. */
static apr_pool_t *fresh_scratch(edit *e)
{
    if (e->scratch)
        apr_pool_clear(e->scratch);
    else
        apr_pool_create(&e->scratch, e->p);
    return e->scratch;
}

/* Case counts only where the attribute says so. */
static bool same_value(edit *e, const prov_attr *a, const prov_value *x, const prov_value *y)
{
    if (a->type == PROV_TYPE_STRING && !a->case_exact && x->type == y->type)
        return prov_text_fold_compare(fresh_scratch(e), x->text, y->text) == 0;
    return prov_value_equal(a, x, y);
}

/* ---- reading what the operation brings ---- */

typedef struct unknown {
    const prov_attr *of;
    const char *name;
} unknown;

static bool look_for_unknown(void *baton, const char *name, const prov_json *value)
{
    unknown *u = baton;
    if (!prov_schema_sub(u->of, name, strlen(name)))
        u->name = name;
    return !u->name;
}

static prov_err *check_names(const edit *e, const prov_attr *a, const prov_json *value)
{
    unknown u = { a, NULL };
    if (a->type == PROV_TYPE_COMPLEX && prov_json_is(value) == PROV_JSON_OBJECT)
        prov_json_each(value, look_for_unknown, &u);
    if (u.name && (e->op->switches & PROV_COMPAT_KNOWN))
        return prov_value_unknown(e->p, apr_pstrcat(e->p, a->name, ".", u.name, NULL));
    return u.name ? invalid(e->p, a, apr_psprintf(e->p, "has no sub-attribute '%s'", u.name))
                  : NULL;
}

/* The values of `a` in an object of their own; the field may be empty. */
static prov_err *read_values(const edit *e, const prov_attr *a, const prov_json *value,
                             prov_field **out)
{
    apr_pool_t *p = e->p;
    prov_object *fresh = prov_object_make(p);
    bool array = prov_json_is(value) == PROV_JSON_ARRAY;
    prov_err *err = NULL;
    if (array && !a->multi)
        return invalid(p, a, "has a single value");
    for (size_t i = 0; array && !err && i < prov_json_length(value); i++)
        err = check_names(e, a, prov_json_at(value, i));
    if (!err && !array)
        err = check_names(e, a, value);
    *out = prov_object_set(fresh, a);
    return err ? err
               : prov_value_read_field(p, fresh, *out, value, PROV_BODY_REPLACE | e->op->switches);
}

static bool is_exact(const edit *e)
{
    return e->op->switches & PROV_COMPAT_EXACT;
}

/* Clients send a one-element array where one value belongs. */
static const prov_json *only_one(const prov_patch_op *op, const prov_json *value)
{
    return prov_json_is(value) == PROV_JSON_ARRAY && prov_json_length(value) == 1 &&
                   !(op->switches & PROV_COMPAT_EXACT)
               ? prov_json_at(value, 0)
               : value;
}

const prov_json *prov_patch_single(const prov_patch_op *op, const prov_attr *a,
                                   const prov_json *value)
{
    const prov_json *one = only_one(op, value), *inner = NULL;
    if (one != value && !a->multi && a->type != PROV_TYPE_COMPLEX &&
        prov_json_is(one) == PROV_JSON_OBJECT)
        inner = prov_json_get(one, "value", NULL);
    return inner ? inner : value;
}

/* ---- singular attributes and sub-attributes ---- */

/* A sub-attribute of many values gains those that it does not have; in an object of their own, so
 * that what was stays to be compared with. */
static prov_err *append_to(edit *e, const prov_attr *a, const prov_field *was, prov_field **fresh)
{
    prov_object *own = prov_object_make(e->p);
    prov_field *all = prov_object_set(own, a);
    prov_err *err = spend(e, (int64_t)was->count * (*fresh)->count + WRITTEN);
    for (int i = 0; i < was->count && !err; i++)
        *prov_field_add(own, all) = was->values[i];
    for (int i = 0; i < (*fresh)->count && !err; i++) {
        int w = 0;
        while (w < was->count && !same_value(e, a, &was->values[w], &(*fresh)->values[i]))
            w++;
        if (w == was->count && all->count >= PROV_VALUES_MAX)
            err = invalid(e->p, a, "has too many values");
        else if (w == was->count)
            *prov_field_add(own, all) = (*fresh)->values[i];
    }
    *fresh = all;
    return err;
}

static prov_err *put(edit *e, prov_object *o, const prov_attr *a, const prov_json *value)
{
    apr_pool_t *p = e->p;
    prov_field *fresh, *was = prov_object_get(o, a);
    prov_err *err = read_values(e, a, prov_patch_single(e->op, a, value), &fresh);
    if (err)
        return err;
    if (fresh->count == 0)
        return prov_patch_unassign(p, o, a);
    if (a->required && a->type == PROV_TYPE_STRING && fresh->values[0].text.len == 0)
        return invalid(p, a, "is required and must not be empty");
    if (a->multi && e->op->kind == PROV_PATCH_ADD && was && (err = append_to(e, a, was, &fresh)))
        return err;
    if (a->mutability == PROV_IMMUTABLE && was && was->count && !prov_field_equal(was, fresh))
        return prov_patch_fixed(p, a);
    *prov_object_set(o, a) = *fresh;
    return NULL;
}

typedef struct merge {
    edit *e;
    prov_object *into;
    prov_err *err;
} merge;

static bool merge_sub(void *baton, const char *name, const prov_json *value)
{
    merge *m = baton;
    const prov_attr *sub = prov_schema_sub(m->e->attr, name, strlen(name));
    if (sub->mutability == PROV_READ_ONLY)
        return true;
    if (!prov_patch_is_empty(value))
        m->err = put(m->e, m->into, sub, value);
    else if (m->e->op->kind == PROV_PATCH_REPLACE)
        m->err = prov_patch_unassign(m->e->p, m->into, sub);
    return !m->err;
}

/* Sub-attributes that the value does not name stay as they are. */
static prov_err *merge_complex(edit *e, prov_object *into, const prov_json *value)
{
    merge m = { e, into, NULL };
    value = only_one(e->op, value);
    prov_err *err = check_names(e, e->attr, value);
    if (err)
        return err;
    if (prov_json_is(value) == PROV_JSON_STRING && e->value && !is_exact(e)) /* Entra's manager */
        return put(e, into, e->value, value);
    if (prov_json_is(value) != PROV_JSON_OBJECT)
        return invalid(e->p, e->attr, "must be an object");
    prov_json_each(value, merge_sub, &m);
    return m.err;
}

/* What a replace of the whole does away with, where it is one. */
static void clear_complex(edit *e, prov_object *inner)
{
    bool whole = e->op->kind == PROV_PATCH_REPLACE && (e->op->switches & PROV_COMPAT_WHOLE);
    for (int i = inner->count - 1; i >= 0 && whole; i--) {
        const prov_attr *sub = inner->fields[i].attr;
        if (sub && sub->mutability != PROV_IMMUTABLE && sub->mutability != PROV_READ_ONLY)
            prov_object_remove(inner, sub);
    }
}

static prov_err *edit_complex(edit *e)
{
    prov_field *f = prov_object_get(e->o, e->attr);
    const prov_attr *sub = e->op->path.sub;
    prov_err *err;
    if (!f || !f->count)
        prov_field_add(e->o, f = prov_object_set(e->o, e->attr));
    prov_object *inner = f->values[0].object;
    if (!sub)
        clear_complex(e, inner);
    err = sub ? put(e, inner, sub, e->op->value) : merge_complex(e, inner, e->op->value);
    if (!err && inner->count == 0)
        prov_object_remove(e->o, e->attr);
    return err;
}

/* ---- multi-valued attributes ---- */

static const prov_value *sub_of(const prov_value *v, const prov_attr *sub)
{
    const prov_field *f = sub ? prov_object_get(v->object, sub) : NULL;
    return f && f->count ? &f->values[0] : NULL;
}

static bool is_primary(const edit *e, const prov_value *v)
{
    const prov_value *primary = sub_of(v, e->is_primary);
    return primary && primary->type == PROV_TYPE_BOOLEAN && primary->boolean;
}

/* Each value is held against each term of the path's filter. */
static prov_err *spend_selecting(edit *e, const prov_field *f)
{
    const prov_filter *filter = e->op->path.filter;
    return spend(e, (int64_t)f->count * (filter ? prov_filter_terms(filter) : 1));
}

/* Notes that the operation made value `i` primary. */
static prov_err *crown(edit *e, int i)
{
    if (e->primary >= 0 && e->primary != i)
        return invalid(e->p, e->attr, "has one primary value at most");
    e->primary = i;
    return NULL;
}

static void depose_others(edit *e, prov_field *f)
{
    for (int i = 0; e->primary >= 0 && i < f->count; i++)
        if (i != e->primary)
            prov_object_remove(f->values[i].object, e->is_primary);
}

static bool same_sub(edit *e, const prov_value *x, const prov_value *y, const prov_attr *sub)
{
    x = sub_of(x, sub);
    y = sub_of(y, sub);
    return x && y ? same_value(e, sub, x, y) : x == y;
}

/* Which of the first `count` values `v` is already, or brings further sub-attributes to: the same
 * value and type do not come twice (RFC 7643 section 2.4). */
static int find_same(edit *e, const prov_field *f, int count, const prov_value *v)
{
    bool named = sub_of(v, e->value);
    for (int i = 0; i < count; i++)
        if (named
                ? same_sub(e, &f->values[i], v, e->value) && same_sub(e, &f->values[i], v, e->type)
                : same_value(e, e->attr, &f->values[i], v))
            return i;
    return -1;
}

/* What a value says besides what the one that it is already says. */
static prov_err *add_subs(edit *e, prov_object *into, const prov_object *given)
{
    for (int s = 0; s < given->count; s++) {
        prov_field *fresh = &given->fields[s], *was = prov_object_get(into, fresh->attr);
        const prov_attr *sub = fresh->attr;
        prov_err *err = sub->multi && was ? append_to(e, sub, was, &fresh) : NULL;
        if (err)
            return err;
        if (sub->mutability == PROV_IMMUTABLE && was && !prov_field_equal(was, fresh))
            return prov_patch_fixed(e->p, sub);
        *prov_object_set(into, sub) = *fresh;
    }
    return NULL;
}

static prov_err *add_one(edit *e, prov_field *f, int were, const prov_value *v)
{
    int i = find_same(e, f, were, v);
    prov_err *err = NULL;
    if (i < 0 && f->count >= PROV_VALUES_MAX)
        return invalid(e->p, e->attr, "has too many values");
    if (i < 0) {
        i = f->count;
        *prov_field_add(e->o, f) = *v;
    } else if (e->attr->type == PROV_TYPE_COMPLEX) {
        err = add_subs(e, f->values[i].object, v->object);
    }
    return !err && is_primary(e, v) ? crown(e, i) : err;
}

static prov_err *add_values(edit *e)
{
    prov_field *fresh, *f;
    prov_err *err = read_values(e, e->attr, e->op->value, &fresh);
    if (err || fresh->count == 0)
        return err;
    f = prov_object_get(e->o, e->attr);
    if (!f)
        f = prov_object_set(e->o, e->attr);
    int were = f->count;
    err = spend(e, (int64_t)were * fresh->count);
    for (int i = 0; i < fresh->count && !err; i++)
        err = add_one(e, f, were, &fresh->values[i]);
    if (!err)
        depose_others(e, f);
    return err;
}

static prov_err *replace_values(edit *e)
{
    prov_field *fresh;
    prov_err *err = read_values(e, e->attr, e->op->value, &fresh);
    if (err)
        return err;
    if (fresh->count == 0)
        return prov_patch_unassign(e->p, e->o, e->attr);
    for (int i = 0; i < fresh->count && !err; i++)
        if (is_primary(e, &fresh->values[i]))
            err = crown(e, i);
    *prov_object_set(e->o, e->attr) = *fresh;
    return err;
}

/* ---- values that a path selects ---- */

static bool selected(edit *e, const prov_value *v)
{
    const prov_filter *filter = e->op->path.filter;
    return !filter || prov_filter_match_value(filter, e->attr, v, fresh_scratch(e));
}

static prov_err *replace_one(edit *e, prov_value *v)
{
    prov_field *fresh;
    prov_err *err = read_values(e, e->attr, only_one(e->op, e->op->value), &fresh);
    if (err)
        return err;
    if (fresh->count != 1)
        return invalid(e->p, e->attr, "takes one value here");
    *v = fresh->values[0];
    return NULL;
}

static prov_err *edit_one(edit *e, prov_field *f, int i)
{
    const prov_attr *sub = e->op->path.sub;
    prov_value *v = &f->values[i];
    prov_err *err = spend(e, WRITTEN);
    if (err)
        return err;
    if (sub)
        err = put(e, v->object, sub, e->op->value);
    else if (e->op->kind == PROV_PATCH_ADD && e->attr->type == PROV_TYPE_COMPLEX)
        err = merge_complex(e, v->object, e->op->value);
    else
        err = replace_one(e, v);
    bool crowned = is_primary(e, v) && (!sub || sub == e->is_primary);
    return !err && crowned ? crown(e, i) : err;
}

/* Nothing was selected: an add makes what the filter describes, and so does a replace for those
 * who need it; without a filter there was no value yet, so that both operations do. */
static prov_err *make_selected(edit *e, prov_field *f)
{
    const prov_filter *filter = e->op->path.filter;
    prov_object *element = prov_object_make(e->p);
    bool makes = e->op->kind == PROV_PATCH_ADD || (e->op->switches & PROV_COMPAT_REPLACE_MAKES);
    if (filter && (!makes || !prov_filter_build(filter, e->attr, element)))
        return no_target(e);
    if (!f)
        f = prov_object_set(e->o, e->attr);
    prov_field_add(e->o, f)->object = element;
    bool described = filter && !e->op->path.sub && e->attr->type == PROV_TYPE_COMPLEX;
    prov_err *err =
        described ? merge_complex(e, element, e->op->value) : edit_one(e, f, f->count - 1);
    if (!err && is_primary(e, &f->values[f->count - 1]))
        err = crown(e, f->count - 1);
    if (!err)
        depose_others(e, f);
    return err;
}

/* Records replaced by one and the same become one. */
static prov_err *edit_selected(edit *e)
{
    prov_field *f = prov_object_get(e->o, e->attr);
    bool whole = e->op->kind == PROV_PATCH_REPLACE && !e->op->path.sub;
    prov_err *err = f ? spend_selecting(e, f) : NULL;
    int count = 0;
    for (int i = 0; f && i < f->count && !err; i++) {
        if (!selected(e, &f->values[i]))
            continue;
        if (count++ && whole)
            prov_field_remove(f, i--);
        else
            err = edit_one(e, f, i);
    }
    if (err)
        return err;
    if (count == 0)
        return make_selected(e, f);
    depose_others(e, f);
    return NULL;
}

/* ---- remove ---- */

/* Of a sub-attribute of many values only those that are listed, if any are. */
static prov_err *remove_sub(edit *e, prov_object *o, const prov_attr *sub)
{
    prov_field *listed, *f = prov_object_get(o, sub);
    bool some = f && sub->multi && sub->mutability != PROV_IMMUTABLE && e->op->value &&
                e->op->kind == PROV_PATCH_REMOVE;
    prov_err *err = some ? read_values(e, sub, e->op->value, &listed) : NULL;
    if (!err && some)
        err = spend(e, (int64_t)listed->count * f->count);
    for (int l = 0; !err && some && l < listed->count; l++)
        for (int i = f->count - 1; i >= 0; i--)
            if (same_value(e, sub, &listed->values[l], &f->values[i]))
                prov_field_remove(f, i);
    return err || (some && f->count) ? err : prov_patch_unassign(e->p, o, sub);
}

static prov_err *remove_selected(edit *e, prov_field *f)
{
    prov_err *err = spend_selecting(e, f);
    int count = 0;
    for (int i = f->count - 1; i >= 0 && !err; i--) {
        prov_value *v = &f->values[i];
        if (!selected(e, v))
            continue;
        count++;
        if (e->op->path.sub)
            err = remove_sub(e, v->object, e->op->path.sub);
        if (!err && (!e->op->path.sub || v->object->count == 0))
            prov_field_remove(f, i);
    }
    if (!err && !count && e->op->path.filter)
        return no_target(e);
    return err;
}

/* Whether everything `pattern` says holds for `v`. */
static bool covers(edit *e, const prov_value *pattern, const prov_value *v)
{
    if (e->attr->type != PROV_TYPE_COMPLEX)
        return same_value(e, e->attr, pattern, v);
    for (int i = 0; i < pattern->object->count; i++) {
        const prov_attr *sub = pattern->object->fields[i].attr;
        if (sub->multi
                ? !prov_field_equal(&pattern->object->fields[i], prov_object_get(v->object, sub))
                : !same_sub(e, pattern, v, sub))
            return false;
    }
    return pattern->object->count > 0;
}

/* Entra names the values to remove instead of selecting them; the others must stay. */
static prov_err *remove_listed(edit *e, prov_field *f)
{
    prov_field *listed;
    prov_err *err = read_values(e, e->attr, e->op->value, &listed);
    if (!err)
        err = spend(e, (int64_t)listed->count * f->count);
    for (int l = 0; !err && l < listed->count; l++)
        for (int i = f->count - 1; i >= 0; i--)
            if (covers(e, &listed->values[l], &f->values[i]))
                prov_field_remove(f, i);
    return err;
}

static prov_err *remove_values(edit *e)
{
    const prov_path *path = &e->op->path;
    prov_field *f = prov_object_get(e->o, e->attr);
    bool select = path->filter || path->sub;
    bool listed = e->op->kind == PROV_PATCH_REMOVE && e->attr->multi && e->op->value && !select;
    if (!f && select)
        return path->filter ? no_target(e) : NULL;
    if (!f || (!select && !listed))
        return prov_patch_unassign(e->p, e->o, e->attr);
    prov_err *err = listed ? remove_listed(e, f) : remove_selected(e, f);
    if (err || f->count > 0)
        return err;
    return prov_patch_unassign(e->p, e->o, e->attr);
}

/* ---- all together ---- */

static prov_err *perform(edit *e)
{
    const prov_patch_op *op = e->op;
    bool select = op->path.filter || op->path.sub;
    if (op->kind == PROV_PATCH_REMOVE)
        return remove_values(e);
    if (prov_patch_is_empty(op->value)) /* nothing to add; nothing instead of what is */
        return op->kind == PROV_PATCH_ADD ? NULL : remove_values(e);
    if (!e->attr->multi)
        return e->attr->type == PROV_TYPE_COMPLEX ? edit_complex(e)
                                                  : put(e, e->o, e->attr, op->value);
    if (select)
        return edit_selected(e);
    return op->kind == PROV_PATCH_ADD ? add_values(e) : replace_values(e);
}

prov_err *prov_patch_perform(apr_pool_t *p, prov_object *o, const prov_patch_op *op)
{
    const prov_attr *a = op->path.attr;
    edit e = { .p = p, .o = o, .op = op, .attr = a, .primary = -1 };
    prov_object *before = NULL;
    if (a->type == PROV_TYPE_COMPLEX) {
        e.value = prov_schema_sub(a, "value", 5);
        e.type = prov_schema_sub(a, "type", 4);
        e.is_primary = prov_schema_sub(a, "primary", 7);
    }
    prov_err *err = NULL;
    if (a->mutability == PROV_IMMUTABLE && has_value(o, a)) {
        const prov_object alone = { p, prov_object_get(o, a), 1, 1 };
        before = prov_object_copy(p, &alone);
        err = spend(&e, (int64_t)WRITTEN * before->fields[0].count);
    }
    if (!err)
        err = perform(&e);
    if (e.scratch)
        apr_pool_destroy(e.scratch);
    if (!err && before && !prov_field_equal(prov_object_get(before, a), prov_object_get(o, a)))
        err = prov_patch_fixed(p, a);
    return err;
}
