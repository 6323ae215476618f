/* Dates of mail: RFC 5322 3.3 and 4.3, and what real mail has instead. */
#include <stdio.h>
#include <string.h>

#include "libmail/date.h"

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char wdays[] = "ThuFriSatSunMonTueWed";	/* 1970-01-01 first */

/*
 * Zone names that mean one thing in mail.  A military letter was defined with
 * the wrong sign in RFC 822 and is taken as UTC, like any unknown name.
 */
static const struct {
	char	name[6];
	int16_t	zone;
} zones[] = {
	{ "UT", 0 }, { "GMT", 0 }, { "UTC", 0 },
	{ "EST", -300 }, { "EDT", -240 }, { "CST", -360 }, { "CDT", -300 },
	{ "MST", -420 }, { "MDT", -360 }, { "PST", -480 }, { "PDT", -420 },
	{ "AST", -240 }, { "ADT", -180 }, { "NST", -210 }, { "NDT", -150 },
	{ "AKST", -540 }, { "AKDT", -480 }, { "HST", -600 },
	{ "WET", 0 }, { "WEST", 60 }, { "BST", 60 }, { "CET", 60 },
	{ "MET", 60 }, { "MEZ", 60 }, { "CEST", 120 }, { "MEST", 120 },
	{ "MESZ", 120 }, { "EET", 120 }, { "EEST", 180 }, { "MSK", 180 },
	{ "MSD", 240 }, { "SAST", 120 }, { "IDT", 180 }, { "HKT", 480 },
	{ "SGT", 480 }, { "JST", 540 }, { "KST", 540 }, { "AEST", 600 },
	{ "AEDT", 660 }, { "NZST", 720 }, { "NZDT", 780 }
};

struct parse {
	const char	*p, *end;
	int		 day, mon, year;	/* -1: not seen; mon 1..12 */
	int		 hour, min, sec;
	int		 zone, havezone;
	int		 words;
};

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
is_alpha(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

int32_t
date_days(int year, int month, int day)
{
	/* years begin in March, so that the leap day is the last of one */
	int64_t y = year - (month <= 2), era, yoe, doy;

	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return (int32_t)(era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 +
	    doy - 719468);
}

static void
civil(int64_t days, int *year, int *month, int *day)
{
	int64_t era, doe, yoe, doy, mp;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

static int
month_of(const char *p, size_t len)
{
	int i;

	if (len < 3)
		return -1;
	for (i = 0; i < 12; i++)
		if (strncasecmp(p, months + 3 * i, 3) == 0)
			return i + 1;
	return -1;
}

/* White space, comments (nested) and commas; -1 when a comment has no end. */
static int
skip(struct parse *x)
{
	int depth = 0;

	for (; x->p < x->end; x->p++) {
		if (*x->p == '(')
			depth++;
		else if (depth > 0 && *x->p == ')')
			depth--;
		else if (depth > 0 && *x->p == '\\' && x->p + 1 < x->end)
			x->p++;
		else if (depth == 0 && *x->p != ' ' && *x->p != '\t' &&
		    *x->p != '\r' && *x->p != '\n' && *x->p != ',')
			break;
	}
	return depth == 0 ? 0 : -1;
}

/* At most nine digits count; the number of digits is the answer. */
static int
number(struct parse *x, int *val)
{
	int n = 0;

	for (*val = 0; x->p < x->end && is_digit(*x->p); x->p++, n++)
		if (n < 9)
			*val = *val * 10 + (*x->p - '0');
	return n;
}

/* +0200, -7, +5:30; at the sign. */
static void
zone_number(struct parse *x)
{
	int sign = *x->p == '-' ? -1 : 1, v, n, mm = 0;

	x->p++;
	n = number(x, &v);
	if (n == 0)
		return;
	if (n <= 2) {
		if (x->p < x->end && *x->p == ':') {
			x->p++;
			(void)number(x, &mm);
		}
		v = v * 100 + mm;
	}
	if (n <= 4 && v % 100 < 60 && v / 100 < 24)
		x->zone = sign * (v / 100 * 60 + v % 100);
	x->havezone = 1;
}

static void
zone_name(struct parse *x, const char *p, size_t len)
{
	size_t i;

	if (x->havezone)
		return;
	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (strlen(zones[i].name) == len &&
		    strncasecmp(zones[i].name, p, len) == 0) {
			x->zone = zones[i].zone;
			x->havezone = 1;
			return;
		}
	}
}

static int
word(struct parse *x)
{
	const char *p = x->p;
	size_t len;
	int m;

	while (x->p < x->end && is_alpha(*x->p))
		x->p++;
	len = (size_t)(x->p - p);
	if (x->p < x->end && *x->p == '.')
		x->p++;
	if (x->words++ == 0 && x->day == -1 && x->p < x->end && *x->p == ',')
		return 0;		/* the day of the week, any language */
	if (x->mon == -1 && (m = month_of(p, len)) != -1) {
		x->mon = m;
		return 0;
	}
	if (x->hour != -1) {
		if (len == 2 && strncasecmp(p, "pm", 2) == 0 && x->hour < 12)
			x->hour += 12;
		else if (len == 2 && strncasecmp(p, "am", 2) == 0 &&
		    x->hour == 12)
			x->hour = 0;
		else
			zone_name(x, p, len);
		return 0;
	}
	if (len == 1 && (*p | 32) == 't' && x->year != -1)
		return 0;		/* ISO 8601 */
	/* "Tue 1 Jul" has no comma; but no word may stand for a month */
	return x->day == -1 || x->mon != -1 ? 0 : -1;
}

/* After the hour: 10:52:37, 10.52, fractions dropped. */
static int
time_of_day(struct parse *x, int hour, char sep)
{
	x->hour = hour;
	x->p++;
	if (number(x, &x->min) == 0)
		return -1;
	x->sec = 0;
	if (x->p + 1 < x->end && *x->p == sep && is_digit(x->p[1])) {
		x->p++;
		(void)number(x, &x->sec);
		if (x->p + 1 < x->end && (*x->p == '.' || *x->p == ',') &&
		    is_digit(x->p[1])) {
			int frac;

			x->p++;
			(void)number(x, &frac);
		}
	}
	return 0;
}

static void
set_year(struct parse *x, int v, int ndigits)
{
	if (ndigits <= 2)
		v += v < 50 ? 2000 : 1900;
	else if (ndigits == 3)
		v += 1900;
	x->year = v;
}

static int
numeral(struct parse *x)
{
	int v, n;

	n = number(x, &v);
	if (x->hour == -1 && x->p < x->end && (*x->p == ':' ||
	    (*x->p == '.' && x->year != -1)) && n <= 2 &&
	    x->p + 1 < x->end && is_digit(x->p[1]))
		return time_of_day(x, v, *x->p);
	if (n == 4 && x->year == -1 && x->day == -1 && x->mon == -1 &&
	    x->p < x->end && (*x->p == '-' || *x->p == '/')) {
		x->year = v;
		x->p++;
		if (number(x, &x->mon) == 0 || x->p == x->end)
			return -1;
		x->p++;
		return number(x, &x->day) == 0 ? -1 : 0;
	}
	if (x->day == -1)
		x->day = v;
	else if (x->mon == -1)
		x->mon = v;
	else if (x->year == -1)
		set_year(x, v, n);
	/* 1-Jul-2003 */
	if (x->year == -1 && x->p < x->end && (*x->p == '-' || *x->p == '/'))
		x->p++;
	return 0;
}

static int
finish(const struct parse *x, struct maildate *d)
{
	if (x->day < 1 || x->day > 31 || x->mon < 1 || x->mon > 12 ||
	    x->year < 0 || x->year > 9999 || x->hour < 0 || x->hour > 24 ||
	    x->min > 59 || x->sec > 60)
		return -1;
	d->zone = x->zone;
	d->t = (int64_t)date_days(x->year, x->mon, x->day) * 86400 +
	    x->hour * 3600 + x->min * 60 + x->sec - x->zone * 60;
	return 0;
}

int
date_parse(struct span s, struct maildate *d)
{
	struct parse x;

	memset(&x, 0, sizeof(x));
	x.p = s.p;
	x.end = s.p + s.len;
	x.day = x.mon = x.year = x.hour = -1;
	for (;;) {
		if (skip(&x) == -1)
			return -1;
		if (x.p == x.end)
			break;
		if (is_digit(*x.p)) {
			if (numeral(&x) == -1)
				return -1;
		} else if (is_alpha(*x.p)) {
			if (word(&x) == -1)
				return -1;
		} else if ((*x.p == '+' || *x.p == '-') && x.hour != -1)
			zone_number(&x);
		else
			x.p++;
		/* trailing remarks are nobody's business */
		if (x.havezone && x.year != -1 &&
		    !(x.p < x.end && (*x.p == '+' || *x.p == '-')))
			break;
	}
	return finish(&x, d);
}

int
date_parse_imap(struct span s, struct maildate *d)
{
	static const char form[] = "dd-mmm-yyyy hh:mm:ss zhhmm";
	struct parse x;
	size_t i;
	int v[26];

	if (s.len != sizeof(form) - 1)
		return -1;
	for (i = 0; i < s.len; i++) {
		v[i] = s.p[i] - '0';
		if (strchr("dyhms", form[i]) != NULL && (i < 3 || i > 5)) {
			if (!is_digit(s.p[i]) && !(i == 0 && s.p[i] == ' '))
				return -1;
		} else if (strchr("- :", form[i]) != NULL &&
		    s.p[i] != form[i])
			return -1;
	}
	if (s.p[0] == ' ')
		v[0] = 0;
	if (s.p[21] != '+' && s.p[21] != '-')
		return -1;
	memset(&x, 0, sizeof(x));
	x.day = v[0] * 10 + v[1];
	x.mon = month_of(s.p + 3, 3);
	x.year = v[7] * 1000 + v[8] * 100 + v[9] * 10 + v[10];
	x.hour = v[12] * 10 + v[13];
	x.min = v[15] * 10 + v[16];
	x.sec = v[18] * 10 + v[19];
	x.zone = (v[22] * 10 + v[23]) * 60 + v[24] * 10 + v[25];
	if (s.p[21] == '-')
		x.zone = -x.zone;
	if (x.hour > 23 || v[24] > 5)
		return -1;
	return finish(&x, d);
}

struct broken {
	int	year, mon, day, hour, min, sec, wday, zone;
};

static void
break_down(struct broken *b, int64_t t, int zone)
{
	int64_t days, secs;

	if (zone > 24 * 60 || zone < -24 * 60)
		zone = 0;
	/* years 0 to 9999, so that all forms keep their width */
	if (t < INT64_C(-62167132800))
		t = INT64_C(-62167132800);
	else if (t > INT64_C(253402214400))
		t = INT64_C(253402214400);
	t += zone * 60;
	days = t / 86400;
	secs = t % 86400;
	if (secs < 0) {
		secs += 86400;
		days--;
	}
	civil(days, &b->year, &b->mon, &b->day);
	b->hour = (int)(secs / 3600);
	b->min = (int)(secs / 60 % 60);
	b->sec = (int)(secs % 60);
	b->wday = (int)((days % 7 + 7) % 7);
	b->zone = zone;
}

/* Digits by hand: snprintf is most of the cost of a line otherwise. */
static char *
two(char *p, int v)
{
	*p++ = (char)('0' + v / 10 % 10);
	*p++ = (char)('0' + v % 10);
	return p;
}

static char *
tail(char *p, const struct broken *b)
{
	int z = b->zone < 0 ? -b->zone : b->zone;

	*p++ = ' ';
	p = two(p, b->hour);
	*p++ = ':';
	p = two(p, b->min);
	*p++ = ':';
	p = two(p, b->sec);
	*p++ = ' ';
	*p++ = b->zone < 0 ? '-' : '+';
	p = two(p, z / 60);
	p = two(p, z % 60);
	*p = '\0';
	return p;
}

size_t
date_format(char dst[DATE_STRLEN], int64_t t, int zone)
{
	struct broken b;
	char *p = dst;

	break_down(&b, t, zone);
	memcpy(p, wdays + 3 * b.wday, 3);
	memcpy(p + 3, ", ", 2);
	p = two(p + 5, b.day);
	*p++ = ' ';
	memcpy(p, months + 3 * (b.mon - 1), 3);
	p[3] = ' ';
	p = two(two(p + 4, b.year / 100), b.year);
	return (size_t)(tail(p, &b) - dst);
}

size_t
date_format_imap(char dst[DATE_STRLEN], int64_t t, int zone)
{
	struct broken b;
	char *p = dst;

	break_down(&b, t, zone);
	p = two(p, b.day);
	*p++ = '-';
	memcpy(p, months + 3 * (b.mon - 1), 3);
	p[3] = '-';
	p = two(two(p + 4, b.year / 100), b.year);
	return (size_t)(tail(p, &b) - dst);
}

int32_t
date_day(const struct maildate *d)
{
	int64_t t = d->t + d->zone * 60;

	return (int32_t)((t >= 0 ? t : t - 86399) / 86400);
}
