#include "base/instant.h"
#include "base/text.h"
#include "scim/value.h"
#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

static prov_err *refuse(apr_pool_t *p, const prov_attr *a, const char *why)
{
    const char *path = a->parent ? apr_pstrcat(p, a->parent->name, ".", a->name, NULL) : a->name;
    prov_err *err = prov_err_make(p, 400, "invalidValue", "%s %s", path, why);
    err->source = path;
    return err;
}

/* --- one value ---------------------------------------------------------------------------- */

static bool read_boolean(const prov_json *j, prov_value *v)
{
    if (prov_json_is(j) == PROV_JSON_STRING) {
        const char *text = (const char *)prov_json_string(j).data;
        v->boolean = strcasecmp(text, "true") == 0;
        return v->boolean || strcasecmp(text, "false") == 0;
    }
    v->boolean = prov_json_boolean(j);
    return prov_json_is(j) == PROV_JSON_BOOLEAN;
}

static bool read_integer(const prov_json *j, prov_value *v)
{
    v->integer = prov_json_integer(j);
    return prov_json_is(j) == PROV_JSON_INTEGER;
}

static bool read_decimal(const prov_json *j, prov_value *v)
{
    prov_json_kind kind = prov_json_is(j);
    v->number = kind == PROV_JSON_INTEGER ? (double)prov_json_integer(j) : prov_json_number(j);
    return kind == PROV_JSON_INTEGER || kind == PROV_JSON_NUMBER;
}

static bool read_text(const prov_json *j, prov_value *v)
{
    if (prov_json_is(j) != PROV_JSON_STRING)
        return false;
    v->text = prov_json_string(j);
    return true;
}

/* Absolute or relative, other letters than those of ASCII too: all but what no URI can hold. */
static bool read_reference(const prov_json *j, prov_value *v)
{
    if (!read_text(j, v))
        return false;
    for (size_t i = 0; i < v->text.len; i++)
        if (v->text.data[i] <= ' ' || v->text.data[i] == 0x7F ||
            strchr("<>\"{}|\\^`", v->text.data[i]))
            return false;
    return true;
}

static bool read_instant(const prov_json *j, prov_value *v)
{
    return read_text(j, v) && prov_instant_parse(v->text, &v->instant);
}

static const struct {
    bool (*read)(const prov_json *j, prov_value *v);
    const char *why;
} simple[] = {
    [PROV_TYPE_STRING] = { read_text, "must be a string" },
    [PROV_TYPE_BOOLEAN] = { read_boolean, "must be true or false" },
    [PROV_TYPE_DECIMAL] = { read_decimal, "must be a number" },
    [PROV_TYPE_INTEGER] = { read_integer,
                            "must be an integer of at most 64 bits, without fraction or exponent" },
    [PROV_TYPE_DATETIME] = { read_instant, "must be a dateTime such as 2011-05-13T04:42:34Z" },
    [PROV_TYPE_REFERENCE] = { read_reference, "must be a URI as a string" },
    [PROV_TYPE_BINARY] = { read_text, "must be base64 in a string" },
};

static prov_err *read_simple(apr_pool_t *p, const prov_attr *a, const prov_json *j, prov_body how,
                             prov_value *v)
{
    prov_bytes decoded;
    bool word = a->type == PROV_TYPE_BOOLEAN && prov_json_is(j) == PROV_JSON_STRING;
    if ((word && (how & PROV_COMPAT_EXACT)) || !simple[a->type].read(j, v) ||
        (a->type == PROV_TYPE_BINARY && !prov_text_unbase64(p, v->text, &decoded)))
        return refuse(p, a, simple[a->type].why);
    return NULL;
}

prov_err *prov_value_unknown(apr_pool_t *p, const char *path)
{
    prov_err *err = prov_err_make(p, 400, "invalidSyntax", "there is no attribute '%.200s'", path);
    err->source = path;
    return err;
}

typedef struct members {
    apr_pool_t *p;
    const prov_attr *of;
    prov_object *into;
    prov_body how;
    prov_err *err;
} members;

prov_err *prov_value_read_given(apr_pool_t *p, prov_object *o, const prov_attr *a,
                                const prov_json *value, prov_body how)
{
    if (prov_object_get(o, a) && how != PROV_BODY_LENIENT)
        return refuse(p, a, "is given twice, in different case");
    prov_field *f = prov_object_set(o, a);
    prov_err *err = prov_value_read_field(p, o, f, value, how);
    if (!err && f->count == 0)
        prov_object_remove(o, a);
    return err;
}

static bool read_sub(void *baton, const char *name, const prov_json *value)
{
    members *m = baton;
    const prov_attr *sub = prov_schema_sub(m->of, name, strlen(name));
    if (!sub && (m->how & PROV_COMPAT_KNOWN))
        m->err = prov_value_unknown(m->p, apr_pstrcat(m->p, m->of->name, ".", name, NULL));
    if (sub && sub->mutability != PROV_READ_ONLY)
        m->err = prov_value_read_given(m->p, m->into, sub, value, m->how);
    return m->err == NULL;
}

/* A bare string is the value of a complex attribute that has one (Entra's manager). */
static prov_err *read_complex(apr_pool_t *p, const prov_attr *a, const prov_json *j, prov_body how,
                              prov_object *into)
{
    prov_json_kind kind = prov_json_is(j);
    members m = { p, a, into, how, NULL };
    if (kind == PROV_JSON_STRING && prov_schema_sub(a, "value", 5) && !(how & PROV_COMPAT_EXACT))
        read_sub(&m, "value", j);
    else if (kind == PROV_JSON_OBJECT)
        prov_json_each(j, read_sub, &m);
    else
        return refuse(p, a, "must be an object");
    return m.err;
}

/* --- the values of a field ---------------------------------------------------------------- */

static const prov_value *sub_value(const prov_attr *a, const prov_value *v, const char *name)
{
    const prov_attr *sub = prov_schema_sub(a, name, strlen(name));
    const prov_field *f = sub ? prov_object_get(v->object, sub) : NULL;
    return f && f->count ? &f->values[0] : NULL;
}

static void add_to_key(prov_buf *key, const prov_attr *a, const char *sub, const prov_value *v)
{
    const prov_attr *of = sub ? prov_schema_sub(a, sub, strlen(sub)) : a;
    prov_bytes text = v ? v->text : (prov_bytes){ NULL, 0 };
    if (text.len && !of->case_exact)
        text = prov_text_fold(key->pool, text);
    prov_buf_add(key, text.data, text.len);
    prov_buf_byte(key, '\0');
}

/* What makes two values of a list the same one (RFC 7643 section 2.4): type and value. Empty for
 * those that have no text as value. */
static prov_bytes identity(apr_pool_t *p, const prov_attr *a, const prov_value *v)
{
    const prov_value *value = v->type == PROV_TYPE_COMPLEX ? sub_value(a, v, "value") : v;
    if (!value || !value->text.len)
        return (prov_bytes){ NULL, 0 };
    prov_buf key;
    prov_buf_init(&key, p, 64);
    bool complex = v->type == PROV_TYPE_COMPLEX;
    add_to_key(&key, a, complex ? "value" : NULL, value);
    if (complex)
        add_to_key(&key, a, "type", sub_value(a, v, "type"));
    return prov_buf_bytes(&key);
}

static bool is_primary(const prov_attr *a, const prov_value *v)
{
    const prov_value *primary = v->type == PROV_TYPE_COMPLEX ? sub_value(a, v, "primary") : NULL;
    return primary && primary->type == PROV_TYPE_BOOLEAN && primary->boolean;
}

typedef struct listing {
    apr_hash_t *seen;
    bool primary;
} listing;

/* A second primary value. */
static prov_err *depose(apr_pool_t *p, const prov_attr *a, prov_body how, prov_value *v)
{
    if (!(how & PROV_COMPAT_FIRST_PRIMARY))
        return refuse(p, a, "has more than one primary value");
    prov_object_remove(v->object, prov_schema_sub(a, "primary", 7));
    return NULL;
}

/* Whether the value may stay; as a second primary it may not. */
static prov_err *admit(apr_pool_t *p, const prov_field *f, prov_value *v, listing *list,
                       prov_body how, bool *stays)
{
    prov_bytes key = identity(p, f->attr, v);
    *stays = !key.len || !apr_hash_get(list->seen, key.data, key.len);
    if (!*stays)
        return NULL;
    if (is_primary(f->attr, v)) {
        prov_err *err =
            list->primary && how != PROV_BODY_LENIENT ? depose(p, f->attr, how, v) : NULL;
        if (err)
            return err;
        *stays = !list->primary || how != PROV_BODY_LENIENT;
        list->primary = true;
    }
    if (key.len)
        apr_hash_set(list->seen, key.data, key.len, "");
    return NULL;
}

static prov_err *append(apr_pool_t *p, prov_object *o, prov_field *f, const prov_json *value,
                        prov_body how, listing *list)
{
    const prov_attr *a = f->attr;
    if (prov_json_is(value) == PROV_JSON_NULL)
        return NULL;
    if (f->count >= PROV_VALUES_MAX)
        return refuse(p, a, "has too many values");
    prov_value *v = prov_field_add(o, f);
    prov_err *err = a->type == PROV_TYPE_COMPLEX ? read_complex(p, a, value, how, v->object)
                                                 : read_simple(p, a, value, how, v);
    bool stays = !err && (v->type != PROV_TYPE_COMPLEX || v->object->count);
    if (stays && list)
        err = admit(p, f, v, list, how, &stays);
    if (!stays)
        f->count--;
    return how == PROV_BODY_LENIENT ? NULL : err;
}

prov_err *prov_value_read_field(apr_pool_t *p, prov_object *o, prov_field *f,
                                const prov_json *value, prov_body how)
{
    const prov_attr *a = f->attr;
    bool array = prov_json_is(value) == PROV_JSON_ARRAY;
    if (!a->multi) {
        f->count = 0;
        /* Entra sends the manager as a list of one. */
        if (array && a->type == PROV_TYPE_COMPLEX && prov_json_length(value) == 1 &&
            !(how & PROV_COMPAT_EXACT))
            value = prov_json_at(value, 0);
        return append(p, o, f, value, how, NULL);
    }
    listing list = { apr_hash_make(p), false };
    if (!array)
        return append(p, o, f, value, how, &list);
    prov_err *err = NULL;
    for (size_t i = 0; i < prov_json_length(value) && !err; i++)
        err = append(p, o, f, prov_json_at(value, i), how, &list);
    return err;
}
