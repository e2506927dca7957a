#include "base/instant.h"

#include <apr_date.h>
#include <apr_lib.h>
#include <stdio.h>
#include <string.h>

#define DAY          INT64_C(86400)
#define LONGEST_WAIT INT64_C(2147483647) /* seconds; RFC 9110 names no limit, arithmetic does */
#define OFFSET_LIMIT (14 * 60)           /* minutes, XML Schema part 2 section 3.2.7.3 */

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March, so that the
 * leap day is the last. */
static int64_t days_from_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = years + era * 400 + (*month <= 2);
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* Reads exactly `count` digits and then `after`, unless that is 0. */
static bool digits(prov_reader *r, int count, char after, int *out)
{
    *out = 0;
    while (count-- > 0) {
        uint8_t c = prov_get_u8(r);
        if (!apr_isdigit(c))
            return false;
        *out = *out * 10 + (c - '0');
    }
    return !after || prov_get_u8(r) == after;
}

static bool fraction(prov_reader *r, int64_t *micros)
{
    *micros = 0;
    if (r->at == r->end || *r->at != '.')
        return true;
    const uint8_t *first = ++r->at;
    for (int64_t unit = 100000; r->at < r->end && apr_isdigit(*r->at); r->at++, unit /= 10)
        *micros += (*r->at - '0') * unit;
    return r->at > first;
}

static bool offset(prov_reader *r, int *minutes)
{
    int hour, minute;
    *minutes = 0;
    if (r->at == r->end)
        return true;
    uint8_t sign = prov_get_u8(r);
    if (sign == 'Z')
        return true;
    if ((sign != '+' && sign != '-') || !digits(r, 2, ':', &hour) || !digits(r, 2, 0, &minute))
        return false;
    *minutes = (hour * 60 + minute) * (sign == '-' ? -1 : 1);
    return minute < 60 && hour * 60 + minute <= OFFSET_LIMIT;
}

bool prov_instant_parse(prov_bytes text, apr_time_t *out)
{
    prov_reader r = prov_read(text);
    int year, month, day, hour, minute, second, east;
    int64_t micros;
    if (!digits(&r, 4, '-', &year) || !digits(&r, 2, '-', &month) || !digits(&r, 2, 'T', &day) ||
        !digits(&r, 2, ':', &hour) || !digits(&r, 2, ':', &minute) || !digits(&r, 2, 0, &second) ||
        !fraction(&r, &micros) || !offset(&r, &east) || r.at != r.end)
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    /* XML Schema writes the end of a day as 24:00:00 and knows no leap second. */
    bool midnight = hour == 24 && minute == 0 && second == 0 && micros == 0;
    if ((hour > 23 && !midnight) || minute > 59 || second > 59)
        return false;
    int64_t seconds = days_from_date(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    *out = (seconds - east * INT64_C(60)) * APR_USEC_PER_SEC + micros;
    return true;
}

static int64_t floor_divide(int64_t v, int64_t by, int64_t *rest)
{
    int64_t whole = v / by;
    *rest = v % by;
    if (*rest < 0) {
        *rest += by;
        whole--;
    }
    return whole;
}

/* By hand: with snprintf, the two instants of a resource took a tenth of writing it. */
static char *put_digits(char *at, int64_t v, int count, char after)
{
    for (int i = count; i-- > 0; v /= 10)
        at[i] = (char)('0' + v % 10);
    at[count] = after;
    return at + count + 1;
}

static char *put_year(char *at, int64_t year)
{
    if (year >= 0 && year <= 9999)
        return put_digits(at, year, 4, '-');
    return at + snprintf(at, PROV_INSTANT_ROOM / 2, "%04lld-", (long long)year);
}

size_t prov_instant_print(apr_time_t t, char out[PROV_INSTANT_ROOM])
{
    int64_t micros, second, year;
    int month, day;
    int64_t days = floor_divide(floor_divide(t, APR_USEC_PER_SEC, &micros), DAY, &second);
    date_from_days(days, &year, &month, &day);
    char *at = put_year(out, year);
    at = put_digits(at, month, 2, '-');
    at = put_digits(at, day, 2, 'T');
    at = put_digits(at, second / 3600, 2, ':');
    at = put_digits(at, second / 60 % 60, 2, ':');
    at = put_digits(at, second % 60, 2, micros ? '.' : 'Z');
    if (micros)
        at = put_digits(at, micros, 6, 'Z');
    *at = '\0';
    return (size_t)(at - out);
}

bool prov_instant_retry_after(const char *text, apr_time_t now, apr_time_t *wait)
{
    while (*text == ' ' || *text == '\t')
        text++;
    if (!apr_isdigit(*text)) {
        apr_time_t at = apr_date_parse_http(text);
        *wait = at > now ? at - now : 0;
        return at != APR_DATE_BAD;
    }
    int64_t seconds = 0;
    for (; apr_isdigit(*text); text++)
        seconds = seconds < LONGEST_WAIT ? seconds * 10 + (*text - '0') : LONGEST_WAIT;
    *wait = (seconds < LONGEST_WAIT ? seconds : LONGEST_WAIT) * APR_USEC_PER_SEC;
    return text[strspn(text, " \t")] == '\0';
}
