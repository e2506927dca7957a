/* An edge's flags: as a row and back, and which of them make work. */
#include "store/link.h"
#include "tap.h"

static void test_edges(void)
{
    int wrong_row = 0, wrong_work = 0;
    for (unsigned bits = 0; bits < 128; bits++) {
        prov_edge e = { bits & 1, bits & 2, bits & 4, bits & 8, bits & 16, bits & 32, bits & 64 };
        prov_edge back = prov_edge_read(prov_edge_write(&e));
        wrong_row += back.wanted != e.wanted || back.applied != e.applied || back.sent != e.sent ||
                     back.settled != e.settled || back.asleep != e.asleep ||
                     back.refused != e.refused || back.suspect != e.suspect;
        bool quiet = bits & (8 | 16 | 32);
        bool unequal = (bits & 3) == 1 || (bits & 3) == 2 || bits & 4;
        wrong_work += prov_edge_is_work(&e) != (unequal && !quiet);
    }
    is_int(wrong_row, 0, "every edge comes back as it was");
    is_int(wrong_work, 0, "unequal or sent is work, unless settled, asleep or refused");
}

int main(void)
{
    test_edges();
    return plan_done();
}
