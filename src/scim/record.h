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

/* Finishes what was written behind PROV_RECORD_HEAD empty bytes. */
prov_record prov_record_seal(prov_buf *b, const prov_head *h);

#endif
