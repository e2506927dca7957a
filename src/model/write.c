/* The resolved configuration as JSON. Rows are text as an administrator writes them, flags and
 * numbers are JSON's own; a literal secret is left out. */
#include "base/crypt.h"
#include "base/json.h"
#include "base/text.h"
#include "model/config.h"

#include <apr_strings.h>
#include <string.h>

/* An object being written: puts the comma before all members but the first. */
typedef struct writer {
    prov_buf *b;
    apr_pool_t *p;
    bool some;
} writer;

static void name(writer *w, const char *member)
{
    if (w->some)
        prov_buf_byte(w->b, ',');
    w->some = true;
    prov_json_write_text(w->b, member);
    prov_buf_byte(w->b, ':');
}

static void text(writer *w, const char *member, const char *value)
{
    if (!value)
        return;
    name(w, member);
    prov_json_write_text(w->b, value);
}

static void flag(writer *w, const char *member, bool value)
{
    name(w, member);
    prov_buf_text(w->b, value ? "true" : "false");
}

static void integer(writer *w, const char *member, int64_t value)
{
    name(w, member);
    prov_json_write_integer(w->b, value);
}

static writer open_object(writer *w)
{
    prov_buf_byte(w->b, '{');
    return (writer){ w->b, w->p, false };
}

static void close_object(writer *w)
{
    prov_buf_byte(w->b, '}');
}

static void row(writer *w, const prov_option *o, const prov_option_head *of)
{
    const void *slot = (const char *)of + o->offset;
    bool pointer = o->type == PROV_OPTION_TEXT || o->type == PROV_OPTION_SECRET ||
                   o->type == PROV_OPTION_URL || o->type == PROV_OPTION_PATH ||
                   o->type == PROV_OPTION_LIST;
    if (pointer && !*(const void *const *)slot)
        return;
    if (o->type == PROV_OPTION_SECRET && prov_secret_is_literal(*(const char *const *)slot))
        return;
    if (o->type == PROV_OPTION_FLAG)
        flag(w, o->name, *(const int *)slot);
    else if (o->type == PROV_OPTION_INT)
        integer(w, o->name, *(const int64_t *)slot);
    else
        text(w, o->name, prov_option_print(w->p, o, of));
}

static void rows(writer *w, const prov_option *table, const void *of)
{
    for (; table->name; table++)
        row(w, table, of);
}

static void texts(writer *w, const char *member, const apr_array_header_t *list)
{
    if (!list)
        return;
    name(w, member);
    prov_buf_byte(w->b, '[');
    for (int i = 0; i < list->nelts; i++) {
        if (i)
            prov_buf_byte(w->b, ',');
        prov_json_write_text(w->b, APR_ARRAY_IDX(list, i, const char *));
    }
    prov_buf_byte(w->b, ']');
}

/* One member holding an array of objects, each written by `each`. */
typedef void each_object(writer *w, const void *element);

static void objects(writer *w, const char *member, const apr_array_header_t *list,
                    each_object *each)
{
    name(w, member);
    prov_buf_byte(w->b, '[');
    for (int i = 0; i < list->nelts; i++) {
        if (i)
            prov_buf_byte(w->b, ',');
        writer in = open_object(w);
        each(&in, list->elts + (size_t)i * (size_t)list->elt_size);
        close_object(&in);
    }
    prov_buf_byte(w->b, ']');
}

static void write_map(writer *w, const void *element)
{
    const prov_map *m = element;
    text(w, "to", m->to);
    text(w, "template", m->template);
    text(w, "path", m->path);
    text(w, "default", m->otherwise);
}

static const char *milliseconds(apr_pool_t *p, int64_t t)
{
    return apr_psprintf(p, "%" APR_INT64_T_FMT "ms", t / 1000);
}

static void write_pace(writer *w, const prov_connector_config *t)
{
    name(w, "limit");
    writer limit = open_object(w);
    integer(&limit, "concurrency", t->concurrency);
    integer(&limit, "callsPer1000s", t->rate);
    close_object(&limit);
    name(w, "retry");
    writer retry = open_object(w);
    text(&retry, "first", milliseconds(w->p, t->retry_first));
    name(&retry, "factor");
    prov_json_write_number(w->b, t->retry_factor);
    text(&retry, "max", milliseconds(w->p, t->retry_max));
    text(&retry, "giveup", milliseconds(w->p, t->give_up));
    text(&retry, "urgentgiveup", milliseconds(w->p, t->urgent_give_up));
    close_object(&retry);
}

static void write_connector(writer *w, const void *element)
{
    const prov_connector_config *t = *(prov_connector_config *const *)element;
    text(w, "type", t->type);
    text(w, "digest", prov_text_hex(w->p, (prov_bytes){ t->digest, sizeof t->digest }));
    rows(w, prov_connector_config_options, t);
    write_pace(w, t);
    texts(w, "protect", t->protect);
    objects(w, "map", t->maps, write_map);
    if (t->options) {
        name(w, "settings");
        writer settings = open_object(w);
        rows(&settings, t->options, t->values);
        close_object(&settings);
    }
}

static void write_idp(writer *w, const void *element)
{
    const prov_idp *idp = *(prov_idp *const *)element;
    text(w, "name", idp->name);
    rows(w, prov_idp_options, idp);
    texts(w, "roles", idp->roles);
    objects(w, "connectors", idp->connectors, write_connector);
}

static void write_userstore(writer *w, const void *element)
{
    const prov_userstore_config *u = *(prov_userstore_config *const *)element;
    text(w, "name", u->name);
    rows(w, prov_userstore_options, u);
}

static void write_outbound(writer *w, const void *element)
{
    const prov_outbound_entry *e = element;
    text(w, "idp", e->idp);
    text(w, "connector", e->connector);
    flag(w, "blocking", e->blocking);
    flag(w, "rules", e->rules);
    flag(w, "jit", e->jit);
}

static void write_application(writer *w, const void *element)
{
    const prov_application *a = *(prov_application *const *)element;
    text(w, "name", a->name);
    rows(w, prov_application_options, a);
    texts(w, "clients", a->clients);
    texts(w, "compatibility", a->switches);
    objects(w, "outbound", a->outbound, write_outbound);
}

static void write_permit(writer *w, const void *element)
{
    static const char *const kinds[] = {
        [PROV_PERMIT_GROUP] = "group", [PROV_PERMIT_USER] = "user", [PROV_PERMIT_TOKEN] = "token"
    };
    const prov_permit *permit = element;
    text(w, "permissions", prov_permission_print(w->p, permit->permissions));
    text(w, kinds[permit->kind], permit->name);
}

/* Whole: who reads it may not read the file, or find it changed. */
static void write_declaration(writer *w, const void *element)
{
    const prov_declaration *d = element;
    text(w, "file", d->file);
    flag(w, "isType", d->is_type);
    name(w, "content");
    prov_json_write_string(w->b, d->json);
}

static void write_rate(writer *w, const prov_rate *rate)
{
    if (!rate->count)
        return;
    name(w, "rate");
    writer in = open_object(w);
    integer(&in, "count", rate->count);
    integer(&in, "seconds", rate->seconds);
    integer(&in, "burst", rate->burst);
    close_object(&in);
}

static void write_index(writer *w, const void *element)
{
    text(w, "path", ((const prov_index_line *)element)->path);
}

void prov_config_write(prov_buf *b, apr_pool_t *p, const prov_config *c)
{
    uint8_t digest[PROV_DIGEST_LEN];
    writer top = { b, p, false };
    writer w = open_object(&top);
    prov_config_digest(c, digest);
    text(&w, "digest", prov_text_hex(p, (prov_bytes){ digest, sizeof digest }));
    name(&w, "settings");
    writer settings = open_object(&w);
    rows(&settings, prov_settings_options, &c->settings);
    close_object(&settings);
    write_rate(&w, &c->settings.rate);
    objects(&w, "userstores", c->userstores, write_userstore);
    objects(&w, "identityProviders", c->idps, write_idp);
    objects(&w, "applications", c->applications, write_application);
    objects(&w, "permits", c->permits, write_permit);
    objects(&w, "declared", c->declared, write_declaration);
    objects(&w, "indexes", c->indexes, write_index);
    close_object(&w);
    prov_buf_byte(b, '\n');
}
