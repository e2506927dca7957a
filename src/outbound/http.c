#include "outbound/http.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* An easy handle with the live connection it used last. */
typedef struct idle {
    CURL *easy;
    char *host; /* "https://host:port" */
    apr_time_t since;
} idle;

struct prov_http {
    apr_thread_mutex_t *lock;
    idle *idles; /* oldest first */
    int count, most;
};

/* One call. */
typedef struct exchange {
    CURL *easy;
    apr_pool_t *pool;
    prov_buf body;
    size_t header_bytes;
    struct curl_slist *lines;
    volatile apr_uint32_t *cancel;
    bool repeatable; /* the method changes nothing */
    bool too_much;   /* the answer is above a cap */
    bool unset;      /* an option was refused or a line is not fit to be sent */
    char why[CURL_ERROR_SIZE];
} exchange;

#define SET(x, option, value) ((x)->unset |= curl_easy_setopt((x)->easy, option, value) != CURLE_OK)

prov_err *prov_http_init(apr_pool_t *p)
{
    CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);
    return rc ? prov_err_make(p, 500, NULL, "libcurl cannot start: %s", curl_easy_strerror(rc))
              : NULL;
}

void prov_http_done(void)
{
    curl_global_cleanup();
}

/* --- idle handles ---------------------------------------------------------------------------- */

static void drop(idle i)
{
    curl_easy_cleanup(i.easy);
    free(i.host);
}

static apr_status_t drop_all(void *baton)
{
    prov_http *h = baton;
    while (h->count)
        drop(h->idles[--h->count]);
    return APR_SUCCESS;
}

prov_http *prov_http_make(apr_pool_t *p, int most)
{
    prov_http *h = apr_pcalloc(p, sizeof *h);
    h->most = most > 0 ? most : 1;
    h->idles = apr_pcalloc(p, sizeof *h->idles * h->most);
    if (apr_thread_mutex_create(&h->lock, APR_THREAD_MUTEX_DEFAULT, p) != APR_SUCCESS)
        abort(); /* out of memory, as APR's own pools treat it */
    /* Before the pool's other cleanups, so that nothing of ours is gone yet. */
    apr_pool_pre_cleanup_register(p, h, drop_all);
    return h;
}

static idle take_out(prov_http *h, int i)
{
    idle out = h->idles[i];
    memmove(&h->idles[i], &h->idles[i + 1], sizeof *h->idles * (h->count - i - 1));
    h->count--;
    return out;
}

/* The handle last used for this host, else a new one. */
static idle take(prov_http *h, const char *url)
{
    const char *rest = strstr(url, "://");
    rest = rest ? rest + 3 : url;
    size_t len = (size_t)(rest - url) + strcspn(rest, "/?#");
    idle out = { NULL, NULL, 0 };

    apr_thread_mutex_lock(h->lock);
    for (int i = h->count; i-- > 0 && !out.easy;)
        if (strlen(h->idles[i].host) == len && memcmp(h->idles[i].host, url, len) == 0)
            out = take_out(h, i);
    apr_thread_mutex_unlock(h->lock);

    if (!out.easy) {
        out.easy = curl_easy_init();
        out.host = strndup(url, len);
    }
    return out;
}

static void give_back(prov_http *h, idle used)
{
    idle old = { NULL, NULL, 0 };
    curl_easy_reset(used.easy); /* options go, the connection stays */
    used.since = apr_time_now();

    apr_thread_mutex_lock(h->lock);
    if (h->count && (h->count == h->most || h->idles[0].since + PROV_HTTP_IDLE < used.since))
        old = take_out(h, 0);
    h->idles[h->count++] = used;
    apr_thread_mutex_unlock(h->lock);
    drop(old); /* closing may talk TLS: not under the lock */
}

/* --- what libcurl asks during a call --------------------------------------------------------- */

static size_t on_body(char *data, size_t size, size_t count, void *baton)
{
    exchange *x = baton;
    if (size * count > PROV_HTTP_BODY - x->body.len) {
        x->too_much = true;
        return 0;
    }
    prov_buf_add(&x->body, data, size * count);
    return size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *baton)
{
    exchange *x = baton;
    x->header_bytes += size * count;
    x->too_much |= x->header_bytes > PROV_HTTP_HEADERS;
    return x->too_much ? 0 : size * count;
}

static int on_progress(void *baton, curl_off_t total, curl_off_t now, curl_off_t upload_total,
                       curl_off_t upload)
{
    exchange *x = baton;
    return x->cancel && apr_atomic_read32(x->cancel) != 0;
}

/* A reused connection that dies before any answer makes libcurl send the request again on a new
 * one, by itself and whatever the method: a POST could be applied twice. It cannot be told not to,
 * but it must come by here each time it has a connection and before it writes. The bytes counted
 * then are those of the first sending: if there are any, the target may have them, so the second is
 * refused and the call is LOST, for the engine to probe. Nothing else in libcurl resends: redirects
 * are off, Basic and Bearer are sent at once and never negotiated, and `Expect` is not used. */
static int on_connected(void *baton, char *remote, char *local, int remote_port, int local_port)
{
    exchange *x = baton;
    long sent = 0;
    curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &sent);
    return sent && !x->repeatable ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* --- the request ----------------------------------------------------------------------------- */

/* What a target once told us (an ETag) or an administrator wrote must not become a second line. */
static void add_line(exchange *x, const char *line)
{
    for (const char *c = line; *c; c++)
        if (apr_iscntrl(*c)) {
            x->unset = true;
            return;
        }
    struct curl_slist *more = curl_slist_append(x->lines, line);
    x->unset |= more == NULL;
    x->lines = more ? more : x->lines;
}

static void add_header(exchange *x, const char *name, const char *value)
{
    if (value)
        add_line(x, apr_pstrcat(x->pool, name, ": ", value, NULL));
}

static void set_lines(exchange *x, const prov_request *rq)
{
    add_header(x, "Content-Type", rq->body.data ? rq->content_type : NULL);
    add_header(x, "Accept", rq->accept);
    add_header(x, "If-Match", rq->if_match);
    if (rq->bearer)
        add_header(x, "Authorization", apr_pstrcat(x->pool, "Bearer ", rq->bearer, NULL));
    for (const char *const *line = rq->headers; line && *line; line++)
        add_line(x, *line);
    add_line(x, "Expect:");
    SET(x, CURLOPT_HTTPHEADER, x->lines);
}

static void set_bounds(exchange *x, apr_time_t limit)
{
    long all = (long)apr_time_as_msec(limit), connect = (long)apr_time_as_msec(PROV_HTTP_CONNECT);
    all = all > 0 ? all : 1;
    SET(x, CURLOPT_TIMEOUT_MS, all);
    SET(x, CURLOPT_CONNECTTIMEOUT_MS, connect < all ? connect : all);
    SET(x, CURLOPT_MAXAGE_CONN, (long)apr_time_sec(PROV_HTTP_IDLE));
    SET(x, CURLOPT_MAXCONNECTS, 1L);
    SET(x, CURLOPT_NOSIGNAL, 1L);
    /* A resolver that hangs is left behind instead of waited for beyond the limit. */
    SET(x, CURLOPT_QUICK_EXIT, 1L);
    SET(x, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(x, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(x, CURLOPT_FOLLOWLOCATION, 0L);
    SET(x, CURLOPT_PROXY, "");
}

static void set_trust(exchange *x, const prov_request *rq)
{
    SET(x, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(x, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(x, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (rq->ca_file)
        SET(x, CURLOPT_CAINFO, rq->ca_file);
    if (rq->client_cert)
        SET(x, CURLOPT_SSLCERT, rq->client_cert);
    if (rq->client_key)
        SET(x, CURLOPT_SSLKEY, rq->client_key);
    if (rq->username) {
        SET(x, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(x, CURLOPT_USERNAME, rq->username);
        SET(x, CURLOPT_PASSWORD, rq->password ? rq->password : "");
    }
}

static void set_callbacks(exchange *x)
{
    SET(x, CURLOPT_ERRORBUFFER, x->why);
    SET(x, CURLOPT_WRITEFUNCTION, on_body);
    SET(x, CURLOPT_WRITEDATA, x);
    SET(x, CURLOPT_HEADERFUNCTION, on_header);
    SET(x, CURLOPT_HEADERDATA, x);
    SET(x, CURLOPT_NOPROGRESS, 0L);
    SET(x, CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(x, CURLOPT_XFERINFODATA, x);
    SET(x, CURLOPT_PREREQFUNCTION, on_connected);
    SET(x, CURLOPT_PREREQDATA, x);
}

static void set_request(exchange *x, const prov_request *rq)
{
    SET(x, CURLOPT_URL, rq->url);
    SET(x, CURLOPT_USERAGENT, "mod_provision");
    if (rq->body.data) {
        SET(x, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body.len);
        SET(x, CURLOPT_POSTFIELDS, (const char *)rq->body.data);
    }
    SET(x, CURLOPT_CUSTOMREQUEST, rq->method);
    set_lines(x, rq);
}

/* --- the answer ------------------------------------------------------------------------------ */

static bool is_tls(CURLcode rc)
{
    static const CURLcode codes[] = {
        CURLE_SSL_CONNECT_ERROR,     CURLE_PEER_FAILED_VERIFICATION,
        CURLE_SSL_CERTPROBLEM,       CURLE_SSL_CIPHER,
        CURLE_SSL_CACERT_BADFILE,    CURLE_SSL_ISSUER_ERROR,
        CURLE_SSL_CRL_BADFILE,       CURLE_SSL_ENGINE_NOTFOUND,
        CURLE_SSL_ENGINE_SETFAILED,  CURLE_SSL_ENGINE_INITFAILED,
        CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT,
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == rc)
            return true;
    return false;
}

static prov_call_end end_of(const exchange *x, CURLcode rc)
{
    long sent = 0;
    if (rc == CURLE_OK)
        return PROV_CALL_ANSWERED;
    curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (!sent)
        return is_tls(rc) ? PROV_CALL_NO_TLS : PROV_CALL_NOT_SENT;
    /* An HTTP/0.9 answer, which is none, is an unsupported protocol to libcurl. */
    return x->too_much || rc == CURLE_WEIRD_SERVER_REPLY || rc == CURLE_UNSUPPORTED_PROTOCOL ||
                   rc == CURLE_BAD_CONTENT_ENCODING
               ? PROV_CALL_UNREADABLE
               : PROV_CALL_LOST;
}

static const char *header_of(const exchange *x, const char *name)
{
    struct curl_header *h;
    return curl_easy_header(x->easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK
               ? apr_pstrdup(x->pool, h->value)
               : NULL;
}

static const char *why(const exchange *x, CURLcode rc)
{
    if (x->too_much)
        return "the answer is too long";
    if (x->cancel && apr_atomic_read32(x->cancel))
        return "stopped, because the server stops";
    char *text =
        apr_pstrndup(x->pool, x->why[0] ? x->why : curl_easy_strerror(rc), PROV_HTTP_EXCERPT);
    for (char *c = text; *c; c++)
        if (apr_iscntrl(*c))
            *c = ' ';
    return text;
}

static void read_answer(exchange *x, CURLcode rc, prov_answer *out)
{
    long status = 0;
    out->end = end_of(x, rc);
    if (out->end != PROV_CALL_ANSWERED) {
        out->excerpt = why(x, rc);
        return;
    }
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    out->status = (int)status;
    out->retry_after = header_of(x, "Retry-After");
    out->etag = header_of(x, "ETag");
    out->location = header_of(x, "Location");
    out->body = prov_buf_bytes(&x->body);
    if (status / 100 != 2)
        out->excerpt = apr_psprintf(x->pool, "HTTP %ld", status);
}

void prov_http_call(prov_http *h, apr_pool_t *p, const prov_request *rq, apr_time_t limit,
                    volatile apr_uint32_t *cancel, prov_answer *out)
{
    idle used = take(h, rq->url);
    exchange x = { .easy = used.easy, .pool = p, .cancel = cancel };

    *out = (prov_answer){ .end = PROV_CALL_NOT_SENT, .excerpt = "the request cannot be made" };
    if (!used.easy || !used.host) {
        drop(used);
        return;
    }
    x.repeatable = strcmp(rq->method, "GET") == 0;
    prov_buf_init(&x.body, p, 0);
    set_bounds(&x, limit);
    set_trust(&x, rq);
    set_callbacks(&x);
    set_request(&x, rq);

    CURLcode rc = CURLE_FAILED_INIT;
    if (!x.unset) {
        rc = curl_easy_perform(used.easy);
        read_answer(&x, rc, out);
    }
    curl_slist_free_all(x.lines);
    if (rc == CURLE_OK)
        give_back(h, used);
    else
        drop(used);
}
