/* Pieces of JSON, put fast; for the writers of this folder. */
#ifndef PROV_SCIM_JSON_PUT_H
#define PROV_SCIM_JSON_PUT_H

#include "base/json.h"
#include <string.h>

#define PROV_EACH_BYTE(byte) (0x0101010101010101u * (byte))

/* Whether one of eight bytes is a control character, '"', '\\' or not ASCII. */
static inline bool prov_word_is_special(uint64_t word)
{
    uint64_t quote = word ^ PROV_EACH_BYTE('"'), slash = word ^ PROV_EACH_BYTE('\\');
    uint64_t found = word | (word - PROV_EACH_BYTE(0x20)) | (quote - PROV_EACH_BYTE(1)) |
                     (slash - PROV_EACH_BYTE(1));
    return found & PROV_EACH_BYTE(0x80);
}

static inline uint64_t prov_load(const uint8_t *at, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, at, len);
    return word;
}

/* Loads of a fixed length, overlapping at the end: a memcpy of any length costs more than all. */
static inline bool prov_text_is_plain(prov_bytes text)
{
    const uint8_t *at = text.data;
    size_t len = text.len;
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8)
            if (prov_word_is_special(prov_load(at + i, 8)))
                return false;
        return !prov_word_is_special(prov_load(at + len - 8, 8));
    }
    if (len >= 4)
        return !prov_word_is_special(prov_load(at, 4) | prov_load(at + len - 4, 4) << 32);
    uint64_t word = PROV_EACH_BYTE(' ');
    for (size_t i = 0; i < len; i++)
        word = word << 8 | at[i];
    return !prov_word_is_special(word);
}

static inline void prov_put_string(prov_buf *b, prov_bytes text)
{
    if (!prov_text_is_plain(text)) {
        prov_json_write_string(b, text);
        return;
    }
    uint8_t *at = prov_buf_extend(b, text.len + 2);
    *at = '"';
    if (text.len)
        memcpy(at + 1, text.data, text.len);
    at[text.len + 1] = '"';
}

/* A comma, unless the object or array has just been opened. */
static inline void prov_put_comma(prov_buf *b)
{
    uint8_t last = b->data[b->len - 1];
    if (last != '{' && last != '[')
        prov_buf_byte(b, ',');
}

/* `key` with its quotes and colon. */
static inline void prov_put_key(prov_buf *b, prov_bytes key)
{
    uint8_t last = b->data[b->len - 1];
    size_t comma = last != '{';
    uint8_t *at = prov_buf_extend(b, key.len + comma);
    *at = ',';
    memcpy(at + comma, key.data, key.len);
}

static inline void prov_put_name(prov_buf *b, const char *name)
{
    prov_put_comma(b);
    prov_put_string(b, prov_bytes_of(name));
    prov_buf_byte(b, ':');
}

#define PROV_PUT(b, literal) prov_buf_add(b, literal, sizeof(literal) - 1)

static inline void prov_put_boolean(prov_buf *b, bool value)
{
    if (value)
        PROV_PUT(b, "true");
    else
        PROV_PUT(b, "false");
}

#endif
