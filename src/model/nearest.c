#include "model/nearest.h"

#include <apr_lib.h>
#include <string.h>

#define LONGEST 64

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* How many letters must be put, taken or changed, ignoring case. */
static unsigned distance(const char *a, const char *b)
{
    size_t alen = strlen(a), blen = strlen(b);
    unsigned row[LONGEST + 1];
    if (alen > LONGEST || blen > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= blen; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= alen; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= blen; j++) {
            unsigned above = row[j];
            unsigned differs = apr_tolower(a[i - 1]) != apr_tolower(b[j - 1]);
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + differs);
            diagonal = above;
        }
    }
    return row[blen];
}

prov_nearest prov_nearest_to(const char *wrong)
{
    return (prov_nearest){ wrong, NULL, (unsigned)strlen(wrong) / 3 + 2 };
}

void prov_nearest_offer(prov_nearest *n, const char *known)
{
    unsigned d = distance(n->wrong, known);
    if (d < n->distance) {
        n->distance = d;
        n->best = known;
    }
}
