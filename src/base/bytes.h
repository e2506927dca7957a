/* A stretch of bytes that somebody else owns, and a buffer that grows on a pool. */
#ifndef PROV_BASE_BYTES_H
#define PROV_BASE_BYTES_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct prov_bytes {
    const uint8_t *data; /* not NUL-terminated unless its maker says so */
    size_t len;
} prov_bytes;

typedef struct prov_buf {
    apr_pool_t *pool;
    uint8_t *data;
    size_t len;
    size_t room;
} prov_buf;

#define PROV_BYTES(literal) ((prov_bytes){ (const uint8_t *)(literal), sizeof(literal) - 1 })

prov_bytes prov_bytes_of(const char *text); /* NULL gives an empty stretch */
bool prov_bytes_equal(prov_bytes a, prov_bytes b);
int prov_bytes_compare(prov_bytes a, prov_bytes b); /* memcmp order, shorter first */
prov_bytes prov_bytes_copy(apr_pool_t *p, prov_bytes b);
char *prov_bytes_text(apr_pool_t *p, prov_bytes b); /* NUL-terminated copy */

void prov_buf_init(prov_buf *b, apr_pool_t *p, size_t room);
void prov_buf_add(prov_buf *b, const void *data, size_t len);
void prov_buf_text(prov_buf *b, const char *text);
void prov_buf_printf(prov_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void prov_buf_grow(prov_buf *b, size_t len); /* room for len bytes more */
/* The same, counted; to be filled. */
static inline void *prov_buf_extend(prov_buf *b, size_t len)
{
    if (len > b->room - b->len)
        prov_buf_grow(b, len);
    void *at = b->data + b->len;
    b->len += len;
    return at;
}
static inline void prov_buf_byte(prov_buf *b, uint8_t byte)
{
    *(uint8_t *)prov_buf_extend(b, 1) = byte;
}
static inline prov_bytes prov_buf_bytes(const prov_buf *b)
{
    return (prov_bytes){ b->data, b->len };
}

/* Fixed-width integers, big-endian so that memcmp order is numeric order (keys), and LEB128. */
void prov_put_u16(prov_buf *b, uint16_t v);
void prov_put_u32(prov_buf *b, uint32_t v);
void prov_put_u64(prov_buf *b, uint64_t v);
void prov_put_varint(prov_buf *b, uint64_t v);

/* A reader that remembers that it ran out: after the end every read gives 0 and `bad` is set. */
typedef struct prov_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
} prov_reader;

prov_reader prov_read(prov_bytes b);
uint8_t prov_get_u8(prov_reader *r);
uint16_t prov_get_u16(prov_reader *r);
uint32_t prov_get_u32(prov_reader *r);
uint64_t prov_get_u64(prov_reader *r);
uint64_t prov_get_varint(prov_reader *r);
prov_bytes prov_get_bytes(prov_reader *r, size_t len);

#endif
