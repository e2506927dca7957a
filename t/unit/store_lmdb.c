/* What only LMDB can get wrong: a full map and a full disk, a failed flush, reader slots, maps of
 * different size, processes that open together or die while they commit. */
#include "store_given.h"

#include "store/lmdb/env.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Stands before the library's own: liblmdb finds this one. */
static int flush_fails;
__attribute__((visibility("default"))) int fdatasync(int fd)
{
    if (flush_fails && flush_fails-- > 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

/* And this one: with it a process can stand still where LMDB has its lock and not yet its file. */
static int tell_open = -1;
__attribute__((visibility("default"))) int open(const char *path, int flags, ...)
{
    const char *end = strrchr(path, '/');
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (tell_open >= 0 && end && strcmp(end, "/data.mdb") == 0) {
        (void)!write(tell_open, "", 1);
        pause();
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static prov_store_stats stats(void)
{
    prov_store_stats s;
    fatal(prov_store_stats_read(store, p, &s));
    return s;
}

static int faults_found(void)
{
    faults found = { 0 };
    int64_t looked_at;
    fatal(prov_store_check(store, p, registry, note_fault, &found, &looked_at));
    if (found.count)
        printf("# %d: %s\n", found.count, found.last);
    return found.count;
}

static void reopen(int64_t size, const char *folder)
{
    close_store();
    settings.size = size;
    settings.location = apr_pstrcat(p, settings.location, folder, NULL);
    fatal(open_store());
    know_numbers();
}

/* --- room ----------------------------------------------------------------------------------- */

static const char *name_of(int i)
{
    return apr_psprintf(p, "user%d", i);
}

static prov_verdict put_user(int i, prov_id *id)
{
    prov_plan *a = plan();
    *id = prov_id_make();
    prov_plan_put(a, id, record(user_type, name_of(i)));
    plan_index(a, id, user_type, name_of(i));
    return submit(a);
}

static void test_full_map(void)
{
    enum { MOST = 20000 };
    prov_id *ids, more;
    prov_verdict v = { .kind = PROV_DONE };
    int made = 0;
    given_store("a full map");
    ids = apr_palloc(p, MOST * sizeof *ids);
    reopen(1 << 20, "/small");
    while (made < MOST && (v = put_user(made, &ids[made])).kind == PROV_DONE)
        made++;
    ok(made > 100 && v.kind == PROV_FULL, "it fills up, after %d users", made);
    is_int(version_of(&ids[made]), 0, "the one too many is not there");
    is_int(version_of(&ids[0]), 1, "the others are");
    const prov_err *why = prov_store_health(store, p);
    is_int(why ? why->http : 0, 507, "its health is that it is full");
    /* Neighbours: only whole pages become free. */
    for (int i = 0; i < made / 2; i++) {
        prov_plan *a = plan();
        prov_plan_delete(a, &ids[i], &soon);
        plan_unindex(a, &ids[i], user_type, name_of(i));
        v = submit(a);
        if (v.kind != PROV_DONE)
            break;
    }
    is_int(v.kind, PROV_DONE, "users can be deleted from a full store");
    is_int(put_user(MOST, &more).kind, PROV_DONE, "and then there is room again");
    ok(prov_store_health(store, p) == NULL, "and the store is well");
    is_int(faults_found(), 0, "nothing is half done");

    while ((v = put_user(++made + MOST, &more)).kind == PROV_DONE)
        ;
    is_int(v.kind, PROV_FULL, "until it is full again");
    reopen(4 << 20, "");
    is_int(put_user(MOST, &more).kind, PROV_REFUSED, "a larger size: what was there is known");
    is_int(put_user(3 * MOST, &more).kind, PROV_DONE, "and there is room");
}

/* A file that may not grow is what a full disk looks like: the write of a page fails. */
static void test_full_disk(void)
{
    struct rlimit old, tight;
    struct stat st;
    prov_id ids[3];
    prov_plan *plans[3];
    prov_verdict verdicts[3];
    given_store("a full disk");
    signal(SIGXFSZ, SIG_IGN);
    /* The page at the file's end is taken: a write that begins there and ends beyond would be a
     * short one, which is another error. */
    make_user("first");
    stat(apr_pstrcat(p, settings.location, "/data.mdb", NULL), &st);
    getrlimit(RLIMIT_FSIZE, &old);
    tight = old;
    tight.rlim_cur = (rlim_t)st.st_size;
    prov_bytes big = { apr_pcalloc(p, 400000), 400000 };
    static const uint8_t digest[16] = "big";
    for (int i = 0; i < 3; i++) {
        ids[i] = prov_id_make();
        plans[i] = plan();
        prov_plan_put(plans[i], &ids[i], record(user_type, name_of(i)));
        prov_plan_put_large(plans[i], &ids[i], digest, big);
    }
    setrlimit(RLIMIT_FSIZE, &tight);
    prov_store_submit_all(store, (const prov_plan *const *)plans, verdicts, 3);
    setrlimit(RLIMIT_FSIZE, &old);
    for (int i = 0; i < 3; i++) {
        is_int(verdicts[i].kind, PROV_FULL, "plan %d finds no room", i);
        is_int(version_of(&ids[i]), 0, "plan %d has put nothing", i);
    }
    is_int(submit(plans[1]).kind, PROV_DONE, "with room it goes on, without a restart");
    is_int(version_of(&ids[1]), 1, "and is there");
    ok(prov_store_health(store, p) == NULL, "the store is well");
}

static void test_failed_flush(void)
{
    given_store("a failed flush");
    prov_id first = make_user("first"), second;
    flush_fails = 1;
    is_int(put_user(1, &second).kind, PROV_UNKNOWN, "nobody knows");
    is_int(flush_fails, 0, "a flush failed");
    ok(prov_store_health(store, p) == NULL, "the store was opened again");
    is_int(version_of(&first), 1, "what was there is there");
    prov_id third = make_user("third");
    is_int(version_of(&third), 1, "it can be written");
    flush_fails = 1;
    uint32_t number = 0;
    prov_err *err = prov_store_number(store, PROV_NUMBER_DOMAIN, "CORP", &number);
    ok(err && err->http == 503, "a number that could not be kept is not given");
    fatal(prov_store_number(store, PROV_NUMBER_DOMAIN, "CORP", &number));
    ok(number > domain, "the next try gives it");
    is_int(faults_found(), 0, "nothing is half done");
}

/* --- readers -------------------------------------------------------------------------------- */

static void test_readers(void)
{
    enum { MANY = 300 };
    prov_snapshot *n[MANY];
    given_store("readers");
    prov_id ann = make_user("ann");
    for (int i = 0; i < MANY; i++)
        n[i] = see();
    int64_t slots = stats().readers;
    ok(slots > MANY, "each has a slot");
    prov_record rec;
    make_user("bob");
    ok(prov_snapshot_resource(n[0], &ann, &rec), "a snapshot stands while others write");
    is_int(prov_snapshot_count(n[MANY - 1], user_type->number, (uint16_t)domain), 1,
           "and sees its own state");
    fatal(prov_snapshot_refresh(n[0]));
    is_int(prov_snapshot_count(n[0], user_type->number, (uint16_t)domain), 2,
           "refreshed, the newest");
    for (int i = 0; i < MANY; i++)
        prov_snapshot_end(n[i]);
    prov_snapshot_end(n[0]);
    for (int i = 0; i < MANY; i++)
        n[i] = see();
    is_int(stats().readers, slots, "slots are kept and used again");
    for (int i = 0; i < MANY; i++)
        prov_snapshot_end(n[i]);
    is_int(stats().readers_most, 8192, "of those there are");
}

/* --- processes ------------------------------------------------------------------------------ */

static int wait_for(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

static void open_and_register(void)
{
    prov_process self;
    uint32_t number;
    if (open_store() || prov_store_number(store, PROV_NUMBER_TARGET, "the same", &number) ||
        prov_store_register(store, 1, &self))
        _exit(1);
    close_store();
    _exit(0);
}

static bool count_process(void *baton, const prov_process *process)
{
    int *count = baton;
    ++*count;
    return true;
}

static void test_open_together(void)
{
    enum { CHILDREN = 6 };
    pid_t children[CHILDREN];
    int good = 0, registered = 0;
    uint32_t number, next;
    given_store("opened by many at once");
    close_store();
    settings.location = apr_pstrcat(p, settings.location, "/new", NULL);
    fflush(stdout);
    for (int i = 0; i < CHILDREN; i++)
        if ((children[i] = fork()) == 0)
            open_and_register();
    for (int i = 0; i < CHILDREN; i++)
        good += wait_for(children[i]) == 0;
    is_int(good, CHILDREN, "all open a store that was not there");
    fatal(open_store());
    fatal(prov_store_number(store, PROV_NUMBER_TARGET, "the same", &number));
    fatal(prov_store_number(store, PROV_NUMBER_TARGET, "another", &next));
    ok(number == 1 && next == 2, "one number was given");
    prov_snapshot *n = see();
    prov_snapshot_processes(n, count_process, &registered);
    prov_snapshot_end(n);
    is_int(registered, CHILDREN, "all are registered");
    struct stat st;
    stat(settings.location, &st);
    is_int(st.st_mode & 0777, 0700, "the folder is its owner's");
    stat(apr_pstrcat(p, settings.location, "/data.mdb", NULL), &st);
    is_int(st.st_mode & 0777, 0600, "and so is the file");
}

/* Each acknowledged id goes down the pipe. */
static void commit_for_ever(int pipe, int first)
{
    if (open_store())
        _exit(1);
    know_numbers();
    for (int i = first;; i++) {
        prov_id id;
        if (put_user(i, &id).kind == PROV_DONE &&
            write(pipe, id.b, sizeof id.b) != (ssize_t)sizeof id.b)
            _exit(1);
    }
}

static void test_killed(void)
{
    enum { KILLS = 8, EACH = 40 };
    int acknowledged = 0, lost = 0, signalled = 0;
    given_store("killed while committing");
    for (int k = 0; k < KILLS; k++) {
        int ends[2];
        prov_id id;
        if (pipe(ends) != 0)
            break;
        fflush(stdout);
        close_store();
        pid_t child = fork();
        if (child == 0)
            commit_for_ever(ends[1], k * 1000000);
        close(ends[1]);
        fatal(open_store());
        know_numbers();
        for (int i = 0; read(ends[0], id.b, sizeof id.b) == (ssize_t)sizeof id.b; i++) {
            acknowledged++;
            lost += version_of(&id) != 1;
            if (i == EACH)
                kill(child, SIGKILL);
        }
        close(ends[0]);
        signalled += WIFSIGNALED(wait_for(child));
        make_user(apr_psprintf(p, "after%d", k));
    }
    is_int(signalled, KILLS, "processes killed");
    ok(acknowledged > KILLS * EACH, "%d changes acknowledged", acknowledged);
    is_int(lost, 0, "none is lost");
    is_int(faults_found(), 0, "none is half done");
}

static bool waits_for_a_lock(pid_t pid)
{
    char line[200], mine[32];
    bool waits = false;
    FILE *locks = fopen("/proc/locks", "r");
    snprintf(mine, sizeof mine, " %ld ", (long)pid);
    while (locks && !waits && fgets(line, sizeof line, locks))
        waits = strstr(line, "->") && strstr(line, mine);
    if (locks)
        fclose(locks);
    return waits;
}

/* Forks one who opens the store, says whether this user is there, and writes. */
static pid_t forked_heir(const prov_id *id)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        bool good = !open_store();
        if (good)
            know_numbers();
        good = good && version_of(id) == 1;
        make_user(apr_psprintf(p, "of%ld", (long)getpid()));
        _exit(good ? 0 : 1);
    }
    return child;
}

/* Who is first at an unused file makes its lock file anew. Were he killed over it, whoever waited
 * for him would take a half-made one for whole, and go on from the commit before the last. */
static void test_killed_while_opening(void)
{
    given_store("killed while opening");
    for (int i = 0; i < 2; i++) { /* the last commit's number is even, and odd */
        int ends[2];
        char byte;
        prov_id last = make_user(apr_psprintf(p, "last%d", i));
        close_store();
        fflush(stdout);
        if (pipe(ends) != 0)
            break;
        pid_t first = fork();
        if (first == 0) {
            tell_open = ends[1];
            _exit(open_store() ? 1 : 0);
        }
        close(ends[1]);
        is_int(read(ends[0], &byte, 1), 1, "one is about to open the file");
        close(ends[0]);
        pid_t second = forked_heir(&last);
        for (int tries = 0; tries < 5000 && !waits_for_a_lock(second); tries++)
            apr_sleep(apr_time_from_msec(1));
        ok(waits_for_a_lock(second), "another waits for him");
        kill(first, SIGKILL);
        ok(WIFSIGNALED(wait_for(first)), "he is killed");
        is_int(wait_for(second), 0, "the other finds what was committed last");
        fatal(open_store());
        know_numbers();
        is_int(version_of(&last), 1, "it stays");
        make_user(apr_psprintf(p, "next%d", i));
        prov_id odd = make_user(apr_psprintf(p, "odd%d", i));
        is_int(version_of(&odd), 1, "and it can be written");
    }
    is_int(faults_found(), 0, "nothing is half done");
}

/* After a restart with a larger size, old processes meet a file larger than their map. */
static void test_map_resized(void)
{
    given_store("a map that grew");
    reopen(1 << 20, "/small");
    prov_id ann = make_user("ann"), bob;
    prov_snapshot_end(see());
    close_store();
    fflush(stdout);
    int ready[2], grown[2];
    char byte = 0;
    if (pipe(ready) != 0 || pipe(grown) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        settings.size = 64 << 20;
        bool good = read(ready[0], &byte, 1) == 1 && !open_store();
        static const uint8_t digest[16] = "large";
        prov_plan *a = plan();
        prov_plan_put_large(a, &ann, digest, (prov_bytes){ apr_pcalloc(p, 8 << 20), 8 << 20 });
        good = good && submit(a).kind == PROV_DONE;
        close_store();
        _exit(write(grown[1], &byte, 1) == 1 && good ? 0 : 1);
    }
    fatal(open_store());
    know_numbers();
    make_user("carol");
    prov_snapshot_end(see());
    ok(write(ready[1], &byte, 1) == 1 && read(grown[0], &byte, 1) == 1, "another makes it grow");
    is_int(wait_for(child), 0, "and has room");
    is_int(version_of(&ann), 1, "it can be read on");
    is_int(put_user(1, &bob).kind, PROV_DONE, "and written");
    is_int(version_of(&bob), 1, "and read again");
}

/* --- formats -------------------------------------------------------------------------------- */

static void set_format(uint8_t format)
{
    static const char key[] = "\0\0\0\6format";
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi meta;
    MDB_val k = { sizeof key - 1, (void *)key }, v = { 1, &format };
    bool good = mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, 1) == 0 &&
                mdb_env_open(env, settings.location, 0, 0600) == 0 &&
                mdb_txn_begin(env, NULL, 0, &txn) == 0 &&
                mdb_dbi_open(txn, "meta", 0, &meta) == 0 && mdb_put(txn, meta, &k, &v, 0) == 0 &&
                mdb_txn_commit(txn) == 0;
    mdb_env_close(env);
    ok(good, "format %d is written", format);
}

static void test_format(void)
{
    given_store("a format of the future");
    make_user("ann");
    close_store();
    set_format(PROV_STORE_FORMAT + 1);
    prov_err *err = open_store();
    ok(err && strstr(err->detail, "newer mod_provision"), "is refused with a sentence");
    apr_pool_destroy(opened);
    set_format(PROV_STORE_FORMAT);
    fatal(open_store());
    know_numbers();
    ok(faults_found() == 0, "and was not changed by the look at it");
}

/* A child of the new program that is there already, and says so by a byte. */
static void migrate_first(int wake, int told)
{
    prov_process self;
    char byte;
    if (read(wake, &byte, 1) != 1 || open_store() || prov_store_register(store, 1, &self) ||
        write(told, &byte, 1) != 1)
        _exit(1);
    pause();
}

static void test_migrated_meanwhile(void)
{
    int wake[2], told[2];
    char byte = 0;
    given_store("two children find the format before this one");
    make_user("ann");
    close_store();
    set_format(1);
    fflush(stdout);
    ok(pipe(wake) == 0 && pipe(told) == 0, "pipes");
    pid_t child = fork();
    if (child == 0)
        migrate_first(wake[0], told[1]);
    prov_env env = { .folder = settings.location, .size = (size_t)settings.size };
    is_int(prov_env_open_file(&env), 0, "the slower one has looked at the file");
    is_int(env.format, 1, "which was of the format before");
    ok(write(wake[1], &byte, 1) == 1 && read(told[0], &byte, 1) == 1, "the quicker one serves it");
    is_int(prov_env_migrate(&env, p), 0, "which is nothing to wait for");
    mdb_env_close(env.mdb);
    kill(child, SIGKILL);
    wait_for(child);
    fatal(open_store());
    know_numbers();
    is_int(faults_found(), 0, "the store is whole");
}

int main(void)
{
    apr_initialize();
    test_full_map();
    test_full_disk();
    test_failed_flush();
    test_readers();
    test_open_together();
    test_killed();
    test_killed_while_opening();
    test_map_resized();
    test_format();
    test_migrated_meanwhile();
    return stores_done();
}
