/* Threads that change the same thing at once: nothing acknowledged is lost. */
#include "framework_given.h"

#include <apr_thread_proc.h>

#define THREADS 4
#define ROUNDS  40

typedef struct racer {
    apr_pool_t *pool;
    int number;
    prov_id id;
    const prov_resource_type *type;
    const char *(*operation)(const struct racer *r, int round);
    bool may_be_so; /* another one may have said the same */
    int failed;
} racer;

static const prov_json *patch_of(const racer *r, apr_pool_t *pool, int round)
{
    const prov_json *j = NULL;
    const char *text = apr_pstrcat(pool, "{\"schemas\":[\"" PROV_URN_PATCH "\"],\"Operations\":[",
                                   r->operation(r, round), "]}", NULL);
    prov_err *err = prov_json_parse(pool, prov_bytes_of(text), &j);
    return err ? NULL : j;
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    racer *r = data;
    for (int i = 0; i < ROUNDS; i++) {
        prov_changed changed;
        prov_change c = { .operation = PROV_PATCHED, .type = r->type, .id = r->id };
        c.patch = patch_of(r, r->pool, i);
        prov_err *err = prov_provision(service, r->pool, &admin, &c, &changed);
        r->failed += err || !(changed.changed || r->may_be_so);
        if (err)
            printf("# %s\n", prov_err_text(r->pool, err));
    }
    return NULL;
}

static const char *say_the_same(const racer *r, int round)
{
    return apr_psprintf(r->pool, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"%d\"}", round);
}

/* Each racer has a pool, and the pool an allocator, of its own. */
static void race(prov_id id, const prov_resource_type *type,
                 const char *(*operation)(const racer *r, int round))
{
    racer racers[THREADS];
    apr_thread_t *threads[THREADS];
    int failed = 0;
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (racer){ .number = i, .id = id, .type = type, .operation = operation };
        racers[i].may_be_so = operation == say_the_same;
        apr_pool_create_unmanaged_ex(&racers[i].pool, NULL, NULL);
        apr_thread_create(&threads[i], NULL, run, &racers[i], p);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_status_t rv;
        apr_thread_join(&rv, threads[i]);
        failed += racers[i].failed;
        apr_pool_destroy(racers[i].pool);
    }
    is_int(failed, 0, "every change was made, or was so already");
}

static const char *add_number(const racer *r, int round)
{
    return apr_psprintf(
        r->pool, "{\"op\":\"add\",\"path\":\"phoneNumbers\",\"value\":[{\"value\":\"%d-%d\"}]}",
        r->number, round);
}

static const char *rename_and_add(const racer *r, int round)
{
    prov_changed made;
    prov_object *o = prov_object_make(r->pool);
    prov_object_put_text(o, user_type->naming, apr_psprintf(r->pool, "u%d-%d", r->number, round));
    prov_change c = { .operation = PROV_CREATED, .type = user_type, .object = o };
    if (prov_provision(service, r->pool, &admin, &c, &made))
        return "";
    return apr_psprintf(r->pool,
                        "{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"%d-%d\"},"
                        "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}",
                        r->number, round, prov_id_text(r->pool, &made.id));
}

static int count_of(const char *text, const char *what)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, what)); at++)
        count++;
    return count;
}

int main(void)
{
    apr_initialize();
    given_service();
    prov_id user = made(user_type, "\"userName\":\"raced\"");
    race(user, user_type, add_number);
    is_int(count_of(seen(&admin, user_type, user, "phoneNumbers"), "\"value\""), THREADS * ROUNDS,
           "no phone number is lost");
    is_int(head_of(user).version, 1 + THREADS * ROUNDS, "a version for each change");
    is_int(link_of(user).wanted, 1 + THREADS * ROUNDS, "a touch for each change");
    race(user, user_type, say_the_same);
    prov_id group = made(group_type, "\"displayName\":\"raced\"");
    race(group, group_type, rename_and_add);
    is_int(count_of(seen(&admin, group_type, group, "members"), "\"value\""), THREADS * ROUNDS,
           "no member is lost");
    is_int(head_of(group).version, 1 + THREADS * ROUNDS, "a version for each change");
    return service_done();
}
