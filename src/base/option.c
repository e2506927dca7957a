#include "base/option.h"
#include "base/crypt.h"
#include "base/text.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define REFUSED 400

/* What a type does: `parse` stores into the slot and returns NULL, or returns what to write. */
typedef struct type_row {
    size_t size;
    const char *(*parse)(apr_pool_t *p, const prov_option *row, const char *value, void *slot);
    const char *(*print)(apr_pool_t *p, const prov_option *row, const void *slot);
} type_row;

typedef struct unit {
    char name[4];
    int64_t worth;
} unit;

static const unit durations[] = { { "d", INT64_C(86400000000) },
                                  { "h", INT64_C(3600000000) },
                                  { "m", 60000000 },
                                  { "s", 1000000 },
                                  { "ms", 1000 },
                                  { "", 0 } };
static const unit sizes[] = {
    { "T", INT64_C(1) << 40 }, { "G", 1 << 30 }, { "M", 1 << 20 }, { "K", 1 << 10 }, { "", 0 }
};

static void store_text(apr_pool_t *p, void *slot, const char *value)
{
    *(const char **)slot = apr_pstrdup(p, value);
}

static const char *print_text(apr_pool_t *p, const prov_option *row, const void *slot)
{
    const char *value = *(const char *const *)slot;
    return value ? value : "";
}

static const char *parse_text(apr_pool_t *p, const prov_option *row, const char *value, void *slot)
{
    for (const char *c = value; *c; c++)
        if (apr_iscntrl(*c))
            return "a text without control characters";
    store_text(p, slot, value);
    return NULL;
}

static const char *parse_secret(apr_pool_t *p, const prov_option *row, const char *value,
                                void *slot)
{
    const char *rest = strchr(value, ':');
    if (!*value)
        return "file:/absolute/path, exec:command, env:NAME or the secret itself";
    if (!prov_secret_is_literal(value) && !rest[1])
        return "a path, a command or a name behind the colon";
    if (strncmp(value, "file:", 5) == 0 && rest[1] != '/')
        return "file: with an absolute path, such as file:/etc/provision/name.pw";
    store_text(p, slot, value);
    return NULL;
}

static const char *print_secret(apr_pool_t *p, const prov_option *row, const void *slot)
{
    const char *value = print_text(p, row, slot);
    return *value && prov_secret_is_literal(value) ? "(literal)" : value;
}

static const char *parse_url(apr_pool_t *p, const prov_option *row, const char *value, void *slot)
{
    apr_uri_t uri;
    for (const char *c = value; *c; c++)
        if (apr_iscntrl(*c) || apr_isspace(*c))
            return "a URL without spaces";
    if (apr_uri_parse(p, value, &uri) != APR_SUCCESS || !uri.scheme || !uri.hostname ||
        !*uri.hostname || (strcmp(uri.scheme, "http") != 0 && strcmp(uri.scheme, "https") != 0))
        return "an absolute URL, such as https://host.example/path";
    if (uri.user || uri.password)
        return "the URL without a user and password, which have settings of their own";
    store_text(p, slot, value);
    return NULL;
}

static const char *parse_path(apr_pool_t *p, const prov_option *row, const char *value, void *slot)
{
    if (value[0] != '/')
        return "an absolute path, beginning with /";
    return parse_text(p, row, value, slot);
}

static const char *parse_flag(apr_pool_t *p, const prov_option *row, const char *value, void *slot)
{
    static const char *const words[] = { "off", "on", "no", "yes", "false", "true" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (apr_cstr_casecmp(value, words[i]) == 0) {
            *(int *)slot = (int)(i % 2);
            return NULL;
        }
    return "on or off";
}

static const char *print_flag(apr_pool_t *p, const prov_option *row, const void *slot)
{
    return *(const int *)slot ? "on" : "off";
}

static bool in_range(const prov_option *row, int64_t v)
{
    return (row->min == 0 && row->max == 0) || (v >= row->min && v <= row->max);
}

static const char *parse_int(apr_pool_t *p, const prov_option *row, const char *value, void *slot)
{
    char *end;
    errno = 0;
    apr_int64_t v = apr_strtoi64(value, &end, 10);
    if (errno || apr_isspace(*value) || end == value || *end || !in_range(row, v)) {
        if (row->min == 0 && row->max == 0)
            return "a whole number";
        return apr_psprintf(p, "a whole number from %" PRId64 " to %" PRId64, row->min, row->max);
    }
    *(int64_t *)slot = v;
    return NULL;
}

static const char *print_int(apr_pool_t *p, const prov_option *row, const void *slot)
{
    return apr_psprintf(p, "%" PRId64, *(const int64_t *)slot);
}

/* In the largest unit that leaves a whole number; without one in `smallest`. */
static const char *in_units(apr_pool_t *p, const unit *units, int64_t v)
{
    for (; units->worth; units++)
        if (v && v % units->worth == 0)
            return apr_psprintf(p, "%" PRId64 "%s", v / units->worth, units->name);
    return apr_psprintf(p, "%" PRId64, v);
}

static const char *measure(apr_pool_t *p, const prov_option *row, const unit *units,
                           const char *shape)
{
    if (row->min == 0 && row->max == 0)
        return shape;
    return apr_pstrcat(p, shape, ", from ", in_units(p, units, row->min), " to ",
                       in_units(p, units, row->max), NULL);
}

static const char *parse_size(apr_pool_t *p, const prov_option *row, const char *value, void *slot)
{
    uint64_t v;
    if (!prov_text_size(value, &v) || v > INT64_MAX || !in_range(row, (int64_t)v))
        return measure(p, row, sizes, "a size in bytes or with K, M, G or T, such as 64M");
    *(int64_t *)slot = (int64_t)v;
    return NULL;
}

static const char *print_size(apr_pool_t *p, const prov_option *row, const void *slot)
{
    return in_units(p, sizes, *(const int64_t *)slot);
}

static const char *parse_duration(apr_pool_t *p, const prov_option *row, const char *value,
                                  void *slot)
{
    apr_time_t v;
    if (!prov_text_duration(value, &v) || !in_range(row, v))
        return measure(p, row, durations, "a time with ms, s, m, h or d, such as 30s");
    *(int64_t *)slot = v;
    return NULL;
}

static const char *print_duration(apr_pool_t *p, const prov_option *row, const void *slot)
{
    return in_units(p, durations, *(const int64_t *)slot);
}

static const char *parse_choice(apr_pool_t *p, const prov_option *row, const char *value,
                                void *slot)
{
    const char *all = "";
    for (int i = 0; row->choices[i]; i++) {
        if (apr_cstr_casecmp(value, row->choices[i]) == 0) {
            *(int *)slot = i;
            return NULL;
        }
        const char *between = i == 0 ? "" : row->choices[i + 1] ? ", " : " or ";
        all = apr_pstrcat(p, all, between, row->choices[i], NULL);
    }
    return all;
}

static const char *print_choice(apr_pool_t *p, const prov_option *row, const void *slot)
{
    return row->choices[*(const int *)slot];
}

static char *trim(char *text)
{
    while (apr_isspace(*text))
        text++;
    size_t len = strlen(text);
    while (len && apr_isspace(text[len - 1]))
        len--;
    text[len] = '\0';
    return text;
}

static const char *parse_list(apr_pool_t *p, const prov_option *row, const char *value, void *slot)
{
    apr_array_header_t *list = apr_array_make(p, 4, sizeof(const char *));
    char *rest = apr_pstrdup(p, value), *item;
    while ((item = strsep(&rest, ","))) {
        item = trim(item);
        if (*item)
            APR_ARRAY_PUSH(list, const char *) = item;
    }
    *(apr_array_header_t **)slot = list;
    return NULL;
}

static const char *print_list(apr_pool_t *p, const prov_option *row, const void *slot)
{
    const apr_array_header_t *list = *(apr_array_header_t *const *)slot;
    const char *all = "";
    for (int i = 0; list && i < list->nelts; i++)
        all = apr_pstrcat(p, all, i ? ", " : "", APR_ARRAY_IDX(list, i, const char *), NULL);
    return all;
}

static const type_row types[] = {
    [PROV_OPTION_TEXT] = { sizeof(const char *), parse_text, print_text },
    [PROV_OPTION_SECRET] = { sizeof(const char *), parse_secret, print_secret },
    [PROV_OPTION_URL] = { sizeof(const char *), parse_url, print_text },
    [PROV_OPTION_PATH] = { sizeof(const char *), parse_path, print_text },
    [PROV_OPTION_FLAG] = { sizeof(int), parse_flag, print_flag },
    [PROV_OPTION_INT] = { sizeof(int64_t), parse_int, print_int },
    [PROV_OPTION_SIZE] = { sizeof(int64_t), parse_size, print_size },
    [PROV_OPTION_DURATION] = { sizeof(int64_t), parse_duration, print_duration },
    [PROV_OPTION_CHOICE] = { sizeof(int), parse_choice, print_choice },
    [PROV_OPTION_LIST] = { sizeof(void *), parse_list, print_list },
};

static bool is_given(const prov_option *table, const prov_option *row, const prov_option_head *of)
{
    return of->given >> (row - table) & 1;
}

const prov_option *prov_option_find(const prov_option *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

prov_err *prov_option_set(apr_pool_t *p, const prov_option *table, const prov_option *row,
                          prov_option_head *into, const char *value)
{
    const char *name = row->directive ? row->directive : row->name;
    const char *wanted = "well-formed UTF-8";
    if (prov_text_valid(prov_bytes_of(value)))
        wanted = types[row->type].parse(p, row, value, (char *)into + row->offset);
    if (!wanted) {
        into->given |= UINT64_C(1) << (row - table);
        return NULL;
    }
    /* A secret, or a URL that may hold one, is not repeated. */
    bool quiet = row->type == PROV_OPTION_SECRET || row->type == PROV_OPTION_URL;
    prov_err *err = quiet ? prov_err_make(p, REFUSED, "invalidValue", "%s cannot be this; write %s",
                                          name, wanted)
                          : prov_err_make(p, REFUSED, "invalidValue",
                                          "%s cannot be \"%s\"; write %s", name, value, wanted);
    err->source = name;
    return err;
}

void prov_option_presets(apr_pool_t *p, const prov_option *table, prov_option_head *into)
{
    for (const prov_option *row = table; row->name; row++) {
        if (!row->preset)
            continue;
        const char *wanted =
            types[row->type].parse(p, row, row->preset, (char *)into + row->offset);
        assert(!wanted); /* a row whose own default it refuses */
        (void)wanted;
    }
}

void prov_option_merge(const prov_option *table, const prov_option_head *under,
                       const prov_option_head *over, prov_option_head *into)
{
    uint64_t given = under->given | over->given;
    for (const prov_option *row = table; row->name; row++) {
        const prov_option_head *from = is_given(table, row, over) ? over : under;
        memmove((char *)into + row->offset, (const char *)from + row->offset,
                types[row->type].size);
    }
    into->given = given;
}

const prov_option *prov_option_missing(const prov_option *table, const prov_option_head *of)
{
    for (const prov_option *row = table; row->name; row++)
        if ((row->flags & PROV_OPTION_REQUIRED) && !is_given(table, row, of))
            return row;
    return NULL;
}

const char *prov_option_print(apr_pool_t *p, const prov_option *row, const prov_option_head *of)
{
    return types[row->type].print(p, row, (const char *)of + row->offset);
}
