/* ldap URL SECONDS search|add CLIENTS COUNT PREFIX: so many clients, each with a connection bound
 * as the root DN, that look for users by uid among COUNT, or add users whose names begin with
 * PREFIX. */
#include "bench.h"

#include <ldap.h>
#include <pthread.h>

#define CLIENTS_MOST 64
#define BASE         "dc=example,dc=com"
#define ROOT         "cn=admin," BASE
#define SPREAD       7919

typedef struct client {
    pthread_t thread;
    LDAP *ldap;
    int number, clients, count;
    const char *prefix;
    bool (*go)(struct client *c, int64_t turn);
    measured m;
    int64_t errors;
} client;

static void check(int rc, const char *doing)
{
    if (rc != LDAP_SUCCESS) {
        fprintf(stderr, "%s: %s\n", doing, ldap_err2string(rc));
        exit(EXIT_FAILURE);
    }
}

static void log_in(client *c, const char *url)
{
    struct berval secret = { 5, "bench" };
    int version = LDAP_VERSION3;
    check(ldap_initialize(&c->ldap, url), url);
    ldap_set_option(c->ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
    check(ldap_sasl_bind_s(c->ldap, ROOT, LDAP_SASL_SIMPLE, &secret, NULL, NULL, NULL), "bind");
}

static bool search(client *c, int64_t turn)
{
    char filter[64];
    LDAPMessage *found = NULL;
    int64_t of = (turn * c->clients + c->number) * SPREAD % c->count;
    snprintf(filter, sizeof filter, "(uid=user%06d)", (int)of);
    int rc = ldap_search_ext_s(c->ldap, BASE, LDAP_SCOPE_SUBTREE, filter, NULL, 0, NULL, NULL, NULL,
                               0, &found);
    bool good = rc == LDAP_SUCCESS && ldap_count_entries(c->ldap, found) == 1;
    ldap_msgfree(found);
    return good;
}

/* What a user of the bench has, as inetOrgPerson has it. */
static bool add(client *c, int64_t turn)
{
    char uid[64], dn[160], mail[96];
    snprintf(uid, sizeof uid, "%s%dx%lld", c->prefix, c->number, (long long)turn);
    snprintf(dn, sizeof dn, "uid=%s,ou=people," BASE, uid);
    snprintf(mail, sizeof mail, "%s@example.com", uid);
    const char *const rows[][2] = {
        { "objectClass", "inetOrgPerson" }, { "uid", uid },
        { "cn", "Barbara Jensen" },         { "sn", "Jensen" },
        { "givenName", "Barbara" },         { "displayName", "Barbara Jensen" },
        { "title", "Tour guide" },          { "mail", mail },
        { "employeeNumber", "1" },          { "telephoneNumber", "+1 555 0100" },
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    char *values[ROWS][2] = { { NULL } };
    LDAPMod mods[ROWS], *all[ROWS + 1] = { NULL };
    for (int i = 0; i < ROWS; i++) {
        values[i][0] = (char *)rows[i][1];
        mods[i] = (LDAPMod){ .mod_op = LDAP_MOD_ADD, .mod_type = (char *)rows[i][0] };
        mods[i].mod_values = values[i];
        all[i] = &mods[i];
    }
    return ldap_add_ext_s(c->ldap, dn, all, NULL, NULL) == LDAP_SUCCESS;
}

static void *run(void *baton)
{
    client *c = baton;
    while (goes_on(&c->m)) {
        int64_t began = clock_us(CLOCK_MONOTONIC);
        c->errors += !c->go(c, c->m.count);
        note(&c->m, began);
    }
    return NULL;
}

static void report_all(client clients[], int count)
{
    measured all = clients[0].m;
    int64_t errors = clients[0].errors, sum = clients[0].m.count;
    for (int i = 1; i < count; i++)
        sum += clients[i].m.count;
    all.took = realloc(all.took, (size_t)sum * sizeof *all.took + 1);
    fatal_if(!all.took, "memory");
    for (int i = 1; i < count; i++) {
        memcpy(all.took + all.count, clients[i].m.took,
               (size_t)clients[i].m.count * sizeof *all.took);
        all.count += clients[i].m.count;
        errors += clients[i].errors;
    }
    fatal_if(errors != 0, "not every operation went well");
    report(&all);
}

int main(int argc, const char *const *argv)
{
    static client clients[CLIENTS_MOST];
    fatal_if(argc != 7, "ldap URL SECONDS search|add CLIENTS COUNT PREFIX");
    int count = (int)strtol(argv[4], NULL, 10);
    fatal_if(count < 1 || count > CLIENTS_MOST, "CLIENTS");
    for (int i = 0; i < count; i++) {
        clients[i] = (client){ .number = i, .clients = count, .prefix = argv[6] };
        clients[i].count = (int)strtol(argv[5], NULL, 10);
        clients[i].go = strcmp(argv[3], "add") == 0 ? add : search;
        log_in(&clients[i], argv[1]);
    }
    for (int i = 0; i < count; i++) {
        clients[i].m = measure(argv[2]);
        fatal_if(pthread_create(&clients[i].thread, NULL, run, &clients[i]), "thread");
    }
    for (int i = 0; i < count; i++)
        pthread_join(clients[i].thread, NULL);
    report_all(clients, count);
    return EXIT_SUCCESS;
}
