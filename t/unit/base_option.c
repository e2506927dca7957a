/* Every type of setting: what it takes, what it refuses in which words, how it reads back. */
#include "base/option.h"
#include "tap.h"

typedef struct settings {
    prov_option_head head;
    const char *text, *secret, *url, *path;
    int flag, choice;
    int64_t count, any, size, time;
    apr_array_header_t *list;
} settings;

static const char *const colours[] = { "red", "green", "blue", NULL };

#define AT(member) offsetof(settings, member)

static const prov_option table[] = {
    { "ProvisionText", "text", PROV_OPTION_TEXT, AT(text), NULL, 0, 0, NULL, PROV_OPTION_REQUIRED,
      "A text." },
    { NULL, "secret", PROV_OPTION_SECRET, AT(secret), NULL, 0, 0, NULL, 0, "A secret." },
    { NULL, "url", PROV_OPTION_URL, AT(url), NULL, 0, 0, NULL, PROV_OPTION_REQUIRED, "A URL." },
    { NULL, "path", PROV_OPTION_PATH, AT(path), "/var/lib", 0, 0, NULL, 0, "A path." },
    { NULL, "flag", PROV_OPTION_FLAG, AT(flag), "on", 0, 0, NULL, 0, "A flag." },
    { NULL, "choice", PROV_OPTION_CHOICE, AT(choice), "green", 0, 0, colours, 0, "A colour." },
    { NULL, "count", PROV_OPTION_INT, AT(count), "7", -5, 100, NULL, 0, "A number." },
    { NULL, "any", PROV_OPTION_INT, AT(any), NULL, 0, 0, NULL, 0, "Any number." },
    { NULL, "size", PROV_OPTION_SIZE, AT(size), "1M", 4096, INT64_C(1) << 30, NULL, 0, "A size." },
    { NULL, "time", PROV_OPTION_DURATION, AT(time), "90s", 1000, INT64_C(86400000000), NULL,
      PROV_OPTION_FIXED, "A time." },
    { NULL, "list", PROV_OPTION_LIST, AT(list), "a,b", 0, 0, NULL, 0, "A list." },
    PROV_OPTION_END,
};

/* `printed` for what is taken, `refused` for the whole sentence of what is not. */
static const struct {
    const char *name, *value, *printed, *refused;
} cases[] = {
    { "text", "hello", "hello", NULL },
    { "text", "", "", NULL },
    { "text", "a\nb", NULL,
      "ProvisionText cannot be \"a\nb\"; write a text without control characters" },
    { "text", "\xFF", NULL, "ProvisionText cannot be \"\xFF\"; write well-formed UTF-8" },
    { "secret", "hush", "(literal)", NULL },
    { "secret", "file:/etc/x.pw", "file:/etc/x.pw", NULL },
    { "secret", "exec:pass show x", "exec:pass show x", NULL },
    { "secret", "env:X", "env:X", NULL },
    { "secret", "", NULL,
      "secret cannot be this; write file:/absolute/path, exec:command, env:NAME or the secret "
      "itself" },
    { "secret", "env:", NULL,
      "secret cannot be this; write a path, a command or a name behind the colon" },
    { "secret", "file:x.pw", NULL,
      "secret cannot be this; write file: with an absolute path, such as "
      "file:/etc/provision/name.pw" },
    { "url", "https://host.example/path?q=1", "https://host.example/path?q=1", NULL },
    { "url", "http://127.0.0.1:8080", "http://127.0.0.1:8080", NULL },
    { "url", "http://[::1]:8080/", "http://[::1]:8080/", NULL },
    { "url", "ftp://host/", NULL,
      "url cannot be this; write an absolute URL, such as https://host.example/path" },
    { "url", "/path", NULL,
      "url cannot be this; write an absolute URL, such as https://host.example/path" },
    { "url", "https:///path", NULL,
      "url cannot be this; write an absolute URL, such as https://host.example/path" },
    { "url", "", NULL,
      "url cannot be this; write an absolute URL, such as https://host.example/path" },
    { "url", "https://u:hush@host/", NULL,
      "url cannot be this; write the URL without a user and password, which have settings of "
      "their own" },
    { "url", "https://host/a b", NULL, "url cannot be this; write a URL without spaces" },
    { "path", "/etc/provision", "/etc/provision", NULL },
    { "path", "etc", NULL, "path cannot be \"etc\"; write an absolute path, beginning with /" },
    { "path", "/a\tb", NULL, "path cannot be \"/a\tb\"; write a text without control characters" },
    { "flag", "on", "on", NULL },
    { "flag", "Off", "off", NULL },
    { "flag", "true", "on", NULL },
    { "flag", "false", "off", NULL },
    { "flag", "yes", "on", NULL },
    { "flag", "no", "off", NULL },
    { "flag", "maybe", NULL, "flag cannot be \"maybe\"; write on or off" },
    { "choice", "red", "red", NULL },
    { "choice", "BLUE", "blue", NULL },
    { "choice", "pink", NULL, "choice cannot be \"pink\"; write red, green or blue" },
    { "count", "-5", "-5", NULL },
    { "count", "100", "100", NULL },
    { "count", "101", NULL, "count cannot be \"101\"; write a whole number from -5 to 100" },
    { "count", "-6", NULL, "count cannot be \"-6\"; write a whole number from -5 to 100" },
    { "count", "1.5", NULL, "count cannot be \"1.5\"; write a whole number from -5 to 100" },
    { "count", " 1", NULL, "count cannot be \" 1\"; write a whole number from -5 to 100" },
    { "count", "", NULL, "count cannot be \"\"; write a whole number from -5 to 100" },
    { "any", "9223372036854775807", "9223372036854775807", NULL },
    { "any", "9223372036854775808", NULL,
      "any cannot be \"9223372036854775808\"; write a whole number" },
    { "size", "4K", "4K", NULL },
    { "size", "1536K", "1536K", NULL },
    { "size", "1024m", "1G", NULL },
    { "size", "5000", "5000", NULL },
    { "size", "2G", NULL,
      "size cannot be \"2G\"; write a size in bytes or with K, M, G or T, such as 64M, from 4K to "
      "1G" },
    { "size", "lots", NULL,
      "size cannot be \"lots\"; write a size in bytes or with K, M, G or T, such as 64M, from 4K "
      "to 1G" },
    { "time", "250ms", "250ms", NULL },
    { "time", "60s", "1m", NULL },
    { "time", "90", "90s", NULL },
    { "time", "24h", "1d", NULL },
    { "time", "2d", NULL,
      "time cannot be \"2d\"; write a time with ms, s, m, h or d, such as 30s, from 1ms to 1d" },
    { "time", "0", NULL,
      "time cannot be \"0\"; write a time with ms, s, m, h or d, such as 30s, from 1ms to 1d" },
    { "list", "x", "x", NULL },
    { "list", " x , y z,,w ", "x, y z, w", NULL },
    { "list", "", "", NULL },
};

static void sets(apr_pool_t *p)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        settings s = { .head = { 0 } };
        const prov_option *row = prov_option_find(table, cases[i].name);
        prov_option_presets(p, table, &s.head);
        const char *before = prov_option_print(p, row, &s.head);
        prov_err *err = prov_option_set(p, table, row, &s.head, cases[i].value);
        is_str(err ? err->detail : NULL, cases[i].refused, "%s \"%s\" is taken or refused",
               row->name, cases[i].value);
        is_str(prov_option_print(p, row, &s.head), err ? before : cases[i].printed,
               "%s \"%s\" reads back", row->name, cases[i].value);
        is_int(s.head.given, err ? 0 : 1 << (row - table), "and counts as given or not");
        if (err)
            is_str(err->source, row->directive ? row->directive : row->name, "names its setting");
    }
}

static void presets(apr_pool_t *p)
{
    static const char *const printed[] = { "",  "",  "",   "/var/lib", "on",  "green",
                                           "7", "0", "1M", "90s",      "a, b" };
    settings s = { .head = { 0 } };
    prov_option_presets(p, table, &s.head);
    for (int i = 0; table[i].name; i++)
        is_str(prov_option_print(p, &table[i], &s.head), printed[i], "default of %s",
               table[i].name);
    ok(s.head.given == 0, "defaults are not given");
    is_int(s.list->nelts, 2, "the list itself");
    ok(!prov_option_find(table, "Text") && !prov_option_find(table, "nothing"), "names are exact");
    is_str(prov_option_missing(table, &s.head)->name, "text", "the first that is missing");
    prov_option_set(p, table, &table[0], &s.head, "x");
    is_str(prov_option_missing(table, &s.head)->name, "url", "then the next");
    prov_option_set(p, table, &table[2], &s.head, "https://host/");
    ok(!prov_option_missing(table, &s.head), "then none");
}

static void given(apr_pool_t *p, settings *s, const char *name, const char *value)
{
    if (prov_option_set(p, table, prov_option_find(table, name), &s->head, value))
        abort();
}

static void merges(apr_pool_t *p)
{
    settings under = { .head = { 0 } }, over = under, into = under;
    prov_option_presets(p, table, &under.head);
    prov_option_presets(p, table, &over.head);
    given(p, &under, "count", "1");
    given(p, &under, "text", "below");
    given(p, &under, "list", "c");
    given(p, &over, "text", "above");
    given(p, &over, "flag", "off");
    prov_option_merge(table, &under.head, &over.head, &into.head);
    is_str(into.text, "above", "given in both: the upper");
    is_int(into.flag, 0, "given above");
    is_int(into.count, 1, "given below: not the upper's default");
    is_int(into.list->nelts, 1, "a list given below");
    is_int(into.size, 1 << 20, "given nowhere: the default");
    is_str(into.path, "/var/lib", "another default");
    ok(into.head.given == (under.head.given | over.head.given), "what was given is known");
    prov_option_merge(table, &under.head, &over.head, &over.head);
    is_int(over.count, 1, "into the upper itself");
    is_str(over.text, "above", "which keeps its own");
    settings below = under;
    prov_option_set(p, table, prov_option_find(table, "count"), &over.head, "2");
    prov_option_merge(table, &below.head, &over.head, &below.head);
    is_int(below.count, 2, "into the lower itself");
    is_int(below.list->nelts, 1, "which keeps what is only its own");
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    sets(p);
    presets(p);
    merges(p);
    apr_pool_destroy(p);
    return plan_done();
}
