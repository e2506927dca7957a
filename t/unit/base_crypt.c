/* Digests by known answers, password hashes of each kind, secrets from each source, the key. */
#include "base/crypt.h"
#include "base/text.h"
#include "tap.h"

#include <apr_env.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHA512_OF_SECRET                                                                           \
    "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GL"                                            \
    "c1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1"

static const char *folder;

static const char *in_folder(apr_pool_t *p, const char *name)
{
    return apr_pstrcat(p, folder, "/", name, NULL);
}

static const char *written(apr_pool_t *p, const char *name, const char *text, size_t len)
{
    const char *path = in_folder(p, name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(text, 1, len, file) != len || fclose(file) != 0)
        abort();
    return path;
}

static void digests(apr_pool_t *p)
{
    uint8_t out[PROV_DIGEST_LEN], other[PROV_DIGEST_LEN], key[PROV_KEY_LEN];
    prov_sha256(PROV_BYTES("abc"), out);
    is_str(prov_text_hex(p, (prov_bytes){ out, sizeof out }),
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "SHA-256");
    prov_sha256(PROV_BYTES(""), out);
    is_str(prov_text_hex(p, (prov_bytes){ out, sizeof out }),
           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "of nothing");
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i + 1);
    prov_hmac(key, PROV_BYTES("data"), out);
    is_str(prov_text_hex(p, (prov_bytes){ out, sizeof out }),
           "19a0af96ffb257747e12ef5297d99ca38a83a39d96711ffcaf0a72e1cf297827", "HMAC");
    prov_key_check_value(key, out);
    key[31] ^= 1;
    prov_key_check_value(key, other);
    ok(!prov_same(out, other, sizeof out), "another key, another check value");
    ok(prov_same(out, out, sizeof out), "the same is the same");
    prov_random(out, sizeof out);
    prov_random(other, sizeof other);
    ok(!prov_same(out, other, sizeof out), "random is not the same twice");
}

/* Nowhere here is memory wanting. */
static bool matches(const char *password, const char *hash)
{
    bool unknown;
    return prov_password_matches(prov_bytes_of(password), hash, &unknown) && !unknown;
}

static void known_hashes(void)
{
    static const struct {
        const char *name, *password, *hash;
        bool good, is_hash;
    } cases[] = {
        { "yescrypt", "secret",
          "$y$j75$saltsaltsaltsaltsal.$i4Uqnf.7yuul7dzFvcpX8JZko3pWqIDdWq6Qc/ahQq.", true, true },
        { "sha512crypt", "secret", SHA512_OF_SECRET, true, true },
        { "sha512crypt with rounds", "secret",
          "$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/"
          "Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/",
          true, true },
        { "sha256crypt", "secret", "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA", true,
          true },
        { "bcrypt", "secret", "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", true,
          true },
        { "md5crypt", "secret", "$1$saltsalt$9xy1btjgzLYfb7hivXtC//", true, true },
        { "traditional DES", "secret", "abNANd1rDfiNc", true, false },
        { "wrong password", "secreT", SHA512_OF_SECRET, false, true },
        { "longer password", "secret ", SHA512_OF_SECRET, false, true },
        { "empty password", "", SHA512_OF_SECRET, false, true },
        { "setting only", "secret", "$6$saltsalt$", false, false },
        { "unknown method", "secret", "$9$saltsalt$abcdefghijklmnopqrstuvwxyz", false, false },
        { "empty hash", "", "", false, false },
        { "failure token", "secret", "*0", false, false },
        { "a word", "password", "password", false, false },
        { "thirteen letters", "x", "thirteenlette", false, false },
        { "dollars", "x", "$money$", false, false },
        { "a hash and a space", "secret", SHA512_OF_SECRET " ", false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        is_int(matches(cases[i].password, cases[i].hash), cases[i].good, "match: %s",
               cases[i].name);
        is_int(prov_password_is_hash(cases[i].hash), cases[i].is_hash, "is a hash: %s",
               cases[i].name);
    }
    bool unknown;
    ok(!prov_password_matches(PROV_BYTES("secret\0x"), SHA512_OF_SECRET, &unknown) && !unknown,
       "NUL does not end it");
}

static void makes_hashes(apr_pool_t *p)
{
    const char *hash = "", *second = "";
    ok(!prov_password_hash(p, PROV_BYTES("p\xC3\xA4ss"), 1, &hash), "a hash is made");
    ok(strncmp(hash, "$y$", 3) == 0, "yescrypt");
    ok(prov_password_is_hash(hash), "is a hash");
    ok(matches("p\xC3\xA4ss", hash), "and matches");
    ok(!matches("pass", hash), "only that");
    ok(!prov_password_hash(p, PROV_BYTES("p\xC3\xA4ss"), 1, &second) && strcmp(hash, second) != 0,
       "salted");
    char *longest = apr_palloc(p, 512);
    memset(longest, 'x', 512);
    ok(!prov_password_hash(p, (prov_bytes){ (uint8_t *)longest, 511 }, 1, &hash), "511 bytes");
    prov_err *err = prov_password_hash(p, (prov_bytes){ (uint8_t *)longest, 512 }, 1, &hash);
    is_int(err ? err->http : 0, 400, "512 bytes are too many");
    ok(prov_password_hash(p, PROV_BYTES("a\0b"), 1, &hash), "NUL is refused");
    ok(prov_password_hash(p, PROV_BYTES("a"), 0, &hash), "no cost");
    ok(prov_password_hash(p, PROV_BYTES("a"), 12, &hash), "too much cost");
}

/* `want` NULL: refused, and the sentence says `why`. */
static void secret(apr_pool_t *p, const char *reference, const char *want, const char *why)
{
    const char *got = NULL;
    prov_err *err = prov_secret_read(p, reference, &got);
    if (want) {
        ok(!err, "%s can be had: %s", reference, err ? err->detail : "yes");
        is_str(err ? NULL : got, want, "%s", reference);
    } else {
        ok(err && strstr(err->detail, why), "%s: %s", reference, err ? err->detail : "no error");
        ok(err && !strstr(err->detail, "hush"), "and the sentence keeps the secret");
    }
}

static void files(apr_pool_t *p)
{
    char *flood = apr_palloc(p, 4097);
    memset(flood, 'x', 4097);
    static const struct {
        const char *text, *want, *why;
    } cases[] = {
        { "hush", "hush", NULL },
        { "hush\n", "hush", NULL },
        { "hush\r\n", "hush", NULL },
        { " hush ", " hush ", NULL },
        { "", NULL, "gives no secret" },
        { "\n", NULL, "gives no secret" },
        { "\r\n", NULL, "gives no secret" },
        { "hush\nhush\n", NULL, "more than one line" },
        { "hush\n\n", NULL, "more than one line" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = written(p, "secret", cases[i].text, strlen(cases[i].text));
        secret(p, apr_pstrcat(p, "file:", path, NULL), cases[i].want, cases[i].why);
    }
    const char *reference = apr_pstrcat(p, "file:", in_folder(p, "secret"), NULL);
    written(p, "secret", "hu\0sh", 5);
    secret(p, reference, NULL, "NUL");
    written(p, "secret", flood, 4096);
    secret(p, reference, apr_pstrmemdup(p, flood, 4096), NULL);
    written(p, "secret", flood, 4097);
    secret(p, reference, NULL, "longer than 4096 bytes");
    secret(p, apr_pstrcat(p, "file:", in_folder(p, "absent"), NULL), NULL, "No such file");
    secret(p, apr_pstrcat(p, "file:", folder, NULL), NULL, "cannot be read");
    secret(p, "file:", NULL, "cannot be read");
}

static void commands(apr_pool_t *p)
{
    secret(p, "exec:/bin/echo hush", "hush", NULL);
    secret(p, "exec:echo 'two words' $HOME", "two words $HOME", NULL);
    secret(p, "exec:sh -c 'echo first; echo second'", "first", NULL);
    secret(p, "exec:sh -c 'yes hush | head -c 100000'", "hush", NULL);
    secret(p, "exec:sh -c 'cat; echo empty input'", "empty input", NULL);
    secret(p, "exec:printf %05000d 0", NULL, "longer than 4096");
    secret(p, "exec:sh -c 'echo hush; exit 3'", NULL, "exit code 3");
    secret(p, "exec:sh -c 'echo hush; kill -9 $$'", NULL, "exit code -1");
    secret(p, "exec:true", NULL, "gives no secret");
    secret(p, "exec:/no/such/program hush", NULL, "No such file");
    secret(p, "exec:", NULL, "needs a command");
}

static void environment(apr_pool_t *p)
{
    apr_env_set("PROV_TEST_SECRET", "hush", p);
    secret(p, "env:PROV_TEST_SECRET", "hush", NULL);
    apr_env_set("PROV_TEST_SECRET", "", p);
    secret(p, "env:PROV_TEST_SECRET", NULL, "PROV_TEST_SECRET is not set or empty");
    apr_env_delete("PROV_TEST_SECRET", p);
    secret(p, "env:PROV_TEST_SECRET", NULL, "PROV_TEST_SECRET is not set or empty");
    secret(p, "plain hush", "plain hush", NULL);
    secret(p, "File:x", "File:x", NULL);
    static const struct {
        const char *reference;
        bool literal;
    } cases[] = { { "x", true },       { "", true },       { "file:/x", false },
                  { "exec:x", false }, { "env:X", false }, { "files:/x", true },
                  { "FILE:/x", true } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_int(prov_secret_is_literal(cases[i].reference), cases[i].literal, "literal: \"%s\"",
               cases[i].reference);
}

static void keys(apr_pool_t *p)
{
    uint8_t first[PROV_KEY_LEN], second[PROV_KEY_LEN];
    struct stat at;
    apr_dir_t *dir;
    apr_finfo_t entry;
    const char *path = in_folder(p, "secret.key");
    ok(!prov_key_make(p, path), "a key is made");
    ok(stat(path, &at) == 0 && (at.st_mode & 07777) == 0600 && at.st_size == 65, "0600, 65 bytes");
    ok(!prov_key_read(p, path, first), "and can be read");
    ok(!prov_key_make(p, path) && !prov_key_read(p, path, second) &&
           prov_same(first, second, sizeof first),
       "it is made once");
    int drafts = 0;
    apr_dir_open(&dir, folder, p);
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS)
        drafts += strncmp(entry.name, "secret.key.", 11) == 0;
    apr_dir_close(dir);
    is_int(drafts, 0, "no draft is left");
    ok(!prov_key_make(p, in_folder(p, "other.key")) &&
           !prov_key_read(p, in_folder(p, "other.key"), second) &&
           !prov_same(first, second, sizeof first),
       "another one is another");
    ok(prov_key_make(p, in_folder(p, "absent/secret.key")), "no folder, no key");
    ok(prov_key_read(p, in_folder(p, "absent.key"), first), "no file, no key");
    written(p, "short.key", "0123", 4);
    prov_err *err = prov_key_read(p, in_folder(p, "short.key"), first);
    ok(err && strstr(err->detail, "must hold 64 hexadecimal digits") &&
           !strstr(err->detail, "0123"),
       "a short key is refused");
}

static void clean(apr_pool_t *p)
{
    static const char *const names[] = { "secret", "secret.key", "other.key", "short.key" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_folder(p, names[i]));
    rmdir(folder);
}

int main(void)
{
    apr_pool_t *p;
    char name[] = "/tmp/provision-crypt-XXXXXX";
    apr_initialize();
    apr_pool_create(&p, NULL);
    folder = mkdtemp(name);
    digests(p);
    known_hashes();
    makes_hashes(p);
    files(p);
    commands(p);
    environment(p);
    keys(p);
    clean(p);
    apr_pool_destroy(p);
    return plan_done();
}
