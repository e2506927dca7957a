#include "store/lmdb/apply.h"

PROV_CHECK(must_be_staged)
{
    return prov_rows_staged(&a->tx) == op->number || prov_apply_refuse(a, PROV_NOT_GENERATION);
}

static bool is_empty(prov_tx *tx)
{
    prov_row_key prefix;
    prov_walk w;
    PROV_PREFIX(tx, prefix, RECORD, 0);
    prov_walk_begin(&w, tx, &prefix, NULL);
    bool any = prov_walk_next(&w);
    prov_walk_end(&w);
    return !any;
}

/* Rows of a time when it was not maintained may be wrong: they go first. */
PROV_EFFECT(stage)
{
    prov_stage stage = { .kind = op->answer, .attr = op->attr };
    bool known = prov_rows_stage(&a->tx, op->answer, op->attr, &stage);
    if (!op->flag)
        stage.at = PROV_STAGE_GOING;
    else if (!known)
        stage.at = is_empty(&a->tx) ? PROV_STAGE_READY : PROV_STAGE_BUILDING;
    else if (stage.at == PROV_STAGE_GOING)
        stage.at = PROV_STAGE_AGAIN;
    if (!known && !op->flag)
        return;
    prov_rows_stage_put(&a->tx, &stage);
    prov_tx_next(&a->tx, PROV_STAGED);
}
