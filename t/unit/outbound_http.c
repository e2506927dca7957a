/* One exchange against a server that does everything wrong, in this process. */
#include "outbound/http.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

typedef enum {
    ANSWER,     /* `reply`, and keep the connection */
    RESET,      /* after reading the whole request */
    CLOSE,      /* the same, politely */
    HANG,       /* until the client goes away */
    CANCEL,     /* the same, and the caller is told to stop */
    THEN_CLOSE, /* `reply`, and close without having said so */
    ENDLESS_BODY,
    ENDLESS_HEADERS
} behaviour;

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

/* What request number i of a case gets; the last row serves all that follow. */
static struct {
    behaviour does[4];
    int rows;
    const char *reply;
    size_t reply_len;
    volatile apr_uint32_t requests, connections, closed, cancel, turn;
    char first[4096]; /* the first request, as it came */
} server;

static int port;

static void put(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        data += n;
        len -= (size_t)n;
    }
}

/* A whole request, by its Content-Length. False when the client has gone. */
static bool get(int fd, char *into, size_t room)
{
    size_t len = 0;
    for (;;) {
        ssize_t n = recv(fd, into + len, room - 1 - len, 0);
        if (n <= 0)
            return false;
        into[len += (size_t)n] = '\0';
        const char *end = strstr(into, "\r\n\r\n"), *body = strstr(into, "Content-Length: ");
        size_t more = body && body < end ? strtoul(body + 16, NULL, 10) : 0;
        if (end && len >= (size_t)(end + 4 - into) + more)
            return true;
    }
}

static void repeat(int fd, const char *head, const char *piece)
{
    put(fd, head, strlen(head));
    for (int i = 0; i < 4096; i++)
        put(fd, piece, strlen(piece));
}

static bool behave(int fd, behaviour b)
{
    static char zeros[1024 + 1];
    struct linger hard = { 1, 0 };
    char byte;
    switch (b) {
    case ANSWER:
    case THEN_CLOSE:
        put(fd, server.reply, server.reply_len);
        return b == ANSWER;
    case RESET:
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        return false;
    case CANCEL:
        apr_atomic_set32(&server.cancel, 1); /* fall through */
    case HANG:
        while (recv(fd, &byte, 1, 0) > 0)
            ;
        return false;
    case ENDLESS_BODY:
        memset(zeros, 'x', sizeof zeros - 1);
        repeat(fd, "HTTP/1.1 200 OK\r\n\r\n", zeros);
        return false;
    case ENDLESS_HEADERS:
        repeat(fd, "HTTP/1.1 200 OK\r\n", "X-More: and more and more and more and more\r\n");
        return false;
    case CLOSE:
        return false;
    }
    return false;
}

static void *serve(void *baton)
{
    int fd = (int)(intptr_t)baton;
    apr_uint32_t turn = apr_atomic_read32(&server.turn);
    char text[sizeof server.first];
    while (get(fd, text, sizeof text)) {
        int i = (int)apr_atomic_inc32(&server.requests);
        if (i == 0)
            memcpy(server.first, text, sizeof text);
        if (!behave(fd, server.does[i < server.rows ? i : server.rows - 1]))
            break;
    }
    close(fd);
    if (turn == apr_atomic_read32(&server.turn)) /* not one that an earlier case left */
        apr_atomic_inc32(&server.closed);
    return NULL;
}

static void *listener(void *baton)
{
    for (;;) {
        pthread_t thread;
        int fd = accept((int)(intptr_t)baton, NULL, NULL);
        apr_atomic_inc32(&server.connections);
        pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd);
        pthread_detach(thread);
    }
    return NULL;
}

static int bound(int *fd)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(*fd, (struct sockaddr *)&a, sizeof a) || getsockname(*fd, (struct sockaddr *)&a, &len))
        perror("bind");
    return ntohs(a.sin_port);
}

static void expect(const char *reply, size_t len, int rows, const behaviour *does)
{
    memcpy(server.does, does, sizeof *does * rows);
    apr_atomic_inc32(&server.turn);
    server.rows = rows;
    server.reply = reply;
    server.reply_len = len;
    server.requests = server.connections = server.closed = server.cancel = 0;
}
#define EXPECT(text, ...)                                                                          \
    expect(text, strlen(text), sizeof((behaviour[]){ __VA_ARGS__ }) / sizeof(behaviour),           \
           (behaviour[]){ __VA_ARGS__ })

static prov_answer call_at(prov_http *h, apr_pool_t *p, const char *method, const char *url,
                           apr_time_t limit)
{
    bool body = strcmp(method, "GET") && strcmp(method, "DELETE");
    prov_request rq = { .method = method,
                        .url = url,
                        .content_type = "application/scim+json",
                        .accept = "application/scim+json",
                        .if_match = "W/\"7\"",
                        .username = "svc",
                        .password = "pw",
                        .body = body ? PROV_BYTES("{\"a\":1}") : (prov_bytes){ NULL, 0 } };
    prov_answer a;
    prov_http_call(h, p, &rq, limit, &server.cancel, &a);
    return a;
}

static prov_answer call(prov_http *h, apr_pool_t *p, const char *method)
{
    return call_at(h, p, method, apr_psprintf(p, "http://127.0.0.1:%d/Users", port),
                   apr_time_from_sec(20));
}

static void answered(apr_pool_t *p)
{
    prov_http *h = prov_http_make(p, 4);
    EXPECT("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nETag: W/\"3\"\r\nContent-Length: 4\r\n\r\nwait",
           ANSWER);
    prov_answer a = call(h, p, "POST");
    is_int(a.end, PROV_CALL_ANSWERED, "an answer");
    is_int(a.status, 429, "its status");
    is_str(a.retry_after, "7", "Retry-After");
    is_str(a.etag, "W/\"3\"", "ETag");
    is_str(a.location, NULL, "no Location");
    is_bytes(a.body, PROV_BYTES("wait"), "its body");
    is_str(a.excerpt, "HTTP 429", "and a word for a person");

    ok(strncmp(server.first, "POST /Users HTTP/1.1\r\n", 22) == 0,
       "HTTP/1.1, not the proxy's form");
    ok(strstr(server.first, "\r\nAuthorization: Basic c3ZjOnB3\r\n") != NULL, "Basic at once");
    ok(strstr(server.first, "\r\nIf-Match: W/\"7\"\r\n") != NULL, "If-Match");
    ok(strstr(server.first, "\r\nContent-Type: application/scim+json\r\n") != NULL, "the type");
    ok(!strstr(server.first, "Expect") && !strstr(server.first, "Accept-Encoding"),
       "nothing that was not asked for");
    ok(strstr(server.first, "\r\n\r\n{\"a\":1}") != NULL, "the body");

    EXPECT("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", ANSWER);
    a = call(h, p, "GET");
    is_int(a.status, 302, "a redirect is an answer");
    is_str(a.location, "/elsewhere", "with its place");
    is_int(server.requests, 1, "and is not followed");
}

static void not_sent(apr_pool_t *p)
{
    prov_http *h = prov_http_make(p, 4);
    int fd, nobody = bound(&fd);
    EXPECT(OK_REPLY, ANSWER);
    prov_answer a = call_at(h, p, "POST", apr_psprintf(p, "http://127.0.0.1:%d/", nobody),
                            apr_time_from_sec(20));
    is_int(a.end, PROV_CALL_NOT_SENT, "connection refused");
    ok(a.excerpt && strstr(a.excerpt, "127.0.0.1"), "and says where: %s", a.excerpt);

    listen(fd, 4);
    a = call_at(h, p, "POST", apr_psprintf(p, "https://127.0.0.1:%d/", nobody),
                apr_time_from_msec(200));
    is_int(a.end, PROV_CALL_NOT_SENT, "a handshake that takes too long");
    close(fd);

    a = call_at(h, p, "POST", "ftp://127.0.0.1/", apr_time_from_sec(20));
    is_int(a.end, PROV_CALL_NOT_SENT, "another protocol");

    prov_request rq = { .method = "POST",
                        .url = apr_psprintf(p, "http://127.0.0.1:%d/", port),
                        .body = PROV_BYTES("{}"),
                        .if_match = "\"1\"\r\nX-Evil: 1" };
    prov_http_call(h, p, &rq, apr_time_from_sec(20), NULL, &a);
    is_int(a.end, PROV_CALL_NOT_SENT, "a header line with a line break");
    is_int(server.requests, 0, "none of these reached the server");
}

static void *no_handshake(void *baton)
{
    int fd = accept((int)(intptr_t)baton, NULL, NULL);
    put(fd, "HTTP/1.1 400 Speak plainly\r\n\r\n", 31);
    shutdown(fd, SHUT_WR);
    behave(fd, HANG);
    close(fd);
    return NULL;
}

static void no_tls(apr_pool_t *p)
{
    static const char *const authorities[] = { NULL, "/nonexistent/ca.pem" };
    for (size_t i = 0; i < 2; i++) {
        prov_http *h = prov_http_make(p, 4);
        int fd, plain = bound(&fd);
        pthread_t thread;
        listen(fd, 4);
        pthread_create(&thread, NULL, no_handshake, (void *)(intptr_t)fd);
        prov_request rq = { .method = "POST",
                            .url = apr_psprintf(p, "https://127.0.0.1:%d/", plain),
                            .ca_file = authorities[i],
                            .body = PROV_BYTES("{}") };
        prov_answer a;
        prov_http_call(h, p, &rq, apr_time_from_sec(20), NULL, &a);
        is_int(a.end, PROV_CALL_NO_TLS, "%s: %s", i ? "no authority" : "no handshake", a.excerpt);
        pthread_join(thread, NULL);
        close(fd);
    }
}

static void lost(apr_pool_t *p)
{
    static const struct {
        const char *name;
        behaviour does;
        const char *reply;
        prov_call_end end;
    } cases[] = {
        { "reset after the request", RESET, "", PROV_CALL_LOST },
        { "closed after the request", CLOSE, "", PROV_CALL_LOST },
        { "half a body", THEN_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
          PROV_CALL_LOST },
        { "half a header", THEN_CLOSE, "HTTP/1.1 20", PROV_CALL_LOST },
        { "garbage", THEN_CLOSE, "what do you want?\r\n\r\n", PROV_CALL_UNREADABLE },
        { "an endless body", ENDLESS_BODY, "", PROV_CALL_UNREADABLE },
        { "endless headers", ENDLESS_HEADERS, "", PROV_CALL_UNREADABLE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_http *h = prov_http_make(p, 4);
        EXPECT(cases[i].reply, cases[i].does);
        prov_answer a = call(h, p, "POST");
        is_int(a.end, cases[i].end, "%s", cases[i].name);
        ok(a.excerpt && *a.excerpt, "and says so: %s", a.excerpt);
        is_int(server.requests, 1, "sent once");
    }

    prov_http *h = prov_http_make(p, 4);
    EXPECT("", HANG);
    prov_answer a = call_at(h, p, "POST", apr_psprintf(p, "http://127.0.0.1:%d/", port),
                            apr_time_from_msec(300));
    is_int(a.end, PROV_CALL_LOST, "hung to the limit");
    EXPECT("", CANCEL);
    a = call(h, p, "POST");
    is_int(a.end, PROV_CALL_LOST, "cancelled while it hangs");
    is_str(a.excerpt, "stopped, because the server stops", "and says why");
}

static void caps(apr_pool_t *p)
{
    prov_http *h = prov_http_make(p, 4);
    for (int over = 0; over <= 1; over++) {
        size_t len = PROV_HTTP_BODY + over;
        const char *head =
            apr_psprintf(p, "HTTP/1.1 200 OK\r\nContent-Length: %" APR_SIZE_T_FMT "\r\n\r\n", len);
        char *reply = apr_palloc(p, strlen(head) + len);
        memcpy(reply, head, strlen(head));
        memset(reply + strlen(head), 'x', len);
        expect(reply, strlen(head) + len, 1, (behaviour[]){ ANSWER });
        prov_answer a = call(h, p, "GET");
        is_int(a.end, over ? PROV_CALL_UNREADABLE : PROV_CALL_ANSWERED, "a body of %s",
               over ? "a byte above the cap" : "the cap");
        is_int(a.body.len, over ? 0 : len, "and what is given of it");
    }
}

static void kept_alive(apr_pool_t *p)
{
    prov_http *h = prov_http_make(p, 4);
    EXPECT(OK_REPLY, ANSWER);
    for (int i = 0; i < 5; i++)
        call(h, p, "POST");
    is_int(server.requests, 5, "five calls");
    is_int(server.connections, 1, "one connection");

    h = prov_http_make(p, 4);
    EXPECT(OK_REPLY, THEN_CLOSE, ANSWER);
    call(h, p, "POST");
    while (!apr_atomic_read32(&server.closed))
        apr_sleep(1000);
    prov_answer a = call(h, p, "POST");
    is_int(a.end, PROV_CALL_ANSWERED, "a connection that the server closed meanwhile is replaced");
    is_int(server.requests, 2, "and nothing is sent twice");
}

static void *many_calls(void *baton)
{
    apr_pool_t *p;
    intptr_t good = 0;
    apr_pool_create(&p, NULL);
    for (int i = 0; i < 50; i++)
        good += call(baton, p, "POST").end == PROV_CALL_ANSWERED;
    apr_pool_destroy(p);
    return (void *)good;
}

static void threads(apr_pool_t *p)
{
    prov_http *h = prov_http_make(p, 4);
    pthread_t thread[4];
    intptr_t all = 0;
    EXPECT(OK_REPLY, ANSWER);
    for (int i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, many_calls, h);
    for (int i = 0; i < 4; i++) {
        void *good;
        pthread_join(thread[i], &good);
        all += (intptr_t)good;
    }
    is_int(all, 200, "four threads, fifty calls each");
    ok(server.connections <= 4, "no more than four connections: %d", (int)server.connections);
}

/* libcurl resends on its own when a reused connection dies unanswered: never what may change. */
static void never_twice(apr_pool_t *p)
{
    static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE" };
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        for (int reset = 0; reset <= 1; reset++) {
            prov_http *h = prov_http_make(p, 4);
            EXPECT(OK_REPLY, ANSWER, reset ? RESET : CLOSE, ANSWER);
            call(h, p, methods[i]);
            prov_answer a = call(h, p, methods[i]);
            is_int(a.end, PROV_CALL_LOST, "%s on a reused connection that is %s unanswered",
                   methods[i], reset ? "reset" : "closed");
            is_int(server.requests, 2, "is not sent again");
            is_int(call(h, p, methods[i]).end, PROV_CALL_ANSWERED, "the next call works");
        }
    static const int statuses[] = { 401, 407, 408, 417, 421, 425, 429, 503 };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        prov_http *h = prov_http_make(p, 4);
        EXPECT(apr_psprintf(p,
                            "HTTP/1.1 %d No\r\nContent-Length: 0\r\nWWW-Authenticate: "
                            "Basic realm=\"r\", Negotiate\r\nProxy-Authenticate: Basic\r\n\r\n",
                            statuses[i]),
               ANSWER);
        call(h, p, "POST");
        is_int(call(h, p, "POST").status, statuses[i], "an answer is an answer");
        is_int(server.requests, 2, "two calls, two requests");
    }
    prov_http *h = prov_http_make(p, 4);
    EXPECT(OK_REPLY, ANSWER, CLOSE, ANSWER);
    call(h, p, "GET");
    is_int(call(h, p, "GET").end, PROV_CALL_ANSWERED, "GET may be sent again");
    is_int(server.requests, 3, "and is");
}

int main(void)
{
    apr_pool_t *p;
    pthread_t thread;
    int fd;
    apr_initialize();
    signal(SIGPIPE, SIG_IGN); /* as httpd does */
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    apr_pool_create(&p, NULL);
    port = bound(&fd);
    listen(fd, 64);
    pthread_create(&thread, NULL, listener, (void *)(intptr_t)fd);
    pthread_detach(thread);

    ok(prov_http_init(p) == NULL, "libcurl starts");
    answered(p);
    not_sent(p);
    no_tls(p);
    lost(p);
    caps(p);
    kept_alive(p);
    threads(p);
    never_twice(p);
    apr_pool_destroy(p);
    prov_http_done();
    return plan_done();
}
