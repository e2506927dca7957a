/* The two halves of the power-cut test.
 *   powercut run FOLDER STORIES SEED STEPS
 * changes a store in FOLDER by several threads, makes keys and replaces effective.json meanwhile,
 * and writes into STORIES what was asked and what was acknowledged, each with its place in the
 * shim's log. Under the shim of t/preload/.
 *   powercut check LOG STORIES FOLDER SCRATCH SEED FIRST COUNT [data|at-once|files|folders]
 * cuts the power COUNT times, the FIRST-th first, and opens what is left in SCRATCH; FOLDER is what
 * the run left. With a word, syncs of that kind do not count. */
#include "powercut_disk.h"
#include "powercut_script.h"

#include "base/crypt.h"
#include "base/file.h"
#include "base/log.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <apr_thread_proc.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEYS        6 /* the first is the store's */
#define MOST_AHEAD  3 /* plans of a writer under way at once */
#define STORE_SIZE  ((int64_t)64 << 20)
#define IMAGE_TIME  10 /* seconds after which opening one has failed */
#define REPLACE_NAP apr_time_from_msec(2)

/* Who asks and is answered: the writers, then these. */
enum { TELLS_SETUP = SCRIPT_WRITERS, TELLS_KEY, TELLS_JSON, TELLERS };

typedef struct story {
    int teller, number; /* how many by now */
    bool acknowledged;  /* else asked */
    uint64_t at;        /* events before it */
} story;

static void bail(const char *what)
{
    printf("Bail out! %s\n", what);
    exit(EXIT_FAILURE);
}

static void fatal(apr_pool_t *p, const prov_err *err)
{
    if (err)
        bail(prov_err_text(p, err));
}

static prov_store_settings settings_in(apr_pool_t *p, const char *folder, const uint8_t *key)
{
    prov_store_settings s = { .backend = "lmdb",
                              .location = apr_pstrcat(p, folder, "/store", NULL),
                              .size = STORE_SIZE,
                              .tenant = "example.com" };
    prov_key_check_value(key, s.key_check);
    return s;
}

static const char *key_path(apr_pool_t *p, const char *folder, int number)
{
    return apr_psprintf(p, "%s/key%d", folder, number);
}

/* Several blocks, different in each version. */
static prov_bytes json_of(apr_pool_t *p, int version)
{
    prov_buf b;
    prov_buf_init(&b, p, 16384);
    prov_buf_printf(&b, "{ \"version\": %d", version);
    for (int i = 0; i < 300 + 40 * (version % 5); i++)
        prov_buf_printf(&b, ",\n\"%d\": %d", i, i * version);
    prov_buf_text(&b, " }\n");
    return prov_buf_bytes(&b);
}

/* --- the run -------------------------------------------------------------------------------- */

static FILE *stories;
static cut_position *position;
static prov_store *store;
static script_world world;
static uint64_t seed;
static int steps_most;
static const char *folder;

/* One line is one write to the stream, which has a lock of its own. */
static void tell(int teller, int number, bool acknowledged)
{
    fprintf(stories, "%d %d %d %llu\n", teller, number, acknowledged,
            (unsigned long long)position());
}

static void *APR_THREAD_FUNC write_steps(apr_thread_t *thread, void *baton)
{
    script s;
    apr_pool_t *p;
    apr_pool_create(&p, NULL);
    script_begin(&s, seed, (int)(intptr_t)baton);
    for (int n = 0; s.steps < steps_most; n++) {
        const prov_plan *plans[MOST_AHEAD];
        prov_verdict verdicts[MOST_AHEAD];
        int count = n % 5 == 0 ? MOST_AHEAD : 1;
        apr_pool_clear(p);
        for (int i = 0; i < count; i++)
            plans[i] = script_step(p, &world, &s);
        tell(s.writer, s.steps, false);
        prov_store_submit_all(store, plans, verdicts, count);
        for (int i = 0; i < count; i++)
            if (verdicts[i].kind != PROV_DONE)
                bail(apr_psprintf(p, "a plan came to %d, %d", verdicts[i].kind, verdicts[i].why));
        tell(s.writer, s.steps, true);
    }
    apr_pool_destroy(p);
    return NULL;
}

static void make_key(apr_pool_t *p, int number)
{
    tell(TELLS_KEY, number + 1, false);
    fatal(p, prov_key_make(p, key_path(p, folder, number)));
    tell(TELLS_KEY, number + 1, true);
}

static void replace_json(apr_pool_t *p, int version)
{
    tell(TELLS_JSON, version, false);
    fatal(p, prov_file_replace(p, apr_pstrcat(p, folder, "/store", NULL), "effective.json",
                               json_of(p, version)));
    tell(TELLS_JSON, version, true);
}

static void *APR_THREAD_FUNC write_files(apr_thread_t *thread, void *baton)
{
    apr_pool_t *p;
    apr_pool_create(&p, NULL);
    for (int i = 1; i < 2 * KEYS; i++) {
        apr_sleep(REPLACE_NAP);
        if (i < KEYS)
            make_key(p, i);
        replace_json(p, i);
    }
    apr_pool_destroy(p);
    return NULL;
}

static void set_up(apr_pool_t *p)
{
    prov_verdict v;
    uint8_t key[PROV_KEY_LEN];
    make_key(p, 0);
    fatal(p, prov_key_read(p, key_path(p, folder, 0), key));
    prov_store_settings settings = settings_in(p, folder, key);
    fatal(p, prov_store_open(p, &settings, &store));
    fatal(p, script_know(store, p, &world));
    tell(TELLS_SETUP, 1, false);
    prov_store_submit(store, script_first(p, &world), &v);
    if (v.kind != PROV_DONE)
        bail("the first plan is refused");
    tell(TELLS_SETUP, 1, true);
}

static int run(apr_pool_t *p, char **args)
{
    apr_thread_t *threads[SCRIPT_WRITERS + 1];
    apr_status_t rv;
    folder = args[0];
    stories = fopen(args[1], "w");
    seed = strtoull(args[2], NULL, 10);
    steps_most = (int)strtol(args[3], NULL, 10);
    position = (cut_position *)dlsym(RTLD_DEFAULT, "powercut_position");
    if (!stories || !position)
        bail("there is no shim, or nowhere to write");
    set_up(p);
    for (intptr_t i = 0; i <= SCRIPT_WRITERS; i++)
        apr_thread_create(&threads[i], NULL, i < SCRIPT_WRITERS ? write_steps : write_files,
                          (void *)i, p);
    for (int i = 0; i <= SCRIPT_WRITERS; i++)
        apr_thread_join(&rv, threads[i]);
    printf("events %llu\n", (unsigned long long)position());
    return fclose(stories) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- what an image must hold ----------------------------------------------------------------- */

/* Between these, for each teller, at the moment of the cut. */
typedef struct known {
    int least[TELLERS], most[TELLERS];
} known;

static known known_at(const apr_array_header_t *told, uint64_t cut)
{
    known k = { { 0 }, { 0 } };
    for (int i = 0; i < told->nelts; i++) {
        const story *s = &APR_ARRAY_IDX(told, i, story);
        int *to = s->acknowledged ? &k.least[s->teller] : &k.most[s->teller];
        if (s->at <= cut && s->number > *to)
            *to = s->number;
    }
    return k;
}

static bool read_whole(apr_pool_t *p, const char *path, prov_bytes *out)
{
    struct stat st;
    FILE *in = fopen(path, "rb");
    if (!in || fstat(fileno(in), &st) != 0)
        return false;
    uint8_t *data = apr_palloc(p, (apr_size_t)st.st_size + 1);
    *out = (prov_bytes){ data, fread(data, 1, (size_t)st.st_size, in) };
    fclose(in);
    return true;
}

/* Absent, or as it was made. */
static const char *keys_differ(apr_pool_t *p, const known *k, const char *image, const char *live)
{
    for (int i = 0; i < KEYS; i++) {
        prov_bytes is, was;
        bool there = read_whole(p, key_path(p, image, i), &is);
        if (!there && i < k->least[TELLS_KEY])
            return apr_psprintf(p, "key %d is lost", i);
        if (there && (!read_whole(p, key_path(p, live, i), &was) || !prov_bytes_equal(is, was)))
            return apr_psprintf(p, "key %d is not whole", i);
    }
    return NULL;
}

static const char *json_differs(apr_pool_t *p, const known *k, const char *image)
{
    prov_bytes is;
    if (!read_whole(p, apr_pstrcat(p, image, "/store/effective.json", NULL), &is))
        return k->least[TELLS_JSON] ? "effective.json is lost" : NULL;
    for (int v = k->least[TELLS_JSON]; v <= k->most[TELLS_JSON]; v++)
        if (v > 0 && prov_bytes_equal(is, json_of(p, v)))
            return NULL;
    return "effective.json is neither old nor new";
}

static const char *steps_differ(apr_pool_t *p, const script_world *w, prov_snapshot *n,
                                const known *k)
{
    int steps[SCRIPT_WRITERS];
    for (int i = 0; i < SCRIPT_WRITERS; i++) {
        script s;
        steps[i] = script_steps_in(n, i);
        if (steps[i] < 0)
            return k->least[TELLS_SETUP] ? "the first plan is lost" : NULL;
        if (steps[i] < k->least[i] || steps[i] > k->most[i])
            return apr_psprintf(p, "writer %d: %d steps of %d to %d", i, steps[i], k->least[i],
                                k->most[i]);
        script_begin(&s, seed, i);
        while (s.steps < steps[i])
            script_step(p, w, &s);
        const char *how = script_differs(p, w, n, &s);
        if (how)
            return apr_psprintf(p, "writer %d after %d steps: %s", i, steps[i], how);
    }
    return script_shared_differs(p, w, n, steps);
}

typedef struct faults {
    apr_pool_t *pool;
    const char *first;
} faults;

static void note_fault(void *baton, const char *sentence)
{
    faults *f = baton;
    if (!f->first)
        f->first = apr_pstrcat(f->pool, "the store's check: ", sentence, NULL);
}

/* And it can be written. */
static const char *one_more(apr_pool_t *p, prov_store *s, const script_world *w)
{
    prov_verdict v;
    prov_plan *plan = prov_plan_make(p);
    prov_journal row = { .time = 100, .operation = PROV_CREATED };
    static const uint8_t digest[32] = "declared anew";
    prov_plan_target_declare(plan, w->target, true, digest);
    prov_plan_journal(plan, &row);
    prov_store_submit(s, plan, &v);
    return v.kind == PROV_DONE ? NULL : "it cannot be written";
}

static const char *store_differs(apr_pool_t *p, const known *k, const char *image)
{
    uint8_t key[PROV_KEY_LEN];
    prov_store *s;
    prov_snapshot *n;
    script_world w;
    faults found = { .pool = p };
    int64_t looked_at;
    if (prov_key_read(p, key_path(p, image, 0), key) != NULL)
        return k->least[TELLS_SETUP] ? "no key opens it" : NULL;
    prov_store_settings settings = settings_in(p, image, key);
    prov_err *err = prov_store_open(p, &settings, &s);
    if (!err)
        err = prov_store_health(s, p);
    if (!err)
        err = script_know(s, p, &w);
    if (!err)
        err = prov_store_read(s, p, &n);
    if (err)
        return prov_err_text(p, err);
    const char *how = steps_differ(p, &w, n, k);
    prov_snapshot_end(n);
    if (!how)
        err = prov_store_check(s, p, w.registry, note_fault, &found, &looked_at);
    if (err)
        return prov_err_text(p, err);
    if (!how)
        how = found.first;
    return how ? how : one_more(p, s, &w);
}

/* --- the cuts -------------------------------------------------------------------------------- */

typedef struct log_file {
    prov_bytes bytes;
    const cut_event **events;
    uint64_t count;
} log_file;

typedef struct cut {
    uint64_t after; /* events */
    uint64_t seed;
    int number;
} cut;

static const char *live, *scratch;

static apr_array_header_t *read_stories(apr_pool_t *p, const char *path)
{
    apr_array_header_t *told = apr_array_make(p, 2000, sizeof(story));
    FILE *in = fopen(path, "r");
    unsigned long long at;
    int acknowledged;
    story s;
    while (in && fscanf(in, "%d %d %d %llu", &s.teller, &s.number, &acknowledged, &at) == 4) {
        s.acknowledged = acknowledged;
        s.at = at;
        APR_ARRAY_PUSH(told, story) = s;
    }
    if (!in || told->nelts == 0)
        bail("there are no stories");
    fclose(in);
    return told;
}

static log_file read_log(apr_pool_t *p, const char *path)
{
    log_file log = { .count = 0 };
    apr_array_header_t *list = apr_array_make(p, 4000, sizeof(const cut_event *));
    size_t at = 0;
    if (!read_whole(p, path, &log.bytes))
        bail("there is no log");
    while (at + sizeof(cut_event) <= log.bytes.len) {
        /* Events follow each other without padding. */
        cut_event *e = apr_pmemdup(p, log.bytes.data + at, sizeof *e);
        APR_ARRAY_PUSH(list, const cut_event *) = e;
        e->thread = 0;
        at += sizeof *e + e->length;
    }
    log.events = (const cut_event **)(void *)list->elts;
    log.count = (uint64_t)list->nelts;
    return log;
}

static int by_place(const void *a, const void *b)
{
    const cut *x = a, *y = b;
    return x->after < y->after ? -1 : x->after > y->after;
}

/* Some anywhere, some while the store comes into being, some just after an acknowledgement or while
 * a key or effective.json is written, where there is most to lose. */
static cut cut_of(const log_file *log, const apr_array_header_t *told, int number)
{
    uint64_t state = seed * 1000003 + (uint64_t)number, first = 0;
    bool files = number % 6 == 1;
    cut c = { .number = number };
    for (int i = 0; i < told->nelts && !first; i++)
        if (APR_ARRAY_IDX(told, i, story).teller < SCRIPT_WRITERS)
            first = APR_ARRAY_IDX(told, i, story).at;
    c.after = disk_random(&state) % (log->count + 1);
    if (number % 6 == 0)
        c.after %= first + 1;
    while (number % 2) {
        const story *s = &APR_ARRAY_IDX(told, disk_random(&state) % (unsigned)told->nelts, story);
        if (files == (s->teller >= SCRIPT_WRITERS) && (files || s->acknowledged)) {
            c.after = s->at + (files ? disk_random(&state) % 8 : disk_random(&state) % 2);
            break;
        }
    }
    if (c.after > log->count)
        c.after = log->count;
    c.seed = disk_random(&state);
    return c;
}

static void empty_folder(apr_pool_t *p, const char *path)
{
    const struct dirent *entry;
    DIR *dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        const char *inner = apr_pstrcat(p, path, "/", entry->d_name, NULL);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlink(inner) != 0) {
            empty_folder(p, inner);
            rmdir(inner);
        }
    }
    if (dir)
        closedir(dir);
}

static void keep_quiet(void *baton, prov_log_level level, const char *line)
{
}

static bool say(const cut *c, const char *how)
{
    if (how)
        printf("# image %d, cut after event %llu: %s\n", c->number, (unsigned long long)c->after,
               how);
    fflush(stdout);
    return how == NULL;
}

/* In a process of its own: a broken file may end it. */
static int look_at_image(disk *d, const cut *c, const known *k, const cut_event *under_way,
                         const uint8_t *payload)
{
    apr_pool_t *p;
    apr_pool_create(&p, NULL);
    prov_log_to(keep_quiet, NULL);
    alarm(IMAGE_TIME);
    if (under_way)
        disk_event(d, under_way, payload, true);
    disk_write_image(d, scratch, c->seed);
    bool good = say(c, keys_differ(p, k, scratch, live));
    good = say(c, json_differs(p, k, scratch)) && good;
    good = say(c, store_differs(p, k, scratch)) && good;
    return good ? 0 : 1;
}

static bool is_violated(disk *d, const cut *c, const known *k, const cut_event *under_way,
                        const uint8_t *payload)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(look_at_image(d, c, k, under_way, payload));
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        bail("no process for an image");
    if (WIFSIGNALED(status))
        printf("# image %d, cut after event %llu: opening it ended by signal %d\n", c->number,
               (unsigned long long)c->after, WTERMSIG(status));
    return status != 0;
}

static disk_deafness deafness_of(const char *word)
{
    static const char *const words[] = { "all", "data", "at-once", "files", "folders" };
    for (int i = 0; word && i < (int)(sizeof words / sizeof *words); i++)
        if (strcmp(words[i], word) == 0)
            return (disk_deafness)i;
    return DISK_HEARS_ALL;
}

static int cut_all(apr_pool_t *p, const log_file *log, const apr_array_header_t *told, disk *d,
                   const cut *cuts, int count)
{
    int violated = 0;
    const uint8_t *at = log->bytes.data;
    uint64_t done = 0;
    for (int i = 0; i <= count; i++) {
        uint64_t until = i < count ? cuts[i].after : log->count;
        for (; done < until; done++) {
            const cut_event *e = log->events[done];
            disk_event(d, e, at + sizeof *e, false);
            at += sizeof *e + e->length;
        }
        if (i == count)
            break;
        known k = known_at(told, until);
        bool more = until < log->count;
        empty_folder(p, scratch);
        violated += is_violated(d, &cuts[i], &k, more ? log->events[until] : NULL,
                                more ? at + sizeof(cut_event) : NULL);
    }
    return violated;
}

static int check(apr_pool_t *p, int argc, char **args)
{
    char word[400];
    struct stat st;
    live = args[2];
    scratch = args[3];
    seed = strtoull(args[4], NULL, 10);
    int first = (int)strtol(args[5], NULL, 10), count = (int)strtol(args[6], NULL, 10);
    log_file log = read_log(p, args[0]);
    apr_array_header_t *told = read_stories(p, args[1]);
    if (stat(live, &st) != 0)
        bail("the run left nothing");
    disk *d = disk_make(p, st.st_ino, deafness_of(argc > 7 ? args[7] : NULL));
    cut *cuts = apr_pcalloc(p, (apr_size_t)(count + 1) * sizeof *cuts);
    for (int i = 0; i < count; i++)
        cuts[i] = cut_of(&log, told, first + i);
    qsort(cuts, (size_t)count, sizeof *cuts, by_place);
    int violated = cut_all(p, &log, told, d, cuts, count);
    if (!disk_is_like(d, live, word, sizeof word))
        printf("# the log tells something else than is there: %s\n", word);
    else
        printf("whole\n");
    printf("images %d violated %d\n", count, violated);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    apr_pool_t *p;
    int rv = EXIT_FAILURE;
    apr_initialize();
    apr_pool_create(&p, NULL);
    if (argc == 6 && strcmp(argv[1], "run") == 0)
        rv = run(p, argv + 2);
    else if (argc >= 9 && strcmp(argv[1], "check") == 0)
        rv = check(p, argc - 2, argv + 2);
    else
        bail("powercut run|check, as its head says");
    apr_terminate();
    return rv;
}
