#include "framework/list_cursor.h"
#include "base/crypt.h"
#include "base/text.h"

#include <string.h>

#define FORMAT  1
#define TAG_LEN 16

/* --- what it is bound to -------------------------------------------------------------------- */

static void add(prov_buf *b, prov_bytes part)
{
    prov_put_varint(b, part.len);
    prov_buf_add(b, part.data, part.len);
}

prov_bytes prov_list_binding(apr_pool_t *p, const prov_service *s, const prov_caller *caller,
                             const prov_query *q)
{
    prov_buf b;
    prov_buf_init(&b, p, 256);
    add(&b, prov_bytes_of(s->config->settings.tenant));
    add(&b, prov_bytes_of(caller->application->name));
    add(&b, caller->actor);
    prov_put_u32(&b, caller->permissions);
    add(&b, prov_bytes_of(q->type ? q->type->name : NULL));
    add(&b, prov_bytes_of(q->filter ? prov_filter_print(p, q->filter) : NULL));
    add(&b, prov_bytes_of(q->sort ? prov_sort_print(p, q->sort) : NULL));
    return prov_buf_bytes(&b);
}

/* --- sealing: the tag is made of everything, and the stream of the tag ------------------------ */

static void make_tag(apr_pool_t *p, const uint8_t key[32], prov_bytes binding, prov_bytes plain,
                     uint8_t tag[TAG_LEN])
{
    uint8_t digest[PROV_DIGEST_LEN];
    prov_buf b;
    prov_buf_init(&b, p, binding.len + plain.len + 16);
    prov_buf_byte(&b, 'T');
    add(&b, binding);
    add(&b, plain);
    prov_hmac(key, prov_buf_bytes(&b), digest);
    memcpy(tag, digest, TAG_LEN);
}

static void stream(const uint8_t key[32], const uint8_t tag[TAG_LEN], uint8_t *data, size_t len)
{
    uint8_t block[2 + TAG_LEN] = { 'S' }, mask[PROV_DIGEST_LEN];
    memcpy(block + 2, tag, TAG_LEN);
    for (size_t i = 0; i < len; i++) {
        if (i % sizeof mask == 0) {
            block[1] = (uint8_t)(i / sizeof mask);
            prov_hmac(key, (prov_bytes){ block, sizeof block }, mask);
        }
        data[i] ^= mask[i % sizeof mask];
    }
}

const char *prov_list_cursor_write(apr_pool_t *p, const uint8_t key[32], prov_bytes binding,
                                   const prov_list_cursor *c)
{
    prov_buf b;
    uint8_t tag[TAG_LEN] = { 0 };
    prov_buf_init(&b, p, 96 + c->place.key.len);
    prov_buf_add(&b, tag, TAG_LEN);
    prov_buf_byte(&b, FORMAT);
    prov_put_u64(&b, (uint64_t)c->made);
    prov_put_varint(&b, (uint64_t)c->total);
    prov_put_varint(&b, (uint64_t)c->want);
    prov_put_u16(&b, c->place.type);
    prov_buf_add(&b, c->place.id.b, sizeof c->place.id.b);
    prov_buf_add(&b, c->place.key.data, c->place.key.len);
    make_tag(p, key, binding, (prov_bytes){ b.data + TAG_LEN, b.len - TAG_LEN }, tag);
    memcpy(b.data, tag, TAG_LEN);
    stream(key, tag, b.data + TAG_LEN, b.len - TAG_LEN);
    return prov_text_base64url(p, prov_buf_bytes(&b));
}

/* Only the one form that was written. */
static bool open_text(apr_pool_t *p, const uint8_t key[32], prov_bytes binding, const char *text,
                      prov_bytes *plain)
{
    prov_bytes sealed;
    uint8_t tag[TAG_LEN];
    if (strlen(text) > PROV_LIST_CURSOR_TEXT ||
        !prov_text_unbase64(p, prov_bytes_of(text), &sealed) || sealed.len <= TAG_LEN ||
        strcmp(prov_text_base64url(p, sealed), text) != 0)
        return false;
    uint8_t *data = (uint8_t *)prov_bytes_text(p, sealed);
    *plain = (prov_bytes){ data + TAG_LEN, sealed.len - TAG_LEN };
    stream(key, data, data + TAG_LEN, plain->len);
    make_tag(p, key, binding, *plain, tag);
    return prov_same(tag, data, TAG_LEN);
}

static bool read_plain(prov_bytes plain, prov_list_cursor *out)
{
    prov_reader in = prov_read(plain);
    bool known = prov_get_u8(&in) == FORMAT;
    out->made = (apr_time_t)prov_get_u64(&in);
    out->total = (int64_t)prov_get_varint(&in);
    out->want = (int64_t)prov_get_varint(&in);
    out->place.type = prov_get_u16(&in);
    prov_bytes id = prov_get_bytes(&in, sizeof out->place.id.b);
    if (!known || in.bad)
        return false;
    memcpy(out->place.id.b, id.data, id.len);
    out->place.key = (prov_bytes){ in.at, (size_t)(in.end - in.at) };
    return true;
}

prov_err *prov_list_cursor_read(apr_pool_t *p, const uint8_t key[32], prov_bytes binding,
                                const char *text, apr_time_t now, apr_time_t lifetime,
                                prov_list_cursor *out)
{
    prov_bytes plain;
    if (!open_text(p, key, binding, text, &plain) || !read_plain(plain, out))
        return prov_err_make(p, 400, "invalidCursor",
                             "the cursor is none that was given to this caller for this query");
    if (now - out->made > lifetime)
        return prov_err_make(p, 400, "expiredCursor",
                             "the cursor has expired; begin again with an empty one");
    return NULL;
}
