/* The filter and PATCH vectors of the data folder, against records and trees. */
#include "tap.h"
#include "base/instant.h"
#include "scim/filter.h"
#include "scim/patch.h"
#include "scim_acme.h"
#include <apr_file_io.h>
#include <apr_strings.h>

#define FIXTURES_MAX 16

typedef struct fixture {
    const char *name;
    prov_view view;
    const prov_json *members;
} fixture;

static apr_pool_t *pool;
static prov_registry *registry;
static fixture fixtures[FIXTURES_MAX];
static int fixture_count, by_expect;

/* ---- the file ---- */

static const char *replace_all(const char *text, const char *what, const char *with)
{
    prov_buf b;
    prov_buf_init(&b, pool, strlen(text) + 1);
    for (const char *at; (at = strstr(text, what)); text = at + strlen(what)) {
        prov_buf_add(&b, text, (size_t)(at - text));
        prov_buf_text(&b, with);
    }
    prov_buf_text(&b, text);
    prov_buf_byte(&b, 0);
    return (const char *)b.data;
}

static const char *upper(const char *text)
{
    char *copy = apr_pstrdup(pool, text);
    for (char *c = copy; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c -= 'a' - 'A';
    return copy;
}

static const char *read_file(const char *path)
{
    apr_file_t *file;
    apr_finfo_t info;
    if (apr_file_open(&file, path, APR_READ, 0, pool) ||
        apr_file_info_get(&info, APR_FINFO_SIZE, file))
        return NULL;
    char *text = apr_pcalloc(pool, (apr_size_t)info.size + 1);
    if (apr_file_read_full(file, text, (apr_size_t)info.size, NULL))
        return NULL;
    return text;
}

static const char *text_of(const prov_json *object, const char *name)
{
    const prov_json *json = prov_json_get(object, name, NULL);
    return prov_json_is(json) == PROV_JSON_STRING ? (const char *)prov_json_string(json).data
                                                  : NULL;
}

/* ---- fixtures ---- */

static apr_time_t instant_of(const prov_json *meta, const char *name)
{
    apr_time_t t = 0;
    if (!prov_instant_parse(prov_bytes_of(text_of(meta, name)), &t))
        printf("# no instant: %s\n", text_of(meta, name));
    return t;
}

static void give_members(const prov_view *v, const prov_attr *a,
                         bool (*each)(void *baton, const prov_object *value), void *baton)
{
    const fixture *f = v->baton;
    bool more = true;
    for (size_t i = 0; more && a->place == PROV_IN_MEMBERS && i < prov_json_length(f->members);
         i++) {
        const prov_json *member = prov_json_at(f->members, i);
        prov_object *o = prov_object_make(pool);
        for (int s = 0; s < a->sub_count; s++)
            if (text_of(member, a->subs[s].name))
                prov_field_add(o, prov_object_set(o, &a->subs[s]))->text =
                    prov_bytes_of(text_of(member, a->subs[s].name));
        more = each(baton, o);
    }
}

static bool make_fixture(void *baton, const char *name, const prov_json *body)
{
    const prov_json *meta = prov_json_get(body, "meta", NULL);
    const prov_resource_type *t = prov_registry_type_named(registry, text_of(meta, "resourceType"));
    fixture *f = &fixtures[fixture_count++];
    prov_body_extra extra;
    prov_object *o = acme_tree(pool, registry, t, body, &extra);
    f->name = name;
    f->members = prov_json_get(body, "members", NULL);
    f->view = acme_view(pool, registry, t, o, instant_of(meta, "created"),
                        instant_of(meta, "lastModified"));
    prov_id_parse(prov_json_string(prov_json_get(body, "id", NULL)), &f->view.id);
    f->view.baton = f;
    f->view.elsewhere = give_members;
    return fixture_count < FIXTURES_MAX;
}

/* ---- comparison ---- */

static bool listed(const prov_json *texts, const char *text)
{
    if (prov_json_is(texts) == PROV_JSON_STRING)
        return text && strcmp((const char *)prov_json_string(texts).data, text) == 0;
    for (size_t i = 0; text && i < prov_json_length(texts); i++)
        if (strcmp((const char *)prov_json_string(prov_json_at(texts, i)).data, text) == 0)
            return true;
    return false;
}

static bool error_fits(const prov_json *want, const prov_err *err)
{
    const prov_json *status = prov_json_get(want, "status", NULL);
    const prov_json *type = prov_json_get(want, "scimType", NULL);
    return prov_json_is(status) == PROV_JSON_INTEGER && prov_json_integer(status) == err->http &&
           (!type || listed(type, err->scim_type));
}

typedef bool outcome_fits(const prov_json *want, const void *outcome);

/* Either the recommended outcome or one that a conformant server may show as well. */
static void judge(const prov_json *test, outcome_fits *fits, const void *outcome, const char *said)
{
    const prov_json *accept = prov_json_get(test, "accept", NULL);
    bool good = fits(prov_json_get(test, "expect", NULL), outcome);
    by_expect += good;
    for (size_t i = 0; !good && i < prov_json_length(accept); i++)
        good = fits(prov_json_at(accept, i), outcome);
    if (!ok(good, "%s", text_of(test, "id")))
        printf("# %s\n", said);
}

/* ---- filters ---- */

typedef struct found {
    prov_err *err;
    bool match[FIXTURES_MAX];
    bool of_type[FIXTURES_MAX];
} found;

static bool found_fits(const prov_json *want, const void *outcome)
{
    const found *f = outcome;
    const prov_json *error = prov_json_get(want, "error", NULL);
    const prov_json *match = prov_json_get(want, "match", NULL);
    if (f->err || error)
        return f->err && error && error_fits(error, f->err);
    for (int i = 0; i < fixture_count; i++)
        if (f->of_type[i] && f->match[i] != listed(match, fixtures[i].name))
            return false;
    return true;
}

static const char *found_text(const found *f)
{
    prov_buf b;
    prov_buf_init(&b, pool, 64);
    prov_buf_text(&b, f->err ? prov_err_text(pool, f->err) : "matches");
    for (int i = 0; i < fixture_count && !f->err; i++)
        if (f->match[i])
            prov_buf_printf(&b, " %s", fixtures[i].name);
    prov_buf_byte(&b, 0);
    return (const char *)b.data;
}

static void run_filter(const prov_json *test)
{
    const prov_resource_type *t = prov_registry_type_at(registry, text_of(test, "endpoint"));
    const char *text = text_of(test, "filter");
    prov_filter *filter, *again;
    found f = { 0 };
    f.err = prov_filter_parse(pool, registry, t, text, NULL, &filter);
    for (int i = 0; i < fixture_count && !f.err; i++) {
        f.of_type[i] = !t || fixtures[i].view.type == t;
        f.match[i] = f.of_type[i] && prov_filter_match(filter, &fixtures[i].view);
    }
    judge(test, found_fits, &f, apr_pstrcat(pool, text, ": ", found_text(&f), NULL));
    if (f.err)
        return;
    const char *printed = prov_filter_print(pool, filter);
    prov_err *err = prov_filter_parse(pool, registry, t, printed, NULL, &again);
    is_str(err ? prov_err_text(pool, err) : prov_filter_print(pool, again), printed,
           "%s prints as what parses to the same", text_of(test, "id"));
    for (int i = 0; i < fixture_count && !err; i++)
        if (f.of_type[i] && prov_filter_match(again, &fixtures[i].view) != f.match[i])
            ok(false, "%s printed matches %s alike", text_of(test, "id"), fixtures[i].name);
}

/* ---- PATCH ---- */

typedef struct patched {
    prov_err *err;
    const prov_resource_type *type;
    const prov_object *before, *after;
    apr_array_header_t *members_before, *members; /* of const char *, sorted by nothing */
} patched;

static bool same_members(const apr_array_header_t *a, const apr_array_header_t *b)
{
    if (a->nelts != b->nelts)
        return false;
    for (int i = 0; i < a->nelts; i++) {
        int same = 0;
        for (int j = 0; j < b->nelts; j++)
            same += strcmp(APR_ARRAY_IDX(a, i, char *), APR_ARRAY_IDX(b, j, char *)) == 0;
        if (same != 1)
            return false;
    }
    return true;
}

static apr_array_header_t *members_of(const prov_body_extra *extra)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(char *));
    for (int i = 0; i < extra->member_count; i++)
        APR_ARRAY_PUSH(list, char *) = prov_bytes_text(pool, extra->members[i].value);
    return list;
}

static void remove_member(apr_array_header_t *list, const char *id)
{
    for (int i = 0; i < list->nelts; i++)
        if (!id || strcmp(APR_ARRAY_IDX(list, i, char *), id) == 0)
            APR_ARRAY_IDX(list, i--, char *) = APR_ARRAY_IDX(list, --list->nelts, char *);
}

static void change_members(apr_array_header_t *list, const apr_array_header_t *ops)
{
    for (int i = 0; i < ops->nelts; i++) {
        const prov_member_op *op = &APR_ARRAY_IDX(ops, i, prov_member_op);
        const char *id = prov_bytes_text(pool, op->member.value);
        if (op->kind == PROV_MEMBER_REMOVE_MATCHING)
            ok(false, "no vector removes members by another filter");
        remove_member(list, op->kind == PROV_MEMBER_REMOVE_ALL ? NULL : id);
        if (op->kind == PROV_MEMBER_ADD)
            APR_ARRAY_PUSH(list, const char *) = id;
    }
}

/* What is never returned cannot be compared. */
static const prov_object *returned(const prov_object *o)
{
    prov_object *copy = prov_object_copy(pool, o);
    for (int i = copy->count - 1; i >= 0; i--)
        if (copy->fields[i].attr->returned == PROV_RETURNED_NEVER)
            prov_object_remove(copy, copy->fields[i].attr);
    return copy;
}

static bool patched_fits(const prov_json *want, const void *outcome)
{
    const patched *p = outcome;
    const prov_json *after = prov_json_get(want, "after", NULL);
    prov_body_extra extra;
    if (p->err || !after)
        return p->err && !after && error_fits(want, p->err);
    const prov_object *o = acme_tree(pool, registry, p->type, after, &extra);
    bool unchanged = prov_json_boolean(prov_json_get(want, "unchanged", NULL));
    if (unchanged &&
        !(prov_object_equal(p->before, p->after) && same_members(p->members_before, p->members)))
        return false;
    return prov_object_equal(o, returned(p->after)) && same_members(members_of(&extra), p->members);
}

static const char *patched_text(const patched *p)
{
    prov_buf b;
    if (p->err)
        return apr_psprintf(pool, "%d %s: %s", p->err->http, p->err->scim_type,
                            prov_err_text(pool, p->err));
    prov_buf_init(&b, pool, 256);
    prov_object_write(&b, p->type, p->after);
    prov_buf_byte(&b, 0);
    return (const char *)b.data;
}

static void run_patch(const prov_json *test)
{
    prov_patch_result result;
    prov_body_extra extra;
    patched p = { .type = prov_registry_type_named(registry, text_of(test, "resourceType")) };
    p.before = acme_tree(pool, registry, p.type, prov_json_get(test, "before", NULL), &extra);
    const prov_object *untouched = prov_object_copy(pool, p.before);
    p.members_before = members_of(&extra);
    p.members = apr_array_copy(pool, p.members_before);
    p.err = prov_patch_apply(pool, registry, p.type, 0, prov_json_get(test, "request", NULL),
                             p.before, &result);
    p.after = !p.err && result.object ? result.object : p.before;
    if (!p.err)
        change_members(p.members, result.members);
    judge(test, patched_fits, &p, patched_text(&p));
    if (!prov_object_equal(untouched, p.before))
        ok(false, "%s leaves the tree it started from alone", text_of(test, "id"));
}

/* A second user is another layer's business. */
static bool can_run(const prov_json *test)
{
    return !listed(prov_json_get(test, "needs", NULL), "taken");
}

static void run_all(const prov_json *tests, void (*run)(const prov_json *test))
{
    for (size_t i = 0; i < prov_json_length(tests); i++) {
        const prov_json *test = prov_json_at(tests, i);
        if (can_run(test))
            run(test);
        else
            skip(text_of(test, "id"), "needs a second user");
    }
}

/* Ids of fixtures are none of ours: each becomes a made one, wherever the file has it. */
static const char *give_ids(const char *text)
{
    static const char *const names[] = { "u1", "u2", "u3", "u4", "g1", "g2", "m1", "m2", "m3" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        prov_id id = prov_id_make();
        const char *made = prov_id_text(pool, &id);
        text = replace_all(text, apr_psprintf(pool, "%s-AbCd", names[i]), made);
        text = replace_all(text, apr_psprintf(pool, "${%s.id}", names[i]), made);
        text = replace_all(text, apr_psprintf(pool, "${%s.id|upper}", names[i]), upper(made));
        text = replace_all(text, apr_psprintf(pool, "${%s}", names[i]), made);
    }
    return text;
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    const char *folder = getenv("PROVISION_DATA");
    const char *path =
        apr_pstrcat(pool, folder ? folder : "../shared/data", "/scim/vectors.json", NULL);
    const char *text = read_file(path);
    if (!text) {
        skip("the SCIM vectors", apr_pstrcat(pool, "no ", path, "; set PROVISION_DATA", NULL));
        return plan_done();
    }
    registry = acme_registry(pool);
    const prov_json *file = acme_json(pool, give_ids(text));
    prov_json_each(prov_json_get(file, "fixtures", NULL), make_fixture, NULL);
    run_all(prov_json_get(file, "filter", NULL), run_filter);
    run_all(prov_json_get(file, "patch", NULL), run_patch);
    printf("# %d as recommended\n", by_expect);
    apr_terminate();
    return plan_done();
}
