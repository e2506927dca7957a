/* A stored text against the text of a term. */
#include "scim/filter_node.h"
#include "base/text.h"
#include <string.h>

/* Texts up to this length are folded without memory of a pool's. */
#define FOLD_ROOM 256
/* Up to this length a text is searched letter by letter. */
#define SHORT 64

static bool is_ascii(prov_bytes b)
{
    uint64_t word, seen = 0;
    size_t i = 0;
    for (; i + sizeof word <= b.len; i += sizeof word) {
        memcpy(&word, b.data + i, sizeof word);
        seen |= word;
    }
    for (; i < b.len; i++)
        seen |= b.data[i];
    return !(seen & UINT64_C(0x8080808080808080));
}

static inline uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* `fold` where `have` is ASCII and still in the case it was sent in; `want` is folded. */
static int sign_of(const uint8_t *have, const uint8_t *want, size_t len, bool fold)
{
    if (!fold)
        return len ? memcmp(have, want, len) : 0;
    for (size_t i = 0; i < len; i++)
        if (lower(have[i]) != want[i])
            return lower(have[i]) < want[i] ? -1 : 1;
    return 0;
}

/* Eight letters at once: the high bit of a byte tells, of ASCII, whether it is in A to Z. */
static inline uint64_t lower_word(uint64_t word)
{
    uint64_t from_a = word + UINT64_C(0x3f3f3f3f3f3f3f3f);
    uint64_t above_z = word + UINT64_C(0x2525252525252525);
    return word | ((from_a & ~above_z & UINT64_C(0x8080808080808080)) >> 2);
}

static void fold_ascii(uint8_t *out, prov_bytes have)
{
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= have.len; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, have.data + i, sizeof word);
        word = lower_word(word);
        memcpy(out + i, &word, sizeof word);
    }
    for (; i < have.len; i++)
        out[i] = lower(have.data[i]);
}

/* memmem is linear whatever the texts are, but makes a table first. */
static bool find(const uint8_t *have, size_t len, prov_bytes want)
{
    if (len > SHORT)
        return memmem(have, len, want.data, want.len);
    const uint8_t *end = have + len - want.len + 1;
    for (; (have = memchr(have, want.data[0], (size_t)(end - have))); have++)
        if (memcmp(have, want.data, want.len) == 0)
            return true;
    return false;
}

static bool contains(prov_bytes have, prov_bytes want, bool fold, apr_pool_t *p)
{
    uint8_t room[FOLD_ROOM], *folded = room;
    if (have.len < want.len || want.len == 0)
        return want.len == 0;
    if (!fold)
        return find(have.data, have.len, want);
    if (have.len > sizeof room)
        folded = apr_palloc(p, have.len);
    fold_ascii(folded, have);
    return find(folded, have.len, want);
}

static int order(prov_bytes have, prov_bytes want, bool fold)
{
    size_t len = have.len < want.len ? have.len : want.len;
    int sign = sign_of(have.data, want.data, len, fold);
    return sign ? sign : (have.len > want.len) - (have.len < want.len);
}

bool prov_filter_decide(prov_filter_op op, int sign)
{
    switch (op) {
    case PROV_OP_EQ:
        return sign == 0;
    case PROV_OP_NE:
        return sign != 0;
    case PROV_OP_GT:
        return sign > 0;
    case PROV_OP_GE:
        return sign >= 0;
    case PROV_OP_LT:
        return sign < 0;
    default:
        return sign <= 0;
    }
}

/* Brings a stored text to the form of `want`; an ASCII one is folded while it is compared. */
static prov_bytes comparable(const prov_filter *n, prov_bytes have, bool ascii, apr_pool_t *p)
{
    prov_bytes out;
    switch (n->how) {
    case PROV_TEXT_EXACT:
        return have;
    case PROV_TEXT_BASE64:
        while (have.len && have.data[have.len - 1] == '=')
            have.len--;
        return have;
    default:
        if (ascii)
            return have;
        if (n->how == PROV_TEXT_PRECIS && !prov_text_username(p, have, &out))
            return out;
        return prov_text_fold(p, have);
    }
}

/* `fold`: it is ASCII, and folded only now. */
static bool compare(const prov_filter *n, prov_bytes have, bool fold, apr_pool_t *p)
{
    prov_bytes want = n->want;
    have = comparable(n, have, fold, p);
    switch (n->op) {
    case PROV_OP_EQ:
        return have.len == want.len && sign_of(have.data, want.data, want.len, fold) == 0;
    case PROV_OP_NE:
        return have.len != want.len || sign_of(have.data, want.data, want.len, fold) != 0;
    case PROV_OP_CO:
        return contains(have, want, fold, p);
    case PROV_OP_SW:
        return have.len >= want.len && sign_of(have.data, want.data, want.len, fold) == 0;
    case PROV_OP_EW:
        return have.len >= want.len &&
               sign_of(have.data + have.len - want.len, want.data, want.len, fold) == 0;
    default:
        return prov_filter_decide(n->op, order(have, want, fold));
    }
}

/* What a comparison takes is given back at once: long values, many values and many terms multiply.
 */
bool prov_filter_text_matches(const prov_filter *n, prov_bytes have, apr_pool_t *p)
{
    bool folds = n->how == PROV_TEXT_FOLD || n->how == PROV_TEXT_PRECIS;
    bool ascii = folds && is_ascii(have);
    apr_pool_t *own;
    if (!folds || (ascii && have.len <= FOLD_ROOM))
        return compare(n, have, ascii, p);
    apr_pool_create(&own, p);
    bool matches = compare(n, have, ascii, own);
    apr_pool_destroy(own);
    return matches;
}
