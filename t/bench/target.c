/* A target that costs little: prints its port, then answers SCIM for as long as it lives. POST
 * gives the object back with an id; GET /last gives the last body posted; GET /count how many there
 * were; any other GET an empty list; the rest 204. Keep-alive, one thread. */
#include "bench.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define ROOM    65536
#define CLIENTS 1024

typedef struct client {
    int len;
    char in[ROOM];
} client;

static client *clients[CLIENTS];
static char last[ROOM];
static long long posts;

static void answer(int fd, const char *status, const char *head, const char *body)
{
    char out[ROOM + 256];
    int len = snprintf(out, sizeof out,
                       "HTTP/1.1 %s\r\nContent-Type: application/scim+json\r\n"
                       "Content-Length: %zu\r\n\r\n%s%s",
                       status, strlen(head) + strlen(body), head, body);
    fatal_if(write(fd, out, (size_t)len) != len, "write");
}

static void serve(int fd, const char *request, const char *body)
{
    char head[96];
    if (strncmp(request, "POST ", 5) == 0) {
        apr_cpystrn(last, body, sizeof last);
        snprintf(head, sizeof head, "{\"id\":\"%lld\",", ++posts);
        answer(fd, "201 Created", head, body + 1);
    } else if (strncmp(request, "GET /last ", 10) == 0) {
        answer(fd, "200 OK", last, "");
    } else if (strncmp(request, "GET /count ", 11) == 0) {
        snprintf(head, sizeof head, "%lld", posts);
        answer(fd, "200 OK", head, "");
    } else if (strncmp(request, "GET ", 4) == 0) {
        answer(fd, "200 OK",
               "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],"
               "\"totalResults\":0,\"Resources\":[]}",
               "");
    } else {
        answer(fd, "204 No Content", "", "");
    }
}

/* The bytes of the first whole request, 0 if it is not all there. */
static int whole(client *c, char **body)
{
    c->in[c->len] = '\0';
    char *end = strstr(c->in, "\r\n\r\n");
    if (!end)
        return 0;
    const char *length = strcasestr(c->in, "\r\nContent-Length:");
    int more = length && length < end ? (int)strtol(length + 17, NULL, 10) : 0;
    int all = (int)(end + 4 - c->in) + more;
    *body = end + 4;
    return all <= c->len ? all : 0;
}

static bool take(int fd)
{
    client *c = clients[fd];
    char *body;
    ssize_t got = read(fd, c->in + c->len, (size_t)(ROOM - 1 - c->len));
    if (got <= 0)
        return false;
    c->len += (int)got;
    for (int all; (all = whole(c, &body)) > 0;) {
        char kept = c->in[all];
        c->in[all] = '\0';
        serve(fd, c->in, body);
        c->in[all] = kept;
        c->len -= all;
        memmove(c->in, c->in + all, (size_t)c->len);
    }
    return true;
}

static void welcome(int epoll, int listener)
{
    int one = 1, fd = accept(listener, NULL, NULL);
    fatal_if(fd < 0 || fd >= CLIENTS, "accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (!clients[fd])
        clients[fd] = malloc(sizeof **clients);
    fatal_if(!clients[fd], "memory");
    clients[fd]->len = 0;
    fatal_if(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){ EPOLLIN, { .fd = fd } }),
             "epoll");
}

int main(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
    fatal_if(bind(listener, (struct sockaddr *)&at, len) || listen(listener, 128) ||
                 getsockname(listener, (struct sockaddr *)&at, &len),
             "listen");
    fatal_if(epoll_ctl(epoll, EPOLL_CTL_ADD, listener,
                       &(struct epoll_event){ EPOLLIN, { .fd = listener } }),
             "epoll");
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                welcome(epoll, listener);
            else if (!take(fd))
                close(fd);
        }
    }
}
