#include "policy/regex_class.h"
#include "base/utf8_point.h"

#include <apr_tables.h>
#include <string.h>

struct prov_rxclass {
    uint32_t ascii[4]; /* the answers below 128, made by seal */
    bool negated;
    apr_array_header_t *ranges;  /* of prov_rxrange */
    apr_array_header_t *escapes; /* of prov_rxescape */
    const prov_rxclass *without;
};

prov_rxclass *prov_rxclass_make(apr_pool_t *p, bool negated)
{
    prov_rxclass *set = apr_pcalloc(p, sizeof *set);
    set->negated = negated;
    set->ranges = apr_array_make(p, 2, sizeof(prov_rxrange));
    set->escapes = apr_array_make(p, 1, sizeof(prov_rxescape));
    return set;
}

void prov_rxclass_add_range(prov_rxclass *set, uint32_t from, uint32_t to)
{
    APR_ARRAY_PUSH(set->ranges, prov_rxrange) = (prov_rxrange){ from, to };
}

void prov_rxclass_add_escape(prov_rxclass *set, const prov_rxescape *escape)
{
    APR_ARRAY_PUSH(set->escapes, prov_rxescape) = *escape;
}

void prov_rxclass_subtract(prov_rxclass *set, const prov_rxclass *other)
{
    set->without = other;
}

static bool in_ranges(const prov_rxrange *ranges, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].from && point <= ranges[i].to)
            return true;
    return false;
}

static bool escape_has(const prov_rxescape *e, uint32_t point)
{
    bool in = (e->categories && (prov_utf8_category(point) & e->categories)) ||
              in_ranges(e->ranges, e->count, point);
    return in != e->negated;
}

static bool has(const prov_rxclass *set, uint32_t point)
{
    bool in = in_ranges((const prov_rxrange *)set->ranges->elts, (size_t)set->ranges->nelts, point);
    for (int i = 0; !in && i < set->escapes->nelts; i++)
        in = escape_has(&APR_ARRAY_IDX(set->escapes, i, prov_rxescape), point);
    return in != set->negated && !(set->without && prov_rxclass_has(set->without, point));
}

void prov_rxclass_seal(prov_rxclass *set)
{
    for (uint32_t c = 0; c < 128; c++)
        if (has(set, c))
            set->ascii[c / 32] |= UINT32_C(1) << c % 32;
}

bool prov_rxclass_has(const prov_rxclass *set, uint32_t point)
{
    return point < 128 ? set->ascii[point / 32] >> point % 32 & 1 : has(set, point);
}

static const prov_rxrange spaces[] = { { ' ', ' ' }, { '\t', '\n' }, { '\r', '\r' } };

/* XML 1.0 (fifth edition), productions 4 and 4a; the first kind of range comes first. */
static const prov_rxrange names[] = {
    { ':', ':' },       { 'A', 'Z' },       { '_', '_' },       { 'a', 'z' },
    { 0xC0, 0xD6 },     { 0xD8, 0xF6 },     { 0xF8, 0x2FF },    { 0x370, 0x37D },
    { 0x37F, 0x1FFF },  { 0x200C, 0x200D }, { 0x2070, 0x218F }, { 0x2C00, 0x2FEF },
    { 0x3001, 0xD7FF }, { 0xF900, 0xFDCF }, { 0xFDF0, 0xFFFD }, { 0x10000, 0xEFFFF },
    { '-', '.' },       { '0', '9' },       { 0xB7, 0xB7 },     { 0x300, 0x36F },
    { 0x203F, 0x2040 },
};

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NAME_START   16

bool prov_rxescape_letter(uint32_t letter, prov_rxescape *out)
{
    bool capital = letter >= 'A' && letter <= 'Z';
    memset(out, 0, sizeof *out);
    out->negated = capital;
    switch (capital ? letter - 'A' + 'a' : letter) {
    case 's':
        out->ranges = spaces;
        out->count = COUNT(spaces);
        return true;
    case 'i':
        out->ranges = names;
        out->count = NAME_START;
        return true;
    case 'c':
        out->ranges = names;
        out->count = COUNT(names);
        return true;
    case 'd':
        out->categories = prov_utf8_category_named("Nd", 2);
        return true;
    case 'w': /* everything but punctuation, separators and others */
        out->categories = prov_utf8_category_named("P", 1) | prov_utf8_category_named("Z", 1) |
                          prov_utf8_category_named("C", 1);
        out->negated = !capital;
        return true;
    default:
        return false;
    }
}

bool prov_rxescape_property(prov_bytes name, prov_rxescape *out)
{
    memset(out, 0, sizeof *out);
    if (name.len > 2 && memcmp(name.data, "Is", 2) == 0) {
        out->count = 1;
        return prov_rxblock_find((prov_bytes){ name.data + 2, name.len - 2 }, &out->ranges);
    }
    out->categories = prov_utf8_category_named((const char *)name.data, name.len);
    return out->categories != 0;
}
