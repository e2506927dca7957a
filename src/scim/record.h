/* The bytes of a compact record, for the files of this folder that write or rewrite one. */
#ifndef PROV_SCIM_RECORD_H
#define PROV_SCIM_RECORD_H

#include "scim/resource.h"

/* A tag is the type with, on a field of many values, PROV_TAG_MULTI; on a value that lies
 * elsewhere, PROV_TAG_LARGE: its payload then is the first half of its SHA-256. */
enum { PROV_TAG_TYPE = 0x07, PROV_TAG_MULTI = 0x08, PROV_TAG_LARGE = 0x10 };

#define PROV_DIGEST_PART 16

/* The schema has two levels; one more leaves room for a later format. */
#define PROV_RECORD_DEPTH 3

static inline bool prov_item_is_text(prov_type type)
{
    return type == PROV_TYPE_STRING || type == PROV_TYPE_REFERENCE || type == PROV_TYPE_BINARY;
}

/* The steps of a cursor, for the loops of this folder that every read goes through. Most numbers
 * and lengths are one byte. */
static inline uint64_t prov_step_varint(prov_reader *r)
{
    if (r->at < r->end && *r->at < 0x80)
        return *r->at++;
    return prov_get_varint(r);
}

static inline bool prov_step_fail(prov_reader *r)
{
    r->bad = true;
    r->at = r->end;
    return false;
}

static inline bool prov_step_value(prov_cursor *c, prov_item *out)
{
    prov_reader *r = &c->in;
    if (r->at >= r->end)
        return false;
    out->number = 0;
    out->tag = *r->at++;
    uint64_t len = prov_step_varint(r);
    if (r->bad || len > (uint64_t)(r->end - r->at))
        return prov_step_fail(r);
    out->payload = (prov_bytes){ r->at, (size_t)len };
    r->at += len;
    return true;
}

static inline bool prov_step_field(prov_cursor *c, prov_item *out)
{
    prov_reader *r = &c->in;
    if (r->at >= r->end)
        return false;
    uint64_t number = prov_step_varint(r);
    if (!prov_step_value(c, out) || number > UINT16_MAX)
        return prov_step_fail(r);
    out->number = (uint16_t)number;
    return true;
}

/* Finishes what was written behind PROV_RECORD_HEAD empty bytes. */
prov_record prov_record_seal(prov_buf *b, const prov_head *h);

#endif
