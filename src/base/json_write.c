#include "base/json.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_escape(prov_buf *b, uint8_t c)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    const char *at = c ? strchr(plain, c) : NULL;
    if (at) {
        prov_buf_byte(b, '\\');
        prov_buf_byte(b, (uint8_t)letter[at - plain]);
    } else {
        prov_buf_printf(b, "\\u%04x", c);
    }
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

void prov_json_write_string(prov_buf *b, prov_bytes text)
{
    size_t done = 0, i = 0;
    prov_buf_byte(b, '"');
    while (i < text.len) {
        size_t step = is_plain(text.data[i]) ? 1 : prov_utf8_step(text.data + i, text.len - i);
        if (step > 1 || (step == 1 && is_plain(text.data[i]))) {
            i += step;
            continue;
        }
        prov_buf_add(b, text.data + done, i - done);
        if (step)
            write_escape(b, text.data[i]);
        else
            prov_buf_text(b, "\\ufffd"); /* not UTF-8: the text around it must still be readable */
        done = ++i;
    }
    prov_buf_add(b, text.data + done, text.len - done);
    prov_buf_byte(b, '"');
}

void prov_json_write_text(prov_buf *b, const char *text)
{
    if (text)
        prov_json_write_string(b, prov_bytes_of(text));
    else
        prov_buf_text(b, "null");
}

void prov_json_write_integer(prov_buf *b, int64_t v)
{
    prov_buf_printf(b, "%" PRId64, v);
}

void prov_json_write_number(prov_buf *b, double v)
{
    char text[40];
    if (!isfinite(v)) {
        prov_buf_text(b, "null");
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, v);
        if (strtod(text, NULL) == v)
            break;
    }
    char *comma = strchr(text, *localeconv()->decimal_point);
    if (comma)
        *comma = '.';
    prov_buf_text(b, text);
    if (!strpbrk(text, ".e"))
        prov_buf_text(b, ".0"); /* so that it reads back as a number, not an integer */
}
