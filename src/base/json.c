#include "base/json.h"
#include "base/json_scan.h"

#include <apr_cstr.h>
#include <limits.h>
#include <string.h>

/* To the callers a null is no value. */
static const prov_json *shown(const prov_json *j)
{
    return j->kind == PROV_JSON_NULL ? NULL : j;
}

prov_err *prov_json_parse(apr_pool_t *p, prov_bytes text, const prov_json **out)
{
    if (text.len >= INT_MAX / 2)
        return prov_err_make(p, 413, NULL, "The JSON text is too long");
    prov_json *root = apr_pcalloc(p, sizeof *root);
    prov_err *err = prov_json_scan(p, text, PROV_JSON_DEPTH, root);
    if (!err)
        *out = shown(root);
    return err;
}

prov_json_kind prov_json_is(const prov_json *j)
{
    return j ? j->kind : PROV_JSON_NULL;
}

bool prov_json_boolean(const prov_json *j)
{
    return prov_json_is(j) == PROV_JSON_BOOLEAN && j->boolean;
}

int64_t prov_json_integer(const prov_json *j)
{
    return prov_json_is(j) == PROV_JSON_INTEGER ? j->integer : 0;
}

double prov_json_number(const prov_json *j)
{
    if (prov_json_is(j) == PROV_JSON_INTEGER)
        return (double)j->integer;
    return prov_json_is(j) == PROV_JSON_NUMBER ? j->number : 0;
}

prov_bytes prov_json_string(const prov_json *j)
{
    return prov_json_is(j) == PROV_JSON_STRING ? j->text : prov_bytes_of(NULL);
}

size_t prov_json_length(const prov_json *array)
{
    return prov_json_is(array) == PROV_JSON_ARRAY ? array->count : 0;
}

const prov_json *prov_json_at(const prov_json *array, size_t i)
{
    return i < prov_json_length(array) ? shown(&array->items[i]) : NULL;
}

static size_t members_of(const prov_json *object)
{
    return prov_json_is(object) == PROV_JSON_OBJECT ? object->count : 0;
}

static const prov_json *exactly(const prov_json *object, const char *name)
{
    prov_bytes wanted = prov_bytes_of(name);
    for (size_t i = 0; i < members_of(object); i++)
        if (prov_bytes_equal(object->items[i].name, wanted))
            return &object->items[i];
    return NULL;
}

static const prov_json *any_case(const prov_json *object, const char *name)
{
    for (size_t i = 0; i < members_of(object); i++)
        if (apr_cstr_casecmp((const char *)object->items[i].name.data, name) == 0)
            return &object->items[i];
    return NULL;
}

const prov_json *prov_json_get(const prov_json *object, const char *name, bool *found)
{
    const prov_json *member = exactly(object, name);
    if (!member)
        member = any_case(object, name);
    if (found)
        *found = member != NULL;
    return member ? shown(member) : NULL;
}

void prov_json_each(const prov_json *object, prov_json_visit *visit, void *baton)
{
    for (size_t i = 0; i < members_of(object); i++)
        if (!visit(baton, (const char *)object->items[i].name.data, shown(&object->items[i])))
            return;
}
