/* What the programs of the bench have in common: a server's own store opened beside it, and the
 * line that each measurement ends with. */
#ifndef BENCH_H
#define BENCH_H

#include "base/crypt.h"
#include "framework/provision.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

__attribute__((unused)) static void fatal(apr_pool_t *p, const prov_err *err)
{
    if (err) {
        fprintf(stderr, "%s\n", prov_err_text(p, err));
        exit(EXIT_FAILURE);
    }
}

static void fatal_if(int failed, const char *doing)
{
    if (failed) {
        perror(doing);
        exit(EXIT_FAILURE);
    }
}

/* --- measuring ----------------------------------------------------------------------------------
 */

static int64_t clock_us(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

#define SAMPLES_MOST 2000000

typedef struct measured {
    int64_t began, cpu, until;
    int64_t count;
    uint32_t *took; /* microseconds, of each operation */
} measured;

__attribute__((unused)) static measured measure(const char *seconds)
{
    measured m = { .began = clock_us(CLOCK_MONOTONIC), .cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID) };
    m.until = m.began + (int64_t)(strtod(seconds, NULL) * 1e6);
    m.took = malloc(SAMPLES_MOST * sizeof *m.took);
    fatal_if(!m.took, "memory");
    return m;
}

__attribute__((unused)) static bool goes_on(const measured *m)
{
    return m->count < SAMPLES_MOST && clock_us(CLOCK_MONOTONIC) < m->until;
}

__attribute__((unused)) static void note(measured *m, int64_t began)
{
    m->took[m->count++] = (uint32_t)(clock_us(CLOCK_MONOTONIC) - began);
}

static int by_size(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

/* requests, microseconds, errors, p50, p99, CPU microseconds: as requests.lua has it. */
__attribute__((unused)) static void report(measured *m)
{
    int64_t cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID) - m->cpu;
    int64_t took = clock_us(CLOCK_MONOTONIC) - m->began;
    qsort(m->took, (size_t)m->count, sizeof *m->took, by_size);
    printf("MEASURED %lld %lld 0 %u %u %lld\n", (long long)m->count, (long long)took,
           m->count ? m->took[m->count / 2] : 0, m->count ? m->took[m->count * 99 / 100] : 0,
           (long long)cpu);
}

/* --- the store of a server ----------------------------------------------------------------------
 */

__attribute__((unused)) static prov_config *config_of(apr_pool_t *p, const char *folder)
{
    prov_config *config;
    apr_file_t *file;
    apr_finfo_t info;
    const char *path = apr_pstrcat(p, folder, "/effective.json", NULL);
    fatal_if(apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, p), path);
    fatal_if(apr_file_info_get(&info, APR_FINFO_SIZE, file), path);
    apr_size_t len = (apr_size_t)info.size;
    char *text = apr_palloc(p, len);
    fatal_if(apr_file_read_full(file, text, len, &len), path);
    apr_file_close(file);
    fatal(p, prov_config_read(p, (prov_bytes){ (uint8_t *)text, len }, &config));
    return config;
}

__attribute__((unused)) static void become_owner(const char *folder)
{
    struct stat st;
    fatal_if(stat(folder, &st), folder);
    if (st.st_uid != geteuid())
        fatal_if(setgid(st.st_gid) || setuid(st.st_uid), "becoming the store's owner");
}

__attribute__((unused)) static prov_service *service_of(apr_pool_t *p, const char *folder)
{
    prov_service *service;
    prov_config *config = config_of(p, folder);
    uint8_t key[PROV_KEY_LEN];
    prov_service_options options = { .key = key };
    fatal(p, prov_key_read(p, config->settings.secret_key + sizeof "file:" - 1, key));
    become_owner(folder);
    fatal(p, prov_service_open(p, config, &options, &service));
    return service;
}

#endif
