/* One step through UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF. */
#ifndef PROV_BASE_UTF8_H
#define PROV_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the well-formed sequence at `at`, 0 if there is none within `left` bytes. */
size_t prov_utf8_step(const uint8_t *at, size_t left);

#endif
