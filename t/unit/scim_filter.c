/* Filters: what parses, what it prints as, and which of a few resources it matches. */
#include "tap.h"
#include "base/instant.h"
#include "scim/filter.h"
#include "scim_acme.h"
#include <apr_strings.h>
#include <ctype.h>

static apr_pool_t *pool;
static prov_registry *registry;
static const prov_resource_type *user, *group;

/* ---- what is refused ---- */

static const struct {
    const char *text, *says;
} refused[] = {
    { "", "an attribute is missing, at character 1" },
    { "   ", "an attribute is missing" },
    { "userName", "an operator is missing" },
    { "userName eq", "'' is not a value" },
    { "userName eq bjensen", "'bjensen' is not a value" },
    { "userName eq 'bjensen'", "is not a value" },
    { "userName eq \"x", "a string does not end" },
    { "userName eq \"x\\\"", "a string does not end" },
    { "userName eq \"a\\qb\"", "is not a JSON value" },
    { "userName eq \"a\xff\"", "is not a JSON value" },
    { "userName eq True", "'True' is not a value" },
    { "userName eq 1.", "'1.' is not a JSON value" },
    { "userName eq 42", "does not have the attribute's type" },
    { "userName eq true", "does not have the attribute's type" },
    { "userName regex \"x\"", "'regex' is not an operator, at character 10" },
    { "userName eqx \"x\"", "'eqx' is not an operator" },
    { "userName gt null", "cannot be ordered" },
    { "userName co null", "cannot be ordered" },
    { "userName pr pr", "'and', 'or' or the end" },
    { "userName pr and", "an attribute is missing" },
    { "and userName pr", "'and' is not an attribute" },
    { "userName pr xor title pr", "'and', 'or' or the end" },
    { "userName pr)", "'and', 'or' or the end" },
    { "(userName pr", "a ) is missing" },
    { "()", "an attribute is missing" },
    { "not userName pr", "'not' is not an attribute" },
    { "not", "'not' is not an attribute" },
    { "1abc pr", "'1abc' is not an attribute" },
    { ".name pr", "'.name' is not an attribute" },
    { "name. pr", "'name.' is not an attribute" },
    { "name.foo pr", "'name.foo' is not an attribute" },
    { "title.foo pr", "'title.foo' is not an attribute" },
    { "urn:unknown:2.0:X:foo pr", "is not an attribute" },
    { "name eq \"x\"", "'name' is complex" },
    { "addresses eq \"x\"", "'addresses' is complex" },
    { "active gt true", "does not support this operator" },
    { "active co \"t\"", "does not support this operator" },
    { "active eq \"maybe\"", "does not have the attribute's type" },
    { "active eq 1", "does not have the attribute's type" },
    { "x509Certificates.value ge \"AQ==\"", "does not support this operator" },
    { "x509Certificates gt \"AQ==\"", "does not support this operator" },
    { ACME ":badgeNumber eq \"42\"", "does not have the attribute's type" },
    { ACME ":badgeNumber sw 4", "does not support this operator" },
    { ACME ":hiredAt gt \"2020-01-01\"", "does not have the attribute's type" },
    { ACME ":hiredAt gt 5", "does not have the attribute's type" },
    { "emails[", "an attribute is missing" },
    { "emails[]", "an attribute is missing" },
    { "emails[type eq \"work\"", "a ] is missing" },
    { "emails[type eq \"work\")", "a ] is missing" },
    { "emails[emails.type eq \"work\"]", "'emails.type' is not an attribute" },
    { "emails[type pr and foo[x pr]]", "brackets within brackets" },
    { "emails[type pr].", "'' is not an attribute" },
    { "emails[type pr].foo pr", "'foo' is not an attribute" },
    { "emails[type pr] pr", "'and', 'or' or the end" },
    { "emails.type[value pr]", "has no values to select from" },
    { "userName[value pr]", "has no values to select from" },
    { "schemas[value pr]", "has no values to select from" },
    { "meta[created pr]", "has no values to select from" },
};

/* A guess of a secret. */
static void test_secret(void)
{
    static const char *const texts[] = { "password pr", "title pr or PASSWORD eq \"x\"",
                                         ACME ":pin eq \"1\"", ACME ":pin sw \"1\"" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        prov_filter *f;
        prov_err *err = prov_filter_parse(pool, registry, user, texts[i], NULL, &f);
        ok(err && err->http == 403 && strcmp(err->scim_type, "sensitive") == 0 &&
               strstr(err->detail, "cannot be used in a filter"),
           "AU-7 %s", texts[i]);
        ok(!prov_filter_parse(pool, registry, NULL, "title pr", NULL, &f) &&
               prov_filter_parse(pool, registry, NULL, texts[i], NULL, &f)->http == 403,
           "AU-7 at the root, too");
    }
}

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        prov_filter *f;
        prov_err *err = prov_filter_parse(pool, registry, user, refused[i].text, NULL, &f);
        ok(err && err->http == 400 && strcmp(err->scim_type, "invalidFilter") == 0 &&
               strstr(err->detail, refused[i].says),
           "refused: %s", refused[i].text);
        if (!err || !strstr(err->detail, refused[i].says))
            printf("# says: %s\n", err ? err->detail : "nothing");
    }
}

/* ---- what is printed ---- */

static const struct {
    const char *text, *prints;
} printed[] = {
    { "USERNAME EQ \"x\"", "userName eq \"x\"" },
    { "userName  eq\"x\"  and(title pr)", "userName eq \"x\" and title pr" },
    { "urn:ietf:params:scim:schemas:core:2.0:user:NAME.givenname pr", "name.givenName pr" },
    { "manager.value eq \"m\"", ENTERPRISE ":manager.value eq \"m\"" },
    { "emails co \"x\"", "emails.value co \"x\"" },
    { "emails pr", "emails pr" },
    { "emails[TYPE eq \"work\"].value eq \"x\"", "emails[type eq \"work\" and value eq \"x\"]" },
    { "emails  [ type eq \"work\" ]", "emails[type eq \"work\"]" },
    { "emails[type pr or primary pr].value pr", "emails[(type pr or primary pr) and value pr]" },
    { "emails[type pr and primary pr].value pr", "emails[type pr and primary pr and value pr]" },
    { ACME ":tags[VALUE eq \"a\"]", ACME ":tags[value eq \"a\"]" },
    { "title pr and (title pr and (title pr and active pr))",
      "title pr and title pr and title pr and active pr" },
    { "((title pr or active pr) or nickName pr) and title pr",
      "(title pr or active pr or nickName pr) and title pr" },
    { "title pr or active pr and nickName pr", "title pr or active pr and nickName pr" },
    { "NOT(not (title pr))", "not (not (title pr))" },
    { "active eq \"TRUE\"", "active eq true" },
    { "title eq null", "title eq null" },
    { ACME ":score eq -1.50e2", ACME ":score eq -1.50e2" },
    { "title eq \"\\u00e9\\\"\\\\\\n\"", "title eq \"\xc3\xa9\\\"\\\\\\n\"" },
    { "members.value eq \"x\"", NULL },
};

static void test_printed(void)
{
    for (size_t i = 0; i < sizeof printed / sizeof *printed; i++) {
        prov_filter *f, *again;
        prov_err *err = prov_filter_parse(pool, registry, user, printed[i].text, NULL, &f);
        if (err || !printed[i].prints) {
            ok(err && !printed[i].prints, "refused: %s", printed[i].text);
            continue;
        }
        const char *text = prov_filter_print(pool, f);
        is_str(text, printed[i].prints, "prints: %s", printed[i].text);
        err = prov_filter_parse(pool, registry, user, text, NULL, &again);
        is_str(err ? err->detail : prov_filter_print(pool, again), text, "and again: %s", text);
    }
    is_str(prov_filter_quote(pool, PROV_BYTES("a\"b\\c\n\x01")), "\"a\\\"b\\\\c\\n\\u0001\"",
           "quoted");
}

/* ---- what matches ---- */

#define USER(more) "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"]," more "}"

#define AS(more)                                                                                   \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" more
#define LONG AS(AS(AS(AS("B"))))

static const char *const people[] = {
    USER("\"userName\":\"Anna\",\"nickName\":\"" LONG "\",\"externalId\":\"" LONG
         "\",\"title\":\"Nurse\",\"active\":true,"
         "\"emails\":[{\"value\":\"a@x.org\",\"type\":\"work\",\"primary\":true},"
         "{\"value\":\"b@x.org\"}],\"addresses\":[{\"country\":\"NO\"}],"
         "\"x509Certificates\":[{\"value\":\"AQ==\"}],"
         "\"" ACME "\":{\"badgeNumber\":9007199254740993,\"score\":0.5,\"tags\":[\"Red\",\"blue\"],"
         "\"hiredAt\":\"2020-01-31T10:00:00+01:00\",\"homePage\":\"https://X.org/\","
         "\"code\":\"Ab\",\"desk\":{\"floor\":3}}"),
    USER("\"userName\":\"stra\xc3\x9f"
         "e\",\"title\":\"\",\"active\":false,"
         "\"displayName\":\"\xef\xac\x81ne \xce\xa3\xce\xaf\","
         "\"name\":{\"familyName\":\"\xc3\x85ngstr\xc3\xb6m\"}"),
};

enum { NONE = 0, ANNA = 1, STRASSE = 2, BOTH = 3 };

static const struct {
    const char *text;
    int matches;
} matched[] = {
    { "userName eq \"ANNA\"", ANNA },
    { "userName eq \"an\"", NONE },
    { "userName eq \"\xef\xbd\x81nna\"", ANNA }, /* full-width a */
    { "userName eq \"STRA\xe1\xba\x9e"
      "E\"",
      STRASSE },
    { "userName eq \"strasse\"", NONE }, /* PRECIS keeps sharp s apart */
    { "userName sw \"strasse\"", STRASSE },
    { "userName eq \"a b\"", NONE }, /* nobody's name */
    { "userName ne \"a b\"", BOTH },
    { "userName ge \"B\"", STRASSE },
    { "userName co \"NN\"", ANNA },
    { "userName ew \"e\"", STRASSE },
    { "userName co \"\"", BOTH },
    { "nickName co \"aab\"", ANNA },
    { "nickName co \"aabb\"", NONE },
    { "externalId co \"AAB\"", ANNA },
    { "externalId co \"aab\"", NONE },
    { "title eq \"nurse\" and active eq true", ANNA },
    { "title eq \"\"", STRASSE },
    { "title pr", ANNA },
    { "title ne null", BOTH },
    { "nickName eq null", STRASSE },
    { "nickName ne \"x\"", BOTH },
    { "nickName gt \"a\"", ANNA },
    { "nickName gt \"x\"", NONE },
    { "displayName eq \"FINE \xcf\x83\xce\xaf\"", STRASSE },
    { "displayName ne \"FINE \xcf\x83\xce\xaf\"", ANNA },
    { "name.familyName eq \"A\xcc\x8ANGSTRO\xcc\x88M\"", STRASSE },
    { "name.familyName eq \"Angstrom\"", NONE },
    { "name pr", STRASSE },
    { "name eq null", ANNA },
    { "name.givenName pr", NONE },
    { "name[familyName pr]", STRASSE },
    { "emails.type ne \"work\"", ANNA },
    { "emails.type ne \"home\"", ANNA },
    { "emails eq null", STRASSE },
    { "emails ne null", ANNA },
    { "emails.type eq null", BOTH },
    { "emails[type eq null]", ANNA },
    { "emails[not (type pr) and value sw \"b\"]", ANNA },
    { "emails[type pr and value sw \"b\"]", NONE },
    { "emails[primary eq false]", ANNA },
    { "emails.primary eq false", ANNA },
    { "emails[primary ne true and type pr]", NONE },
    { "addresses pr", ANNA },
    { "addresses.country eq \"no\"", ANNA },
    { "x509Certificates eq \"AQ\"", ANNA },
    { "x509Certificates.value ne \"AQ==\"", NONE },
    { "x509Certificates.value sw \"aQ\"", NONE },
    { ACME ":badgeNumber eq 9007199254740993", ANNA },
    { ACME ":badgeNumber eq 9007199254740992", NONE },
    { ACME ":badgeNumber gt 9007199254740992.0", ANNA },
    { ACME ":badgeNumber lt 1e300", ANNA },
    { ACME ":score ge 0.5", ANNA },
    { ACME ":score lt 1", ANNA },
    { ACME ":score ne 0.5", STRASSE },
    { ACME ":tags eq \"red\"", ANNA },
    { ACME ":tags ne \"red\"", ANNA },
    { ACME ":tags[value eq \"red\" or value eq \"x\"]", ANNA },
    { ACME ":tags[value eq \"red\" and value eq \"blue\"]", NONE },
    { ACME ":tags eq \"red\" and " ACME ":tags eq \"blue\"", ANNA },
    { ACME ":hiredAt eq \"2020-01-31T09:00:00Z\"", ANNA },
    { ACME ":hiredAt le \"2020-01-31T08:59:59.999999Z\"", NONE },
    { ACME ":hiredAt sw \"2020-01-31T10\"", ANNA },
    { ACME ":homePage co \"X\"", ANNA },
    { ACME ":homePage co \"x\"", NONE },
    { ACME ":code eq \"ab\"", NONE },
    { ACME ":code lt \"ab\"", ANNA },
    { ACME ":desk.floor gt 2", ANNA },
    { "meta.created sw \"2011-05-13T\"", BOTH },
    { "meta.created lt \"2011-05-13T04:42:34.5Z\"", BOTH },
    { "meta.lastModified gt meta.created", -1 },
    { "meta.version eq \"W/\\\"7\\\"\"", BOTH },
    { "meta.location sw \"https://id.example/scim/v2/Users/\"", BOTH },
    { "meta.resourceType eq \"User\"", BOTH },
    { "meta.resourceType eq \"user\"", NONE },
    { "meta pr and schemas pr and id pr", BOTH },
    { "schemas eq \"URN:EXAMPLE:scim:schemas:extension:acme:2.0:User\"", ANNA },
    { "schemas eq \"" ENTERPRISE "\"", NONE },
    { "schemas co \"core\"", BOTH },
    { "groups.display eq \"x\"", NONE },
    { "groups eq null", BOTH },
    { "not (groups pr)", BOTH },
};

static prov_view views[2];

static int matches_of(const prov_filter *f)
{
    return (prov_filter_match(f, &views[0]) ? ANNA : 0) |
           (prov_filter_match(f, &views[1]) ? STRASSE : 0);
}

static void test_matched(void)
{
    for (size_t i = 0; i < sizeof matched / sizeof *matched; i++) {
        prov_filter *f;
        prov_err *err = prov_filter_parse(pool, registry, user, matched[i].text, NULL, &f);
        if (err)
            printf("# %s\n", err->detail);
        is_int(err ? -1 : matches_of(f), matched[i].matches, "matches: %s", matched[i].text);
    }
}

/* A secondary domain's users have its name before theirs. */
static void test_prefix(void)
{
    static const struct {
        const char *text;
        bool matches;
    } cases[] = {
        { "userName eq \"corp/anna\"", true }, { "userName eq \"anna\"", false },
        { "userName sw \"CORP/A\"", true },    { "userName ew \"/ANNA\"", true },
        { "userName co \"p/a\"", true },       { "title eq \"Nurse\"", true },
    };
    prov_view v = views[0];
    v.prefix = PROV_BYTES("CORP/");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_filter *f;
        prov_err *err = prov_filter_parse(pool, registry, user, cases[i].text, NULL, &f);
        is_int(!err && prov_filter_match(f, &v), cases[i].matches, "prefixed: %s", cases[i].text);
    }
}

static bool nick_contains(const prov_view *v, const char *want)
{
    prov_filter *f;
    const char *text = apr_psprintf(pool, "nickName co \"%s\"", want);
    return !prov_filter_parse(pool, registry, user, text, NULL, &f) && prov_filter_match(f, v);
}

/* Every piece of a text is found in it, in either case, and none that differs in its last letter;
 * the letters include the neighbours of A and Z. */
static void test_contains(void)
{
    static const int lens[] = { 1, 7, 8, 9, 20, 63, 64, 65, 255, 257 };
    static const char letters[] = "aAzZ@[`{Mm";
    for (size_t l = 0; l < sizeof lens / sizeof *lens; l++) {
        char value[300] = "";
        int missed = 0, wrong = 0;
        prov_body_extra extra;
        for (int i = 0; i < lens[l]; i++)
            value[i] = letters[(i * i + i / 7) % 10];
        const char *body =
            apr_psprintf(pool, USER("\"userName\":\"n\",\"nickName\":\"%s\""), value);
        const prov_object *o = acme_tree(pool, registry, user, acme_json(pool, body), &extra);
        prov_view v = acme_view(pool, registry, user, o, 0, 0);
        for (int at = 0; at < lens[l]; at++) {
            char *want = apr_pstrndup(pool, value + at, (size_t)at % 9 + 1);
            for (char *c = want; *c; c++)
                *c = (char)(at % 2 ? toupper(*c) : tolower(*c));
            missed += !nick_contains(&v, want);
            want[strlen(want) - 1] = '~';
            wrong += nick_contains(&v, want);
        }
        ok(!nick_contains(&v, "@{@") && !missed && !wrong, "pieces of a text of %d: %d, %d",
           lens[l], missed, wrong);
    }
}

/* Many terms, many values, many resources: what each takes must not add up. */
static void test_room(void)
{
    static const char *const texts[] = {
        "nickName co \"zz\"",          "nickName eq \"zz\"",    "userName co \"zz\"",
        "displayName eq \"\xc3\x84\"", "displayName co \"zz\"", "emails.value co \"zz\"",
        "emails[value co \"zz\"]",
    };
    static const char *const prefixes[] = { "", "CORP/" };
    const char *text =
        apr_psprintf(pool,
                     USER("\"userName\":\"s\xc3\x9f\",\"displayName\":\"\xc3\x84nne\","
                          "\"nickName\":\"%01000d\",\"emails\":[{\"value\":\"\xc3\x84@x.org\"}]"),
                     0);
    prov_body_extra extra;
    const prov_object *o = acme_tree(pool, registry, user, acme_json(pool, text), &extra);
    prov_view v = acme_view(pool, registry, user, o, 0, 0);
    apr_pool_create(&v.scratch, pool);
    for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
        prov_filter *f;
        prov_err *err = prov_filter_parse(pool, registry, user, texts[i / 2], NULL, &f);
        v.prefix = prov_bytes_of(prefixes[i % 2]);
        const char *before = apr_palloc(v.scratch, 8);
        ok(!err && !prov_filter_match(f, &v), "no match: %s", texts[i / 2]);
        ok((const char *)apr_palloc(v.scratch, 8) == before + 8, "and nothing taken");
        apr_pool_clear(v.scratch);
    }
}

/* ---- values of a tree ---- */

static void test_values(void)
{
    static const struct {
        const char *text;
        int matches;        /* bit per e-mail address */
        const char *builds; /* the address's type, NULL if it cannot be built */
    } cases[] = {
        { "type eq \"work\"", 1, "work" },
        { "TYPE eq \"WORK\" and primary eq true", 1, "WORK" },
        { "type ne \"work\"", 2, NULL },
        { "primary eq false", 2, "" },
        { "value ew \"x.org\"", 3, NULL },
        { "type eq \"work\" or value pr", 3, NULL },
        { "not (type eq \"work\")", 2, NULL },
        { "type eq \"work\" and type eq \"home\"", 0, NULL },
        { "type eq null", 2, NULL },
    };
    prov_body_extra extra;
    const prov_object *o = acme_tree(pool, registry, user, acme_json(pool, people[0]), &extra);
    const prov_attr *emails = prov_schema_find(registry, user, "emails", 6, NULL);
    const prov_attr *type = prov_schema_sub(emails, "type", 4);
    const prov_field *f = prov_object_get(o, emails);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_filter *filter;
        int matches = 0;
        prov_object *made = prov_object_make(pool);
        prov_err *err = prov_filter_parse_value(pool, emails, cases[i].text, strlen(cases[i].text),
                                                NULL, &filter);
        for (int v = 0; v < f->count && !err; v++)
            if (prov_filter_match_value(filter, emails, &f->values[v], pool))
                matches |= 1 << v;
        is_int(err ? -1 : matches, cases[i].matches, "values: %s", cases[i].text);
        bool built = !err && prov_filter_build(filter, emails, made);
        const prov_field *of = built ? prov_object_get(made, type) : NULL;
        is_str(!built ? NULL
               : of   ? prov_bytes_text(pool, of->values[0].text)
                      : "",
               cases[i].builds, "builds: %s", cases[i].text);
    }
}

/* ---- what an index can serve ---- */

static void test_requires(void)
{
    static const struct {
        const char *text, *path, *requires;
    } cases[] = {
        { "userName eq \"Anna\"", "userName", "Anna" },
        { "title pr and (active eq true and userName eq \"Anna\")", "userName", "Anna" },
        { "emails[type eq \"work\" and value eq \"x\"]", "emails.value", "x" },
        { "emails eq \"x\"", "emails.value", "x" },
        { "userName eq \"Anna\" or title pr", "userName", NULL },
        { "not (userName eq \"Anna\")", "userName", NULL },
        { "userName sw \"Anna\"", "userName", NULL },
        { "userName eq null", "userName", NULL },
        { "externalId eq \"x\"", "userName", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_filter *f;
        prov_bytes text;
        const prov_attr *a =
            prov_schema_find(registry, user, cases[i].path, strlen(cases[i].path), NULL);
        prov_err *err = prov_filter_parse(pool, registry, user, cases[i].text, NULL, &f);
        bool found = !err && prov_filter_requires(f, a, &text);
        is_str(found ? prov_bytes_text(pool, text) : NULL, cases[i].requires, "requires: %s",
               cases[i].text);
    }
}

/* ---- limits ---- */

static const char *nested(int depth)
{
    prov_buf b;
    prov_buf_init(&b, pool, 1024);
    for (int i = 0; i < depth; i++)
        prov_buf_text(&b, i % 2 ? "(" : "not (");
    prov_buf_text(&b, "title pr");
    for (int i = 0; i < depth; i++)
        prov_buf_text(&b, ")");
    prov_buf_byte(&b, 0);
    return (const char *)b.data;
}

static const char *chained(int terms)
{
    prov_buf b;
    prov_buf_init(&b, pool, 1024);
    for (int i = 0; i < terms; i++)
        prov_buf_text(&b, i ? i % 3 ? " or title pr" : " and title pr" : "title pr");
    prov_buf_byte(&b, 0);
    return (const char *)b.data;
}

static void test_limits(void)
{
    static const prov_filter_limits limits = { 400, 6, 9, 0 };
    const char *longest = apr_psprintf(pool, "title eq \"%0389d\"", 0);
    const struct {
        const char *what, *text;
        bool fits;
    } cases[] = {
        { "six brackets", nested(6), true },
        { "seven brackets", nested(7), false },
        { "nine terms", chained(9), true },
        { "ten terms", chained(10), false },
        { "as long as may be", longest, true },
        { "one byte longer", apr_pstrcat(pool, longest, " ", NULL), false },
        { "side by side", "((title pr)) and ((title pr)) or (((title pr) or title pr))", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_filter *f;
        prov_err *err = prov_filter_parse(pool, registry, user, cases[i].text, &limits, &f);
        is_int(!err, cases[i].fits, "limits: %s", cases[i].what);
    }
    prov_filter *f;
    ok(!prov_filter_parse(pool, registry, user, nested(64), NULL, &f), "64 brackets by default");
    ok(prov_filter_parse(pool, registry, user, nested(65), NULL, &f) != NULL, "but not 65");
}

/* ---- over all types ---- */

static void test_root(void)
{
    static const struct {
        const char *text, *prints;
        bool user, group;
    } cases[] = {
        { "displayName pr", "displayName pr", false, true },
        { "userName eq \"anna\"", "userName eq \"anna\"", true, false },
        { "members pr or title pr", "members pr or title pr", true, false },
        { "nobody.has eq \"x\" or displayName sw \"s\"",
          "nobody.has eq \"x\" or displayName sw \"s\"", false, true },
        { "meta.resourceType ne \"Group\"", "meta.resourceType ne \"Group\"", true, false },
        { "unknown[a eq 1.0] or unknown ne true", "unknown[a eq 1.0] or unknown ne true", true,
          true },
    };
    prov_body_extra extra;
    const prov_json *body =
        acme_json(pool, "{\"schemas\":[\"" PROV_URN_GROUP "\"],\"displayName\":\"Staff\"}");
    prov_view g =
        acme_view(pool, registry, group, acme_tree(pool, registry, group, body, &extra), 0, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_filter *f;
        prov_err *err = prov_filter_parse(pool, registry, NULL, cases[i].text, NULL, &f);
        if (!ok(!err, "root: %s", cases[i].text))
            continue;
        is_str(prov_filter_print(pool, f), cases[i].prints, "root prints %s", cases[i].text);
        is_int(prov_filter_match(f, &views[0]), cases[i].user, "root, the user: %s", cases[i].text);
        is_int(prov_filter_match(f, &g), cases[i].group, "root, the group: %s", cases[i].text);
    }
    prov_filter *f;
    ok(prov_filter_parse(pool, registry, NULL, "active gt true", NULL, &f) != NULL,
       "root: what a type has is checked");
}

int main(void)
{
    apr_time_t at;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    registry = acme_registry(pool);
    user = prov_registry_type_named(registry, "User");
    group = prov_registry_type_named(registry, "Group");
    prov_instant_parse(PROV_BYTES("2011-05-13T04:42:34Z"), &at);
    for (int i = 0; i < 2; i++) {
        prov_body_extra extra;
        const prov_object *o = acme_tree(pool, registry, user, acme_json(pool, people[i]), &extra);
        views[i] = acme_view(pool, registry, user, o, at, at);
    }
    test_refused();
    test_secret();
    test_printed();
    test_matched();
    test_prefix();
    test_contains();
    test_room();
    test_values();
    test_requires();
    test_limits();
    test_root();
    apr_terminate();
    return plan_done();
}
