#include "store/lmdb/apply.h"

PROV_EFFECT(edge)
{
    prov_rows_edge_put(&a->tx, op->target, &op->id, &op->other, &op->edge);
}

PROV_EFFECT(edge_sent)
{
    prov_edge edge;
    if (!prov_rows_edge(&a->tx, op->target, &op->id, &op->other, &edge) || edge.wanted != op->flag)
        return;
    edge.sent = true;
    prov_rows_edge_put(&a->tx, op->target, &op->id, &op->other, &edge);
}

PROV_EFFECT(edge_ack)
{
    prov_edge edge;
    if (!prov_rows_edge(&a->tx, op->target, &op->id, &op->other, &edge))
        return;
    edge.sent = false;
    if (op->answer == PROV_EDGE_APPLIED)
        edge.applied = op->flag;
    else if (op->answer == PROV_EDGE_REFUSED && edge.wanted == op->flag)
        edge.refused = true; /* a wish that came later has not been asked */
    prov_rows_edge_put(&a->tx, op->target, &op->id, &op->other, &edge);
}

PROV_EFFECT(edge_sleep)
{
    prov_edge edge;
    if (!prov_rows_edge(&a->tx, op->target, &op->id, &op->other, &edge))
        return;
    edge.settled = op->flag;
    edge.asleep = !op->flag;
    prov_rows_edge_put(&a->tx, op->target, &op->id, &op->other, &edge);
}
