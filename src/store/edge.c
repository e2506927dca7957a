#include "store/link.h"

enum { WANTED = 1, APPLIED = 2, SENT = 4, SETTLED = 8, ASLEEP = 16, REFUSED = 32, SUSPECT = 64 };

uint8_t prov_edge_write(const prov_edge *e)
{
    return (uint8_t)((e->wanted ? WANTED : 0) | (e->applied ? APPLIED : 0) | (e->sent ? SENT : 0) |
                     (e->settled ? SETTLED : 0) | (e->asleep ? ASLEEP : 0) |
                     (e->refused ? REFUSED : 0) | (e->suspect ? SUSPECT : 0));
}

prov_edge prov_edge_read(uint8_t row)
{
    return (prov_edge){ .wanted = row & WANTED,
                        .applied = row & APPLIED,
                        .sent = row & SENT,
                        .settled = row & SETTLED,
                        .asleep = row & ASLEEP,
                        .refused = row & REFUSED,
                        .suspect = row & SUSPECT };
}

bool prov_edge_is_work(const prov_edge *e)
{
    return (e->wanted != e->applied || e->sent) && !e->settled && !e->asleep && !e->refused;
}
