#include "store/lmdb/keys.h"

#include "base/crypt.h"

#include <stdarg.h>
#include <string.h>

/* A name up to this lies in the key as it is. A longer one becomes its head and the digest of the
 * rest, one byte longer than any plain one, so that neither can pass for the other. */
#define NAME_PLAIN 400
#define NAME_HEAD  (NAME_PLAIN + 1 - PROV_DIGEST_LEN)

/* What must keep its order ends with a 0, so the two lowest bytes are written as two. A text that
 * then is longer than this becomes its head, a mark that no other has, and the rest's digest. */
#define ORDERED_PLAIN 404
enum { ORDERED_END = 0, ORDERED_ESCAPE = 1, ORDERED_CUT = 3 };

static const char *const layouts[] = {
#define ROW(symbol, name, layout) layout,
    PROV_LMDB_TABLES(ROW)
#undef ROW
};

static void add(prov_row_key *k, const void *data, size_t len)
{
    if (len)
        memcpy(k->b + k->len, data, len);
    k->len += len;
}

static void add_number(prov_row_key *k, uint64_t v, int bytes)
{
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        k->b[k->len++] = (uint8_t)(v >> shift);
}

static void add_name(prov_row_key *k, prov_bytes name)
{
    if (name.len <= NAME_PLAIN) {
        add_number(k, name.len, 2);
        add(k, name.data, name.len);
        return;
    }
    uint8_t digest[PROV_DIGEST_LEN];
    prov_sha256((prov_bytes){ name.data + NAME_HEAD, name.len - NAME_HEAD }, digest);
    add_number(k, NAME_PLAIN + 1, 2);
    add(k, name.data, NAME_HEAD);
    add(k, digest, sizeof digest);
}

static void add_escaped(prov_row_key *k, prov_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool low = text.data[i] <= ORDERED_ESCAPE;
        if (low)
            k->b[k->len++] = ORDERED_ESCAPE;
        k->b[k->len++] = low ? text.data[i] + 1 : text.data[i];
    }
}

static size_t ordered_head(prov_bytes text)
{
    size_t len = 0, room = ORDERED_PLAIN;
    for (; len < text.len; len++) {
        size_t takes = text.data[len] <= ORDERED_ESCAPE ? 2 : 1;
        if (takes > room)
            break;
        room -= takes;
    }
    return len;
}

static void add_ordered(prov_row_key *k, prov_bytes text)
{
    size_t head = ordered_head(text);
    uint8_t digest[PROV_DIGEST_LEN];
    add_escaped(k, (prov_bytes){ text.data, head });
    if (head < text.len) {
        prov_sha256((prov_bytes){ text.data + head, text.len - head }, digest);
        k->b[k->len++] = ORDERED_ESCAPE;
        k->b[k->len++] = ORDERED_CUT;
        add_escaped(k, (prov_bytes){ digest, sizeof digest });
    }
    k->b[k->len++] = ORDERED_END;
}

void prov_row_key_start(prov_row_key *k, prov_bytes start)
{
    add_escaped(k, (prov_bytes){ start.data, ordered_head(start) });
}

bool prov_row_key_plain(prov_bytes ordered, uint8_t out[PROV_LMDB_KEY_MOST], size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < ordered.len && ordered.data[i] != ORDERED_END; i++) {
        bool escaped = ordered.data[i] == ORDERED_ESCAPE && i + 1 < ordered.len;
        i += escaped;
        if (escaped && ordered.data[i] == ORDERED_CUT)
            return false;
        out[(*len)++] = escaped ? ordered.data[i] - 1 : ordered.data[i];
    }
    return true;
}

static void make(prov_row_key *k, uint16_t tenant, prov_table table, int fields, va_list args)
{
    k->table = table;
    k->len = 0;
    add_number(k, tenant, 2);
    for (const char *f = layouts[table]; *f && fields-- > 0; f++) {
        switch (*f) {
        case '1':
        case '2':
            add_number(k, (uint64_t)va_arg(args, int), *f - '0');
            break;
        case '4':
            add_number(k, va_arg(args, uint32_t), 4);
            break;
        case '8':
            add_number(k, va_arg(args, uint64_t), 8);
            break;
        case 'n':
            add_name(k, va_arg(args, prov_bytes));
            break;
        case 's':
            add_ordered(k, va_arg(args, prov_bytes));
            break;
        default: /* an id or a digest */
            add(k, va_arg(args, const void *), *f == 'D' ? 32 : 16);
        }
    }
}

void prov_row_key_make(prov_row_key *k, uint16_t tenant, prov_table table, ...)
{
    va_list args;
    va_start(args, table);
    make(k, tenant, table, (int)strlen(layouts[table]), args);
    va_end(args);
}

void prov_row_key_prefix(prov_row_key *k, uint16_t tenant, prov_table table, int fields, ...)
{
    va_list args;
    va_start(args, fields);
    make(k, tenant, table, fields, args);
    va_end(args);
}

/* As it lies. */
static prov_bytes get_ordered(prov_reader *in)
{
    const uint8_t *end = memchr(in->at, ORDERED_END, (size_t)(in->end - in->at));
    prov_bytes text = prov_get_bytes(in, end ? (size_t)(end - in->at) : SIZE_MAX);
    prov_get_u8(in);
    return text;
}

static void read_field(prov_reader *in, char field, void *out)
{
    prov_bytes b;
    size_t len;
    switch (field) {
    case '1':
        *(uint8_t *)out = prov_get_u8(in);
        break;
    case '2':
        *(uint16_t *)out = prov_get_u16(in);
        break;
    case '4':
        *(uint32_t *)out = prov_get_u32(in);
        break;
    case '8':
        *(uint64_t *)out = prov_get_u64(in);
        break;
    case 'n':
        len = prov_get_u16(in);
        *(prov_bytes *)out = prov_get_bytes(in, len);
        break;
    case 's':
        *(prov_bytes *)out = get_ordered(in);
        break;
    default:
        len = field == 'D' ? 32 : 16;
        b = prov_get_bytes(in, len);
        if (!in->bad)
            memcpy(out, b.data, len);
    }
}

bool prov_row_key_read(prov_bytes key, prov_table table, ...)
{
    prov_reader in = prov_read(key);
    va_list args;
    prov_get_u16(&in);
    va_start(args, table);
    for (const char *f = layouts[table]; *f; f++)
        read_field(&in, *f, va_arg(args, void *));
    va_end(args);
    return !in.bad && in.at == in.end;
}
