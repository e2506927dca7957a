#include "store/lmdb/apply.h"

/* What it wants is told by the membership as it is now, not by what the caller once saw. */
PROV_EFFECT(edge)
{
    prov_edge edge = op->edge;
    prov_row_key member;
    prov_bytes row;
    PROV_KEY(&a->tx, member, MEMBER, &op->id, &op->other);
    edge.wanted = prov_tx_get(&a->tx, &member, &row) && prov_rows_has_edges(row);
    if (edge.wanted != op->edge.wanted)
        edge.settled = edge.asleep = edge.refused = false;
    prov_rows_edge_put(&a->tx, op->target, &op->id, &op->other, &edge);
}

PROV_EFFECT(edge_sent)
{
    /* Also what is no longer wanted like that: it goes out all the same, and is to be undone. */
    prov_edge edge;
    prov_rows_edge(&a->tx, op->target, &op->id, &op->other, &edge);
    edge.suspect = edge.suspect || edge.sent; /* what was sent before may still arrive */
    edge.sent = true;
    prov_rows_edge_put(&a->tx, op->target, &op->id, &op->other, &edge);
}

/* A wish that came later has not been asked. Who may not go although he is wanted need not be asked
 * to go again. */
static bool is_answer_to(const prov_edge *edge, bool value)
{
    return edge->wanted == value || (!value && edge->applied);
}

PROV_EFFECT(edge_ack)
{
    prov_edge edge;
    prov_rows_edge(&a->tx, op->target, &op->id, &op->other, &edge);
    if (!edge.sent)
        return; /* the answer is about objects that one of the two no longer is there */
    edge.sent = false;
    if (op->answer == PROV_EDGE_APPLIED)
        edge.applied = op->flag;
    else if (op->answer == PROV_EDGE_REFUSED && is_answer_to(&edge, op->flag))
        edge.refused = true;
    prov_rows_edge_put(&a->tx, op->target, &op->id, &op->other, &edge);
}

PROV_EFFECT(edge_sleep)
{
    prov_edge edge;
    prov_link member;
    if (!prov_rows_edge(&a->tx, op->target, &op->id, &op->other, &edge))
        return;
    /* Its member has come there meanwhile: nobody would wake it. */
    if (prov_rows_link(&a->tx, &op->other, op->target, &member) && member.remote.len)
        return;
    edge.settled = op->flag;
    edge.asleep = !op->flag;
    prov_rows_edge_put(&a->tx, op->target, &op->id, &op->other, &edge);
}
