/* Moments and durations (core, section A.3.7; XPath functions and operators, section 10.8). */
#include "policy/calendar.h"
#include "policy/function_row.h"

#define NANOS        INT64_C(1000000000)
#define SECONDS_MOST (PROV_YEAR_MOST * 365 * PROV_DAY)

static bool give(prov_xcontext *c, const prov_xfunction *f, bool good, const prov_xmoment *moment,
                 prov_xarg *out)
{
    if (!good || moment->seconds > SECONDS_MOST || moment->seconds < -SECONDS_MOST)
        return prov_xfail(c, PROV_X_PROCESSING_ERROR, "the result of %s is too far off",
                          prov_xfunction_name(f));
    return prov_xgive(out, (prov_xvalue){ .type = f->type, .u.moment = *moment });
}

/* f->mode is 1 for addition and -1 for subtraction. */
static bool add_daytime(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args, size_t n,
                        prov_xarg *out)
{
    prov_xmoment moment = args[0].u.value.u.moment;
    const prov_xspan *span = &args[1].u.value.u.span;
    int64_t nanos;
    int64_t carry =
        prov_calendar_divide(moment.nanos + f->mode * (int64_t)span->nanos, NANOS, &nanos);
    int64_t seconds = f->mode * span->seconds;
    bool good = !__builtin_add_overflow(moment.seconds, carry, &moment.seconds) &&
                !__builtin_add_overflow(moment.seconds, seconds, &moment.seconds);
    moment.nanos = (int32_t)nanos;
    return give(c, f, good, &moment, out);
}

static bool add_yearmonth(prov_xcontext *c, const prov_xfunction *f, const prov_xarg *args,
                          size_t n, prov_xarg *out)
{
    prov_xmoment moment = args[0].u.value.u.moment;
    int64_t of_day, days = prov_calendar_divide(moment.seconds, PROV_DAY, &of_day);
    bool good = prov_calendar_add_months(days, f->mode * args[1].u.value.u.months, &days);
    if (good)
        moment.seconds = days * PROV_DAY + of_day;
    return give(c, f, good, &moment, out);
}

#define DURATION(F, old, name, T, D, run_, mode_)                                                  \
    ROW2(F name, V(T), V(T), V(D), .run = run_, .type = PROV_X_##T, .mode = mode_,                 \
         .deprecated = old)
#define ALL(F, old)                                                                                \
    DURATION(F, old, "dateTime-add-dayTimeDuration", DATETIME, DAYTIME, add_daytime, 1),           \
        DURATION(F, old, "dateTime-subtract-dayTimeDuration", DATETIME, DAYTIME, add_daytime, -1), \
        DURATION(F, old, "dateTime-add-yearMonthDuration", DATETIME, YEARMONTH, add_yearmonth, 1), \
        DURATION(F, old, "dateTime-subtract-yearMonthDuration", DATETIME, YEARMONTH,               \
                 add_yearmonth, -1),                                                               \
        DURATION(F, old, "date-add-yearMonthDuration", DATE, YEARMONTH, add_yearmonth, 1),         \
        DURATION(F, old, "date-subtract-yearMonthDuration", DATE, YEARMONTH, add_yearmonth, -1)

const prov_xfunction prov_xfunctions_date[] = {
    ALL(F3, false),
    ALL(F1, true),
    { .id = NULL },
};
