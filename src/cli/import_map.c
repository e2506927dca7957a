#include "cli/import_map.h"
#include "base/json.h"
#include "scim/path.h"
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

typedef struct mapped {
    const char *column;
    const prov_attr *attr, *sub;
    const char *label; /* the type of one of several values: emails[work].value */
} mapped;

typedef struct mapping {
    const prov_resource_type *type;
    apr_array_header_t *columns; /* of mapped */
} mapping;

struct prov_import_map {
    mapping users, groups; /* groups: of LDIF only */
};

/* RFC 2798, RFC 4519. */
static const char directory_users[] = "uid = userName\n"
                                      "cn = displayName\n"
                                      "displayName = displayName\n"
                                      "givenName = name.givenName\n"
                                      "sn = name.familyName\n"
                                      "mail = emails[work].value\n"
                                      "telephoneNumber = phoneNumbers[work].value\n"
                                      "mobile = phoneNumbers[mobile].value\n"
                                      "homePhone = phoneNumbers[home].value\n"
                                      "title = title\n"
                                      "preferredLanguage = preferredLanguage\n"
                                      "labeledURI = profileUrl\n"
                                      "street = addresses[work].streetAddress\n"
                                      "l = addresses[work].locality\n"
                                      "st = addresses[work].region\n"
                                      "postalCode = addresses[work].postalCode\n"
                                      "userPassword = password\n"
                                      "o = " PROV_URN_ENTERPRISE ":organization\n"
                                      "ou = " PROV_URN_ENTERPRISE ":department\n"
                                      "departmentNumber = " PROV_URN_ENTERPRISE ":department\n"
                                      "employeeNumber = " PROV_URN_ENTERPRISE ":employeeNumber\n";
static const char directory_groups[] = "cn = displayName\n"
                                       "member = members.value\n"
                                       "uniqueMember = members.value\n"
                                       "memberUid = members.value\n";

static const char *const user_classes[] = { "inetOrgPerson", "person", "account",
                                            "posixAccount",  "user",   NULL };
static const char *const group_classes[] = { "groupOfNames", "groupOfUniqueNames", "posixGroup",
                                             "group", NULL };

/* --- making it ------------------------------------------------------------------------------ */

/* A path whose brackets hold only a type. */
static prov_err *add(apr_pool_t *p, const prov_registry *r, mapping *m, const char *column,
                     const char *path)
{
    mapped *to = apr_array_push(m->columns);
    const char *open = strchr(path, '['), *close = open ? strchr(open, ']') : NULL;
    const char *plain =
        close ? apr_pstrcat(p, apr_pstrmemdup(p, path, (size_t)(open - path)), close + 1, NULL)
              : path;
    prov_path found;
    prov_err *err = prov_path_parse(p, r, m->type, plain, strlen(plain), &found);
    if (!err && !found.attr)
        err = prov_err_make(p, 400, "invalidPath", "it names no attribute");
    if (err)
        return prov_err_push(p, err, "%s cannot be mapped to %s", column, path);
    to->column = column;
    to->attr = found.attr;
    to->sub = found.sub;
    to->label = close ? apr_pstrmemdup(p, open + 1, (size_t)(close - open - 1)) : NULL;
    if (!to->sub && found.attr->type == PROV_TYPE_COMPLEX)
        to->sub = prov_schema_sub(found.attr, "value", 5);
    if (!to->sub && found.attr->type == PROV_TYPE_COMPLEX)
        return prov_err_make(p, 400, NULL, "%s cannot be mapped to the whole of %s", column, path);
    return NULL;
}

static const char *trimmed(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    for (size_t len = strlen(text); len && strchr(" \t\r", text[len - 1]); len--)
        text[len - 1] = '\0';
    return text;
}

static prov_err *add_lines(apr_pool_t *p, const prov_registry *r, mapping *m, char *text)
{
    char *state;
    prov_err *err = NULL;
    for (char *line = apr_strtok(text, "\n", &state); line && !err;
         line = apr_strtok(NULL, "\n", &state)) {
        char *equals = strchr(line, '=');
        if (!*trimmed(line) || *trimmed(line) == '#')
            continue;
        if (!equals)
            return prov_err_make(p, 400, NULL, "a line of --map is COLUMN = ATTRIBUTE, not %s",
                                 line);
        *equals = '\0';
        err = add(p, r, m, trimmed(line), trimmed(equals + 1));
    }
    return err;
}

static prov_err *start(apr_pool_t *p, const prov_registry *r, const char *type, mapping *m)
{
    m->columns = apr_array_make(p, 32, sizeof(mapped));
    m->type = prov_registry_type_named(r, type);
    return m->type ? NULL : prov_err_make(p, 400, NULL, "there is no resource type %s", type);
}

static prov_err *add_columns(apr_pool_t *p, const prov_registry *r, mapping *m,
                             const apr_array_header_t *columns)
{
    prov_err *err = NULL;
    for (int i = 0; columns && i < columns->nelts && !err; i++) {
        const char *column = APR_ARRAY_IDX(columns, i, const char *);
        if ((err = add(p, r, m, column, column)))
            err = prov_err_make(p, 400, NULL,
                                "column %s is no attribute that takes a value: --map FILE says "
                                "what each column means",
                                column);
    }
    return err;
}

/* Lines of --map come before a directory's own: the first that gives a value counts. */
prov_err *prov_import_map_make(apr_pool_t *p, const prov_registry *r, const prov_import_source *s,
                               const char *type, prov_bytes text, prov_import_map **out)
{
    prov_import_map *m = apr_pcalloc(p, sizeof *m);
    prov_err *err = start(p, r, type ? type : "User", &m->users);
    *out = m;
    if (!err)
        err = add_lines(p, r, &m->users, prov_bytes_text(p, text));
    if (err)
        return err;
    if (s->columns)
        return text.len ? NULL : add_columns(p, r, &m->users, s->columns);
    err = start(p, r, "Group", &m->groups);
    if (!err && !type)
        err = add_lines(p, r, &m->users, apr_pstrdup(p, directory_users));
    if (!err)
        err = add_lines(p, r, &m->groups, apr_pstrdup(p, directory_groups));
    return err;
}

/* --- using it ------------------------------------------------------------------------------- */

typedef struct given {
    const mapped *to;
    prov_bytes text;
    int element; /* of a multi-valued attribute: which one it belongs to */
} given;

static bool has_class(const apr_array_header_t *values, const char *const *classes)
{
    for (int i = 0; i < values->nelts; i++) {
        const prov_import_value *v = &APR_ARRAY_IDX(values, i, prov_import_value);
        for (int k = 0; strcasecmp(v->column, "objectClass") == 0 && classes[k]; k++)
            if (strlen(classes[k]) == v->text.len &&
                strncasecmp(classes[k], (const char *)v->text.data, v->text.len) == 0)
                return true;
    }
    return false;
}

/* A member of a directory's group is named by a DN; its first value is the name. */
static prov_bytes name_in(prov_bytes dn)
{
    const uint8_t *equals = memchr(dn.data, '=', dn.len), *from = equals ? equals + 1 : dn.data;
    size_t len = (size_t)(dn.data + dn.len - from);
    const uint8_t *comma = equals ? memchr(from, ',', len) : NULL;
    return (prov_bytes){ from, comma ? (size_t)(comma - from) : len };
}

/* The element before it takes a value of the same label, unless it has one of this sub-attribute.
 */
static int element_of(const apr_array_header_t *all, const given *g)
{
    int last = -1;
    bool taken = true;
    for (int i = 0; i < all->nelts; i++) {
        const given *o = &APR_ARRAY_IDX(all, i, given);
        if (o == g || o->to->attr != g->to->attr)
            continue;
        bool same = (!o->to->label && !g->to->label) ||
                    (o->to->label && g->to->label && strcmp(o->to->label, g->to->label) == 0);
        if (o->element > last || (o->element == last && o->to->sub == g->to->sub)) {
            taken = !same || o->to->sub == g->to->sub;
            last = o->element;
        }
    }
    return taken ? last + 1 : last;
}

/* Of what can have one value only the first counts. */
static void give(apr_array_header_t *all, const mapped *to, prov_bytes text)
{
    for (int i = 0; i < all->nelts; i++) {
        const mapped *o = APR_ARRAY_IDX(all, i, given).to;
        if (!to->attr->multi && o->attr == to->attr && o->sub == to->sub)
            return;
    }
    given *g = apr_array_push(all);
    *g = (given){ .to = to, .text = text };
    g->element = element_of(all, g);
}

static apr_array_header_t *gather(apr_pool_t *p, const mapping *m, const apr_array_header_t *values)
{
    apr_array_header_t *all = apr_array_make(p, values->nelts, sizeof(given));
    for (int k = 0; k < m->columns->nelts; k++) {
        const mapped *to = &APR_ARRAY_IDX(m->columns, k, mapped);
        for (int i = 0; i < values->nelts; i++) {
            const prov_import_value *v = &APR_ARRAY_IDX(values, i, prov_import_value);
            if (v->text.len && strcasecmp(v->column, to->column) == 0)
                give(all, to, to->attr->place == PROV_IN_MEMBERS ? name_in(v->text) : v->text);
        }
    }
    return all;
}

static bool is_bare(const prov_attr *a, prov_bytes text)
{
    bool number = a->type == PROV_TYPE_INTEGER || a->type == PROV_TYPE_DECIMAL;
    size_t i = 0;
    while (number && i < text.len && strchr("0123456789+-.eE", text.data[i]))
        i++;
    return number && i == text.len;
}

static void put_value(prov_buf *b, const prov_attr *a, prov_bytes text)
{
    if (is_bare(a, text))
        prov_buf_add(b, text.data, text.len);
    else
        prov_json_write_string(b, text);
}

static void put_name(prov_buf *b, const char *name)
{
    if (b->len && b->data[b->len - 1] != '{' && b->data[b->len - 1] != '[')
        prov_buf_byte(b, ',');
    prov_json_write_text(b, name);
    prov_buf_byte(b, ':');
}

/* The given values of one attribute, or of one element of it. */
static bool put_element(prov_buf *b, const apr_array_header_t *all, const prov_attr *attr,
                        int element)
{
    const char *label = NULL;
    bool any = false;
    for (int i = 0; i < all->nelts; i++) {
        const given *g = &APR_ARRAY_IDX(all, i, given);
        if (g->to->attr != attr || (attr->multi && g->element != element))
            continue;
        if (!any && element)
            prov_buf_byte(b, ',');
        if (!any && g->to->sub)
            prov_buf_byte(b, '{');
        any = true;
        label = g->to->label;
        if (g->to->sub)
            put_name(b, g->to->sub->name);
        put_value(b, g->to->sub ? g->to->sub : attr, g->text);
    }
    if (any && label && attr->type == PROV_TYPE_COMPLEX) {
        put_name(b, "type");
        prov_json_write_text(b, label);
    }
    if (any && attr->type == PROV_TYPE_COMPLEX)
        prov_buf_byte(b, '}');
    return any;
}

static void put_attribute(prov_buf *b, const apr_array_header_t *all, const prov_attr *attr)
{
    put_name(b, attr->name);
    if (attr->multi)
        prov_buf_byte(b, '[');
    for (int i = 0; put_element(b, all, attr, i) && attr->multi; i++)
        ;
    if (attr->multi)
        prov_buf_byte(b, ']');
}

/* Those of one schema, each attribute once. */
static void put_schema(prov_buf *b, const apr_array_header_t *all, const char *urn, bool core)
{
    for (int i = 0; i < all->nelts; i++) {
        const prov_attr *attr = APR_ARRAY_IDX(all, i, given).to->attr;
        bool before = false, own = strcmp(attr->schema, urn) == 0;
        for (int k = 0; k < i && !before; k++)
            before = APR_ARRAY_IDX(all, k, given).to->attr == attr;
        if (!before && (own || (core && strcmp(attr->schema, PROV_URN_COMMON) == 0)))
            put_attribute(b, all, attr);
    }
}

static prov_bytes write_json(apr_pool_t *p, const mapping *m, const apr_array_header_t *all)
{
    prov_buf b;
    prov_buf_init(&b, p, 512);
    prov_buf_text(&b, "{\"schemas\":[");
    prov_json_write_text(&b, m->type->schema->urn);
    prov_buf_byte(&b, ']');
    put_schema(&b, all, m->type->schema->urn, true);
    for (int i = 0; i < m->type->extension_count; i++) {
        put_name(&b, m->type->extensions[i].schema->urn);
        prov_buf_byte(&b, '{');
        put_schema(&b, all, m->type->extensions[i].schema->urn, false);
        prov_buf_byte(&b, '}');
    }
    prov_buf_byte(&b, '}');
    return prov_buf_bytes(&b);
}

prov_err *prov_import_map_json(const prov_import_map *m, apr_pool_t *p, const prov_import_source *s,
                               prov_bytes record, prov_bytes *json)
{
    apr_array_header_t *values;
    *json = record;
    if (!s->format->split)
        return NULL;
    prov_err *err = prov_import_split(s, p, record, &values);
    if (err)
        return err;
    const mapping *as = &m->users;
    if (!s->columns && has_class(values, group_classes))
        as = &m->groups;
    else if (!s->columns && !has_class(values, user_classes))
        as = NULL;
    *json = as ? write_json(p, as, gather(p, as, values)) : prov_bytes_of("");
    return NULL;
}
