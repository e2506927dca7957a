#include "base/bytes.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_ROOM 64

static const uint8_t nothing[1] = { 0 };

prov_bytes prov_bytes_of(const char *text)
{
    if (!text)
        return (prov_bytes){ nothing, 0 };
    return (prov_bytes){ (const uint8_t *)text, strlen(text) };
}

bool prov_bytes_equal(prov_bytes a, prov_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int prov_bytes_compare(prov_bytes a, prov_bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

prov_bytes prov_bytes_copy(apr_pool_t *p, prov_bytes b)
{
    if (b.len == 0)
        return (prov_bytes){ nothing, 0 };
    return (prov_bytes){ apr_pmemdup(p, b.data, b.len), b.len };
}

char *prov_bytes_text(apr_pool_t *p, prov_bytes b)
{
    char *text = apr_palloc(p, b.len + 1);
    if (b.len)
        memcpy(text, b.data, b.len);
    text[b.len] = '\0';
    return text;
}

void prov_buf_init(prov_buf *b, apr_pool_t *p, size_t room)
{
    b->pool = p;
    b->len = 0;
    b->room = room ? room : FIRST_ROOM;
    b->data = apr_palloc(p, b->room);
}

void prov_buf_grow(prov_buf *b, size_t len)
{
    size_t room = b->room * 2;
    if (room < b->len + len)
        room = b->len + len;
    uint8_t *data = apr_palloc(b->pool, room);
    memcpy(data, b->data, b->len);
    b->data = data;
    b->room = room;
}

void prov_buf_add(prov_buf *b, const void *data, size_t len)
{
    if (len)
        memcpy(prov_buf_extend(b, len), data, len);
}

void prov_buf_text(prov_buf *b, const char *text)
{
    prov_buf_add(b, text, strlen(text));
}

void prov_buf_printf(prov_buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len > 0) {
        vsnprintf(prov_buf_extend(b, (size_t)len + 1), (size_t)len + 1, fmt, again);
        b->len--; /* the NUL is not ours to keep */
    }
    va_end(again);
}

static void put_fixed(prov_buf *b, uint64_t v, unsigned width)
{
    uint8_t *at = prov_buf_extend(b, width);
    for (unsigned i = 0; i < width; i++)
        at[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
}

void prov_put_u16(prov_buf *b, uint16_t v)
{
    put_fixed(b, v, 2);
}

void prov_put_u32(prov_buf *b, uint32_t v)
{
    put_fixed(b, v, 4);
}

void prov_put_u64(prov_buf *b, uint64_t v)
{
    put_fixed(b, v, 8);
}

void prov_put_varint(prov_buf *b, uint64_t v)
{
    while (v >= 0x80) {
        prov_buf_byte(b, (uint8_t)(v | 0x80));
        v >>= 7;
    }
    prov_buf_byte(b, (uint8_t)v);
}

prov_reader prov_read(prov_bytes b)
{
    const uint8_t *start = b.len ? b.data : nothing;
    return (prov_reader){ start, start + b.len, false };
}

static void run_out(prov_reader *r)
{
    r->bad = true;
    r->at = r->end;
}

static uint64_t get_fixed(prov_reader *r, unsigned width)
{
    if ((size_t)(r->end - r->at) < width) {
        run_out(r);
        return 0;
    }
    uint64_t v = 0;
    for (unsigned i = 0; i < width; i++)
        v = v << 8 | *r->at++;
    return v;
}

uint8_t prov_get_u8(prov_reader *r)
{
    return (uint8_t)get_fixed(r, 1);
}

uint16_t prov_get_u16(prov_reader *r)
{
    return (uint16_t)get_fixed(r, 2);
}

uint32_t prov_get_u32(prov_reader *r)
{
    return (uint32_t)get_fixed(r, 4);
}

uint64_t prov_get_u64(prov_reader *r)
{
    return get_fixed(r, 8);
}

uint64_t prov_get_varint(prov_reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
        uint8_t byte = *r->at++;
        if (shift == 63 && byte > 1)
            break;
        v |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return v;
    }
    run_out(r);
    return 0;
}

prov_bytes prov_get_bytes(prov_reader *r, size_t len)
{
    if ((size_t)(r->end - r->at) < len) {
        run_out(r);
        return (prov_bytes){ nothing, 0 };
    }
    prov_bytes b = { r->at, len };
    r->at += len;
    return b;
}
