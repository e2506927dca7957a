/* The inside of a projection, for the writer: a look at a few bits per attribute. */
#ifndef PROV_SCIM_PROJECTED_H
#define PROV_SCIM_PROJECTED_H

#include "scim/projection.h"

enum {
    PROV_MARK_NAMED = 1,  /* by attributes or excludedAttributes */
    PROV_MARK_BELOW = 2,  /* a sub-attribute of it is */
    PROV_MARK_WRITTEN = 4 /* the request itself wrote it */
};

struct prov_projection {
    enum { PROV_ALL_BUT, PROV_ONLY } kind;
    int count;
    uint8_t *marks; /* by number */
};

static inline unsigned prov_projected_marks(const prov_projection *proj, const prov_attr *a)
{
    return a->number < proj->count ? proj->marks[a->number] : 0;
}

/* An attribute of the top level. */
static inline bool prov_projected(const prov_projection *proj, const prov_attr *a)
{
    if (a->returned == PROV_RETURNED_NEVER || a->returned == PROV_RETURNED_ALWAYS)
        return a->returned == PROV_RETURNED_ALWAYS;
    if (!proj)
        return a->returned == PROV_RETURNED_DEFAULT;
    unsigned marks = prov_projected_marks(proj, a);
    if (proj->kind == PROV_ONLY)
        return marks & (PROV_MARK_NAMED | PROV_MARK_BELOW);
    if (marks & PROV_MARK_NAMED)
        return false;
    return a->returned == PROV_RETURNED_DEFAULT || marks & PROV_MARK_WRITTEN;
}

/* A sub-attribute of one that is written. */
static inline bool prov_projected_sub(const prov_projection *proj, const prov_attr *sub)
{
    if (sub->returned == PROV_RETURNED_NEVER || sub->returned == PROV_RETURNED_ALWAYS)
        return sub->returned == PROV_RETURNED_ALWAYS;
    bool preset = sub->returned == PROV_RETURNED_DEFAULT;
    if (!proj)
        return preset;
    unsigned marks = prov_projected_marks(proj, sub);
    if (proj->kind == PROV_ALL_BUT)
        return !(marks & PROV_MARK_NAMED) && (preset || marks & PROV_MARK_WRITTEN);
    unsigned above = prov_projected_marks(proj, sub->parent);
    bool whole = above & PROV_MARK_NAMED || !(above & PROV_MARK_BELOW);
    return marks & PROV_MARK_NAMED || (whole && preset);
}

#endif
