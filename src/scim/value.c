#include "scim/value.h"
#include "base/instant.h"
#include <apr_strings.h>
#include <string.h>

prov_object *prov_object_make(apr_pool_t *p)
{
    prov_object *o = apr_pcalloc(p, sizeof *o);
    o->pool = p;
    return o;
}

static void copy_value(apr_pool_t *p, prov_value *to, const prov_value *from)
{
    *to = *from;
    if (from->type == PROV_TYPE_COMPLEX)
        to->object = prov_object_copy(p, from->object);
}

prov_object *prov_object_copy(apr_pool_t *p, const prov_object *o)
{
    prov_object *copy = prov_object_make(p);
    if (o->count == 0)
        return copy;
    copy->count = copy->room = o->count;
    copy->fields = apr_pmemdup(p, o->fields, o->count * sizeof *o->fields);
    for (int i = 0; i < o->count; i++) {
        const prov_field *from = &o->fields[i];
        prov_field *to = &copy->fields[i];
        to->room = from->count;
        to->values = from->count ? apr_palloc(p, from->count * sizeof *to->values) : NULL;
        for (int v = 0; v < from->count; v++)
            copy_value(p, &to->values[v], &from->values[v]);
    }
    return copy;
}

static void own_text(apr_pool_t *p, prov_value *v)
{
    if (v->type == PROV_TYPE_COMPLEX)
        prov_object_own(v->object);
    else if (v->text.len)
        v->text = prov_bytes_copy(p, v->text);
}

void prov_object_own(prov_object *o)
{
    for (int i = 0; i < o->count; i++) {
        prov_field *f = &o->fields[i];
        f->raw = prov_bytes_copy(o->pool, f->raw);
        for (int v = 0; v < f->count; v++)
            own_text(o->pool, &f->values[v]);
    }
}

static int64_t field_text(const prov_field *f)
{
    int64_t sum = (int64_t)f->raw.len;
    for (int i = 0; i < f->count; i++)
        sum += f->values[i].type == PROV_TYPE_COMPLEX ? prov_object_text(f->values[i].object)
                                                      : (int64_t)f->values[i].text.len;
    return sum;
}

int64_t prov_object_text(const prov_object *o)
{
    int64_t sum = 0;
    for (int i = 0; i < o->count; i++)
        sum += field_text(&o->fields[i]);
    return sum;
}

prov_field *prov_object_get(const prov_object *o, const prov_attr *a)
{
    for (int i = 0; i < o->count; i++)
        if (o->fields[i].attr == a)
            return &o->fields[i];
    return NULL;
}

static prov_field *add_field(prov_object *o)
{
    if (o->count == o->room) {
        int room = o->room ? o->room * 2 : 8;
        prov_field *fields = apr_palloc(o->pool, room * sizeof *fields);
        if (o->count)
            memcpy(fields, o->fields, o->count * sizeof *fields);
        o->fields = fields;
        o->room = room;
    }
    prov_field *f = &o->fields[o->count++];
    memset(f, 0, sizeof *f);
    return f;
}

prov_field *prov_object_set(prov_object *o, const prov_attr *a)
{
    prov_field *f = prov_object_get(o, a);
    if (!f) {
        f = add_field(o);
        f->attr = a;
        f->number = a->number;
    }
    f->values = NULL; /* the old ones may still be read */
    f->count = f->room = 0;
    return f;
}

void prov_object_keep(prov_object *o, uint16_t number, prov_bytes raw)
{
    prov_field *f = add_field(o);
    f->number = number;
    f->raw = raw;
}

void prov_object_remove(prov_object *o, const prov_attr *a)
{
    prov_field *f = prov_object_get(o, a);
    if (!f)
        return;
    int after = o->count - (int)(f - o->fields) - 1;
    memmove(f, f + 1, after * sizeof *f);
    o->count--;
}

prov_value *prov_field_add(prov_object *o, prov_field *f)
{
    if (f->count == f->room) {
        int room = f->room ? f->room * 2 : f->attr->multi ? 4 : 1;
        prov_value *values = apr_palloc(o->pool, room * sizeof *values);
        if (f->count)
            memcpy(values, f->values, f->count * sizeof *values);
        f->values = values;
        f->room = room;
    }
    prov_value *v = &f->values[f->count++];
    memset(v, 0, sizeof *v);
    v->type = f->attr->type;
    if (v->type == PROV_TYPE_COMPLEX)
        v->object = prov_object_make(o->pool);
    return v;
}

void prov_field_remove(prov_field *f, int i)
{
    memmove(&f->values[i], &f->values[i + 1], (f->count - i - 1) * sizeof *f->values);
    f->count--;
}

const prov_value *prov_object_first(const prov_object *o, const prov_attr *a)
{
    if (a->parent) {
        const prov_value *parent = prov_object_first(o, a->parent);
        if (!parent)
            return NULL;
        o = parent->object;
    }
    const prov_field *f = prov_object_get(o, a);
    return f && f->count ? &f->values[0] : NULL;
}

static prov_value *make_one(prov_object *o, const prov_attr *a)
{
    if (a->parent) {
        const prov_value *parent = prov_object_first(o, a->parent);
        if (!parent)
            parent = make_one(o, a->parent);
        o = parent->object;
    }
    return prov_field_add(o, prov_object_set(o, a));
}

void prov_object_put_text(prov_object *o, const prov_attr *a, const char *text)
{
    prov_value *v = make_one(o, a);
    v->text = prov_bytes_of(text);
    if (a->type == PROV_TYPE_DATETIME)
        prov_instant_parse(v->text, &v->instant);
}

void prov_object_put_boolean(prov_object *o, const prov_attr *a, bool b)
{
    make_one(o, a)->boolean = b;
}

/* --- equality ----------------------------------------------------------------------------- */

bool prov_value_equal(const prov_attr *a, const prov_value *x, const prov_value *y)
{
    if (x->type != y->type)
        return false;
    switch (x->type) {
    case PROV_TYPE_BOOLEAN:
        return x->boolean == y->boolean;
    case PROV_TYPE_INTEGER:
        return x->integer == y->integer;
    case PROV_TYPE_DECIMAL:
        return x->number == y->number;
    case PROV_TYPE_DATETIME:
        return x->instant == y->instant;
    case PROV_TYPE_COMPLEX:
        return prov_object_equal(x->object, y->object);
    default:
        return prov_bytes_equal(x->text, y->text);
    }
}

/* primary=false says nothing, and so does a complex value without anything in it. */
static bool says_something(const prov_field *f)
{
    if (!f->attr)
        return true;
    if (f->count == 0)
        return false;
    const prov_value *v = &f->values[0];
    if (v->type == PROV_TYPE_BOOLEAN)
        return v->boolean || !f->attr->parent || strcmp(f->attr->name, "primary") != 0;
    if (v->type != PROV_TYPE_COMPLEX || f->count > 1)
        return true;
    for (int i = 0; i < v->object->count; i++)
        if (says_something(&v->object->fields[i]))
            return true;
    return false;
}

static int occurrences(const prov_field *in, const prov_value *of)
{
    int n = 0;
    for (int i = 0; i < in->count; i++)
        n += prov_value_equal(in->attr, &in->values[i], of);
    return n;
}

bool prov_field_equal(const prov_field *x, const prov_field *y)
{
    bool has_x = x && says_something(x), has_y = y && says_something(y);
    if (!has_x || !has_y)
        return has_x == has_y;
    if (!x->attr || !y->attr)
        return x->attr == y->attr && prov_bytes_equal(x->raw, y->raw);
    if (x->count != y->count)
        return false;
    int same = 0;
    while (same < x->count && prov_value_equal(x->attr, &x->values[same], &y->values[same]))
        same++;
    for (int i = same; i < x->count; i++)
        if (occurrences(x, &x->values[i]) != occurrences(y, &x->values[i]))
            return false;
    return true;
}

static const prov_field *counterpart(const prov_object *o, const prov_field *f)
{
    for (int i = 0; i < o->count; i++)
        if (o->fields[i].attr == f->attr && o->fields[i].number == f->number)
            return &o->fields[i];
    return NULL;
}

static bool within(const prov_object *x, const prov_object *y)
{
    for (int i = 0; i < x->count; i++)
        if (!prov_field_equal(&x->fields[i], counterpart(y, &x->fields[i])))
            return false;
    return true;
}

bool prov_object_equal(const prov_object *x, const prov_object *y)
{
    return within(x, y) && within(y, x);
}
