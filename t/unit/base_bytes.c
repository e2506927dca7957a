/* Buffers grow, integers survive the way there and back, readers notice their end. */
#include "base/bytes.h"
#include "tap.h"

static void compares(void)
{
    static const struct {
        const char *a, *b;
        int sign;
    } cases[] = { { "", "", 0 },     { "a", "a", 0 },  { "a", "b", -1 },   { "b", "a", 1 },
                  { "a", "ab", -1 }, { "ab", "a", 1 }, { "\xff", "a", 1 }, { "", "a", -1 },
                  { NULL, "", 0 },   { NULL, "a", -1 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_bytes a = prov_bytes_of(cases[i].a), b = prov_bytes_of(cases[i].b);
        int order = prov_bytes_compare(a, b);
        is_int((order > 0) - (order < 0), cases[i].sign, "comparison %zu", i);
        is_int(prov_bytes_equal(a, b), cases[i].sign == 0, "equality %zu", i);
    }
}

static void varints(apr_pool_t *p)
{
    static const struct {
        uint64_t v;
        size_t len;
    } cases[] = { { 0, 1 },          { 1, 1 },
                  { 127, 1 },        { 128, 2 },
                  { 16383, 2 },      { 16384, 3 },
                  { UINT32_MAX, 5 }, { UINT64_C(1) << 62, 9 },
                  { INT64_MAX, 9 },  { UINT64_C(1) << 63, 10 },
                  { UINT64_MAX, 10 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        prov_buf b;
        prov_buf_init(&b, p, 1);
        prov_put_varint(&b, cases[i].v);
        is_int(b.len, cases[i].len, "length of varint %zu", i);
        prov_reader r = prov_read(prov_buf_bytes(&b));
        ok(prov_get_varint(&r) == cases[i].v && !r.bad && r.at == r.end, "varint %zu", i);
        r = prov_read((prov_bytes){ b.data, b.len - 1 });
        ok(prov_get_varint(&r) == 0 && r.bad, "varint %zu cut short", i);
    }
    static const char *const bad[] = { "\x80", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
                                       "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        prov_reader r = prov_read(prov_bytes_of(bad[i]));
        prov_get_varint(&r);
        ok(r.bad && r.at == r.end, "bad varint %zu", i);
    }
}

static void fixed(apr_pool_t *p)
{
    prov_buf b;
    prov_buf_init(&b, p, 0);
    prov_buf_byte(&b, 0xFE);
    prov_put_u16(&b, 0x0102);
    prov_put_u32(&b, 0x03040506);
    prov_put_u64(&b, UINT64_C(0x0708090A0B0C0D0E));
    prov_buf_text(&b, "tail");
    is_bytes(prov_buf_bytes(&b),
             PROV_BYTES("\xFE\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0Etail"),
             "big-endian");
    prov_reader r = prov_read(prov_buf_bytes(&b));
    is_int(prov_get_u8(&r), 0xFE, "u8");
    is_int(prov_get_u16(&r), 0x0102, "u16");
    is_int(prov_get_u32(&r), 0x03040506, "u32");
    ok(prov_get_u64(&r) == UINT64_C(0x0708090A0B0C0D0E), "u64");
    is_bytes(prov_get_bytes(&r, 3), PROV_BYTES("tai"), "a stretch");
    ok(!r.bad, "nothing missing so far");
    is_int(prov_get_u16(&r), 0, "one byte is no u16");
    ok(r.bad, "and that is remembered");
    is_int(prov_get_u8(&r), 0, "nothing after the end, not even what was left");
    is_int(prov_get_bytes(&r, 0).len, 0, "an empty stretch at the end");
    r = prov_read(PROV_BYTES("abc"));
    is_int(prov_get_bytes(&r, 4).len, 0, "no stretch beyond the end");
    ok(r.bad, "and that is remembered too");
    r = prov_read((prov_bytes){ NULL, 0 });
    ok(prov_get_u8(&r) == 0 && r.bad, "an empty reader");
}

static void grows(apr_pool_t *p)
{
    prov_buf b;
    bool same = true;
    prov_buf_init(&b, p, 3);
    for (int i = 0; i < 1000; i++)
        prov_buf_printf(&b, "%03d", i);
    is_int(b.len, 3000, "a thousand pieces");
    for (int i = 0; i < 1000; i++)
        same = same && (b.data[3 * i] - '0') * 100 + (b.data[3 * i + 1] - '0') * 10 +
                               (b.data[3 * i + 2] - '0') ==
                           i;
    ok(same, "none moved");
    memset(prov_buf_extend(&b, 5000), 'x', 5000);
    is_int(b.len, 8000, "more than double at once");
    prov_buf_add(&b, NULL, 0);
    is_int(b.len, 8000, "nothing added");
}

int main(void)
{
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    compares();
    varints(p);
    fixed(p);
    grows(p);
    is_str(prov_bytes_text(p, (prov_bytes){ (const uint8_t *)"abc", 2 }), "ab", "as text");
    is_str(prov_bytes_text(p, prov_bytes_of(NULL)), "", "nothing as text");
    is_bytes(prov_bytes_copy(p, PROV_BYTES("copy")), PROV_BYTES("copy"), "a copy");
    apr_pool_destroy(p);
    return plan_done();
}
