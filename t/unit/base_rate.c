#include "base/rate.h"
#include "tap.h"

#include <apr_general.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW ((apr_time_t)1790000000 * APR_USEC_PER_SEC)

static prov_rates *made(void)
{
    void *memory =
        mmap(NULL, prov_rates_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || !prov_rates_make(memory))
        exit(99);
    return memory;
}

static prov_bytes numbered(int n, char room[24])
{
    return (prov_bytes){ (uint8_t *)room, (size_t)snprintf(room, 24, "caller %d", n) };
}

/* How many of `tries` at one moment are let in. */
static int let_in(prov_rates *rates, const prov_rate *limit, const char *caller, apr_time_t now,
                  int tries)
{
    apr_time_t again;
    int count = 0;
    while (tries-- > 0)
        count += prov_rates_take(rates, limit, prov_bytes_of(caller), now, &again);
    return count;
}

/* Against a bucket that is counted the plain way: tokens that come with time. */
static const struct {
    const char *name;
    prov_rate limit;
    struct {
        apr_time_t after; /* microseconds since the row's first try */
        int tries, in;
    } steps[4];
} table[] = {
    { "one a second",
      { 1, 1, 1 },
      { { 0, 3, 1 }, { 999999, 3, 0 }, { 1000000, 3, 1 }, { 9000000, 3, 1 } } },
    { "a burst",
      { 10, 1, 5 },
      { { 0, 9, 5 }, { 100000, 9, 1 }, { 300000, 9, 2 }, { 9000000, 9, 5 } } },
    { "by the hour",
      { 3, 3600, 3 },
      { { 0, 9, 3 }, { 1199999999, 9, 0 }, { 1200000000, 9, 1 }, { 3600000000, 9, 2 } } },
    { "the fastest",
      { 1000000, 1, 1000 },
      { { 0, 1005, 1000 }, { 1, 9, 1 }, { 10, 99, 9 }, { 11, 99, 1 } } },
    { "a burst above the rate",
      { 1, 3600, 100 },
      { { 0, 200, 100 }, { 3599999999, 9, 0 }, { 3600000000, 9, 1 }, { 7200000000, 9, 1 } } },
    { "the slowest with most",
      { 1, 3600, 10000 },
      { { 0, 2, 2 }, { 0, 10005, 9998 }, { 3600000000, 9, 1 }, { 7200000000, 9, 1 } } },
};

static void test_table(void)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        prov_rates *rates = made();
        for (int s = 0; s < 4; s++)
            is_int(let_in(rates, &table[i].limit, "a", NOW + table[i].steps[s].after,
                          table[i].steps[s].tries),
                   table[i].steps[s].in, "%s, step %d", table[i].name, s + 1);
        munmap(rates, prov_rates_size);
    }
}

static void test_again(void)
{
    prov_rates *rates = made();
    const prov_rate limit = { 4, 1, 4 };
    apr_time_t again;
    let_in(rates, &limit, "a", NOW, 4);
    ok(!prov_rates_take(rates, &limit, prov_bytes_of("a"), NOW + 1, &again), "too often");
    ok(again == NOW + 250000, "and when again");
    ok(!prov_rates_take(rates, &limit, prov_bytes_of("a"), again - 1, &again), "not before");
    ok(prov_rates_take(rates, &limit, prov_bytes_of("a"), again, &again), "but then");
    is_int(let_in(rates, &limit, "b", NOW + 1, 9), 4, "another caller has his own");
    is_int(let_in(rates, &(prov_rate){ 5, 1, 5 }, "a", NOW + 1, 9), 5, "another limit, too");
}

static void test_clock(void)
{
    prov_rates *rates = made();
    const prov_rate limit = { 1, 1, 3 };
    is_int(let_in(rates, &limit, "a", NOW, 9), 3, "before the clock is set back");
    is_int(let_in(rates, &limit, "a", NOW - APR_USEC_PER_SEC * 86400, 9), 0, "by a day");
    is_int(let_in(rates, &limit, "a", NOW - APR_USEC_PER_SEC * (86400 - 1), 9), 1,
           "nobody waits a day");
}

/* Whoever is forgotten had the least to lose, and nobody gets more than a full bucket. */
static void test_crowd(void)
{
    prov_rates *rates = made();
    const prov_rate slow = { 2, 3600, 2 }, slower = { 2, 36000, 2 };
    char room[24];
    apr_time_t again;
    int in = 0, wrong = 0;
    is_int(let_in(rates, &slower, "he", NOW, 9), 2, "one who owes most");
    for (int n = 0; n < 4 * PROV_RATE_CALLERS; n++)
        in += prov_rates_take(rates, &slow, numbered(n, room), NOW, &again);
    is_int(in, 4 * PROV_RATE_CALLERS, "four times as many as there are places come once");
    is_int(let_in(rates, &slower, "he", NOW, 9), 0, "he is not forgotten for them");
    for (int n = 0; n < 1000; n++) {
        int got = let_in(rates, &(prov_rate){ 5, 3600, 5 }, (numbered(n, room), room), NOW, 20);
        wrong += got != 5;
    }
    is_int(wrong, 0, "who comes twenty times in a row gets his five");
}

/* Processes at a time, of which one in four is killed wherever it is. */
static void test_processes(void)
{
    enum { PROCESSES = 8, TRIES = 4000, MOST = 10000 };
    prov_rates *rates = made();
    int *counts = mmap(NULL, PROCESSES * sizeof *counts, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const prov_rate limit = { MOST, 3600, MOST };
    pid_t pids[PROCESSES];
    int total = 0;
    fflush(stdout);
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            for (int n = 0; n < TRIES; n++)
                counts[i] += let_in(rates, &limit, "all", NOW, 1);
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i += 4)
        kill(pids[i], SIGKILL);
    for (int i = 0; i < PROCESSES; i++)
        waitpid(pids[i], NULL, 0);
    for (int i = 0; i < PROCESSES; i++)
        total += counts[i];
    int left = let_in(rates, &limit, "all", NOW, 2 * MOST);
    ok(total + left <= MOST && total + left >= MOST - PROCESSES / 4,
       "processes count together, and the dead stop nobody: %d and %d of %d", total, left, MOST);
}

int main(void)
{
    apr_initialize();
    test_table();
    test_again();
    test_clock();
    test_crowd();
    test_processes();
    return plan_done();
}
