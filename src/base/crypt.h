/* Secrets, digests and password hashes. Thread-safe. Nothing here ever logs a value. */
#ifndef PROV_BASE_CRYPT_H
#define PROV_BASE_CRYPT_H

#include "base/bytes.h"
#include "base/err.h"

#define PROV_DIGEST_LEN 32
#define PROV_KEY_LEN    32

void prov_random(void *out, size_t len);
void prov_sha256(prov_bytes in, uint8_t out[PROV_DIGEST_LEN]);
void prov_hmac(const uint8_t key[PROV_KEY_LEN], prov_bytes in, uint8_t out[PROV_DIGEST_LEN]);
bool prov_same(const void *a, const void *b, size_t len); /* in constant time */

/* A secret as an administrator writes it: file:PATH (one line), exec:COMMAND (its first line, no
 * shell), env:NAME, or the literal itself. `check` only looks whether it can be had. */
prov_err *prov_secret_read(apr_pool_t *p, const char *reference, const char **out);
bool prov_secret_is_literal(const char *reference);

/* The server's secret key. `make` creates it with O_EXCL, 0600, file and folder synced, if there
 * is none. The file holds 64 hexadecimal digits. */
prov_err *prov_key_make(apr_pool_t *p, const char *path);
prov_err *prov_key_read(apr_pool_t *p, const char *path, uint8_t key[PROV_KEY_LEN]);
/* A value that proves knowledge of the key without telling it; the store keeps it. */
void prov_key_check_value(const uint8_t key[PROV_KEY_LEN], uint8_t out[PROV_DIGEST_LEN]);

/* yescrypt at `cost` (1 to 11). Slow by purpose: never under a lock. The password is already
 * prepared (prov_text_password). */
prov_err *prov_password_hash(apr_pool_t *p, prov_bytes password, int cost, const char **out);
/* Any crypt(3) hash. `unknown`: there was no memory to tell. */
bool prov_password_matches(prov_bytes password, const char *hash, bool *unknown);
bool prov_password_is_hash(const char *text);

#endif
