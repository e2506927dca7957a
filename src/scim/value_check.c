#include "scim/value.h"

static prov_err *missing(apr_pool_t *p, const prov_resource_type *t, const prov_attr *a)
{
    const char *path = prov_attr_path(p, t, a);
    prov_err *err = prov_err_make(p, 400, "invalidValue", "%s is required", path);
    err->source = path;
    return err;
}

static bool is_there(const prov_field *f)
{
    if (!f || f->count == 0)
        return false;
    const prov_value *v = &f->values[0];
    return (v->type != PROV_TYPE_STRING && v->type != PROV_TYPE_REFERENCE) || v->text.len;
}

static prov_err *check_attrs(apr_pool_t *p, const prov_resource_type *t, const prov_attr *attrs,
                             int count, const prov_object *o)
{
    prov_err *err = NULL;
    for (int i = 0; i < count && !err; i++) {
        const prov_attr *a = &attrs[i];
        const prov_field *f = prov_object_get(o, a);
        if (a->required && a->place == PROV_IN_RECORD && a->mutability != PROV_READ_ONLY &&
            !is_there(f))
            return missing(p, t, a);
        if (!f || a->type != PROV_TYPE_COMPLEX)
            continue;
        for (int v = 0; v < f->count && !err; v++)
            err = check_attrs(p, t, a->subs, a->sub_count, f->values[v].object);
    }
    return err;
}

static bool has_any(const prov_schema *s, const prov_object *o)
{
    for (int i = 0; i < o->count; i++)
        if (o->fields[i].attr && o->fields[i].count && o->fields[i].attr->schema == s->urn)
            return true;
    return false;
}

prov_err *prov_value_check(apr_pool_t *p, const prov_resource_type *t, const prov_object *o)
{
    prov_err *err = check_attrs(p, t, t->schema->attrs, t->schema->count, o);
    for (int i = 0; i < t->extension_count && !err; i++) {
        const prov_extension *e = &t->extensions[i];
        bool there = has_any(e->schema, o);
        if (e->required && !there)
            return prov_err_make(p, 400, "invalidValue", "The extension %s is required",
                                 e->schema->urn);
        if (there)
            err = check_attrs(p, t, e->schema->attrs, e->schema->count, o);
    }
    return err;
}

/* --- replacing ---------------------------------------------------------------------------- */

static prov_err *replace_fields(apr_pool_t *p, const prov_resource_type *t, const prov_object *was,
                                prov_object *now);

static void carry_over(prov_object *now, const prov_field *f)
{
    prov_field *copy = prov_object_set(now, f->attr);
    for (int i = 0; i < f->count; i++)
        *prov_field_add(now, copy) = f->values[i];
}

static prov_err *replace_field(apr_pool_t *p, const prov_resource_type *t, const prov_field *f,
                               prov_object *now)
{
    const prov_attr *a = f->attr;
    const prov_field *given = prov_object_get(now, a);
    if (a->mutability == PROV_READ_ONLY) {
        carry_over(now, f);
    } else if (a->mutability == PROV_IMMUTABLE) {
        if (given && !prov_field_equal(f, given)) {
            prov_err *err = prov_err_make(p, 400, "mutability", "%s cannot be changed",
                                          prov_attr_path(p, t, a));
            err->source = a->name;
            return err;
        }
        carry_over(now, f);
    } else if (given && given->count && a->type == PROV_TYPE_COMPLEX && !a->multi) {
        return replace_fields(p, t, f->values[0].object, given->values[0].object);
    }
    return NULL;
}

static prov_err *replace_fields(apr_pool_t *p, const prov_resource_type *t, const prov_object *was,
                                prov_object *now)
{
    prov_err *err = NULL;
    for (int i = 0; i < was->count && !err; i++) {
        const prov_field *f = &was->fields[i];
        if (!f->attr)
            prov_object_keep(now, f->number, f->raw);
        else if (f->count)
            err = replace_field(p, t, f, now);
    }
    return err;
}

prov_err *prov_value_replace(apr_pool_t *p, const prov_resource_type *t, const prov_object *was,
                             prov_object *now)
{
    return replace_fields(p, t, was, now);
}
