/* Arithmetic and conversion of numbers (core, sections A.3.2 and A.3.4). Integers never wrap:
 * what does not fit into 64 bits is an error. */
#include "policy/function_row.h"

#include <math.h>

static bool overflow(prov_xcontext *c, const prov_xfunction *f)
{
    return prov_xfail(c, PROV_X_PROCESSING_ERROR,
                      "the result of %s is beyond the 64 bits of an integer",
                      prov_xfunction_name(f));
}

static bool no_divisor(prov_xcontext *c, const prov_xfunction *f)
{
    return prov_xfail(c, PROV_X_PROCESSING_ERROR, "%s by zero", prov_xfunction_name(f));
}

typedef enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, MODULO, ABS, ROUND, FLOOR } operation;

static bool integer(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                    prov_xarg *out)
{
    int64_t v = args[0].u.value.u.integer;
    for (size_t i = 1; i < n; i++) {
        int64_t by = args[i].u.value.u.integer;
        if (f->mode == ADD        ? __builtin_add_overflow(v, by, &v)
            : f->mode == SUBTRACT ? __builtin_sub_overflow(v, by, &v)
                                  : __builtin_mul_overflow(v, by, &v))
            return overflow(c, f);
    }
    return prov_xgive(out, prov_xvalue_integer(v));
}

/* Division cuts towards zero; the remainder bears the sign of the dividend. */
static bool integer_divide(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args,
                           size_t n, prov_xarg *out)
{
    int64_t v = args[0].u.value.u.integer, by = args[1].u.value.u.integer;
    if (by == 0)
        return no_divisor(c, f);
    if (by == -1 && v == INT64_MIN && f->mode == DIVIDE)
        return overflow(c, f);
    if (f->mode == MODULO)
        v = by == -1 ? 0 : v % by;
    else
        v /= by;
    return prov_xgive(out, prov_xvalue_integer(v));
}

static bool integer_abs(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                        prov_xarg *out)
{
    int64_t v = args[0].u.value.u.integer;
    if (v == INT64_MIN)
        return overflow(c, f);
    return prov_xgive(out, prov_xvalue_integer(v < 0 ? -v : v));
}

static bool number(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                   prov_xarg *out)
{
    double v = args[0].u.value.u.number;
    for (size_t i = 1; i < n; i++) {
        double by = args[i].u.value.u.number;
        if (f->mode == DIVIDE && by == 0)
            return no_divisor(c, f);
        v = f->mode == ADD        ? v + by
            : f->mode == SUBTRACT ? v - by
            : f->mode == MULTIPLY ? v * by
                                  : v / by;
    }
    return prov_xgive(out, prov_xvalue_double(v));
}

/* Rounds as IEEE 754 does unless told otherwise: halves to the even neighbour. */
static bool number_alone(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                         prov_xarg *out)
{
    double v = args[0].u.value.u.number;
    v = f->mode == ABS ? fabs(v) : f->mode == ROUND ? rint(v) : floor(v);
    return prov_xgive(out, prov_xvalue_double(v));
}

static bool to_integer(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                       prov_xarg *out)
{
    double v = args[0].u.value.u.number;
    if (!(v >= -0x1p63 && v < 0x1p63))
        return overflow(c, f);
    return prov_xgive(out, prov_xvalue_integer((int64_t)v));
}

static bool to_double(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                      prov_xarg *out)
{
    return prov_xgive(out, prov_xvalue_double((double)args[0].u.value.u.integer));
}

#define INTEGERS(name, least_, mode_)                                                              \
    MANY1(F1 "integer-" name, V(INTEGER), least_, V(INTEGER), .run = integer, .mode = mode_)
#define INTEGERS2(name, run_, mode_)                                                               \
    ROW2(F1 "integer-" name, V(INTEGER), V(INTEGER), V(INTEGER), .run = run_, .mode = mode_)
#define DOUBLES2(name, mode_)                                                                      \
    ROW2(F1 "double-" name, V(DOUBLE), V(DOUBLE), V(DOUBLE), .run = number, .mode = mode_)
#define DOUBLES(name, mode_)                                                                       \
    MANY1(F1 "double-" name, V(DOUBLE), 2, V(DOUBLE), .run = number, .mode = mode_)
#define ALONE(name, mode_) ROW1(F1 name, V(DOUBLE), V(DOUBLE), .run = number_alone, .mode = mode_)

const prov_xfunction prov_xfunctions_number[] = {
    INTEGERS("add", 2, ADD),
    INTEGERS2("subtract", integer, SUBTRACT),
    INTEGERS("multiply", 2, MULTIPLY),
    INTEGERS2("divide", integer_divide, DIVIDE),
    INTEGERS2("mod", integer_divide, MODULO),
    ROW1(F1 "integer-abs", V(INTEGER), V(INTEGER), .run = integer_abs),
    DOUBLES("add", ADD),
    DOUBLES2("subtract", SUBTRACT),
    DOUBLES("multiply", MULTIPLY),
    DOUBLES2("divide", DIVIDE),
    ALONE("double-abs", ABS),
    ALONE("round", ROUND),
    ALONE("floor", FLOOR),
    ROW1(F1 "double-to-integer", V(INTEGER), V(DOUBLE), .run = to_integer),
    ROW1(F1 "integer-to-double", V(DOUBLE), V(INTEGER), .run = to_double),
    { .id = NULL },
};
