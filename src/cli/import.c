/* import: a few threads, each with many records at the door, so that a commit is shared by them and
 * by all that wait. A record is there whole or not at all; one that is there already and the same
 * is passed over, which is how an import that was interrupted goes on. */
#include "cli/cli.h"
#include "cli/import_circle.h"
#include "cli/progress.h"
#include "base/file.h"
#include "framework/batch.h"
#include <apr_allocator.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_proc.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS   6
#define MAP_MOST  ((size_t)1 << 20)
#define ROOM_KEPT ((apr_size_t)16 << 20) /* of a thread, from what it takes at once to the next */

typedef struct import {
    prov_cli *c;
    prov_import_source *source;
    prov_bytes map;
    const char *rejects_path;
    FILE *rejects;
    prov_import_way way;
    prov_progress progress;

    apr_thread_mutex_t *lock; /* of all that follows */
    apr_thread_cond_t *ended;
    int running;
    apr_array_header_t *waiting, *again; /* of prov_import_record: not of the first round */
    int next;
    bool first, last; /* round */
    int64_t counts[PROV_IMPORT_OUTCOMES];
    prov_err *broken;
} import;

/* --- before rights are given up --------------------------------------------------------------- */

static prov_err *open_rejects(prov_cli *c, import *im)
{
    im->rejects_path =
        c->rejects ? c->rejects : apr_pstrcat(c->pool, c->words[0], ".rejects", NULL);
    int fd = open(im->rejects_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    im->rejects = fd >= 0 ? fdopen(fd, "w") : NULL;
    return im->rejects ? NULL
                       : prov_err_status(c->pool, errno, "%s cannot be written", im->rejects_path);
}

prov_err *prov_cli_import_prepare(prov_cli *c)
{
    import *im = apr_pcalloc(c->pool, sizeof *im);
    prov_err *err = prov_import_open(c->pool, c->words[0], c->format, &im->source);
    if (!err && c->map)
        err = prov_file_read(c->pool, c->map, MAP_MOST, &im->map);
    im->c = c;
    c->prepared = im;
    return err ? err : open_rejects(c, im);
}

/* --- the threads ------------------------------------------------------------------------------ */

/* With the lock held. */
static bool take_one(import *im, prov_import_record *rec)
{
    if (im->broken)
        return false;
    if (im->first)
        return prov_import_next(im->source, rec);
    if (im->next == im->waiting->nelts)
        return false;
    *rec = APR_ARRAY_IDX(im->waiting, im->next++, prov_import_record);
    return true;
}

/* With the lock held. What has members is large, and may need what comes before it: one at a time.
 */
static int take(import *im, prov_import_record recs[])
{
    int count = 0, most = im->first ? PROV_BATCH_MOST : 1;
    while (count < most && take_one(im, &recs[count]))
        count++;
    return count;
}

static void reject(import *im, apr_pool_t *p, const prov_import_record *rec, const prov_err *why)
{
    prov_buf b;
    prov_buf_init(&b, p, 256);
    prov_buf_printf(&b, "{\"line\":%" PRId64 ",\"status\":%d,\"scimType\":", rec->line, why->http);
    prov_json_write_text(&b, why->scim_type ? why->scim_type : "");
    prov_buf_text(&b, ",\"reason\":");
    prov_json_write_text(&b, prov_err_text(p, why));
    prov_buf_text(&b, "}\n");
    fwrite(b.data, 1, b.len, im->rejects);
}

/* With the lock held. A member that is not there may be made by a later record of this round. */
static void count_outcome(import *im, apr_pool_t *p, const prov_import_record *rec,
                          prov_import_outcome outcome, const prov_err *why)
{
    bool waits = !im->first && !im->last && why && why->http == 400;
    if (why && (why->http < 400 || why->http >= 500)) {
        if (!im->broken)
            im->broken = prov_err_make(im->c->pool, why->http, NULL, "line %" PRId64 ": %s",
                                       rec->line, prov_err_text(p, why));
        return;
    }
    if (outcome == PROV_IMPORT_LATER || waits) {
        APR_ARRAY_PUSH(im->again, prov_import_record) = *rec;
        return;
    }
    if (why)
        reject(im, p, rec, why);
    im->counts[outcome]++;
}

static apr_pool_t *make_pool(void)
{
    apr_allocator_t *allocator;
    apr_pool_t *p = NULL;
    if (apr_allocator_create(&allocator) != APR_SUCCESS)
        return NULL;
    apr_allocator_max_free_set(allocator, ROOM_KEPT);
    if (apr_pool_create_unmanaged_ex(&p, NULL, allocator) == APR_SUCCESS)
        apr_allocator_owner_set(allocator, p);
    return p;
}

static void *APR_THREAD_FUNC work(apr_thread_t *self, void *baton)
{
    import *im = baton;
    apr_pool_t *p = make_pool();
    prov_import_record recs[PROV_BATCH_MOST];
    int count;
    apr_thread_mutex_lock(im->lock);
    while (p && (count = take(im, recs)) > 0) {
        apr_thread_mutex_unlock(im->lock);
        apr_pool_clear(p);
        prov_import_work *works = apr_pcalloc(p, (size_t)count * sizeof *works);
        for (int i = 0; i < count; i++)
            works[i].text = recs[i].text;
        prov_import_records_take(&im->way, p, works, count);
        apr_thread_mutex_lock(im->lock);
        for (int i = 0; i < count; i++)
            count_outcome(im, p, &recs[i], works[i].outcome, works[i].why);
    }
    im->running--;
    apr_thread_cond_signal(im->ended);
    apr_thread_mutex_unlock(im->lock);
    if (p)
        apr_pool_destroy(p);
    return NULL;
}

/* --- progress --------------------------------------------------------------------------------- */

static int64_t done(const import *im)
{
    int64_t all = 0;
    for (int i = 0; i < PROV_IMPORT_OUTCOMES; i++)
        all += im->counts[i];
    return all;
}

/* By bytes while the file is read; groups come behind it, one after the other. */
static void tell(import *im)
{
    size_t all = im->source->all.len;
    prov_progress_tell(&im->progress, done(im), all ? (double)im->source->at / (double)all : 1,
                       im->counts[PROV_IMPORT_REFUSED], "refused");
}

static void wait_for_all(import *im)
{
    apr_thread_mutex_lock(im->lock);
    while (im->running > 0)
        if (apr_thread_cond_timedwait(im->ended, im->lock, PROV_PROGRESS_TICK) != APR_SUCCESS)
            tell(im);
    tell(im);
    apr_thread_mutex_unlock(im->lock);
}

/* --- rounds ----------------------------------------------------------------------------------- */

static prov_err *run_round(import *im)
{
    apr_thread_t *threads[THREADS];
    apr_status_t rv = APR_SUCCESS, joined;
    int count = 0;
    im->running = THREADS;
    while (count < THREADS &&
           (rv = apr_thread_create(&threads[count], NULL, work, im, im->c->pool)) == APR_SUCCESS)
        count++;
    apr_thread_mutex_lock(im->lock);
    im->running -= THREADS - count;
    apr_thread_mutex_unlock(im->lock);
    wait_for_all(im);
    for (int i = 0; i < count; i++)
        apr_thread_join(&joined, threads[i]);
    if (!count)
        return prov_err_status(im->c->pool, rv, "no thread can be started");
    return im->broken;
}

static prov_err *make_circles(import *im, bool *moved)
{
    int made;
    prov_err *err = prov_import_circles(&im->way, im->c->pool, im->waiting, &made);
    im->counts[PROV_IMPORT_MADE] += made;
    *moved = made > 0;
    return err;
}

/* First what has no members and more than a name; then, round after round, the rest, as groups may
 * be members. Once a round makes nothing, circles are made; what can be in none is refused. */
static prov_err *run_rounds(import *im)
{
    prov_err *err = NULL;
    im->first = im->way.later = true;
    im->waiting = apr_array_make(im->c->pool, 1, sizeof(prov_import_record));
    do {
        int before = im->waiting->nelts;
        im->again = apr_array_make(im->c->pool, 64, sizeof(prov_import_record));
        im->next = 0;
        err = run_round(im);
        bool moved = im->first || im->again->nelts < before;
        im->waiting = im->again;
        if (!err && !moved && !im->last)
            err = make_circles(im, &moved);
        im->last = !moved;
        im->first = im->way.later = false;
    } while (!err && im->waiting->nelts);
    return err;
}

static prov_err *prepare_way(import *im)
{
    prov_cli *c = im->c;
    const char *application = c->application ? c->application : "resident";
    im->way = (prov_import_way){
        .service = c->service,
        .caller = { .application = prov_config_application(c->service->config, application),
                    .permissions = PROV_MAY_ADMIN,
                    .trigger = PROV_TRIGGER_ADMIN,
                    .actor = PROV_BYTES("provisionctl") },
        .source = im->source,
        .type = prov_registry_type_named(c->service->registry, c->type ? c->type : "User"),
        .dry_run = c->dry_run != NULL,
    };
    if (!im->way.caller.application)
        return prov_err_make(c->pool, 400, NULL, "there is no <ProvisionApplication %s>",
                             application);
    if (!im->way.type)
        return prov_err_make(c->pool, 400, NULL, "there is no resource type %s", c->type);
    apr_status_t rv = apr_thread_mutex_create(&im->lock, APR_THREAD_MUTEX_DEFAULT, c->pool);
    if (rv == APR_SUCCESS)
        rv = apr_thread_cond_create(&im->ended, c->pool);
    if (rv != APR_SUCCESS)
        return prov_err_status(c->pool, rv, "the import's lock");
    prov_import_map *map = NULL;
    prov_err *err = prov_import_names_make(c->pool, &im->way.names);
    if (!err && im->source->format->split)
        err =
            prov_import_map_make(c->pool, c->service->registry, im->source, c->type, im->map, &map);
    else if (!err && c->map)
        err = prov_err_make(c->pool, 400, NULL, "--map is for csv and ldif");
    im->way.map = map;
    return err;
}

static void print_counts(import *im)
{
    static const struct {
        const char *name;
        prov_import_outcome outcome;
    } rows[] = { { "made", PROV_IMPORT_MADE },
                 { "there", PROV_IMPORT_THERE },
                 { "leftOut", PROV_IMPORT_LEFT_OUT },
                 { "refused", PROV_IMPORT_REFUSED } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        prov_print_number(im->c->print, rows[i].name, im->counts[rows[i].outcome]);
    prov_print_number(im->c->print, "perSecond",
                      (int64_t)prov_progress_rate(&im->progress, done(im)));
    prov_print_row(im->c->print);
}

prov_err *prov_cli_import(prov_cli *c)
{
    import *im = c->prepared;
    prov_err *err = prepare_way(im);
    if (err)
        return err;
    prov_progress_begin(&im->progress, c->progress != NULL);
    err = run_rounds(im);
    prov_progress_end(&im->progress);
    bool written = fflush(im->rejects) == 0;
    written = fclose(im->rejects) == 0 && written;
    print_counts(im);
    if (err)
        return prov_err_push(c->pool, err, "stopped; the same command goes on from here");
    if (!written)
        return prov_err_status(c->pool, errno, "%s cannot be written", im->rejects_path);
    if (!im->counts[PROV_IMPORT_REFUSED])
        return NULL;
    return prov_err_make(c->pool, 400, NULL, "refused: %" PRId64 "; %s says why",
                         im->counts[PROV_IMPORT_REFUSED], im->rejects_path);
}
