#include "store/packed.h"

#include <string.h>

static uint64_t load(const uint8_t *at, unsigned size)
{
    uint64_t v8;
    uint32_t v4;
    uint16_t v2;
    switch (size) {
    case 8:
        memcpy(&v8, at, 8);
        return v8;
    case 4:
        memcpy(&v4, at, 4);
        return v4;
    case 2:
        memcpy(&v2, at, 2);
        return v2;
    default:
        return *at;
    }
}

static void save(uint8_t *at, unsigned size, uint64_t v)
{
    uint32_t v4 = (uint32_t)v;
    uint16_t v2 = (uint16_t)v;
    switch (size) {
    case 8:
        memcpy(at, &v, 8);
        break;
    case 4:
        memcpy(at, &v4, 4);
        break;
    case 2:
        memcpy(at, &v2, 2);
        break;
    default:
        *at = (uint8_t)v;
    }
}

static bool is_there(const prov_packed_field *f, const uint8_t *at)
{
    if (f->kind == PROV_PACKED_BYTES)
        return ((const prov_bytes *)(const void *)at)->len > 0;
    for (unsigned i = 0; i < f->size; i++)
        if (at[i])
            return true;
    return false;
}

void prov_packed_write(prov_buf *b, const prov_packed_field *fields, int count, const void *from)
{
    uint64_t there = 0;
    for (int i = 0; i < count; i++)
        if (is_there(&fields[i], (const uint8_t *)from + fields[i].at))
            there |= (uint64_t)1 << i;
    prov_put_varint(b, there);
    for (int i = 0; i < count; i++) {
        const prov_packed_field *f = &fields[i];
        const uint8_t *at = (const uint8_t *)from + f->at;
        const prov_bytes *bytes = (const void *)at;
        if (!(there >> i & 1))
            continue;
        if (f->kind == PROV_PACKED_NUMBER) {
            prov_put_varint(b, load(at, f->size));
        } else if (f->kind == PROV_PACKED_FIXED) {
            prov_buf_add(b, at, f->size);
        } else {
            prov_put_varint(b, bytes->len);
            prov_buf_add(b, bytes->data, bytes->len);
        }
    }
}

static bool read_number(prov_reader *r, const prov_packed_field *f, uint8_t *at)
{
    uint64_t v = prov_get_varint(r);
    if (f->size < 8 && v >> (8 * f->size))
        return false;
    if (f->most && v > f->most)
        return false;
    save(at, f->size, v);
    return true;
}

static bool read_field(prov_reader *r, const prov_packed_field *f, uint8_t *at)
{
    prov_bytes bytes;
    switch (f->kind) {
    case PROV_PACKED_NUMBER:
        return read_number(r, f, at);
    case PROV_PACKED_FIXED:
        bytes = prov_get_bytes(r, f->size);
        memcpy(at, bytes.data, bytes.len);
        return true;
    default:
        bytes = prov_get_bytes(r, prov_get_varint(r));
        memcpy(at, &bytes, sizeof bytes);
        return true;
    }
}

bool prov_packed_read(prov_bytes row, const prov_packed_field *fields, int count, void *into)
{
    prov_reader r = prov_read(row);
    uint64_t there = prov_get_varint(&r);
    if (there >> count)
        return false;
    for (int i = 0; i < count; i++)
        if (there >> i & 1 && !read_field(&r, &fields[i], (uint8_t *)into + fields[i].at))
            return false;
    return !r.bad && r.at == r.end;
}
