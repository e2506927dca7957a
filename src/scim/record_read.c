#include "scim/record.h"

static void read_fields(prov_object *o, const prov_registry *r, const prov_attr *of, prov_cursor c);

static void read_value(prov_object *o, prov_field *f, const prov_registry *r, prov_item item)
{
    prov_value *v = prov_field_add(o, f);
    switch (v->type) {
    case PROV_TYPE_BOOLEAN:
        v->boolean = prov_item_boolean(item);
        break;
    case PROV_TYPE_INTEGER:
        v->integer = prov_item_integer(item);
        break;
    case PROV_TYPE_DECIMAL:
        v->number = prov_item_number(item);
        break;
    case PROV_TYPE_DATETIME:
        v->instant = prov_item_instant(item);
        v->text = prov_item_text(item);
        break;
    case PROV_TYPE_COMPLEX:
        read_fields(v->object, r, f->attr, prov_item_fields(item));
        break;
    default:
        v->text = prov_item_text(item);
    }
}

/* Declared, below the attribute it lies in, and with the shape that was declared. */
static bool is_known(const prov_attr *a, const prov_attr *of, prov_item f)
{
    return a && a->parent == of && f.tag == (a->multi ? a->type | PROV_TAG_MULTI : a->type);
}

static void read_fields(prov_object *o, const prov_registry *r, const prov_attr *of, prov_cursor c)
{
    prov_item item, v;
    for (;;) {
        const uint8_t *start = c.in.at;
        if (!prov_cursor_next(&c, &item))
            return;
        const prov_attr *a = prov_registry_attr_numbered(r, item.number);
        if (!is_known(a, of, item)) {
            while (*start++ & 0x80) /* over the number, to tag, length and payload */
                ;
            prov_object_keep(o, item.number, (prov_bytes){ start, (size_t)(c.in.at - start) });
            continue;
        }
        prov_field *f = prov_object_set(o, a);
        if (!a->multi) {
            read_value(o, f, r, item);
            continue;
        }
        prov_cursor values = prov_item_values(item);
        while (prov_cursor_value(&values, &v))
            if (v.tag == a->type)
                read_value(o, f, r, v);
    }
}

prov_object *prov_record_read(apr_pool_t *p, const prov_registry *r, prov_record rec)
{
    prov_object *o = prov_object_make(p);
    read_fields(o, r, NULL, prov_record_fields(rec));
    return o;
}
