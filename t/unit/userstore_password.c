/* Passwords: set through the door, checked against the row and the cache. */
#include "framework_given.h"

#include <apr_thread_proc.h>
#include <crypt.h>

/* Stands before the library's own, and has no memory for a while. */
static bool starved;
__attribute__((visibility("default"))) char *crypt_r(const char *phrase, const char *setting,
                                                     struct crypt_data *work)
{
    return starved ? NULL : crypt_rn(phrase, setting, work, sizeof *work);
}

static prov_password_verdict check(const char *name, const char *password, prov_id *user)
{
    prov_password_verdict v;
    fatal(prov_password_check(service->passwords, service->userstores, service->store, p,
                              prov_bytes_of(name), prov_bytes_of(password), user, &v));
    return v;
}

static void right_or_wrong(const char *name, const char *password, bool right, const char *what)
{
    prov_id user;
    prov_password_verdict want = right ? PROV_PASSWORD_RIGHT : PROV_PASSWORD_WRONG;
    is_int(check(name, password, &user), want, "%s", what);
    is_int(check(name, password, &user), want, "%s: again, from the cache", what);
}

static const char *set(const char *value)
{
    return apr_psprintf(p, "{\"op\":\"replace\",\"path\":\"password\",\"value\":%s}", value);
}

/* --- the gate, with more at once than it lets through ---------------------------------------- */

#define CALLERS 16

typedef struct caller {
    apr_pool_t *pool;
    prov_passwords *passwords;
    prov_password_verdict verdict;
} caller;

static void *APR_THREAD_FUNC guess(apr_thread_t *thread, void *baton)
{
    caller *c = baton;
    prov_id user;
    const char *word = apr_psprintf(c->pool, "word %p", baton);
    if (prov_password_check(c->passwords, service->userstores, service->store, c->pool,
                            PROV_BYTES("nobody"), prov_bytes_of(word), &user, &c->verdict))
        c->verdict = PROV_PASSWORD_RIGHT; /* an error: counts as neither */
    return NULL;
}

static int busy_of(int waiters)
{
    caller callers[CALLERS];
    apr_thread_t *threads[CALLERS];
    apr_status_t rv;
    prov_passwords *pw;
    int busy = 0, wrong = 0;
    fatal(prov_passwords_make(p, "t", 5, waiters, &pw));
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (caller){ .passwords = pw };
        apr_pool_create(&callers[i].pool, NULL);
        apr_thread_create(&threads[i], NULL, guess, &callers[i], p);
    }
    for (int i = 0; i < CALLERS; i++) {
        apr_thread_join(&rv, threads[i]);
        busy += callers[i].verdict == PROV_PASSWORD_BUSY;
        wrong += callers[i].verdict == PROV_PASSWORD_WRONG;
        apr_pool_destroy(callers[i].pool);
    }
    is_int(busy + wrong, CALLERS, "%d may wait: each gets a verdict", waiters);
    ok(wrong > 0, "some the true one");
    return busy;
}

int main(void)
{
    prov_id found;
    apr_initialize();
    given_service();
    prov_id id = made(user_type, "\"userName\":\"alice\",\"password\":\"one\xc2\xa0two\"");
    made(user_type, "\"userName\":\"CORP/alice\",\"password\":\"corporate\"");
    made(user_type, "\"userName\":\"without\"");

    right_or_wrong("alice", "one two", true, "a password as PRECIS prepares it");
    right_or_wrong("ALICE", "one two", true, "the name in other letters");
    right_or_wrong("alice", "one Two", false, "a wrong one");
    right_or_wrong("alice", "", false, "none");
    right_or_wrong("CORP/alice", "corporate", true, "another domain");
    right_or_wrong("alice", "corporate", false, "the password of a namesake");
    right_or_wrong("without", "", false, "who has none");
    right_or_wrong("nobody", "one two", false, "who is not there");
    check("alice", "one two", &found);
    ok(prov_id_equal(&found, &id), "whose it is");

    prov_id other = made(user_type, "\"userName\":\"starved\",\"password\":\"right\"");
    starved = true;
    is_int(check("starved", "right", &found), PROV_PASSWORD_BUSY,
           "without memory nobody knows whether it is right");
    starved = false;
    right_or_wrong("starved", "right", true, "and it is not kept for wrong");
    ok(prov_id_equal(&found, &other), "of whom it was asked");

    config->settings.bare_name_all = 1;
    right_or_wrong("alice", "corporate", true, "a bare name may mean every domain");
    config->settings.bare_name_all = 0;

    uint64_t version = head_of(id).version;
    is_error(change(&resident, PROV_PATCHED, user_type, id, set("\"three\"")), 0, NULL, "PATCH");
    ok(last.changed && last.version == version + 1, "a new password is a change");
    right_or_wrong("alice", "one two", false, "the old one, warm as it was");
    right_or_wrong("alice", "three", true, "the new one");
    is_error(change(&resident, PROV_REPLACED, user_type, id, "\"userName\":\"alice\""), 0, NULL,
             "PUT without a password");
    ok(!last.changed, "changes nothing");
    right_or_wrong("alice", "three", true, "and leaves it");
    is_error(change(&resident, PROV_PATCHED, user_type, id, set("\"\\u0007\"")), 400, NULL,
             "what no password may hold");

    const char *active = "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}";
    fatal(change(&resident, PROV_PATCHED, user_type, id, active));
    right_or_wrong("alice", "three", false, "who is not active, whatever the cache says");
    active = "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}";
    fatal(change(&resident, PROV_PATCHED, user_type, id, active));
    right_or_wrong("alice", "three", true, "who is again");

    fatal(change(&resident, PROV_PATCHED, user_type, id, set("null")));
    right_or_wrong("alice", "three", false, "a password that was taken away");
    fatal(change(&resident, PROV_PATCHED, user_type, id, set("null")));
    ok(!last.changed, "which can be done once");

    ok(busy_of(1) > 0, "who finds others waiting is sent away, and takes no thread");
    return service_done();
}
