#include "scim/sort.h"
#include "base/text.h"
#include "scim/filter_node.h"

#include <apr_strings.h>
#include <string.h>

/* What is longer is worth folding as a whole only if that shortens it much. */
#define TEXT_LOOKED_AT (4 * PROV_SORT_KEY)

enum { THERE, MISSING }; /* first byte of a key */

typedef struct path {
    const prov_resource_type *type;
    const prov_attr *attr; /* NULL: the type lacks it */
    const prov_attr *sub;
    const prov_attr *primary;
    prov_header_get *header;
} path;

struct prov_sort {
    const char *by;
    bool descending;
    int count;
    path *paths; /* for each type that may be listed */
};

/* --- parsing -------------------------------------------------------------------------------- */

static prov_err *refuse(apr_pool_t *p, const char *by, const char *why)
{
    prov_err *err = prov_err_make(p, 400, "invalidValue", "sortBy: %.100s %s", by, why);
    err->source = "sortBy";
    return err;
}

static prov_err *resolve(apr_pool_t *p, const prov_registry *r, const char *by, path *out)
{
    const prov_schema *schema;
    const prov_attr *a = prov_schema_find(r, out->type, by, strlen(by), &schema);
    if (!a)
        return NULL;
    out->attr = a->parent ? a->parent : a;
    out->sub = a->parent ? a : NULL;
    if (a->type == PROV_TYPE_COMPLEX)
        out->sub = a->multi ? prov_schema_sub(a, "value", 5) : NULL;
    if (out->attr->type == PROV_TYPE_COMPLEX && !out->sub)
        return refuse(p, by, "is complex; name one of its sub-attributes");
    a = out->sub ? out->sub : out->attr;
    if (a->returned == PROV_RETURNED_NEVER || out->attr->returned == PROV_RETURNED_NEVER)
        return refuse(p, by, "is never returned, and so is no order");
    if (out->attr->multi)
        out->primary = prov_schema_sub(out->attr, "primary", 7);
    if (a->place == PROV_IN_HEADER)
        out->header = prov_filter_header(a);
    return NULL;
}

static prov_err *read_order(apr_pool_t *p, const char *order, bool *descending)
{
    static const char up[] = "ascending", down[] = "descending";
    size_t len = order ? strlen(order) : 0;
    *descending = order && prov_text_case_compare(order, len, down, sizeof down - 1) == 0;
    if (!order || *descending || prov_text_case_compare(order, len, up, sizeof up - 1) == 0)
        return NULL;
    prov_err *err =
        prov_err_make(p, 400, "invalidValue", "sortOrder must be ascending or descending");
    err->source = "sortOrder";
    return err;
}

prov_err *prov_sort_parse(apr_pool_t *p, const prov_registry *r, const prov_resource_type *type,
                          const char *by, const char *order, prov_sort **out)
{
    prov_sort *s = apr_pcalloc(p, sizeof *s);
    prov_err *err = read_order(p, order, &s->descending);
    bool any = false;
    *out = NULL;
    if (err || !by)
        return err;
    s->by = by;
    s->count = type ? 1 : prov_registry_type_count(r);
    s->paths = apr_pcalloc(p, s->count * sizeof *s->paths);
    for (int i = 0; i < s->count && !err; i++) {
        s->paths[i].type = type ? type : prov_registry_type(r, i);
        err = resolve(p, r, by, &s->paths[i]);
        any = any || s->paths[i].attr;
    }
    if (!err && !any)
        err = refuse(p, by, "is no attribute here");
    *out = err ? NULL : s;
    return err;
}

const char *prov_sort_print(apr_pool_t *p, const prov_sort *s)
{
    char *by = apr_pstrdup(p, s->by);
    for (char *c = by; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c |= 0x20;
    return apr_pstrcat(p, s->descending ? "-" : "+", by, NULL);
}

/* --- keys ----------------------------------------------------------------------------------- */

static void put(prov_sort_key *k, const void *data, size_t len)
{
    size_t left = sizeof k->data - k->len;
    len = len < left ? len : left;
    if (len)
        memcpy(k->data + k->len, data, len);
    k->len += len;
}

static void put_number(prov_sort_key *k, uint64_t bits)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(bits >> (56 - 8 * i));
    put(k, bytes, sizeof bytes);
}

#define SIGN (UINT64_C(1) << 63)

/* Numeric order of doubles is the order of these. */
static void put_decimal(prov_sort_key *k, double d)
{
    uint64_t bits;
    d = d == 0 ? 0 : d; /* there is one zero */
    memcpy(&bits, &d, sizeof bits);
    put_number(k, bits & SIGN ? ~bits : bits | SIGN);
}

/* What stands before an ASCII character folds as it does in the whole. */
static prov_bytes folded(apr_pool_t *scratch, prov_bytes text)
{
    prov_bytes head = text, out;
    if (text.len > TEXT_LOOKED_AT)
        for (head.len = TEXT_LOOKED_AT; head.len < text.len && head.data[head.len] & 0x80;)
            head.len++;
    out = prov_text_fold(scratch, head);
    return out.len < PROV_SORT_KEY && head.len < text.len ? prov_text_fold(scratch, text) : out;
}

/* As an index has it (store/index.h), as far as there is room. */
static prov_bytes comparable(const prov_attr *a, prov_bytes text, apr_pool_t *scratch)
{
    prov_bytes out;
    if (a->type == PROV_TYPE_BINARY) {
        text.len = text.len < TEXT_LOOKED_AT ? text.len : TEXT_LOOKED_AT;
        return prov_text_unbase64(scratch, text, &out) ? out : text;
    }
    if (a->precis)
        return prov_text_username(scratch, text, &out) ? folded(scratch, text) : out;
    return a->case_exact || a->type == PROV_TYPE_REFERENCE ? text : folded(scratch, text);
}

static void begin(prov_sort_key *k, const prov_attr *a)
{
    k->data[0] = THERE;
    k->data[1] = (uint8_t)a->type; /* a name may have another type in another type of resource */
    k->len = 2;
}

/* A name stands behind its domain's prefix. */
static void set(prov_sort_key *k, const prov_attr *a, prov_bytes prefix, const prov_value *v,
                apr_pool_t *scratch)
{
    if (v->type != a->type || v->type == PROV_TYPE_COMPLEX)
        return; /* stored under an earlier schema */
    prov_bytes text;
    begin(k, a);
    switch (a->type) {
    case PROV_TYPE_BOOLEAN:
        put(k, v->boolean ? "\1" : "\0", 1);
        break;
    case PROV_TYPE_INTEGER:
        put_number(k, (uint64_t)v->integer ^ SIGN);
        break;
    case PROV_TYPE_DECIMAL:
        put_decimal(k, v->number);
        break;
    case PROV_TYPE_DATETIME:
        put_number(k, (uint64_t)v->instant ^ SIGN);
        break;
    default:
        put(k, prefix.data, prefix.len);
        text = comparable(a, v->text, scratch);
        put(k, text.data, text.len);
    }
}

/* --- where the value is --------------------------------------------------------------------- */

static prov_value value_of(prov_item item)
{
    prov_value v = { .type = prov_item_type(item) };
    if (v.type == PROV_TYPE_BOOLEAN)
        v.boolean = prov_item_boolean(item);
    else if (v.type == PROV_TYPE_INTEGER)
        v.integer = prov_item_integer(item);
    else if (v.type == PROV_TYPE_DECIMAL)
        v.number = prov_item_number(item);
    else if (v.type == PROV_TYPE_DATETIME)
        v.instant = prov_item_instant(item);
    else if (v.type != PROV_TYPE_COMPLEX)
        v.text = prov_item_text(item);
    return v;
}

static bool is_primary(const path *at, prov_item value)
{
    prov_item flag;
    return at->primary && prov_item_type(value) == PROV_TYPE_COMPLEX &&
           prov_cursor_find(prov_item_fields(value), at->primary->number, &flag) &&
           prov_item_type(flag) == PROV_TYPE_BOOLEAN && prov_item_boolean(flag);
}

/* False: there is none. */
static bool choose(const path *at, prov_item field, prov_item *out)
{
    prov_item one;
    bool any = false;
    if (!prov_item_is_multi(field)) {
        *out = field;
        return true;
    }
    for (prov_cursor c = prov_item_values(field); prov_cursor_value(&c, &one);) {
        bool primary = is_primary(at, one);
        if (primary || !any)
            *out = one;
        any = true;
        if (primary)
            break;
    }
    return any;
}

static void key_of_record(const path *at, const prov_view *v, prov_sort_key *k)
{
    prov_item item;
    if (!prov_cursor_find(prov_record_fields(v->record), at->attr->number, &item) ||
        !choose(at, item, &item))
        return;
    if (at->sub && (prov_item_type(item) != PROV_TYPE_COMPLEX ||
                    !prov_cursor_find(prov_item_fields(item), at->sub->number, &item)))
        return;
    prov_value value = value_of(item);
    prov_bytes prefix = { NULL, 0 }; /* userName as everybody sees it: behind its domain */
    if (at->attr->precis && v->prefix.len)
        prefix = prov_text_fold(v->scratch, v->prefix);
    set(k, at->sub ? at->sub : at->attr, prefix, &value, v->scratch);
}

typedef struct first {
    const path *at;
    prov_sort_key *key;
    apr_pool_t *scratch;
} first;

/* What lies elsewhere has no primary. */
static bool take_first(void *baton, const prov_object *value)
{
    const first *f = baton;
    const prov_field *field = prov_object_get(value, f->at->sub);
    if (field && field->count)
        set(f->key, f->at->sub, (prov_bytes){ NULL, 0 }, &field->values[0], f->scratch);
    return false;
}

static const path *path_of(const prov_sort *s, const prov_resource_type *type)
{
    for (int i = 0; i < s->count; i++)
        if (s->paths[i].type == type)
            return s->paths[i].attr ? &s->paths[i] : NULL;
    return NULL;
}

void prov_sort_key_of(const prov_sort *s, const prov_view *v, prov_sort_key *out)
{
    const path *at = path_of(s, v->type);
    out->data[0] = MISSING;
    out->len = 1;
    if (!at)
        return;
    const prov_attr *a = at->sub ? at->sub : at->attr;
    prov_value value = { .type = a->type };
    first f = { at, out, v->scratch };
    if (at->attr->place == PROV_IN_RECORD)
        key_of_record(at, v, out);
    else if (at->header && at->header(v, &value))
        set(out, a, (prov_bytes){ NULL, 0 }, &value, v->scratch);
    else if (at->attr->place != PROV_IN_HEADER && at->sub && v->elsewhere)
        v->elsewhere(v, at->attr, take_first, &f);
}

int prov_sort_compare(const prov_sort *s, prov_bytes a, const prov_id *a_id, prov_bytes b,
                      const prov_id *b_id)
{
    int sign = prov_bytes_compare(a, b);
    if (sign)
        return s->descending ? -sign : sign;
    return memcmp(a_id->b, b_id->b, sizeof a_id->b);
}

/* --- what an index knows of it ---------------------------------------------------------------- */

const prov_attr *prov_sort_attr(const prov_sort *s, const prov_resource_type *type)
{
    const path *at = path_of(s, type);
    return !at ? NULL : at->sub ? at->sub : at->attr;
}

bool prov_sort_descends(const prov_sort *s)
{
    return s->descending;
}

void prov_sort_key_make(const prov_attr *a, prov_bytes prefix, prov_bytes value, prov_sort_key *out)
{
    begin(out, a);
    put(out, prefix.data, prefix.len);
    put(out, value.data, value.len);
}

bool prov_sort_key_read(const prov_attr *a, prov_bytes key, prov_bytes *value)
{
    if (key.len < 2 || key.data[0] != THERE || key.data[1] != (uint8_t)a->type)
        return false;
    *value = (prov_bytes){ key.data + 2, key.len - 2 };
    return true;
}
