/* What one caller sees of one snapshot: which resources are there for him, and what they show that
 * does not lie in their records. */
#ifndef PROV_FRAMEWORK_WINDOW_H
#define PROV_FRAMEWORK_WINDOW_H

#include "framework/provision.h"

typedef struct prov_window {
    const prov_service *service;
    prov_snapshot *n;
    const prov_caller *caller;
    const prov_userstore *fixed; /* the application's inbound store, or NULL */
    const char *base;            /* of views; may be NULL */
    const prov_id *coming;       /* made together with what is planned: members may be these too */
    int coming_count;
} prov_window;

prov_window prov_window_make(const prov_service *s, prov_snapshot *n, const prov_caller *caller);

/* Whether a resource of this head is there; its domain. */
const prov_userstore *prov_window_domain(const prov_window *w, const prov_head *head);
/* Also reads it, as it lies in the store. `type` NULL: of any. */
bool prov_window_find(const prov_window *w, const prov_resource_type *type, const prov_id *id,
                      prov_record *out);
/* False if it is not there for him. The window lives at least as long as the view. */
bool prov_window_view(const prov_window *w, apr_pool_t *p, const prov_resource_type *type,
                      const prov_id *id, prov_record rec, prov_view *out);

/* The value that refers to a member, or to a group (`kind` direct or indirect); NULL if it is not
 * there. */
prov_object *prov_window_reference(const prov_window *w, apr_pool_t *p, const prov_attr *of,
                                   const prov_id *id, const char *kind);

#endif
