/* Ids: version 7, in order, apart across threads and forks, one text each. */
#include "base/id.h"
#include "tap.h"

#include <apr_time.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define EACH    5000

static prov_id made[THREADS + 1][EACH];

static int order(const prov_id *a, const prov_id *b)
{
    return memcmp(a->b, b->b, sizeof a->b);
}

static void *make_many(void *row)
{
    prov_id *ids = row;
    for (int i = 0; i < EACH / 2; i++)
        ids[i] = prov_id_make();
    prov_ids_make(ids + EACH / 2, EACH / 2);
    return NULL;
}

static int by_order(const void *a, const void *b)
{
    return order(a, b);
}

/* The last row is a forked process's, which began with the same state. */
static bool make_in_child(prov_id *row)
{
    int ends[2], status;
    size_t got = 0, size = sizeof made[0];
    if (pipe(ends) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        make_many(row);
        size_t done = 0;
        for (ssize_t n = 1; done < size && n > 0; done += (size_t)n)
            n = write(ends[1], (char *)row + done, size - done);
        _exit(done == size ? 0 : 1);
    }
    close(ends[1]);
    make_many(made[0]);
    for (ssize_t n = 1; got < size && n > 0; got += n > 0 ? (size_t)n : 0)
        n = read(ends[0], (char *)row + got, size - got);
    close(ends[0]);
    return waitpid(pid, &status, 0) == pid && status == 0 && got == size;
}

static void unique(void)
{
    pthread_t threads[THREADS];
    bool ordered = true, apart = true;
    ok(make_in_child(made[THREADS]), "a forked process makes ids");
    for (int t = 1; t < THREADS; t++)
        pthread_create(&threads[t], NULL, make_many, made[t]);
    for (int t = 1; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int t = 0; t <= THREADS; t++)
        for (int i = 1; i < EACH; i++)
            ordered = ordered && order(&made[t][i - 1], &made[t][i]) < 0;
    ok(ordered, "each thread's ids rise");
    qsort(made, (THREADS + 1) * EACH, sizeof(prov_id), by_order);
    prov_id *all = &made[0][0];
    for (int i = 1; i < (THREADS + 1) * EACH; i++)
        apart = apart && !prov_id_equal(&all[i - 1], &all[i]);
    ok(apart, "no id twice");
}

static void shape(apr_pool_t *p)
{
    prov_id id = prov_id_make(), back;
    uint64_t ms = 0, now = (uint64_t)apr_time_as_msec(apr_time_now());
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id.b[i];
    is_int(id.b[6] >> 4, 7, "version 7");
    is_int(id.b[8] >> 6, 2, "variant 10");
    ok(ms <= now + 1000 && ms + 600000 > now, "bears the present time");
    const char *text = prov_id_text(p, &id);
    is_int(strlen(text), PROV_ID_TEXT, "36 characters");
    ok(prov_id_parse(prov_bytes_of(text), &back) && prov_id_equal(&id, &back), "there and back");
}

static void parses(apr_pool_t *p)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        { "01234567-89ab-7cde-8f01-23456789abcd", true },
        { "00000000-0000-0000-0000-000000000000", true },
        { "ffffffff-ffff-ffff-ffff-ffffffffffff", true },
        { "01234567-89AB-7cde-8f01-23456789abcd", false },
        { "01234567-89ab-7cde-8f01-23456789abc", false },
        { "01234567-89ab-7cde-8f01-23456789abcde", false },
        { "0123456789ab-7cde-8f01-23456789abcdef", false },
        { "01234567-89ab-7cde-8f01_23456789abcd", false },
        { "01234567-89ab-7cde-8f01-23456789abcg", false },
        { "01234567-89ab-7cde-8f01- 3456789abcd", false },
        { "", false },
        { NULL, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_id id;
        is_int(prov_id_parse(prov_bytes_of(cases[i].text), &id), cases[i].good, "parse \"%s\"",
               cases[i].text ? cases[i].text : "(null)");
        if (cases[i].good)
            is_str(prov_id_text(p, &id), cases[i].text, "print it");
    }
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    unique();
    shape(p);
    parses(p);
    apr_pool_destroy(p);
    return plan_done();
}
