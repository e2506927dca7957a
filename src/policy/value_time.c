#include "policy/calendar.h"
#include "policy/value_form.h"

#include <apr_lib.h>
#include <stdlib.h>

#define NANOS     INT32_C(1000000000)
#define ZONE_MOST (14 * 60) /* minutes */

bool prov_xfraction(prov_reader *r, int32_t *nanos)
{
    const uint8_t *first = r->at;
    *nanos = 0;
    for (int32_t unit = NANOS / 10; r->at < r->end && apr_isdigit(*r->at); r->at++, unit /= 10) {
        if (unit == 0 && *r->at != '0')
            return false;
        *nanos += (*r->at - '0') * unit;
    }
    return r->at > first;
}

void prov_xprint_fraction(prov_buf *b, int32_t nanos)
{
    if (!nanos)
        return;
    int width = 9;
    for (; nanos % 10 == 0; nanos /= 10)
        width--;
    prov_buf_printf(b, ".%0*d", width, (int)nanos);
}

int64_t prov_xinstant(const prov_xmoment *m, int zone)
{
    return m->seconds - (m->zoned ? m->zone : zone) * INT64_C(60);
}

static bool take(prov_reader *r, char c)
{
    if (r->at == r->end || *r->at != (uint8_t)c)
        return false;
    r->at++;
    return true;
}

static bool two_digits(prov_reader *r, int least, int most, int *out)
{
    if (r->end - r->at < 2 || !apr_isdigit(r->at[0]) || !apr_isdigit(r->at[1]))
        return false;
    *out = (r->at[0] - '0') * 10 + (r->at[1] - '0');
    r->at += 2;
    return *out >= least && *out <= most;
}

/* XML Schema part 2 (second edition), section 3.2.7.1: at least four digits, no leading zero
 * beyond those, no year 0. */
static bool read_year(prov_reader *r, int64_t *year)
{
    bool before = take(r, '-');
    const uint8_t *first = r->at;
    if (!prov_xdigits(r, year) || r->at - first < 4 || (r->at - first > 4 && *first == '0') ||
        *year == 0 || *year > PROV_YEAR_MOST)
        return false;
    if (before)
        *year = 1 - *year;
    return true;
}

static bool read_day(prov_reader *r, int64_t *days)
{
    int64_t year;
    int month, day;
    if (!read_year(r, &year) || !take(r, '-') || !two_digits(r, 1, 12, &month) || !take(r, '-') ||
        !two_digits(r, 1, prov_calendar_month_days(year, month), &day))
        return false;
    *days = prov_calendar_days(year, month, day);
    return true;
}

static bool read_clock(prov_reader *r, int64_t *seconds, int32_t *nanos)
{
    int hour, minute, second;
    *nanos = 0;
    if (!two_digits(r, 0, 24, &hour) || !take(r, ':') || !two_digits(r, 0, 59, &minute) ||
        !take(r, ':') || !two_digits(r, 0, 59, &second) ||
        (take(r, '.') && !prov_xfraction(r, nanos)))
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return *seconds + (*nanos > 0) <= PROV_DAY; /* 24:00:00 is the end of the day */
}

/* The zone, if there is one, up to the end of the text. */
static bool read_zone(prov_reader *r, prov_xmoment *m)
{
    int hour, minute;
    m->zone = 0;
    m->zoned = r->at < r->end;
    if (!m->zoned)
        return true;
    if (!take(r, 'Z')) {
        bool west = take(r, '-');
        if ((!west && !take(r, '+')) || !two_digits(r, 0, 14, &hour) || !take(r, ':') ||
            !two_digits(r, 0, 59, &minute) || hour * 60 + minute > ZONE_MOST)
            return false;
        m->zone = (int16_t)((hour * 60 + minute) * (west ? -1 : 1));
    }
    return r->at == r->end;
}

bool prov_xread_time(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    prov_reader r = prov_read(text);
    prov_xmoment *m = &out->u.moment;
    if (!read_clock(&r, &m->seconds, &m->nanos) || !read_zone(&r, m))
        return false;
    m->seconds %= PROV_DAY;
    return true;
}

bool prov_xread_date(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    prov_reader r = prov_read(text);
    prov_xmoment *m = &out->u.moment;
    int64_t days;
    m->nanos = 0;
    if (!read_day(&r, &days) || !read_zone(&r, m))
        return false;
    m->seconds = days * PROV_DAY;
    return true;
}

bool prov_xread_datetime(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    prov_reader r = prov_read(text);
    prov_xmoment *m = &out->u.moment;
    int64_t days, seconds;
    if (!read_day(&r, &days) || !take(&r, 'T') || !read_clock(&r, &seconds, &m->nanos) ||
        !read_zone(&r, m))
        return false;
    m->seconds = days * PROV_DAY + seconds;
    return true;
}

static void print_day(prov_buf *b, int64_t days)
{
    int64_t year;
    int month, day;
    prov_calendar_date(days, &year, &month, &day);
    prov_buf_printf(b, "%s%04lld-%02d-%02d", year > 0 ? "" : "-",
                    (long long)(year > 0 ? year : 1 - year), month, day);
}

static void print_clock(prov_buf *b, int64_t seconds, const prov_xmoment *m)
{
    prov_buf_printf(b, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
                    (int)(seconds % 60));
    prov_xprint_fraction(b, m->nanos);
    if (m->zoned)
        prov_buf_byte(b, 'Z');
}

/* The canonical forms are in UTC, if there is a zone at all (sections 3.2.7.2 and 3.2.8.2). */
prov_bytes prov_xprint_time(apr_pool_t *p, const prov_xvalue *v)
{
    prov_buf b;
    int64_t seconds;
    prov_buf_init(&b, p, 24);
    prov_calendar_divide(prov_xinstant(&v->u.moment, 0), PROV_DAY, &seconds);
    print_clock(&b, seconds, &v->u.moment);
    return prov_buf_bytes(&b);
}

prov_bytes prov_xprint_datetime(apr_pool_t *p, const prov_xvalue *v)
{
    prov_buf b;
    int64_t seconds;
    prov_buf_init(&b, p, 40);
    print_day(&b, prov_calendar_divide(prov_xinstant(&v->u.moment, 0), PROV_DAY, &seconds));
    prov_buf_byte(&b, 'T');
    print_clock(&b, seconds, &v->u.moment);
    return prov_buf_bytes(&b);
}

/* A date keeps a zone, but one between -11:59 and +12:00 (section 3.2.9.2). */
prov_bytes prov_xprint_date(apr_pool_t *p, const prov_xvalue *v)
{
    prov_buf b;
    int64_t rest, days = prov_calendar_divide(v->u.moment.seconds, PROV_DAY, &rest);
    int zone = v->u.moment.zoned ? v->u.moment.zone : 0;
    int turn = zone > 720 ? -1 : zone < -719 ? 1 : 0;
    zone += turn * 1440;
    prov_buf_init(&b, p, 24);
    print_day(&b, days + turn);
    if (zone)
        prov_buf_printf(&b, "%c%02d:%02d", zone < 0 ? '-' : '+', abs(zone) / 60, abs(zone) % 60);
    else if (v->u.moment.zoned)
        prov_buf_byte(&b, 'Z');
    return prov_buf_bytes(&b);
}
