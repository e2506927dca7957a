#include "policy/eval.h"
#include "policy/symbol.h"

#include <string.h>

static uint32_t room_for(uint32_t count)
{
    uint32_t room = 8;
    while (room < count)
        room *= 2;
    return room;
}

/* Most attributes come once and their values are used where they are; a second one makes a bag
 * of both, which has room to grow. */
static void add(prov_xeval *e, uint32_t slot, const prov_xvalue *values, uint32_t count)
{
    prov_xbag *bag = &e->bags[slot];
    uint32_t sum = bag->count + count;
    if (bag->count == 0) {
        *bag = (prov_xbag){ values->type, count, values };
        return;
    }
    if (!e->own[slot] || room_for(bag->count) < sum) {
        prov_xvalue *both = apr_palloc(e->base.pool, room_for(sum) * sizeof *both);
        memcpy(both, bag->values, bag->count * sizeof *both);
        bag->values = both;
        e->own[slot] = true;
    }
    memcpy((prov_xvalue *)(uintptr_t)bag->values + bag->count, values, count * sizeof *values);
    bag->count = sum;
}

static void add_run(prov_xeval *e, uint64_t hash, prov_xmissing *key, const prov_xvalue *values,
                    uint32_t count)
{
    const char *issuer = key->issuer;
    key->type = values->type;
    uint32_t slot = issuer ? prov_xslot_find(e->pdp, hash, key) : PROV_XSLOT_NONE;
    if (slot != PROV_XSLOT_NONE)
        add(e, slot, values, count);
    /* a designator without an issuer takes the values of every issuer */
    key->issuer = NULL;
    slot = prov_xslot_find(e->pdp, hash, key);
    key->issuer = issuer;
    if (slot != PROV_XSLOT_NONE)
        add(e, slot, values, count);
}

static void bind_attribute(prov_xeval *e, const char *category, const prov_xattribute *a)
{
    uint64_t hash = prov_xslot_hash(category, a->id);
    prov_xmissing key = { category, a->id, a->issuer, PROV_X_STRING };
    const prov_xvalue *values = (const prov_xvalue *)(void *)a->values->elts;
    uint32_t count = (uint32_t)a->values->nelts;
    for (uint32_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && values[i + n].type == values[i].type;)
            n++;
        add_run(e, hash, &key, values + i, n);
    }
}

void prov_xeval_bind(prov_xeval *e)
{
    e->bags = apr_pcalloc(e->base.pool, ((size_t)e->pdp->slot_count + 1) * sizeof *e->bags);
    e->own = apr_pcalloc(e->base.pool, (size_t)e->pdp->slot_count + 1);
    for (size_t i = 0; i < e->category_count; i++) {
        const apr_array_header_t *list = e->categories[i]->attributes;
        for (int j = 0; j < list->nelts; j++)
            bind_attribute(e, e->categories[i]->category,
                           &APR_ARRAY_IDX(list, j, const prov_xattribute));
    }
}
