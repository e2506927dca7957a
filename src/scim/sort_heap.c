#include "scim/sort_heap.h"

#include <string.h>

#define ROOM_FIRST 64 /* entries */
#define KEY_LEAST  16

/* The last of those kept is at the top, where a better one replaces it. */
struct prov_sort_heap {
    apr_pool_t *pool;
    const prov_sort *sort;
    prov_sort_entry *entries;
    int64_t count, room, most;
};

prov_sort_heap *prov_sort_heap_make(apr_pool_t *p, const prov_sort *s, int64_t most)
{
    prov_sort_heap *h = apr_pcalloc(p, sizeof *h);
    h->pool = p;
    h->sort = s;
    h->most = most;
    return h;
}

static int order(const prov_sort_heap *h, const prov_sort_entry *a, const prov_sort_entry *b)
{
    return prov_sort_compare(h->sort, (prov_bytes){ a->key, a->len }, &a->id,
                             (prov_bytes){ b->key, b->len }, &b->id);
}

static void swap(prov_sort_entry *a, prov_sort_entry *b)
{
    prov_sort_entry keep = *a;
    *a = *b;
    *b = keep;
}

static void sift_up(prov_sort_heap *h, int64_t i)
{
    for (int64_t above; i; i = above) {
        above = (i - 1) / 2;
        if (order(h, &h->entries[above], &h->entries[i]) >= 0)
            return;
        swap(&h->entries[above], &h->entries[i]);
    }
}

static void sift_down(prov_sort_heap *h, int64_t count)
{
    for (int64_t i = 0, below; (below = 2 * i + 1) < count; i = below) {
        if (below + 1 < count && order(h, &h->entries[below], &h->entries[below + 1]) < 0)
            below++;
        if (order(h, &h->entries[i], &h->entries[below]) >= 0)
            return;
        swap(&h->entries[i], &h->entries[below]);
    }
}

/* A key's room is used again, and grows in powers of two: what is left behind stays below what is
 * in use. */
static void fill(prov_sort_heap *h, prov_sort_entry *e, const prov_sort_key *key, const prov_id *id)
{
    uint16_t room = e->room ? e->room : KEY_LEAST;
    while (room < key->len)
        room *= 2;
    if (room != e->room)
        e->key = apr_palloc(h->pool, room);
    e->room = room;
    e->len = (uint16_t)key->len;
    e->id = *id;
    memcpy(e->key, key->data, key->len);
}

static void grow(prov_sort_heap *h)
{
    int64_t room = h->room ? 2 * h->room : ROOM_FIRST;
    prov_sort_entry *entries = apr_pcalloc(h->pool, (size_t)room * sizeof *entries);
    if (h->count)
        memcpy(entries, h->entries, (size_t)h->count * sizeof *entries);
    h->entries = entries;
    h->room = room;
}

void prov_sort_heap_add(prov_sort_heap *h, const prov_sort_key *key, const prov_id *id)
{
    const prov_sort_entry *top = h->entries;
    if (h->count < h->most) {
        if (h->count == h->room)
            grow(h);
        fill(h, &h->entries[h->count], key, id);
        sift_up(h, h->count++);
    } else if (h->most && prov_sort_compare(h->sort, (prov_bytes){ key->data, key->len }, id,
                                            (prov_bytes){ top->key, top->len }, &top->id) < 0) {
        fill(h, h->entries, key, id);
        sift_down(h, h->count);
    }
}

int64_t prov_sort_heap_done(prov_sort_heap *h, const prov_sort_entry **out)
{
    for (int64_t left = h->count; left > 1; left--) {
        swap(&h->entries[0], &h->entries[left - 1]);
        sift_down(h, left - 1);
    }
    *out = h->entries;
    return h->count;
}
