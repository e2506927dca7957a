/* Changes that share commits: how many commits they take, in which order they are done, and that
 * each has its own end. */
#include "framework_given.h"

#include "framework/batch.h"

#define STEPS 4

typedef enum { END, MAKE, RENAME, TITLE, MEMBERS, STRANGER } act;

typedef struct step {
    act what;
    const char *name; /* that it is to have, a password behind a colon; or who is meant */
} step;

static char trace[400];

static prov_id id_of(const char *name)
{
    prov_id id = { { 0 } };
    prov_snapshot *n;
    fatal(prov_store_read(service->store, p, &n));
    prov_userstore_find(service->userstores, n, p, user_type, prov_bytes_of(name), &id, 1);
    prov_snapshot_end(n);
    return id;
}

static const char *user_body(const char *name)
{
    const char *colon = strchr(name, ':');
    int len = (int)(colon ? (size_t)(colon - name) : strlen(name));
    return apr_psprintf(p, "\"userName\":\"%.*s\"%s%s%s", len, name,
                        colon ? ",\"password\":\"" : "", colon ? colon + 1 : "", colon ? "\"" : "");
}

static prov_change *body_of(prov_change *c, const char *body)
{
    prov_body_extra *extra = apr_pcalloc(p, sizeof *extra);
    body = apr_pstrcat(p, "{\"schemas\":[\"", c->type->schema->urn, "\"],", body, "}", NULL);
    fatal(prov_value_read(p, service->registry, c->type, json(body), PROV_BODY_CREATE, &c->object,
                          extra));
    c->extra = extra;
    return c;
}

static prov_change *patch_of(prov_change *c, const char *path, const char *value)
{
    c->operation = PROV_PATCHED;
    c->patch = json(apr_psprintf(p,
                                 "{\"schemas\":[\"" PROV_URN_PATCH "\"],\"Operations\":[{\"op\":"
                                 "\"replace\",\"path\":\"%s\",\"value\":\"%s\"}]}",
                                 path, value));
    return c;
}

static const char *crowd; /* members of a group that no transaction holds */

static prov_change *change_of(const step *s)
{
    prov_id new = prov_id_make();
    prov_change *c = apr_pcalloc(p, sizeof *c);
    *c = (prov_change){ .operation = PROV_CREATED, .type = user_type };
    switch (s->what) {
    case MAKE:
        return body_of(c, user_body(s->name));
    case MEMBERS:
        c->type = group_type;
        return body_of(c, apr_pstrcat(p, "\"displayName\":\"", s->name, "\",", crowd, NULL));
    case STRANGER:
        c->id = new;
        return patch_of(c, "title", s->name);
    case RENAME:
        c->id = id_of("there");
        return patch_of(c, "userName", s->name);
    default:
        c->id = id_of(s->name);
        return patch_of(c, "title", prov_id_text(p, &new));
    }
}

static void tell(void *baton, int which, const prov_changed *changed, prov_err *err)
{
    size_t at = strlen(trace);
    int result = err ? err->http : (int)changed->version;
    snprintf(trace + at, sizeof trace - at, "%s%d:%d", at ? " " : "", which, result);
}

static uint64_t commits(void)
{
    prov_store_stats stats;
    fatal(prov_store_stats_read(service->store, p, &stats));
    return stats.commits;
}

static const struct {
    const char *name;
    step steps[STEPS + 1];
    bool in_order;
    int commits;
    const char *told; /* which:version, or which:error */
} tests[] = {
    { "three", { { MAKE, "a1" }, { MAKE, "a2" }, { MAKE, "a3" } }, true, 1, "0:1 1:1 2:1" },
    { "three", { { MAKE, "b1" }, { MAKE, "b2" }, { MAKE, "b3" } }, false, 1, "0:1 1:1 2:1" },
    { "a name twice",
      { { MAKE, "c1" }, { MAKE, "c1" }, { MAKE, "c2" } },
      true,
      2,
      "0:1 1:409 2:1" },
    { "a name twice",
      { { MAKE, "d1" }, { MAKE, "d1" }, { MAKE, "d2" } },
      false,
      1,
      "0:1 1:409 2:1" },
    { "an error", { { MAKE, "e1" }, { STRANGER, "x" }, { MAKE, "e2" } }, true, 2, "0:1 1:404 2:1" },
    { "an error",
      { { MAKE, "f1" }, { STRANGER, "x" }, { MAKE, "f2" } },
      false,
      1,
      "1:404 0:1 2:1" },
    { "one twice", { { TITLE, "a1" }, { TITLE, "a1" }, { MAKE, "g1" } }, true, 2, "0:2 1:3 2:1" },
    { "one twice", { { TITLE, "a2" }, { TITLE, "a2" }, { MAKE, "h1" } }, false, 2, "0:2 1:3 2:1" },
    { "a name given away", { { RENAME, "gone" }, { MAKE, "there" } }, true, 2, "0:2 1:1" },
    { "passwords", { { MAKE, "i1:pass word" }, { MAKE, "i2:pass word" } }, true, 1, "0:1 1:1" },
    { "passwords", { { MAKE, "j1:pass word" }, { MAKE, "j2:pass word" } }, false, 1, "0:1 1:1" },
};

static void run(const step *steps, bool in_order)
{
    prov_batch_way way = { in_order, STEPS, tell, NULL };
    prov_batch *b = prov_batch_make(service, p, &admin, &way);
    trace[0] = '\0';
    for (int i = 0; steps[i].what; i++)
        prov_batch_add(b, p, change_of(&steps[i]), i);
    prov_batch_run(b);
    ok(!prov_batch_count(b), "and nothing waits");
}

static void test_commits(void)
{
    made(user_type, user_body("there"));
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        const char *how = tests[i].in_order ? "in order" : "in any order";
        uint64_t before = commits();
        run(tests[i].steps, tests[i].in_order);
        is_str(trace, tests[i].told, "%s, %s: what is told", tests[i].name, how);
        is_int((int)(commits() - before), tests[i].commits, "%s, %s: commits", tests[i].name, how);
    }
}

/* The store takes as many of them at once as a transaction holds. */
static void test_many(void)
{
    enum { MANY = 1000 };
    for (int in_order = 0; in_order < 2; in_order++) {
        prov_batch_way way = { in_order, MANY, tell, NULL };
        prov_batch *b = prov_batch_make(service, p, &admin, &way);
        uint64_t before = commits();
        int most = 0;
        for (int i = 0; i < MANY; i++) {
            step s = { MAKE, apr_psprintf(p, "many%d.%d", in_order, i) };
            trace[0] = '\0';
            prov_batch_add(b, p, change_of(&s), i);
            most = prov_batch_count(b) > most ? prov_batch_count(b) : most;
        }
        prov_batch_run(b);
        int took = (int)(commits() - before);
        ok(most == PROV_BATCH_MOST && took >= 4 && took <= 12, "a thousand: %d commits", took);
        ok(id_of(apr_psprintf(p, "many%d.%d", in_order, MANY - 1)).b[0], "the last is there");
    }
}

/* However small the changes are: what waits holds its record in memory. */
static void test_bytes(void)
{
    enum { LARGE = 20, BYTES = 500000 };
    char *long_name = apr_pcalloc(p, BYTES + 1);
    memset(long_name, 'x', BYTES);
    for (int i = 0; i < LARGE; i++)
        made(user_type,
             apr_psprintf(p, "\"userName\":\"large%d\",\"nickName\":\"%s\"", i, long_name));
    for (int in_order = 0; in_order < 2; in_order++) {
        prov_batch_way way = { in_order, LARGE, tell, NULL };
        prov_batch *b = prov_batch_make(service, p, &admin, &way);
        int most = 0;
        for (int i = 0; i < LARGE; i++) {
            step s = { TITLE, apr_psprintf(p, "large%d", i) };
            prov_batch_add(b, p, change_of(&s), i);
            most = prov_batch_count(b) > most ? prov_batch_count(b) : most;
        }
        prov_batch_run(b);
        ok(most > 1 && most < 8, "of large ones at most %d wait", most);
    }
}

static void test_large(void)
{
    static const step steps[] = {
        { MAKE, "k1" }, { MEMBERS, "k2" }, { MAKE, "k3" }, { END, NULL }
    };
    prov_store_stats stats;
    prov_buf b;
    prov_buf_init(&b, p, 4096);
    for (int i = 0; i < 2000; i++) {
        const char *name = apr_psprintf(p, "many%d.%d", i % 2, i / 2);
        prov_id id = id_of(name);
        prov_buf_printf(&b, "%s{\"value\":\"%s\"}", i ? "," : "\"members\":[",
                        prov_id_text(p, &id));
    }
    prov_buf_text(&b, "]");
    crowd = prov_bytes_text(p, prov_buf_bytes(&b));
    run(steps, true);
    is_str(trace, "0:1 1:1 2:1", "one that no transaction holds goes among the others");
    fatal(prov_store_stats_read(service->store, p, &stats));
    ok(stats.memberships >= 2000 && stats.rows_most <= PROV_TRANSACTION_ROWS, "in parts");
}

int main(void)
{
    apr_initialize();
    given_service();
    test_commits();
    test_many();
    test_bytes();
    test_large();
    return service_done();
}
