#include "base/crypt.h"
#include "scim/record.h"
#include <stdlib.h>
#include <string.h>

/* A length is known only when what it measures is written: its varint is put in front then. */
static void put_length_at(prov_buf *b, size_t start)
{
    size_t len = b->len - start, width = 1;
    for (size_t rest = len; rest >= 0x80; rest >>= 7)
        width++;
    prov_buf_extend(b, width);
    memmove(b->data + start + width, b->data + start, len);
    b->len = start;
    prov_put_varint(b, len);
    b->len += len;
}

/* --- a tree to fields --------------------------------------------------------------------- */

static void put_fields(prov_buf *b, const prov_object *o);

static void put_decimal(prov_buf *b, double number)
{
    uint64_t bits;
    double one_zero = number == 0 ? 0 : number; /* -0 and 0 are equal trees */
    memcpy(&bits, &one_zero, sizeof bits);
    prov_put_u64(b, bits);
}

static void put_item(prov_buf *b, uint8_t tag, prov_bytes payload)
{
    prov_buf_byte(b, tag);
    prov_put_varint(b, payload.len);
    prov_buf_add(b, payload.data, payload.len);
}

static void put_value(prov_buf *b, const prov_value *v)
{
    if (prov_item_is_text(v->type)) {
        put_item(b, (uint8_t)v->type, v->text);
        return;
    }
    prov_buf_byte(b, v->type);
    size_t start = b->len;
    switch (v->type) {
    case PROV_TYPE_BOOLEAN:
        prov_buf_byte(b, v->boolean);
        break;
    case PROV_TYPE_INTEGER:
        prov_put_u64(b, (uint64_t)v->integer);
        break;
    case PROV_TYPE_DECIMAL:
        put_decimal(b, v->number);
        break;
    case PROV_TYPE_DATETIME:
        prov_put_u64(b, (uint64_t)v->instant);
        prov_buf_add(b, v->text.data, v->text.len);
        break;
    case PROV_TYPE_COMPLEX:
        put_fields(b, v->object);
        break;
    default:
        break;
    }
    put_length_at(b, start);
}

static bool is_empty(const prov_value *v)
{
    if (v->type != PROV_TYPE_COMPLEX)
        return false;
    for (int i = 0; i < v->object->count; i++) {
        const prov_field *f = &v->object->fields[i];
        if (!f->attr)
            return false;
        for (int n = 0; n < f->count; n++)
            if (!is_empty(&f->values[n]))
                return false;
    }
    return true;
}

/* What is unassigned leaves no trace, or equal trees would differ. */
static void put_field(prov_buf *b, const prov_field *f)
{
    size_t before = b->len;
    prov_put_varint(b, f->number);
    if (!f->attr) {
        prov_buf_add(b, f->raw.data, f->raw.len);
        return;
    }
    size_t start = b->len + 1;
    if (f->attr->multi)
        prov_buf_byte(b, f->attr->type | PROV_TAG_MULTI);
    int written = 0;
    for (int i = 0; i < f->count; i++) {
        if (is_empty(&f->values[i]))
            continue;
        put_value(b, &f->values[i]);
        written++;
    }
    if (!written)
        b->len = before;
    else if (f->attr->multi)
        put_length_at(b, start);
}

static int by_number(const void *a, const void *b)
{
    return (*(const prov_field *const *)a)->number - (*(const prov_field *const *)b)->number;
}

static void put_fields(prov_buf *b, const prov_object *o)
{
    const prov_field *few[32];
    const prov_field **order = few;
    if (o->count > 32)
        order = apr_palloc(b->pool, o->count * sizeof *order);
    bool sorted = true;
    for (int i = 0; i < o->count; i++) {
        order[i] = &o->fields[i];
        sorted = sorted && (i == 0 || order[i - 1]->number < order[i]->number);
    }
    if (!sorted)
        qsort(order, o->count, sizeof *order, by_number);
    for (int i = 0; i < o->count; i++)
        put_field(b, order[i]);
}

/* --- large values ------------------------------------------------------------------------- */

typedef enum { COPIED, CHANGED, DROPPED } outcome;

/* A pass over a record; `put` writes a value otherwise than it was, or leaves it to be copied. */
typedef struct pass {
    prov_buf *b;
    outcome (*put)(struct pass *pass, prov_item v);
    prov_record_large *large;
    prov_record_fetch *fetch;
    void *baton;
    int depth;
    bool left; /* a large value is elsewhere in what was written */
} pass;

static void pass_fields(pass *s, prov_cursor fields);

static bool pass_value(pass *s, prov_item v)
{
    if (v.tag == PROV_TYPE_COMPLEX && s->depth < PROV_RECORD_DEPTH) {
        prov_buf_byte(s->b, v.tag);
        size_t start = s->b->len;
        s->depth++;
        pass_fields(s, prov_item_fields(v));
        s->depth--;
        put_length_at(s->b, start);
        return true;
    }
    outcome done = s->put(s, v);
    if (done == COPIED)
        put_item(s->b, v.tag, v.payload);
    return done != DROPPED;
}

static void pass_fields(pass *s, prov_cursor fields)
{
    prov_item f, v;
    while (prov_cursor_next(&fields, &f)) {
        size_t before = s->b->len;
        prov_put_varint(s->b, f.number);
        if (!prov_item_is_multi(f)) {
            if (!pass_value(s, f))
                s->b->len = before;
            continue;
        }
        prov_buf_byte(s->b, f.tag);
        size_t start = s->b->len;
        prov_cursor values = prov_item_values(f);
        while (prov_cursor_value(&values, &v))
            pass_value(s, v);
        if (s->b->len == start)
            s->b->len = before;
        else
            put_length_at(s->b, start);
    }
}

static outcome put_apart(pass *s, prov_item v)
{
    if (!prov_item_is_text(v.tag) || v.payload.len <= PROV_LARGE_VALUE)
        return COPIED;
    uint8_t digest[PROV_DIGEST_LEN];
    prov_sha256(v.payload, digest);
    s->large(s->baton, digest, v.payload);
    put_item(s->b, v.tag | PROV_TAG_LARGE, (prov_bytes){ digest, PROV_DIGEST_PART });
    s->left = true;
    return CHANGED;
}

/* A value that cannot be found is left out; `provisionctl check` names it from the stored form. */
static outcome put_back(pass *s, prov_item v)
{
    if (!(v.tag & PROV_TAG_LARGE) || v.payload.len != PROV_DIGEST_PART)
        return COPIED;
    prov_bytes value = s->fetch(s->baton, v.payload.data);
    if (!value.len)
        return DROPPED;
    put_item(s->b, v.tag & PROV_TAG_TYPE, value);
    return CHANGED;
}

static prov_record rewrite(apr_pool_t *p, pass *s, prov_record rec)
{
    prov_buf b;
    prov_buf_init(&b, p, rec.bytes.len + 64);
    prov_buf_extend(&b, PROV_RECORD_HEAD);
    s->b = &b;
    pass_fields(s, prov_record_fields(rec));
    prov_head head = prov_record_head(rec);
    head.flags = (uint16_t)((head.flags & ~PROV_RECORD_LARGE) | (s->left ? PROV_RECORD_LARGE : 0));
    return prov_record_seal(&b, &head);
}

prov_record prov_record_write(apr_pool_t *p, const prov_head *h, const prov_object *o)
{
    prov_buf b;
    prov_buf_init(&b, p, 512);
    prov_buf_extend(&b, PROV_RECORD_HEAD);
    put_fields(&b, o);
    prov_head head = *h;
    head.flags &= (uint16_t)~PROV_RECORD_LARGE;
    return prov_record_seal(&b, &head);
}

prov_record prov_record_split(apr_pool_t *p, prov_record rec, prov_record_large *large, void *baton)
{
    if (rec.bytes.len <= PROV_LARGE_VALUE)
        return rec;
    pass s = { .put = put_apart, .large = large, .baton = baton };
    return rewrite(p, &s, rec);
}

prov_record prov_record_join(apr_pool_t *p, prov_record rec, prov_record_fetch *fetch, void *baton)
{
    if (!(prov_record_head(rec).flags & PROV_RECORD_LARGE))
        return rec;
    pass s = { .put = put_back, .fetch = fetch, .baton = baton };
    return rewrite(p, &s, rec);
}

typedef struct naming {
    prov_record_digest *each;
    void *baton;
    int depth;
} naming;

static void name_fields(naming *n, prov_cursor c);

static void name_value(naming *n, prov_item v)
{
    if (v.tag & PROV_TAG_LARGE && v.payload.len == PROV_DIGEST_PART) {
        n->each(n->baton, v.payload.data);
    } else if (v.tag == PROV_TYPE_COMPLEX && n->depth < PROV_RECORD_DEPTH) {
        n->depth++;
        name_fields(n, prov_item_fields(v));
        n->depth--;
    }
}

static void name_fields(naming *n, prov_cursor c)
{
    prov_item f, v;
    while (prov_cursor_next(&c, &f)) {
        if (!prov_item_is_multi(f)) {
            name_value(n, f);
            continue;
        }
        prov_cursor values = prov_item_values(f);
        while (prov_cursor_value(&values, &v))
            name_value(n, v);
    }
}

void prov_record_large_each(prov_record rec, prov_record_digest *each, void *baton)
{
    naming n = { each, baton, 0 };
    if (prov_record_head(rec).flags & PROV_RECORD_LARGE)
        name_fields(&n, prov_record_fields(rec));
}
