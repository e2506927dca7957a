#include "cli/import_record.h"
#include "base/crypt.h"
#include "base/text.h"
#include "framework/batch.h"
#include "framework/change.h"
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#define PATIENCE  apr_time_from_msec(50) /* where passwords wait to be hashed */
#define NAMESAKES 16                     /* groups of one name that are looked at */

static const char hashed[] = "{CRYPT}"; /* RFC 2307 */

/* What directories write before a hash that no login here could verify. */
static const char *const foreign[] = { "{SSHA",  "{SHA",   "{SMD5",  "{MD5",
                                       "{PBKDF", "{ARGON", "{CRYPT", NULL };

/* --- reading -------------------------------------------------------------------------------- */

static bool names_schema(const prov_json *schemas, const char *urn)
{
    for (size_t i = 0; prov_json_is(schemas) == PROV_JSON_ARRAY && i < prov_json_length(schemas);
         i++) {
        prov_bytes text = prov_json_string(prov_json_at(schemas, i));
        if (text.len == strlen(urn) && strncasecmp((const char *)text.data, urn, text.len) == 0)
            return true;
    }
    return false;
}

static const prov_resource_type *type_of(const prov_import_way *w, const prov_json *body)
{
    const prov_registry *r = w->service->registry;
    const prov_json *schemas = prov_json_get(body, "schemas", NULL);
    for (int i = 0; i < prov_registry_type_count(r); i++)
        if (names_schema(schemas, prov_registry_type(r, i)->schema->urn))
            return prov_registry_type(r, i);
    return w->type;
}

static prov_err *take_password(apr_pool_t *p, prov_change *change, const prov_body_extra *x)
{
    prov_bytes prepared;
    const char *text = x->password.len ? prov_bytes_text(p, x->password) : "";
    if (strncasecmp(text, hashed, sizeof hashed - 1) == 0 &&
        prov_password_is_hash(text + sizeof hashed - 1)) {
        change->hash = text + sizeof hashed - 1;
        return NULL;
    }
    for (int i = 0; foreign[i]; i++)
        if (strncasecmp(text, foreign[i], strlen(foreign[i])) == 0)
            return prov_err_make(p, 400, "invalidValue",
                                 "the password is a hash of a kind that cannot be verified here: "
                                 "%s takes one of crypt(3)",
                                 hashed);
    return *text ? prov_text_password(p, x->password, &prepared) : NULL;
}

/* The body's tree is not kept: a thread has many records at a time, and theirs would be most of
 * what it works on. */
static void end_body(apr_pool_t *p, const prov_json *body, prov_object *o, prov_body_extra *x)
{
    prov_bytes *const texts[] = { &x->password, &x->id, &x->version };
    prov_object_own(o);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = prov_bytes_copy(p, *texts[i]);
    for (int i = 0; i < x->member_count; i++)
        x->members[i].value = prov_bytes_copy(p, x->members[i].value);
    prov_json_end(p, body);
}

static prov_err *read_record(const prov_import_way *w, apr_pool_t *p, prov_bytes json,
                             prov_change *change, prov_body_extra *x)
{
    const prov_json *body;
    prov_err *err = prov_json_parse(p, json, &body);
    if (!err && prov_json_is(body) != PROV_JSON_OBJECT)
        err = prov_err_make(p, 400, "invalidSyntax", "a record is a JSON object");
    if (err)
        return err;
    change->operation = PROV_CREATED;
    change->type = type_of(w, body);
    change->extra = x;
    err = prov_value_read(p, w->service->registry, change->type, body, PROV_BODY_CREATE,
                          &change->object, x);
    if (!err)
        end_body(p, body, change->object, x);
    bool kept = !err && prov_id_parse(x->id, &change->id);
    if (!err && !kept && !change->type->naming)
        err = prov_err_make(p, 400, "invalidValue",
                            "a %s needs a UUID as its id: only by that a second run would know it",
                            change->type->name);
    return err ? err : take_password(p, change, x);
}

/* --- what is there -------------------------------------------------------------------------- */

/* Whether a PUT of the record would change nothing; of passwords nothing can be said. */
static bool is_same(const prov_import_way *w, apr_pool_t *p, prov_snapshot *n,
                    const prov_change *given, const prov_id *id)
{
    prov_body_extra extra = *given->extra;
    prov_change change = *given;
    prov_attempt a = { .service = w->service, .p = p, .caller = &w->caller, .change = &change };
    extra.has_password = false;
    change.operation = PROV_REPLACED;
    change.extra = &extra;
    a.id = change.id = *id;
    return !prov_change_plan(&a, n) && !a.plan;
}

static int find_namesakes(const prov_import_way *w, apr_pool_t *p, prov_snapshot *n,
                          const prov_change *c, prov_id *ids)
{
    const prov_value *name = c->type->naming ? prov_object_first(c->object, c->type->naming) : NULL;
    const char *fixed = w->caller.application->inbound_store;
    const prov_userstore *domain;
    prov_bytes bare;
    if (!name ||
        prov_userstore_split(w->service->userstores, p, name->text,
                             fixed ? prov_userstore_named(w->service->userstores, fixed) : NULL,
                             &domain, &bare))
        return 0;
    int count = prov_userstore_find_in(domain, n, p, c->type, bare, ids, NAMESAKES);
    return count < NAMESAKES ? count : NAMESAKES;
}

/* Whose id or name it bears: the id comes first, and a group that has one of its own may share its
 * name. */
static prov_err *look(const prov_import_way *w, apr_pool_t *p, prov_snapshot *n,
                      const prov_change *c, bool *same)
{
    static const prov_id none;
    prov_id ids[NAMESAKES];
    prov_record rec;
    int count = 0;
    bool kept = !prov_id_equal(&c->id, &none);
    if (kept && prov_snapshot_resource(n, &c->id, &rec))
        ids[count++] = c->id;
    else if (!kept || c->type->naming->precis)
        count = find_namesakes(w, p, n, c, ids);
    for (int i = 0; i < count && !*same; i++)
        *same = is_same(w, p, n, c, &ids[i]);
    if (!count || *same)
        return NULL;
    return prov_err_make(p, 409, "uniqueness", "a %s of this %s is there, and differs",
                         c->type->name, kept ? "id or name" : "name");
}

/* Members may be given by name: of a user, else of a group. */
static void find_members(const prov_import_way *w, apr_pool_t *p, prov_snapshot *n,
                         prov_body_extra *x)
{
    const prov_resource_type *types[] = { prov_userstore_users(w->service->userstores),
                                          prov_registry_type_named(w->service->registry, "Group") };
    for (int i = 0; x->has_members && i < x->member_count; i++) {
        prov_id id;
        bool found = prov_id_parse(x->members[i].value, &id);
        for (int k = 0; k < 2 && !found; k++) {
            found = prov_userstore_find(w->service->userstores, n, p, types[k], x->members[i].value,
                                        &id, 1) == 1;
            if (found)
                x->members[i].value = prov_bytes_of(prov_id_text(p, &id));
        }
    }
}

/* --- through the door ----------------------------------------------------------------------- */

static prov_err *rehearse(const prov_import_way *w, apr_pool_t *p, prov_snapshot *n,
                          const prov_change *given)
{
    prov_body_extra extra = *given->extra;
    prov_change change = *given;
    prov_attempt a = { .service = w->service, .p = p, .caller = &w->caller, .change = &change };
    extra.has_password = extra.has_members = false; /* looked at already; may come with the file */
    change.extra = &extra;
    a.id = prov_id_make();
    return prov_change_plan(&a, n);
}

static prov_err *compare(const prov_import_way *w, apr_pool_t *p, prov_change *c,
                         prov_body_extra *x, bool *same)
{
    prov_snapshot *n;
    *same = false;
    prov_err *err = prov_store_read(w->service->store, p, &n);
    if (err)
        return err;
    find_members(w, p, n, x);
    err = look(w, p, n, c, same);
    if (!err && !*same && w->dry_run)
        err = rehearse(w, p, n, c);
    prov_snapshot_end(n);
    return err;
}

prov_err *prov_import_record_read(const prov_import_way *w, apr_pool_t *p, prov_bytes text,
                                  prov_change *change, prov_body_extra *x)
{
    prov_bytes json;
    prov_snapshot *n;
    prov_err *err = prov_import_map_json(w->map, p, w->source, text, &json);
    if (!err)
        err = read_record(w, p, json, change, x);
    if (err || (err = prov_store_read(w->service->store, p, &n)))
        return err;
    find_members(w, p, n, x);
    prov_snapshot_end(n);
    return NULL;
}

static void set_outcome(prov_import_work *work, prov_import_outcome outcome, prov_err *why)
{
    work->outcome = why ? PROV_IMPORT_REFUSED : outcome;
    work->why = why;
}

typedef struct taking {
    const prov_import_way *way;
    apr_pool_t *p;
    prov_import_work *works;
} taking;

/* Another thread may have made the same meanwhile. */
static void conclude(void *baton, int which, const prov_changed *made, prov_err *err)
{
    const taking *t = baton;
    const prov_import_way *w = t->way;
    prov_import_work *work = &t->works[which];
    prov_changed changed;
    bool same = false;
    while (err && err->http == 429) {
        apr_sleep(PATIENCE);
        err = prov_provision(w->service, t->p, &w->caller, &work->change, &changed);
    }
    if (err && err->http == 409 && !compare(w, t->p, &work->change, &work->extra, &same) && same)
        set_outcome(work, PROV_IMPORT_THERE, NULL);
    else
        set_outcome(work, PROV_IMPORT_MADE, err);
}

/* The name of a group without an id: no index would refuse a second one. */
static prov_bytes only_name(apr_pool_t *p, const prov_change *c)
{
    static const prov_id none;
    const prov_attr *naming = c->type->naming;
    const prov_value *name = naming ? prov_object_first(c->object, naming) : NULL;
    bool only = name && naming->uniqueness == PROV_UNIQUE_NONE && prov_id_equal(&c->id, &none);
    return only ? prov_text_fold(p, name->text) : prov_bytes_of(NULL);
}

/* Whether it is to be made. */
static bool look_at(const prov_import_way *w, apr_pool_t *p, prov_import_work *work)
{
    prov_bytes json;
    bool same = false;
    prov_err *err = prov_import_map_json(w->map, p, w->source, work->text, &json);
    if (!err && !json.len) {
        set_outcome(work, PROV_IMPORT_LEFT_OUT, NULL);
        return false;
    }
    if (!err)
        err = read_record(w, p, json, &work->change, &work->extra);
    prov_bytes name = err ? prov_bytes_of(NULL) : only_name(p, &work->change);
    if (!err && w->later && (work->extra.member_count || name.len)) {
        set_outcome(work, PROV_IMPORT_LATER, NULL);
        return false;
    }
    work->name = name;
    prov_import_name_take(w->names, name);
    if (!err)
        err = compare(w, p, &work->change, &work->extra, &same);
    set_outcome(work, same ? PROV_IMPORT_THERE : PROV_IMPORT_MADE, err);
    return !err && !same && !w->dry_run;
}

void prov_import_records_take(const prov_import_way *w, apr_pool_t *p, prov_import_work works[],
                              int count)
{
    taking t = { w, p, works };
    prov_batch_way any_order = { false, count, conclude, &t };
    prov_batch *b = prov_batch_make(w->service, p, &w->caller, &any_order);
    for (int i = 0; i < count; i++)
        if (look_at(w, p, &works[i]))
            prov_batch_add(b, p, &works[i].change, i);
    prov_batch_run(b);
    for (int i = 0; i < count; i++)
        prov_import_name_give_back(w->names, works[i].name);
}
