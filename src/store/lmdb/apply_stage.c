#include "store/lmdb/apply.h"

PROV_CHECK(must_be_staged)
{
    return prov_rows_staged(&a->tx) == op->number || prov_apply_refuse(a, PROV_NOT_GENERATION);
}

static bool is_empty(prov_tx *tx, prov_table table)
{
    prov_row_key prefix;
    prov_walk w;
    prov_row_key_prefix(&prefix, tx->env->tenant, table, 0);
    prov_walk_begin(&w, tx, &prefix, NULL);
    bool any = prov_walk_next(&w);
    prov_walk_end(&w);
    return !any;
}

/* Rows of a time when not everybody maintained it may be wrong: they go first. Processes that were
 * there before may yet make resources without. The order of time everybody keeps. */
static prov_stage_at first_of(prov_tx *tx, uint8_t kind)
{
    bool always = kind == PROV_INDEX_TIMES;
    if (is_empty(tx, PROV_TABLE_RECORD) && (always || is_empty(tx, PROV_TABLE_PROCESS)))
        return PROV_STAGE_READY;
    return always ? PROV_STAGE_BUILDING : PROV_STAGE_AGAIN;
}

PROV_EFFECT(stage)
{
    prov_stage stage = { .kind = op->answer, .attr = op->attr };
    bool known = prov_rows_stage(&a->tx, op->answer, op->attr, &stage);
    if (!op->flag)
        stage.at = PROV_STAGE_GOING;
    else if (!known)
        stage.at = first_of(&a->tx, op->answer);
    else if (stage.at == PROV_STAGE_GOING || stage.exact != op->number)
        stage.at = PROV_STAGE_AGAIN;
    if (!known && !op->flag)
        return;
    if (op->flag)
        stage.exact = op->number != 0;
    prov_rows_stage_put(&a->tx, &stage);
    prov_tx_next(&a->tx, PROV_STAGED);
}
