#include "framework/seek.h"
#include "framework/groups.h"

#include "base/text.h"
#include "store/index.h"

#include <string.h>

static bool keep(void *baton, const prov_id *id)
{
    prov_seek *s = baton;
    if (s->most-- > 0)
        APR_ARRAY_PUSH(s->ids, prov_id) = *id;
    return s->most >= 0;
}

/* The one domain that this application sees, or each. */
static const prov_userstore *domain_at(const prov_seek *s, int i)
{
    if (s->w->fixed)
        return i ? NULL : s->w->fixed;
    return prov_userstore_at(s->w->service->userstores, i);
}

static prov_bytes text_of(const prov_seek *s)
{
    return s->terms[0].value->text;
}

/* --- ids and memberships -------------------------------------------------------------------- */

static void by_id(prov_seek *s)
{
    prov_id id;
    if (prov_id_parse(text_of(s), &id))
        keep(s, &id);
}

static void by_member(prov_seek *s)
{
    prov_id id;
    if (prov_id_parse(text_of(s), &id))
        prov_snapshot_groups(s->w->n, &id, NULL, keep, s);
}

static void by_group(prov_seek *s)
{
    prov_id id;
    if (!prov_id_parse(text_of(s), &id))
        return;
    prov_kin below = prov_groups_below(s->w->n, s->p, &id, 1);
    for (int i = 0; i < below.count && keep(s, &below.ids[i]); i++)
        ;
}

/* --- ranges --------------------------------------------------------------------------------- */

/* What is in both: the keys from the later on, up to the earlier. */
static prov_index_range within(prov_index_range a, prov_index_range b)
{
    if (!a.from.len || (b.from.len && prov_bytes_compare(b.from, a.from) > 0))
        a.from = b.from;
    if (!a.to.len || (b.to.len && prov_bytes_compare(b.to, a.to) < 0))
        a.to = b.to;
    return a;
}

static void walk(prov_seek *s, bool unique, uint16_t domain, prov_index_range range)
{
    const prov_range r = { s->terms[0].attr->number, domain, unique, range.from, range.to };
    if (s->most >= 0)
        prov_snapshot_range(s->w->n, &r, keep, s);
}

static bool is_below(prov_filter_op op)
{
    return op == PROV_OP_LT || op == PROV_OP_LE;
}

static bool is_above(prov_filter_op op)
{
    return op == PROV_OP_GT || op == PROV_OP_GE;
}

/* --- names ---------------------------------------------------------------------------------- */

/* A prefix asks one domain; without one PRIMARY is asked, the application's own, or every one. */
static void by_name(prov_seek *s)
{
    const prov_userstores *stores = s->w->service->userstores;
    const prov_userstore *domain, *u;
    prov_bytes bare;
    prov_id id;
    if (prov_userstore_split(stores, s->p, text_of(s), s->w->fixed, &domain, &bare))
        return;
    bool prefixed = bare.len != text_of(s).len;
    bool every = !prefixed && s->w->service->config->settings.bare_name_all;
    for (int i = 0; (u = domain_at(s, i)); i++)
        if ((every || u == domain) &&
            prov_userstore_find_in(u, s->w->n, s->p, s->type, bare, &id, 1))
            keep(s, &id);
}

/* A name is ordered behind its domain's prefix: all, some or none of a domain's names answer. */
static bool range_in_domain(prov_seek *s, const prov_userstore *u, const prov_term *t,
                            prov_index_range *out)
{
    prov_bytes prefix = prov_text_fold(s->p, prov_userstore_prefix(u)), want = t->want;
    size_t shared = prefix.len < want.len ? prefix.len : want.len;
    int sign = shared ? memcmp(prefix.data, want.data, shared) : 0;
    *out = (prov_index_range){ { NULL, 0 }, { NULL, 0 } };
    if (t->op == PROV_OP_PR)
        return true;
    if (sign)
        return sign < 0 ? is_below(t->op) : is_above(t->op);
    if (want.len < prefix.len)
        return !is_below(t->op);
    want = (prov_bytes){ want.data + shared, want.len - shared };
    return prov_index_text_range(s->p, t->op, want, out);
}

/* Names lie as PRECIS has them and are ordered folded: where the two differ, they lie twice. */
static void by_name_range(prov_seek *s)
{
    const prov_userstore *u;
    for (int i = 0; (u = domain_at(s, i)); i++) {
        prov_index_range range, other = { { NULL, 0 }, { NULL, 0 } };
        if (!range_in_domain(s, u, &s->terms[0], &range) ||
            (s->count > 1 && !range_in_domain(s, u, &s->terms[1], &other)))
            continue;
        range = within(range, other);
        walk(s, true, u->number, range);
        walk(s, false, u->number, range);
    }
}

/* --- times ---------------------------------------------------------------------------------- */

static void narrow(prov_period *period, const prov_term *t)
{
    apr_time_t when = t->value->instant;
    if (!is_below(t->op) && t->op != PROV_OP_PR && when > period->from)
        period->from = when;
    if (!is_above(t->op) && t->op != PROV_OP_PR && when < period->to)
        period->to = when;
}

static void by_time(prov_seek *s)
{
    const prov_userstore *u;
    prov_period period = { .type = s->type->number, .from = INT64_MIN, .to = INT64_MAX };
    period.modified = strcmp(s->terms[0].attr->name, "created") != 0;
    for (int i = 0; i < s->count; i++)
        narrow(&period, &s->terms[i]);
    for (int i = 0; s->most >= 0 && (u = domain_at(s, i)); i++) {
        period.domain = u->number;
        prov_snapshot_period(s->w->n, &period, keep, s);
    }
}

/* --- other values --------------------------------------------------------------------------- */

static void by_value(prov_seek *s)
{
    const prov_attr *a = s->terms[0].attr;
    const prov_index *index = prov_index_of(a);
    const prov_userstore *u;
    prov_bytes key;
    prov_id id;
    if (!prov_index_equal_to(s->p, &s->terms[0], &key) || !key.len)
        return;
    for (int i = 0; !index->unique && (u = domain_at(s, i)); i++)
        prov_snapshot_indexed(s->w->n, a->number, u->number, key, keep, s);
    if (index->unique && prov_snapshot_unique(s->w->n, a->number, 0, key, &id))
        keep(s, &id);
}

static void by_value_range(prov_seek *s)
{
    const prov_index *index = prov_index_of(s->terms[0].attr);
    const prov_userstore *u;
    prov_index_range range, other = { { NULL, 0 }, { NULL, 0 } };
    prov_index_range_of(s->p, &s->terms[0], &range);
    if (s->count > 1)
        prov_index_range_of(s->p, &s->terms[1], &other);
    range = within(range, other);
    if (index->everywhere)
        walk(s, true, 0, range);
    for (int i = 0; !index->everywhere && (u = domain_at(s, i)); i++)
        walk(s, index->unique, u->number, range);
}

/* --- which ---------------------------------------------------------------------------------- */

typedef void seeker(prov_seek *s);

/* A declared type may have attributes of these names that lie elsewhere. */
static const struct {
    const char *path;
    prov_place place;
    prov_seek_kind kind;
    seeker *find;
    bool times; /* any comparison but of texts; else only eq */
} places[] = {
    { "id", PROV_IN_HEADER, PROV_SEEK_ONE, by_id, false },
    { "members.value", PROV_IN_MEMBERS, PROV_SEEK_EQUAL, by_member, false },
    { "groups.value", PROV_IN_GROUPS, PROV_SEEK_EQUAL, by_group, false },
    { "meta.created", PROV_IN_HEADER, PROV_SEEK_RANGE, by_time, true },
    { "meta.lastModified", PROV_IN_HEADER, PROV_SEEK_RANGE, by_time, true },
};

bool prov_seek_ready(const prov_window *w, prov_index_kind kind, uint16_t attr)
{
    prov_stage stage;
    return prov_snapshot_stage(w->n, kind, attr, &stage) && stage.at == PROV_STAGE_READY &&
           !stage.duplicates;
}

static prov_seek_kind kind_of(const prov_term *t)
{
    return t->op == PROV_OP_PR ? PROV_SEEK_ALL : PROV_SEEK_RANGE;
}

static bool is_ordered(prov_filter_op op)
{
    return is_below(op) || is_above(op) || op == PROV_OP_PR;
}

/* Of a value that lies elsewhere than in the record. */
static seeker *place_of(const prov_window *w, const prov_resource_type *type, const prov_term *t,
                        prov_seek_kind *kind)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *path = places[i].path;
        if (prov_schema_find(w->service->registry, type, path, strlen(path), NULL) != t->attr ||
            t->attr->place != places[i].place)
            continue;
        *kind = places[i].times && t->op == PROV_OP_PR ? PROV_SEEK_ALL : places[i].kind;
        bool can = t->op == PROV_OP_EQ || (places[i].times && is_ordered(t->op));
        bool ready = !places[i].times || prov_seek_ready(w, PROV_INDEX_TIMES, 0);
        return can && ready ? places[i].find : NULL;
    }
    return NULL;
}

static seeker *name_of(const prov_term *t, prov_seek_kind *kind)
{
    *kind = t->op == PROV_OP_EQ ? PROV_SEEK_ONE : kind_of(t);
    if (t->op == PROV_OP_EQ)
        return by_name;
    return is_ordered(t->op) || t->op == PROV_OP_SW ? by_name_range : NULL;
}

/* An index that is unique in all domains has no row for an empty text, which many may have. */
static bool finds_empty(const prov_index *index, const prov_term *t)
{
    prov_type type = t->attr->type;
    if (!index->everywhere || t->op == PROV_OP_PR || t->op == PROV_OP_GT ||
        (type != PROV_TYPE_STRING && type != PROV_TYPE_REFERENCE && type != PROV_TYPE_BINARY))
        return false;
    return is_below(t->op) || !t->value->text.len || !t->want.len;
}

static seeker *value_of(const prov_window *w, apr_pool_t *p, const prov_term *t,
                        prov_seek_kind *kind)
{
    const prov_index *index = prov_index_of(t->attr);
    prov_index_range range;
    prov_bytes key;
    if (!index || finds_empty(index, t) ||
        (!index->always &&
         !prov_seek_ready(w, index->unique ? PROV_INDEX_UNIQUE : PROV_INDEX_VALUES,
                          t->attr->number)))
        return NULL;
    *kind = t->op != PROV_OP_EQ ? kind_of(t) : index->unique ? PROV_SEEK_ONE : PROV_SEEK_EQUAL;
    if (prov_index_equal_to(p, t, &key))
        return by_value;
    return prov_index_range_of(p, t, &range) ? by_value_range : NULL;
}

static seeker *seeker_of(const prov_window *w, apr_pool_t *p, const prov_resource_type *type,
                         const prov_term *t, prov_seek_kind *kind)
{
    const prov_attr *top = t->attr->parent ? t->attr->parent : t->attr;
    if (top->place != PROV_IN_RECORD)
        return place_of(w, type, t, kind);
    return t->attr == type->naming && t->attr->precis ? name_of(t, kind) : value_of(w, p, t, kind);
}

bool prov_seek_can(const prov_window *w, apr_pool_t *p, const prov_resource_type *type,
                   const prov_term *term, prov_seek_kind *kind)
{
    return seeker_of(w, p, type, term, kind) != NULL;
}

bool prov_seek_find(prov_seek *s)
{
    prov_seek_kind kind;
    seeker_of(s->w, s->p, s->type, &s->terms[0], &kind)(s);
    return s->most >= 0;
}
