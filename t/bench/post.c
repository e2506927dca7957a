/* post URL SECONDS: eight threads, a libcurl handle each, post to URL/Users what was last posted
 * there, as fast as the other side takes it. */
#include "bench.h"

#include <curl/curl.h>
#include <pthread.h>

#define THREADS 8

typedef struct poster {
    pthread_t thread;
    measured m;
    const char *url, *body;
} poster;

static size_t collect(char *data, size_t one, size_t len, void *into)
{
    if (into)
        prov_buf_add(into, data, len);
    return len;
}

static CURL *handle_for(const char *url, void *into)
{
    CURL *curl = curl_easy_init();
    fatal_if(!curl, "curl");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, into);
    return curl;
}

static void *post(void *of)
{
    poster *p = of;
    CURL *curl = handle_for(p->url, NULL);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/scim+json");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, p->body);
    while (goes_on(&p->m)) {
        int64_t began = clock_us(CLOCK_MONOTONIC);
        fatal_if(curl_easy_perform(curl) != CURLE_OK, "curl");
        note(&p->m, began);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return NULL;
}

static const char *last_body(apr_pool_t *p, const char *url)
{
    prov_buf b;
    prov_buf_init(&b, p, 4096);
    CURL *curl = handle_for(apr_pstrcat(p, url, "/last", NULL), &b);
    fatal_if(curl_easy_perform(curl) != CURLE_OK || !b.len, "curl");
    curl_easy_cleanup(curl);
    return prov_bytes_text(p, prov_buf_bytes(&b));
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *p;
    poster posters[THREADS];
    fatal_if(argc != 3, "post URL SECONDS");
    apr_initialize();
    apr_pool_create(&p, NULL);
    curl_global_init(CURL_GLOBAL_ALL);
    const char *body = last_body(p, argv[1]);
    measured all = measure(argv[2]);
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (poster){ .m = measure(argv[2]),
                               .url = apr_pstrcat(p, argv[1], "/Users", NULL),
                               .body = body };
        fatal_if(pthread_create(&posters[i].thread, NULL, post, &posters[i]), "thread");
    }
    for (int i = 0; i < THREADS; i++) {
        measured *m = &posters[i].m;
        pthread_join(posters[i].thread, NULL);
        for (int64_t k = 0; k < m->count && all.count < SAMPLES_MOST; k++)
            all.took[all.count++] = m->took[k];
    }
    report(&all);
    apr_pool_destroy(p);
    return EXIT_SUCCESS;
}
