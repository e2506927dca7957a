#include "policy/calendar.h"

int64_t prov_calendar_divide(int64_t v, int64_t by, int64_t *rest)
{
    int64_t whole = v / by;
    *rest = v % by;
    if (*rest < 0) {
        *rest += by;
        whole--;
    }
    return whole;
}

/* Years begin in March here, so that the leap day is the last. */
int64_t prov_calendar_days(int64_t year, int month, int day)
{
    int64_t of_era, era = prov_calendar_divide(year - (month <= 2), 400, &of_era);
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void prov_calendar_date(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t of_era, era = prov_calendar_divide(days + 719468, 146097, &of_era);
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = years + era * 400 + (*month <= 2);
}

int prov_calendar_month_days(int64_t year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

bool prov_calendar_add_months(int64_t days, int64_t months, int64_t *out)
{
    int64_t year, rest;
    int month, day;
    prov_calendar_date(days, &year, &month, &day);
    if (__builtin_add_overflow(months, year * 12 + month - 1, &months))
        return false;
    year = prov_calendar_divide(months, 12, &rest);
    if (year > PROV_YEAR_MOST || year < -PROV_YEAR_MOST)
        return false;
    int last = prov_calendar_month_days(year, (int)rest + 1);
    *out = prov_calendar_days(year, (int)rest + 1, day < last ? day : last);
    return true;
}
