#include "policy/function.h"
#include "policy/function_row.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>

static const prov_xfunction *const families[] = {
    prov_xfunctions_compare, prov_xfunctions_number, prov_xfunctions_logic, prov_xfunctions_string,
    prov_xfunctions_convert, prov_xfunctions_date,   prov_xfunctions_bag,   prov_xfunctions_set,
    prov_xfunctions_higher,  prov_xfunctions_match,  prov_xfunctions_xpath,
};

#define FAMILIES (sizeof families / sizeof *families)
#define BUCKETS  1024 /* a power of two, about three times the rows */

static const prov_xfunction *table[BUCKETS];
static pthread_once_t table_made = PTHREAD_ONCE_INIT;

const prov_xfunction *prov_xfunction_each(size_t i)
{
    for (size_t k = 0; k < FAMILIES; k++) {
        const prov_xfunction *row = families[k];
        for (; row->id; row++)
            if (i-- == 0)
                return row;
    }
    return NULL;
}

/* The bucket of the row with this identifier, or an empty one. */
static size_t bucket_of(const void *id, size_t len)
{
    const char *text = id;
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)text[i]) * UINT32_C(16777619);
    size_t at = (hash ^ hash >> 15) % BUCKETS;
    while (table[at] && (strlen(table[at]->id) != len || memcmp(table[at]->id, text, len) != 0))
        at = (at + 1) % BUCKETS;
    return at;
}

static void make_table(void)
{
    for (size_t k = 0; k < FAMILIES; k++)
        for (const prov_xfunction *row = families[k]; row->id; row++)
            table[bucket_of(row->id, strlen(row->id))] = row;
}

const prov_xfunction *prov_xfunction_find(prov_bytes id)
{
    pthread_once(&table_made, make_table);
    return table[bucket_of(id.data, id.len)];
}

const char *prov_xfunction_name(const prov_xfunction *f)
{
    return strrchr(f->id, ':') + 1;
}

static const char *described(apr_pool_t *p, const prov_xargtype *type)
{
    if (type->kind == PROV_X_FUNCTION)
        return "a function";
    return apr_pstrcat(p, type->kind == PROV_X_BAG ? "a bag of " : "one ",
                       prov_xtype_name(type->type), NULL);
}

static const char *wrong_number(apr_pool_t *p, const prov_xfunction *f, size_t n)
{
    return apr_psprintf(p, "%s takes %s%d argument%s, not %d", prov_xfunction_name(f),
                        f->variadic ? "at least " : "", f->least, f->least == 1 ? "" : "s", (int)n);
}

const char *prov_xfunction_check(apr_pool_t *p, const prov_xfunction *f, const prov_xargtype *args,
                                 size_t n, prov_xargtype *result)
{
    if (n < f->least || (n > f->count && !f->variadic))
        return wrong_number(p, f, n);
    if (f->check)
        return f->check(p, f, args, n, result);
    for (size_t i = 0; i < n; i++) {
        const prov_xargtype *want = &f->parameters[i < f->count ? i : f->count - 1u];
        if (args[i].kind != want->kind || args[i].type != want->type)
            return apr_psprintf(p, "argument %d of %s is %s where it takes %s", (int)i + 1,
                                prov_xfunction_name(f), described(p, &args[i]), described(p, want));
    }
    *result = f->result;
    return NULL;
}

const char *prov_xfunction_prepare(apr_pool_t *p, const prov_xfunction *f,
                                   prov_xvalue *const *literals, size_t n)
{
    return f->prepare ? f->prepare(p, f, literals, n) : NULL;
}

/* Arguments that are there already, for a function that asks for them. */
typedef struct eager {
    prov_xlazy lazy;
    const prov_xarg *args;
} eager;

static bool give_argument(prov_xlazy *lazy, size_t i, prov_xarg *out)
{
    *out = ((const eager *)lazy)->args[i];
    return true;
}

bool prov_xfunction_call(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                         prov_xarg *out)
{
    if (!prov_xstep(c, 1))
        return false;
    if (f->run)
        return f->run(c, f, args, n, out);
    eager given = { { give_argument, n }, args };
    return f->run_lazy(c, f, &given.lazy, out);
}

bool prov_xfail(prov_xcontext *c, prov_xcode code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    c->code = code;
    c->message = apr_pvsprintf(c->pool, fmt, args);
    c->missing = NULL;
    va_end(args);
    return false;
}

void prov_xfailure_keep(prov_xfailure *kept, const prov_xcontext *c)
{
    if (!kept->any)
        *kept = (prov_xfailure){ true, c->code, c->message, c->missing };
}

bool prov_xfailure_restore(const prov_xfailure *kept, prov_xcontext *c)
{
    c->code = kept->code;
    c->message = kept->message;
    c->missing = kept->missing;
    return false;
}
