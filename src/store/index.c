#include "store/index.h"
#include "base/crypt.h"
#include "base/text.h"

#include <apr_tables.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MOST   (PROV_INDEX_KEY_MOST - 1) /* a longer text is cut to ... */
#define KEY_PREFIX 200                       /* ... this, and a digest of the whole */

typedef struct index_row {
    const char *schema;
    const char *attr;
    const char *sub; /* NULL: the attribute itself */
    bool unique;     /* within the domain */
    bool everywhere; /* in all domains */
} index_row;

static const index_row indexes[] = {
    { PROV_URN_COMMON, "externalId", NULL, false, false },
    { PROV_URN_USER, "userName", NULL, true, false },
    { PROV_URN_USER, "emails", "value", false, false },
    { PROV_URN_GROUP, "displayName", NULL, false, false },
};
#define INDEXES (sizeof indexes / sizeof *indexes)

static const index_row *row_named(const prov_attr *a)
{
    const prov_attr *top = a->parent ? a->parent : a;
    for (size_t i = 0; i < INDEXES; i++) {
        const index_row *row = &indexes[i];
        if (strcmp(row->attr, top->name) != 0 || strcmp(row->schema, top->schema) != 0)
            continue;
        if (a == top ? !row->sub : row->sub && strcmp(row->sub, a->name) == 0)
            return row;
    }
    return NULL;
}

/* Whatever else is declared unique: server and global are the same to one server. */
static const index_row declared = { NULL, NULL, NULL, true, true };

static const index_row *row_of(const prov_attr *a)
{
    const index_row *row = row_named(a);
    if (row || a->uniqueness == PROV_UNIQUE_NONE || a->place != PROV_IN_RECORD)
        return row;
    return &declared;
}

/* Every key begins with the normalisation's version, so that none is empty. */
static prov_bytes finish(apr_pool_t *p, prov_bytes text)
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
    *key = finish(p, plain);
    return NULL;
}

/* What two equal values have in common, whatever the form they were written in. */
static prov_bytes essence(apr_pool_t *p, const prov_attr *a, const prov_value *v)
{
    prov_bytes decoded = v->text;
    prov_buf b;
    switch (a->type) {
    case PROV_TYPE_INTEGER:
        prov_buf_init(&b, p, sizeof(uint64_t));
        prov_put_u64(&b, (uint64_t)v->integer);
        return prov_buf_bytes(&b);
    case PROV_TYPE_DATETIME:
        prov_buf_init(&b, p, sizeof(uint64_t));
        prov_put_u64(&b, (uint64_t)v->instant);
        return prov_buf_bytes(&b);
    case PROV_TYPE_DECIMAL:
        prov_buf_init(&b, p, sizeof(double));
        prov_buf_add(&b, &(double){ v->number == 0 ? 0 : v->number }, sizeof(double)); /* no -0 */
        return prov_buf_bytes(&b);
    case PROV_TYPE_BINARY:
        prov_text_unbase64(p, v->text, &decoded);
        return decoded;
    default:
        return v->text;
    }
}

/* Who has an empty value has none that another could not have. */
static prov_err *add_key(apr_pool_t *p, apr_array_header_t *keys, const prov_attr *a,
                         const index_row *row, const prov_value *v)
{
    prov_bytes normal, text = essence(p, a, v);
    if (row->everywhere && !text.len)
        return NULL;
    prov_err *err = normalise(p, a, text, &normal);
    if (err)
        return err;
    APR_ARRAY_PUSH(keys, prov_index_key) =
        (prov_index_key){ a->number, row->unique, row->everywhere, normal };
    return NULL;
}

static prov_err *add_values(apr_pool_t *p, apr_array_header_t *keys, const prov_field *f)
{
    const index_row *row = row_of(f->attr);
    for (int i = 0; row && i < f->count; i++) {
        prov_err *err = add_key(p, keys, f->attr, row, &f->values[i]);
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
    if (!row_named(a))
        return false;
    /* No resource can bear what cannot be normalised, and none has an empty key. */
    if (normalise(p, a, text, key))
        *key = prov_bytes_of("");
    return true;
}

bool prov_index_start_of(apr_pool_t *p, const prov_attr *a, prov_bytes normal, prov_bytes *start)
{
    if (!row_named(a) || !normal.len || normal.len > KEY_PREFIX)
        return false;
    *start = finish(p, normal);
    return true;
}
