#include "base/crypt.h"

#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define COST_MAX      11
#define SHORTEST_HASH 22 /* characters behind the last $: md5crypt, the shortest with a prefix */

void prov_random(void *out, size_t len)
{
    /* Without randomness every id, key and salt would be a lie. */
    if (RAND_bytes(out, (int)len) != 1)
        abort();
}

void prov_sha256(prov_bytes in, uint8_t out[PROV_DIGEST_LEN])
{
    if (EVP_Digest(in.data, in.len, out, NULL, EVP_sha256(), NULL) != 1)
        abort();
}

void prov_hmac(const uint8_t key[PROV_KEY_LEN], prov_bytes in, uint8_t out[PROV_DIGEST_LEN])
{
    if (!HMAC(EVP_sha256(), key, PROV_KEY_LEN, in.data, in.len, out, NULL))
        abort();
}

bool prov_same(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void prov_key_check_value(const uint8_t key[PROV_KEY_LEN], uint8_t out[PROV_DIGEST_LEN])
{
    prov_hmac(key, PROV_BYTES("provision key check"), out);
}

/* crypt(3) wants a NUL-terminated text. */
static bool is_phrase(prov_bytes password)
{
    return password.len < CRYPT_MAX_PASSPHRASE_SIZE &&
           !(password.len && memchr(password.data, 0, password.len));
}

/* NULL if there is no memory, or the password cannot be one. To be wiped. */
static char *as_phrase(prov_bytes password)
{
    if (!is_phrase(password))
        return NULL;
    char *phrase = calloc(1, CRYPT_MAX_PASSPHRASE_SIZE);
    if (phrase && password.len)
        memcpy(phrase, password.data, password.len);
    return phrase;
}

/* Fills `work->output`; false if the setting is not one that crypt(3) knows. */
static bool run_crypt(prov_bytes password, const char *setting, struct crypt_data *work)
{
    char *phrase = as_phrase(password);
    if (!phrase)
        return false;
    const char *made = crypt_r(phrase, setting, work);
    explicit_bzero(phrase, CRYPT_MAX_PASSPHRASE_SIZE);
    free(phrase);
    return made && made[0] != '*';
}

static void forget(struct crypt_data *work)
{
    explicit_bzero(work, sizeof *work);
    free(work);
}

prov_err *prov_password_hash(apr_pool_t *p, prov_bytes password, int cost, const char **out)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (password.len >= CRYPT_MAX_PASSPHRASE_SIZE)
        return prov_err_make(p, 400, "invalidValue", "The password is longer than %d bytes",
                             CRYPT_MAX_PASSPHRASE_SIZE - 1);
    if (cost < 1 || cost > COST_MAX)
        return prov_err_make(p, 500, NULL, "A password cost of %d is not within 1 to %d", cost,
                             COST_MAX);
    if (!crypt_gensalt_rn("$y$", (unsigned long)cost, NULL, 0, setting, sizeof setting))
        return prov_err_status(p, errno, "No salt for a password");
    struct crypt_data *work = calloc(1, sizeof *work);
    if (!work || !run_crypt(password, setting, work)) {
        free(work);
        return prov_err_make(p, 500, NULL, "The password could not be hashed");
    }
    *out = prov_bytes_text(p, prov_bytes_of(work->output));
    forget(work);
    return NULL;
}

static bool is_method(const char *hash)
{
    int known = crypt_checksalt(hash);
    return known != CRYPT_SALT_INVALID && known != CRYPT_SALT_METHOD_DISABLED;
}

/* Of a phrase and a hash that are none a failure is the answer; of others it is a want of memory.
 */
bool prov_password_matches(prov_bytes password, const char *hash, bool *unknown)
{
    struct crypt_data *work = calloc(1, sizeof *work);
    size_t len = strlen(hash);
    bool made = work && len > 0 && run_crypt(password, hash, work);
    bool same = made && strlen(work->output) == len && prov_same(work->output, hash, len);
    *unknown = !made && is_phrase(password) && is_method(hash);
    if (work)
        forget(work);
    return same;
}

/* Traditional DES hashes are left out: any word of 13 letters looks like one. */
bool prov_password_is_hash(const char *text)
{
    static const char alphabet[] =
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz$=,+-";
    if (text[0] != '$' || text[strspn(text, alphabet)] != '\0')
        return false;
    return strlen(strrchr(text, '$') + 1) >= SHORTEST_HASH && is_method(text);
}
