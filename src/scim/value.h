/* A resource as a tree that may be changed: what a request body becomes, what PATCH works on, what
 * mapping builds. Values are typed by their attributes. All memory is on the object's pool; one
 * thread at a time. Text is never copied unless said so: it must live as long as the tree. */
#ifndef PROV_SCIM_VALUE_H
#define PROV_SCIM_VALUE_H

#include "base/json.h"
#include "scim/compatibility.h"
#include "scim/schema.h"
#include <apr_time.h>

typedef struct prov_object prov_object;

typedef struct prov_value {
    prov_type type;
    union {
        bool boolean;
        int64_t integer;
        double number;
        apr_time_t instant; /* `text` keeps the form that was sent */
        prov_object *object;
    };
    prov_bytes text; /* string, reference, binary, dateTime */
} prov_value;

/* One attribute's values, in order; a singular attribute has exactly one. */
typedef struct prov_field {
    const prov_attr *attr; /* NULL if the number is not declared now: `raw` is kept as it is */
    uint16_t number;
    prov_value *values;
    int count, room;
    prov_bytes raw;
} prov_field;

struct prov_object {
    apr_pool_t *pool;
    prov_field *fields; /* in no particular order */
    int count, room;
};

prov_object *prov_object_make(apr_pool_t *p);
prov_object *prov_object_copy(apr_pool_t *p, const prov_object *o); /* deep, but for text */
void prov_object_own(prov_object *o); /* copies its text: that may end now where it lay */

prov_field *prov_object_get(const prov_object *o, const prov_attr *a);
prov_field *prov_object_set(prov_object *o, const prov_attr *a); /* found or new; its values go */
void prov_object_remove(prov_object *o, const prov_attr *a);
void prov_object_keep(prov_object *o, uint16_t number, prov_bytes raw); /* undeclared */
prov_value *prov_field_add(prov_object *o, prov_field *f); /* one more, of the attribute's type */
void prov_field_remove(prov_field *f, int i);

/* Conveniences for one value at "attr" or "attr.sub"; making what is missing on the way. */
const prov_value *prov_object_first(const prov_object *o, const prov_attr *a);
void prov_object_put_text(prov_object *o, const prov_attr *a, const char *text);
void prov_object_put_boolean(prov_object *o, const prov_attr *a, bool b);

/* Equality as the schema sees it: case rules do not count, order of multi-valued ones does not,
 * primary=false equals absence. */
bool prov_value_equal(const prov_attr *a, const prov_value *x, const prov_value *y);
bool prov_field_equal(const prov_field *x, const prov_field *y); /* NULL is unassigned */
bool prov_object_equal(const prov_object *x, const prov_object *y);

/* The bytes of all its texts: its record takes more than that. */
int64_t prov_object_text(const prov_object *o);

#define PROV_VALUES_MAX 4096 /* of one attribute; members of a group do not count */

/* How a body is read: one of these, the first two with the switches of who sent it. */
typedef uint32_t prov_body;
#define PROV_BODY_CREATE  (UINT32_C(1) << 29) /* POST: readOnly attributes are ignored */
#define PROV_BODY_REPLACE (UINT32_C(1) << 30) /* PUT, and the values of a PATCH: the same */
#define PROV_BODY_LENIENT                                                                          \
    (UINT32_C(1) << 31) /* another server's answer: what does not fit is                           \
                           left out */

/* Members of a group as a request names them; they never are part of the tree. */
typedef struct prov_member_ref {
    prov_bytes value;
    prov_bytes type; /* "User", "Group" or empty */
} prov_member_ref;

/* What a body says besides the record's own attributes. */
typedef struct prov_body_extra {
    bool has_password;
    prov_bytes password; /* unprepared; empty means removed */
    bool has_members;
    prov_member_ref *members;
    int member_count;
    prov_bytes id;      /* as sent, ignored by POST and PUT; the remote id in an answer */
    prov_bytes version; /* meta.version of an answer */
} prov_body_extra;

/* A JSON body to a tree, checked against the type (RFC 7643 section 2; 400 invalidSyntax or
 * invalidValue with the attribute's path). Interoperability as scim.md sections 2, 4 and 5 choose:
 * unknown attributes are ignored, string booleans read, a bare object serves as a one-element list,
 * duplicates of (type, value) drop, two primaries are refused. */
prov_err *prov_value_read(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                          const prov_json *body, prov_body how, prov_object **out,
                          prov_body_extra *extra);

/* A list of the URNs of schemas, and whether the type's base is among them. */
prov_err *prov_value_check_schemas(apr_pool_t *p, const prov_resource_type *t,
                                   const prov_json *urns, prov_body how, bool *base);

/* One attribute's value, as PATCH gives it: appends to `f`. Only the values given in this call are
 * looked at for duplicates and primaries; what to do about those already there is the caller's. */
prov_err *prov_value_read_field(apr_pool_t *p, prov_object *o, prov_field *f,
                                const prov_json *value, prov_body how);

/* A member of a body: the same into the object's field, which must not be there yet; nothing
 * stays of null, [] and {}. */
prov_err *prov_value_read_given(apr_pool_t *p, prov_object *o, const prov_attr *a,
                                const prov_json *value, prov_body how);

/* The refusal of a name that the schema does not have, where such are refused. */
prov_err *prov_value_unknown(apr_pool_t *p, const char *path);

/* Required attributes are there, required extensions too (invalidValue). */
prov_err *prov_value_check(apr_pool_t *p, const prov_resource_type *t, const prov_object *o);

/* PUT against what is: an immutable attribute with a value must not differ (400 mutability);
 * omitted readOnly attributes are carried over from `was`, undeclared ones too. */
prov_err *prov_value_replace(apr_pool_t *p, const prov_resource_type *t, const prov_object *was,
                             prov_object *now);

#endif
