#include "base/rate.h"
#include "base/crypt.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define WAYS  8
#define SETS  (PROV_RATE_CALLERS / WAYS)
#define LOCKS 64
#define NSEC  INT64_C(1000)

/* The generic cell rate algorithm: all there is to know of a bucket is when it will be full. */
typedef struct place {
    uint8_t caller[16];
    int64_t full; /* nanoseconds; 0: nobody's */
} place;

struct prov_rates {
    pthread_mutex_t locks[LOCKS];
    place places[SETS][WAYS];
};

const size_t prov_rates_size = sizeof(prov_rates);

bool prov_rates_make(void *memory)
{
    prov_rates *rates = memory;
    pthread_mutexattr_t shared;
    bool made = true;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
    for (int i = 0; i < LOCKS; i++)
        made = pthread_mutex_init(&rates->locks[i], &shared) == 0 && made;
    pthread_mutexattr_destroy(&shared);
    return made;
}

/* What a dead holder left is whole enough: one number, or a name before its number. */
static void lock(pthread_mutex_t *m)
{
    if (pthread_mutex_lock(m) == EOWNERDEAD)
        pthread_mutex_consistent(m);
}

static void name_bucket(const prov_rate *limit, prov_bytes caller, uint8_t out[PROV_DIGEST_LEN])
{
    uint8_t whole[PROV_DIGEST_LEN + sizeof *limit];
    prov_sha256(caller, whole);
    memcpy(whole + PROV_DIGEST_LEN, limit, sizeof *limit);
    prov_sha256((prov_bytes){ whole, sizeof whole }, out);
}

/* His place, or the one that is given to him. */
static place *place_of(place *set, const uint8_t *caller)
{
    place *last = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].full && memcmp(set[i].caller, caller, sizeof set[i].caller) == 0)
            return &set[i];
        if (set[i].full < last->full)
            last = &set[i];
    }
    last->full = 0;
    memcpy(last->caller, caller, sizeof last->caller);
    return last;
}

/* A clock that was set back must not keep him out for longer than an empty bucket would. */
static bool take(place *at, const prov_rate *limit, int64_t now, int64_t *again)
{
    int64_t each = limit->seconds * NSEC * APR_USEC_PER_SEC / limit->count;
    int64_t room = each * limit->burst;
    int64_t full = at->full > now ? at->full : now;
    if (full > now + room)
        full = at->full = now + room;
    *again = full + each - room;
    if (*again > now)
        return false;
    at->full = full + each;
    return true;
}

bool prov_rates_take(prov_rates *rates, const prov_rate *limit, prov_bytes caller, apr_time_t now,
                     apr_time_t *again)
{
    uint8_t name[PROV_DIGEST_LEN];
    uint32_t set;
    int64_t then;
    name_bucket(limit, caller, name);
    memcpy(&set, name + sizeof((place *)0)->caller, sizeof set);
    set %= SETS;
    lock(&rates->locks[set % LOCKS]);
    bool may = take(place_of(rates->places[set], name), limit, now * NSEC, &then);
    pthread_mutex_unlock(&rates->locks[set % LOCKS]);
    *again = (then + NSEC - 1) / NSEC;
    return may;
}
