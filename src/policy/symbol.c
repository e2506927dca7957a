#include "policy/symbol.h"

#include <apr_strings.h>
#include <string.h>

const char *prov_xsymbol(prov_pdp *pdp, const char *text)
{
    const char *known = apr_hash_get(pdp->strings, text, APR_HASH_KEY_STRING);
    if (known)
        return known;
    known = apr_pstrdup(pdp->pool, text);
    apr_hash_set(pdp->strings, known, APR_HASH_KEY_STRING, known);
    return known;
}

/* Eight bytes at a time: identifiers are long, and every request's are looked up. */
static uint64_t hash_text(uint64_t h, const char *text)
{
    size_t len = strlen(text);
    h ^= len;
    while (len > 0) {
        uint64_t word = 0;
        size_t n = len < sizeof word ? len : sizeof word;
        memcpy(&word, text, n);
        h = (h ^ word) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
        text += n;
        len -= n;
    }
    return h;
}

uint64_t prov_xslot_hash(const char *category, const char *id)
{
    return hash_text(hash_text(0x243F6A8885A308D3u, category), id);
}

/* Category and identifier make the hash; the few types and issuers of one lie side by side. */
static bool is_slot(const prov_xslot *s, uint64_t hash, const prov_xmissing *key)
{
    return s->hash == hash && s->key.type == key->type && strcmp(s->key.id, key->id) == 0 &&
           strcmp(s->key.category, key->category) == 0 &&
           (s->key.issuer && key->issuer ? strcmp(s->key.issuer, key->issuer) == 0
                                         : s->key.issuer == key->issuer);
}

uint32_t prov_xslot_find(const prov_pdp *pdp, uint64_t hash, const prov_xmissing *key)
{
    if (!pdp->slot_table)
        return PROV_XSLOT_NONE;
    for (uint32_t i = (uint32_t)hash & pdp->slot_mask; pdp->slot_table[i];
         i = (i + 1) & pdp->slot_mask)
        if (is_slot(&pdp->slots[pdp->slot_table[i] - 1], hash, key))
            return pdp->slot_table[i] - 1;
    return PROV_XSLOT_NONE;
}

static void put(prov_pdp *pdp, uint32_t slot)
{
    uint32_t i = (uint32_t)pdp->slots[slot].hash & pdp->slot_mask;
    while (pdp->slot_table[i])
        i = (i + 1) & pdp->slot_mask;
    pdp->slot_table[i] = slot + 1;
}

static void grow(prov_pdp *pdp)
{
    uint32_t room = pdp->slot_room ? pdp->slot_room * 2 : 32;
    prov_xslot *slots = apr_palloc(pdp->pool, room * sizeof *slots);
    if (pdp->slot_count)
        memcpy(slots, pdp->slots, pdp->slot_count * sizeof *slots);
    pdp->slots = slots;
    pdp->slot_room = room;
    pdp->slot_mask = room * 2 - 1;
    pdp->slot_table = apr_pcalloc(pdp->pool, (size_t)room * 2 * sizeof *pdp->slot_table);
    for (uint32_t i = 0; i < pdp->slot_count; i++)
        put(pdp, i);
}

uint32_t prov_xslot_make(prov_pdp *pdp, const prov_xmissing *key)
{
    uint64_t hash = prov_xslot_hash(key->category, key->id);
    uint32_t slot = prov_xslot_find(pdp, hash, key);
    if (slot != PROV_XSLOT_NONE)
        return slot;
    if (pdp->slot_count == pdp->slot_room)
        grow(pdp);
    slot = pdp->slot_count++;
    pdp->slots[slot] = (prov_xslot){ hash, *key };
    put(pdp, slot);
    return slot;
}
