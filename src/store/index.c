#include "store/index.h"
#include "base/crypt.h"
#include "base/text.h"

#include <apr_tables.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A longer text is cut to ... */
#define KEY_MOST   (PROV_INDEX_KEY_MOST - 1)
#define KEY_PREFIX 200 /* ... this, and a digest of the whole */

typedef struct index_row {
    const char *schema;
    const char *attr;
    const char *sub; /* NULL: the attribute itself */
    prov_index index;
} index_row;

static const index_row indexes[] = {
    { PROV_URN_COMMON, "externalId", NULL, { .always = true } },
    { PROV_URN_USER, "userName", NULL, { .unique = true, .always = true } },
    { PROV_URN_USER, "emails", "value", { .always = true } },
    { PROV_URN_GROUP, "displayName", NULL, { .always = true } },
    { PROV_URN_USER, "displayName", NULL, { .always = false } },
};
#define INDEXES (sizeof indexes / sizeof *indexes)

static const prov_index *built_in(const prov_attr *a)
{
    const prov_attr *top = a->parent ? a->parent : a;
    for (size_t i = 0; i < INDEXES; i++) {
        const index_row *row = &indexes[i];
        if ((a != top) == (row->sub != NULL) && strcmp(row->attr, top->name) == 0 &&
            (a == top || strcmp(row->sub, a->name) == 0) && strcmp(row->schema, top->schema) == 0)
            return &row->index;
    }
    return NULL;
}

const prov_index *prov_index_of(const prov_attr *a)
{
    /* Server and global are the same to one server. */
    static const prov_index unique = { .unique = true, .everywhere = true };
    static const prov_index asked_for = { .unique = false };
    const prov_index *index = built_in(a);
    if (index)
        return index;
    if (a->uniqueness != PROV_UNIQUE_NONE && a->place == PROV_IN_RECORD)
        return &unique;
    return a->indexed ? &asked_for : NULL;
}

/* Every key begins with the normalisation's version, so that none is empty. */
prov_bytes prov_index_text_key(apr_pool_t *p, prov_bytes text)
{
    prov_buf b;
    uint8_t digest[PROV_DIGEST_LEN];
    prov_buf_init(&b, p, 1 + (text.len > KEY_MOST ? KEY_PREFIX + sizeof digest : text.len));
    prov_buf_byte(&b, PROV_TEXT_VERSION);
    if (text.len > KEY_MOST) {
        prov_sha256(text, digest);
        prov_buf_add(&b, text.data, KEY_PREFIX);
        prov_buf_add(&b, digest, sizeof digest);
    } else {
        prov_buf_add(&b, text.data, text.len);
    }
    return prov_buf_bytes(&b);
}

bool prov_index_is_exact(const prov_attr *a)
{
    return a->type == PROV_TYPE_STRING && !a->precis && a->case_exact;
}

static prov_err *normalise(apr_pool_t *p, const prov_attr *a, prov_bytes text, prov_bytes *key)
{
    prov_bytes plain = text;
    if (a->precis) {
        prov_err *err = prov_text_username(p, text, &plain);
        if (err) {
            err = prov_err_push(p, err, "%s is not a name that can be used", a->name);
            err->http = 400;
            err->scim_type = "invalidValue";
            err->source = a->name;
            return err;
        }
    } else if (!a->case_exact && a->type == PROV_TYPE_STRING) {
        plain = prov_text_fold(p, text);
    }
    *key = prov_index_text_key(p, plain);
    return NULL;
}

uint64_t prov_index_decimal(double v)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;
    v = v == 0 ? 0 : v; /* no -0 */
    memcpy(&bits, &v, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}

static prov_bytes number(apr_pool_t *p, uint64_t ordered)
{
    prov_buf b;
    prov_buf_init(&b, p, sizeof ordered);
    prov_put_u64(&b, ordered);
    return prov_buf_bytes(&b);
}

/* What two equal values have in common, whatever the form they were written in. */
static prov_bytes essence(apr_pool_t *p, const prov_attr *a, const prov_value *v)
{
    prov_bytes decoded = v->text;
    switch (a->type) {
    case PROV_TYPE_INTEGER:
        return number(p, prov_index_integer(v->integer));
    case PROV_TYPE_DATETIME:
        return number(p, prov_index_integer(v->instant));
    case PROV_TYPE_DECIMAL:
        return number(p, prov_index_decimal(v->number));
    case PROV_TYPE_BINARY:
        prov_text_unbase64(p, v->text, &decoded);
        return decoded;
    default:
        return v->text;
    }
}

static void push(apr_array_header_t *keys, const prov_attr *a, bool unique, bool everywhere,
                 prov_bytes key)
{
    APR_ARRAY_PUSH(keys, prov_index_key) = (prov_index_key){ a->number, unique, everywhere, key };
}

/* Who has an empty value has none that another could not have. */
static prov_err *add_key(apr_pool_t *p, apr_array_header_t *keys, const prov_attr *a,
                         const prov_index *index, const prov_value *v)
{
    prov_bytes normal, ordered, text = essence(p, a, v);
    if (index->everywhere && !text.len)
        return NULL;
    prov_err *err = normalise(p, a, text, &normal);
    if (err)
        return err;
    push(keys, a, index->unique, index->everywhere, normal);
    if (a->precis) {
        ordered = prov_index_text_key(p, prov_text_fold(p, text));
        if (!prov_bytes_equal(ordered, normal))
            push(keys, a, false, false, ordered);
    }
    return NULL;
}

static prov_err *add_values(apr_pool_t *p, apr_array_header_t *keys, const prov_field *f)
{
    const prov_index *index = prov_index_of(f->attr);
    for (int i = 0; index && i < f->count; i++) {
        prov_err *err = add_key(p, keys, f->attr, index, &f->values[i]);
        if (err)
            return err;
    }
    return NULL;
}

static prov_err *add_field(apr_pool_t *p, apr_array_header_t *keys, const prov_field *f)
{
    if (!f->attr)
        return NULL;
    if (f->attr->type != PROV_TYPE_COMPLEX)
        return add_values(p, keys, f);
    for (int i = 0; i < f->count; i++) {
        const prov_object *value = f->values[i].object;
        for (int j = 0; value && j < value->count; j++) {
            if (!value->fields[j].attr)
                continue;
            prov_err *err = add_values(p, keys, &value->fields[j]);
            if (err)
                return err;
        }
    }
    return NULL;
}

static int by_attr_and_key(const void *x, const void *y)
{
    const prov_index_key *a = x, *b = y;
    if (a->attr != b->attr)
        return a->attr < b->attr ? -1 : 1;
    if (a->unique != b->unique)
        return a->unique ? -1 : 1;
    return prov_bytes_compare(a->key, b->key);
}

/* Two e-mail addresses may differ in type only; an index has an entry once. */
static int drop_repeated(prov_index_key *keys, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (kept == 0 || by_attr_and_key(&keys[kept - 1], &keys[i]) != 0)
            keys[kept++] = keys[i];
    return kept;
}

prov_err *prov_index_keys(apr_pool_t *p, const prov_resource_type *t, const prov_object *o,
                          const prov_index_key **keys, int *count)
{
    apr_array_header_t *found = apr_array_make(p, INDEXES, sizeof(prov_index_key));
    for (int i = 0; i < o->count; i++) {
        prov_err *err = add_field(p, found, &o->fields[i]);
        if (err)
            return err;
    }
    if (found->nelts)
        qsort(found->elts, (size_t)found->nelts, sizeof(prov_index_key), by_attr_and_key);
    prov_index_key *all = (prov_index_key *)(void *)found->elts;
    *count = drop_repeated(all, found->nelts);
    *keys = all;
    return NULL;
}

bool prov_index_key_of(apr_pool_t *p, const prov_attr *a, prov_bytes text, prov_bytes *key)
{
    if (!prov_index_of(a))
        return false;
    /* No resource can bear what cannot be normalised, and none has an empty key. */
    if (normalise(p, a, text, key))
        *key = prov_bytes_of("");
    return true;
}

bool prov_index_equal_to(apr_pool_t *p, const prov_term *t, prov_bytes *key)
{
    prov_type type = t->attr->type;
    if (t->op != PROV_OP_EQ ||
        (type != PROV_TYPE_STRING && type != PROV_TYPE_REFERENCE && type != PROV_TYPE_BINARY))
        return false;
    if (normalise(p, t->attr, essence(p, t->attr, t->value), key))
        *key = prov_bytes_of("");
    return true;
}

/* --- ranges --------------------------------------------------------------------------------- */

/* A bound that is longer than what an index has of a long value ends there. */
static prov_bytes bound(apr_pool_t *p, prov_bytes want)
{
    return prov_index_text_key(
        p, (prov_bytes){ want.data, want.len < KEY_PREFIX ? want.len : KEY_PREFIX });
}

static bool range(prov_filter_op op, prov_bytes low, prov_bytes high, prov_index_range *out)
{
    static const prov_bytes none;
    bool below = op == PROV_OP_LT || op == PROV_OP_LE, above = op == PROV_OP_GT || op == PROV_OP_GE;
    if (!below && !above && op != PROV_OP_EQ && op != PROV_OP_PR)
        return false;
    *out = (prov_index_range){ below || op == PROV_OP_PR ? none : low,
                               above || op == PROV_OP_PR ? none : high };
    return true;
}

bool prov_index_text_range(apr_pool_t *p, prov_filter_op op, prov_bytes want, prov_index_range *out)
{
    prov_bytes key = bound(p, want);
    return range(op == PROV_OP_SW ? PROV_OP_EQ : op, key, key, out);
}

/* Any number stands between two integers. */
static int64_t whole(double d)
{
    return d >= 0x1p63 ? INT64_MAX : d < -0x1p63 ? INT64_MIN : (int64_t)d;
}

static bool integer_range(apr_pool_t *p, const prov_term *t, prov_index_range *out)
{
    int64_t low = t->value->integer, high = low;
    if (t->op != PROV_OP_PR && t->value->type == PROV_TYPE_DECIMAL) {
        low = whole(floor(t->value->number));
        high = whole(ceil(t->value->number));
    }
    return range(t->op, prov_index_text_key(p, number(p, prov_index_integer(low))),
                 prov_index_text_key(p, number(p, prov_index_integer(high))), out);
}

bool prov_index_range_of(apr_pool_t *p, const prov_term *t, prov_index_range *out)
{
    prov_bytes key;
    switch (t->attr->type) {
    case PROV_TYPE_STRING:
    case PROV_TYPE_REFERENCE:
        return prov_index_text_range(p, t->op, t->want, out);
    case PROV_TYPE_INTEGER:
        return integer_range(p, t, out);
    case PROV_TYPE_DECIMAL:
    case PROV_TYPE_DATETIME:
        key = prov_index_text_key(p, essence(p, t->attr, t->value));
        return range(t->op, key, key, out);
    default: /* bytes are compared by what they were written as */
        return t->op == PROV_OP_PR && range(t->op, prov_bytes_of(NULL), prov_bytes_of(NULL), out);
    }
}
