#include "base/id.h"
#include "base/crypt.h"

#include <apr_time.h>
#include <string.h>

/* Milliseconds in the upper 48 bits, a fraction of one in the lower 12 (RFC 9562 section 6.2,
 * method 3). One atomic word instead of a mutex: nothing can be held across a fork, and the 62
 * random bits keep two processes with the same word apart. */
static uint64_t last_tick;

static uint64_t next_tick(void)
{
    uint64_t now = (uint64_t)apr_time_now();
    uint64_t wanted = (now / 1000) << 12 | (now % 1000) * 4096 / 1000;
    uint64_t last = __atomic_load_n(&last_tick, __ATOMIC_RELAXED);
    uint64_t tick;
    do {
        tick = wanted > last ? wanted : last + 1;
    } while (!__atomic_compare_exchange_n(&last_tick, &last, tick, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return tick;
}

/* Of 16 random bytes, the last eight stay. */
static void make(prov_id *id)
{
    uint64_t tick = next_tick();
    for (int i = 0; i < 6; i++)
        id->b[i] = (uint8_t)(tick >> (12 + 8 * (5 - i)));
    id->b[6] = (uint8_t)(0x70 | (tick >> 8 & 0x0F));
    id->b[7] = (uint8_t)tick;
    id->b[8] = (uint8_t)(0x80 | (id->b[8] & 0x3F));
}

void prov_ids_make(prov_id ids[], int count)
{
    prov_random(ids, (size_t)count * sizeof *ids);
    for (int i = 0; i < count; i++)
        make(&ids[i]);
}

prov_id prov_id_make(void)
{
    prov_id id;
    prov_ids_make(&id, 1);
    return id;
}

/* Lower case only: an id compares case-exactly, so upper case names nothing. */
static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hyphen_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool prov_id_parse(prov_bytes text, prov_id *out)
{
    if (text.len != PROV_ID_TEXT)
        return false;
    const uint8_t *at = text.data;
    for (int i = 0; i < 16; i++) {
        if (hyphen_before(i) && *at++ != '-')
            return false;
        int high = digit_value(at[0]), low = digit_value(at[1]);
        if (high < 0 || low < 0)
            return false;
        out->b[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    return true;
}

void prov_id_print(const prov_id *id, char out[PROV_ID_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        if (hyphen_before(i))
            *out++ = '-';
        *out++ = digits[id->b[i] >> 4];
        *out++ = digits[id->b[i] & 15];
    }
    *out = '\0';
}

const char *prov_id_text(apr_pool_t *p, const prov_id *id)
{
    char *text = apr_palloc(p, PROV_ID_TEXT + 1);
    prov_id_print(id, text);
    return text;
}
