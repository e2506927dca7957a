/* A tree's values as JSON, for the writers of this folder. */
#ifndef PROV_SCIM_TREE_JSON_H
#define PROV_SCIM_TREE_JSON_H

#include "scim/projection.h"

/* Whether a sub-attribute is written. NULL: every one. */
typedef bool prov_tree_shows(const void *baton, const prov_attr *sub);

/* Appends `{...}`, open at its end so that members can be added; what is empty is left out. */
void prov_tree_open(prov_buf *b, const prov_object *o, prov_tree_shows *shows, const void *baton);

#endif
