#include "base/utf8.h"

/* Unicode table 3-7: the lead bytes, and what the first continuation byte may be after them. */
static const struct {
    uint8_t lead_from, lead_to, len, second_from, second_to;
} forms[] = {
    { 0xC2, 0xDF, 2, 0x80, 0xBF }, { 0xE0, 0xE0, 3, 0xA0, 0xBF }, { 0xE1, 0xEC, 3, 0x80, 0xBF },
    { 0xED, 0xED, 3, 0x80, 0x9F }, { 0xEE, 0xEF, 3, 0x80, 0xBF }, { 0xF0, 0xF0, 4, 0x90, 0xBF },
    { 0xF1, 0xF3, 4, 0x80, 0xBF }, { 0xF4, 0xF4, 4, 0x80, 0x8F },
};

size_t prov_utf8_step(const uint8_t *at, size_t left)
{
    if (left == 0)
        return 0;
    if (at[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (at[0] < forms[i].lead_from || at[0] > forms[i].lead_to)
            continue;
        if (left < forms[i].len || at[1] < forms[i].second_from || at[1] > forms[i].second_to)
            return 0;
        for (size_t k = 2; k < forms[i].len; k++)
            if ((at[k] & 0xC0) != 0x80)
                return 0;
        return forms[i].len;
    }
    return 0;
}
