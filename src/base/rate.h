/* How often each of many callers may come: a bucket for each that fills with time, in memory that
 * the processes of a server share, so that the count is exact whichever of them is asked.
 *
 * There are PROV_RATE_CALLERS places. A caller needs one only while his bucket is not full; if more
 * are wanted, those who are nearest to a full one are forgotten, which gives them no more than
 * that.
 */
#ifndef PROV_BASE_RATE_H
#define PROV_BASE_RATE_H

#include "base/bytes.h"
#include <apr_time.h>

#define PROV_RATE_CALLERS 16384

/* `count` within `seconds`, of which `burst` at once after a quiet time. */
typedef struct prov_rate {
    int64_t count; /* 0: no limit */
    int64_t seconds;
    int64_t burst;
} prov_rate;

typedef struct prov_rates prov_rates;

extern const size_t prov_rates_size;

/* Of prov_rates_size bytes, zeroed, shared. False if the system gives no lock for it. */
bool prov_rates_make(void *memory);

/* Whether he may come now; if not, `again` is when. A refusal takes nothing. Buckets of different
 * limits are different ones. Any thread of any process; one that dies within does no harm. */
bool prov_rates_take(prov_rates *rates, const prov_rate *limit, prov_bytes caller, apr_time_t now,
                     apr_time_t *again);

#endif
