#include "store/lmdb/private.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SHORT_MOST 0xffff /* domains, applications and attributes are numbered in 16 bits */

/* --- finding and giving ----------------------------------------------------------------------- */

static bool find(prov_tx *tx, prov_number_kind kind, prov_bytes name, uint32_t *number)
{
    prov_row_key key;
    PROV_KEY(tx, key, NUMBER, (int)kind, name);
    *number = (uint32_t)prov_tx_count(tx, &key);
    return *number != 0;
}

static void give(prov_tx *tx, prov_number_kind kind, prov_bytes name, uint32_t *number)
{
    prov_row_key key;
    if (find(tx, kind, name, number))
        return;
    const char *sequence = apr_psprintf(tx->scratch, "number %d", (int)kind);
    uint64_t next = prov_tx_next(tx, sequence);
    if (kind != PROV_NUMBER_TARGET && next > SHORT_MOST && tx->rc == 0)
        tx->rc = EOVERFLOW;
    *number = (uint32_t)next;
    PROV_KEY(tx, key, NUMBER, (int)kind, name);
    prov_tx_add(tx, &key, (int64_t)next);
    PROV_KEY(tx, key, NAME_OF, (int)kind, *number);
    prov_tx_put(tx, &key, name);
}

typedef struct wish {
    prov_number_kind kind;
    prov_bytes name;
    uint32_t *number;
} wish;

static void give_wish(prov_tx *tx, void *baton)
{
    wish *w = baton;
    give(tx, w->kind, w->name, w->number);
}

prov_err *prov_store_number(prov_store *s, prov_number_kind kind, const char *name,
                            uint32_t *number)
{
    wish w = { kind, prov_bytes_of(name), number };
    prov_tx tx = { .env = &s->env };
    int rc = prov_env_read_begin(&s->env, &tx.txn);
    if (rc == 0) {
        bool found = find(&tx, kind, w.name, number);
        prov_env_read_end(&s->env, tx.txn);
        if (found)
            return NULL;
        rc = prov_committer_step(&s->committer, give_wish, &w, NULL);
    }
    return rc ? prov_store_own_err(s, rc, "A number cannot be given") : NULL;
}

/* --- the dictionary --------------------------------------------------------------------------- */

typedef struct binding {
    prov_tx *tx;
    prov_registry *registry;
    bool may_give, missing;
} binding;

static prov_err *number_attribute(void *baton, const char *urn, const char *path, const char *type,
                                  uint16_t *number)
{
    binding *b = baton;
    char name[1024];
    uint32_t wide;
    int len = snprintf(name, sizeof name, "%s %s %s", urn, path, type);
    prov_bytes text = { (const uint8_t *)name,
                        len < (int)sizeof name ? (size_t)len : sizeof name - 1 };
    if (b->may_give)
        give(b->tx, PROV_NUMBER_ATTRIBUTE, text, &wide);
    else
        b->missing |= !find(b->tx, PROV_NUMBER_ATTRIBUTE, text, &wide);
    *number = (uint16_t)wide;
    return NULL;
}

const char *prov_rows_attribute_name(prov_tx *tx, uint16_t attr)
{
    prov_row_key key;
    prov_bytes name;
    PROV_KEY(tx, key, NAME_OF, (int)PROV_NUMBER_ATTRIBUTE, (uint32_t)attr);
    if (!prov_tx_get(tx, &key, &name))
        return apr_psprintf(tx->scratch, "attribute %d", attr);
    char *text = prov_bytes_text(tx->scratch, name), *urn = strchr(text, ' '),
         *type = strrchr(text, ' ');
    if (urn && urn != type) {
        *urn = ':';
        *type = '\0';
    }
    return text;
}

static void bind_all(prov_tx *tx, void *baton)
{
    binding *b = baton;
    b->tx = tx;
    b->missing = false;
    prov_registry_bind(b->registry, number_attribute, b);
}

prov_err *prov_store_bind(prov_store *s, prov_registry *r)
{
    binding b = { .registry = r };
    prov_tx tx = { .env = &s->env };
    int rc = prov_env_read_begin(&s->env, &tx.txn);
    if (rc == 0) {
        bind_all(&tx, &b);
        prov_env_read_end(&s->env, tx.txn);
        b.may_give = true;
        if (b.missing)
            rc = prov_committer_step(&s->committer, bind_all, &b, NULL);
    }
    return rc ? prov_store_own_err(s, rc, "The dictionary cannot be filled") : NULL;
}

/* --- processes -------------------------------------------------------------------------------- */

static void put_process(prov_tx *tx, void *baton)
{
    prov_process *process = baton;
    process->number = (uint32_t)prov_tx_next(tx, "process");
    prov_rows_process_put(tx, process);
}

prov_err *prov_store_register(prov_store *s, uint64_t generation, prov_process *out)
{
    *out = (prov_process){ .pid = s->pid, .started = s->started, .generation = generation };
    int rc = prov_committer_step(&s->committer, put_process, out, NULL);
    return rc ? prov_store_own_err(s, rc, "The process cannot be registered") : NULL;
}

static void put_process_anew(prov_tx *tx, void *baton)
{
    prov_rows_process_put(tx, baton);
}

prov_err *prov_store_register_anew(prov_store *s, const prov_process *process)
{
    prov_process row = *process;
    int rc = prov_committer_step(&s->committer, put_process_anew, &row, NULL);
    return rc ? prov_store_own_err(s, rc, "The process cannot be registered") : NULL;
}

static bool has_leases(prov_tx *tx, uint32_t process)
{
    prov_row_key prefix;
    prov_walk w;
    PROV_PREFIX(tx, prefix, LEASE, 1, process);
    prov_walk_begin(&w, tx, &prefix, NULL);
    bool any = prov_walk_next(&w);
    prov_walk_end(&w);
    return any;
}

static void drop_process(prov_tx *tx, void *baton)
{
    uint32_t number = *(const uint32_t *)baton;
    prov_row_key key;
    if (has_leases(tx, number))
        return;
    PROV_KEY(tx, key, PROCESS, number);
    prov_tx_delete(tx, &key);
}

prov_err *prov_store_unregister(prov_store *s, uint32_t process)
{
    int rc = prov_committer_step(&s->committer, drop_process, &process, NULL);
    return rc ? prov_store_own_err(s, rc, "The process cannot be unregistered") : NULL;
}
