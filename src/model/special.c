#include "model/special.h"
#include "base/file.h"
#include "base/text.h"
#include "model/nearest.h"
#include "scim/compatibility.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED          400
#define MOST_CONCURRENCY 256
#define MOST_RATE        1000000
#define MOST_FACTOR      100.0
#define MOST_DECLARED    (1024 * 1024) /* bytes of a file with schemas */

static prov_err *refuse(apr_pool_t *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static prov_err *refuse(apr_pool_t *p, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *sentence = apr_pvsprintf(p, fmt, args);
    va_end(args);
    return prov_err_make(p, REFUSED, "invalidValue", "%s", sentence);
}

static bool is_word(const prov_word *w, const char *text)
{
    return apr_cstr_casecmp(w->text, text) == 0;
}

/* --- key=value ------------------------------------------------------------------------------ */
typedef struct key_row key_row;
struct key_row {
    const char *key;
    prov_err *(*set)(apr_pool_t *p, const key_row *row, void *slot, const char *value);
    size_t offset;
};

static prov_err *set_key(apr_pool_t *p, const char *directive, const key_row *rows, void *object,
                         const char *word)
{
    const char *equals = strchr(word, '=');
    const char *all = "";
    for (const key_row *row = rows; row->key; row++) {
        size_t len = strlen(row->key);
        if (equals && (size_t)(equals - word) == len && strncasecmp(word, row->key, len) == 0)
            return row->set(p, row, (char *)object + row->offset, equals + 1);
        all = apr_pstrcat(p, all, *all ? ", " : "", row->key, "=", NULL);
    }
    return refuse(p, "%s does not know \"%s\"; write %s with a value", directive, word, all);
}

/* All that is wrong with a line is said at once. */
static prov_err *set_keys(apr_pool_t *p, const char *directive, const key_row *rows, void *object,
                          const prov_line *line, int from)
{
    prov_err *err = NULL;
    for (int i = from; i < line->count; i++) {
        prov_err *more = set_key(p, directive, rows, object, line->words[i].text);
        if (err && more)
            err = refuse(p, "%s; and %s", err->detail, more->detail);
        else if (more)
            err = more;
    }
    return err;
}

static prov_err *set_number(apr_pool_t *p, const key_row *row, void *slot, const char *value,
                            int most)
{
    char *end;
    apr_int64_t n = apr_strtoi64(value, &end, 10);
    if (end == value || *end || n < 1 || n > most)
        return refuse(p, "%s cannot be \"%s\"; write a whole number from 1 to %d", row->key, value,
                      most);
    *(int64_t *)slot = n;
    return NULL;
}

static prov_err *set_concurrency(apr_pool_t *p, const key_row *row, void *slot, const char *value)
{
    return set_number(p, row, slot, value, MOST_CONCURRENCY);
}

static const struct {
    const char *name;
    int seconds;
} per[] = { { "/s", 1 }, { "/m", 60 }, { "/h", 3600 } };

static bool read_rate(const char *value, int64_t *count, int64_t *seconds)
{
    char *end;
    *count = apr_strtoi64(value, &end, 10);
    if (end == value || *count < 1 || *count > MOST_RATE)
        return false;
    for (size_t i = 0; i < sizeof per / sizeof *per; i++)
        if (strcmp(end, per[i].name) == 0) {
            *seconds = per[i].seconds;
            return true;
        }
    return false;
}

/* Kept as calls in 1000 seconds, so that "1/m" is a whole number. */
static prov_err *set_rate(apr_pool_t *p, const key_row *row, void *slot, const char *value)
{
    int64_t count, seconds;
    if (!read_rate(value, &count, &seconds))
        return refuse(p,
                      "%s cannot be \"%s\"; write calls per second, minute or hour, such as 50/s",
                      row->key, value);
    int64_t rate = count * 1000 / seconds;
    *(int64_t *)slot = rate ? rate : 1;
    return NULL;
}

static prov_err *set_duration(apr_pool_t *p, const key_row *row, void *slot, const char *value)
{
    apr_time_t t;
    if (!prov_text_duration(value, &t) || t <= 0)
        return refuse(p, "%s cannot be \"%s\"; write a time with ms, s, m, h or d, such as 30s",
                      row->key, value);
    *(int64_t *)slot = t;
    return NULL;
}

static prov_err *set_factor(apr_pool_t *p, const key_row *row, void *slot, const char *value)
{
    char *end;
    double f = strtod(value, &end);
    if (end == value || *end || !(f >= 1.0 && f <= MOST_FACTOR))
        return refuse(p, "%s cannot be \"%s\"; write a number from 1 to %.0f", row->key, value,
                      MOST_FACTOR);
    *(double *)slot = f;
    return NULL;
}

static prov_err *set_flag(apr_pool_t *p, const key_row *row, void *slot, const char *value)
{
    bool on = apr_cstr_casecmp(value, "on") == 0;
    if (!on && apr_cstr_casecmp(value, "off") != 0)
        return refuse(p, "%s cannot be \"%s\"; write on or off", row->key, value);
    *(int *)slot = on;
    return NULL;
}

#define IN_CONNECTOR(member) offsetof(prov_connector_config, member)
#define IN_OUTBOUND(member)  offsetof(prov_outbound_entry, member)

static const key_row limit_keys[] = {
    { "concurrency", set_concurrency, IN_CONNECTOR(concurrency) },
    { "rate", set_rate, IN_CONNECTOR(rate) },
    { NULL, NULL, 0 },
};

static prov_err *set_limit(apr_pool_t *p, void *object, const prov_line *line)
{
    return set_keys(p, "ProvisionLimit", limit_keys, object, line, 0);
}

static const key_row retry_keys[] = {
    { "first", set_duration, IN_CONNECTOR(retry_first) },
    { "factor", set_factor, IN_CONNECTOR(retry_factor) },
    { "max", set_duration, IN_CONNECTOR(retry_max) },
    { "giveup", set_duration, IN_CONNECTOR(give_up) },
    { "urgentgiveup", set_duration, IN_CONNECTOR(urgent_give_up) },
    { NULL, NULL, 0 },
};

static prov_err *set_retry(apr_pool_t *p, void *object, const prov_line *line)
{
    prov_connector_config *c = object;
    prov_err *err = set_keys(p, "ProvisionRetry", retry_keys, c, line, 0);
    if (!err && c->retry_first > c->retry_max)
        err = refuse(p, "The first wait is longer than the longest; write first= below max=");
    if (!err && c->give_up > c->urgent_give_up)
        err = refuse(p, "Disables and deletes are retried longest; write urgentgiveup= of at least "
                        "giveup=");
    return err;
}

/* --- lists of words ------------------------------------------------------------------------- */
static void add_words(apr_pool_t *p, apr_array_header_t **list, const prov_line *line)
{
    if (!*list)
        *list = apr_array_make(p, line->count, sizeof(const char *));
    for (int i = 0; i < line->count; i++)
        APR_ARRAY_PUSH(*list, const char *) = line->words[i].text;
}

static prov_err *set_protect(apr_pool_t *p, void *object, const prov_line *line)
{
    add_words(p, &((prov_connector_config *)object)->protect, line);
    return NULL;
}

static prov_err *set_role(apr_pool_t *p, void *object, const prov_line *line)
{
    add_words(p, &((prov_idp *)object)->roles, line);
    return NULL;
}

static prov_err *set_client(apr_pool_t *p, void *object, const prov_line *line)
{
    add_words(p, &((prov_application *)object)->clients, line);
    return NULL;
}

static prov_err *unknown_switch(apr_pool_t *p, const char *name)
{
    prov_nearest near = prov_nearest_to(name);
    const char *all = "";
    for (const prov_switch *s = prov_switches; s->name; s++) {
        prov_nearest_offer(&near, s->name);
        all = apr_pstrcat(p, all, *all ? ", " : "", s->name, NULL);
    }
    if (near.best)
        return refuse(p, "There is no switch \"%s\"; write ProvisionCompatibility %s", name,
                      near.best);
    return refuse(p, "There is no switch \"%s\"; there are %s", name, all);
}

static prov_err *set_compatibility(apr_pool_t *p, void *object, const prov_line *line)
{
    prov_application *a = object;
    for (int i = 0; i < line->count; i++) {
        const prov_switch *s = prov_switch_named(line->words[i].text);
        if (!s)
            return unknown_switch(p, line->words[i].text);
        a->compatibility |= s->bits;
    }
    add_words(p, &a->switches, line);
    return NULL;
}

/* --- the rest ------------------------------------------------------------------------------- */
static prov_err *set_map(apr_pool_t *p, void *object, const prov_line *line)
{
    prov_connector_config *c = object;
    if (line->count < 2 || line->count > 3)
        return refuse(p, "ProvisionMap takes the target's attribute, a source and perhaps a "
                         "default; put text with spaces in quotes");
    const prov_word *source = &line->words[1];
    bool template = source->quoted || strchr(source->text, '{');
    for (int i = 0; i < c->maps->nelts; i++) {
        const prov_map *other = &APR_ARRAY_IDX(c->maps, i, prov_map);
        if (apr_cstr_casecmp(other->to, line->words[0].text) == 0)
            return refuse(p, "%s is already mapped at %s; keep one of the two lines", other->to,
                          other->where);
    }
    APR_ARRAY_PUSH(c->maps, prov_map) = (prov_map){
        .to = line->words[0].text,
        .template = template ? source->text : NULL,
        .path = template ? NULL : source->text,
        .otherwise = line->count == 3 ? line->words[2].text : NULL,
        .where = line->where,
    };
    return NULL;
}

static prov_err *unknown_setting(apr_pool_t *p, const prov_connector_config *c, const char *name)
{
    prov_nearest near = prov_nearest_to(name);
    const char *all = "";
    for (const prov_option *row = c->options; row->name; row++) {
        prov_nearest_offer(&near, row->name);
        all = apr_pstrcat(p, all, *all ? ", " : "", row->name, NULL);
    }
    if (near.best)
        return refuse(p, "The connector %s has no setting \"%s\"; write %s", c->type, name,
                      near.best);
    return refuse(p, "The connector %s has no setting \"%s\"; it has %s", c->type, name, all);
}

static prov_err *set_setting(apr_pool_t *p, void *object, const prov_line *line)
{
    prov_connector_config *c = object;
    if (line->count != 2)
        return refuse(p, "ProvisionSet takes a setting's name and one value; put a value with "
                         "spaces in quotes");
    if (!c->options)
        return NULL; /* the unknown connector is what is told */
    const prov_option *row = prov_option_find(c->options, line->words[0].text);
    if (!row)
        return unknown_setting(p, c, line->words[0].text);
    return prov_option_set(p, c->options, row, c->values, line->words[1].text);
}

static prov_err *set_unbuilt(apr_pool_t *p, const key_row *row, void *slot, const char *value)
{
    int on = 0;
    prov_err *err = set_flag(p, row, &on, value);
    if (!err && on)
        err = refuse(p, "%s=on is not built yet; write %s=off", row->key, row->key);
    return err;
}

static prov_err *set_onfailure(apr_pool_t *p, const key_row *row, void *slot, const char *value)
{
    return refuse(p, "%s=%s is not built yet; leave it out", row->key, value);
}

static const key_row outbound_keys[] = {
    { "blocking", set_flag, IN_OUTBOUND(blocking) },
    { "rules", set_unbuilt, IN_OUTBOUND(rules) },
    { "jit", set_unbuilt, IN_OUTBOUND(jit) },
    { "onfailure", set_onfailure, 0 },
    { NULL, NULL, 0 },
};

static prov_err *set_outbound(apr_pool_t *p, void *object, const prov_line *line)
{
    prov_application *a = object;
    if (line->count < 2 || strchr(line->words[0].text, '=') || strchr(line->words[1].text, '='))
        return refuse(p, "ProvisionOutbound takes an identity provider and a connector, then "
                         "perhaps blocking=on; write ProvisionOutbound partner scim2");
    prov_outbound_entry e = { .idp = line->words[0].text,
                              .connector = line->words[1].text,
                              .where = line->where };
    for (int i = 0; i < a->outbound->nelts; i++) {
        const prov_outbound_entry *other = &APR_ARRAY_IDX(a->outbound, i, prov_outbound_entry);
        if (strcmp(other->idp, e.idp) == 0 && strcmp(other->connector, e.connector) == 0)
            return refuse(p, "%s %s is already listed at %s; keep one of the two lines", e.idp,
                          e.connector, other->where);
    }
    APR_ARRAY_PUSH(a->outbound, prov_outbound_entry) = e;
    return set_keys(p, "ProvisionOutbound", outbound_keys,
                    &APR_ARRAY_IDX(a->outbound, a->outbound->nelts - 1, prov_outbound_entry), line,
                    2);
}

static const char *const permit_kinds[] = {
    [PROV_PERMIT_GROUP] = "group", [PROV_PERMIT_USER] = "user", [PROV_PERMIT_TOKEN] = "token"
};

static prov_err *set_permit(apr_pool_t *p, void *object, const prov_line *line)
{
    prov_config *c = object;
    prov_permit permit = { .where = line->where };
    if (line->count < 3)
        return refuse(p, "ProvisionPermit takes permissions, then group, user or token and a name; "
                         "write ProvisionPermit scim:read group \"readers\"");
    const prov_word *kind = &line->words[line->count - 2];
    permit.name = line->words[line->count - 1].text;
    int k = 0;
    while (k <= PROV_PERMIT_TOKEN && !is_word(kind, permit_kinds[k]))
        k++;
    if (k > PROV_PERMIT_TOKEN)
        return refuse(p,
                      "\"%s\" is not who; write group, user or token and then one name in quotes",
                      kind->text);
    permit.kind = (prov_permit_kind)k;
    for (int i = 0; i < line->count - 2; i++) {
        uint32_t bit = prov_permission_named(line->words[i].text);
        if (!bit)
            return refuse(p, "There is no permission \"%s\"; write one of %s", line->words[i].text,
                          prov_permission_print(p, ~UINT32_C(0)));
        permit.permissions |= bit;
    }
    APR_ARRAY_PUSH(c->permits, prov_permit) = permit;
    return NULL;
}

/* --- callers -------------------------------------------------------------------------------- */
static prov_err *set_burst(apr_pool_t *p, const key_row *row, void *slot, const char *value)
{
    return set_number(p, row, slot, value, MOST_RATE);
}

static const key_row caller_keys[] = {
    { "burst", set_burst, offsetof(prov_rate, burst) },
    { NULL, NULL, 0 },
};

static prov_err *set_caller_rate(apr_pool_t *p, void *object, const prov_line *line)
{
    prov_config *c = object;
    prov_rate rate = { .count = 0 };
    c->rate_where = line->where;
    if (line->count == 1 && is_word(&line->words[0], "off")) {
        c->settings.rate = rate;
        return NULL;
    }
    if (!read_rate(line->words[0].text, &rate.count, &rate.seconds))
        return refuse(p,
                      "ProvisionRate cannot be \"%s\"; write requests per second, minute or hour, "
                      "such as 50/s, or off",
                      line->words[0].text);
    rate.burst = rate.count;
    prov_err *err = set_keys(p, "ProvisionRate", caller_keys, &rate, line, 1);
    if (!err)
        c->settings.rate = rate;
    return err;
}

/* --- schemas and resource types ------------------------------------------------------------- */
/* Read by who reads the configuration: the children may not. */
static prov_err *set_declared(apr_pool_t *p, prov_config *c, const prov_line *line, bool is_type)
{
    const char *directive = is_type ? "ProvisionResourceType" : "ProvisionSchema";
    prov_declaration d = { .is_type = is_type, .file = line->words[0].text, .where = line->where };
    if (line->count != 1)
        return refuse(p, "%s takes one file; put a path with spaces in quotes", directive);
    for (int i = 0; i < c->declared->nelts; i++) {
        const prov_declaration *other = &APR_ARRAY_IDX(c->declared, i, prov_declaration);
        if (strcmp(other->file, d.file) == 0)
            return refuse(p, "%s is already declared at %s; keep one of the two lines", d.file,
                          other->where);
    }
    prov_err *err = prov_file_read(p, d.file, MOST_DECLARED, &d.json);
    if (err)
        return refuse(p, "%s: %s", directive, prov_err_text(p, err));
    APR_ARRAY_PUSH(c->declared, prov_declaration) = d;
    return NULL;
}

static prov_err *set_schema(apr_pool_t *p, void *object, const prov_line *line)
{
    return set_declared(p, object, line, false);
}

static prov_err *set_resource_type(apr_pool_t *p, void *object, const prov_line *line)
{
    return set_declared(p, object, line, true);
}

static prov_err *set_index(apr_pool_t *p, void *object, const prov_line *line)
{
    prov_config *c = object;
    for (int i = 0; i < line->count; i++)
        APR_ARRAY_PUSH(c->indexes, prov_index_line) =
            (prov_index_line){ line->words[i].text, line->where };
    return NULL;
}

const prov_special prov_specials[] = {
    { "ProvisionIndex", PROV_SCOPE_SERVER, set_index, "ATTRIBUTE ...", "",
      "Attributes, by their paths, that filters find without looking at every resource." },
    { "ProvisionSchema", PROV_SCOPE_SERVER, set_schema, "FILE", "",
      "A schema as a JSON file (RFC 7643 section 7): of a resource type of one's own, or an "
      "extension of one." },
    { "ProvisionResourceType", PROV_SCOPE_SERVER, set_resource_type, "FILE", "",
      "A resource type as a JSON file (RFC 7643 section 6): one of one's own with its endpoint, or "
      "more extensions of User or Group." },
    { "ProvisionPermit", PROV_SCOPE_SERVER, set_permit, "PERMISSION ... group|user|token NAME", "",
      "What the members of a group, a user or the bearer of a token may do; who has no line may do "
      "nothing." },
    { "ProvisionRate", PROV_SCOPE_SERVER, set_caller_rate, "off|N/s [burst=N]", "off",
      "How often each caller may come, and how often at once after a quiet time; more is answered "
      "429." },
    { "ProvisionRole", PROV_SCOPE_IDP, set_role, "GROUP ...", "",
      "The groups whose members are provisioned there; without it, everybody is." },
    { "ProvisionSet", PROV_SCOPE_CONNECTOR, set_setting, "NAME VALUE", "",
      "A setting of the connector's own." },
    { "ProvisionMap", PROV_SCOPE_CONNECTOR, set_map, "ATTRIBUTE SOURCE [DEFAULT]", "",
      "Where the value of the target's attribute comes from: a word in quotes or with braces is a "
      "template, else a path." },
    { "ProvisionLimit", PROV_SCOPE_CONNECTOR, set_limit, "[concurrency=N] [rate=N/s]",
      "concurrency=8", "How many calls run at a time, and how many begin in a time." },
    { "ProvisionRetry", PROV_SCOPE_CONNECTOR, set_retry,
      "[first=T] [factor=N] [max=T] [giveup=T] [urgentgiveup=T]",
      "first=2s factor=2 max=1h giveup=7d urgentgiveup=28d",
      "When a call that failed for now is made again, and when that ends; disables and deletes "
      "are urgent." },
    { "ProvisionProtect", PROV_SCOPE_CONNECTOR, set_protect, "NAME ...", "admin administrator root",
      "Accounts at the target that are never adopted, changed or removed; the connector's own "
      "account always is one." },
    { "ProvisionClient", PROV_SCOPE_APPLICATION, set_client, "CLIENT ...", "",
      "The client names by which the application is known." },
    { "ProvisionCompatibility", PROV_SCOPE_APPLICATION, set_compatibility, "SWITCH ...", "",
      "What the application's client needs otherwise than the standards have it, by name." },
    { "ProvisionOutbound", PROV_SCOPE_APPLICATION, set_outbound,
      "IDP CONNECTOR [blocking=on|off] [rules=off] [jit=off]", "",
      "A target that the application's changes are carried to." },
    { NULL, 0, NULL, NULL, NULL, NULL },
};

const prov_special *prov_special_find(prov_scope scope, const char *directive)
{
    for (const prov_special *s = prov_specials; s->directive; s++)
        if (s->scope == scope && apr_cstr_casecmp(s->directive, directive) == 0)
            return s;
    return NULL;
}
