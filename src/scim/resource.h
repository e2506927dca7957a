/* The compact record: how a resource lies in the store, is filtered, compared and written as JSON,
 * without a parse. Zero-copy: a record points into the store's page.
 *
 * Layout: a fixed head of 40 bytes (big-endian), then fields, each `varint number, tag byte,
 * varint length, payload`, ascending by number; a complex value's payload is fields again, a
 * multi-valued field's payload is `tag byte, varint length, payload` for each value. The encoding
 * is canonical: equal trees give equal bytes. Reading never trusts a length. */
#ifndef PROV_SCIM_RESOURCE_H
#define PROV_SCIM_RESOURCE_H

#include "base/id.h"
#include "scim/value.h"

#define PROV_RECORD_FORMAT 1
#define PROV_RECORD_HEAD   40
#define PROV_LARGE_VALUE   4096 /* a longer value lies in a table of its own */

enum { PROV_RECORD_LARGE = 1 }; /* some values lie elsewhere: join before use */

typedef struct prov_head {
    uint16_t type;   /* resource type's dictionary number */
    uint16_t domain; /* userstore's number */
    uint16_t flags;
    uint64_t version; /* moves with every change; the ETag */
    apr_time_t created;
    apr_time_t modified;
} prov_head;

typedef struct prov_record {
    prov_bytes bytes; /* head and fields */
} prov_record;

prov_err *prov_record_check(apr_pool_t *p, prov_record rec); /* the whole structure, once */
prov_head prov_record_head(prov_record rec);
void prov_record_set_head(uint8_t head[PROV_RECORD_HEAD], const prov_head *h);

/* Encoding, of all values. */
prov_record prov_record_write(apr_pool_t *p, const prov_head *h, const prov_object *o);
/* Takes the large values out of a record, which may have none; `large` gets digest and value. */
typedef void prov_record_large(void *baton, const uint8_t digest[16], prov_bytes value);
prov_record prov_record_split(apr_pool_t *p, prov_record rec, prov_record_large *large,
                              void *baton);
/* Puts them back; `fetch` gives an empty stretch for what it cannot find. */
typedef prov_bytes prov_record_fetch(void *baton, const uint8_t digest[16]);
prov_record prov_record_join(apr_pool_t *p, prov_record rec, prov_record_fetch *fetch, void *baton);
/* Names each large value the record refers to. */
typedef void prov_record_digest(void *baton, const uint8_t digest[16]);
void prov_record_large_each(prov_record rec, prov_record_digest *each, void *baton);

/* Decoding; text points into the record. */
prov_object *prov_record_read(apr_pool_t *p, const prov_registry *r, prov_record rec);

/* Walking without decoding. */
typedef struct prov_cursor {
    prov_reader in;
} prov_cursor;
typedef struct prov_item {
    uint16_t number;
    uint8_t tag;
    prov_bytes payload;
} prov_item;
prov_cursor prov_record_fields(prov_record rec);
prov_cursor prov_item_fields(prov_item complex);
bool prov_cursor_next(prov_cursor *c, prov_item *out);
bool prov_cursor_find(prov_cursor c, uint16_t number, prov_item *out);
/* Values of a field: each of a multi-valued one, or the one. */
bool prov_item_is_multi(prov_item f);
prov_cursor prov_item_values(prov_item multi);
bool prov_cursor_value(prov_cursor *c, prov_item *out);
prov_type prov_item_type(prov_item v);
bool prov_item_boolean(prov_item v);
int64_t prov_item_integer(prov_item v);
double prov_item_number(prov_item v);
apr_time_t prov_item_instant(prov_item v);
prov_bytes prov_item_text(prov_item v); /* string, reference, binary; a dateTime as it was sent */

/* What a filter or a writer needs to see of one resource: the record and what lies elsewhere. */
typedef struct prov_view prov_view;
struct prov_view {
    const prov_registry *registry;
    const prov_resource_type *type;
    prov_id id;
    prov_record record;
    prov_bytes prefix;   /* before the userName: "CORP/" or nothing */
    bool bare;           /* the userName is also equal to what stands behind the prefix */
    const char *base;    /* URL of the service, without slash */
    apr_pool_t *scratch; /* cleared by whoever made the view */
    void *baton;
    /* Calls `each` with every value of an attribute whose place is elsewhere (members, groups,
     * links), as a complex value's fields, until it answers false. NULL: there are none. */
    void (*elsewhere)(const prov_view *v, const prov_attr *a,
                      bool (*each)(void *baton, const prov_object *value), void *baton);
    /* Whether it has this member, and shows it: what going through all of them would say. NULL:
     * they are gone through. */
    bool (*member)(const prov_view *v, const prov_id *id);
    /* Not NULL: a writer leaves the members out and says here where in its buffer they belong,
     * between the brackets. */
    size_t *gap;
};

#endif
