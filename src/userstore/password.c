#include "userstore/userstore.h"
#include "base/crypt.h"
#include "base/text.h"

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <string.h>
#include <unistd.h>

#define CACHE_SLOTS   4096
#define CACHE_TIME    apr_time_from_sec(5 * 60)
#define GATE_PATIENCE apr_time_from_sec(2)
#define NAMESAKES     4 /* users a bare name may mean */

/* A verdict, found by a MAC that nobody else can compute; the key dies with the process. */
typedef struct slot {
    uint8_t mac[PROV_DIGEST_LEN];
    apr_time_t until; /* 0: empty */
    bool right;
} slot;

struct prov_passwords {
    prov_bytes tenant;
    int cost;
    uint8_t key[PROV_KEY_LEN];
    apr_thread_mutex_t *lock; /* guards what follows */
    apr_thread_cond_t *room;
    int running, most; /* hashes at a time */
    int waiting, most_waiting;
    slot slots[CACHE_SLOTS];
};

prov_err *prov_passwords_make(apr_pool_t *p, const char *tenant, int cost, int waiters,
                              prov_passwords **out)
{
    prov_passwords *pw = apr_pcalloc(p, sizeof *pw);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    pw->tenant = prov_bytes_of(tenant);
    pw->cost = cost;
    pw->most_waiting = waiters;
    pw->most = cores > 3 ? (int)(cores / 2) : 1;
    prov_random(pw->key, sizeof pw->key);
    apr_status_t rv = apr_thread_mutex_create(&pw->lock, APR_THREAD_MUTEX_DEFAULT, p);
    if (rv == APR_SUCCESS)
        rv = apr_thread_cond_create(&pw->room, p);
    *out = pw;
    return rv == APR_SUCCESS ? NULL : prov_err_status(p, rv, "locks of the password check");
}

/* --- the cache ------------------------------------------------------------------------------ */

static slot *slot_of(prov_passwords *pw, const uint8_t mac[PROV_DIGEST_LEN])
{
    return &pw->slots[(mac[0] | mac[1] << 8) % CACHE_SLOTS];
}

static bool cached(prov_passwords *pw, const uint8_t mac[PROV_DIGEST_LEN], bool *right)
{
    const slot *s = slot_of(pw, mac);
    bool hit = s->until > apr_time_now() && prov_same(s->mac, mac, sizeof s->mac);
    *right = hit && s->right;
    return hit;
}

static void keep(prov_passwords *pw, const uint8_t mac[PROV_DIGEST_LEN], bool right)
{
    slot *s = slot_of(pw, mac);
    memcpy(s->mac, mac, sizeof s->mac);
    s->until = apr_time_now() + CACHE_TIME;
    s->right = right;
}

/* --- the gate: both with the lock held -------------------------------------------------------- */

static bool may_wait(const prov_passwords *pw)
{
    return !pw->most_waiting || pw->waiting < pw->most_waiting;
}

static bool enter(prov_passwords *pw)
{
    if (pw->running >= pw->most && !may_wait(pw))
        return false;
    apr_time_t now = apr_time_now(), until = now + GATE_PATIENCE;
    pw->waiting++;
    for (; pw->running >= pw->most && now < until; now = apr_time_now())
        apr_thread_cond_timedwait(pw->room, pw->lock, until - now);
    pw->waiting--;
    if (pw->running >= pw->most)
        return false;
    pw->running++;
    return true;
}

static void leave(prov_passwords *pw)
{
    pw->running--;
    apr_thread_cond_signal(pw->room);
}

/* --- a check -------------------------------------------------------------------------------- */

/* Whom a password is compared with: nobody, too, whose hash then costs as much. */
typedef struct subject {
    prov_id id; /* zero: nobody */
    prov_bytes name;
    const char *hash; /* NULL: nobody's */
    uint64_t version;
} subject;

static void mac_of(const prov_passwords *pw, apr_pool_t *p, const subject *who, prov_bytes password,
                   uint8_t mac[PROV_DIGEST_LEN])
{
    prov_buf b;
    prov_buf_init(&b, p, 64 + pw->tenant.len + who->name.len + password.len);
    prov_put_varint(&b, pw->tenant.len);
    prov_buf_add(&b, pw->tenant.data, pw->tenant.len);
    prov_buf_add(&b, who->id.b, sizeof who->id.b);
    prov_put_u64(&b, who->version);
    prov_put_varint(&b, who->name.len);
    prov_buf_add(&b, who->name.data, who->name.len);
    prov_buf_add(&b, password.data, password.len);
    prov_hmac(pw->key, prov_buf_bytes(&b), mac);
    explicit_bzero(b.data, b.len);
}

static bool compare(const prov_passwords *pw, apr_pool_t *p, const subject *who,
                    prov_bytes password, bool *unknown)
{
    const char *thrown_away;
    if (who->hash)
        return prov_password_matches(password, who->hash, unknown);
    prov_password_hash(p, password, pw->cost, &thrown_away);
    return false;
}

static prov_password_verdict check(prov_passwords *pw, apr_pool_t *p, const subject *who,
                                   prov_bytes password)
{
    uint8_t mac[PROV_DIGEST_LEN];
    bool right, known, in = false, unknown = false;
    mac_of(pw, p, who, password, mac);
    apr_thread_mutex_lock(pw->lock);
    known = cached(pw, mac, &right);
    if (!known && (in = enter(pw)))
        known = cached(pw, mac, &right); /* somebody else may have asked the same meanwhile */
    apr_thread_mutex_unlock(pw->lock);
    if (!known && !in)
        return PROV_PASSWORD_BUSY;
    if (!known)
        right = compare(pw, p, who, password, &unknown);
    if (in) {
        apr_thread_mutex_lock(pw->lock);
        if (!known && !unknown)
            keep(pw, mac, right);
        leave(pw);
        apr_thread_mutex_unlock(pw->lock);
    }
    if (unknown)
        return PROV_PASSWORD_BUSY;
    return right ? PROV_PASSWORD_RIGHT : PROV_PASSWORD_WRONG;
}

/* --- the user ------------------------------------------------------------------------------- */

static bool is_active(const prov_resource_type *type, prov_record rec)
{
    const prov_attr *active = prov_schema_attr(type->schema, "active", 6);
    prov_item item;
    return !prov_cursor_find(prov_record_fields(rec), active->number, &item) ||
           prov_item_boolean(item);
}

/* Read at every request, so that an inactive one is refused whatever the cache says. */
static bool may_log_in(prov_snapshot *n, apr_pool_t *p, const prov_resource_type *type,
                       const prov_id *id, subject *out)
{
    prov_record rec;
    prov_credential c;
    if (!prov_snapshot_resource(n, id, &rec) || !is_active(type, rec) ||
        !prov_snapshot_credential(n, id, &c) || !c.hash.len)
        return false;
    *out = (subject){ .id = *id, .hash = prov_bytes_text(p, c.hash), .version = c.version };
    return true;
}

/* Whom the name means; nobody stands for a name that means none. */
static prov_err *find(const prov_userstores *u, prov_store *store, apr_pool_t *p, prov_bytes name,
                      subject found[NAMESAKES], int *count)
{
    const prov_resource_type *type = prov_userstore_users(u);
    prov_id ids[NAMESAKES];
    prov_snapshot *n;
    prov_err *err = prov_store_read(store, p, &n);
    if (err)
        return err;
    int named = prov_userstore_find(u, n, p, type, name, ids, NAMESAKES);
    *count = 0;
    for (int i = 0; i < named && i < NAMESAKES; i++)
        *count += may_log_in(n, p, type, &ids[i], &found[*count]);
    prov_snapshot_end(n); /* hashing is slow, and may have to wait */
    if (!*count)
        found[(*count)++] = (subject){ .name = name };
    return NULL;
}

prov_err *prov_password_check(prov_passwords *pw, const prov_userstores *u, prov_store *store,
                              apr_pool_t *p, prov_bytes name, prov_bytes password, prov_id *user,
                              prov_password_verdict *verdict)
{
    prov_bytes prepared;
    subject found[NAMESAKES];
    int count = 0;
    *verdict = PROV_PASSWORD_WRONG;
    if (prov_text_password(p, password, &prepared))
        return NULL;
    prov_err *err = find(u, store, p, name, found, &count);
    for (int i = 0; i < count && *verdict == PROV_PASSWORD_WRONG; i++) {
        *user = found[i].id;
        *verdict = check(pw, p, &found[i], prepared);
    }
    return err;
}

prov_err *prov_passwords_hash(prov_passwords *pw, apr_pool_t *p, prov_bytes password,
                              const char **hash)
{
    prov_bytes prepared;
    prov_err *err = prov_text_password(p, password, &prepared);
    if (err) {
        err->http = 400;
        err->scim_type = "invalidValue";
        return err;
    }
    apr_thread_mutex_lock(pw->lock);
    bool in = enter(pw);
    apr_thread_mutex_unlock(pw->lock);
    if (!in) {
        err = prov_err_make(p, 429, NULL, "too many passwords are being hashed");
        err->retry_at = apr_time_now() + GATE_PATIENCE;
        return err;
    }
    err = prov_password_hash(p, prepared, pw->cost, hash);
    apr_thread_mutex_lock(pw->lock);
    leave(pw);
    apr_thread_mutex_unlock(pw->lock);
    return err;
}
