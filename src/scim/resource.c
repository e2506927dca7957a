#include "scim/record.h"
#include <endian.h>
#include <string.h>

/* Head: format, type, domain, flags (16 bits each), version, created, modified (64 each), length
 * of the fields and check sum (32 each). */
enum { AT_TYPE = 2, AT_DOMAIN = 4, AT_FLAGS = 6, AT_VERSION = 8, AT_CREATED = 16 };
enum { AT_MODIFIED = 24, AT_LENGTH = 32, AT_SUM = 36 };

static inline uint64_t get_fixed(const uint8_t *at, int width)
{
    uint64_t v = 0;
    memcpy((uint8_t *)&v + sizeof v - width, at, (size_t)width);
    return be64toh(v);
}

static void set_fixed(uint8_t *at, int width, uint64_t v)
{
    for (int i = width - 1; i >= 0; i--, v >>= 8)
        at[i] = (uint8_t)v;
}

/* Eight bytes at a time; finds damage, not malice. */
static uint32_t sum_of(const uint8_t *data, size_t len)
{
    uint64_t sum = len + 1;
    for (; len >= 8; data += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        sum = (sum ^ le64toh(word)) * 0x9E3779B97F4A7C15u;
        sum ^= sum >> 32;
    }
    for (; len; data++, len--) {
        sum = (sum ^ *data) * 0x9E3779B97F4A7C15u;
        sum ^= sum >> 32;
    }
    return (uint32_t)sum;
}

prov_head prov_record_head(prov_record rec)
{
    static const uint8_t none[PROV_RECORD_HEAD];
    const uint8_t *at = rec.bytes.len < PROV_RECORD_HEAD ? none : rec.bytes.data;
    return (prov_head){
        .type = (uint16_t)get_fixed(at + AT_TYPE, 2),
        .domain = (uint16_t)get_fixed(at + AT_DOMAIN, 2),
        .flags = (uint16_t)get_fixed(at + AT_FLAGS, 2),
        .version = get_fixed(at + AT_VERSION, 8),
        .created = (apr_time_t)get_fixed(at + AT_CREATED, 8),
        .modified = (apr_time_t)get_fixed(at + AT_MODIFIED, 8),
    };
}

/* The sum is that of the head xor that of the fields: a new head needs no look at the fields. */
void prov_record_set_head(uint8_t head[PROV_RECORD_HEAD], const prov_head *h)
{
    uint32_t fields = (uint32_t)get_fixed(head + AT_SUM, 4) ^ sum_of(head, AT_SUM);
    set_fixed(head, 2, PROV_RECORD_FORMAT);
    set_fixed(head + AT_TYPE, 2, h->type);
    set_fixed(head + AT_DOMAIN, 2, h->domain);
    set_fixed(head + AT_FLAGS, 2, h->flags);
    set_fixed(head + AT_VERSION, 8, h->version);
    set_fixed(head + AT_CREATED, 8, (uint64_t)h->created);
    set_fixed(head + AT_MODIFIED, 8, (uint64_t)h->modified);
    set_fixed(head + AT_SUM, 4, fields ^ sum_of(head, AT_SUM));
}

prov_record prov_record_seal(prov_buf *b, const prov_head *h)
{
    uint8_t *head = b->data;
    size_t len = b->len - PROV_RECORD_HEAD;
    memset(head, 0, PROV_RECORD_HEAD);
    set_fixed(head + AT_LENGTH, 4, len);
    set_fixed(head + AT_SUM, 4, sum_of(head, AT_SUM) ^ sum_of(head + PROV_RECORD_HEAD, len));
    prov_record_set_head(head, h);
    return (prov_record){ prov_buf_bytes(b) };
}

/* --- walking ------------------------------------------------------------------------------ */

static const uint8_t nothing[1];

static prov_cursor cursor_over(prov_bytes b)
{
    const uint8_t *at = b.len ? b.data : nothing;
    return (prov_cursor){ { at, at + b.len, false } };
}

prov_cursor prov_record_fields(prov_record rec)
{
    if (rec.bytes.len < PROV_RECORD_HEAD)
        return cursor_over((prov_bytes){ nothing, 0 });
    return cursor_over(
        (prov_bytes){ rec.bytes.data + PROV_RECORD_HEAD, rec.bytes.len - PROV_RECORD_HEAD });
}

bool prov_cursor_value(prov_cursor *c, prov_item *out)
{
    return prov_step_value(c, out);
}

bool prov_cursor_next(prov_cursor *c, prov_item *out)
{
    return prov_step_field(c, out);
}

bool prov_cursor_find(prov_cursor c, uint16_t number, prov_item *out)
{
    while (prov_step_field(&c, out) && out->number <= number)
        if (out->number == number)
            return true;
    return false;
}

bool prov_item_is_multi(prov_item f)
{
    return f.tag & PROV_TAG_MULTI;
}

prov_cursor prov_item_values(prov_item multi)
{
    return cursor_over(multi.payload);
}

prov_cursor prov_item_fields(prov_item complex)
{
    bool is_complex = complex.tag == PROV_TYPE_COMPLEX;
    return cursor_over(is_complex ? complex.payload : (prov_bytes){ nothing, 0 });
}

prov_type prov_item_type(prov_item v)
{
    return v.tag & PROV_TAG_TYPE;
}

bool prov_item_boolean(prov_item v)
{
    return v.tag == PROV_TYPE_BOOLEAN && v.payload.len == 1 && v.payload.data[0];
}

static uint64_t eight_bytes(prov_item v)
{
    return v.payload.len >= 8 ? get_fixed(v.payload.data, 8) : 0;
}

int64_t prov_item_integer(prov_item v)
{
    return (int64_t)eight_bytes(v);
}

double prov_item_number(prov_item v)
{
    uint64_t bits = eight_bytes(v);
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

apr_time_t prov_item_instant(prov_item v)
{
    return (apr_time_t)eight_bytes(v);
}

prov_bytes prov_item_text(prov_item v)
{
    switch (v.tag) {
    case PROV_TYPE_STRING:
    case PROV_TYPE_REFERENCE:
    case PROV_TYPE_BINARY:
        return v.payload;
    case PROV_TYPE_DATETIME:
        if (v.payload.len >= 8)
            return (prov_bytes){ v.payload.data + 8, v.payload.len - 8 };
        break;
    }
    return (prov_bytes){ nothing, 0 };
}

/* --- checking ----------------------------------------------------------------------------- */

static bool check_fields(prov_cursor c, int depth);

static bool check_value(prov_item v, int depth)
{
    if (v.tag & PROV_TAG_LARGE)
        return v.payload.len == PROV_DIGEST_PART && prov_item_is_text(v.tag & PROV_TAG_TYPE) &&
               !(v.tag & ~(PROV_TAG_LARGE | PROV_TAG_TYPE));
    switch (v.tag) {
    case PROV_TYPE_STRING:
    case PROV_TYPE_REFERENCE:
    case PROV_TYPE_BINARY:
        return true;
    case PROV_TYPE_BOOLEAN:
        return v.payload.len == 1 && v.payload.data[0] <= 1;
    case PROV_TYPE_INTEGER:
    case PROV_TYPE_DECIMAL:
        return v.payload.len == 8;
    case PROV_TYPE_DATETIME:
        return v.payload.len >= 8;
    case PROV_TYPE_COMPLEX:
        return check_fields(prov_item_fields(v), depth + 1);
    default:
        return false;
    }
}

static bool check_field(prov_item f, int depth)
{
    if (!prov_item_is_multi(f))
        return check_value(f, depth);
    if (f.tag & ~(PROV_TAG_MULTI | PROV_TAG_TYPE))
        return false;
    prov_cursor values = prov_item_values(f);
    prov_item v;
    while (prov_cursor_value(&values, &v))
        if (prov_item_type(v) != prov_item_type(f) || prov_item_is_multi(v) ||
            !check_value(v, depth))
            return false;
    return !values.in.bad;
}

static bool check_fields(prov_cursor c, int depth)
{
    int last = -1;
    prov_item f;
    if (depth > PROV_RECORD_DEPTH)
        return false;
    while (prov_cursor_next(&c, &f)) {
        if (f.number <= last || !check_field(f, depth))
            return false;
        last = f.number;
    }
    return !c.in.bad;
}

prov_err *prov_record_check(apr_pool_t *p, prov_record rec)
{
    const uint8_t *head = rec.bytes.data;
    size_t len = rec.bytes.len;
    if (len < PROV_RECORD_HEAD || get_fixed(head + AT_LENGTH, 4) != len - PROV_RECORD_HEAD)
        return prov_err_make(p, 500, NULL, "A record is cut short or too long (%zu bytes)", len);
    if (get_fixed(head, 2) != PROV_RECORD_FORMAT)
        return prov_err_make(p, 500, NULL, "A record has the format %u, this program knows %d",
                             (unsigned)get_fixed(head, 2), PROV_RECORD_FORMAT);
    uint32_t sum = sum_of(head, AT_SUM) ^ sum_of(head + PROV_RECORD_HEAD, len - PROV_RECORD_HEAD);
    if (get_fixed(head + AT_SUM, 4) != sum)
        return prov_err_make(p, 500, NULL, "A record does not agree with its check sum");
    if (!check_fields(prov_record_fields(rec), 0))
        return prov_err_make(p, 500, NULL, "A record's fields are not well formed");
    return NULL;
}
