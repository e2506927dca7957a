/* Which attributes a client gets (RFC 7644 section 3.9, RFC 7643 section 7), and the JSON writer
 * that obeys it: straight from the record. */
#ifndef PROV_SCIM_PROJECTION_H
#define PROV_SCIM_PROJECTION_H

#include "scim/resource.h"

typedef struct prov_projection prov_projection;

/* `attributes` and `excluded` are comma lists or NULL; both at once is 400 invalidValue. Unknown
 * names are ignored. NULL out means the default set. Immutable, may be shared by threads. */
prov_err *prov_projection_parse(apr_pool_t *p, const prov_registry *r, const prov_resource_type *t,
                                const char *attributes, const char *excluded,
                                prov_projection **out);

/* Whether an attribute would be written: lets a caller skip reading members, groups, links. */
bool prov_projection_wants(const prov_projection *proj, const prov_attr *a);

/* Marks an attribute that the request itself wrote, so that returned=request ones show. */
void prov_projection_add(prov_projection *proj, const prov_attr *a);

/* The same for all that a POST, PUT or PATCH (its whole message) gave. */
void prov_projection_add_object(prov_projection *proj, const prov_object *given);
void prov_projection_add_patch(prov_projection *proj, apr_pool_t *p, const prov_registry *r,
                               const prov_resource_type *t, const prov_json *message);

/* The resource as JSON. `returned: never` is never written, whatever was asked. */
void prov_resource_write(prov_buf *b, const prov_view *v, const prov_projection *proj);

/* The values of one of its attributes that lie elsewhere, behind the bracket or the value that
 * stands in the buffer already. */
void prov_elsewhere_write(prov_buf *b, const prov_view *v, const prov_projection *proj,
                          const prov_attr *a);

/* A tree as the JSON of a request to another server: no id, no meta, schemas by what is there. */
void prov_object_write(prov_buf *b, const prov_resource_type *t, const prov_object *o);
/* One value, or the array of a multi-valued attribute. */
void prov_field_write(prov_buf *b, const prov_field *f);

/* "W/\"12\"" */
#define PROV_ETAG_ROOM 28
size_t prov_etag_print(uint64_t version, char out[PROV_ETAG_ROOM]);

#endif
