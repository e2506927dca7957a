/* A struct as a row: a varint whose bits say which fields are there, then those fields, numbers as
 * varints. A field that is zero or empty costs nothing. One table of at most 63 fields
 * serves both ways. */
#ifndef PROV_STORE_PACKED_H
#define PROV_STORE_PACKED_H

#include "base/bytes.h"

typedef enum {
    PROV_PACKED_NUMBER, /* an integer, enum or bool of `size` bytes, at most `most` if that is set
                         */
    PROV_PACKED_FIXED,  /* `size` bytes as they are */
    PROV_PACKED_BYTES   /* a prov_bytes */
} prov_packed_kind;

typedef struct prov_packed_field {
    uint16_t at;
    uint8_t size;
    uint8_t kind;
    uint8_t most;
} prov_packed_field;

/* Rows of the table, for a struct and its member. */
#define PROV_PACKED(type, member, kind, most)                                                      \
    {                                                                                              \
        offsetof(type, member), sizeof(((type *)0)->member), kind, most                            \
    }

void prov_packed_write(prov_buf *b, const prov_packed_field *fields, int count, const void *from);
/* Over a zeroed struct; bytes point into `row`. False if the row is not what was written. */
bool prov_packed_read(prov_bytes row, const prov_packed_field *fields, int count, void *into);

#endif
