#include "store/index.h"
#include "store/store.h"

typedef struct declaring {
    prov_snapshot *n;
    const prov_registry *registry;
    prov_plan *plan;
    int count;
} declaring;

static void declare(declaring *d, prov_index_kind kind, uint16_t attr, bool exact)
{
    prov_stage stage;
    if (prov_snapshot_stage(d->n, kind, attr, &stage) && stage.at != PROV_STAGE_GOING &&
        stage.exact == exact)
        return;
    prov_plan_stage(d->plan, kind, attr, true, exact);
    d->count++;
}

static bool is_declared(const declaring *d, const prov_stage *stage)
{
    const prov_attr *a = prov_registry_attr_numbered(d->registry, stage->attr);
    const prov_index *index = a ? prov_index_of(a) : NULL;
    if (stage->kind == PROV_INDEX_TIMES)
        return true;
    return index && index->unique == (stage->kind == PROV_INDEX_UNIQUE);
}

static bool withdraw(void *baton, const prov_stage *stage)
{
    declaring *d = baton;
    if (stage->at == PROV_STAGE_GOING || is_declared(d, stage))
        return true;
    prov_plan_stage(d->plan, stage->kind, stage->attr, false, false);
    d->count++;
    return true;
}

int prov_index_declare(prov_snapshot *n, const prov_registry *r, prov_plan *plan)
{
    declaring d = { n, r, plan, 0 };
    declare(&d, PROV_INDEX_TIMES, 0, false);
    for (uint32_t number = 1; number <= UINT16_MAX; number++) {
        const prov_attr *a = prov_registry_attr_numbered(r, (uint16_t)number);
        const prov_index *index = a ? prov_index_of(a) : NULL;
        if (index && !index->always)
            declare(&d, index->unique ? PROV_INDEX_UNIQUE : PROV_INDEX_VALUES, a->number,
                    prov_index_is_exact(a));
    }
    prov_snapshot_stages(n, withdraw, &d);
    return d.count;
}
