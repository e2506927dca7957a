/* "Did you mean": the known name that a wrong one is closest to. */
#ifndef PROV_MODEL_NEAREST_H
#define PROV_MODEL_NEAREST_H

typedef struct prov_nearest {
    const char *wrong;
    const char *best; /* NULL: none is near enough */
    unsigned distance;
} prov_nearest;

prov_nearest prov_nearest_to(const char *wrong);
void prov_nearest_offer(prov_nearest *n, const char *known);

#endif
