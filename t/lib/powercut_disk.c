#include "powercut_disk.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define BLOCK  4096
#define WHOLE  1000 /* of a chance */

typedef struct bytes {
    uint8_t *data; /* zeros behind `len` up to `room` */
    size_t len, room;
} bytes;

/* Happens as a whole, although it may be about two folders. */
typedef struct event {
    uint64_t number;
    bool certain;
} event;

/* One thing that happened to a file and is not certain yet. */
typedef struct change {
    bool certain;
    uint64_t from; /* a write: sectors `from` on, as they were after it */
    size_t len;
    uint8_t *after;
    uint64_t size;         /* the file's, after it */
    const char *old, *now; /* a name that went, one that came */
    struct file *file;     /* behind `now` */
    struct event *event;   /* of names */
} change;

typedef struct file {
    const char *name; /* its first */
    bool folder;
    bytes content, disk;       /* as written, as certain */
    apr_hash_t *names, *kept;  /* a folder's: name, file */
    apr_array_header_t *since; /* change: since it was certain */
} file;

struct disk {
    apr_pool_t *pool;
    disk_deafness deafness;
    apr_hash_t *files; /* inode, file */
    file *root;
    uint64_t events; /* of names */
};

static void grow(bytes *b, size_t len)
{
    if (len > b->room) {
        size_t room = (len + BLOCK - 1) / BLOCK * BLOCK * 2;
        b->data = realloc(b->data, room);
        memset(b->data + b->room, 0, room - b->room);
        b->room = room;
    }
}

static void resize(bytes *b, size_t len)
{
    grow(b, len);
    if (len < b->len)
        memset(b->data + len, 0, b->len - len);
    b->len = len;
}

static file *make_file(disk *d, uint64_t inode, const char *name, bool folder)
{
    file *f = apr_pcalloc(d->pool, sizeof *f);
    f->name = name;
    f->folder = folder;
    f->names = apr_hash_make(d->pool);
    f->kept = apr_hash_make(d->pool);
    f->since = apr_array_make(d->pool, 16, sizeof(change));
    apr_hash_set(d->files, apr_pmemdup(d->pool, &inode, sizeof inode), sizeof inode, f);
    return f;
}

static file *find(disk *d, uint64_t inode)
{
    file *f = apr_hash_get(d->files, &inode, sizeof inode);
    if (!f) {
        printf("Bail out! the log speaks of a file that it never saw made\n");
        exit(EXIT_FAILURE);
    }
    return f;
}

static apr_status_t free_files(void *data)
{
    disk *d = data;
    for (apr_hash_index_t *i = apr_hash_first(NULL, d->files); i; i = apr_hash_next(i)) {
        file *f = apr_hash_this_val(i);
        for (int c = 0; c < f->since->nelts; c++)
            free(APR_ARRAY_IDX(f->since, c, change).after);
        free(f->content.data);
        free(f->disk.data);
    }
    return APR_SUCCESS;
}

disk *disk_make(apr_pool_t *p, uint64_t root, disk_deafness deafness)
{
    disk *d = apr_pcalloc(p, sizeof *d);
    d->pool = p;
    d->deafness = deafness;
    d->files = apr_hash_make(p);
    d->root = make_file(d, root, "", true);
    apr_pool_cleanup_register(p, d, free_files, apr_pool_cleanup_null);
    return d;
}

/* --- what happens --------------------------------------------------------------------------- */

static void rename_in(apr_hash_t *names, const change *c)
{
    if (c->old)
        apr_hash_set(names, c->old, APR_HASH_KEY_STRING, NULL);
    if (c->now)
        apr_hash_set(names, c->now, APR_HASH_KEY_STRING, c->file);
}

static void rename_at(file *folder, event *event, const char *old, const char *now, file *what)
{
    change c = { .old = old, .now = now, .file = what, .event = event };
    rename_in(folder->names, &c);
    APR_ARRAY_PUSH(folder->since, change) = c;
}

static void name_event(disk *d, const cut_event *e, const char *name)
{
    file *folder = find(d, e->folder);
    event *event = apr_pcalloc(d->pool, sizeof *event);
    event->number = d->events++;
    if (e->kind == CUT_REMOVED) {
        rename_at(folder, event, name, NULL, NULL);
    } else if (e->kind == CUT_RENAMED) {
        rename_at(find(d, e->offset), event, name, NULL, NULL);
        rename_at(folder, event, NULL, name + strlen(name) + 1, find(d, e->file));
    } else {
        bool made = e->kind == CUT_MADE;
        rename_at(folder, event, NULL, name,
                  made ? make_file(d, e->file, name, e->flags & CUT_FOLDER) : find(d, e->file));
    }
}

static void written(disk *d, const cut_event *e, const uint8_t *data, bool cut)
{
    file *f = find(d, e->file);
    uint64_t first = e->offset / SECTOR * SECTOR;
    uint64_t end = (e->offset + e->length + SECTOR - 1) / SECTOR * SECTOR;
    change c = { .from = first, .len = end - first };
    if (e->offset + e->length > f->content.len)
        resize(&f->content, e->offset + e->length);
    grow(&f->content, end);
    memcpy(f->content.data + e->offset, data, e->length);
    c.after = malloc(c.len);
    memcpy(c.after, f->content.data + first, c.len);
    c.size = f->content.len;
    c.certain = e->flags & CUT_AT_ONCE && !cut && d->deafness != DISK_DEAF_TO_AT_ONCE;
    APR_ARRAY_PUSH(f->since, change) = c;
}

static void sized(disk *d, const cut_event *e)
{
    file *f = find(d, e->file);
    resize(&f->content, e->offset);
    APR_ARRAY_PUSH(f->since, change) = (change){ .size = e->offset };
}

static void take_write(bytes *to, const change *c)
{
    grow(to, c->from + c->len);
    memcpy(to->data + c->from, c->after, c->len);
    free(c->after);
}

static void synced(disk *d, file *f)
{
    disk_deafness kind = f->folder                          ? DISK_DEAF_TO_FOLDERS
                         : strcmp(f->name, "data.mdb") == 0 ? DISK_DEAF_TO_DATA
                                                            : DISK_DEAF_TO_FILES;
    if (kind == d->deafness)
        return;
    for (int i = 0; i < f->since->nelts; i++) {
        change *c = &APR_ARRAY_IDX(f->since, i, change);
        if (f->folder) {
            rename_in(f->kept, c);
            c->event->certain = true;
            continue;
        }
        if (c->after)
            take_write(&f->disk, c);
        else
            resize(&f->disk, c->size);
        if (c->size > f->disk.len)
            f->disk.len = c->size;
    }
    apr_array_clear(f->since);
}

void disk_event(disk *d, const cut_event *e, const uint8_t *payload, bool cut)
{
    switch ((cut_kind)e->kind) {
    case CUT_WRITTEN:
        written(d, e, payload, cut);
        break;
    case CUT_SIZED:
        sized(d, e);
        break;
    case CUT_SYNCED:
        if (!cut)
            synced(d, find(d, e->file));
        break;
    default:
        name_event(d, e, apr_pstrmemdup(d->pool, (const char *)payload, e->length));
    }
}

/* --- an image ------------------------------------------------------------------------------- */

typedef struct fate {
    uint64_t random, names;
    unsigned keeps; /* of WHOLE */
    unsigned tears;
} fate;

static bool by_chance(fate *f, unsigned chance)
{
    return disk_random(&f->random) % WHOLE < chance;
}

/* Block by block, and a torn one sector by sector. */
static void take_some(bytes *to, const change *c, fate *f)
{
    bool keep = false, torn = false;
    for (size_t at = 0; at < c->len; at += SECTOR) {
        if (at == 0 || (c->from + at) % BLOCK == 0) {
            torn = by_chance(f, f->tears);
            keep = by_chance(f, f->keeps);
        }
        if (c->certain || (torn ? by_chance(f, WHOLE / 2) : keep))
            memcpy(to->data + c->from + at, c->after + at, SECTOR);
    }
}

/* Sizes change in order; how far that has come is chance, behind what is certain. */
static int sizes_known(const file *f, fate *fate)
{
    int least = 0;
    for (int i = 0; i < f->since->nelts; i++)
        if (APR_ARRAY_IDX(f->since, i, change).certain)
            least = i + 1;
    if (by_chance(fate, fate->keeps))
        return f->since->nelts;
    return least + (int)(disk_random(&fate->random) % (unsigned)(f->since->nelts - least + 1));
}

static bytes content_of(const file *f, fate *fate)
{
    bytes b = { NULL, 0, 0 };
    int known = sizes_known(f, fate);
    uint64_t size = f->disk.len;
    resize(&b, f->content.len > f->disk.len ? f->content.len : f->disk.len);
    if (f->disk.len)
        memcpy(b.data, f->disk.data, f->disk.len);
    for (int i = 0; i < f->since->nelts; i++) {
        const change *c = &APR_ARRAY_IDX(f->since, i, change);
        if (i < known)
            size = c->size;
        if (c->after) {
            grow(&b, c->from + c->len);
            take_some(&b, c, fate);
        } else if (i < known && c->size < b.len) {
            memset(b.data + c->size, 0, b.len - c->size);
        }
    }
    resize(&b, size);
    return b;
}

static void write_file(const char *path, const bytes *b)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || (b->len && write(fd, b->data, b->len) != (ssize_t)b->len)) {
        printf("Bail out! %s cannot be written\n", path);
        exit(EXIT_FAILURE);
    }
    close(fd);
}

static void write_folder(disk *d, const file *folder, const char *path, fate *fate)
{
    apr_hash_t *names = apr_hash_copy(d->pool, folder->kept);
    for (int i = 0; i < folder->since->nelts; i++) {
        const change *c = &APR_ARRAY_IDX(folder->since, i, change);
        uint64_t random = fate->names + c->event->number;
        if (c->event->certain || disk_random(&random) % WHOLE < fate->keeps)
            rename_in(names, c);
    }
    for (apr_hash_index_t *i = apr_hash_first(d->pool, names); i; i = apr_hash_next(i)) {
        const file *f = apr_hash_this_val(i);
        const char *inner = apr_pstrcat(d->pool, path, "/", apr_hash_this_key(i), NULL);
        if (f->folder) {
            mkdir(inner, 0700);
            write_folder(d, f, inner, fate);
        } else {
            bytes b = content_of(f, fate);
            write_file(inner, &b);
            free(b.data);
        }
    }
}

void disk_write_image(disk *d, const char *folder, uint64_t seed)
{
    static const unsigned keeps[] = { 0, WHOLE / 10, WHOLE / 2, WHOLE * 9 / 10, WHOLE };
    fate f = { .random = seed };
    f.names = disk_random(&f.random);
    f.keeps = keeps[disk_random(&f.random) % (sizeof keeps / sizeof *keeps)];
    f.tears = disk_random(&f.random) % 2 ? WHOLE / 5 : 0;
    write_folder(d, d->root, folder, &f);
}

/* --- the whole ------------------------------------------------------------------------------ */

static bool same_content(const char *path, const bytes *b)
{
    struct stat st;
    bool same = stat(path, &st) == 0 && st.st_size == (off_t)b->len;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *data = malloc(b->len + 1);
    same = same && fd >= 0 && read(fd, data, b->len) == (ssize_t)b->len &&
           (b->len == 0 || memcmp(data, b->data, b->len) == 0);
    free(data);
    if (fd >= 0)
        close(fd);
    return same;
}

static unsigned entries_of(const char *path)
{
    unsigned count = 0;
    const struct dirent *entry;
    DIR *dir = opendir(path);
    while (dir && (entry = readdir(dir)))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (dir)
        closedir(dir);
    return count;
}

static bool same_folder(disk *d, const file *folder, const char *path, char *word, size_t room)
{
    for (apr_hash_index_t *i = apr_hash_first(d->pool, folder->names); i; i = apr_hash_next(i)) {
        const file *f = apr_hash_this_val(i);
        const char *inner = apr_pstrcat(d->pool, path, "/", apr_hash_this_key(i), NULL);
        snprintf(word, room, "%s", inner);
        if (f->folder ? !same_folder(d, f, inner, word, room)
                      : strcmp(f->name, "lock.mdb") != 0 && !same_content(inner, &f->content))
            return false;
    }
    snprintf(word, room, "%s", path);
    return entries_of(path) == apr_hash_count(folder->names);
}

bool disk_is_like(disk *d, const char *folder, char *word, size_t room)
{
    return same_folder(d, d->root, folder, word, room);
}
