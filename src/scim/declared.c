#include "scim/declared.h"
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

void prov_declared_refuse(prov_declared *d, const char *fmt, ...)
{
    va_list args;
    if (d->err)
        return;
    va_start(args, fmt);
    const char *sentence = apr_pvsprintf(d->p, fmt, args);
    va_end(args);
    d->err = prov_err_make(d->p, 400, "invalidValue", "%s: %s%s%s", d->file, d->of,
                           *d->of ? ": " : "", sentence);
}

static const char *joined(apr_pool_t *p, const char *const *words)
{
    const char *all = "";
    for (int i = 0; words[i]; i++)
        all = apr_pstrcat(p, all, *all ? ", " : "", words[i], NULL);
    return all;
}

static const char *copied(prov_declared *d, const prov_json *j, const char *name)
{
    prov_bytes text = prov_json_string(j);
    if (prov_json_is(j) != PROV_JSON_STRING)
        prov_declared_refuse(d, "%s must be a string", name);
    else if (text.len > PROV_DECLARED_TEXT)
        prov_declared_refuse(d, "%s is too long; %d bytes are the most", name, PROV_DECLARED_TEXT);
    else
        return prov_bytes_text(d->p, text);
    return "";
}

const char *prov_declared_text(prov_declared *d, const prov_json *j, const char *name,
                               const char *preset)
{
    const prov_json *text = prov_json_get(j, name, NULL);
    return text ? copied(d, text, name) : preset;
}

bool prov_declared_flag(prov_declared *d, const prov_json *j, const char *name, bool preset)
{
    const prov_json *flag = prov_json_get(j, name, NULL);
    if (flag && prov_json_is(flag) != PROV_JSON_BOOLEAN)
        prov_declared_refuse(d, "%s must be true or false, without quotes", name);
    return flag ? prov_json_boolean(flag) : preset;
}

int prov_declared_word(prov_declared *d, const prov_json *j, const char *name,
                       const char *const *words, int preset)
{
    const char *text = prov_declared_text(d, j, name, NULL);
    if (!text)
        return preset;
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    prov_declared_refuse(d, "%s cannot be \"%s\"; write one of %s", name, text,
                         joined(d->p, words));
    return preset;
}

const prov_json *prov_declared_list(prov_declared *d, const prov_json *j, const char *name)
{
    const prov_json *list = prov_json_get(j, name, NULL);
    if (list && prov_json_is(list) != PROV_JSON_ARRAY)
        prov_declared_refuse(d, "%s must be a list", name);
    else if (list && prov_json_length(list) > PROV_DECLARED_LIST)
        prov_declared_refuse(d, "%s has too many values; %d are the most", name,
                             PROV_DECLARED_LIST);
    else if (list && prov_json_length(list) > 0)
        return list;
    return NULL;
}

const char *const *prov_declared_texts(prov_declared *d, const prov_json *j, const char *name)
{
    const prov_json *list = prov_declared_list(d, j, name);
    size_t count = list ? prov_json_length(list) : 0;
    if (!count)
        return NULL;
    const char **texts = apr_pcalloc(d->p, (count + 1) * sizeof *texts);
    for (size_t i = 0; i < count; i++)
        texts[i] = copied(d, prov_json_at(list, i), name);
    return texts;
}

typedef struct looking {
    const char *const *names;
    const char *unknown;
} looking;

static bool look_at(void *baton, const char *name, const prov_json *value)
{
    looking *l = baton;
    for (int i = 0; l->names[i]; i++)
        if (strcasecmp(l->names[i], name) == 0)
            return true;
    l->unknown = name;
    return false;
}

bool prov_declared_object(prov_declared *d, const prov_json *j, const char *const *names)
{
    looking l = { names, NULL };
    if (prov_json_is(j) != PROV_JSON_OBJECT) {
        prov_declared_refuse(d, "it must be a JSON object");
        return false;
    }
    prov_json_each(j, look_at, &l);
    if (l.unknown)
        prov_declared_refuse(d, "there is no \"%.*s\" here; what there may be is %s",
                             PROV_DECLARED_NAME, l.unknown, joined(d->p, names));
    return !d->err;
}

void prov_declared_each(prov_declared *d, prov_bytes json, prov_declared_one *one, void *baton)
{
    apr_pool_t *scratch;
    const prov_json *j;
    apr_pool_create(&scratch, d->p);
    prov_err *err = prov_json_parse(scratch, json, &j);
    if (err) {
        prov_declared_refuse(d, "%s", err->detail);
    } else {
        bool object = prov_json_is(j) == PROV_JSON_OBJECT;
        const prov_json *list = object ? prov_json_get(j, "Resources", NULL) : j;
        if (prov_json_is(list) != PROV_JSON_ARRAY)
            one(baton, j);
        else
            for (size_t i = 0; i < prov_json_length(list) && !d->err; i++)
                one(baton, prov_json_at(list, i));
    }
    apr_pool_destroy(scratch);
}
