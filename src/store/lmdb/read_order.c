/* An index in its order, either way. Rows of one key lie by their ids, and are shown so going back,
 * too: a run of them is gone to the start of. */
#include "store/lmdb/private.h"
#include "store/lmdb/rows.h"

#include "store/index.h"

#include <string.h>

typedef struct showing {
    prov_snapshot *n;
    const prov_ordering *o;
    prov_row_key prefix;
    prov_each_key *each;
    void *baton;
    bool more;
} showing;

static bool has_id(const showing *s)
{
    return s->prefix.table != PROV_TABLE_UNIQUE;
}

/* --- one row -------------------------------------------------------------------------------- */

/* What all rows of its key begin with. */
static prov_bytes run_of(const showing *s, prov_bytes row)
{
    return (prov_bytes){ row.data, row.len - (has_id(s) ? sizeof(prov_id) : 0) };
}

static bool is_meant(const showing *s, const prov_id *id)
{
    uint16_t type;
    return !s->o->type || s->o->kind == PROV_INDEX_TIMES ||
           (prov_rows_type(&s->n->tx, id, &type) && type == s->o->type);
}

static void show(showing *s, prov_bytes row, prov_bytes value)
{
    uint8_t plain[PROV_LMDB_KEY_MOST];
    prov_bytes run = run_of(s, row), key;
    bool exact = true;
    const prov_id *id = has_id(s) ? prov_row_key_last_id(row) : (const prov_id *)value.data;
    if (!is_meant(s, id))
        return;
    key = (prov_bytes){ run.data + s->prefix.len, run.len - s->prefix.len };
    if (s->o->kind != PROV_INDEX_TIMES) {
        size_t len;
        exact = prov_row_key_plain(key, plain, &len);
        key = (prov_bytes){ plain, len };
    }
    s->more = s->each(s->baton, key, exact, id);
}

/* --- walks ---------------------------------------------------------------------------------- */

static void show_forward(showing *s, const prov_row_key *prefix, const prov_row_key *after)
{
    prov_walk w;
    prov_walk_begin(&w, &s->n->tx, prefix, after);
    while (s->more && prov_walk_next(&w))
        show(s, w.key, w.value);
    prov_walk_end(&w);
}

static bool begins_with(prov_bytes row, prov_bytes run)
{
    return row.len >= run.len && memcmp(row.data, run.data, run.len) == 0;
}

/* Mostly a key has one row, which the one before it tells. */
static void show_backward(showing *s, const prov_row_key *end)
{
    prov_row_key run;
    prov_walk w;
    bool there = prov_walk_last(&w, &s->n->tx, &s->prefix, end);
    while (there && s->more) {
        prov_bytes row = w.key, value = w.value;
        there = prov_walk_back(&w);
        if (!there || !begins_with(w.key, run_of(s, row))) {
            show(s, row, value);
            continue;
        }
        prov_row_key_copy(&run, s->prefix.table, run_of(s, row));
        show_forward(s, &run, NULL);
        prov_walk_end(&w);
        there = s->more && prov_walk_last(&w, &s->n->tx, &s->prefix, &run);
    }
    prov_walk_end(&w);
}

/* --- where ---------------------------------------------------------------------------------- */

static void make_prefix(showing *s)
{
    const prov_ordering *o = s->o;
    if (o->kind == PROV_INDEX_UNIQUE)
        PROV_PREFIX(&s->n->tx, s->prefix, UNIQUE, 2, o->attr, o->domain);
    else if (o->kind == PROV_INDEX_VALUES)
        PROV_PREFIX(&s->n->tx, s->prefix, INDEX, 2, o->attr, o->domain);
    else
        prov_row_key_prefix(&s->prefix, s->n->tx.env->tenant,
                            o->modified ? PROV_TABLE_MODIFIED : PROV_TABLE_CREATED, 2, o->type,
                            o->domain);
}

static void make_run(const showing *s, prov_row_key *run)
{
    prov_bytes after = s->o->after;
    if (s->o->kind == PROV_INDEX_UNIQUE) {
        PROV_PREFIX(&s->n->tx, *run, UNIQUE, 3, s->o->attr, s->o->domain, after);
    } else if (s->o->kind == PROV_INDEX_VALUES) {
        PROV_PREFIX(&s->n->tx, *run, INDEX, 3, s->o->attr, s->o->domain, after);
    } else {
        *run = s->prefix;
        memcpy(run->b + run->len, after.data, after.len < 8 ? after.len : 8);
        run->len += 8;
    }
}

/* Behind all that begin with it. */
static prov_row_key end_of(const prov_row_key *prefix)
{
    prov_row_key end = *prefix;
    for (int i = end.len - 1; i >= 0 && ++end.b[i] == 0; i--)
        ;
    return end;
}

/* The rest of the run that the place is in; what no id ends has one row. */
static void show_run(showing *s, const prov_row_key *run)
{
    const prov_id *id = s->o->after_id;
    prov_row_key after = *run;
    prov_bytes holder;
    if (has_id(s)) {
        memcpy(after.b + after.len, id->b, sizeof id->b);
        after.len += sizeof id->b;
        show_forward(s, run, &after);
    } else if (prov_tx_get(&s->n->tx, run, &holder) && memcmp(holder.data, id->b, 16) > 0) {
        show(s, (prov_bytes){ run->b, run->len }, holder);
    }
}

void prov_snapshot_ordered(prov_snapshot *n, const prov_ordering *o, prov_each_key *each,
                           void *baton)
{
    showing s = { .n = n, .o = o, .each = each, .baton = baton, .more = true };
    prov_row_key run, end;
    make_prefix(&s);
    if (o->after_id) {
        make_run(&s, &run);
        show_run(&s, &run);
    }
    if (o->descending) {
        end = o->after_id ? run : end_of(&s.prefix);
        if (s.more)
            show_backward(&s, &end);
    } else if (s.more) {
        end = o->after_id ? end_of(&run) : s.prefix;
        show_forward(&s, &s.prefix, o->after_id ? &end : NULL);
    }
}
