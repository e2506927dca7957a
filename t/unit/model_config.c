/* The model: lines of several words, defaults, merging, checking, digests, and JSON both ways. */
#include "base/json.h"
#include "model/config.h"
#include "model/nearest.h"
#include "model/special.h"
#include "scim/compatibility.h"
#include "tap.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *pool;

typedef struct fake {
    prov_option_head head;
    const char *url, *username, *password;
} fake;

static const prov_option fake_options[] = {
    { NULL, "url", PROV_OPTION_URL, offsetof(fake, url), NULL, 0, 0, NULL, PROV_OPTION_REQUIRED,
      "" },
    { NULL, "username", PROV_OPTION_TEXT, offsetof(fake, username), NULL, 0, 0, NULL, 0, "" },
    { NULL, "password", PROV_OPTION_SECRET, offsetof(fake, password), NULL, 0, 0, NULL, 0, "" },
    PROV_OPTION_END
};

/* Words between blanks; one that begins with ' is quoted and ends with the next '. */
static prov_line line_of(const char *text)
{
    prov_word *words = apr_pcalloc(pool, 16 * sizeof *words);
    prov_line line = { words, 0, "test:1" };
    char *at = apr_pstrdup(pool, text);
    while (*at) {
        bool quoted = *at == '\'';
        char *end = strchr(at + quoted, quoted ? '\'' : ' ');
        words[line.count++] = (prov_word){ at + quoted, quoted };
        if (!end)
            break;
        *end = '\0';
        at = end + 1 + (quoted && end[1] == ' ');
    }
    return line;
}

static const char *set(prov_scope scope, void *object, const char *directive, const char *words)
{
    prov_line line = line_of(words);
    prov_err *err = prov_special_find(scope, directive)->set(pool, object, &line);
    return err ? err->detail : NULL;
}

static prov_connector_config *connector(void)
{
    return prov_connector_config_make(pool, "fake", fake_options, sizeof(fake), "test:2");
}

/* partner/fake, an application hr that uses it, a permit. */
static prov_config *declared(void)
{
    prov_config *c = prov_config_make(pool);
    prov_idp *idp = prov_idp_make(pool, "partner", "test:1");
    prov_connector_config *t = connector();
    prov_application *hr = prov_application_make(pool, "hr", "test:3");
    set(PROV_SCOPE_CONNECTOR, t, "ProvisionSet", "url https://a.example/Users");
    set(PROV_SCOPE_CONNECTOR, t, "ProvisionSet", "username svc");
    set(PROV_SCOPE_CONNECTOR, t, "ProvisionSet", "password literally");
    set(PROV_SCOPE_CONNECTOR, t, "ProvisionMap", "userName '{UN}@b'");
    set(PROV_SCOPE_IDP, idp, "ProvisionRole", "sales 'field staff'");
    set(PROV_SCOPE_APPLICATION, hr, "ProvisionOutbound", "partner fake blocking=on");
    set(PROV_SCOPE_APPLICATION, hr, "ProvisionClient", "hr-client");
    set(PROV_SCOPE_SERVER, c, "ProvisionPermit", "scim:read scim:write group 'hr admins'");
    APR_ARRAY_PUSH(idp->connectors, prov_connector_config *) = t;
    APR_ARRAY_PUSH(c->idps, prov_idp *) = idp;
    APR_ARRAY_PUSH(c->applications, prov_application *) = hr;
    c->settings.store = "lmdb /tmp/x/";
    return c;
}

static prov_connector_config *target_of(prov_config *c)
{
    return APR_ARRAY_IDX(APR_ARRAY_IDX(c->idps, 0, prov_idp *)->connectors, 0,
                         prov_connector_config *);
}

static void gather(void *baton, const prov_err *err)
{
    const char **all = baton;
    *all = apr_pstrcat(pool, *all, err->source ? err->source : "-", ": ", err->detail, "\n", NULL);
}

static const char *check(prov_config *c)
{
    const char *all = "";
    prov_config_check(pool, c, gather, &all);
    return all;
}

static const char *json(const prov_config *c)
{
    prov_buf b;
    prov_buf_init(&b, pool, 256);
    prov_config_write(&b, pool, c);
    return prov_bytes_text(pool, prov_buf_bytes(&b));
}

static void contains(const char *text, const char *part, const char *what)
{
    if (!ok(text && strstr(text, part), "%s", what))
        printf("# %s\n# lacks %s\n", text ? text : "(nothing)", part);
}

/* --- lines ---------------------------------------------------------------------------------- */
static const struct {
    prov_scope scope;
    const char *directive, *words, *refused; /* a part of the sentence; NULL: it is taken */
} lines[] = {
    { PROV_SCOPE_CONNECTOR, "ProvisionLimit", "concurrency=3 rate=50/s", NULL },
    { PROV_SCOPE_CONNECTOR, "ProvisionLimit", "rate=1/h", NULL },
    { PROV_SCOPE_CONNECTOR, "ProvisionLimit", "concurrency=257", "from 1 to 256" },
    { PROV_SCOPE_CONNECTOR, "ProvisionLimit", "concurrency=", "from 1 to 256" },
    { PROV_SCOPE_CONNECTOR, "ProvisionLimit", "rate=0/s", "such as 50/s" },
    { PROV_SCOPE_CONNECTOR, "ProvisionLimit", "rate=/s", "such as 50/s" },
    { PROV_SCOPE_CONNECTOR, "ProvisionLimit", "rate=99999999999999999999/s", "such as 50/s" },
    { PROV_SCOPE_CONNECTOR, "ProvisionLimit", "speed=1", "write concurrency=, rate= with" },
    { PROV_SCOPE_CONNECTOR, "ProvisionLimit", "concurrency", "write concurrency=" },
    { PROV_SCOPE_CONNECTOR, "ProvisionRetry", "first=10ms factor=1.5 max=1s", NULL },
    { PROV_SCOPE_CONNECTOR, "ProvisionRetry", "factor=0.5", "from 1 to 100" },
    { PROV_SCOPE_CONNECTOR, "ProvisionRetry", "factor=nan", "from 1 to 100" },
    { PROV_SCOPE_CONNECTOR, "ProvisionRetry", "first=soon", "such as 30s" },
    { PROV_SCOPE_CONNECTOR, "ProvisionRetry", "first=0s", "such as 30s" },
    { PROV_SCOPE_CONNECTOR, "ProvisionRetry", "first=2h", "longer than the longest" },
    { PROV_SCOPE_CONNECTOR, "ProvisionRetry", "giveup=29d", "urgentgiveup= of at least" },
    { PROV_SCOPE_CONNECTOR, "ProvisionMap", "title", "put text with spaces in quotes" },
    { PROV_SCOPE_CONNECTOR, "ProvisionMap", "title a b c", "put text with spaces in quotes" },
    { PROV_SCOPE_CONNECTOR, "ProvisionSet", "url", "takes a setting's name and one value" },
    { PROV_SCOPE_CONNECTOR, "ProvisionSet", "usernaem x", "write username" },
    { PROV_SCOPE_CONNECTOR, "ProvisionSet", "url ftp://x", "absolute URL" },
    { PROV_SCOPE_APPLICATION, "ProvisionOutbound", "partner", "an identity provider and a" },
    { PROV_SCOPE_APPLICATION, "ProvisionOutbound", "partner jit=off", "an identity provider and" },
    { PROV_SCOPE_APPLICATION, "ProvisionOutbound", "a b blocking=perhaps", "write on or off" },
    { PROV_SCOPE_APPLICATION, "ProvisionOutbound", "a b rules=on jit=on",
      "off; and jit=on is not" },
    { PROV_SCOPE_SERVER, "ProvisionPermit", "admin user", "permissions, then group" },
    { PROV_SCOPE_SERVER, "ProvisionPermit", "admin users x", "\"users\" is not who" },
    { PROV_SCOPE_SERVER, "ProvisionPermit", "scim user x", "one of scim:read scim:write admin" },
};

static void *object_of(prov_scope scope)
{
    switch (scope) {
    case PROV_SCOPE_CONNECTOR:
        return connector();
    case PROV_SCOPE_APPLICATION:
        return prov_application_make(pool, "hr", "test:3");
    default:
        return prov_config_make(pool);
    }
}

static void read_lines(void)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *name = apr_psprintf(pool, "%s %s", lines[i].directive, lines[i].words);
        const char *said =
            set(lines[i].scope, object_of(lines[i].scope), lines[i].directive, lines[i].words);
        if (lines[i].refused)
            contains(said, lines[i].refused, name);
        else
            is_str(said, NULL, "%s", name);
    }
}

static void read_values(void)
{
    prov_connector_config *t = connector();
    is_int(t->concurrency, 8, "the default concurrency");
    is_int(t->rate, 0, "no default rate");
    is_int(t->retry_first, apr_time_from_sec(2), "the default first wait");
    is_int(t->urgent_give_up, apr_time_from_sec(28 * 86400), "the default end of urgent work");
    set(PROV_SCOPE_CONNECTOR, t, "ProvisionLimit", "rate=6/m");
    is_int(t->rate, 100, "6 a minute are 100 in 1000 s");
    is_int(t->concurrency, 8, "and the concurrency stays");
    set(PROV_SCOPE_CONNECTOR, t, "ProvisionLimit", "rate=1/h");
    is_int(t->rate, 1, "a rate never becomes none");
    set(PROV_SCOPE_CONNECTOR, t, "ProvisionMap", "a 'plain words'");
    set(PROV_SCOPE_CONNECTOR, t, "ProvisionMap", "b {UN}");
    set(PROV_SCOPE_CONNECTOR, t, "ProvisionMap", "c name.givenName none");
    const prov_map *maps = (const prov_map *)t->maps->elts;
    is_str(maps[0].template, "plain words", "quotes make a template");
    is_str(maps[1].template, "{UN}", "braces make a template");
    is_str(maps[2].path, "name.givenName", "else it is a path");
    is_str(maps[2].template, NULL, "and no template");
    is_str(maps[2].otherwise, "none", "the third word is the default");
    contains(set(PROV_SCOPE_CONNECTOR, t, "ProvisionMap", "A x"), "already mapped at test:1",
             "a target attribute is mapped once, in any case");
}

/* --- the whole ------------------------------------------------------------------------------ */
static void check_whole(void)
{
    prov_config *c = declared();
    is_str(check(c), "", "a right configuration has no mistake");
    is_str(c->store_backend, "lmdb", "the backend");
    is_str(c->store_location, "/tmp/x", "the place, without a slash at its end");
    is_str(c->settings.secret_key, "file:/tmp/x.key", "the default key lies beside it");
    ok(prov_config_has_domain(c, "primary"), "PRIMARY is there undeclared");
    ok(prov_config_application(c, "resident"), "so is the resident application");
    ok(prov_config_application_of_client(c, "hr-client") == prov_config_application(c, "hr"),
       "an application by its client");
    const prov_application *hr = prov_config_application(c, "hr");
    ok(APR_ARRAY_IDX(hr->outbound, 0, prov_outbound_entry).target == target_of(c),
       "its target is resolved");
    const apr_array_header_t *names = target_of(c)->protect;
    is_str(apr_array_pstrcat(pool, names, ' '), "admin administrator root svc",
           "protected by default, the connector's own account too");
    uint8_t first[32];
    memcpy(first, target_of(c)->digest, sizeof first);
    check(c);
    ok(memcmp(first, target_of(c)->digest, sizeof first) == 0, "checking twice changes nothing");
    is_int(c->idps->nelts, 1, "and adds nothing");
}

static void check_mistakes(void)
{
    prov_config *c = declared();
    target_of(c)->values = apr_pcalloc(pool, sizeof(fake));
    contains(check(c), "test:2: The connector fake lacks its setting url", "a missing setting");
    c = declared();
    ((fake *)target_of(c)->values)->password = "file:/no/such";
    prov_config_note_line(c, "test:2", "ProvisionSet", "password", "test:9");
    contains(check(c), "test:9: ProvisionSet password: ", "an unreadable secret, by its line");
    c = declared();
    prov_application *hr = APR_ARRAY_IDX(c->applications, 0, prov_application *);
    hr->inbound_store = "A,B";
    contains(check(c), "test:3: ProvisionInboundStore A,B: more than one", "two inbound stores");
    hr->inbound_store = "primary";
    is_str(check(c), "", "a userstore in any case");
}

static void merge(void)
{
    prov_config *under = declared(), *over = prov_config_make(pool);
    const prov_option *row = prov_option_find(prov_settings_options, "pool");
    prov_option_set(pool, prov_settings_options, row, &under->settings.head, "3");
    row = prov_option_find(prov_settings_options, "tenant");
    prov_option_set(pool, prov_settings_options, row, &over->settings.head, "other");
    prov_application *hr = prov_application_make(pool, "hr", "test:8");
    APR_ARRAY_PUSH(over->applications, prov_application *) = hr;
    set(PROV_SCOPE_SERVER, over, "ProvisionPermit", "admin group 'hr admins'");
    prov_config *both = prov_config_merge(pool, under, over);
    is_int(both->settings.pool, 3, "a setting is inherited");
    is_str(both->settings.tenant, "other", "another overrides");
    is_int(both->settings.max_results, 200, "defaults are no overriding");
    is_int(both->applications->nelts, 1, "the same application is replaced");
    is_str(prov_config_application(both, "hr")->where, "test:8", "by the later one");
    is_int(both->permits->nelts, 1, "the same permit is replaced");
    is_int(APR_ARRAY_IDX(both->permits, 0, prov_permit).permissions, PROV_MAY_ADMIN, "too");
    both = prov_config_merge(pool, under, prov_config_make(pool));
    check(both);
    is_str(prov_config_application(both, "hr")->where, "test:3", "an application is inherited");
    ok(!APR_ARRAY_IDX(APR_ARRAY_IDX(under->applications, 0, prov_application *)->outbound, 0,
                      prov_outbound_entry)
            .target,
       "but what it resolves to is each configuration's own");
}

/* --- digests -------------------------------------------------------------------------------- */
static const struct {
    prov_scope scope;
    const char *directive, *words;
    bool counts;
} digests[] = {
    { PROV_SCOPE_CONNECTOR, "ProvisionMap", "title {UN}", true },
    { PROV_SCOPE_CONNECTOR, "ProvisionProtect", "boss", true },
    { PROV_SCOPE_CONNECTOR, "ProvisionSet", "url https://c.example/Users", true },
    { PROV_SCOPE_IDP, "ProvisionRole", "more", true },
    { PROV_SCOPE_CONNECTOR, "ProvisionSet", "password other", false },
    { PROV_SCOPE_CONNECTOR, "ProvisionLimit", "concurrency=1 rate=3/m", false },
    { PROV_SCOPE_CONNECTOR, "ProvisionRetry", "first=1s", false },
};

static void digest(void)
{
    uint8_t before[32], after[32];
    prov_config *c = declared();
    check(c);
    prov_config_digest(c, before);
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        c = declared();
        void *object = digests[i].scope == PROV_SCOPE_IDP
                           ? (void *)APR_ARRAY_IDX(c->idps, 0, prov_idp *)
                           : (void *)target_of(c);
        set(digests[i].scope, object, digests[i].directive, digests[i].words);
        check(c);
        prov_config_digest(c, after);
        ok((memcmp(before, after, 32) != 0) == digests[i].counts, "%s %s %s the digest",
           digests[i].directive, digests[i].words, digests[i].counts ? "moves" : "leaves");
    }
    c = declared();
    target_of(c)->deprovision = PROV_DEPROVISION_DELETE;
    check(c);
    prov_config_digest(c, after);
    ok(memcmp(before, after, 32) != 0, "a policy moves the digest");
}

/* --- JSON ----------------------------------------------------------------------------------- */
static void round_trip(void)
{
    prov_config *c = declared(), *back;
    uint8_t before[32], after[32];
    check(c);
    const char *text = json(c);
    contains(text, "\"username\":\"svc\"", "settings are written");
    ok(!strstr(text, "literally"), "a literal secret is not");
    contains(text, "\"roles\":[\"sales\",\"field staff\"]", "roles");
    contains(text, "{\"to\":\"userName\",\"template\":\"{UN}@b\"}", "maps");
    contains(text, "\"first\":\"2000ms\",\"factor\":2", "the pace of retries");
    prov_err *err = prov_config_read(pool, prov_bytes_of(text), &back);
    is_str(err ? err->detail : NULL, NULL, "it reads back");
    is_str(back->store_location, "/tmp/x/", "the place");
    is_str(back->settings.secret_key, c->settings.secret_key, "the key");
    is_int(back->settings.store_size, c->settings.store_size, "a size");
    is_int(back->settings.call_limit, c->settings.call_limit, "a time");
    const prov_application *hr = prov_config_application(back, "hr");
    const prov_outbound_entry *e = &APR_ARRAY_IDX(hr->outbound, 0, prov_outbound_entry);
    ok(e->blocking && e->target == target_of(back), "an application and its target");
    is_int(APR_ARRAY_IDX(back->permits, 0, prov_permit).permissions,
           PROV_MAY_SCIM_READ | PROV_MAY_SCIM_WRITE, "permissions");
    is_str(APR_ARRAY_IDX(back->permits, 0, prov_permit).name, "hr admins", "whose");
    prov_config_digest(c, before);
    prov_config_digest(back, after);
    ok(memcmp(before, after, 32) == 0, "the digest, as it was written");
}

/* --- schemas -------------------------------------------------------------------------------- */
static void count_mistake(void *baton, const prov_err *err)
{
    ++*(int *)baton;
}

static void schemas(void)
{
    static const char badge[] = "conf/schemas/badge.json", room[] = "conf/schemas/room.json";
    prov_config *under = declared(), *over = prov_config_make(pool), *back;
    int mistakes = 0;
    is_str(set(PROV_SCOPE_SERVER, under, "ProvisionSchema", badge), NULL, "a file is read");
    contains(set(PROV_SCOPE_SERVER, under, "ProvisionSchema", badge), "already declared at test:1",
             "once");
    contains(set(PROV_SCOPE_SERVER, under, "ProvisionSchema", "a.json b.json"), "takes one file",
             "one a line");
    contains(set(PROV_SCOPE_SERVER, under, "ProvisionResourceType", "/none"),
             "ProvisionResourceType: /none cannot be read", "a file that is not there");
    set(PROV_SCOPE_SERVER, over, "ProvisionSchema", badge);
    set(PROV_SCOPE_SERVER, over, "ProvisionSchema", room);
    set(PROV_SCOPE_SERVER, over, "ProvisionResourceType", "conf/schemas/room-type.json");
    prov_config *c = prov_config_merge(pool, under, over);
    is_int(c->declared->nelts, 3, "what a virtual host declares comes on top, once");
    check(c);
    prov_err *err = prov_config_read(pool, prov_bytes_of(json(c)), &back);
    is_str(err ? err->detail : NULL, NULL, "all of it reads back");
    const prov_registry *r = prov_config_registry(pool, back, count_mistake, &mistakes);
    is_int(mistakes, 0, "without a mistake");
    ok(prov_registry_type_at(r, "/Rooms") != NULL, "with the resource type");
    is_int(prov_registry_type_named(r, "User")->extension_count, 3, "and the extension of User");
}

static const char *const broken[] = {
    "",
    "[]",
    "{}",
    "{\"settings\":{}}",
    "{\"settings\":{\"store\":\"lmdb /x\"}}",
    "{\"settings\":{\"store\":\"lmdb\"},\"userstores\":[],\"identityProviders\":[],"
    "\"applications\":[],\"permits\":[]}",
    "{\"settings\":{\"store\":\"lmdb /x\",\"pool\":[]},\"userstores\":[],\"identityProviders\":[],"
    "\"applications\":[],\"permits\":[]}",
    "{\"settings\":{\"store\":\"lmdb /x\"},\"userstores\":[],\"identityProviders\":[7],"
    "\"applications\":[],\"permits\":[]}",
    "{\"settings\":{\"store\":\"lmdb /x\"},\"userstores\":[],\"identityProviders\":[],"
    "\"applications\":[],\"permits\":[{\"permissions\":\"admin\"}]}",
};

static void read_broken(void)
{
    prov_config *back;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        ok(prov_config_read(pool, prov_bytes_of(broken[i]), &back), "refused: %s", broken[i]);
}

/* --- switches ------------------------------------------------------------------------------- */
static void switches(void)
{
    prov_config *c = declared(), *back;
    prov_application *hr = (prov_application *)prov_config_application(c, "hr");
    is_str(set(PROV_SCOPE_APPLICATION, hr, "ProvisionCompatibility", "Entra first-primary"), NULL,
           "switches, in any case");
    is_str(set(PROV_SCOPE_APPLICATION, hr, "ProvisionCompatibility", "unquoted-filter"), NULL,
           "and more");
    is_int(hr->compatibility,
           prov_switch_named("entra")->bits | PROV_COMPAT_FIRST_PRIMARY | PROV_COMPAT_UNQUOTED,
           "all of them");
    check(c);
    prov_err *err = prov_config_read(pool, prov_bytes_of(json(c)), &back);
    is_str(err ? err->detail : NULL, NULL, "it reads back");
    is_int(prov_config_application(back, "hr")->compatibility, hr->compatibility, "the same");
    is_int(prov_config_application(back, "resident")->compatibility, 0, "nothing by default");
    ok(!prov_switch_named("") && !prov_switch_named("entr"), "none by half a name");
}

/* --- documentation -------------------------------------------------------------------------- */
static const char *text_of(const char *path)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool);
    if (!ok(rv == APR_SUCCESS, "%s is there", path))
        return "";
    apr_file_info_get(&info, APR_FINFO_SIZE, file);
    char *text = apr_pcalloc(pool, (apr_size_t)info.size + 1);
    apr_file_read_full(file, text, (apr_size_t)info.size, NULL);
    return text;
}

static void documented(void)
{
    const char *text = text_of("conf/provision.conf"), *readme = text_of("README.md");
    for (const prov_switch *s = prov_switches; s->name; s++)
        contains(readme, apr_pstrcat(pool, "\n| `", s->name, "` | ", NULL),
                 apr_pstrcat(pool, s->name, " has a line in the README", NULL));
    for (const prov_special *s = prov_specials; s->directive; s++)
        contains(text, apr_pstrcat(pool, "\n#", s->directive, " ", s->preset, NULL),
                 apr_pstrcat(pool, s->directive, " is explained, with its default", NULL));
}

static const struct {
    const char *wrong, *best;
} nearest[] = { { "partmer", "partner" },
                { "Partner", "partner" },
                { "hr", NULL },
                { "prtnr", "partner" },
                { "salesf", NULL } };

static void find_nearest(void)
{
    for (size_t i = 0; i < sizeof nearest / sizeof *nearest; i++) {
        prov_nearest n = prov_nearest_to(nearest[i].wrong);
        prov_nearest_offer(&n, "partner");
        prov_nearest_offer(&n, "salesforce");
        is_str(n.best, nearest[i].best, "what %s was meant to be", nearest[i].wrong);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    read_lines();
    read_values();
    check_whole();
    check_mistakes();
    merge();
    digest();
    round_trip();
    schemas();
    read_broken();
    switches();
    documented();
    find_nearest();
    apr_pool_destroy(pool);
    apr_terminate();
    return plan_done();
}
