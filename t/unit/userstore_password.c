/* Passwords: set through the door, checked against the row and the cache. */
#include "framework_given.h"

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
    return service_done();
}
