/* post URL SECONDS FILE: eight threads, a libcurl handle each, post the file's bytes as fast as the
 * other side takes them. */
#include "bench.h"

#include <curl/curl.h>
#include <pthread.h>

#define THREADS 8

typedef struct poster {
    pthread_t thread;
    measured m;
    const char *url, *body;
} poster;

static size_t ignore(char *data, size_t one, size_t len, void *baton)
{
    return len;
}

static void *post(void *of)
{
    poster *p = of;
    CURL *curl = curl_easy_init();
    fatal_if(!curl, "curl");
    curl_easy_setopt(curl, CURLOPT_URL, p->url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/scim+json");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, p->body);
    while (goes_on(&p->m)) {
        int64_t began = clock_us(CLOCK_MONOTONIC);
        long status = 0;
        fatal_if(curl_easy_perform(curl) != CURLE_OK, "curl");
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        fatal_if(status != 201, "not created");
        note(&p->m, began);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return NULL;
}

static const char *body_of(const char *path)
{
    static char text[65536];
    FILE *in = fopen(path, "r");
    fatal_if(!in, path);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    return text;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *p;
    poster posters[THREADS];
    fatal_if(argc != 4, "post URL SECONDS FILE");
    apr_initialize();
    apr_pool_create(&p, NULL);
    curl_global_init(CURL_GLOBAL_ALL);
    const char *body = body_of(argv[3]);
    measured all = measure(argv[2]);
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (poster){ .m = measure(argv[2]), .url = argv[1], .body = body };
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
