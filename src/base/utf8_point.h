/* What Unicode says about a code point; UTF-8 in and out of it. */
#ifndef PROV_BASE_UTF8_POINT_H
#define PROV_BASE_UTF8_POINT_H

#include <stddef.h>
#include <stdint.h>

/* The code point at `*at`, which moves behind it. A byte that begins no well-formed sequence is
 * U+FFFD. `*at` must lie before `end`. */
uint32_t prov_utf8_point(const uint8_t **at, const uint8_t *end);

/* Writes it, at most 4 bytes; returns how many. */
size_t prov_utf8_put(uint32_t point, uint8_t *out);

uint32_t prov_utf8_lower(uint32_t point); /* simple case mapping */

/* One bit: the general category. */
uint32_t prov_utf8_category(uint32_t point);
/* The bits of "L", "Lu", ...; 0 if there is no such category. */
uint32_t prov_utf8_category_named(const char *name, size_t len);

#endif
