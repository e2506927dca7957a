#include "framework/members.h"
#include "scim/compatibility.h"

#include <apr_hash.h>
#include <apr_strings.h>

/* Most members times terms that a PATCH may hold against each other: a second or two. */
#define COMPARISONS_MOST (2 * 1000 * 1000)

/* A member that the request or a row names. */
typedef struct entry {
    prov_id id;
    bool was, is;
} entry;

typedef struct roll {
    const prov_window *w;
    apr_pool_t *p;
    const prov_id *group;
    apr_hash_t *by_id;
    apr_array_header_t *entries; /* of entry *, in the order they were met */
    bool whole;
    bool known;     /* who is named has to be there */
    int strangers;  /* how many were passed over */
    int64_t budget; /* comparisons that the request has left */
} roll;

static roll roll_make(const prov_window *w, apr_pool_t *p, const prov_id *group)
{
    return (roll){ .w = w,
                   .p = p,
                   .group = group,
                   .by_id = apr_hash_make(p),
                   .entries = apr_array_make(p, 8, sizeof(entry *)),
                   .known = true,
                   .budget = COMPARISONS_MOST };
}

static entry *met(roll *r, const prov_id *id)
{
    return apr_hash_get(r->by_id, id->b, sizeof id->b);
}

static entry *meet(roll *r, const prov_id *id, bool was)
{
    entry *e = apr_palloc(r->p, sizeof *e);
    *e = (entry){ *id, was, was };
    apr_hash_set(r->by_id, e->id.b, sizeof e->id.b, e);
    APR_ARRAY_PUSH(r->entries, entry *) = e;
    return e;
}

/* Members that the caller may not see are no members to him: he neither adds nor removes them. */
static bool is_visible(const roll *r, const prov_id *id)
{
    prov_record rec;
    return !r->w->fixed || prov_window_find(r->w, NULL, id, &rec);
}

static entry *entry_of(roll *r, const prov_id *id)
{
    entry *e = met(r, id);
    return e ? e : meet(r, id, is_visible(r, id) && prov_snapshot_is_member(r->w->n, r->group, id));
}

static bool meet_row(void *baton, const prov_id *id)
{
    roll *r = baton;
    if (!met(r, id) && is_visible(r, id))
        meet(r, id, true);
    return true;
}

static void meet_all(roll *r)
{
    if (!r->whole)
        prov_snapshot_members(r->w->n, r->group, NULL, meet_row, r);
    r->whole = true;
}

/* --- operations ----------------------------------------------------------------------------- */

static prov_err *no_such(roll *r, prov_bytes value)
{
    return prov_err_make(r->p, 400, "invalidValue", "there is no user or group \"%s\"",
                         prov_bytes_text(r->p, value));
}

/* A user or a group; a resource of a declared type is no member. */
static bool may_join(const roll *r, const prov_id *id)
{
    prov_record rec;
    if (!prov_window_find(r->w, NULL, id, &rec))
        return false;
    const prov_resource_type *type =
        prov_registry_type_numbered(r->w->service->registry, prov_record_head(rec).type);
    return type && type->naming;
}

static bool is_coming(const roll *r, const prov_id *id)
{
    for (int i = 0; i < r->w->coming_count; i++)
        if (prov_id_equal(&r->w->coming[i], id))
            return true;
    return false;
}

static prov_err *add(roll *r, const prov_member_ref *ref)
{
    prov_id id;
    entry *e = prov_id_parse(ref->value, &id) ? entry_of(r, &id) : NULL;
    /* Who is a member already may stay, whoever put him there. */
    if (!e || (!e->was && !may_join(r, &id) && !is_coming(r, &id))) {
        r->strangers++;
        return r->known ? no_such(r, ref->value) : NULL;
    }
    e->is = true;
    return NULL;
}

/* Removing who is no member is a success (RFC 7644 section 3.5.2.2). */
static void remove_one(roll *r, prov_bytes value)
{
    prov_id id;
    if (prov_id_parse(value, &id))
        entry_of(r, &id)->is = false;
}

static void remove_all(roll *r)
{
    meet_all(r);
    for (int i = 0; i < r->entries->nelts; i++)
        APR_ARRAY_IDX(r->entries, i, entry *)->is = false;
}

static prov_err *remove_matching(roll *r, const prov_attr *of, const prov_filter *filter)
{
    apr_pool_t *scratch;
    meet_all(r);
    r->budget -= (int64_t)r->entries->nelts * prov_filter_terms(filter);
    if (r->budget < 0)
        return prov_err_make(r->p, 413, NULL, "the PATCH request compares too many members");
    apr_pool_create(&scratch, r->p);
    for (int i = 0; i < r->entries->nelts; i++) {
        entry *e = APR_ARRAY_IDX(r->entries, i, entry *);
        prov_value v = { .type = PROV_TYPE_COMPLEX };
        v.object = e->is ? prov_window_reference(r->w, scratch, of, &e->id, NULL) : NULL;
        if (v.object && prov_filter_match_value(filter, of, &v, scratch))
            e->is = false;
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return NULL;
}

static void differ(const roll *r, prov_members *out)
{
    out->added = apr_array_make(r->p, 4, sizeof(prov_id));
    out->removed = apr_array_make(r->p, 4, sizeof(prov_id));
    out->whole = r->whole;
    out->strangers = r->strangers;
    for (int i = 0; i < r->entries->nelts; i++) {
        const entry *e = APR_ARRAY_IDX(r->entries, i, entry *);
        if (e->is != e->was)
            APR_ARRAY_PUSH(e->is ? out->added : out->removed, prov_id) = e->id;
    }
}

prov_err *prov_members_replaced(const prov_window *w, apr_pool_t *p, const prov_id *group,
                                const prov_member_ref *refs, int count, prov_members *out)
{
    roll r = roll_make(w, p, group);
    prov_err *err = NULL;
    remove_all(&r);
    for (int i = 0; i < count && !err; i++)
        err = add(&r, &refs[i]);
    differ(&r, out);
    return err;
}

prov_err *prov_members_patched(const prov_window *w, apr_pool_t *p, const prov_id *group,
                               const prov_attr *of, const apr_array_header_t *ops,
                               prov_members *out)
{
    roll r = roll_make(w, p, group);
    prov_err *err = NULL;
    r.known = w->caller->application->compatibility & PROV_COMPAT_KNOWN_MEMBERS;
    for (int i = 0; i < ops->nelts && !err; i++) {
        const prov_member_op *op = &APR_ARRAY_IDX(ops, i, prov_member_op);
        switch (op->kind) {
        case PROV_MEMBER_ADD:
            err = add(&r, &op->member);
            break;
        case PROV_MEMBER_REMOVE:
            remove_one(&r, op->member.value);
            break;
        case PROV_MEMBER_REMOVE_ALL:
            remove_all(&r);
            r.known = true; /* a list of strangers would empty the group */
            break;
        case PROV_MEMBER_REMOVE_MATCHING:
            err = remove_matching(&r, of, op->filter);
            break;
        }
    }
    differ(&r, out);
    return err;
}
