#include "scim/patch.h"
#include "scim/projection.h"
#include <apr_strings.h>
#include <string.h>

typedef struct difference {
    prov_buf *b;
    const prov_resource_type *type;
    int count;
} difference;

static void write_op(difference *d, const prov_attr *a, const prov_field *value)
{
    prov_buf_text(d->b, d->count++ ? "," : "");
    prov_buf_text(d->b, value ? "{\"op\":\"replace\",\"path\":" : "{\"op\":\"remove\",\"path\":");
    prov_json_write_text(d->b, prov_attr_path(d->b->pool, d->type, a));
    if (value) {
        prov_buf_text(d->b, ",\"value\":");
        prov_field_write(d->b, value);
    }
    prov_buf_byte(d->b, '}');
}

static const prov_object *inner(const prov_field *f)
{
    return f && f->count ? f->values[0].object : NULL;
}

static void compare(difference *d, const prov_attr *a, const prov_field *was,
                    const prov_field *now);

static void compare_subs(difference *d, const prov_attr *a, const prov_object *was,
                         const prov_object *now)
{
    for (int i = 0; i < a->sub_count; i++)
        compare(d, &a->subs[i], prov_object_get(was, &a->subs[i]),
                prov_object_get(now, &a->subs[i]));
}

static void compare(difference *d, const prov_attr *a, const prov_field *was, const prov_field *now)
{
    if (a->mutability == PROV_READ_ONLY || prov_field_equal(was, now))
        return;
    if (!now || now->count == 0)
        write_op(d, a, NULL);
    else if (a->type == PROV_TYPE_COMPLEX && !a->multi && inner(was))
        compare_subs(d, a, inner(was), inner(now));
    else
        write_op(d, a, now);
}

static void compare_schema(difference *d, const prov_schema *s, const prov_object *was,
                           const prov_object *now)
{
    for (int i = 0; i < s->count; i++)
        compare(d, &s->attrs[i], prov_object_get(was, &s->attrs[i]),
                prov_object_get(now, &s->attrs[i]));
}

/* externalId belongs to no schema of the type: whatever else a tree holds at its top. */
static const prov_attr *common_of(const prov_resource_type *t, const prov_object *o)
{
    for (int i = 0; i < o->count; i++)
        if (o->fields[i].attr && strcmp(o->fields[i].attr->name, "externalId") == 0 &&
            !prov_schema_attr(t->schema, "externalId", strlen("externalId")))
            return o->fields[i].attr;
    return NULL;
}

int prov_patch_difference(prov_buf *b, const prov_resource_type *t, const prov_object *before,
                          const prov_object *after)
{
    difference d = { b, t, 0 };
    const prov_attr *common = common_of(t, after);
    if (!common)
        common = common_of(t, before);
    if (common)
        compare(&d, common, prov_object_get(before, common), prov_object_get(after, common));
    compare_schema(&d, t->schema, before, after);
    for (int i = 0; i < t->extension_count; i++)
        compare_schema(&d, t->extensions[i].schema, before, after);
    return d.count;
}
