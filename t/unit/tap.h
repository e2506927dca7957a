/* TAP from a C program: each check prints its line, the plan comes last. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_run, tap_failed;

__attribute__((format(printf, 2, 3), unused)) static bool ok(bool good, const char *fmt, ...)
{
    va_list args;
    printf("%sok %d - ", good ? "" : "not ", ++tap_run);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    tap_failed += !good;
    return good;
}

#define is_int(got, want, ...)                                                                     \
    do {                                                                                           \
        long long got_ = (long long)(got), want_ = (long long)(want);                              \
        if (!ok(got_ == want_, __VA_ARGS__))                                                       \
            printf("# got %lld, want %lld\n", got_, want_);                                        \
    } while (0)

#define is_str(got, want, ...)                                                                     \
    do {                                                                                           \
        const char *got_ = (got), *want_ = (want);                                                 \
        if (!ok((!got_ && !want_) || (got_ && want_ && strcmp(got_, want_) == 0), __VA_ARGS__))    \
            printf("#  got %s\n# want %s\n", got_ ? got_ : "(null)", want_ ? want_ : "(null)");    \
    } while (0)

#define is_bytes(got, want, ...)                                                                   \
    do {                                                                                           \
        prov_bytes got_ = (got), want_ = (want);                                                   \
        if (!ok(prov_bytes_equal(got_, want_), __VA_ARGS__))                                       \
            printf("#  got %.*s\n# want %.*s\n", (int)got_.len, (const char *)got_.data,           \
                   (int)want_.len, (const char *)want_.data);                                      \
    } while (0)

__attribute__((unused)) static void skip(const char *what, const char *why)
{
    printf("ok %d - %s # SKIP %s\n", ++tap_run, what, why);
}

__attribute__((unused)) static int plan_done(void)
{
    printf("1..%d\n", tap_run);
    return tap_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
