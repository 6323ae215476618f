#include <string.h>

#include "imap_date.h"

static const char months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

#define SECS_DAY	86400

int32_t
imap_day_of(int year, int month, int day)
{
	int	era, yoe, doy;

	/* Count years from March, so that the leap day comes last. */
	if (month <= 2)
		year--;
	era = (year >= 0 ? year : year - 399) / 400;
	yoe = year - era * 400;
	doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void
day_split(int64_t days, int *year, int *month, int *day)
{
	int64_t	era;
	int	doe, yoe, doy, m;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = (int)(days - era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	m = (5 * doy + 2) / 153;
	*day = doy - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = (int)(yoe + era * 400) + (*month <= 2);
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int32_t
imap_day_local(int64_t secs, int zone)
{
	int64_t	day;

	if (secs < -(INT64_C(1) << 50) || secs > INT64_C(1) << 46)
		return IMAP_DAY_NONE;
	day = floor_div(secs + (int64_t)zone * 60, SECS_DAY);
	if (day <= INT32_MIN || day > INT32_MAX)
		return IMAP_DAY_NONE;
	return (int32_t)day;
}

static int
digits(const char *p, int n)
{
	int	v = 0;

	while (n-- > 0) {
		if (*p < '0' || *p > '9')
			return -1;
		v = v * 10 + (*p++ - '0');
	}
	return v;
}

static int
month_of(const char *p)
{
	int	i;

	for (i = 0; i < 12; i++)
		if (strncasecmp(p, months[i], 3) == 0)
			return i + 1;
	return -1;
}

/* "-Feb-1994" after a day of the month. */
static int
date_rest(const char *p, int mday, int32_t *day)
{
	static const int	last[12] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	int			month, year, leap;

	if (p[0] != '-' || (month = month_of(p + 1)) == -1 || p[4] != '-' ||
	    (year = digits(p + 5, 4)) == -1)
		return -1;
	leap = month == 2 && year % 4 == 0 &&
	    (year % 100 != 0 || year % 400 == 0);
	if (mday < 1 || mday > last[month - 1] + leap)
		return -1;
	*day = imap_day_of(year, month, mday);
	return 0;
}

int
imap_date_parse(struct span s, int32_t *day)
{
	if (s.len == 11)
		return date_rest(s.p + 2, digits(s.p, 2), day);
	if (s.len == 10)
		return date_rest(s.p + 1, digits(s.p, 1), day);
	return -1;
}

int
imap_datetime_parse(struct span s, int64_t *secs, int *zone)
{
	const char	*p = s.p;
	int32_t		 day;
	int		 mday, h, m, sec, zh, zm;

	if (s.len != IMAP_DATETIME_LEN)
		return -1;
	mday = p[0] == ' ' ? digits(p + 1, 1) : digits(p, 2);
	if (date_rest(p + 2, mday, &day) == -1)
		return -1;
	h = digits(p + 12, 2);
	m = digits(p + 15, 2);
	sec = digits(p + 18, 2);
	zh = digits(p + 22, 2);
	zm = digits(p + 24, 2);
	if (p[11] != ' ' || p[14] != ':' || p[17] != ':' || p[20] != ' ' ||
	    (p[21] != '+' && p[21] != '-'))
		return -1;
	/* A leap second counts as the first of the next minute. */
	if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60 ||
	    zh < 0 || zh > 23 || zm < 0 || zm > 59)
		return -1;
	*zone = (zh * 60 + zm) * (p[21] == '-' ? -1 : 1);
	*secs = (int64_t)day * SECS_DAY + h * 3600 + m * 60 + sec -
	    (int64_t)*zone * 60;
	return 0;
}

static void
put2(char *p, int v)
{
	p[0] = (char)('0' + v / 10 % 10);
	p[1] = (char)('0' + v % 10);
}

void
imap_datetime_print(char dst[IMAP_DATETIME_LEN + 1], int64_t secs, int zone)
{
	int64_t	days;
	int	year, month, mday, rest;

	if (zone < -5999 || zone > 5999)
		zone = 0;
	/* 0000-01-02 to 9999-12-30, so that any zone leaves four digits. */
	if (secs < INT64_C(-62167132800))
		secs = INT64_C(-62167132800);
	if (secs > INT64_C(253402127999))
		secs = INT64_C(253402127999);
	secs += (int64_t)zone * 60;
	days = floor_div(secs, SECS_DAY);
	rest = (int)(secs - days * SECS_DAY);
	day_split(days, &year, &month, &mday);
	if (year < 0)
		year = 0;
	if (year > 9999)
		year = 9999;
	put2(dst, mday);
	dst[2] = '-';
	memcpy(dst + 3, months[month - 1], 3);
	dst[6] = '-';
	put2(dst + 7, year / 100);
	put2(dst + 9, year % 100);
	dst[11] = ' ';
	put2(dst + 12, rest / 3600);
	dst[14] = ':';
	put2(dst + 15, rest / 60 % 60);
	dst[17] = ':';
	put2(dst + 18, rest % 60);
	dst[20] = ' ';
	dst[21] = zone < 0 ? '-' : '+';
	if (zone < 0)
		zone = -zone;
	put2(dst + 22, zone / 60);
	put2(dst + 24, zone % 60);
	dst[IMAP_DATETIME_LEN] = '\0';
}
