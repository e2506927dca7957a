/* The proleptic Gregorian calendar, with a year 0 (which XML Schema 1.0 writes as -0001). */
#ifndef PROV_POLICY_CALENDAR_H
#define PROV_POLICY_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define PROV_DAY INT64_C(86400) /* seconds */
/* Years beyond it do not fit into 64 bits of seconds. */
#define PROV_YEAR_MOST INT64_C(200000000000)

/* Days since 1970-01-01. */
int64_t prov_calendar_days(int64_t year, int month, int day);
void prov_calendar_date(int64_t days, int64_t *year, int *month, int *day);
int prov_calendar_month_days(int64_t year, int month);

/* The same day of the month so many months later, or the month's last (XML Schema part 2,
 * appendix E). False if the year is beyond the limit. */
bool prov_calendar_add_months(int64_t days, int64_t months, int64_t *out);

/* v / by rounded down, and what is left over, never negative. */
int64_t prov_calendar_divide(int64_t v, int64_t by, int64_t *rest);

#endif
